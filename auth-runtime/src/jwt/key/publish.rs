//! A public key as the JSON that others verify with.

use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
use serde_json::{Map, Value, json};

use super::public::PublicKey;
use crate::jwt::algorithm::Algorithm;

/// The members that make the key what it is, in the order of their names (RFC 7638, section 3.2).
pub(super) fn members(key: &PublicKey) -> Map<String, Value> {
    let text = |bytes: &[u8]| Value::from(BASE64_URL_SAFE_NO_PAD.encode(bytes));
    let members = match key {
        PublicKey::Rsa { modulus, exponent } => {
            vec![("e", text(exponent)), ("kty", "RSA".into()), ("n", text(modulus))]
        }
        PublicKey::Ec { curve, point } => {
            let (x, y) = point[1..].split_at(curve.width());
            vec![("crv", curve.name().into()), ("kty", "EC".into()), ("x", text(x)), ("y", text(y))]
        }
        PublicKey::Ed25519(point) => vec![("crv", "Ed25519".into()), ("kty", "OKP".into()), ("x", text(point))],
    };
    members.into_iter().map(|(name, value)| (name.to_owned(), value)).collect()
}

/// A JWK that says what it is for.
pub(super) fn jwk(kid: &str, algorithm: Algorithm, key: &PublicKey) -> Value {
    let mut members = members(key);
    members.insert("kid".to_owned(), kid.into());
    members.insert("use".to_owned(), "sig".into());
    members.insert("alg".to_owned(), algorithm.name().into());
    members.into()
}

/// A JWKS (RFC 7517, section 5).
pub(super) fn set(keys: impl IntoIterator<Item = Value>) -> String {
    json!({ "keys": keys.into_iter().collect::<Vec<_>>() }).to_string()
}
