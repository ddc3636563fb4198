//! An application that has its own table of users, and keeps it: it implements `UserStore`, which is one method.

#![allow(clippy::unused_async, reason = "an operation is async, whether it waits for something or not")]

pub mod members;

use auth_runtime::prelude::*;
use poem::{Endpoint, Route};
use poem_openapi::{OpenApi, payload::PlainText};

use self::members::Members;

permissions! {
    /// What a member may do.
    pub enum Permission {
        /// Borrow books
        Borrow = "borrow",
        /// Buy books
        Buy = "buy",
    }
}

roles! {
    /// What members are.
    pub enum Role: Permission {
        /// Borrows books
        Reader = "Reader" => [Borrow],
        /// Runs the library
        Librarian = "Librarian" => all,
    }
}

/// How callers prove who they are.
#[derive(Auth, Clone, Debug)]
#[auth(permissions = Permission, roles = Role, realm = "library")]
pub struct Auth {
    /// Number of the membership, and password.
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

/// The application.
#[must_use]
pub fn app(members: Members) -> impl Endpoint + use<> {
    let auth = Auth { password: Basic::new(members) };
    let api = auth.service(Library, "Library", "1.0");
    Route::new().nest("/docs", api.swagger_ui()).nest("/", api)
}
