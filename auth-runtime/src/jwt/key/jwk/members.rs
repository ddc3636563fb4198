//! Reads the members of a JWK: which are absent, and which only need to be present.

use std::fmt;

use serde::{
    Deserialize, Deserializer,
    de::{IgnoredAny, MapAccess, SeqAccess, Visitor},
};
use serde_json::value::RawValue;
use zeroize::Zeroizing;

/// Whether a member has a value. The value itself is not kept.
#[derive(Clone, Copy, Default)]
pub(super) struct Presence(pub(super) bool);

/// Reads a member; `null` and an empty value count as absent.
pub(super) fn filled<'de, T: Deserialize<'de> + Filled, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<Option<T>, D::Error> {
    Ok(Option::<T>::deserialize(deserializer)?.filter(Filled::is_filled))
}

/// Reads the member `issuer`, which is no part of RFC 7517. A value that is no text is read as an empty text, which is
/// the name of no issuer.
pub(super) fn issuer<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<String>, D::Error> {
    let value = Option::<Box<RawValue>>::deserialize(deserializer)?;
    Ok(value.map(|value| serde_json::from_str(value.get()).unwrap_or_default()))
}

pub(super) trait Filled {
    fn is_filled(&self) -> bool;
}

impl Filled for String {
    fn is_filled(&self) -> bool {
        !self.is_empty()
    }
}

impl Filled for Zeroizing<String> {
    fn is_filled(&self) -> bool {
        !self.is_empty()
    }
}

impl Filled for Vec<String> {
    fn is_filled(&self) -> bool {
        !self.is_empty()
    }
}

impl<'de> Deserialize<'de> for Presence {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct PresenceVisitor;

        impl<'de> Visitor<'de> for PresenceVisitor {
            type Value = Presence;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("any value")
            }

            fn visit_unit<E>(self) -> Result<Presence, E> {
                Ok(Presence(false))
            }

            fn visit_bool<E>(self, _: bool) -> Result<Presence, E> {
                Ok(Presence(true))
            }

            fn visit_i64<E>(self, _: i64) -> Result<Presence, E> {
                Ok(Presence(true))
            }

            fn visit_u64<E>(self, _: u64) -> Result<Presence, E> {
                Ok(Presence(true))
            }

            fn visit_f64<E>(self, _: f64) -> Result<Presence, E> {
                Ok(Presence(true))
            }

            fn visit_str<E>(self, text: &str) -> Result<Presence, E> {
                Ok(Presence(!text.is_empty()))
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Presence, A::Error> {
                let mut presence = Presence(false);
                while items.next_element::<IgnoredAny>()?.is_some() {
                    presence = Presence(true);
                }
                Ok(presence)
            }

            fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<Presence, A::Error> {
                let mut presence = Presence(false);
                while members.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {
                    presence = Presence(true);
                }
                Ok(presence)
            }
        }

        deserializer.deserialize_any(PresenceVisitor)
    }
}

/// A JSON object: a `struct` can be read from an array of its values as well, but no other reader takes that for a key.
pub(super) fn object<'a, T: Deserialize<'a>>(json: &'a [u8]) -> Result<T, String> {
    if json.trim_ascii_start().starts_with(b"[") {
        return Err("it is an array, and not an object".to_owned());
    }
    serde_json::from_slice(json).map_err(|error| explained(&error))
}

/// Explains a JSON error without any value: an error of the parser may show a secret.
fn explained(error: &serde_json::Error) -> String {
    let text = error.to_string();
    let about_names = text.starts_with("missing field") || text.starts_with("duplicate field");
    match text.split_once(" at line") {
        Some((names, _)) if about_names => names.to_owned(),
        _ if about_names => text,
        _ => format!("line {}, column {}: not the JSON that is expected", error.line(), error.column()),
    }
}
