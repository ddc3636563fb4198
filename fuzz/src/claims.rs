//! A second implementation of the rules for claims, written from the documentation of auth-runtime. It uses its own JSON
//! parser, and sets of names instead of bits.

use std::collections::BTreeSet;

use auth_runtime::{
    authenticate::Identity,
    declared::{Table, TableSet},
};

use crate::{
    app::{AUDIENCE, Auth, ISSUER, Permission, Role},
    json::Json,
};

/// The end of the year 9999.
const LATEST: f64 = 253_402_300_799.0;

/// The paths of the claims, and the allowed clock difference.
#[derive(Debug)]
pub struct Settings {
    /// The path of the roles.
    pub roles: String,
    /// The path of the permissions.
    pub permissions: String,
    /// The paths of display names. The first name that is present counts.
    pub names: Vec<String>,
    /// The allowed clock difference, in seconds.
    pub leeway: u64,
}

impl Default for Settings {
    fn default() -> Self {
        let text = str::to_owned;
        Self {
            roles: text("roles"),
            permissions: text("permissions"),
            names: vec![text("name"), text("preferred_username")],
            leeway: 60,
        }
    }
}

/// A caller with roles, permissions and scopes.
#[derive(Debug, PartialEq)]
pub struct Caller {
    subject: String,
    username: Option<String>,
    display_name: String,
    roles: BTreeSet<&'static str>,
    permissions: BTreeSet<&'static str>,
    scope: String,
    authenticated_at: Option<u64>,
}

impl Caller {
    /// Returns the caller that auth-runtime read.
    #[must_use]
    pub fn of(identity: &Identity) -> Self {
        let (roles, permissions) = (identity.roles::<Auth>(), identity.permissions::<Auth>());
        let names = |all: &'static [&'static str], has: &dyn Fn(usize) -> bool| {
            all.iter().enumerate().filter(|(index, _)| has(*index)).map(|(_, name)| *name).collect()
        };
        Self {
            subject: identity.subject().to_owned(),
            username: identity.username().map(str::to_owned),
            display_name: identity.display_name().to_owned(),
            roles: names(Role::NAMES, &|index| roles.has(Role::ALL[index])),
            permissions: names(Permission::NAMES, &|index| permissions.has(Permission::ALL[index])),
            scope: identity.scope().to_owned(),
            authenticated_at: identity.authenticated_at(),
        }
    }
}

/// Returns the caller of these claims at a time in seconds since 1970, or `None` if the claims break a rule.
#[must_use]
pub fn caller(text: &[u8], settings: &Settings, now: f64) -> Option<Caller> {
    let claims = Json::read_strictly(text).filter(|claims| matches!(claims, Json::Object(_)))?;
    let states = |name: &str, typ: &str| {
        claims.get(name).and_then(Json::text).is_some_and(|text| text.eq_ignore_ascii_case(typ))
    };
    let has_hash = claims.get("at_hash").or(claims.get("c_hash")).is_some();
    let is_id_token = has_hash || states("token_use", "id") || states("typ", "ID");
    if is_id_token || claims.get("iss")?.text()? != ISSUER || !is_for_us(claims.get("aud")?) {
        return None;
    }
    is_now(&claims, settings.leeway, now)?;
    let subject = claims.get("sub")?.text().filter(|subject| !subject.is_empty())?;
    let given = names(at(&claims, &settings.roles)?)?;
    let roles = known(Role::NAMES, &given);
    let mut permissions = known(Permission::NAMES, &names(at(&claims, &settings.permissions)?)?);
    permissions.extend(roles.iter().flat_map(|role| held_by(role)));
    let mut scope = scopes(claims.get("scope"))?;
    scope.extend(scopes(claims.get("scp"))?);
    let read = |path: &String| at(&claims, path).flatten()?.text().filter(|name| !name.is_empty());
    let username = claims.get("preferred_username").and_then(Json::text).filter(|name| !name.is_empty());
    let display_name = settings.names.iter().find_map(read).or_else(|| username.clone());
    let display_name = display_name.unwrap_or_else(|| subject.clone());
    let authenticated_at = date(&claims, "auth_time").flatten().map(whole);
    // Each item of an array should be one scope, but some issuers put several into one item.
    let scope: Vec<&str> = scope.iter().flat_map(|names| names.split(' ')).filter(|name| !name.is_empty()).collect();
    Some(Caller { subject, username, display_name, roles, permissions, scope: scope.join(" "), authenticated_at })
}

fn is_for_us(audience: &Json<'_>) -> bool {
    let given: Option<Vec<String>> = match audience {
        Json::Array(items) => items.iter().map(Json::text).collect(),
        one => one.text().map(|name| vec![name]),
    };
    given.is_some_and(|given| given.iter().any(|name| name == AUDIENCE))
}

/// Returns `None` if a time claim is malformed, or the token has expired or is not yet valid.
fn is_now(claims: &Json<'_>, leeway: u64, now: f64) -> Option<()> {
    #[expect(clippy::cast_precision_loss, reason = "minutes")]
    let leeway = leeway as f64;
    let until = date(claims, "exp")??;
    let has_begun = [date(claims, "nbf")?, date(claims, "iat")?].into_iter().flatten().all(|from| now >= from - leeway);
    (now < until + leeway && has_begun).then_some(())
}

/// Returns the date in a claim: `Some(None)` if the claim is absent, `None` if it is not a date.
#[expect(clippy::option_option, reason = "wrong, absent and present")]
fn date(claims: &Json<'_>, name: &str) -> Option<Option<f64>> {
    match claims.get(name) {
        Some(value) => value.number().filter(|seconds| (0.0..=LATEST).contains(seconds)).map(Some),
        None => Some(None),
    }
}

#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a date")]
fn whole(seconds: f64) -> u64 {
    seconds as u64
}

/// Returns the value at a path: `Some(None)` if it is absent, `None` if a step on the way is not an object.
#[expect(clippy::option_option, reason = "wrong, absent and present")]
fn at<'a, 'b>(claims: &'a Json<'b>, path: &str) -> Option<Option<&'a Json<'b>>> {
    if let Some(value) = claims.get(path) {
        return Some(Some(value));
    }
    let steps: Vec<String> = match path.strip_prefix('/') {
        Some(pointer) => pointer.split('/').map(|step| step.replace("~1", "/").replace("~0", "~")).collect(),
        None => path.split('.').map(str::to_owned).collect(),
    };
    let mut found = claims;
    for step in &steps {
        match found {
            Json::Object(_) => {}
            Json::Null => return Some(None),
            _ => return None,
        }
        match found.get(step) {
            Some(value) => found = value,
            None => return Some(None),
        }
    }
    Some(Some(found))
}

/// Returns roles or permissions: an array of names, or a string that is one name. `null` has none, and any other type
/// is an error.
fn names(value: Option<&Json<'_>>) -> Option<Vec<String>> {
    match value {
        None | Some(Json::Null) => Some(Vec::new()),
        Some(Json::Array(items)) => items.iter().map(Json::text).collect(),
        Some(value) => Some(vec![value.text()?]),
    }
}

/// Returns scopes: an array of them, or a string that is split at spaces.
fn scopes(value: Option<&Json<'_>>) -> Option<Vec<String>> {
    match value {
        None => Some(Vec::new()),
        Some(Json::Array(items)) => items.iter().map(Json::text).collect(),
        Some(value) => Some(vec![value.text()?]),
    }
}

fn known(declared: &[&'static str], given: &[String]) -> BTreeSet<&'static str> {
    declared.iter().copied().filter(|name| given.iter().any(|given| given == name)).collect()
}

fn held_by(role: &str) -> &'static [&'static str] {
    match role {
        "Viewer" => &["view"],
        "Editor" => &["view", "edit"],
        "Administrator" => Permission::NAMES,
        _ => &[],
    }
}
