//! A token taken apart and verified. Of the claims nothing is read before the signature is known to be good.

use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
use serde_json::{Map, Value};

use super::{error::Flaw, json, key::VerifyingKey};

/// Header parameters that would let a token choose its own key (RFC 8725, section 3.10), or that ask for something
/// that is not done here: `crit` must be understood or refused (RFC 7515, section 4.1.11).
const REFUSED: [&str; 8] = ["crit", "jku", "x5u", "x5c", "jwk", "zip", "enc", "b64"];
/// The type of an access token (RFC 9068, section 2.1), as it is with and without the part that may be left out.
const ACCESS_TOKEN: [&str; 2] = ["at+jwt", "application/at+jwt"];

/// Which types of token are accepted (the `typ` of the header).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Types {
    /// Access tokens that say so, and tokens that do not say what they are.
    Untyped,
    /// Access tokens that say so.
    AccessToken,
}

/// The claims of a token whose form and signature are good.
pub(super) fn verified_claims(token: &str, key: &VerifyingKey, types: Types) -> Result<Map<String, Value>, Flaw> {
    let (message, signature) = token.rsplit_once('.').ok_or(Flaw::Parts)?;
    let (header, claims) = message.split_once('.').ok_or(Flaw::Parts)?;
    if claims.contains('.') {
        // Five parts are an encrypted token.
        return Err(Flaw::Parts);
    }
    check_header(&object(header)?, key, types)?;
    if !key.verifies(message, signature) {
        return Err(Flaw::Signature);
    }
    object(claims)
}

/// What a part holds: without padding, and with no bits that have no meaning (RFC 7515, section 2).
fn object(part: &str) -> Result<Map<String, Value>, Flaw> {
    let json = BASE64_URL_SAFE_NO_PAD.decode(part).map_err(|_| Flaw::Encoding)?;
    json::object(&json).ok_or(Flaw::Encoding)
}

fn check_header(header: &Map<String, Value>, key: &VerifyingKey, types: Types) -> Result<(), Flaw> {
    if let Some(refused) = REFUSED.into_iter().find(|name| header.contains_key(*name)) {
        return Err(Flaw::Header(refused));
    }
    match header.get("alg") {
        Some(Value::String(algorithm)) if key.is_for(algorithm) => {}
        _ => return Err(Flaw::Algorithm),
    }
    match header.get("typ") {
        Some(Value::String(typ)) if ACCESS_TOKEN.iter().any(|name| name.eq_ignore_ascii_case(typ)) => Ok(()),
        Some(Value::String(typ)) if types == Types::Untyped && typ.eq_ignore_ascii_case("JWT") => Ok(()),
        None if types == Types::Untyped => Ok(()),
        // Another kind of token of the same issuer: a logout token, a proof of possession (RFC 8725, section 3.11).
        _ => Err(Flaw::Type),
    }
}
