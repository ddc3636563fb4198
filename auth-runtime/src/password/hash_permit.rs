//! The permission to verify or to hash one password, beside the async executor.

use std::sync::Arc;

use secrecy::{ExposeSecret, SecretString};
use tokio::task::spawn_blocking;

use super::{
    PasswordError, block_buffer::BlockBuffer, hasher::PasswordHasher, low_priority::at_low_priority, pool::PoolPermit,
    verify::Verified,
};
use crate::authenticate::Unavailable;

/// The permission to verify or to hash one password.
pub(crate) struct HashPermit {
    hasher: Arc<PasswordHasher>,
    permit: PoolPermit,
}

impl HashPermit {
    pub(super) const fn new(hasher: Arc<PasswordHasher>, permit: PoolPermit) -> Self {
        Self { hasher, permit }
    }

    /// Compares a password with a stored hash. Without a hash the password is wrong, after as much work.
    pub(crate) async fn verify(self, password: SecretString, hash: Option<String>) -> Result<Verified, Unavailable> {
        self.compute(move |hasher, memory| hasher.verify(password.expose_secret(), hash.as_deref(), memory))
            .await?
            .map_err(Unavailable::new)
    }

    /// Hashes a password that was checked before.
    pub(super) async fn hash(self, password: SecretString) -> Result<String, PasswordError> {
        self.compute(move |hasher, memory| hasher.hash(password.expose_secret(), memory)).await?
    }

    async fn compute<T: Send + 'static>(
        self,
        work: impl FnOnce(&PasswordHasher, &mut BlockBuffer) -> T + Send + 'static,
    ) -> Result<T, Unavailable> {
        let work = move || {
            let mut memory = self.permit.buffer(self.hasher.blocks());
            let done = work(&self.hasher, &mut memory);
            drop(memory);
            // Returned here, because a dropped request does not end the work.
            drop(self.permit);
            done
        };
        // A thread of the runtime waits, so that a paused clock of a test stands still meanwhile.
        spawn_blocking(move || at_low_priority(work)).await.map_err(Unavailable::new)?.map_err(Unavailable::new)
    }
}
