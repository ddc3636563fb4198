//! The bundled token verifier over HTTP: the response and the log for a token, from its first use to its end.

use std::{
    sync::{
        Arc, Mutex,
        atomic::{AtomicUsize, Ordering},
    },
    time::{Duration, SystemTime},
};

use auth_runtime::{
    authenticate::Unavailable,
    jwt::{
        Fetch, FetchRequest, Jwt, LocalAccess, LocalRoles, RemoteKeys, Revocation, Revocations, RoleStore, TokenIssuer,
    },
    prelude::*,
};
use poem::{Endpoint, IntoEndpoint, http::Response};
use poem_openapi::{OpenApi, payload::PlainText};

use crate::{
    fixture::{Answer, Caller, Keys, get},
    log::logged,
};

permissions! { enum Permission { View = "view", Edit = "edit" } }

#[derive(Auth, Clone)]
#[auth(permissions = Permission, realm = "tokens")]
struct Tokens {
    #[scheme(bearer(format = "JWT"))]
    token: Jwt,
}

struct Api;

#[protected(auth = Tokens)]
#[OpenApi]
impl Api {
    #[permission("view")]
    #[oai(path = "/me", method = "get")]
    async fn me(&self, caller: Principal<Tokens>) -> PlainText<String> {
        PlainText(format!("{} of {}", caller.subject(), caller.issuer()))
    }
}

const SECRET: &str = "0Zr9Pq4cWv1XsT7uKb3Ln6Yd8Gf2HjMa";
const OTHER: &str = "8Gf2HjMa0Zr9Pq4cWv1XsT7uKb3Ln6Yd";
const ISSUER: &str = "https://issuer.example";

fn app(token: Jwt) -> impl Endpoint {
    Tokens { token }.service(Api, "Tokens", "1").into_endpoint()
}

fn issuer(name: &str, secret: &str) -> TokenIssuer {
    TokenIssuer::hs256(secret).unwrap().issuer(name).audience("entries")
}

fn token(issuer: &TokenIssuer) -> String {
    issuer.token("alice").client_id("web").permissions(["view"]).sign().unwrap()
}

async fn me(app: &impl Endpoint, token: &str) -> Answer {
    get("/me").header("Authorization", format!("Bearer {token}")).to(app).await
}

#[tokio::test]
async fn r12_a_rejected_token_is_explained_in_the_log_only() {
    let app = app(issuer(ISSUER, SECRET).verifier());
    let elsewhere = TokenIssuer::hs256(SECRET).unwrap().issuer(ISSUER).audience("elsewhere");
    for (token, reason) in [
        (token(&issuer(ISSUER, OTHER)), "https://issuer.example: signature"),
        (token(&elsewhere), "https://issuer.example: audience"),
        (token(&issuer("https://evil.example", SECRET)), r#"unknown issuer: \"https://evil.example\""#),
        ("a.b.c".to_owned(), "not base64url of a JSON object with unique members"),
        ("garbage".to_owned(), "not three parts"),
    ] {
        let answer = me(&app, &token).await;
        assert_eq!(answer.challenges(), [r#"Bearer realm="tokens", error="invalid_token""#]);
        assert_eq!(answer.code(), "invalid_credentials");
        let (status, log) = logged(&app, get("/me").header("Authorization", format!("Bearer {token}"))).await;
        assert_eq!(status, 401, "{token}");
        assert!(log.contains(reason) && !log.contains(&token), "{reason} is not in {log}");
    }
}

#[tokio::test]
async fn r23_a_token_with_200_groups_is_accepted_and_a_larger_one_is_431() {
    let (issuer, app) = (issuer(ISSUER, SECRET), app(issuer(ISSUER, SECRET).verifier()));
    let with_groups = |count: usize| {
        let groups: Vec<String> = (0..count).map(|id| format!("{id:08x}-0000-4000-8000-{id:012x}")).collect();
        issuer.token("alice").client_id("web").permissions(["view"]).claim("groups", groups).sign().unwrap()
    };
    let (usual, huge) = (with_groups(200), with_groups(400));
    assert!(usual.len() > 10_000 && huge.len() > 16 * 1024, "{} {}", usual.len(), huge.len());
    assert_eq!(me(&app, &usual).await.status, 200);
    let refused = me(&app, &huge).await;
    assert_eq!((refused.status, refused.code().as_str()), (431, "credential_too_large"));
}

#[tokio::test]
async fn r40_a_revoked_token_is_rejected_from_the_next_request_on() {
    let (list, issuer) = (Revocations::new(), issuer(ISSUER, SECRET));
    let app = app(issuer.verifier().revocations(&list));
    let token = token(&issuer);
    for _ in 0..2 {
        assert_eq!(me(&app, &token).await.status, 200);
    }
    list.revoke(Revocation::subject(ISSUER, "alice", SystemTime::now() + Duration::from_secs(1))).await.unwrap();
    let answer = me(&app, &token).await;
    assert_eq!((answer.status, answer.code().as_str()), (401, "invalid_credentials"));
}

#[tokio::test]
async fn each_of_several_issuers_signs_only_for_its_own_callers() {
    let (here, there) = (issuer(ISSUER, SECRET), issuer("https://partner.example", OTHER));
    let app = app(Jwt::any_of([here.verifier(), there.verifier()]).unwrap());
    for (issuer, body) in [(&here, "alice of https://issuer.example"), (&there, "alice of https://partner.example")] {
        let answer = me(&app, &token(issuer)).await;
        assert_eq!((answer.status, answer.body.as_str()), (200, body));
    }
    // A token that names one issuer, signed with the key of the other.
    assert_eq!(me(&app, &token(&issuer(ISSUER, OTHER))).await.status, 401);
}

/// The published keys, or `None` while the issuer is down.
#[derive(Clone, Default)]
struct Published(Arc<Mutex<Option<String>>>);

const KEY: &str = "-----BEGIN PRIVATE KEY-----\n\
    MC4CAQAwBQYDK2VwBCIEIJ1hsZ3v/VpguoRK9JLsLMREScVpezJpGXA7rAMcrn9g\n\
    -----END PRIVATE KEY-----\n";

impl Published {
    fn verifier(&self) -> Jwt {
        let keys = RemoteKeys::jwks_url("https://remote.example/jwks").unwrap().fetcher(self.clone());
        Jwt::remote(keys).unwrap().issuer("https://remote.example").audience("entries")
    }
}

impl Fetch for Published {
    async fn get(&self, _: &FetchRequest<'_>) -> Result<Response<Vec<u8>>, Unavailable> {
        let keys = self.0.lock().unwrap().clone();
        keys.map(|keys| Response::new(keys.into_bytes())).ok_or_else(|| Unavailable::new("connection refused"))
    }
}

#[tokio::test(start_paused = true)]
async fn r48_a_token_is_503_until_the_keys_arrive_and_other_schemes_work() {
    let remote = TokenIssuer::private_key_pem(KEY).unwrap().issuer("https://remote.example").audience("entries");
    let published = Published::default();
    let verifier = published.verifier();
    let here = issuer(ISSUER, SECRET);
    let app = app(Jwt::any_of([verifier, here.verifier()]).unwrap());

    let answer = me(&app, &token(&remote)).await;
    assert_eq!((answer.status, answer.code().as_str()), (503, "temporarily_unavailable"));
    assert!(answer.header("Retry-After").is_some() && answer.challenges().is_empty());
    assert_eq!(me(&app, &token(&here)).await.status, 200);

    *published.0.lock().unwrap() = Some(remote.jwks().unwrap());
    tokio::time::sleep(Duration::from_mins(1)).await;
    assert_eq!(me(&app, &token(&remote)).await.status, 200);
    let forged = token(&issuer("https://remote.example", OTHER));
    assert_eq!(me(&app, &forged).await.status, 401);
}

#[tokio::test(start_paused = true)]
async fn a_published_key_that_cannot_be_used_is_logged_once() {
    let remote = TokenIssuer::private_key_pem(KEY).unwrap().issuer("https://remote.example").audience("entries");
    let published = Published::default();
    *published.0.lock().unwrap() = Some(remote.jwks().unwrap().replace(r#""sig""#, r#""enc""#));
    let app = app(published.verifier());
    let warned = async || {
        let request = get("/me").header("Authorization", format!("Bearer {}", token(&remote)));
        let (status, log) = logged(&app, request).await;
        assert_eq!(status, 503, "{log}");
        log.lines().filter(|line| line.contains("WARN") && line.contains("published key ignored")).count()
    };
    assert_eq!(warned().await, 1);
    tokio::time::sleep(Duration::from_mins(10)).await;
    assert_eq!(warned().await, 0);
}

/// Members of the application: 0 knows no member, 1 knows alice, and 2 is down.
#[derive(Clone, Default)]
struct Members(Arc<AtomicUsize>);

impl RoleStore for Members {
    async fn find(&self, issuer: &str, subject: &str) -> Result<Option<LocalAccess>, Unavailable> {
        let is_alice = (issuer, subject) == (ISSUER, "alice");
        match self.0.load(Ordering::Relaxed) {
            2 => Err(Unavailable::new("connection refused")),
            state => Ok((state == 1 && is_alice).then(|| LocalAccess::new().permissions(["edit"]))),
        }
    }
}

#[derive(Auth, Clone)]
#[auth(permissions = Permission)]
struct Local {
    #[scheme(bearer)]
    token: LocalRoles<Members>,
}

struct LocalApi;

#[protected(auth = Local)]
#[OpenApi]
impl LocalApi {
    #[protected]
    #[oai(path = "/me", method = "get")]
    async fn me(&self, caller: Principal<Local>) -> PlainText<String> {
        PlainText(format!("{} {:?} {:?}", caller.subject(), caller.permissions(), caller.claims()["client_id"]))
    }

    #[permission("edit")]
    #[oai(path = "/edit", method = "get")]
    async fn edit(&self) -> PlainText<&'static str> {
        PlainText("edited")
    }
}

#[tokio::test]
async fn permissions_of_the_own_database_replace_those_of_the_token() {
    let (issuer, members) = (issuer(ISSUER, SECRET), Members::default());
    let token_roles = issuer.verifier().with_local_roles(members.clone()).cache_ttl(Duration::ZERO);
    let app = Local { token: token_roles }.service(LocalApi, "Local", "1").into_endpoint();
    let bearer = format!("Bearer {}", token(&issuer));
    let ask = async |path: &str| get(path).header("Authorization", &bearer).to(&app).await;
    // The token has the permission `view`, and the database has nothing.
    assert_eq!(ask("/me").await.body, r#"alice {} String("web")"#);
    assert_eq!(ask("/edit").await.status, 403);
    members.0.store(1, Ordering::Relaxed);
    assert_eq!(ask("/me").await.body, r#"alice {edit} String("web")"#);
    assert_eq!(ask("/edit").await.status, 200);
    members.0.store(2, Ordering::Relaxed);
    for path in ["/me", "/edit"] {
        let answer = ask(path).await;
        assert_eq!((answer.status, answer.code().as_str()), (503, "temporarily_unavailable"));
    }
    members.0.store(0, Ordering::Relaxed);
    assert_eq!(ask("/edit").await.status, 403);
}

/// An `Auth` whose schemes find credentials beside a token.
#[derive(Auth, Clone)]
#[auth(permissions = Permission)]
struct Several {
    #[scheme(bearer)]
    token: Jwt,
    #[scheme(header = "X-Token")]
    second: Jwt,
    #[scheme(api_key(header = "X-API-Key"))]
    key: Keys,
    #[scheme(cookie = "session")]
    session: Keys,
}

struct SeveralApi;

#[protected(auth = Several)]
#[OpenApi]
impl SeveralApi {
    #[permission("view")]
    #[oai(path = "/me", method = "get")]
    async fn me(&self, caller: Principal<Several>) -> PlainText<String> {
        PlainText(format!("{} by {}", caller.subject(), caller.scheme()))
    }

    #[optional_auth]
    #[oai(path = "/optional", method = "get")]
    async fn optional(&self, caller: Option<Principal<Several>>) -> PlainText<String> {
        PlainText(caller.map_or_else(String::new, |caller| caller.subject().to_owned()))
    }

    #[permission("edit")]
    #[oai(path = "/edit", method = "get")]
    async fn edit(&self) {}

    #[protected(schemes("key"))]
    #[oai(path = "/key", method = "get")]
    async fn key(&self) {}

    #[protected(all(schemes("token"), schemes("key")))]
    #[oai(path = "/both", method = "get")]
    async fn both(&self) {}
}

#[tokio::test]
async fn a_cached_token_is_answered_as_a_new_one_whatever_is_beside_it() {
    let (one, two) = (issuer(ISSUER, SECRET), issuer("https://partner.example", OTHER));
    let app = |ttl: Duration| {
        let (token, second) = (one.verifier().cache_ttl(ttl), two.verifier().cache_ttl(ttl));
        Several { token, second, key: Keys::default(), session: Keys::default() }
            .service(SeveralApi, "Several", "1")
            .into_endpoint()
    };
    let (cold, warm) = (app(Duration::ZERO), app(Duration::from_mins(1)));
    let (first, second) = (format!("Bearer {}", token(&one)), token(&two));
    assert_eq!(get("/me").header("Authorization", &first).to(&warm).await.body, "alice by token");
    assert_eq!(get("/me").header("X-Token", &second).to(&warm).await.body, "alice by second");
    let key = Caller::new("k").permission("view").text();
    let cookie = format!("session={key}");
    let (longer, shorter) = (format!("{first}a"), &first[..first.len() - 1]);
    for headers in [
        &[("Authorization", first.as_str())][..],
        &[("X-Token", &second)],
        &[("Authorization", &first), ("X-Token", &second)],
        &[("Authorization", &first), ("Authorization", &first)],
        &[("Authorization", &first), ("X-Token", "garbage")],
        &[("Authorization", &first), ("X-API-Key", &key)],
        &[("Authorization", &first), ("X-API-Key", "")],
        &[("Authorization", &first), ("Cookie", &cookie)],
        &[("Authorization", &first), ("Cookie", "session=")],
        &[("Authorization", &second)],
        &[("X-Token", &first)],
        &[("Authorization", &first.replace("Bearer", "bearer"))],
        &[("Authorization", &first.replace("Bearer ", "Bearer  "))],
        &[("Authorization", &first.replace("Bearer", "Basic"))],
        &[("Authorization", &longer)],
        &[("Authorization", shorter)],
        &[("X-API-Key", &key)],
        &[("Cookie", &cookie)],
        &[],
    ] {
        for path in ["/me", "/optional", "/edit", "/key", "/both"] {
            let send = async |app| {
                let request = headers.iter().fold(get(path), |request, (name, value)| request.header(name, value));
                let answer = request.to(app).await;
                (answer.status, answer.challenges().len(), answer.body)
            };
            assert_eq!(send(&warm).await, send(&cold).await, "{path}: {headers:?}");
        }
    }
}
