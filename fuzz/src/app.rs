//! A protected application with every bundled scheme, its callers and its responses.

use std::sync::LazyLock;

use auth_runtime::{
    api_key::{ApiKeyRecord, MemoryApiKeys},
    authenticate::Unavailable,
    danger,
    prelude::*,
    users::{User, UserStore},
};
use poem::{
    Endpoint, EndpointExt, IntoEndpoint, Request,
    endpoint::BoxEndpoint,
    http::{HeaderName, HeaderValue, Method},
};
use poem_openapi::{OpenApi, payload::PlainText};

use crate::keys::{self, SignWith};

permissions! {
    /// The permissions of a caller.
    pub enum Permission {
        /// View entries
        View = "view",
        /// Edit entries
        Edit = "edit",
        /// Create products
        ProductsCreate = "products:create",
    }
}

roles! {
    /// The roles of a caller.
    pub enum Role: Permission {
        /// May read
        Viewer = "Viewer" => [View],
        /// May read and write
        Editor = "Editor": Viewer => [Edit],
        /// Has all permissions
        Administrator = "Administrator" => all,
    }
}

/// The issuer of the tokens.
pub const ISSUER: &str = "https://issuer.example";
/// The audience of the tokens.
pub const AUDIENCE: &str = "entries";
/// The name and the password of the only user.
pub const USER: (&str, &str) = ("bob", "correct horse:battery staple");
/// The only API key.
pub const KEY: &str = "demo_0123456789ABCDEF_0123456789abcdefghijklmnopqrstuvwxyzABCDEFG";
/// The only session cookie.
pub const SESSION: &str = "session_of_carol_0123456789abcdef";

/// The only token, valid until the year 9999.
pub static TOKEN: LazyLock<String> = LazyLock::new(|| {
    let claims =
        r#"{"iss":"https://issuer.example","aud":"entries","sub":"alice","exp":253402300799,"roles":"Editor"}"#;
    keys::token(SignWith::Hmac, r#"{"alg":"HS256","typ":"at+jwt"}"#, claims.as_bytes())
});

/// The hash of the user's password, at the lowest cost: argon2 is not under test.
const HASH: &str = "$argon2id$v=19$m=8,t=1,p=1$p1bipSeRw6gutl1QYhjDew$jb92DAzM5KNCf1iO3u5045GNGZbEqPOBU1dxy9fuC+M";
/// The hash of an unknown password.
const OTHER_HASH: &str =
    "$argon2id$v=19$m=8,t=1,p=1$zokGEkAX0TixmIU+KK5L6w$CLDAmW6HguEA3GS9Jr8pE0C2+2BzGkMk3+nUfkJn/L0";

/// A store that has a user of every name, because the check of an unknown name costs a full argon2 hash.
#[derive(Clone, Default)]
pub struct Users;

impl UserStore for Users {
    async fn find(&self, username: &str) -> Result<Option<User>, Unavailable> {
        let hash = if username == USER.0 { HASH } else { OTHER_HASH };
        Ok(Some(User::new(username, hash).roles(["Viewer"])))
    }

    async fn find_by_subject(&self, subject: &str) -> Result<Option<User>, Unavailable> {
        self.find(subject).await
    }
}

/// An `Auth` with every bundled scheme.
#[derive(Auth, Clone)]
#[auth(permissions = Permission, roles = Role, realm = "fuzz")]
pub struct Auth {
    #[scheme(bearer)]
    token: Jwt,
    #[scheme(basic)]
    password: Basic<Users>,
    #[scheme(api_key(header = "X-API-Key"))]
    key: ApiKeys,
    #[scheme(cookie = "session")]
    session: ApiKeys,
}

struct Api;

#[protected]
#[OpenApi]
impl Api {
    #[protected]
    #[oai(path = "/me", method = "get")]
    async fn me(&self, caller: Principal<Auth>) -> PlainText<String> {
        PlainText(caller.subject().to_owned())
    }

    #[protected]
    #[oai(path = "/me", method = "post")]
    async fn change_me(&self, caller: Principal<Auth>) -> PlainText<String> {
        PlainText(caller.subject().to_owned())
    }

    #[optional_auth]
    #[oai(path = "/optional", method = "get")]
    async fn optional(&self, caller: Option<Principal<Auth>>) -> PlainText<String> {
        PlainText(caller.map_or_else(|| "nobody".to_owned(), |caller| caller.subject().to_owned()))
    }

    #[permission("edit")]
    #[oai(path = "/edit", method = "get")]
    async fn edit(&self, caller: Principal<Auth>) -> PlainText<String> {
        PlainText(caller.subject().to_owned())
    }
}

static APP: LazyLock<BoxEndpoint<'static>> = LazyLock::new(|| {
    let keys = |key: &str, subject: &str| {
        let record = ApiKeyRecord::of(key, subject).expect("a good key").permissions(["edit"]);
        let keys = ApiKeys::new(MemoryApiKeys::new().add_record(record).expect("the only key"));
        // No throttle: every input is another wrong key from the same address.
        keys.throttle(danger::unlimited_attempts())
    };
    let jwt = Jwt::hs256(keys::SECRET).expect("a good secret").issuer(ISSUER).audience(AUDIENCE);
    let auth =
        Auth { token: jwt, password: Basic::new(Users), key: keys(KEY, "machine"), session: keys(SESSION, "carol") };
    auth.service(Api, "Api", "1").into_endpoint().map_to_response().boxed()
});

/// A whole response.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Answer {
    /// The status.
    pub status: u16,
    /// The headers, sorted by name.
    pub headers: Vec<(String, Vec<u8>)>,
    /// The body.
    pub body: Vec<u8>,
}

impl Answer {
    /// Returns whether the response has a header of this name.
    #[must_use]
    pub fn has(&self, name: &str) -> bool {
        self.headers.iter().any(|(found, _)| found == name)
    }
}

/// Sends a request to the application and returns the response.
#[must_use]
pub fn send(method: Method, path: &str, headers: &[(HeaderName, HeaderValue)]) -> Answer {
    let mut request = Request::builder().method(method).uri_str(path).finish();
    for (name, value) in headers {
        request.headers_mut().append(name, value.clone());
    }
    wait(async {
        let (parts, body) = APP.get_response(request).await.into_parts();
        let mut headers: Vec<_> =
            parts.headers.iter().map(|(name, value)| (name.to_string(), value.as_bytes().to_vec())).collect();
        headers.sort();
        let body = body.into_vec().await.expect("a body in memory");
        Answer { status: parts.status.as_u16(), headers, body }
    })
}

/// Runs a future to its end. Passwords are hashed on other threads.
pub fn wait<T>(future: impl Future<Output = T>) -> T {
    static RUNTIME: LazyLock<tokio::runtime::Runtime> =
        LazyLock::new(|| tokio::runtime::Builder::new_current_thread().enable_time().build().expect("a runtime"));
    RUNTIME.block_on(future)
}

/// Returns a request with only these headers.
#[must_use]
pub fn request(headers: &[(HeaderName, HeaderValue)]) -> Request {
    let mut request = Request::default();
    for (name, value) in headers {
        request.headers_mut().append(name, value.clone());
    }
    request
}
