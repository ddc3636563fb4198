//! From claims to an identity: the claims that hold names, roles, permissions and scopes.

use std::sync::{
    Arc,
    atomic::{AtomicBool, Ordering},
};

use smallvec::SmallVec;

use super::{
    error::TokenError,
    json::{Json, Object},
    registered_claims::date,
    role_table::{Entitlement, RoleTable, SharedRoleTable},
};
use crate::authenticate::IdentityBuilder;

/// The claim of a user's [credential epoch](crate::users::User::credential_epoch).
pub(crate) const EPOCH_CLAIM: &str = "credential_epoch";
/// The claim of the caller's roles, unless an issuer has them elsewhere (RFC 9068, section 2.2.3.1).
pub(crate) const ROLES_CLAIM: &str = "roles";

/// The claims that hold each part of an identity.
#[derive(Clone, Debug)]
pub(super) struct ClaimMapping {
    /// Roles of all of them are granted.
    pub(super) roles: Vec<ClaimPath>,
    /// Objects whose keys are roles.
    pub(super) role_keys: Vec<ClaimPath>,
    /// Claims that are `true` for a caller with the role of their name.
    pub(super) role_flags: Vec<String>,
    pub(super) permissions: ClaimPath,
    /// The name by which the caller signs in (OpenID Connect Core, section 5.1).
    pub(super) username: ClaimPath,
    /// The first one with a name wins.
    pub(super) display_name: Vec<ClaimPath>,
    /// Splits a string of roles or permissions; without it, a string is one name.
    pub(super) separator: Option<char>,
    /// Maps the names of roles to what they grant; without it, a name is the role of that name.
    pub(super) table: Option<SharedRoleTable>,
}

impl Default for ClaimMapping {
    fn default() -> Self {
        Self {
            roles: vec![ClaimPath::new(ROLES_CLAIM)],
            role_keys: Vec::new(),
            role_flags: Vec::new(),
            permissions: ClaimPath::new("permissions"),
            username: ClaimPath::new("preferred_username"),
            display_name: vec![ClaimPath::new("name"), ClaimPath::new("preferred_username")],
            separator: None,
            table: None,
        }
    }
}

impl ClaimMapping {
    /// Adds the values of the claims.
    ///
    /// A claim that grants something is an error if it has another type than expected. An unreadable claim must not
    /// count as absent. A claim that only describes the caller is absent then.
    pub(super) fn describe(
        &self,
        mut identity: IdentityBuilder,
        claims: &Object<'_>,
        table: Option<Renaming<'_>>,
    ) -> Result<IdentityBuilder, TokenError> {
        self.read_roles(claims, |role| add_role(&mut identity, role, table))?;
        for permission in self.names(self.permissions.find_granting(claims), "permissions")? {
            identity.add_permission(permission);
        }
        for claim in ["scope", "scp"] {
            match claims.get(claim) {
                None => {}
                Some(Json::String(scopes)) => identity.add_scope(scopes),
                Some(Json::Array(scopes)) => {
                    strings(scopes, claim)?.into_iter().for_each(|scope| identity.add_scope(scope));
                }
                Some(_) => return Err(TokenError::Claim(claim)),
            }
        }
        if let Some(name) = self.username.find(claims).text() {
            identity = identity.username(name);
        }
        if let Some(name) = self.display_name.iter().find_map(|path| path.find(claims).text()) {
            identity = identity.display_name(name);
        }
        // A sign-in at no known time is not recent, so `fresh` denies.
        if let Ok(Some(signed_in)) = date(claims, "auth_time") {
            identity = identity.authenticated_at(signed_in.as_secs());
        }
        Ok(identity)
    }

    /// Hands the names of all roles to `add`, as the issuer writes them.
    fn read_roles<'a>(&'a self, claims: &'a Object<'a>, mut add: impl FnMut(&'a str)) -> Result<(), TokenError> {
        for path in &self.roles {
            self.names(path.find_granting(claims), "roles")?.into_iter().for_each(&mut add);
        }
        for path in &self.role_keys {
            keys(path.find_granting(claims))?.into_iter().for_each(&mut add);
        }
        for flag in &self.role_flags {
            if claims.get(flag).map_or(Ok(false), is_granted)? {
                add(flag);
            }
        }
        Ok(())
    }

    /// Returns the roles or permissions of a claim: an array has one name in each item, and a string is one name,
    /// unless the issuer is known to join several with a separator. `null` has none.
    fn names<'a>(&self, found: Found<'a>, claim: &'static str) -> Result<Names<'a>, TokenError> {
        match found {
            Found::Absent | Found::NoStep(_) | Found::Value(Json::Null) => Ok(Names::new()),
            Found::Value(Json::String(name)) => Ok(self.split(name)),
            Found::Value(Json::Array(names)) => strings(names, claim),
            Found::Value(_) | Found::NoWay => Err(TokenError::Claim(claim)),
        }
    }

    fn split<'a>(&self, names: &'a str) -> Names<'a> {
        match self.separator {
            Some(separator) => {
                names.split(separator).map(|name| name.trim_matches(' ')).filter(|name| !name.is_empty()).collect()
            }
            None => Some(names).into_iter().filter(|name| !name.is_empty()).collect(),
        }
    }
}

/// A table, and the issuer whose names it maps.
#[derive(Clone, Copy)]
pub(super) struct Renaming<'a> {
    pub(super) table: &'a RoleTable,
    pub(super) issuer: &'a str,
}

/// Adds the role of this name, or what the table has for it.
fn add_role(identity: &mut IdentityBuilder, name: &str, renaming: Option<Renaming<'_>>) {
    let Some(Renaming { table, issuer }) = renaming else { return identity.add_role(name) };
    table.find(issuer, name, |entitlement| match entitlement {
        Entitlement::Role(role) => identity.add_role(role),
        Entitlement::Permission(permission) => identity.add_permission(permission),
    });
}

/// Few enough to stand in the value itself.
type Names<'a> = SmallVec<[&'a str; 8]>;

/// Returns the strings of an array. Another type in it is an error.
fn strings<'a>(names: &'a [Json<'_>], claim: &'static str) -> Result<Names<'a>, TokenError> {
    names.iter().map(|name| string(name).ok_or(TokenError::Claim(claim))).collect()
}

/// Returns the roles that are the keys of an object.
fn keys<'a>(found: Found<'a>) -> Result<Names<'a>, TokenError> {
    match found {
        Found::Absent | Found::NoStep(_) | Found::Value(Json::Null) => Ok(Names::new()),
        Found::Value(Json::Object(roles)) => {
            let granted = |(name, value): (&'a str, &'a Json<'a>)| is_granted(value).map(|is| is.then_some(name));
            roles.members().map(granted).filter_map(Result::transpose).collect()
        }
        Found::Value(_) | Found::NoWay => Err(TokenError::Claim("roles")),
    }
}

/// Returns whether the value of a key or of a flag grants the role: `true`, or an object with something in it.
fn is_granted(value: &Json<'_>) -> Result<bool, TokenError> {
    match value {
        Json::Bool(is_granted) => Ok(*is_granted),
        Json::Object(details) => Ok(!details.is_empty()),
        Json::Null => Ok(false),
        Json::Integer(_) | Json::Number(_) | Json::String(_) | Json::Array(_) => Err(TokenError::Claim("roles")),
    }
}

fn string<'a>(value: &'a Json<'_>) -> Option<&'a str> {
    match value {
        Json::String(text) => Some(text),
        _ => None,
    }
}

/// Where a claim stands: a name, a dotted path or a JSON pointer (RFC 6901) through objects.
#[derive(Clone, Debug)]
pub(super) struct ClaimPath {
    /// The whole text, as a claim may have dots in its name (`https://example.com/roles`).
    name: String,
    parents: Vec<String>,
    last: String,
    /// Shared by all clones, so that a path that finds nothing is logged once.
    is_logged: Arc<AtomicBool>,
}

impl ClaimPath {
    pub(super) fn new(path: impl Into<String>) -> Self {
        let name = path.into();
        let mut parents: Vec<String> = match name.strip_prefix('/') {
            Some(pointer) => pointer.split('/').map(unescape).collect(),
            None => name.split('.').map(str::to_owned).collect(),
        };
        let last = parents.pop().unwrap_or_default();
        Self { name, parents, last, is_logged: Arc::default() }
    }

    pub(super) fn all<T: Into<String>>(paths: impl IntoIterator<Item = T>) -> Vec<Self> {
        paths.into_iter().map(Self::new).collect()
    }

    fn find<'a>(&self, claims: &'a Object<'a>) -> Found<'a> {
        match claims.get(&self.name) {
            Some(value) => return Found::Value(value),
            None if self.parents.is_empty() && self.last == self.name => return Found::Absent,
            None => {}
        }
        let mut object = claims;
        for (step, parent) in self.parents.iter().enumerate() {
            object = match object.get(parent) {
                Some(Json::Object(inner)) => inner,
                Some(Json::Null) | None => return Found::NoStep(step),
                Some(_) => return Found::NoWay,
            };
        }
        object.get(&self.last).map_or(Found::NoStep(self.parents.len()), Found::Value)
    }

    /// Finds a claim that grants something, and logs the first time that a path of several steps leads nowhere: often a
    /// client id has dots, which a dotted path cannot have.
    fn find_granting<'a>(&self, claims: &'a Object<'a>) -> Found<'a> {
        let found = self.find(claims);
        if let Found::NoStep(step) = found
            && !self.is_logged.swap(true, Ordering::Relaxed)
        {
            let missing = self.parents.get(step).unwrap_or(&self.last);
            let hint = "a name with dots needs a JSON pointer, such as `/resource_access/my.client/roles`";
            tracing::info!(path = ?self.name, ?missing, step = step + 1, hint, "claim path found nothing");
        }
        found
    }
}

/// The result of a look-up by path.
#[derive(Clone, Copy)]
enum Found<'a> {
    Absent,
    Value(&'a Json<'a>),
    /// The step of this index is missing.
    NoStep(usize),
    /// Something on the way is not an object.
    NoWay,
}

impl<'a> Found<'a> {
    /// Returns a name for people to read; an empty one is none, and a value of another type is none.
    fn text(self) -> Option<&'a str> {
        match self {
            Self::Value(Json::String(text)) => Some(&**text).filter(|text| !text.is_empty()),
            Self::Value(_) | Self::Absent | Self::NoStep(_) | Self::NoWay => None,
        }
    }
}

/// In this order, so that `~01` is `~1` (RFC 6901, section 4).
fn unescape(step: &str) -> String {
    step.replace("~1", "/").replace("~0", "~")
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::Ordering;

    use serde_json::{Value, json};

    use super::{ClaimMapping, ClaimPath, Found};
    use crate::{
        authenticate::{Context, Identity, IdentityBuilder},
        declared::DeclaredNames,
        jwt::{error::TokenError, json::Object},
    };

    static TABLES: DeclaredNames = DeclaredNames {
        permissions: &["view", "edit"],
        roles: &["Viewer", "Administrator"],
        scopes: &["entries"],
        role_permissions: &[&[0b01], &[0b11]],
    };

    #[expect(clippy::needless_pass_by_value, reason = "tests read better without references")]
    fn describe(mapping: &ClaimMapping, claims: Value) -> Result<Identity, TokenError> {
        let claims = claims.to_string();
        let identity = Context::new(&TABLES).identity("https://issuer.example", "alice");
        mapping.describe(identity, &Object::parse(&claims).unwrap(), None).map(IdentityBuilder::build)
    }

    #[test]
    fn r39_names_are_a_string_or_an_array() {
        for roles in [json!("Viewer"), json!(["Viewer"]), json!(["nobody", "Viewer"])] {
            let identity = describe(&ClaimMapping::default(), json!({ "roles": roles })).unwrap();
            assert_eq!(
                (identity.role_words(), identity.permission_words()),
                ([0b01].as_slice(), [0b01].as_slice()),
                "{roles}"
            );
        }
        let identity =
            describe(&ClaimMapping::default(), json!({ "permissions": "edit", "scope": "a entries", "scp": ["b"] }));
        let identity = identity.unwrap();
        assert_eq!((identity.permission_words(), identity.scope_words()), ([0b10].as_slice(), [0b1].as_slice()));
        assert_eq!(identity.scope(), "a entries b");
    }

    #[test]
    fn r39_a_role_with_a_space_in_an_array_is_one_name() {
        let identity =
            describe(&ClaimMapping::default(), json!({ "roles": ["Administrator of another service"] })).unwrap();
        assert!(identity.role_words().is_empty());
    }

    #[test]
    fn r39_a_string_of_roles_or_permissions_is_one_name() {
        for both in
            ["Deputy Administrator", "Viewer Administrator", "Viewer\tAdministrator", "Viewer,Administrator", ""]
        {
            let claims = json!({ "roles": both, "permissions": "view edit" });
            let identity = describe(&ClaimMapping::default(), claims).unwrap();
            assert!(identity.role_words().is_empty() && identity.permission_words().is_empty(), "{both:?}");
        }
        // A claim that is named for them is no exception, though scopes are split at spaces.
        let mapping = ClaimMapping { permissions: ClaimPath::new("scope"), ..ClaimMapping::default() };
        let identity = describe(&mapping, json!({ "scope": "view edit" })).unwrap();
        assert_eq!((identity.permission_words().len(), identity.scope()), (0, "view edit"));
    }

    #[test]
    fn r39_a_separator_that_is_set_splits_strings_of_roles_and_permissions() {
        let comma = ClaimMapping { separator: Some(','), ..ClaimMapping::default() };
        let claims =
            json!({ "roles": "Viewer, Deputy Administrator,,", "permissions": "edit,x", "scope": "a,b entries" });
        let identity = describe(&comma, claims).unwrap();
        assert_eq!((identity.role_words(), identity.permission_words()), ([0b01].as_slice(), [0b11].as_slice()));
        assert_eq!(identity.scope(), "a,b entries");
        // An item of an array stays one name.
        assert!(describe(&comma, json!({ "roles": ["Viewer,Administrator"] })).unwrap().role_words().is_empty());
        let space = ClaimMapping { separator: Some(' '), ..ClaimMapping::default() };
        assert_eq!(describe(&space, json!({ "roles": "nobody  Viewer" })).unwrap().role_words(), [0b01]);
    }

    #[test]
    fn r39_roles_and_permissions_that_are_null_are_none() {
        let identity = describe(&ClaimMapping::default(), json!({ "roles": null, "permissions": null })).unwrap();
        assert!(identity.role_words().is_empty() && identity.permission_words().is_empty());
        let nested = ClaimMapping { roles: vec![ClaimPath::new("realm_access.roles")], ..ClaimMapping::default() };
        assert!(describe(&nested, json!({ "realm_access": null })).unwrap().role_words().is_empty());
    }

    #[test]
    fn r39_only_spaces_split_scopes() {
        for space in ['\t', '\n', '\u{a0}', '\u{2003}'] {
            let identity = describe(&ClaimMapping::default(), json!({ "scope": format!("entries{space}") })).unwrap();
            assert_eq!((identity.scope_words().len(), identity.scope()), (0, format!("entries{space}").as_str()));
        }
    }

    #[test]
    fn r39_names_of_another_type_are_not_read_as_absent() {
        for name in ["roles", "permissions", "scope", "scp"] {
            for bad in [json!(1), json!(true), json!({ "Viewer": true }), json!(["Viewer", 1]), json!([null])] {
                let error = describe(&ClaimMapping::default(), json!({ name: bad })).unwrap_err();
                assert_eq!(error, TokenError::Claim(name), "{name}: {bad}");
            }
        }
        for name in ["scope", "scp"] {
            assert_eq!(describe(&ClaimMapping::default(), json!({ name: null })).unwrap_err(), TokenError::Claim(name));
        }
    }

    #[test]
    fn r39_roles_are_read_where_the_issuer_has_them() {
        let roles = |path: &str, claims: Value| {
            let mapping = ClaimMapping { roles: vec![ClaimPath::new(path)], ..ClaimMapping::default() };
            describe(&mapping, claims).map(|identity| identity.role_words().to_vec())
        };
        let keycloak = json!({ "realm_access": { "roles": ["Viewer"] }, "roles": ["Administrator"] });
        assert_eq!(roles("realm_access.roles", keycloak.clone()), Ok(vec![0b01]));
        assert_eq!(roles("/realm_access/roles", keycloak), Ok(vec![0b01]));
        let namespaced = json!({ "https://example.com/roles": "Viewer", "a/b~c": { "d": "Administrator" } });
        assert_eq!(roles("https://example.com/roles", namespaced.clone()), Ok(vec![0b01]));
        assert_eq!(roles("/https:~1~1example.com~1roles", namespaced.clone()), Ok(vec![0b01]));
        assert_eq!(roles("/a~1b~0c/d", namespaced.clone()), Ok(vec![0b10]));
        assert_eq!(roles("realm_access.roles", namespaced), Ok(vec![]));
        assert_eq!(roles("realm_access.roles", json!({ "realm_access": "Viewer" })), Err(TokenError::Claim("roles")));
        assert_eq!(roles("", json!({ "roles": "Viewer" })), Ok(vec![]));
    }

    #[test]
    fn name_and_sign_in_are_read() {
        let name = |claims: Value| describe(&ClaimMapping::default(), claims).unwrap().display_name().to_owned();
        assert_eq!(name(json!({ "name": "Alice A.", "preferred_username": "al" })), "Alice A.");
        assert_eq!(name(json!({ "name": "", "preferred_username": "al" })), "al");
        let nick = ClaimMapping { display_name: vec![ClaimPath::new("nick")], ..ClaimMapping::default() };
        let named = |claims: Value| describe(&nick, claims).unwrap().display_name().to_owned();
        assert_eq!(named(json!({ "nick": "Ali", "name": "Alice A.", "preferred_username": "al" })), "Ali");
        assert_eq!(named(json!({ "name": "Alice A.", "preferred_username": "al" })), "al");
        assert_eq!(named(json!({ "name": "Alice A." })), "alice");
        // A claim of another type is absent.
        assert_eq!(name(json!({ "name": null, "preferred_username": "al" })), "al");
        assert_eq!(name(json!({ "name": ["Alice A."], "preferred_username": "al" })), "al");
        assert_eq!(name(json!({ "name": 1, "preferred_username": { "a": "al" } })), "alice");

        let identity = describe(&ClaimMapping::default(), json!({ "auth_time": 1_700_000_000.9 })).unwrap();
        assert_eq!(identity.authenticated_at(), Some(1_700_000_000));
        // The name of the sign-in describes, and is no identifier.
        let username =
            |claims: Value| describe(&ClaimMapping::default(), claims).unwrap().username().map(str::to_owned);
        assert_eq!(username(json!({ "preferred_username": "al" })).as_deref(), Some("al"));
        for none in [json!({}), json!({ "preferred_username": "" }), json!({ "preferred_username": 1 })] {
            assert_eq!(username(none), None);
        }
        // When a token was issued is not when its subject signed in.
        assert_eq!(describe(&ClaimMapping::default(), json!({ "iat": 1 })).unwrap().authenticated_at(), None);
        for bad in [json!("1700000000"), json!(null), json!(-1), json!(1e300)] {
            let identity = describe(&ClaimMapping::default(), json!({ "auth_time": bad })).unwrap();
            assert_eq!(identity.authenticated_at(), None, "{bad}");
        }
    }

    #[test]
    fn r39_roles_of_several_claims_add_up() {
        let roles = ["realm_access.roles", "/resource_access/my.client/roles"].map(ClaimPath::new).to_vec();
        let mapping = ClaimMapping { roles, ..ClaimMapping::default() };
        let client = json!({ "my.client": { "roles": ["Administrator"] } });
        let claims = json!({ "realm_access": { "roles": ["Viewer"] }, "resource_access": client, "roles": ["x"] });
        assert_eq!(describe(&mapping, claims).unwrap().role_words(), [0b11]);
        assert_eq!(
            describe(&mapping, json!({ "realm_access": { "roles": ["Viewer"] } })).unwrap().role_words(),
            [0b01]
        );
        let bad = json!({ "realm_access": { "roles": ["Viewer"] }, "resource_access": { "my.client": 1 } });
        assert_eq!(describe(&mapping, bad).unwrap_err(), TokenError::Claim("roles"));
    }

    #[test]
    fn r39_the_keys_of_an_object_are_roles_if_the_issuer_writes_them_so() {
        let path = "urn:zitadel:iam:org:project:roles";
        let zitadel = ClaimMapping { role_keys: vec![ClaimPath::new(path)], ..ClaimMapping::default() };
        let claims = json!({ path: { "Viewer": { "2": "example.com" }, "Administrator": {}, "x": { "2": "y" } } });
        assert_eq!(describe(&zitadel, claims.clone()).unwrap().role_words(), [0b01]);
        assert!(describe(&ClaimMapping::default(), claims).unwrap().role_words().is_empty());
        let flags = json!({ path: { "Viewer": true, "Administrator": false, "x": null } });
        assert_eq!(describe(&zitadel, flags).unwrap().role_words(), [0b01]);
        for none in [json!({}), json!({ path: null }), json!({ path: {} })] {
            assert!(describe(&zitadel, none).unwrap().role_words().is_empty());
        }
        for bad in [json!(["Viewer"]), json!("Viewer"), json!({ "Viewer": "true" }), json!({ "Viewer": 1 })] {
            assert_eq!(describe(&zitadel, json!({ path: bad })).unwrap_err(), TokenError::Claim("roles"), "{bad}");
        }
    }

    #[test]
    fn r39_a_claim_that_is_true_is_a_role_if_it_is_named_so() {
        let firebase = ClaimMapping {
            role_flags: vec!["Viewer".to_owned(), "Administrator".to_owned()],
            ..ClaimMapping::default()
        };
        let claims = json!({ "Viewer": true, "Administrator": false });
        assert_eq!(describe(&firebase, claims.clone()).unwrap().role_words(), [0b01]);
        assert!(describe(&ClaimMapping::default(), claims).unwrap().role_words().is_empty());
        assert!(describe(&firebase, json!({ "Viewer": null })).unwrap().role_words().is_empty());
        for bad in [json!("true"), json!(1), json!([true])] {
            assert_eq!(describe(&firebase, json!({ "Viewer": bad })).unwrap_err(), TokenError::Claim("roles"), "{bad}");
        }
    }

    #[test]
    fn r39_a_path_that_finds_nothing_knows_the_missing_step_and_logs_it_once() {
        let path = ClaimPath::new("resource_access.my.client.roles");
        let claims = json!({ "resource_access": { "my.client": { "roles": ["Viewer"] } } }).to_string();
        let claims = Object::parse(&claims).unwrap();
        assert!(matches!(path.find(&claims), Found::NoStep(1)));
        assert!(!path.is_logged.load(Ordering::Relaxed));
        for path in [path.clone(), path.clone()] {
            assert!(matches!(path.find_granting(&claims), Found::NoStep(1)));
        }
        assert!(path.is_logged.load(Ordering::Relaxed));
        // The usual claim of one step says nothing if a caller has no roles.
        let usual = ClaimPath::new("roles");
        assert!(matches!(usual.find_granting(&claims), Found::Absent));
        assert!(!usual.is_logged.load(Ordering::Relaxed));
    }
}
