//! The pages: their settings, and the endpoint of each.

use std::{fmt, sync::Arc};

use poem::{
    Endpoint, IntoEndpoint, IntoResponse, Request, Response, Result, Route,
    http::{
        Method, StatusCode,
        header::{self, HeaderName, HeaderValue},
    },
};
use serde_json::Value;

use super::{
    hooks::{ChangePassword, SecondFactor},
    layout::Page,
    next::{own_path, wants_html},
    plugin::Plugin,
};
use crate::{
    authenticate::Authenticator,
    credential::{BasicCredentials, is_cross_origin},
    respond::{Rejection, RejectionCode, problem, retry_after},
    session::{SessionStore, Sessions},
    users::{MemoryUsers, UserStore},
};

/// The pages and the endpoints for signing in and out, and for the sessions of a user.
///
/// ```
/// use auth_runtime::{prelude::*, session::{MemorySessions, SignInPages, SignInRedirect}, users::MemoryUsers};
/// use poem::{EndpointExt, Route, get, handler};
///
/// #[derive(Auth, Clone)]
/// struct Auth {
///     #[scheme(cookie = "__Host-session")]
///     session: Sessions<MemoryUsers, MemorySessions>,
/// }
///
/// #[protected]
/// #[handler]
/// fn hello(caller: Principal<Auth>) -> String {
///     format!("Hello {}", caller.display_name())
/// }
///
/// let password = "correct horse battery staple"; // typed by the user, never in the source
/// let users = Basic::new(MemoryUsers::new().add("alice", password)?);
/// let auth = Auth { session: Sessions::with_store(&users, MemorySessions::new()) };
/// let pages = SignInPages::new(&auth.session).site("Greetings");
/// let app = Route::new()
///     .nest("/auth", pages)
///     .at("/", get(hello).with(auth))
///     .with(SignInRedirect::to("/auth/login"));
/// # Ok::<(), auth_runtime::users::UserError>(())
/// ```
///
/// | path | a browser gets | another client sends |
/// |---|---|---|
/// | `/login` | a form, and the page in `next` after the sign-in | `POST` of `username` and `password`: 200 with the session as JSON |
/// | `/logout` | a button, and the sign-in page after the sign-out | `POST`: 204 |
/// | `/sessions` | the user's sessions, each with a button to end it | `GET`: JSON; `POST` of `end`: an identifier, or `others` |
/// | `/password` | a form, if there is [`change_password`](Self::change_password) | `POST` of `current` and `new`: 204 |
///
/// A request comes from a browser if it accepts `text/html`. Other clients get JSON or problem details, and never a
/// redirect. The body may be a form or JSON. A cross-site request is refused with 403, also for signing in (login
/// CSRF).
///
/// The pages have no scripts, and a strict Content Security Policy. To replace a page, serve your own at its path, and
/// keep the endpoint for the other methods: `get(my_page).post(pages.login())`.
pub struct SignInPages<U = MemoryUsers, S = U>(pub(super) Arc<Settings<U, S>>);

pub(super) struct Settings<U, S> {
    pub(super) sessions: Sessions<U, S>,
    pub(super) plugins: Vec<Arc<dyn Plugin>>,
    pub(super) second_factor: Option<Arc<dyn SecondFactor>>,
    pub(super) change_password: Option<Arc<dyn ChangePassword>>,
    site: String,
    home: String,
    links: Vec<(String, String)>,
}

impl<U: UserStore, S: SessionStore> SignInPages<U, S> {
    /// Returns the pages of these sessions.
    #[must_use]
    pub fn new(sessions: &Sessions<U, S>) -> Self {
        Self(Arc::new(Settings {
            sessions: sessions.clone(),
            plugins: Vec::new(),
            second_factor: None,
            change_password: None,
            site: String::new(),
            home: "/".to_owned(),
            links: Vec::new(),
        }))
    }

    /// Adds a plug-in, such as a directory or an old database. It verifies a password that the user store and the
    /// earlier plug-ins have rejected.
    ///
    /// Its users have the issuer that the plug-in sets, which must not be that of the user store. They keep the roles
    /// and permissions of the sign-in, for at most an hour ([`Sessions::plugin_limit`]).
    #[must_use]
    pub fn plugin(self, plugin: impl Authenticator<Credential = BasicCredentials>) -> Self {
        self.with(|settings| settings.plugins.push(Arc::new(plugin)))
    }

    /// Adds a second factor (default: none).
    #[must_use]
    pub fn second_factor(self, factor: impl SecondFactor) -> Self {
        self.with(|settings| settings.second_factor = Some(Arc::new(factor)))
    }

    /// Lets users change their passwords in this store (default: no page for it).
    #[must_use]
    pub fn change_password(self, store: impl ChangePassword) -> Self {
        self.with(|settings| settings.change_password = Some(Arc::new(store)))
    }

    /// Sets the name of the site, which is shown above each title (default: none).
    #[must_use]
    pub fn site(self, name: impl Into<String>) -> Self {
        self.with(|settings| settings.site = name.into())
    }

    /// Sets the page to open after a sign-in without `next` (default: `/`).
    ///
    /// # Panics
    /// If the path does not start with exactly one `/`, because it could lead to another origin.
    #[must_use]
    pub fn home(self, path: impl Into<String>) -> Self {
        let path = path.into();
        assert!(own_path(&path).is_some(), "the path of a page starts with one `/`, unlike {path:?}");
        self.with(|settings| settings.home = path)
    }

    /// Adds a link below the sign-in form, such as one to a page for forgotten passwords. The URL is relative to that
    /// of the sign-in page.
    #[must_use]
    pub fn link(self, text: impl Into<String>, address: impl Into<String>) -> Self {
        self.with(|settings| settings.links.push((text.into(), address.into())))
    }

    fn with(self, change: impl FnOnce(&mut Settings<U, S>)) -> Self {
        let mut settings = Arc::unwrap_or_clone(self.0);
        change(&mut settings);
        Self(Arc::new(settings))
    }

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

    /// Returns an empty page of this site.
    pub(crate) fn page(&self, title: &str) -> Page {
        Page::new(&*self.0.site, title)
    }

    pub(super) fn home_path(&self) -> &str {
        &self.0.home
    }

    pub(super) fn links(&self) -> &[(String, String)] {
        &self.0.links
    }

    /// Returns the `WWW-Authenticate` of a 401: the cookie that a sign-in sets.
    pub(super) fn challenge(&self) -> HeaderValue {
        let challenge = format!("ApiKey in=\"cookie\", name=\"{}\"", self.0.sessions.cookie().name());
        // The name is a token.
        HeaderValue::try_from(challenge).unwrap_or(HeaderValue::from_static("ApiKey"))
    }

    /// Returns the problem details of a code.
    pub(super) fn problem(&self, code: RejectionCode) -> Response {
        let rejection = Rejection::with_code(code);
        let mut response = poem::error::ResponseError::as_response(&rejection);
        if code.status() == StatusCode::UNAUTHORIZED {
            response.headers_mut().insert(header::WWW_AUTHENTICATE, self.challenge());
        }
        response
    }
}

impl<U: UserStore, S: SessionStore> IntoEndpoint for SignInPages<U, S> {
    type Endpoint = Route;

    fn into_endpoint(self) -> Route {
        Route::new()
            .at("/login", self.login())
            .at("/logout", self.logout())
            .at("/sessions", self.sessions())
            .at("/password", self.password())
    }
}

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
                Kind::Password => pages.password_page(&request).await,
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

impl<U: UserStore, S: SessionStore> SignInPages<U, S> {
    fn cross_origin(&self, is_html: bool) -> Response {
        tracing::warn!("sign-in page refused: a page of another site sent the form");
        if is_html {
            let text = "A page of another site sent this form. Open the page here, and try again.";
            return self.failed(StatusCode::FORBIDDEN, text);
        }
        self.problem(RejectionCode::CrossOrigin)
    }

    /// Returns a page with an error and the way back.
    pub(super) fn failed(&self, status: StatusCode, text: &str) -> Response {
        let body = maud::html! {
            (super::layout::alert(Some(text)))
            nav { a href="login" { "Sign in" } }
        };
        self.page("That did not work").status(status).body(body).into_response()
    }

    /// Returns the response to a request while a store does not answer.
    pub(super) fn unavailable(&self, is_html: bool, error: &dyn std::error::Error) -> Response {
        tracing::warn!(%error, "sign-in page unavailable");
        if !is_html {
            return self.problem(RejectionCode::Unavailable);
        }
        let text = "This is not possible at the moment. Try again later.";
        let mut response = self.failed(StatusCode::SERVICE_UNAVAILABLE, text);
        response.headers_mut().insert(header::RETRY_AFTER, retry_after::UNAVAILABLE.as_secs().into());
        response
    }
}

/// Sends the browser to another page, which it loads with `GET` (RFC 9110, section 15.4.4).
pub(super) fn see_other(location: &str) -> Response {
    let mut response = StatusCode::SEE_OTHER.into_response();
    // Paths of this origin are visible ASCII.
    let location = HeaderValue::try_from(location).unwrap_or(HeaderValue::from_static("/"));
    response.headers_mut().insert(header::LOCATION, location);
    response.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}

/// Returns JSON that no cache may store.
pub(super) fn json(value: &Value) -> Response {
    static HEADERS: [(HeaderName, HeaderValue); 3] = [
        (header::CONTENT_TYPE, HeaderValue::from_static("application/json; charset=utf-8")),
        (header::CACHE_CONTROL, HeaderValue::from_static("no-store")),
        (header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff")),
    ];
    let mut response = Response::from(value.to_string());
    for (name, value) in &HEADERS {
        response.headers_mut().insert(name, value.clone());
    }
    response
}

/// Returns problem details that no cache may store.
pub(super) fn problem_details(status: StatusCode, code: &str, detail: &str) -> Response {
    let mut response = json(&problem(status, code, detail)).set_content_type("application/problem+json");
    response.set_status(status);
    response
}

fn not_allowed() -> Response {
    let mut response = StatusCode::METHOD_NOT_ALLOWED.into_response();
    response.headers_mut().insert(header::ALLOW, HeaderValue::from_static("GET, HEAD, POST"));
    response
}

impl<U, S> Clone for SignInPages<U, S> {
    fn clone(&self) -> Self {
        Self(Arc::clone(&self.0))
    }
}

impl<U, S> Clone for Settings<U, S> {
    fn clone(&self) -> Self {
        Self {
            sessions: self.sessions.clone(),
            plugins: self.plugins.clone(),
            second_factor: self.second_factor.clone(),
            change_password: self.change_password.clone(),
            site: self.site.clone(),
            home: self.home.clone(),
            links: self.links.clone(),
        }
    }
}

impl<U, S> fmt::Debug for SignInPages<U, S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SignInPages").field("site", &self.0.site).field("home", &self.0.home).finish_non_exhaustive()
    }
}

impl<U, S> fmt::Debug for PageEndpoint<U, S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PageEndpoint").field("kind", &self.kind).finish_non_exhaustive()
    }
}
