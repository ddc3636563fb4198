//! Settings that are weaker than the defaults. Most services need none of them.
//!
//! A search for `danger` finds each use. Each item names the attack that the rule stops, and the duty that its user
//! takes over. No Cargo feature and no environment variable of this crate relaxes a rule.
//!
//! Some settings outside of this module leave duties too, such as `Jwt::accept_untyped`. Their documentation says **You
//! must ensure** or **You owe**.

#[cfg(any(feature = "jwt", feature = "jwt-rust-crypto"))]
use crate::jwt::{
    Jwt, JwtError,
    remote::{PlainHttp, RemoteKeys},
};
#[cfg(feature = "throttle")]
use crate::throttle::Throttle;
#[cfg(feature = "session")]
use crate::{
    session::{PlainHttpSessions, SessionStore, Sessions},
    users::UserStore,
};

/// A throttle that counts nothing.
///
/// ```
/// # #[cfg(feature = "api-key")] {
/// use auth_runtime::{danger, prelude::*};
///
/// let keys: ApiKeys = ApiKeys::default().throttle(danger::unlimited_attempts());
/// # }
/// ```
///
/// The rule is a limit because an attacker with enough attempts guesses a password, and because each attempt costs this
/// service the time and the memory of a hash (ASVS 6.3.1). **You owe** a limit elsewhere, such as in a proxy that all
/// requests come through: by address and by name, before the password is hashed, of at most 100 failures an hour for a
/// name.
#[cfg(feature = "throttle")]
#[must_use]
pub fn unlimited_attempts() -> Throttle {
    Throttle::off()
}

/// Lets sessions work over plain http on the developer's machine. It is logged at start.
///
/// ```
/// use auth_runtime::{danger, prelude::*, session::MemorySessions, users::MemoryUsers};
/// use poem::{EndpointExt, Route};
///
/// let users = Basic::new(MemoryUsers::new());
/// let sessions = Sessions::with_store(&users, MemorySessions::new());
/// let app = Route::new().with(danger::plain_http_sessions(&sessions));
/// ```
///
/// The rule is a cookie with the prefix `__Host-`, which browsers accept over https only, because a machine on the way
/// can read and replace the cookies of plain http. This middleware renames the cookie of a request if all of these
/// hold:
///
/// - The connection comes from this machine.
/// - `Host` is `localhost`, 127.0.0.0/8 or `[::1]`.
/// - No proxy has marked the request with `Forwarded`, `Via` or an `X-Forwarded-*` header.
///
/// All other requests keep the rule. Put the middleware around the whole application. **You owe** that each proxy on
/// this machine marks the requests that it forwards. Programs on other ports of the machine can read and set the
/// cookie.
#[cfg(feature = "session")]
#[must_use]
pub fn plain_http_sessions<U: UserStore, S: SessionStore>(sessions: &Sessions<U, S>) -> PlainHttpSessions {
    tracing::warn!("session cookies are accepted over plain http on loopback");
    PlainHttpSessions::of(sessions)
}

/// Also accepts ID tokens of the verifier's issuers. A token that states no type is accepted too.
///
/// ```
/// use auth_runtime::{danger, jwt::Jwt};
///
/// # let secret = "0Zr9Pq4cWv1XsT7uKb3Ln6Yd8Gf2HjMa";
/// let jwt = Jwt::hs256(secret)?.issuer("https://issuer.example").audience("the-only-client");
/// let jwt = danger::accept_id_tokens(jwt);
/// # Ok::<(), auth_runtime::jwt::JwtError>(())
/// ```
///
/// The rule is access tokens only, because an ID token tells a client who signed in, and is not meant to leave it (ASVS
/// 9.2.2). Its audience is the client and not this service, so any party that the client shows it to can present it
/// here. **You owe** that the audience is one client of your own, that this client sends its ID tokens to this service
/// alone, and that no other service has the same audience. An ID token carries no scopes, so the consent of the user is
/// unknown. Decide by roles and permissions that the issuer puts into it on purpose.
#[cfg(any(feature = "jwt", feature = "jwt-rust-crypto"))]
#[must_use]
pub fn accept_id_tokens(jwt: Jwt) -> Jwt {
    jwt.accept_id_tokens()
}

/// Relaxes the rules of [`RemoteKeys`]: [`RemoteKeys::dangerous`].
///
/// ```
/// # #[cfg(any(feature = "http-client", feature = "custom-fetcher"))] {
/// use auth_runtime::jwt::RemoteKeys;
///
/// // For an issuer that a developer runs on the same machine.
/// let keys = RemoteKeys::dangerous().allow_http_on_loopback().openid_connect("http://127.0.0.1:3000")?;
///
/// // Not for one elsewhere.
/// let error = RemoteKeys::dangerous().allow_http_on_loopback().openid_connect("http://issuer.example").unwrap_err();
/// assert!(error.to_string().contains("write `https://`"));
/// # }
/// # Ok::<(), auth_runtime::jwt::JwtError>(())
/// ```
#[cfg(any(feature = "jwt", feature = "jwt-rust-crypto"))]
#[derive(Clone, Debug, Default)]
#[must_use = "call `jwks_url`, `openid_connect` or `authorization_server`"]
pub struct DangerousRemoteKeys {
    plain_http: PlainHttp,
}

#[cfg(any(feature = "jwt", feature = "jwt-rust-crypto"))]
impl RemoteKeys {
    /// Starts settings with fewer rules, for a developer's machine or a private network.
    pub fn dangerous() -> DangerousRemoteKeys {
        DangerousRemoteKeys::default()
    }
}

#[cfg(any(feature = "jwt", feature = "jwt-rust-crypto"))]
impl DangerousRemoteKeys {
    /// Lets `http://` through where the host is 127.0.0.0/8, `[::1]` or `localhost`. The address may be configured or
    /// named by the discovery document.
    ///
    /// The rule is `https` because an attacker in the issuer's place can sign tokens for all users. User information is
    /// requested with the caller's token, and the attacker reads it. **You owe** that only the issuer can listen on
    /// that port. Another process may do so on a machine with accounts of others, in a shared network namespace (the
    /// containers of a pod), or while the issuer is restarted. You also owe that the resolver maps `localhost` to this
    /// machine.
    pub fn allow_http_on_loopback(mut self) -> Self {
        self.plain_http.on_loopback = true;
        self
    }

    /// Allows `http://` to this host, by the name or the address that stands in the URL. It may be configured or named
    /// by the discovery document. Any port is allowed.
    ///
    /// ```
    /// # #[cfg(any(feature = "http-client", feature = "custom-fetcher"))] {
    /// use auth_runtime::jwt::RemoteKeys;
    ///
    /// // A service of the same compose file.
    /// let danger = RemoteKeys::dangerous().allow_http_to("keycloak");
    /// let keys = danger.openid_connect("http://keycloak:8080/realms/staff")?;
    /// # }
    /// # Ok::<(), auth_runtime::jwt::JwtError>(())
    /// ```
    ///
    /// The rule is `https` because a machine on the way can sign tokens for all users. User information is requested
    /// with the caller's token, and the machine reads it. **You owe** a network between the two that no other party can
    /// read or write, and a resolver that no other party controls: a private network of containers on one machine, or
    /// an encrypted one (a service mesh, a VPN).
    pub fn allow_http_to(mut self, host: impl Into<String>) -> Self {
        self.plain_http.to_hosts.push(host.into());
        self
    }

    /// Does the same as [`RemoteKeys::jwks_url`].
    ///
    /// # Errors
    /// Returns [`JwtError::Url`] if the address is not allowed.
    pub fn jwks_url(self, url: impl AsRef<str>) -> Result<RemoteKeys, JwtError> {
        RemoteKeys::new_jwks_url(url.as_ref(), self.plain_http)
    }

    /// Does the same as [`RemoteKeys::openid_connect`].
    ///
    /// # Errors
    /// Returns [`JwtError::Url`] if the address is not allowed.
    pub fn openid_connect(self, issuer: impl Into<String>) -> Result<RemoteKeys, JwtError> {
        RemoteKeys::new_openid_connect(issuer.into(), self.plain_http)
    }

    /// Does the same as [`RemoteKeys::authorization_server`].
    ///
    /// # Errors
    /// Returns [`JwtError::Url`] if the address is not allowed.
    pub fn authorization_server(self, issuer: impl Into<String>) -> Result<RemoteKeys, JwtError> {
        RemoteKeys::new_authorization_server(issuer.into(), self.plain_http)
    }
}
