//! The resource server with a real issuer: the certified oidc-provider, which `tests/issuer` starts. These tests check
//! the requirements on remote keys (section E, r45 to r48) from outside, with processes that start and stop.
//!
//! `npm ci --prefix tests/issuer && cargo test -p auth-examples --features real-issuer --test real_issuer`

#[path = "../common/mod.rs"]
mod common;
#[path = "../common/http.rs"]
mod http;
mod issuer;
mod server;
mod token;

use std::{
    fs,
    process::Command,
    thread,
    time::{Duration, Instant},
};

use serde_json::json;

use crate::{
    http::{Request, statuses},
    issuer::{AUDIENCE, Issuer},
    server::{Server, Setting},
    token::{decoded, encoded, parts, with_kid},
};

const BOTH: [&str; 2] = ["creator-rs256", "creator-es256"];
/// The shortest time between two fetches for unknown keys.
const SHORT_COOLDOWN: Setting<'_> = ("AUTH_JWKS_COOLDOWN", "10");
const KEYS: &str = "/jwks";

fn server_of(issuer: &Issuer, settings: &[Setting<'_>]) -> Server {
    Server::start(&[&[("OIDC_ISSUER", issuer.url.as_str())], settings].concat())
}

/// Waits until a condition holds. The timeout is far longer than expected, and far shorter than any default TTL.
fn eventually(name: &str, mut condition: impl FnMut() -> bool) {
    let start = Instant::now();
    while !condition() {
        assert!(start.elapsed() < Duration::from_secs(30), "timed out: {name}");
        thread::sleep(Duration::from_millis(50));
    }
}

#[test]
fn an_issuer_that_calls_itself_otherwise_is_an_error_at_start() {
    let issuer = Issuer::start("other_name");
    let mut command = Command::new(env!("CARGO_BIN_EXE_resource_server"));
    command
        .env_clear()
        .env("PORT", "0")
        .env("OIDC_ISSUER", format!("{}/", issuer.url))
        .envs([("AUTH_AUDIENCES", r#"["https://products.example"]"#), ("AUTH_DANGER_ALLOW_HTTP_ON_LOOPBACK", "true")]);
    let output = command.output().expect("the binary starts");
    let error = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(2), "{error}");
    assert!(error.contains(&format!("OIDC_ISSUER: \"{0}/\" calls itself {0:?}", issuer.url)), "{error}");
}

#[test]
fn the_issuer_signs_access_tokens_of_rfc_9068() {
    let issuer = Issuer::start("rfc_9068");
    for (client, algorithm) in BOTH.into_iter().zip(["RS256", "ES256"]) {
        let token = issuer.token(client);
        let [header, claims] = [decoded(parts(&token)[0]), decoded(parts(&token)[1])];
        assert_eq!((&header["typ"], &header["alg"]), (&json!("at+jwt"), &json!(algorithm)));
        let keys = Request::get(&issuer.at(KEYS)).send().json();
        assert!(keys["keys"].as_array().unwrap().iter().any(|key| key["kid"] == header["kid"]));
        assert_eq!((&claims["iss"], &claims["aud"]), (&json!(issuer.url), &json!(AUDIENCE)));
        assert_eq!((&claims["sub"], &claims["client_id"]), (&json!(client), &json!(client)));
        for name in ["exp", "iat", "jti", "scope", "permissions"] {
            assert!(claims.get(name).is_some(), "{name}: {claims}");
        }
    }
}

#[test]
fn tokens_are_accepted_with_their_permissions() {
    let issuer = Issuer::start("accepted");
    let server = server_of(&issuer, &[]);
    for client in BOTH {
        let token = issuer.token(client);
        eventually("keys", || server.status(&token) == 200);
        assert_eq!(server.create(&token), 201, "{client}");
    }
    // A scope of the token is not a permission of the client.
    let viewer = issuer.token("viewer-es256");
    assert!(decoded(parts(&viewer)[1])["scope"].as_str().unwrap().contains("products:create"));
    assert_eq!(server.request(&viewer).send().json(), json!(["products:view"]));
    assert_eq!(server.create(&viewer), 403);
}

#[test]
fn forged_tokens_and_tokens_for_other_audiences_are_rejected() {
    let issuer = Issuer::start("refused");
    let stranger = Issuer::start("stranger");
    let server = server_of(&issuer, &[]);
    for client in BOTH {
        let token = issuer.token(client);
        eventually("keys", || server.status(&token) == 200);
        let [header, claims, signature] = parts(&token);
        let mut more = decoded(claims);
        more["permissions"] = json!(["products:view", "products:create", "all"]);
        let other = issuer.token(client);
        let forged = [
            format!("{header}.{}.{signature}", encoded(&more)),
            format!("{header}.{claims}.{}", parts(&other)[2]),
            format!("{}.{claims}.{signature}", encoded(&json!({ "alg": "none", "typ": "at+jwt" }))),
            stranger.token(client),
            issuer.token_for(client, "https://other.example"),
        ];
        for token in forged {
            let answer = server.request(&token).send();
            assert_eq!(answer.status, 401, "{token}");
            assert!(answer.head.contains("invalid_token"), "{}", answer.head);
        }
    }
}

#[test]
fn keys_come_from_a_url_or_a_file_without_discovery() {
    let issuer = Issuer::start("sources");
    let path = format!("{}/published.jwks", env!("CARGO_TARGET_TMPDIR"));
    fs::write(&path, Request::get(&issuer.at(KEYS)).send().json().to_string()).unwrap();
    for source in [("OAUTH2_JWKS_URL", issuer.at(KEYS)), ("OAUTH2_JWKS_FILE", path)] {
        let server = Server::start(&[(source.0, &source.1), ("AUTH_ISSUER", &issuer.url)]);
        for token in BOTH.map(|client| issuer.token(client)) {
            eventually(source.0, || server.status(&token) == 200);
        }
    }
    assert_eq!(issuer.requests("/.well-known/openid-configuration"), 0);
}

#[test]
fn tokens_of_each_configured_issuer_are_accepted() {
    let issuers = ["one", "another"].map(Issuer::start);
    let stranger = Issuer::start("a_third");
    let server = Server::start(&[("OIDC_ISSUER", &issuers.each_ref().map(|issuer| issuer.url.as_str()).join(","))]);
    for token in issuers.each_ref().map(|issuer| issuer.token("creator-es256")) {
        eventually("keys of each", || server.status(&token) == 200);
    }
    assert_eq!(server.status(&stranger.token("creator-es256")), 401);
}

#[test]
fn r46_new_keys_take_one_fetch_and_old_ones_stay_valid_while_published() {
    let issuer = Issuer::start("rotated");
    let server = server_of(&issuer, &[SHORT_COOLDOWN]);
    let old = BOTH.map(|client| issuer.token(client));
    eventually("keys", || server.status(&old[0]) == 200);
    let fetched = issuer.requests(KEYS);
    issuer.rotate();
    let new = BOTH.map(|client| issuer.token(client));
    eventually("the new keys", || server.status(&new[0]) == 200);
    let old_again = BOTH.map(|client| issuer.token(client));
    for token in [&old, &new, &old_again].into_iter().flatten() {
        assert_eq!(server.status(token), 200);
    }
    assert_eq!(issuer.requests(KEYS), fetched + 1);
}

#[test]
fn r46_a_token_of_a_withdrawn_key_is_rejected_within_the_ttl() {
    // The issuer requests a day of caching; the server limits it.
    let issuer = Issuer::start_with("withdrawn", &["--cache-control", "public, max-age=86400"]);
    let server = server_of(&issuer, &[SHORT_COOLDOWN, ("AUTH_JWKS_TTL", "10")]);
    let old = BOTH.map(|client| issuer.token(client));
    // The first token is verified and cached. The second, of the same key, is not.
    eventually("keys", || server.status(&old[0]) == 200);
    issuer.rotate();
    let new = issuer.token("creator-es256");
    eventually("the new keys", || server.status(&new) == 200);
    issuer.withdraw();
    eventually("a cached token is refused", || {
        assert_eq!(server.status(&new), 200);
        server.status(&old[0]) == 401
    });
    // Its key is unknown now. Within the cooldown the server cannot look it up: 503.
    eventually("a token that was not cached is refused", || {
        let status = server.status(&old[1]);
        assert!(matches!(status, 401 | 503), "{status}");
        status == 401
    });
}

#[test]
fn r46_while_the_issuer_is_down_known_keys_work_and_unknown_ones_are_503() {
    let mut issuer = Issuer::start("stopped");
    let server = server_of(&issuer, &[SHORT_COOLDOWN]);
    let known = BOTH.map(|client| issuer.token(client));
    eventually("keys", || server.status(&known[0]) == 200);
    issuer.rotate();
    let unknown = BOTH.map(|client| issuer.token(client));
    issuer.stop();
    // During the cooldown, the last fetched keys count, and the unknown key is not among them.
    eventually("unavailable", || server.status(&unknown[0]) == 503);
    for _ in 0..3 {
        for token in &unknown {
            let answer = server.request(token).send();
            assert_eq!(answer.status, 503);
            assert!(answer.head.contains("retry-after: "), "{}", answer.head);
        }
        assert_eq!(known.each_ref().map(|token| server.status(token)), [200, 200]);
        assert!(server.lets_bob_in());
    }
    issuer.start_again();
    eventually("recovery", || server.status(&unknown[0]) == 200);
    assert_eq!(server.status(&unknown[1]), 200);
    assert_eq!(known.each_ref().map(|token| server.status(token)), [200, 200]);
}

#[test]
fn r48_a_server_that_starts_before_its_issuer_gives_503_and_recovers() {
    let mut issuer = Issuer::start("late");
    let tokens = BOTH.map(|client| issuer.token(client));
    issuer.stop();
    let server = server_of(&issuer, &[SHORT_COOLDOWN]);
    for token in &tokens {
        let answer = server.request(token).send();
        assert_eq!(answer.status, 503);
        assert!(answer.head.contains("retry-after: "), "{}", answer.head);
        assert!(!answer.head.contains("www-authenticate"), "{}", answer.head);
    }
    assert!(server.lets_bob_in());
    assert_eq!(server.anonymous().send().status, 401);
    issuer.start_again();
    for token in &tokens {
        eventually("recovery", || server.status(token) == 200);
    }
}

#[test]
fn r46_many_unknown_keys_cause_one_fetch_per_cooldown() {
    const COOLDOWN: u64 = 60;
    let issuer = Issuer::start("load");
    let server = server_of(&issuer, &[("AUTH_JWKS_COOLDOWN", "60")]);
    let token = issuer.token("creator-rs256");
    eventually("keys", || server.status(&token) == 200);
    let (start, before) = (Instant::now(), issuer.requests(KEYS));
    let unknown = |nth: u32| server.request(&with_kid(&token, &format!("unknown-{nth}")));
    let floods = [0, 250, 500, 750].map(|first| (first..first + 250).map(unknown).collect::<Vec<_>>());
    let floods = floods.map(|flood| thread::spawn(move || statuses(flood)));
    assert_eq!(statuses((0..500).map(|_| server.request(&token))), [200; 500]);
    for flood in floods {
        // Only the tokens that the one fetch looked up are known to be wrong.
        let statuses = flood.join().unwrap();
        assert!(statuses.iter().all(|status| matches!(status, 401 | 503)), "{statuses:?}");
    }
    let cooldowns = 1 + start.elapsed().as_secs() / COOLDOWN;
    let fetches = issuer.requests(KEYS) - before;
    assert!(fetches <= cooldowns, "{fetches} fetches in {cooldowns} cooldowns");
}

#[test]
fn user_info_comes_from_the_issuer_and_is_fetched_once() {
    let mut issuer = Issuer::start("userinfo");
    let server = server_of(&issuer, &[]);
    let [alice, later] = [issuer.token_of_alice(), issuer.token_of_alice()];
    eventually("keys", || server.status(&alice) == 200);
    assert_eq!(issuer.requests("/me"), 0);
    for _ in 0..2 {
        let me = server.me(&alice).json();
        assert_eq!(me["auth"]["subject"], "alice");
        assert_eq!(me["info"]["email"], "alice@example.com", "{me}");
    }
    assert_eq!(issuer.requests("/me"), 1);
    issuer.stop();
    assert_eq!(server.me(&alice).json()["info"]["name"], "Alice Liddell");
    // The token is valid. Missing user info does not deny the request.
    assert_ne!(server.me(&later).status, 401);
}
