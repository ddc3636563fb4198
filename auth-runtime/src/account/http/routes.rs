//! The routes, and their rules.

use std::future::{Future, ready};

use poem::{Endpoint, FromRequest, Request, Response, Route, endpoint::make, get, post};

use super::{error::HttpError, response::wants_page};
use crate::{
    account::{AccountError, AccountStore, SecondFactorStore, SelfService},
    authenticate::Principal,
    credential::is_cross_origin,
    guard::AuthConfig,
    mount::Protect,
    policy::Operation,
    requirement,
    session::{SessionStore, Sessions},
    users::UserStore,
};

/// The caller, as the store knows the user.
pub(super) struct Caller {
    pub(super) subject: String,
}

/// Routes.
impl<S: AccountStore + SecondFactorStore> SelfService<S> {
    /// Returns the routes for passwords and e-mail addresses. Mount them at the path of the
    /// [`PublicUrl`](crate::account::PublicUrl). Each route responds to browsers with a page, and to other clients with
    /// JSON.
    ///
    /// ```
    /// # use auth_runtime::{account::*, prelude::*, users::MemoryUsers};
    /// # use poem::{EndpointExt, Route};
    /// # #[derive(Auth, Clone)] struct Auth { #[scheme(basic)] password: Basic<MemoryAccounts> }
    /// # fn app(auth: Auth, accounts: MemoryAccounts) -> Result<impl poem::Endpoint, PublicUrlError> {
    /// let url = PublicUrl::new("https://app.example/account")?;
    /// let account = SelfService::new(accounts, PrintMailer, "Entry book", url).issuers(["basic"]);
    /// let app = Route::new().nest("/account", account.routes::<Auth>()).with(auth);
    /// # Ok(app)
    /// # }
    /// ```
    ///
    /// | route | fields | callers |
    /// |---|---|---|
    /// | `GET` and `POST forgot-password` | `email` | everyone |
    /// | `GET` and `POST reset-password` | `token`, `password` | holders of the link |
    /// | `GET` and `POST verify-email` | `token` | holders of the link |
    /// | `GET` and `POST email` | `email` | users, within 5 minutes of a sign-in |
    ///
    /// A cross-origin `POST` is refused. So are callers of other [issuers](Self::issuers), and tokens and keys that are
    /// limited to some permissions.
    #[must_use]
    pub fn routes<A: AuthConfig>(&self) -> Route {
        self.mail_routes::<A>("")
    }

    /// Returns the [`routes`](Self::routes), and those of the second factor. It takes the sessions, because only a
    /// sign-in with a session has a place for the code: `Basic` rejects a user with a second factor.
    /// [`SignInPages::account`](crate::session::SignInPages::account) mounts the same routes beside the sign-in page.
    ///
    /// | route | fields | callers |
    /// |---|---|---|
    /// | `GET second-factor` | | users |
    /// | `POST second-factor/enrolment` | | users, within 5 minutes of a sign-in |
    /// | `POST second-factor/confirmation` | `code` | users, within 5 minutes of a sign-in |
    /// | `POST second-factor/recovery-codes` | `code` | users |
    /// | `POST second-factor/removal` | `code` | users |
    /// | `GET` and `POST code` | `code` | sessions that wait for the code |
    ///
    /// `then` is the path to which `code` redirects a browser: see [`code_endpoint`](Self::code_endpoint).
    ///
    /// ```
    /// use auth_runtime::{account::*, prelude::*, session::MemorySessions};
    /// use poem::{EndpointExt, Route, http::StatusCode, test::TestClient};
    ///
    /// #[derive(Auth, Clone)]
    /// struct Auth {
    ///     #[scheme(cookie = "__Host-session")]
    ///     session: Sessions<MemoryAccounts, MemorySessions>,
    /// }
    ///
    /// # #[tokio::main]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// let users = MemoryAccounts::new([])?;
    /// let sessions = Sessions::with_store(&Basic::new(users.clone()), MemorySessions::new());
    /// let url = PublicUrl::new("https://app.example/account")?;
    /// let account = SelfService::new(users, PrintMailer, "Entry book", url).issuers(["basic"]);
    /// let routes = account.routes_with_second_factor::<Auth, _, _>(&sessions, "/");
    /// let client = TestClient::new(Route::new().nest("/account", routes).with(Auth { session: sessions }));
    /// client.get("/account/second-factor").send().await.assert_status(StatusCode::UNAUTHORIZED);
    /// # Ok(())
    /// # }
    /// ```
    #[must_use]
    pub fn routes_with_second_factor<A, U, T>(&self, sessions: &Sessions<U, T>, then: &str) -> Route
    where
        A: AuthConfig,
        U: UserStore,
        T: SessionStore,
    {
        self.with_second_factor::<A, U, T>(self.routes::<A>(), "", sessions, then)
    }

    /// Returns the routes of mails below a path.
    pub(super) fn mail_routes<A: AuthConfig>(&self, path: &str) -> Route {
        let at = |address: &str| format!("{path}/{address}");
        let forgot =
            get(self.everyone(|own, request| ready(own.forgot_form(&request)))).post(self.everyone(Self::forgot));
        let reset = get(self.everyone(Self::reset_form)).post(self.everyone(Self::reset));
        let verify = get(self.everyone(Self::verify_form)).post(self.everyone(Self::verify));
        let email = get(self.users::<A, _, _>(|own, request, _| ready(own.email_form(&request))))
            .post(self.users::<A, _, _>(Self::email));
        Route::new()
            .at(at("forgot-password"), forgot)
            .at(at("reset-password"), reset)
            .at(at("verify-email"), verify)
            .at(at("email"), email.protect(recent::<A>()))
    }

    /// Adds the routes of the second factor below a path.
    pub(super) fn with_second_factor<A, U, T>(
        &self,
        routes: Route,
        path: &str,
        sessions: &Sessions<U, T>,
        then: &str,
    ) -> Route
    where
        A: AuthConfig,
        U: UserStore,
        T: SessionStore,
    {
        let at = |address: &str| format!("{path}/{address}");
        let factor = get(self.users::<A, _, _>(Self::second_factor)).protect(authenticated::<A>());
        let enrolment = post(self.users::<A, _, _>(Self::enrol)).protect(recent::<A>());
        let confirmation = post(self.users::<A, _, _>(Self::confirm)).protect(recent::<A>());
        let renewal = post(self.users::<A, _, _>(Self::renew_codes)).protect(authenticated::<A>());
        let removal = post(self.users::<A, _, _>(Self::remove)).protect(authenticated::<A>());
        routes
            .at(at("second-factor"), factor)
            .at(at("second-factor/enrolment"), enrolment)
            .at(at("second-factor/confirmation"), confirmation)
            .at(at("second-factor/recovery-codes"), renewal)
            .at(at("second-factor/removal"), removal)
            .at(at("code"), self.code_endpoint(sessions, then))
    }

    /// Returns an endpoint without a rule.
    fn everyone<F, R>(&self, answer: F) -> impl Endpoint<Output = Response> + use<S, F, R>
    where
        F: Fn(Self, Request) -> R + Send + Sync + 'static,
        R: Future<Output = Response> + Send + 'static,
    {
        let own = self.clone();
        make(move |request| answer(own.clone(), request))
    }

    /// Returns an endpoint for the users of the store. A rule stands above it.
    fn users<A, F, R>(&self, answer: F) -> impl Endpoint<Output = Response> + use<S, A, F, R>
    where
        A: AuthConfig,
        F: Fn(Self, Request, Caller) -> R + Clone + Send + Sync + 'static,
        R: Future<Output = Response> + Send + 'static,
    {
        let own = self.clone();
        make(move |request: Request| {
            let (own, answer) = (own.clone(), answer.clone());
            async move {
                let caller = Principal::<A>::from_request_without_body(&request).await?;
                let is_own = own.0.issuers.iter().any(|issuer| *issuer == caller.issuer());
                // A token that a user gave to another program does not manage the account.
                if !is_own || caller.is_limited() {
                    return Ok(HttpError::from(AccountError::NoUser)
                        .response(wants_page(&request), |text| own.refused_page(text)));
                }
                let caller = Caller { subject: caller.subject().to_owned() };
                Ok::<_, poem::Error>(answer(own, request, caller).await)
            }
        })
    }
}

/// The rule of changes that the thief of a session must not make.
pub(super) fn recent<A: AuthConfig>() -> &'static Operation<A> {
    requirement!(auth = A, fresh = "5m")
}

pub(super) fn authenticated<A: AuthConfig>() -> &'static Operation<A> {
    requirement!(auth = A, authenticated)
}

/// Refuses a request that a page of another origin sent.
pub(super) fn own_origin(request: &Request) -> Result<(), HttpError> {
    if is_cross_origin(request) { Err(HttpError::CrossOrigin) } else { Ok(()) }
}
