//! Generated tests: a service that its policy describes passes, and each weaker one fails at the weakened operation.

use std::{marker::PhantomData, time::Duration};

use auth_runtime::{
    guard::AuthConfig,
    prelude::*,
    review::{AccessPolicy, AccessPolicyBuilder},
    testing::{AccessReport, AccessTests, RefusedCredential},
};
use poem::{EndpointExt, IntoEndpoint, Response, Route, endpoint::BoxEndpoint, get as on_get, handler};
use poem_mcpserver::{Tools, content::Text};
use poem_openapi::{
    Enum, Object, OpenApi,
    param::{Header, Path, Query},
    payload::{Form, Json, PlainText},
};

/// Declares tables and an `Auth`. The roles differ between the variants.
macro_rules! tables {
    ($module:ident, $guest:tt, $editor:tt) => {
        mod $module {
            use auth_runtime::prelude::*;

            use crate::fixture::{Keys, Tokens};

            permissions! {
                pub(super) enum Permission { View = "view", Edit = "edit", Delete = "delete" }
            }

            roles! {
                pub(super) enum Role: Permission {
                    Guest = "Guest" => $guest,
                    Viewer = "Viewer" => [View],
                    Editor = "Editor" => $editor,
                    Administrator = "Administrator" => all,
                }
            }

            #[derive(Auth, Clone, Default)]
            #[auth(permissions = Permission, roles = Role)]
            pub(super) struct Auth {
                #[scheme(bearer)]
                pub(super) token: Tokens,
                #[scheme(api_key(header = "X-API-Key"))]
                pub(super) key: Keys,
            }
        }
    };
}

tables!(declared, [View], [View, Edit]);
// A role has gained a permission of another one.
tables!(moved, [View, Edit], [View]);

use declared::Auth;

/// Declares an API with one operation, `PUT /:id`, for the rules that stand in the brackets.
macro_rules! operation {
    // A check sees the arguments under these names.
    ($name:ident [] ($caller:ident, $id:ident) $($rule:tt)*) => {
        operation!(@ $name [] [$($rule)*] [$caller: Option<Principal<A>>, $id: Path<u32>] ($caller, $id));
    };
    ($name:ident [$($floor:tt)*] $($rule:tt)*) => {
        operation!(@ $name [$($floor)*] [$($rule)*] [caller: Option<Principal<A>>, id: Path<u32>] (caller, id));
    };
    // A public operation has no caller.
    ($name:ident $($rule:tt)*) => {
        operation!(@ $name [] [$($rule)*] [id: Path<u32>] id);
    };
    (@ $name:ident [$($floor:tt)*] [$($rule:tt)*] [$($argument:tt)*] $used:expr) => {
        struct $name<A>(PhantomData<fn() -> A>);

        #[protected(auth = A $($floor)*)]
        #[OpenApi]
        impl<A: AuthConfig> $name<A> {
            $($rule)*
            #[oai(path = "/:id", method = "put")]
            async fn call(&self, $($argument)*) -> PlainText<String> {
                let _ = $used;
                PlainText("done".to_owned())
            }
        }

        impl<A: AuthConfig> $name<A> {
            fn service(auth: &A) -> BoxEndpoint<'static> {
                auth.service(Self(PhantomData), stringify!($name), "1").into_endpoint().map_to_response().boxed()
            }
        }
    };
}

/// The object 1 is of alice.
fn owns<A: AuthConfig>(caller: Option<&Principal<A>>, id: u32) -> bool {
    caller.is_some_and(|caller| caller.subject() == "alice") && id == 1
}

fn whatever<A: AuthConfig>(caller: Option<&Principal<A>>, id: u32) -> bool {
    let _ = (caller, id);
    true
}

operation!(Public #[public(reason = "probe")]);
operation!(Optional [] #[optional_auth]);
operation!(SignedIn [] #[protected]);
operation!(View [] #[permission("view")]);
operation!(Both [] #[protected(permissions("edit", "delete"))]);
operation!(OneRole [] #[protected(roles("Editor"))]);
operation!(TwoRoles [] #[protected(roles("Editor", "Administrator"))]);
operation!(NotGuest [] #[protected(permission("view"), not(role("Guest")))]);
operation!(Floor [, roles("Editor")] #[permission("view")]);
operation!(Owned [] (caller, id) #[protected(any(role("Administrator"), all(permission("edit"), check = owns(caller.as_ref(), **id))))]);
operation!(Hidden [] #[protected(roles("Administrator"), hide)]);
operation!(ByKey [] #[protected(schemes("key"), permission("view"))]);
operation!(Fresh [] #[protected(fresh = "5m")]);
operation!(Scoped [] #[protected(scopes("view", "edit"))]);
operation!(Tenant [] #[protected(claim("tenant" = "acme"))]);
operation!(Strong [] #[protected(acr("gold"), permission("delete"))]);

operation!(Pair [] #[protected(schemes("token"), schemes("key"), permission("view"))]);

operation!(PublicView #[public(reason = "a mistake")]);
operation!(OptionalView [] #[optional_auth(permission("view"))]);
operation!(EachSignedIn [] #[optional_auth]);
operation!(AnyOfBoth [] #[protected(any_permission("edit", "delete"))]);
operation!(NoRole [] #[protected]);
operation!(GuestToo [] #[protected(roles("Editor", "Guest"))]);
operation!(NotAdministrator [] #[protected(roles("Editor"))]);
operation!(GuestViews [] #[protected(permission("view"))]);
operation!(OnlyGuest [] #[protected(permission("view"), role("Guest"))]);
operation!(NoFloor [] #[permission("view")]);
operation!(NotOwned [] (caller, id) #[protected(any(role("Administrator"), all(permission("edit"), check = whatever(caller.as_ref(), **id))))]);
operation!(OwnerAlone [] (caller, id) #[protected(any(role("Administrator"), check = owns(caller.as_ref(), **id)))]);
operation!(Shown [] #[protected(roles("Administrator"))]);
operation!(HiddenFromFew [] #[protected(roles("Administrator", "Editor"), hide)]);
operation!(ByAnyScheme [] #[protected(permission("view"))]);
operation!(LessFresh [] #[protected(fresh = "6m")]);
operation!(OneScope [] #[protected(scopes("view"))]);
operation!(AnyTenant [] #[protected]);
operation!(OtherTenant [] #[protected(claim("tenant" = "other"))]);
operation!(OneOfPair [] #[protected(schemes("key"), permission("view"))]);
operation!(Weak [] #[protected(permission("delete"))]);
operation!(StrongView [] #[protected(acr("gold"), permission("view"))]);

#[handler]
fn figures() -> &'static str {
    "figures"
}

/// An operation that asks for all kinds of arguments.
struct Written<A>(PhantomData<fn() -> A>);

#[derive(Enum)]
enum State {
    Draft,
    Final,
}

#[derive(Object, serde::Deserialize)]
struct Author {
    name: String,
}

#[derive(Object)]
struct Entry {
    #[oai(validator(min_length = 8))]
    text: String,
    state: State,
    author: Author,
    #[oai(validator(minimum(value = "10")))]
    pages: u32,
    #[oai(validator(min_items = 1))]
    tags: Vec<String>,
    note: Option<String>,
}

#[protected(auth = A)]
#[OpenApi]
impl<A: AuthConfig> Written<A> {
    #[permission("edit")]
    #[oai(path = "/:day", method = "post")]
    async fn write(
        &self,
        day: Path<String>,
        words: Query<Vec<String>>,
        #[oai(name = "X-Trace")] trace: Header<u64>,
        entry: Json<Entry>,
    ) -> PlainText<String> {
        let Entry { text, state, author, pages, tags, note } = entry.0;
        let is_draft = matches!(state, State::Draft);
        let (day, words, trace) = (day.0, words.0, trace.0);
        PlainText(format!("{day} {words:?} {trace} {text} {is_draft} {} {pages} {tags:?} {note:?}", author.name))
    }

    #[permission("edit")]
    #[oai(path = "/form", method = "post")]
    async fn fill(&self, author: Form<Author>) -> PlainText<String> {
        PlainText(author.0.name)
    }
}

/// Mounts the services that have the rules of the policy, and one in the place of another.
fn app(weakened: Option<(&str, BoxEndpoint<'static>)>) -> Route {
    let auth = &Auth::default();
    let mut services = vec![
        ("/public", Public::service(auth)),
        ("/optional", Optional::service(auth)),
        ("/signed-in", SignedIn::service(auth)),
        ("/view", View::service(auth)),
        ("/both", Both::service(auth)),
        ("/one-role", OneRole::service(auth)),
        ("/two-roles", TwoRoles::service(auth)),
        ("/not-guest", NotGuest::service(auth)),
        ("/floor", Floor::service(auth)),
        ("/owned", Owned::service(auth)),
        ("/hidden", Hidden::service(auth)),
        ("/by-key", ByKey::service(auth)),
        ("/fresh", Fresh::service(auth)),
        ("/scoped", Scoped::service(auth)),
        ("/tenant", Tenant::service(auth)),
        ("/strong", Strong::service(auth)),
        ("/pair", Pair::service(auth)),
        ("/written", auth.service(Written(PhantomData), "Written", "1").into_endpoint().map_to_response().boxed()),
        ("/reports", reports().protect(requirement!(permission("edit"))).with(auth.clone()).boxed()),
    ];
    if let Some((path, service)) = weakened {
        services.iter_mut().find(|(known, _)| *known == path).expect("a path of the application").1 = service;
    }
    services.into_iter().fold(Route::new(), |app, (path, service)| app.nest(path, service))
}

fn reports() -> Route {
    Route::new().at("/2026", on_get(figures))
}

fn policy() -> AccessPolicyBuilder<Auth> {
    AccessPolicy::of::<Auth>()
        .api::<Public<Auth>>("/public")
        .api::<Optional<Auth>>("/optional")
        .api::<SignedIn<Auth>>("/signed-in")
        .api::<View<Auth>>("/view")
        .api::<Both<Auth>>("/both")
        .api::<OneRole<Auth>>("/one-role")
        .api::<TwoRoles<Auth>>("/two-roles")
        .api::<NotGuest<Auth>>("/not-guest")
        .api::<Floor<Auth>>("/floor")
        .api::<Owned<Auth>>("/owned")
        .api::<Hidden<Auth>>("/hidden")
        .api::<ByKey<Auth>>("/by-key")
        .api::<Fresh<Auth>>("/fresh")
        .api::<Scoped<Auth>>("/scoped")
        .api::<Tenant<Auth>>("/tenant")
        .api::<Strong<Auth>>("/strong")
        .api::<Pair<Auth>>("/pair")
        .api::<Written<Auth>>("/written")
        .subtree("/reports/*", requirement!(permission("edit")))
}

fn tests(app: impl Fn() -> Route + Send + Sync + 'static) -> AccessTests {
    AccessTests::new(policy(), move || std::future::ready(app()))
        .fixture("ANY /reports/*", |request| request.uri("/reports/2026"))
        .mine("PUT /owned/:id", |request| request.as_user("alice").path("id", 1))
        .theirs("PUT /owned/:id", |request| request.as_user("alice").path("id", 2))
}

async fn run(app: impl Fn() -> Route + Send + Sync + 'static) -> AccessReport {
    tests(app).run().await
}

#[tokio::test]
async fn r94_a_service_that_enforces_its_policy_passes_the_generated_tests() {
    let report = run(|| app(None)).await;
    report.assert_passed();
    assert_eq!(report.operations(), 20);
    assert!(report.passed() > 200, "{report}");
}

/// Requires that the tests find the weakened operation, and no other one.
async fn assert_found(name: &str, path: &'static str, weakened: fn() -> BoxEndpoint<'static>) {
    let report = run(move || app(Some((path, weakened())))).await;
    assert!(!report.failures().is_empty(), "{name} at {path} is not found");
    let elsewhere: Vec<_> = report.failures().iter().filter(|failure| !failure.contains(&format!("{path}/"))).collect();
    assert!(elsewhere.is_empty(), "{name} at {path}: {elsewhere:#?}");
}

macro_rules! weakenings {
    ($($test:ident: $(($path:literal, $service:ident))*;)*) => {$(
        #[tokio::test]
        async fn $test() {
            $(assert_found(stringify!($service), $path, || $service::service(&Auth::default())).await;)*
        }
    )*};
}

weakenings! {
    r94_an_operation_made_public_is_found: ("/view", PublicView) ("/owned", PublicView) ("/hidden", PublicView);
    r94_optional_in_place_of_protected_is_found: ("/signed-in", EachSignedIn) ("/view", OptionalView);
    r94_any_in_place_of_all_is_found: ("/both", AnyOfBoth);
    r94_a_dropped_role_is_found: ("/one-role", NoRole) ("/hidden", HiddenFromFew);
    r94_an_added_role_is_found: ("/one-role", GuestToo);
    r94_a_role_that_no_longer_gets_in_is_found: ("/two-roles", NotAdministrator);
    r94_a_dropped_not_is_found: ("/not-guest", GuestViews) ("/not-guest", OnlyGuest);
    r94_a_removed_floor_is_found: ("/floor", NoFloor);
    r94_a_check_that_is_always_true_is_found: ("/owned", NotOwned);
    r94_a_permission_dropped_beside_a_check_is_found: ("/owned", OwnerAlone);
    r94_a_dropped_hide_is_found: ("/hidden", Shown);
    r94_an_added_scheme_is_found: ("/by-key", ByAnyScheme);
    r94_a_dropped_credential_of_two_is_found: ("/pair", OneOfPair) ("/pair", ByAnyScheme);
    r94_an_older_sign_in_is_found: ("/fresh", LessFresh) ("/fresh", NoRole);
    r94_a_dropped_scope_is_found: ("/scoped", OneScope) ("/scoped", NoRole);
    r94_a_dropped_claim_is_found: ("/tenant", AnyTenant) ("/tenant", OtherTenant);
    r94_a_dropped_class_is_found: ("/strong", Weak) ("/strong", StrongView);
}

#[tokio::test]
async fn r94_a_service_without_rules_is_found() {
    let open = || Route::new().at("/:id", poem::put(figures)).map_to_response().boxed();
    assert_found("no rule", "/view", open).await;
    assert_found("no rule", "/hidden", open).await;
    assert_found("an unguarded subtree", "/reports", || reports().map_to_response().boxed()).await;
}

#[tokio::test]
async fn r94_a_permission_that_moved_to_another_role_is_found() {
    let service = || Both::<moved::Auth>::service(&moved::Auth::default());
    // Both permissions are needed: the role that gained one still lacks the other.
    let report = run(move || app(Some(("/both", service())))).await;
    report.assert_passed();
    assert_found("a moved permission", "/owned", || Owned::service(&moved::Auth::default())).await;
    let written = || {
        moved::Auth::default().service(Written(PhantomData), "Written", "1").into_endpoint().map_to_response().boxed()
    };
    assert_found("a moved permission", "/written", written).await;
}

#[tokio::test]
async fn an_authenticator_that_accepts_garbage_is_found() {
    #[derive(Clone)]
    struct Gullible;
    impl Authenticator for Gullible {
        type Credential = auth_runtime::credential::ApiKey;

        async fn authenticate(
            &self,
            _: Self::Credential,
            context: &auth_runtime::authenticate::Context,
        ) -> Result<auth_runtime::authenticate::Identity, auth_runtime::authenticate::AuthenticationError> {
            Ok(context.identity("gullible", "root").role("Administrator").build())
        }
    }
    #[derive(Auth, Clone)]
    #[auth(permissions = declared::Permission, roles = declared::Role)]
    struct GullibleAuth {
        #[scheme(bearer)]
        token: crate::fixture::Tokens,
        #[scheme(api_key(header = "X-API-Key"))]
        key: Gullible,
    }
    let service = || View::service(&GullibleAuth { token: crate::fixture::Tokens::default(), key: Gullible });
    assert_found("an authenticator", "/view", service).await;
}

#[tokio::test]
async fn credentials_of_the_application_are_refused() {
    let caller = crate::fixture::Caller::administrator();
    let accepted = RefusedCredential::header("the key of an administrator", "X-API-Key", caller.text());
    let report = tests(|| app(None)).refuses(&[accepted]).only("PUT /view").run().await;
    let [failure] = report.failures() else { panic!("{report}") };
    assert!(failure.starts_with("PUT /view/:id with the key of an administrator: expected 401, got 200"), "{failure}");
}

#[tokio::test]
async fn an_object_that_is_missing_is_a_failure_that_says_what_to_write() {
    let missing = || {
        Route::new().at(
            "/:id",
            poem::put(poem::endpoint::make_sync(|_| {
                Response::builder().status(poem::http::StatusCode::NOT_FOUND).finish()
            })),
        )
    };
    let service = move || missing().protect(requirement!(permission("view"))).with(Auth::default()).boxed();
    let report = run(move || app(Some(("/view", service())))).await;
    let failure = report.failures().iter().find(|failure| failure.contains("Viewer")).unwrap();
    insta::assert_snapshot!(failure);
}

#[tokio::test]
async fn a_check_without_objects_is_a_failure_that_says_what_to_write() {
    let tests = AccessTests::new(policy(), || std::future::ready(app(None))).only("/owned");
    let report = tests.run().await;
    let failures: Vec<_> = report.failures().iter().filter(|failure| failure.contains("a check decides")).collect();
    assert!(!failures.is_empty());
    insta::assert_snapshot!(failures[0]);
}

#[tokio::test]
async fn an_operation_that_a_request_changes_gets_a_new_service() {
    use std::sync::atomic::{AtomicBool, Ordering};

    struct Once(AtomicBool);

    #[protected(auth = Auth)]
    #[OpenApi]
    impl Once {
        #[permission("delete")]
        #[oai(path = "/", method = "delete")]
        async fn delete(&self) -> poem::Result<()> {
            let is_gone = self.0.swap(true, Ordering::SeqCst);
            if is_gone { Err(poem::http::StatusCode::NOT_FOUND.into()) } else { Ok(()) }
        }
    }
    let app = || async { Auth::default().service(Once(AtomicBool::default()), "Once", "1") };
    let report = AccessTests::new(AccessPolicy::of::<Auth>().api::<Once>("/"), app).run().await;
    report.assert_passed();
}

#[tokio::test]
#[should_panic(expected = "unknown operation `PUT /views/:id`; did you mean `PUT /view/:id`?")]
async fn a_fixture_of_an_unknown_operation_stops_the_test() {
    let _ = tests(|| app(None)).fixture("PUT /views/:id", |request| request);
}

/// Tools with a rule of each kind that is answered in its own way.
struct Notes;

#[protected]
#[Tools]
impl Notes {
    #[permission("view")]
    async fn list(&self) -> Text<&'static str> {
        Text("notes")
    }

    #[permission("edit")]
    async fn add(&self, text: String, pages: u32) -> Text<String> {
        Text(format!("{text} {pages}"))
    }

    #[protected(roles("Administrator"), hide)]
    async fn export(&self) -> Text<&'static str> {
        Text("everything")
    }

    #[protected(check = author == caller.subject())]
    async fn delete(&self, caller: Principal<Auth>, author: String) -> Text<String> {
        let _ = caller;
        Text(author)
    }
}

/// The same tools with weaker rules.
struct WeakNotes;

#[protected]
#[Tools]
impl WeakNotes {
    #[public(reason = "a mistake")]
    async fn list(&self) -> Text<&'static str> {
        Text("notes")
    }

    #[permission("view")]
    async fn add(&self, text: String, pages: u32) -> Text<String> {
        Text(format!("{text} {pages}"))
    }

    #[protected(roles("Administrator"))]
    async fn export(&self) -> Text<&'static str> {
        Text("everything")
    }

    #[protected]
    async fn delete(&self, author: String) -> Text<String> {
        Text(author)
    }
}

fn tools(app: impl Fn() -> Route + Send + Sync + 'static) -> AccessTests {
    AccessTests::new(AccessPolicy::of::<Auth>().tools::<Notes>(), move || std::future::ready(app()))
}

#[tokio::test]
async fn r94_tools_are_called_at_the_path_of_mcp() {
    let tests = |app: fn() -> Route| {
        let arguments = |author: &'static str| serde_json::json!({ "author": author });
        tools(app)
            .mcp("/mcp")
            .mine(r#"CALL "delete""#, move |request| request.as_user("alice").arguments(arguments("alice")))
            .theirs(r#"CALL "delete""#, move |request| request.as_user("alice").arguments(arguments("bob")))
    };
    let report = tests(|| Route::new().nest("/mcp", Auth::default().mcp(|_| Notes))).run().await;
    report.assert_passed();
    assert_eq!(report.operations(), 4);
    let report = tests(|| Route::new().nest("/mcp", Auth::default().mcp(|_| WeakNotes))).run().await;
    for tool in ["add", "delete", "export", "list"] {
        let name = format!("CALL {tool:?} ");
        assert!(report.failures().iter().any(|failure| failure.starts_with(&name)), "{tool}: {report}");
    }
}

#[tokio::test]
async fn tools_without_a_path_are_not_covered() {
    let report = tools(Route::new).run().await;
    assert_eq!(report.failures().len(), 4);
    insta::assert_snapshot!(report.failures()[0]);
}

#[tokio::test]
async fn skipped_operations_are_in_the_report() {
    let report = tests(|| app(None)).skip("PUT /view/:id", "tested elsewhere").run().await;
    assert!(report.to_string().contains("skipped: PUT /view/:id: tested elsewhere"), "{report}");
    assert_eq!(report.operations(), 19);
}

/// 20 roles.
mod wide {
    use auth_runtime::prelude::*;

    use crate::fixture::{Keys, Tokens};

    permissions! {
        pub(super) enum Permission { View = "view", Edit = "edit", Delete = "delete" }
    }

    roles! {
        pub(super) enum Role: Permission {
            Guest = "Guest" => [View],
            Viewer = "Viewer" => [View],
            Editor = "Editor" => [View, Edit],
            Administrator = "Administrator" => all,
            R4 = "R4" => [View], R5 = "R5" => [Edit], R6 = "R6" => [Delete], R7 = "R7" => [View, Delete],
            R8 = "R8" => [View], R9 = "R9" => [Edit], R10 = "R10" => [Delete], R11 = "R11" => [View, Delete],
            R12 = "R12" => [View], R13 = "R13" => [Edit], R14 = "R14" => [Delete], R15 = "R15" => [View, Delete],
            R16 = "R16" => [View], R17 = "R17" => [Edit], R18 = "R18" => [Delete], R19 = "R19" => [View, Delete],
        }
    }

    #[derive(Auth, Clone, Default)]
    #[auth(permissions = Permission, roles = Role)]
    pub(super) struct Auth {
        #[scheme(bearer)]
        pub(super) token: Tokens,
        #[scheme(api_key(header = "X-API-Key"))]
        pub(super) key: Keys,
    }
}

macro_rules! wide {
    ($($service:ident)*) => {
        fn wide_app() -> Route {
            let auth = &wide::Auth::default();
            (0..20).fold(Route::new(), |app, number| {
                let services = [$((stringify!($service), $service::service(auth))),*];
                services.into_iter().fold(app, |app, (name, service)| app.nest(format!("/{name}{number}"), service))
            })
        }

        fn wide_policy() -> AccessPolicyBuilder<wide::Auth> {
            (0..20).fold(AccessPolicy::of::<wide::Auth>(), |policy, number| {
                policy$(.api::<$service<wide::Auth>>(&format!("/{}{number}", stringify!($service))))*
            })
        }
    };
}

wide!(Public Optional SignedIn View Both OneRole TwoRoles NotGuest Floor Hidden ByKey Fresh Scoped Tenant Strong);

#[tokio::test]
async fn r94_300_operations_and_20_roles_take_less_than_a_minute() {
    let report = AccessTests::new(wide_policy(), || std::future::ready(wide_app())).run().await;
    report.assert_passed();
    assert_eq!(report.operations(), 300);
    assert!(report.passed() > 10_000, "{report}");
    assert!(report.elapsed() < Duration::from_mins(1), "{report}");
}
