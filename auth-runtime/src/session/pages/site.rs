//! The name and the links that all pages of an application share.

use maud::{Markup, html};

use super::layout::Page;

/// The name and the links that all pages of an application share. Addresses are relative to the sign-in page.
#[derive(Clone, Debug, Default)]
pub(crate) struct Site {
    /// The name above each title.
    pub(crate) name: String,
    /// The page after a sign-in.
    pub(crate) home: Option<String>,
    /// The pages of a signed-in user: address and text.
    pub(crate) own: Vec<(&'static str, &'static str)>,
    /// Whether there is a sign-in page.
    pub(crate) has_sign_in: bool,
}

impl Site {
    /// Returns an empty page.
    pub(crate) fn page(&self, title: &str) -> Page {
        Page::new(&*self.name, title)
    }

    /// Returns the links of a signed-in user from the page at `here`. `up` leads to the folder of the sign-in page.
    pub(crate) fn user_links(&self, up: &str, here: &str) -> Markup {
        let own = self.own.iter().filter(|(address, _)| *address != here);
        html! {
            @if self.home.is_some() || !self.own.is_empty() {
                nav aria-label="Your account" {
                    @if let Some(home) = &self.home { a href=(home) { "Home" } }
                    @for (address, text) in own { a href={ (up) (address) } { (text) } }
                }
            }
        }
    }

    /// Returns the way back to the sign-in page, with this text.
    pub(crate) fn sign_in_link(&self, up: &str, text: &str) -> Markup {
        html! {
            @if self.has_sign_in { nav { a href={ (up) "login" } { (text) } } }
        }
    }
}
