//! The flows of the token service over HTTP: the same on each store.
//!
//! Alice is a user with `view` and `edit`; the machine is a client that acts as a user with `view`.

pub(crate) mod http;
pub(crate) mod signing_keys;

use auth_runtime::{
    guard::AuthConfig,
    prelude::*,
    token_service::{ClientStore, RefreshTokenStore, TokenService},
    users::{UserStore, UserTokens},
};
use poem::{EndpointExt, IntoEndpoint, endpoint::BoxEndpoint};
use poem_openapi::{OpenApi, payload::PlainText};
use serde_json::Value;

use self::http::{Answer, basic, get, post, post_as};

/// Passes the names of all flows to a macro.
macro_rules! each_flow {
    ($emit:ident) => {
        $emit! {
            r18_a_password_gets_tokens_that_are_not_cached
            r80_errors_are_those_of_rfc_6749
            r81_a_refresh_token_is_replaced_with_each_use
            r81_a_replaced_refresh_token_ends_its_family
            r81_of_two_concurrent_uses_one_succeeds_and_the_family_ends
            r82_a_family_that_ends_during_a_refresh_leaves_no_token
            r83_scopes_never_grow
            r80_a_client_sends_its_secret_in_one_way
            a_refresh_token_is_of_use_to_its_client_only
            r82_a_revoked_refresh_token_takes_its_access_tokens_along
            r82_an_access_token_is_revoked_alone
            published_keys_have_no_private_member
            r77_guesses_are_throttled
            r77_guesses_of_secrets_are_throttled
        }
    };
}
pub(crate) use each_flow;

pub(crate) const PASSWORD: &str = "correct horse battery staple";
const GOOD: &str = "grant_type=password&username=alice&password=correct+horse+battery+staple";

permissions! {
    pub(crate) enum Permission {
        View = "view",
        Edit = "edit",
        Delete = "delete",
    }
}

roles! {
    pub(crate) enum Role: Permission {
        Viewer = "Viewer" => [View],
        User = "User": Viewer => [Edit],
        Administrator = "Administrator" => all,
    }
}

/// The accepted tokens: those of the service, for users of `U`.
#[derive(Auth)]
#[auth(permissions = Permission, roles = Role)]
pub(crate) struct TokenAuth<U: UserStore> {
    #[scheme(oauth2(password(token_url = "/auth/token")))]
    pub(crate) token: UserTokens<U>,
}

impl<U: UserStore> Clone for TokenAuth<U> {
    fn clone(&self) -> Self {
        Self { token: self.token.clone() }
    }
}

struct Entries<A>(std::marker::PhantomData<fn() -> A>);

#[protected(auth = A)]
#[OpenApi(prefix_path = "/entries")]
impl<A: AuthConfig<Permission = Permission, Role = Role>> Entries<A> {
    #[permission("view")]
    #[oai(path = "/", method = "get")]
    async fn list(&self, caller: Principal<A>) -> PlainText<String> {
        PlainText(caller.subject().to_owned())
    }

    #[permission("edit")]
    #[oai(path = "/", method = "put")]
    async fn edit(&self) {}

    #[protected(roles = "User")]
    #[oai(path = "/", method = "delete")]
    async fn clear(&self) {}
}

/// An application, and a client with a secret.
pub(crate) struct Kit {
    pub(crate) app: BoxEndpoint<'static>,
    pub(crate) client_id: String,
    pub(crate) client_secret: String,
}

/// Returns the application with a token service, on a port of this machine.
pub(crate) fn app<U, R, C>(tokens: &TokenService<U, R, C>, users: U) -> BoxEndpoint<'static>
where
    U: UserStore,
    R: RefreshTokenStore,
    C: ClientStore,
{
    let auth = TokenAuth { token: UserTokens::new(tokens.verifier(), users).expect("one issuer") };
    let api = (Entries(std::marker::PhantomData), tokens.api());
    http::over_http(auth.service(api, "Entries", "1").into_endpoint().boxed())
}

impl Kit {
    pub(crate) async fn token(&self, form: &str) -> Answer {
        post(&self.app, "/auth/token", form).await
    }

    /// Signs alice in.
    pub(crate) async fn sign_in(&self) -> Answer {
        self.token(GOOD).await
    }

    pub(crate) async fn refresh(&self, token: &str) -> Answer {
        self.token(&format!("grant_type=refresh_token&refresh_token={token}")).await
    }

    pub(crate) async fn revoke(&self, token: &str) -> Answer {
        post(&self.app, "/auth/revoke", &format!("token={token}")).await
    }

    /// Returns the ids of the published signing keys.
    pub(crate) async fn published(&self) -> Vec<String> {
        let answer = get(&self.app, "/.well-known/jwks.json", "").await;
        let keys = answer.json["keys"].as_array().expect("keys");
        keys.iter().map(|key| key["kid"].as_str().expect("an id").to_owned()).collect()
    }

    /// Returns the status of a protected operation.
    pub(crate) async fn entries(&self, token: &str) -> u16 {
        get(&self.app, "/entries", token).await.status
    }

    /// Returns the status of the operations that need `view`, `edit` and a role.
    async fn allowed(&self, token: &str) -> [u16; 3] {
        let put = http::send(&self.app, "PUT", "/entries", token).await.status;
        let delete = http::send(&self.app, "DELETE", "/entries", token).await.status;
        [self.entries(token).await, put, delete]
    }
}

/// Asserts an error of RFC 6749, section 5.2.
#[track_caller]
fn refused(answer: &Answer, status: u16, error: &str, what: &str) {
    assert_eq!((answer.status, answer.text("error")), (status, error.to_owned()), "{what}");
    assert_eq!(answer.header("content-type"), "application/json", "{what}");
    assert_eq!(answer.header("cache-control"), "no-store", "{what}");
    assert!(answer.json["error_description"].is_string(), "{what}");
}

pub(crate) async fn r18_a_password_gets_tokens_that_are_not_cached(kit: Kit) {
    let answer = kit.sign_in().await;
    assert_eq!(answer.status, 200, "{answer:?}");
    assert_eq!((answer.header("cache-control"), answer.header("pragma")), ("no-store", "no-cache"));
    assert_eq!((answer.text("token_type"), &answer.json["expires_in"]), ("Bearer".to_owned(), &Value::from(900)));
    assert_eq!(answer.text("scope"), "view edit");
    assert_eq!(kit.allowed(&answer.access()).await, [200, 200, 200]);
    let header = http::part(&answer.access(), 0);
    assert_eq!((&header["typ"], &header["alg"]), (&Value::from("at+jwt"), &Value::from("EdDSA")));
    let claims = http::part(&answer.access(), 1);
    for claim in ["iss", "exp", "aud", "sub", "client_id", "iat", "jti", "sid", "auth_time"] {
        assert!(!claims[claim].is_null(), "{claim} (RFC 9068, section 2.2)");
    }
    assert!(answer.refresh().starts_with("rt_"));
}

pub(crate) async fn r80_errors_are_those_of_rfc_6749(kit: Kit) {
    let name = "username=alice&password=correct+horse+battery+staple";
    for (form, error) in [
        ("", "invalid_request"),
        (name, "invalid_request"),
        (&format!("grant_type=&{name}"), "invalid_request"),
        ("grant_type=password&username=alice", "invalid_request"),
        ("grant_type=refresh_token", "invalid_request"),
        (&format!("{GOOD}&grant_type=password"), "invalid_request"),
        (&format!("{GOOD}&scope=&scope=view"), "invalid_request"),
        (&format!("{GOOD}&username=bob"), "invalid_request"),
        (&format!("{GOOD}&client_secret=x"), "invalid_request"),
        (&format!("{GOOD}&scope={}", "a".repeat(9000)), "invalid_request"),
        ("grant_type=authorization_code&code=x", "unsupported_grant_type"),
        (&GOOD.replace("=password", "=Password"), "unsupported_grant_type"),
        ("grant_type=urn:ietf:params:oauth:grant-type:device_code", "unsupported_grant_type"),
        ("grant_type=client_credentials", "unauthorized_client"),
        (&GOOD.replace("staple", "wrong"), "invalid_grant"),
        (&GOOD.replace("alice", "nobody"), "invalid_grant"),
        ("grant_type=refresh_token&refresh_token=x", "invalid_grant"),
        (&format!("{GOOD}&scope=root"), "invalid_scope"),
        (&format!("{GOOD}&scope=delete"), "invalid_scope"),
        (&format!("{GOOD}&scope=+"), "invalid_scope"),
        (&format!("{GOOD}&scope=view%09edit"), "invalid_scope"),
        (&format!("{GOOD}&scope=%22view%22"), "invalid_scope"),
        (&format!("{GOOD}&scope=view%00"), "invalid_scope"),
        (&format!("{GOOD}&scope=view%0Aedit"), "invalid_scope"),
        (&format!("{GOOD}&grant%5Ftype=password"), "invalid_request"),
        (&format!("{GOOD}&p%61ssword=x"), "invalid_request"),
        (&format!("{GOOD}%FF"), "invalid_request"),
        (&format!("{GOOD}&%C3=%28"), "invalid_request"),
        (&format!("{GOOD}%00"), "invalid_grant"),
        (&GOOD.replace("alice", "alice%00"), "invalid_grant"),
        (&GOOD.replace("alice", &"a".repeat(5000)), "invalid_grant"),
        ("grant_type=refresh_token&refresh_token=rt_%00", "invalid_grant"),
        ("grant_type=password%00&username=alice", "unsupported_grant_type"),
    ] {
        refused(&kit.token(form).await, 400, error, form);
    }
    for form in [
        format!("{GOOD}&&"),
        format!("&{GOOD}&scope"),
        format!("{GOOD}&scope=&x=%00&=&%20"),
        GOOD.replace("grant_type", "gr%61nt_type"),
    ] {
        assert_eq!(kit.token(&form).await.status, 200, "{form}");
    }
    let nul = kit.token(&format!("{GOOD}&client_id=web%00")).await;
    refused(&nul, 401, "invalid_client", "a client that is not known");
    let nul = kit.token("grant_type=client_credentials&client_id=a%00b&client_secret=%00").await;
    refused(&nul, 401, "invalid_client", "a client that is not known");
    let unknown = kit.token(&format!("{GOOD}&client_id=other")).await;
    refused(&unknown, 401, "invalid_client", "a client that is not known");
    assert!(unknown.header("www-authenticate").starts_with("Basic realm="));
    let json = http::post_with(&kit.app, "/auth/token", &[("content-type", "application/json")], "{}").await;
    refused(&json, 400, "invalid_request", "only a form is a request");
    assert_eq!(http::send(&kit.app, "GET", "/auth/token", "").await.status, 405);
}

pub(crate) async fn r81_a_refresh_token_is_replaced_with_each_use(kit: Kit) {
    let first = kit.sign_in().await;
    let second = kit.refresh(&first.refresh()).await;
    assert_eq!(second.status, 200, "{second:?}");
    assert_ne!(first.refresh(), second.refresh());
    assert_eq!(kit.entries(&second.access()).await, 200);
    let [one, two] = [&first, &second].map(|answer| http::part(&answer.access(), 1));
    assert_eq!((&one["sid"], &one["auth_time"]), (&two["sid"], &two["auth_time"]), "still the same sign-in");
    assert_ne!(one["jti"], two["jti"]);
    assert_eq!(kit.refresh(&second.refresh()).await.status, 200);
}

pub(crate) async fn r81_a_replaced_refresh_token_ends_its_family(kit: Kit) {
    let (first, other) = (kit.sign_in().await, kit.sign_in().await);
    let second = kit.refresh(&first.refresh()).await;
    refused(&kit.refresh(&first.refresh()).await, 400, "invalid_grant", "a replaced token");
    refused(&kit.refresh(&second.refresh()).await, 400, "invalid_grant", "the family has ended");
    assert_eq!([kit.entries(&first.access()).await, kit.entries(&second.access()).await], [401, 401]);
    assert_eq!(kit.entries(&other.access()).await, 200, "another sign-in goes on");
    assert_eq!(kit.refresh(&other.refresh()).await.status, 200);
}

pub(crate) async fn r81_of_two_concurrent_uses_one_succeeds_and_the_family_ends(kit: Kit) {
    for _ in 0..5 {
        let first = kit.sign_in().await;
        let token = first.refresh();
        let (one, two) = tokio::join!(kit.refresh(&token), kit.refresh(&token));
        let mut statuses = [one.status, two.status];
        statuses.sort_unstable();
        assert_eq!(statuses, [200, 400]);
        let winner = if one.status == 200 { one } else { two };
        refused(&kit.refresh(&winner.refresh()).await, 400, "invalid_grant", "the family has ended");
        assert_eq!(kit.entries(&winner.access()).await, 401);
    }
}

pub(crate) async fn r82_a_family_that_ends_during_a_refresh_leaves_no_token(kit: Kit) {
    for _ in 0..5 {
        let first = kit.sign_in().await;
        let token = first.refresh();
        let (refreshed, revoked) = tokio::join!(kit.refresh(&token), kit.revoke(&token));
        assert_eq!((revoked.status, kit.entries(&first.access()).await), (200, 401));
        if refreshed.status == 200 {
            let access = refreshed.access();
            assert_eq!(kit.entries(&access).await, 401);
            refused(&kit.refresh(&refreshed.refresh()).await, 400, "invalid_grant", "the family has ended");
        } else {
            refused(&refreshed, 400, "invalid_grant", "the family has ended");
        }
    }
}

pub(crate) async fn r83_scopes_never_grow(kit: Kit) {
    for (requested, stated) in [
        ("view", Value::Null),
        ("view+edit", Value::Null),
        ("edit+view", "view edit".into()),
        ("view+delete", "view".into()),
    ] {
        let answer = kit.token(&format!("{GOOD}&scope={requested}")).await;
        assert_eq!((answer.status, &answer.json["scope"]), (200, &stated), "{requested}");
    }
    let limited = kit.token(&format!("{GOOD}&scope=view")).await;
    assert_eq!(kit.allowed(&limited.access()).await, [200, 403, 403]);
    let again = kit.refresh(&limited.refresh()).await;
    assert_eq!(kit.allowed(&again.access()).await, [200, 403, 403]);
    let ask = async |answer: &Answer, scope: &str| {
        kit.token(&format!("grant_type=refresh_token&refresh_token={}&scope={scope}", answer.refresh())).await
    };
    for scope in ["edit", "view+edit", "delete", "root"] {
        refused(&ask(&again, scope).await, 400, "invalid_scope", scope);
    }
    // The refusals have not used the token up.
    let all = kit.sign_in().await;
    let narrower = ask(&all, "view").await;
    assert_eq!(kit.allowed(&narrower.access()).await, [200, 403, 403]);
    let full = kit.refresh(&narrower.refresh()).await;
    assert_eq!(kit.allowed(&full.access()).await, [200, 200, 200]);
    assert_eq!(kit.refresh(&again.refresh()).await.status, 200);
}

pub(crate) async fn r80_a_client_sends_its_secret_in_one_way(kit: Kit) {
    let (id, secret) = (&kit.client_id, &kit.client_secret);
    let form = format!("grant_type=client_credentials&client_id={id}&client_secret={secret}");
    let by_header = post_as(&kit.app, "/auth/token", &basic(id, secret), "grant_type=client_credentials").await;
    for answer in [&kit.token(&form).await, &by_header] {
        assert_eq!(answer.status, 200, "{answer:?}");
        assert_eq!((answer.text("scope"), &answer.json["refresh_token"]), ("view".to_owned(), &Value::Null));
        assert_eq!(kit.allowed(&answer.access()).await, [200, 403, 403]);
        let claims = http::part(&answer.access(), 1);
        assert_eq!((&claims["client_id"], &claims["auth_time"]), (&Value::from(id.as_str()), &Value::Null));
    }
    let both = post_as(&kit.app, "/auth/token", &basic(id, secret), &form).await;
    refused(&both, 400, "invalid_request", "header and form");
    let two = post_as(&kit.app, "/auth/token", &basic(id, secret), "grant_type=client_credentials&client_id=web").await;
    refused(&two, 400, "invalid_request", "two clients");
    let headers =
        [("content-type", http::FORM), ("authorization", &basic(id, secret)), ("authorization", "Basic eDp5")];
    let twice = http::post_with(&kit.app, "/auth/token", &headers, "grant_type=client_credentials").await;
    refused(&twice, 400, "invalid_request", "two headers");
    for (header, what) in [
        (basic(id, "wrong"), "a wrong secret"),
        (basic(id, ""), "no secret"),
        (basic("other", secret), "an unknown client"),
        (basic("web", secret), "a public client with a secret"),
        (format!("Bearer {secret}"), "another scheme"),
        ("Basic !!!".to_owned(), "no base64"),
        ("Basic".to_owned(), "no credentials"),
    ] {
        let answer = post_as(&kit.app, "/auth/token", &header, "grant_type=client_credentials").await;
        refused(&answer, 401, "invalid_client", what);
        assert!(answer.header("www-authenticate").starts_with("Basic "), "{what}");
    }
    let password = post_as(&kit.app, "/auth/token", &basic(id, secret), GOOD).await;
    refused(&password, 400, "unauthorized_client", "passwords are for the application itself");
    let wider = kit.token(&format!("{form}&scope=edit")).await;
    refused(&wider, 400, "invalid_scope", "a scope that the client lacks");
}

pub(crate) async fn a_refresh_token_is_of_use_to_its_client_only(kit: Kit) {
    let tokens = kit.sign_in().await;
    let other = basic(&kit.client_id, &kit.client_secret);
    let form = format!("grant_type=refresh_token&refresh_token={}", tokens.refresh());
    refused(
        &post_as(&kit.app, "/auth/token", &other, &form).await,
        400,
        "invalid_grant",
        "the token of another client",
    );
    let form = format!("token={}", tokens.refresh());
    let answer = post_as(&kit.app, "/auth/revoke", &other, &form).await;
    refused(&answer, 400, "unauthorized_client", "the token of another client");
    let form = format!("token={}", tokens.access());
    let answer = post_as(&kit.app, "/auth/revoke", &other, &form).await;
    refused(&answer, 400, "unauthorized_client", "the token of another client");
    assert_eq!(kit.entries(&tokens.access()).await, 200);
    assert_eq!(kit.refresh(&tokens.refresh()).await.status, 200, "the other client has changed nothing");
}

pub(crate) async fn r82_a_revoked_refresh_token_takes_its_access_tokens_along(kit: Kit) {
    let first = kit.sign_in().await;
    let second = kit.refresh(&first.refresh()).await;
    let other = kit.sign_in().await;
    assert_eq!(kit.revoke(&second.refresh()).await.status, 200);
    assert_eq!([kit.entries(&first.access()).await, kit.entries(&second.access()).await], [401, 401]);
    refused(&kit.refresh(&second.refresh()).await, 400, "invalid_grant", "a revoked token");
    assert_eq!(kit.revoke(&second.refresh()).await.status, 200, "it is unknown now");
    assert_eq!(kit.entries(&other.access()).await, 200);
    // Also by a token that was replaced already.
    let replaced = other.refresh();
    let next = kit.refresh(&replaced).await;
    assert_eq!(kit.revoke(&replaced).await.status, 200);
    assert_eq!((kit.entries(&next.access()).await, kit.refresh(&next.refresh()).await.status), (401, 400));
}

pub(crate) async fn r82_an_access_token_is_revoked_alone(kit: Kit) {
    let tokens = kit.sign_in().await;
    let hint = format!("{}&token_type_hint=refresh_token", tokens.access());
    assert_eq!(kit.revoke(&hint).await.status, 200);
    assert_eq!(kit.entries(&tokens.access()).await, 401);
    let again = kit.refresh(&tokens.refresh()).await;
    assert_eq!((again.status, kit.entries(&again.access()).await), (200, 200));
    for unknown in ["x", "a.b.c", &again.access()[1..]] {
        let answer = kit.revoke(unknown).await;
        assert_eq!((answer.status, answer.header("cache-control")), (200, "no-store"), "{unknown}");
    }
    assert_eq!(kit.entries(&again.access()).await, 200);
    let missing = post(&kit.app, "/auth/revoke", "token=").await;
    refused(&missing, 400, "invalid_request", "no token");
    let stranger = post(&kit.app, "/auth/revoke", "token=x&client_id=other").await;
    refused(&stranger, 401, "invalid_client", "an unknown client");
}

pub(crate) async fn published_keys_have_no_private_member(kit: Kit) {
    let answer = get(&kit.app, "/.well-known/jwks.json", "").await;
    assert_eq!((answer.status, answer.header("content-type")), (200, "application/jwk-set+json"));
    assert_eq!(answer.header("cache-control"), "public, max-age=300");
    let keys = answer.json["keys"].as_array().expect("keys").clone();
    assert_eq!(kit.published().await.len(), 1);
    let mut members: Vec<_> = keys[0].as_object().expect("a key").keys().map(String::as_str).collect();
    members.sort_unstable();
    assert_eq!(members, ["alg", "crv", "kid", "kty", "use", "x"]);
    let header = http::part(&kit.sign_in().await.access(), 0);
    assert_eq!(header["kid"], keys[0]["kid"]);
}

pub(crate) async fn r77_guesses_are_throttled(kit: Kit) {
    let wrong = GOOD.replace("staple", "wrong");
    let mut last = kit.token(&wrong).await;
    for _ in 0..10 {
        last = kit.token(&wrong).await;
    }
    refused(&last, 429, "temporarily_unavailable", "too many passwords");
    assert!(last.header("retry-after").parse::<u64>().is_ok_and(|wait| wait >= 1));
}

pub(crate) async fn r77_guesses_of_secrets_are_throttled(kit: Kit) {
    let mut seen = Vec::new();
    for _ in 0..30 {
        seen.push(kit.refresh(&format!("rt_{}", "a".repeat(65))).await.status);
    }
    assert!(seen[0] == 400 && seen[29] == 429, "{seen:?}");
    let secret = kit.token("grant_type=client_credentials&client_id=x&client_secret=y").await;
    refused(&secret, 429, "temporarily_unavailable", "the same limit");
    let right =
        format!("grant_type=client_credentials&client_id={}&client_secret={}", kit.client_id, kit.client_secret);
    assert_eq!(kit.token(&right).await.status, 200, "a right secret does not wait");
}
