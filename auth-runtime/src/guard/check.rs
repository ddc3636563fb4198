//! The clauses that only the handler's arguments can tell: expressions of the application.

use std::{
    error::Error,
    future::{Future, ready},
    pin::Pin,
};

use crate::{
    authenticate::{Principal, Unavailable},
    guard::AuthConfig,
    policy::EnforcementPoint,
    policy::{Access, Decision, Denial, Facts},
    respond::Rejection,
};

/// The checks of one request that have no answer yet.
#[derive(Debug)]
pub struct Checks<'a, A: AuthConfig> {
    point: EnforcementPoint<A>,
    caller: Option<&'a Principal<A>>,
    answered: u64,
    yes: u64,
}

impl<'a, A: AuthConfig> Checks<'a, A> {
    pub(crate) fn new(point: EnforcementPoint<A>, caller: Option<&'a Principal<A>>) -> Self {
        Self { point, caller, answered: 0, yes: 0 }
    }

    /// The number of the next check whose answer can still change the outcome; none once the caller is let in.
    ///
    /// # Errors
    /// The rejection, once the caller is kept out.
    pub fn next_check(&self) -> Result<Option<u16>, Rejection> {
        let (Access::Required { requirement, .. }, Some(caller)) = (self.point.operation.access(), self.caller) else {
            return Ok(None);
        };
        match requirement.decide(&WithChecks { caller, answered: self.answered, yes: self.yes }) {
            Decision::Allow => Ok(None),
            Decision::NeedsCheck(check) => Ok(Some(check)),
            Decision::Deny(denial) => Err(self.denied(caller, &denial)),
        }
    }

    /// Takes the answer to a check.
    ///
    /// # Errors
    /// A check that failed to answer keeps the caller out, whatever the clauses beside it say.
    pub fn answer(&mut self, check: u16, answer: CheckResult) -> Result<(), Rejection> {
        match answer {
            CheckResult::Yes => self.yes |= 1 << check,
            CheckResult::No => {}
            CheckResult::Failed(error) => return Err(Rejection::check_failed(self.point, self.caller, &*error)),
        }
        self.answered |= 1 << check;
        Ok(())
    }

    fn denied(&self, caller: &Principal<A>, denial: &Denial<A>) -> Rejection {
        Rejection::denied(self.point, caller, denial)
    }
}

struct WithChecks<'a, A> {
    caller: &'a Principal<A>,
    answered: u64,
    yes: u64,
}

impl<A: AuthConfig> Facts<A> for WithChecks<'_, A> {
    fn role(&self, index: u16) -> Option<bool> {
        self.caller.role(index)
    }

    fn permission(&self, index: u16) -> Option<bool> {
        self.caller.permission(index)
    }

    fn scope(&self, index: u16) -> Option<bool> {
        Facts::scope(self.caller, index)
    }

    fn scheme(&self, index: u16) -> Option<bool> {
        Facts::scheme(self.caller, index)
    }

    fn fresh(&self, seconds: u64) -> Option<bool> {
        self.caller.fresh(seconds)
    }

    fn check(&self, index: u16) -> Option<bool> {
        (self.answered >> index & 1 == 1).then_some(self.yes >> index & 1 == 1)
    }
}

/// What a check says.
#[derive(Debug)]
pub enum CheckResult {
    /// The clause is met.
    Yes,
    /// It is not.
    No,
    /// It could not be told: the caller stays out; 503 if [`Unavailable`] is among the causes, else 403.
    Failed(Box<dyn Error + Send + Sync>),
}

impl CheckResult {
    pub(crate) fn of(allowed: bool) -> Self {
        if allowed { Self::Yes } else { Self::No }
    }
}

/// What the expression of a `check` may be: `bool`, `Result<(), E>`, `Result<bool, E>`, or a future of one of them.
///
/// A future is awaited, so that one that was forgotten to be awaited cannot pass for a yes. `How` only keeps the
/// kinds apart.
#[diagnostic::on_unimplemented(
    message = "a check cannot be `{Self}`",
    label = "this check says neither yes nor no",
    note = "let it be a `bool`, a `Result<(), E>`, or a future of one of them, where `E: std::error::Error`"
)]
pub trait Check<How> {
    /// Asks.
    fn ask<'a>(self) -> Asking<'a>
    where
        Self: 'a;
}

/// A check that is being asked. Boxed: an opaque type would carry the bounds of `E` into the operation's future, where
/// the compiler cannot prove them for boxed errors.
pub type Asking<'a> = Pin<Box<dyn Future<Output = CheckResult> + Send + 'a>>;

/// Kinds of [`Check`].
pub(crate) mod how {
    /// `bool`.
    #[derive(Debug)]
    pub enum Bool {}
    /// `Result<(), E>`.
    #[derive(Debug)]
    pub enum Unit {}
    /// `Result<bool, E>`.
    #[derive(Debug)]
    pub enum Fallible {}
    /// A future of `How`.
    #[derive(Debug)]
    pub struct Later<How>(std::marker::PhantomData<How>);
}

impl Check<how::Bool> for bool {
    fn ask<'a>(self) -> Asking<'a> {
        Box::pin(ready(CheckResult::of(self)))
    }
}

impl<E: Into<Box<dyn Error + Send + Sync>>> Check<how::Unit> for Result<(), E> {
    fn ask<'a>(self) -> Asking<'a>
    where
        Self: 'a,
    {
        Box::pin(ready(self.map_or_else(|error| CheckResult::Failed(error.into()), |()| CheckResult::Yes)))
    }
}

impl<E: Into<Box<dyn Error + Send + Sync>>> Check<how::Fallible> for Result<bool, E> {
    fn ask<'a>(self) -> Asking<'a>
    where
        Self: 'a,
    {
        Box::pin(ready(self.map_or_else(|error| CheckResult::Failed(error.into()), CheckResult::of)))
    }
}

#[diagnostic::do_not_recommend]
impl<F, How> Check<how::Later<How>> for F
where
    F: Future + Send,
    F::Output: Check<How>,
{
    fn ask<'a>(self) -> Asking<'a>
    where
        Self: 'a,
    {
        Box::pin(async move {
            let asking = self.await.ask();
            asking.await
        })
    }
}

/// Whether a backend that does not answer is among the causes.
pub(crate) fn is_unavailable(error: &(dyn Error + 'static)) -> bool {
    std::iter::successors(Some(error), |&error| error.source()).any(<dyn Error>::is::<Unavailable>)
}
