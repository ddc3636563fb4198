//! The pages for signing in, and for a user's account, as one call mounts them: over real HTTP.

use std::{
    sync::{
        Arc, Mutex,
        atomic::{AtomicUsize, Ordering},
    },
    time::{Duration, SystemTime},
};

use auth_runtime::{
    account::{Mail, Mailer, MemoryAccounts, PublicUrl, SelfService},
    client_ip::ClientAddress,
    prelude::*,
    session::{ChangePassword, ChangePasswordError, HookFuture, MemorySessions, Page, SignInPages},
    users::{Passwords, User},
};
use poem::{EndpointExt, Route, get, handler};
use poem_openapi::{OpenApi, payload::PlainText};
use totp_rs::{Builder, Secret, Totp};

use crate::wire::{Received, Wire};

const PASSWORD: &str = "correct horse battery";
const FORM: &str = "Content-Type: application/x-www-form-urlencoded";
const HTML: &str = "Accept: text/html,application/xhtml+xml,*/*;q=0.8";

type Browsers = Sessions<MemoryAccounts, MemorySessions>;

#[derive(Auth, Clone)]
struct Auth {
    #[scheme(cookie = "__Host-session")]
    session: Browsers,
}

struct Api;

#[protected]
#[OpenApi(prefix_path = "/auth")]
impl Api {
    #[public(reason = "a path of the API beside those of the pages")]
    #[oai(path = "/token", method = "get")]
    async fn token(&self) -> PlainText<&'static str> {
        PlainText("of the API")
    }
}

#[derive(Clone, Default)]
struct Outgoing {
    mails: Arc<Mutex<Vec<Mail>>>,
    /// The number of attempts that are still refused.
    refused: Arc<AtomicUsize>,
    attempts: Arc<AtomicUsize>,
}

impl Mailer for Outgoing {
    async fn send(&self, mail: Mail) -> Result<(), Unavailable> {
        self.attempts.fetch_add(1, Ordering::SeqCst);
        if self.refused.fetch_update(Ordering::SeqCst, Ordering::SeqCst, |left| left.checked_sub(1)).is_ok() {
            return Err(Unavailable::new("connection refused"));
        }
        self.mails.lock().unwrap().push(mail);
        Ok(())
    }
}

/// A new password that `Strict` accepts.
const LONG: &str = "a much longer pass phrase";

/// Accepts one new password, and has its own minimum.
struct Strict;

impl ChangePassword for Strict {
    fn change_password<'a>(
        &'a self,
        _: &'a User,
        _: ClientAddress,
        current: &'a str,
        new: &'a str,
    ) -> HookFuture<'a, Result<(), ChangePasswordError>> {
        Box::pin(async move {
            match (current, new) {
                (PASSWORD, LONG) => Ok(()),
                (PASSWORD, _) => Err(ChangePasswordError::NotAccepted("the password is too short".to_owned())),
                _ => Err(ChangePasswordError::WrongPassword),
            }
        })
    }

    fn min_password_len(&self) -> usize {
        15
    }
}

struct World {
    wire: Wire,
    account: SelfService<MemoryAccounts>,
    mails: Outgoing,
    now: Arc<Mutex<SystemTime>>,
}

impl World {
    async fn new() -> Self {
        Self::with(|pages| pages).await
    }

    async fn with(
        change: impl FnOnce(SignInPages<MemoryAccounts, MemorySessions>) -> SignInPages<MemoryAccounts, MemorySessions>,
    ) -> Self {
        Self::at("https://app.example/auth", change).await
    }

    async fn at(
        url: &str,
        change: impl FnOnce(SignInPages<MemoryAccounts, MemorySessions>) -> SignInPages<MemoryAccounts, MemorySessions>,
    ) -> Self {
        let alice = User::with_password("alice", PASSWORD).unwrap().with_verified_email("alice@example.com");
        let store = MemoryAccounts::new([alice]).unwrap().with_passwords(Passwords::new().min_len(15));
        let now = Arc::new(Mutex::new(SystemTime::now()));
        let clock = Arc::clone(&now);
        let session = Sessions::with_store(&Basic::new(store.clone()).issuer("people"), MemorySessions::new());
        let auth = Auth { session: session.clock(move || *clock.lock().unwrap()) };
        let mails = Outgoing::default();
        let url = PublicUrl::new(url).unwrap();
        let account = SelfService::new(store, mails.clone(), "Book <&>", url);
        let pages = change(SignInPages::new(&auth.session).change_password(Strict).account(&auth, &account));
        let app = Route::new().nest("/", auth.service(Api, "Book", "1.0")).with(pages);
        Self { wire: Wire::serve(app).await, account, mails, now }
    }

    async fn get(&self, path: &str, cookie: &str) -> Received {
        self.wire.send(&format!("GET {path}"), &[HTML.as_bytes(), cookie.as_bytes()]).await
    }

    async fn post(&self, path: &str, cookie: &str, body: &str) -> Received {
        self.wire.send_body(&format!("POST {path}"), &[FORM, HTML, cookie], body).await
    }

    async fn sign_in(&self) -> (Received, String) {
        let answer = self.post("/auth/login", "X: y", &format!("username=alice&password={PASSWORD}")).await;
        let cookie = cookie(&answer);
        (answer, cookie)
    }

    /// Sets up an app, and returns it with a recovery code.
    async fn enrol(&self) -> (Totp, String) {
        let enrolment = self.account.begin_enrolment("alice").await.unwrap();
        let secret = Secret::try_from_base32(enrolment.secret().replace(' ', "")).unwrap();
        let totp = Builder::new().with_secret(secret).build().unwrap();
        let code = totp.generate(seconds()).to_string();
        let codes = self.account.confirm_enrolment(ClientAddress::UNKNOWN, "alice", &code).await.unwrap();
        (totp, codes.iter().next().unwrap().to_owned())
    }

    fn set_clock(&self, time: SystemTime) {
        *self.now.lock().unwrap() = time;
    }
}

fn seconds() -> u64 {
    SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap().as_secs()
}

/// Returns the header that sends the cookie of a response back.
fn cookie(answer: &Received) -> String {
    let set = answer.headers("Set-Cookie");
    let set = set.first().unwrap_or_else(|| panic!("no cookie: {}", answer.head));
    format!("Cookie: {}", set.split(';').next().unwrap())
}

/// Returns the value of an attribute of an element.
fn attribute<'a>(element: &'a str, name: &str) -> Option<&'a str> {
    let (_, rest) = element.split_once(&format!(" {name}=\""))?;
    rest.split('"').next()
}

/// Fails if a screen reader, or a browser with a strict content policy, would stumble over the page.
fn assert_accessible(page: &Received) {
    let html = &page.body;
    assert_eq!(page.headers("Content-Type"), ["text/html; charset=utf-8"], "{html}");
    let policy = page.headers("Content-Security-Policy");
    assert!(policy.len() == 1 && policy[0].starts_with("default-src 'none'; style-src 'sha256-"), "{policy:?}");
    assert!(policy[0].contains("frame-ancestors 'none'") && policy[0].contains("base-uri 'none'"), "{policy:?}");
    assert_eq!(page.headers("Cache-Control"), ["no-store"], "{html}");
    assert!(html.starts_with("<!DOCTYPE html><html lang=\"en\">"), "{html}");
    let title = html.split_once("<title>").and_then(|(_, rest)| rest.split_once("</title>")).unwrap().0;
    assert!(title.ends_with(" · Book &lt;&amp;&gt;"), "{title}");
    assert_eq!((html.matches("<h1>").count(), html.matches("<main").count()), (1, 1), "{html}");
    for forbidden in ["<script", " style=", " onclick=", "javascript:", "Book <"] {
        assert!(!html.contains(forbidden), "{forbidden}: {html}");
    }
    let ids: Vec<&str> = html.split('<').filter_map(|element| attribute(element, "id")).collect();
    for input in html.split("<input").skip(1).map(|rest| rest.split('>').next().unwrap()) {
        if attribute(input, "type") == Some("hidden") || input.contains(" hidden") {
            continue;
        }
        let id = attribute(input, "id").unwrap_or_else(|| panic!("no id: {input}"));
        assert!(html.contains(&format!("<label for=\"{id}\">")), "no label: {input}");
        assert!(attribute(input, "autocomplete").is_some(), "{input}");
        for described in attribute(input, "aria-describedby").into_iter().flat_map(|ids| ids.split(' ')) {
            assert!(ids.contains(&described), "{described} is missing: {html}");
        }
    }
    let distinct: std::collections::BTreeSet<_> = ids.iter().collect();
    assert_eq!(distinct.len(), ids.len(), "an id twice: {ids:?}");
    // An error is announced, and the title begins with it.
    assert_eq!(title.starts_with("Error: "), page.status >= 400, "{title}");
    assert_eq!(html.contains("role=\"alert\""), page.status >= 400, "{html}");
    assert_eq!(html.matches(" autofocus").count(), usize::from(html.contains(" autofocus")), "{html}");
}

#[tokio::test]
async fn each_page_can_be_read_by_a_screen_reader_and_has_a_strict_policy() {
    let world = World::new().await;
    let none = "X: y";
    for path in ["login", "logout", "forgot-password", "reset-password", "verify-email", "code"] {
        assert_accessible(&world.get(&format!("/auth/{path}"), none).await);
    }
    assert_accessible(&world.post("/auth/login", none, "username=alice&password=wrong").await);
    assert_accessible(&world.post("/auth/forgot-password", none, "email=nobody").await);
    assert_accessible(&world.post("/auth/forgot-password", none, "email=alice@example.com").await);
    world.account.finish().await;
    let mail = world.mails.mails.lock().unwrap().pop().unwrap();
    let token = mail.body().split_once("?token=").unwrap().1.split_whitespace().next().unwrap().to_owned();
    assert_accessible(&world.get(&format!("/auth/reset-password?token={token}"), none).await);
    assert_accessible(&world.post("/auth/reset-password", none, &format!("token={token}&password=short")).await);
    let (_, session) = world.sign_in().await;
    for path in ["sessions", "password", "email", "second-factor", "logout"] {
        let page = world.get(&format!("/auth/{path}"), &session).await;
        assert_eq!(page.status, 200, "{path}: {}", page.body);
        assert_accessible(&page);
    }
    assert_accessible(&world.post("/auth/password", &session, "current=wrong&new=short").await);
    assert_accessible(&world.post("/auth/password", &session, &format!("current={PASSWORD}&new=short")).await);
    assert_accessible(&world.post("/auth/email", &session, "email=nobody").await);
    assert_accessible(&world.post("/auth/email", &session, "email=alice@example.org").await);
    assert_accessible(&world.post("/auth/second-factor/enrolment", &session, "").await);
    assert_accessible(&world.post("/auth/second-factor/confirmation", &session, "code=1").await);
    let (totp, recovery) = world.enrol().await;
    let (_, pending) = world.sign_in().await;
    assert_accessible(&world.get("/auth/code", &pending).await);
    assert_accessible(&world.post("/auth/code", &pending, "code=1").await);
    let session = cookie(&world.post("/auth/code", &pending, &format!("code={}", totp.generate(seconds() + 30))).await);
    assert_accessible(&world.get("/auth/second-factor", &session).await);
    assert_accessible(&world.post("/auth/second-factor/removal", &session, "code=1").await);
    assert_accessible(&world.post("/auth/second-factor/recovery-codes", &session, "code=1").await);
    assert_accessible(&world.post("/auth/second-factor/removal", &session, &format!("code={recovery}")).await);
}

#[tokio::test]
async fn an_api_keeps_its_paths_beside_the_pages() {
    let world = World::new().await;
    let answer = world.wire.send("GET /auth/token", &[]).await;
    assert_eq!((answer.status, &*answer.body), (200, "of the API"));
    assert_eq!(world.get("/auth", "X: y").await.status, 404);
    assert_eq!(world.get("/auth/login/", "X: y").await.status, 404);
    assert_eq!(world.get("/login", "X: y").await.status, 404);
    let url = "https://app.example/behind/proxy/app/auth";
    let moved = World::at(url, |pages| pages.path("/app/auth").own_page("login", get(own_page))).await;
    assert!(moved.get("/app/auth/login", "X: y").await.body.contains("Come in"));
    assert_eq!(moved.get("/auth/login", "X: y").await.status, 404);
}

#[handler]
fn own_page() -> Page {
    Page::new("Book", "Come in")
}

#[tokio::test]
async fn an_own_page_replaces_what_a_browser_sees_and_nothing_else() {
    let world = World::with(|pages| pages.own_page("login", get(own_page))).await;
    let page = world.get("/auth/login", "X: y").await;
    assert!(page.body.contains("<h1>Come in</h1>"), "{}", page.body);
    let (answer, session) = world.sign_in().await;
    assert_eq!((answer.status, answer.headers("Location")), (303, vec!["/"]));
    assert_eq!(world.get("/auth/sessions", &session).await.status, 200);
}

#[tokio::test]
#[should_panic = "the pages are below \"/account\", but links in mails would begin with https://app.example/auth"]
async fn links_in_mails_that_would_lead_elsewhere_stop_the_start() {
    World::with(|pages| pages.path("/account")).await;
}

#[tokio::test]
#[should_panic = "`own_page` replaces \"/auth/sign-in\", but there is no such page"]
async fn an_own_page_that_replaces_nothing_stops_the_start() {
    World::with(|pages| pages.own_page("sign-in", get(own_page))).await;
}

#[test]
fn a_path_that_pages_cannot_have_stops_the_start() {
    let store = MemoryAccounts::default();
    let session = Sessions::with_store(&Basic::new(store), MemorySessions::new());
    for path in ["", "/", "auth", "//auth", "/auth/", "/auth?x", "/au th"] {
        let pages = SignInPages::new(&session);
        let built = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| pages.path(path)));
        assert!(built.is_err(), "{path:?}");
    }
}

#[tokio::test]
async fn the_hint_names_the_minimum_of_the_store() {
    let world = World::new().await;
    let (_, session) = world.sign_in().await;
    let page = world.get("/auth/password", &session).await;
    assert!(page.body.contains("At least 15 characters."), "{}", page.body);
    world.post("/auth/forgot-password", "X: y", "email=alice@example.com").await;
    world.account.finish().await;
    let mail = world.mails.mails.lock().unwrap().pop().unwrap();
    let token = mail.body().split_once("?token=").unwrap().1.split_whitespace().next().unwrap().to_owned();
    let page = world.get(&format!("/auth/reset-password?token={token}"), "X: y").await;
    assert!(page.body.contains("At least 15 characters."), "{}", page.body);
}

#[tokio::test]
async fn an_error_stands_at_the_field_that_is_wrong() {
    let world = World::new().await;
    let (_, session) = world.sign_in().await;
    for (body, wrong) in [("current=x&new=y".to_owned(), "current"), (format!("current={PASSWORD}&new=y"), "new")] {
        let page = world.post("/auth/password", &session, &body).await;
        let (before, after) = page.body.split_once("role=\"alert\"").unwrap();
        assert!(before.rsplit("<label for=\"").next().unwrap().starts_with(wrong), "{before}");
        let input = after.split("<input").nth(1).unwrap();
        assert_eq!((attribute(input, "id"), attribute(input, "aria-invalid")), (Some(wrong), Some("true")));
        assert_eq!(page.body.matches("aria-invalid=\"true\"").count(), 1);
    }
}

#[tokio::test]
async fn r72_a_user_gets_a_mail_about_a_password_changed_on_the_page() {
    let world = World::new().await;
    let (_, session) = world.sign_in().await;
    for (body, status, mails) in [
        (format!("current=wrong&new={LONG}"), 422, 0),
        (format!("current={PASSWORD}&new=short"), 422, 0),
        (format!("current={PASSWORD}&new={LONG}"), 303, 1),
    ] {
        assert_eq!(world.post("/auth/password", &session, &body).await.status, status, "{body}");
        world.account.finish().await;
        assert_eq!(world.mails.mails.lock().unwrap().len(), mails, "{body}");
    }
    let mail = world.mails.mails.lock().unwrap().pop().unwrap();
    assert_eq!((mail.to().as_str(), mail.subject()), ("alice@example.com", "Book <&>: your password was replaced"));
    assert!(mail.body().contains("Your user name is alice.") && !mail.body().contains(LONG), "{}", mail.body());
}

#[tokio::test]
async fn pages_without_a_session_lead_to_the_sign_in() {
    let world = World::new().await;
    for path in ["forgot-password", "reset-password", "code"] {
        let page = world.get(&format!("/auth/{path}"), "X: y").await;
        assert!(page.body.contains("<a href=\"login\">Sign in</a>"), "{path}: {}", page.body);
    }
    let sent = world.post("/auth/forgot-password", "X: y", "email=alice@example.com").await;
    assert!(sent.body.contains("<a href=\"login\">Sign in</a>"), "{}", sent.body);
    let sign_in = world.get("/auth/login", "X: y").await;
    assert!(sign_in.body.contains("<a href=\"forgot-password\">Forgot your password?</a>"), "{}", sign_in.body);
}

#[tokio::test]
async fn a_form_that_needs_a_newer_sign_in_leads_a_browser_to_it() {
    let world = World::new().await;
    world.set_clock(SystemTime::now() - Duration::from_mins(6));
    let (_, session) = world.sign_in().await;
    world.set_clock(SystemTime::now());
    let form = world.post("/auth/second-factor/enrolment", &session, "").await;
    let there = vec!["/auth/login?next=%2Fauth%2Fsecond-factor"];
    let email = world.post("/auth/email", &session, "address=alice%40example.com").await;
    assert_eq!((email.status, email.headers("Location")), (303, vec!["/auth/login?next=%2Fauth%2Femail"]));
    assert_eq!((form.status, form.headers("Location")), (303, there));
    let page = world.get("/auth/email", &session).await;
    assert_eq!((page.status, page.headers("Location")), (303, vec!["/auth/login?next=%2Fauth%2Femail"]));
    let program = world.wire.send_body("POST /auth/second-factor/enrolment", &[FORM, &session], "").await;
    assert_eq!((program.status, program.headers("Location")), (401, vec![]));
    let basic = "Authorization: Basic YWxpY2U6eA==";
    let program = world.wire.send_body("POST /auth/second-factor/enrolment", &[FORM, HTML, basic], "").await;
    assert_eq!((program.status, program.headers("Location")), (401, vec![]));
    // A page of another site learns nothing, and moves nobody on.
    let cross = ["Sec-Fetch-Site: cross-site", FORM, HTML, &session];
    let foreign = world.wire.send_body("POST /auth/second-factor/enrolment", &cross, "").await;
    assert_eq!((foreign.status, foreign.headers("Location")), (403, vec![]), "{}", foreign.body);
}

#[tokio::test]
async fn r16_the_sign_in_page_leads_to_the_code_and_on() {
    let world = World::new().await;
    let (totp, recovery) = world.enrol().await;
    let (answer, pending) = world.sign_in().await;
    assert_eq!(answer.headers("Location"), ["code?next=%2F"]);
    for path in ["sessions", "password", "email", "second-factor"] {
        let refused = world.get(&format!("/auth/{path}"), &pending).await;
        assert_eq!(refused.status, 303, "{path}: {}", refused.body);
    }
    let done = world.post("/auth/code?next=%2Fx", &pending, &format!("code={}", totp.generate(seconds() + 30))).await;
    assert_eq!((done.status, done.headers("Location")), (303, vec!["/x"]));
    let page = world.get("/auth/second-factor", &cookie(&done)).await;
    assert!(page.body.contains("You have 10 recovery codes."), "{}", page.body);
    let (_, pending) = world.sign_in().await;
    let done = world.post("/auth/code", &pending, &format!("code={recovery}")).await;
    assert_eq!((done.status, done.headers("Location")), (303, vec!["/"]));
    let page = world.get("/auth/second-factor", &cookie(&done)).await;
    assert!(page.body.contains("You have 9 recovery codes."), "{}", page.body);
}

#[tokio::test]
async fn a_refused_mail_is_sent_again_and_at_most_three_times() {
    for (refused, sent, attempts) in [(0, 1, 1), (2, 1, 3), (9, 0, 3)] {
        let world = World::new().await;
        world.mails.refused.store(refused, Ordering::SeqCst);
        let answer = world.post("/auth/forgot-password", "X: y", "email=alice@example.com").await;
        assert_eq!(answer.status, 200, "the answer does not wait for the mail");
        world.account.finish().await;
        assert_eq!(world.mails.mails.lock().unwrap().len(), sent, "{refused}");
        assert_eq!(world.mails.attempts.load(Ordering::SeqCst), attempts, "{refused}");
    }
}
