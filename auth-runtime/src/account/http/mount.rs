//! Mounts the pages of the account beside the sign-in page.

use std::sync::Arc;

use poem::{
    Endpoint, EndpointExt, Request, Response, Result,
    endpoint::make,
    http::{Method, header::AUTHORIZATION},
};

use super::response::wants_page;
use crate::{
    account::{AccountStore, MailTexts, SecondFactorStore, SelfService},
    guard::AuthConfig,
    mount::WithAuth,
    session::{MorePages, SessionStore, Sessions, SharedEndpoint, SignInPages, SignInRedirect, Site},
    users::{User, UserStore},
};

/// The addresses of all pages and forms.
const ADDRESSES: [&str; 10] = [
    "code",
    "email",
    "forgot-password",
    "reset-password",
    "second-factor",
    "second-factor/confirmation",
    "second-factor/enrolment",
    "second-factor/recovery-codes",
    "second-factor/removal",
    "verify-email",
];

impl<U: UserStore, T: SessionStore> SignInPages<U, T> {
    /// Adds the pages of a user's account: a forgotten password, the e-mail address, the second factor, and the code of
    /// a sign-in. `auth` has the schemes whose callers may use them.
    ///
    /// ```
    /// # use auth_runtime::{account::*, prelude::*, session::{MemorySessions, SignInPages}};
    /// # use poem::{Endpoint, EndpointExt, Route};
    /// #[derive(Auth, Clone)]
    /// struct Auth {
    ///     #[scheme(cookie = "__Host-session")]
    ///     session: Sessions<MemoryAccounts, MemorySessions>,
    /// }
    ///
    /// fn app(auth: &Auth, users: MemoryAccounts, api: Route) -> Result<impl Endpoint, PublicUrlError> {
    ///     let url = PublicUrl::new("https://app.example/auth")?;
    ///     let account = SelfService::new(users, PrintMailer, "Entry book", url);
    ///     Ok(api.with(SignInPages::new(&auth.session).account(auth, &account)))
    /// }
    /// ```
    ///
    /// The paths are those of [`SelfService::routes_with_second_factor`], below [`path`](Self::path). The issuer of the
    /// sessions is one of the [issuers](SelfService::issuers), and the name of the application is that of the site,
    /// unless there is another. A user who changes the password at `/password` gets a mail about it (ASVS 6.3.7).
    ///
    /// # Panics
    /// `.with(pages)` panics if the [`PublicUrl`](crate::account::PublicUrl) does not end with [`path`](Self::path):
    /// links in mails would lead elsewhere.
    #[must_use]
    pub fn account<A, S>(self, auth: &A, account: &SelfService<S>) -> Self
    where
        A: AuthConfig,
        S: AccountStore + SecondFactorStore,
    {
        let sessions = self.own_sessions().clone();
        let account = account.clone().also_issued_by(sessions.issuer());
        self.more(AccountPages { auth: auth.cloned(), account, sessions })
    }
}

/// The pages of an account, for the users of these sessions.
struct AccountPages<A, S, U, T> {
    auth: A,
    account: SelfService<S>,
    sessions: Sessions<U, T>,
}

impl<A, S, U, T> MorePages for AccountPages<A, S, U, T>
where
    A: AuthConfig,
    S: AccountStore + SecondFactorStore,
    U: UserStore,
    T: SessionStore,
{
    fn application(&self) -> &str {
        &self.account.0.application
    }

    fn user_links(&self) -> &'static [(&'static str, &'static str)] {
        &[("email", "E-mail address"), ("second-factor", "Second factor")]
    }

    fn sign_in_links(&self) -> &'static [(&'static str, &'static str)] {
        &[("Forgot your password?", "forgot-password")]
    }

    fn password_changed(&self, user: &User) {
        self.account.notify(user, MailTexts::password_changed);
    }

    fn mount(&self, path: &str, site: Site) -> (&'static [&'static str], SharedEndpoint) {
        let url = &self.account.0.url;
        assert!(url.ends_with(path), "the pages are below {path:?}, but links in mails would begin with {url}");
        let home = site.home.clone().unwrap_or_default();
        let account = self.account.clone().with(|parts| parts.site = site);
        let routes = account.mail_routes::<A>(path);
        let routes = account.with_second_factor::<A, U, T>(routes, path, &self.sessions, &home);
        let pages: SharedEndpoint = Arc::new(WithAuth::new(&self.auth, routes).boxed());
        let sign_in = SignInRedirect::to(format!("{path}/login"));
        let path = path.to_owned();
        let answer = move |request: Request| {
            let form = page_of_form(&path, request.uri().path());
            form_or_sign_in(Arc::clone(&pages), request, sign_in.clone(), form)
        };
        (&ADDRESSES, Arc::new(make(answer).map_to_response().boxed()))
    }
}

/// Returns the page that has the form: `/auth/second-factor` for `/auth/second-factor/enrolment`.
fn page_of_form(path: &str, target: &str) -> String {
    let page = target.strip_prefix(path).unwrap_or_default().trim_start_matches('/').split('/').next();
    format!("{path}/{}", page.unwrap_or_default())
}

/// Sends a browser whose form needs a newer sign-in to the sign-in page, and then to the page with the form: the form
/// itself cannot be sent again. Programs get the 401.
async fn form_or_sign_in(
    pages: SharedEndpoint,
    request: Request,
    sign_in: SignInRedirect,
    form: String,
) -> Result<Response> {
    let is_program = request.headers().contains_key(AUTHORIZATION) || !wants_page(&request);
    let is_form = *request.method() == Method::POST && !is_program;
    match pages.call(request).await {
        Err(error) if is_form => sign_in.redirected(error, &form),
        answer => answer,
    }
}
