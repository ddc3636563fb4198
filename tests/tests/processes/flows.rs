//! Each flow of a browser, with requests to both processes in turn: what one process does counts in the other.

use std::{
    net::IpAddr,
    sync::atomic::{AtomicUsize, Ordering},
    time::{Duration, SystemTime},
};

use serde_json::{Value, json};
use totp_rs::{Builder, Secret, Totp};

use crate::{
    database::TestDatabase,
    process::{Answer, Body, Caller},
    world::{Client, PASSWORD, World, form},
};

const NEW: &str = "another good pass phrase";

/// A browser of alice.
struct Browser {
    world: World,
    address: IpAddr,
    turn: AtomicUsize,
}

impl Browser {
    async fn new(database: &TestDatabase) -> Self {
        let world = World::new(database, Duration::ZERO, Duration::from_mins(1)).await;
        world.add_user("alice").await;
        Self { world, address: IpAddr::from([10, 0, 0, 1]), turn: AtomicUsize::new(0) }
    }

    /// Returns the process that was not asked last.
    fn next(&self) -> Client<'_> {
        self.process(self.turn.fetch_add(1, Ordering::Relaxed) % 2)
    }

    fn process(&self, here: usize) -> Client<'_> {
        Client { process: &self.world.processes[here], address: self.address }
    }

    async fn sign_in(&self, password: &str) -> Answer {
        self.next().sign_in("alice", password, None).await.expect("an answer")
    }

    /// Signs in, and returns the cookie.
    async fn cookie(&self) -> String {
        self.sign_in(PASSWORD).await.cookie()
    }

    async fn get(&self, path: &str, cookie: &str) -> Answer {
        let client = self.next();
        client.process.get(path, &client.caller().by_cookie(cookie)).await.expect("an answer")
    }

    async fn post(&self, path: &str, cookie: &str, fields: &[(&str, &str)]) -> Answer {
        let client = self.next();
        client.process.post(path, &client.caller().by_cookie(cookie), &form(fields)).await.expect("an answer")
    }

    /// Sends a form to both processes at once.
    async fn post_to_both(&self, path: &str, cookies: [&str; 2], fields: &[(&str, &str)]) -> [Answer; 2] {
        let [one, other] = [0, 1].map(|here| (self.process(here), form(fields), cookies[here]));
        let send = async |(client, body, cookie): &(Client<'_>, Body, &str)| {
            client.process.post(path, &client.caller().by_cookie(cookie), body).await.expect("an answer")
        };
        let (one, other) = tokio::join!(send(&one), send(&other));
        [one, other]
    }

    /// Returns the statuses of both processes for a session.
    async fn statuses(&self, cookie: &str) -> [u16; 2] {
        [self.get("/auth/me", cookie).await.status, self.get("/auth/me", cookie).await.status]
    }

    /// Returns the token of the only mail that was sent.
    async fn token(&self) -> String {
        let mut mails = Vec::new();
        for process in &self.world.processes {
            let sent = process.get("/test/mails", &Caller::anonymous(self.address)).await.expect("an answer");
            mails.extend(sent.json.as_array().expect("a list").clone());
        }
        let [mail] = &mails[..] else { panic!("{mails:?}") };
        let (_, rest) = mail[1].as_str().expect("a text").split_once("?token=").expect("a link");
        rest.split_whitespace().next().expect("a token").to_owned()
    }
}

fn sorted(answers: [Answer; 2]) -> [u16; 2] {
    let mut statuses = answers.map(|answer| answer.status);
    statuses.sort_unstable();
    statuses
}

pub(crate) async fn r62_user_signs_in_and_ends_sessions(database: TestDatabase) {
    let browser = Browser::new(&database).await;
    assert_eq!(browser.sign_in("wrong horse battery staple").await.status, 401);
    let [first, second, third] = [browser.cookie().await, browser.cookie().await, browser.cookie().await];
    for cookie in [&first, &second, &third] {
        assert_eq!(browser.statuses(cookie).await, [200, 200]);
    }
    let listed = browser.get("/auth/sessions", &first).await;
    let sessions = listed.json["sessions"].as_array().expect("a list").clone();
    assert_eq!(sessions.len(), 3);
    let other = sessions.iter().find(|session| session["is_current"] == false).expect("another one");
    let ended = browser.post("/auth/sessions", &first, &[("end", other["id"].as_str().expect("an id"))]).await;
    assert_eq!(ended.status, 204);
    let mut others = [browser.statuses(&second).await, browser.statuses(&third).await];
    others.sort_unstable();
    assert_eq!(others, [[200, 200], [401, 401]]);
    assert_eq!(browser.post("/auth/sessions", &first, &[("end", "others")]).await.status, 204);
    assert_eq!([browser.statuses(&second).await, browser.statuses(&third).await], [[401, 401]; 2]);
    // A sign-in in the same browser replaces the session.
    let renewed = browser.next().sign_in("alice", PASSWORD, Some(&first)).await.expect("an answer").cookie();
    assert_eq!([browser.statuses(&first).await, browser.statuses(&renewed).await], [[401, 401], [200, 200]]);
    assert_eq!(browser.next().sign_out(&renewed).await.expect("an answer").status, 204);
    assert_eq!(browser.statuses(&renewed).await, [401, 401]);
}

pub(crate) async fn r72_user_changes_the_password(database: TestDatabase) {
    let browser = Browser::new(&database).await;
    let (here, there) = (browser.cookie().await, browser.cookie().await);
    let tokens = browser.next().tokens("alice", PASSWORD).await.expect("an answer");
    let wrong = browser.next().change_password(&here, NEW, PASSWORD).await.expect("an answer");
    assert_eq!((wrong.status, wrong.text("code").as_str()), (422, "wrong_password"));
    let changed = browser.next().change_password(&here, PASSWORD, NEW).await.expect("an answer");
    assert_eq!(changed.status, 204);
    assert_eq!([browser.statuses(&here).await, browser.statuses(&there).await], [[401, 401]; 2]);
    assert_eq!(browser.statuses(&changed.cookie()).await, [200, 200]);
    for here in 0..2 {
        let client = browser.process(here);
        let access = tokens.text("access_token");
        let me = client.process.get("/auth/me", &client.caller().by_token(&access)).await.expect("an answer");
        let refreshed = client.refresh(&tokens.text("refresh_token")).await.expect("an answer");
        assert_eq!((me.status, refreshed.status), (401, 400));
    }
    assert_eq!((browser.sign_in(PASSWORD).await.status, browser.sign_in(NEW).await.status), (401, 200));
}

pub(crate) async fn r72_user_resets_the_password_by_mail(database: TestDatabase) {
    let browser = Browser::new(&database).await;
    let cookie = browser.cookie().await;
    for address in ["alice@example.com", "nobody@example.com"] {
        assert_eq!(browser.post("/account/forgot-password", "", &[("email", address)]).await.status, 200);
    }
    let token = browser.token().await;
    let page = browser.get(&format!("/account/reset-password?token={token}"), "").await;
    assert_eq!((page.status, &page.json["valid"]), (200, &Value::from(true)));
    let weak = browser.post("/account/reset-password", "", &[("token", &token), ("password", "short")]).await;
    assert_eq!(weak.status, 422);
    // Of two uses at once, one succeeds.
    let fields = [("token", token.as_str()), ("password", NEW)];
    assert_eq!(sorted(browser.post_to_both("/account/reset-password", ["", ""], &fields).await), [200, 400]);
    assert_eq!(browser.post("/account/reset-password", "", &fields).await.status, 400);
    assert_eq!(browser.statuses(&cookie).await, [401, 401]);
    assert_eq!((browser.sign_in(PASSWORD).await.status, browser.sign_in(NEW).await.status), (401, 200));
}

pub(crate) async fn user_verifies_an_address(database: TestDatabase) {
    let browser = Browser::new(&database).await;
    let cookie = browser.cookie().await;
    let address = [("email", "new@example.com")];
    assert_eq!(browser.post("/account/email", "", &address).await.status, 401);
    assert_eq!(browser.post("/account/email", &cookie, &address).await.status, 200);
    let token = browser.token().await;
    assert_eq!(browser.get(&format!("/account/verify-email?token={token}"), "").await.status, 200);
    let fields = [("token", token.as_str())];
    assert_eq!(sorted(browser.post_to_both("/account/verify-email", ["", ""], &fields).await), [200, 400]);
    let alice = browser.world.users.get("alice").await.expect("alice");
    assert_eq!(alice.verified_email.as_deref(), Some("new@example.com"));
}

/// Returns the authenticator app of an enrolment.
fn app(secret: &str) -> Totp {
    let secret = Secret::try_from_base32(secret.replace(' ', "")).expect("base32");
    Builder::new().with_secret(secret).build().expect("a good secret")
}

/// Returns the code of a number of steps from now. Codes of this step and the next count, even if a step ends meanwhile.
fn code(app: &Totp, steps: i64) -> String {
    let now = SystemTime::UNIX_EPOCH.elapsed().expect("a time after 1970").as_secs();
    app.generate(now.checked_add_signed(30 * steps).expect("a time")).to_string()
}

pub(crate) async fn second_factor_is_needed_and_each_code_counts_once(database: TestDatabase) {
    let browser = Browser::new(&database).await;
    let cookies = [browser.cookie().await, browser.cookie().await];
    let enrolment = browser.post("/account/second-factor/enrolment", &cookies[0], &[]).await;
    let app = app(&enrolment.text("secret"));
    let confirm = [("code", &*code(&app, 0))];
    let both = [&*cookies[0], &*cookies[1]];
    let confirmed = browser.post_to_both("/account/second-factor/confirmation", both, &confirm).await;
    let codes =
        confirmed.iter().find(|answer| answer.status == 200).expect("one succeeds").json["recovery_codes"].clone();
    assert_eq!(confirmed.iter().filter(|answer| answer.status == 200).count(), 1, "{confirmed:?}");
    assert_eq!([browser.statuses(&cookies[0]).await, browser.statuses(&cookies[1]).await], [[401, 401]; 2]);
    let mut last = String::new();
    for code in [&*code(&app, 1), codes[0].as_str().expect("a code")] {
        let pending = [browser.sign_in(PASSWORD).await, browser.sign_in(PASSWORD).await];
        let pending = pending.map(|answer| (answer.json["second_factor_needed"].clone(), answer.cookie()));
        assert!(pending.iter().all(|(is_needed, _)| *is_needed == true), "{pending:?}");
        assert_eq!(browser.statuses(&pending[0].1).await, [401, 401]);
        let cookies = [&*pending[0].1, &*pending[1].1];
        let entered = browser.post_to_both("/account/code", cookies, &[("code", code)]).await;
        let signed_in: Vec<&Answer> = entered.iter().filter(|answer| answer.status == 200).collect();
        let [signed_in] = signed_in[..] else { panic!("{entered:?}") };
        last = signed_in.cookie();
        let me = browser.get("/auth/me", &last).await;
        assert_eq!((me.status, me.text("acr").as_str()), (200, "mfa"));
    }
    let status = browser.get("/account/second-factor", &last).await;
    assert_eq!(status.json, json!({ "active": true, "recovery_codes": 9 }));
    let recovery = codes[1].as_str().expect("a code");
    assert_eq!(browser.post("/account/second-factor/removal", &last, &[("code", recovery)]).await.status, 200);
    assert_eq!(browser.statuses(&last).await, [401, 401]);
    assert_eq!(browser.statuses(&browser.cookie().await).await, [200, 200]);
}

pub(crate) async fn front_end_learns_of_changed_roles(database: TestDatabase) {
    let browser = Browser::new(&database).await;
    let cookie = browser.cookie().await;
    let me = browser.get("/auth/me", &cookie).await;
    assert_eq!((&me.json["roles"], &me.json["permissions"]), (&json!(["User"]), &json!(["view", "edit"])));
    let tag = me.etag.expect("a version");
    for status in [304, 200] {
        for here in 0..2 {
            let client = browser.process(here);
            let caller = Caller { tag: Some(&tag), ..client.caller().by_cookie(&cookie) };
            assert_eq!(client.process.get("/auth/me", &caller).await.expect("an answer").status, status);
        }
        browser.world.users.set_roles("alice", ["Viewer"]).await.expect("a change");
    }
    assert_eq!(browser.get("/auth/me", &cookie).await.json["permissions"], json!(["view"]));
}

pub(crate) async fn r81_refresh_token_used_in_both_processes_succeeds_once(database: TestDatabase) {
    let browser = Browser::new(&database).await;
    for _ in 0..5 {
        let tokens = browser.next().tokens("alice", PASSWORD).await.expect("an answer");
        let refresh = tokens.text("refresh_token");
        let (one, other) = (browser.process(0), browser.process(1));
        let (one, other) = tokio::join!(one.refresh(&refresh), other.refresh(&refresh));
        let refreshed = [one, other].map(|answer| answer.expect("an answer"));
        let next: Vec<&Answer> = refreshed.iter().filter(|answer| answer.status == 200).collect();
        let [next] = next[..] else { panic!("{refreshed:?}") };
        // The other use has ended the family.
        let again = browser.next().refresh(&next.text("refresh_token")).await.expect("an answer");
        assert_eq!((again.status, again.text("error").as_str()), (400, "invalid_grant"));
    }
}
