//! The access event that an application receives after each decision.

use std::{sync::Arc, time::Duration};

use crate::{
    policy::{ExplainedClause, Reason},
    respond::RejectionCode,
};

/// One decision of the guard.
///
/// It holds no credential, no path and no query, so it can be stored as an audit record (ASVS 16.2.5).
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct AccessEvent<'a> {
    /// Whether the request was let in.
    pub outcome: AccessOutcome,
    /// Name of the operation: `module::Type::method`.
    pub operation: &'static str,
    /// Name of the security scheme that the caller used, if it is known.
    pub scheme: Option<&'static str>,
    /// Issuer of the caller, if the credential was good.
    pub issuer: Option<&'a str>,
    /// Subject of the caller, if the credential was good.
    pub subject: Option<&'a str>,
    /// Kind of the clause that the caller did not meet.
    pub reason: Option<Reason>,
    /// The clause that the caller did not meet, as the attribute writes it.
    pub clause: Option<String>,
    /// The result of each clause for a caller that did not meet the requirement. The result of a check is unknown.
    pub explanation: Option<ExplainedClause>,
    /// Details from the authenticators or the check. The text may come from a caller: escape it.
    pub error: Option<String>,
    /// Time from the start of the guard to the decision.
    pub duration: Duration,
}

/// Whether a request was let in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum AccessOutcome {
    /// The rule admits the caller.
    Allowed,
    /// The caller gets a response with this code.
    Denied(RejectionCode),
}

impl AccessOutcome {
    /// Returns `allowed` or the code of the rejection.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Allowed => "allowed",
            Self::Denied(code) => code.as_str(),
        }
    }
}

/// Receives every access event: the start of an audit trail.
///
/// A field of an `Auth` struct with `#[events]`. It is called on the request's task, so it must not block: send the
/// event to a queue, and write it elsewhere.
///
/// ```
/// use std::sync::{Arc, Mutex};
/// use auth_runtime::{event::{AccessEvent, EventSink}, prelude::*};
///
/// #[derive(Clone, Default)]
/// struct Audit(Arc<Mutex<Vec<String>>>);
///
/// impl EventSink for Audit {
///     fn record(&self, event: &AccessEvent<'_>) {
///         self.0.lock().unwrap().push(format!("{} {}", event.operation, event.outcome.as_str()));
///     }
/// }
///
/// #[derive(Auth, Clone)]
/// struct Auth {
///     #[scheme(api_key(header = "X-API-Key"))]
///     key: ApiKeys,
///     #[events]
///     audit: Audit,
/// }
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot receive access events",
    note = "a field with `#[events]` holds a type that implements `auth_runtime::event::EventSink`"
)]
pub trait EventSink: Send + Sync + 'static {
    /// Receives one event.
    fn record(&self, event: &AccessEvent<'_>);
}

impl<S: EventSink + ?Sized> EventSink for Arc<S> {
    fn record(&self, event: &AccessEvent<'_>) {
        (**self).record(event);
    }
}

/// For a sink that the configuration may leave out.
impl<S: EventSink> EventSink for Option<S> {
    fn record(&self, event: &AccessEvent<'_>) {
        if let Some(sink) = self {
            sink.record(event);
        }
    }
}
