//! Poem routes outside of OpenAPI: handlers, subtrees, files, event streams and `WebSocket`s.

use auth_runtime::prelude::*;
use futures_util::{SinkExt, StreamExt};
use poem::{
    Endpoint, EndpointExt, Route,
    endpoint::{StaticFileEndpoint, make_sync},
    get as on_get, handler,
    web::{
        sse::{Event, SSE},
        websocket::WebSocket,
    },
};
use poem_openapi::{OpenApi, payload::PlainText};

use crate::{
    fixture::{Auth, By, Caller, Permission, Trace, call, get},
    wire::Wire,
};

#[handler]
async fn who(caller: Principal<Auth>, trace: Trace) -> String {
    trace.handle();
    format!("{} by {}", caller.subject(), caller.scheme())
}

#[protected(roles = "Administrator")]
#[handler]
async fn admin(caller: Principal<Auth>, trace: Trace) -> String {
    trace.handle();
    caller.subject().to_owned()
}

#[protected(schemes("password"))]
#[handler]
fn by_password(trace: Trace) -> &'static str {
    trace.handle();
    "by password"
}

#[public(reason = "a public handler")]
#[handler]
fn for_every_caller(trace: Trace) -> &'static str {
    trace.handle();
    "public"
}

#[optional_auth]
#[handler]
fn for_optional_caller(caller: Option<Principal<Auth>>) -> String {
    caller.map_or("anonymous".into(), |caller| caller.subject().to_owned())
}

#[protected(permission("edit"), hide)]
#[handler]
fn edits_in_secret() -> poem::Result<&'static str> {
    Ok("hidden")
}

#[handler]
fn events() -> SSE {
    SSE::new(futures_util::stream::iter([Event::message("figures")]))
}

#[protected(permission(Permission::View))]
#[handler]
fn own_events(caller: Principal<Auth>) -> SSE {
    SSE::new(futures_util::stream::iter([Event::message(caller.subject())]))
}

#[handler]
fn echo(socket: WebSocket) -> impl poem::IntoResponse {
    socket.on_upgrade(|stream| async move {
        let (mut sink, mut stream) = stream.split();
        while let Some(Ok(message)) = stream.next().await {
            let _ = sink.send(message).await;
        }
    })
}

#[protected(roles("Viewer", "Administrator"))]
#[handler]
fn own_echo(socket: WebSocket) -> impl poem::IntoResponse {
    socket.on_upgrade(|_| async {})
}

fn app() -> impl Endpoint {
    let auth = Auth::default();
    let reports = Route::new()
        .at("/who", on_get(who))
        .at("/events", on_get(events))
        .at("/socket", on_get(echo))
        .at("/anything", make_sync(|request: poem::Request| format!("{} anything", request.method())))
        .nest("/admin", Route::new().at("/", on_get(admin)).at("/password", on_get(by_password)));
    let routes = Route::new()
        .at("/admin", on_get(admin))
        .at("/by-password", on_get(by_password))
        .at("/public", on_get(for_every_caller))
        .at("/optional", on_get(for_optional_caller))
        .at("/hidden", on_get(edits_in_secret))
        .at("/events", on_get(own_events))
        .at("/socket", on_get(own_echo))
        .at("/file", StaticFileEndpoint::new("Cargo.toml").protect(requirement!(permission("view"), hide)))
        .nest("/reports", reports.protect(requirement!(role("Viewer"))))
        .nest("/keys", Route::new().at("/who", on_get(who)).protect(requirement!(schemes("key", "password"))));
    routes.with(auth)
}

fn viewer() -> Caller {
    Caller::new("v").role("Viewer")
}

#[tokio::test]
async fn a_handler_with_a_rule_runs_for_allowed_callers() {
    let app = app();
    for by in By::ALL {
        let answer = get("/admin").by(by, &Caller::administrator()).to(&app).await;
        assert_eq!((answer.status, answer.body.as_str()), (200, "root"), "{by:?}");
        assert_eq!(answer.header("Cache-Control"), Some("no-store"));
        let answer = get("/admin").by(by, &viewer()).to(&app).await;
        assert_eq!((answer.status, answer.trace.handled(), answer.trace.extracted()), (403, 0, 0), "{by:?}");
        let answer = get("/by-password").by(by, &viewer()).to(&app).await;
        assert_eq!(answer.status, if by == By::Password { 200 } else { 401 }, "{by:?}");
    }
    let answer = get("/admin").to(&app).await;
    assert_eq!((answer.status, answer.challenges().len()), (401, By::ALL.len()));
    assert_eq!(get("/by-password").to(&app).await.challenges(), [By::Password.challenge()]);
}

#[tokio::test]
async fn handlers_may_be_public_optional_or_hidden() {
    let app = app();
    assert_eq!(get("/public").credential(By::Token, "invalid").to(&app).await.body, "public");
    assert_eq!(get("/optional").to(&app).await.body, "anonymous");
    assert_eq!(get("/optional").by(By::Key, &viewer()).to(&app).await.body, "v");
    assert_eq!(get("/optional").credential(By::Key, "invalid").to(&app).await.status, 401);
    let hidden = get("/hidden").by(By::Key, &viewer()).to(&app).await;
    let missing = get("/nothing").by(By::Key, &viewer()).to(&app).await;
    assert_eq!((hidden.status, &hidden.headers, &hidden.body), (404, &missing.headers, &missing.body));
    assert_eq!(get("/hidden").by(By::Key, &viewer().role("User")).to(&app).await.body, "hidden");
}

#[tokio::test]
async fn a_protected_function_can_be_called_in_a_test() {
    // The function is inside the generated one. Methods of an API keep their signatures.
    struct Api;
    #[protected]
    #[OpenApi]
    impl Api {
        #[protected(roles = "Administrator", check = false)]
        #[oai(path = "/", method = "get")]
        async fn index(&self, caller: Principal<Auth>) -> PlainText<String> {
            PlainText(caller.subject().to_owned())
        }
    }
    let caller = auth_runtime::testing::principal("tests", "alice", |identity| identity);
    assert_eq!(Api.index(caller).await.0, "alice");
}

#[tokio::test]
async fn a_guarded_subtree_is_guarded_for_every_path_and_method() {
    let app = app();
    for method in ["GET", "HEAD", "POST", "PUT", "DELETE", "PATCH", "OPTIONS", "TRACE", "CONNECT", "FOO"] {
        for path in ["/reports", "/reports/", "/reports/who", "/reports/anything", "/reports/nothing", "/reports/admin"]
        {
            let answer = call(method, path).to(&app).await;
            assert_eq!((answer.status, answer.trace.handled()), (401, 0), "{method} {path}");
            let answer = call(method, path).by(By::Token, &Caller::new("u")).to(&app).await;
            assert_eq!((answer.status, answer.trace.handled()), (403, 0), "{method} {path}");
        }
    }
    let answer = call("PUT", "/reports/anything").by(By::Token, &viewer()).to(&app).await;
    assert_eq!(answer.body, "PUT anything");
    assert_eq!(answer.header("Cache-Control"), Some("no-store"));
    assert_eq!(call("POST", "/reports/who").by(By::Token, &viewer()).to(&app).await.status, 405);
}

#[tokio::test]
async fn a_handler_in_a_guarded_subtree_knows_the_caller() {
    let app = app();
    for by in By::ALL {
        let answer = get("/reports/who").by(by, &viewer()).to(&app).await;
        assert_eq!(answer.body, format!("v by {}", by.scheme()));
    }
    assert_eq!(get("/keys/who").by(By::Key, &viewer()).to(&app).await.body, "v by key");
    assert_eq!(get("/keys/who").by(By::Token, &viewer()).to(&app).await.status, 401);
}

#[tokio::test]
async fn a_rule_inside_a_guarded_subtree_is_enforced_too() {
    let app = app();
    assert_eq!(get("/reports/admin").by(By::Token, &viewer()).to(&app).await.status, 403);
    assert_eq!(get("/reports/admin").by(By::Token, &Caller::administrator()).to(&app).await.status, 403);
    let both = viewer().role("Administrator");
    assert_eq!(get("/reports/admin").by(By::Token, &both).to(&app).await.status, 200);
    assert_eq!(
        get("/reports/admin/password").by(By::Token, &both).to(&app).await.status,
        401,
        "another scheme counts here"
    );
    assert_eq!(get("/reports/admin/password").by(By::Password, &both).to(&app).await.status, 200);
}

#[tokio::test]
async fn a_credential_is_verified_once_for_all_rules_of_a_request() {
    let auth = Auth::default();
    let inner = Route::new().at("/", on_get(admin)).protect(requirement!(role("Viewer")));
    let app = Route::new().nest("/a", inner).protect(requirement!(authenticated)).with(auth.clone());
    let answer = get("/a").by(By::Token, &viewer().role("Administrator")).to(&app).await;
    assert_eq!((answer.status, auth.asked()), (200, 1));
}

#[tokio::test]
async fn a_principal_does_not_leak_into_the_next_request() {
    let app = app();
    assert_eq!(get("/reports/who").by(By::Token, &viewer()).to(&app).await.status, 200);
    assert_eq!(get("/reports/who").to(&app).await.status, 401);
    assert_eq!(get("/optional").to(&app).await.body, "anonymous");
}

#[tokio::test]
async fn a_hidden_file_is_404_for_denied_callers() {
    let app = app();
    assert_eq!(get("/file").to(&app).await.status, 401);
    let hidden = get("/file").by(By::Key, &Caller::new("u")).to(&app).await;
    let missing = get("/nothing").by(By::Key, &Caller::new("u")).to(&app).await;
    assert_eq!((hidden.status, &hidden.headers, &hidden.body), (404, &missing.headers, &missing.body));
    let answer = get("/file").by(By::Key, &viewer()).to(&app).await;
    assert!(answer.status == 200 && answer.body.contains("[package]"));
    let range = get("/file").header("Range", "bytes=0-3").to(&app).await;
    assert_eq!(range.status, 401);
    let conditional = get("/file").header("If-None-Match", "*").to(&app).await;
    assert_eq!(conditional.status, 401);
}

#[tokio::test]
async fn an_event_stream_opens_for_allowed_callers() {
    let app = app();
    for (path, data) in [("/reports/events", "figures"), ("/events", "v")] {
        assert_eq!(get(path).header("Accept", "text/event-stream").to(&app).await.status, 401, "{path}");
        let answer = get(path).by(By::Session, &viewer()).to(&app).await;
        assert_eq!((answer.status, answer.body), (200, format!("data: {data}\n\n")), "{path}");
        assert_eq!(get(path).by(By::Session, &Caller::new("u")).to(&app).await.status, 403, "{path}");
    }
}

#[tokio::test]
async fn r68_a_web_socket_opens_for_allowed_callers() {
    let wire = Wire::serve(app()).await;
    let handshake: [&[u8]; 4] = [
        b"Connection: Upgrade",
        b"Upgrade: websocket",
        b"Sec-WebSocket-Version: 13",
        b"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==",
    ];
    for path in ["/reports/socket", "/socket"] {
        let line = format!("GET {path}");
        let refused = wire.send(&line, &handshake).await;
        assert_eq!(refused.status, 401, "{path}");
        assert_eq!(refused.headers("WWW-Authenticate").len(), By::ALL.len());
        let stranger = format!("Authorization: Bearer {}", Caller::new("u").text());
        assert_eq!(wire.send(&line, &[&handshake[..], &[stranger.as_bytes()]].concat()).await.status, 403, "{path}");
        for by in By::ALL {
            let (name, value) = by.header(&viewer().text());
            let header = format!("{name}: {value}");
            let opened = wire.send(&line, &[&handshake[..], &[header.as_bytes()]].concat()).await;
            assert_eq!(opened.status, 101, "{path} {by:?}");
            assert_eq!(opened.headers("Sec-WebSocket-Accept"), ["s3pPLMBiTxaQ9kYGzzhZRbK+xOo="]);
        }
        let foreign = [&handshake[..], &[b"Origin: https://evil.example"]].concat();
        let cookie = format!("Cookie: session={}", viewer().text());
        let refused = wire.send(&line, &[&foreign[..], &[cookie.as_bytes()]].concat()).await;
        assert_eq!(refused.status, 403, "{path}");
    }
}

#[test]
fn a_subtree_that_no_caller_can_reach_stops_the_start() {
    use auth_runtime::policy::{Access, Operation, Requirement};
    let stop = std::panic::catch_unwind(|| {
        let clauses: &'static _ = Box::leak(Box::new([
            Requirement::<Auth>::scheme(auth_runtime::__private::scheme::<Auth>("key")),
            Requirement::scheme(auth_runtime::__private::scheme::<Auth>("token")),
        ]));
        Operation::new("nobody", Access::Required { requirement: Requirement::all(clauses), hide: false })
    });
    assert!(stop.is_err());
}
