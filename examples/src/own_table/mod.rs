//! An application that keeps its own table of users. It implements `UserStore`, a trait with two required methods.

pub mod members;

use auth_runtime::prelude::*;
use poem::{Endpoint, Route};
use poem_openapi::{OpenApi, payload::PlainText};

use self::members::Members;

permissions! {
    /// Permissions of members.
    pub enum Permission {
        /// Borrow books
        Borrow = "borrow",
        /// Buy books
        Buy = "buy",
    }
}

roles! {
    /// Roles of members.
    pub enum Role: Permission {
        /// Borrows books
        Reader = "Reader" => [Borrow],
        /// Runs the library
        Librarian = "Librarian" => all,
    }
}

/// The accepted credentials.
#[derive(Auth, Clone, Debug)]
#[auth(permissions = Permission, roles = Role, realm = "library")]
pub struct Auth {
    /// Membership number and password.
    #[scheme(basic)]
    pub password: Basic<Members>,
}

struct Library;

#[protected]
#[OpenApi]
impl Library {
    /// Borrows a book
    #[permission("borrow")]
    #[oai(path = "/loans", method = "post")]
    async fn borrow(&self, caller: Principal<Auth>) -> PlainText<String> {
        PlainText(format!("{} has a book", caller.display_name()))
    }

    /// Buys a book
    #[permission("buy")]
    #[oai(path = "/books", method = "post")]
    async fn buy(&self) -> PlainText<&'static str> {
        PlainText("there is another book")
    }
}

/// Returns the application.
#[must_use]
pub fn app(members: Members) -> impl Endpoint + use<> {
    let auth = Auth { password: Basic::new(members) };
    let api = auth.service(Library, "Library", "1.0");
    Route::new().nest("/docs", api.swagger_ui()).nest("/", api)
}
