//! Third step: the name that was sent to the entry of one person.

use ldap3::SearchEntry;

use super::{
    error::DirectoryError,
    filter::Filter,
    session::{Found, Session, values},
};

/// Enough to tell one from several.
const TWO: i32 = 2;
/// `entryUUID` never changes, and is not given to another entry (RFC 4530).
const UUID: &str = "entryUUID";
const NAMES: [&str; 2] = ["displayName", "cn"];

/// Where the people of a directory are.
#[derive(Clone, Debug)]
pub struct Users {
    /// The entry that they are below.
    pub base: String,
    /// Which of the entries there has the name that was sent.
    pub filter: Filter,
}

/// Somebody's entry.
pub(super) struct Person {
    pub(super) dn: String,
    /// The identifier within the directory: the UUID of the entry, and the DN where there is none.
    pub(super) subject: String,
    pub(super) display_name: Option<String>,
}

impl Users {
    /// The only one who has this name; nobody, if several have.
    pub(super) async fn find(&self, session: &mut Session, name: &str) -> Result<Option<Person>, DirectoryError> {
        let attributes = [UUID, NAMES[0], NAMES[1]];
        let Found { mut entries, is_complete } =
            session.search(&self.base, &self.filter.with(name), &attributes, TWO).await?;
        match (entries.pop(), is_complete && entries.is_empty()) {
            (Some(entry), true) => Ok(Some(entry.into())),
            (None, true) => Ok(None),
            (Some(_), false) => {
                tracing::warn!("a name that was sent is that of several entries, none of whom is let in");
                Ok(None)
            }
            (None, false) => Err(DirectoryError::Result { operation: "a search", code: 4 }),
        }
    }
}

impl From<SearchEntry> for Person {
    fn from(entry: SearchEntry) -> Self {
        let subject = match values(&entry, UUID) {
            [uuid] if !uuid.is_empty() => uuid.clone(),
            _ => entry.dn.clone(),
        };
        let display_name = NAMES.iter().find_map(|name| values(&entry, name).first().cloned());
        Self { dn: entry.dn, subject, display_name }
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
        SearchEntry { dn: "cn=Alice,dc=example".to_owned(), attrs, bin_attrs: HashMap::new() }.into()
    }

    #[test]
    fn the_subject_is_the_uuid_and_else_the_dn() {
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
