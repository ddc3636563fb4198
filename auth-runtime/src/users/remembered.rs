//! Passwords that were verified a moment ago, so that not every request of one caller costs a hash.

use std::{fmt, net::IpAddr, time::Duration};

use hmac::{Hmac, KeyInit, Mac};
use quick_cache::{Equivalent, sync::Cache};
use sha2::Sha256;
use subtle::ConstantTimeEq;

use crate::client_ip::ClientAddress;

const CAPACITY: usize = 10_000;

/// For how long nothing is remembered of who has sent another password that was not counted: as the longest pause of a
/// throttle.
const TAKEN_FOR: Duration = Duration::from_mins(15);

/// What was verified, for a short time: no passwords, but the hash that the store has anyway, and a MAC, whose key
/// exists in this process only. Only what was verified comes in, so no flood of others drives anything out.
///
/// It lets nobody guess on whom the throttle refuses: who sends another password [takes](Self::compare) the proof away,
/// before they are told anything, and it comes back when their attempt has counted. If that does not, as it was refused or
/// given up, nothing is remembered of this sender for a while.
pub(super) struct Remembered {
    key: Hmac<Sha256>,
    time: Duration,
    slots: Cache<Sender, Slot>,
}

/// A user name and a password, as they came.
#[derive(Clone, Copy)]
pub(super) struct Sent<'a> {
    pub(super) username: &'a str,
    pub(super) password: &'a str,
    pub(super) client: ClientAddress,
    /// In time since 1970.
    pub(super) now: Duration,
}

/// Who has sent it, and from where: another address has to prove it anew.
#[derive(Clone, PartialEq, Eq, Hash)]
struct Sender<N = Box<str>> {
    network: Option<IpAddr>,
    name: N,
}

impl<'a> Sender<&'a str> {
    const fn of(sent: &Sent<'a>) -> Self {
        Self { network: sent.client.network(), name: sent.username }
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

#[derive(Clone)]
enum Slot {
    Proof(Proof),
    Taken { until: Duration },
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
        Some(Self { key: Hmac::new_from_slice(&key).ok()?, time, slots: Cache::new(CAPACITY) })
    }

    /// The stored hash by which this password of this user was verified. It counts as long as the user has that hash: a
    /// new password is a new hash, and ends what was remembered of the old one.
    ///
    /// # Errors
    /// What was taken away of another password, if there was any.
    pub(super) fn compare(&self, sent: &Sent<'_>) -> Result<Box<str>, Option<Proof>> {
        let proof = match self.seen(sent) {
            Err(Some(proof)) => proof,
            seen => return seen,
        };
        let until = sent.now.saturating_add(TAKEN_FOR);
        self.slots.insert(Sender::of(sent).kept(), Slot::Taken { until });
        Err(Some(proof))
    }

    /// The same of an attempt that counts anyway.
    pub(super) fn hash(&self, sent: &Sent<'_>) -> Option<Box<str>> {
        self.seen(sent).ok()
    }

    /// The hash, or the proof of another password that is remembered.
    fn seen(&self, sent: &Sent<'_>) -> Result<Box<str>, Option<Proof>> {
        // Whether there is a proof takes no time that could be seen.
        let mac = self.mac(sent.password);
        let Some(Slot::Proof(proof)) = self.slots.get(&Sender::of(sent)) else { return Err(None) };
        if !is_now(proof.until, sent.now, self.time) {
            return Err(None);
        }
        if mac.ct_eq(&proof.mac).into() { Ok(proof.hash) } else { Err(Some(proof)) }
    }

    /// Remembers what was verified; not if somebody else has taken what was remembered, and that has not counted.
    pub(super) fn insert(&self, sent: &Sent<'_>, hash: &str, has_taken: bool) {
        let sender = Sender::of(sent);
        match self.slots.get(&sender) {
            Some(Slot::Taken { until }) if !has_taken && is_now(until, sent.now, TAKEN_FOR) => {}
            _ => {
                let until = sent.now.saturating_add(self.time);
                let proof = Proof { mac: self.mac(sent.password), hash: hash.into(), until };
                self.slots.insert(sender.kept(), Slot::Proof(proof));
            }
        }
    }

    /// Gives back what was taken, as the attempt has counted.
    pub(super) fn put_back(&self, sent: &Sent<'_>, proof: Proof) {
        self.slots.insert(Sender::of(sent).kept(), Slot::Proof(proof));
    }

    fn mac(&self, password: &str) -> [u8; 32] {
        let mut mac = self.key.clone();
        mac.update(password.as_bytes());
        mac.finalize().into_bytes().into()
    }
}

/// Whether it is before that time; a time that is further away than it can be is of a clock that was set back.
fn is_now(until: Duration, now: Duration, longest: Duration) -> bool {
    now < until && until <= now.saturating_add(longest)
}

impl fmt::Debug for Remembered {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Remembered").field("time", &self.time).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::{Remembered, Sent, TAKEN_FOR};
    use crate::client_ip::ClientAddress;

    impl Remembered {
        fn contains(&self, username: &str, password: &str, hash: &str, now: Duration) -> bool {
            self.hash(&sent(username, password, now)).as_deref() == Some(hash)
        }
    }

    const fn sent<'a>(username: &'a str, password: &'a str, now: Duration) -> Sent<'a> {
        Sent { username, password, client: ClientAddress::UNKNOWN, now }
    }

    const NOW: Duration = Duration::from_hours(500_000);
    const MINUTE: Duration = Duration::from_mins(1);

    #[test]
    fn r51_what_is_remembered_is_of_name_password_and_hash() {
        let seen = Remembered::new(MINUTE).unwrap();
        seen.insert(&sent("alice", "password", NOW), "hash", false);
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
        seen.insert(&sent("alice", "another", NOW), "hash2", false);
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
        seen.insert(&sent("alice", "password", NOW), "hash", false);
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
            seen.insert(&sent(&number.to_string(), "password", NOW), "hash", false);
        }
        assert!(seen.slots.len() <= super::CAPACITY);
    }

    #[test]
    fn r76_what_was_taken_comes_back_when_it_has_counted_and_else_not_for_a_while() {
        let seen = Remembered::new(MINUTE).unwrap();
        seen.insert(&sent("alice", "password", NOW), "hash", false);
        let proof = seen.compare(&sent("alice", "guess", NOW)).unwrap_err();
        assert!(proof.is_some() && !seen.contains("alice", "password", "hash", NOW));
        // Nobody else has it, nor is it made anew by the owner meanwhile.
        assert!(seen.compare(&sent("alice", "password", NOW)).unwrap_err().is_none());
        seen.insert(&sent("alice", "password", NOW), "hash", false);
        assert!(!seen.contains("alice", "password", "hash", NOW));
        seen.put_back(&sent("alice", "guess", NOW), proof.unwrap());
        assert!(seen.contains("alice", "password", "hash", NOW));

        assert!(seen.compare(&sent("alice", "guess", NOW)).is_err());
        for (later, is_made) in [(Duration::from_mins(14), false), (TAKEN_FOR, true)] {
            let then = NOW + later;
            seen.insert(&sent("alice", "password", then), "hash", false);
            assert_eq!(seen.contains("alice", "password", "hash", then), is_made, "{later:?}");
        }
        // Who has taken it, and was right, has another password now.
        let then = NOW + TAKEN_FOR;
        assert!(seen.compare(&sent("alice", "another", then)).unwrap_err().is_some());
        seen.insert(&sent("alice", "another", then), "hash2", true);
        assert!(seen.contains("alice", "another", "hash2", then));
    }

    #[test]
    fn r51_what_is_over_is_nothing_to_take() {
        let seen = Remembered::new(MINUTE).unwrap();
        seen.insert(&sent("alice", "password", NOW), "hash", false);
        let then = NOW + MINUTE;
        assert!(seen.compare(&sent("alice", "guess", then)).unwrap_err().is_none());
        seen.insert(&sent("alice", "password", then), "hash", false);
        assert!(seen.contains("alice", "password", "hash", then));
    }
}
