//! The settings of a token service.

use std::{fmt, sync::Arc, time::Duration};

use super::{
    client::ClientStore,
    memory::{MemoryClients, MemoryRefreshTokens},
    refresh_token::RefreshTokenStore,
};
use crate::{
    jwt::{Jwt, Revocations, TokenIssuer},
    users::{Basic, MemoryUsers, UserStore},
};

const REFRESH_LIFETIME: Duration = Duration::from_hours(24 * 30);
const SHORTEST_REFRESH_LIFETIME: Duration = Duration::from_mins(1);
const LONGEST_REFRESH_LIFETIME: Duration = Duration::from_hours(24 * 365);

/// A token service for the users of a store (RFC 6749). Cheap to clone.
///
/// [`api`](Self::api) returns its operations, for mounting together with your own. They are public, and are in the
/// OpenAPI document:
///
/// | operation | purpose |
/// |---|---|
/// | `POST /auth/token` | issues access tokens, and refresh tokens if there is a [store](Self::refresh_tokens) |
/// | `POST /auth/revoke` | revokes a token (RFC 7009) |
/// | `GET /.well-known/jwks.json` | publishes the keys (RFC 7517) |
///
/// Each grant type must be enabled:
///
/// | `grant_type` | enabled by |
/// |---|---|
/// | `password` | [`password_grant`](Self::password_grant), [`lenient_password_grant`](Self::lenient_password_grant) |
/// | `refresh_token` | [`refresh_tokens`](Self::refresh_tokens) |
/// | `client_credentials` | [`clients`](Self::clients) |
///
/// ```
/// use auth_runtime::{
///     jwt::{KeyRing, MemorySigningKeys, TokenIssuer},
///     prelude::*,
///     token_service::{MemoryRefreshTokens, TokenService},
///     users::{MemoryUsers, UserTokens},
/// };
/// # use poem::{Endpoint, IntoEndpoint, test::TestClient};
/// # use poem_openapi::{OpenApi, payload::PlainText};
///
/// #[derive(Auth, Clone)]
/// struct Auth {
///     #[scheme(oauth2(password(token_url = "/auth/token")))]
///     token: UserTokens<MemoryUsers>,
/// }
/// # struct Entries;
/// # #[protected]
/// # #[OpenApi]
/// # impl Entries {
/// #     #[protected]
/// #     #[oai(path = "/entries", method = "get")]
/// #     async fn list(&self, caller: Principal<Auth>) -> PlainText<String> { PlainText(caller.subject().to_owned()) }
/// # }
///
/// # tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
/// let users = MemoryUsers::new().add("alice", "correct horse battery staple")?;
/// let secret = "0Zr9Pq4cWv1XsT7uKb3Ln6Yd8Gf2HjMa"; // from the environment, and not in the source
/// let ring = KeyRing::new(MemorySigningKeys::new(), secret)?;
/// let issuer = TokenIssuer::key_ring(ring).await?.issuer("https://entries.example").audience("entries");
/// let tokens = TokenService::new(issuer, Basic::new(users.clone()))
///     .refresh_tokens(MemoryRefreshTokens::new())
///     .password_grant("entries-web");
/// let auth = Auth { token: UserTokens::new(tokens.verifier(), users)? };
/// let app = auth.service((Entries, tokens.api()), "Entries", "1.0");
///
/// # let client = TestClient::new(app.into_endpoint());
/// # let form = "grant_type=password&username=alice&password=correct+horse+battery+staple";
/// # let request = client.post("/auth/token").content_type("application/x-www-form-urlencoded").body(form);
/// # let answer = request.send().await.json().await;
/// # let token = answer.value().object().get("access_token").string().to_owned();
/// # let entries = client.get("/entries").header("Authorization", format!("Bearer {token}")).send().await;
/// # entries.assert_text("alice").await;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// # }).unwrap();
/// ```
///
/// # Scopes
///
/// A scope is the name of a declared permission, or one of [`scopes`](Self::scopes). If a client requests no scope, the
/// token has the roles of the user. If it requests scopes, or is [limited](super::Client::limited_to) to some, the
/// token has those of them that the user has, as permissions, and no roles. The error is `invalid_scope` if a requested
/// scope is not declared, if it was not granted at the sign-in (for `refresh_token`), or if none of the requested
/// scopes is left.
///
/// # Errors of requests
///
/// Errors follow RFC 6749, section 5.2. Wrong passwords count for the throttle of `Basic`. Wrong secrets and
/// unknown refresh tokens count for the address. Over the limit, the response is 429 with `Retry-After`; a right secret
/// or refresh token is never throttled. If a backend does not respond, it is 503.
///
/// # What it does not protect against
///
/// - A client that has the password of a user can do everything that the user can. For this reason RFC 9700, section
///   2.4, forbids the password grant: use it only for your own pages and tools.
/// - An access token stays valid until it expires (default: 15 minutes) or is revoked. To reject revoked tokens, verify
///   with [`verifier`](Self::verifier).
pub struct TokenService<U = MemoryUsers, R = MemoryRefreshTokens, C = MemoryClients>(pub(super) Arc<Service<U, R, C>>);

pub(super) struct Service<U, R, C> {
    pub(super) issuer: TokenIssuer,
    pub(super) verifier: Jwt,
    pub(super) revocations: Revocations,
    pub(super) users: Basic<U>,
    pub(super) refresh_tokens: Option<Arc<R>>,
    pub(super) refresh_lifetime: Duration,
    pub(super) clients: Option<Arc<C>>,
    pub(super) password_grant: Option<PasswordGrant>,
    pub(super) scopes: Vec<String>,
}

/// The grant with user name and password, for one client of the application itself.
#[derive(Clone, Debug)]
pub(super) struct PasswordGrant {
    pub(super) client_id: String,
    /// Whether `grant_type` may be absent.
    pub(super) is_lenient: bool,
}

impl<U: UserStore> TokenService<U> {
    /// Returns a service that issues tokens with `issuer` to the users of `users`. No grant type is enabled yet.
    #[must_use]
    pub fn new(issuer: TokenIssuer, users: Basic<U>) -> Self {
        let revocations = Revocations::new();
        Self(Arc::new(Service {
            verifier: issuer.verifier().revocations(&revocations),
            issuer,
            revocations,
            users,
            refresh_tokens: None,
            refresh_lifetime: REFRESH_LIFETIME,
            clients: None,
            password_grant: None,
            scopes: Vec::new(),
        }))
    }
}

impl<U, R, C> TokenService<U, R, C> {
    /// Issues refresh tokens too, and keeps them in this store.
    ///
    /// Each use replaces the refresh token (rotation). If a replaced token is used again, it may have been stolen, so
    /// all tokens of its sign-in end (RFC 9700, section 4.14.2). There is no grace period: if a response is lost, the
    /// user must sign in again. Refresh tokens also end with a new password or a changed second factor, when the
    /// password expires, and when the user is disabled or deleted.
    ///
    /// Services with different issuers may share the store: refresh tokens of another issuer are not accepted.
    #[must_use]
    pub fn refresh_tokens<T: RefreshTokenStore>(self, store: T) -> TokenService<U, T, C> {
        let service = Arc::unwrap_or_clone(self.0);
        let clients = service.clients.clone();
        TokenService(Arc::new(service.with_stores(Some(Arc::new(store)), clients)))
    }

    /// Enables `client_credentials` for the clients in this store. A client sends its secret by HTTP Basic or in the
    /// form, not both.
    #[must_use]
    pub fn clients<T: ClientStore>(self, store: T) -> TokenService<U, R, T> {
        let service = Arc::unwrap_or_clone(self.0);
        let refresh_tokens = service.refresh_tokens.clone();
        TokenService(Arc::new(service.with_stores(refresh_tokens, Some(Arc::new(store)))))
    }

    /// Sets the maximum time from a sign-in to the end of its refresh tokens (default: 30 days; one minute to one
    /// year).
    #[must_use]
    pub fn refresh_lifetime(self, lifetime: Duration) -> Self {
        let lifetime = lifetime.clamp(SHORTEST_REFRESH_LIFETIME, LONGEST_REFRESH_LIFETIME);
        self.with(|service| service.refresh_lifetime = lifetime)
    }

    /// Enables `grant_type=password` for one first-party client, such as your own front end. `client_id` is its name in
    /// tokens. The client has no secret, and need not send its id.
    ///
    /// **You must ensure** that no other client gets passwords (RFC 9700, section 2.4).
    #[must_use]
    pub fn password_grant(self, client_id: impl Into<String>) -> Self {
        self.with_password_grant(client_id.into(), false)
    }

    /// Enables [`password_grant`](Self::password_grant), and also accepts a user name and password without a
    /// `grant_type`, as `OAuth2PasswordRequestForm` of `FastAPI` does.
    #[must_use]
    pub fn lenient_password_grant(self, client_id: impl Into<String>) -> Self {
        self.with_password_grant(client_id.into(), true)
    }

    /// Adds scopes that are not permissions. Each user can grant them to a client.
    #[must_use]
    pub fn scopes<T: Into<String>>(self, scopes: impl IntoIterator<Item = T>) -> Self {
        self.with(|service| service.scopes.extend(scopes.into_iter().map(Into::into)))
    }

    /// Sets the list of revoked tokens (default: one in the memory of this process). Several processes share one with
    /// [`Revocations::shared`].
    #[must_use]
    pub fn revocations(self, list: &Revocations) -> Self {
        self.with(|service| {
            service.verifier = service.issuer.verifier().revocations(list);
            service.revocations = list.clone();
        })
    }

    /// Returns a verifier that accepts only tokens of this service, and rejects revoked ones. Call it after
    /// [`revocations`](Self::revocations).
    #[must_use]
    pub fn verifier(&self) -> Jwt {
        self.0.verifier.clone()
    }

    fn with_password_grant(self, client_id: String, is_lenient: bool) -> Self {
        self.with(|service| service.password_grant = Some(PasswordGrant { client_id, is_lenient }))
    }

    fn with(self, change: impl FnOnce(&mut Service<U, R, C>)) -> Self {
        let mut service = Arc::unwrap_or_clone(self.0);
        change(&mut service);
        Self(Arc::new(service))
    }
}

impl<U, R, C> Service<U, R, C> {
    /// Returns the same service with other stores.
    fn with_stores<R2, C2>(self, refresh_tokens: Option<Arc<R2>>, clients: Option<Arc<C2>>) -> Service<U, R2, C2> {
        Service {
            issuer: self.issuer,
            verifier: self.verifier,
            revocations: self.revocations,
            users: self.users,
            refresh_tokens,
            refresh_lifetime: self.refresh_lifetime,
            clients,
            password_grant: self.password_grant,
            scopes: self.scopes,
        }
    }
}

impl<U, R, C> Clone for TokenService<U, R, C> {
    fn clone(&self) -> Self {
        Self(Arc::clone(&self.0))
    }
}

impl<U, R, C> Clone for Service<U, R, C> {
    fn clone(&self) -> Self {
        Self {
            issuer: self.issuer.clone(),
            verifier: self.verifier.clone(),
            revocations: self.revocations.clone(),
            users: self.users.clone(),
            refresh_tokens: self.refresh_tokens.clone(),
            refresh_lifetime: self.refresh_lifetime,
            clients: self.clients.clone(),
            password_grant: self.password_grant.clone(),
            scopes: self.scopes.clone(),
        }
    }
}

impl<U, R, C> fmt::Debug for TokenService<U, R, C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TokenService")
            .field("issuer", &self.0.issuer)
            .field("password_grant", &self.0.password_grant)
            .field("refresh_lifetime", &self.0.refresh_lifetime)
            .finish_non_exhaustive()
    }
}
