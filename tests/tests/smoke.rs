//! Smoke.
use auth_runtime::{authenticate::{AuthenticationError, Context, Identity}, credential::BearerToken, prelude::*};
use poem::{EndpointExt, Route, get, handler, test::TestClient, http::StatusCode};
use poem_openapi::{OpenApi, param::Path, payload::{Json, PlainText}};

permissions! {
    /// What a caller may do with entries.
    pub enum Permission {
        /// View entries
        View = "view",
        /// Update entries
        Edit = "edit",
    }
}
roles! {
    /// Who works here.
    pub enum Role: Permission {
        /// Reads
        Viewer = "Viewer" => [View],
        /// Writes
        User = "User": Viewer => [Edit],
        /// All
        Administrator = "Administrator" => all,
    }
}

/// token = "name:role,role"
#[derive(Clone)]
struct Tokens;
impl Authenticator for Tokens {
    type Credential = BearerToken;
    async fn authenticate(&self, token: BearerToken, context: &Context) -> Result<Identity, AuthenticationError> {
        let (name, roles) = token.as_str().split_once('.').ok_or_else(|| AuthenticationError::invalid("no dot"))?;
        let identity = roles.split('_').fold(context.identity("tokens", name), |identity, role| identity.role(role));
        Ok(identity.build())
    }
}

/// Auth
#[derive(Auth, Clone)]
#[auth(permissions = Permission, roles = Role)]
struct Auth {
    /// token
    #[scheme(bearer)]
    token: Tokens,
}

struct Entries;

#[protected]
#[OpenApi(prefix_path = "/entries")]
impl Entries {
    /// List
    #[permission("view")]
    #[oai(path = "/", method = "get")]
    async fn list(&self) -> PlainText<String> { PlainText("list".into()) }

    #[protected(roles = "Administrator")]
    #[oai(path = "/", method = "delete")]
    async fn clear(&self, caller: Principal<Auth>) -> PlainText<String> { PlainText(caller.subject().to_owned()) }

    #[protected(any(role("Administrator"), all(permission("edit"), check = owns(&caller, id))))]
    #[oai(path = "/:id", method = "put")]
    async fn update(&self, caller: Principal<Auth>, Path(id): Path<i64>, body: Json<serde_json::Value>) -> poem::Result<Json<serde_json::Value>> {
        let _ = (caller, id);
        Ok(body)
    }

    #[public(reason = "liveness probe")]
    #[oai(path = "/health", method = "get")]
    async fn health(&self) -> PlainText<&'static str> { PlainText("ok") }

    #[optional_auth]
    #[oai(path = "/who", method = "get")]
    async fn who(&self, caller: Option<Principal<Auth>>) -> PlainText<String> {
        PlainText(caller.map_or("nobody".to_owned(), |caller| caller.subject().to_owned()))
    }
}

async fn owns(caller: &Principal<Auth>, id: &i64) -> bool { caller.subject() == format!("user{id}") }

#[protected(roles = "Administrator")]
#[handler]
async fn admin(caller: Principal<Auth>) -> String { caller.subject().to_owned() }

#[tokio::test]
async fn line() {
    let auth = Auth { token: Tokens };
    let service = auth.service(Entries, "t", "1");
    println!("{}", service.spec());
    let app = Route::new().nest("/", service).at("/admin", get(admin).with(auth.clone()));
    let client = TestClient::new(app);
    for (method, path, token, status) in [
        ("GET", "/entries", None, 401), ("GET", "/entries", Some("a.Viewer"), 200), ("GET", "/entries", Some("a.x"), 403),
        ("GET", "/entries", Some("nodot"), 401),
        ("PUT", "/entries/5", Some("user5.User"), 200), ("PUT", "/entries/5", Some("user6.User"), 403), ("PUT", "/entries/5", Some("user6.Administrator"), 200),
        ("GET", "/entries/health", Some("bad"), 200), ("GET", "/entries/who", None, 200), ("GET", "/entries/who", Some("bad"), 401),
        ("GET", "/admin", Some("a.Administrator"), 200), ("GET", "/admin", Some("a.User"), 403), ("GET", "/admin", None, 401),
        ("PATCH", "/entries/5", None, 405),
    ] {
        let mut request = client.request(method.parse().unwrap(), path).content_type("application/json").body("{}");
        if let Some(token) = token { request = request.header("Authorization", format!("Bearer {token}")); }
        let response = request.send().await;
        println!("{method} {path} {token:?} {:?} {:?}", response.0.status(), response.0.headers());
        assert_eq!(response.0.status(), StatusCode::from_u16(status).unwrap(), "{method} {path} {token:?}");
    }
}
