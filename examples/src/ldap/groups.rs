//! Fourth step: maps the groups of a user to roles. A group that is not configured grants nothing.

use ldap3::SearchEntry;

use super::{
    access::Role,
    error::DirectoryError,
    filter::Filter,
    session::{Session, values},
};

const NAME: &str = "cn";
/// No size limit from the client. The directory may have its own.
const NO_LIMIT: i32 = 0;

/// The groups of the directory, and the roles that they grant.
#[derive(Clone, Debug)]
pub struct Groups {
    /// The entry above all groups. An account that may add or rename groups below it can grant any role configured by
    /// group name.
    pub base: String,
    /// The filter that finds the groups of a user.
    pub filter: Filter,
    /// The role that each group grants.
    pub roles: Vec<(Group, Role)>,
}

/// The name of a group in the settings.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Group {
    /// The distinguished name in the directory's notation. Case is ignored.
    Dn(String),
    /// One of its common names, anywhere below the base.
    Name(String),
}

impl Group {
    /// Reads a name from the settings. A text with `=` is a distinguished name.
    #[must_use]
    pub fn named(text: impl Into<String>) -> Self {
        let text = text.into();
        if text.contains('=') { Self::Dn(text) } else { Self::Name(text) }
    }

    fn is(&self, entry: &SearchEntry) -> bool {
        match self {
            Self::Dn(dn) => entry.dn.eq_ignore_ascii_case(dn),
            Self::Name(name) => values(&entry.attrs, NAME).iter().any(|value| value.eq_ignore_ascii_case(name)),
        }
    }
}

impl Groups {
    /// Returns the roles of the user with this DN.
    pub(super) async fn roles(&self, session: &mut Session, dn: &str) -> Result<Vec<Role>, DirectoryError> {
        let found = session.search(&self.base, &self.filter.with(dn), &[NAME], NO_LIMIT).await?;
        if !found.is_complete {
            // An incomplete list would deny roles that the user has, and different ones each time.
            return Err(DirectoryError::Result { operation: "the search for groups", code: 4 });
        }
        Ok(self.given_by(&found.entries))
    }

    fn given_by(&self, groups: &[SearchEntry]) -> Vec<Role> {
        let given = |group: &Group| groups.iter().any(|entry| group.is(entry));
        self.roles.iter().filter(|(group, _)| given(group)).map(|(_, role)| *role).collect()
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashMap;

    use ldap3::SearchEntry;

    use super::{Filter, Group, Groups, Role};

    fn given(groups: &[(&str, &str)]) -> Vec<Role> {
        let table = [("readers", Role::Reader), ("cn=editors,ou=groups,dc=example", Role::Editor)];
        let entry = |(dn, cn): &(&str, &str)| SearchEntry {
            dn: (*dn).to_owned(),
            attrs: HashMap::from([("cn".to_owned(), vec!["other".to_owned(), (*cn).to_owned()])]),
            bin_attrs: HashMap::new(),
        };
        Groups {
            base: String::new(),
            filter: Filter::new("(member={dn})", "{dn}").unwrap(),
            roles: table.map(|(group, role)| (Group::named(group), role)).to_vec(),
        }
        .given_by(&groups.iter().map(entry).collect::<Vec<_>>())
    }

    #[test]
    fn a_group_is_found_by_its_dn_or_its_name() {
        assert_eq!(given(&[("cn=readers,ou=any,dc=example", "readers")]), [Role::Reader]);
        assert_eq!(given(&[("CN=Editors,OU=groups,DC=example", "Editors")]), [Role::Editor]);
        assert_eq!(given(&[("cn=editors,ou=groups,dc=example", ""), ("", "Readers")]), [Role::Reader, Role::Editor]);
    }

    #[test]
    fn any_other_group_grants_nothing() {
        for (dn, cn) in [
            ("cn=editors,ou=clubs,dc=example", "editors"),
            ("cn=editors,ou=groups,dc=example,dc=example", "editors"),
            ("cn=x,cn=editors,ou=groups,dc=example", "x"),
            ("cn=readers,ou=groups,dc=example", "readers2"),
            ("cn=Editor,dc=example", "Editor"),
            ("", ""),
        ] {
            assert_eq!(given(&[(dn, cn)]), [], "{dn} {cn}");
        }
        assert_eq!(given(&[]), []);
    }
}
