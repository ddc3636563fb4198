//! Keys out of JSON: a JWK or a JWKS (RFC 7517, 7518 and 8037).
//!
//! A configured key is an error if it cannot be used. Of a published key set only the usable keys are used: an issuer
//! may publish keys for other purposes as well.

mod members;

use std::collections::BTreeMap;

use base64::{
    Engine,
    alphabet::URL_SAFE,
    engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig},
};
use serde::Deserialize;
use serde_json::value::RawValue;
use zeroize::Zeroizing;

use self::members::{Presence, filled, issuer, object};
use super::{
    named::NamedKey,
    public::{Curve, PublicKey},
    unusable_key::UnusableKey,
    verifying::VerifyingKey,
};
use crate::jwt::{algorithm::Algorithm, error::JwtError};

/// More keys than any issuer has.
const MAX_KEYS: usize = 100;

/// With or without padding (some issuers write it), and without bits that have no meaning (RFC 7515, section 2).
const BASE64URL: GeneralPurpose = GeneralPurpose::new(
    &URL_SAFE,
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent),
);

const HMAC: &[Algorithm] = &[Algorithm::HS256, Algorithm::HS384, Algorithm::HS512];

/// A JWKS whose keys are looked at one by one, so that an odd one does not spoil the others.
#[derive(Deserialize)]
struct Set {
    keys: Vec<Box<RawValue>>,
}

/// The members that are looked at; none of them may be there twice. Others say nothing that is needed here.
/// A member that is `null` or empty is absent: serializers write members that they have no value for.
#[derive(Deserialize)]
struct Jwk {
    kty: String,
    #[serde(default, deserialize_with = "filled")]
    kid: Option<String>,
    #[serde(default, deserialize_with = "filled")]
    alg: Option<String>,
    #[serde(rename = "use", default, deserialize_with = "filled")]
    usage: Option<String>,
    #[serde(default, deserialize_with = "filled")]
    key_ops: Option<Vec<String>>,
    #[serde(default, deserialize_with = "issuer")]
    issuer: Option<String>,
    #[serde(default, deserialize_with = "filled")]
    crv: Option<String>,
    #[serde(default, deserialize_with = "filled")]
    x: Option<String>,
    #[serde(default, deserialize_with = "filled")]
    y: Option<String>,
    #[serde(default, deserialize_with = "filled")]
    n: Option<String>,
    #[serde(default, deserialize_with = "filled")]
    e: Option<String>,
    #[serde(default, deserialize_with = "filled")]
    k: Option<Zeroizing<String>>,
    #[serde(default)]
    d: Presence,
    #[serde(default)]
    p: Presence,
    #[serde(default)]
    q: Presence,
    #[serde(default)]
    dp: Presence,
    #[serde(default)]
    dq: Presence,
    #[serde(default)]
    qi: Presence,
    #[serde(default)]
    oth: Presence,
}

/// Why a key cannot be used. It holds nothing of the key but what it says of its kind.
#[derive(Debug, PartialEq, thiserror::Error)]
enum Unusable {
    #[error("it is not for verifying signatures (see its `use` and `key_ops`)")]
    OtherUse,
    #[error("its {member} {value:?} is not supported")]
    Unsupported { member: &'static str, value: String },
    #[error("it holds a private key; a service that verifies tokens needs the public members only")]
    Private,
    #[error("it is a secret, and published")]
    Secret,
    #[error("{0}")]
    Form(String),
    #[error(transparent)]
    Key(#[from] JwtError),
}

/// A JWK that the application has configured.
pub(in super::super) fn one(json: &str) -> Result<NamedKey, JwtError> {
    let error = |key: &str, reason: &Unusable| JwtError::Jwk { key: key.to_owned(), reason: reason.to_string() };
    let jwk = Jwk::parse(json).map_err(|reason| error("the JWK", &reason))?;
    let label = jwk.kid.as_ref().map_or_else(|| "the JWK".to_owned(), |kid| format!("the JWK {kid:?}"));
    jwk.key(None).map_err(|reason| error(&label, &reason))
}

/// The keys of a JWKS that the application has configured.
pub(in super::super) fn configured_set(json: &str) -> Result<Vec<NamedKey>, JwtError> {
    let mut keys = Vec::new();
    for Found { name, key, .. } in read(json.as_bytes(), None)? {
        match key {
            Ok(named) => push(&mut keys, named),
            Err(Unusable::OtherUse) => {}
            Err(reason @ Unusable::Unsupported { .. }) => {
                tracing::warn!(key = name, reason = reason.to_string(), "configured key ignored");
            }
            Err(reason) => return Err(JwtError::Jwk { key: name, reason: reason.to_string() }),
        }
    }
    if keys.is_empty() { Err(JwtError::NoKeys) } else { Ok(keys) }
}

/// The keys of a JWKS that an issuer publishes.
#[derive(Debug)]
pub(in super::super) struct PublishedSet {
    /// Those that can be used; there may be none.
    pub(in super::super) keys: Vec<NamedKey>,
    /// The others.
    pub(in super::super) unusable: Vec<UnusableKey>,
}

/// Reads a JWKS that an issuer publishes. RSA keys without `alg` are for `rsa`.
///
/// A set in which no key can be read is no JWKS. The issuer or its proxy is broken, and has not withdrawn its keys.
pub(in super::super) fn published_set(json: &[u8], rsa: Option<Algorithm>) -> Result<PublishedSet, JwtError> {
    let found = read(json, rsa)?;
    if !found.is_empty() && found.iter().all(|found| matches!(found.key, Err(Unusable::Form(_)))) {
        return Err(JwtError::NotAJwks(format!("it has {} keys, and none of them can be read", found.len())));
    }
    let mut set = PublishedSet { keys: Vec::new(), unusable: Vec::new() };
    for Found { name, kid, key } in found {
        match key.and_then(public) {
            Ok(named) => push(&mut set.keys, named),
            Err(reason) => {
                let is_alarming = matches!(reason, Unusable::Private | Unusable::Secret | Unusable::Key(_));
                tracing::debug!(key = name, reason = reason.to_string(), "published key ignored");
                set.unusable.push(UnusableKey::new(&name, kid, &reason.to_string(), is_alarming));
            }
        }
    }
    Ok(set)
}

/// A key of a set.
struct Found {
    /// The name for errors and the log: the `kid`, or else the position.
    name: String,
    kid: Option<String>,
    key: Result<NamedKey, Unusable>,
}

impl Found {
    fn read(position: usize, json: &str, rsa: Option<Algorithm>) -> Self {
        let (kid, key) = match Jwk::parse(json) {
            Ok(jwk) => (jwk.kid.clone(), jwk.key(rsa)),
            Err(reason) => (None, Err(reason)),
        };
        let name = kid.as_ref().map_or_else(|| format!("key {position}"), |kid| format!("key {kid:?}"));
        Self { name, kid, key }
    }
}

fn read(json: &[u8], rsa: Option<Algorithm>) -> Result<Vec<Found>, JwtError> {
    let set: Set = object(json).map_err(|reason| {
        JwtError::NotAJwks(if is_map_of_certificates(json) {
            "it is a map of certificates; use the address of the issuer's JWKS, with a member `keys`".to_owned()
        } else {
            reason
        })
    })?;
    if set.keys.len() > MAX_KEYS {
        return Err(JwtError::NotAJwks(format!("it has {} keys, and {MAX_KEYS} at most are accepted", set.keys.len())));
    }
    Ok(set.keys.iter().enumerate().map(|(index, json)| Found::read(index + 1, json.get(), rsa)).collect())
}

/// Returns whether each member is a certificate in PEM, as some issuers publish their keys at another address.
fn is_map_of_certificates(json: &[u8]) -> bool {
    let map: Result<BTreeMap<String, String>, _> = serde_json::from_slice(json);
    map.is_ok_and(|map| !map.is_empty() && map.values().all(|text| text.starts_with("-----BEGIN CERTIFICATE-----")))
}

/// The same key once. Keys that differ may have the same name (RFC 7517, section 4.5).
fn push(keys: &mut Vec<NamedKey>, named: NamedKey) {
    if !keys.contains(&named) {
        keys.push(named);
    }
}

/// Rejects a published secret: it is no secret any more.
fn public(named: NamedKey) -> Result<NamedKey, Unusable> {
    if HMAC.contains(&named.key.algorithm()) { Err(Unusable::Secret) } else { Ok(named) }
}

impl Jwk {
    fn parse(json: &str) -> Result<Self, Unusable> {
        object(json.as_bytes()).map_err(Unusable::Form)
    }

    /// The key, with the one algorithm that it is for. An RSA key without `alg` is for `rsa`, if that is set.
    fn key(self, rsa: Option<Algorithm>) -> Result<NamedKey, Unusable> {
        let verifies = |operations: &Vec<String>| operations.iter().any(|operation| operation == "verify");
        if self.usage.as_ref().is_some_and(|usage| usage != "sig") {
            return Err(Unusable::OtherUse);
        }
        if self.is_private() {
            return Err(Unusable::Private);
        }
        if !self.key_ops.as_ref().is_none_or(verifies) {
            return Err(Unusable::OtherUse);
        }
        let key = match self.kty.as_str() {
            "RSA" => VerifyingKey::public(self.algorithm()?.or(rsa), self.rsa()?)?,
            "EC" => VerifyingKey::public(self.algorithm()?, self.ec()?)?,
            "OKP" => VerifyingKey::public(self.algorithm()?, self.okp()?)?,
            "oct" => self.secret()?,
            _ => return Err(unsupported("`kty`", &self.kty)),
        };
        Ok(NamedKey { kid: self.kid, key, issuer: self.issuer })
    }

    fn is_private(&self) -> bool {
        [self.d, self.p, self.q, self.dp, self.dq, self.qi, self.oth].iter().any(|member| member.0)
    }

    fn algorithm(&self) -> Result<Option<Algorithm>, Unusable> {
        let named = |name: &String| Algorithm::named(name).ok_or_else(|| unsupported("`alg`", name));
        self.alg.as_ref().map(named).transpose()
    }

    /// RFC 7518, section 6.3.1.
    fn rsa(&self) -> Result<PublicKey, Unusable> {
        Ok(PublicKey::rsa(&bytes("n", self.n.as_deref())?, &bytes("e", self.e.as_deref())?)?)
    }

    /// RFC 7518, section 6.2.1.
    fn ec(&self) -> Result<PublicKey, Unusable> {
        let name = required("crv", self.crv.as_deref())?;
        let curve = Curve::named(name).ok_or_else(|| unsupported("`crv`", name))?;
        let [x, y] = [bytes("x", self.x.as_deref())?, bytes("y", self.y.as_deref())?];
        if x.len() != curve.width() || y.len() != curve.width() {
            return Err(JwtError::PointForm.into());
        }
        Ok(PublicKey::ec(curve, &[&[4], x.as_slice(), &y].concat())?)
    }

    /// RFC 8037, section 2.
    fn okp(&self) -> Result<PublicKey, Unusable> {
        match required("crv", self.crv.as_deref())? {
            "Ed25519" => Ok(PublicKey::ed25519(&bytes("x", self.x.as_deref())?)?),
            other => Err(unsupported("`crv`", other)),
        }
    }

    /// RFC 7518, section 6.4. Its length does not tell what it is for.
    fn secret(&self) -> Result<VerifyingKey, Unusable> {
        let Some(algorithm) = self.algorithm()? else {
            return Err(Unusable::Form("it is a secret without `alg`: `HS256`, `HS384` or `HS512`".to_owned()));
        };
        if !HMAC.contains(&algorithm) {
            return Err(JwtError::OtherAlgorithm { algorithm, fitting: HMAC }.into());
        }
        let secret = Zeroizing::new(bytes("k", self.k.as_ref().map(|k| k.as_str()))?);
        Ok(VerifyingKey::hmac(algorithm, &secret)?)
    }
}

/// The bytes of a member in base64url.
fn bytes(name: &str, member: Option<&str>) -> Result<Vec<u8>, Unusable> {
    let text = required(name, member)?;
    let wrong = |_| Unusable::Form(format!("its `{name}` is not base64url"));
    BASE64URL.decode(text).map_err(wrong)
}

fn required<'a>(name: &str, member: Option<&'a str>) -> Result<&'a str, Unusable> {
    member.ok_or_else(|| Unusable::Form(format!("its `{name}` is missing")))
}

fn unsupported(member: &'static str, value: &str) -> Unusable {
    Unusable::Unsupported { member, value: value.to_owned() }
}

#[cfg(test)]
mod tests;
