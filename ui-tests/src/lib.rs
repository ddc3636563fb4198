//! A small application for the cases: two tables, and an `Auth` with a scheme of every kind.

use auth_runtime::{
    authenticate::{AuthenticationError, Context, Identity},
    credential::{ApiKey, BasicCredentials, BearerToken, HttpCredentials},
    prelude::*,
};
use poem::{IntoEndpoint, http::header, test::TestClient};
use tokio::runtime::Builder;

permissions! {
    /// Permissions on entries.
    pub enum Permission {
        /// View entries
        View = "view",
        /// Update entries
        Edit = "edit",
    }
}

roles! {
    /// The roles of the staff.
    pub enum Role: Permission {
        /// Reads
        Viewer = "Viewer" => [View],
        /// Does everything
        Administrator = "Administrator" => all,
    }
}

/// How callers prove who they are.
#[derive(Auth, Clone, Debug)]
#[auth(permissions = Permission, roles = Role)]
pub struct Auth {
    /// Access token.
    #[scheme(oauth2(password(token_url = "/auth/token")))]
    pub token: Tokens,
    /// User name and password.
    #[scheme(basic)]
    pub password: Passwords,
    /// Key of a machine client.
    #[scheme(api_key(header = "X-API-Key"))]
    pub key: Keys,
    /// Card at the door.
    #[scheme(http = "card")]
    pub card: Cards,
}

/// Returns an `Auth` that is ready to use.
#[must_use]
pub fn auth() -> Auth {
    Auth { token: Tokens, password: Passwords, key: Keys, card: Cards }
}

macro_rules! authenticator {
    ($(#[$doc:meta])* $name:ident, $credential:ident, $text:ident) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug)]
        pub struct $name;

        impl Authenticator for $name {
            type Credential = $credential;

            /// Accepts `name.role_role`.
            async fn authenticate(
                &self,
                credential: $credential,
                context: &Context,
            ) -> Result<Identity, AuthenticationError> {
                let Some((name, roles)) = credential.$text().split_once('.') else {
                    return Err(AuthenticationError::invalid("no dot"));
                };
                let identity = context.identity("ui-tests", name);
                Ok(roles.split('_').fold(identity, |identity, role| identity.role(role)).build())
            }
        }
    };
}

authenticator!(
    /// Takes bearer tokens.
    Tokens, BearerToken, as_str
);
authenticator!(
    /// Takes user names and passwords.
    Passwords, BasicCredentials, username
);
authenticator!(
    /// Takes API keys.
    Keys, ApiKey, as_str
);
authenticator!(
    /// Takes credentials of any other scheme.
    Cards, HttpCredentials, as_str
);

/// Returns the status of the response to a request such as `GET /entries`. The token is `name.Role_Role`, or empty for
/// no credential.
///
/// # Panics
/// If the request is malformed.
#[must_use]
pub fn status(app: impl IntoEndpoint, request: &str, token: &str) -> u16 {
    let (method, path) = request.split_once(' ').expect("METHOD /path");
    let client = TestClient::new(app);
    let mut request = client.request(method.parse().expect("a method"), path);
    if !token.is_empty() {
        request = request.header(header::AUTHORIZATION, format!("Bearer {token}"));
    }
    let runtime = Builder::new_current_thread().build().expect("a runtime");
    runtime.block_on(request.send()).0.status().as_u16()
}
