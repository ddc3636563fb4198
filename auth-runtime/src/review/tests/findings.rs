//! The kinds of finding, by example.

use crate::review::AccessPolicy;

const TABLES: &str = r#"access-lock 1
permission "edit"
permission "view"
role "Administrator" holds "edit" "view"
role "Editor" holds "edit" "view"
role "Viewer" holds "view"
scheme "key" basic
scheme "token" bearer
scheme "header" api_key(header = "X-API-Key")
"#;

/// The findings of one rule, without those of the tables.
fn findings(rule: &str) -> Vec<String> {
    let policy: AccessPolicy = format!("{TABLES}{rule}\n    operation \"app::rule\"\n").parse().unwrap();
    let target = policy.rules()[0].target.to_string();
    let found = policy.findings().into_iter().map(|finding| finding.to_string());
    found
        .filter_map(|finding| {
            finding.split_once(&format!(": {target}: ")).map(|(kind, text)| format!("{kind}: {text}"))
        })
        .collect()
}

#[test]
fn each_weakness_of_a_rule_is_found() {
    for (rule, expected) in [
        ("GET / public \"probe\"", &["public: \"probe\""][..]),
        ("GET / optional", &["public: anonymous callers are welcome"]),
        ("DELETE / optional", &["public change: anonymous callers may change something"]),
        ("POST / public \"form\"", &["public change: anonymous callers may change something: \"form\""]),
        ("ANY /* public \"files\"", &["public change: anonymous callers may change something: \"files\""]),
        ("GET / requires permission(\"view\")", &[]),
        ("GET / requires all(permission(\"view\"), check = \"owns(id)\")", &[]),
        ("GET / requires all(role(\"Viewer\"), role(\"Editor\"))", &["no single role: no role alone meets it"]),
        // Both stand in the header `Authorization`.
        ("GET / requires all(schemes(\"key\"), schemes(\"token\"))", &["unreachable: no caller can meet it"]),
        ("GET / requires all(schemes(\"key\"), schemes(\"header\"))", &[]),
        (
            "GET / requires any(schemes(\"key\"), schemes(\"token\"), schemes(\"header\"), permission(\"view\"))",
            &["implied clause: permission(\"view\") follows from the rest"],
        ),
        (
            "GET / requires all(authenticated, permission(\"view\"))",
            &["implied clause: authenticated follows from the rest"],
        ),
        (
            "GET / requires all(fresh = \"5m\", fresh = \"1h\")",
            &["implied clause: fresh = \"1h\" follows from the rest"],
        ),
        (
            "GET / requires any(permission(\"view\"), role(\"Viewer\"))",
            &["implied clause: role(\"Viewer\") follows from the rest, except for overridden callers"],
        ),
        (
            "GET / requires not(any(schemes(\"key\"), all(schemes(\"key\"), check = \"k\")))",
            &[
                "implied clause: all(schemes(\"key\"), check = \"k\") follows from the rest",
                "implied clause: check = \"k\" follows from the rest",
            ],
        ),
    ] {
        assert_eq!(findings(rule), expected, "{rule}");
    }
}

#[test]
fn a_rule_that_is_too_large_is_undecided() {
    let checks: Vec<String> = (0..21).map(|index| format!("check = \"k{index}\"")).collect();
    let rule = format!("GET / requires all({})", checks.join(", "));
    assert_eq!(findings(&rule), ["undecided: the rule asks for more than 20 facts"]);
}

#[test]
fn roles_that_equal_or_contain_another_are_found() {
    let policy: AccessPolicy = TABLES.parse().unwrap();
    let found: Vec<String> = policy.findings().iter().map(ToString::to_string).collect();
    assert_eq!(
        found,
        [
            r#"unused permission: permission "edit": no rule asks for it"#,
            r#"unused permission: permission "view": no rule asks for it"#,
            r#"equal roles: role "Administrator": role "Editor" holds the same permissions"#,
            r#"contained role: role "Viewer": role "Administrator" holds all that it holds"#,
            r#"contained role: role "Viewer": role "Editor" holds all that it holds"#,
        ]
    );
}

/// Without roles, callers hold permissions themselves, so the columns are permissions.
#[test]
fn a_policy_without_roles_has_a_column_for_each_permission() {
    let text = "access-lock 1\npermission \"view\"\nscheme \"key\" basic\nGET / requires permission(\"view\")\n operation \"a\"";
    let matrix = text.parse::<AccessPolicy>().unwrap().matrix();
    assert_eq!(matrix.to_string(), "       anonymous  signed in  view\nGET /  -          -          yes\n");
    assert_eq!(matrix.findings(), []);
}
