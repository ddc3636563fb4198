//! Where several processes keep one list of revoked tokens.

use std::{
    future::Future,
    sync::Arc,
    time::{Duration, SystemTime},
};

use super::{registered_claims::MAX_LEEWAY, stale::StaleHandle};
use crate::authenticate::Unavailable;

/// How long the revocation of a caller is kept. No token of a sensible issuer lives longer.
const SUBJECT_KEPT: Duration = Duration::from_hours(24 * 400);

/// What a revocation names.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum RevocationKind {
    /// One token, by its claim `jti`.
    Token,
    /// All tokens of a session or of a family of refresh tokens, by their claim `sid`.
    Session,
    /// Tokens of a caller that were issued before a time, by their claim `sub`, or that of
    /// [`Jwt::subject_claim`](super::Jwt::subject_claim).
    Subject,
}

/// Tokens that are no longer good.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Revocation {
    /// The claim `iss` of the tokens.
    pub issuer: String,
    /// What [`name`](Self::name) is.
    pub kind: RevocationKind,
    /// The claim `jti`, `sid` or `sub`.
    pub name: String,
    /// Until when the last of the tokens would be good. For a subject: tokens issued before this time are revoked.
    pub time: SystemTime,
}

impl Revocation {
    /// Revokes one token (RFC 7519, section 4.1.7). It is forgotten some time after `expires_at`.
    #[must_use]
    pub fn token(issuer: impl Into<String>, jti: impl Into<String>, expires_at: SystemTime) -> Self {
        Self { issuer: issuer.into(), kind: RevocationKind::Token, name: jti.into(), time: expires_at }
    }

    /// Revokes the tokens of a session. It is forgotten some time after `expires_at`, when the last of them has
    /// expired.
    #[must_use]
    pub fn session(issuer: impl Into<String>, sid: impl Into<String>, expires_at: SystemTime) -> Self {
        Self { issuer: issuer.into(), kind: RevocationKind::Session, name: sid.into(), time: expires_at }
    }

    /// Revokes all tokens of a caller that were issued before a time, and those without a claim `iat`.
    ///
    /// Most tokens have `iat` in whole seconds. A token issued later in the same second is revoked too, so let the
    /// caller sign in again from the next second on.
    #[must_use]
    pub fn subject(issuer: impl Into<String>, subject: impl Into<String>, issued_before: SystemTime) -> Self {
        Self { issuer: issuer.into(), kind: RevocationKind::Subject, name: subject.into(), time: issued_before }
    }

    /// Returns when a store may delete this revocation: for a caller 400 days after its time, else 5 minutes after it.
    /// A token that lives longer than 400 days may be accepted again then: revoke it by its `jti` too.
    #[must_use]
    pub fn forget_at(&self) -> SystemTime {
        let kept = if self.kind == RevocationKind::Subject { SUBJECT_KEPT } else { MAX_LEEWAY };
        self.time.checked_add(kept).unwrap_or(self.time)
    }
}

/// The revocations that were added after a position.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct NewRevocations {
    /// The revocations.
    pub entries: Vec<Revocation>,
    /// The position of the last of them; the old position if there is none.
    pub position: i64,
}

/// A store of revocations that several processes share.
///
/// Positions count up: a revocation that becomes visible later has a higher position. After a failed read, and every ten
/// minutes, the whole list is read again, because a failover can give a position twice. `SqlUsers` and `RedisStore` of
/// the crate `auth-store` implement it.
pub trait RevocationStore: Send + Sync + 'static {
    /// Adds a revocation.
    ///
    /// # Errors
    /// [`Unavailable`] if the store does not answer: 503.
    fn revoke(&self, revocation: &Revocation) -> impl Future<Output = Result<(), Unavailable>> + Send;

    /// Returns the revocations after this position; all of them after 0.
    ///
    /// # Errors
    /// [`Unavailable`] if the store does not answer: 503.
    fn since(&self, position: i64) -> impl Future<Output = Result<NewRevocations, Unavailable>> + Send;

    /// Takes a handle, to be called when another process has changed the list (default: drops it).
    ///
    /// Without a call, the list is read again within its bound.
    fn notify(&self, list: StaleHandle) {
        let _ = list;
    }
}

impl<S: RevocationStore> RevocationStore for Arc<S> {
    async fn revoke(&self, revocation: &Revocation) -> Result<(), Unavailable> {
        S::revoke(self, revocation).await
    }

    async fn since(&self, position: i64) -> Result<NewRevocations, Unavailable> {
        S::since(self, position).await
    }

    fn notify(&self, list: StaleHandle) {
        S::notify(self, list);
    }
}
