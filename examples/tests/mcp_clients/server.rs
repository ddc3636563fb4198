//! The servers under test, inside of this process.

use std::{
    net::TcpListener,
    thread,
    time::{SystemTime, UNIX_EPOCH},
};

use auth_runtime::{
    jwt::{Jwt, RemoteKeys},
    mount::ProtectedResource,
    prelude::*,
};
use jsonwebtoken::{Algorithm, EncodingKey, Header};
use poem::{Route, Server, listener::TcpAcceptor};
use poem_mcpserver::{Tools, content::Text};
use serde_json::json;

permissions! {
    /// What a caller may do.
    pub(crate) enum Permission { View = "products:view", Create = "products:create" }
}

#[derive(Auth, Clone)]
#[auth(permissions = Permission)]
pub(crate) struct Auth {
    #[scheme(bearer(format = "JWT"))]
    token: Jwt,
}

/// Serves an app until the end of the tests, and returns the URL of its tools. The app gets this URL too.
pub(crate) fn serve(app: impl FnOnce(&str) -> Route) -> String {
    let listener = TcpListener::bind(("127.0.0.1", 0)).expect("a free port");
    listener.set_nonblocking(true).expect("a socket");
    let url = format!("http://{}/mcp", listener.local_addr().expect("an address"));
    let runtime = tokio::runtime::Runtime::new().expect("a runtime");
    let app = runtime.block_on(async { app(&url) });
    thread::spawn(move || {
        runtime.block_on(async {
            let acceptor = TcpAcceptor::from_std(listener).expect("a socket");
            Server::new_with_acceptor(acceptor).run(app).await.expect("the server runs");
        });
    });
    url
}

/// The tools that the conformance suite calls.
pub(crate) struct Conformance;

#[protected]
#[Tools]
impl Conformance {
    /// Returns a text.
    #[public(reason = "the suite sends no credential")]
    async fn test_simple_text(&self) -> Text<&'static str> {
        Text("This is a simple text response for testing.")
    }

    /// Fails.
    #[public(reason = "the suite sends no credential")]
    async fn test_error_handling(&self) -> Result<Text<&'static str>, &'static str> {
        Err("This tool intentionally returns an error for testing")
    }
}

impl Conformance {
    pub(crate) fn app() -> Route {
        let auth = Auth { token: Tokens::verifier("http://127.0.0.1") };
        Route::new().nest("/mcp", auth.mcp(|_| Self))
    }
}

/// Tools for tokens of an issuer.
pub(crate) struct Team;

#[protected]
#[Tools]
impl Team {
    /// Says who calls.
    #[permission("products:view")]
    async fn view(&self, caller: Principal<Auth>) -> Text<String> {
        Text(caller.subject().to_owned())
    }

    /// Needs a scope of its own.
    #[protected(scopes("products:create"))]
    async fn create(&self) -> Text<&'static str> {
        Text("created")
    }
}

impl Team {
    pub(crate) fn app(url: &str, issuer: &str) -> Route {
        let keys = RemoteKeys::dangerous().allow_http_on_loopback().openid_connect(issuer).expect("an issuer");
        let token = Jwt::discovered(keys).expect("a runtime").audience(url);
        let resource = ProtectedResource::new::<Auth>(url).expect("a URL").authorization_server(issuer);
        let tools = Auth { token }.mcp(|_| Self).resource(&resource);
        Route::new().at(resource.metadata_path(), resource.metadata()).nest("/mcp", tools)
    }
}

/// Tools for tokens that the test signs.
pub(crate) struct Tokens;

const SECRET: &[u8] = b"q8Vb2mD4xKz7Lr0Tn5Yw1Cs9Hf3Jg6Pe";

#[protected]
#[Tools]
impl Tokens {
    /// Says who calls.
    #[protected]
    async fn whoami(&self, caller: Principal<Auth>) -> Text<String> {
        Text(caller.subject().to_owned())
    }
}

impl Tokens {
    fn verifier(url: &str) -> Jwt {
        Jwt::hs256(SECRET).expect("a secret").issuer("tests").audience(url)
    }

    pub(crate) fn app(url: &str) -> Route {
        Route::new().nest("/mcp", Auth { token: Self::verifier(url) }.mcp(|_| Self))
    }

    /// Signs a token that expires in this many seconds.
    pub(crate) fn token(url: &str, lifetime: i64) -> String {
        let now = SystemTime::now().duration_since(UNIX_EPOCH).expect("after 1970").as_secs();
        let expiry = now.saturating_add_signed(lifetime);
        let header = Header { typ: Some("at+jwt".to_owned()), ..Header::new(Algorithm::HS256) };
        let claims = json!({ "iss": "tests", "sub": "alice", "aud": url, "exp": expiry, "iat": now - 3600 });
        jsonwebtoken::encode(&header, &claims, &EncodingKey::from_secret(SECRET)).expect("a token")
    }
}
