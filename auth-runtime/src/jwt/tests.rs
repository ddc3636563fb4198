//! The line of a token, from its text to the identity.

use std::{
    panic::AssertUnwindSafe,
    sync::{Arc, Mutex},
    time::Duration,
};

use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
use futures_util::FutureExt;
use jsonwebtoken::{Algorithm, EncodingKey};
use serde_json::{Value, json};
use tokio::task::JoinSet;

use super::{
    Entitlement, Jwt, JwtError, Revocation, Revocations, RoleTable, SharedRoleTable, Tenants, TokenIssuer, TokenType,
    key::tests::{SECRET, generated, pair, pem, sign},
    remote::{
        RemoteKeys,
        fetch::{Fetch, FetchRequest},
    },
    verifier::now,
};
use crate::{
    authenticate::{AuthenticationError, Authenticator, Context, Identity, Unavailable},
    credential::{CarriedBy, Credential},
    declared::{DeclaredNames, SchemeKind, SecurityScheme, kind},
};

static TABLES: DeclaredNames =
    DeclaredNames { permissions: &["view"], roles: &["Viewer"], scopes: &[], role_permissions: &[&[0b1]] };
static OTHER_TABLES: DeclaredNames =
    DeclaredNames { permissions: &["edit", "view"], roles: &["Editor"], scopes: &[], role_permissions: &[&[0b1]] };
const BEARER: SecurityScheme = SecurityScheme::new("token", SchemeKind::Bearer { format: None });
const ISSUER: &str = "https://issuer.example";
const HEADER: &str = r#"{"alg":"HS256","typ":"at+jwt"}"#;

fn jwt() -> Jwt {
    Jwt::hs256(SECRET).unwrap().issuer(ISSUER).audience("entries")
}

/// The time since 1970 at which tokens of these tests are good.
fn today() -> Duration {
    Duration::from_hours(500_000)
}

/// Claims that are good today, with some replaced.
fn claims(changes: Value) -> String {
    let (today, mut claims) = (today().as_secs(), serde_json::Map::new());
    let good = json!({ "iss": ISSUER, "aud": ["entries"], "sub": "alice", "iat": today, "exp": today + 600 });
    for object in [good, changes] {
        let Value::Object(object) = object else { unreachable!() };
        claims.extend(object);
    }
    Value::Object(claims).to_string()
}

fn signed_with(key: &EncodingKey, algorithm: Algorithm, header: &str, claims: impl AsRef<[u8]>) -> String {
    let part = |text: &[u8]| BASE64_URL_SAFE_NO_PAD.encode(text);
    let message = format!("{}.{}", part(header.as_bytes()), part(claims.as_ref()));
    format!("{message}.{}", sign(message.as_bytes(), key, algorithm))
}

fn signed(header: &str, claims: impl AsRef<[u8]>) -> String {
    signed_with(&EncodingKey::from_secret(SECRET), Algorithm::HS256, header, claims)
}

fn token(changes: Value) -> String {
    signed(HEADER, claims(changes))
}

async fn identify(jwt: &Jwt, token: &str, now: Duration) -> Result<Identity, AuthenticationError> {
    jwt.identify(token.as_bytes(), now, Context::new(&TABLES)).await
}

/// Returns the reason in the log.
async fn refusal(jwt: &Jwt, token: &str) -> Option<String> {
    let error = identify(jwt, token, today()).await.err()?;
    assert!(!error.is_unavailable());
    Some(error.to_string())
}

#[expect(clippy::unnecessary_wraps, reason = "it stands where a refusal may be none")]
fn said(flaw: &str) -> Option<String> {
    Some(format!("{ISSUER}: {flaw}"))
}

#[tokio::test]
async fn r36_good_token_is_issuer_and_subject() {
    let later = now().unwrap().as_secs() + 100;
    let token = token(json!({ "iat": 1, "exp": later, "roles": ["Viewer"] }));
    let request = poem::Request::builder().header("Authorization", format!("Bearer {token}")).finish();
    let Credential::Found(token) = CarriedBy::<kind::Bearer>::find(&request, &BEARER) else { panic!("no token") };
    let identity = jwt().authenticate(token, &Context::new(&TABLES)).await.unwrap();
    assert_eq!((identity.issuer(), identity.subject()), (ISSUER, "alice"));
    assert_eq!((identity.role_words(), identity.permission_words()), ([0b1].as_slice(), [0b1].as_slice()));
    assert_eq!(identity.claims()["aud"], json!(["entries"]));
}

#[tokio::test]
async fn r30_each_algorithm_verifies_its_own_signatures_only() {
    for algorithm in [Algorithm::RS256, Algorithm::ES256, Algorithm::ES384, Algorithm::EdDSA] {
        let (private, public) = pair(algorithm);
        let jwt = Jwt::public_key_pem(&public).unwrap().issuer(ISSUER).audience("entries");
        let header = format!(r#"{{"alg":"{algorithm:?}","typ":"at+jwt"}}"#);
        let good = signed_with(&private, algorithm, &header, claims(json!({})));
        assert_eq!(refusal(&jwt, &good).await, None);
        let forged = signed_with(&pair(algorithm).0, algorithm, &header, claims(json!({})));
        assert_eq!(refusal(&jwt, &forged).await, said("signature does not verify"));
        // The public key as the secret of an HMAC.
        let confused = EncodingKey::from_secret(public.as_bytes());
        let confused = signed_with(&confused, Algorithm::HS256, HEADER, claims(json!({})));
        assert_eq!(refusal(&jwt, &confused).await, said("no key for its algorithm and `kid`"));
    }
}

#[tokio::test]
async fn r30_alg_none_and_hs_rs_confusion_are_refused() {
    for alg in ["none", "None", "NONE", "", "hs256"] {
        let token = signed(&format!(r#"{{"alg":"{alg}","typ":"at+jwt"}}"#), claims(json!({})));
        let (message, _) = token.rsplit_once('.').unwrap();
        for token in [&token, &format!("{message}.")] {
            assert_eq!(refusal(&jwt(), token).await.as_deref(), Some("`alg` is not supported"), "{alg}");
        }
    }
    for alg in ["HS384", "HS512", "RS256", "PS256", "ES256", "EdDSA", "Ed25519"] {
        let token = signed(&format!(r#"{{"alg":"{alg}","typ":"at+jwt"}}"#), claims(json!({})));
        assert_eq!(refusal(&jwt(), &token).await, said("no key for its algorithm and `kid`"), "{alg}");
    }
}

#[tokio::test]
async fn r30_signature_of_other_claims_is_refused() {
    let (good, other) = (token(json!({})), token(json!({ "sub": "root" })));
    let parts: Vec<_> = good.split('.').zip(other.split('.')).collect();
    let mixed = format!("{}.{}.{}", parts[0].0, parts[1].1, parts[2].0);
    let (message, _) = good.rsplit_once('.').unwrap();
    for forged in [mixed, format!("{message}."), format!("{message}.AAAA")] {
        assert_eq!(refusal(&jwt(), &forged).await, said("signature does not verify"));
    }
}

#[tokio::test]
async fn r31_a_key_in_the_header_verifies_nothing() {
    let own = "mallory's own secret, which is long enough to be one";
    let k = BASE64_URL_SAFE_NO_PAD.encode(own);
    let header = format!(r#"{{"alg":"HS256","typ":"at+jwt","jwk":{{"kty":"oct","k":"{k}","alg":"HS256"}}}}"#);
    let forged = signed_with(&EncodingKey::from_secret(own.as_bytes()), Algorithm::HS256, &header, claims(json!({})));
    assert_eq!(refusal(&jwt(), &forged).await, said("signature does not verify"));
    assert_eq!(refusal(&jwt(), &signed(&header, claims(json!({})))).await, None);
}

#[tokio::test]
async fn r32_trailing_bits_without_meaning_are_refused() {
    // 32 bytes of signature in 43 characters: the last two bits of the last one mean nothing, and must be 0.
    let good = token(json!({}));
    let alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    let last = alphabet.find(good.chars().next_back().unwrap()).unwrap();
    assert_eq!(last % 4, 0);
    let same_bytes = format!("{}{}", &good[..good.len() - 1], &alphabet[last + 1..last + 2]);
    let jwt = jwt();
    for _ in 0..2 {
        assert_eq!(refusal(&jwt, &same_bytes).await, said("signature does not verify"));
        // Once the good one is remembered, its twin still is not it.
        assert_eq!(refusal(&jwt, &good).await, None);
    }
}

#[tokio::test]
async fn r32_claims_are_one_object_with_unique_members() {
    for bad in ["[]", "1", "", "{", r#"{"sub":"a","sub":"b"}"#, r#"{"a":{"b":1,"b":1}}"#, "{} {}"] {
        let expected = "not base64url of a JSON object with unique members";
        assert_eq!(refusal(&jwt(), &signed(HEADER, bad)).await.as_deref(), Some(expected), "{bad}");
    }
}

#[tokio::test]
async fn r33_leeway_is_a_minute_unless_set_and_five_at_most() {
    let token = token(json!({}));
    let expires = today() + Duration::from_mins(10);
    for (jwt, leeway) in [
        (jwt(), Duration::from_mins(1)),
        (jwt().leeway(Duration::ZERO), Duration::ZERO),
        (jwt().leeway(Duration::from_mins(2)), Duration::from_mins(2)),
        (jwt().leeway(Duration::MAX), Duration::from_mins(5)),
    ] {
        let last = (expires + leeway).as_secs() - 1;
        assert!(identify(&jwt, &token, Duration::from_secs(last)).await.is_ok());
        let error = identify(&jwt, &token, expires + leeway).await.unwrap_err();
        assert_eq!((Some(error.to_string()), error.is_unavailable()), (said("expired"), false));
    }
}

#[tokio::test]
async fn r34_what_is_not_for_this_service_is_refused() {
    for (changes, reason) in [
        (json!({ "iss": "https://issuer.example/" }), "unknown issuer: \"https://issuer.example/\""),
        (json!({ "iss": "x".repeat(101) + "\n" }), &format!("unknown issuer: \"{}\"", "x".repeat(100))),
        (json!({ "iss": [ISSUER] }), "claim `iss` has a wrong type or form"),
        (json!({ "aud": "other" }), "https://issuer.example: audience does not name this service"),
        (json!({ "at_hash": "x" }), "https://issuer.example: ID token (at_hash)"),
        (json!({ "roles": 1 }), "https://issuer.example: claim `roles` has a wrong type or form"),
    ] {
        assert_eq!(refusal(&jwt(), &token(changes)).await.as_deref(), Some(reason));
    }
}

#[test]
fn r34_empty_audience_or_issuer_is_refused_at_start() {
    let named = || Jwt::hs256(SECRET).unwrap().issuer(ISSUER);
    assert_eq!(named().audiences([""; 0]).unwrap_err(), JwtError::Empty("audience"));
    assert_eq!(named().audiences(["entries", ""]).unwrap_err(), JwtError::Empty("audience"));
    assert!(named().audiences(["entries", "other"]).is_ok());
    assert!(std::panic::catch_unwind(|| named().audience("")).is_err());
    assert!(std::panic::catch_unwind(|| Jwt::hs256(SECRET).unwrap().issuer("")).is_err());
}

#[tokio::test]
async fn r35_only_what_says_that_it_is_an_access_token_is_one_unless_the_issuer_does_not_say() {
    for (typ, strict, lenient) in [
        (r#","typ":"at+jwt""#, None, None),
        (r#","typ":"JWT""#, said("header parameter `typ` is not `at+jwt`; see `Jwt::accept_untyped`"), None),
        ("", said("header parameter `typ` is not `at+jwt`; see `Jwt::accept_untyped`"), None),
        (
            r#","typ":"logout+jwt""#,
            said("not an access token (header parameter `typ`)"),
            said("not an access token (header parameter `typ`)"),
        ),
    ] {
        let token = signed(&format!(r#"{{"alg":"HS256"{typ}}}"#), claims(json!({})));
        assert_eq!(refusal(&jwt(), &token).await, strict, "{typ}");
        assert_eq!(refusal(&jwt().accept_untyped(), &token).await, lenient, "{typ}");
    }
}

#[tokio::test]
async fn r35_an_audience_alone_does_not_make_an_id_token_acceptable() {
    let untyped = |changes: Value| signed(r#"{"alg":"HS256","typ":"JWT"}"#, claims(changes));
    let id_token = untyped(json!({ "token_use": "id", "roles": ["Viewer"] }));
    assert_eq!(refusal(&jwt().accept_untyped(), &id_token).await, said("ID token (token_use)"));
    let nonce = untyped(json!({ "nonce": "n" }));
    let expected = said("may be an ID token (claim `nonce`); see `Jwt::token_type`");
    assert_eq!(refusal(&jwt().accept_untyped(), &nonce).await, expected);
    let bearer = untyped(json!({ "nonce": "n", "typ": "Bearer" }));
    assert_eq!(refusal(&jwt().accept_untyped(), &bearer).await, None);
    // The application may know better of the one, and needs the switch for the other.
    let trusting = jwt().token_type(|_| TokenType::AccessToken);
    assert_eq!(refusal(&trusting, &nonce).await, None);
    assert_eq!(refusal(&trusting, &id_token).await, said("ID token (token_use)"));
    assert_eq!(refusal(&crate::danger::accept_id_tokens(jwt()), &id_token).await, None);
}

#[tokio::test]
async fn r35_the_rule_for_types_is_of_one_issuer() {
    let other = Jwt::hs256(SECRET).unwrap().issuer("https://other.example").audience("entries");
    let both = Jwt::any_of([jwt(), crate::danger::accept_id_tokens(other)]).unwrap();
    let id_token = |issuer: &str| token(json!({ "iss": issuer, "typ": "ID" }));
    assert_eq!(refusal(&both, &id_token("https://other.example")).await, None);
    assert_eq!(refusal(&both, &id_token(ISSUER)).await, said("ID token (typ)"));
}

#[tokio::test]
async fn claims_that_only_describe_are_absent_if_their_type_is_wrong() {
    let odd = token(json!({ "name": null, "preferred_username": ["al"], "email": 1, "auth_time": "1", "jti": 7 }));
    let identity = identify(&jwt(), &odd, today()).await.unwrap();
    assert_eq!((identity.display_name(), identity.authenticated_at()), ("alice", None));
    assert_eq!(identity.claims()["jti"], json!(7));
}

#[tokio::test]
async fn r36_a_machine_client_of_cognito_is_identified_by_its_client() {
    let cognito = jwt().accept_untyped().audience_claim("client_id").subject_claim("client_id");
    let claims = json!({ "iss": ISSUER, "client_id": "entries", "token_use": "access", "exp": today().as_secs() + 60 });
    let token = signed(r#"{"alg":"HS256","kid":"k"}"#, claims.to_string());
    assert_eq!(identify(&cognito, &token, today()).await.unwrap().subject(), "entries");
    assert_eq!(refusal(&jwt().accept_untyped(), &token).await, said("claim `aud` is missing"));
}

#[tokio::test]
async fn options_change_where_names_are_read() {
    let jwt = jwt().roles_claim("realm_access.roles").permissions_claim("/perms").display_name_claim("nick");
    let token = token(json!({ "realm_access": { "roles": ["Viewer"] }, "perms": "view", "nick": "Al" }));
    let identity = identify(&jwt, &token, today()).await.unwrap();
    assert_eq!((identity.role_words(), identity.display_name()), ([0b1].as_slice(), "Al"));
}

#[tokio::test]
async fn r39_a_separator_is_of_one_issuer() {
    let other = Jwt::hs256(SECRET).unwrap().issuer("https://other.example").audience("entries");
    let both = Jwt::any_of([jwt(), other.separator(',')]).unwrap();
    let roles = json!("Viewer,Editor");
    let of_other = token(json!({ "iss": "https://other.example", "roles": roles }));
    assert_eq!(identify(&both, &of_other, today()).await.unwrap().role_words(), [0b1]);
    assert!(identify(&both, &token(json!({ "roles": roles })), today()).await.unwrap().role_words().is_empty());
}

#[tokio::test]
async fn each_of_several_issuers_has_its_own_keys_audience_and_claims() {
    let (private, public) = pair(Algorithm::ES256);
    let partner = Jwt::public_key_pem(&public).unwrap().issuer("https://partner.example").audience("them");
    let both = Jwt::any_of([jwt(), partner.roles_claim("groups")]).unwrap();
    let header = r#"{"alg":"ES256","typ":"at+jwt"}"#;
    let of_partner = |changes: Value| signed_with(&private, Algorithm::ES256, header, claims(changes));

    let good = of_partner(json!({ "iss": "https://partner.example", "aud": "them", "groups": "Viewer" }));
    let identity = identify(&both, &good, today()).await.unwrap();
    assert_eq!((identity.issuer(), identity.role_words()), ("https://partner.example", [0b1].as_slice()));
    assert_eq!(identify(&both, &token(json!({})), today()).await.unwrap().issuer(), ISSUER);

    // Neither signs for the other, and neither has the other's audience.
    assert!(refusal(&both, &of_partner(json!({}))).await.is_some());
    assert!(refusal(&both, &token(json!({ "iss": "https://partner.example", "aud": "them" }))).await.is_some());
    let wrong = of_partner(json!({ "iss": "https://partner.example" }));
    assert_eq!(
        refusal(&both, &wrong).await.as_deref(),
        Some("https://partner.example: audience does not name this service")
    );
}

#[tokio::test]
async fn r40_of_several_verifiers_the_shortest_memory_counts() {
    let other = Jwt::hs256(SECRET).unwrap().issuer("https://other.example").audience("entries");
    let token = token(json!({}));
    for other in [other.clone().cache_capacity(0), other.cache_ttl(Duration::ZERO)] {
        let both = Jwt::any_of([jwt(), other]).unwrap();
        let first = identify(&both, &token, today()).await.unwrap();
        let again = identify(&both, &token, today()).await.unwrap();
        assert!(!std::ptr::eq(first.claims(), again.claims()));
    }
}

#[tokio::test]
async fn r40_a_clock_that_is_set_back_brings_no_remembered_token_back() {
    let jwt = jwt();
    let token = token(json!({ "iat": 1 }));
    let first = identify(&jwt, &token, today()).await.unwrap();
    let earlier = identify(&jwt, &token, Duration::from_secs(today().as_secs() - 1000)).await.unwrap();
    assert!(!std::ptr::eq(first.claims(), earlier.claims()));
}

#[test]
fn an_issuer_stands_once_in_a_verifier() {
    assert_eq!(Jwt::any_of([jwt(), jwt()]).unwrap_err(), JwtError::IssuerTwice(ISSUER.to_owned()));
    assert_eq!(Jwt::any_of([]).unwrap_err(), JwtError::Empty("issuer"));
}

#[tokio::test]
async fn an_issuer_may_have_several_keys() {
    let (private, public) = pair(Algorithm::EdDSA);
    let keys = Jwt::hs256(SECRET).unwrap().or(Jwt::public_key_pem(&public).unwrap());
    let jwt = keys.issuer(ISSUER).audience("entries");
    let by_key = signed_with(&private, Algorithm::EdDSA, r#"{"alg":"EdDSA","typ":"at+jwt"}"#, claims(json!({})));
    for token in [token(json!({})), by_key] {
        assert_eq!(refusal(&jwt, &token).await, None);
    }
}

#[tokio::test]
async fn r40_a_remembered_token_ends_with_its_time() {
    let jwt = jwt().leeway(Duration::ZERO).cache_ttl(Duration::MAX);
    let token = token(json!({ "nbf": today().as_secs() }));
    for (now, flaw) in [
        (today(), None),
        (Duration::from_secs(today().as_secs() - 1), said("not valid yet")),
        (today(), None),
        (today() + Duration::from_mins(10), said("expired")),
    ] {
        assert_eq!(identify(&jwt, &token, now).await.err().map(|error| error.to_string()), flaw);
    }
}

#[tokio::test]
async fn r40_a_remembered_token_ends_when_it_is_revoked() {
    let list = Revocations::new();
    let jwt = jwt().revocations(&list);
    let tokens =
        [token(json!({ "jti": "1" })), token(json!({ "jti": "2" })), token(json!({ "jti": "3", "sub": "bob" }))];
    for token in &tokens {
        assert_eq!(refusal(&jwt, token).await, None);
    }
    assert_eq!(refusal(&jwt, &token(json!({ "jti": 1 }))).await, said("claim `jti` has a wrong type or form"));
    list.revoke(Revocation::token(ISSUER, "1", std::time::UNIX_EPOCH + today() + Duration::from_mins(10)))
        .await
        .unwrap();
    let verdicts =
        async || [refusal(&jwt, &tokens[0]).await, refusal(&jwt, &tokens[1]).await, refusal(&jwt, &tokens[2]).await];
    assert_eq!(verdicts().await, [said("revoked"), None, None]);
    list.revoke(Revocation::subject(ISSUER, "alice", std::time::UNIX_EPOCH + today() + Duration::from_secs(1)))
        .await
        .unwrap();
    assert_eq!(verdicts().await, [said("revoked"), said("revoked"), None]);
    // And those that were never seen before.
    assert_eq!(refusal(&jwt, &token(json!({ "jti": "4" }))).await, said("revoked"));
}

#[tokio::test]
async fn r40_what_was_verified_is_not_verified_again_while_it_counts() {
    let jwt = jwt();
    let good = token(json!({}));
    let first = identify(&jwt, &good, today()).await.unwrap();
    let again = identify(&jwt.clone(), &good, today()).await.unwrap();
    assert!(std::ptr::eq(first.claims(), again.claims()), "the same identity");
    // Other rules know nothing of it, nor do other tables, and zero turns it off.
    let context = Context::new(&OTHER_TABLES);
    let elsewhere = jwt.identify(token(json!({ "permissions": "view" })).as_bytes(), today(), context).await.unwrap();
    assert_eq!(elsewhere.permission_words(), [0b10]);
    let here = identify(&jwt, &token(json!({ "permissions": "view" })), today()).await.unwrap();
    assert_eq!(here.permission_words(), [0b1]);
    for other in [jwt.clone().leeway(Duration::ZERO), jwt.clone().cache_capacity(0), jwt.cache_ttl(Duration::ZERO)] {
        for _ in 0..2 {
            let fresh = identify(&other, &good, today()).await.unwrap();
            assert!(!std::ptr::eq(first.claims(), fresh.claims()));
        }
    }
}

#[tokio::test]
async fn r40_the_memory_of_tokens_is_bounded_and_short() {
    let jwt = jwt().cache_capacity(100);
    let first = token(json!({ "jti": "first" }));
    let seen = identify(&jwt, &first, today()).await.unwrap();
    // After five minutes it is verified once more.
    let later = identify(&jwt, &first, today() + Duration::from_mins(5)).await.unwrap();
    assert!(!std::ptr::eq(seen.claims(), later.claims()));
    for number in 0..1000 {
        assert_eq!(refusal(&jwt, &token(json!({ "jti": number.to_string() }))).await, None);
    }
    assert!(jwt.0.cache.len() <= 100, "{}", jwt.0.cache.len());
    // A refused token is never cached.
    let before = jwt.0.cache.len();
    for number in 0..1000 {
        assert!(refusal(&jwt, &token(json!({ "aud": number.to_string() }))).await.is_some());
    }
    assert_eq!(jwt.0.cache.len(), before);
}

#[tokio::test]
async fn an_issued_token_is_verified_by_any_verifier_of_its_issuer() {
    let issuer = TokenIssuer::hs256(SECRET).unwrap().issuer(ISSUER).audience("entries");
    let token = issuer.token("alice").client_id("web").sign().unwrap();
    assert!(identify(&jwt(), &token, now().unwrap()).await.is_ok());
}

#[test]
fn debug_shows_the_rules_and_neither_key_nor_tokens() {
    let shown = format!("{:?} {:?}", jwt(), Jwt::hs256(SECRET).unwrap());
    assert!(shown.contains("HS256") && shown.contains(ISSUER), "{shown}");
    assert!(!shown.contains("kQ8v") && !shown.contains("107"), "{shown}");
}

/// The published key set of an issuer; none while it hangs.
#[derive(Clone, Default)]
struct Published(Arc<Mutex<Option<String>>>);

impl Published {
    fn set(&self, jwks: Option<String>) {
        *self.0.lock().unwrap() = jwks;
    }
}

impl Fetch for Published {
    async fn get(&self, _: &FetchRequest<'_>) -> Result<poem::http::Response<Vec<u8>>, Unavailable> {
        let jwks = self.0.lock().unwrap().clone();
        match jwks {
            Some(jwks) => Ok(poem::http::Response::new(jwks.into_bytes())),
            None => std::future::pending().await,
        }
    }
}

/// An issuer with a new key, its verifier, and what it publishes.
fn remote_issuer() -> (TokenIssuer, Jwt, Published) {
    let issuer = TokenIssuer::private_key_pem(pem("PRIVATE KEY", &generated(Algorithm::EdDSA).0)).unwrap();
    let issuer = issuer.issuer(ISSUER).audience("entries");
    let published = Published::default();
    published.set(Some(issuer.jwks().unwrap()));
    let keys = RemoteKeys::jwks_url("https://issuer.example/jwks").unwrap().fetcher(published.clone());
    (issuer, Jwt::remote(keys).unwrap().issuer(ISSUER).audience("entries"), published)
}

#[tokio::test(start_paused = true)]
async fn r40_a_remembered_token_ends_when_its_key_is_withdrawn() {
    let (issuer, jwt, published) = remote_issuer();
    let token = issuer.token("alice").client_id("web").sign().unwrap();
    for _ in 0..2 {
        assert!(identify(&jwt, &token, now().unwrap()).await.is_ok());
    }
    let (_, _, others) = remote_issuer();
    published.set(others.0.lock().unwrap().clone());
    tokio::time::sleep(Duration::from_mins(5)).await;
    let error = identify(&jwt, &token, now().unwrap()).await.unwrap_err();
    assert_eq!((Some(error.to_string()), error.is_unavailable()), (said("no key for its algorithm and `kid`"), false));
}

#[tokio::test(start_paused = true)]
async fn r46_good_tokens_never_wait_while_unknown_keys_are_asked_for() {
    let (issuer, jwt, published) = remote_issuer();
    let remembered = issuer.token("alice").client_id("web").sign().unwrap();
    assert!(identify(&jwt, &remembered, now().unwrap()).await.is_ok());

    published.set(None);
    let (flood, _, _) = remote_issuer();
    let mut waiting = JoinSet::new();
    for _ in 0..1000 {
        let (jwt, token) = (jwt.clone(), flood.token("mallory").client_id("web").sign().unwrap());
        waiting.spawn(async move { identify(&jwt, &token, now().unwrap()).await.map(drop) });
    }
    tokio::task::yield_now().await;
    let new = issuer.token("alice").client_id("web").sign().unwrap();
    for token in [&remembered, &new] {
        // Ready at once: there is nothing that it waits for.
        let identified = identify(&jwt, token, now().unwrap()).now_or_never();
        assert!(identified.is_some_and(|identified| identified.is_ok()));
    }
    assert_eq!(waiting.len(), 1000);
    while let Some(identified) = waiting.join_next().await {
        assert!(identified.unwrap().is_err_and(|error| error.is_unavailable()));
    }
}

#[tokio::test(start_paused = true)]
async fn r46_a_key_without_a_name_does_not_keep_the_issuer_from_being_asked() {
    let (issuer, _, published) = remote_issuer();
    let remote = || RemoteKeys::jwks_url("https://issuer.example/jwks").unwrap().fetcher(published.clone());
    let unnamed = || Jwt::public_key_pem(pair(Algorithm::EdDSA).1).unwrap();
    let token = issuer.token("alice").client_id("web").sign().unwrap();
    // The issuer is down at start. The token is not denied, though another key of its algorithm is known.
    published.set(Some("no keys".to_owned()));
    let jwt = Jwt::remote(remote()).unwrap().or(unnamed()).issuer(ISSUER).audience("entries");
    assert!(identify(&jwt, &token, now().unwrap()).await.unwrap_err().is_unavailable());
    published.set(Some(issuer.jwks().unwrap()));
    tokio::time::sleep(Duration::from_mins(1)).await;
    assert!(identify(&jwt, &token, now().unwrap()).await.is_ok());
    // A new key is asked for when the first token names it.
    let (new, _, keys) = remote_issuer();
    published.set(keys.0.lock().unwrap().clone());
    let token = new.token("alice").client_id("web").sign().unwrap();
    assert!(identify(&jwt, &token, now().unwrap()).await.is_ok());
}

#[tokio::test]
async fn keys_that_were_discovered_are_those_of_their_issuer() {
    let discovered = || RemoteKeys::openid_connect(ISSUER).unwrap().fetcher(Published::default());
    let jwt = Jwt::discovered(discovered()).unwrap().audience("entries");
    assert!(format!("{jwt:?}").contains(ISSUER));
    let unnamed = RemoteKeys::jwks_url("https://issuer.example/jwks").unwrap().fetcher(Published::default());
    assert_eq!(Jwt::discovered(unnamed).unwrap_err(), JwtError::NoIssuer);
    let keys = Jwt::remote(discovered()).unwrap();
    let named = std::panic::catch_unwind(AssertUnwindSafe(|| keys.issuer("https://other.example")));
    assert!(named.is_err());
}

const TEMPLATE: &str = "https://issuer.example/{tid}/v2.0";

fn of_tenant(tenant: &str, changes: &Value) -> String {
    let mut claims = json!({ "iss": format!("https://issuer.example/{tenant}/v2.0"), "tid": tenant });
    claims.as_object_mut().unwrap().extend(changes.as_object().unwrap().clone());
    token(claims)
}

fn tenants(tenants: Tenants) -> Jwt {
    Jwt::hs256(SECRET).unwrap().tenants(TEMPLATE, tenants).unwrap().audience("entries")
}

#[tokio::test]
async fn r36_the_same_subject_of_two_tenants_is_two_callers() {
    let jwt = tenants(Tenants::listed(["a1", "b2"]).unwrap());
    for _ in 0..2 {
        for tenant in ["a1", "b2"] {
            let identity = identify(&jwt, &of_tenant(tenant, &json!({})), today()).await.unwrap();
            assert_eq!(identity.issuer(), format!("https://issuer.example/{tenant}/v2.0"));
            assert_eq!(identity.subject(), "alice");
        }
    }
    assert_eq!(
        refusal(&jwt, &of_tenant("c3", &json!({}))).await.as_deref(),
        Some(r#"unknown issuer: "https://issuer.example/c3/v2.0""#)
    );
    let confused = of_tenant("a1", &json!({ "tid": "b2" }));
    let expected = format!("{TEMPLATE}: the claim with the tenant does not name the tenant of `iss`");
    assert_eq!(refusal(&jwt, &confused).await, Some(expected));
    assert_eq!(
        refusal(&jwt, &token(json!({ "iss": TEMPLATE, "tid": "{tid}" }))).await,
        Some(format!("unknown issuer: {TEMPLATE:?}"))
    );
}

#[tokio::test]
async fn r40_a_revocation_names_the_issuer_of_the_tenant() {
    let list = Revocations::new();
    let jwt = tenants(Tenants::listed(["a1", "b2"]).unwrap()).revocations(&list);
    let (here, there) = (of_tenant("a1", &json!({})), of_tenant("b2", &json!({})));
    assert!(identify(&jwt, &here, today()).await.is_ok() && identify(&jwt, &there, today()).await.is_ok());
    let later = std::time::SystemTime::UNIX_EPOCH + today() + Duration::from_secs(1);
    list.revoke(Revocation::subject("https://issuer.example/a1/v2.0", "alice", later)).await.unwrap();
    assert_eq!(refusal(&jwt, &here).await, Some(format!("{TEMPLATE}: revoked")));
    assert!(identify(&jwt, &there, today()).await.is_ok());
}

#[tokio::test]
async fn r40_a_tenant_that_a_function_drops_is_out_at_once() {
    let accepted = Arc::new(Mutex::new("a1"));
    let jwt = tenants(Tenants::accepted_by({
        let accepted = Arc::clone(&accepted);
        move |tenant| *accepted.lock().unwrap() == tenant
    }));
    let token = of_tenant("a1", &json!({}));
    assert!(identify(&jwt, &token, today()).await.is_ok());
    *accepted.lock().unwrap() = "b2";
    assert_eq!(refusal(&jwt, &token).await, Some(format!("{TEMPLATE}: tenant is not accepted")));
    *accepted.lock().unwrap() = "a1";
    assert!(identify(&jwt, &token, today()).await.is_ok());
}

#[test]
fn a_template_is_never_taken_for_an_issuer() {
    let made = std::panic::catch_unwind(|| Jwt::hs256(SECRET).unwrap().issuer(TEMPLATE));
    let text = *made.unwrap_err().downcast::<String>().unwrap();
    assert!(text.contains("use `JwtKey::tenants`"), "{text}");
    let made = std::panic::catch_unwind(|| TokenIssuer::hs256(SECRET).unwrap().issuer(TEMPLATE));
    assert!(made.is_err());
    for refused in [RemoteKeys::openid_connect(TEMPLATE), RemoteKeys::jwks_url(TEMPLATE)] {
        let error = refused.unwrap_err().to_string();
        assert!(error.contains("it is a template"), "{error}");
    }
    let one = Jwt::hs256(SECRET).unwrap().issuer("https://issuer.example/a1/v2.0").audience("x");
    let both = Jwt::any_of([one, tenants(Tenants::listed(["a1"]).unwrap())]);
    assert_eq!(both.unwrap_err(), JwtError::IssuerTwice(TEMPLATE.to_owned()));
}

#[tokio::test]
async fn r39_a_table_maps_the_names_of_the_issuer_and_no_other_name_grants() {
    let table = RoleTable::new().role("6c7e", "Viewer").permission("91ab", "view");
    let jwt = jwt().roles_claim("groups").role_table(table);
    let words = async |groups: Value| {
        let identity = identify(&jwt, &token(json!({ "groups": groups })), today()).await.unwrap();
        (identity.role_words().to_vec(), identity.permission_words().to_vec())
    };
    assert_eq!(words(json!(["6c7e", "other"])).await, (vec![0b1], vec![0b1]));
    assert_eq!(words(json!(["91ab"])).await, (vec![], vec![0b1]));
    assert_eq!(words(json!(["Viewer", "6C7E"])).await, (vec![], vec![]));
    assert_eq!(words(json!("6c7e")).await, (vec![0b1], vec![0b1]));
}

#[tokio::test]
async fn r40_a_replaced_table_counts_at_once_for_cached_tokens_too() {
    let groups = SharedRoleTable::new(RoleTable::from_iter([("6c7e", "Viewer")]));
    let jwt = jwt().roles_claim("groups").role_table(&groups);
    let token = token(json!({ "groups": ["6c7e"] }));
    let roles = async || identify(&jwt, &token, today()).await.unwrap().role_words().to_vec();
    assert_eq!(roles().await, [0b1]);
    groups.replace(RoleTable::new());
    assert!(roles().await.is_empty());
    groups.replace(RoleTable::from_fn(|issuer, name| {
        assert_eq!((issuer, name), (ISSUER, "6c7e"));
        vec![Entitlement::role("Viewer")]
    }));
    assert_eq!(roles().await, [0b1]);
}
