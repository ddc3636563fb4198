//! An application that renames `auth-runtime` to `access` and enables the strictest lints. The code that the macros emit
//! must pass them.

#![deny(
    warnings,
    missing_docs,
    missing_debug_implementations,
    private_bounds,
    private_interfaces,
    rust_2018_idioms,
    single_use_lifetimes,
    trivial_casts,
    unreachable_pub,
    unused,
    unused_lifetimes,
    unused_qualifications,
    clippy::all,
    clippy::pedantic
)]

use std::future::ready;

use access::{
    authenticate::{AuthenticationError, Context, Identity},
    credential::{ApiKey, BearerToken},
    policy::Operation,
    prelude::*,
};
use poem::{EndpointExt as _, IntoEndpoint, Route, endpoint::make_sync, get, handler};
use poem_openapi::{
    OpenApi,
    param::{Path, Query},
    payload::PlainText,
};

permissions! {
    /// The permissions of a caller.
    pub enum Permission {
        /// View entries
        View = "view",
        Edit = "edit",
    }
}

roles! {
    /// The roles of the staff.
    pub enum Role: Permission {
        /// Reads
        Viewer = "Viewer" => ["view"],
        Editor = "Editor": Viewer => [Edit],
        Administrator = "Administrator" => all,
    }
}

/// Takes `name.role`.
#[derive(Clone, Copy, Debug)]
pub struct Tokens;

impl Authenticator for Tokens {
    type Credential = BearerToken;

    async fn authenticate(&self, token: BearerToken, context: &Context) -> Result<Identity, AuthenticationError> {
        let (name, role) =
            token.as_str().split_once('.').ok_or_else(|| AuthenticationError::invalid("there is no dot"))?;
        Ok(context.identity("renamed", name).role(role).build())
    }
}

/// Takes none.
#[derive(Clone, Copy, Debug)]
pub struct Keys;

impl Authenticator for Keys {
    type Credential = ApiKey;

    async fn authenticate(&self, _: ApiKey, _: &Context) -> Result<Identity, AuthenticationError> {
        Err(AuthenticationError::invalid("nobody has one"))
    }
}

/// The accepted credentials.
#[derive(Auth, Clone, Copy, Debug)]
#[auth(permissions = Permission, roles = Role, realm = "renamed")]
pub struct Auth {
    /// Access token.
    #[scheme(oauth2(password(token_url = "/token"), scopes("read" = "Read")))]
    pub token: Tokens,
    /// Key of a machine.
    #[scheme(api_key(header = "X-API-Key"))]
    pub key: Keys,
}

/// Entries.
#[derive(Clone, Debug)]
pub struct Entries<S> {
    /// Where they are.
    pub store: S,
}

#[protected]
#[OpenApi(prefix_path = "/entries")]
impl<S: ToString + Send + Sync + 'static> Entries<S> {
    /// Lists them.
    #[permission("view")]
    #[oai(path = "/", method = "get")]
    pub async fn list(&self) -> PlainText<String> {
        PlainText(self.store.to_string())
    }

    /// One of them.
    #[protected(any(role("Administrator"), check = owns(&caller, &name), check = *count == 1))]
    #[oai(path = "/:name", method = "get")]
    async fn one(&self, caller: Principal<Auth>, name: Path<String>, Query(count): Query<u8>) -> PlainText<String> {
        PlainText(name.0)
    }

    /// Whether there are any.
    #[public(reason = "liveness probe")]
    #[oai(path = "/health/all", method = "get")]
    async fn health(
        &self,
        #[cfg(windows)] missing: NoSuchType,
        /// Nothing.
        #[cfg(not(test))]
        _about: Query<Option<String>>,
        /// The same, in a test.
        #[cfg(test)]
        _about: Query<Option<String>>,
    ) {
    }

    /// The caller.
    #[optional_auth]
    #[oai(path = "/who/am/i", method = "get")]
    async fn who(&self, caller: Option<Principal<Auth>>) -> PlainText<String> {
        PlainText(caller.map_or_else(String::new, |caller| caller.subject().to_owned()))
    }
}

async fn owns(caller: &Principal<Auth>, name: &str) -> bool {
    ready(caller.subject() == name).await
}

/// Counts entries.
#[protected(role("Administrator"), check = caller.subject() == "alice")]
#[handler]
pub async fn how_many(caller: Principal<Auth>) -> String {
    "1".to_owned()
}

/// Lists nothing.
#[permission(Permission::View)]
#[handler]
fn nothing() {}

const RULE: &Operation<Auth> = requirement!(any(permission("edit"), scopes("read")), hide);

/// All of it.
#[must_use]
pub fn app(auth: &Auth) -> impl IntoEndpoint<Endpoint: 'static> + use<> {
    let page = make_sync(|_| "a page");
    Route::new()
        .nest("/", auth.service(Entries { store: "a shelf" }, "Entries", "1.0"))
        .at("/count", get(how_many))
        .at("/nothing", get(nothing))
        .at("/page", page.protect(RULE))
        .with(*auth)
}

#[cfg(test)]
mod tests {
    use poem::test::TestClient;

    use super::{Auth, Keys, Tokens, app};

    #[tokio::test]
    async fn what_the_macros_emit_finds_the_renamed_crate() {
        let client = TestClient::new(app(&Auth { token: Tokens, key: Keys }));
        for (path, token, status) in [
            ("/entries", "alice.Viewer", 200),
            ("/entries", "alice.nobody", 403),
            ("/entries/alice?count=2", "alice.Viewer", 200),
            ("/entries/bob?count=2", "alice.Viewer", 403),
            ("/entries/health/all", "nonsense", 200),
            ("/entries/who/am/i", "nonsense", 401),
            ("/count", "alice.Administrator", 200),
            ("/count", "bob.Administrator", 403),
            ("/nothing", "alice.Viewer", 200),
            ("/page", "alice.Editor", 200),
            ("/page", "alice.Viewer", 404),
        ] {
            let request = client.get(path).header("authorization", format!("Bearer {token}"));
            assert_eq!(request.send().await.0.status().as_u16(), status, "{path} {token}");
        }
    }
}
