//! The guard as the first argument of each operation and handler that the macros generate.

use std::{
    future::Future,
    marker::PhantomData,
    pin::Pin,
    task::{Context, Poll},
};

use futures_util::{
    FutureExt,
    future::{BoxFuture, Either, Ready, ready},
};
use poem::{FromRequest, Request, RequestBody, Result};
use poem_openapi::{ApiExtractor, ApiExtractorType, ExtractParamOptions};

use super::{Admission, Arrival, AuthConfig, Checks, Undecided, arrive, note_unlisted};
use crate::{
    policy::Operation,
    respond::{Answering, Guarded, Rejection},
};

/// The rule of one operation, as a type; the macros implement it.
#[diagnostic::on_unimplemented(message = "`{Self}` is not a rule; put `#[protected]` on the impl block or the handler")]
pub trait Rule: Send + Sync + 'static {
    /// The `Auth` that authenticates callers.
    type Auth: AuthConfig;
    /// The operation, with its access rule.
    const OPERATION: &'static Operation<Self::Auth>;
}

/// First argument of each generated operation that is not public. It can be extracted unless the head of the request
/// suffices to reject it.
pub struct Guard<R> {
    kept: Kept,
    rule: PhantomData<fn() -> R>,
}

impl<R> Guard<R> {
    /// Returns the checks of the rule, which need the arguments.
    #[must_use]
    pub fn checks(&self) -> Checks<'_> {
        Checks::new(self.kept.pending.as_deref())
    }

    /// Returns the response of an optional operation. It deletes the cookie of a session that has ended.
    #[must_use]
    pub fn answered<T>(&self, response: T) -> Guarded<T> {
        match self.kept.ended_cookie {
            Some(cookie) => Guarded::SignedOut(response, cookie),
            None => Guarded::Answered(response),
        }
    }

    /// Returns the response of an optional operation without checks, as [`answered`](Self::answered) does.
    pub fn answering<F: Future>(&self, response: F) -> Answering<F> {
        Answering::optional(response, self.kept.ended_cookie)
    }
}

/// In an OpenAPI operation it stands as a security scheme; `mount/openapi` puts the real ones into the document.
impl<'a, R: Rule> ApiExtractor<'a> for Guard<R> {
    const TYPES: &'static [ApiExtractorType] = &[ApiExtractorType::SecurityScheme];

    type ParamType = ();
    type ParamRawType = ();

    fn security_schemes() -> Vec<&'static str> {
        vec![const { &R::OPERATION.id() }.as_str()]
    }

    /// Not an async function: its state would hold the options, to be copied with it.
    fn from_request(
        request: &'a Request,
        _: &mut RequestBody,
        _: ExtractParamOptions<()>,
    ) -> impl Future<Output = Result<Self>> + Send {
        Extracting { kept: kept(request, R::OPERATION), rule: PhantomData }
    }
}

/// The future of a [`Guard`]. A named type takes the compiler less time than the combinators of a closure.
struct Extracting<'a, R> {
    kept: Keeping<'a>,
    rule: PhantomData<fn() -> R>,
}

impl<R> Future for Extracting<'_, R> {
    type Output = Result<Guard<R>>;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        self.kept.poll_unpin(context).map_ok(|kept| Guard { kept, rule: PhantomData })
    }
}

/// What the guard needs after the caller is kept for the extractors. It has no type parameter, which would cost the
/// compiler time for each operation.
struct Kept {
    pending: Option<Box<dyn Undecided>>,
    ended_cookie: Option<&'static str>,
}

impl Kept {
    /// Keeps the caller for the extractors, and returns the rest.
    #[inline]
    fn of<A: AuthConfig>(admitted: Result<Admission<'_, A>, Rejection>) -> Result<Self> {
        let mut admission = admitted.map_err(Rejection::into_error)?;
        admission.keep();
        Ok(Self { pending: admission.pending, ended_cookie: admission.ended_cookie })
    }
}

/// The future of [`Kept`].
type Keeping<'a> = Either<Ready<Result<Kept>>, BoxFuture<'a, Result<Kept>>>;

/// Lets a request in and keeps the caller. A cached credential needs no waiting.
fn kept<'a, A: AuthConfig>(request: &'a Request, operation: &'static Operation<A>) -> Keeping<'a> {
    match arrive(request, operation) {
        // Boxed, so that the future of an operation is small for a known caller: it is copied and allocated.
        Ok(Arrival::Unknown(arrived)) => Either::Right(arrived.authenticated(request).map(Kept::of).boxed()),
        Ok(Arrival::Admitted(admission)) => Either::Left(ready(Kept::of(Ok(admission)))),
        Err(rejection) => Either::Left(ready(Err(rejection.into_error()))),
    }
}

/// First argument of a public operation that the macros generate. It can always be extracted.
pub struct PublicGuard<R>(PhantomData<fn() -> R>);

/// As [`Guard`].
impl<'a, R: Rule> ApiExtractor<'a> for PublicGuard<R> {
    const TYPES: &'static [ApiExtractorType] = &[ApiExtractorType::SecurityScheme];

    type ParamType = ();
    type ParamRawType = ();

    fn security_schemes() -> Vec<&'static str> {
        vec![const { &R::OPERATION.id() }.as_str()]
    }

    fn from_request(
        request: &'a Request,
        _: &mut RequestBody,
        _: ExtractParamOptions<()>,
    ) -> impl Future<Output = Result<Self>> + Send {
        const { assert!(R::OPERATION.is_public(), "a rule needs a guard that authenticates") }
        note_unlisted(request, R::OPERATION);
        ready(Ok(Self(PhantomData)))
    }
}

/// First argument of a plain Poem handler that the macros generate.
pub struct HandlerGuard<R>(Guard<R>);

impl<R> HandlerGuard<R> {
    /// Returns the checks of the rule, which need the arguments.
    #[must_use]
    pub fn checks(&self) -> Checks<'_> {
        self.0.checks()
    }

    /// Returns the response of an optional handler. It deletes the cookie of a session that has ended.
    #[must_use]
    pub fn answered<T>(&self, response: T) -> Guarded<T> {
        self.0.answered(response)
    }
}

impl<'a, R: Rule> FromRequest<'a> for HandlerGuard<R> {
    async fn from_request(request: &'a Request, body: &mut RequestBody) -> Result<Self> {
        Guard::from_request(request, body, ExtractParamOptions::default()).await.map(Self)
    }
}
