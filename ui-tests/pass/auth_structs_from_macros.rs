use auth_runtime::{
    event::{AccessEvent, EventSink},
    prelude::*,
};
use auth_ui_tests::{Permission, Role, Tokens, Keys, status};
use poem_openapi::OpenApi;

#[derive(Clone)]
struct Audit;

impl EventSink for Audit {
    fn record(&self, _: &AccessEvent<'_>) {}
}

macro_rules! auth_of_tokens {
    ($(#[$attribute:meta])* $name:ident { $($fields:tt)* }) => {
        #[derive(Auth, Clone)]
        $(#[$attribute])*
        struct $name { $($fields)* }
    };
}

macro_rules! auth_of_types {
    ($name:ident<$permission:path, $role:path> { $($field:ident: $ty:ty = $scheme:meta),* $(,)? } $audit:ident: $sink:ty) => {
        #[derive(Auth, Clone)]
        #[auth(permissions = $permission, roles = $role)]
        struct $name {
            $(#[$scheme] $field: $ty,)*
            #[events]
            $audit: $sink,
            #[overrides]
            overrides: PermissionOverrides<Permission>,
        }
    };
}

auth_of_tokens!(#[auth(permissions = Permission, roles = Role)] FromTokens {
    /// Access token.
    #[scheme(bearer)]
    token: Tokens,
    #[scheme(api_key(header = "X-API-Key"))]
    key: Keys,
    #[events]
    audit: Audit,
});
auth_of_types!(FromTypes<Permission, Role> { token: Tokens = scheme(bearer), key: Keys = scheme(cookie = "key") } audit: Audit);

macro_rules! api {
    ($name:ident, $auth:ty) => {
        struct $name;

        #[protected(auth = $auth)]
        #[OpenApi]
        impl $name {
            #[permission("view")]
            #[oai(path = "/", method = "get")]
            async fn list(&self, caller: Principal<$auth>) {
                let _ = caller;
            }
        }
    };
}

api!(One, FromTokens);
api!(Two, FromTypes);

fn main() {
    let one = || FromTokens { token: Tokens, key: Keys, audit: Audit }.service(One, "One", "1.0");
    let two = || {
        FromTypes { token: Tokens, key: Keys, audit: Audit, overrides: PermissionOverrides::default() }
            .service(Two, "Two", "1.0")
    };
    assert_eq!((status(one(), "GET /", "alice.Viewer"), status(one(), "GET /", "alice.")), (200, 403));
    assert_eq!((status(two(), "GET /", "alice.Viewer"), status(two(), "GET /", "alice.")), (200, 403));
}
