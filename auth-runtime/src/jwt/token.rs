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
    let signature = BASE64_URL_SAFE_NO_PAD.decode(signature).map_err(|_| Flaw::Signature)?;
    if !key.verifies(message.as_bytes(), &signature) {
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

#[cfg(test)]
pub(super) mod tests {
    use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
    use jsonwebtoken::{Algorithm, EncodingKey};

    use super::{REFUSED, Types, verified_claims};
    use crate::jwt::{
        error::Flaw,
        key::{
            VerifyingKey,
            tests::{SECRET, pair, sign},
        },
    };

    const HEADER: &str = r#"{"alg":"HS256"}"#;
    const CLAIMS: &str = r#"{"sub":"alice"}"#;

    /// A token that says exactly this, signed with the secret of the tests.
    pub(in super::super) fn signed(header: impl AsRef<[u8]>, claims: impl AsRef<[u8]>) -> String {
        signed_with(&EncodingKey::from_secret(SECRET), Algorithm::HS256, header, claims)
    }

    fn signed_with(
        key: &EncodingKey,
        algorithm: Algorithm,
        header: impl AsRef<[u8]>,
        claims: impl AsRef<[u8]>,
    ) -> String {
        let part = |text: &[u8]| BASE64_URL_SAFE_NO_PAD.encode(text);
        let message = format!("{}.{}", part(header.as_ref()), part(claims.as_ref()));
        format!("{message}.{}", sign(message.as_bytes(), key, algorithm))
    }

    fn flaw(token: &str) -> Option<Flaw> {
        flaw_as(token, Types::Untyped)
    }

    fn flaw_as(token: &str, types: Types) -> Option<Flaw> {
        let key = VerifyingKey::hmac(crate::jwt::Algorithm::HS256, SECRET).unwrap();
        verified_claims(token, &key, types).err()
    }

    #[test]
    fn r30_each_algorithm_verifies_its_own_signatures_only() {
        for algorithm in [Algorithm::RS256, Algorithm::ES256, Algorithm::ES384, Algorithm::EdDSA] {
            let (private, public) = pair(algorithm);
            let key = VerifyingKey::pem(None, public.as_bytes()).unwrap();
            let header = format!(r#"{{"alg":"{algorithm:?}"}}"#);
            let token = signed_with(&private, algorithm, &header, CLAIMS);
            assert_eq!(verified_claims(&token, &key, Types::Untyped).unwrap()["sub"], "alice");

            let forged = signed_with(&pair(algorithm).0, algorithm, &header, CLAIMS);
            assert_eq!(verified_claims(&forged, &key, Types::Untyped).unwrap_err(), Flaw::Signature);
            for (text, flaw) in [(public.as_bytes(), Flaw::Algorithm), (SECRET, Flaw::Algorithm)] {
                let confused = signed_with(&EncodingKey::from_secret(text), Algorithm::HS256, HEADER, CLAIMS);
                assert_eq!(verified_claims(&confused, &key, Types::Untyped).unwrap_err(), flaw);
            }
        }
    }

    #[test]
    fn r30_alg_none_and_hs_rs_confusion_are_refused() {
        assert_eq!(flaw(&signed(HEADER, CLAIMS)), None);
        for alg in [
            r#""none""#,
            r#""None""#,
            r#""NONE""#,
            r#""""#,
            r#""HS512""#,
            r#""RS256""#,
            r#""hs256""#,
            "null",
            "1",
            r#"["HS256"]"#,
        ] {
            let token = signed(format!(r#"{{"alg":{alg}}}"#), CLAIMS);
            assert_eq!(flaw(&token), Some(Flaw::Algorithm), "{alg}");
            let (message, _) = token.rsplit_once('.').unwrap();
            assert_eq!(flaw(&format!("{message}.")), Some(Flaw::Algorithm), "{alg}");
        }
        assert_eq!(flaw(&signed("{}", CLAIMS)), Some(Flaw::Algorithm));
    }

    #[test]
    fn r30_signature_of_other_claims_is_refused() {
        let good = signed(HEADER, CLAIMS);
        let other = signed(HEADER, r#"{"sub":"root"}"#);
        let parts: Vec<_> = good.split('.').zip(other.split('.')).collect();
        let mixed = format!("{}.{}.{}", parts[0].0, parts[1].1, parts[2].0);
        assert_eq!(flaw(&mixed), Some(Flaw::Signature));
        let (message, _) = good.rsplit_once('.').unwrap();
        assert_eq!(flaw(&format!("{message}.")), Some(Flaw::Signature));
        assert_eq!(flaw(&format!("{message}.AAAA")), Some(Flaw::Signature));
    }

    #[test]
    fn r31_headers_that_choose_a_key_or_must_be_understood_are_refused() {
        for name in REFUSED {
            for value in ["null", "[]", r#""https://evil.example""#, "false"] {
                let header = format!(r#"{{"alg":"HS256","{name}":{value}}}"#);
                assert_eq!(flaw(&signed(header, CLAIMS)), Some(Flaw::Header(name)), "{name}: {value}");
            }
        }
        assert_eq!(flaw(&signed(r#"{"alg":"HS256","kid":"1","x5t":"x"}"#, CLAIMS)), None);
    }

    #[test]
    fn r32_only_three_canonical_parts_are_a_token() {
        let good = signed(HEADER, CLAIMS);
        for bad in ["", ".", "..", "a", "a.b", &format!("{good}.a"), &format!("{good}.a.b")] {
            assert!(matches!(flaw(bad), Some(Flaw::Parts | Flaw::Encoding)), "{bad}");
        }
        for bad in [format!("{good}="), format!("{good} "), format!(" {good}"), good.replacen('.', "=.", 1)] {
            assert!(flaw(&bad).is_some(), "{bad}");
        }
    }

    #[test]
    fn r32_trailing_bits_without_meaning_are_refused() {
        // 32 bytes of signature in 43 characters: the last two bits of the last one mean nothing, and must be 0.
        let good = signed(HEADER, CLAIMS);
        let alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
        let last = alphabet.find(good.chars().next_back().unwrap()).unwrap();
        assert_eq!(last % 4, 0);
        let same_bytes = format!("{}{}", &good[..good.len() - 1], &alphabet[last + 1..last + 2]);
        assert_eq!(flaw(&same_bytes), Some(Flaw::Signature));
    }

    #[test]
    fn r32_what_is_no_object_with_unique_members_is_refused() {
        for bad in ["[]", "1", "", "{", r#"{"sub":"a","sub":"b"}"#, r#"{"a":{"b":1,"b":1}}"#, "{} {}"] {
            assert_eq!(flaw(&signed(HEADER, bad)), Some(Flaw::Encoding), "{bad}");
        }
        assert_eq!(flaw(&signed(r#"{"alg":"HS256","alg":"HS256"}"#, CLAIMS)), Some(Flaw::Encoding));
        assert_eq!(flaw(&signed(b"{\"alg\":\"HS256\",\"a\":\"\xff\"}", CLAIMS)), Some(Flaw::Encoding));
    }

    #[test]
    fn r35_other_types_of_token_are_refused() {
        let flaw = |typ: &str, types| flaw_as(&signed(format!(r#"{{"alg":"HS256"{typ}}}"#), CLAIMS), types);
        for typ in [r#","typ":"at+jwt""#, r#","typ":"AT+JWT""#, r#","typ":"application/at+jwt""#] {
            assert_eq!((flaw(typ, Types::Untyped), flaw(typ, Types::AccessToken)), (None, None), "{typ}");
        }
        for typ in ["", r#","typ":"JWT""#, r#","typ":"jwt""#] {
            assert_eq!((flaw(typ, Types::Untyped), flaw(typ, Types::AccessToken)), (None, Some(Flaw::Type)), "{typ}");
        }
        for typ in [r#","typ":"dpop+jwt""#, r#","typ":"logout+jwt""#, r#","typ":null"#, r#","typ":1"#, r#","typ":"""#] {
            assert_eq!(flaw(typ, Types::Untyped), Some(Flaw::Type), "{typ}");
        }
    }
}
