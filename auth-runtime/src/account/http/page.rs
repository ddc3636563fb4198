//! The content of the pages, in the layout of the sign-in page.

use std::fmt::Write;

use poem::{IntoResponse, Response, http::StatusCode};

use crate::{session, users::MIN_PASSWORD_LEN};

/// A page under construction. Texts are escaped.
#[must_use = "call `response`"]
pub(super) struct Page {
    application: String,
    title: &'static str,
    body: String,
}

impl Page {
    pub(super) fn new(application: &str, title: &'static str) -> Self {
        Self { application: application.to_owned(), title, body: String::new() }
    }

    /// Adds a paragraph.
    pub(super) fn text(self, text: &str) -> Self {
        self.html(&format!("<p>{}</p>", escape(text)))
    }

    /// Adds a message about the last request, which readers of the screen announce.
    pub(super) fn alert(self, text: &str) -> Self {
        self.html(&format!("<p class=\"note bad\" role=\"alert\" id=\"error\">{}</p>", escape(text)))
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
        let mut form = format!("<form class=\"whole\" method=\"post\"{action}>");
        for field in fields {
            field.write(&mut form);
        }
        self.html(&form).html(&format!("<button>{}</button></form>", escape(button)))
    }

    pub(super) fn response(self, status: StatusCode) -> Response {
        session::Page::new(self.application, self.title).html(self.body).status(status).into_response()
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
    /// A code of an authenticator app, in the field `code`.
    Code { id: &'static str, label: &'static str, is_wrong: bool },
}

impl Field<'_> {
    fn write(&self, html: &mut String) {
        let (id, name, label, is_wrong, kind) = match self {
            Self::Hidden { name, value } => {
                let value = escape(value);
                let _ = write!(html, "<input type=\"hidden\" name=\"{name}\" value=\"{value}\">");
                return;
            }
            Self::Email { name, label, is_wrong } => {
                (name, name, label, is_wrong, "type=\"email\" autocomplete=\"email\" maxlength=\"254\"")
            }
            Self::NewPassword { name, label, is_wrong } => {
                (name, name, label, is_wrong, "type=\"password\" autocomplete=\"new-password\" maxlength=\"1024\"")
            }
            Self::Code { id, label, is_wrong } => (
                id,
                &"code",
                label,
                is_wrong,
                "type=\"text\" autocomplete=\"one-time-code\" autocapitalize=\"none\" spellcheck=\"false\" maxlength=\"40\"",
            ),
        };
        // The focus stands on the first field.
        let focus = if html.contains("autofocus") || *id == "removal" { "" } else { " autofocus" };
        let (hint, described) = (self.hint(), self.described(*is_wrong));
        let _ = write!(
            html,
            "<label for=\"{id}\">{label}</label>{hint}<input id=\"{id}\" name=\"{name}\" {kind} required{focus}{described}>"
        );
    }

    /// Returns the rule of a new password, which stands between its label and the field.
    fn hint(&self) -> String {
        match self {
            Self::NewPassword { .. } => format!(
                "<p class=\"hint\" id=\"rule\">At least {MIN_PASSWORD_LEN} characters. A few words are easy to remember.</p>"
            ),
            _ => String::new(),
        }
    }

    /// Returns the attributes that name the error and the hint.
    fn described(&self, is_wrong: bool) -> &'static str {
        match (self, is_wrong) {
            (Self::NewPassword { .. }, true) => " aria-invalid=\"true\" aria-describedby=\"error rule\"",
            (Self::NewPassword { .. }, false) => " aria-describedby=\"rule\"",
            (_, true) => " aria-invalid=\"true\" aria-describedby=\"error\"",
            (_, false) => "",
        }
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
