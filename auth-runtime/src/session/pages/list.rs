//! The sessions of a user.

use std::{
    fmt::Write,
    time::{Duration, SystemTime},
};

use maud::{Markup, html};
use poem::{IntoResponse, Request, Response, http::StatusCode};
use serde_json::{Value, json};

use super::{
    fields::Fields,
    layout::notice,
    next::with_next,
    response::{json as json_response, problem_details, see_other},
    sign_in_pages::SignInPages,
};
use crate::{
    respond::RejectionCode,
    session::{Session, SessionStore},
    users::UserStore,
};

impl<U: UserStore, S: SessionStore> SignInPages<U, S> {
    /// Lists the sessions of the user.
    pub(super) async fn list(&self, request: &Request, is_html: bool) -> Response {
        let own = match self.0.sessions.complete_session(request).await {
            Ok(Some(own)) => own,
            Ok(None) => return self.no_session(request, is_html),
            Err(error) => return self.not_verified(is_html, &error, None),
        };
        let sessions = match self.0.sessions.list(&own.issuer, &own.subject).await {
            Ok(sessions) => sessions,
            Err(error) => return self.unavailable(is_html, &error),
        };
        if !is_html {
            let sessions: Vec<Value> = sessions.iter().map(|session| describe(session, &own)).collect();
            return json_response(&json!({ "sessions": sessions }));
        }
        let now = self.0.sessions.now().unwrap_or(own.last_seen_at);
        let ended = request.uri().query().filter(|query| *query == "ended");
        let ended = ended.map(|_| "Done. The list shows where you are still signed in.");
        let body = html! {
            (notice(ended))
            ul.rows { @for session in &sessions { (row(session, &own, now)) } }
            @if sessions.len() > 1 {
                form method="post" { button name="end" value="others" { "Sign out all other sessions" } }
            }
            (self.site_parts().user_links("", "sessions"))
        };
        self.page("My sessions").wide().body(body).into_response()
    }

    /// Ends one session of the user, or all others.
    pub(super) async fn end(&self, request: &mut Request, is_html: bool) -> Response {
        let own = match self.0.sessions.complete_session(request).await {
            Ok(Some(own)) => own,
            Ok(None) => return self.no_session(request, is_html),
            Err(error) => return self.not_verified(is_html, &error, None),
        };
        let fields = match Fields::read(request).await {
            Ok(fields) => fields,
            Err(status) if is_html => return self.failed(status, "The form cannot be read."),
            Err(_) => return self.malformed(),
        };
        let (sessions, issuer, subject) = (&self.0.sessions, &own.issuer, &own.subject);
        let ended = match fields.get("end") {
            "others" => sessions.end_all(issuer, subject, Some(&own.id)).await,
            id => sessions.end(issuer, subject, id).await.map(u64::from),
        };
        match ended {
            Err(error) => self.unavailable(is_html, &error),
            Ok(0) if fields.get("end") != "others" && !is_html => {
                problem_details(StatusCode::NOT_FOUND, "unknown_session", "You have no session with this identifier.")
            }
            Ok(count) => {
                tracing::info!(?issuer, ?subject, count, "sessions ended by their user");
                if is_html { see_other("sessions?ended") } else { StatusCode::NO_CONTENT.into_response() }
            }
        }
    }

    /// Returns the response to a request without a session. A cookie of an ended one is deleted.
    pub(super) fn no_session(&self, request: &Request, is_html: bool) -> Response {
        let here = request.original_uri().path();
        let mut response = if is_html {
            see_other(&with_next("login", here))
        } else {
            self.problem(RejectionCode::AuthenticationRequired)
        };
        if self.0.sessions.cookie().token(request).is_some() {
            self.0.sessions.delete_cookie(&mut response);
        }
        response
    }
}

fn row(session: &Session, own: &Session, now: u64) -> Markup {
    let device = if session.device.is_empty() { "Unknown device" } else { &session.device };
    html! {
        li {
            div {
                p {
                    strong { (device) }
                    @if session.id == own.id { " (this browser)" }
                }
                p.soft {
                    "Signed in " (when(session.created_at, now)) ", last used " (when(session.last_seen_at, now))
                    @if let Some(address) = session.address { ", from " (address) }
                }
            }
            @if session.id != own.id {
                form method="post" {
                    button.quiet name="end" value=(session.id) aria-label={ "Sign out " (device) } { "Sign out" }
                }
            }
        }
    }
}

/// Returns how long ago a time was.
fn when(seconds: u64, now: u64) -> Markup {
    let text = match now.saturating_sub(seconds) / 60 {
        0 => "just now".to_owned(),
        1 => "1 minute ago".to_owned(),
        minutes @ ..=90 => format!("{minutes} minutes ago"),
        minutes @ ..=2880 => format!("{} hours ago", minutes.div_ceil(60)),
        minutes => format!("{} days ago", minutes / 1440),
    };
    html! { time datetime=(rfc3339(seconds)) { (text) } }
}

/// Returns a time in UTC (RFC 3339).
pub(super) fn rfc3339(seconds: u64) -> String {
    let time = SystemTime::UNIX_EPOCH.checked_add(Duration::from_secs(seconds));
    let mut text = String::new();
    // A year after 9999 cannot be written.
    match time.map(|time| write!(text, "{}", humantime::format_rfc3339_seconds(time))) {
        Some(Ok(())) => text,
        Some(Err(_)) | None => String::new(),
    }
}

fn describe(session: &Session, own: &Session) -> Value {
    json!({
        "id": session.id,
        "is_current": session.id == own.id,
        "device": session.device,
        "address": session.address,
        "methods": session.methods,
        "created_at": rfc3339(session.created_at),
        "last_seen_at": rfc3339(session.last_seen_at),
        "expires_at": rfc3339(session.expires_at),
    })
}

#[cfg(test)]
mod tests {
    use super::rfc3339;

    #[test]
    fn a_time_is_written_if_it_has_a_date() {
        assert_eq!(rfc3339(0), "1970-01-01T00:00:00Z");
        assert_eq!(rfc3339(253_402_300_799), "9999-12-31T23:59:59Z");
        assert_eq!(rfc3339(253_402_300_800), "");
        assert_eq!(rfc3339(u64::MAX), "");
    }
}
