//! The first page: the caller, and what the caller may do.

use auth_runtime::{prelude::*, session::Page};
use maud::html;
use poem::handler;

use super::access::{Auth, Permission};

/// Shows the caller. A browser without a session is sent to the sign-in page.
#[protected]
#[handler]
pub fn home(caller: Principal<Auth>) -> Page {
    let roles: Vec<String> = caller.roles().iter().map(|role| role.to_string()).collect();
    let held: Vec<String> = caller.permissions().iter().map(|permission| permission.to_string()).collect();
    let permissions = Permission::NAMES.iter().zip(Permission::DESCRIPTIONS);
    let body = html! {
        dl {
            dt { "Name" }
            dd { (caller.display_name()) }
            dt { "Roles" }
            dd { (roles.join(", ")) }
            dt { "Signed in by" }
            dd { (caller.scheme()) }
        }
        h2 { "You may" }
        ul {
            @for (name, text) in permissions.filter(|(name, _)| held.iter().any(|held| held == *name)) {
                li { (text) span.soft { " (" (name) ")" } }
            }
        }
        nav {
            a href="/docs" { "Documentation" }
            a href="/auth/sessions" { "My sessions" }
            a href="/auth/password" { "Change password" }
            a href="/auth/logout" { "Sign out" }
        }
    };
    Page::new("Entry book", format!("Hello {}", caller.display_name())).html(body.into_string())
}
