//! The keys of buckets: one-way, so that a store learns neither names nor addresses.

use std::{fmt, net::IpAddr};

use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;
use unicode_normalization::{UnicodeNormalization, char::is_combining_mark};

use super::ThrottleError;
use crate::client_ip::ClientAddress;

/// The MAC key without a secret. It is public: it only separates these keys from other hashes of the same names.
const NO_SECRET: &[u8] = b"auth-runtime throttle";
/// 256 bits, as long as the hash (RFC 2104, section 3).
const MIN_SECRET_LEN: usize = 32;
/// In bytes; far more than `normalize_name` of `auth-store` accepts.
pub(crate) const MAX_NAME_LEN: usize = 1024;

/// The key of one [`Bucket`](super::Bucket): 32 bytes.
///
/// It is a MAC of the name and the address. Neither is readable in it, because users type passwords into the field for
/// the name.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct BucketKey([u8; 32]);

impl BucketKey {
    /// Returns the bytes under which a store keeps the bucket.
    #[must_use]
    pub const fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }
}

/// Redacted: without a secret, keys can be brute-forced.
impl fmt::Debug for BucketKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("[key]")
    }
}

/// The three kinds of bucket, each with a limit of its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum BucketKind {
    /// Attempts with one name from one address.
    Pair,
    /// Attempts from one address, whatever the name.
    Address {
        /// Whether the credentials have a name. Failures of API keys have none, and a bucket of their own.
        has_name: bool,
    },
    /// Attempts with one name.
    Name {
        /// Whether the bucket is that of one known address. All other addresses share one bucket.
        is_known: bool,
    },
}

impl BucketKind {
    const fn label(self) -> u8 {
        match self {
            Self::Pair => b'p',
            Self::Address { has_name: true } => b'a',
            Self::Address { has_name: false } => b'f',
            Self::Name { is_known: false } => b'n',
            Self::Name { is_known: true } => b'o',
        }
    }

    /// Returns the name for the log.
    pub(super) const fn as_str(self) -> &'static str {
        match self {
            Self::Pair => "name and address",
            Self::Address { has_name: true } => "address",
            Self::Address { has_name: false } => "failures from an address",
            Self::Name { is_known: false } => "name",
            Self::Name { is_known: true } => "name from a known address",
        }
    }

    const fn has_address(self) -> bool {
        !matches!(self, Self::Name { is_known: false })
    }

    const fn has_name(self) -> bool {
        !matches!(self, Self::Address { .. })
    }
}

/// The four buckets that an attempt may be counted in.
///
/// They are sorted by key: stores lock rows in this order, so that no two transactions wait for each other.
#[derive(Clone, Copy, Debug)]
pub(super) struct AttemptKeys {
    pub(super) sorted: [BucketKey; 4],
    pub(super) kinds: [BucketKind; 4],
    pub(super) pair: BucketKey,
    pub(super) address: BucketKey,
}

/// Derives the keys of buckets.
#[derive(Clone)]
pub(super) struct KeyDerivation {
    mac: Hmac<Sha256>,
    /// Stands before each folded name.
    prefix: &'static str,
}

impl KeyDerivation {
    pub(super) fn new(secret: &[u8]) -> Result<Self, ThrottleError> {
        if secret.len() < MIN_SECRET_LEN {
            return Err(ThrottleError::ShortSecret { length: secret.len() });
        }
        Ok(Self::unchecked(secret))
    }

    /// Takes a secret of any length.
    pub(super) fn unchecked(secret: &[u8]) -> Self {
        let mac = Hmac::new_from_slice(secret).expect("a MAC takes a key of any length");
        Self { mac, prefix: "" }
    }

    /// Returns the same keys for names that are not those of users. No name of an attempt to sign in has one of these
    /// keys, because folding removes control characters.
    #[cfg(feature = "account")]
    pub(super) fn for_other_names(self) -> Self {
        Self { prefix: "\0", ..self }
    }

    fn named(&self, name: &str) -> String {
        format!("{}{}", self.prefix, folded(name))
    }

    /// Returns the keys for an attempt with this name.
    pub(super) fn attempt(&self, client: ClientAddress, name: &str) -> AttemptKeys {
        let name = self.named(name);
        let kinds = [
            BucketKind::Pair,
            BucketKind::Address { has_name: true },
            BucketKind::Name { is_known: false },
            BucketKind::Name { is_known: true },
        ];
        let mut keys = kinds.map(|kind| (self.key(kind, client, &name), kind));
        let [pair, address] = [keys[0].0, keys[1].0];
        keys.sort_unstable_by_key(|(key, _)| *key);
        AttemptKeys { sorted: keys.map(|(key, _)| key), kinds: keys.map(|(_, kind)| kind), pair, address }
    }

    /// Returns the key of the bucket that all unknown addresses share for one name.
    pub(super) fn name(&self, name: &str) -> BucketKey {
        self.key(BucketKind::Name { is_known: false }, ClientAddress::UNKNOWN, &self.named(name))
    }

    /// Returns the key for failures of credentials without a name.
    pub(super) fn failure(&self, client: ClientAddress) -> BucketKey {
        self.key(BucketKind::Address { has_name: false }, client, "")
    }

    /// The label and the address have a fixed length each, so no two inputs have the same encoding.
    fn key(&self, kind: BucketKind, client: ClientAddress, name: &str) -> BucketKey {
        let mut mac = self.mac.clone();
        mac.update(&[kind.label()]);
        if kind.has_address() {
            update_address(&mut mac, client);
        }
        if kind.has_name() {
            mac.update(name.as_bytes());
        }
        BucketKey(mac.finalize().into_bytes().into())
    }
}

impl Default for KeyDerivation {
    fn default() -> Self {
        Self::unchecked(NO_SECRET)
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

/// Returns one spelling for all spellings of a name: without letter case, accents, compatibility forms and invisible
/// characters.
///
/// It folds all that `normalize_name` of `auth-store` folds, and nearly all that the collations of
/// databases fold. Two names with one folded form share their limits, and nothing else.
fn folded(name: &str) -> String {
    if name.len() > MAX_NAME_LEN {
        // Names that are too long share one bucket, which saves the work of folding.
        return String::new();
    }
    let letters = name.nfkd().filter(|c| !is_combining_mark(*c) && !is_invisible(*c));
    // Some letters have a lower case of their own and share their upper case; `ẞ` has no upper case.
    letters.flat_map(char::to_lowercase).flat_map(char::to_uppercase).flat_map(char::to_lowercase).collect()
}

/// Whether LDAP directories and databases ignore a character: white space, controls, and what RFC 4518, section 2.2
/// maps to nothing. The combining ones of that list are removed before.
fn is_invisible(c: char) -> bool {
    let is_format = matches!(
        c,
        '\u{ad}'
            | '\u{600}'..='\u{605}'
            | '\u{61c}'
            | '\u{6dd}'
            | '\u{70f}'
            | '\u{1806}'
            | '\u{180e}'
            | '\u{200b}'..='\u{200f}'
            | '\u{202a}'..='\u{202e}'
            | '\u{2060}'..='\u{206f}'
            | '\u{feff}'
            | '\u{fff9}'..='\u{fffc}'
            | '\u{1d173}'..='\u{1d17a}'
            | '\u{e0000}'..='\u{e0fff}'
    );
    c.is_whitespace() || c.is_control() || is_format
}

#[cfg(test)]
mod tests {
    use std::{collections::HashSet, net::IpAddr};

    use precis_profiles::{UsernameCaseMapped, precis_core::profile::PrecisFastInvocation};

    use super::{BucketKind, ClientAddress, KeyDerivation, ThrottleError, folded};

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

    const KINDS: [BucketKind; 5] = [
        BucketKind::Pair,
        BucketKind::Address { has_name: true },
        BucketKind::Name { is_known: false },
        BucketKind::Name { is_known: true },
        BucketKind::Address { has_name: false },
    ];

    fn from(address: &str) -> ClientAddress {
        address.parse::<IpAddr>().unwrap().into()
    }

    #[test]
    fn r77_all_spellings_of_a_name_have_one_folded_form() {
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

    /// The characters that RFC 4518, section 2.2 maps to nothing, and white space.
    #[test]
    fn r77_what_directories_ignore_changes_no_name() {
        let ignored = [
            0x0..=0x20,
            0x7f..=0xa0,
            0xad..=0xad,
            0x34f..=0x34f,
            0x6dd..=0x6dd,
            0x70f..=0x70f,
            0x1806..=0x1806,
            0x180b..=0x180e,
            0x200b..=0x200f,
            0x202a..=0x202e,
            0x2060..=0x2063,
            0x206a..=0x206f,
            0xfe00..=0xfe0f,
            0xfeff..=0xfeff,
            0xfff9..=0xfffc,
            0x1d173..=0x1d17a,
            0xe0001..=0xe0001,
            0xe0020..=0xe007f,
        ];
        for c in ignored.into_iter().flatten().filter_map(char::from_u32) {
            assert_eq!(folded(&format!("ali{c}ce")), "alice", "{c:?}");
        }
    }

    proptest::proptest! {
        #[test]
        fn r77_names_that_the_store_normalizes_alike_are_folded_alike(name in "\\PC{1,12}") {
            if let Some(known) = normalized(&name) {
                proptest::prop_assert_eq!(folded(&known), folded(&name));
            }
        }
    }

    /// Each character, alone and among others.
    #[test]
    fn r77_no_character_splits_a_normalized_name() {
        for c in '\0'..=char::MAX {
            for name in [c.to_string(), format!("a{c}b")] {
                if let Some(known) = normalized(&name) {
                    assert_eq!(folded(&known), folded(&name), "{name:?}");
                }
            }
        }
    }

    #[test]
    fn r77_names_that_are_too_long_share_one_bucket() {
        assert_eq!(folded(&"a".repeat(1025)), folded(&"b".repeat(1025)));
        assert_ne!(folded(&"a".repeat(1024)), folded(&"b".repeat(1024)));
    }

    #[test]
    fn r76_an_ipv6_network_counts_as_one_address() {
        let keys = KeyDerivation::default();
        let of = |address| keys.attempt(from(address), "alice").pair;
        assert_eq!(of("2001:db8:1:2::1"), of("2001:db8:1:2:ffff:ffff:ffff:ffff"));
        assert_ne!(of("2001:db8:1:2::1"), of("2001:db8:1:3::1"));
        assert_ne!(of("192.0.2.1"), of("192.0.2.2"));
        assert_eq!(of("192.0.2.1"), of("::ffff:192.0.2.1"));
    }

    #[test]
    fn every_bucket_has_a_key_of_its_own() {
        let keys = KeyDerivation::default();
        let clients = [ClientAddress::UNKNOWN, from("192.0.2.1"), from("c000:201::"), from("::"), from("0.0.0.0")];
        let mut seen = HashSet::new();
        for client in clients {
            for name in ["", "alice", "\u{1}alice", "192.0.2.1"] {
                for kind in KINDS {
                    seen.insert(keys.key(kind, client, &folded(name)));
                }
            }
        }
        // "alice" with a control character is folded to "alice". Some keys depend on the name alone or the address
        // alone.
        let (clients, names) = (5, 3);
        assert_eq!(seen.len(), 2 * clients * names + names + 2 * clients);
    }

    #[test]
    fn keys_are_sorted_together_with_their_kinds() {
        let maker = KeyDerivation::default();
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
    fn keys_depend_on_the_secret() {
        let [one, other] = [b"0Zr9Pq4cWv1XsT7uKb3Ln6Yd8Gf2HjMa", b"1Zr9Pq4cWv1XsT7uKb3Ln6Yd8Gf2HjMa"]
            .map(|secret| KeyDerivation::new(secret).unwrap().failure(ClientAddress::UNKNOWN));
        assert_ne!(one, other);
        assert_ne!(one, KeyDerivation::default().failure(ClientAddress::UNKNOWN));
        assert_eq!(KeyDerivation::new(&[0; 31]).err(), Some(ThrottleError::ShortSecret { length: 31 }));
        assert_eq!(format!("{one:?}"), "[key]");
    }
}
