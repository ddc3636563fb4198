//! The meaning of the clauses of a requirement, checked with requests.

use auth_runtime::prelude::*;
use poem::{Endpoint, EndpointExt, IntoEndpoint, Route, get as on_get, handler};
use poem_openapi::{OpenApi, payload::PlainText};

use crate::fixture::{Auth, By, Caller, Permission, Role, get};

const OK: PlainText<&str> = PlainText("ok");

struct Clauses;

#[protected]
#[OpenApi(prefix_path = "/clauses")]
impl Clauses {
    #[protected]
    #[oai(path = "/authenticated", method = "get")]
    async fn authenticated(&self) -> PlainText<&'static str> {
        OK
    }

    #[protected(roles("Viewer", "Administrator"))]
    #[oai(path = "/roles", method = "get")]
    async fn roles(&self) -> PlainText<&'static str> {
        OK
    }

    #[protected(all_roles(Role::Viewer, "User"))]
    #[oai(path = "/all-roles", method = "get")]
    async fn all_roles(&self) -> PlainText<&'static str> {
        OK
    }

    #[protected(permissions("view", Permission::Edit))]
    #[oai(path = "/permissions", method = "get")]
    async fn permissions(&self) -> PlainText<&'static str> {
        OK
    }

    #[protected(any_permission("edit", "products:create"))]
    #[oai(path = "/any-permission", method = "get")]
    async fn any_permission(&self) -> PlainText<&'static str> {
        OK
    }

    #[permission(Permission::ProductsCreate)]
    #[oai(path = "/permission", method = "get")]
    async fn permission(&self) -> PlainText<&'static str> {
        OK
    }

    #[protected(scopes("view", "edit"))]
    #[oai(path = "/scopes", method = "get")]
    async fn scopes(&self) -> PlainText<&'static str> {
        OK
    }

    #[protected(schemes("password", "directory"))]
    #[oai(path = "/schemes", method = "get")]
    async fn schemes(&self) -> PlainText<&'static str> {
        OK
    }

    #[protected(role("Viewer"), permission("delete"))]
    #[oai(path = "/commas", method = "get")]
    async fn commas(&self) -> PlainText<&'static str> {
        OK
    }

    #[protected(any(role("Administrator"), all(role("Viewer"), permission("delete"))))]
    #[oai(path = "/nested", method = "get")]
    async fn nested(&self) -> PlainText<&'static str> {
        OK
    }

    #[protected(not(role("Viewer")))]
    #[oai(path = "/not", method = "get")]
    async fn not(&self) -> PlainText<&'static str> {
        OK
    }

    #[protected(not(any(role("Viewer"), permission("edit"))))]
    #[oai(path = "/neither", method = "get")]
    async fn neither(&self) -> PlainText<&'static str> {
        OK
    }

    #[protected(not(not(role("Viewer"))))]
    #[oai(path = "/not-not", method = "get")]
    async fn not_not(&self) -> PlainText<&'static str> {
        OK
    }

    #[protected(any(schemes("key"), all(schemes("token"), scopes("delete"))))]
    #[oai(path = "/key-or-scope", method = "get")]
    async fn key_or_scope(&self) -> PlainText<&'static str> {
        OK
    }

    #[permission("view")]
    #[permission("edit")]
    #[protected(roles = "User")]
    #[protected(not(role("Administrator")))]
    #[oai(path = "/add-up", method = "get")]
    async fn add_up(&self) -> PlainText<&'static str> {
        OK
    }
}

struct Floors;

/// Two attributes on the block. One of them sets `hide`.
#[protected(roles("User", "Administrator"))]
#[protected(not(scheme("session")), hide)]
#[OpenApi(prefix_path = "/floors")]
impl Floors {
    #[protected]
    #[oai(path = "/bare", method = "get")]
    async fn bare(&self) -> PlainText<&'static str> {
        OK
    }

    #[permission("delete")]
    #[oai(path = "/more", method = "get")]
    async fn more(&self) -> PlainText<&'static str> {
        OK
    }

    #[protected(any(role("Viewer"), permission("view")))]
    #[oai(path = "/less", method = "get")]
    async fn less(&self) -> PlainText<&'static str> {
        OK
    }

    #[public(reason = "the way out")]
    #[oai(path = "/public", method = "get")]
    async fn public(&self) -> PlainText<&'static str> {
        OK
    }
}

#[protected(roles = "User")]
#[permission("delete")]
#[handler]
async fn handled(caller: Principal<Auth>) -> String {
    caller.subject().to_owned()
}

fn app() -> impl Endpoint {
    let auth = Auth::default();
    let service = auth.service((Clauses, Floors), "Rules", "1").into_endpoint();
    Route::new().at("/handled", on_get(handled).with(auth)).nest("/", service)
}

/// Checks the status for callers with these roles, permissions and scopes.
async fn assert_statuses(path: &str, cases: &[(&[&str], &[&str], &str, u16)]) {
    let app = app();
    for (roles, permissions, scope, status) in cases {
        let caller = roles.iter().fold(Caller::new("u"), |caller, role| caller.role(role));
        let caller = permissions.iter().fold(caller, |caller, permission| caller.permission(permission)).scope(scope);
        let answer = get(path).by(By::Token, &caller).to(&app).await;
        assert_eq!(answer.status, *status, "{path} {roles:?} {permissions:?} {scope:?}");
    }
    assert_eq!(get(path).to(&app).await.status, 401, "{path}");
}

#[tokio::test]
async fn bare_protected_is_any_authenticated_caller() {
    assert_statuses("/clauses/authenticated", &[(&[], &[], "", 200), (&["Nobody"], &["nothing"], "x", 200)]).await;
}

#[tokio::test]
async fn one_of_several_roles_is_enough() {
    let cases: &[(&[&str], &[&str], &str, u16)] = &[
        (&["Viewer"], &[], "", 200),
        (&["Administrator"], &[], "", 200),
        (&["User"], &[], "", 403),
        (&["User", "Viewer"], &[], "", 200),
        (&[], &["view", "edit", "delete", "products:create"], "Viewer", 403),
    ];
    assert_statuses("/clauses/roles", cases).await;
}

#[tokio::test]
async fn all_roles_needs_every_one() {
    let cases: &[(&[&str], &[&str], &str, u16)] = &[
        (&["Viewer"], &[], "", 403),
        (&["User"], &[], "", 403),
        (&["Administrator"], &[], "", 403),
        (&["User", "Viewer"], &[], "", 200),
    ];
    assert_statuses("/clauses/all-roles", cases).await;
}

#[tokio::test]
async fn permissions_come_directly_and_through_roles_and_inherited_roles() {
    let cases: &[(&[&str], &[&str], &str, u16)] = &[
        (&[], &["view", "edit"], "", 200),
        (&["User"], &[], "", 200),
        (&["Administrator"], &[], "", 200),
        (&["Viewer"], &["edit"], "", 200),
        (&["Viewer"], &[], "", 403),
        (&[], &["edit"], "", 403),
        (&[], &[], "view edit", 403),
    ];
    assert_statuses("/clauses/permissions", cases).await;
    let cases: &[(&[&str], &[&str], &str, u16)] =
        &[(&[], &["products:create"], "", 200), (&["User"], &[], "", 200), (&["Viewer"], &["delete"], "", 403)];
    assert_statuses("/clauses/any-permission", cases).await;
    let cases: &[(&[&str], &[&str], &str, u16)] = &[
        (&[], &["products:create"], "", 200),
        (&["Administrator"], &[], "", 200),
        (&["User"], &["products"], "", 403),
    ];
    assert_statuses("/clauses/permission", cases).await;
}

#[tokio::test]
async fn scopes_come_from_the_token_and_are_not_permissions() {
    let cases: &[(&[&str], &[&str], &str, u16)] = &[
        (&[], &[], "view edit", 200),
        (&[], &[], "other edit more view", 200),
        (&[], &[], "view", 403),
        (&[], &[], "viewedit", 403),
        (&[], &[], "VIEW EDIT", 403),
        (&[], &[], "view,edit", 403),
        (&["Administrator"], &["view", "edit"], "", 403),
    ];
    assert_statuses("/clauses/scopes", cases).await;
}

#[tokio::test]
async fn a_scheme_that_is_not_listed_is_401_for_every_caller() {
    let app = app();
    for by in By::ALL {
        let answer = get("/clauses/schemes").by(by, &Caller::all_powerful()).to(&app).await;
        assert_eq!(answer.status, if [By::Password, By::Ldap].contains(&by) { 200 } else { 401 }, "{by:?}");
    }
}

#[tokio::test]
async fn commas_and_nesting_combine_clauses() {
    let cases: &[(&[&str], &[&str], &str, u16)] = &[
        (&["Viewer"], &["delete"], "", 200),
        (&["Viewer"], &[], "", 403),
        (&[], &["delete"], "", 403),
        (&["Administrator"], &[], "", 403),
    ];
    assert_statuses("/clauses/commas", cases).await;
    let cases: &[(&[&str], &[&str], &str, u16)] = &[
        (&["Viewer"], &["delete"], "", 200),
        (&["Administrator"], &[], "", 200),
        (&["Viewer"], &[], "", 403),
        (&["User"], &["delete"], "", 403),
    ];
    assert_statuses("/clauses/nested", cases).await;
}

#[tokio::test]
async fn not_still_requires_an_authenticated_caller() {
    let cases: &[(&[&str], &[&str], &str, u16)] = &[
        (&[], &[], "", 200),
        (&["Administrator"], &[], "", 200),
        (&["Viewer"], &[], "", 403),
        (&["Viewer", "User"], &[], "", 403),
    ];
    assert_statuses("/clauses/not", cases).await;
    let cases: &[(&[&str], &[&str], &str, u16)] =
        &[(&[], &["view"], "", 200), (&["Viewer"], &[], "", 403), (&["User"], &[], "", 403), (&[], &["edit"], "", 403)];
    assert_statuses("/clauses/neither", cases).await;
    assert_statuses("/clauses/not-not", &[(&["Viewer"], &[], "", 200), (&[], &[], "", 403)]).await;
}

#[tokio::test]
async fn a_rule_can_require_more_from_one_scheme() {
    let app = app();
    let path = "/clauses/key-or-scope";
    assert_eq!(get(path).by(By::Key, &Caller::new("u")).to(&app).await.status, 200);
    assert_eq!(get(path).by(By::Token, &Caller::new("u")).to(&app).await.status, 403);
    assert_eq!(get(path).by(By::Token, &Caller::new("u").scope("delete")).to(&app).await.status, 200);
    assert_eq!(get(path).by(By::Password, &Caller::all_powerful()).to(&app).await.status, 401);
}

#[tokio::test]
async fn several_attributes_are_combined() {
    let cases: &[(&[&str], &[&str], &str, u16)] = &[
        (&["User"], &[], "", 200),
        (&["Viewer"], &["edit"], "", 403),
        (&[], &["view", "edit"], "", 403),
        (&["User", "Administrator"], &[], "", 403),
    ];
    assert_statuses("/clauses/add-up", cases).await;
    let cases: &[(&[&str], &[&str], &str, u16)] = &[
        (&["User"], &["delete"], "", 200),
        (&["User"], &[], "", 403),
        (&["Administrator"], &[], "", 403),
        (&[], &["delete"], "", 403),
    ];
    assert_statuses("/handled", cases).await;
}

#[tokio::test]
async fn the_rule_of_a_block_applies_to_every_operation() {
    let cases: &[(&[&str], &[&str], &str, u16)] = &[
        (&["User"], &[], "", 200),
        (&["Administrator"], &[], "", 200),
        (&["Viewer"], &["view"], "", 404),
        (&[], &[], "", 404),
    ];
    assert_statuses("/floors/bare", cases).await;
    let cases: &[(&[&str], &[&str], &str, u16)] = &[
        (&["User"], &["delete"], "", 200),
        (&["Administrator"], &[], "", 200),
        (&["User"], &[], "", 404),
        (&["Viewer"], &["delete"], "", 404),
    ];
    assert_statuses("/floors/more", cases).await;
    assert_statuses("/floors/less", &[(&["User"], &[], "", 200), (&["Viewer"], &[], "", 404)]).await;
    let app = app();
    for path in ["/floors/bare", "/floors/more", "/floors/less"] {
        assert_eq!(get(path).by(By::Session, &Caller::all_powerful()).to(&app).await.status, 401, "{path}");
    }
}

#[tokio::test]
async fn only_public_overrides_the_rule_of_a_block() {
    assert_eq!(get("/floors/public").to(&app()).await.status, 200);
}

#[tokio::test]
async fn unknown_names_grant_nothing() {
    let app = app();
    let names = [
        "administrator",
        "ADMINISTRATOR",
        " Administrator",
        "Administrator ",
        "Admin",
        "Administrators",
        "*",
        "all",
        "",
        "Viewer,Administrator",
        "Viewer Administrator",
        "Administrator\u{0}",
        "Аdministrator",
        "admin",
        "root",
        "0",
    ];
    for name in names {
        let caller = Caller::new("u").role(name).permission(name).scope(name);
        for path in ["/clauses/roles", "/clauses/permission", "/clauses/permissions", "/clauses/scopes"] {
            assert_eq!(get(path).by(By::Token, &caller).to(&app).await.status, 403, "{path} {name:?}");
        }
    }
    let caller = Caller::new("u").permission("VIEW").permission("edit ").permission("products:*").permission("*");
    for path in ["/clauses/permission", "/clauses/permissions", "/clauses/any-permission"] {
        assert_eq!(get(path).by(By::Token, &caller).to(&app).await.status, 403, "{path}");
    }
}

#[tokio::test]
async fn roles_and_permissions_are_not_interchangeable() {
    let app = app();
    let caller = Caller::new("u").permission("Administrator").permission("Viewer").role("view").role("products:create");
    for path in ["/clauses/roles", "/clauses/permission", "/clauses/permissions"] {
        assert_eq!(get(path).by(By::Token, &caller).to(&app).await.status, 403, "{path}");
    }
}
