//! APIs that a crate ships and several applications mount, and tables that include those of a crate.

use std::marker::PhantomData;

use auth_runtime::{declared::Includes, guard::AuthConfig, policy::Operation, prelude::*};
use poem::{Endpoint, EndpointExt, IntoEndpoint, Route, endpoint::make_sync, get as on_get, handler};
use poem_openapi::{OpenApi, param::Path, payload::PlainText};

use crate::fixture::{By, Caller, Keys, Tokens, get};

/// The content of a plug-in crate.
mod plugin {
    use super::{AuthConfig, Includes, OpenApi, Operation, Path, PhantomData, PlainText, Principal};
    use auth_runtime::{permissions, protected, requirement};

    permissions! {
        /// Permissions on comments.
        pub(super) enum Permission {
            /// Read comments
            Read = "comments:read",
            /// Write comments
            Write = "comments:write",
        }
    }

    pub(super) struct Comments<A>(pub(super) PhantomData<fn() -> A>);

    #[protected(auth = A)]
    #[OpenApi(prefix_path = "/comments")]
    impl<A: AuthConfig> Comments<A>
    where
        A::Permission: Includes<Permission>,
    {
        #[permission(Permission::Read)]
        #[oai(path = "/", method = "get")]
        async fn list(&self, caller: Principal<A>) -> PlainText<String> {
            PlainText(caller.has(A::Permission::include(Permission::Write)).to_string())
        }

        #[protected(any(role("Moderator"), all(permission("comments:write"), check = *author == caller.subject())))]
        #[oai(path = "/:author", method = "get")]
        async fn write(&self, caller: Principal<A>, Path(author): Path<String>) -> PlainText<String> {
            PlainText(author)
        }

        #[public(reason = "liveness probe")]
        #[oai(path = "/health", method = "get")]
        async fn health(&self) {}
    }

    pub(super) fn writers<A: AuthConfig>() -> &'static Operation<A>
    where
        A::Permission: Includes<Permission>,
    {
        requirement!(auth = A, permission(Permission::Write), not(permission("comments:read")))
    }
}

permissions! {
    /// Permissions of a blog.
    enum BlogPermission {
        /// Publish posts
        Publish = "publish",
        /// Permissions on comments
        Comments(plugin::Permission),
    }
}

roles! {
    enum BlogRole: BlogPermission {
        Reader = "Reader" => [Comments(plugin::Permission::Read)],
        Writer = "Writer": Reader => ["comments:write"],
        Moderator = "Moderator" => ["comments:*", BlogPermission::Publish],
    }
}

#[derive(Auth, Clone, Default)]
#[auth(permissions = BlogPermission, roles = BlogRole)]
struct Blog {
    #[scheme(bearer)]
    token: Tokens,
}

permissions! {
    enum ShopPermission {
        Buy = "buy",
        Sell = "sell",
        Comments(plugin::Permission),
    }
}

roles! {
    enum ShopRole: ShopPermission {
        Moderator = "Moderator" => all,
    }
}

/// Another application. It numbers the same permissions differently.
#[derive(Auth, Clone, Default)]
#[auth(permissions = ShopPermission, roles = ShopRole)]
struct Shop {
    #[scheme(api_key(header = "X-API-Key"))]
    key: Keys,
}

struct Posts;

#[protected(auth = Blog)]
#[OpenApi(prefix_path = "/posts")]
impl Posts {
    #[permission(BlogPermission::Comments(plugin::Permission::Write))]
    #[oai(path = "/", method = "get")]
    async fn list(&self) {}
}

fn blog() -> impl Endpoint {
    Blog::default().service((plugin::Comments(PhantomData::<fn() -> Blog>), Posts), "Blog", "1").into_endpoint()
}

fn shop() -> impl Endpoint {
    Shop::default().service(plugin::Comments(PhantomData::<fn() -> Shop>), "Shop", "1").into_endpoint()
}

#[tokio::test]
async fn two_applications_mount_one_api_with_their_own_auth() {
    let (blog, shop) = (blog(), shop());
    let reader = Caller::new("alice").permission("comments:read");
    assert_eq!(get("/comments").by(By::Token, &reader).to(&blog).await.body, "false");
    assert_eq!(get("/comments").by(By::Key, &reader).to(&shop).await.body, "false");
    assert_eq!(get("/comments").by(By::Key, &reader).to(&blog).await.status, 401);
    assert_eq!(get("/comments").by(By::Token, &reader).to(&shop).await.status, 401);
    let writer = Caller::new("alice").permission("comments:write");
    assert_eq!(get("/comments").by(By::Token, &writer).to(&blog).await.status, 403);
    assert_eq!(get("/comments/alice").by(By::Key, &writer).to(&shop).await.status, 200);
    assert_eq!(get("/comments/bob").by(By::Key, &writer).to(&shop).await.status, 403);
    let moderator = Caller::new("root").role("Moderator");
    assert_eq!(get("/comments/bob").by(By::Key, &moderator).to(&shop).await.status, 200);
    assert_eq!(get("/comments/bob").by(By::Token, &moderator).to(&blog).await.status, 200);
    assert_eq!(get("/comments/health").to(&blog).await.status, 200);
}

#[tokio::test]
async fn roles_hold_the_permissions_of_a_joined_table() {
    let blog = blog();
    for (role, list, posts) in [("Reader", 200, 403), ("Writer", 200, 200), ("Moderator", 200, 200)] {
        let caller = Caller::new("alice").role(role);
        assert_eq!(get("/comments").by(By::Token, &caller).to(&blog).await.status, list, "{role}");
        assert_eq!(get("/posts").by(By::Token, &caller).to(&blog).await.status, posts, "{role}");
    }
}

#[test]
fn a_joined_table_has_the_names_of_the_other_one() {
    use plugin::Permission as Other;
    let write = BlogPermission::Comments(Other::Write);
    assert_eq!(BlogPermission::ALL, [BlogPermission::Publish, Other::Read.into(), write]);
    assert_eq!((write.name(), write.description()), ("comments:write", "Write comments"));
    assert_eq!("comments:write".parse(), Ok(write));
    assert!("comments:delete".parse::<BlogPermission>().is_err());
    assert_eq!(format!("{write:?} {write}"), "Comments(Write) comments:write");
    assert_eq!(serde_json::to_string(&write).unwrap(), r#""comments:write""#);
    assert_eq!(BlogPermission::set(&[write]).iter().collect::<Vec<_>>(), [write]);
    assert_eq!(BlogRole::Moderator.permissions().len(), 3);
}

#[tokio::test]
async fn a_generic_function_makes_a_requirement() {
    let page = make_sync(|_| "a page").protect(plugin::writers::<Blog>());
    let app = Route::new().at("/page", page).with(Blog::default());
    let writer = Caller::new("alice").permission("comments:write");
    assert_eq!(get("/page").by(By::Token, &writer).to(&app).await.status, 200);
    assert_eq!(get("/page").by(By::Token, &writer.permission("comments:read")).to(&app).await.status, 403);
}

#[protected(auth = A, role("Moderator"))]
#[handler]
async fn moderated<A: AuthConfig>(caller: Principal<A>) -> String {
    caller.subject().to_owned()
}

#[tokio::test]
async fn a_generic_handler_has_the_auth_of_its_parameter() {
    let blog = Route::new().at("/page", on_get(moderated::<Blog>::default())).with(Blog::default());
    let shop = Route::new().at("/page", on_get(moderated::<Shop>::default())).with(Shop::default());
    let moderator = Caller::new("root").role("Moderator");
    assert_eq!(get("/page").by(By::Token, &moderator).to(&blog).await.body, "root");
    assert_eq!(get("/page").by(By::Key, &moderator).to(&shop).await.body, "root");
    assert_eq!(get("/page").by(By::Key, &Caller::new("alice")).to(&shop).await.status, 403);
}

/// An `Auth` with a type parameter.
#[derive(Auth, Clone, Default)]
#[auth(permissions = BlogPermission, roles = BlogRole)]
struct Over<S: Authenticator<Credential = auth_runtime::credential::ApiKey> + Clone> {
    #[scheme(api_key(header = "X-API-Key"))]
    store: S,
}

struct Stored<S>(PhantomData<fn() -> S>);

#[protected(auth = Over<S>)]
#[OpenApi]
impl<S> Stored<S>
where
    S: Authenticator<Credential = auth_runtime::credential::ApiKey> + Clone + 'static,
{
    #[protected(permission(BlogPermission::Publish), schemes("store"))]
    #[oai(path = "/stored", method = "get")]
    async fn stored(&self, caller: Principal<Over<S>>) -> PlainText<String> {
        PlainText(caller.subject().to_owned())
    }
}

#[tokio::test]
async fn an_auth_over_a_store_protects_an_api_over_the_same_store() {
    let app = Over::<Keys>::default().service(Stored(PhantomData::<fn() -> Keys>), "Stored", "1").into_endpoint();
    let publisher = Caller::new("alice").permission("publish");
    assert_eq!(get("/stored").by(By::Key, &publisher).to(&app).await.body, "alice");
    assert_eq!(get("/stored").by(By::Key, &Caller::new("bob")).to(&app).await.status, 403);
}
