//! Users and keys in a database: the same tests on SQLite, PostgreSQL, and MariaDB or MySQL. Those of shared state run on
//! Redis as well.
//!
//! SQLite is always available. `tests/services up` starts the other servers and prints `TEST_POSTGRES_URL`,
//! `TEST_MYSQL_URL`, `TEST_PGBOUNCER_URL` and `TEST_REDIS_URL`. Tests of a missing server are listed as ignored.

mod accounts;
mod callers;
mod database;
#[path = "../flows/mod.rs"]
mod flows;
mod freshness;
mod full_disk;
mod import;
mod keys;
mod migrations;
mod names;
mod notices;
mod outage;
mod pooler;
mod races;
mod records;
mod redis;
mod redis_flows;
mod redis_sessions;
mod redis_tls;
mod redis_token_flows;
mod redis_tokens;
mod retries;
mod second_factor;
mod sessions;
mod smtp;
mod throttling;
mod timing;
mod tokens;
mod users;

use std::{future::Future, pin::Pin, process::ExitCode};

use libtest_mimic::{Arguments, Trial};
use tokio::runtime::Runtime;

use crate::database::{Backend, TestDatabase};

type Test = fn(TestDatabase) -> Pin<Box<dyn Future<Output = ()> + Send>>;

/// Lists tests by name, as functions of a new database.
macro_rules! tests {
    ($($module:ident: $($name:ident)*;)*) => {
        const TESTS: &[(&str, Test)] = &[
            $($((concat!(stringify!($module), "::", stringify!($name)), |database| Box::pin($module::$name(database))),)*)*
        ];
    };
}

tests! {
    users:
        r72_there_are_no_users_unless_added
        added_user_is_read_back
        r36_spellings_of_a_name_are_one_user
        refused_user_is_not_written
        roles_and_permissions_are_replaced
        profile_is_replaced
        users_are_listed_in_pages
        users_of_rare_and_common_roles_are_listed
        change_of_a_missing_user_is_refused
        r72_change_of_a_password_needs_the_current_one
        r77_wrong_current_passwords_are_throttled
        r73_change_of_a_password_treats_unknown_names_like_known_ones
        r71_each_new_password_passes_the_breach_check
        hashes_with_an_unknown_secret_key_are_counted
        r36_subject_is_random_and_never_reused
        user_with_the_name_of_a_deleted_user_inherits_nothing
        renamed_user_keeps_subject_tokens_and_keys;
    callers:
        r36_user_is_authenticated_by_password
        r73_unknown_disabled_and_wrong_are_one_error
        r72_password_of_an_administrator_expires
        r70_weak_hash_is_replaced_at_sign_in
        r51_hash_replaced_elsewhere_costs_one_sign_in
        last_sign_in_is_recorded;
    accounts:
        r72_link_sets_a_new_password_and_ends_all_tokens
        a_link_is_consumed_together_with_its_change
        one_of_many_concurrent_resets_succeeds
        link_dies_with_any_change_of_the_credentials
        newer_link_replaces_the_former
        only_verified_addresses_get_links
        address_of_an_administrator_ends_the_links_to_others;
    second_factor:
        second_factor_is_kept_encrypted_and_needed_everywhere
        each_code_counts_once_among_processes
        r76_codes_are_throttled_among_processes
        secret_of_another_user_or_key_is_an_outage;
    smtp:
        link_arrives_by_mail_and_sets_a_password
        mail_server_that_is_down_changes_no_answer;
    keys:
        r52_only_the_hash_of_a_key_is_stored
        key_acts_as_its_owner
        r52_limited_key_has_the_permissions_that_its_owner_has_too
        r52_expired_and_revoked_keys_are_rejected
        key_with_a_permission_that_its_owner_lacks_is_refused
        keys_are_listed_and_revoked_by_id
        keys_of_all_users_are_listed_in_pages
        r52_last_use_is_recorded_once_a_minute;
    freshness:
        r07_change_here_takes_effect_with_the_next_request
        r07_change_elsewhere_takes_effect_within_the_bound
        r07_sign_in_after_a_new_password_is_known_elsewhere
        r07_known_caller_costs_no_query
        r07_tokens_end_with_their_credentials
        token_has_the_current_permissions_of_its_user
        r07_slow_sign_ins_do_not_stop_known_callers
        r36_token_of_another_issuer_or_without_an_epoch_is_rejected;
    sessions:
        r61_only_the_hash_of_a_token_is_stored
        r62_session_started_here_is_known_and_ended_elsewhere
        r62_session_that_ends_here_is_refused_at_once
        r62_sign_ins_and_sign_outs_leave_other_sessions_cached
        r62_sessions_end_with_the_credentials
        r62_forged_tokens_change_nothing
        r62_last_request_is_recorded_for_all_processes
        r62_user_ends_only_own_sessions
        damaged_sessions_are_503_and_leave_others_alone
        old_sessions_are_deleted
        r62_ten_thousand_ends_do_not_stall_requests
        r62_ten_thousand_users_sign_out_in_bounded_steps
        sign_ins_and_sign_outs_of_many_all_take_effect
        no_session_starts_while_the_former_one_cannot_end;
    tokens:
        r81_refresh_tokens_end_with_the_credentials
        a_client_ends_with_its_key_and_its_user
        tokens_and_keys_outlast_a_restart
        r40_tokens_revoked_in_one_process_are_refused_in_the_other
        r40_revocation_by_the_store_counts_at_once_in_its_process
        r40_no_revocation_is_missed_by_a_reader
        r81_refresh_token_after_a_new_password_is_good_elsewhere
        r81_a_refresh_token_used_in_two_processes_at_once_succeeds_once
        a_key_that_signs_at_once_is_accepted_in_the_other_process
        concurrent_processes_make_one_first_key
        signing_keys_follow_their_contract
        signing_keys_are_replaced_after_the_newest_was_retired
        private_keys_need_the_secret_key
        r81_only_hashes_of_refresh_tokens_are_stored
        damaged_rows_of_tokens_and_keys_are_never_a_pass
        expired_rows_are_deleted;
    notices:
        r07_change_elsewhere_takes_effect_within_a_second
        r07_signing_keys_change_elsewhere_within_a_second
        r07_a_rolled_back_change_sends_no_notice
        r07_a_forged_notice_only_makes_the_store_read
        r07_polling_holds_the_bound_while_the_listener_is_lost;
    names:
        undeclared_names_are_refused_in_changes
        undeclared_names_in_the_database_grant_nothing
        names_in_use_are_complete;
    migrations:
        concurrent_processes_create_the_tables_once
        tables_exist_beside_those_of_the_application
        tables_of_a_later_version_are_refused
        connection_without_tables_is_refused;
    import:
        each_imported_user_has_an_outcome
        imported_users_can_sign_in
        concurrent_imports_add_each_user_once;
    races:
        one_of_many_concurrent_additions_succeeds
        concurrent_changes_all_take_effect
        sign_ins_do_not_block_changes
        r76_old_password_is_wrong_for_changes_that_waited
        no_key_is_created_for_a_deleted_user
        one_of_two_renames_to_the_same_name_succeeds
        a_dropped_request_leaves_no_transaction;
    throttling:
        r76_attempts_at_several_processes_are_counted_together
        r77_unknown_names_are_counted_like_known_ones
        r76_burst_at_several_processes_is_counted_before_verification
        r53_wrong_keys_are_counted_and_valid_keys_never_wait
        r76_new_password_forgets_the_known_addresses
        r76_time_of_an_attempt_is_that_of_the_database
        r77_no_name_is_stored_and_expired_rows_are_deleted
        r76_row_extended_during_a_sweep_is_not_deleted
        refused_attempt_writes_nothing;
    full_disk:
        sign_ins_work_again_after_a_full_disk
        sign_ins_work_again_after_a_file_size_limit;
    pooler:
        session_mode_works
        transaction_mode_works_or_is_refused_by_name;
    retries:
        concurrent_changes_succeed_on_a_serializable_server
        each_change_is_retried_after_a_conflict
        endless_conflicts_are_an_unavailable_database;
    timing:
        r73_unknown_disabled_and_wrong_take_the_same_time;
    outage:
        unreachable_database_is_503_and_recovers
        silent_database_is_503_within_the_timeout
        unreachable_database_is_503_for_tokens;
    redis:
        r76_concurrent_attempts_are_all_counted
        r76_time_of_an_attempt_is_that_of_redis
        r77_no_name_is_a_key_and_each_key_expires
        r76_refused_attempt_writes_nothing
        malformed_attempts_are_503
        unreachable_redis_is_503_and_recovers
        new_password_by_link_is_reported_without_redis
        silent_redis_is_503_within_the_timeout
        failed_start_names_the_setting
        server_that_may_evict_keys_is_refused
        minimal_user_of_the_guide_suffices;
    redis_flows:
        r62_session_is_known_and_ended_on_each_process
        r62_user_ends_the_session_of_another_browser
        r62_session_ends_with_the_password
        r62_session_is_503_without_redis;
    redis_sessions:
        r61_session_is_read_back_by_another_process
        r61_session_that_replaces_another_ends_it
        r62_session_that_ended_elsewhere_is_refused_at_once
        r62_sessions_of_a_user_end_together
        r62_sessions_of_any_issuer_are_listed_and_ended_by_subject
        malformed_entry_of_a_session_is_503
        r62_ten_thousand_ends_do_not_stall_requests
        r62_each_key_of_a_session_expires_with_it
        malformed_session_is_503
        session_without_an_end_is_kept
        r62_lost_messages_never_extend_trust
        r62_sign_out_leaves_other_sessions_cached
        r62_closed_connection_ends_trust
        deleted_keys_end_their_sessions;
    redis_tls:
        server_is_verified;
    redis_token_flows:
        r82_token_revoked_in_one_process_is_refused_in_the_other
        r81_token_used_in_two_processes_at_once_succeeds_once
        r81_only_hashes_of_refresh_tokens_are_stored;
    redis_tokens:
        r81_one_of_many_concurrent_rotations_succeeds
        r81_family_that_has_ended_is_not_found
        malformed_family_is_503
        r40_list_is_read_from_a_position
        r40_revocations_that_have_no_effect_are_deleted
        malformed_revocation_is_503
        r40_revocation_elsewhere_counts_at_once
        r40_forged_message_only_makes_the_list_be_read
        r40_lost_message_never_extends_trust
        one_of_many_concurrent_additions_of_a_signing_key_succeeds
        signing_keys_follow_their_contract
        signing_keys_are_replaced_after_the_newest_was_retired
        r07_signing_keys_change_elsewhere_within_a_second
        processes_that_start_at_once_sign_with_one_key;
}

macro_rules! flow_tests {
    ($($name:ident)*) => {
        /// The flows of the token service, with the state in SQL or in Redis.
        const FLOWS: &[(&str, Test)] = &[
            $((concat!("tokens::", stringify!($name)), |database| Box::pin(tokens::$name(database))),)*
            $((concat!("redis_token_flows::", stringify!($name)), |database| Box::pin(redis_token_flows::$name(database))),)*
        ];
    };
}

flows::each_flow! { flow_tests }

fn main() -> ExitCode {
    let arguments = Arguments::from_args();
    let trials = Backend::all().into_iter().flat_map(|backend| {
        if let Err(variable) = backend.url() {
            eprintln!("{backend}: skipped, as {variable} is not set");
        }
        TESTS.iter().chain(FLOWS).filter(move |(name, _)| backend.has(name)).map(move |(name, test)| {
            let is_available = backend.url().is_ok() && (!name.starts_with("pooler::") || pooler::url().is_ok());
            Trial::test(format!("{backend}::{name}"), move || {
                run(backend, *test);
                Ok(())
            })
            .with_ignored_flag(!is_available)
        })
    });
    libtest_mimic::run(&arguments, trials.collect()).exit_code()
}

fn run(backend: Backend, test: Test) {
    Runtime::new().expect("threads").block_on(async {
        let database = TestDatabase::new(backend).await;
        let dropped = database.clone();
        test(database).await;
        dropped.drop().await;
    });
}
