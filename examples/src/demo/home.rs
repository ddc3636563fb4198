//! The first page: the way to sign in, or the caller and what the caller may do.

use auth_runtime::{prelude::*, session::Page};
use maud::{Markup, html};
use poem::handler;

use super::{
    SITE,
    access::{Auth, Permission, Role},
};

/// Shows a visitor the way in, and a caller who they are. A session that has ended is a visitor's.
#[optional_auth]
#[handler]
pub fn home(caller: Option<Principal<Auth>>) -> Page {
    match caller {
        None => Page::new(SITE, "Welcome").html(welcome().into_string()),
        Some(caller) => {
            let title = format!("Hello {}", caller.display_name());
            Page::new(SITE, title).html(profile(&caller).into_string())
        }
    }
}

fn welcome() -> Markup {
    html! {
        p { "A book of entries. The terminal shows the users and their passwords." }
        nav {
            a.button href="/auth/login" { "Sign in" }
            a href="/auth/forgot-password" { "Forgot your password?" }
            a href="/docs" { "Documentation" }
        }
    }
}

fn profile(caller: &Principal<Auth>) -> Markup {
    let roles: Vec<String> = caller.roles().iter().map(|role| role.to_string()).collect();
    let held: Vec<String> = caller.permissions().iter().map(|permission| permission.to_string()).collect();
    let permissions = Permission::NAMES.iter().zip(Permission::DESCRIPTIONS);
    html! {
        dl {
            dt { "Roles" }
            dd { (roles.join(", ")) }
            dt { "Signed in by" }
            dd { (caller.scheme()) }
            dt { "Second factor" }
            dd { (if caller.acr() == Some("mfa") { "used at this sign-in" } else { "not used at this sign-in" }) }
        }
        h2 { "You may" }
        ul {
            @for (name, text) in permissions.filter(|(name, _)| held.iter().any(|held| held == *name)) {
                li { (text) span.soft { " (" (name) ")" } }
            }
        }
        h2 { "Your account" }
        nav {
            a href="/auth/sessions" { "My sessions" }
            a href="/auth/password" { "Change password" }
            a href="/auth/email" { "E-mail address" }
            a href="/auth/second-factor" { "Second factor" }
            a href="/auth/logout" { "Sign out" }
        }
        h2 { "The service" }
        nav {
            a href="/docs" { "Documentation" }
            a href="/auth/me" { "Your rights as JSON" }
            @if caller.has_role(Role::Administrator) {
                a href="/admin/access" { "Who may call what" }
                a href="/admin" { "Statistics" }
            }
        }
    }
}
