use auth_runtime::prelude::*;
use auth_ui_tests::{Tokens, status};
use poem_openapi::OpenApi;

mod shop {
    auth_runtime::permissions! {
        pub enum Permission { Buy = "shop:buy", Sell = "shop:sell" }
    }
}

mod forum {
    auth_runtime::permissions! {
        pub enum Permission { Read = "forum:read", Write = "forum:write" }
    }
}

permissions! {
    /// Every permission of the site.
    pub enum Permission {
        /// Sign the guest book
        Sign = "sign",
        Shop(shop::Permission),
        /// Permissions on the forum
        Forum(forum::Permission),
    }
}

permissions! {
    /// A table without names of its own.
    pub enum Both { Shop(shop::Permission), Forum(forum::Permission) }
}

roles! {
    pub enum Role: Permission {
        Guest = "Guest" => [Sign, "forum:read"],
        Customer = "Customer": Guest => [Shop(shop::Permission::Buy)],
        Clerk = "Clerk": Customer => ["shop:*", Permission::Forum(forum::Permission::Write)],
    }
}

#[derive(Auth, Clone)]
#[auth(permissions = Permission, roles = Role)]
struct Auth {
    #[scheme(oauth2(password(token_url = "/token")))]
    token: Tokens,
}

struct Site;

#[protected]
#[OpenApi]
impl Site {
    #[permission(Permission::Shop(shop::Permission::Sell))]
    #[oai(path = "/sell", method = "get")]
    async fn sell(&self) {}

    #[protected(any_permission("forum:write", Permission::Forum(forum::Permission::Read)))]
    #[oai(path = "/forum", method = "get")]
    async fn forum(&self) {}
}

const CLERK: PermissionSet = Role::Clerk.permissions();
const _: () = assert!(CLERK.len() == Permission::ALL.len());

fn main() {
    let app = || Auth { token: Tokens }.service(Site, "Site", "1.0");
    for (request, role, expected) in [
        ("GET /sell", "Customer", 403),
        ("GET /sell", "Clerk", 200),
        ("GET /forum", "Guest", 200),
        ("GET /forum", "", 403),
    ] {
        assert_eq!(status(app(), request, &format!("alice.{role}")), expected, "{request} {role}");
    }
    assert_eq!(Both::ALL.len(), 4);
    assert_eq!("forum:write".parse(), Ok(Both::Forum(forum::Permission::Write)));
}
