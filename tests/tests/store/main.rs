//! Users and keys in a database: the same tests on SQLite, PostgreSQL, and MariaDB or MySQL.
//!
//! SQLite needs no server. `TEST_POSTGRES_URL` and `TEST_MYSQL_URL` name the other servers; `tests/services up` starts
//! them. The tests of a database without a server are shown as ignored.

mod callers;
mod database;
mod freshness;
mod import;
mod keys;
mod migrations;
mod names;
mod outage;
mod races;
mod throttling;
mod timing;
mod users;

use std::{future::Future, pin::Pin, process::ExitCode};

use libtest_mimic::{Arguments, Trial};
use tokio::runtime::Runtime;

use crate::database::{Backend, TestDatabase};

type Test = fn(TestDatabase) -> Pin<Box<dyn Future<Output = ()> + Send>>;

/// All tests by name, as functions of a new database.
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
        a_user_is_read_back_as_added
        r36_all_spellings_of_a_name_are_one_user
        rejected_values_are_not_written
        roles_and_permissions_are_replaced
        a_profile_is_replaced
        users_are_listed_in_pages
        users_of_a_role_are_listed_whether_few_or_many_have_it
        a_missing_user_cannot_be_changed
        r72_changing_a_password_needs_the_current_one
        hashes_of_a_key_that_is_not_configured_are_counted
        r77_a_wrong_current_password_is_throttled
        r36_a_subject_is_random_and_is_never_reused
        a_new_user_with_the_name_of_a_deleted_one_inherits_nothing
        a_renamed_user_keeps_subject_tokens_and_keys;
    callers:
        r36_a_user_comes_by_password
        r72_a_password_chosen_by_another_person_expires
        r70_a_weaker_hash_is_replaced_at_sign_in
        r51_a_hash_that_was_replaced_elsewhere_costs_one_sign_in
        the_last_sign_in_is_recorded
        r73_unknown_disabled_and_wrong_are_one_error;
    keys:
        r52_only_a_hash_of_a_key_is_stored
        a_key_acts_as_its_owner
        r52_a_limited_key_has_the_rights_that_its_owner_has_too
        r52_expired_and_revoked_keys_are_refused
        a_key_cannot_be_given_what_its_owner_lacks
        keys_are_listed_and_revoked_by_their_id
        keys_of_all_users_are_listed_in_pages
        r52_the_last_use_is_recorded_once_a_minute;
    freshness:
        r7_a_change_in_this_process_applies_to_the_next_request
        r7_a_change_in_another_process_applies_within_the_bound
        r7_a_request_of_a_cached_caller_needs_no_query
        r7_tokens_end_with_the_credentials_of_their_user
        a_token_has_what_its_user_has_now
        r36_a_token_of_another_issuer_or_without_an_epoch_is_refused;
    names:
        undeclared_names_are_rejected_when_written
        names_in_the_database_that_are_not_declared_grant_nothing
        all_names_in_use_are_listed;
    migrations:
        concurrent_processes_create_the_tables_once
        the_tables_coexist_with_those_of_the_application
        tables_of_a_later_version_are_left_alone
        connecting_without_tables_fails;
    import:
        each_user_has_an_outcome
        imported_users_can_sign_in
        two_imports_of_the_same_users_add_each_once;
    races:
        one_of_many_adds_a_user
        concurrent_changes_all_succeed
        a_sign_in_blocks_no_change
        r76_a_password_that_was_changed_while_others_waited_is_wrong_for_them
        a_key_is_not_made_for_a_user_who_is_deleted
        of_two_renames_to_one_name_one_succeeds
        a_dropped_request_leaves_no_transaction;
    throttling:
        r76_attempts_at_several_processes_are_counted_together
        r77_unknown_names_are_counted_too
        r76_a_burst_at_several_processes_is_counted_before_it_is_verified
        r53_wrong_keys_are_counted_and_right_ones_never_wait
        r76_with_another_password_no_address_is_known
        r76_attempts_are_timed_by_the_database
        r77_no_name_is_stored_and_expired_rows_are_deleted
        r76_a_row_renewed_during_a_sweep_is_not_deleted
        a_throttled_attempt_writes_nothing;
    timing:
        r73_unknown_disabled_and_wrong_take_the_same_time;
    outage:
        a_database_that_is_down_is_503_and_recovers_by_itself
        a_database_that_does_not_answer_is_503_in_time;
}

fn main() -> ExitCode {
    let arguments = Arguments::from_args();
    let trials = Backend::all().into_iter().flat_map(|backend| {
        if let Err(variable) = backend.url() {
            eprintln!("{backend}: skipped, as {variable} is not set");
        }
        TESTS.iter().filter(move |(name, _)| backend.has(name)).map(move |(name, test)| {
            let is_there = backend.url().is_ok();
            Trial::test(format!("{backend}::{name}"), move || {
                run(backend, *test);
                Ok(())
            })
            .with_ignored_flag(!is_there)
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
