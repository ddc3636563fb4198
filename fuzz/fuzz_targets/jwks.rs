//! A JWKS document that an application has configured, the same text as a single JWK, and once more as what an issuer
//! publishes: which keys are in it, and with which algorithm, is what a second reading says; tokens of the keys that are in
//! it are accepted, and no others; and no error shows a secret.
//!
//! Input: the document.

#![no_main]

use std::sync::LazyLock;

use auth_fuzz::{
    app::{self, AUDIENCE, Auth, ISSUER},
    json::Json,
    keys::{SignWith, token_by},
    mutate::{self, Random},
};
use auth_runtime::{
    authenticate::{Authenticator, Context, Unavailable},
    credential::{BearerToken, CarriedBy, Credential},
    jwt::{Fetch, FetchRequest, Jwt, JwtError, JwtKey, RemoteKeys},
    scheme::{SchemeKind, SecurityScheme},
};
use data_encoding::BASE64URL_NOPAD;
use libfuzzer_sys::{fuzz_mutator, fuzz_target};
use poem::http::{HeaderValue, Response, header::AUTHORIZATION};

const BEARER: SecurityScheme =
    SecurityScheme { name: "token", description: "", kind: SchemeKind::Bearer { format: None } };
/// The members that mean something; what else is there is not looked at.
const MEMBERS: [&str; 18] =
    ["kty", "kid", "alg", "use", "key_ops", "crv", "x", "y", "n", "e", "k", "d", "p", "q", "dp", "dq", "qi", "oth"];
const PRIVATE: [&str; 7] = ["d", "p", "q", "dp", "dq", "qi", "oth"];
const MAX_KEYS: usize = 100;
/// How many keys are tried for one token.
const MAX_TRIED: usize = 4;

/// Why a key is not there.
#[derive(Debug, PartialEq)]
enum Unusable {
    /// It may be good for something else.
    LeftOut,
    /// Nobody should have written it.
    Refused,
}

/// A key that verifies.
#[derive(Debug, PartialEq)]
struct Key {
    kid: Option<String>,
    algorithm: String,
    material: Vec<u8>,
    /// Of RSA.
    exponent: Vec<u8>,
}

/// What becomes of a document.
#[derive(Debug, PartialEq)]
enum Verdict {
    Keys,
    NotAJwks,
    Refused,
    NoKeys,
}

/// Key, algorithm, the name of the key, and the header with the token.
type Signed = (SignWith, &'static str, Option<&'static str>, HeaderValue);

/// A token of each key, with each of its algorithms, that names no key or one of two.
static TOKENS: LazyLock<Vec<Signed>> = LazyLock::new(|| {
    let claims = br#"{"iss":"https://issuer.example","aud":"entries","sub":"alice","exp":253402300799}"#;
    let mut tokens = Vec::new();
    for key in SignWith::ALL {
        for algorithm in key.algorithms() {
            for kid in [None, Some("a"), Some("b")] {
                let named = kid.map_or(String::new(), |kid| format!(r#","kid":"{kid}""#));
                let header = format!(r#"{{"alg":"{algorithm}","typ":"at+jwt"{named}}}"#);
                let token = token_by(key, algorithm, &header, claims);
                tokens.push((key, *algorithm, kid, HeaderValue::try_from(format!("Bearer {token}")).expect("text")));
            }
        }
    }
    tokens
});

/// Keys, and what may be in them.
static WORDS: LazyLock<Vec<String>> = LazyLock::new(|| {
    let keys = SignWith::ALL.into_iter().flat_map(|key| ["a", "b"].map(|kid| key.jwk(kid)));
    let algorithms =
        SignWith::ALL.into_iter().flat_map(|key| key.algorithms().iter().map(|name| format!(r#""alg":"{name}""#)));
    keys.chain(algorithms).chain(WORDS_OF_KEYS.iter().map(|word| (*word).to_owned())).collect()
});
const WORDS_OF_KEYS: &[&str] = &[
    r#""use":"sig""#,
    r#""use":"enc""#,
    r#""key_ops":["verify"]"#,
    r#""key_ops":["sign"]"#,
    r#""key_ops":[]"#,
    r#""d":"AQAB""#,
    r#""d":null"#,
    r#""kid":"a""#,
    r#""kid":"b""#,
    r#""kid":null"#,
    r#""crv":"P-256""#,
    r#""crv":"P-384""#,
    r#""crv":"P-521""#,
    r#""crv":"Ed25519""#,
    r#""crv":"X25519""#,
    r#""kty":"RSA""#,
    r#""kty":"EC""#,
    r#""kty":"OKP""#,
    r#""kty":"oct""#,
    r#""alg":"ES512""#,
    r#""alg":"RSA-OAEP""#,
    r#""e":"Aw""#,
    r#""e":"AAEAAQ""#,
    r#""e":"AQ""#,
    r#""x5c":["x"]"#,
    r#""a""#,
    r#""b""#,
    r#""kty""#,
    r#""kid""#,
    r#""k""#,
    r#""d""#,
    r#""keys":[]"#,
    r#""keys""#,
    r#""x":"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA""#,
];

fuzz_mutator!(|data: &mut [u8], size: usize, max_size: usize, seed: u32| {
    let words: Vec<&str> = WORDS.iter().map(String::as_str).collect();
    let made = mutate::json(&data[..size], &words, &mut Random::new(seed));
    mutate::replace(data, &made, max_size)
});

fuzz_target!(|data: &[u8]| {
    let Ok(text) = str::from_utf8(data) else { return };
    let document = Json::read(data);
    let (verdict, keys) = set(document.as_ref());
    let said = Jwt::jwks(text);
    assert_eq!(self::verdict(&said), verdict);
    check(said, &keys, document.as_ref());

    let key = document.as_ref().map_or(Err(Unusable::Refused), key);
    let said = Jwt::jwk(text);
    assert_eq!(said.is_ok(), key.is_ok(), "{key:?}");
    check(said, &key.into_iter().collect::<Vec<_>>(), document.as_ref());

    let keys = document.as_ref().map_or(Vec::new(), published);
    app::wait(is_published(data, &keys));
});

/// An issuer that answers with this document.
struct Issuer(Vec<u8>);

impl Fetch for Issuer {
    async fn get(&self, _: &FetchRequest<'_>) -> Result<Response<Vec<u8>>, Unavailable> {
        Ok(Response::new(self.0.clone()))
    }
}

/// Without any key it cannot be told what a token is: that is no denial.
async fn is_published(document: &[u8], keys: &[Key]) {
    let remote = RemoteKeys::jwks_url("https://issuer.example/jwks.json").expect("an address");
    let remote = Jwt::remote(remote.fetcher(Issuer(document.to_vec()))).expect("a runtime");
    let jwt = remote.issuer(ISSUER).audience(AUDIENCE).remember_at_most(0);
    for signed in TOKENS.iter() {
        let expected = match signed.0 {
            _ if is_accepted(signed, keys) => Ok(()),
            SignWith::Hmac => Err(false),
            _ => Err(keys.is_empty()),
        };
        assert_eq!(judged(&jwt, signed).await, expected, "{signed:?}: {keys:?}");
    }
}

fn verdict(said: &Result<JwtKey, JwtError>) -> Verdict {
    match said {
        Ok(_) => Verdict::Keys,
        Err(JwtError::NotAJwks(_)) => Verdict::NotAJwks,
        Err(JwtError::Jwk { .. }) => Verdict::Refused,
        Err(JwtError::NoKeys) => Verdict::NoKeys,
        Err(other) => panic!("{other}"),
    }
}

/// Tokens of the keys that are there are accepted, and no others.
fn check(said: Result<JwtKey, JwtError>, keys: &[Key], document: Option<&Json<'_>>) {
    let jwt = match said {
        Ok(found) => found.issuer(ISSUER).audience(AUDIENCE).remember_at_most(0),
        Err(error) => return is_discreet(&error.to_string(), document),
    };
    app::wait(async {
        for signed in TOKENS.iter() {
            let expected = if is_accepted(signed, keys) { Ok(()) } else { Err(false) };
            assert_eq!(judged(&jwt, signed).await, expected, "{signed:?}: {keys:?}");
        }
    });
}

/// Whether one of the keys has signed it, with its own algorithm and under its own name.
fn is_accepted((signer, algorithm, kid, _): &Signed, keys: &[Key]) -> bool {
    let is_named = |key: &&Key| kid.is_none() || key.kid.is_none() || key.kid.as_deref() == *kid;
    let mut fitting = keys.iter().filter(|key| key.algorithm == *algorithm).filter(is_named).take(MAX_TRIED);
    fitting.any(|key| key.material == signer.material() && (*signer != SignWith::Rsa || key.exponent == [1, 0, 1]))
}

/// What auth-runtime says of a token; an error is whether it cannot be told now.
async fn judged(jwt: &Jwt, (_, _, _, token): &Signed) -> Result<(), bool> {
    let request = app::request(&[(AUTHORIZATION, token.clone())]);
    let Credential::Found(token) = BearerToken::find(&request, &BEARER) else { panic!("no token") };
    let said = jwt.authenticate(token, &Context::of::<Auth>()).await;
    said.map(drop).map_err(|error| error.is_unavailable())
}

/// An error shows what a key says of itself, and nothing that is a secret.
fn is_discreet(error: &str, document: Option<&Json<'_>>) {
    let keys = document.into_iter().chain(document.and_then(|set| set.get("keys"))).flat_map(|found| match found {
        Json::Array(keys) => keys.iter().collect::<Vec<_>>(),
        key => vec![key],
    });
    for key in keys {
        let texts = |names: &[&'static str]| -> Vec<String> {
            names.iter().flat_map(|name| key.members(name)).filter_map(Json::text).collect()
        };
        let shown = texts(&["kty", "kid", "alg", "crv", "use"]).concat();
        for secret in texts(&["k", "d", "p", "q"]) {
            assert!(secret.len() < 16 || shown.contains(&secret) || !error.contains(&secret), "{error}");
        }
    }
}

/// RFC 7517, section 5.
fn items<'a, 'b>(document: &'a Json<'b>) -> Option<&'a [Json<'b>]> {
    let Json::Object(members) = document else { return None };
    let are_names = members.iter().all(|(name, _)| auth_fuzz::json::decode(name).is_some());
    let mut found = document.members("keys");
    match (found.next(), found.next()) {
        (Some(Json::Array(items)), None) if are_names && items.len() <= MAX_KEYS => Some(items),
        _ => None,
    }
}

/// What is configured is good, or else an error.
fn set(document: Option<&Json<'_>>) -> (Verdict, Vec<Key>) {
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
fn published(document: &Json<'_>) -> Vec<Key> {
    let mut keys: Vec<Key> = Vec::new();
    for key in items(document).unwrap_or_default().iter().filter_map(|item| key(item).ok()) {
        if !key.algorithm.starts_with("HS") && !keys.contains(&key) {
            keys.push(key);
        }
    }
    keys
}

/// RFC 7517, section 4; RFC 7518, section 6; RFC 8037, section 2.
fn key(jwk: &Json<'_>) -> Result<Key, Unusable> {
    let Json::Object(members) = jwk else { return Err(Unusable::Refused) };
    let are_names = members.iter().all(|(name, _)| auth_fuzz::json::decode(name).is_some());
    if !are_names || MEMBERS.iter().any(|name| jwk.members(name).count() > 1) {
        return Err(Unusable::Refused);
    }
    // Whatever its kind, what is looked at has its type.
    let text = |name: &str| match jwk.get(name) {
        None | Some(Json::Null) => Ok(None),
        Some(value) => value.text().map(Some).ok_or(Unusable::Refused),
    };
    for name in MEMBERS.iter().filter(|name| !PRIVATE.contains(name) && **name != "key_ops") {
        text(name)?;
    }
    let kty = text("kty")?.ok_or(Unusable::Refused)?;
    let operations = operations(jwk)?;
    if text("use")?.is_some_and(|usage| usage != "sig") {
        return Err(Unusable::LeftOut);
    }
    if PRIVATE.iter().any(|name| !matches!(jwk.get(name), None | Some(Json::Null))) {
        return Err(Unusable::Refused);
    }
    if operations.is_some_and(|operations| !operations.iter().any(|operation| operation == "verify")) {
        return Err(Unusable::LeftOut);
    }
    let bytes = |name: &str| match text(name)? {
        Some(text) => BASE64URL_NOPAD.decode(text.as_bytes()).map_err(|_| Unusable::Refused),
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

fn operations(jwk: &Json<'_>) -> Result<Option<Vec<String>>, Unusable> {
    match jwk.get("key_ops") {
        None | Some(Json::Null) => Ok(None),
        Some(Json::Array(items)) => {
            items.iter().map(Json::text).collect::<Option<Vec<_>>>().map(Some).ok_or(Unusable::Refused)
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
    let distinct = secret.iter().collect::<std::collections::BTreeSet<_>>().len();
    let is_pem = secret.trim_ascii_start().starts_with(b"-----BEGIN");
    if secret.len() >= required && distinct >= 8 && !is_pem { Ok(secret) } else { Err(Unusable::Refused) }
}
