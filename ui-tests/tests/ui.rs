//! Wrong programs fail with the expected message; right ones compile and run.
//!
//! `TRYBUILD=overwrite cargo test -p auth-ui-tests` rewrites the messages. Read them before you commit.

#[test]
fn mistakes_are_explained() {
    trybuild::TestCases::new().compile_fail("fail/**/*.rs");
}

#[test]
fn everything_else_compiles_and_runs() {
    trybuild::TestCases::new().pass("pass/*.rs");
}
