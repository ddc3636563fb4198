//! The accepted forms of credentials, and the responses to all other forms.

use std::time::{Duration, SystemTime};

use auth_runtime::{
    api_key::{ApiKeyRecord, MemoryApiKeys, generate},
    jwt::TokenIssuer,
    prelude::*,
    users::{MemoryUsers, User},
};
use base64::{Engine, prelude::*};
use poem::{Endpoint, IntoEndpoint, test::TestClient};
use poem_openapi::{OpenApi, payload::PlainText};

use crate::{
    fixture::{Auth, By, Caller, Passwords, Permission, Role, Tokens, basic, get},
    wire::Wire,
};

struct Api;

#[protected]
#[OpenApi]
impl Api {
    #[protected]
    #[oai(path = "/me", method = "get")]
    async fn me(&self, caller: Principal<Auth>) -> PlainText<String> {
        PlainText(format!("{} by {}", caller.subject(), caller.scheme()))
    }

    #[optional_auth]
    #[oai(path = "/optional", method = "get")]
    async fn optional(&self, caller: Option<Principal<Auth>>) -> PlainText<String> {
        PlainText(
            caller.map_or("anonymous".to_owned(), |caller| format!("{} by {}", caller.subject(), caller.scheme())),
        )
    }

    #[protected(schemes("session"))]
    #[oai(path = "/session", method = "get")]
    async fn session(&self, caller: Principal<Auth>) -> PlainText<String> {
        PlainText(caller.subject().to_owned())
    }

    #[protected(schemes("key"))]
    #[oai(path = "/key", method = "get")]
    async fn key(&self, caller: Principal<Auth>) -> PlainText<String> {
        PlainText(caller.subject().to_owned())
    }

    #[public(reason = "a public operation")]
    #[oai(path = "/public", method = "get")]
    async fn public(&self) -> PlainText<&'static str> {
        PlainText("public")
    }
}

fn app() -> impl Endpoint {
    Auth::default().service(Api, "Api", "1").into_endpoint()
}

fn alice() -> String {
    Caller::new("alice").text()
}

/// Checks that a malformed credential is neither accepted nor treated as absent.
async fn refused(app: &impl Endpoint, name: &str, value: impl AsRef<[u8]>, status: u16) {
    let shown = String::from_utf8_lossy(value.as_ref()).into_owned();
    for path in ["/me", "/optional"] {
        let answer = get(path).header(name, value.as_ref()).to(app).await;
        assert_eq!(answer.status, status, "{path} with {name}: {shown:?}: {}", answer.body);
    }
}

#[tokio::test]
async fn every_scheme_accepts_its_credential() {
    let app = app();
    for by in By::ALL {
        for path in ["/me", "/optional"] {
            let answer = get(path).by(by, &Caller::new("alice")).to(&app).await;
            assert_eq!((answer.status, answer.body), (200, format!("alice by {}", by.scheme())), "{path}");
        }
    }
}

#[tokio::test]
async fn r20_the_case_of_a_scheme_name_is_ignored() {
    let app = app();
    for scheme in ["Bearer", "bearer", "BEARER", "bEaReR"] {
        let answer = get("/me").header("Authorization", format!("{scheme} {}", alice())).to(&app).await;
        assert_eq!(answer.status, 200, "{scheme}");
    }
    for scheme in ["Basic", "basic", "BASIC"] {
        let value = basic("alice", &alice()).replace("Basic", scheme);
        assert_eq!(get("/me").header("Authorization", value).to(&app).await.status, 200, "{scheme}");
    }
    for scheme in ["LDAP", "ldap", "Ldap"] {
        let answer = get("/me").header("Authorization", format!("{scheme} {}", alice())).to(&app).await;
        assert_eq!(answer.status, 200, "{scheme}");
    }
}

#[tokio::test]
async fn r20_anything_but_one_token68_is_400_invalid_request() {
    let app = app();
    let alice = alice();
    let values = [
        "Bearer".to_owned(),
        format!("Bearer  {alice}"),
        format!("Bearer\t{alice}"),
        format!("Bearer \t{alice}"),
        format!("Bearer {alice} {alice}"),
        format!("Bearer {alice},{alice}"),
        format!("Bearer {alice}, Bearer {alice}"),
        format!("Bearer {alice}, Basic YTpi"),
        format!("Bearer {alice};"),
        format!("Bearer \"{alice}\""),
        format!("Bearer token={alice}"),
        format!("Bearer =={alice}"),
        format!("Bearer {alice}=a"),
        format!("Bearer %{alice}"),
        "Bearer ==".to_owned(),
        "Bearer ä".to_owned(),
        "bearer a\tb".to_owned(),
    ];
    for value in values {
        refused(&app, "Authorization", &value, 400).await;
        let answer = get("/me").header("Authorization", &value).to(&app).await;
        assert_eq!(answer.challenges(), [r#"Bearer realm="entry book", error="invalid_request""#], "{value}");
    }
}

#[tokio::test]
async fn r20_an_unreadable_authorization_header_is_400() {
    let app = app();
    for value in [
        &b""[..],
        b" ",
        b"Bearer \xff",
        b"\xff",
        b"\tBearer a",
        b"Basic \xc3\xa4",
        b"LDAP \x80",
        b"Basic",
        b"Basic ",
        b"LDAP ",
    ] {
        refused(&app, "Authorization", value, 400).await;
    }
}

#[tokio::test]
async fn r20_raw_headers_are_read_in_the_same_way() {
    let wire = Wire::serve(app()).await;
    let alice = alice();
    for (header, status) in [
        (format!("Authorization: Bearer {alice}"), 200),
        (format!("authorization:Bearer {alice}"), 200),
        (format!("AUTHORIZATION: bearer {alice}  "), 200),
        (format!("Authorization: Bearer  {alice}"), 400),
        (format!("Authorization: Bearer\t{alice}"), 400),
        (format!("Authorization : Bearer {alice}"), 400),
        (format!("Authorization: Bearer {alice}\x00"), 400),
        (format!("Authorization: Bearer\r\n {alice}"), 400),
        (format!("X-Authorization: Bearer {alice}"), 401),
    ] {
        assert_eq!(wire.send("GET /me", &[header.as_bytes()]).await.status, status, "{header:?}");
    }
}

#[tokio::test]
async fn r21_two_authorization_headers_are_400() {
    let app = app();
    let bearer = format!("Bearer {}", alice());
    for second in
        [bearer.clone(), basic("alice", &alice()), "Bearer invalid".to_owned(), "Digest a".to_owned(), String::new()]
    {
        for path in ["/me", "/optional"] {
            let call = get(path).header("Authorization", &bearer).header("Authorization", &second);
            let answer = call.to(&app).await;
            assert_eq!(answer.status, 400, "{path} {second}");
            let call = get(path).header("Authorization", &second).header("Authorization", &bearer);
            assert_eq!(call.to(&app).await.status, 400, "{path} {second}");
        }
    }
    let wire = Wire::serve(app).await;
    let header = format!("Authorization: {bearer}");
    assert_eq!(wire.send("GET /me", &[header.as_bytes(), header.as_bytes()]).await.status, 400);
}

#[tokio::test]
async fn r21_credentials_of_two_schemes_are_400_even_of_the_same_caller() {
    let app = app();
    for first in [By::Token, By::Password, By::Ldap] {
        for path in ["/me", "/optional"] {
            let call = get(path).credential(first, &alice()).credential(By::Key, &alice());
            let answer = call.to(&app).await;
            assert_eq!((answer.status, answer.code().as_str()), (400, "several_credentials"), "{path} {first:?}");
            for challenge in answer.challenges() {
                assert_eq!(challenge, r#"Bearer realm="entry book", error="invalid_request""#);
            }
        }
    }
}

/// Schemes of which one caches credentials by their text.
mod cached {
    use auth_runtime::prelude::*;
    use poem_openapi::{OpenApi, payload::PlainText};

    #[derive(Auth, Clone)]
    pub(super) struct Auth {
        #[scheme(bearer)]
        pub(super) token: Jwt,
        #[scheme(api_key(header = "X-API-Key"))]
        pub(super) key: ApiKeys,
    }

    pub(super) struct Api;

    #[protected]
    #[OpenApi]
    impl Api {
        #[protected]
        #[oai(path = "/me", method = "get")]
        async fn me(&self, caller: Principal<Auth>) -> PlainText<String> {
            PlainText(caller.subject().to_owned())
        }
    }
}

#[tokio::test]
async fn r21_a_second_credential_beside_a_cached_token_is_400() {
    let issuer = TokenIssuer::hs256("0Zr9Pq4cWv1XsT7uKb3Ln6Yd8Gf2HjMa").unwrap();
    let issuer = issuer.issuer("https://issuer.example").audience("entries");
    let bearer = format!("Bearer {}", issuer.token("alice").client_id("tests").sign().unwrap());
    let auth = cached::Auth { token: issuer.verifier(), key: ApiKeys::default() };
    let client = TestClient::new(auth.service(cached::Api, "Api", "1"));
    let send = async |key: Option<&str>| {
        let call = client.get("/me").header("Authorization", &bearer);
        let call = key.into_iter().fold(call, |call, key| call.header("X-API-Key", key));
        call.send().await.0.status().as_u16()
    };
    assert_eq!([send(None).await, send(None).await], [200, 200]);
    for key in ["notes_of_nobody", ""] {
        assert_eq!(send(Some(key)).await, 400, "{key:?}");
    }
    assert_eq!(send(None).await, 200);
}

#[tokio::test]
async fn r21_a_malformed_credential_beside_a_good_one_is_400() {
    let app = app();
    let call = get("/me").header("Authorization", "Bearer a,b").credential(By::Key, &alice());
    assert_eq!(call.to(&app).await.status, 400);
    let call = get("/me").credential(By::Token, &alice()).header("X-API-Key", "");
    assert_eq!(call.to(&app).await.status, 400);
}

#[tokio::test]
async fn r22_tokens_in_the_query_or_a_form_are_ignored() {
    let app = app();
    for name in ["access_token", "token", "api_key", "X-API-Key", "key", "session", "authorization"] {
        let path = format!("/me?{name}={}", alice());
        let answer = get(&path).to(&app).await;
        assert_eq!((answer.status, answer.code().as_str()), (401, "authentication_required"), "{name}");
        let path = format!("/optional?{name}={}", alice());
        assert_eq!(get(&path).to(&app).await.body, "anonymous", "{name}");
    }
}

#[tokio::test]
async fn r23_a_credential_over_16_kib_is_431_without_verification() {
    let auth = Auth::default();
    let app = auth.service(Api, "Api", "1").into_endpoint();
    let long = "a".repeat(16 * 1024 + 1);
    for by in By::ALL {
        for path in ["/me", "/optional"] {
            let answer = get(path).credential(by, &long).to(&app).await;
            assert_eq!((answer.status, answer.code().as_str()), (431, "credential_too_large"), "{path} {by:?}");
            assert_eq!(answer.challenges(), Vec::<&str>::new());
        }
    }
    refused(&app, "Authorization", format!("Digest {long}"), 401).await;
    assert_eq!(auth.asked(), 0);
    let fits = "a".repeat(16 * 1024);
    for by in [By::Token, By::Key, By::Session, By::Ldap] {
        assert_eq!(get("/me").credential(by, &fits).to(&app).await.status, 401, "{by:?}");
    }
    assert_eq!(auth.asked(), 4);
}

#[tokio::test]
async fn an_authorization_header_of_an_unknown_scheme_is_not_anonymous() {
    let app = app();
    for value in
        ["Digest username=\"a\"", "Negotiate YII=", "Token abc", "Beare abc", "Bearerabc", "Basi c", "abc", "null"]
    {
        refused(&app, "Authorization", value, 401).await;
        let answer = get("/optional").header("Authorization", value).to(&app).await;
        assert!(!answer.challenges().is_empty(), "{value}");
        assert!(answer.challenges().iter().all(|challenge| !challenge.contains("error")), "{value}");
    }
}

#[tokio::test]
async fn r66_a_header_credential_takes_precedence_over_a_cookie() {
    let app = app();
    for by in [By::Token, By::Password, By::Key, By::Ldap] {
        for path in ["/me", "/optional"] {
            let call = get(path).by(by, &Caller::new("alice")).by(By::Session, &Caller::new("mallory"));
            let answer = call.to(&app).await;
            assert_eq!((answer.status, answer.body), (200, format!("alice by {}", by.scheme())));
            let call = get(path).credential(by, "invalid").by(By::Session, &Caller::new("mallory"));
            assert_eq!(call.to(&app).await.status, 401, "{path} {by:?}: the cookie does not replace it");
            let call = get(path).credential(by, "unavailable").by(By::Session, &Caller::new("mallory"));
            assert_eq!(call.to(&app).await.status, 503, "{path} {by:?}");
            let call = get(path).by(by, &Caller::new("alice")).header("Cookie", "session=a; session=b");
            assert_eq!(call.to(&app).await.status, 200, "{path} {by:?}: the cookie does not conflict with it");
        }
    }
}

#[tokio::test]
async fn r66_a_cookie_does_not_replace_an_unaccepted_authorization_header() {
    let app = app();
    for path in ["/me", "/optional", "/session"] {
        let call = get(path).header("Authorization", "Digest abc").by(By::Session, &Caller::new("mallory"));
        assert_eq!(call.to(&app).await.status, 401, "{path}");
    }
}

#[tokio::test]
async fn public_operations_ignore_even_malformed_credentials() {
    let auth = Auth::default();
    let app = auth.service(Api, "Api", "1").into_endpoint();
    let calls = [
        get("/public"),
        get("/public").credential(By::Token, "invalid"),
        get("/public").credential(By::Token, "unavailable"),
        get("/public").credential(By::Key, "panic"),
        get("/public").header("Authorization", "Bearer a,b"),
        get("/public").header("Authorization", b"\xff"),
        get("/public").header("Authorization", "Digest a").header("Authorization", "Bearer b"),
        get("/public").by(By::Token, &Caller::new("a")).by(By::Key, &Caller::new("b")),
        get("/public").header("Authorization", "a".repeat(20_000)),
    ];
    for call in calls {
        let answer = call.to(&app).await;
        assert_eq!((answer.status, answer.body.as_str()), (200, "public"));
    }
    assert_eq!(auth.asked(), 0);
}

#[tokio::test]
async fn on_an_optional_operation_a_bad_credential_never_becomes_anonymous() {
    let app = app();
    assert_eq!(get("/optional").to(&app).await.body, "anonymous");
    for by in By::ALL {
        assert_eq!(get("/optional").credential(by, "invalid").to(&app).await.status, 401, "{by:?}");
        assert_eq!(get("/optional").credential(by, "unavailable").to(&app).await.status, 503, "{by:?}");
        assert_eq!(
            get("/optional").credential(by, "").to(&app).await.status,
            if by == By::Password { 401 } else { 400 }
        );
    }
    assert_eq!(get("/optional").header("Cookie", "other=x").to(&app).await.body, "anonymous");
}

#[tokio::test]
async fn r53_an_empty_repeated_or_non_ascii_key_is_400() {
    let app = app();
    for value in [&b""[..], b"a b", b"a\tb", b"\xff", b"\xc3\xa4", b" "] {
        refused(&app, "X-API-Key", value, 400).await;
    }
    for path in ["/me", "/optional", "/key"] {
        let call = get(path).credential(By::Key, &alice()).credential(By::Key, &alice());
        assert_eq!(call.to(&app).await.status, 400, "{path}");
        let call = get(path).credential(By::Key, &alice()).header("X-API-Key", "");
        assert_eq!(call.to(&app).await.status, 400, "{path}");
    }
}

#[tokio::test]
async fn r53_an_empty_repeated_or_non_ascii_cookie_is_400() {
    let app = app();
    let alice = alice();
    for value in [
        "session=".to_owned(),
        format!("session={alice}; session={alice}"),
        format!("session={alice}; session=other"),
        format!("session={alice};session="),
        format!("other=1; session={alice}; session={alice}"),
        "session=a b".to_owned(),
    ] {
        refused(&app, "Cookie", &value, 400).await;
    }
    for path in ["/me", "/optional", "/session"] {
        let call = get(path).credential(By::Session, &alice).credential(By::Session, &alice);
        assert_eq!(call.to(&app).await.status, 400, "{path}: two headers");
    }
}

#[tokio::test]
async fn another_cookie_in_another_encoding_does_not_hide_the_session() {
    let app = app();
    for other in [&b"other=\xe4"[..], b"other=\xc3\xa4", b"\xff", b"other"] {
        let cookie = [format!("session={}; ", alice()).as_bytes(), other].concat();
        let answer = get("/me").header("Cookie", &cookie).to(&app).await;
        assert_eq!(answer.status, 200, "{:?}", String::from_utf8_lossy(&cookie));
        let cookie = [&b"session=invalid; "[..], other].concat();
        let answer = get("/optional").header("Cookie", &cookie).to(&app).await;
        assert_eq!(answer.status, 401, "{:?}", String::from_utf8_lossy(&cookie));
    }
}

#[tokio::test]
async fn a_cookie_name_must_match_exactly() {
    let app = app();
    for name in ["Session", "SESSION", "session2", "asession", "__Host-session", "session%20", "%73ession"] {
        let answer = get("/optional").header("Cookie", format!("{name}={}", alice())).to(&app).await;
        assert_eq!(answer.body, "anonymous", "{name}");
    }
}

#[tokio::test]
async fn a_header_key_is_not_accepted_in_the_query_or_a_cookie() {
    let app = app();
    assert_eq!(get(&format!("/key?X-API-Key={}", alice())).to(&app).await.status, 401);
    assert_eq!(get("/key").header("Cookie", format!("X-API-Key={}", alice())).to(&app).await.status, 401);
    assert_eq!(get("/key").header("X_API_KEY", alice()).to(&app).await.status, 401);
    assert_eq!(get("/key").header("x-api-key", alice()).to(&app).await.status, 200);
}

/// A key in the query is accepted only if the scheme declares it there.
#[tokio::test]
async fn a_declared_query_key_is_accepted_only_once() {
    #[derive(Auth, Clone, Default)]
    struct Query {
        #[scheme(api_key(query = "api_key"))]
        key: crate::fixture::Keys,
    }
    struct Api;
    #[protected(auth = Query)]
    #[OpenApi]
    impl Api {
        #[optional_auth]
        #[oai(path = "/", method = "get")]
        async fn index(&self, caller: Option<Principal<Query>>) -> PlainText<String> {
            PlainText(caller.map_or("anonymous".into(), |caller| caller.subject().to_owned()))
        }
    }
    let app = Query::default().service(Api, "Api", "1").into_endpoint();
    let alice = alice();
    assert_eq!(get(&format!("/?api_key={alice}")).to(&app).await.body, "alice");
    assert_eq!(get(&format!("/?a=b&api_key={alice}&c")).to(&app).await.body, "alice");
    assert_eq!(get("/?API_KEY=x").to(&app).await.body, "anonymous");
    assert_eq!(get("/?api_key=invalid").to(&app).await.status, 401);
    for bad in [format!("api_key={alice}&api_key={alice}"), "api_key=".into(), "api_key".into(), "api_key=%ff".into()] {
        assert_eq!(get(&format!("/?{bad}")).to(&app).await.status, 400, "{bad}");
    }
    assert_eq!(
        get(&format!("/?api%5Fkey={alice}&api_key=other")).to(&app).await.status,
        400,
        "the same name in two encodings"
    );
}

#[derive(Auth, Clone)]
#[auth(permissions = Permission, roles = Role)]
struct Bundled {
    #[scheme(basic)]
    password: Basic,
    #[scheme(api_key(header = "X-API-Key"))]
    key: ApiKeys,
}

struct BundledApi;

#[protected(auth = Bundled)]
#[OpenApi]
impl BundledApi {
    #[protected]
    #[oai(path = "/me", method = "get")]
    async fn me(&self, caller: Principal<Bundled>) -> PlainText<String> {
        PlainText(format!("{}/{}", caller.issuer(), caller.subject()))
    }

    #[permission("view")]
    #[oai(path = "/entries", method = "get")]
    async fn list(&self) -> PlainText<&'static str> {
        PlainText("entries")
    }

    #[optional_auth]
    #[oai(path = "/optional", method = "get")]
    async fn optional(&self, caller: Option<Principal<Bundled>>) -> PlainText<String> {
        PlainText(caller.map_or("anonymous".into(), |caller| caller.subject().to_owned()))
    }
}

const PASSWORD: &str = "correct:horse:battery:stäple";

/// Password hashing is slow by design, so all password tests share the users.
fn bundled() -> (impl Endpoint, String) {
    static USERS: std::sync::LazyLock<MemoryUsers> = std::sync::LazyLock::new(|| {
        let user = |name: &str| User::with_password(name, PASSWORD).unwrap().roles(["Viewer"]);
        let users = [user("alice"), user("übel"), user("disabled").disabled(true)];
        users.into_iter().fold(MemoryUsers::new(), |users, user| users.add_user(user).unwrap())
    });
    let (key, record) = generate("demo", "nightly").unwrap();
    let keys = MemoryApiKeys::new().add_record(record.roles(["Viewer"])).unwrap();
    let auth = Bundled { password: Basic::new(USERS.clone()), key: ApiKeys::new(keys) };
    (auth.service(BundledApi, "Api", "1").into_endpoint(), key.as_str().to_owned())
}

#[tokio::test]
async fn r50_the_first_colon_ends_the_user_name_in_utf_8() {
    let (app, _) = bundled();
    for name in ["alice", "übel"] {
        let answer = get("/me").header("Authorization", basic(name, PASSWORD)).to(&app).await;
        assert_eq!((answer.status, answer.body), (200, format!("basic/{name}")));
    }
    let latin_1 = [b"\xfcbel:", PASSWORD.as_bytes()].concat();
    let answer =
        get("/me").header("Authorization", format!("Basic {}", BASE64_STANDARD.encode(latin_1))).to(&app).await;
    assert_eq!(answer.status, 401);
}

#[tokio::test]
async fn r50_malformed_basic_credentials_are_401() {
    let (app, _) = bundled();
    let encode = |bytes: &[u8]| format!("Basic {}", BASE64_STANDARD.encode(bytes));
    let good = basic("alice", PASSWORD);
    for value in [
        "Basic !!!!".to_owned(),
        "Basic YQ".to_owned(),
        "Basic dTpw!!!!".to_owned(),
        format!("{good}="),
        format!("{good} "),
        good.replace("Basic ", "Basic =").clone(),
        format!("{good},{good}"),
        encode(b"alice"),
        encode(b":"),
        encode(b"alice:"),
        encode(b":password"),
        encode(b"\xff\xfe:\xff"),
        encode([b"ali\0ce:", PASSWORD.as_bytes()].concat().as_slice()),
        encode([b"alice:", PASSWORD.as_bytes(), b"\n"].concat().as_slice()),
        encode([b"alice\r\n:", PASSWORD.as_bytes()].concat().as_slice()),
        encode([b"alice:", PASSWORD.as_bytes(), b"\x7f"].concat().as_slice()),
        encode([b"alice:", PASSWORD.as_bytes(), b"\xc2\x85"].concat().as_slice()),
    ] {
        for path in ["/me", "/optional"] {
            let answer = get(path).header("Authorization", &value).to(&app).await;
            assert_eq!((answer.status, answer.code().as_str()), (401, "invalid_credentials"), "{path} {value}");
            assert_eq!(answer.challenges()[0], r#"Basic realm="api", charset="UTF-8""#);
        }
    }
}

#[tokio::test]
async fn r50_unknown_wrong_and_disabled_get_the_same_response() {
    let (app, _) = bundled();
    let mut answers = Vec::new();
    for (name, password) in
        [("unknown", PASSWORD), ("alice", "wrong password"), ("disabled", PASSWORD), ("ALICE", PASSWORD)]
    {
        let answer = get("/me").header("Authorization", basic(name, password)).to(&app).await;
        assert_eq!(answer.status, 401, "{name}");
        answers.push((answer.headers, answer.body));
    }
    assert!(answers.windows(2).all(|two| two[0] == two[1]), "{answers:?}");
}

#[tokio::test]
async fn r50_a_password_is_not_trimmed_case_folded_or_truncated() {
    for password in [
        format!(" {PASSWORD}"),
        format!("{PASSWORD} "),
        PASSWORD.to_uppercase(),
        PASSWORD[..PASSWORD.len() - 1].to_owned(),
        format!("{PASSWORD}x"),
        "x".repeat(5000),
    ] {
        // A new application each time, because five wrong passwords are throttled.
        let (app, _) = bundled();
        let answer = get("/me").header("Authorization", basic("alice", &password)).to(&app).await;
        assert_eq!(answer.status, 401, "{password:?}");
    }
}

/// Input methods send `ä` composed or decomposed (RFC 8265, section 4).
#[tokio::test]
async fn r71_a_password_is_normalised_before_it_is_verified() {
    let (app, _) = bundled();
    let decomposed = PASSWORD.replace('ä', "a\u{308}");
    assert_ne!(decomposed, PASSWORD);
    assert_eq!(get("/me").header("Authorization", basic("alice", &decomposed)).to(&app).await.status, 200);
}

#[tokio::test]
async fn r51_a_cached_password_does_not_accept_another_one() {
    let (app, _) = bundled();
    for _ in 0..3 {
        assert_eq!(get("/me").header("Authorization", basic("alice", PASSWORD)).to(&app).await.status, 200);
        assert_eq!(get("/me").header("Authorization", basic("alice", "wrong password")).to(&app).await.status, 401);
        assert_eq!(get("/me").header("Authorization", basic("disabled", PASSWORD)).to(&app).await.status, 401);
    }
}

#[tokio::test]
async fn r52_a_key_must_match_exactly_and_has_its_own_issuer() {
    let (app, key) = bundled();
    let answer = get("/me").header("X-API-Key", &key).to(&app).await;
    assert_eq!((answer.status, answer.body.as_str()), (200, "api-key/nightly"));
    assert_eq!(get("/entries").header("X-API-Key", &key).to(&app).await.status, 200);
    let last = key.chars().last().unwrap();
    let other = if last == 'a' { 'b' } else { 'a' };
    for wrong in [
        key[..key.len() - 1].to_owned(),
        format!("{key}a"),
        format!("{}{other}", &key[..key.len() - 1]),
        key.to_uppercase(),
        key.replacen("demo", "prod", 1),
        key.rsplit_once('_').unwrap().0.to_owned(),
        key.rsplit_once('_').unwrap().1.to_owned(),
        format!("{}_", key.rsplit_once('_').unwrap().0),
        "demo__".to_owned(),
        "_".to_owned(),
        "*".to_owned(),
    ] {
        let answer = get("/me").header("X-API-Key", &wrong).to(&app).await;
        assert_eq!((answer.status, answer.code().as_str()), (401, "invalid_credentials"), "{wrong}");
    }
}

#[tokio::test]
async fn r52_an_expired_and_a_revoked_key_are_401() {
    type Change = fn(ApiKeyRecord, SystemTime) -> ApiKeyRecord;
    let now = SystemTime::now();
    let mut keys = MemoryApiKeys::new();
    let mut texts = Vec::new();
    let changes: [Change; 4] = [
        |record, now| record.expires_at(now),
        |record, now| record.expires_at(now - Duration::from_secs(1)),
        |record, _| record.revoked(true),
        |record, now| record.expires_at(now + Duration::from_hours(1)),
    ];
    for change in changes {
        let (key, record) = generate("demo", "machine").unwrap();
        keys = keys.add_record(change(record, now)).unwrap();
        texts.push(key.as_str().to_owned());
    }
    let auth = Bundled { password: Basic::default(), key: ApiKeys::new(keys) };
    let app = auth.service(BundledApi, "Api", "1").into_endpoint();
    let mut bodies = Vec::new();
    for key in &texts[..3] {
        let answer = get("/me").header("X-API-Key", key).to(&app).await;
        assert_eq!(answer.status, 401);
        bodies.push(answer.body);
    }
    assert!(bodies.windows(2).all(|two| two[0] == two[1]), "{bodies:?}");
    assert_eq!(get("/me").header("X-API-Key", &texts[3]).to(&app).await.status, 200);
}

#[tokio::test]
async fn r52_a_key_named_like_a_password_user_is_another_caller() {
    let keys = MemoryApiKeys::new();
    let (key, record) = generate("demo", "alice").unwrap();
    let auth = Bundled { password: Basic::default(), key: ApiKeys::new(keys.add_record(record).unwrap()) };
    let app = auth.service(BundledApi, "Api", "1").into_endpoint();
    assert_eq!(get("/me").header("X-API-Key", key.as_str()).to(&app).await.body, "api-key/alice");
}

/// Two schemes for tokens in one header. A token that the first scheme does not know is tried with the second.
#[derive(Auth, Clone, Default)]
struct Twice {
    #[scheme(bearer)]
    first: First,
    #[scheme(openid_connect(url = "https://issuer.example/.well-known/openid-configuration"))]
    second: Tokens,
    #[scheme(basic)]
    password: Passwords,
}

/// An authenticator that knows one token.
#[derive(Clone, Default)]
struct First;

impl Authenticator for First {
    type Credential = auth_runtime::credential::BearerToken;

    async fn authenticate(
        &self,
        token: auth_runtime::credential::BearerToken,
        context: &auth_runtime::authenticate::Context,
    ) -> Result<auth_runtime::authenticate::Identity, auth_runtime::authenticate::AuthenticationError> {
        use auth_runtime::authenticate::AuthenticationError;
        match token.as_str() {
            "first" => Ok(context.identity("first", "first").build()),
            "down" | "unavailable" => Err(AuthenticationError::unavailable("down")),
            _ => Err(AuthenticationError::invalid("not mine")),
        }
    }
}

struct TwiceApi;

#[protected(auth = Twice)]
#[OpenApi]
impl TwiceApi {
    #[protected]
    #[oai(path = "/me", method = "get")]
    async fn me(&self, caller: Principal<Twice>) -> PlainText<String> {
        PlainText(format!("{} by {}", caller.subject(), caller.scheme()))
    }

    #[protected(scheme("second"))]
    #[oai(path = "/second", method = "get")]
    async fn second(&self, caller: Principal<Twice>) -> PlainText<String> {
        PlainText(caller.subject().to_owned())
    }
}

#[tokio::test]
async fn two_schemes_in_one_header_are_tried_in_order() {
    let auth = Twice::default();
    let app = auth.service(TwiceApi, "Api", "1").into_endpoint();
    assert_eq!(get("/me").credential(By::Token, "first").to(&app).await.body, "first by first");
    assert_eq!(auth.second.asked(), 0, "the first scheme accepted the token");
    assert_eq!(get("/me").credential(By::Token, &alice()).to(&app).await.body, "alice by second");
    let answer = get("/me").credential(By::Token, "neither").to(&app).await;
    assert_eq!(answer.status, 401);
    let challenges = [r#"Bearer realm="api", error="invalid_token""#, r#"Basic realm="api", charset="UTF-8""#];
    assert_eq!(answer.challenges(), challenges, "both schemes share one challenge");
    assert_eq!(
        get("/me").credential(By::Token, "down").to(&app).await.status,
        503,
        "the first scheme might accept the token"
    );
    assert_eq!(get("/second").credential(By::Token, "first").to(&app).await.status, 401);
    assert_eq!(
        get("/second").credential(By::Token, "down").to(&app).await.status,
        401,
        "the first scheme is not tried"
    );
    assert_eq!(get("/second").credential(By::Token, &alice()).to(&app).await.body, "alice");
}

#[tokio::test]
async fn an_unaccepted_scheme_is_not_verified() {
    let auth = Auth::default();
    let app = auth.service(Api, "Api", "1").into_endpoint();
    assert_eq!(get("/key").credential(By::Token, &alice()).to(&app).await.status, 401);
    assert_eq!(get("/key").credential(By::Session, &alice()).to(&app).await.status, 401);
    assert_eq!(auth.asked(), 0);
    assert_eq!(get("/key").credential(By::Key, &alice()).to(&app).await.status, 200);
    assert_eq!(auth.asked(), 1);
}
