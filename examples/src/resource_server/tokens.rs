//! Reads the settings of token issuers and their keys.

use std::{fs, time::Duration};

use auth_runtime::jwt::{Jwt, JwtError, JwtIssuer, JwtKey, RemoteKeys};

use super::settings::{BASIC, KEYS, empty};
use crate::environment::{Environment, SettingError};

const OIDC_ISSUER: &str = "OIDC_ISSUER";
const AUDIENCES: &str = "AUTH_AUDIENCES";
const DISCOVERY_PATH: &str = "/.well-known/openid-configuration";
const JWKS_URL: &str = "OAUTH2_JWKS_URL";
const JWKS_FILE: &str = "OAUTH2_JWKS_FILE";
const PUBLIC_KEY_FILE: &str = "AUTH_PUBLIC_KEY_FILE";
const SECRET: &str = "AUTH_HS256_SECRET";

/// The settings of all token issuers. No key is fetched yet.
#[derive(Default)]
pub(super) struct Tokens {
    issuers: Vec<Issuer>,
    audiences: Vec<String>,
    accepts_untyped: bool,
}

struct Issuer {
    name: String,
    keys: Vec<Key>,
}

/// The source of a key.
enum Key {
    Here(JwtKey),
    /// A key to fetch, and the name of its setting.
    Elsewhere(Box<RemoteKeys>, &'static str),
}

impl Tokens {
    pub(super) fn read(environment: &Environment) -> Result<Self, SettingError> {
        check_names(environment)?;
        let remote = Remote::read(environment)?;
        let mut issuers = discovered(environment, &remote)?;
        if let Some(named) = named(environment, &remote)? {
            if issuers.iter().any(|issuer| issuer.name == named.name) {
                return Err(SettingError::new(
                    "AUTH_ISSUER",
                    "is also listed in OIDC_ISSUER, which finds its own keys; remove it from one of them",
                ));
            }
            issuers.push(named);
        }
        if issuers.is_empty() {
            // AUTH_ISSUER or AUTH_AUDIENCES alone is not an error: several services may share the environment.
            return Ok(Self::default());
        }
        let audiences = audiences(environment)?.ok_or_else(|| missing(AUDIENCES))?;
        Ok(Self { issuers, audiences, accepts_untyped: accepts_untyped(environment)? })
    }

    pub(super) fn are_accepted(&self) -> bool {
        !self.issuers.is_empty()
    }

    /// Returns the accepted values of the claim `iss`.
    pub(super) fn issuers(&self) -> Vec<&str> {
        self.issuers.iter().map(|issuer| &*issuer.name).collect()
    }

    /// Returns the verifier of the tokens, and starts fetching keys.
    pub(super) fn verifier(self) -> Result<Option<Jwt>, SettingError> {
        if !self.are_accepted() {
            return Ok(None);
        }
        let verifiers = self.issuers.into_iter().map(|issuer| {
            let jwt = issuer.start()?.audiences(self.audiences.clone());
            let jwt = jwt.map_err(|error| SettingError::new(AUDIENCES, error))?;
            Ok(if self.accepts_untyped { jwt.accept_untyped() } else { jwt })
        });
        let verifiers: Vec<Jwt> = verifiers.collect::<Result<_, _>>()?;
        Jwt::any_of(verifiers).map(Some).map_err(|error| SettingError::new("OIDC_ISSUER, AUTH_ISSUER", error))
    }
}

impl Issuer {
    fn start(self) -> Result<JwtIssuer, SettingError> {
        let start = |key| match key {
            Key::Here(key) => Ok(key),
            Key::Elsewhere(keys, setting) => Jwt::remote(*keys).map_err(|error| SettingError::new(setting, error)),
        };
        let keys: Vec<JwtKey> = self.keys.into_iter().map(start).collect::<Result<_, _>>()?;
        let keys = keys.into_iter().reduce(JwtKey::or).ok_or_else(|| missing("AUTH_ISSUER"))?;
        Ok(keys.issuer(self.name))
    }
}

/// The settings for fetching keys: `AUTH_JWKS_TTL`, `AUTH_JWKS_COOLDOWN`, `AUTH_DANGER_ALLOW_HTTP_ON_LOOPBACK`.
struct Remote {
    ttl: Option<Duration>,
    cooldown: Option<Duration>,
    allow_http_on_loopback: bool,
}

impl Remote {
    fn read(environment: &Environment) -> Result<Self, SettingError> {
        Ok(Self {
            ttl: environment.seconds("AUTH_JWKS_TTL", 10..=3600)?,
            cooldown: environment.seconds("AUTH_JWKS_COOLDOWN", 10..=300)?,
            allow_http_on_loopback: environment.flag("AUTH_DANGER_ALLOW_HTTP_ON_LOOPBACK")?,
        })
    }

    fn jwks(&self, url: &str) -> Result<RemoteKeys, JwtError> {
        if self.allow_http_on_loopback {
            return RemoteKeys::dangerous().allow_http_on_loopback().jwks_url(url);
        }
        RemoteKeys::jwks_url(url)
    }

    fn openid_connect(&self, issuer: &str) -> Result<RemoteKeys, JwtError> {
        if self.allow_http_on_loopback {
            return RemoteKeys::dangerous().allow_http_on_loopback().openid_connect(issuer);
        }
        RemoteKeys::openid_connect(issuer)
    }

    fn with_times(&self, keys: RemoteKeys) -> RemoteKeys {
        let keys = self.ttl.into_iter().fold(keys, RemoteKeys::ttl);
        self.cooldown.into_iter().fold(keys, RemoteKeys::cooldown)
    }
}

/// Rejects a variable of fastapi-security that has another name here, unless that one is set too.
fn check_names(environment: &Environment) -> Result<(), SettingError> {
    let is_renamed = |theirs, ours| Ok(environment.text(theirs)?.is_some() && environment.text(ours)?.is_none());
    if is_renamed("OIDC_DISCOVERY_URL", OIDC_ISSUER)? {
        let url = environment.text("OIDC_DISCOVERY_URL")?.unwrap_or_default();
        let issuer = url.strip_suffix(DISCOVERY_PATH).unwrap_or(&url);
        let problem = format_args!("is not a setting of this server; set {OIDC_ISSUER} to {issuer:?}");
        return Err(SettingError::new("OIDC_DISCOVERY_URL", problem));
    }
    if is_renamed("OAUTH2_AUDIENCES", AUDIENCES)? {
        let problem = format_args!("is not a setting of this server; set {AUDIENCES} to the same list");
        return Err(SettingError::new("OAUTH2_AUDIENCES", problem));
    }
    Ok(())
}

/// Reads `OIDC_ISSUER`: issuers whose keys are found by discovery.
fn discovered(environment: &Environment, remote: &Remote) -> Result<Vec<Issuer>, SettingError> {
    let issuer = |name: String| {
        if let Some(issuer) = name.strip_suffix(DISCOVERY_PATH) {
            return Err(SettingError::new(
                OIDC_ISSUER,
                format_args!("must be the issuer and not its discovery URL; write {issuer:?}"),
            ));
        }
        let keys = remote.openid_connect(&name).map_err(|error| SettingError::new(OIDC_ISSUER, error))?;
        Ok(Issuer { name, keys: vec![Key::Elsewhere(Box::new(remote.with_times(keys)), OIDC_ISSUER)] })
    };
    list(environment, OIDC_ISSUER)?.into_iter().map(issuer).collect()
}

/// Reads `AUTH_ISSUER` and its keys.
fn named(environment: &Environment, remote: &Remote) -> Result<Option<Issuer>, SettingError> {
    let keys = keys(environment, remote)?;
    if keys.is_empty() {
        return Ok(None);
    }
    let name = environment.text("AUTH_ISSUER")?.ok_or_else(|| missing("AUTH_ISSUER"))?;
    if [BASIC, KEYS].contains(&name.as_str()) {
        return Err(SettingError::new(
            "AUTH_ISSUER",
            format!("{name:?} is reserved for the users of this server; choose another issuer"),
        ));
    }
    Ok(Some(Issuer { name, keys }))
}

fn keys(environment: &Environment, remote: &Remote) -> Result<Vec<Key>, SettingError> {
    let mut keys = Vec::new();
    for url in list(environment, JWKS_URL)? {
        let url = remote.jwks(&url).map_err(|error| SettingError::new(JWKS_URL, error))?;
        keys.push(Key::Elsewhere(Box::new(remote.with_times(url)), JWKS_URL));
    }
    let mut add = |setting, key: Result<JwtKey, JwtError>| {
        key.map(|key| keys.push(Key::Here(key))).map_err(|error| SettingError::new(setting, error))
    };
    for path in list(environment, JWKS_FILE)? {
        add(JWKS_FILE, Jwt::jwks_file(path))?;
    }
    if let Some(path) = environment.text(PUBLIC_KEY_FILE)? {
        let unreadable = |error| SettingError::new(PUBLIC_KEY_FILE, format_args!("cannot read {path:?}: {error}"));
        add(PUBLIC_KEY_FILE, Jwt::public_key_pem(fs::read(&path).map_err(unreadable)?))?;
    }
    if let Some(secret) = environment.text(SECRET)? {
        add(SECRET, Jwt::hs256(secret))?;
    }
    Ok(keys)
}

fn audiences(environment: &Environment) -> Result<Option<Vec<String>>, SettingError> {
    let audiences: Option<Vec<String>> = environment.json(AUDIENCES, "a JSON list of strings")?;
    match &audiences {
        Some(names) if names.is_empty() => Err(empty(AUDIENCES)),
        _ => Ok(audiences),
    }
}

/// Reads `AUTH_TOKEN_TYPES`, the accepted values of a token's header `typ`.
fn accepts_untyped(environment: &Environment) -> Result<bool, SettingError> {
    match environment.text("AUTH_TOKEN_TYPES")?.as_deref() {
        None | Some("at+jwt") => Ok(false),
        Some("JWT") => Ok(true),
        Some(_) => Err(SettingError::new("AUTH_TOKEN_TYPES", "must be `at+jwt` or `JWT`")),
    }
}

/// Reads a comma-separated list.
fn list(environment: &Environment, setting: &'static str) -> Result<Vec<String>, SettingError> {
    let Some(text) = environment.text(setting)? else { return Ok(Vec::new()) };
    let items: Vec<String> = text.split(',').map(|item| item.trim().to_owned()).collect();
    if items.iter().any(String::is_empty) {
        return Err(SettingError::new(setting, "has an empty item; remove the extra comma"));
    }
    if let Some(twice) = items.iter().enumerate().find(|(index, item)| items[..*index].contains(item)) {
        return Err(SettingError::new(setting, format_args!("has {:?} twice; remove one", twice.1)));
    }
    Ok(items)
}

fn missing(setting: &'static str) -> SettingError {
    SettingError::new(setting, "is not set, but required to verify tokens")
}
