//! The content of the log on denied requests, and the secrets that it never contains.

use std::{
    io,
    sync::{Arc, Mutex},
};

use auth_runtime::{
    api_key::{MemoryApiKeys, generate},
    prelude::*,
    users::{MemoryUsers, User},
};
use poem::{Endpoint, EndpointExt, IntoEndpoint, handler};
use poem_openapi::{OpenApi, payload::PlainText};
use tracing_subscriber::fmt::MakeWriter;

use crate::fixture::{Auth, By, Call, Caller, basic, get};

struct Api;

#[protected]
#[OpenApi]
impl Api {
    #[protected(any(role("Administrator"), all(permission("edit"), fresh = "5m")))]
    #[oai(path = "/role", method = "get")]
    async fn role(&self) -> PlainText<&'static str> {
        PlainText("role")
    }

    #[permission("edit")]
    #[oai(path = "/permission", method = "get")]
    async fn permission(&self) -> PlainText<&'static str> {
        PlainText("permission")
    }

    #[protected(role("User"), hide)]
    #[oai(path = "/hidden", method = "get")]
    async fn hidden(&self) -> PlainText<&'static str> {
        PlainText("hidden")
    }

    #[protected(check = fails())]
    #[oai(path = "/check", method = "get")]
    async fn check(&self) -> PlainText<&'static str> {
        PlainText("check")
    }

    #[protected(check = 1 + 1 == 3)]
    #[oai(path = "/check-no", method = "get")]
    async fn check_no(&self) -> PlainText<&'static str> {
        PlainText("check")
    }
}

fn fails() -> Result<(), io::Error> {
    Err(io::Error::other("first\n2026-01-01T00:00:00Z  INFO forged: second\r\nthird\u{1b}[2J"))
}

/// Collects the log lines of all levels.
#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

impl io::Write for Log {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl<'a> MakeWriter<'a> for Log {
    type Writer = Self;

    fn make_writer(&'a self) -> Self {
        self.clone()
    }
}

/// Sends a request, and returns its status and log lines.
pub(crate) async fn logged(app: &impl Endpoint, call: Call) -> (u16, String) {
    let log = Log::default();
    let subscriber = tracing_subscriber::fmt()
        .with_writer(log.clone())
        .with_ansi(false)
        .with_max_level(tracing::Level::TRACE)
        .finish();
    let answer = {
        let _guard = tracing::subscriber::set_default(subscriber);
        call.to(app).await
    };
    let bytes = log.0.lock().unwrap().clone();
    let lines = String::from_utf8(bytes).unwrap();
    (answer.status, lines.lines().filter(|line| line.contains("auth_runtime")).collect::<Vec<_>>().join("\n"))
}

#[derive(Auth, Clone)]
struct OnlyPassword {
    #[scheme(basic)]
    password: Basic,
}

#[protected(auth = OnlyPassword)]
#[handler]
fn me() {}

fn app() -> impl Endpoint {
    Auth::default().service(Api, "Log", "1").into_endpoint()
}

fn assert_contains(line: &str, words: &[&str]) {
    for word in words {
        assert!(line.contains(word), "{word} is not in {line}");
    }
}

#[tokio::test]
async fn r91_a_denial_is_logged_with_operation_reason_clause_subject_and_scheme() {
    let app = app();
    let (_, line) = logged(&app, get("/permission").by(By::Key, &Caller::new("alice").issuer("https://issuer"))).await;
    let words = [
        "WARN",
        "Api::permission",
        "MissingPermission",
        r#"permission("edit")"#,
        r#""alice""#,
        r#""https://issuer""#,
        r#"scheme="key""#,
    ];
    assert_contains(&line, &words);
    let (_, line) = logged(&app, get("/role").by(By::Token, &Caller::new("bob"))).await;
    assert_contains(&line, &["Api::role", "MissingRole", r#"role("Administrator")"#, r#""bob""#, r#"scheme="token""#]);
    let (status, line) = logged(&app, get("/hidden").by(By::Token, &Caller::new("bob"))).await;
    assert_eq!(status, 404);
    assert_contains(&line, &["Api::hidden", "MissingRole", r#""bob""#]);
    let (_, line) = logged(&app, get("/check-no").by(By::Token, &Caller::new("bob"))).await;
    assert_contains(&line, &["Api::check_no", "CheckFailed", "1 + 1 == 3", r#""bob""#, r#"scheme="token""#]);
    let (_, line) = logged(&app, get("/check").by(By::Token, &Caller::new("bob"))).await;
    assert_contains(&line, &["Api::check", r#""bob""#, "first"]);
}

#[tokio::test]
async fn r91_every_result_of_authentication_is_logged_with_its_scheme() {
    let app = app();
    let (status, line) = logged(&app, get("/permission").by(By::Password, &Caller::new("alice").role("User"))).await;
    assert_eq!(status, 200);
    assert_contains(&line, &["request allowed", r#"scheme="password""#, r#""alice""#]);
    let (status, line) = logged(&app, get("/permission")).await;
    assert_eq!(status, 401);
    assert_contains(&line, &["denied", "Api::permission"]);
    let (_, line) = logged(&app, get("/permission").credential(By::Session, "invalid")).await;
    assert_contains(&line, &["denied", "Api::permission", r#"scheme="session""#, "no description of a caller"]);
    let (_, line) = logged(&app, get("/permission").credential(By::Ldap, "unavailable")).await;
    assert_contains(&line, &["Api::permission", r#"scheme="directory""#, "the database does not answer"]);
    let (_, line) = logged(&app, get("/permission").header("Authorization", "Bearer a,b")).await;
    assert_contains(&line, &["Api::permission", r#"scheme="token""#, "characters that do not belong there"]);
    let (_, line) = logged(&app, get("/permission").header("Authorization", "Digest a")).await;
    assert_contains(&line, &["Api::permission", "the scheme is not accepted"]);
    let several = get("/permission").by(By::Token, &Caller::new("a")).by(By::Key, &Caller::new("b"));
    let (_, line) = logged(&app, several).await;
    assert_contains(&line, &["Api::permission", "credentials of several schemes"]);
}

#[tokio::test]
async fn names_that_are_not_declared_are_logged() {
    let app = app();
    for (role, is_logged) in [("Emperor", true), ("User", false)] {
        let (_, log) = logged(&app, get("/permission").by(By::Token, &Caller::new("alice").role(role))).await;
        assert_eq!(log.contains("names that are not declared grant nothing"), is_logged, "{log}");
        assert_eq!(log.contains("Emperor"), is_logged, "{log}");
    }
}

#[tokio::test]
async fn r91_a_denial_names_the_scheme_and_the_issuer_even_if_a_check_failed() {
    let caller = Caller::new("bob").issuer("https://issuer");
    let (_, line) = logged(&app(), get("/check").by(By::Token, &caller)).await;
    assert_contains(&line, &[r#"scheme="token""#, r#""https://issuer""#]);
}

#[tokio::test]
async fn r91_a_caller_cannot_forge_log_lines() {
    let app = app();
    let forged = "a\n2026-01-01T00:00:00Z  WARN auth_runtime::rejection: denied subject=\"victim\"\r\n\u{1b}[2J\u{85}b";
    let caller = Caller::new(forged).issuer(forged).role(forged).permission(forged).scope(forged).with("name", forged);
    let calls = [
        get("/permission").by(By::Token, &caller),
        get("/role").by(By::Token, &caller),
        get("/check").by(By::Token, &caller),
        get("/check-no").by(By::Token, &caller),
        get("/hidden").by(By::Token, &caller),
        get("/permission").by(By::Token, &Caller::new(forged).role("User")),
        get("/permission").header("Authorization", basic(forged, "x")),
        get("/permission").header("Authorization", "Bearer a\tb"),
    ];
    for call in calls {
        let (_, lines) = logged(&app, call).await;
        for line in lines.lines() {
            assert!(!line.starts_with("2026-01-01T00:00:00Z"), "{line}");
            assert!(!line.contains(['\u{1b}', '\r', '\u{85}', '\u{2028}']), "{line:?}");
        }
    }
}

#[tokio::test]
async fn r91_no_credential_is_logged() {
    let secrets =
        ["kR7-secret-token.part~two", "kR7-secret-pass", "kR7-secret-key", "kR7-secret-session", "kR7-secret-ldap"];
    let app = app();
    let mut log = String::new();
    for by in By::ALL {
        for path in ["/role", "/hidden", "/check"] {
            for secret in secrets {
                log += &logged(&app, get(path).credential(by, secret)).await.1;
            }
            let powerful = Caller::administrator().with("password", "kR7-secret-claim");
            log += &logged(&app, get(path).by(by, &powerful)).await.1;
            assert!(!log.contains(&powerful.text()), "{log}");
        }
    }
    for value in
        ["Bearer kR7-secret,more", "Basic kR7-secret!", "Digest kR7-secret", "kR7-secret", "Bearer  kR7-secret"]
    {
        log += &logged(&app, get("/role").header("Authorization", value)).await.1;
    }
    log += &logged(&app, get("/role").header("X-API-Key", "kR7-secret space")).await.1;
    log += &logged(&app, get("/role").header("Cookie", "session=kR7-secret; session=kR7-secret")).await.1;
    log += &logged(&app, get("/role?access_token=kR7-secret")).await.1;
    assert!(!log.is_empty() && !log.contains("kR7-secret"), "{log}");
}

#[derive(Auth, Clone)]
struct Bundled {
    #[scheme(bearer(format = "JWT"))]
    token: Jwt,
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
        PlainText(caller.subject().to_owned())
    }
}

#[tokio::test]
async fn r91_the_bundled_authenticators_log_no_credential_either() {
    let password = "kR7-secret-password";
    let (key, record) = generate("demo", "machine").unwrap();
    let auth = Bundled {
        token: Jwt::hs256("kR7-secret-of-the-service-0123456789-abcdef").unwrap().issuer("https://i").audience("a"),
        password: Basic::new(MemoryUsers::new().add("alice", password).unwrap()),
        key: ApiKeys::new(MemoryApiKeys::new().add_record(record).unwrap()),
    };
    assert!(!format!("{:?} {:?} {:?}", auth.token, auth.password, auth.key).contains("kR7-secret"));
    let app = auth.service(BundledApi, "Log", "1").into_endpoint();
    let wrong_key = format!("{}kR7secret", &key.as_str()[..key.as_str().len() - 9]);
    let calls = [
        get("/me").header("Authorization", basic("alice", password)),
        get("/me").header("Authorization", basic("alice", "kR7-secret-wrong")),
        // A password typed into the field of the name.
        get("/me").header("Authorization", basic("kR7-secret-name", "x")),
        get("/me").header("X-API-Key", key.as_str()),
        get("/me").header("X-API-Key", &wrong_key),
        get("/me").header("X-API-Key", "kR7-secret-that-was-never-issued"),
        get("/me").header("Authorization", "Bearer eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJhIn0.kR7-secret"),
        get("/me").header("Authorization", "Bearer kR7-secret.a.b"),
    ];
    let mut log = String::new();
    for call in calls {
        log += &logged(&app, call).await.1;
    }
    assert!(log.contains(r#""alice""#) && log.contains(r#""machine""#), "{log}");
    let secret = key.as_str().rsplit_once('_').unwrap().1;
    for secret in ["kR7-secret", "kR7secret", secret, "eyJzdWIiOiJhIn0"] {
        assert!(!log.contains(secret), "{secret} is in {log}");
    }
}

#[tokio::test]
async fn r91_an_unreadable_password_hash_is_logged_with_its_subject_and_without_the_hash() {
    let users = MemoryUsers::new().add_user(User::new("alice", "{MD5}kR7hash").with_subject("a1")).unwrap();
    let app = poem::Route::new().at("/me", poem::get(me).with(OnlyPassword { password: Basic::new(users) }));
    for (name, is_logged) in [("alice", true), ("nobody", false)] {
        let (status, log) = logged(&app, get("/me").header("Authorization", basic(name, "correct horse"))).await;
        assert_eq!(status, 401);
        let line = log.lines().find(|line| line.contains("password hash not readable"));
        assert_eq!(line.is_some(), is_logged, "{name}: {log}");
        if let Some(line) = line {
            assert_contains(line, &["ERROR", r#"subject="a1""#, "reason="]);
        }
        assert!(!log.contains("kR7hash"), "{log}");
    }
}
