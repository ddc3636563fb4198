//! The layout of the pages: HTML without scripts, dark and light, narrow and wide.

use std::{fmt::Write, sync::LazyLock};

use base64::{Engine, prelude::BASE64_STANDARD};
use poem::{
    Response,
    http::{HeaderValue, StatusCode},
};
use sha2::{Digest, Sha256};

use super::headers::secured;

const STYLE: &str = include_str!("page.css");

/// Allows the one style sheet by its hash, and forms to the own site; nothing else.
static POLICY: LazyLock<HeaderValue> = LazyLock::new(|| {
    let hash = BASE64_STANDARD.encode(Sha256::digest(STYLE));
    let policy = format!(
        "default-src 'none'; style-src 'sha256-{hash}'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
    );
    HeaderValue::from_str(&policy).expect("base64 is text")
});

/// A page under construction. Texts are escaped.
#[must_use = "call `response`"]
pub(super) struct Page {
    application: String,
    title: &'static str,
    body: String,
}

impl Page {
    pub(super) fn new(application: &str, title: &'static str) -> Self {
        Self { application: escape(application), title, body: String::new() }
    }

    /// Adds a paragraph.
    pub(super) fn text(self, text: &str) -> Self {
        self.html(&format!("<p>{}</p>", escape(text)))
    }

    /// Adds a message about the last request, which readers of the screen announce.
    pub(super) fn alert(self, text: &str) -> Self {
        self.html(&format!("<p class=\"alert\" role=\"alert\" id=\"alert\">{}</p>", escape(text)))
    }

    /// Adds an alert, if there is a text.
    pub(super) fn alert_if(self, text: Option<&str>) -> Self {
        match text {
            Some(text) => self.alert(text),
            None => self,
        }
    }

    /// Adds HTML as it is.
    pub(super) fn html(mut self, html: &str) -> Self {
        self.body.push_str(html);
        self
    }

    /// Adds a form that posts to a page beside this one, or to this one if the action is empty.
    pub(super) fn form(self, action: &str, fields: &[Field<'_>], button: &str) -> Self {
        let action = if action.is_empty() { String::new() } else { format!(" action=\"{}\"", escape(action)) };
        let mut form = format!("<form method=\"post\"{action}>");
        for field in fields {
            field.write(&mut form);
        }
        self.html(&form).html(&format!("<button>{}</button></form>", escape(button)))
    }

    pub(super) fn response(self, status: StatusCode) -> Response {
        let Self { application, title, body } = self;
        let html = format!(
            "<!doctype html><html lang=\"en\"><head><meta charset=\"utf-8\">\
             <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\
             <meta name=\"color-scheme\" content=\"light dark\"><title>{title} · {application}</title>\
             <style>{STYLE}</style></head><body><main><header>{application}</header><h1>{title}</h1>{body}</main></body></html>"
        );
        secured(Response::builder().status(status).content_type("text/html; charset=utf-8").body(html), POLICY.clone())
    }
}

/// A field of a form.
pub(super) enum Field<'a> {
    /// A value that the user does not see.
    Hidden { name: &'static str, value: &'a str },
    /// An e-mail address.
    Email { name: &'static str, label: &'static str, is_wrong: bool },
    /// A new password.
    NewPassword { name: &'static str, label: &'static str, is_wrong: bool },
    /// A code of an authenticator app.
    Code { name: &'static str, label: &'static str, is_wrong: bool },
}

impl Field<'_> {
    fn write(&self, html: &mut String) {
        let (name, label, is_wrong, kind) = match self {
            Self::Hidden { name, value } => {
                let value = escape(value);
                let _ = write!(html, "<input type=\"hidden\" name=\"{name}\" value=\"{value}\">");
                return;
            }
            Self::Email { name, label, is_wrong } => {
                (name, label, is_wrong, "type=\"email\" autocomplete=\"email\" maxlength=\"254\"")
            }
            Self::NewPassword { name, label, is_wrong } => {
                (name, label, is_wrong, "type=\"password\" autocomplete=\"new-password\" maxlength=\"1024\"")
            }
            Self::Code { name, label, is_wrong } => (
                name,
                label,
                is_wrong,
                "type=\"text\" autocomplete=\"one-time-code\" autocapitalize=\"none\" spellcheck=\"false\" maxlength=\"40\"",
            ),
        };
        let wrong = if *is_wrong { " aria-invalid=\"true\" aria-describedby=\"alert\"" } else { "" };
        let _ = write!(
            html,
            "<label for=\"{name}\">{label}</label><input id=\"{name}\" name=\"{name}\" {kind} required autofocus{wrong}>"
        );
    }
}

/// Escapes text for elements and attributes.
pub(super) fn escape(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '\'' => escaped.push_str("&#39;"),
            other => escaped.push(other),
        }
    }
    escaped
}
