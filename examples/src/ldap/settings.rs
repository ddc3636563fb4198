//! Builds `Auth` from the settings: the directory, and the API keys of machine clients.

use std::{fmt::Display, fs, sync::Arc, time::Duration};

use auth_runtime::{
    api_key::{ApiKeyError, ApiKeyRecord, MemoryApiKeys},
    prelude::*,
    throttle::Throttle,
};
use rustls::{
    ClientConfig, RootCertStore,
    crypto::aws_lc_rs,
    pki_types::{CertificateDer, pem::PemObject},
};
use rustls_platform_verifier::BuilderVerifierExt;
use secrecy::{ExposeSecret, SecretString};

use super::{
    Address, Directory, Filter, Group, Groups, Ldap, ServiceAccount, Users,
    access::{Auth, Role},
};
use crate::environment::{Environment, Members, SettingError};

/// The issuer of machine clients' identities.
const KEYS: &str = "api-key";

const URL: &str = "LDAP_URL";
const CA_FILE: &str = "LDAP_CA_FILE";
const NAME: &str = "LDAP_NAME";
const BIND_DN: &str = "LDAP_BIND_DN";
const PASSWORD: &str = "LDAP_BIND_PASSWORD";
const PASSWORD_FILE: &str = "LDAP_BIND_PASSWORD_FILE";
const ROLES: &str = "LDAP_ROLES";

/// Reads all settings.
///
/// # Errors
/// Returns an error for the first invalid setting.
pub fn auth(environment: &Environment) -> Result<Auth, SettingError> {
    Ok(Auth { directory: Ldap::new(directory(environment)?), key: keys(environment)? })
}

fn directory(environment: &Environment) -> Result<Directory, SettingError> {
    let address = address(environment)?;
    let base = required(environment, "LDAP_USER_BASE")?;
    Ok(Directory {
        issuer: issuer(environment, &address)?,
        address,
        service: service(environment)?,
        decoy: decoy(environment, &base)?,
        users: Users { base, filter: filter(environment, USER_FILTER)?, id: id(environment)? },
        groups: Groups {
            base: required(environment, "LDAP_GROUP_BASE")?,
            filter: filter(environment, GROUP_FILTER)?,
            roles: roles(environment)?,
        },
        throttle: Throttle::in_memory(),
        timeout: environment.seconds("LDAP_TIMEOUT", 1..=60)?.unwrap_or(Duration::from_secs(5)),
        sign_ins: environment.number("LDAP_SIGN_INS", 1..=1000)?.unwrap_or(16),
    })
}

fn address(environment: &Environment) -> Result<Address, SettingError> {
    let url = required(environment, URL)?;
    let address = if environment.flag("LDAP_DANGER_ALLOW_PLAINTEXT_ON_LOOPBACK")? {
        Address::dangerous_plaintext_on_loopback(&url)
    } else {
        Address::new(&url, tls(environment)?)
    };
    address.map_err(|error| SettingError::new(URL, error))
}

/// Configures TLS 1.2 and 1.3, with aws-lc-rs as everywhere else in this project.
fn tls(environment: &Environment) -> Result<Arc<ClientConfig>, SettingError> {
    let in_words = |error| SettingError::new(CA_FILE, error);
    let tls = ClientConfig::builder_with_provider(Arc::new(aws_lc_rs::default_provider()));
    let tls = tls.with_safe_default_protocol_versions().map_err(in_words)?;
    let tls = match environment.text(CA_FILE)? {
        Some(path) => tls.with_root_certificates(authorities(&path)?),
        None => tls.with_platform_verifier().map_err(in_words)?,
    };
    Ok(Arc::new(tls.with_no_client_auth()))
}

fn authorities(path: &str) -> Result<RootCertStore, SettingError> {
    let unusable = |problem: &dyn Display| {
        SettingError::new(CA_FILE, format_args!("cannot read certificates from {path:?}: {problem}"))
    };
    let mut authorities = RootCertStore::empty();
    for certificate in CertificateDer::pem_file_iter(path).map_err(|error| unusable(&error))? {
        let certificate = certificate.map_err(|error| unusable(&error))?;
        authorities.add(certificate).map_err(|error| unusable(&error))?;
    }
    if authorities.is_empty() { Err(unusable(&"the file has none")) } else { Ok(authorities) }
}

/// Returns the issuer: `LDAP_NAME`, which stays when the directory moves, or else the URL.
fn issuer(environment: &Environment, address: &Address) -> Result<String, SettingError> {
    match environment.text(NAME)? {
        Some(name) if name == KEYS => Err(SettingError::new(NAME, "is reserved for API keys; choose another name")),
        Some(name) => Ok(name),
        None => Ok(address.as_str().to_owned()),
    }
}

fn service(environment: &Environment) -> Result<Option<ServiceAccount>, SettingError> {
    match (environment.text(BIND_DN)?, password(environment)?) {
        (None, None) => Ok(None),
        (Some(dn), Some(password)) => Ok(Some(ServiceAccount { dn, password })),
        (Some(_), None) => {
            Err(SettingError::new(PASSWORD_FILE, "is not set, but LDAP_BIND_DN is; set both or neither"))
        }
        (None, Some(_)) => Err(SettingError::new(BIND_DN, "is not set, but its password is; set both or neither")),
    }
}

fn password(environment: &Environment) -> Result<Option<SecretString>, SettingError> {
    match (environment.text(PASSWORD_FILE)?, environment.text(PASSWORD)?) {
        (Some(_), Some(_)) => Err(SettingError::new(PASSWORD, "conflicts with LDAP_BIND_PASSWORD_FILE; set only one")),
        (Some(path), None) => password_of(&path).map(Some),
        (None, password) => Ok(password.map(SecretString::from)),
    }
}

fn password_of(path: &str) -> Result<SecretString, SettingError> {
    let unreadable = |error| SettingError::new(PASSWORD_FILE, format_args!("cannot read {path:?}: {error}"));
    let text = SecretString::from(fs::read_to_string(path).map_err(unreadable)?);
    let text = text.expose_secret();
    let line = text.strip_suffix('\n').map_or(text, |line| line.strip_suffix('\r').unwrap_or(line));
    if line.is_empty() || line.contains(['\n', '\r']) {
        return Err(SettingError::new(PASSWORD_FILE, format_args!("{path:?} must contain exactly one line")));
    }
    Ok(line.into())
}

/// Returns the decoy's DN. The default is random, so that no entry has it.
fn decoy(environment: &Environment, base: &str) -> Result<String, SettingError> {
    const SETTING: &str = "LDAP_DECOY_DN";
    if let Some(dn) = environment.text(SETTING)? {
        return Ok(dn);
    }
    let no_randomness = |error| {
        SettingError::new(SETTING, format_args!("must be set, because the system has no source of randomness: {error}"))
    };
    let number = getrandom::u64().map_err(no_randomness)?;
    Ok(format!("cn=nobody-{number:016x},{base}"))
}

fn id(environment: &Environment) -> Result<String, SettingError> {
    Ok(environment.text("LDAP_USER_ID")?.unwrap_or_else(|| "entryUUID".to_owned()))
}

/// The name of the setting, its default, and its placeholder.
type FilterSetting = (&'static str, &'static str, &'static str);

const USER_FILTER: FilterSetting = ("LDAP_USER_FILTER", "(&(objectClass=person)(uid={name}))", "{name}");
const GROUP_FILTER: FilterSetting = ("LDAP_GROUP_FILTER", "(member={dn})", "{dn}");

fn filter(environment: &Environment, (setting, default, place): FilterSetting) -> Result<Filter, SettingError> {
    let text = environment.text(setting)?.unwrap_or_else(|| default.to_owned());
    Filter::new(text, place).map_err(|error| SettingError::new(setting, error))
}

fn roles(environment: &Environment) -> Result<Vec<(Group, Role)>, SettingError> {
    let expected = r#"a JSON object {"group": "role", ..} with each group once"#;
    let Some(Members(roles)) = environment.json::<Members<String>>(ROLES, expected)? else {
        return Err(missing(ROLES));
    };
    if roles.is_empty() {
        return Err(SettingError::new(ROLES, "is empty, so no user would have a role; map at least one group"));
    }
    roles.into_iter().map(|(group, role)| role_of(group, &role)).collect()
}

fn role_of(group: String, role: &str) -> Result<(Group, Role), SettingError> {
    if group.trim().is_empty() {
        return Err(SettingError::new(ROLES, "contains an empty group name"));
    }
    let declared = || Role::ALL.iter().map(|role| role.name()).collect::<Vec<_>>().join(", ");
    let unknown = |error| SettingError::new(ROLES, format_args!("{group:?}: {error}; declared roles: {}", declared()));
    let role = role.parse().map_err(unknown)?;
    Ok((Group::named(group), role))
}

/// Reads the API keys. Machine clients may only read.
fn keys(environment: &Environment) -> Result<Option<ApiKeys>, SettingError> {
    const SETTING: &str = "API_KEYS";
    let expected = r#"a JSON object {"name": "key", ..} with each name once"#;
    let Some(Members(keys)) = environment.json::<Members<String>>(SETTING, expected)? else { return Ok(None) };
    let store = keys.into_iter().try_fold(MemoryApiKeys::new(), |store, (name, key)| {
        let in_words = |error: ApiKeyError| SettingError::new(SETTING, format_args!("key of {name:?}: {error}"));
        let record = ApiKeyRecord::of(&key, &name).map_err(in_words)?;
        store.add_record(record.roles([Role::Reader.name()])).map_err(in_words)
    });
    Ok(Some(ApiKeys::new(store?).issuer(KEYS)))
}

fn required(environment: &Environment, setting: &'static str) -> Result<String, SettingError> {
    environment.text(setting)?.ok_or_else(|| missing(setting))
}

fn missing(setting: &'static str) -> SettingError {
    SettingError::new(setting, "is not set, but required")
}
