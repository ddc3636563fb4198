//! `code`: the second step of a sign-in.

use poem::{
    Endpoint, Request, Response,
    endpoint::make,
    get,
    http::{HeaderValue, StatusCode, header::LOCATION},
};
use serde_json::json;

use super::{
    error::HttpError,
    fields::{query, read_fields},
    page::{Field, Page},
    response::{done, wants_page},
    routes::own_origin,
};
use crate::{
    account::{AccountError, AccountStore, SecondFactorStore, SelfService},
    session::{SessionStore, Sessions, StartedSession, own_path},
    users::UserStore,
};

impl<S: AccountStore + SecondFactorStore> SelfService<S> {
    /// Returns the endpoint where a user enters the code after the password was verified: a page for browsers, JSON
    /// with the field `code` for other clients. After the right code, a browser is redirected to `next` of the query,
    /// or to `then` without it.
    ///
    /// [`SignInPages::account`](crate::session::SignInPages::account) mounts it as `/code`, where the sign-in page
    /// leads.
    ///
    /// See [`complete_sign_in`](Self::complete_sign_in).
    #[must_use]
    pub fn code_endpoint<U: UserStore, T: SessionStore>(
        &self,
        sessions: &Sessions<U, T>,
        then: &str,
    ) -> impl Endpoint<Output = Response> + use<S, U, T> {
        let (own, own_post) = (self.clone(), self.clone());
        let (sessions, sessions_post, then) = (sessions.clone(), sessions.clone(), then.to_owned());
        let form = make(move |request| own.clone().code_form(sessions.clone(), request));
        get(form).post(make(move |request| own_post.clone().enter_code(sessions_post.clone(), request, then.clone())))
    }

    fn code_page(&self, error: Option<&str>) -> Page {
        let code = Field::Code { id: "code", label: "Code", error };
        let page = Page::new(&self.0.site, "Enter a code");
        let page = page.text("Enter the six digits of your authenticator app, or a recovery code.");
        // Without an address, the form is sent to this page, with its `next`.
        page.form("", &[code], "Sign in").start_link("Start again")
    }

    fn sign_in_first(&self, text: &str) -> Page {
        Page::new(&self.0.site, "Sign in first").alert(text).sign_in_link()
    }

    async fn code_form<U: UserStore, T: SessionStore>(self, sessions: Sessions<U, T>, request: Request) -> Response {
        let wants_page = wants_page(&request);
        let error = match self.awaits_code(&sessions, &request).await {
            Ok(true) => return done(wants_page, || self.code_page(None), &json!({ "fields": ["code"] })),
            Ok(false) => AccountError::NoSignIn,
            Err(error) => error.into(),
        };
        HttpError::from(error).response(wants_page, |text| self.sign_in_first(text))
    }

    async fn enter_code<U: UserStore, T: SessionStore>(
        self,
        sessions: Sessions<U, T>,
        mut request: Request,
        then: String,
    ) -> Response {
        let (wants_page, next) = (wants_page(&request), query(&request, "next"));
        let entered = async {
            own_origin(&request)?;
            let fields = read_fields(&mut request).await?;
            Ok(self.complete_sign_in(&sessions, &request, fields.get("code")).await?)
        };
        match entered.await {
            Ok(started) => signed_in(wants_page, self.code_page(None), started, own_path(&next).unwrap_or(&then)),
            Err(error @ HttpError::Account(AccountError::NoSignIn)) => {
                HttpError::response(&error, wants_page, |text| self.sign_in_first(text))
            }
            Err(error) => error.response(wants_page, |text| self.code_page(Some(text))),
        }
    }
}

/// Sends the cookie, and a browser on its way.
fn signed_in(wants_page: bool, page: Page, started: StartedSession, then: &str) -> Response {
    let mut response = done(wants_page, || page, &json!({ "detail": "You are signed in." }));
    if wants_page {
        response.set_status(StatusCode::SEE_OTHER);
        response.set_body(());
        // A path of this origin is visible ASCII.
        response.headers_mut().insert(LOCATION, HeaderValue::from_str(then).unwrap_or(HeaderValue::from_static("/")));
    }
    started.add_to(&mut response);
    response
}
