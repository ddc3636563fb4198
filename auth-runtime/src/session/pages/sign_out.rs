//! Signing out.

use maud::html;
use poem::{
    IntoResponse, Request, Response,
    http::{
        StatusCode,
        header::{HeaderName, HeaderValue},
    },
};

use super::{response::see_other, sign_in_pages::SignInPages};
use crate::{session::SessionStore, users::UserStore};

/// Deletes what pages of this origin have stored in the browser (ASVS 14.3.1). The cookie is deleted by its name, because
/// `"cookies"` would delete those of sibling domains too.
const CLEAR: (HeaderName, HeaderValue) =
    (HeaderName::from_static("clear-site-data"), HeaderValue::from_static("\"cache\", \"storage\""));

impl<U: UserStore, S: SessionStore> SignInPages<U, S> {
    pub(super) fn sign_out_page(&self) -> Response {
        let body = html! {
            p { "Signing out ends your session in this browser." }
            form.whole method="post" { button autofocus { "Sign out" } }
            (self.site_parts().user_links("", "logout"))
        };
        self.page("Sign out").body(body).into_response()
    }

    /// Ends the session of the request. If the store does not answer, the cookie stays, so that the user can try again.
    pub(super) async fn sign_out(&self, request: &Request, is_html: bool) -> Response {
        let ended = match self.0.sessions.end_current(request).await {
            Ok(ended) => ended,
            Err(error) => return self.unavailable(is_html, &error),
        };
        if let Some(session) = ended {
            let (issuer, subject, id) = (&session.issuer, &session.subject, &session.id);
            tracing::info!(?issuer, ?subject, session = id, "signed out");
        }
        let mut response = if is_html { see_other("login?signed-out") } else { StatusCode::NO_CONTENT.into_response() };
        self.0.sessions.delete_cookie(&mut response);
        let (name, value) = CLEAR;
        response.headers_mut().insert(name, value);
        response
    }
}
