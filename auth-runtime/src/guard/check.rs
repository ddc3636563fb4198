//! The clauses that need the handler's arguments: expressions of the application.

use std::{
    error::Error,
    future::{Future, ready},
    pin::Pin,
    sync::Arc,
};

use super::{AuthConfig, mounted_auth::MountedAuth};
use crate::{
    authenticate::Principal,
    event::Watch,
    policy::{CheckAnswers, Decision, EnforcementPoint},
    respond::{DenialCause, Rejection},
};

/// A request whose decision needs the handler's arguments, without the type of its `Auth`.
///
/// The compiler proves for each operation that its future is `Send`. It need not look into a trait object for that.
pub(crate) trait Undecided: Send + Sync {
    /// Returns the number of the next check that can still change the decision; none once the caller is let in.
    fn next_check(&self, answers: CheckAnswers) -> Result<Option<u16>, Rejection>;

    /// Returns whether a clause is met, or the rejection if its check returned an error.
    fn is_met(&self, result: CheckResult) -> Result<bool, Rejection>;
}

/// The only implementation of [`Undecided`].
pub(super) struct PendingChecks<A: 'static> {
    mounted: Arc<MountedAuth<A>>,
    point: EnforcementPoint<A>,
    caller: Option<Principal<A>>,
    watch: Watch,
}

impl<A: AuthConfig> PendingChecks<A> {
    pub(super) fn new(
        mounted: &Arc<MountedAuth<A>>,
        point: EnforcementPoint<A>,
        caller: Option<&Principal<A>>,
        watch: Watch,
    ) -> Self {
        Self { mounted: Arc::clone(mounted), point, caller: caller.cloned(), watch }
    }

    /// Decides with the results of the checks so far; `None` if there is nothing to decide.
    fn decide(&self, answers: CheckAnswers) -> Option<Decision<A>> {
        let requirement = self.point.operation.requirement()?;
        Some(match &self.caller {
            Some(caller) => requirement.decide(caller, answers),
            None => requirement.decide_anonymous(answers),
        })
    }

    fn denied(&self, cause: &DenialCause<'_, A>) -> Rejection {
        self.mounted.denied(self.point, cause, self.watch)
    }
}

impl<A: AuthConfig> Undecided for PendingChecks<A> {
    fn next_check(&self, answers: CheckAnswers) -> Result<Option<u16>, Rejection> {
        let caller = self.caller.as_ref();
        match self.decide(answers) {
            Some(Decision::NeedsCheck(check)) => Ok(Some(check)),
            Some(Decision::Deny(denial)) => Err(self.denied(&DenialCause::of_denial(caller, &denial))),
            Some(Decision::Allow) | None => {
                self.mounted.allowed(self.point, caller, self.watch);
                Ok(None)
            }
        }
    }

    fn is_met(&self, result: CheckResult) -> Result<bool, Rejection> {
        let caller = self.caller.as_ref();
        match result {
            CheckResult::Yes => Ok(true),
            CheckResult::No => Ok(false),
            CheckResult::Failed(error) => Err(self.denied(&DenialCause::CheckFailed { caller, error: &*error })),
            CheckResult::Unknown(error) => Err(self.denied(&DenialCause::CheckUnknown { caller, error: &*error })),
        }
    }
}

/// The checks of one request, and the results of those that ran.
pub struct Checks<'a> {
    /// `None` if the caller was let in without a check.
    pending: Option<&'a dyn Undecided>,
    answers: CheckAnswers,
}

impl std::fmt::Debug for Checks<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Checks").field("is_pending", &self.pending.is_some()).finish_non_exhaustive()
    }
}

impl<'a> Checks<'a> {
    pub(crate) const fn new(pending: Option<&'a dyn Undecided>) -> Self {
        Self { pending, answers: CheckAnswers::NONE }
    }

    /// Returns the number of the next check that can still change the decision; none once the caller is let in.
    ///
    /// # Errors
    /// The rejection, if the caller is not let in.
    pub fn next_check(&self) -> Result<Option<u16>, Rejection> {
        self.pending.map_or(Ok(None), |pending| pending.next_check(self.answers))
    }

    /// Takes the result of a check.
    ///
    /// # Errors
    /// The rejection, if the check returned an error, whatever the clauses beside it say.
    pub fn answer(&mut self, check: u16, result: CheckResult) -> Result<(), Rejection> {
        if let Some(pending) = self.pending {
            self.answers = self.answers.with(check, pending.is_met(result)?);
        }
        Ok(())
    }
}

/// The result of a check.
#[derive(Debug)]
pub enum CheckResult {
    /// The clause is met.
    Yes,
    /// The clause is not met.
    No,
    /// A `Result<(), E>` is an error: 403, or 503 if a backend was unavailable.
    Failed(Box<dyn Error + Send + Sync>),
    /// A `Result<bool, E>` is an error, so the result is unknown: 503.
    Unknown(Box<dyn Error + Send + Sync>),
}

impl CheckResult {
    pub(crate) fn of(allowed: bool) -> Self {
        if allowed { Self::Yes } else { Self::No }
    }
}

/// The types that the expression of a `check` may have: `bool`, `Result<(), E>`, `Result<bool, E>`, or a `Send` future
/// of one of them.
///
/// | result | meaning |
/// |---|---|
/// | `true`, `Ok(true)`, `Ok(())` | the clause is met |
/// | `false`, `Ok(false)` | the clause is not met |
/// | `Err` of a `Result<bool, E>` | 503: whether the clause is met is unknown |
/// | `Err` of a `Result<(), E>` | the caller is denied, or gets 503 if a backend was unavailable |
///
/// An `Err` rejects the request, whatever the other clauses say. A denied caller gets 403, with `hide` 404, and if it
/// is anonymous 401.
///
/// A backend was unavailable if the error or one of its sources is one of these:
///
/// - [`Unavailable`](crate::authenticate::Unavailable)
/// - an [`io::Error`](std::io::Error) of a connection
/// - a [`poem::Error`] with a 5xx status
/// - an error whose text has `timed out` or `closed pool`
///
/// A future is awaited, so a forgotten `.await` cannot pass for a yes. `How` only keeps the kinds apart.
#[diagnostic::on_unimplemented(
    message = "the value of a check cannot be `{Self}`",
    label = "expected `bool`, `Result<(), E>`, `Result<bool, E>`, or a `Send` future of one of them",
    note = "a future must be `Send`",
    note = "the error type `E` must implement `std::error::Error`, or be a string"
)]
pub trait Check<How> {
    /// Starts the check.
    fn ask<'a>(self) -> Asking<'a>
    where
        Self: 'a;
}

/// A check that runs. Boxed: an opaque type would carry the bounds of `E` into the operation's future, where
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

/// The result of a check that needs no waiting.
///
/// It is separate from [`Check`], so that a future of a future is no check. Otherwise, after another mistake in the
/// expression, the compiler would search an endless chain of futures and report an overflow.
pub trait Outcome<How> {
    /// Returns the result of the check.
    fn into_result(self) -> CheckResult;
}

impl Outcome<how::Bool> for bool {
    fn into_result(self) -> CheckResult {
        CheckResult::of(self)
    }
}

impl<E: Into<Box<dyn Error + Send + Sync>>> Outcome<how::Unit> for Result<(), E> {
    fn into_result(self) -> CheckResult {
        self.map_or_else(|error| CheckResult::Failed(error.into()), |()| CheckResult::Yes)
    }
}

impl<E: Into<Box<dyn Error + Send + Sync>>> Outcome<how::Fallible> for Result<bool, E> {
    fn into_result(self) -> CheckResult {
        self.map_or_else(|error| CheckResult::Unknown(error.into()), CheckResult::of)
    }
}

impl Check<how::Bool> for bool {
    fn ask<'a>(self) -> Asking<'a> {
        Box::pin(ready(self.into_result()))
    }
}

impl<E: Into<Box<dyn Error + Send + Sync>>> Check<how::Unit> for Result<(), E> {
    fn ask<'a>(self) -> Asking<'a>
    where
        Self: 'a,
    {
        Box::pin(ready(self.into_result()))
    }
}

impl<E: Into<Box<dyn Error + Send + Sync>>> Check<how::Fallible> for Result<bool, E> {
    fn ask<'a>(self) -> Asking<'a>
    where
        Self: 'a,
    {
        Box::pin(ready(self.into_result()))
    }
}

#[diagnostic::do_not_recommend]
impl<F, How> Check<how::Later<How>> for F
where
    F: Future + Send,
    F::Output: Outcome<How>,
{
    fn ask<'a>(self) -> Asking<'a>
    where
        Self: 'a,
    {
        Box::pin(async move { self.await.into_result() })
    }
}

#[cfg(test)]
mod tests {
    use super::Checks;

    #[test]
    fn checks_are_printed_without_the_request() {
        assert_eq!(format!("{:?}", Checks::new(None)), "Checks { is_pending: false, .. }");
    }
}
