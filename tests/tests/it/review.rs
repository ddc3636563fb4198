//! The policy that the code of an application makes.

use auth_runtime::{
    prelude::*,
    review::{AccessPolicy, Difference},
};
use poem::{handler, http::Method};
use poem_openapi::{OpenApi, param::Path, payload::PlainText};

use crate::fixture::Auth;

struct Entries<S>(S);

#[protected(schemes("token", "password"))]
#[OpenApi(prefix_path = "/entries")]
impl<S: Send + Sync + 'static> Entries<S> {
    #[permission("view")]
    #[oai(path = "/", method = "get")]
    async fn list(&self) -> PlainText<&'static str> {
        PlainText("list")
    }

    #[protected(any(roles("Administrator"), all(permission("edit"), check = is_even(id.0))), hide)]
    #[oai(path = "/:id/pages/:page", method = "put", method = "patch")]
    async fn change(&self, id: Path<u32>, page: Path<u32>) -> PlainText<&'static str> {
        let _ = page;
        PlainText("change")
    }

    #[public(reason = "liveness \"probe\"")]
    #[oai(path = "/health", method = "get")]
    async fn health(&self) -> PlainText<&'static str> {
        PlainText("fine")
    }

    #[protected(fresh = "90s")]
    #[oai(path = "/internal", method = "post", hidden)]
    async fn internal(&self) -> PlainText<&'static str> {
        PlainText("not documented")
    }
}

fn is_even(id: u32) -> bool {
    id.is_multiple_of(2)
}

#[protected(scopes("view"), not(schemes("key")))]
#[handler]
fn feed() -> &'static str {
    "feed"
}

#[optional_auth]
#[handler]
async fn greeting<T: Send + Sync + 'static>(kind: poem::web::Data<&T>) -> &'static str {
    let _ = kind;
    "hello"
}

fn policy() -> AccessPolicy {
    AccessPolicy::of::<Auth>()
        .subtree("/reports/*", requirement!(all_roles("User", "Viewer")))
        .handler(Method::GET, "/feed", &feed)
        .handler(Method::GET, "/greeting", &greeting::<u8>::default())
        .api::<Entries<u8>>("/api/")
        .build()
}

#[test]
fn a_policy_has_all_that_the_code_declares() {
    insta::assert_snapshot!(policy().to_string());
    assert_eq!(policy().to_string().parse::<AccessPolicy>().as_ref(), Ok(&policy()));
}

#[test]
fn a_request_finds_its_rule() {
    let policy = policy();
    for (method, path, expected) in [
        (Method::GET, "/api/entries", Some("Entries<S>::list")),
        (Method::HEAD, "/api/entries", Some("Entries<S>::list")),
        (Method::PATCH, "/api/entries/7/pages/1", Some("Entries<S>::change")),
        (Method::GET, "/reports/2024/june", Some("review")),
        (Method::GET, "/reports", Some("review")),
        (Method::GET, "/report", None),
        (Method::DELETE, "/api/entries", None),
        (Method::PATCH, "/api/entries/7/pages/", None),
    ] {
        let found = policy.find(&method, path).map(|rule| rule.operation.as_str());
        assert_eq!(found.is_some(), expected.is_some(), "{method} {path}");
        assert!(found.is_none_or(|found| found.ends_with(expected.unwrap())), "{method} {path}: {found:?}");
    }
}

#[test]
#[should_panic(expected = "`GET /feed` has two rules")]
fn two_rules_of_one_route_are_a_mistake() {
    let _ = AccessPolicy::of::<Auth>().handler(Method::GET, "/feed", &feed).handler(Method::GET, "/feed", &feed);
}

#[protected(check("is even") = number.0 % 2 == 0)]
#[handler]
async fn even(number: poem::web::Path<u32>) -> &'static str {
    let _ = number;
    "even"
}

/// A caller must meet the rule of the subtree and the one of the route.
#[test]
fn a_route_inside_of_a_subtree_has_both_rules() {
    let policy = AccessPolicy::of::<Auth>()
        .subtree_with("/reports/*", requirement!(role("User")), |reports| {
            reports.handler(Method::GET, "/reports/feed", &feed).subtree_with(
                "/reports/numbers/*",
                requirement!(role("Viewer")),
                |numbers| numbers.handler(Method::GET, "/reports/numbers/:number", &even),
            )
        })
        .handler(Method::GET, "/feed", &feed)
        .build();
    let access: Vec<String> = policy.rules().iter().map(|rule| format!("{} {}", rule.target, rule.access)).collect();
    assert_eq!(
        access,
        [
            r#"GET /feed requires all(scopes("view"), not(schemes("key")))"#,
            r#"ANY /reports/* requires role("User")"#,
            r#"GET /reports/feed requires all(role("User"), all(scopes("view"), not(schemes("key"))))"#,
            r#"ANY /reports/numbers/* requires all(role("User"), role("Viewer"))"#,
            r#"GET /reports/numbers/:number requires all(role("User"), all(role("Viewer"), check("is even") = "number.0 % 2 == 0"))"#,
        ]
    );
    assert_eq!(policy.to_string().parse::<AccessPolicy>().as_ref(), Ok(&policy));
}

#[test]
#[should_panic(expected = "`GET /feed` is not inside of `/reports/*`")]
fn a_route_outside_of_a_subtree_is_a_mistake() {
    let _ = AccessPolicy::of::<Auth>()
        .subtree_with("/reports/*", requirement!(role("User")), |reports| reports.handler(Method::GET, "/feed", &feed));
}

/// Options that decide who gets in are part of the policy; a description is not.
#[test]
fn the_options_of_schemes_are_written() {
    #[derive(Auth, Clone)]
    #[auth(permissions = crate::fixture::Permission, roles = crate::fixture::Role)]
    struct Options {
        #[scheme(cookie = "__Host-token")]
        cookie: ApiKeys,
        #[scheme(header = "X-Forwarded-Jwt", ambient, max_len = 32_768)]
        header: ApiKeys,
        #[scheme(basic, silent_for_scripts)]
        basic: Basic,
    }
    let policy = AccessPolicy::of::<Options>().build();
    let schemes: Vec<_> = policy.schemes().collect();
    assert_eq!(
        schemes,
        [
            ("basic", "basic, silent_for_scripts"),
            ("cookie", "cookie = \"__Host-token\", ambient"),
            ("header", "api_key(header = \"X-Forwarded-Jwt\"), ambient, max_len = 32768"),
        ]
    );
    assert_eq!(policy.to_string().parse::<AccessPolicy>(), Ok(policy));
}

#[test]
fn the_matrix_shows_who_gets_in_where() {
    insta::assert_snapshot!(policy().matrix().to_string());
}

/// Names that would be markup, and a rule of each kind.
const HOSTILE: &str = r#"access-lock 1
permission "<b>" "never <i>shown</i>"
permission "a|b"
role "<script>alert(1)</script>" holds "<b>"
role "A & B" holds "<b>" "a|b"
scheme "key" basic
GET /<script> requires all(permission("<b>"), check = "a < b && c == \"'\"", not(schemes("key")))
    operation "app::hostile"
POST /open public "</style><script>alert(2)</script>"
    operation "app::open"
ANY /files/* requires any(role("A & B"), fresh = "5m"), hide
    operation "app"
CALL "tool" optional
    operation "app::tool"
"#;

fn hostile() -> AccessPolicy {
    HOSTILE.parse().unwrap()
}

/// Validates a value against one of the published schemas.
fn assert_valid(schema: &str, value: &serde_json::Value) {
    let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/src/reference").join(schema);
    let schema = serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap();
    assert_no_errors(&jsonschema::draft202012::new(&schema).unwrap(), value);
}

fn assert_no_errors(validator: &jsonschema::Validator, value: &serde_json::Value) {
    let errors: Vec<_> =
        validator.iter_errors(value).map(|error| format!("{}: {error}", error.instance_path())).collect();
    assert!(errors.is_empty(), "{errors:#?}\n{value:#}");
}

#[test]
fn json_follows_its_published_schema() {
    let more_facts = (0..21).map(|index| format!("check = \"k{index}\"")).collect::<Vec<_>>().join(", ");
    let unknown =
        format!("{HOSTILE}GET /unknown requires all({more_facts})\n    operation \"app::unknown\"\n").parse().unwrap();
    for policy in [&policy(), &hostile(), &unknown] {
        assert_valid("access-matrix.schema.json", &policy.matrix().to_json());
        for (before, after) in [(policy, &hostile()), (&hostile(), policy)] {
            assert_valid("access-difference.schema.json", &Difference::between(before, after).to_json());
        }
    }
}

#[test]
fn sarif_follows_its_official_schema() {
    let schema = serde_json::from_str(include_str!("data/sarif-2.1.0.json")).unwrap();
    let validator = jsonschema::draft7::new(&schema).unwrap();
    for (before, after) in [(policy(), hostile()), (hostile(), policy()), (policy(), policy())] {
        let difference = Difference::between(&before, &after);
        let log = difference.to_sarif("my%20app/access.lock");
        assert_no_errors(&validator, &log);
        assert_eq!(log["runs"][0]["results"].as_array().unwrap().len(), difference.changes().len());
    }
    let without_version = serde_json::json!({ "runs": [] });
    assert!(!validator.is_valid(&without_version), "the schema rejects");
}

#[test]
fn the_page_has_no_markup_of_names() {
    let page = hostile().matrix().to_html("<Matrix>");
    assert!(page.contains("<title>&lt;Matrix&gt;</title>") && page.contains("GET /&lt;script&gt;"));
    assert_eq!(page.matches("<script").count(), 0, "{page}");
    assert_eq!(page.matches("</style>").count(), 1, "{page}");
    // Each element that is opened is closed.
    for element in
        ["html", "head", "body", "table", "thead", "tbody", "tr", "th", "td", "ul", "ol", "li", "code", "span", "a"]
    {
        let opened = page.matches(&format!("<{element}>")).count() + page.matches(&format!("<{element} ")).count();
        assert_eq!(opened, page.matches(&format!("</{element}>")).count(), "{element}");
    }
}

#[test]
fn markdown_has_no_markup_of_names() {
    let markdown = hostile().matrix().to_markdown();
    for line in markdown.lines().filter(|line| line.contains("<script>") || line.contains("<b>")) {
        let outside: String = line.split('`').step_by(2).collect();
        assert!(!outside.contains('<'), "{line}");
    }
    assert!(markdown.contains("| `GET /<script>` |"), "{markdown}");
}

mod lock {
    use std::{env, fs, path::Path, process::Command};

    use auth_runtime::review::{AccessLockError, check_access_lock};

    use super::policy;

    #[test]
    fn a_lock_that_differs_shows_the_routes_and_the_callers() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("access.lock");
        let check = || check_access_lock(&policy(), &path);
        assert!(matches!(check(), Err(AccessLockError::Missing { .. })));

        fs::write(&path, policy().to_string()).unwrap();
        check().unwrap();

        let other = policy()
            .to_string()
            .replace("\"User\" \"May read and write\" holds \"edit\"", "\"User\" \"May read and write\" holds");
        fs::write(&path, other).unwrap();
        insta::assert_snapshot!(check().unwrap_err().to_string());

        fs::write(&path, "access-lock 1\nnonsense").unwrap();
        assert!(check().unwrap_err().to_string().starts_with("access.lock: line 2: expected "));
    }

    #[test]
    fn a_change_is_accepted_by_the_environment() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("access.lock");
        let accept = |value: &str| {
            let mut test = Command::new(env::current_exe().unwrap());
            test.args(["--exact", "review::lock::lock_of_the_environment", "--ignored"]);
            test.env("ACCESS_LOCK", value).env("LOCK_PATH", &path).output().unwrap().status.success()
        };
        assert!(!accept("yes") && !path.exists(), "only the documented word writes the file");
        assert!(accept("accept"));
        assert_eq!(fs::read_to_string(&path).unwrap(), policy().to_string());
        assert!(accept(""), "the file is as the code");
    }

    #[test]
    #[ignore = "the test above runs it with an environment"]
    fn lock_of_the_environment() {
        check_access_lock(&policy(), Path::new(&env::var_os("LOCK_PATH").unwrap())).unwrap();
    }
}

#[tokio::test]
async fn a_rule_that_is_in_no_policy_is_reported_once() {
    use poem::{EndpointExt, Route, endpoint::make_sync, get as on_get};

    let app = || {
        Route::new()
            .at("/feed", on_get(feed))
            .nest("/reports", make_sync(|_| "reports").protect(requirement!(roles("Viewer"))))
            .nest("/api", Auth::default().service(Entries(0_u8), "Entries", "1"))
    };
    let listed = AccessPolicy::of::<Auth>().handler(Method::GET, "/feed", &feed).api::<Entries<u8>>("/api");
    let (all, none) = (listed.watch(), AccessPolicy::of::<Auth>().watch());
    for path in ["/feed", "/reports/1", "/api/entries/health", "/api/entries"] {
        crate::fixture::get(path).to(&app().with(Auth::default()).with(all.clone())).await;
        crate::fixture::get(path).to(&app().with(Auth::default()).with(none.clone())).await;
    }
    let unlisted = all.unlisted();
    assert!(unlisted.len() == 1 && unlisted[0].starts_with("it::review:"), "{unlisted:?}");
    assert_eq!(none.unlisted().len(), 4, "public rules are met too: {:?}", none.unlisted());
}
