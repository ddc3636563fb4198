#![deny(missing_docs, warnings)]
//! The exports of a library.

use auth_runtime::prelude::*;
use auth_ui_tests::Tokens;
use poem::handler;
use poem_openapi::{OpenApi, payload::PlainText};

/// The library.
pub mod library {
    use super::*;

    permissions! {
        /// The permissions of a caller.
        pub enum Permission {
            View = "view",
        }
    }

    roles! {
        /// The roles of the staff.
        #[non_exhaustive]
        pub enum Role: Permission {
            Viewer = "Viewer" => [View],
        }
    }

    /// How callers prove who they are.
    #[derive(Auth, Clone, Debug)]
    #[auth(permissions = Permission, roles = Role)]
    pub struct Auth {
        /// A token.
        #[scheme(bearer)]
        pub token: Tokens,
    }

    /// Entries.
    #[derive(Debug)]
    pub struct Entries;

    #[protected]
    #[OpenApi]
    impl Entries {
        /// Lists them.
        #[permission("view")]
        #[oai(path = "/", method = "get")]
        pub async fn list(&self, caller: Principal<Auth>) -> PlainText<String> {
            PlainText(caller.subject().to_owned())
        }

        /// Deletes them.
        #[permission(Permission::View)]
        #[oai(path = "/", method = "delete")]
        async fn clear(&self) {}
    }

    /// Counts them.
    #[permission("view")]
    #[handler]
    pub async fn count() {}

    mod private {
        use super::*;

        permissions! {
            pub(super) enum Inner {
                View = "view",
            }
        }

        roles! {
            enum Innermost: Inner {
                Viewer = "viewer" => [View],
            }
        }

        pub(super) fn names() -> [&'static str; 2] {
            [Inner::View.name(), Innermost::Viewer.name()]
        }
    }

    /// Names of private items.
    #[must_use]
    pub fn names() -> [&'static str; 2] {
        private::names()
    }
}

fn main() {
    let auth = library::Auth { token: Tokens };
    assert_eq!(auth_ui_tests::status(auth.service(library::Entries, "Entries", "1.0"), "GET /", "a.Viewer"), 200);
    assert_eq!(library::names(), ["view", "viewer"]);
    let _ = library::count;
}
