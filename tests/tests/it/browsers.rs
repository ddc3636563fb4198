//! Cross-site requests that a browser sends.

use auth_runtime::prelude::*;
use poem::{Endpoint, IntoEndpoint};
use poem_openapi::{OpenApi, payload::PlainText};

use crate::fixture::{Auth, By, Caller, Trace, call, get};

struct Api;

#[protected]
#[OpenApi]
impl Api {
    #[protected]
    #[oai(path = "/me", method = "get")]
    async fn me(&self, trace: Trace) -> PlainText<&'static str> {
        trace.handle();
        PlainText("me")
    }

    #[protected]
    #[oai(path = "/me", method = "post")]
    async fn change(&self, trace: Trace) -> PlainText<&'static str> {
        trace.handle();
        PlainText("changed")
    }

    #[optional_auth]
    #[oai(path = "/vote", method = "post")]
    async fn vote(&self, trace: Trace) -> PlainText<&'static str> {
        trace.handle();
        PlainText("voted")
    }
}

fn app() -> impl Endpoint {
    Auth::default().service(Api, "Api", "1").into_endpoint()
}

const FOREIGN: [&[(&str, &str)]; 6] = [
    &[("Sec-Fetch-Site", "cross-site")],
    &[("Sec-Fetch-Site", "same-site")],
    &[("Sec-Fetch-Site", "cross-site"), ("Origin", "https://app.example")],
    &[("Origin", "https://evil.example")],
    &[("Origin", "null")],
    &[("Origin", "https://app.example.evil.example")],
];

#[tokio::test]
async fn r65_a_cookie_is_rejected_on_a_cross_site_write() {
    let app = app();
    for headers in FOREIGN {
        for path in ["/me", "/vote"] {
            let request = call("POST", path).header("Host", "app.example").by(By::Session, &Caller::administrator());
            let answer = headers.iter().fold(request, |call, (name, value)| call.header(name, value)).to(&app).await;
            assert_eq!((answer.status, answer.trace.handled()), (403, 0), "{path} {headers:?}");
            assert_eq!(answer.code(), "cross_origin_request");
            assert_eq!(answer.challenges(), Vec::<&str>::new());
        }
    }
}

#[tokio::test]
async fn r65_a_cookie_is_accepted_from_the_same_site_and_from_programs() {
    let app = app();
    let own: [&[(&str, &str)]; 4] = [
        &[],
        &[("Sec-Fetch-Site", "same-origin"), ("Origin", "https://app.example")],
        &[("Sec-Fetch-Site", "none")],
        &[("Origin", "https://app.example")],
    ];
    for headers in own {
        let request = call("POST", "/me").header("Host", "app.example").by(By::Session, &Caller::new("alice"));
        let answer = headers.iter().fold(request, |call, (name, value)| call.header(name, value)).to(&app).await;
        assert_eq!(answer.status, 200, "{headers:?}");
    }
}

#[tokio::test]
async fn r65_a_cross_site_read_with_a_cookie_is_allowed() {
    let request = get("/me").header("Sec-Fetch-Site", "cross-site").by(By::Session, &Caller::new("alice"));
    assert_eq!(request.to(&app()).await.status, 200);
}

#[tokio::test]
async fn r66_a_credential_in_a_header_needs_no_origin() {
    let app = app();
    for by in [By::Token, By::Password, By::Key, By::Ldap] {
        for headers in FOREIGN {
            let request = call("POST", "/me").header("Host", "app.example").by(by, &Caller::new("alice"));
            let request = request.by(By::Session, &Caller::new("mallory"));
            let answer = headers.iter().fold(request, |call, (name, value)| call.header(name, value)).to(&app).await;
            assert_eq!(answer.status, 200, "{by:?} {headers:?}");
        }
    }
}

#[tokio::test]
async fn r68_a_cookie_is_rejected_on_a_cross_site_web_socket_handshake() {
    let handshake = get("/me").header("Upgrade", "websocket").header("Connection", "Upgrade");
    let handshake = handshake.header("Origin", "https://evil.example").header("Host", "app.example");
    let answer = handshake.by(By::Session, &Caller::new("alice")).to(&app()).await;
    assert_eq!((answer.status, answer.trace.handled()), (403, 0));
}
