//! The settings of token issuers: whose tokens are accepted, and by which keys they are verified.

use std::{fs, time::Duration};

use auth_runtime::jwt::{Jwt, JwtError, JwtIssuer, JwtKey, RemoteKeys};

use super::{
    environment::{Environment, SettingError},
    settings::{BASIC, KEYS, empty},
};

const OIDC_ISSUER: &str = "OIDC_ISSUER";
const JWKS_URL: &str = "OAUTH2_JWKS_URL";
const JWKS_FILE: &str = "OAUTH2_JWKS_FILE";
const PUBLIC_KEY_FILE: &str = "AUTH_PUBLIC_KEY_FILE";
const SECRET: &str = "AUTH_HS256_SECRET";

/// What verifies tokens, if any are accepted.
#[derive(Default)]
pub(super) struct Tokens {
    pub(super) jwt: Option<Jwt>,
    /// The claims `iss` that are accepted.
    pub(super) issuers: Vec<String>,
}

impl Tokens {
    pub(super) fn read(environment: &Environment) -> Result<Self, SettingError> {
        let remote = Remote::read(environment)?;
        let mut issuers = discovered(environment, &remote)?;
        issuers.extend(named(environment, &remote)?);
        if issuers.is_empty() {
            // The issuer or the audiences alone are no mistake: the same environment may be for several services.
            return Ok(Self::default());
        }
        let audiences = audiences(environment)?.ok_or_else(|| missing("AUTH_AUDIENCES"))?;
        let untyped = accepts_untyped(environment)?;
        let (mut names, mut verifiers) = (Vec::new(), Vec::new());
        for (name, issuer) in issuers {
            let jwt =
                issuer.audiences(audiences.clone()).map_err(|error| SettingError::new("AUTH_AUDIENCES", error))?;
            verifiers.push(if untyped { jwt.accept_untyped() } else { jwt });
            names.push(name);
        }
        let jwt = Jwt::any_of(verifiers).map_err(|error| SettingError::new("OIDC_ISSUER, AUTH_ISSUER", error))?;
        Ok(Self { jwt: Some(jwt), issuers: names })
    }
}

/// How keys are fetched: `AUTH_JWKS_TTL`, `AUTH_JWKS_COOLDOWN`, `AUTH_DANGER_ALLOW_HTTP_ON_LOOPBACK`.
struct Remote {
    ttl: Option<Duration>,
    cooldown: Option<Duration>,
    allow_http_on_loopback: bool,
}

impl Remote {
    fn read(environment: &Environment) -> Result<Self, SettingError> {
        Ok(Self {
            ttl: seconds(environment, "AUTH_JWKS_TTL")?,
            cooldown: seconds(environment, "AUTH_JWKS_COOLDOWN")?,
            allow_http_on_loopback: flag(environment, "AUTH_DANGER_ALLOW_HTTP_ON_LOOPBACK")?,
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

/// `OIDC_ISSUER`: issuers that say themselves where their keys are.
fn discovered(environment: &Environment, remote: &Remote) -> Result<Vec<(String, JwtIssuer)>, SettingError> {
    let issuer = |name: String| {
        let keys = remote.openid_connect(&name).map(|keys| remote.with_times(keys));
        let issuer = keys.and_then(Jwt::discovered).map_err(|error| SettingError::new(OIDC_ISSUER, error))?;
        Ok((name, issuer))
    };
    list(environment, OIDC_ISSUER)?.into_iter().map(issuer).collect()
}

/// `AUTH_ISSUER`, and all the keys that are its own.
fn named(environment: &Environment, remote: &Remote) -> Result<Option<(String, JwtIssuer)>, SettingError> {
    let keys = keys(environment, remote)?;
    let Some(keys) = keys.into_iter().reduce(JwtKey::or) else { return Ok(None) };
    let issuer = environment.text("AUTH_ISSUER")?.ok_or_else(|| missing("AUTH_ISSUER"))?;
    if [BASIC, KEYS].contains(&issuer.as_str()) {
        let problem = format!("{issuer:?} is taken by the users of this server");
        return Err(SettingError::new("AUTH_ISSUER", problem));
    }
    Ok(Some((issuer.clone(), keys.issuer(issuer))))
}

fn keys(environment: &Environment, remote: &Remote) -> Result<Vec<JwtKey>, SettingError> {
    let mut keys = Vec::new();
    let mut add = |setting, key: Result<JwtKey, JwtError>| {
        key.map(|key| keys.push(key)).map_err(|error| SettingError::new(setting, error))
    };
    for url in list(environment, JWKS_URL)? {
        add(JWKS_URL, remote.jwks(&url).map(|keys| remote.with_times(keys)).and_then(Jwt::remote))?;
    }
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
    let audiences: Option<Vec<String>> = environment.json("AUTH_AUDIENCES", "a JSON list of strings")?;
    match &audiences {
        Some(names) if names.is_empty() => Err(empty("AUTH_AUDIENCES")),
        _ => Ok(audiences),
    }
}

/// `AUTH_TOKEN_TYPES`: what the header `typ` of a token may be.
fn accepts_untyped(environment: &Environment) -> Result<bool, SettingError> {
    match environment.text("AUTH_TOKEN_TYPES")?.as_deref() {
        None | Some("at+jwt") => Ok(false),
        Some("JWT") => Ok(true),
        Some(_) => Err(SettingError::new("AUTH_TOKEN_TYPES", "is neither `at+jwt` nor `JWT`")),
    }
}

/// What stands between commas.
fn list(environment: &Environment, setting: &'static str) -> Result<Vec<String>, SettingError> {
    let Some(text) = environment.text(setting)? else { return Ok(Vec::new()) };
    let items: Vec<String> = text.split(',').map(|item| item.trim().to_owned()).collect();
    if items.iter().any(String::is_empty) {
        return Err(SettingError::new(setting, "has an empty place between its commas"));
    }
    if let Some(twice) = items.iter().enumerate().find(|(index, item)| items[..*index].contains(item)) {
        return Err(SettingError::new(setting, format_args!("has {:?} twice", twice.1)));
    }
    Ok(items)
}

fn seconds(environment: &Environment, setting: &'static str) -> Result<Option<Duration>, SettingError> {
    let Some(text) = environment.text(setting)? else { return Ok(None) };
    let in_words = |_| SettingError::new(setting, "is not a number of seconds");
    text.parse().map(|seconds| Some(Duration::from_secs(seconds))).map_err(in_words)
}

fn flag(environment: &Environment, setting: &'static str) -> Result<bool, SettingError> {
    match environment.text(setting)?.as_deref() {
        None | Some("false") => Ok(false),
        Some("true") => Ok(true),
        Some(_) => Err(SettingError::new(setting, "is neither `true` nor `false`")),
    }
}

fn missing(setting: &'static str) -> SettingError {
    SettingError::new(setting, "is not set, and tokens cannot be checked without it")
}
