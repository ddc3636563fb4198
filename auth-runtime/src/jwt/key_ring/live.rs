//! The keys of a ring in a running process. The task that fetches the keys of an issuer reads the store instead.

use std::{fmt, sync::Arc, time::Duration, time::SystemTime};

use arc_swap::ArcSwapOption;
use poem::http::Response;
use tokio::time::Instant;

use super::{KeyRing, KeyRingError, KeyState, SigningKeyStore};
use crate::{
    authenticate::Unavailable,
    jwt::{
        error::JwtError,
        key::signing::{self, SigningKey},
        key_set::KeySet,
        key_source::KeySource,
        remote::{
            Remote, RemoteKeys,
            fetch::{Fetch, FetchRequest},
        },
        stale::StaleHandle,
    },
};

/// How old the keys of a process may be before it reads the store: it does so at 0.8 of this time.
pub(super) const FRESHNESS: Duration = Duration::from_secs(30);
/// For how long keys are used if the store does not answer, beyond the [`FRESHNESS`].
const STALE_FOR: Duration = Duration::from_secs(30);
/// The name of the keys in the log.
const NAME: &str = "key ring";
/// The task asks an address. This one does not exist (RFC 2606, section 2), and is not called.
const ADDRESS: &str = "https://key-ring.invalid/";

/// The keys of a ring, kept up to date.
#[derive(Clone)]
pub(in crate::jwt) struct LiveKeys {
    snapshot: Arc<ArcSwapOption<Snapshot>>,
    source: KeySource,
}

/// The keys as the store had them.
struct Snapshot {
    /// The keys that verify, in the order in which they sign, with the time from when on they do.
    keys: Vec<(Arc<SigningKey>, SystemTime)>,
    jwks: String,
    read_at: Instant,
}

impl LiveKeys {
    /// Reads the keys, makes the first one if there is none, and starts the task.
    pub(in crate::jwt) async fn start<S: SigningKeyStore>(ring: KeyRing<S>) -> Result<Self, KeyRingError> {
        ring.add_first().await?;
        let changes = StaleHandle::new();
        ring.store.notify(changes.clone());
        let snapshot = Arc::new(ArcSwapOption::empty());
        let reader = Reader { ring, snapshot: Arc::clone(&snapshot) };
        // Before the task, whose errors are not those of the store.
        reader.read().await?;
        let settings =
            RemoteKeys::jwks_url(ADDRESS)?.ttl(FRESHNESS).stale_for(STALE_FOR).fetcher(reader).of_store(NAME, changes);
        let keys = Arc::new(KeySet::none());
        let remote = Remote::start(settings, Arc::clone(&keys))?;
        remote.first_fetch().await;
        Ok(Self { snapshot, source: KeySource { keys, remote: Some(remote) } })
    }

    /// Returns the keys to verify with.
    pub(in crate::jwt) fn source(&self) -> KeySource {
        self.source.clone()
    }

    /// Returns the key that signs now.
    pub(in crate::jwt) fn signing(&self) -> Result<Arc<SigningKey>, JwtError> {
        let (snapshot, now) = (self.recent()?, SystemTime::now());
        let signs = snapshot.keys.iter().rev().find(|(_, signs_from)| *signs_from <= now);
        signs.map(|(key, _)| Arc::clone(key)).ok_or_else(|| old("none of them signs now"))
    }

    /// Returns the public keys.
    pub(in crate::jwt) fn jwks(&self) -> Result<String, JwtError> {
        self.recent().map(|snapshot| snapshot.jwks.clone())
    }

    fn recent(&self) -> Result<Arc<Snapshot>, JwtError> {
        let snapshot = self.snapshot.load_full().filter(|keys| keys.read_at.elapsed() < FRESHNESS + STALE_FOR);
        snapshot.ok_or_else(|| old("the store does not answer"))
    }
}

fn old(reason: &str) -> JwtError {
    JwtError::KeysNotFetched { issuer: NAME.to_owned(), reason: reason.to_owned() }
}

/// Shows nothing of the keys.
impl fmt::Debug for LiveKeys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("LiveKeys").finish_non_exhaustive()
    }
}

/// Reads the store.
struct Reader<S> {
    ring: KeyRing<S>,
    snapshot: Arc<ArcSwapOption<Snapshot>>,
}

impl<S: SigningKeyStore> Reader<S> {
    async fn read(&self) -> Result<String, KeyRingError> {
        let read_at = Instant::now();
        let mut keys = Vec::new();
        for (record, state) in self.ring.list().await?.into_iter().filter(|(_, state)| state.verifies()) {
            match self.ring.open(&record) {
                Ok(key) => keys.push((Arc::new(key), record.signs_from)),
                // Without the key that signs, nothing works. Without an older one, its tokens are refused.
                Err(error) if state == KeyState::Signing => return Err(error),
                Err(error) => tracing::warn!(%error, key = record.id, "signing key ignored"),
            }
        }
        let jwks = signing::jwks(keys.iter().map(|(key, _)| &**key));
        self.snapshot.store(Some(Arc::new(Snapshot { keys, jwks: jwks.clone(), read_at })));
        Ok(jwks)
    }
}

impl<S: SigningKeyStore> Fetch for Reader<S> {
    async fn get(&self, _: &FetchRequest<'_>) -> Result<Response<Vec<u8>>, Unavailable> {
        let jwks = self.read().await.map_err(Unavailable::new)?;
        Ok(Response::new(jwks.into_bytes()))
    }
}
