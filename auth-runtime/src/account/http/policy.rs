//! The rules of the pages, for the access policy.

use poem::http::Method;

use super::routes::{authenticated, recent};
use crate::{
    guard::AuthConfig,
    review::{AccessPolicyBuilder, Target},
};

impl<A: AuthConfig> AccessPolicyBuilder<A> {
    /// Adds the rules of the account pages that are below this path: those of
    /// [`SelfService::routes_with_second_factor`](crate::account::SelfService::routes_with_second_factor) that need a
    /// caller.
    ///
    /// ```
    /// use auth_runtime::{prelude::*, review::AccessPolicy};
    ///
    /// # #[derive(Auth, Clone)] struct Auth { #[scheme(api_key(header = "X-API-Key"))] key: ApiKeys }
    /// let policy = AccessPolicy::of::<Auth>().account_pages("/auth").build();
    /// let rule = policy.find(&poem::http::Method::POST, "/auth/second-factor/enrolment").unwrap();
    /// assert_eq!(rule.access.to_string(), r#"requires fresh = "5m""#);
    /// ```
    ///
    /// # Panics
    /// If another rule has one of the paths.
    #[track_caller]
    pub fn account_pages(self, path: &str) -> Self {
        let (get, post) = (Method::GET, Method::POST);
        let rules = [
            (&get, "email", recent::<A>()),
            (&post, "email", recent::<A>()),
            (&get, "second-factor", authenticated::<A>()),
            (&post, "second-factor/confirmation", recent::<A>()),
            (&post, "second-factor/enrolment", recent::<A>()),
            (&post, "second-factor/recovery-codes", authenticated::<A>()),
            (&post, "second-factor/removal", authenticated::<A>()),
        ];
        rules.into_iter().fold(self, |policy, (method, address, operation)| {
            policy.rule(Target::route(method.clone(), format!("{path}/{address}")), operation)
        })
    }
}
