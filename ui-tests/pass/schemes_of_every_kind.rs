use auth_runtime::{authenticate::{AuthenticationError, Context, Identity}, credential::{BearerToken, RequestHead}, prelude::*, respond::{Rejection, RejectionBody}};
use auth_ui_tests::{Cards, Keys, Passwords, Permission, Role, Tokens, status};
use poem::{EndpointExt, Route, get, handler};

/// An authenticator with a type parameter, in a generic `Auth`.
#[derive(Clone)]
struct Generic<S>(S);

impl<S: Clone + Send + Sync + 'static> Authenticator for Generic<S> {
    type Credential = BearerToken;

    async fn authenticate(&self, _: BearerToken, context: &Context) -> Result<Identity, AuthenticationError> {
        let _ = self.0.clone();
        Ok(context.identity("generic", "alice").role("Viewer").build())
    }
}

/// An authenticator that reads the head of a request.
#[derive(Clone)]
struct Signed;

impl Authenticator for Signed {
    type Credential = RequestHead;

    async fn authenticate(&self, head: RequestHead, context: &Context) -> Result<Identity, AuthenticationError> {
        Ok(context.identity("signed", head.header("Signature-Input").unwrap_or_default()).build())
    }
}

/// Every kind.
#[derive(Auth, Clone)]
#[auth(permissions = Permission, roles = Role, realm = "the shelf", rejection = body)]
struct Every<S>
where
    S: Clone + Send + Sync + 'static,
{
    #[scheme(basic)]
    basic: Passwords,
    #[scheme(bearer)]
    bearer: Tokens,
    #[scheme(bearer(format = "JWT"), name = "jwt")]
    bearer_format: Generic<S>,
    #[scheme(oauth2(
        password(token_url = "/token", refresh_url = "/refresh"),
        client_credentials(token_url = "/token"),
        authorization_code(authorization_url = "/authorize", token_url = "/token"),
        implicit(authorization_url = "/authorize"),
        scopes("entries:read" = "Read entries", "entries:write" = "Write entries"),
    ))]
    oauth2: Tokens,
    #[scheme(openid_connect(url = "https://issuer.example/.well-known/openid-configuration"))]
    openid_connect: Tokens,
    #[scheme(api_key(header = "X-API-Key"))]
    header: Keys,
    #[scheme(api_key(query = "key"))]
    query: Keys,
    #[scheme(api_key(cookie = "key"))]
    cookie: Keys,
    #[scheme(cookie = "__Host-session")]
    session: Keys,
    #[scheme(http = "card")]
    http: Cards,
    #[scheme(http = "Token", max_len = 500)]
    key_as_token: Keys,
    #[scheme(header = "Cf-Access-Jwt-Assertion", name = "cf")]
    cloudflare: Tokens,
    #[scheme(header = "X-Proxy-Token", ambient, max_len = 20_000, name = "proxy.token")]
    proxy: Tokens,
    #[scheme(cookie = "__Host-token")]
    token_in_cookie: Generic<S>,
    #[scheme(header = "Signature-Input")]
    signed: Signed,
    #[overrides]
    overrides: PermissionOverrides<Permission>,
}

fn body(rejection: &Rejection) -> RejectionBody {
    RejectionBody::problem(rejection)
}

type Auth = Every<u8>;

#[protected(any(scopes("entries:read"), scope("view"), schemes("jwt", "header")))]
#[handler]
async fn count() {}

fn main() {
    let auth = Auth {
        basic: Passwords,
        bearer: Tokens,
        bearer_format: Generic(1),
        oauth2: Tokens,
        openid_connect: Tokens,
        header: Keys,
        query: Keys,
        cookie: Keys,
        session: Keys,
        http: Cards,
        key_as_token: Keys,
        cloudflare: Tokens,
        proxy: Tokens,
        token_in_cookie: Generic(2),
        signed: Signed,
        overrides: PermissionOverrides::default(),
    };
    let app = || Route::new().at("/", get(count)).with(auth.clone());
    assert_eq!(status(app(), "GET /", "alice.Viewer"), 403);
    assert_eq!(status(app(), "GET /?key=alice.Viewer", ""), 403);
}
