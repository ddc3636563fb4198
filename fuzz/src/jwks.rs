//! A second implementation of JWK and JWKS (RFC 7517, RFC 7518, RFC 8037), with its own JSON parser and, where
//! possible, other cryptographic libraries.

use std::collections::BTreeSet;

use data_encoding::BASE64URL_NOPAD;

use crate::{
    json::{Json, decode},
    keys::SignWith,
};

/// The members that are read. All others are ignored.
const MEMBERS: [&str; 19] = [
    "kty", "kid", "alg", "use", "key_ops", "issuer", "crv", "x", "y", "n", "e", "k", "d", "p", "q", "dp", "dq", "qi",
    "oth",
];
const PRIVATE: [&str; 7] = ["d", "p", "q", "dp", "dq", "qi", "oth"];
const MAX_KEYS: usize = 100;

/// The reason why a key is not used.
#[derive(Debug, PartialEq)]
pub enum Unusable {
    /// The key is ignored, because it may serve another purpose.
    LeftOut,
    /// The key is malformed or unsafe, and makes a configured document invalid.
    Refused,
}

/// A key that verifies.
#[derive(Debug, PartialEq)]
pub struct Key {
    /// Its key ID.
    pub kid: Option<String>,
    /// Its only algorithm.
    pub algorithm: String,
    /// The bytes that [`SignWith::material`] returns.
    pub material: Vec<u8>,
    /// The public exponent of an RSA key.
    pub exponent: Vec<u8>,
}

/// The result of reading a document.
#[derive(Debug, PartialEq)]
pub enum Verdict {
    /// The document has usable keys.
    Keys,
    /// The document is not a JWKS.
    NotAJwks,
    /// The document contains a malformed or unsafe key.
    Refused,
    /// The document has no usable key.
    NoKeys,
}

/// Returns the items of a JWKS (RFC 7517, section 5).
fn items<'a, 'b>(document: &'a Json<'b>) -> Option<&'a [Json<'b>]> {
    let Json::Object(members) = document else { return None };
    let are_names = members.iter().all(|(name, _)| decode(name).is_some());
    let mut found = document.members("keys");
    match (found.next(), found.next()) {
        (Some(Json::Array(items)), None) if are_names && items.len() <= MAX_KEYS => Some(items),
        _ => None,
    }
}

/// Reads a configured document: one refused key makes the whole document an error.
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

/// Reads a published document: refused keys are left out. HMAC keys are left out too, because a published key is no
/// secret.
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

/// Reads a key as in RFC 7517, section 4; RFC 7518, section 6; and RFC 8037, section 2.
///
/// # Errors
/// Returns the reason why the key cannot be used.
pub fn key(jwk: &Json<'_>) -> Result<Key, Unusable> {
    let Json::Object(members) = jwk else { return Err(Unusable::Refused) };
    let are_names = members.iter().all(|(name, _)| decode(name).is_some());
    if !are_names || MEMBERS.iter().any(|name| jwk.members(name).count() > 1) {
        return Err(Unusable::Refused);
    }
    // Every member that is read must have the right type, for any kind of key. An empty member counts as absent.
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

/// Decodes base64url with or without padding. Padding is allowed at the end only.
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

/// Accepts a point in its canonical encoding that is not of small order: such points have known signatures.
fn edwards(point: Vec<u8>) -> Result<Vec<u8>, Unusable> {
    let Ok(bytes) = <[u8; 32]>::try_from(point.as_slice()) else { return Err(Unusable::Refused) };
    let is_below_prime = bytes[31] & 0x7f != 0x7f || bytes[1..31].iter().any(|byte| *byte != 0xff) || bytes[0] < 0xed;
    let is_key = ed25519_dalek::VerifyingKey::from_bytes(&bytes).is_ok_and(|key| !key.is_weak());
    if is_below_prime && is_key { Ok(point) } else { Err(Unusable::Refused) }
}

/// Accepts a secret of the length that RFC 7518, section 3.2, requires, unless it is visibly not random.
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
