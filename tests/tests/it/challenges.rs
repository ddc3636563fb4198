//! 401 and 403, and the challenges in the response.

use auth_runtime::{policy::Operation, prelude::*};
use poem::{Endpoint, IntoEndpoint};
use poem_openapi::{OpenApi, payload::PlainText};

use crate::fixture::{Auth, By, Caller, Passwords, get};

struct Entries;

#[protected]
#[OpenApi]
impl Entries {
    #[protected]
    #[oai(path = "/any", method = "get")]
    async fn any(&self) -> PlainText<&'static str> {
        PlainText("any")
    }

    #[protected(roles = "Administrator")]
    #[oai(path = "/role", method = "get")]
    async fn role(&self) -> PlainText<&'static str> {
        PlainText("role")
    }

    #[permission("edit")]
    #[oai(path = "/permission", method = "get")]
    async fn permission(&self) -> PlainText<&'static str> {
        PlainText("permission")
    }

    #[protected(scopes("view", "edit"))]
    #[oai(path = "/scopes", method = "get")]
    async fn scopes(&self) -> PlainText<&'static str> {
        PlainText("scopes")
    }

    #[protected(schemes("token", "key"))]
    #[oai(path = "/schemes", method = "get")]
    async fn schemes(&self) -> PlainText<&'static str> {
        PlainText("schemes")
    }

    #[protected(not(scheme("session")))]
    #[oai(path = "/not-session", method = "get")]
    async fn not_session(&self) -> PlainText<&'static str> {
        PlainText("not-session")
    }

    #[protected(fresh = "5m")]
    #[oai(path = "/fresh", method = "get")]
    async fn fresh(&self) -> PlainText<&'static str> {
        PlainText("fresh")
    }

    #[protected(fresh = "5m", role("Administrator"), hide)]
    #[oai(path = "/fresh-hidden", method = "get")]
    async fn fresh_hidden(&self) -> PlainText<&'static str> {
        PlainText("fresh-hidden")
    }

    #[optional_auth]
    #[oai(path = "/optional", method = "get")]
    async fn optional(&self) -> PlainText<&'static str> {
        PlainText("optional")
    }
}

fn app() -> impl Endpoint {
    Auth::default().service(Entries, "Entries", "1").into_endpoint()
}

fn all_challenges() -> Vec<&'static str> {
    By::ALL.iter().map(|by| by.challenge()).collect()
}

#[tokio::test]
async fn r10_a_401_has_one_challenge_for_each_accepted_scheme() {
    let app = app();
    assert_eq!(get("/any").to(&app).await.challenges(), all_challenges());
    let expected = [By::Token.challenge(), By::Key.challenge()];
    assert_eq!(get("/schemes").to(&app).await.challenges(), expected);
    let expected: Vec<_> = all_challenges().into_iter().filter(|text| *text != By::Session.challenge()).collect();
    assert_eq!(get("/not-session").to(&app).await.challenges(), expected);
}

#[tokio::test]
async fn r10_every_401_has_a_challenge() {
    let app = app();
    for path in ["/any", "/role", "/permission", "/scopes", "/schemes", "/not-session", "/fresh", "/fresh-hidden"] {
        for by in [None, Some(By::Token), Some(By::Password), Some(By::Key), Some(By::Session), Some(By::Ldap)] {
            let call = by.into_iter().fold(get(path), |call, by| call.credential(by, "invalid"));
            let answer = call.to(&app).await;
            assert_eq!(answer.status, 401, "{path} {by:?}");
            assert!(!answer.challenges().is_empty(), "{path} {by:?}");
        }
    }
}

#[tokio::test]
async fn r11_a_request_without_a_credential_gets_no_error_code() {
    for path in ["/any", "/role", "/scopes", "/schemes", "/fresh", "/fresh-hidden"] {
        let answer = get(path).to(&app()).await;
        assert_eq!((answer.status, answer.code().as_str()), (401, "authentication_required"));
        for challenge in answer.challenges() {
            assert!(!challenge.contains("error") && !challenge.contains("scope"), "{challenge}");
        }
    }
}

#[tokio::test]
async fn r11_a_credential_of_an_unaccepted_scheme_gets_no_error_code() {
    let answer = get("/schemes").by(By::Session, &Caller::administrator()).to(&app()).await;
    assert_eq!(answer.status, 401);
    assert_eq!(answer.challenges(), [By::Token.challenge(), By::Key.challenge()]);
}

#[tokio::test]
async fn r12_an_invalid_token_puts_invalid_token_on_its_own_challenge_only() {
    for path in ["/any", "/role", "/scopes", "/optional"] {
        let answer = get(path).credential(By::Token, "invalid").to(&app()).await;
        assert_eq!((answer.status, answer.code().as_str()), (401, "invalid_credentials"), "{path}");
        let mut expected: Vec<_> = all_challenges().into_iter().map(str::to_owned).collect();
        expected[0].push_str(r#", error="invalid_token""#);
        assert_eq!(answer.challenges(), expected, "{path}");
    }
}

#[tokio::test]
async fn r12_several_credentials_are_an_invalid_request_of_bearer_alone() {
    let caller = Caller::administrator();
    let answer = get("/any").by(By::Token, &caller).by(By::Key, &caller).to(&app()).await;
    assert_eq!((answer.status, answer.code().as_str()), (400, "several_credentials"));
    assert_eq!(answer.challenges(), [format!(r#"{}, error="invalid_request""#, By::Token.challenge())]);
}

#[tokio::test]
async fn only_a_rejection_that_asks_to_wait_says_how_long() {
    for (credential, retry_after) in [("", None), ("invalid", None), ("unavailable", Some("5"))] {
        let answer = get("/any").credential(By::Token, credential).to(&app()).await;
        assert_eq!(answer.header("Retry-After"), retry_after, "{credential:?}");
    }
    let answer = get("/role").by(By::Token, &Caller::new("alice")).to(&app()).await;
    assert_eq!((answer.status, answer.header("Retry-After")), (403, None));
}

#[tokio::test]
async fn r12_an_invalid_credential_of_another_scheme_puts_no_error_on_the_bearer_challenge() {
    for by in [By::Password, By::Key, By::Session, By::Ldap] {
        let answer = get("/any").credential(by, "invalid").to(&app()).await;
        assert_eq!((answer.status, answer.code().as_str()), (401, "invalid_credentials"), "{by:?}");
        assert_eq!(answer.challenges(), all_challenges(), "{by:?}");
    }
}

#[tokio::test]
async fn r12_too_few_scopes_are_403_insufficient_scope_with_the_required_scopes() {
    let app = app();
    for scope in ["", "view", "edit", "delete"] {
        let answer = get("/scopes").by(By::Token, &Caller::administrator().scope(scope)).to(&app).await;
        assert_eq!((answer.status, answer.code().as_str()), (403, "not_allowed"), "{scope}");
        let challenge = r#"Bearer realm="entry book", error="insufficient_scope", scope="view edit""#;
        assert_eq!(answer.challenges(), [challenge], "{scope}");
    }
    assert_eq!(get("/scopes").by(By::Token, &Caller::new("u").scope("edit view")).to(&app).await.status, 200);
}

#[tokio::test]
async fn r12_scopes_are_not_named_if_the_rule_has_none() {
    for path in ["/role", "/permission"] {
        let answer = get(path).by(By::Token, &Caller::new("u").scope("view edit")).to(&app()).await;
        assert_eq!(answer.status, 403);
        assert_eq!(answer.challenges(), [r#"Bearer realm="entry book", error="insufficient_scope""#], "{path}");
    }
}

#[tokio::test]
async fn r12_a_403_has_no_challenge_for_callers_without_a_token() {
    for by in [By::Password, By::Key, By::Session, By::Ldap] {
        for path in ["/role", "/permission", "/scopes"] {
            let answer = get(path).by(by, &Caller::new("u")).to(&app()).await;
            assert_eq!(answer.status, 403, "{path} {by:?}");
            assert_eq!(answer.challenges(), Vec::<&str>::new(), "{path} {by:?}");
        }
    }
}

#[tokio::test]
async fn r13_no_part_of_a_credential_is_in_a_header() {
    let app = app();
    let nasty = "\"\r\nSet-Cookie: a=b\r\n\\,äö\u{0}";
    for by in By::ALL {
        let caller = Caller::new(nasty).issuer(nasty).role(nasty).permission(nasty).scope(nasty);
        for path in ["/role", "/permission", "/scopes", "/fresh"] {
            let answer = get(path).by(by, &caller).to(&app).await;
            assert!([401, 403].contains(&answer.status));
            for (name, value) in &answer.headers {
                let value = value.to_str().unwrap();
                assert!(!value.contains("Set-Cookie") && !value.contains('\\'), "{name}: {value}");
            }
        }
    }
}

#[tokio::test]
async fn r13_a_realm_is_always_a_quoted_string() {
    #[derive(Auth, Clone, Default)]
    #[auth(realm = r#"a "b" \ c, d="e""#)]
    struct Quoted {
        #[scheme(bearer)]
        token: crate::fixture::Tokens,
    }
    struct Api;
    #[protected(auth = Quoted)]
    #[OpenApi]
    impl Api {
        #[protected]
        #[oai(path = "/", method = "get")]
        async fn index(&self) -> PlainText<&'static str> {
            PlainText("index")
        }
    }
    let app = Quoted::default().service(Api, "Api", "1").into_endpoint();
    let answer = get("/").to(&app).await;
    assert_eq!(answer.challenges(), [r#"Bearer realm="a \"b\" \\ c, d=\"e\"""#]);
}

#[tokio::test]
async fn r14_a_denied_authenticated_caller_gets_403_with_every_scheme() {
    let app = app();
    for by in By::ALL {
        for path in ["/role", "/permission", "/scopes"] {
            assert_eq!(get(path).by(by, &Caller::new("u")).to(&app).await.status, 403, "{path} {by:?}");
        }
        assert_eq!(get("/role").by(by, &Caller::administrator()).to(&app).await.status, 200, "{by:?}");
    }
}

#[tokio::test]
async fn r15_no_caller_is_redirected() {
    let app = app();
    for accept in ["text/html", "application/json", "*/*", "text/html,application/xhtml+xml;q=0.9"] {
        let answer = get("/any").header("Accept", accept).header("Sec-Fetch-Mode", "navigate").to(&app).await;
        assert_eq!((answer.status, answer.header("Location")), (401, None), "{accept}");
        let answer = get("/role").by(By::Session, &Caller::new("u")).header("Accept", accept).to(&app).await;
        assert_eq!((answer.status, answer.header("Location")), (403, None), "{accept}");
    }
}

#[tokio::test]
async fn r16_a_stale_sign_in_is_401_insufficient_user_authentication() {
    let app = app();
    let challenge = r#"Bearer realm="entry book", error="insufficient_user_authentication", max_age=300"#;
    let never = Caller::new("machine");
    for stale in [never, Caller::new("u").signed_in(302), Caller::new("u").signed_in(3600)] {
        let answer = get("/fresh").by(By::Token, &stale).to(&app).await;
        assert_eq!((answer.status, answer.code().as_str()), (401, "reauthentication_required"));
        assert_eq!(answer.challenges()[0], challenge);
        assert_eq!(answer.challenges()[1..], all_challenges()[1..]);
    }
    for recent in [0, 10, 290] {
        let answer = get("/fresh").by(By::Token, &Caller::new("u").signed_in(recent)).to(&app).await;
        assert_eq!(answer.status, 200, "{recent} s ago");
    }
}

#[tokio::test]
async fn r16_a_sign_in_in_the_future_is_not_fresh() {
    for ahead in [120, 3600, i64::from(u32::MAX)] {
        let answer = get("/fresh").by(By::Token, &Caller::new("u").signed_in(-ahead)).to(&app()).await;
        assert_eq!(answer.status, 401, "{ahead} s ahead");
    }
    // More seconds than a time can represent.
    let answer = get("/fresh").by(By::Token, &Caller::new("u").with("auth_time", u64::MAX)).to(&app()).await;
    assert_eq!(answer.status, 401);
}

#[tokio::test]
async fn r16_a_stale_sign_in_without_a_token_is_401_without_an_error() {
    for by in [By::Password, By::Key, By::Session, By::Ldap] {
        let answer = get("/fresh").by(by, &Caller::new("u").signed_in(900)).to(&app()).await;
        assert_eq!((answer.status, answer.code().as_str()), (401, "reauthentication_required"), "{by:?}");
        assert_eq!(answer.challenges(), all_challenges(), "{by:?}");
    }
}

#[tokio::test]
async fn r16_a_hidden_operation_asks_an_allowed_caller_to_sign_in_again() {
    let app = app();
    let stranger = Caller::new("u").signed_in(0);
    assert_eq!(get("/fresh-hidden").by(By::Token, &stranger).to(&app).await.status, 404);
    let stale = Caller::administrator().signed_in(900);
    assert_eq!(
        get("/fresh-hidden").by(By::Token, &stale).to(&app).await.status,
        401,
        "a caller who meets the rule is asked to sign in again"
    );
}

/// A page that asks for passwords in its own form.
#[derive(Auth, Clone, Default)]
struct Page {
    #[scheme(basic, silent_for_scripts)]
    password: Passwords,
}

struct PageApi;

const SECOND_FACTOR: &Operation<Page> = requirement!(auth = Page, acr("mfa"));

#[protected(auth = Page)]
#[OpenApi]
impl PageApi {
    #[protected]
    #[oai(path = "/me", method = "get")]
    async fn me(&self) -> PlainText<&'static str> {
        PlainText("me")
    }

    #[protected]
    #[oai(path = "/stepped-up", method = "get")]
    async fn stepped_up(&self, caller: Principal<Page>) -> poem::Result<PlainText<&'static str>> {
        caller.require(SECOND_FACTOR)?;
        Ok(PlainText("me"))
    }
}

#[tokio::test]
async fn r10_a_script_gets_a_challenge_that_opens_no_window() {
    let app = Page::default().service(PageApi, "Api", "1").into_endpoint();
    let [basic, silent] = [r#"Basic realm="api", charset="UTF-8""#, r#"xBasic realm="api""#];
    for (headers, challenge) in [
        (&[][..], basic),
        (&[("Sec-Fetch-Dest", "document"), ("Sec-Fetch-Mode", "navigate")], basic),
        (&[("Sec-Fetch-Dest", "image")], basic),
        (&[("Sec-Fetch-Dest", "document"), ("X-Requested-With", "XMLHttpRequest")], basic),
        (&[("Sec-Fetch-Dest", "empty"), ("Sec-Fetch-Mode", "cors")], silent),
        (&[("X-Requested-With", "xmlhttprequest")], silent),
    ] {
        let request = || headers.iter().fold(get("/me"), |call, (name, value)| call.header(name, value));
        let answer = request().to(&app).await;
        assert_eq!((answer.status, answer.challenges()), (401, vec![challenge]), "{headers:?}");
        let answer = request().credential(By::Password, "wrong").to(&app).await;
        assert_eq!((answer.status, answer.challenges()), (401, vec![challenge]), "{headers:?}");
        let alice = Caller::new("alice");
        assert_eq!(request().by(By::Password, &alice).to(&app).await.status, 200, "{headers:?}");
        let stepped_up = headers.iter().fold(get("/stepped-up"), |call, (name, value)| call.header(name, value));
        let answer = stepped_up.by(By::Password, &alice).to(&app).await;
        assert_eq!((answer.status, answer.challenges()), (401, vec![challenge]), "required in code: {headers:?}");
    }
    assert_eq!(get("/me").header("Authorization", "xBasic YTpi").to(&app).await.status, 401);
}
