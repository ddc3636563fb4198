//! The text of a token: it is accepted if, and only if, a second reading of it, with other libraries, accepts it too;
//! and `jsonwebtoken` accepts what is accepted.
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
    credential::{BearerToken, CarriedBy, Credential, MAX_LEN},
    declared::{SchemeKind, SecurityScheme},
    jwt::Jwt,
};
use data_encoding::BASE64URL_NOPAD;
use jsonwebtoken::{DecodingKey, Validation};
use libfuzzer_sys::{fuzz_mutator, fuzz_target};
use poem::http::{HeaderValue, header::AUTHORIZATION};

const BEARER: SecurityScheme =
    SecurityScheme { name: "token", description: "", kind: SchemeKind::Bearer { format: None } };
/// The largest header, in bytes.
const MAX_HEADER: usize = 8192;
/// Each key has a name, and the usual algorithm of its kind.
const KEYS: [(&str, SignWith); 4] =
    [("hs", SignWith::Hmac), ("rs", SignWith::Rsa), ("es", SignWith::P256), ("ed", SignWith::Ed25519)];

static JWT: LazyLock<Jwt> = LazyLock::new(|| {
    let keys: Vec<String> = KEYS.iter().map(|(kid, key)| key.jwk(kid)).collect();
    let jwks = format!(r#"{{"keys":[{}]}}"#, keys.join(","));
    // A number of tokens that is soon reached.
    Jwt::jwks(jwks).expect("good keys").issuer(ISSUER).audience(AUDIENCE).cache_capacity(64)
});

fuzz_mutator!(|data: &mut [u8], size: usize, max_size: usize, seed: u32| {
    let made = mutate::token(&data[..size], HEADERS, CLAIMS, &mut Random::new(seed));
    mutate::replace(data, &made, max_size)
});

/// What may be in a header.
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
/// What may be in the claims.
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
    // Not verified a second time, and the same all the same.
    assert_eq!(accepted(&value), first);
    let (early, late) = (expected(data, before), expected(data, now()));
    // What ends in between may be either.
    if early == late {
        assert_eq!(first, early);
    }
    if first.is_some() {
        is_good_elsewhere(data);
    }
});

/// Of each key one: what is compared below is not only refusals.
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

/// What auth-runtime says.
fn accepted(value: &HeaderValue) -> Option<Caller> {
    let request = app::request(&[(AUTHORIZATION, value.clone())]);
    let Credential::Found(token) = BearerToken::find(&request, &BEARER) else { return None };
    match app::wait(JWT.authenticate(token, &Context::of::<Auth>())) {
        Ok(identity) => Some(Caller::of(&identity)),
        Err(error) => {
            assert!(!error.is_unavailable());
            None
        }
    }
}

/// What RFC 7515, section 5.2, RFC 8725 and RFC 9068 say.
fn expected(token: &[u8], now: f64) -> Option<Caller> {
    let parts: Vec<&[u8]> = token.split(|byte| *byte == b'.').collect();
    let [header, payload, signature] = parts.as_slice() else { return None };
    if "Bearer ".len() + token.len() > MAX_LEN {
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

/// The key that a header names, by an algorithm that it may be used with.
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
    // RFC 9864, section 2.2, gives it another name.
    let algorithm = if asked == "Ed25519" { "EdDSA" } else { &asked };
    let (name, key) = KEYS.into_iter().find(|(_, key)| key.algorithms()[0] == algorithm)?;
    (kid.is_none_or(|kid| kid == name) && ["at+jwt", "application/at+jwt"].contains(&&*typ)).then_some(key)
}

/// `jsonwebtoken` accepts it as well, where it reads all that is in it.
fn is_good_elsewhere(text: &[u8]) {
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
    // It rounds to seconds.
    rules.leeway = 62;
    let said = jsonwebtoken::decode::<serde_json::Value>(text, &DecodingKey::from_secret(SECRET), &rules);
    assert!(said.is_ok(), "{said:?}");
}
