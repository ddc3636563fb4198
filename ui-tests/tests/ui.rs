//! What does not compile says what to write; what should compile does, and does what it says.
//!
//! `TRYBUILD=overwrite cargo test -p auth-ui-tests` rewrites the messages. Read them before they are committed.

#[test]
fn mistakes_are_explained() {
    trybuild::TestCases::new().compile_fail("fail/**/*.rs");
}

#[test]
fn everything_else_compiles_and_runs() {
    trybuild::TestCases::new().pass("pass/*.rs");
}
