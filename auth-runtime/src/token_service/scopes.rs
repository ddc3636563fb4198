//! The scopes that a token gets.

use super::error::TokenError;
use crate::{declared::DeclaredNames, users::User};

/// The scopes that a user can give: declared permissions that the user has, and scopes of the application.
pub(super) struct Scopes<'a> {
    pub(super) names: &'static DeclaredNames,
    /// Scopes that are no permissions.
    pub(super) others: &'a [String],
    /// The scopes that the client is limited to.
    pub(super) limits: Option<&'a [String]>,
}

/// The scopes that were granted.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Granted {
    /// Those of the scopes that are permissions.
    pub(super) permissions: Vec<String>,
    /// All of them, separated by spaces.
    pub(super) scope: String,
    /// Whether the user may have more, so that the token has no roles.
    pub(super) is_limited: bool,
}

impl Scopes<'_> {
    /// Grants all scopes of the user, or the requested ones that the user has.
    pub(super) fn grant(&self, user: &User, requested: Option<&str>) -> Result<Granted, TokenError> {
        let requested: Option<Vec<&str>> =
            requested.map(|scope| scope.split(' ').filter(|name| !name.is_empty()).collect());
        if requested.iter().flatten().any(|name| !self.is_declared(name)) {
            return Err(TokenError::InvalidScope("a scope is unknown"));
        }
        let is_asked = |name: &str| requested.as_ref().is_none_or(|requested| requested.contains(&name));
        let is_allowed = |name: &str| self.limits.is_none_or(|limits| limits.iter().any(|limit| limit == name));
        let granted = |names: Vec<String>| -> Vec<String> {
            names.into_iter().filter(|name| is_asked(name) && is_allowed(name)).collect()
        };
        let (permissions, others) = (granted(self.held(user)), granted(self.others.to_vec()));
        if requested.is_some() && permissions.is_empty() && others.is_empty() {
            return Err(TokenError::InvalidScope("the caller has none of the requested scopes"));
        }
        let scope: Vec<&str> =
            permissions.iter().chain(&others).map(String::as_str).filter(|name| is_scope(name)).collect();
        let scope = scope.join(" ");
        Ok(Granted { permissions, scope, is_limited: requested.is_some() || self.limits.is_some() })
    }

    fn is_declared(&self, name: &str) -> bool {
        self.names.permissions.contains(&name) || self.others.iter().any(|other| other == name)
    }

    /// Returns the declared permissions of a user, with those of the roles.
    fn held(&self, user: &User) -> Vec<String> {
        let DeclaredNames { permissions, roles, role_permissions, .. } = self.names;
        let of_role = |role: &String| roles.iter().position(|declared| declared == role);
        let words: Vec<&[u64]> =
            user.role_names().iter().filter_map(of_role).map(|index| role_permissions[index]).collect();
        let has = |index: usize, name: &str| {
            let is_set = |words: &&[u64]| words.get(index / 64).is_some_and(|word| word >> (index % 64) & 1 == 1);
            words.iter().any(is_set) || user.permission_names().iter().any(|own| own == name)
        };
        let held = permissions.iter().enumerate().filter(|(index, name)| has(*index, name));
        held.map(|(_, name)| (*name).to_owned()).collect()
    }
}

/// Returns whether a scope may have this name (RFC 6749, section 3.3).
fn is_scope(name: &str) -> bool {
    name.bytes().all(|byte| matches!(byte, b'!' | b'#'..=b'[' | b']'..=b'~'))
}

/// Returns whether all scopes of `requested` are in `granted`.
pub(super) fn is_within(requested: &str, granted: &str) -> bool {
    let granted: Vec<&str> = granted.split(' ').collect();
    requested.split(' ').filter(|name| !name.is_empty()).all(|name| granted.contains(&name))
}

#[cfg(test)]
mod tests {
    use super::{Granted, Scopes, TokenError, is_within};
    use crate::{declared::DeclaredNames, users::User};

    static NAMES: DeclaredNames = DeclaredNames {
        permissions: &["view", "edit", "delete", "a name"],
        roles: &["Viewer", "User"],
        scopes: &[],
        role_permissions: &[&[0b0001], &[0b0011]],
    };

    fn grant(user: &User, limits: Option<&[String]>, requested: Option<&str>) -> Result<Granted, TokenError> {
        Scopes { names: &NAMES, others: &["mail".to_owned()], limits }.grant(user, requested)
    }

    fn scope(user: &User, requested: Option<&str>) -> Option<String> {
        grant(user, None, requested).ok().map(|granted| granted.scope)
    }

    #[test]
    fn r83_scopes_are_a_subset_of_what_the_user_has() {
        let user = User::new("alice", "").roles(["User", "Ghost"]).permissions(["a name", "haunt"]);
        assert_eq!(scope(&user, None).unwrap(), "view edit mail");
        assert_eq!(scope(&user, Some("edit  delete")).unwrap(), "edit");
        assert_eq!(scope(&user, Some("mail")).unwrap(), "mail");
        for refused in ["delete", "root", "view root", "haunt", "Ghost", "", " ", "view,edit"] {
            assert!(matches!(grant(&user, None, Some(refused)), Err(TokenError::InvalidScope(_))), "{refused}");
        }
        assert!(grant(&user, None, Some("view")).unwrap().is_limited && !grant(&user, None, None).unwrap().is_limited);
    }

    #[test]
    fn r83_a_limited_client_gets_no_more_than_its_limits() {
        let user = User::new("alice", "").roles(["User"]);
        let limits = ["view".to_owned(), "delete".to_owned()];
        let granted = grant(&user, Some(&limits), None).unwrap();
        assert_eq!((granted.scope.as_str(), granted.is_limited), ("view", true));
        assert!(grant(&user, Some(&limits), Some("edit")).is_err());
        assert_eq!(grant(&user, Some(&[]), None).unwrap().scope, "");
    }

    #[test]
    fn r83_a_subset_is_by_whole_names() {
        assert!(is_within("view", "view edit") && is_within("", "view"));
        assert!(!is_within("vie", "view edit") && !is_within("view mail", "view"));
    }
}
