//! Where a credential stands, and what verifies it, are two choices.

use auth_runtime::{
    authenticate::{AuthenticationError, Context, Identity},
    client_ip::TrustedProxies,
    credential::RequestHead,
    prelude::*,
};
use poem::{
    Addr, Body, Endpoint, IntoEndpoint, Request, RequestParts,
    http::uri::Scheme,
    web::{LocalAddr, RemoteAddr},
};
use poem_openapi::{OpenApi, payload::PlainText};
use serde_json::{Value, json};

use crate::fixture::{Answer, Caller, Keys, Tokens, call, get};

/// Tokens and keys at every location that can carry them.
#[derive(Auth, Clone, Default)]
#[auth(realm = "locations")]
struct Everywhere {
    /// Keys as bearer tokens.
    #[scheme(bearer)]
    key_as_bearer: Keys,
    #[scheme(http = "Token")]
    key_as_token: Keys,
    #[scheme(http = "tOKEN")]
    token_as_token: Tokens,
    #[scheme(header = "X-Access-Token")]
    token_in_header: Tokens,
    /// The same header in another letter case.
    #[scheme(header = "x-access-token")]
    key_in_header: Keys,
    #[scheme(header = "Cf-Access-Jwt-Assertion")]
    cloudflare: Tokens,
    #[scheme(header = "X-Proxy-Token", ambient)]
    proxy: Tokens,
    #[scheme(cookie = "CF_Authorization")]
    token_in_cookie: Tokens,
    #[scheme(api_key(query = "key"))]
    query: Keys,
    #[scheme(header = "X-Small", max_len = 200)]
    small: Tokens,
    #[scheme(header = "X-Large", max_len = 32_768)]
    large: Tokens,
}

impl Everywhere {
    /// Returns how often any authenticator was called.
    fn asked(&self) -> usize {
        let keys = [&self.key_as_bearer, &self.key_as_token, &self.key_in_header, &self.query];
        let tokens = [&self.token_as_token, &self.token_in_header, &self.token_in_cookie, &self.small, &self.large];
        let keys: usize = keys.into_iter().map(Keys::asked).sum();
        let tokens: usize = tokens.into_iter().map(Tokens::asked).sum();
        keys + tokens + self.ambient_asked()
    }

    fn ambient_asked(&self) -> usize {
        [&self.cloudflare, &self.proxy, &self.token_in_cookie].into_iter().map(Tokens::asked).sum()
    }
}

struct Api;

#[protected(auth = Everywhere)]
#[OpenApi]
impl Api {
    #[protected]
    #[oai(path = "/me", method = "get")]
    async fn me(&self, caller: Principal<Everywhere>) -> PlainText<String> {
        PlainText(format!("{} by {}", caller.subject(), caller.scheme()))
    }

    #[protected]
    #[oai(path = "/me", method = "post")]
    async fn change(&self, caller: Principal<Everywhere>) -> PlainText<String> {
        PlainText(format!("{} by {}", caller.subject(), caller.scheme()))
    }
}

fn app() -> impl Endpoint {
    Everywhere::default().service(Api, "Api", "1").into_endpoint()
}

/// Schemes, and the header that carries the credential of each.
const LOCATIONS: [(&str, &str, &str); 6] = [
    ("key_as_bearer", "Authorization", "Bearer "),
    ("key_as_token", "Authorization", "tokeN "),
    ("token_in_header", "X-Access-Token", ""),
    ("cloudflare", "Cf-Access-Jwt-Assertion", ""),
    ("proxy", "X-Proxy-Token", ""),
    ("token_in_cookie", "Cookie", "CF_Authorization="),
];

async fn with(app: &impl Endpoint, headers: &[(&str, &str)]) -> Answer {
    headers.iter().fold(get("/me"), |call, (name, value)| call.header(name, value)).to(app).await
}

#[tokio::test]
async fn a_token_or_a_key_is_accepted_at_every_declared_location() {
    let app = app();
    let alice = Caller::new("alice").text();
    for (scheme, header, prefix) in LOCATIONS {
        let answer = with(&app, &[(header, &format!("{prefix}{alice}"))]).await;
        assert_eq!((answer.status, answer.body), (200, format!("alice by {scheme}")));
    }
    assert_eq!(get(&format!("/me?key={alice}")).to(&app).await.body, "alice by query");
}

#[tokio::test]
async fn each_location_tells_absent_from_malformed() {
    let auth = Everywhere::default();
    let app = auth.service(Api, "Api", "1").into_endpoint();
    for (scheme, header, prefix) in LOCATIONS {
        for bad in ["", "a,b", "a b", "\"a\"", "a%", "\u{e4}"] {
            // `key_in_header` reads the same header, and accepts visible ASCII.
            if scheme == "token_in_header" && ["a,b", "\"a\"", "a%"].contains(&bad) {
                continue;
            }
            let answer = with(&app, &[(header, &format!("{prefix}{bad}"))]).await;
            assert_eq!((answer.status, answer.code().as_str()), (400, "malformed_credentials"), "{scheme} {bad:?}");
        }
        let twice = [(header, &*format!("{prefix}a")), (header, &*format!("{prefix}a"))];
        assert_eq!(with(&app, &twice).await.status, 400, "{scheme}");
        let large = format!("{prefix}{}", "a".repeat(16 * 1024 + 1));
        let answer = with(&app, &[(header, &large)]).await;
        assert_eq!((answer.status, answer.code().as_str()), (431, "credential_too_large"), "{scheme}");
    }
    assert_eq!(auth.asked(), 0);
    assert_eq!(get("/me").to(&app).await.code(), "authentication_required");
}

#[tokio::test]
async fn schemes_of_one_header_read_the_same_credential_whatever_the_letter_case() {
    let auth = Everywhere::default();
    let app = auth.service(Api, "Api", "1").into_endpoint();
    assert_eq!(with(&app, &[("Authorization", "Token none-of-both")]).await.status, 401);
    assert_eq!((auth.key_as_token.asked(), auth.token_as_token.asked()), (1, 1));
    assert_eq!(with(&app, &[("x-access-TOKEN", "none-of-both")]).await.status, 401);
    assert_eq!((auth.token_in_header.asked(), auth.key_in_header.asked()), (1, 1));
    // Only a key may have this character, so only the scheme of keys verifies it.
    assert_eq!(with(&app, &[("X-Access-Token", "a,b")]).await.status, 401);
    assert_eq!((auth.token_in_header.asked(), auth.key_in_header.asked()), (1, 2));
}

#[tokio::test]
async fn r65_an_ambient_token_is_rejected_on_a_cross_site_write() {
    let auth = Everywhere::default();
    let app = auth.service(Api, "Api", "1").into_endpoint();
    let alice = Caller::new("alice").text();
    for (scheme, header, prefix) in LOCATIONS {
        let is_ambient = matches!(scheme, "cloudflare" | "proxy" | "token_in_cookie");
        for (name, value) in [("Sec-Fetch-Site", "cross-site"), ("Origin", "https://evil.example"), ("Origin", "null")]
        {
            let write = call("POST", "/me").header("Host", "app.example").header(name, value);
            let answer = write.header(header, format!("{prefix}{alice}")).to(&app).await;
            assert_eq!(answer.status, if is_ambient { 403 } else { 200 }, "{scheme} {name} {value}");
        }
    }
    assert_eq!(auth.ambient_asked(), 0);
    for (scheme, header, prefix) in LOCATIONS {
        let write = call("POST", "/me").header("Sec-Fetch-Site", "same-origin");
        assert_eq!(write.header(header, format!("{prefix}{alice}")).to(&app).await.status, 200, "{scheme}");
    }
}

#[tokio::test]
async fn r66_an_explicit_credential_precedes_that_of_a_proxy_and_that_precedes_a_cookie() {
    let app = app();
    let [alice, mallory] = ["alice", "mallory"].map(|name| Caller::new(name).text());
    let cookie = format!("CF_Authorization={mallory}");
    let bearer = format!("Bearer {alice}");
    let proxy = ("Cf-Access-Jwt-Assertion", &*mallory);
    let answer = with(&app, &[("Authorization", &bearer), proxy, ("Cookie", &cookie)]).await;
    assert_eq!(answer.body, "alice by key_as_bearer");
    let answer = with(&app, &[("Cf-Access-Jwt-Assertion", &alice), ("Cookie", &cookie)]).await;
    assert_eq!(answer.body, "alice by cloudflare");
    // A wrong credential is never replaced by a later one.
    let good = format!("CF_Authorization={alice}");
    assert_eq!(with(&app, &[("Cf-Access-Jwt-Assertion", "wrong"), ("Cookie", &good)]).await.status, 401);
    assert_eq!(with(&app, &[("Cf-Access-Jwt-Assertion", ""), ("Cookie", &good)]).await.status, 400);
    let proxy = ("Cf-Access-Jwt-Assertion", &*alice);
    assert_eq!(with(&app, &[("Authorization", "Bearer wrong"), proxy]).await.status, 401);
    assert_eq!(with(&app, &[("Authorization", "Digest a"), proxy]).await.status, 401);
    // Two of one rank are ambiguous, also if both are of one caller.
    assert_eq!(with(&app, &[proxy, ("X-Proxy-Token", &alice)]).await.code(), "several_credentials");
    let header = ("X-Access-Token", &*alice);
    assert_eq!(with(&app, &[("Authorization", &bearer), header]).await.code(), "several_credentials");
}

#[tokio::test]
async fn r23_each_scheme_can_set_its_own_bound() {
    let app = app();
    let text = |bytes: usize| "a".repeat(bytes);
    for (header, fits) in [("X-Small", 200), ("X-Access-Token", 16 * 1024), ("X-Large", 32 * 1024)] {
        assert_eq!(with(&app, &[(header, &text(fits))]).await.status, 401, "{header}");
        assert_eq!(with(&app, &[(header, &text(fits + 1))]).await.status, 431, "{header}");
    }
}

#[tokio::test]
async fn r23_a_token_with_200_groups_is_accepted() {
    let groups: Vec<String> = (0..200).map(|group| format!("{group:08}-5717-4562-b3fc-2c963f66afa6")).collect();
    let token = Caller::new("alice").with("groups", groups).text();
    assert!(token.len() > 10_000, "{}", token.len());
    let answer = with(&app(), &[("Cookie", &format!("CF_Authorization={token}"))]).await;
    assert_eq!(answer.body, "alice by token_in_cookie");
}

#[tokio::test]
async fn the_document_shows_each_location() {
    let spec: Value = serde_json::from_str(&Everywhere::default().service(Api, "Api", "1").spec()).unwrap();
    let schemes = &spec["components"]["securitySchemes"];
    let bearer = json!({ "type": "http", "scheme": "bearer", "description": "Keys as bearer tokens." });
    assert_eq!(schemes["key_as_bearer"], bearer);
    assert_eq!(schemes["key_as_token"], json!({ "type": "http", "scheme": "Token" }));
    assert_eq!(schemes["cloudflare"], json!({ "type": "apiKey", "in": "header", "name": "Cf-Access-Jwt-Assertion" }));
    assert_eq!(schemes["token_in_cookie"], json!({ "type": "apiKey", "in": "cookie", "name": "CF_Authorization" }));
    let responses = &spec["paths"]["/me"]["post"]["responses"];
    assert_eq!(responses["431"]["description"], "The credential is too large");
    assert!(responses["403"].is_object(), "{responses}");
}

#[tokio::test]
async fn r10_each_location_has_a_challenge() {
    let answer = get("/me").to(&app()).await;
    let challenges = answer.challenges();
    for expected in [
        r#"Bearer realm="locations""#,
        r#"Token realm="locations""#,
        r#"ApiKey realm="locations", in="header", name="Cf-Access-Jwt-Assertion""#,
        r#"ApiKey realm="locations", in="cookie", name="CF_Authorization""#,
    ] {
        assert!(challenges.contains(&expected), "{expected}: {challenges:?}");
    }
}

/// Client certificates that a proxy verifies.
#[derive(Clone)]
struct Certificates {
    proxies: TrustedProxies,
}

impl Authenticator for Certificates {
    type Credential = RequestHead;

    async fn authenticate(&self, head: RequestHead, context: &Context) -> Result<Identity, AuthenticationError> {
        if !head.is_from(&self.proxies) {
            return Err(AuthenticationError::invalid("not sent by the proxy"));
        }
        let subject = head.header("X-Client-Dn").and_then(|name| name.strip_prefix("CN="));
        let subject = subject.ok_or_else(|| AuthenticationError::invalid("no subject"))?;
        let identity = context.identity("certificates", subject);
        Ok(identity.display_name(format!("{} {}", head.method(), head.uri().path())).build())
    }
}

#[derive(Auth, Clone)]
struct Machines {
    /// Client certificate, which the proxy verifies.
    #[scheme(header = "X-Client-Verify")]
    certificate: Certificates,
}

struct MachineApi;

#[protected(auth = Machines)]
#[OpenApi]
impl MachineApi {
    #[protected]
    #[oai(path = "/me", method = "get")]
    async fn me(&self, caller: Principal<Machines>) -> PlainText<String> {
        PlainText(format!("{}: {}", caller.subject(), caller.display_name()))
    }
}

#[tokio::test]
async fn r08_the_head_of_a_request_says_who_sent_it() {
    let proxies = TrustedProxies::new(["10.0.0.1"]).unwrap();
    let auth = Machines { certificate: Certificates { proxies } };
    let app = poem::Route::new().nest("/api", auth.service(MachineApi, "Api", "1"));
    let verified = ("X-Client-Verify", "SUCCESS");
    let machine = ("X-Client-Dn", "CN=machine");
    for (peer, headers, expected) in [
        ("10.0.0.1", &[verified, machine][..], (200, "machine: GET /api/me")),
        ("10.0.0.2", &[verified, machine], (401, "")),
        ("10.0.0.1", &[machine], (401, "")),
        ("10.0.0.1", &[("X-Client-Verify", ""), machine], (400, "")),
        ("10.0.0.1", &[verified, verified, machine], (400, "")),
        ("10.0.0.1", &[verified, machine, machine], (401, "")),
    ] {
        let response = app.get_response(from(peer, headers)).await;
        let status = response.status().as_u16();
        let body = response.into_body().into_string().await.unwrap();
        assert_eq!(status, expected.0, "{peer} {headers:?}");
        assert!(status != 200 || body == expected.1, "{body}");
    }
}

/// Returns a request that this peer sends.
fn from(peer: &str, headers: &[(&str, &str)]) -> Request {
    let mut request = poem::http::Request::builder().uri("/api/me");
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    let address = Addr::SocketAddr(format!("{peer}:9").parse().unwrap());
    let (parts, ()) = request.body(()).unwrap().into_parts();
    let parts = RequestParts::from((parts, LocalAddr::default(), RemoteAddr(address), Scheme::HTTP));
    Request::from_parts(parts, Body::empty())
}

#[test]
fn the_head_is_not_printed() {
    let request = Request::builder().uri_str("/me?key=secret").header("Authorization", "secret").finish();
    let text = format!("{:?}", RequestHead::of(&request));
    assert!(text.contains("/me") && !text.contains("secret"), "{text}");
}
