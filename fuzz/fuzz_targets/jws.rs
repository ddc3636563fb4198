//! Verifies the text of a token. auth-runtime accepts it exactly if a second implementation on other libraries accepts
//! it. Every accepted token is accepted by `jsonwebtoken` too.
//!
//! Input: the token.

#![no_main]

use std::{
    sync::LazyLock,
    time::{SystemTime, UNIX_EPOCH},
};

use auth_fuzz::{
    app::{self, AUDIENCE, Auth, ISSUER},
    claims::{Caller, Settings, caller},
    json::Json,
    keys::{SECRET, SignWith, token},
    mutate::{self, Random},
};
use auth_runtime::{
    authenticate::{Authenticator, Context},
    credential::{CarriedBy, Credential},
    declared::{MAX_CREDENTIAL_LEN, SchemeKind, SecurityScheme, kind},
    jwt::Jwt,
};
use data_encoding::BASE64URL_NOPAD;
use jsonwebtoken::{DecodingKey, Validation};
use libfuzzer_sys::{fuzz_mutator, fuzz_target};
use poem::http::{HeaderValue, header::AUTHORIZATION};

const BEARER: SecurityScheme = SecurityScheme::new("token", SchemeKind::Bearer { format: None });
/// Largest accepted header, in bytes.
const MAX_HEADER: usize = 8192;
/// The keys, each with a key ID. A key uses the first of its algorithms.
const KEYS: [(&str, SignWith); 4] =
    [("hs", SignWith::Hmac), ("rs", SignWith::Rsa), ("es", SignWith::P256), ("ed", SignWith::Ed25519)];

static JWT: LazyLock<Jwt> = LazyLock::new(|| {
    let keys: Vec<String> = KEYS.iter().map(|(kid, key)| key.jwk(kid)).collect();
    let jwks = format!(r#"{{"keys":[{}]}}"#, keys.join(","));
    // A capacity that is reached soon.
    Jwt::jwks(jwks).expect("good keys").issuer(ISSUER).audience(AUDIENCE).cache_capacity(64)
});

fuzz_mutator!(|data: &mut [u8], size: usize, max_size: usize, seed: u32| {
    let made = mutate::token(&data[..size], HEADERS, CLAIMS, &mut Random::new(seed));
    mutate::replace(data, &made, max_size)
});

/// Members that the mutator inserts into the header.
const HEADERS: &[&str] = &[
    r#""alg":"HS256""#,
    r#""alg":"none""#,
    r#""alg":"RS256""#,
    r#""alg":"ES256""#,
    r#""alg":"EdDSA""#,
    r#""typ":"JWT""#,
    r#""typ":"at+jwt""#,
    r#""kid":"es""#,
    r#""crit":["b64"]"#,
    r#""b64":false"#,
    r#""jku":"https://evil.example""#,
    r#""jwk":{}"#,
    r#""x5u":"x""#,
    r#""x5c":[]"#,
    r#""zip":"DEF""#,
    r#""enc":"A256GCM""#,
    r#""x":1"#,
    r#""HS256""#,
    r#""ES256""#,
    r#""RS256""#,
    r#""EdDSA""#,
    r#""Ed25519""#,
    r#""PS256""#,
    r#""none""#,
    r#""hs""#,
    r#""rs""#,
    r#""es""#,
    r#""ed""#,
    r#""at+jwt""#,
    r#""application/at+jwt""#,
    r#""AT+JWT""#,
    r#""alg""#,
    r#""typ""#,
    r#""kid""#,
    r#""crit""#,
    r#""\u0061lg""#,
];
/// Members and values that the mutator inserts into the claims.
const CLAIMS: &[&str] = &[
    r#""iss":"https://issuer.example""#,
    r#""aud":["entries","x"]"#,
    r#""sub":"bob""#,
    r#""exp":1"#,
    r#""nbf":253402300799"#,
    r#""iat":0"#,
    r#""jti":"1""#,
    r#""nonce":"x""#,
    r#""roles":["Viewer"]"#,
    r#""scope":"a b""#,
    r#""entries""#,
    r#""exp""#,
    r#""aud""#,
    r#""sub""#,
    r#""\u0073ub""#,
    r#""https://issuer.example""#,
];

fuzz_target!(init: good_tokens_are_accepted(), |data: &[u8]| {
    let Ok(value) = HeaderValue::from_bytes(&[b"Bearer ", data].concat()) else { return };
    let before = now();
    let first = accepted(&value);
    // The second result comes from the cache, and is the same.
    assert_eq!(accepted(&value), first);
    let (early, late) = (expected(data, before), expected(data, now()));
    // The token may become valid or expire between the two readings.
    if early == late {
        assert_eq!(first, early);
    }
    if first.is_some() {
        is_accepted_by_jsonwebtoken(data);
    }
});

/// Checks one valid token of each key, so that the comparison does not only see rejected tokens.
fn good_tokens_are_accepted() {
    let claims = br#"{"iss":"https://issuer.example","aud":"entries","sub":"alice","exp":253402300799}"#;
    for (kid, key) in KEYS {
        let header = format!(r#"{{"alg":"{}","typ":"at+jwt","kid":"{kid}"}}"#, key.algorithms()[0]);
        let value = HeaderValue::try_from(format!("Bearer {}", token(key, &header, claims))).expect("a token");
        assert!(accepted(&value).is_some(), "{header}");
    }
}

fn now() -> f64 {
    SystemTime::now().duration_since(UNIX_EPOCH).expect("a time after 1970").as_secs_f64()
}

/// Returns the caller that auth-runtime reads, or `None` if it rejects the token.
fn accepted(value: &HeaderValue) -> Option<Caller> {
    let request = app::request(&[(AUTHORIZATION, value.clone())]);
    let Credential::Found(token) = CarriedBy::<kind::Bearer>::find(&request, &BEARER) else { return None };
    match app::wait(JWT.authenticate(token, &Context::of::<Auth>())) {
        Ok(identity) => Some(Caller::of(&identity)),
        Err(error) => {
            assert!(!error.is_unavailable());
            None
        }
    }
}

/// Returns the caller that RFC 7515, section 5.2, RFC 8725 and RFC 9068 require, or `None` for a rejected token.
fn expected(token: &[u8], now: f64) -> Option<Caller> {
    let parts: Vec<&[u8]> = token.split(|byte| *byte == b'.').collect();
    let [header, payload, signature] = parts.as_slice() else { return None };
    if token.len() > MAX_CREDENTIAL_LEN {
        return None;
    }
    let decode = |part: &[u8]| BASE64URL_NOPAD.decode(part).ok();
    let (header, payload, signature) = (decode(header)?, decode(payload)?, decode(signature)?);
    if header.len() > MAX_HEADER {
        return None;
    }
    let key = key(&header)?;
    let message = &token[..token.iter().rposition(|byte| *byte == b'.')?];
    key.verifies(message, &signature).then(|| caller(&payload, &Settings::default(), now))?
}

/// Returns the key that the header names, if the header uses the key's algorithm.
fn key(header: &[u8]) -> Option<SignWith> {
    let header = Json::read_strictly(header).filter(|header| matches!(header, Json::Object(_)))?;
    let is_refused = |name: &&str| header.get(name).is_some();
    if ["crit", "zip", "enc", "b64"].iter().any(is_refused) {
        return None;
    }
    let typ = header.get("typ")?.text()?.to_ascii_lowercase();
    let asked = header.get("alg")?.text()?;
    let kid = match header.get("kid") {
        Some(kid) => Some(kid.text()?),
        None => None,
    };
    // RFC 9864, section 2.2, names EdDSA with this curve `Ed25519`.
    let algorithm = if asked == "Ed25519" { "EdDSA" } else { &asked };
    let (name, key) = KEYS.into_iter().find(|(_, key)| key.algorithms()[0] == algorithm)?;
    (kid.is_none_or(|kid| kid == name) && ["at+jwt", "application/at+jwt"].contains(&&*typ)).then_some(key)
}

/// Checks that `jsonwebtoken` accepts the token too, if it reads all members of the header.
fn is_accepted_by_jsonwebtoken(text: &[u8]) {
    let header = text.split(|byte| *byte == b'.').next().and_then(|part| BASE64URL_NOPAD.decode(part).ok());
    let header = header.expect("a header");
    let Some(Json::Object(members)) = Json::read(&header) else { panic!("no header") };
    let is_read = members.iter().all(|(name, _)| [&b"alg"[..], b"typ", b"kid"].contains(name));
    if !is_read || Json::read(&header).and_then(|header| header.get("alg")?.text()).as_deref() != Some("HS256") {
        return;
    }
    let mut rules = Validation::new(jsonwebtoken::Algorithm::HS256);
    rules.set_issuer(&[ISSUER]);
    rules.set_audience(&[AUDIENCE]);
    rules.set_required_spec_claims(&["exp", "iss", "aud", "sub"]);
    rules.validate_nbf = true;
    // `jsonwebtoken` rounds to seconds.
    rules.leeway = 62;
    let result = jsonwebtoken::decode::<serde_json::Value>(text, &DecodingKey::from_secret(SECRET), &rules);
    assert!(result.is_ok(), "{result:?}");
}
