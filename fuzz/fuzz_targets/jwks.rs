//! Reads a JWKS document three times: as configured by an application, as a single JWK, and as published by an issuer.
//! A second implementation must find the same keys with the same algorithms. Tokens of these keys are accepted, and no
//! others. No error contains a secret.
//!
//! Input: the document.

#![no_main]

use std::sync::LazyLock;

use auth_fuzz::{
    app::{self, AUDIENCE, Auth, ISSUER},
    json::Json,
    jwks::{Key, Unusable, Verdict, key, published, set},
    keys::{SignWith, token_by},
    mutate::{self, Random},
};
use auth_runtime::{
    authenticate::{Authenticator, Context, Unavailable},
    credential::{BearerToken, CarriedBy, Credential},
    declared::{SchemeKind, SecurityScheme, kind},
    jwt::{Fetch, FetchRequest, Jwt, JwtError, JwtKey, RemoteKeys},
};
use libfuzzer_sys::{fuzz_mutator, fuzz_target};
use poem::http::{HeaderValue, Response, header::AUTHORIZATION};

const BEARER: SecurityScheme = SecurityScheme::new("token", SchemeKind::Bearer { format: None });
/// Number of keys that are tried for one token.
const MAX_TRIED: usize = 4;

/// The signing key, the algorithm, the key ID in the header, and the token.
type Signed = (SignWith, &'static str, Option<&'static str>, BearerToken);

/// Tokens of each key with each of its algorithms, without a key ID and with each of two key IDs.
static TOKENS: LazyLock<Vec<Signed>> = LazyLock::new(|| {
    let claims = br#"{"iss":"https://issuer.example","aud":"entries","sub":"alice","exp":253402300799}"#;
    let mut tokens = Vec::new();
    for key in SignWith::ALL {
        for algorithm in key.algorithms() {
            for kid in [None, Some("a"), Some("b")] {
                let named = kid.map_or(String::new(), |kid| format!(r#","kid":"{kid}""#));
                let header = format!(r#"{{"alg":"{algorithm}","typ":"at+jwt"{named}}}"#);
                tokens.push((key, *algorithm, kid, bearer(&token_by(key, algorithm, &header, claims))));
            }
        }
    }
    tokens
});

fn bearer(token: &str) -> BearerToken {
    let value = HeaderValue::try_from(format!("Bearer {token}")).expect("a token");
    match CarriedBy::<kind::Bearer>::find(&app::request(&[(AUTHORIZATION, value)]), &BEARER) {
        Credential::Found(token) => token,
        other => panic!("{other:?}"),
    }
}

/// Keys, and the members that the mutator inserts into them.
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
    r#""x5c":null"#,
    r#""oth":[]"#,
    r#""d":"""#,
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
    let result = Jwt::jwks(text);
    assert_eq!(self::verdict(&result), verdict);
    check(result, &keys, document.as_ref());

    let key = document.as_ref().map_or(Err(Unusable::Refused), key);
    let result = Jwt::jwk(text);
    assert_eq!(result.is_ok(), key.is_ok(), "{key:?}");
    check(result, &key.into_iter().collect::<Vec<_>>(), document.as_ref());

    let keys = document.as_ref().map_or(Vec::new(), published);
    app::wait(is_published(data, &keys));
});

/// An issuer that publishes this document.
struct Issuer(Vec<u8>);

impl Fetch for Issuer {
    async fn get(&self, _: &FetchRequest<'_>) -> Result<Response<Vec<u8>>, Unavailable> {
        Ok(Response::new(self.0.clone()))
    }
}

/// Checks the document as published by an issuer. Without any key, verification is unavailable and no token is denied.
/// With keys, a token of an unknown key is denied or unavailable: during the cooldown, the keys are not fetched again.
async fn is_published(document: &[u8], keys: &[Key]) {
    let remote = RemoteKeys::jwks_url("https://issuer.example/jwks.json").expect("an address");
    let remote = Jwt::remote(remote.fetcher(Issuer(document.to_vec()))).expect("a runtime");
    let jwt = remote.issuer(ISSUER).audience(AUDIENCE).cache_capacity(0);
    for signed in TOKENS.iter() {
        let expected = match signed.0 {
            _ if is_accepted(signed, keys) => Ok(()),
            SignWith::Hmac => Err(false),
            _ if keys.is_empty() => Err(true),
            _ => {
                assert!(verified(&jwt, signed).await.is_err(), "{signed:?}: {keys:?}");
                continue;
            }
        };
        assert_eq!(verified(&jwt, signed).await, expected, "{signed:?}: {keys:?}");
    }
}

fn verdict(result: &Result<JwtKey, JwtError>) -> Verdict {
    match result {
        Ok(_) => Verdict::Keys,
        Err(JwtError::NotAJwks(_)) => Verdict::NotAJwks,
        Err(JwtError::Jwk { .. }) => Verdict::Refused,
        Err(JwtError::NoKeys) => Verdict::NoKeys,
        Err(other) => panic!("{other}"),
    }
}

/// Checks that tokens of these keys are accepted, and no others.
fn check(result: Result<JwtKey, JwtError>, keys: &[Key], document: Option<&Json<'_>>) {
    let jwt = match result {
        Ok(found) => found.issuer(ISSUER).audience(AUDIENCE).cache_capacity(0),
        Err(error) => return is_discreet(&error.to_string(), document),
    };
    app::wait(async {
        for signed in TOKENS.iter() {
            let expected = if is_accepted(signed, keys) { Ok(()) } else { Err(false) };
            assert_eq!(verified(&jwt, signed).await, expected, "{signed:?}: {keys:?}");
        }
    });
}

/// Returns whether one of the keys signed the token, with its own algorithm and key ID.
fn is_accepted((signer, algorithm, kid, _): &Signed, keys: &[Key]) -> bool {
    let is_named = |key: &&Key| kid.is_none() || key.kid.is_none() || key.kid.as_deref() == *kid;
    let mut fitting = keys.iter().filter(|key| key.algorithm == *algorithm).filter(is_named).take(MAX_TRIED);
    fitting.any(|key| key.material == signer.material() && (*signer != SignWith::Rsa || key.exponent == [1, 0, 1]))
}

/// Verifies a token with auth-runtime. An error says whether verification is unavailable.
async fn verified(jwt: &Jwt, (_, _, _, token): &Signed) -> Result<(), bool> {
    let result = jwt.authenticate(token.clone(), &Context::of::<Auth>()).await;
    result.map(drop).map_err(|error| error.is_unavailable())
}

/// Checks that an error shows only public members of a key, and no secret.
fn is_discreet(error: &str, document: Option<&Json<'_>>) {
    let keys = document.into_iter().chain(document.and_then(|set| set.get("keys"))).flat_map(|found| match found {
        Json::Array(keys) => keys.iter().collect::<Vec<_>>(),
        key => vec![key],
    });
    let keys: Vec<_> = keys.collect();
    let texts = |names: &[&str]| -> Vec<String> {
        let members = keys.iter().flat_map(|key| names.iter().flat_map(|name| key.members(name)));
        members.filter_map(Json::text).collect()
    };
    // The key ID of one key may equal the secret of another.
    let shown = texts(&["kty", "kid", "alg", "crv", "use"]).concat();
    for secret in texts(&["k", "d", "p", "q"]) {
        assert!(secret.len() < 16 || shown.contains(&secret) || !error.contains(&secret), "{error}");
    }
}
