//! Users and keys in a database: the same tests on SQLite, PostgreSQL, and MariaDB or MySQL.
//!
//! SQLite is always there. The others are where `TEST_POSTGRES_URL` and `TEST_MYSQL_URL` say; `tests/services up` starts
//! them. Tests of a database that is not there are shown as ignored.

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

/// Each with its name, as a function that takes a new database.
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
        r36_a_name_is_one_however_it_is_typed
        what_is_not_accepted_is_not_written
        roles_and_permissions_are_replaced
        a_profile_is_replaced
        users_are_listed_a_page_at_a_time
        users_of_a_role_are_listed_whether_few_or_many_have_it
        nobody_can_be_changed_who_is_not_there
        r72_a_password_is_changed_by_who_knows_it
        hashes_of_a_key_that_is_not_configured_are_counted
        r77_whoever_says_a_wrong_current_password_is_throttled
        r36_a_subject_is_random_and_is_never_reused
        a_new_user_with_the_name_of_a_deleted_one_inherits_nothing
        a_renamed_user_keeps_subject_tokens_and_keys;
    callers:
        r36_a_user_comes_by_password
        r72_a_password_that_somebody_else_chose_expires
        r70_a_weaker_hash_is_replaced_at_sign_in
        r51_a_hash_that_was_replaced_elsewhere_costs_one_sign_in
        the_last_sign_in_is_written_down
        r73_unknown_disabled_and_wrong_are_one_error;
    keys:
        r52_only_a_hash_of_a_key_is_kept
        a_key_acts_as_its_owner
        r52_a_limited_key_has_what_it_and_its_owner_have
        r52_expired_and_revoked_keys_are_refused
        a_key_cannot_be_given_what_its_owner_lacks
        keys_are_listed_and_revoked_by_their_id
        keys_of_all_are_listed_a_page_at_a_time
        r52_the_last_use_is_written_down_once_a_minute;
    freshness:
        r7_what_changes_here_counts_from_the_next_request_on
        r7_what_changes_elsewhere_counts_within_the_bound
        r7_a_request_of_a_known_caller_asks_the_database_nothing
        r7_tokens_end_with_the_credentials_they_were_issued_for
        a_token_has_what_its_user_has_now
        r36_a_token_of_another_issuer_or_without_an_epoch_is_refused;
    names:
        names_that_are_not_declared_are_refused_when_written
        names_in_the_database_that_are_not_declared_grant_nothing
        names_in_use_are_all_there;
    migrations:
        many_at_once_make_the_tables_once
        they_live_beside_those_of_the_application
        tables_of_a_later_version_are_left_alone
        without_tables_nothing_is_connected;
    import:
        each_user_has_an_outcome
        what_was_imported_can_be_used
        two_imports_of_the_same_users_add_each_once;
    races:
        one_of_many_adds_a_user
        changes_at_the_same_time_are_all_made
        who_signs_in_is_in_the_way_of_no_change
        r76_a_password_that_was_changed_while_others_waited_is_wrong_for_them
        a_key_is_not_made_for_a_user_who_is_deleted
        of_two_renames_to_one_name_one_is_made
        who_goes_away_leaves_no_transaction;
    throttling:
        r76_what_is_tried_at_several_processes_is_counted_together
        r77_names_that_nobody_has_are_counted_alike
        r76_a_burst_at_several_processes_is_counted_before_it_is_verified
        r53_wrong_keys_are_counted_and_right_ones_never_wait
        r76_with_another_password_no_address_is_known
        r76_the_time_of_what_is_tried_is_that_of_the_database
        r77_no_name_is_kept_and_what_is_over_is_deleted
        r76_what_is_put_off_while_a_sweep_waits_for_it_is_not_deleted
        what_is_refused_writes_nothing;
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
