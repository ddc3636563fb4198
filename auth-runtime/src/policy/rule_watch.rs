//! Rules that a service meets at run time and that its written policy does not list.

use std::{
    collections::{BTreeSet, HashSet},
    sync::{Arc, Mutex, PoisonError},
};

use super::{Operation, Place};

/// Finds rules that a service meets and that its written policy does not list.
///
/// Poem's router cannot be asked for its routes, so a handler or a subtree can be mounted and not be named in the
/// policy. Put `.with(watch)` around the application: each such rule is logged once, and [`unlisted`](Self::unlisted)
/// returns it. [`AccessPolicyBuilder::watch`](crate::review::AccessPolicyBuilder::watch) makes one.
///
/// ```
/// # use auth_runtime::{prelude::*, review::AccessPolicy};
/// # #[derive(Auth, Clone)] struct Auth { #[scheme(api_key(header = "X-API-Key"))] key: ApiKeys }
/// use poem::{Endpoint, EndpointExt, Request, Route, get, handler};
///
/// #[public(reason = "greeting")]
/// #[handler]
/// fn hello() -> &'static str {
///     "hello"
/// }
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() {
/// // `hello` is forgotten.
/// let watch = AccessPolicy::of::<Auth>().watch();
/// let app = Route::new().at("/hello", get(hello)).with(watch.clone());
/// app.call(Request::builder().uri_str("/hello").finish()).await.unwrap();
/// assert!(watch.unlisted()[0].ends_with("::hello"));
/// # }
/// ```
#[derive(Clone, Debug)]
pub struct RuleWatch(Arc<Watched>);

#[derive(Debug)]
struct Watched {
    listed: HashSet<Place>,
    unlisted: Mutex<BTreeSet<&'static str>>,
}

impl RuleWatch {
    pub(crate) fn new(listed: impl IntoIterator<Item = Place>) -> Self {
        Self(Arc::new(Watched { listed: listed.into_iter().collect(), unlisted: Mutex::default() }))
    }

    /// Returns the names of the operations that were met and are not listed.
    ///
    /// A test that calls every route asserts that there are none.
    #[must_use]
    pub fn unlisted(&self) -> Vec<&'static str> {
        self.0.unlisted.lock().unwrap_or_else(PoisonError::into_inner).iter().copied().collect()
    }

    /// Notes that a rule was met. Returns whether it is the first time that this one is missing.
    pub(crate) fn meets_unlisted<A: crate::declared::AuthSchema>(&self, operation: &'static Operation<A>) -> bool {
        !self.0.listed.contains(&operation.place())
            && self.0.unlisted.lock().unwrap_or_else(PoisonError::into_inner).insert(operation.name())
    }
}
