//! Puts a [`RuleWatch`] in front of an application.

use std::future::Future;

use poem::{Endpoint, Middleware, Request, Result};

use crate::policy::RuleWatch;

/// An endpoint whose rules are compared with the written policy: the result of `.with(watch)`.
#[derive(Debug)]
pub struct WatchedEndpoint<E> {
    watch: RuleWatch,
    inner: E,
}

impl<E: Endpoint> Middleware<E> for RuleWatch {
    type Output = WatchedEndpoint<E>;

    fn transform(&self, inner: E) -> WatchedEndpoint<E> {
        WatchedEndpoint { watch: self.clone(), inner }
    }
}

impl<E: Endpoint> Endpoint for WatchedEndpoint<E> {
    type Output = E::Output;

    fn call(&self, mut request: Request) -> impl Future<Output = Result<E::Output>> + Send {
        request.extensions_mut().insert(self.watch.clone());
        self.inner.call(request)
    }
}
