//! Names of attributes and object classes.

use std::fmt;

use crate::DirectoryError;

/// The attribute of Active Directory with 16 binary bytes.
const OBJECT_GUID: &str = "objectGUID";

/// The name of an attribute or an object class (RFC 4512, section 1.4). It needs no escaping in a filter.
#[derive(Clone, Debug)]
pub(crate) struct Name(String);

impl Name {
    pub(crate) fn parse(setting: &'static str, name: String) -> Result<Self, DirectoryError> {
        let is_name = name.starts_with(|c: char| c.is_ascii_alphabetic())
            && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '-');
        if is_name { Ok(Self(name)) } else { Err(DirectoryError::Name { setting, name }) }
    }

    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }

    /// Returns whether the directory means this name. Names have no letter case.
    pub(crate) fn is(&self, name: &str) -> bool {
        self.0.eq_ignore_ascii_case(name)
    }
}

impl fmt::Display for Name {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// The attribute that identifies a user, and the form of its value.
///
/// The form depends on the name alone. If it depended on the value, two users could get the same subject.
#[derive(Clone, Debug)]
pub(crate) struct IdAttribute {
    pub(crate) name: Name,
    is_guid: bool,
}

impl IdAttribute {
    pub(crate) fn parse(setting: &'static str, name: String) -> Result<Self, DirectoryError> {
        let name = Name::parse(setting, name)?;
        Ok(Self { is_guid: name.is(OBJECT_GUID), name })
    }

    /// Returns the identifier of a value, or `None` if the value has another form.
    pub(crate) fn id(&self, value: &[u8]) -> Option<String> {
        if self.is_guid { value.try_into().ok().map(guid) } else { text(value).map(str::to_owned) }
    }
}

/// Returns a text that is neither empty nor has control characters.
pub(crate) fn text(value: &[u8]) -> Option<&str> {
    let text = std::str::from_utf8(value).ok()?;
    (!text.is_empty() && !text.contains(char::is_control)).then_some(text)
}

/// Returns the text of a GUID as the tools of Active Directory show it: the bytes of the first three numbers are
/// reversed (MS-DTYP, section 2.3.4).
fn guid(bytes: [u8; 16]) -> String {
    const ORDER: [usize; 16] = [3, 2, 1, 0, 5, 4, 7, 6, 8, 9, 10, 11, 12, 13, 14, 15];
    let hex = ORDER.map(|index| format!("{:02x}", bytes[index])).concat();
    format!("{}-{}-{}-{}-{}", &hex[..8], &hex[8..12], &hex[12..16], &hex[16..20], &hex[20..])
}

#[cfg(test)]
mod tests {
    use super::{IdAttribute, Name};

    const BYTES: [u8; 16] =
        [0x33, 0x22, 0x11, 0, 0x55, 0x44, 0x77, 0x66, 0x88, 0x99, 0xaa, 0xbb, 0xcc, 0xdd, 0xee, 0xff];

    fn id(name: &str, value: &[u8]) -> Option<String> {
        IdAttribute::parse("id_attribute", name.to_owned()).unwrap().id(value)
    }

    #[test]
    fn a_guid_has_the_text_of_active_directory() {
        for name in ["objectGUID", "objectguid"] {
            assert_eq!(id(name, &BYTES).unwrap(), "00112233-4455-6677-8899-aabbccddeeff");
            // Bytes that happen to be a text have the same form.
            assert_eq!(id(name, b"0123456789abcdef").unwrap(), "33323130-3534-3736-3839-616263646566");
            assert_eq!((id(name, b""), id(name, &BYTES[1..])), (None, None));
        }
    }

    #[test]
    fn an_identifier_is_a_text_on_one_line() {
        assert_eq!(id("entryUUID", "Jörg".as_bytes()).unwrap(), "Jörg");
        for bad in [&b""[..], b"\xff", b"a\nb", b"\0"] {
            assert_eq!(id("entryUUID", bad), None, "{bad:?}");
        }
    }

    #[test]
    fn a_name_has_no_syntax_of_filters() {
        for good in ["uid", "sAMAccountName", "ibm-entryUuid", "x500"] {
            assert!(Name::parse("user_attribute", good.to_owned()).is_ok(), "{good}");
        }
        for bad in ["", "1a", "-a", "a b", "a)(b", "a=*", "a*", "a:dn:", "a;binary", "ü", "a\0"] {
            assert!(Name::parse("user_attribute", bad.to_owned()).is_err(), "{bad}");
        }
    }
}
