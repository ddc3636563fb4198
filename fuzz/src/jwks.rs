//! What a JWK and a JWKS hold (RFC 7517, RFC 7518, RFC 8037), read a second time over another reader of JSON, and with
//! other libraries where there are others.

use std::collections::BTreeSet;

use data_encoding::BASE64URL_NOPAD;

use crate::{
    json::{Json, decode},
    keys::SignWith,
};

/// The members that mean something; what else is there is not looked at.
const MEMBERS: [&str; 18] =
    ["kty", "kid", "alg", "use", "key_ops", "crv", "x", "y", "n", "e", "k", "d", "p", "q", "dp", "dq", "qi", "oth"];
const PRIVATE: [&str; 7] = ["d", "p", "q", "dp", "dq", "qi", "oth"];
const MAX_KEYS: usize = 100;

/// Why a key is not there.
#[derive(Debug, PartialEq)]
pub enum Unusable {
    /// It may be good for something else.
    LeftOut,
    /// Nobody should have written it.
    Refused,
}

/// A key that verifies.
#[derive(Debug, PartialEq)]
pub struct Key {
    /// Its name.
    pub kid: Option<String>,
    /// The only one.
    pub algorithm: String,
    /// As [`SignWith::material`] has it.
    pub material: Vec<u8>,
    /// Of RSA.
    pub exponent: Vec<u8>,
}

/// What becomes of a document.
#[derive(Debug, PartialEq)]
pub enum Verdict {
    /// There are some.
    Keys,
    /// It is none.
    NotAJwks,
    /// A key should not be in it.
    Refused,
    /// None is left.
    NoKeys,
}

/// RFC 7517, section 5.
fn items<'a, 'b>(document: &'a Json<'b>) -> Option<&'a [Json<'b>]> {
    let Json::Object(members) = document else { return None };
    let are_names = members.iter().all(|(name, _)| decode(name).is_some());
    let mut found = document.members("keys");
    match (found.next(), found.next()) {
        (Some(Json::Array(items)), None) if are_names && items.len() <= MAX_KEYS => Some(items),
        _ => None,
    }
}

/// What is configured is good, or else an error.
#[must_use]
pub fn set(document: Option<&Json<'_>>) -> (Verdict, Vec<Key>) {
    let Some(items) = document.and_then(items) else { return (Verdict::NotAJwks, Vec::new()) };
    let mut keys: Vec<Key> = Vec::new();
    for item in items {
        match key(item) {
            Ok(key) if keys.contains(&key) => {}
            Ok(key) => keys.push(key),
            Err(Unusable::LeftOut) => {}
            Err(Unusable::Refused) => return (Verdict::Refused, Vec::new()),
        }
    }
    (if keys.is_empty() { Verdict::NoKeys } else { Verdict::Keys }, keys)
}

/// Of what is published the good keys are used. What everybody may read is no secret.
#[must_use]
pub fn published(document: &Json<'_>) -> Vec<Key> {
    let mut keys: Vec<Key> = Vec::new();
    for key in items(document).unwrap_or_default().iter().filter_map(|item| key(item).ok()) {
        if !key.algorithm.starts_with("HS") && !keys.contains(&key) {
            keys.push(key);
        }
    }
    keys
}

/// RFC 7517, section 4; RFC 7518, section 6; RFC 8037, section 2.
///
/// # Errors
/// Why it cannot be used.
pub fn key(jwk: &Json<'_>) -> Result<Key, Unusable> {
    let Json::Object(members) = jwk else { return Err(Unusable::Refused) };
    let are_names = members.iter().all(|(name, _)| decode(name).is_some());
    if !are_names || MEMBERS.iter().any(|name| jwk.members(name).count() > 1) {
        return Err(Unusable::Refused);
    }
    // Whatever its kind, what is looked at has its type. An empty member is absent.
    let text = |name: &str| match jwk.get(name) {
        None | Some(Json::Null) => Ok(None),
        Some(value) => {
            let text = value.text().ok_or(Unusable::Refused)?;
            Ok(Some(text).filter(|text| name == "kty" || !text.is_empty()))
        }
    };
    for name in MEMBERS.iter().filter(|name| !PRIVATE.contains(name) && **name != "key_ops") {
        text(name)?;
    }
    let kty = text("kty")?.ok_or(Unusable::Refused)?;
    let operations = operations(jwk)?;
    if text("use")?.is_some_and(|usage| usage != "sig") {
        return Err(Unusable::LeftOut);
    }
    if PRIVATE.iter().any(|name| jwk.get(name).is_some_and(|value| !is_empty(value))) {
        return Err(Unusable::Refused);
    }
    if operations.is_some_and(|operations| !operations.iter().any(|operation| operation == "verify")) {
        return Err(Unusable::LeftOut);
    }
    let bytes = |name: &str| match text(name)? {
        Some(text) => base64url(&text).ok_or(Unusable::Refused),
        None => Err(Unusable::Refused),
    };
    let kid = text("kid")?;
    let algorithm = algorithm(text("alg")?)?;
    let fits = |fitting: &[&str]| match &algorithm {
        Some(name) if fitting.contains(&name.as_str()) => Ok(name.clone()),
        Some(_) => Err(Unusable::Refused),
        None => Ok(fitting[0].to_owned()),
    };
    let curve = |known: &[&str]| match text("crv")? {
        Some(name) if known.contains(&name.as_str()) => Ok(name),
        Some(_) => Err(Unusable::LeftOut),
        None => Err(Unusable::Refused),
    };
    let (algorithm, material, exponent) = match kty.as_str() {
        "RSA" => {
            let (modulus, exponent) = rsa(&bytes("n")?, &bytes("e")?)?;
            (fits(SignWith::Rsa.algorithms())?, modulus, exponent)
        }
        "EC" => {
            let name = curve(&["P-256", "P-384"])?;
            let point = point(&name, &bytes("x")?, &bytes("y")?)?;
            (fits(if name == "P-256" { &["ES256"] } else { &["ES384"] })?, point, Vec::new())
        }
        "OKP" => {
            curve(&["Ed25519"])?;
            let point = edwards(bytes("x")?)?;
            (fits(&["EdDSA"])?, point, Vec::new())
        }
        "oct" => {
            let name = algorithm.clone().ok_or(Unusable::Refused)?;
            let name = fits(SignWith::Hmac.algorithms()).map(|_| name)?;
            (name.clone(), secret(&name, bytes("k")?)?, Vec::new())
        }
        _ => return Err(Unusable::LeftOut),
    };
    Ok(Key { kid, algorithm, material, exponent })
}

fn is_empty(value: &Json<'_>) -> bool {
    match value {
        Json::Null => true,
        Json::Array(items) => items.is_empty(),
        Json::Object(members) => members.is_empty(),
        other => other.text().is_some_and(|text| text.is_empty()),
    }
}

/// With or without padding, which stands at the end only.
fn base64url(text: &str) -> Option<Vec<u8>> {
    let bare = text.trim_end_matches('=');
    let is_padded = text.len() == bare.len() || text.len() == bare.len().next_multiple_of(4);
    BASE64URL_NOPAD.decode(bare.as_bytes()).ok().filter(|_| is_padded)
}

fn operations(jwk: &Json<'_>) -> Result<Option<Vec<String>>, Unusable> {
    match jwk.get("key_ops") {
        None | Some(Json::Null) => Ok(None),
        Some(Json::Array(items)) => {
            let items = items.iter().map(Json::text).collect::<Option<Vec<_>>>().ok_or(Unusable::Refused)?;
            Ok(Some(items).filter(|items| !items.is_empty()))
        }
        Some(_) => Err(Unusable::Refused),
    }
}

fn algorithm(name: Option<String>) -> Result<Option<String>, Unusable> {
    let Some(name) = name else { return Ok(None) };
    let name = if name == "Ed25519" { "EdDSA".to_owned() } else { name };
    let is_known = SignWith::ALL.iter().any(|key| key.algorithms().contains(&name.as_str()));
    if is_known { Ok(Some(name)) } else { Err(Unusable::LeftOut) }
}

fn rsa(modulus: &[u8], exponent: &[u8]) -> Result<(Vec<u8>, Vec<u8>), Unusable> {
    let number = |bytes: &[u8]| bytes.iter().copied().skip_while(|byte| *byte == 0).collect::<Vec<u8>>();
    let bits = |number: &[u8]| number.first().map_or(0, |first| number.len() * 8 - first.leading_zeros() as usize);
    let is_odd = |number: &[u8]| number.last().is_some_and(|last| last & 1 == 1);
    let (modulus, exponent) = (number(modulus), number(exponent));
    let is_good = (2048..=8192).contains(&bits(&modulus)) && (2..=32).contains(&bits(&exponent));
    if is_good && is_odd(&modulus) && is_odd(&exponent) { Ok((modulus, exponent)) } else { Err(Unusable::Refused) }
}

fn point(curve: &str, x: &[u8], y: &[u8]) -> Result<Vec<u8>, Unusable> {
    let point = [&[4], x, y].concat();
    let (width, is_on_curve) = match curve {
        "P-256" => (32, p256::PublicKey::from_sec1_bytes(&point).is_ok()),
        _ => (48, p384::PublicKey::from_sec1_bytes(&point).is_ok()),
    };
    if x.len() == width && y.len() == width && is_on_curve { Ok([x, y].concat()) } else { Err(Unusable::Refused) }
}

/// A point in its one encoding, and not one that everybody knows a signature of.
fn edwards(point: Vec<u8>) -> Result<Vec<u8>, Unusable> {
    let Ok(bytes) = <[u8; 32]>::try_from(point.as_slice()) else { return Err(Unusable::Refused) };
    let is_below_prime = bytes[31] & 0x7f != 0x7f || bytes[1..31].iter().any(|byte| *byte != 0xff) || bytes[0] < 0xed;
    let is_key = ed25519_dalek::VerifyingKey::from_bytes(&bytes).is_ok_and(|key| !key.is_weak());
    if is_below_prime && is_key { Ok(point) } else { Err(Unusable::Refused) }
}

/// RFC 7518, section 3.2, and as random as one can see.
fn secret(algorithm: &str, secret: Vec<u8>) -> Result<Vec<u8>, Unusable> {
    let required = if algorithm == "HS256" {
        32
    } else if algorithm == "HS384" {
        48
    } else {
        64
    };
    let distinct = secret.iter().collect::<BTreeSet<_>>().len();
    let is_pem = secret.trim_ascii_start().starts_with(b"-----BEGIN");
    if secret.len() >= required && distinct >= 8 && !is_pem { Ok(secret) } else { Err(Unusable::Refused) }
}
