//! Signing in.

use std::time::Duration;

use maud::html;
use poem::{
    IntoResponse, Request, Response,
    http::{StatusCode, header},
};
use serde_json::json;

use super::{
    fields::Fields,
    layout::{alert, notice},
    list::rfc3339,
    next::{own_path, with_next},
    response::{json, see_other},
    sign_in_pages::SignInPages,
};
use crate::{
    authenticate::{AuthenticationError, RefusalKind},
    client_ip::ClientAddress,
    credential::BasicCredentials,
    respond::{RejectionCode, retry_after},
    session::{NewSession, Session, SessionError, SessionStore},
    users::UserStore,
};

/// The page of the second factor, unless the application names another one.
const CODE: &str = "code";

/// A form of a sign-in.
struct Form<'a> {
    username: &'a str,
    /// The page after the sign-in.
    next: &'a str,
}

/// A user name and a password that were accepted.
struct Accepted {
    new: NewSession,
    needs_second_factor: bool,
}

impl<U: UserStore, S: SessionStore> SignInPages<U, S> {
    /// Returns the form. A page with a query names the page to come back to.
    pub(super) fn sign_in_page(&self, request: &Request) -> Response {
        let query: Vec<(String, String)> = request.params().unwrap_or_default();
        let value = |name: &str| query.iter().find(|(found, _)| found == name).map(|(_, value)| value.as_str());
        let signed_out = value("signed-out").map(|_| "You have signed out.");
        let form = Form { username: "", next: value("next").unwrap_or_default() };
        self.form(&form, StatusCode::OK, None, signed_out)
    }

    fn form(&self, form: &Form<'_>, status: StatusCode, error: Option<&str>, good: Option<&str>) -> Response {
        let is_wrong = status == StatusCode::UNAUTHORIZED;
        let described = error.map(|_| "error");
        let invalid = is_wrong.then_some("true");
        // The focus stands on the first field to fill in.
        let (at_name, at_password) = (form.username.is_empty(), !form.username.is_empty());
        let body = html! {
            (alert(error))
            (notice(good))
            form.whole method="post" {
                @if let Some(next) = own_path(form.next) {
                    input type="hidden" name="next" value=(next);
                }
                label for="username" { "User name" }
                input #username name="username" value=(form.username) autocomplete="username" autocapitalize="none"
                    spellcheck="false" required autofocus[at_name] aria-invalid=[invalid] aria-describedby=[described];
                label for="password" { "Password" }
                input #password name="password" type="password" autocomplete="current-password" required
                    autofocus[at_password] aria-invalid=[invalid] aria-describedby=[described];
                button { "Sign in" }
            }
            (self.sign_in_links())
        };
        self.page("Sign in").status(status).body(body).into_response()
    }

    /// Signs a user in by name and password.
    pub(super) async fn sign_in(&self, request: &mut Request, is_html: bool) -> Response {
        let fields = match Fields::read(request).await {
            Ok(fields) => fields,
            Err(status) if is_html => return self.failed(status, "The form cannot be read."),
            Err(_) => return self.malformed(),
        };
        let form = Form { username: fields.get("username"), next: fields.get("next") };
        let credentials = BasicCredentials::new(form.username, fields.get("password"));
        match self.verify(credentials, ClientAddress::of(request)).await {
            Ok(accepted) => self.start(request, accepted, form.next, is_html).await,
            Err(kind) => self.refused(&form, kind, is_html),
        }
    }

    /// Verifies a password against the user store and then each plug-in. If all refuse, the gravest reason counts.
    async fn verify(&self, credentials: BasicCredentials, client: ClientAddress) -> Result<Accepted, RefusalKind> {
        let users = &self.0.sessions.0.users;
        let (attempt, mut errors) = match users.try_first_factor(&credentials, client).await {
            Ok(Ok(user)) => {
                let is_needed = match &self.0.second_factor {
                    Some(factor) => factor.is_needed(&user).await.map_err(|error| refusal(&error.into(), "store"))?,
                    None => false,
                };
                let needs_second_factor = is_needed || user.has_second_factor();
                return Ok(Accepted { new: NewSession::of_user(&user), needs_second_factor });
            }
            Ok(Err(attempt)) => (attempt, vec![RefusalKind::Invalid]),
            Err(error) => (None, vec![refusal(&error, "store")]),
        };
        for plugin in &self.0.plugins {
            let Some(context) = self.0.sessions.context().map(|context| context.with_client(client)) else {
                tracing::error!("no `Auth` has mounted the sessions: put `.with(auth)` around a route");
                return Err(RefusalKind::Unavailable);
            };
            match plugin.verify(credentials.clone(), &context).await {
                Ok(identity) => {
                    if let Some(attempt) = attempt {
                        // Right for the plug-in, so it was no guess at the store.
                        attempt.withdrawn().await;
                    }
                    return Ok(Accepted {
                        new: NewSession::of_identity(&identity, &context),
                        needs_second_factor: false,
                    });
                }
                Err(error) => errors.push(refusal(&error, "plug-in")),
            }
        }
        Err(errors.into_iter().max().unwrap_or(RefusalKind::Invalid))
    }

    async fn start(&self, request: &Request, accepted: Accepted, next: &str, is_html: bool) -> Response {
        let Accepted { new, needs_second_factor } = accepted;
        let new = new.methods(["pwd"]);
        let new = if needs_second_factor { new.pending() } else { new };
        let started = match self.0.sessions.start(request, new).await {
            Ok(started) => started,
            Err(error) => return self.not_started(is_html, &error),
        };
        let session = started.session();
        let (issuer, subject, id) = (&session.issuer, &session.subject, &session.id);
        let is_pending = session.is_pending;
        tracing::info!(?issuer, ?subject, session = id, is_pending, "signed in");
        let mut response =
            if is_html { see_other(&self.destination(next, needs_second_factor)) } else { json(&describe(session)) };
        started.add_to(&mut response);
        response
    }

    /// Returns the page after the sign-in.
    fn destination(&self, next: &str, needs_second_factor: bool) -> String {
        let next = own_path(next).unwrap_or(self.home_path());
        if !needs_second_factor {
            return next.to_owned();
        }
        with_next(self.0.second_factor.as_ref().map_or(CODE, |factor| factor.page()), next)
    }

    fn not_started(&self, is_html: bool, error: &SessionError) -> Response {
        if let SessionError::SameIssuer(_) = error {
            tracing::error!(%error, "sign-in refused");
        }
        self.unavailable(is_html, error)
    }

    fn refused(&self, form: &Form<'_>, kind: RefusalKind, is_html: bool) -> Response {
        let code = match kind {
            RefusalKind::Invalid | RefusalKind::SignedOut => RejectionCode::InvalidCredentials,
            RefusalKind::Throttled(_) => RejectionCode::TooManyAttempts,
            RefusalKind::Unavailable => RejectionCode::Unavailable,
        };
        let wait = match kind {
            RefusalKind::Throttled(wait) => Some(retry_after::seconds(wait)),
            RefusalKind::Unavailable => Some(5),
            RefusalKind::Invalid | RefusalKind::SignedOut => None,
        };
        tracing::warn!(code = code.as_str(), "sign-in refused");
        let mut response =
            if is_html { self.form(form, code.status(), Some(&message(kind)), None) } else { self.problem(code) };
        if let Some(wait) = wait {
            response.headers_mut().insert(header::RETRY_AFTER, wait.into());
        } else {
            response.headers_mut().insert(header::WWW_AUTHENTICATE, self.challenge());
        }
        response
    }

    /// Returns a 400 for a body that cannot be read.
    pub(super) fn malformed(&self) -> Response {
        self.problem(RejectionCode::MalformedCredentials)
    }
}

/// Logs an error of a verification.
fn refusal(error: &AuthenticationError, by: &'static str) -> RefusalKind {
    tracing::info!(by, %error, "password not accepted");
    error.into()
}

/// One text for a wrong name and a wrong password.
pub(super) fn message(kind: RefusalKind) -> String {
    match kind {
        RefusalKind::Invalid | RefusalKind::SignedOut => "The user name or the password is wrong.".to_owned(),
        RefusalKind::Throttled(wait) => format!("Too many attempts. Try again in {}.", readable(wait)),
        RefusalKind::Unavailable => "Signing in is not possible at the moment. Try again later.".to_owned(),
    }
}

fn readable(wait: Duration) -> String {
    match retry_after::seconds(wait) {
        1 => "1 second".to_owned(),
        seconds @ ..=90 => format!("{seconds} seconds"),
        seconds => format!("{} minutes", seconds.div_ceil(60)),
    }
}

fn describe(session: &Session) -> serde_json::Value {
    json!({
        "issuer": session.issuer,
        "subject": session.subject,
        "session": session.id,
        "expires_at": rfc3339(session.expires_at),
        "second_factor_needed": session.is_pending,
    })
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::{RefusalKind, message};

    #[test]
    fn r77_the_time_to_wait_is_readable() {
        for (seconds, text) in [(1, "1 second"), (60, "60 seconds"), (91, "2 minutes"), (900, "15 minutes")] {
            let wait = RefusalKind::Throttled(Duration::from_secs(seconds));
            assert_eq!(message(wait), format!("Too many attempts. Try again in {text}."));
        }
    }
}
