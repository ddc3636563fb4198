//! The pages for signing in and out, and for the sessions of a user: HTML without scripts for browsers, JSON for other
//! clients.

mod fields;
mod hooks;
mod layout;
mod list;
mod more_pages;
mod mount;
mod next;
mod page_endpoint;
mod password;
mod plugin;
mod redirect;
mod response;
mod sign_in;
mod sign_in_pages;
mod sign_out;
mod site;

#[cfg(feature = "account")]
pub(crate) use self::{
    fields::Fields,
    layout::{alert, hint},
    more_pages::{MorePages, SharedEndpoint},
    next::{own_path, wants_html},
    site::Site,
};
pub use self::{
    hooks::{ChangePassword, ChangePasswordError, HookFuture, SecondFactor},
    layout::Page,
    mount::MountedPages,
    page_endpoint::PageEndpoint,
    redirect::{RedirectedEndpoint, SignInRedirect},
    sign_in_pages::SignInPages,
};
