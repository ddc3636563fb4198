//! The endpoint of one page.

use std::{fmt, time::Duration};

use poem::{
    Endpoint, IntoResponse, Request, Response, Result,
    http::{Method, StatusCode, header},
};

use super::{next::wants_html, response::not_allowed, sign_in::message, sign_in_pages::SignInPages};
use crate::{
    authenticate::{AuthenticationError, RefusalKind},
    credential::is_cross_origin,
    respond::{RejectionCode, retry_after},
    session::SessionStore,
    users::{MemoryUsers, UserStore},
};

const UNAVAILABLE: &str = "This is not possible at the moment. Try again later.";

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Login,
    Logout,
    Sessions,
    Password,
}

/// The endpoint of one page. [`SignInPages`] returns it.
pub struct PageEndpoint<U = MemoryUsers, S = U> {
    pages: SignInPages<U, S>,
    kind: Kind,
}

impl<U: UserStore, S: SessionStore> Endpoint for PageEndpoint<U, S> {
    type Output = Response;

    async fn call(&self, mut request: Request) -> Result<Response> {
        let pages = &self.pages;
        if self.kind == Kind::Password && pages.0.change_password.is_none() {
            return Err(poem::error::NotFoundError.into());
        }
        let is_html = wants_html(&request);
        Ok(match *request.method() {
            Method::GET | Method::HEAD => match self.kind {
                Kind::Login => pages.sign_in_page(&request),
                Kind::Logout => pages.sign_out_page(),
                Kind::Sessions => pages.list(&request, is_html).await,
                Kind::Password => pages.password_page(&request, is_html).await,
            },
            Method::POST if is_cross_origin(&request) => pages.cross_origin(is_html),
            Method::POST => match self.kind {
                Kind::Login => pages.sign_in(&mut request, is_html).await,
                Kind::Logout => pages.sign_out(&request, is_html).await,
                Kind::Sessions => pages.end(&mut request, is_html).await,
                Kind::Password => pages.replace_password(&mut request, is_html).await,
            },
            _ => not_allowed(),
        })
    }
}

/// Endpoints.
impl<U: UserStore, S: SessionStore> SignInPages<U, S> {
    /// Returns the endpoint of `/login`.
    #[must_use]
    pub fn login(&self) -> PageEndpoint<U, S> {
        self.endpoint(Kind::Login)
    }

    /// Returns the endpoint of `/logout`.
    #[must_use]
    pub fn logout(&self) -> PageEndpoint<U, S> {
        self.endpoint(Kind::Logout)
    }

    /// Returns the endpoint of `/sessions`.
    #[must_use]
    pub fn sessions(&self) -> PageEndpoint<U, S> {
        self.endpoint(Kind::Sessions)
    }

    /// Returns the endpoint of `/password`. Without [`change_password`](Self::change_password), it responds with 404.
    #[must_use]
    pub fn password(&self) -> PageEndpoint<U, S> {
        self.endpoint(Kind::Password)
    }

    fn endpoint(&self, kind: Kind) -> PageEndpoint<U, S> {
        PageEndpoint { pages: self.clone(), kind }
    }

    fn cross_origin(&self, is_html: bool) -> Response {
        tracing::warn!("sign-in page refused: a page of another origin sent the form");
        if is_html {
            let text = "Another site sent this form, so nothing was done. Open the page on this site, and try again.";
            return self.failed(StatusCode::FORBIDDEN, text);
        }
        self.problem(RejectionCode::CrossOrigin)
    }

    /// Returns a page with an error and the way back.
    pub(super) fn failed(&self, status: StatusCode, text: &str) -> Response {
        let body = maud::html! {
            (super::layout::alert(Some(text)))
            (self.site_parts().sign_in_link("", "Sign in"))
        };
        self.page("That did not work").status(status).body(body).into_response()
    }

    /// Returns the response to a request whose session could not be verified: 429 or 503. A page shows `text`, if there
    /// is one.
    pub(super) fn not_verified(&self, is_html: bool, error: &AuthenticationError, text: Option<&str>) -> Response {
        let Some(wait) = error.retry_after() else {
            tracing::warn!(%error, "sign-in page unavailable");
            return self.try_later(
                is_html,
                RejectionCode::Unavailable,
                retry_after::UNAVAILABLE,
                text.unwrap_or(UNAVAILABLE),
            );
        };
        tracing::warn!(%error, "sign-in page refused");
        let too_many = message(RefusalKind::Throttled(wait));
        self.try_later(is_html, RejectionCode::TooManyAttempts, wait, text.unwrap_or(&too_many))
    }

    /// Returns the response to a request while a store does not answer.
    pub(super) fn unavailable(&self, is_html: bool, error: &dyn std::error::Error) -> Response {
        tracing::warn!(%error, "sign-in page unavailable");
        self.try_later(is_html, RejectionCode::Unavailable, retry_after::UNAVAILABLE, UNAVAILABLE)
    }

    /// Returns a page with this text, or problem details, with the time to wait.
    fn try_later(&self, is_html: bool, code: RejectionCode, wait: Duration, text: &str) -> Response {
        let mut response = if is_html { self.failed(code.status(), text) } else { self.problem(code) };
        response.headers_mut().insert(header::RETRY_AFTER, retry_after::seconds(wait).into());
        response
    }
}

impl<U, S> fmt::Debug for PageEndpoint<U, S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PageEndpoint").field("kind", &self.kind).finish_non_exhaustive()
    }
}
