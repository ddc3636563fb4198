//! A user's own account over HTTP: pages for browsers, JSON for programs.

use std::{
    sync::{Arc, Mutex},
    time::SystemTime,
};

use auth_runtime::{
    account::{Mail, Mailer, MemoryAccounts, PublicUrl, SelfService},
    prelude::*,
    session::MemorySessions,
    users::{User, UserStore},
};
use poem::{Endpoint, EndpointExt, Route};
use serde_json::{Value, json};
use totp_rs::{Builder, Secret};

use crate::fixture::{Answer, Auth, By, Call, Caller, call, get};

const NEW: &str = "another good pass phrase";

#[derive(Clone, Default)]
struct Sent(Arc<Mutex<Vec<Mail>>>);

impl Mailer for Sent {
    async fn send(&self, mail: Mail) -> Result<(), Unavailable> {
        self.0.lock().unwrap().push(mail);
        Ok(())
    }
}

/// An application whose users are alice and bob; bob is disabled.
struct Fixture {
    account: SelfService<MemoryAccounts>,
    store: MemoryAccounts,
    sent: Sent,
}

impl Fixture {
    fn new() -> Self {
        let user = |name: &str| User::new(name, "hash").with_verified_email(format!("{name}@example.com"));
        let store = MemoryAccounts::new([user("alice"), user("bob").disabled(true)]).unwrap();
        let (sent, url) = (Sent::default(), PublicUrl::new("https://app.example/account").unwrap());
        let account = SelfService::new(store.clone(), sent.clone(), "Book <&>", url).issuers(["users"]);
        Self { account, store, sent }
    }

    fn app(&self) -> impl Endpoint + use<> {
        let sessions = Sessions::with_store(&Basic::new(self.store.clone()), MemorySessions::new());
        let routes = self.account.routes_with_second_factor::<Auth, _, _>(&sessions, "/");
        Route::new().nest("/account", routes).with(Auth::default())
    }

    async fn mails(&self) -> Vec<Mail> {
        self.account.finish().await;
        std::mem::take(&mut *self.sent.0.lock().unwrap())
    }

    /// Returns the token of a new link for a new password.
    async fn token(&self) -> String {
        post("forgot-password", &json!({ "email": "alice@example.com" })).to(&self.app()).await;
        let [mail] = self.mails().await.try_into().unwrap();
        mail.body().split_once("?token=").unwrap().1.split_whitespace().next().unwrap().to_owned()
    }
}

fn post(path: &str, body: &Value) -> Call {
    call("POST", &format!("/account/{path}")).json(&body.to_string())
}

fn form(path: &str, body: &str) -> Call {
    let call = call("POST", &format!("/account/{path}")).header("Accept", "text/html,*/*;q=0.8");
    call.header("Content-Type", "application/x-www-form-urlencoded").text(body)
}

/// Returns alice, who signed in this many seconds ago.
fn alice(ago: i64) -> Caller {
    Caller::new("alice").issuer("users").signed_in(ago)
}

fn json_of(answer: &Answer) -> Value {
    serde_json::from_str(&answer.body).unwrap_or_else(|_| panic!("{}", answer.body))
}

/// Returns the parts of a response that a stranger sees.
fn seen(answer: &Answer) -> (u16, Vec<(String, String)>, String) {
    let text = |value: &poem::http::HeaderValue| value.to_str().unwrap().to_owned();
    let mut headers: Vec<_> = answer.headers.iter().map(|(name, value)| (name.to_string(), text(value))).collect();
    headers.sort();
    (answer.status, headers, answer.body.clone())
}

#[tokio::test]
async fn r73_the_response_is_the_same_for_known_and_unknown_addresses() {
    let fixture = Fixture::new();
    let app = fixture.app();
    let mut pages = Vec::new();
    let mut answers = Vec::new();
    for address in ["alice@example.com", "bob@example.com", "nobody@example.com"] {
        answers.push(seen(&post("forgot-password", &json!({ "email": address })).to(&app).await));
        pages.push(seen(&form("forgot-password", &format!("email={address}")).to(&app).await));
    }
    for all in [answers, pages] {
        assert_eq!(all[0].0, 200);
        assert!(all.iter().all(|answer| *answer == all[0]), "{all:?}");
    }
    assert_eq!(fixture.mails().await.len(), 2, "for alice only");
}

#[tokio::test]
async fn a_link_begins_with_the_public_url_whatever_the_request_says() {
    let fixture = Fixture::new();
    let request = post("forgot-password", &json!({ "email": "alice@example.com" }));
    let request = ["Host", "X-Forwarded-Host", "X-Original-Host"]
        .iter()
        .fold(request, |request, name| request.header(name, "evil.example"));
    let request = request.header("Forwarded", "host=evil.example;proto=http").header("X-Forwarded-Proto", "http");
    assert_eq!(request.to(&fixture.app()).await.status, 200);
    let [mail] = fixture.mails().await.try_into().unwrap();
    assert!(mail.body().contains("\nhttps://app.example/account/reset-password?token="), "{}", mail.body());
    assert!(!mail.body().contains("evil"));
}

#[tokio::test]
async fn opening_a_link_consumes_nothing_and_leaks_nothing() {
    let fixture = Fixture::new();
    let (app, token) = (fixture.app(), fixture.token().await);
    for method in ["GET", "HEAD", "GET"] {
        let path = format!("/account/reset-password?token={token}");
        let answer = call(method, &path).header("Accept", "text/html").to(&app).await;
        assert_eq!(answer.status, 200, "{method}");
        assert_eq!(answer.header("Referrer-Policy"), Some("strict-origin"));
        assert_eq!(answer.header("Cache-Control"), Some("no-store"));
        assert_eq!(answer.header("X-Content-Type-Options"), Some("nosniff"));
        let policy = answer.header("Content-Security-Policy").unwrap();
        assert!(
            policy.starts_with("default-src 'none'; style-src 'sha256-") && policy.contains("frame-ancestors 'none'")
        );
    }
    let weak = post("reset-password", &json!({ "token": token, "password": "short" })).to(&app).await;
    assert_eq!((weak.status, json_of(&weak)["code"].as_str()), (422, Some("password_rejected")));
    let done = form("reset-password", &format!("token={token}&password={}", NEW.replace(' ', "+"))).to(&app).await;
    assert_eq!(done.status, 200, "{}", done.body);
    assert_eq!(fixture.store.find("alice").await.unwrap().unwrap().current_epoch(), 1);
    let again = post("reset-password", &json!({ "token": token, "password": NEW })).to(&app).await;
    assert_eq!((again.status, json_of(&again)["code"].as_str()), (400, Some("invalid_link")));
    let page = get(&format!("/account/reset-password?token={token}")).header("Accept", "text/html").to(&app).await;
    assert_eq!(page.status, 400);
    assert!(page.body.contains("role=\"alert\"") && !page.body.contains(&token), "{}", page.body);
    // The link is wrong, and not the empty field for an address.
    assert!(page.body.contains("name=\"email\"") && !page.body.contains(" aria-invalid=\"true\""), "{}", page.body);
}

#[tokio::test]
async fn an_address_is_verified_by_a_button_and_not_by_opening_the_link() {
    let fixture = Fixture::new();
    let app = fixture.app();
    let sent = post("email", &json!({ "email": "new@example.com" })).by(By::Token, &alice(0)).to(&app).await;
    assert_eq!(sent.status, 200, "{}", sent.body);
    let [mail] = fixture.mails().await.try_into().unwrap();
    let (_, token) = mail.body().split_once("/account/verify-email?token=").unwrap();
    let token = token.split_whitespace().next().unwrap();
    let page = get(&format!("/account/verify-email?token={token}")).header("Accept", "text/html").to(&app).await;
    assert!(page.body.contains("new@example.com") && page.body.contains("<button>"), "{}", page.body);
    let email = async || fixture.store.find("alice").await.unwrap().unwrap().verified_email().map(str::to_owned);
    assert_eq!(email().await.as_deref(), Some("alice@example.com"));
    assert_eq!(form("verify-email", &format!("token={token}")).to(&app).await.status, 200);
    assert_eq!(email().await.as_deref(), Some("new@example.com"));
}

#[tokio::test]
async fn r65_a_page_of_another_site_sends_no_form() {
    let fixture = Fixture::new();
    let (app, token) = (fixture.app(), fixture.token().await);
    let paths = [
        "forgot-password",
        "reset-password",
        "verify-email",
        "email",
        "second-factor/enrolment",
        "second-factor/confirmation",
        "second-factor/recovery-codes",
        "second-factor/removal",
    ];
    for path in paths {
        for headers in [
            [("Sec-Fetch-Site", "cross-site"), ("Host", "app.example")],
            [("Origin", "https://evil.example"), ("Host", "app.example")],
        ] {
            let body = format!("email=alice@example.com&token={token}&password={NEW}&code=000000");
            let request = headers.iter().fold(form(path, &body), |request, (name, value)| request.header(name, value));
            let answer = request.by(By::Token, &alice(0)).to(&app).await;
            assert_eq!(answer.status, 403, "{path}: {}", answer.body);
        }
    }
    assert!(fixture.mails().await.is_empty());
    assert_eq!(fixture.store.find("alice").await.unwrap().unwrap().current_epoch(), 0);
}

#[tokio::test]
async fn a_service_without_sessions_has_no_second_factor() {
    // `Basic` has no place for the code, so a user with a second factor would be locked out.
    let fixture = Fixture::new();
    let app = Route::new().nest("/account", fixture.account.routes::<Auth>()).with(Auth::default());
    for path in ["second-factor", "code"] {
        assert_eq!(get(&format!("/account/{path}")).by(By::Token, &alice(0)).to(&app).await.status, 404, "{path}");
    }
    for path in ["enrolment", "confirmation"] {
        let request = post(&format!("second-factor/{path}"), &json!({})).by(By::Token, &alice(0));
        assert_eq!(request.to(&app).await.status, 404, "{path}");
    }
}

#[tokio::test]
async fn the_thief_of_a_session_cannot_add_a_second_factor_or_an_address() {
    let fixture = Fixture::new();
    let app = fixture.app();
    let paths = ["email", "second-factor/enrolment", "second-factor/confirmation"];
    for path in paths {
        let body = json!({ "email": "mallory@example.com", "code": "000000" });
        let stale = post(path, &body).by(By::Token, &alice(301)).to(&app).await;
        assert_eq!((stale.status, stale.code().as_str()), (401, "reauthentication_required"), "{path}");
        let anonymous = post(path, &body).to(&app).await;
        assert_eq!(anonymous.status, 401, "{path}");
        // The same subject, of another issuer, is another person.
        let foreign = post(path, &body).by(By::Token, &alice(0).issuer("elsewhere")).to(&app).await;
        assert_eq!((foreign.status, foreign.code().as_str()), (403, "not_allowed"), "{path}");
    }
    assert!(fixture.mails().await.is_empty());
    let status = get("/account/second-factor").by(By::Token, &alice(301)).to(&app).await;
    assert_eq!(json_of(&status), json!({ "active": false, "recovery_codes": 0 }));
}

#[tokio::test]
async fn a_second_factor_is_set_up_used_and_removed() {
    let fixture = Fixture::new();
    let app = fixture.app();
    let send = async |path: &str, body: Value| post(path, &body).by(By::Token, &alice(0)).to(&app).await;
    let enrolment = send("second-factor/enrolment", json!({})).await;
    assert_eq!(enrolment.header("Cache-Control"), Some("no-store"));
    let enrolment = json_of(&enrolment);
    let secret = Secret::try_from_base32(enrolment["secret"].as_str().unwrap().replace(' ', "")).unwrap();
    let totp = Builder::new().with_secret(secret).build().unwrap();
    let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap().as_secs();
    let code = |steps: u64| totp.generate(now + 30 * steps).to_string();

    let wrong = send("second-factor/confirmation", json!({ "code": "000000" })).await;
    assert_eq!((wrong.status, wrong.code().as_str()), (422, "wrong_code"));
    let confirmed = json_of(&send("second-factor/confirmation", json!({ "code": code(0) })).await);
    assert_eq!(confirmed["recovery_codes"].as_array().unwrap().len(), 10);
    let twice = send("second-factor/enrolment", json!({})).await;
    assert_eq!((twice.status, twice.code().as_str()), (409, "second_factor_exists"));
    let status = get("/account/second-factor").by(By::Token, &alice(0)).to(&app).await;
    assert_eq!(json_of(&status), json!({ "active": true, "recovery_codes": 10 }));
    let renewed = json_of(&send("second-factor/recovery-codes", json!({ "code": code(1) })).await);
    assert_ne!(renewed["recovery_codes"], confirmed["recovery_codes"]);
    let replayed = send("second-factor/removal", json!({ "code": code(1) })).await;
    assert_eq!(replayed.status, 422);
    assert_eq!(send("second-factor/removal", json!({ "code": renewed["recovery_codes"][0] })).await.status, 200);
    assert!(!fixture.store.find("alice").await.unwrap().unwrap().has_second_factor());
}

#[tokio::test]
async fn pages_have_labels_and_no_scripts() {
    let fixture = Fixture::new();
    let (app, token) = (fixture.app(), fixture.token().await);
    let by_alice = |call: Call| call.header("Accept", "text/html").by(By::Token, &alice(0));
    let mut pages = Vec::new();
    for path in ["forgot-password", &format!("reset-password?token={token}"), "email", "second-factor"] {
        pages.push(by_alice(get(&format!("/account/{path}"))).to(&app).await);
    }
    pages.push(form("second-factor/enrolment", "").by(By::Token, &alice(0)).to(&app).await);
    pages.push(form("second-factor/confirmation", "code=1").by(By::Token, &alice(0)).to(&app).await);
    pages.push(form("forgot-password", "email=<script>").to(&app).await);
    for page in pages {
        let html = &page.body;
        assert_eq!(page.header("Content-Type"), Some("text/html; charset=utf-8"), "{html}");
        assert!(html.starts_with("<!DOCTYPE html><html lang=\"en\">") && html.contains("Book &lt;&amp;&gt;"), "{html}");
        assert!(!html.contains("<script") && !html.contains(" style=") && !html.contains("Book <"), "{html}");
        for input in html.split("<input ").skip(1).map(|rest| rest.split('>').next().unwrap()) {
            let id = input.split_once("id=\"").map(|(_, rest)| rest.split('"').next().unwrap());
            assert!(
                input.contains("type=\"hidden\"") || html.contains(&format!("<label for=\"{}\"", id.unwrap())),
                "{input}"
            );
        }
        if page.status >= 400 {
            assert!(html.contains("role=\"alert\""), "{html}");
        }
    }
}

#[tokio::test]
async fn the_rule_of_a_new_password_is_shown_and_read_out() {
    let fixture = Fixture::new();
    let (app, token) = (fixture.app(), fixture.token().await);
    let page = get(&format!("/account/reset-password?token={token}")).header("Accept", "text/html").to(&app).await;
    assert!(page.body.contains("<p class=\"hint\" id=\"rule\">At least 8 characters."), "{}", page.body);
    assert!(page.body.contains(" aria-describedby=\"rule\">"), "{}", page.body);
    let weak = form("reset-password", &format!("token={token}&password=short")).to(&app).await;
    assert!(weak.body.contains("aria-invalid=\"true\" aria-describedby=\"error rule\""), "{}", weak.body);
}

#[tokio::test]
async fn a_body_that_cannot_be_read_is_refused() {
    let fixture = Fixture::new();
    let app = fixture.app();
    let long = format!("email={}", "a".repeat(10_000));
    for (content_type, body) in [
        ("application/json", "{"),
        ("application/json", "[]"),
        ("application/json", r#"{"email":1}"#),
        ("application/json", r#"{"email":"alice@example.com","email":"bob@example.com"}"#),
        ("application/json", r#"{"email":"alice@example.com"} {}"#),
        ("text/plain", "email=alice@example.com"),
        ("multipart/form-data; boundary=x", "email=alice@example.com"),
        ("application/x-www-form-urlencoded", "email=%FF@example.com"),
        ("application/x-www-form-urlencoded", "email=a@b.example&email=c@d.example"),
        ("application/x-www-form-urlencoded", &long),
    ] {
        let request = call("POST", "/account/forgot-password").header("Content-Type", content_type).text(body);
        let answer = request.to(&app).await;
        assert_eq!((answer.status, answer.code().as_str()), (400, "malformed_request"), "{body}");
    }
    let answer = post("forgot-password", &json!({ "email": "a@b.example\r\nBcc: c@d.example" })).to(&app).await;
    assert_eq!((answer.status, answer.code().as_str()), (422, "invalid_email"));
}

#[tokio::test]
async fn the_token_of_a_link_has_one_spelling_and_one_purpose() {
    let fixture = Fixture::new();
    let (app, token) = (fixture.app(), fixture.token().await);
    let other_case: String = token
        .chars()
        .map(|c| if c.is_ascii_lowercase() { c.to_ascii_uppercase() } else { c.to_ascii_lowercase() })
        .collect();
    for bad in [
        other_case,
        format!("{token}="),
        format!("{token}\n"),
        format!(" {token}"),
        format!("{token}\0"),
        token[1..].to_owned(),
        format!("{token}{token}"),
        "a".repeat(4000),
        String::new(),
    ] {
        let answer = post("reset-password", &json!({ "token": bad, "password": NEW })).to(&app).await;
        assert_eq!((answer.status, answer.code().as_str()), (400, "invalid_link"), "{bad:?}");
    }
    // A link for one purpose does nothing elsewhere.
    let verified = post("verify-email", &json!({ "token": token })).to(&app).await;
    assert_eq!((verified.status, verified.code().as_str()), (400, "invalid_link"));
    let page = get(&format!("/account/verify-email?token={token}")).to(&app).await;
    assert_eq!(page.status, 400);
    let request = async || post("reset-password", &json!({ "token": token, "password": NEW })).to(&app).await.status;
    let (one, two) = tokio::join!(request(), request());
    let mut statuses = [one, two];
    statuses.sort_unstable();
    assert_eq!(statuses, [200, 400], "of two at once, one succeeds");
}

#[tokio::test]
async fn a_code_that_is_sent_twice_at_once_counts_once() {
    let fixture = Fixture::new();
    let app = fixture.app();
    let send = async |path: &str, body: Value| post(path, &body).by(By::Token, &alice(0)).to(&app).await;
    let enrolment = json_of(&send("second-factor/enrolment", json!({})).await);
    let secret = Secret::try_from_base32(enrolment["secret"].as_str().unwrap().replace(' ', "")).unwrap();
    let totp = Builder::new().with_secret(secret).build().unwrap();
    let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap().as_secs();
    let confirmed = send("second-factor/confirmation", json!({ "code": totp.generate(now).to_string() })).await;
    let recovery = json_of(&confirmed)["recovery_codes"][0].as_str().unwrap().to_owned();
    let code = totp.generate(now + 30).to_string();
    let spaced = format!(" {} {}", &code[..3], &code[3..]);
    let renew = async |code: &str| send("second-factor/recovery-codes", json!({ "code": code })).await.status;
    // The same code in two spellings. A former code is refused, as if the clock had been set back.
    let (one, two) = tokio::join!(renew(&code), renew(&spaced));
    assert_eq!([one.min(two), one.max(two)], [200, 422]);
    assert_eq!(renew(&totp.generate(now).to_string()).await, 422);
    assert_eq!(renew(&recovery).await, 422, "a code of the former set");
    for bad in [format!("{code}0"), code[1..].to_owned(), "１２３４５６".to_owned(), String::new()] {
        let answer = send("second-factor/removal", json!({ "code": bad })).await;
        assert!(matches!(answer.status, 422 | 429), "{bad:?}");
    }
    assert!(fixture.store.find("alice").await.unwrap().unwrap().has_second_factor());
}

#[tokio::test]
async fn r77_too_many_requests_are_429_with_the_time_to_wait() {
    let app = Fixture::new().app();
    for address in ["alice@example.com", "nobody@example.com"] {
        let forgot = async || post("forgot-password", &json!({ "email": address })).to(&app).await;
        for _ in 0..3 {
            assert_eq!(forgot().await.status, 200);
        }
        let refused = forgot().await;
        assert_eq!((refused.status, refused.code().as_str()), (429, "too_many_attempts"));
        assert!(refused.header("Retry-After").unwrap().parse::<u64>().unwrap() > 0);
    }
}

mod sign_in {
    //! The second step of a sign-in with sessions.

    use std::time::SystemTime;

    use auth_runtime::{
        account::{MemoryAccounts, PrintMailer, PublicUrl, SecondFactorStore, SelfService},
        client_ip::ClientAddress,
        credential::BasicCredentials,
        prelude::*,
        session::{MemorySessions, NewSession, Sessions, SignInPages},
        users::User,
    };
    use poem::{
        Endpoint, EndpointExt, IntoEndpoint, Request, Response, Route, endpoint::make, get, handler, post,
        test::TestClient,
    };
    use totp_rs::{Builder, Secret, Totp};

    const PASSWORD: &str = "correct horse battery";

    type Browsers = Sessions<MemoryAccounts, MemorySessions>;

    #[derive(Auth, Clone)]
    struct Auth {
        #[scheme(cookie = "__Host-session")]
        session: Browsers,
    }

    #[protected(acr("mfa"))]
    #[handler]
    fn vault(caller: Principal<Auth>) -> String {
        caller.acr().unwrap_or_default().to_owned()
    }

    struct Application {
        account: SelfService<MemoryAccounts>,
        users: Basic<MemoryAccounts>,
        store: MemoryAccounts,
        sessions: Browsers,
        totp: Totp,
        recovery: String,
    }

    fn now() -> u64 {
        SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap().as_secs()
    }

    impl Application {
        async fn new() -> Self {
            let store = MemoryAccounts::new([User::with_password("alice", PASSWORD).unwrap()]).unwrap();
            let url = PublicUrl::new("https://app.example").unwrap();
            let account = SelfService::new(store.clone(), PrintMailer, "Entry book", url);
            let enrolment = account.begin_enrolment("alice").await.unwrap();
            let secret = Secret::try_from_base32(enrolment.secret().replace(' ', "")).unwrap();
            let totp = Builder::new().with_secret(secret).build().unwrap();
            let code = totp.generate(now()).to_string();
            let codes = account.confirm_enrolment(ClientAddress::UNKNOWN, "alice", &code).await.unwrap();
            let users = Basic::new(store.clone());
            let sessions = Sessions::with_store(&users, MemorySessions::new());
            let recovery = codes.iter().next().unwrap().to_owned();
            Self { account, users, store, sessions, totp, recovery }
        }

        fn app(&self) -> impl Endpoint + use<> {
            let auth = Auth { session: self.sessions.clone() };
            let (users, sessions) = (self.users.clone(), self.sessions.clone());
            let password = make(move |request: Request| {
                let (users, sessions) = (users.clone(), sessions.clone());
                async move {
                    let credentials = BasicCredentials::new("alice", PASSWORD);
                    let user = users.verify_first_factor(&credentials, ClientAddress::UNKNOWN).await.unwrap();
                    let mut response = Response::default();
                    let pending = NewSession::of_user(&user).methods(["pwd"]);
                    sessions.start(&request, pending).await.unwrap().add_to(&mut response);
                    response
                }
            });
            let routes = Route::new().at("/password", post(password)).at("/vault", get(vault));
            routes.at("/code", self.account.code_endpoint(&self.sessions, "/home")).with(auth).into_endpoint()
        }
    }

    /// Returns the cookie of a response, as the browser sends it back.
    fn cookie(response: &poem::test::TestResponse) -> String {
        let cookie = response.0.headers()["set-cookie"].to_str().unwrap();
        cookie.split(';').next().unwrap().to_owned()
    }

    #[tokio::test]
    async fn r16_a_code_completes_the_sign_in() {
        let application = Application::new().await;
        let client = TestClient::new(application.app());
        let pending = cookie(&client.post("/password").send().await);
        // A pending session admits to nothing.
        client
            .get("/vault")
            .header("Cookie", &pending)
            .send()
            .await
            .assert_status(poem::http::StatusCode::UNAUTHORIZED);
        let enter = async |cookie: &str, code: &str| {
            let request = client.post("/code").header("Cookie", cookie).header("Accept", "text/html");
            let request = request.header("Content-Type", "application/x-www-form-urlencoded");
            request.body(format!("code={code}")).send().await
        };
        let page = client.get("/code").header("Cookie", &pending).header("Accept", "text/html").send().await;
        page.assert_status_is_ok();
        assert_eq!(enter(&pending, "000000").await.0.status(), 422);
        let done = enter(&pending, &application.totp.generate(now() + 30).to_string()).await;
        assert_eq!((done.0.status(), done.0.header("Location")), (poem::http::StatusCode::SEE_OTHER, Some("/home")));
        let session = cookie(&done);
        assert_ne!(session, pending);
        client.get("/vault").header("Cookie", &session).send().await.assert_text("mfa").await;
        // The pending session has ended, and a session that is complete takes no code.
        for ended in [&pending, &session] {
            assert_eq!(enter(ended, &application.recovery).await.0.status(), 403);
        }
        client
            .get("/vault")
            .header("Cookie", &pending)
            .send()
            .await
            .assert_status(poem::http::StatusCode::UNAUTHORIZED);
    }

    #[tokio::test]
    async fn the_page_after_the_code_is_one_of_this_origin() {
        for (next, location) in [("/vault", "/vault"), ("//evil.example", "/home"), ("https://evil.example", "/home")] {
            let application = Application::new().await;
            let client = TestClient::new(application.app());
            let pending = cookie(&client.post("/password").send().await);
            let request =
                client.post(format!("/code?next={next}")).header("Cookie", &pending).header("Accept", "text/html");
            let request = request.header("Content-Type", "application/x-www-form-urlencoded");
            let done = request.body(format!("code={}", application.recovery)).send().await;
            assert_eq!(done.0.header("Location"), Some(location), "{next}");
        }
    }

    #[tokio::test]
    async fn the_sign_in_page_leads_to_the_code() {
        let application = Application::new().await;
        let pages = SignInPages::new(&application.sessions);
        let auth = Auth { session: application.sessions.clone() };
        let routes = Route::new().at("/login", pages.login()).at("/vault", get(vault));
        let routes = routes.at("/code", application.account.code_endpoint(&application.sessions, "/"));
        let client = TestClient::new(routes.with(auth));
        let form = |path: &str| {
            let request = client.post(path.to_owned()).header("Accept", "text/html");
            request.header("Content-Type", "application/x-www-form-urlencoded")
        };
        let signed_in = form("/login").body(format!("username=alice&password={PASSWORD}&next=/vault")).send().await;
        assert_eq!(signed_in.0.header("Location"), Some("code?next=%2Fvault"));
        let pending = cookie(&signed_in);
        client
            .get("/vault")
            .header("Cookie", &pending)
            .send()
            .await
            .assert_status(poem::http::StatusCode::UNAUTHORIZED);
        let code = application.totp.generate(now() + 30);
        let code = form("/code?next=%2Fvault").header("Cookie", &pending).body(format!("code={code}"));
        let done = code.send().await;
        assert_eq!(done.0.header("Location"), Some("/vault"));
        client.get("/vault").header("Cookie", cookie(&done)).send().await.assert_text("mfa").await;
    }

    #[tokio::test]
    async fn a_sign_in_does_not_outlast_the_password() {
        let application = Application::new().await;
        let client = TestClient::new(application.app());
        let pending = cookie(&client.post("/password").send().await);
        let user = auth_runtime::users::UserStore::find(&application.store, "alice").await.unwrap().unwrap();
        auth_runtime::account::AccountStore::replace_password(&application.store, &user, "hash").await.unwrap();
        let request = client
            .post("/code")
            .header("Cookie", &pending)
            .body_json(&serde_json::json!({ "code": application.recovery }));
        request.send().await.assert_status(poem::http::StatusCode::FORBIDDEN);
        assert_eq!(application.store.second_factor("alice").await.unwrap().unwrap().recovery_codes, 10);
    }
}

mod tokens {
    //! Tokens of the users of the store.

    use std::time::SystemTime;

    use auth_runtime::{
        account::{MemoryAccounts, PrintMailer, PublicUrl, SelfService},
        jwt::TokenIssuer,
        prelude::*,
        session::MemorySessions,
        users::{User, UserTokens},
    };
    use poem::{EndpointExt, Route, test::TestClient};
    use serde_json::json;

    permissions! {
        enum Permission { View = "view" }
    }

    roles! {
        enum Role: Permission { Viewer = "Viewer" => [View] }
    }

    #[derive(Auth, Clone)]
    #[auth(permissions = Permission, roles = Role)]
    struct Auth {
        #[scheme(bearer)]
        token: UserTokens<MemoryAccounts>,
    }

    #[tokio::test]
    async fn a_token_for_another_program_does_not_manage_the_account() {
        let alice = User::new("alice", "hash").roles(["Viewer"]);
        let store = MemoryAccounts::new([alice.clone()]).unwrap();
        let issuer = TokenIssuer::hs256("0Zr9Pq4cWv1XsT7uKb3Ln6Yd8Gf2HjMa").unwrap();
        let issuer = issuer.issuer("https://issuer.example").audience("entries");
        let url = PublicUrl::new("https://app.example").unwrap();
        let account =
            SelfService::new(store.clone(), PrintMailer, "Entry book", url).issuers(["https://issuer.example"]);
        let sessions = Sessions::with_store(&Basic::new(store.clone()), MemorySessions::new());
        let auth = Auth { token: UserTokens::new(issuer.verifier(), store).unwrap() };
        let routes = account.routes_with_second_factor::<Auth, _, _>(&sessions, "/");
        let client = TestClient::new(Route::new().nest("/account", routes).with(auth));
        let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap().as_secs();
        let token = || issuer.token_of(&alice).client_id("web").auth_time(now);
        let email = async |token: String| {
            let request = client.post("/account/email").header("Authorization", format!("Bearer {token}"));
            request.body_json(&json!({ "email": "mallory@evil.example" })).send().await.0.status().as_u16()
        };
        assert_eq!(email(token().limited_to(["view"]).sign().unwrap()).await, 403);
        let limited = format!("Bearer {}", token().limited_to(["view"]).sign().unwrap());
        for path in ["enrolment", "confirmation", "recovery-codes", "removal"] {
            let request = client.post(format!("/account/second-factor/{path}")).header("Authorization", &limited);
            let answer = request.body_json(&json!({ "code": "000000" })).send().await;
            assert_eq!(answer.0.status(), 403, "{path}");
        }
        for path in ["email", "second-factor"] {
            let answer = client.get(format!("/account/{path}")).header("Authorization", &limited).send().await;
            assert_eq!(answer.0.status(), 403, "{path}");
        }
        assert_eq!(email(token().sign().unwrap()).await, 200);
        account.finish().await;
    }
}
