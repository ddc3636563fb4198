//! What is counted together, as a key that does not tell what it is.

use std::{fmt, net::IpAddr};

use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;
use unicode_normalization::{UnicodeNormalization, char::is_combining_mark};

use super::ThrottleError;
use crate::client_ip::ClientAddress;

/// Without a secret: it keeps keys apart from hashes that others make of the same names, and nothing secret.
const NO_SECRET: &[u8] = b"auth-runtime throttle";
/// 256 bits, as long as the hash (RFC 2104, section 3).
const MIN_SECRET_LEN: usize = 32;
/// In bytes; far beyond what `normalize_name` of `auth-store` takes.
const LONGEST_NAME: usize = 1024;

/// Names one [`Bucket`](super::Bucket): 32 bytes.
///
/// It is a MAC of address and name. Neither stands in it, as people type passwords into the field for the name.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Key([u8; 32]);

impl Key {
    /// As a store keeps it.
    #[must_use]
    pub const fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }
}

/// It can be guessed of what it is, if it was made without a secret.
impl fmt::Debug for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("[key]")
    }
}

/// What is counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Kind {
    /// Attempts with one name from one address.
    Pair,
    /// Attempts from one address.
    Address,
    /// Attempts with one name, from all addresses that it is not known to sign in from.
    Name,
    /// The same from one address that it is known to sign in from.
    Own,
    /// Failures from one address where there are no names.
    Failure,
}

impl Kind {
    const fn label(self) -> u8 {
        match self {
            Self::Pair => b'p',
            Self::Address => b'a',
            Self::Name => b'n',
            Self::Own => b'o',
            Self::Failure => b'f',
        }
    }

    /// For the log.
    pub(super) const fn as_str(self) -> &'static str {
        match self {
            Self::Pair => "name and address",
            Self::Address => "address",
            Self::Name => "name",
            Self::Own => "name from a known address",
            Self::Failure => "failures from an address",
        }
    }
}

/// What one attempt is counted in, by key: stores that lock rows do it in this order, so that no two of them wait for
/// each other.
#[derive(Clone, Copy, Debug)]
pub(super) struct Keys {
    pub(super) sorted: [Key; 4],
    pub(super) kinds: [Kind; 4],
    pub(super) pair: Key,
    pub(super) address: Key,
}

/// Makes keys.
#[derive(Clone)]
pub(super) struct KeyMaker(Hmac<Sha256>);

impl KeyMaker {
    pub(super) fn new(secret: &[u8]) -> Result<Self, ThrottleError> {
        if secret.len() < MIN_SECRET_LEN {
            return Err(ThrottleError::ShortSecret { length: secret.len() });
        }
        Ok(Self::of(secret))
    }

    pub(super) fn of(secret: &[u8]) -> Self {
        Self(Hmac::new_from_slice(secret).expect("a MAC takes a key of any length"))
    }

    /// For an attempt of somebody of this name.
    pub(super) fn attempt(&self, client: ClientAddress, name: &str) -> Keys {
        let name = folded(name);
        let mut keys =
            [Kind::Pair, Kind::Address, Kind::Name, Kind::Own].map(|kind| (self.key(kind, client, &name), kind));
        let [pair, address] = [keys[0].0, keys[1].0];
        keys.sort_unstable_by_key(|(key, _)| *key);
        Keys { sorted: keys.map(|(key, _)| key), kinds: keys.map(|(_, kind)| kind), pair, address }
    }

    /// For all that is tried with one name.
    pub(super) fn name(&self, name: &str) -> Key {
        self.key(Kind::Name, ClientAddress::UNKNOWN, &folded(name))
    }

    /// For a failure of somebody without a name.
    pub(super) fn failure(&self, client: ClientAddress) -> Key {
        self.key(Kind::Failure, client, "")
    }

    /// Label and address say by themselves where they end, so no two kinds, addresses or names are taken for another.
    fn key(&self, kind: Kind, client: ClientAddress, name: &str) -> Key {
        let mut mac = self.0.clone();
        mac.update(&[kind.label()]);
        if kind != Kind::Name {
            update_address(&mut mac, client);
        }
        if !matches!(kind, Kind::Address | Kind::Failure) {
            mac.update(name.as_bytes());
        }
        Key(mac.finalize().into_bytes().into())
    }
}

impl Default for KeyMaker {
    fn default() -> Self {
        Self::of(NO_SECRET)
    }
}

fn update_address(mac: &mut Hmac<Sha256>, client: ClientAddress) {
    match client.network() {
        None => mac.update(&[0]),
        Some(IpAddr::V4(address)) => {
            mac.update(&[4]);
            mac.update(&address.octets());
        }
        Some(IpAddr::V6(address)) => {
            mac.update(&[6]);
            mac.update(&address.octets()[..8]);
        }
    }
}

/// One spelling for all that `normalize_name` of `auth-store` takes for one name, and nearly all that
/// databases do: without letter case, accents, compatibility forms, and what cannot be seen. Two names that become one
/// share their limits, and nothing else.
fn folded(name: &str) -> String {
    if name.len() > LONGEST_NAME {
        // Nobody's name, and all of them together are one: to fold them would be the work.
        return String::new();
    }
    let letters = name.nfkd().filter(|c| !is_combining_mark(*c) && !is_unseen(*c));
    // Some letters have a lower case of their own and one upper case with others, and `ẞ` has none above it.
    letters.flat_map(char::to_lowercase).flat_map(char::to_uppercase).flat_map(char::to_lowercase).collect()
}

fn is_unseen(c: char) -> bool {
    let is_format = matches!(c, '\u{ad}' | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}');
    c.is_whitespace() || c.is_control() || is_format
}

#[cfg(test)]
mod tests {
    use std::{collections::HashSet, net::IpAddr};

    use precis_profiles::{UsernameCaseMapped, precis_core::profile::PrecisFastInvocation};

    use super::{ClientAddress, KeyMaker, Kind, ThrottleError, folded};

    /// Returns the spelling that the stores of `auth-store` keep (RFC 8265, section 3.3).
    fn normalized(name: &str) -> Option<String> {
        let mut known = name.to_owned();
        for _ in 0..3 {
            let parts: Result<Vec<_>, _> = known.split(' ').map(UsernameCaseMapped::enforce).collect();
            let enforced = parts.ok()?.join(" ");
            if enforced == known {
                return Some(known);
            }
            known = enforced;
        }
        None
    }

    const KINDS: [Kind; 5] = [Kind::Pair, Kind::Address, Kind::Name, Kind::Own, Kind::Failure];

    fn from(address: &str) -> ClientAddress {
        address.parse::<IpAddr>().unwrap().into()
    }

    #[test]
    fn r77_every_spelling_of_a_name_is_one_name() {
        for (one, other) in [
            ("alice", "ALICE"),
            ("alice", "Ａｌｉｃｅ"),
            ("alice", " alice\t"),
            ("alice", "ali\u{200b}ce\0"),
            ("alice", "ali\u{ad}ce"),
            ("alice", "a\u{301}lice"),
            ("alice", "álicé"),
            ("müller", "mu\u{308}ller"),
            ("straße", "STRASSE"),
            ("straße", "STRAẞE"),
            ("ſmith", "smith"),
            ("Σίσυφος", "σίσυφοσ"),
            ("İstanbul", "istanbul"),
            ("K\u{212a}", "kk"),
            ("ﬁn", "FIN"),
        ] {
            assert_eq!(folded(one), folded(other), "{one:?} {other:?}");
        }
        for (one, other) in [("alice", "bob"), ("alice", "alice2"), ("a@b.example", "a@c.example"), ("a.b", "ab")] {
            assert_ne!(folded(one), folded(other), "{one:?} {other:?}");
        }
    }

    proptest::proptest! {
        #[test]
        fn r77_what_is_one_name_to_the_store_is_one_name_here(name in "\\PC{1,12}") {
            if let Some(known) = normalized(&name) {
                proptest::prop_assert_eq!(folded(&known), folded(&name));
            }
        }
    }

    /// Each character, alone and among others.
    #[test]
    fn r77_no_character_makes_two_names_of_one() {
        for c in '\0'..=char::MAX {
            for name in [c.to_string(), format!("a{c}b")] {
                if let Some(known) = normalized(&name) {
                    assert_eq!(folded(&known), folded(&name), "{name:?}");
                }
            }
        }
    }

    #[test]
    fn r77_names_that_are_too_long_are_one_and_cost_nothing() {
        assert_eq!(folded(&"a".repeat(1025)), folded(&"b".repeat(1025)));
        assert_ne!(folded(&"a".repeat(1024)), folded(&"b".repeat(1024)));
    }

    #[test]
    fn r76_an_ipv6_network_is_one_address() {
        let keys = KeyMaker::default();
        let of = |address| keys.attempt(from(address), "alice").pair;
        assert_eq!(of("2001:db8:1:2::1"), of("2001:db8:1:2:ffff:ffff:ffff:ffff"));
        assert_ne!(of("2001:db8:1:2::1"), of("2001:db8:1:3::1"));
        assert_ne!(of("192.0.2.1"), of("192.0.2.2"));
        assert_eq!(of("192.0.2.1"), of("::ffff:192.0.2.1"));
    }

    #[test]
    fn no_two_things_that_are_counted_have_one_key() {
        let keys = KeyMaker::default();
        let clients = [ClientAddress::UNKNOWN, from("192.0.2.1"), from("c000:201::"), from("::"), from("0.0.0.0")];
        let mut seen = HashSet::new();
        for client in clients {
            for name in ["", "alice", "\u{1}alice", "192.0.2.1"] {
                for kind in KINDS {
                    seen.insert(keys.key(kind, client, &folded(name)));
                }
            }
        }
        // "alice" has one control character less than it seems; names alone and addresses alone are the same each time.
        let (clients, names) = (5, 3);
        assert_eq!(seen.len(), 2 * clients * names + names + 2 * clients);
    }

    #[test]
    fn keys_are_sorted_with_what_they_are_of() {
        let maker = KeyMaker::default();
        for name in ["alice", "bob", "carol", "dave"] {
            let keys = maker.attempt(ClientAddress::UNKNOWN, name);
            assert!(keys.sorted.is_sorted());
            for (key, kind) in keys.sorted.iter().zip(keys.kinds) {
                assert_eq!(*key, maker.key(kind, ClientAddress::UNKNOWN, name));
            }
            assert!(keys.sorted.contains(&keys.pair));
        }
    }

    #[test]
    fn with_a_secret_nobody_else_makes_the_same_keys() {
        let [one, other] = [b"0Zr9Pq4cWv1XsT7uKb3Ln6Yd8Gf2HjMa", b"1Zr9Pq4cWv1XsT7uKb3Ln6Yd8Gf2HjMa"]
            .map(|secret| KeyMaker::new(secret).unwrap().failure(ClientAddress::UNKNOWN));
        assert_ne!(one, other);
        assert_ne!(one, KeyMaker::default().failure(ClientAddress::UNKNOWN));
        assert_eq!(KeyMaker::new(&[0; 31]).err(), Some(ThrottleError::ShortSecret { length: 31 }));
        assert_eq!(format!("{one:?}"), "[key]");
    }
}
