//! The token service on stores in memory.

use auth_runtime::{
    authenticate::{Context, Unavailable},
    credential::BearerToken,
    jwt::{KeyRing, MemorySigningKeys, Revocations, TokenIssuer},
    prelude::*,
    token_service::{Client, MemoryClients, MemoryRefreshTokens, RefreshFamily, RefreshTokenStore, TokenService},
    users::{MemoryUsers, User},
};

use crate::flows::{self, Kit, PASSWORD, http};

const SECRET: &str = "0Zr9Pq4cWv1XsT7uKb3Ln6Yd8Gf2HjMa";
const CLIENT_SECRET: &str = "8Gf2HjMa0Zr9Pq4cWv1XsT7uKb3Ln6Yd";

fn users() -> MemoryUsers {
    let alice = User::with_password("alice", PASSWORD).unwrap().roles(["User"]);
    let machine = User::new("machine", "").roles(["Viewer"]);
    MemoryUsers::new().add_user(alice).unwrap().add_user(machine).unwrap()
}

async fn issuer() -> TokenIssuer {
    let ring = KeyRing::new(MemorySigningKeys::new(), SECRET).unwrap();
    TokenIssuer::key_ring(ring).await.unwrap().issuer("https://issuer.example").audience("entries")
}

async fn service() -> TokenService {
    let client = Client::new("nightly", Client::hash(CLIENT_SECRET), "machine");
    TokenService::new(issuer().await, Basic::new(users()))
        .refresh_tokens(MemoryRefreshTokens::new())
        .clients(MemoryClients::new().add_client(client))
        .password_grant("web")
}

fn kit_of<R: RefreshTokenStore>(tokens: &TokenService<MemoryUsers, R>) -> Kit {
    Kit { app: flows::app(tokens, users()), client_id: "nightly".to_owned(), client_secret: CLIENT_SECRET.to_owned() }
}

async fn kit() -> Kit {
    kit_of(&service().await)
}

macro_rules! flows {
    ($($name:ident)*) => {$(
        #[tokio::test]
        async fn $name() {
            flows::$name(kit().await).await;
        }
    )*};
}

flows::each_flow! { flows }

const FORM: &str = "username=alice&password=correct+horse+battery+staple";

#[tokio::test]
async fn nothing_is_accepted_unless_turned_on_by_name() {
    let app = flows::app(&TokenService::new(issuer().await, Basic::new(users())), users());
    for form in ["grant_type=password&", "grant_type=refresh_token&refresh_token=x&", "grant_type=client_credentials&"]
    {
        let answer = http::post(&app, "/auth/token", &format!("{form}{FORM}")).await;
        assert_eq!((answer.status, answer.text("error").as_str()), (400, "unsupported_grant_type"), "{form}");
    }
    assert_eq!(http::post(&app, "/auth/revoke", "token=x").await.text("error"), "invalid_client");
}

#[tokio::test]
async fn the_grant_type_may_be_absent_where_that_is_accepted() {
    let lenient = TokenService::new(issuer().await, Basic::new(users())).lenient_password_grant("web");
    let app = flows::app(&lenient, users());
    for form in [FORM.to_owned(), format!("grant_type=&{FORM}"), format!("grant_type=password&{FORM}")] {
        assert_eq!(http::post(&app, "/auth/token", &form).await.status, 200, "{form}");
    }
    for (form, error) in [("", "invalid_request"), ("grant_type=implicit&username=a", "unsupported_grant_type")] {
        assert_eq!(http::post(&app, "/auth/token", form).await.text("error"), error, "{form}");
    }
    // Swagger UI sends an empty client if none is configured.
    let answer = http::post_as(&app, "/auth/token", &http::basic("", ""), FORM).await;
    assert_eq!((answer.status, answer.json["refresh_token"].is_null()), (200, true));
    assert_eq!(http::post_as(&app, "/auth/token", &http::basic("web", ""), FORM).await.status, 200);
}

/// A store of refresh tokens that does not answer.
struct Down;

impl RefreshTokenStore for Down {
    async fn add(&self, _: &RefreshFamily) -> Result<(), Unavailable> {
        Err(Unavailable::new("connection refused"))
    }

    async fn find(&self, _: &str) -> Result<Option<RefreshFamily>, Unavailable> {
        Err(Unavailable::new("connection refused"))
    }

    async fn rotate(&self, _: &str, _: [u8; 32], _: [u8; 32]) -> Result<bool, Unavailable> {
        Err(Unavailable::new("connection refused"))
    }

    async fn end(&self, _: &str) -> Result<(), Unavailable> {
        Err(Unavailable::new("connection refused"))
    }
}

#[tokio::test]
async fn a_store_that_is_down_is_503() {
    let kit = kit_of(&service().await.refresh_tokens(Down));
    let token = format!("rt_{}", "a".repeat(65));
    for answer in [kit.sign_in().await, kit.refresh(&token).await, kit.revoke(&token).await] {
        assert_eq!((answer.status, answer.text("error").as_str()), (503, "temporarily_unavailable"));
        assert_eq!((answer.header("retry-after"), answer.header("cache-control")), ("5", "no-store"));
    }
}

#[tokio::test]
async fn r81_a_family_ends_at_its_time_however_often_it_is_used() {
    #[derive(Clone, Default)]
    struct Expired(MemoryRefreshTokens);

    impl RefreshTokenStore for Expired {
        async fn add(&self, family: &RefreshFamily) -> Result<(), Unavailable> {
            let lifetime = family.expires_at.duration_since(family.signed_in_at).unwrap();
            assert_eq!(lifetime.as_secs(), 30 * 24 * 60 * 60);
            self.0.add(&RefreshFamily { expires_at: family.signed_in_at, ..family.clone() }).await
        }

        async fn find(&self, id: &str) -> Result<Option<RefreshFamily>, Unavailable> {
            self.0.find(id).await
        }

        async fn rotate(&self, id: &str, current: [u8; 32], next: [u8; 32]) -> Result<bool, Unavailable> {
            self.0.rotate(id, current, next).await
        }

        async fn end(&self, id: &str) -> Result<(), Unavailable> {
            self.0.end(id).await
        }
    }

    let kit = kit_of(&service().await.refresh_tokens(Expired::default()));
    let tokens = kit.sign_in().await;
    let answer = kit.refresh(&tokens.refresh()).await;
    assert_eq!((answer.status, answer.text("error").as_str()), (400, "invalid_grant"));
    assert_eq!(kit.entries(&tokens.access()).await, 200, "access tokens have their own time");
}

#[tokio::test]
async fn r81_a_family_whose_end_fails_halfway_has_no_good_token() {
    #[derive(Clone, Default)]
    struct Endless(MemoryRefreshTokens);

    impl RefreshTokenStore for Endless {
        async fn add(&self, family: &RefreshFamily) -> Result<(), Unavailable> {
            self.0.add(family).await
        }

        async fn find(&self, id: &str) -> Result<Option<RefreshFamily>, Unavailable> {
            self.0.find(id).await
        }

        async fn rotate(&self, id: &str, current: [u8; 32], next: [u8; 32]) -> Result<bool, Unavailable> {
            self.0.rotate(id, current, next).await
        }

        async fn end(&self, _: &str) -> Result<(), Unavailable> {
            Err(Unavailable::new("connection lost"))
        }
    }

    let families = Endless::default();
    let (kit, whole) = (kit_of(&service().await.refresh_tokens(families.clone())), families.0);
    for is_reused in [true, false] {
        let first = kit.sign_in().await;
        let second = kit.refresh(&first.refresh()).await;
        let ended = if is_reused { kit.refresh(&first.refresh()).await } else { kit.revoke(&first.refresh()).await };
        assert_eq!(ended.status, 503);
        // The family is still there.
        assert!(whole.find(&RefreshFamily::id_of(&first.refresh()).unwrap()).await.unwrap().is_some());
        assert_ne!(kit.refresh(&second.refresh()).await.status, 200);
        assert_eq!([kit.entries(&first.access()).await, kit.entries(&second.access()).await], [401, 401]);
    }
}

#[tokio::test]
async fn another_service_with_the_same_keys_verifies_by_the_published_ones() {
    let tokens = service().await;
    let app = flows::app(&tokens, users());
    let answer = http::post(&app, "/auth/token", &format!("grant_type=password&{FORM}")).await;
    let keys = http::get(&app, "/.well-known/jwks.json", "").await.json.to_string();
    let jwt = Jwt::jwks(keys).unwrap().issuer("https://issuer.example").audience("entries");
    let context = Context::of::<flows::TokenAuth<MemoryUsers>>();
    let caller = jwt.authenticate(BearerToken::new(answer.access()), &context).await.unwrap();
    assert_eq!(caller.subject(), "alice");
}

#[tokio::test]
async fn secrets_are_not_in_debug_output() {
    let tokens = service().await.revocations(&Revocations::new());
    let shown =
        format!("{tokens:?} {:?} {:?}", tokens.api::<flows::TokenAuth<MemoryUsers>>(), MemoryRefreshTokens::new());
    assert!(shown.contains("web") && !shown.contains(SECRET) && !shown.contains(CLIENT_SECRET), "{shown}");
    let client = Client::new("nightly", Client::hash(CLIENT_SECRET), "machine");
    assert!(!format!("{client:?}").contains("sha256"));
}

/// Returns the token service of an issuer, which has its own users.
async fn service_of(issuer: &str, families: &MemoryRefreshTokens) -> TokenService {
    let ring = KeyRing::new(MemorySigningKeys::new(), SECRET).unwrap();
    let issuer = TokenIssuer::key_ring(ring).await.unwrap().issuer(issuer).audience("entries");
    TokenService::new(issuer, Basic::new(users())).refresh_tokens(families.clone()).password_grant("web")
}

#[tokio::test]
async fn r36_a_refresh_token_of_another_issuer_is_unknown() {
    let families = MemoryRefreshTokens::new();
    let here = kit_of(&service_of("https://here.example", &families).await);
    let there = kit_of(&service_of("https://there.example", &families).await);
    let tokens = here.sign_in().await;
    let foreign = there.refresh(&tokens.refresh()).await;
    assert_eq!((foreign.status, foreign.text("error").as_str()), (400, "invalid_grant"));
    for token in [tokens.refresh(), tokens.access()] {
        assert_eq!(there.revoke(&token).await.status, 200, "it is unknown there");
    }
    assert_eq!(here.entries(&tokens.access()).await, 200, "and goes on here");
    assert_eq!(here.refresh(&tokens.refresh()).await.status, 200);
}

#[tokio::test]
async fn a_token_that_is_none_of_this_service_is_revoked_in_vain() {
    let kit = kit().await;
    let access = kit.sign_in().await.access();
    let parts: Vec<&str> = access.split('.').collect();
    let unsigned = format!("eyJhbGciOiJub25lIn0.{}.", parts[1]);
    let forged = format!("{}.{}.{}", parts[0], parts[1], "A".repeat(86));
    for token in [&*unsigned, &forged, "..", "rt_", "%00", &format!("{access}."), &"a".repeat(7000)] {
        assert_eq!(kit.revoke(token).await.status, 200, "{token}");
    }
    assert_eq!(kit.entries(&access).await, 200);
    let long = kit.revoke(&"a".repeat(9000)).await;
    assert_eq!((long.status, long.text("error").as_str()), (400, "invalid_request"));
}
