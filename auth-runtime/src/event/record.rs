//! Builds the event of a decision, and sends it to the log, the metrics and the sink.

use std::{
    any::type_name,
    time::{Duration, Instant},
};

use super::{AccessEvent, AccessOutcome, EventSink};
use crate::{
    authenticate::Principal,
    declared::AuthSchema,
    policy::{EnforcementPoint, ExplainedClause, Operation},
    respond::{DenialCause, RejectionCode},
};

/// Measures one decision, where an event needs its duration.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Watch(Option<Instant>);

impl Watch {
    /// Starts the measurement, if metrics or a sink want it.
    pub(crate) fn start(sink: Option<&dyn EventSink>) -> Self {
        Self((cfg!(feature = "metrics") || sink.is_some()).then(Instant::now))
    }

    fn elapsed(self) -> Duration {
        self.0.map_or(Duration::ZERO, |start| start.elapsed())
    }
}

/// Records an allowed request.
#[inline]
pub(crate) fn allowed<A: AuthSchema>(
    point: EnforcementPoint<A>,
    caller: Option<&Principal<A>>,
    watch: Watch,
    sink: Option<&dyn EventSink>,
) {
    let operation = point.operation.name();
    tracing::debug!(
        operation,
        scheme = caller.map(Principal::scheme),
        issuer = caller.map(Principal::issuer).map(tracing::field::debug),
        subject = caller.map(Principal::subject).map(tracing::field::debug),
        "request allowed"
    );
    if watch.0.is_none() {
        return;
    }
    hand_on(&of(AccessOutcome::Allowed, point, caller, watch), sink);
}

/// Records a denied request.
pub(crate) fn denied<A: AuthSchema>(
    point: EnforcementPoint<A>,
    cause: &DenialCause<'_, A>,
    watch: Watch,
    sink: Option<&dyn EventSink>,
) {
    #[cfg(feature = "testing")]
    super::probe::note_denial();
    let code = cause.code(point);
    let event = AccessEvent {
        scheme: cause.scheme().and_then(|index| A::SCHEMES.get(index)).map(|scheme| scheme.name),
        reason: if let DenialCause::NotMet { denial, .. } = cause { Some(denial.reason) } else { None },
        clause: if let DenialCause::NotMet { denial, .. } = cause { Some(denial.clause.to_string()) } else { None },
        explanation: sink.and_then(|_| explanation(point, cause)),
        error: error(cause),
        ..of(AccessOutcome::Denied(code), point, cause.caller(), watch)
    };
    log(code, &event);
    if watch.0.is_some() {
        hand_on(&event, sink);
    }
}

fn of<A: AuthSchema>(
    outcome: AccessOutcome,
    point: EnforcementPoint<A>,
    caller: Option<&Principal<A>>,
    watch: Watch,
) -> AccessEvent<'_> {
    AccessEvent {
        outcome,
        operation: point.operation.name(),
        scheme: caller.map(Principal::scheme),
        issuer: caller.map(Principal::issuer),
        subject: caller.map(Principal::subject),
        reason: None,
        clause: None,
        explanation: None,
        error: None,
        duration: watch.elapsed(),
    }
}

/// Returns the result of each clause, if the requirement was not met. The log has the failed clause only.
fn explanation<A: AuthSchema>(point: EnforcementPoint<A>, cause: &DenialCause<'_, A>) -> Option<ExplainedClause> {
    let requirement = point.operation.requirement()?;
    if let DenialCause::NotMet { caller, .. } = cause { Some(ExplainedClause::of(requirement, *caller)) } else { None }
}

/// Returns the detail for operators, beside the clause.
fn error<A: AuthSchema>(cause: &DenialCause<'_, A>) -> Option<String> {
    match cause {
        DenialCause::Refused(refusal) => Some(refusal.describe(A::SCHEMES)),
        DenialCause::CheckFailed { error, .. } | DenialCause::CheckUnknown { error, .. } => {
            Some(format!("a check failed: {error}"))
        }
        DenialCause::NoUser { .. } => Some("the application has no user for this caller".to_owned()),
        DenialCause::UserUnavailable { error, .. } => Some(format!("the user could not be loaded: {error}")),
        DenialCause::NoScheme => Some("none of the accepted schemes is configured".to_owned()),
        DenialCause::NoCredential | DenialCause::NotMet { .. } => None,
    }
}

/// Text from outside is escaped as in a Rust string, so no caller can forge a line of the log.
fn log(code: RejectionCode, event: &AccessEvent<'_>) {
    macro_rules! write_at {
        ($level:ident) => {
            tracing::$level!(
                operation = event.operation,
                code = code.as_str(),
                scheme = event.scheme,
                issuer = event.issuer.map(tracing::field::debug),
                subject = event.subject.map(tracing::field::debug),
                reason = event.reason.map(tracing::field::debug),
                clause = event.clause.as_ref().map(tracing::field::display),
                error = event.error.as_ref().map(tracing::field::debug),
                "request denied"
            )
        };
    }
    match code {
        RejectionCode::AuthenticationRequired => write_at!(info),
        RejectionCode::Misconfigured => write_at!(error),
        _ => write_at!(warn),
    }
}

fn hand_on(event: &AccessEvent<'_>, sink: Option<&dyn EventSink>) {
    #[cfg(feature = "metrics")]
    {
        let outcome = event.outcome.as_str();
        let scheme = event.scheme.unwrap_or("none");
        metrics::counter!(
            "auth_decisions_total",
            "operation" => event.operation, "scheme" => scheme, "outcome" => outcome
        )
        .increment(1);
        metrics::histogram!("auth_decision_duration_seconds", "outcome" => outcome).record(event.duration);
    }
    if let Some(sink) = sink {
        sink.record(event);
    }
}

/// Logs that a rule ran where no `Auth` was mounted.
pub(crate) fn no_auth<A>() {
    let auth = type_name::<A>();
    tracing::error!("no `{auth}` in the request: put `.with(auth)` around the route, or mount `auth.service(..)`");
}

/// Logs that a handler takes a caller where no rule ran.
pub(crate) fn no_rule<Extractor>() {
    let extractor = type_name::<Extractor>();
    tracing::error!(
        "`{extractor}` is used where no rule ran: put `#[protected]` on the handler, or `.protect(..)` around it"
    );
}

/// Logs that a rule is in no written policy.
pub(crate) fn unlisted<A: AuthSchema>(operation: &Operation<A>) {
    tracing::warn!(
        operation = operation.name(),
        "rule is not in the access policy: name it where the `AccessPolicy` is built"
    );
}
