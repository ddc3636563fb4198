//! The future of a generated operation without checks.

use std::{
    pin::Pin,
    task::{Context, Poll, ready},
};

use pin_project_lite::pin_project;

use super::Guarded;

pin_project! {
    /// The future of the user's method. It wraps the response in [`Guarded`].
    ///
    /// A named type takes the compiler less time than an `async` block around the future.
    #[derive(Debug)]
    #[must_use = "futures do nothing unless polled"]
    pub struct Answering<F> {
        #[pin]
        response: F,
        wrapper: Wrapper,
    }
}

/// The variant of [`Guarded`].
#[derive(Clone, Copy, Debug)]
enum Wrapper {
    Answered,
    SignedOut(&'static str),
    Public,
}

impl<F: Future> Answering<F> {
    /// Wraps the response to an admitted caller.
    pub fn admitted(response: F) -> Self {
        Self { response, wrapper: Wrapper::Answered }
    }

    /// Wraps the response of an optional operation. It deletes the cookie of a session that has ended.
    pub(crate) fn optional(response: F, ended_cookie: Option<&'static str>) -> Self {
        Self { response, wrapper: ended_cookie.map_or(Wrapper::Answered, Wrapper::SignedOut) }
    }

    /// Wraps the response of a public operation.
    pub fn public(response: F) -> Self {
        Self { response, wrapper: Wrapper::Public }
    }
}

impl<F: Future> Future for Answering<F> {
    type Output = Guarded<F::Output>;

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        let this = self.project();
        let response = ready!(this.response.poll(context));
        Poll::Ready(match *this.wrapper {
            Wrapper::Answered => Guarded::Answered(response),
            Wrapper::SignedOut(cookie) => Guarded::SignedOut(response, cookie),
            Wrapper::Public => Guarded::Public(response),
        })
    }
}
