//! Claims to identity: where the issuer says what is the caller's.

use serde_json::{Map, Value};

use super::{error::Flaw, rules::date};
use crate::authenticate::IdentityBuilder;

/// Which claims hold what.
#[derive(Clone, Debug)]
pub(super) struct Mapping {
    pub(super) roles: ClaimPath,
    pub(super) permissions: ClaimPath,
    /// The first that is there counts.
    pub(super) display_name: Vec<ClaimPath>,
}

impl Default for Mapping {
    fn default() -> Self {
        Self {
            roles: ClaimPath::new("roles"),
            permissions: ClaimPath::new("permissions"),
            display_name: vec![ClaimPath::new("name"), ClaimPath::new("preferred_username")],
        }
    }
}

impl Mapping {
    /// Adds what the claims say, and the claims themselves.
    ///
    /// A claim of another type than expected is an error: what cannot be read must not count as absent.
    pub(super) fn describe(
        &self,
        mut identity: IdentityBuilder,
        claims: Map<String, Value>,
    ) -> Result<IdentityBuilder, Flaw> {
        for role in names(self.roles.find(&claims), "roles")? {
            identity = identity.role(role);
        }
        for permission in names(self.permissions.find(&claims), "permissions")? {
            identity = identity.permission(permission);
        }
        for claim in ["scope", "scp"] {
            for scope in names(Found::of(claims.get(claim)), claim)? {
                identity = identity.scope(scope);
            }
        }
        if let Some(name) = self.display_name.iter().find_map(|path| path.find(&claims).text()) {
            identity = identity.display_name(name);
        }
        if let Some(signed_in) = date(&claims, "auth_time")? {
            identity = identity.authenticated_at(signed_in.as_secs());
        }
        Ok(identity.claims(claims))
    }
}

/// A string of names parted by spaces (as in RFC 8693, section 4.2), or an array of them.
fn names<'a>(found: Found<'a>, claim: &'static str) -> Result<Vec<&'a str>, Flaw> {
    match found {
        Found::Absent => Ok(Vec::new()),
        Found::Value(Value::String(names)) => Ok(names.split_whitespace().collect()),
        Found::Value(Value::Array(names)) => names.iter().map(|name| name.as_str().ok_or(Flaw::Claim(claim))).collect(),
        Found::Value(_) | Found::NoWay => Err(Flaw::Claim(claim)),
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

    fn find<'a>(&self, claims: &'a Map<String, Value>) -> Found<'a> {
        if let Some(value) = claims.get(&self.name) {
            return Found::Value(value);
        }
        let mut object = claims;
        for parent in &self.parents {
            object = match object.get(parent) {
                Some(Value::Object(inner)) => inner,
                Some(_) => return Found::NoWay,
                None => return Found::Absent,
            };
        }
        Found::of(object.get(&self.last))
    }
}

/// What stands at a path.
#[derive(Clone, Copy)]
enum Found<'a> {
    Absent,
    Value(&'a Value),
    /// Something on the way is not an object.
    NoWay,
}

impl<'a> Found<'a> {
    fn of(value: Option<&'a Value>) -> Self {
        value.map_or(Self::Absent, Self::Value)
    }

    fn text(self) -> Option<&'a str> {
        match self {
            Self::Value(Value::String(text)) if !text.is_empty() => Some(text),
            _ => None,
        }
    }
}

/// In this order, so that `~01` is `~1` (RFC 6901, section 4).
fn unescape(step: &str) -> String {
    step.replace("~1", "/").replace("~0", "~")
}
