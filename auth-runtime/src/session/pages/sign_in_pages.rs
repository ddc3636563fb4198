//! The pages: their settings.

use std::{fmt, sync::Arc};

use maud::{Markup, html};
use poem::{
    EndpointExt, IntoEndpoint, Response,
    http::{
        StatusCode,
        header::{self, HeaderValue},
    },
};

use super::{
    hooks::{ChangePassword, SecondFactor},
    layout::Page,
    more_pages::{MorePages, SharedEndpoint},
    next::own_path,
    plugin::Plugin,
    site::Site,
};
use crate::{
    authenticate::Authenticator,
    credential::BasicCredentials,
    respond::{Rejection, RejectionCode},
    session::{SessionStore, Sessions},
    users::{MemoryUsers, UserStore},
};

/// The pages and the endpoints for signing in and out, and for the sessions of a user.
///
/// ```
/// use auth_runtime::{prelude::*, session::{MemorySessions, SignInPages}, users::MemoryUsers};
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
/// let app = Route::new().at("/", get(hello).with(auth)).with(pages);
/// # Ok::<(), auth_runtime::users::UserError>(())
/// ```
///
/// `.with(pages)` answers the paths of the pages, and passes all others on. It also sends a browser that navigates to a
/// protected page to the sign-in page, as [`SignInRedirect`](crate::session::SignInRedirect) does.
///
/// | path below [`/auth`](Self::path) | a browser gets | a program sends |
/// |---|---|---|
/// | `/login` | a form, then the page in `next` | `POST` of `username` and `password`: 200 with the session as JSON |
/// | `/logout` | a button, and the sign-in page after the sign-out | `POST`: 204 |
/// | `/sessions` | the user's sessions, with buttons | `GET`: JSON; `POST` of `end`, an identifier or `others`: 204 |
/// | `/password` | a form, with [`change_password`](Self::change_password) | `POST` of `current` and `new`: 204 |
///
/// A request comes from a browser if it accepts `text/html`. Any other comes from a program, and gets JSON, 204 or
/// problem details, and never a redirect. Only a form is HTML for programs too: the response to `GET` of `/login`,
/// `/logout`, and, with a session, `/password`. The body of a `POST` may be a form or JSON. A cross-origin `POST`
/// is refused with 403, also for signing in (login CSRF).
///
/// The pages have no scripts, and a strict Content Security Policy. [`own_page`](Self::own_page) replaces one.
/// The method `account` (feature `account`) adds those for a forgotten password, an e-mail address and a second factor.
pub struct SignInPages<U = MemoryUsers, S = U>(pub(super) Arc<Settings<U, S>>);

pub(super) struct Settings<U, S> {
    pub(super) sessions: Sessions<U, S>,
    pub(super) plugins: Vec<Arc<dyn Plugin>>,
    pub(super) second_factor: Option<Arc<dyn SecondFactor>>,
    pub(super) change_password: Option<Arc<dyn ChangePassword>>,
    pub(super) more: Vec<Arc<dyn MorePages>>,
    pub(super) own_pages: Vec<(String, SharedEndpoint)>,
    /// The path that the pages are below.
    pub(super) path: String,
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
            more: Vec::new(),
            own_pages: Vec::new(),
            path: "/auth".to_owned(),
            site: String::new(),
            home: "/".to_owned(),
            links: Vec::new(),
        }))
    }

    /// Adds a plug-in, such as a directory or an old database. It is called if the user store and the earlier plug-ins
    /// have not accepted the password. That includes a store that throttles the attempt or does not answer.
    ///
    /// Its users have the issuer that the plug-in sets, which must not be that of the user store. They keep the roles
    /// and permissions of the sign-in, for at most an hour ([`Sessions::plugin_limit`]). When an `Auth` mounts the
    /// sessions, [`Authenticator::mounted`] of the plug-in is called too, with the scheme of the session.
    #[must_use]
    pub fn plugin(self, plugin: impl Authenticator<Credential = BasicCredentials>) -> Self {
        let plugin = Arc::new(plugin);
        let mounted = Arc::clone(&plugin);
        self.0.sessions.0.mounting.when_mounted(move |scheme, context| mounted.mounted(scheme, context));
        self.with(|settings| settings.plugins.push(plugin))
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

    /// Sets the path that the pages are below (default: `/auth`).
    ///
    /// # Panics
    /// If the path does not start with one `/`, ends with one, or has a query or a fragment.
    #[must_use]
    pub fn path(self, path: impl Into<String>) -> Self {
        let path = path.into();
        let is_path = own_path(&path).is_some() && !path.ends_with('/') && !path.contains(['?', '#']);
        assert!(is_path, "the path of the pages is one such as `/auth`, unlike {path:?}");
        self.with(|settings| settings.path = path)
    }

    /// Replaces what a browser sees at an address below [`path`](Self::path), such as `login`. Forms and programs still
    /// reach the endpoint there: a form of yours posts the same fields.
    ///
    /// ```
    /// use auth_runtime::session::{Page, SessionStore, SignInPages};
    /// use auth_runtime::users::UserStore;
    /// use poem::{get, handler};
    ///
    /// #[handler]
    /// fn sign_in() -> Page {
    ///     let form = r#"<form method="post"><label>Name <input name="username"></label>
    ///         <label>Password <input name="password" type="password"></label> <button>Sign in</button></form>"#;
    ///     Page::new("Entry book", "Welcome").html(form)
    /// }
    ///
    /// fn pages<U: UserStore, S: SessionStore>(pages: SignInPages<U, S>) -> SignInPages<U, S> {
    ///     pages.own_page("login", get(sign_in))
    /// }
    /// ```
    ///
    /// # Panics
    /// `.with(pages)` panics if there is no page at the address.
    #[must_use]
    pub fn own_page<E: IntoEndpoint>(self, address: impl Into<String>, page: E) -> Self
    where
        E::Endpoint: 'static,
    {
        let page = Arc::new(page.into_endpoint().map_to_response().boxed());
        self.with(|settings| settings.own_pages.push((address.into(), page)))
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

    /// Adds pages of another module.
    #[cfg(feature = "account")]
    pub(crate) fn more(self, more: impl MorePages + 'static) -> Self {
        self.with(|settings| settings.more.push(Arc::new(more)))
    }

    /// Returns the sessions.
    #[cfg(feature = "account")]
    pub(crate) fn own_sessions(&self) -> &Sessions<U, S> {
        &self.0.sessions
    }

    fn with(self, change: impl FnOnce(&mut Settings<U, S>)) -> Self {
        let mut settings = Arc::unwrap_or_clone(self.0);
        change(&mut settings);
        Self(Arc::new(settings))
    }

    /// Returns an empty page of this site.
    pub(crate) fn page(&self, title: &str) -> Page {
        self.site_parts().page(title)
    }

    /// Returns the name and the links that all pages share.
    pub(super) fn site_parts(&self) -> Site {
        let settings = &self.0;
        let mut own = vec![("sessions", "My sessions")];
        own.extend(settings.change_password.is_some().then_some(("password", "Change password")));
        own.extend(settings.more.iter().flat_map(|more| more.user_links()));
        own.push(("logout", "Sign out"));
        let named = settings.more.iter().map(|more| more.application()).find(|_| settings.site.is_empty());
        let name = named.unwrap_or(&settings.site).to_owned();
        Site { name, home: Some(settings.home.clone()), own, has_sign_in: true }
    }

    pub(super) fn home_path(&self) -> &str {
        &self.0.home
    }

    /// Returns the links below the sign-in form.
    pub(super) fn sign_in_links(&self) -> Markup {
        let more = self.0.more.iter().flat_map(|more| more.sign_in_links()).copied();
        let own = self.0.links.iter().map(|(text, address)| (&**text, &**address));
        let links: Vec<(&str, &str)> = more.chain(own).collect();
        html! {
            @if !links.is_empty() {
                nav { @for (text, address) in links { a href=(address) { (text) } } }
            }
        }
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
            more: self.more.clone(),
            own_pages: self.own_pages.clone(),
            path: self.path.clone(),
            site: self.site.clone(),
            home: self.home.clone(),
            links: self.links.clone(),
        }
    }
}

impl<U, S> fmt::Debug for SignInPages<U, S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SignInPages").field("path", &self.0.path).field("site", &self.0.site).finish_non_exhaustive()
    }
}
