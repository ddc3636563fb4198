use auth_runtime::prelude::*;
use auth_ui_tests::{Tokens, status};
use poem_openapi::OpenApi;

permissions! {
    /// Names of many kinds.
    pub enum Permission {
        /// A colon
        Create = "products:create",
        /// A slash, a dot and a dash
        Path = "api/v1.0/read-all",
        /// A space
        Spaced = "read everything",
        /// Letters of other languages
        Umlaut = "Größe ändern",
        /// No letters
        Emoji = "🦀",
        /// A quote
        Quoted = "say \"hello\" \\",
        r#Type = "type",
    }
}

roles! {
    pub enum Role: Permission {
        Verkäufer = "Verkäufer" => ["Größe ändern", Create, Permission::Emoji],
        Chefin = "Chefin / Chef": Verkäufer => ["say \"hello\" \\", r#Type],
        Nobody = "nobody",
    }
}

#[derive(Auth, Clone)]
#[auth(permissions = Permission, roles = Role)]
struct Auth {
    #[scheme(bearer, name = "the.token-1_0")]
    r#in: Tokens,
}

const GROESSE: Permission = Permission::Umlaut;

struct Entries;

#[protected(schemes = "the.token-1_0")]
#[OpenApi]
impl Entries {
    #[permission("Größe ändern")]
    #[permission(Permission::Emoji)]
    #[permission(GROESSE)]
    #[oai(path = "/", method = "get")]
    async fn list(&self) {}

    #[protected(not(role("Chefin / Chef")), permissions("products:create", "🦀"))]
    #[oai(path = "/sell", method = "get")]
    async fn sell(&self) {}
}

fn main() {
    let app = || Auth { r#in: Tokens }.service(Entries, "Entries", "1.0");
    assert_eq!("say \"hello\" \\".parse(), Ok(Permission::Quoted));
    assert_eq!(Permission::r#Type.description(), "");
    assert!(Role::Nobody.permissions().is_empty());
    assert!(Role::Chefin.permissions().contains(Permission::Quoted));
    // The tests' scheme has no token for the role `Verkäufer`, so this caller has no role.
    assert_eq!(status(app(), "GET /", "alice.nobody"), 403);
}
