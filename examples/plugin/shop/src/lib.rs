//! Another application that mounts the comments plug-in, with another `Auth`. It knows the library by the facade only.

use example_comments::Comments;
use example_platform::auth::{policy::Operation, prelude::*};
use poem::Endpoint;
use poem_openapi::{OpenApi, payload::PlainText};

permissions! {
    /// Permissions of the shop.
    #[auth(crate = example_platform::auth)]
    pub enum Permission {
        /// Buy
        Buy = "buy",
        /// Change prices
        Price = "price",
        /// Reviews are comments
        Reviews(example_comments::Permission),
    }
}

roles! {
    /// The roles of the shop.
    #[auth(crate = example_platform::auth)]
    pub enum Role: Permission {
        /// Buys, and reads reviews
        Customer = "Customer" => [Buy, "comments:read"],
        /// Has all permissions
        Manager = "Manager" => all,
    }
}

/// How callers prove who they are.
#[derive(Auth, Clone, Debug, Default)]
#[auth(crate = example_platform::auth, permissions = Permission, roles = Role, realm = "shop")]
pub struct Auth {
    /// Key of a customer.
    #[scheme(cookie = "shop-key")]
    pub key: ApiKeys,
}

/// A rule with a name.
pub const MANAGERS: &Operation<Auth> = requirement!(role("Manager"), crate = example_platform::auth);

struct Articles;

#[protected(crate = example_platform::auth)]
#[OpenApi(prefix_path = "/articles")]
impl Articles {
    /// Buys an article.
    #[permission("buy")]
    #[oai(path = "/", method = "get")]
    async fn list(&self) -> PlainText<&'static str> {
        PlainText("a chair")
    }

    /// Changes a price.
    #[protected(MANAGERS)]
    #[oai(path = "/prices", method = "get")]
    async fn prices(&self) -> PlainText<&'static str> {
        PlainText("10")
    }
}

/// Returns the service: articles of the shop, and reviews of the plug-in.
#[must_use]
pub fn app(auth: &Auth) -> impl Endpoint + use<> {
    example_platform::mount(auth, (Articles, Comments::default()), "Shop")
}
