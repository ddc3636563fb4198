//! Wrong programs fail with the expected message; right ones compile and run.
//!
//! `TRYBUILD=overwrite cargo test -p auth-ui-tests` rewrites the messages. Read them before you commit.

#[test]
fn mistakes_are_explained() {
    trybuild::TestCases::new().compile_fail("fail/**/*.rs");
}

/// Errors of generic code appear when the compiler builds it for a type. With a case that passes, trybuild builds.
#[test]
fn mistakes_in_generic_code_are_explained() {
    let cases = trybuild::TestCases::new();
    cases.pass("pass/raw_identifiers.rs");
    cases.compile_fail("fail_at_build/*.rs");
}

#[test]
fn everything_else_compiles_and_runs() {
    trybuild::TestCases::new().pass("pass/*.rs");
}
