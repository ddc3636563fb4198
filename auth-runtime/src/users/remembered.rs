//! Passwords that were verified a moment ago, so that not every request of one caller costs a hash.

use std::{fmt, net::IpAddr, time::Duration};

use hmac::{Hmac, KeyInit, Mac};
use quick_cache::{Equivalent, sync::Cache};
use sha2::Sha256;
use subtle::ConstantTimeEq;

use crate::client::ClientAddress;

const CAPACITY: usize = 10_000;

/// What was verified, for a short time: no passwords, but the hash that the store has anyway, and a MAC, whose key
/// exists in this process only. Only what was verified comes in, so no flood of others drives anything out.
pub(super) struct Remembered {
    key: Hmac<Sha256>,
    time: Duration,
    proofs: Cache<Sender, Proof>,
}

/// Who has sent it, and from where: another address has to prove it anew. Otherwise whoever guesses would be told that
/// they are right where the throttle lets them try no more.
#[derive(Clone, PartialEq, Eq, Hash)]
struct Sender<N = Box<str>> {
    network: Option<IpAddr>,
    name: N,
}

impl<'a> Sender<&'a str> {
    const fn of(name: &'a str, client: ClientAddress) -> Self {
        Self { network: client.network(), name }
    }

    fn kept(self) -> Sender {
        Sender { network: self.network, name: self.name.into() }
    }
}

impl Equivalent<Sender> for Sender<&str> {
    fn equivalent(&self, kept: &Sender) -> bool {
        self.network == kept.network && self.name == &*kept.name
    }
}

/// That a password and a stored hash were seen together, and went together.
#[derive(Clone)]
pub(super) struct Proof {
    mac: [u8; 32],
    hash: Box<str>,
    /// In time since 1970.
    until: Duration,
}

impl Remembered {
    /// Remembers for so long; `None` without time, and without randomness for the key.
    pub(super) fn new(time: Duration) -> Option<Self> {
        if time.is_zero() {
            return None;
        }
        let mut key = [0; 32];
        if let Err(error) = getrandom::fill(&mut key) {
            tracing::warn!(%error, "no randomness: each request with a password costs a hash");
            return None;
        }
        Some(Self { key: Hmac::new_from_slice(&key).ok()?, time, proofs: Cache::new(CAPACITY) })
    }

    /// The stored hash by which this password of this user was verified. It counts as long as the user has that hash: a
    /// new password is a new hash, and ends what was remembered of the old one.
    ///
    /// Who sends another password takes the proof away, before they are told anything: it comes [back](Self::put_back) when
    /// their attempt has counted. Otherwise whoever may try no more could go on to ask, and would be told at once that they
    /// are right.
    pub(super) fn compare(
        &self,
        username: &str,
        password: &str,
        client: ClientAddress,
        now: Duration,
    ) -> Result<Box<str>, Option<Proof>> {
        let sender = Sender::of(username, client);
        match self.seen(&sender, password, now) {
            Some(hash) => Ok(hash),
            None => Err(self.proofs.remove(&sender).map(|(_, proof)| proof)),
        }
    }

    /// The same of an attempt that counts anyway.
    pub(super) fn hash(
        &self,
        username: &str,
        password: &str,
        client: ClientAddress,
        now: Duration,
    ) -> Option<Box<str>> {
        self.seen(&Sender::of(username, client), password, now)
    }

    fn seen(&self, sender: &Sender<&str>, password: &str, now: Duration) -> Option<Box<str>> {
        // Whether there is a proof takes no time that could be seen.
        let mac = self.mac(password);
        let proof = self.proofs.get(sender)?;
        // Earlier than it was made is a clock that was set back.
        let is_now = now < proof.until && proof.until <= now.saturating_add(self.time);
        (is_now && mac.ct_eq(&proof.mac).into()).then_some(proof.hash)
    }

    pub(super) fn insert(&self, username: &str, password: &str, hash: &str, client: ClientAddress, now: Duration) {
        let until = now.saturating_add(self.time);
        let proof = Proof { mac: self.mac(password), hash: hash.into(), until };
        self.proofs.insert(Sender::of(username, client).kept(), proof);
    }

    /// Gives a proof back that was taken, unless there is a newer one.
    pub(super) fn put_back(&self, username: &str, client: ClientAddress, proof: Proof) {
        let sender = Sender::of(username, client);
        if self.proofs.get(&sender).is_none() {
            self.proofs.insert(sender.kept(), proof);
        }
    }

    fn mac(&self, password: &str) -> [u8; 32] {
        let mut mac = self.key.clone();
        mac.update(password.as_bytes());
        mac.finalize().into_bytes().into()
    }
}

impl fmt::Debug for Remembered {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Remembered").field("time", &self.time).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::Remembered;
    use crate::client::ClientAddress;

    impl Remembered {
        fn contains(&self, username: &str, password: &str, hash: &str, now: Duration) -> bool {
            self.hash(username, password, HERE, now).as_deref() == Some(hash)
        }
    }

    const HERE: ClientAddress = ClientAddress::UNKNOWN;
    const NOW: Duration = Duration::from_hours(500_000);
    const MINUTE: Duration = Duration::from_mins(1);

    #[test]
    fn r51_what_is_remembered_is_of_name_password_and_hash() {
        let seen = Remembered::new(MINUTE).unwrap();
        seen.insert("alice", "password", "hash", HERE, NOW);
        assert!(seen.contains("alice", "password", "hash", NOW));
        for (name, password, hash) in [
            ("bob", "password", "hash"),
            ("alice", "Password", "hash"),
            ("alice", "", "hash"),
            ("alice", "password", "hash2"),
            ("alicep", "assword", "hash"),
            ("alice", "passwordh", "ash"),
        ] {
            assert!(!seen.contains(name, password, hash, NOW), "{name} {password} {hash}");
        }
        seen.insert("alice", "another", "hash2", HERE, NOW);
        assert!(!seen.contains("alice", "password", "hash", NOW) && seen.contains("alice", "another", "hash2", NOW));
    }

    #[test]
    fn r51_what_is_remembered_is_of_this_process() {
        let (here, there) = (Remembered::new(MINUTE).unwrap(), Remembered::new(MINUTE).unwrap());
        assert_ne!(here.mac("password"), there.mac("password"));
    }

    #[test]
    fn r51_what_was_verified_is_forgotten_in_time() {
        let seen = Remembered::new(MINUTE).unwrap();
        seen.insert("alice", "password", "hash", HERE, NOW);
        for (seconds, is_known) in [(0, true), (59, true), (60, false), (-1, false)] {
            let then = Duration::from_secs(NOW.as_secs().saturating_add_signed(seconds));
            assert_eq!(seen.contains("alice", "password", "hash", then), is_known, "{seconds}");
        }
        assert!(Remembered::new(Duration::ZERO).is_none());
    }

    #[test]
    fn r51_what_is_remembered_is_bounded() {
        let seen = Remembered::new(MINUTE).unwrap();
        for number in 0..2 * super::CAPACITY {
            seen.insert(&number.to_string(), "password", "hash", HERE, NOW);
        }
        assert!(seen.proofs.len() <= super::CAPACITY);
    }
}
