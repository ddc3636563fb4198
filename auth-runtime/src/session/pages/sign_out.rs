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
use crate::{
    session::{Session, SessionStore},
    users::UserStore,
};

/// Deletes what pages of this origin have stored in the browser (ASVS 14.3.1). The cookie is deleted by its name,
/// because `"cookies"` would delete those of sibling domains too.
const CLEAR: (HeaderName, HeaderValue) =
    (HeaderName::from_static("clear-site-data"), HeaderValue::from_static("\"cache\", \"storage\""));

const NOT_ENDED: &str = "You have signed out in this browser, but the server could not end the session. It ends when its time is \
                         over. To end it now, sign in again and open “My sessions”.";

impl<U: UserStore, S: SessionStore> SignInPages<U, S> {
    pub(super) fn sign_out_page(&self) -> Response {
        let body = html! {
            p { "Signing out ends your session in this browser." }
            form.whole method="post" { button autofocus { "Sign out" } }
            (self.site_parts().user_links("", "logout"))
        };
        self.page("Sign out").body(body).into_response()
    }

    /// Ends the session of the request. The cookie is deleted even if the session cannot be ended on the server, so
    /// that the next person at this browser is not the user.
    pub(super) async fn sign_out(&self, request: &Request, is_html: bool) -> Response {
        let mut response = match self.0.sessions.end_current(request).await {
            Ok(ended) => {
                if let Some(session) = ended {
                    log_end(&session);
                }
                if is_html { see_other("login?signed-out") } else { StatusCode::NO_CONTENT.into_response() }
            }
            Err(error) => self.not_verified(is_html, &error, Some(NOT_ENDED)),
        };
        self.0.sessions.delete_cookie(&mut response);
        let (name, value) = CLEAR;
        response.headers_mut().insert(name, value);
        response
    }
}

fn log_end(session: &Session) {
    let Session { issuer, subject, id, .. } = session;
    tracing::info!(?issuer, ?subject, session = id, "signed out");
}
