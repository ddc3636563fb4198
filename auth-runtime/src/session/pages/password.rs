//! The page where a user changes the password.

use maud::html;
use poem::{
    IntoResponse, Request, Response,
    http::{StatusCode, header},
};

use super::{
    fields::Fields,
    hooks::ChangePasswordError,
    layout::{alert, hint, notice},
    response::{problem_details, see_other},
    sign_in_pages::SignInPages,
};
use crate::{
    client_ip::ClientAddress,
    respond::{RejectionCode, retry_after},
    session::{NewSession, SessionStore},
    users::{MIN_PASSWORD_LEN, User, UserStore},
};

/// A field that was not accepted.
#[derive(Clone, Copy)]
struct WrongField<'a> {
    name: &'static str,
    text: &'a str,
}

impl<U: UserStore, S: SessionStore> SignInPages<U, S> {
    pub(super) async fn password_page(&self, request: &Request, is_html: bool) -> Response {
        match self.0.sessions.current_user(request).await {
            Ok(Some(user)) => {
                let changed = request.uri().query().filter(|query| *query == "changed");
                let changed = changed.map(|_| "The password was changed. Your other sessions have ended.");
                self.password_form(&user, StatusCode::OK, None, changed)
            }
            Ok(None) => self.no_session(request, is_html),
            Err(error) => self.not_verified(is_html, &error, None),
        }
    }

    fn password_form(
        &self,
        user: &User,
        status: StatusCode,
        error: Option<WrongField<'_>>,
        good: Option<&str>,
    ) -> Response {
        let error_of = |name| error.filter(|error| error.name == name).map(|error| error.text);
        let (current, new) = (error_of("current"), error_of("new"));
        let invalid = |error: Option<&str>| error.map(|_| "true");
        let body = html! {
            (notice(good))
            form.whole method="post" {
                // Password managers store the new password for this name.
                input name="username" value=(user.name()) autocomplete="username" hidden readonly;
                label for="current" { "Current password" }
                (alert(current))
                input #current name="current" type="password" autocomplete="current-password" required
                    autofocus[good.is_none() && new.is_none()] aria-invalid=[invalid(current)]
                    aria-describedby=[current.map(|_| "error")];
                label for="new" { "New password" }
                (hint(self.min_password_len()))
                (alert(new))
                input #new name="new" type="password" autocomplete="new-password" required autofocus[new.is_some()]
                    aria-invalid=[invalid(new)] aria-describedby=(if new.is_some() { "error rule" } else { "rule" });
                button { "Change password" }
            }
            (self.site_parts().user_links("", "password"))
        };
        self.page("Change password").status(status).body(body).into_response()
    }

    fn min_password_len(&self) -> usize {
        self.0.change_password.as_ref().map_or(MIN_PASSWORD_LEN, |store| store.min_password_len())
    }

    /// Replaces the password, which ends all sessions of the user, and starts a new one here.
    pub(super) async fn replace_password(&self, request: &mut Request, is_html: bool) -> Response {
        let user = match self.0.sessions.current_user(request).await {
            Ok(Some(user)) => user,
            Ok(None) => return self.no_session(request, is_html),
            Err(error) => return self.not_verified(is_html, &error, None),
        };
        let fields = match Fields::read(request).await {
            Ok(fields) => fields,
            Err(status) if is_html => return self.failed(status, "The form cannot be read."),
            Err(_) => return self.malformed(),
        };
        let Some(store) = &self.0.change_password else { return self.problem(RejectionCode::NotFound) };
        let client = ClientAddress::of(request);
        match store.change_password(&user, client, fields.get("current"), fields.get("new")).await {
            Ok(()) => self.password_replaced(request, &user, is_html).await,
            Err(ChangePasswordError::Unavailable(error)) => self.unavailable(is_html, &error),
            Err(error) => self.password_refused(&user, &error, is_html),
        }
    }

    async fn password_replaced(&self, request: &Request, user: &User, is_html: bool) -> Response {
        tracing::info!(subject = ?user.subject(), "password changed by its user");
        self.0.more.iter().for_each(|more| more.password_changed(user));
        let mut response = if is_html { see_other("password?changed") } else { StatusCode::NO_CONTENT.into_response() };
        // With the new version of the credentials. The former session was not pending: its user had proven all factors.
        match self.0.sessions.0.users.store().find_by_subject(user.subject()).await {
            Ok(Some(user)) => match self
                .0
                .sessions
                .start(request, NewSession::of_user(&user).second_factor_verified().methods(["pwd"]))
                .await
            {
                Ok(started) => started.add_to(&mut response),
                Err(error) => tracing::warn!(%error, "no session after the change of a password"),
            },
            Ok(None) => {}
            Err(error) => tracing::warn!(%error, "no session after the change of a password"),
        }
        response
    }

    fn password_refused(&self, user: &User, error: &ChangePasswordError, is_html: bool) -> Response {
        let (status, code, text) = match error {
            ChangePasswordError::TooManyAttempts { .. } => {
                let code = RejectionCode::TooManyAttempts;
                (code.status(), code.as_str(), "Too many attempts. Try again later.".to_owned())
            }
            ChangePasswordError::NotAccepted(reason) => {
                (StatusCode::UNPROCESSABLE_ENTITY, "password_rejected", sentence(reason))
            }
            _ => (StatusCode::UNPROCESSABLE_ENTITY, "wrong_password", "The current password is wrong.".to_owned()),
        };
        tracing::info!(subject = ?user.subject(), %error, "password not changed");
        let mut response = if is_html {
            let name = if matches!(error, ChangePasswordError::NotAccepted(_)) { "new" } else { "current" };
            self.password_form(user, status, Some(WrongField { name, text: &text }), None)
        } else {
            problem_details(status, code, &text)
        };
        if let ChangePasswordError::TooManyAttempts { retry_after } = error {
            response.headers_mut().insert(header::RETRY_AFTER, retry_after::seconds(*retry_after).into());
        }
        response
    }
}

/// Returns an error as a sentence.
fn sentence(error: &str) -> String {
    let mut characters = error.chars();
    let first = characters.next().map(|first| first.to_uppercase().to_string()).unwrap_or_default();
    let end = if error.ends_with('.') { "" } else { "." };
    format!("{first}{}{end}", characters.as_str())
}
