//! Claims to identity: where the issuer says what is the caller's.

use smallvec::SmallVec;

use super::{
    error::Flaw,
    json::{Json, Object},
    rules::date,
};
use crate::authenticate::IdentityBuilder;

/// Which claims hold what.
#[derive(Clone, Debug)]
pub(super) struct Mapping {
    pub(super) roles: ClaimPath,
    pub(super) permissions: ClaimPath,
    /// The first that is there counts.
    pub(super) display_name: Vec<ClaimPath>,
    /// Splits a string of roles or permissions; without it, a string is one name.
    pub(super) separator: Option<char>,
}

impl Default for Mapping {
    fn default() -> Self {
        Self {
            roles: ClaimPath::new(super::ROLES_CLAIM),
            permissions: ClaimPath::new("permissions"),
            display_name: vec![ClaimPath::new("name"), ClaimPath::new("preferred_username")],
            separator: None,
        }
    }
}

impl Mapping {
    /// Adds what the claims say.
    ///
    /// A claim of another type than expected is an error: what cannot be read must not count as absent.
    pub(super) fn describe(&self, mut identity: IdentityBuilder, claims: &Object<'_>) -> Result<IdentityBuilder, Flaw> {
        for role in self.names(self.roles.find(claims), "roles")? {
            identity.add_role(role);
        }
        for permission in self.names(self.permissions.find(claims), "permissions")? {
            identity.add_permission(permission);
        }
        for claim in ["scope", "scp"] {
            match claims.get(claim) {
                None => {}
                Some(Json::String(scopes)) => identity.add_scope(scopes),
                Some(Json::Array(scopes)) => {
                    strings(scopes, claim)?.into_iter().for_each(|scope| identity.add_scope(scope));
                }
                Some(_) => return Err(Flaw::Claim(claim)),
            }
        }
        for path in self.display_name.iter().rev() {
            if let Some(name) = path.find(claims).text()? {
                identity = identity.display_name(name);
            }
        }
        if let Some(signed_in) = date(claims, "auth_time")? {
            identity = identity.authenticated_at(signed_in.as_secs());
        }
        Ok(identity)
    }

    /// Returns the roles or permissions of a claim: an array has one name in each item, and a string is one name,
    /// unless the issuer is known to join several with a separator. `null` has none.
    fn names<'a>(&self, found: Found<'a>, claim: &'static str) -> Result<Names<'a>, Flaw> {
        match found {
            Found::Absent | Found::Value(Json::Null) => Ok(Names::new()),
            Found::Value(Json::String(name)) => Ok(self.split(name)),
            Found::Value(Json::Array(names)) => strings(names, claim),
            Found::Value(_) | Found::NoWay => Err(Flaw::Claim(claim)),
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

/// Few enough to stand in the value itself.
type Names<'a> = SmallVec<[&'a str; 8]>;

/// Returns the strings of an array, in which nothing else may be.
fn strings<'a>(names: &'a [Json<'_>], claim: &'static str) -> Result<Names<'a>, Flaw> {
    names.iter().map(|name| string(name).ok_or(Flaw::Claim(claim))).collect()
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
}

impl ClaimPath {
    pub(super) fn new(path: impl Into<String>) -> Self {
        let name = path.into();
        let mut parents: Vec<String> = match name.strip_prefix('/') {
            Some(pointer) => pointer.split('/').map(unescape).collect(),
            None => name.split('.').map(str::to_owned).collect(),
        };
        let last = parents.pop().unwrap_or_default();
        Self { name, parents, last }
    }

    fn find<'a>(&self, claims: &'a Object<'a>) -> Found<'a> {
        match claims.get(&self.name) {
            Some(value) => return Found::Value(value),
            None if self.parents.is_empty() && self.last == self.name => return Found::Absent,
            None => {}
        }
        let mut object = claims;
        for parent in &self.parents {
            object = match object.get(parent) {
                Some(Json::Object(inner)) => inner,
                Some(Json::Null) | None => return Found::Absent,
                Some(_) => return Found::NoWay,
            };
        }
        Found::of(object.get(&self.last))
    }
}

/// What stands at a path.
#[derive(Clone, Copy)]
enum Found<'a> {
    Absent,
    Value(&'a Json<'a>),
    /// Something on the way is not an object.
    NoWay,
}

impl<'a> Found<'a> {
    fn of(value: Option<&'a Json<'a>>) -> Self {
        value.map_or(Self::Absent, Self::Value)
    }

    /// A name for people to read; an empty one is none.
    fn text(self) -> Result<Option<&'a str>, Flaw> {
        match self {
            Self::Absent => Ok(None),
            Self::Value(Json::String(text)) => Ok(Some(&**text).filter(|text| !text.is_empty())),
            Self::Value(_) | Self::NoWay => Err(Flaw::Claim("name")),
        }
    }
}

/// In this order, so that `~01` is `~1` (RFC 6901, section 4).
fn unescape(step: &str) -> String {
    step.replace("~1", "/").replace("~0", "~")
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::{ClaimPath, Mapping};
    use crate::{
        authenticate::{Context, Identity, IdentityBuilder},
        declared::DeclaredNames,
        jwt::{error::Flaw, json::Object},
    };

    static TABLES: DeclaredNames = DeclaredNames {
        permissions: &["view", "edit"],
        roles: &["Viewer", "Administrator"],
        scopes: &["entries"],
        role_permissions: &[&[0b01], &[0b11]],
    };

    #[expect(clippy::needless_pass_by_value, reason = "tests read better without references")]
    fn describe(mapping: &Mapping, claims: Value) -> Result<Identity, Flaw> {
        let claims = claims.to_string();
        let identity = Context::new(&TABLES).identity("https://issuer.example", "alice");
        mapping.describe(identity, &Object::parse(&claims).unwrap()).map(IdentityBuilder::build)
    }

    #[test]
    fn r39_names_are_a_string_or_an_array() {
        for roles in [json!("Viewer"), json!(["Viewer"]), json!(["nobody", "Viewer"])] {
            let identity = describe(&Mapping::default(), json!({ "roles": roles })).unwrap();
            assert_eq!(
                (identity.role_words(), identity.permission_words()),
                ([0b01].as_slice(), [0b01].as_slice()),
                "{roles}"
            );
        }
        let identity =
            describe(&Mapping::default(), json!({ "permissions": "edit", "scope": "a entries", "scp": ["b"] }));
        let identity = identity.unwrap();
        assert_eq!((identity.permission_words(), identity.scope_words()), ([0b10].as_slice(), [0b1].as_slice()));
        assert_eq!(identity.scope(), "a entries b");
    }

    #[test]
    fn r39_a_role_with_a_space_in_an_array_is_one_name() {
        let identity = describe(&Mapping::default(), json!({ "roles": ["Administrator of another service"] })).unwrap();
        assert!(identity.role_words().is_empty());
    }

    #[test]
    fn r39_a_string_of_roles_or_permissions_is_one_name() {
        for both in
            ["Deputy Administrator", "Viewer Administrator", "Viewer\tAdministrator", "Viewer,Administrator", ""]
        {
            let claims = json!({ "roles": both, "permissions": "view edit" });
            let identity = describe(&Mapping::default(), claims).unwrap();
            assert!(identity.role_words().is_empty() && identity.permission_words().is_empty(), "{both:?}");
        }
        // A claim that is named for them is no exception, though scopes are split at spaces.
        let mapping = Mapping { permissions: ClaimPath::new("scope"), ..Mapping::default() };
        let identity = describe(&mapping, json!({ "scope": "view edit" })).unwrap();
        assert_eq!((identity.permission_words().len(), identity.scope()), (0, "view edit"));
    }

    #[test]
    fn r39_a_separator_that_is_set_splits_strings_of_roles_and_permissions() {
        let comma = Mapping { separator: Some(','), ..Mapping::default() };
        let claims =
            json!({ "roles": "Viewer, Deputy Administrator,,", "permissions": "edit,x", "scope": "a,b entries" });
        let identity = describe(&comma, claims).unwrap();
        assert_eq!((identity.role_words(), identity.permission_words()), ([0b01].as_slice(), [0b11].as_slice()));
        assert_eq!(identity.scope(), "a,b entries");
        // An item of an array is one name all the same.
        assert!(describe(&comma, json!({ "roles": ["Viewer,Administrator"] })).unwrap().role_words().is_empty());
        let space = Mapping { separator: Some(' '), ..Mapping::default() };
        assert_eq!(describe(&space, json!({ "roles": "nobody  Viewer" })).unwrap().role_words(), [0b01]);
    }

    #[test]
    fn r39_roles_and_permissions_that_are_null_are_none() {
        let identity = describe(&Mapping::default(), json!({ "roles": null, "permissions": null })).unwrap();
        assert!(identity.role_words().is_empty() && identity.permission_words().is_empty());
        let nested = Mapping { roles: ClaimPath::new("realm_access.roles"), ..Mapping::default() };
        assert!(describe(&nested, json!({ "realm_access": null })).unwrap().role_words().is_empty());
    }

    #[test]
    fn r39_only_spaces_split_scopes() {
        for space in ['\t', '\n', '\u{a0}', '\u{2003}'] {
            let identity = describe(&Mapping::default(), json!({ "scope": format!("entries{space}") })).unwrap();
            assert_eq!((identity.scope_words().len(), identity.scope()), (0, format!("entries{space}").as_str()));
        }
    }

    #[test]
    fn r39_names_of_another_type_are_not_read_as_absent() {
        for name in ["roles", "permissions", "scope", "scp"] {
            for bad in [json!(1), json!(true), json!({ "Viewer": true }), json!(["Viewer", 1]), json!([null])] {
                let error = describe(&Mapping::default(), json!({ name: bad })).unwrap_err();
                assert_eq!(error, Flaw::Claim(name), "{name}: {bad}");
            }
        }
        for name in ["scope", "scp"] {
            assert_eq!(describe(&Mapping::default(), json!({ name: null })).unwrap_err(), Flaw::Claim(name));
        }
    }

    #[test]
    fn r39_roles_are_read_where_the_issuer_has_them() {
        let roles = |path: &str, claims: Value| {
            let mapping = Mapping { roles: ClaimPath::new(path), ..Mapping::default() };
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
        assert_eq!(roles("realm_access.roles", json!({ "realm_access": "Viewer" })), Err(Flaw::Claim("roles")));
        assert_eq!(roles("", json!({ "roles": "Viewer" })), Ok(vec![]));
    }

    #[test]
    fn name_and_sign_in_are_read() {
        let name = |claims: Value| describe(&Mapping::default(), claims).unwrap().display_name().to_owned();
        assert_eq!(name(json!({ "name": "Alice A.", "preferred_username": "al" })), "Alice A.");
        assert_eq!(name(json!({ "name": "", "preferred_username": "al" })), "al");
        for (member, bad) in [("name", json!(1)), ("name", json!(null)), ("preferred_username", json!(["al"]))] {
            let claims = json!({ "name": "Alice A.", member: bad });
            assert_eq!(describe(&Mapping::default(), claims).unwrap_err(), Flaw::Claim("name"), "{member}");
        }

        let identity = describe(&Mapping::default(), json!({ "auth_time": 1_700_000_000.9 })).unwrap();
        assert_eq!(identity.authenticated_at(), Some(1_700_000_000));
        // When a token was issued is not when its subject signed in.
        assert_eq!(describe(&Mapping::default(), json!({ "iat": 1 })).unwrap().authenticated_at(), None);
        assert_eq!(describe(&Mapping::default(), json!({ "auth_time": "1" })).unwrap_err(), Flaw::Claim("auth_time"));
    }
}
