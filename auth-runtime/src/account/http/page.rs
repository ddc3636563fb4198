//! The content of the pages, in the layout of the sign-in page.

use maud::{Markup, PreEscaped, html};
use poem::{IntoResponse, Response, http::StatusCode};

use crate::session::{Site, alert, hint};

/// A page under construction. Texts are escaped.
#[must_use = "call `response`"]
pub(super) struct Page {
    site: Site,
    title: &'static str,
    /// The way from this page to the folder of the sign-in page.
    up: &'static str,
    body: Vec<Markup>,
}

impl Page {
    pub(super) fn new(site: &Site, title: &'static str) -> Self {
        Self { site: site.clone(), title, up: "", body: Vec::new() }
    }

    /// Makes this a page one folder below the sign-in page.
    pub(super) fn below(self) -> Self {
        Self { up: "../", ..self }
    }

    /// Adds a paragraph.
    pub(super) fn text(self, text: &str) -> Self {
        self.markup(html! { p { (text) } })
    }

    /// Adds a heading.
    pub(super) fn heading(self, text: &str) -> Self {
        self.markup(html! { h2 { (text) } })
    }

    /// Adds a message about the last request, which screen readers announce.
    pub(super) fn alert(self, text: &str) -> Self {
        self.markup(alert(Some(text)))
    }

    /// Adds an alert, if there is a text.
    pub(super) fn alert_if(self, text: Option<&str>) -> Self {
        self.markup(alert(text))
    }

    /// Adds elements.
    pub(super) fn markup(mut self, markup: Markup) -> Self {
        self.body.push(markup);
        self
    }

    /// Adds a form that posts to an address beside the sign-in page, or to this page if the address is empty.
    pub(super) fn form(self, address: &str, fields: &[Field<'_>], button: &str) -> Self {
        let action = (!address.is_empty()).then(|| format!("{}{address}", self.up));
        self.markup(html! {
            form.whole method="post" action=[action] {
                @for field in fields { (field.markup()) }
                button { (button) }
            }
        })
    }

    /// Adds the links of a signed-in user. `here` is the address of this page.
    pub(super) fn user_links(self, here: &str) -> Self {
        let links = self.site.user_links(self.up, here);
        self.markup(links)
    }

    /// Adds the way to the sign-in page, if there is one.
    pub(super) fn sign_in_link(self) -> Self {
        self.start_link("Sign in")
    }

    /// Adds the way to the sign-in page with this text, if there is one.
    pub(super) fn start_link(self, text: &str) -> Self {
        let link = self.site.sign_in_link(self.up, text);
        self.markup(link)
    }

    pub(super) fn response(self, status: StatusCode) -> Response {
        let body = PreEscaped(self.body.into_iter().map(PreEscaped::into_string).collect::<String>());
        self.site.page(self.title).html(body.into_string()).status(status).into_response()
    }
}

/// A field of a form. `error` says why its last value was not accepted.
pub(super) enum Field<'a> {
    /// A value that the user does not see.
    Hidden { name: &'static str, value: &'a str },
    /// An e-mail address, in the field `email`.
    Email { error: Option<&'a str> },
    /// A new password of at least so many characters, in the field `password`.
    NewPassword { min_len: usize, error: Option<&'a str> },
    /// A code of an authenticator app, in the field `code`. It gets the focus if its `id` is `code` or it has an error.
    Code { id: &'static str, label: &'static str, error: Option<&'a str> },
}

impl Field<'_> {
    fn is_wrong(&self) -> bool {
        match self {
            Self::Hidden { .. } => false,
            Self::Email { error } | Self::NewPassword { error, .. } | Self::Code { error, .. } => error.is_some(),
        }
    }

    /// Returns the label, the hint, the error and the field.
    fn markup(&self) -> Markup {
        let invalid = self.is_wrong().then_some("true");
        let described = self.is_wrong().then_some("error");
        match self {
            Self::Hidden { name, value } => html! { input type="hidden" name=(name) value=(value); },
            Self::Email { error } => html! {
                label for="email" { "E-mail address" }
                (alert(*error))
                input #email name="email" type="email" autocomplete="email" maxlength="254" required
                    autofocus aria-invalid=[invalid] aria-describedby=[described];
            },
            Self::NewPassword { min_len, error } => html! {
                label for="password" { "New password" }
                (hint(*min_len))
                (alert(*error))
                input #password name="password" type="password" autocomplete="new-password" maxlength="1024" required
                    autofocus aria-invalid=[invalid] aria-describedby=(if error.is_some() { "error rule" } else { "rule" });
            },
            Self::Code { id, label, error } => html! {
                label for=(id) { (label) }
                (alert(*error))
                input id=(id) name="code" type="text" autocomplete="one-time-code" autocapitalize="none"
                    spellcheck="false" maxlength="40" required autofocus[*id == "code" || error.is_some()]
                    aria-invalid=[invalid] aria-describedby=[described];
            },
        }
    }
}
