//! Two processes of an application on one database: SQLite, PostgreSQL, and MariaDB or MySQL, and Redis for all state but the
//! users.
//!
//! Each test starts its own processes, and talks to them over HTTP. `AUTH_TEST_SEED` repeats the random choices of a run, as
//! far as the processes are equally fast. `AUTH_TEST_ROUNDS` sets how many faults a test makes.

mod application;
#[allow(dead_code, reason = "the tests of the store need more of it")]
#[path = "../store/database.rs"]
mod database;
mod faults;
mod flows;
mod keys;
mod process;
mod round;
mod server;
mod settle;
mod user;
mod world;

use std::{future::Future, pin::Pin, process::ExitCode};

// The module of the database names the module of its own tests.
use crate::application as callers;
use crate::database::{Backend, TestDatabase};
use libtest_mimic::{Arguments, Trial};
use tokio::runtime::Runtime;

type Test = fn(TestDatabase) -> Pin<Box<dyn Future<Output = ()> + Send>>;

/// Lists tests by name, as functions of a new database.
macro_rules! tests {
    ($($module:ident: $($name:ident)*;)*) => {
        &[$($((concat!(stringify!($module), "::", stringify!($name)), |database| Box::pin($module::$name(database))),)*)*]
    };
}

const TESTS: &[(&str, Test)] = tests! {
    flows:
        r62_user_signs_in_and_ends_sessions
        r72_user_changes_the_password
        r72_user_resets_the_password_by_mail
        user_verifies_an_address
        second_factor_is_needed_and_each_code_counts_once
        front_end_learns_of_changed_roles
        r81_refresh_token_used_in_both_processes_succeeds_once;
    faults:
        nothing_is_lost_or_doubled_by_a_kill
        nothing_is_lost_or_doubled_by_lost_connections;
};

/// These tests stop the servers of `tests/services up`, so no other test may run meanwhile.
#[cfg(feature = "database-outage")]
const RESTARTS: &[(&str, Test)] = tests! { faults: nothing_is_lost_or_doubled_by_a_restart; };
#[cfg(not(feature = "database-outage"))]
const RESTARTS: &[(&str, Test)] = &[];

/// Whether a test makes sense on a database.
fn has(backend: Backend, test: &str) -> bool {
    match backend {
        Backend::Sqlite => !test.ends_with("by_a_restart"),
        // The clients of all tests on one server cannot be told apart.
        Backend::Redis => !test.ends_with("by_lost_connections"),
        Backend::Postgres | Backend::MySql => true,
    }
}

fn main() -> ExitCode {
    server::run_if_asked();
    let arguments = Arguments::from_args();
    let trials = Backend::all().into_iter().flat_map(|backend| {
        if let Err(variable) = backend.url() {
            eprintln!("{backend}: skipped, as {variable} is not set");
        }
        TESTS.iter().chain(RESTARTS).filter(move |(name, _)| has(backend, name)).map(move |(name, test)| {
            Trial::test(format!("{backend}::{name}"), move || {
                run(backend, *test);
                Ok(())
            })
            .with_ignored_flag(backend.url().is_err())
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
