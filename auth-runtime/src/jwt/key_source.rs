//! Where the keys of an issuer come from: fixed, or fetched and renewed.

use std::{sync::Arc, time::Duration};

use super::{
    algorithm::Algorithm,
    error::JwtError,
    key_set::{Candidates, KeySet},
    remote::{self, NoKey, Remote},
};

/// Keys, and what keeps them up to date.
#[derive(Clone, Debug)]
pub(super) struct KeySource {
    pub(super) keys: Arc<KeySet>,
    pub(super) remote: Option<Arc<Remote>>,
}

impl KeySource {
    /// The keys that a token may be signed with, as far as they are known.
    pub(super) fn known(&self, algorithm: Algorithm, kid: Option<&str>, now: Duration) -> Candidates {
        self.keys.candidates(algorithm, kid, now)
    }

    /// The same once more, if the issuer may have published another key for this token meanwhile.
    pub(super) async fn renewed(
        &self,
        algorithm: Algorithm,
        kid: Option<&str>,
        now: Duration,
    ) -> Result<Candidates, NoKey> {
        // A key without a name fits every token, but not the `kid` of a token.
        let is_known = match kid {
            Some(kid) => self.keys.have(algorithm, kid, now),
            None => !self.known(algorithm, kid, now).is_empty(),
        };
        match &self.remote {
            Some(remote) if !is_known => remote::renewed(&self.keys, remote, algorithm, kid, now).await,
            _ => Err(NoKey::Unknown),
        }
    }

    /// Returns why the last fetch of the keys failed.
    pub(super) fn problem(&self) -> Option<Arc<JwtError>> {
        self.remote.as_ref()?.problem()
    }

    /// Waits for the first fetch.
    ///
    /// # Errors
    /// That of the last fetch, if there are no keys.
    pub(super) async fn ready(&self, now: Duration) -> Result<(), JwtError> {
        let Some(remote) = &self.remote else { return Ok(()) };
        remote.first_fetch().await;
        if self.keys.are_there(now) {
            return Ok(());
        }
        Err(remote.problem().map_or_else(|| remote.ended(), |problem| JwtError::clone(&problem)))
    }
}
