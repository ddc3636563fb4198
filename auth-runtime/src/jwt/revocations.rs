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

use super::{
    registered_claims::MAX_LEEWAY,
    revocation_source::RevocationSource,
    revocation_store::{Revocation, RevocationKind, RevocationStore},
};
use crate::authenticate::Unavailable;

/// After so many entries, those of tokens that have expired meanwhile are dropped.
const SWEEP_EVERY: usize = 1024;

/// A list of tokens that are no longer good. Cheap to clone: all clones are one list.
///
/// Give it to [`Jwt::revocations`](super::Jwt::revocations) and keep a clone. A revocation counts from the next request
/// on in this process. [`shared`](Self::shared) makes one list of several processes.
///
/// ```
/// use std::time::{Duration, SystemTime};
/// use auth_runtime::{jwt::{Revocation, Revocations, TokenIssuer}, prelude::*};
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
/// let now = SystemTime::now() + Duration::from_secs(1);
/// revocations.revoke(Revocation::subject("https://issuer.example", "alice", now)).await?;
/// assert_eq!(client.get("/").header("Authorization", &token).send().await.0.status(), 401);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// # }).unwrap();
/// ```
///
/// A token is identified by its signed claims, never by its text: the same token can be written in several ways.
///
/// # Limits
///
/// A list of [`new`](Self::new) is in memory, and a restart empties it. In memory, revoked tokens and sessions are
/// dropped after they have expired. Revocations of a subject stay until the restart, because a verifier limits no
/// lifetime: a token of another issuer may be good for years. There is one entry for each issuer and subject, however
/// often the subject is revoked. It takes about 150 bytes, and the bytes of both names: a million users take about
/// 200 MB.
#[derive(Clone, Default)]
pub struct Revocations(Arc<Shared>);

#[derive(Default)]
struct Shared {
    lists: RwLock<Lists>,
    /// Goes up with each change, so that what was looked up before is looked up again.
    version: AtomicU64,
    source: Option<RevocationSource>,
}

#[derive(Default)]
struct Lists {
    /// By issuer and `jti`: until when the token would be good.
    tokens: HashMap<(String, String), SystemTime>,
    /// By issuer and `sid`: until when the last of its tokens would be good.
    sessions: HashMap<(String, String), SystemTime>,
    /// By issuer and `sub`: tokens issued before this time are revoked.
    subjects: HashMap<(String, String), SystemTime>,
    sweep_at: usize,
}

impl Lists {
    fn add(&mut self, revocation: Revocation) {
        let Revocation { issuer, kind, name, time } = revocation;
        let (list, time) = match kind {
            // A verifier may accept a token for a while after it has expired.
            RevocationKind::Token => (&mut self.tokens, time.checked_add(MAX_LEEWAY).unwrap_or(time)),
            RevocationKind::Session => (&mut self.sessions, time.checked_add(MAX_LEEWAY).unwrap_or(time)),
            RevocationKind::Subject => (&mut self.subjects, time),
        };
        let known = list.entry((issuer, name)).or_insert(time);
        *known = time.max(*known);
    }

    fn len(&self) -> usize {
        self.tokens.len() + self.sessions.len() + self.subjects.len()
    }

    fn sweep(&mut self) {
        if self.tokens.len() + self.sessions.len() > self.sweep_at.max(SWEEP_EVERY) {
            let now = SystemTime::now();
            self.tokens.retain(|_, until| *until > now);
            self.sessions.retain(|_, until| *until > now);
            self.sweep_at = (self.tokens.len() + self.sessions.len()) * 2;
        }
    }
}

/// The names of a token: issuer, subject, `jti`, `sid` and time of issue.
#[derive(Clone, Copy, Debug)]
pub(super) struct TokenNames<'a> {
    pub(super) issuer: &'a str,
    pub(super) subject: &'a str,
    pub(super) id: Option<&'a str>,
    pub(super) session: Option<&'a str>,
    pub(super) issued_at: Option<Duration>,
}

impl Revocations {
    /// Returns an empty list in the memory of this process.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Returns the list of a store that several processes share. A revocation by another process counts within five
    /// seconds ([`freshness`](Self::freshness)), or as soon as the store [reports](RevocationStore::notify) it. If the
    /// store does not answer, tokens get 503 after that time: an old list is not trusted.
    ///
    /// ```
    /// use auth_runtime::jwt::{Jwt, RevocationStore, Revocations};
    ///
    /// fn with_shared_list(jwt: Jwt, store: impl RevocationStore) -> Jwt {
    ///     jwt.revocations(&Revocations::shared(store))
    /// }
    /// ```
    #[must_use]
    pub fn shared(store: impl RevocationStore) -> Self {
        let shared = Shared { source: Some(RevocationSource::new(store)), ..Shared::default() };
        Self(Arc::new(shared))
    }

    /// Sets how long a shared list is used before it is read again (default: 5 s; at most a minute).
    ///
    /// # Panics
    /// If the list has clones already: they would keep another bound.
    #[must_use]
    pub fn freshness(mut self, bound: Duration) -> Self {
        let shared = Arc::get_mut(&mut self.0).expect("set the freshness before the list is cloned");
        shared.source = shared.source.take().map(|source| source.with_bound(bound));
        self
    }

    /// Revokes tokens. The revocation counts from the next request on in this process.
    ///
    /// # Errors
    /// [`Unavailable`] if the store of a [shared](Self::shared) list does not answer. Then treat the tokens as not
    /// revoked.
    pub async fn revoke(&self, revocation: Revocation) -> Result<(), Unavailable> {
        if let Some(source) = &self.0.source {
            source.revoke(&revocation).await?;
        }
        self.write(|lists| lists.add(revocation));
        Ok(())
    }

    /// How many tokens, sessions and callers are on the list.
    #[must_use]
    pub fn len(&self) -> usize {
        self.read().len()
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

    /// Returns whether the list was read recently. A list in memory always is.
    pub(super) fn is_recent(&self) -> bool {
        self.0.source.as_ref().is_none_or(RevocationSource::is_recent)
    }

    /// Reads the list again if it was not read recently. One request reads it for all others.
    pub(super) async fn refresh(&self) -> Result<(), Unavailable> {
        let Some(source) = &self.0.source else { return Ok(()) };
        let add = |new: Vec<Revocation>| self.write(|lists| new.into_iter().for_each(|entry| lists.add(entry)));
        source.refresh(add).await
    }

    pub(super) fn contains(&self, token: TokenNames<'_>) -> bool {
        let lists = self.read();
        if lists.len() == 0 {
            return false;
        }
        let named = |name: &str| (token.issuer.to_owned(), name.to_owned());
        let is_older = |before: &SystemTime| {
            let before = before.duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
            token.issued_at.is_none_or(|at| at < before)
        };
        token.id.is_some_and(|id| lists.tokens.contains_key(&named(id)))
            || token.session.is_some_and(|session| lists.sessions.contains_key(&named(session)))
            || lists.subjects.get(&named(token.subject)).is_some_and(is_older)
    }

    fn write(&self, change: impl FnOnce(&mut Lists)) {
        let mut lists = self.lock();
        change(&mut lists);
        lists.sweep();
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

/// Says how long the list is, and not what is on it.
impl fmt::Debug for Revocations {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Revocations").field("len", &self.len()).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, SystemTime};

    use super::{Revocation, Revocations, SWEEP_EVERY, TokenNames};

    const ALICE: TokenNames<'_> = TokenNames {
        issuer: "https://a",
        subject: "alice",
        id: Some("1"),
        session: Some("s"),
        issued_at: Some(Duration::from_secs(1000)),
    };

    fn at(seconds: u64) -> SystemTime {
        SystemTime::UNIX_EPOCH + Duration::from_secs(seconds)
    }

    #[tokio::test]
    async fn r40_a_token_is_revoked_by_issuer_and_id() {
        let list = Revocations::new();
        assert!(!list.contains(ALICE) && list.is_empty());
        let before = list.version();
        list.revoke(Revocation::token("https://a", "1", at(2000))).await.unwrap();
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

    #[tokio::test]
    async fn r40_a_caller_is_revoked_by_issuer_subject_and_time() {
        let list = Revocations::new();
        list.revoke(Revocation::subject("https://a", "alice", at(1001))).await.unwrap();
        // An earlier time takes nothing back.
        list.revoke(Revocation::subject("https://a", "alice", at(500))).await.unwrap();
        assert!(list.contains(ALICE) && list.contains(TokenNames { issued_at: None, ..ALICE }));
        for other in [
            TokenNames { issued_at: Some(Duration::from_secs(1001)), ..ALICE },
            TokenNames { issuer: "https://b", ..ALICE },
            TokenNames { subject: "1", ..ALICE },
        ] {
            assert!(!list.contains(other), "{other:?}");
        }
    }

    #[tokio::test]
    async fn r40_a_session_is_revoked_by_issuer_and_sid() {
        let list = Revocations::new();
        list.revoke(Revocation::session("https://a", "s", at(2000))).await.unwrap();
        assert!(list.contains(ALICE) && list.contains(TokenNames { id: None, ..ALICE }));
        for other in [
            TokenNames { issuer: "https://b", ..ALICE },
            TokenNames { session: Some("t"), ..ALICE },
            TokenNames { session: None, id: Some("s"), ..ALICE },
        ] {
            assert!(!list.contains(other), "{other:?}");
        }
    }

    #[tokio::test]
    async fn r40_a_list_of_tokens_that_have_expired_does_not_grow() {
        let list = Revocations::new();
        for id in 0..10 * SWEEP_EVERY {
            list.revoke(Revocation::token("https://a", id.to_string(), at(1000))).await.unwrap();
        }
        assert!(list.len() <= SWEEP_EVERY, "{}", list.len());
        let later = SystemTime::now() + Duration::from_secs(1000);
        for id in 0..2 * SWEEP_EVERY {
            list.revoke(Revocation::token("https://a", id.to_string(), later)).await.unwrap();
        }
        assert!(list.contains(TokenNames { id: Some("0"), ..ALICE }));
        assert!(list.contains(TokenNames { id: Some("2047"), ..ALICE }));
    }
}
