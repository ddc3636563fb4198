//! Settings to `Auth`: each backend that is configured, and whose permissions are overridden.

use auth_runtime::{
    api_key::{ApiKeyError, ApiKeyRecord, MemoryApiKeys},
    prelude::*,
    users::MemoryUsers,
};
use serde::Deserialize;

use super::{
    access::{Auth, Permission, PermissionSet},
    tokens::Tokens,
};
use crate::environment::{Environment, Members, SettingError};

/// Who vouches for users and keys of the environment. No token may claim to be from them.
pub(super) const BASIC: &str = "basic";
pub(super) const KEYS: &str = "api-key";

/// Reads all settings.
///
/// # Errors
/// The first one that is wrong.
pub fn auth(environment: &Environment) -> Result<Auth, SettingError> {
    let tokens = Tokens::read(environment)?;
    let users = Users::read(environment)?;
    let keys = Keys::read(environment)?;
    if !tokens.are_accepted() && users.is_none() && keys.is_none() {
        return Err(SettingError::new(
            "OIDC_ISSUER, OAUTH2_JWKS_URL, OAUTH2_JWKS_FILE, AUTH_PUBLIC_KEY_FILE, AUTH_HS256_SECRET, \
             BASIC_AUTH_CREDENTIALS, API_KEYS",
            "none is set, so nobody could come in; set at least one",
        ));
    }
    let known = Known { tokens: &tokens, users: users.as_ref(), keys: keys.as_ref() };
    let overrides = overrides(environment, &known)?;
    Ok(Auth {
        access_token: tokens.verifier()?,
        password: users.map(|users| Basic::new(users.store).issuer(BASIC)),
        api_key: keys.map(|keys| ApiKeys::new(keys.store).issuer(KEYS)),
        overrides,
    })
}

/// `BASIC_AUTH_CREDENTIALS`.
struct Users {
    names: Vec<String>,
    store: MemoryUsers,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct UserSetting {
    username: String,
    password: String,
}

impl Users {
    fn read(environment: &Environment) -> Result<Option<Self>, SettingError> {
        const SETTING: &str = "BASIC_AUTH_CREDENTIALS";
        let expected = r#"a JSON list of {"username": "..", "password": ".."}"#;
        let Some(users) = environment.json::<Vec<UserSetting>>(SETTING, expected)? else { return Ok(None) };
        if users.is_empty() {
            return Err(empty(SETTING));
        }
        let mut read = Self { names: Vec::new(), store: MemoryUsers::new() };
        for UserSetting { username, password } in users {
            let in_words = |error| SettingError::new(SETTING, format_args!("user {username:?}: {error}"));
            read.store = read.store.add(&username, &password).map_err(in_words)?;
            read.names.push(username);
        }
        Ok(Some(read))
    }
}

/// `API_KEYS`.
struct Keys {
    names: Vec<String>,
    store: MemoryApiKeys,
}

impl Keys {
    fn read(environment: &Environment) -> Result<Option<Self>, SettingError> {
        const SETTING: &str = "API_KEYS";
        let expected = r#"a JSON object {"name": "key", ..} with each name once"#;
        let Some(Members(keys)) = environment.json::<Members<String>>(SETTING, expected)? else { return Ok(None) };
        if keys.is_empty() {
            return Err(empty(SETTING));
        }
        let mut read = Self { names: Vec::new(), store: MemoryApiKeys::new() };
        for (name, key) in keys {
            read.store = read.store.add_record(record(&name, &key)?).map_err(|_| {
                SettingError::new(SETTING, format_args!("key of {name:?}: another name has the same key"))
            })?;
            read.names.push(name);
        }
        Ok(Some(read))
    }
}

fn record(name: &str, key: &str) -> Result<ApiKeyRecord, SettingError> {
    let in_words = |error: ApiKeyError| SettingError::new("API_KEYS", format_args!("key of {name:?}: {error}"));
    ApiKeyRecord::of(key, name).map_err(in_words)
}

/// Whose permissions can be overridden.
struct Known<'a> {
    tokens: &'a Tokens,
    users: Option<&'a Users>,
    keys: Option<&'a Keys>,
}

impl<'a> Known<'a> {
    /// Who is meant, as issuer and subject: the users come first, then the keys; any other is a caller with a token,
    /// `issuer subject` if there are several issuers. Only that one caller is meant: a token whose `sub` is the name
    /// of a user is somebody else's.
    fn find(&self, name: &'a str) -> Result<(&'a str, &'a str), String> {
        let has = |names: &[String]| names.iter().any(|known| known == name);
        if self.users.is_some_and(|users| has(&users.names)) {
            return Ok((BASIC, name));
        }
        if self.keys.is_some_and(|keys| has(&keys.names)) {
            return Ok((KEYS, name));
        }
        let issuers = self.tokens.issuers();
        let named = name.split_once(' ').filter(|(issuer, _)| issuers.contains(issuer));
        match (named, issuers.as_slice()) {
            (Some(named), _) => Ok(named),
            (None, [issuer]) => Ok((issuer, name)),
            (None, []) => Err("is no user and no key, and tokens are not accepted".to_owned()),
            (None, [first, ..]) => Err(format!("may be of several issuers; write {:?}", format!("{first} {name}"))),
        }
    }
}

/// What stands for permissions in `PERMISSION_OVERRIDES`.
#[derive(Deserialize)]
#[serde(untagged)]
enum Override {
    Word(String),
    List(Vec<String>),
}

const OVERRIDES: &str = "PERMISSION_OVERRIDES";

fn overrides(environment: &Environment, known: &Known<'_>) -> Result<PermissionOverrides<Permission>, SettingError> {
    let expected = r#"a JSON object {"subject": "*" or [permission, ..], ..} with each subject once"#;
    let members = environment.json::<Members<Override>>(OVERRIDES, expected)?;
    let members = members.map_or_else(Vec::new, |Members(members)| members);
    members.into_iter().try_fold(PermissionOverrides::new(), |overrides, (subject, what)| {
        let permissions = permissions(what, &subject)?;
        let found = known.find(&subject);
        let (issuer, subject) =
            found.map_err(|problem| SettingError::new(OVERRIDES, format_args!("{subject:?} {problem}")))?;
        Ok(overrides.replace(issuer, subject, permissions))
    })
}

fn permissions(what: Override, subject: &str) -> Result<PermissionSet, SettingError> {
    let error = |problem: &dyn std::fmt::Display| SettingError::new(OVERRIDES, format_args!("{subject:?}: {problem}"));
    match what {
        Override::Word(word) if word == "*" => Ok(Permission::set(Permission::ALL)),
        Override::Word(_) => Err(error(&r#"the only string that is accepted is "*"; name permissions in a list"#)),
        Override::List(names) => names
            .iter()
            .map(|name| named(name))
            .collect::<Result<Vec<_>, _>>()
            .map(|sets| sets.into_iter().fold(PermissionSet::EMPTY, PermissionSet::union))
            .map_err(|problem| error(&problem)),
    }
}

fn named(name: &str) -> Result<PermissionSet, String> {
    if name == "*" {
        return Ok(Permission::set(Permission::ALL));
    }
    let permission = name.parse::<Permission>();
    permission.map(|permission| Permission::set(&[permission])).map_err(|error| {
        let declared: Vec<_> = Permission::ALL.iter().map(|permission| permission.name()).collect();
        format!("{error}; there are {}", declared.join(", "))
    })
}

pub(super) fn empty(setting: &'static str) -> SettingError {
    SettingError::new(setting, "is empty; leave it out if it is not needed")
}
