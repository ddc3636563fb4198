//! The text of a policy is read back as it was written, and errors name the mistake.

use proptest::prelude::*;

use super::random::{clauses, hostile_names, policies};
use crate::review::{AccessPolicy, Clause};

proptest! {
    #![proptest_config(ProptestConfig { cases: 500, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_policy_that_is_written_is_read_back(policy in hostile_names().prop_flat_map(|names| policies(&names, 6))) {
        let text = policy.to_string();
        let read = text.parse::<AccessPolicy>().map_err(|error| TestCaseError::fail(format!("{error}\n{text}")))?;
        prop_assert_eq!(&read, &policy);
        prop_assert_eq!(read.to_string(), text.clone());
        let on_windows = text.replace('\n', "\r\n");
        prop_assert_eq!(on_windows.parse::<AccessPolicy>(), Ok(policy));
    }

    #[test]
    fn a_clause_that_is_written_is_read_back(clause in hostile_names().prop_flat_map(|names| clauses(&names))) {
        prop_assert_eq!(clause.to_string().parse::<Clause>(), Ok(clause));
    }

    #[test]
    fn no_text_makes_the_reader_panic(text in any::<String>()) {
        let _ = text.parse::<AccessPolicy>();
        let _ = text.parse::<Clause>();
        let _ = format!("access-lock 1\n{text}").parse::<AccessPolicy>();
    }

    /// Removes, doubles or replaces one character of a text.
    #[test]
    fn a_damaged_text_is_refused_or_read_as_written(
        policy in hostile_names().prop_flat_map(|names| policies(&names, 2)),
        place in any::<prop::sample::Index>(),
        with in prop_oneof![Just(String::new()), "[a-z\"(),=\n\\\\ ]{1,2}"],
    ) {
        let text = policy.to_string();
        let characters: Vec<char> = text.chars().collect();
        let place = place.index(characters.len());
        let damaged: String =
            characters[..place].iter().collect::<String>() + &with + &characters[place + 1..].iter().collect::<String>();
        if let Ok(read) = damaged.parse::<AccessPolicy>() {
            prop_assert_eq!(read.to_string().parse::<AccessPolicy>(), Ok(read));
        }
    }
}

/// A text with one line that is wrong.
fn error(line: &str) -> String {
    let text = format!("access-lock 1\npermission \"view\"\nrole \"Viewer\" holds \"view\"\n{line}\n");
    text.parse::<AccessPolicy>().expect_err(line).to_string()
}

#[test]
fn an_error_names_the_line_and_what_was_expected() {
    for (line, message) in [
        ("permission view", "line 4: expected a name in quotation marks, found `view`"),
        ("permission \"view\"", "line 4: the permission \"view\" is declared twice"),
        ("permission \"a\" b", "line 4: expected the end of the line, found `b`"),
        ("permission \"a", "line 4: expected a name in quotation marks, found `\"a`"),
        ("permission \"\\q\"", "line 4: expected a name in quotation marks, found `\"\\\\q\"`"),
        ("role \"A\"", "line 4: expected `holds`, found the end of the line"),
        ("role \"A\" holds \"edit\"", "line 4: the permission \"edit\" is not declared above"),
        ("scope \"a\"\nscope \"a\"", "line 5: the scope \"a\" is declared twice"),
        ("get/ x", "line 4: expected `permission`, `role`, `scheme`, `scope`, or a method and a path, found `get/ x`"),
        ("GET entries", "line 4: expected a path that starts with `/`, found `entries`"),
        ("GET /", "line 4: expected `requires`, `optional` or `public`, found the end of the line"),
        ("GET / open", "line 4: expected `requires`, `optional` or `public`, found `open`"),
        ("GET / public", "line 4: expected a reason in quotation marks, found the end of the line"),
        (
            "GET / requires rol(\"Viewer\")",
            "line 4: expected a clause such as `role(\"..\")`, `permission(\"..\")` or `any(.., ..)`, found `rol(\"Viewer\")`",
        ),
        (
            "GET / requires any()",
            "line 4: expected a clause such as `role(\"..\")`, `permission(\"..\")` or `any(.., ..)`, found `)`",
        ),
        (
            "GET / requires STAFF, hide",
            "line 4: expected a clause such as `role(\"..\")`, `permission(\"..\")` or `any(.., ..)`, found `STAFF, hide`",
        ),
        ("GET / requires all(authenticated", "line 4: expected `,` or `)`, found the end of the line"),
        ("GET / requires role(\"Admin\")", "line 4: the role \"Admin\" is not declared above"),
        ("GET / requires schemes(\"key\")", "line 4: the scheme \"key\" is not declared above"),
        (
            "GET / requires fresh = \"5x\"",
            "line 4: expected a time such as `\"30s\"`, `\"5m\"`, `\"12h\"` or `\"7d\"`, found `= \"5x\"`",
        ),
        (
            "GET / requires check(owner) = \"owns()\"",
            "line 4: expected a name in quotation marks, found `owner) = \"owns()\"`",
        ),
        ("GET / requires check(\"owner\")", "line 4: expected `=`, found the end of the line"),
        ("GET / requires authenticated, secret", "line 4: expected `hide`, found `secret`"),
        (
            "GET / optional",
            "line 5: expected `operation \"..\"` on a line that starts with spaces, found the end of the line",
        ),
        ("GET / optional\n  operation \"a\"\nGET / optional\n  operation \"b\"", "line 6: `GET /` has two rules"),
    ] {
        assert_eq!(error(line), message);
    }
    let error = "access-lock 2".parse::<AccessPolicy>().unwrap_err();
    assert_eq!(
        (error.line(), error.to_string()),
        (1, "line 1: version 2 is not supported; this library reads version 1".into())
    );
}

#[test]
fn a_hostile_text_is_refused_early() {
    let deep = |depth: usize| format!("{}authenticated{}", "not(".repeat(depth), ")".repeat(depth));
    assert!(deep(63).parse::<Clause>().is_ok());
    assert!(deep(64).parse::<Clause>().unwrap_err().to_string().ends_with("64 clauses inside of each other"));
    assert!(deep(1_000_000).parse::<Clause>().is_err());
    let wide = format!("any({}authenticated)", "authenticated, ".repeat(1023));
    assert!(wide.parse::<Clause>().unwrap_err().to_string().ends_with("1024 clauses"));
    let long = format!("access-lock 1\n#{}", " ".repeat(8 << 20));
    assert!(long.parse::<AccessPolicy>().unwrap_err().to_string().ends_with("bytes"));
}

/// Characters that change the direction of text would show a reviewer a wrong rule.
#[test]
fn a_name_that_looks_like_another_is_written_with_escapes() {
    assert_eq!(Clause::role("A\u{202e}B\u{200b}\n").to_string(), r#"role("A\u{202e}B\u{200b}\n")"#);
}
