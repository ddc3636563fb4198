//! The pages for signing in and out, and for the sessions of a user: HTML without scripts for browsers, JSON for other
//! clients.

mod fields;
mod hooks;
mod layout;
mod list;
mod next;
mod password;
mod plugin;
mod redirect;
mod sign_in;
mod sign_in_pages;
mod sign_out;

#[cfg(feature = "account")]
pub(crate) use self::{fields::Fields, next::own_path};
pub use self::{
    hooks::{ChangePassword, ChangePasswordError, HookFuture, SecondFactor},
    layout::Page,
    redirect::{RedirectedEndpoint, SignInRedirect},
    sign_in_pages::{PageEndpoint, SignInPages},
};
