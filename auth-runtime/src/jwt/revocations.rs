//! Tokens that are taken back before they expire.

use std::{
    collections::HashMap,
    fmt,
    sync::{
        Arc, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard,
        atomic::{AtomicU64, Ordering},
    },
    time::{Duration, SystemTime},
};

use super::registered_claims::MAX_LEEWAY;

/// After so many entries, those of tokens that have expired meanwhile are dropped.
const SWEEP_EVERY: usize = 1024;

/// A list of tokens that are no longer good. Cheap to clone: all clones are one list.
///
/// Give it to [`Jwt::revocations`](super::Jwt::revocations) and keep a clone. A revocation counts from the next request
/// on, in this process. Revoke in each process if there are several.
///
/// ```
/// use std::time::{Duration, SystemTime};
/// use auth_runtime::{jwt::{Revocations, TokenIssuer}, prelude::*};
/// # use poem::{EndpointExt, get, handler, test::TestClient};
///
/// #[derive(Auth, Clone)]
/// struct Auth {
///     #[scheme(bearer)]
///     token: Jwt,
/// }
/// # #[protected]
/// # #[handler]
/// # fn hello(caller: Principal<Auth>) -> String { caller.subject().to_owned() }
///
/// # tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
/// # let secret = "0Zr9Pq4cWv1XsT7uKb3Ln6Yd8Gf2HjMa";
/// let issuer = TokenIssuer::hs256(secret)?.issuer("https://issuer.example").audience("entries");
/// let revocations = Revocations::new();
/// let auth = Auth { token: issuer.verifier().revocations(&revocations) };
/// let client = TestClient::new(get(hello).with(auth));
///
/// let token = format!("Bearer {}", issuer.token("alice").client_id("web").sign()?);
/// client.get("/").header("Authorization", &token).send().await.assert_text("alice").await;
///
/// // Alice signs out everywhere, or has a new password. Tokens that were issued before are rejected.
/// revocations.revoke_subject("https://issuer.example", "alice", SystemTime::now() + Duration::from_secs(1));
/// assert_eq!(client.get("/").header("Authorization", &token).send().await.0.status(), 401);
/// # Ok::<(), auth_runtime::jwt::JwtError>(())
/// # }).unwrap();
/// ```
///
/// A token is identified by its signed claims, never by its text: the same token can be written in several ways.
///
/// # Limits
///
/// A restart: the list is in memory. Keep it where it lasts, and fill it at start. Of callers it keeps one entry each,
/// for as long as the process lives.
#[derive(Clone, Default)]
pub struct Revocations(Arc<Shared>);

#[derive(Default)]
struct Shared {
    lists: RwLock<Lists>,
    /// Goes up with each change, so that what was looked up before is looked up again.
    version: AtomicU64,
}

#[derive(Default)]
struct Lists {
    /// By issuer and `jti`: until when the token would be good.
    tokens: HashMap<(String, String), SystemTime>,
    /// By issuer and `sub`: tokens issued before this time are revoked.
    subjects: HashMap<(String, String), SystemTime>,
    sweep_at: usize,
}

/// The names of a token: issuer, subject, `jti` and time of issue.
#[derive(Clone, Copy, Debug)]
pub(super) struct TokenNames<'a> {
    pub(super) issuer: &'a str,
    pub(super) subject: &'a str,
    pub(super) id: Option<&'a str>,
    pub(super) issued_at: Option<Duration>,
}

impl Revocations {
    /// An empty list.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Takes one token back: the claims `iss` and `jti` name it (RFC 7519, section 4.1.7). It is forgotten some time
    /// after `expires_at`, when the token is no longer good anyway.
    pub fn revoke_token(&self, issuer: impl Into<String>, jti: impl Into<String>, expires_at: SystemTime) {
        // A verifier may accept a token for a while after it has expired.
        let until = expires_at.checked_add(MAX_LEEWAY).unwrap_or(expires_at);
        self.write(|lists| {
            let known = lists.tokens.entry((issuer.into(), jti.into())).or_insert(until);
            *known = until.max(*known);
        });
    }

    /// Takes back all tokens of a caller that were issued before a time; those that do not say when (no claim `iat`) as
    /// well. Most tokens have it in whole seconds. A token issued later in the same second is revoked too, so let the
    /// caller sign in again from the next second on.
    pub fn revoke_subject(&self, issuer: impl Into<String>, subject: impl Into<String>, issued_before: SystemTime) {
        self.write(|lists| {
            let known = lists.subjects.entry((issuer.into(), subject.into())).or_insert(issued_before);
            *known = issued_before.max(*known);
        });
    }

    /// How many tokens and callers are on the list.
    #[must_use]
    pub fn len(&self) -> usize {
        let lists = self.read();
        lists.tokens.len() + lists.subjects.len()
    }

    /// Whether nothing was revoked.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Returns the version of the list. A result stays valid as long as the version stays the same.
    pub(super) fn version(&self) -> u64 {
        self.0.version.load(Ordering::Acquire)
    }

    pub(super) fn contains(&self, token: TokenNames<'_>) -> bool {
        let lists = self.read();
        if lists.tokens.is_empty() && lists.subjects.is_empty() {
            return false;
        }
        let named = |name: &str| (token.issuer.to_owned(), name.to_owned());
        let is_older = |before: &SystemTime| {
            let before = before.duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
            token.issued_at.is_none_or(|at| at < before)
        };
        token.id.is_some_and(|id| lists.tokens.contains_key(&named(id)))
            || lists.subjects.get(&named(token.subject)).is_some_and(is_older)
    }

    fn write(&self, change: impl FnOnce(&mut Lists)) {
        let mut lists = self.lock();
        change(&mut lists);
        if lists.tokens.len() > lists.sweep_at.max(SWEEP_EVERY) {
            let now = SystemTime::now();
            lists.tokens.retain(|_, until| *until > now);
            lists.sweep_at = lists.tokens.len() * 2;
        }
        // After the change, and before any reader: a reader that sees the new version sees the change.
        self.0.version.fetch_add(1, Ordering::AcqRel);
    }

    fn read(&self) -> RwLockReadGuard<'_, Lists> {
        self.0.lists.read().unwrap_or_else(PoisonError::into_inner)
    }

    fn lock(&self) -> RwLockWriteGuard<'_, Lists> {
        self.0.lists.write().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Says how many, and not who.
impl fmt::Debug for Revocations {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Revocations").field("len", &self.len()).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, SystemTime};

    use super::{Revocations, SWEEP_EVERY, TokenNames};

    const ALICE: TokenNames<'_> =
        TokenNames { issuer: "https://a", subject: "alice", id: Some("1"), issued_at: Some(Duration::from_secs(1000)) };

    fn at(seconds: u64) -> SystemTime {
        SystemTime::UNIX_EPOCH + Duration::from_secs(seconds)
    }

    #[test]
    fn r40_a_token_is_revoked_by_issuer_and_id() {
        let list = Revocations::new();
        assert!(!list.contains(ALICE) && list.is_empty());
        let before = list.version();
        list.revoke_token("https://a", "1", at(2000));
        assert!(list.contains(ALICE) && list.version() > before);
        for other in [
            TokenNames { issuer: "https://b", ..ALICE },
            TokenNames { id: Some("2"), ..ALICE },
            TokenNames { id: None, ..ALICE },
            TokenNames { id: Some("alice"), ..ALICE },
        ] {
            assert!(!list.contains(other), "{other:?}");
        }
    }

    #[test]
    fn r40_a_caller_is_revoked_by_issuer_subject_and_time() {
        let list = Revocations::new();
        list.revoke_subject("https://a", "alice", at(1001));
        // An earlier time takes nothing back.
        list.revoke_subject("https://a", "alice", at(500));
        assert!(list.contains(ALICE) && list.contains(TokenNames { issued_at: None, ..ALICE }));
        for other in [
            TokenNames { issued_at: Some(Duration::from_secs(1001)), ..ALICE },
            TokenNames { issuer: "https://b", ..ALICE },
            TokenNames { subject: "1", ..ALICE },
        ] {
            assert!(!list.contains(other), "{other:?}");
        }
    }

    #[test]
    fn r40_a_list_of_tokens_that_have_expired_does_not_grow() {
        let list = Revocations::new();
        for id in 0..10 * SWEEP_EVERY {
            list.revoke_token("https://a", id.to_string(), at(1000));
        }
        assert!(list.len() <= SWEEP_EVERY, "{}", list.len());
        let later = SystemTime::now() + Duration::from_secs(1000);
        for id in 0..2 * SWEEP_EVERY {
            list.revoke_token("https://a", id.to_string(), later);
        }
        assert!(list.contains(TokenNames { id: Some("0"), ..ALICE }));
        assert!(list.contains(TokenNames { id: Some("2047"), ..ALICE }));
    }
}
