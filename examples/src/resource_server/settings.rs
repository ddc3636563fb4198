//! Builds `Auth` from the settings: the configured backends and the permission overrides.

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

/// The issuers of configured users and API keys. Tokens cannot have these issuers.
pub(super) const BASIC: &str = "basic";
pub(super) const KEYS: &str = "api-key";

/// Reads all settings.
///
/// # Errors
/// Returns an error for the first invalid setting.
pub fn auth(environment: &Environment) -> Result<Auth, SettingError> {
    let tokens = Tokens::read(environment)?;
    let users = Users::read(environment)?;
    let keys = Keys::read(environment)?;
    if !tokens.are_accepted() && users.is_none() && keys.is_none() {
        return Err(SettingError::new(
            "OIDC_ISSUER, OAUTH2_JWKS_URL, OAUTH2_JWKS_FILE, AUTH_PUBLIC_KEY_FILE, AUTH_HS256_SECRET, \
             BASIC_AUTH_CREDENTIALS, API_KEYS",
            "none is set, so every caller would be denied; set at least one",
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

/// The users in `BASIC_AUTH_CREDENTIALS`.
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

/// The keys in `API_KEYS`.
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
                SettingError::new(
                    SETTING,
                    format_args!("key of {name:?}: another name has the same key; use a different key for each name"),
                )
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

/// The callers whose permissions can be overridden.
struct Known<'a> {
    tokens: &'a Tokens,
    users: Option<&'a Users>,
    keys: Option<&'a Keys>,
}

impl<'a> Known<'a> {
    /// Returns the issuer and the subject of the caller with this name. Users come first, then keys. Any other name is
    /// the subject of a token, written as `issuer subject` if there are several issuers.
    ///
    /// An override applies to one caller only: a token whose `sub` equals a user name belongs to another caller.
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
            (None, []) => Err("is neither a user nor a key, and no token issuer is configured".to_owned()),
            (None, [first, ..]) => {
                Err(format!("is ambiguous, because there are several issuers; write {:?}", format!("{first} {name}")))
            }
        }
    }
}

/// The value of an entry in `PERMISSION_OVERRIDES`.
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
    members.into_iter().try_fold(PermissionOverrides::new(), |overrides, (subject, value)| {
        let permissions = permissions(value, &subject)?;
        let found = known.find(&subject);
        let (issuer, subject) =
            found.map_err(|problem| SettingError::new(OVERRIDES, format_args!("{subject:?} {problem}")))?;
        Ok(overrides.replace(issuer, subject, permissions))
    })
}

fn permissions(value: Override, subject: &str) -> Result<PermissionSet, SettingError> {
    let error = |problem: &dyn std::fmt::Display| SettingError::new(OVERRIDES, format_args!("{subject:?}: {problem}"));
    match value {
        Override::Word(word) if word == "*" => Ok(Permission::set(Permission::ALL)),
        Override::Word(_) => Err(error(&r#"the only accepted string is "*"; write permissions as a list"#)),
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
        format!("{error}; declared permissions: {}", declared.join(", "))
    })
}

pub(super) fn empty(setting: &'static str) -> SettingError {
    SettingError::new(setting, "is empty; remove it if you do not need it")
}
