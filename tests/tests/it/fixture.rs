//! Shared test code: names, an `Auth` whose credentials describe the caller, requests and responses.

use std::sync::{
    Arc,
    atomic::{AtomicUsize, Ordering},
};

use auth_runtime::{
    authenticate::{AuthenticationError, Context, Identity},
    credential::{ApiKey, BasicCredentials, BearerToken, HttpCredentials},
    prelude::*,
};
use base64::{Engine, prelude::*};
use poem::{
    Body, Endpoint, FromRequest, Request, RequestBody, Response, Result,
    http::{HeaderMap, HeaderValue, Method},
};
use serde_json::{Value, json};

permissions! {
    /// The permissions of a caller.
    pub(crate) enum Permission {
        /// View entries
        View = "view",
        /// Update entries
        Edit = "edit",
        /// Delete entries
        Delete = "delete",
        /// Create products
        ProductsCreate = "products:create",
    }
}

roles! {
    /// The roles of a caller.
    pub(crate) enum Role: Permission {
        /// May read
        Viewer = "Viewer" => [View],
        /// May read and write
        User = "User": Viewer => [Edit],
        /// Has all permissions
        Administrator = "Administrator" => all,
    }
}

/// An `Auth` with every kind of credential. Each credential describes its caller: see [`Caller`].
#[derive(Auth, Clone, Default)]
#[auth(permissions = Permission, roles = Role, realm = "entry book")]
pub(crate) struct Auth {
    /// Access token from `/auth/token`.
    #[scheme(oauth2(password(token_url = "/auth/token")))]
    pub(crate) token: Tokens,
    /// User name and password.
    #[scheme(basic)]
    pub(crate) password: Passwords,
    /// Key of a machine client.
    #[scheme(api_key(header = "X-API-Key"))]
    pub(crate) key: Keys,
    /// Browser session.
    #[scheme(cookie = "session")]
    pub(crate) session: Keys,
    /// A plugin.
    #[scheme(http = "LDAP")]
    pub(crate) directory: Directory,
    /// Additional permissions of single callers.
    #[overrides]
    pub(crate) overrides: PermissionOverrides<Permission>,
}

/// Returns the identity that a credential describes, or the failure that it names.
fn identify(text: &str, context: Context) -> Result<Identity, AuthenticationError> {
    match text {
        "unavailable" => return Err(AuthenticationError::unavailable("the database does not answer")),
        "panic" => panic!("an authenticator panics"),
        _ => {}
    }
    let invalid = |_| AuthenticationError::invalid("no description of a caller");
    let bytes = BASE64_URL_SAFE_NO_PAD.decode(text).map_err(invalid)?;
    let caller: Value =
        serde_json::from_slice(&bytes).map_err(|_| AuthenticationError::invalid("no description of a caller"))?;
    let text = |name: &str| caller[name].as_str().unwrap_or_default().to_owned();
    let list = |name: &str| caller[name].as_array().cloned().unwrap_or_default();
    let mut identity = context.identity(text("iss"), text("sub")).scope(&text("scope"));
    for role in list("roles") {
        identity = identity.role(role.as_str().unwrap_or_default());
    }
    for permission in list("permissions") {
        identity = identity.permission(permission.as_str().unwrap_or_default());
    }
    if let Some(name) = caller["name"].as_str() {
        identity = identity.display_name(name);
    }
    if let Some(seconds) = caller["auth_time"].as_u64() {
        identity = identity.authenticated_at(seconds);
    }
    if let Some(claims) = caller["claims"].as_object() {
        identity = identity.claims(claims.clone());
    }
    Ok(identity.build())
}

macro_rules! authenticators {
    ($($name:ident($credential:ty) = $text:expr;)*) => {$(
        /// Returns the identity that the credential describes, and counts its calls.
        #[derive(Clone, Default)]
        pub(crate) struct $name(Arc<AtomicUsize>);

        impl $name {
            pub(crate) fn asked(&self) -> usize {
                self.0.load(Ordering::SeqCst)
            }
        }

        impl Authenticator for $name {
            type Credential = $credential;

            async fn authenticate(&self, found: $credential, context: &Context) -> Result<Identity, AuthenticationError> {
                self.0.fetch_add(1, Ordering::SeqCst);
                let text: fn(&$credential) -> &str = $text;
                identify(text(&found), *context)
            }
        }
    )*};
}

authenticators! {
    Tokens(BearerToken) = BearerToken::as_str;
    Passwords(BasicCredentials) = BasicCredentials::password;
    Keys(ApiKey) = ApiKey::as_str;
    Directory(HttpCredentials) = HttpCredentials::as_str;
}

impl Auth {
    /// Returns how often any authenticator was called.
    pub(crate) fn asked(&self) -> usize {
        self.token.asked() + self.password.asked() + self.key.asked() + self.session.asked() + self.directory.asked()
    }
}

/// The scheme of a caller's credential.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum By {
    Token,
    Password,
    Key,
    Session,
    Ldap,
}

impl By {
    pub(crate) const ALL: [Self; 5] = [Self::Token, Self::Password, Self::Key, Self::Session, Self::Ldap];

    /// Returns the name of the scheme.
    pub(crate) const fn scheme(self) -> &'static str {
        match self {
            Self::Token => "token",
            Self::Password => "password",
            Self::Key => "key",
            Self::Session => "session",
            Self::Ldap => "directory",
        }
    }

    /// Returns the header with a credential of this text.
    pub(crate) fn header(self, text: &str) -> (&'static str, String) {
        match self {
            Self::Token => ("Authorization", format!("Bearer {text}")),
            Self::Password => ("Authorization", basic("anybody", text)),
            Self::Key => ("X-API-Key", text.to_owned()),
            Self::Session => ("Cookie", format!("session={text}")),
            Self::Ldap => ("Authorization", format!("LDAP {text}")),
        }
    }

    /// Returns the start of the scheme's challenge.
    pub(crate) const fn challenge(self) -> &'static str {
        match self {
            Self::Token => r#"Bearer realm="entry book""#,
            Self::Password => r#"Basic realm="entry book", charset="UTF-8""#,
            Self::Key => r#"ApiKey realm="entry book", in="header", name="X-API-Key""#,
            Self::Session => r#"ApiKey realm="entry book", in="cookie", name="session""#,
            Self::Ldap => r#"LDAP realm="entry book""#,
        }
    }
}

/// Returns the value of an `Authorization` header.
pub(crate) fn basic(name: &str, password: &str) -> String {
    format!("Basic {}", BASE64_STANDARD.encode(format!("{name}:{password}")))
}

/// A caller, as the tests describe it in a credential.
#[derive(Clone)]
pub(crate) struct Caller(Value);

impl Caller {
    pub(crate) fn new(subject: &str) -> Self {
        Self(json!({ "iss": "tests", "sub": subject, "roles": [], "permissions": [], "scope": "" }))
    }

    pub(crate) fn administrator() -> Self {
        Self::new("root").role("Administrator")
    }

    /// Returns a caller with all roles, permissions and scopes who has just signed in.
    pub(crate) fn all_powerful() -> Self {
        let caller = Role::ALL.iter().fold(Self::new("root"), |caller, role| caller.role(&role.to_string()));
        let scope = Permission::ALL.iter().map(ToString::to_string).collect::<Vec<_>>().join(" ");
        caller.scope(&scope).signed_in(0)
    }

    pub(crate) fn issuer(mut self, issuer: &str) -> Self {
        self.0["iss"] = issuer.into();
        self
    }

    pub(crate) fn role(mut self, role: &str) -> Self {
        self.0["roles"].as_array_mut().unwrap().push(role.into());
        self
    }

    pub(crate) fn permission(mut self, permission: &str) -> Self {
        self.0["permissions"].as_array_mut().unwrap().push(permission.into());
        self
    }

    pub(crate) fn scope(mut self, scope: &str) -> Self {
        self.0["scope"] = scope.into();
        self
    }

    /// Sets the time of the sign-in to this many seconds ago.
    pub(crate) fn signed_in(mut self, ago: i64) -> Self {
        let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap().as_secs();
        self.0["auth_time"] = now.saturating_add_signed(-ago).into();
        self
    }

    pub(crate) fn with(mut self, name: &str, value: impl Into<Value>) -> Self {
        self.0[name] = value.into();
        self
    }

    /// Returns the text of a credential that describes this caller.
    pub(crate) fn text(&self) -> String {
        BASE64_URL_SAFE_NO_PAD.encode(self.0.to_string())
    }
}

/// Counters of the steps of a request. Every [`Call`] has one.
#[derive(Clone, Default)]
pub(crate) struct Trace(Arc<Steps>);

#[derive(Default)]
struct Steps {
    extracted: AtomicUsize,
    polled: AtomicUsize,
    checked: AtomicUsize,
    handled: AtomicUsize,
    loaded: AtomicUsize,
}

macro_rules! steps {
    ($($step:ident, $count:ident;)*) => {$(
        pub(crate) fn $step(&self) {
            self.0.$count.fetch_add(1, Ordering::SeqCst);
        }

        pub(crate) fn $count(&self) -> usize {
            self.0.$count.load(Ordering::SeqCst)
        }
    )*};
}

impl Trace {
    steps! {
        extract, extracted;
        poll, polled;
        check, checked;
        handle, handled;
        load, loaded;
    }
}

/// As a handler argument, counts its extraction.
impl<'a> FromRequest<'a> for Trace {
    async fn from_request(request: &'a Request, _: &mut RequestBody) -> Result<Self> {
        let trace = request.data::<Self>().cloned().unwrap_or_default();
        trace.extract();
        Ok(trace)
    }
}

/// A request under construction.
pub(crate) struct Call {
    request: poem::RequestBuilder,
    body: Body,
    trace: Trace,
}

pub(crate) fn get(path: &str) -> Call {
    call("GET", path)
}

pub(crate) fn call(method: &str, path: &str) -> Call {
    let method = Method::from_bytes(method.as_bytes()).unwrap();
    let trace = Trace::default();
    let request = Request::builder().method(method).uri_str(path).extension(trace.clone());
    Call { request, body: Body::empty(), trace }
}

impl Call {
    pub(crate) fn header(mut self, name: &str, value: impl AsRef<[u8]>) -> Self {
        let value = HeaderValue::from_bytes(value.as_ref()).unwrap();
        self.request = self.request.header(name, value);
        self
    }

    pub(crate) fn by(self, by: By, caller: &Caller) -> Self {
        self.credential(by, &caller.text())
    }

    pub(crate) fn credential(self, by: By, text: &str) -> Self {
        let (name, value) = by.header(text);
        self.header(name, value)
    }

    pub(crate) fn json(self, body: &str) -> Self {
        let mut call = self.header("Content-Type", "application/json");
        call.body = Body::from_string(body.to_owned());
        call
    }

    pub(crate) fn text(mut self, body: &str) -> Self {
        self.body = Body::from_string(body.to_owned());
        self
    }

    /// Adds an endless body that counts its reads.
    pub(crate) fn endless_body(self) -> Self {
        let mut call = self.header("Content-Type", "application/json");
        let trace = call.trace.clone();
        let stream = futures_util::stream::poll_fn(move |_| {
            trace.poll();
            std::task::Poll::Ready((trace.polled() < 1000).then(|| Ok::<_, std::io::Error>(vec![b' '; 1024])))
        });
        call.body = Body::from_bytes_stream(stream);
        call
    }

    pub(crate) async fn to(self, app: &impl Endpoint) -> Answer {
        let response = app.get_response(self.request.body(self.body)).await;
        Answer::of(response, self.trace).await
    }
}

/// A response.
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) headers: HeaderMap,
    pub(crate) body: String,
    pub(crate) trace: Trace,
}

impl Answer {
    async fn of(response: Response, trace: Trace) -> Self {
        let (parts, body) = response.into_parts();
        let body = body.into_string().await.unwrap();
        Self { status: parts.status.as_u16(), headers: parts.headers, body, trace }
    }

    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).map(|value| value.to_str().unwrap())
    }

    pub(crate) fn challenges(&self) -> Vec<&str> {
        self.headers.get_all("WWW-Authenticate").iter().map(|value| value.to_str().unwrap()).collect()
    }

    /// Returns the stable code of a problem.
    pub(crate) fn code(&self) -> String {
        self.problem()["code"].as_str().unwrap_or_default().to_owned()
    }

    pub(crate) fn problem(&self) -> Value {
        assert_eq!(self.header("Content-Type"), Some("application/problem+json"), "{}", self.body);
        serde_json::from_str(&self.body).unwrap()
    }
}
