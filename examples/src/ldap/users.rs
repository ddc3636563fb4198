//! Third step: finds the entry of the user with the given name.

use ldap3::SearchEntry;

use super::{
    error::DirectoryError,
    filter::Filter,
    session::{Found, Session, values},
};

/// Size limit of the search: two entries are enough to see that a name is ambiguous.
const TWO: i32 = 2;
const NAMES: [&str; 2] = ["displayName", "cn"];

/// The users of a directory.
#[derive(Clone, Debug)]
pub struct Users {
    /// The DN of the entry above all users.
    pub base: String,
    /// The filter that finds a user by name.
    pub filter: Filter,
    /// The permanent identifier attribute: `entryUUID` (RFC 4530), or `objectGUID` in Active Directory.
    pub id: String,
}

/// The entry of a user.
pub(super) struct Person {
    pub(super) dn: String,
    /// The identifier, or the DN if the entry has no identifier.
    pub(super) subject: String,
    pub(super) display_name: Option<String>,
}

impl Users {
    /// Returns the user with this name, or `None` if no entry or several entries have it.
    pub(super) async fn find(&self, session: &mut Session, name: &str) -> Result<Option<Person>, DirectoryError> {
        let attributes = [&self.id, NAMES[0], NAMES[1]];
        let Found { mut entries, is_complete } =
            session.search(&self.base, &self.filter.with(name), &attributes, TWO).await?;
        match (entries.pop(), is_complete && entries.is_empty()) {
            (Some(entry), true) => Ok(Some(Person::of(entry, &self.id))),
            (None, true) => Ok(None),
            (Some(_), false) => {
                tracing::warn!("sign-in rejected: several entries have the name");
                Ok(None)
            }
            (None, false) => Err(DirectoryError::Result { operation: "a search", code: 4 }),
        }
    }
}

impl Person {
    fn of(entry: SearchEntry, id: &str) -> Self {
        let subject = identifier(&entry, id).unwrap_or_else(|| entry.dn.clone());
        let display_name = NAMES.iter().find_map(|name| values(&entry.attrs, name).first().cloned());
        Self { dn: entry.dn, subject, display_name }
    }
}

/// Returns the only value of an attribute. Visible ASCII, such as a UUID, is returned unchanged, and any other value as
/// hexadecimal digits. (The library reads 16 binary bytes as text if they happen to be UTF-8.)
fn identifier(entry: &SearchEntry, attribute: &str) -> Option<String> {
    let text = values(&entry.attrs, attribute).iter().map(String::as_bytes);
    let mut all = text.chain(values(&entry.bin_attrs, attribute).iter().map(Vec::as_slice));
    let only = all.next().filter(|value| !value.is_empty() && all.next().is_none())?;
    match str::from_utf8(only) {
        Ok(text) if only.iter().all(u8::is_ascii_graphic) => Some(text.to_owned()),
        _ => {
            let digits = only.iter().flat_map(|byte| [byte >> 4, byte & 0xf]);
            Some(digits.filter_map(|digit| char::from_digit(digit.into(), 16)).collect())
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashMap;

    use ldap3::SearchEntry;

    use super::Person;

    fn person(attributes: &[(&str, &[&str])]) -> Person {
        let owned = |values: &[&str]| values.iter().map(|value| (*value).to_owned()).collect();
        let attrs = attributes.iter().map(|(name, values)| ((*name).to_owned(), owned(values))).collect();
        let entry = SearchEntry { dn: "cn=Alice,dc=example".to_owned(), attrs, bin_attrs: HashMap::new() };
        Person::of(entry, "entryUUID")
    }

    #[test]
    fn a_binary_identifier_becomes_hexadecimal_digits() {
        for (bytes, expected) in [
            (*b"\xa2\xa7\xb5\x6f\x9b\x5d\x3e\x10\x8a\x51\x3b\x1f\x3c\x2d\x9a\x10", "a2a7b56f9b5d3e108a513b1f3c2d9a10"),
            (*b"0123456789 abcde", "30313233343536373839206162636465"),
            (*b"0123456789abcdef", "0123456789abcdef"),
        ] {
            let (attrs, bin_attrs) = match String::from_utf8(bytes.to_vec()) {
                Ok(text) => (HashMap::from([("objectGUID".to_owned(), vec![text])]), HashMap::new()),
                Err(_) => (HashMap::new(), HashMap::from([("objectGUID".to_owned(), vec![bytes.to_vec()])])),
            };
            let entry = SearchEntry { dn: "cn=Alice,dc=example".to_owned(), attrs, bin_attrs };
            assert_eq!(Person::of(entry, "objectGUID").subject, expected);
        }
    }

    #[test]
    fn the_subject_is_the_uuid_or_else_the_dn() {
        let uuid = "12d3b1a4-0000-103f-8000-0123456789ab";
        assert_eq!(person(&[("entryUUID", &[uuid])]).subject, uuid);
        assert_eq!(person(&[("ENTRYUUID", &[uuid])]).subject, uuid);
        assert_eq!(person(&[]).subject, "cn=Alice,dc=example");
        for values in [&[] as &[&str], &[""], &["a", "b"]] {
            assert_eq!(person(&[("entryUUID", values)]).subject, "cn=Alice,dc=example", "{values:?}");
        }
    }

    #[test]
    fn the_display_name_is_preferred_to_the_common_name() {
        let name = |attributes| person(attributes).display_name;
        assert_eq!(name(&[("cn", &["alice"]), ("displayName", &["Alice A."])]).as_deref(), Some("Alice A."));
        assert_eq!(name(&[("cn", &["alice", "al"])]).as_deref(), Some("alice"));
        assert_eq!(name(&[]), None);
    }
}
