//! The kinds of change, by example.

use proptest::prelude::*;

use super::random::{hostile_names, policies};
use crate::review::{AccessPolicy, Difference, DifferenceClass, markdown::code};

const TABLES: &str = r#"access-lock 1
permission "delete"
permission "edit"
permission "view"
role "Administrator" holds "delete" "edit" "view"
role "User" holds "edit" "view"
role "Viewer" holds "view"
scheme "key" api_key(header = "X-API-Key")
scheme "password" basic
scope "view"
"#;

fn policy(rules: &str) -> AccessPolicy {
    let rules: Vec<_> = rules.lines().map(|rule| format!("{rule}\n    operation {:?}\n", operation(rule))).collect();
    let rules = rules.concat();
    format!("{TABLES}{rules}").parse().unwrap_or_else(|error| panic!("{error}\n{rules}"))
}

/// The operation of a rule: its method and path.
fn operation(rule: &str) -> String {
    rule.split(' ').take(2).collect()
}

/// The text of the difference of two rules of `GET /entries`.
fn between(before: &str, after: &str) -> String {
    let rule = |access: &str| policy(&format!("GET /entries {access}"));
    Difference::between(&rule(before), &rule(after)).to_string()
}

fn first(before: &str, after: &str) -> String {
    let text = between(before, after);
    let lines: Vec<&str> = text.lines().skip(2).take_while(|line| !line.is_empty()).map(str::trim).collect();
    lines
        .iter()
        .filter(|line| !line.starts_with("before") && !line.starts_with("after"))
        .copied()
        .collect::<Vec<_>>()
        .join("; ")
}

#[test]
fn each_change_has_its_kind_and_its_smallest_caller() {
    for (before, after, expected) in [
        (
            r#"requires permission("edit")"#,
            r#"requires permission("view")"#,
            r#"widened: GET /entries; lets in   role("Viewer"); roles     Viewer"#,
        ),
        (
            r#"requires permission("view")"#,
            r#"requires permission("edit")"#,
            // A key that is limited to the one permission.
            r#"widened: GET /entries; lets in   permission("edit")"#,
        ),
        (
            r#"requires permission("view")"#,
            r#"requires all(permission("view"), permission("edit"))"#,
            r#"narrowed: GET /entries; keeps out role("Viewer"); roles     Viewer"#,
        ),
        ("requires authenticated", "optional", "new public: GET /entries; lets in   anonymous"),
        ("optional", "requires authenticated", "narrowed: GET /entries; keeps out anonymous"),
        ("optional", "public \"probe\"", "equal but reworded: GET /entries"),
        (
            r#"requires role("User")"#,
            "requires authenticated",
            "widened: GET /entries; lets in   any authenticated caller; roles     Administrator, Viewer",
        ),
        (
            r#"requires all(role("User"), not(schemes("key")))"#,
            r#"requires role("User")"#,
            r#"widened: GET /entries; lets in   role("User"), schemes("key"); roles     User"#,
        ),
        (
            r#"requires all(role("User"), fresh = "5m")"#,
            r#"requires all(role("User"), fresh = "1h")"#,
            r#"widened: GET /entries; lets in   role("User"), signed in 1h ago; roles     User"#,
        ),
        (
            r#"requires all(permission("view"), check = "owns(id)")"#,
            r#"requires permission("view")"#,
            r#"widened: GET /entries; lets in   role("Viewer"), not(check = "owns(id)"); roles     Administrator, User, Viewer"#,
        ),
        (
            r#"requires all(permission("view"), check = "owns(id)")"#,
            r#"requires all(permission("view"), check = "true")"#,
            "check changed: review: GET /entries",
        ),
        (
            r#"requires all(permission("view"), check = "owns(id)")"#,
            r#"requires all(permission("view"), check = "owns( id )")"#,
            "",
        ),
        (
            r#"requires all(permission("view"), permission("edit"))"#,
            r#"requires all(permission("edit"), any(permission("view"), not(authenticated)))"#,
            "equal but reworded: GET /entries",
        ),
        (r#"requires role("User"), hide"#, r#"requires role("User")"#, "hide changed: review: GET /entries"),
        (
            r#"requires all(role("User"), role("Viewer"))"#,
            r#"requires all(role("User"), permission("delete"))"#,
            r#"widened: GET /entries; lets in   role("User"), permission("delete")"#,
        ),
        // A rule that needs two credentials at once: an API key beside a password.
        (
            r#"requires all(schemes("key"), schemes("password"), role("User"))"#,
            r#"requires all(schemes("key"), schemes("password"))"#,
            r#"widened: GET /entries; lets in   schemes("key"), schemes("password"); roles     Administrator, Viewer"#,
        ),
        (
            r#"requires all(schemes("key"), role("User"))"#,
            r#"requires all(schemes("key"), schemes("password"), role("User"))"#,
            r#"narrowed: GET /entries; keeps out role("User"), schemes("key"); roles     User"#,
        ),
        // With both, a caller can send the password alone.
        (
            r#"requires all(schemes("key"), schemes("password"))"#,
            r#"requires not(schemes("key"))"#,
            r#"widened: GET /entries; lets in   schemes("password"); roles     Administrator, User, Viewer"#,
        ),
        // A role without its permissions: only an override makes such a caller.
        (
            r#"requires all(role("User"), permission("edit"))"#,
            r#"requires role("User")"#,
            r#"widened: GET /entries; lets in   role("User"), no other permissions, by an override"#,
        ),
    ] {
        assert_eq!(first(before, after), expected, "{before} to {after}");
    }
}

#[test]
fn a_rule_can_be_widened_and_narrowed() {
    assert_text(
        &between(r#"requires role("User")"#, r#"requires role("Viewer")"#),
        r#"1 widened, 1 narrowed

widened: GET /entries
    lets in   role("Viewer")
    roles     Viewer
    before    requires role("User")
    after     requires role("Viewer")

narrowed: GET /entries
    keeps out role("User")
    roles     User
    before    requires role("User")
    after     requires role("Viewer")
"#,
    );
}

fn assert_text(found: &str, expected: &str) {
    assert_eq!(found, expected, "{found}");
}

#[test]
fn a_role_that_gains_a_permission_widens_each_rule_that_asks_for_it() {
    let rules = "DELETE /entries requires permission(\"delete\")\nGET /entries requires permission(\"view\")";
    let before = policy(rules);
    let after =
        before.to_string().replace("\"User\" holds \"edit\"", "\"User\" holds \"delete\" \"edit\"").parse().unwrap();
    let difference = Difference::between(&before, &after);
    assert_eq!(difference.class(), DifferenceClass::Widened);
    assert_text(
        &difference.to_string(),
        r#"2 widened

widened: DELETE /entries
    lets in   role("User")
    roles     User
    rule      requires permission("delete")

widened: role "User"
    before    holds "edit" "view"
    after     holds "delete" "edit" "view"
"#,
    );
}

/// Two roles newly hold the permission. The rule excludes one of them, so only the other one can let a caller in.
#[test]
fn a_role_that_the_rule_excludes_does_not_stand_for_another() {
    let before = policy(r#"GET /entries requires all(permission("delete"), role("User"), not(role("Administrator")))"#);
    let without = before.to_string().replace("holds \"delete\" \"edit\" \"view\"", "holds \"edit\" \"view\"");
    let before: AccessPolicy = without.parse().unwrap();
    let after = without.replace("\"Administrator\" holds", "\"Administrator\" holds \"delete\"");
    let after: AccessPolicy = after.replace("\"Viewer\" holds", "\"Viewer\" holds \"delete\"").parse().unwrap();
    let text = Difference::between(&before, &after).to_string();
    assert!(text.contains("widened: GET /entries\n    lets in   role(\"User\"), role(\"Viewer\")\n"), "{text}");
}

#[test]
fn what_is_new_or_gone_is_listed_with_the_roles() {
    let before = policy("GET /old requires authenticated");
    let after = policy("GET /open optional\nPOST /new requires permission(\"edit\")");
    assert_text(
        &Difference::between(&before, &after).to_string(),
        r#"1 new public, 1 gone: review, 1 new

new public: GET /open
    after     optional

gone: review: GET /old
    before    requires authenticated

new: POST /new
    roles     Administrator, User
    after     requires permission("edit")
"#,
    );
}

#[test]
fn a_name_that_changed_is_recognised_where_that_is_certain() {
    let text = policy("GET /entries requires role(\"User\")\nGET /all requires permission(\"view\")").to_string();
    let before: AccessPolicy = text.parse().unwrap();
    let renamed = |from: &str, to: &str| Difference::between(&before, &text.replace(from, to).parse().unwrap());
    assert_eq!(renamed("\"User\"", "\"Member\"").summary(), "1 renamed");
    assert_eq!(renamed("GET /entries requires", "GET /items requires").summary(), "1 renamed");
    assert_eq!(renamed("\"view\"", "\"read\"").summary(), "1 renamed", "a permission and its scope");
    assert_eq!(renamed("permission \"view\"", "permission \"read\"\npermission \"view\"").summary(), "1 new");
    // A route that moved and lets others in.
    let moved = text.replace("GET /entries requires role(\"User\")", "GET /items requires role(\"Viewer\")");
    assert_eq!(Difference::between(&before, &moved.parse().unwrap()).summary(), "1 widened, 1 narrowed, 1 renamed");
    // Another operation of the same requirement is another rule.
    let other = moved.replace("\"GET/entries\"", "\"other\"");
    assert_eq!(Difference::between(&before, &other.parse().unwrap()).summary(), "1 gone: review, 1 new");
    // A role with another permission is another role.
    let more =
        text.replace("\"User\" holds", "\"Member\" holds \"delete\"").replace("role(\"User\")", "role(\"Member\")");
    let difference = Difference::between(&before, &more.parse().unwrap());
    assert_eq!(difference.summary(), "2 widened, 1 new, 2 narrowed, 1 gone");
}

#[test]
fn a_new_scheme_is_a_new_way_in() {
    let before = policy("GET /entries requires authenticated");
    let after =
        before.to_string().replace("scheme \"password\" basic", "scheme \"password\" bearer\nscheme \"token\" oauth2");
    let difference = Difference::between(&before, &after.parse().unwrap());
    assert_eq!(
        (difference.summary().as_str(), difference.class()),
        ("1 new, 1 kind changed: review", DifferenceClass::Widened)
    );
}

#[test]
fn places_in_a_log_are_lines_of_the_new_file() {
    let before = policy("GET /a requires authenticated\nGET /b requires authenticated");
    let after = policy("GET /a requires authenticated\nGET /b optional");
    let log = Difference::between(&before, &after).to_sarif("access.lock");
    let line =
        log["runs"][0]["results"][0]["locations"][0]["physicalLocation"]["region"]["startLine"].as_u64().unwrap();
    let text = after.to_string();
    assert_eq!(text.lines().nth(usize::try_from(line).unwrap() - 1), Some("GET /b optional"));
}

#[test]
fn markdown_cannot_be_forged_by_a_name() {
    for (text, expected) in
        [("GET /a", "`GET /a`"), ("a`b", "`` a`b ``"), ("a``b", "``` a``b ```"), ("a|b\nc", "`a\\|b c`")]
    {
        assert_eq!(code(text), expected);
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_policy_does_not_differ_from_itself(policy in hostile_names().prop_flat_map(|names| policies(&names, 6))) {
        prop_assert!(Difference::between(&policy, &policy).is_empty());
    }

    /// Two policies that are not equal have a difference, so a lock that differs is never passed over in silence.
    #[test]
    fn no_change_is_passed_over(
        (before, after) in hostile_names().prop_flat_map(|names| (policies(&names, 4), policies(&names, 4))),
    ) {
        prop_assert_eq!(Difference::between(&before, &after).is_empty(), before == after);
    }
}
