//! The pages for signing in and out, over real HTTP.

use std::{
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use auth_runtime::{
    authenticate::{AuthenticationError, Context, Identity},
    credential::BasicCredentials,
    prelude::*,
    session::{ChangePassword, ChangePasswordError, HookFuture, MemorySessions, SecondFactor, SignInPages},
    users::{User, UserStore, hash_password},
};
use poem::{EndpointExt, Route, get, handler};

use crate::{
    fixture::{Permission, Role},
    sessions::People,
    wire::{Received, Wire},
};

const PASSWORD: &str = "correct horse battery";
const FORM: &str = "Content-Type: application/x-www-form-urlencoded";
const JSON: &str = "Content-Type: application/json";
const HTML: &str = "Accept: text/html,application/xhtml+xml,*/*;q=0.8";

type Browsers = Sessions<People, MemorySessions>;

#[derive(Auth, Clone)]
#[auth(permissions = Permission, roles = Role, realm = "entry book")]
struct Auth {
    #[scheme(basic)]
    password: Basic<People>,
    #[scheme(cookie = "__Host-session")]
    session: Browsers,
}

#[protected]
#[handler]
fn me(caller: Principal<Auth>) -> String {
    format!("{} of {} {:?}", caller.display_name(), caller.issuer(), caller.roles())
}

/// A directory with the users `carol` and, for a collision, one of the user store's issuer.
#[derive(Clone, Default)]
struct Directory {
    asked: Arc<AtomicUsize>,
}

impl Authenticator for Directory {
    type Credential = BasicCredentials;

    async fn authenticate(&self, found: BasicCredentials, context: &Context) -> Result<Identity, AuthenticationError> {
        self.asked.fetch_add(1, Ordering::SeqCst);
        match (found.username(), found.password()) {
            ("carol", PASSWORD) => {
                Ok(context.identity("directory", "uid=carol").username("carol").role("User").build())
            }
            ("thief", PASSWORD) => Ok(context.identity("basic", "alice").role("Administrator").build()),
            ("down", _) => Err(AuthenticationError::unavailable("connection refused")),
            ("slow", _) => Err(AuthenticationError::throttled(Duration::from_secs(77))),
            _ => Err(AuthenticationError::invalid("no such entry")),
        }
    }

    fn is_throttled(&self) -> bool {
        true
    }
}

impl SecondFactor for People {
    fn is_needed<'a>(&'a self, user: &'a User) -> HookFuture<'a, Result<bool, Unavailable>> {
        Box::pin(async { Ok(user.name() == "dora") })
    }

    fn page(&self) -> &'static str {
        "second-factor"
    }
}

impl ChangePassword for People {
    fn change_password<'a>(
        &'a self,
        user: &'a User,
        _: auth_runtime::client_ip::ClientAddress,
        current: &'a str,
        new: &'a str,
    ) -> HookFuture<'a, Result<(), ChangePasswordError>> {
        Box::pin(async move {
            match (current, new) {
                (PASSWORD, "short") => Err(ChangePasswordError::NotAccepted("the password is too short".to_owned())),
                (PASSWORD, _) => {
                    self.set(alice().credential_epoch(user.current_epoch() + 1));
                    Ok(())
                }
                ("many", _) => Err(ChangePasswordError::TooManyAttempts { retry_after: Duration::from_secs(9) }),
                _ => Err(ChangePasswordError::WrongPassword),
            }
        })
    }
}

fn alice() -> User {
    static HASH: std::sync::LazyLock<String> = std::sync::LazyLock::new(|| hash_password(PASSWORD).unwrap());
    User::new("alice", HASH.as_str()).roles(["Viewer"])
}

struct World {
    wire: Wire,
    people: People,
    sessions: Browsers,
    directory: Directory,
}

impl World {
    async fn new() -> Self {
        let (people, directory) = (People::default(), Directory::default());
        people.set(alice());
        people.set(User::new("dora", alice().password_hash()));
        let password = Basic::new(people.clone());
        let session = Sessions::with_store(&password, MemorySessions::new());
        let auth = Auth { password, session: session.clone() };
        let pages = SignInPages::new(&session)
            .plugin(directory.clone())
            .second_factor(people.clone())
            .change_password(people.clone())
            .site("Entry <book>")
            .home("/home")
            .link("Forgot the password?", "forgot");
        let protected = Route::new().at("/me", get(me).post(me)).at("/home", get(me));
        let app = Route::new().nest("/", protected.with(auth)).with(pages);
        Self { wire: Wire::serve(app).await, people, sessions: session, directory }
    }

    async fn get(&self, path: &str, headers: &[&str]) -> Received {
        self.wire.send(&format!("GET {path}"), &headers.iter().map(|line| line.as_bytes()).collect::<Vec<_>>()).await
    }

    async fn post(&self, path: &str, headers: &[&str], body: &str) -> Received {
        self.wire.send_body(&format!("POST {path}"), headers, body).await
    }

    /// Signs a user in as a program does, and returns the header with the cookie.
    async fn sign_in(&self, username: &str) -> String {
        let answer = self.post("/auth/login", &[JSON], &json(username, PASSWORD)).await;
        assert_eq!(answer.status, 200, "{}", answer.body);
        cookie(&answer).unwrap()
    }
}

fn json(username: &str, password: &str) -> String {
    serde_json::json!({ "username": username, "password": password }).to_string()
}

fn form(username: &str, password: &str, next: &str) -> String {
    let password = password.replace(' ', "+");
    format!("username={username}&password={password}&next={next}")
}

/// Returns the request header for the cookie that a response sets.
fn cookie(received: &Received) -> Option<String> {
    let set = received.headers("Set-Cookie").into_iter().find(|set| !set.contains("Max-Age=0"))?;
    Some(format!("Cookie: {}", set.split(';').next()?))
}

#[tokio::test]
async fn r61_a_browser_signs_in_by_form_and_comes_back() {
    let world = World::new().await;
    let page = world.get("/auth/login?next=/me", &[HTML]).await;
    assert_eq!(page.status, 200);
    for part in [
        "<label for=\"username\">",
        "autocomplete=\"current-password\"",
        "name=\"next\" value=\"/me\"",
        "href=\"forgot\"",
        "Entry &lt;book&gt;",
    ] {
        assert!(page.body.contains(part), "{part} in {}", page.body);
    }
    assert!(!page.body.contains("<script"), "{}", page.body);
    let policy = page.headers("Content-Security-Policy");
    assert!(policy[0].contains("default-src 'none'") && policy[0].contains("frame-ancestors 'none'"), "{policy:?}");
    let answer = world.post("/auth/login", &[FORM, HTML], &form("alice", PASSWORD, "/me?a=b")).await;
    assert_eq!((answer.status, answer.headers("Location")), (303, vec!["/me?a=b"]));
    assert_eq!(answer.headers("Cache-Control"), ["no-store"]);
    let cookie = cookie(&answer).unwrap();
    assert_eq!(world.get("/me", &[&cookie]).await.body, "alice of basic {Viewer}");
    let answer = world.post("/auth/login", &[FORM, HTML], &form("alice", PASSWORD, "")).await;
    assert_eq!(answer.headers("Location"), ["/home"]);
}

#[tokio::test]
async fn r15_a_program_signs_in_by_json_or_form_and_is_never_redirected() {
    let world = World::new().await;
    for (kind, body) in [(JSON, json("alice", PASSWORD)), (FORM, form("alice", PASSWORD, "/me"))] {
        let answer = world.post("/auth/login", &[kind, "Accept: */*"], &body).await;
        assert_eq!((answer.status, answer.headers("Location")), (200, vec![]));
        let described: serde_json::Value = serde_json::from_str(&answer.body).unwrap();
        assert_eq!((&described["issuer"], &described["subject"]), (&"basic".into(), &"alice".into()));
        assert_eq!(world.get("/me", &[&cookie(&answer).unwrap()]).await.status, 200);
    }
    for (path, headers) in
        [("/me", &[][..]), ("/me", &["Accept: application/json"]), ("/auth/sessions", &["Accept: */*"])]
    {
        let answer = world.get(path, headers).await;
        assert_eq!((answer.status, answer.headers("Location")), (401, vec![]), "{path}");
        assert!(!answer.headers("WWW-Authenticate").is_empty());
    }
}

#[tokio::test]
async fn r15_a_page_for_users_is_401_to_a_program_without_a_session() {
    let world = World::new().await;
    let ended = world.sign_in("alice").await;
    assert_eq!(world.post("/auth/logout", &[FORM, &ended], "").await.status, 204);
    for path in ["/auth/password", "/auth/sessions"] {
        for headers in [&[][..], &["Accept: */*"], &["Accept: application/json"], &[&ended]] {
            let answer = world.get(path, headers).await;
            assert_eq!((answer.status, answer.headers("Location")), (401, vec![]), "{path} {headers:?}");
            assert_eq!(answer.headers("Content-Type"), ["application/problem+json"], "{path}");
            assert!(!answer.headers("WWW-Authenticate").is_empty(), "{path}");
        }
        let answer = world.get(path, &[HTML]).await;
        assert_eq!(answer.status, 303, "{path}");
    }
}

#[tokio::test]
async fn a_form_is_html_to_a_program_too() {
    let world = World::new().await;
    let session = world.sign_in("alice").await;
    for path in ["/auth/login", "/auth/logout", "/auth/password"] {
        let page = world.get(path, &["Accept: */*", &session]).await;
        assert_eq!((page.status, page.headers("Content-Type")), (200, vec!["text/html; charset=utf-8"]), "{path}");
        assert!(page.body.contains("<form"), "{path}");
    }
}

#[tokio::test]
async fn r15_a_browser_that_navigates_is_sent_to_the_sign_in_page() {
    let world = World::new().await;
    let answer = world.get("/me?a=b&c=%2F", &[HTML, "Sec-Fetch-Mode: navigate"]).await;
    assert_eq!((answer.status, answer.headers("Location")), (303, vec!["/auth/login?next=%2Fme%3Fa%3Db%26c%3D%252F"]));
    assert_eq!(answer.headers("Cache-Control"), ["no-store"]);
    let page = world.get(answer.headers("Location")[0], &[HTML]).await;
    assert!(page.body.contains("name=\"next\" value=\"/me?a=b&amp;c=%2F\""), "{}", page.body);
    // The cookie of an ended session is deleted on the way.
    let ended = format!("Cookie: __Host-session={}", "A".repeat(43));
    let answer = world.get("/me", &[HTML, &ended]).await;
    assert_eq!(answer.status, 303);
    assert!(answer.headers("Set-Cookie")[0].contains("Max-Age=0"));
    for headers in [&[HTML, "Sec-Fetch-Mode: cors"][..], &[HTML, "Authorization: Basic YTpi"], &["Accept: */*"]] {
        assert_eq!(world.get("/me", headers).await.status, 401, "{headers:?}");
    }
    assert_eq!(world.post("/me", &[HTML, FORM], "").await.status, 401);
    // A caller who may not is not sent to sign in again, and a path that does not exist stays a 404.
    assert_eq!(world.get("/nothing", &[HTML]).await.status, 404);
}

#[tokio::test]
async fn next_leads_to_own_paths_only() {
    let world = World::new().await;
    for next in [
        "//evil.example",
        "/%5Cevil.example",
        "https%3A%2F%2Fevil.example",
        "%09//evil.example",
        "/%09/evil.example",
        "javascript%3Aalert(1)",
        "/a%0D%0ASet-Cookie%3A+x%3Dy",
        "/%0D%0A/evil.example",
        "/%2F/evil.example",
        "/%5C/evil.example",
        "/a%5C..%5C%5Cevil.example",
        "%5C%5Cevil.example",
        "+//evil.example",
        "/%00",
        "/%E2%80%A8",
        &format!("/{}", "a".repeat(2048)),
        "",
    ] {
        let answer = world.post("/auth/login", &[FORM, HTML], &form("alice", PASSWORD, next)).await;
        assert_eq!((answer.status, answer.headers("Location")), (303, vec!["/home"]), "{next}");
        let page = world.get(&format!("/auth/login?next={next}"), &[HTML]).await;
        assert!(!page.body.contains("name=\"next\""), "{next}: {}", page.body);
    }
    // These are paths of this host, also after a browser has removed the dots.
    for next in ["/..//evil.example", "/.//evil.example", "/@evil.example", "/%2525"] {
        let answer = world.post("/auth/login", &[FORM, HTML], &form("alice", PASSWORD, next)).await;
        let location = poem::http::Uri::try_from(answer.headers("Location")[0]).unwrap();
        assert_eq!((answer.status, location.authority()), (303, None), "{next}");
        let base = url::Url::parse("https://entries.example/auth/login").unwrap();
        assert_eq!(base.join(answer.headers("Location")[0]).unwrap().host_str(), Some("entries.example"), "{next}");
    }
    let page = world.get("/auth/login?next=/%22%3E%3Cscript%3E", &[HTML]).await;
    assert!(page.status == 200 && !page.body.contains("<script"), "{}", page.body);
}

#[tokio::test]
async fn r73_a_wrong_password_and_an_unknown_user_are_one_error() {
    let world = World::new().await;
    world.people.set(User::new("disabled", alice().password_hash()).disabled(true));
    let mut bodies = Vec::new();
    for (username, password) in
        [("alice", "wrong horse battery"), ("nobody", PASSWORD), ("disabled", PASSWORD), ("alice", "")]
    {
        let answer = world.post("/auth/login", &[JSON], &json(username, password)).await;
        assert_eq!((answer.status, answer.headers("Set-Cookie")), (401, vec![]));
        assert_eq!(answer.headers("WWW-Authenticate"), ["ApiKey in=\"cookie\", name=\"__Host-session\""]);
        bodies.push(answer.body);
        let page = world.post("/auth/login", &[FORM, HTML], &form("%3Cb%3E", password, "/me")).await;
        assert_eq!(page.status, 401);
        for part in [
            "role=\"alert\"",
            "The user name or the password is wrong.",
            "value=\"&lt;b&gt;\"",
            "aria-invalid=\"true\"",
            "name=\"next\" value=\"/me\"",
        ] {
            assert!(page.body.contains(part), "{part} in {}", page.body);
        }
    }
    assert!(bodies.iter().all(|body| *body == bodies[0]), "{bodies:?}");
}

#[tokio::test]
async fn r65_a_sign_in_or_sign_out_of_another_site_is_refused() {
    let world = World::new().await;
    let cookie_header = world.sign_in("alice").await;
    for origin in
        ["Sec-Fetch-Site: cross-site", "Sec-Fetch-Site: same-site", "Origin: https://evil.example", "Origin: null"]
    {
        for (path, body) in [
            ("/auth/login", form("alice", PASSWORD, "")),
            ("/auth/logout", String::new()),
            ("/auth/sessions", "end=others".to_owned()),
            ("/auth/password", format!("current={PASSWORD}&new=another")),
        ] {
            for accept in [HTML, "Accept: application/json"] {
                let answer = world.post(path, &[FORM, accept, origin, &cookie_header], &body).await;
                assert_eq!((answer.status, answer.headers("Set-Cookie")), (403, vec![]), "{path} {origin}");
            }
        }
    }
    assert_eq!(world.get("/me", &[&cookie_header]).await.status, 200);
    let own = ["Sec-Fetch-Site: same-origin", "Origin: http://localhost"];
    assert_eq!(world.post("/auth/login", &[FORM, own[0], own[1]], &form("alice", PASSWORD, "")).await.status, 200);
    // HTML forms can send text, but not JSON.
    assert_eq!(world.post("/auth/login", &["Content-Type: text/plain"], &json("alice", PASSWORD)).await.status, 400);
}

#[tokio::test]
async fn r62_sign_out_ends_the_session_and_clears_the_browser() {
    let world = World::new().await;
    let (browser, other) = (world.sign_in("alice").await, world.sign_in("alice").await);
    assert_eq!(world.get("/auth/logout", &[HTML, &browser]).await.status, 200);
    assert_eq!(world.get("/me", &[&browser]).await.status, 200, "a page that is read changes nothing");
    let answer = world.post("/auth/logout", &[FORM, HTML, &browser], "").await;
    assert_eq!((answer.status, answer.headers("Location")), (303, vec!["login?signed-out"]));
    assert_eq!(answer.headers("Clear-Site-Data"), ["\"cache\", \"storage\""]);
    assert!(
        answer.headers("Set-Cookie")[0].contains("__Host-session=; ")
            && answer.headers("Set-Cookie")[0].contains("Max-Age=0")
    );
    assert_eq!(answer.headers("Cache-Control"), ["no-store"]);
    assert!(world.get("/auth/login?signed-out", &[HTML]).await.body.contains("You have signed out."));
    assert_eq!(world.get("/me", &[&browser]).await.status, 401);
    assert_eq!(world.get("/me", &[&other]).await.status, 200);
    let answer = world.post("/auth/logout", &[FORM, &other], "").await;
    assert_eq!(answer.status, 204);
    assert_eq!(world.get("/me", &[&other]).await.status, 401);
    assert_eq!(world.post("/auth/logout", &[FORM], "").await.status, 204);
}

#[tokio::test]
async fn users_of_plugins_sign_in_with_their_own_issuer() {
    let world = World::new().await;
    let carol = world.sign_in("carol").await;
    assert_eq!(world.get("/me", &[&carol]).await.body, "carol of directory {User}");
    let asked = world.directory.asked.load(Ordering::SeqCst);
    world.sign_in("alice").await;
    assert_eq!(world.directory.asked.load(Ordering::SeqCst), asked, "the user store comes first");
    // An identity with the issuer of the user store is refused.
    let answer = world.post("/auth/login", &[JSON], &json("thief", PASSWORD)).await;
    assert_eq!((answer.status, answer.headers("Set-Cookie")), (503, vec![]));
    // The right password of a plug-in's user is no guess at the user store.
    for _ in 0..30 {
        world.sign_in("carol").await;
    }
    world.sign_in("alice").await;
}

#[tokio::test]
async fn r77_the_gravest_reason_counts() {
    let world = World::new().await;
    for (username, status, wait) in [("down", 503, "5"), ("slow", 429, "77")] {
        for accept in [HTML, "Accept: application/json"] {
            let answer = world.post("/auth/login", &[FORM, accept], &form(username, "x", "")).await;
            assert_eq!((answer.status, answer.headers("Retry-After")), (status, vec![wait]), "{username}");
        }
    }
    let page = world.post("/auth/login", &[FORM, HTML], &form("slow", "x", "")).await;
    assert!(page.body.contains("Too many attempts. Try again in 77 seconds."), "{}", page.body);
    for _ in 0..5 {
        world.post("/auth/login", &[JSON], &json("alice", "wrong horse battery")).await;
    }
    let answer = world.post("/auth/login", &[JSON], &json("alice", PASSWORD)).await;
    assert_eq!(answer.status, 429);
    assert!(answer.headers("Retry-After")[0].parse::<u64>().unwrap() <= 60);
    world.sign_in("carol").await;
}

#[tokio::test]
async fn a_user_with_a_second_factor_is_not_signed_in_by_the_password() {
    let world = World::new().await;
    let answer = world.post("/auth/login", &[FORM, HTML], &form("dora", PASSWORD, "/me")).await;
    assert_eq!((answer.status, answer.headers("Location")), (303, vec!["second-factor?next=%2Fme"]));
    let pending = cookie(&answer).unwrap();
    assert_eq!(world.get("/me", &[&pending]).await.status, 401);
    for path in ["/auth/sessions", "/auth/password"] {
        assert_ne!(world.get(path, &[&pending]).await.status, 200, "{path}");
    }
    assert_eq!(world.post("/auth/sessions", &[FORM, &pending], "end=others").await.status, 401);
    assert_eq!(world.post("/auth/password", &[FORM, &pending], "current=a&new=b").await.status, 401);
    let answer = world.post("/auth/login", &[JSON], &json("dora", PASSWORD)).await;
    assert!(answer.body.contains("\"second_factor_needed\":true"), "{}", answer.body);
}

#[tokio::test]
async fn r62_a_user_sees_and_ends_own_sessions() {
    let world = World::new().await;
    let agent = "User-Agent: Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0";
    let here = cookie(&world.post("/auth/login", &[JSON, agent], &json("alice", PASSWORD)).await).unwrap();
    let (there, of_carol) = (world.sign_in("alice").await, world.sign_in("carol").await);
    let page = world.get("/auth/sessions", &[HTML, &here]).await;
    assert!(page.body.contains("Firefox on Linux") && page.body.contains("(this browser)"), "{}", page.body);
    let listed = world.get("/auth/sessions", &[&here]).await;
    let listed: serde_json::Value = serde_json::from_str(&listed.body).unwrap();
    let sessions = listed["sessions"].as_array().unwrap();
    assert_eq!(sessions.len(), 2);
    let id = sessions.iter().find(|session| session["is_current"] == false).unwrap()["id"].as_str().unwrap();
    // A session of another user is not found.
    let end = format!("end={id}");
    let answer = world.post("/auth/sessions", &[FORM, &of_carol], &end).await;
    assert_eq!((answer.status, answer.headers("Content-Type")), (404, vec!["application/problem+json"]));
    assert!(answer.body.contains(r#""code":"unknown_session""#), "{}", answer.body);
    assert_eq!(world.get("/me", &[&there]).await.status, 200);
    let answer = world.post("/auth/sessions", &[FORM, HTML, &here], &end).await;
    assert_eq!((answer.status, answer.headers("Location")), (303, vec!["sessions?ended"]));
    assert_eq!(world.get("/me", &[&there]).await.status, 401);
    let third = world.sign_in("alice").await;
    assert_eq!(world.post("/auth/sessions", &[JSON, &here], r#"{"end": "others"}"#).await.status, 204);
    assert_eq!(world.get("/me", &[&third]).await.status, 401);
    assert_eq!(world.get("/me", &[&here]).await.status, 200);
    assert_eq!(world.get("/me", &[&of_carol]).await.status, 200);
    // A browser without a session is sent to sign in, and its cookie is deleted.
    let answer = world.get("/auth/sessions", &[HTML, &there]).await;
    assert_eq!((answer.status, answer.headers("Location")), (303, vec!["login?next=%2Fauth%2Fsessions"]));
    assert!(answer.headers("Set-Cookie")[0].contains("Max-Age=0"));
}

#[tokio::test]
async fn only_the_cookie_of_a_session_manages_sessions_and_the_password() {
    let world = World::new().await;
    let session = world.sign_in("alice").await;
    // `alice:correct horse battery`, which is a good credential of the service.
    let basic = "Authorization: Basic YWxpY2U6Y29ycmVjdCBob3JzZSBiYXR0ZXJ5";
    assert_eq!(world.get("/me", &[basic]).await.status, 200);
    assert_eq!(world.get("/auth/sessions", &[basic]).await.status, 401);
    assert_eq!(world.post("/auth/sessions", &[FORM, basic], "end=others").await.status, 401);
    let change = format!("current={}&new=a+better+one", PASSWORD.replace(' ', "+"));
    assert_eq!(world.post("/auth/password", &[FORM, basic], &change).await.status, 401);
    let twice = format!("{session}; {}", session.trim_start_matches("Cookie: "));
    assert_eq!(world.get("/auth/sessions", &[&twice]).await.status, 401);
    assert_eq!(world.post("/auth/sessions", &[FORM, &session], "end=%00").await.status, 404);
    assert_eq!(world.post("/auth/sessions", &[FORM, &session], "").await.status, 404);
    assert_eq!(world.post("/auth/sessions", &[FORM, &session], "end=others&end=x").await.status, 400);
    assert_eq!(world.get("/me", &[&session]).await.status, 200);
}

#[tokio::test]
async fn r72_a_new_password_ends_all_sessions_and_starts_one_here() {
    let world = World::new().await;
    let (here, there) = (world.sign_in("alice").await, world.sign_in("alice").await);
    let page = world.get("/auth/password", &[HTML, &here]).await;
    assert!(page.status == 200 && page.body.contains("autocomplete=\"new-password\""), "{}", page.body);
    let change = |current: &str, new: &str| format!("current={}&new={new}", current.replace(' ', "+"));
    for (current, new, status, code, text) in [
        ("wrong", "a better one", 422, "wrong_password", "The current password is wrong."),
        (PASSWORD, "short", 422, "password_rejected", "The password is too short."),
        ("many", "a better one", 429, "too_many_attempts", "Too many attempts."),
    ] {
        for accept in [HTML, "Accept: */*"] {
            let answer = world.post("/auth/password", &[FORM, accept, &here], &change(current, new)).await;
            assert!(answer.status == status && answer.body.contains(text), "{} {}", answer.status, answer.body);
            let has_code = answer.body.contains(&format!(r#""code":"{code}""#));
            assert_eq!(has_code, accept != HTML, "{}", answer.body);
        }
    }
    assert_eq!(world.get("/me", &[&here]).await.status, 200);
    let answer = world.post("/auth/password", &[FORM, HTML, &here], &change(PASSWORD, "a better one")).await;
    assert_eq!((answer.status, answer.headers("Location")), (303, vec!["password?changed"]));
    let renewed = cookie(&answer).unwrap();
    for (cookie, status) in [(&here, 401), (&there, 401), (&renewed, 200)] {
        assert_eq!(world.get("/me", &[cookie]).await.status, status);
    }
    assert!(world.people.find("alice").await.unwrap().is_some());
    assert_eq!(world.sessions.list("basic", "alice").await.unwrap().len(), 1);
    // Users of plug-ins have no password here.
    let carol = world.sign_in("carol").await;
    assert_eq!(world.post("/auth/password", &[FORM, &carol], &change(PASSWORD, "a better one")).await.status, 401);
}

#[tokio::test]
async fn bodies_and_methods_that_do_not_fit_are_refused() {
    let world = World::new().await;
    for (kind, body, status) in [
        (JSON, "{".to_owned(), 400),
        (FORM, "username=a&username=b".to_owned(), 400),
        (FORM, format!("{}&password=b", form("alice", PASSWORD, "/")), 400),
        (FORM, format!("{}&ne%78t=//evil.example", form("alice", PASSWORD, "/")), 400),
        (FORM, form("alice", "%FF", "/"), 400),
        (JSON, format!(r#"{{"username":"alice","password":"wrong","password":"{PASSWORD}"}}"#), 400),
        (JSON, format!(r#"{{"username":"alice","p\u0061ssword":"x","password":"{PASSWORD}"}}"#), 400),
        (JSON, r#"{"username":["alice"],"password":{}}"#.to_owned(), 400),
        (JSON, "[".repeat(10_000), 400),
        (JSON, String::new(), 400),
        (FORM, String::new(), 401),
        (FORM, form("alice%00", PASSWORD, "/"), 401),
        (FORM, form(&"a".repeat(10_000), PASSWORD, "/"), 401),
        (FORM, form("alice", &"a".repeat(10_000), "/"), 401),
        ("Content-Type: text/plain", form("alice", PASSWORD, "/"), 400),
        ("Content-Type: application/x-www-form-urlencoded\u{a0}", form("alice", PASSWORD, "/"), 400),
        (FORM, "a".repeat(70_000), 400),
        ("Content-Type: multipart/form-data", String::new(), 400),
    ] {
        assert_eq!(world.post("/auth/login", &[kind], &body).await.status, status);
    }
    for (chunks, status) in [(1, 401), (5, 400)] {
        let chunk = format!("4000\r\n{}\r\n", "a".repeat(0x4000)).repeat(chunks);
        let body = format!("Transfer-Encoding: chunked\r\n\r\n{chunk}0\r\n");
        let headers: [&[u8]; 3] = [b"Connection: close", FORM.as_bytes(), body.as_bytes()];
        assert_eq!(world.wire.send("POST /auth/login", &headers).await.status, status, "{chunks}");
    }
    for method in ["PUT", "DELETE", "PATCH"] {
        let answer = world.wire.send(&format!("{method} /auth/login"), &[]).await;
        assert_eq!((answer.status, answer.headers("Allow")), (405, vec!["GET, HEAD, POST"]));
    }
}
