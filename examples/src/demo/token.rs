//! `POST /auth/token` exchanges a user name and a password for an access token (RFC 6749, section 4.3).
//!
//! The "Authorize" dialog of the documentation page uses it. RFC 9700, section 2.4, forbids this grant type: in your
//! own service, let an authorization server issue the tokens.

use std::{
    collections::HashMap,
    sync::Arc,
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use auth_runtime::{
    authenticate::AuthenticationError,
    client_ip::ClientAddress,
    credential::BasicCredentials,
    jwt::{JwtError, TokenIssuer},
    prelude::*,
    users::User,
};
use auth_store::SqlUsers;
use poem::{
    Body, IntoResponse, Request, Response, handler,
    http::{StatusCode, header},
    web::Data,
};
use serde_json::{Value, json};

use super::access::{Auth, Permission, PermissionSet, Role};

const MAX_LEN: usize = 8 * 1024;
/// The only OAuth client: the documentation page, which has no secret.
const CLIENT: &str = "entry-book-docs";

/// The token endpoint's state: the password verifier and the token issuer. Clones share both.
#[derive(Clone, Debug)]
pub struct TokenDesk {
    /// Verifies passwords.
    pub directory: Basic<SqlUsers>,
    /// Signs the tokens that the demo accepts.
    pub issuer: Arc<TokenIssuer>,
}

/// The token endpoint.
#[public(reason = "callers get their first credential here")]
#[handler]
pub async fn issue(request: &Request, client: ClientAddress, body: Body, Data(desk): Data<&TokenDesk>) -> Response {
    match desk.answer(request, client, body).await {
        Ok(token) => answer(StatusCode::OK, &token),
        Err(error) => error.into_response(),
    }
}

impl TokenDesk {
    async fn answer(&self, request: &Request, client: ClientAddress, body: Body) -> Result<Value, TokenError> {
        let asked = PasswordGrant::read(request, body).await?;
        let user = self.directory.verify(&asked.credentials, client).await?;
        let granted = Granted::to(&user, asked.scope.as_deref())?;
        let mut answer = json!({
            "access_token": self.sign(&user, &granted)?,
            "token_type": "Bearer",
            "expires_in": self.issuer.expires_in().as_secs(),
        });
        tracing::info!(subject = ?user.subject(), scope = ?granted.scope, "token issued");
        if asked.scope.as_deref() != Some(&granted.scope) {
            answer["scope"] = granted.scope.into();
        }
        Ok(answer)
    }

    /// A token for all scopes carries the roles. A token for some scopes carries them as permissions and no roles,
    /// because a role would add all its permissions.
    fn sign(&self, user: &User, granted: &Granted) -> Result<String, TokenError> {
        let token = self.issuer.token_of(user).client_id(CLIENT).scope(&granted.scope);
        let token =
            if granted.restricted { token.limited_to(granted.permissions.iter().map(Permission::name)) } else { token };
        let now = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |now| now.as_secs());
        Ok(token.auth_time(now).sign()?)
    }
}

/// A token request.
struct PasswordGrant {
    credentials: BasicCredentials,
    scope: Option<String>,
}

impl PasswordGrant {
    async fn read(request: &Request, body: Body) -> Result<Self, TokenError> {
        if !is_form(request) {
            return Err(TokenError::request(
                "the body is not a form; send Content-Type: application/x-www-form-urlencoded",
            ));
        }
        let body = body.into_bytes_limit(MAX_LEN).await;
        let mut form = parameters(&body.map_err(|_| TokenError::request("the form is too long or incomplete"))?)?;
        let mut required = |name| form.remove(name).ok_or(TokenError::request("a parameter is missing"));
        if required("grant_type")? != "password" {
            return Err(TokenError::UnsupportedGrantType);
        }
        let credentials = BasicCredentials::new(required("username")?, required("password")?);
        Ok(Self { credentials, scope: form.remove("scope") })
    }
}

fn is_form(request: &Request) -> bool {
    let media_type = request.content_type().and_then(|value| value.split(';').next());
    media_type.is_some_and(|name| name.trim().eq_ignore_ascii_case("application/x-www-form-urlencoded"))
}

/// Reads the form parameters. A parameter without a value counts as absent, and a repeated one is an error (RFC 6749,
/// section 3.2).
fn parameters(form: &[u8]) -> Result<HashMap<String, String>, TokenError> {
    let mut parameters = HashMap::new();
    for (name, value) in form_urlencoded::parse(form) {
        if parameters.insert(name.into_owned(), value.into_owned()).is_some() {
            return Err(TokenError::request("a parameter is repeated"));
        }
    }
    parameters.retain(|_, value| !value.is_empty());
    Ok(parameters)
}

/// The scopes that a token will carry.
struct Granted {
    permissions: PermissionSet,
    scope: String,
    /// Whether the user has permissions beyond these.
    restricted: bool,
}

impl Granted {
    /// Returns all permissions of the user, or the requested ones that the user has.
    fn to(user: &User, requested: Option<&str>) -> Result<Self, TokenError> {
        let roles = user.role_names().iter().filter_map(|name| name.parse::<Role>().ok());
        let own = user.permission_names().iter().filter_map(|name| name.parse::<Permission>().ok()).collect();
        let held = roles.map(Role::permissions).fold(own, PermissionSet::union);
        let permissions = match requested {
            Some(scope) => held.intersection(named(scope)?),
            None => held,
        };
        if permissions.is_empty() && requested.is_some() {
            return Err(TokenError::InvalidScope);
        }
        let scope = permissions.iter().map(Permission::name).collect::<Vec<_>>().join(" ");
        Ok(Self { permissions, scope, restricted: requested.is_some() })
    }
}

/// Returns the permissions with these names. An undeclared name is an error.
fn named(scope: &str) -> Result<PermissionSet, TokenError> {
    let names = scope.split(' ').filter(|name| !name.is_empty());
    names.map(|name| name.parse::<Permission>().map_err(|_| TokenError::InvalidScope)).collect()
}

/// The reason why no token is issued (RFC 6749, section 5.2).
#[derive(Debug, thiserror::Error)]
enum TokenError {
    #[error("invalid_request")]
    InvalidRequest(&'static str),
    #[error("unsupported_grant_type")]
    UnsupportedGrantType,
    #[error("invalid_grant")]
    InvalidGrant,
    #[error("invalid_scope")]
    InvalidScope,
    /// RFC 6749 defines this code for another endpoint only (section 4.1.2.1).
    #[error("temporarily_unavailable")]
    Unavailable,
    /// The caller made too many attempts, and may retry after this time.
    #[error("temporarily_unavailable")]
    TooManyAttempts(Duration),
}

impl TokenError {
    const fn request(description: &'static str) -> Self {
        Self::InvalidRequest(description)
    }

    const fn description(&self) -> &'static str {
        match self {
            Self::InvalidRequest(description) => description,
            Self::UnsupportedGrantType => "only the grant type `password` is supported",
            Self::InvalidGrant => "user name or password is wrong",
            Self::InvalidScope => "a scope is unknown, or the user has none of the requested scopes",
            Self::Unavailable => "try again later",
            Self::TooManyAttempts(_) => "too many attempts",
        }
    }
}

impl From<AuthenticationError> for TokenError {
    fn from(error: AuthenticationError) -> Self {
        tracing::warn!(%error, "token request unavailable");
        match error.retry_after() {
            Some(time) => Self::TooManyAttempts(time),
            None if error.is_unavailable() => Self::Unavailable,
            None => Self::InvalidGrant,
        }
    }
}

impl From<JwtError> for TokenError {
    fn from(error: JwtError) -> Self {
        tracing::error!(%error, "token request failed");
        Self::Unavailable
    }
}

impl IntoResponse for TokenError {
    fn into_response(self) -> Response {
        let body = json!({ "error": self.to_string(), "error_description": self.description() });
        let later =
            |status, seconds: u64| answer(status, &body).with_header(header::RETRY_AFTER, seconds).into_response();
        match self {
            Self::Unavailable => later(StatusCode::SERVICE_UNAVAILABLE, 5),
            Self::TooManyAttempts(time) => later(StatusCode::TOO_MANY_REQUESTS, time.as_secs() + 1),
            _ => answer(StatusCode::BAD_REQUEST, &body),
        }
    }
}

/// Returns a JSON response that must not be cached (RFC 6749, section 5.1).
fn answer(status: StatusCode, body: &Value) -> Response {
    Response::builder()
        .status(status)
        .content_type("application/json")
        .header(header::CACHE_CONTROL, "no-store")
        .header(header::PRAGMA, "no-cache")
        .header(header::X_CONTENT_TYPE_OPTIONS, "nosniff")
        .body(body.to_string())
}
