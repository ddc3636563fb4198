//! JSON as a token may hold it: one object, no member twice, read once and borrowed from the text.

use std::{borrow::Cow, collections::HashSet, fmt, marker::PhantomData, sync::LazyLock};

use serde::{
    Deserialize, Deserializer,
    de::{Error, MapAccess, SeqAccess, Visitor},
};

/// Up to so many members, comparing similar names is faster than a set of all names.
const FEW: usize = 32;
/// With room for as many members, the claims of most tokens do not move while they are read.
const USUAL: usize = 16;
/// With room for as many items, most lists of roles and permissions do not move while they are read.
const USUAL_ITEMS: usize = 8;
/// How `serde_json` shows a number to a visitor if some crate has turned its feature `arbitrary_precision` on.
const NUMBER: &str = "$serde_json::private::Number";

/// A value.
#[derive(Debug, PartialEq)]
pub(super) enum Json<'a> {
    Null,
    Bool(bool),
    /// Most dates are whole numbers.
    Integer(u64),
    /// Any other number. It is precise enough for dates, the only numbers that are read.
    Number(f64),
    String(Cow<'a, str>),
    Array(Vec<Json<'a>>),
    Object(Object<'a>),
}

/// The members of an object: each name once.
#[derive(Debug, Default, PartialEq)]
pub(super) struct Object<'a> {
    members: Vec<(Cow<'a, str>, Json<'a>)>,
    /// The fingerprints of the names, as bits. Most names that are absent need no look-up.
    fingerprints: u64,
}

impl<'a> Object<'a> {
    /// Parses an object, if no member stands twice at any depth. Parsers differ in their choice between two members
    /// (RFC 7519, section 4; RFC 8725, section 2.4).
    pub(super) fn parse(json: &'a str) -> Option<Self> {
        let mut deserializer = serde_json::Deserializer::from_str(json);
        let value = deserializer.deserialize_any(JsonVisitor { capacity: USUAL, text: PhantomData }).ok()?;
        deserializer.end().ok()?;
        if let Json::Object(object) = value { Some(object) } else { None }
    }

    /// The value of a member.
    pub(super) fn get(&self, name: &str) -> Option<&Json<'a>> {
        if self.fingerprints & fingerprint(name) == 0 {
            return None;
        }
        self.members.iter().find(|(member, _)| member == name).map(|(_, value)| value)
    }

    /// The names and values of all members.
    pub(super) fn members(&self) -> impl Iterator<Item = (&str, &Json<'a>)> {
        self.members.iter().map(|(name, value)| (&**name, value))
    }

    pub(super) fn is_empty(&self) -> bool {
        self.members.is_empty()
    }

    /// Computes the fingerprints, and returns whether a name stands twice.
    fn has_duplicates(&mut self) -> bool {
        let Self { members, fingerprints } = self;
        let mut is_doubtful = false;
        for (index, (name, _)) in members.iter().enumerate() {
            let bit = fingerprint(name);
            // Most names have a fingerprint of their own; those that do not are compared.
            if *fingerprints & bit != 0 {
                if index >= FEW {
                    is_doubtful = true;
                } else if members[..index].iter().any(|(other, _)| other == name) {
                    return true;
                }
            }
            *fingerprints |= bit;
        }
        is_doubtful && {
            let mut seen = HashSet::with_capacity(members.len());
            !members.iter().all(|(name, _)| seen.insert(name))
        }
    }

    /// The number that this stands for, if it is one.
    fn number(&self) -> Option<f64> {
        match self.members.as_slice() {
            [(name, Json::String(digits))] if name == NUMBER && *ARBITRARY_PRECISION => digits.parse().ok(),
            _ => None,
        }
    }
}

/// Returns one bit: the same for the same name, and mostly another for another.
fn fingerprint(name: &str) -> u64 {
    let bytes = name.as_bytes();
    let byte = |index: usize| u32::from(bytes.get(index).copied().unwrap_or_default());
    let ends = byte(0) | byte(1) << 8 | byte(bytes.len() / 2) << 16 | byte(bytes.len().saturating_sub(1)) << 24;
    // The upper bits of a product depend on all bits of its factors (Knuth, volume 3, section 6.4).
    1 << (ends.wrapping_mul(0x9e37_79b1) >> 26)
}

impl<'de: 'a, 'a> Deserialize<'de> for Json<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(JsonVisitor { capacity: 0, text: PhantomData })
    }
}

struct JsonVisitor<'a> {
    /// How many members an object has room for from the start.
    capacity: usize,
    text: PhantomData<&'a ()>,
}

impl<'de: 'a, 'a> Visitor<'de> for JsonVisitor<'a> {
    type Value = Json<'a>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("JSON without duplicate members")
    }

    fn visit_unit<E>(self) -> Result<Json<'a>, E> {
        Ok(Json::Null)
    }

    fn visit_bool<E>(self, value: bool) -> Result<Json<'a>, E> {
        Ok(Json::Bool(value))
    }

    #[expect(clippy::cast_precision_loss, reason = "dates are far below 2^53")]
    fn visit_i64<E>(self, number: i64) -> Result<Json<'a>, E> {
        Ok(Json::Number(number as f64))
    }

    fn visit_u64<E>(self, number: u64) -> Result<Json<'a>, E> {
        Ok(Json::Integer(number))
    }

    fn visit_f64<E>(self, number: f64) -> Result<Json<'a>, E> {
        Ok(Json::Number(number))
    }

    fn visit_str<E>(self, text: &str) -> Result<Json<'a>, E> {
        Ok(Json::String(Cow::Owned(text.to_owned())))
    }

    fn visit_borrowed_str<E>(self, text: &'de str) -> Result<Json<'a>, E> {
        Ok(Json::String(Cow::Borrowed(text)))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Json<'a>, A::Error> {
        let mut array = Vec::new();
        while let Some(item) = items.next_element()? {
            if array.is_empty() {
                array.reserve(USUAL_ITEMS);
            }
            array.push(item);
        }
        Ok(Json::Array(array))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<Json<'a>, A::Error> {
        let mut object = Object { members: Vec::with_capacity(self.capacity), fingerprints: 0 };
        while let Some((Name(name), value)) = members.next_entry()? {
            object.members.push((name, value));
        }
        if object.has_duplicates() {
            return Err(A::Error::custom("duplicate member"));
        }
        Ok(object.number().map_or(Json::Object(object), Json::Number))
    }
}

/// The name of a member, borrowed if it has no escapes.
struct Name<'a>(Cow<'a, str>);

impl<'de: 'a, 'a> Deserialize<'de> for Name<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct NameVisitor;

        impl<'de> Visitor<'de> for NameVisitor {
            type Value = Name<'de>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("the name of a member")
            }

            fn visit_str<E>(self, name: &str) -> Result<Name<'de>, E> {
                Ok(Name(Cow::Owned(name.to_owned())))
            }

            fn visit_borrowed_str<E>(self, name: &'de str) -> Result<Name<'de>, E> {
                Ok(Name(Cow::Borrowed(name)))
            }
        }

        deserializer.deserialize_str(NameVisitor)
    }
}

/// Whether some crate of the build has turned the feature `arbitrary_precision` of `serde_json` on. Only with it does a
/// number that is too large for `f64` parse.
static ARBITRARY_PRECISION: LazyLock<bool> =
    LazyLock::new(|| serde_json::from_str::<serde_json::Number>("1e400").is_ok());

#[cfg(test)]
mod tests {
    use super::{Json, Object};

    fn is_object(json: &str) -> bool {
        Object::parse(json).is_some()
    }

    #[test]
    fn r32_duplicate_members_and_trailing_data_are_refused() {
        assert!(is_object(r#"{"a": {"b": [1, -1, 1.5, null, true, "x"]}, "b": 1} "#));
        let deep = format!(r#"{{"a":{}{}}}"#, "[".repeat(200), "]".repeat(200));
        for bad in [
            r#"{"a":1,"a":1}"#,
            r#"{"a":{"b":1,"b":2}}"#,
            r#"{"a":[{"b":1,"\u0062":2}]}"#,
            r#"{"a":1}{}"#,
            r#"{"a":1}x"#,
            r#"{"a":1e400}"#,
            r#"{"a":NaN}"#,
            r#"{"a":-Infinity}"#,
            "[]",
            "null",
            "1",
            "",
            &deep,
        ] {
            assert!(!is_object(bad), "{bad}");
        }
    }

    #[test]
    fn r32_duplicates_are_found_among_many_members_too() {
        let members = |count: usize| (0..count).map(|i| format!(r#""m{i}":{i}"#)).collect::<Vec<_>>().join(",");
        for count in [1, 31, 32, 33, 200] {
            assert!(is_object(&format!("{{{}}}", members(count))), "{count}");
            assert!(!is_object(&format!(r#"{{{},"m0":0}}"#, members(count))), "{count}");
        }
    }

    #[test]
    fn values_are_what_they_are() {
        let object = Object::parse(r#"{"n":null,"b":false,"i":-2,"f":1.5,"s":"a\nb","a":[1],"o":{"x":"y"}}"#).unwrap();
        assert_eq!(object.get("n"), Some(&Json::Null));
        assert_eq!(object.get("b"), Some(&Json::Bool(false)));
        assert_eq!(object.get("i"), Some(&Json::Number(-2.0)));
        assert_eq!(object.get("f"), Some(&Json::Number(1.5)));
        assert_eq!(object.get("s"), Some(&Json::String("a\nb".into())));
        assert_eq!(object.get("a"), Some(&Json::Array(vec![Json::Integer(1)])));
        assert!(
            matches!(object.get("o"), Some(Json::Object(inner)) if inner.get("x") == Some(&Json::String("y".into())))
        );
        assert_eq!(object.get("x"), None);
    }

    #[test]
    fn an_object_that_looks_like_a_number_of_serde_json_is_an_object() {
        let object = Object::parse(r#"{"exp":{"$serde_json::private::Number":"1"}}"#).unwrap();
        assert!(matches!(object.get("exp"), Some(Json::Object(_))));
    }
}
