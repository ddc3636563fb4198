//! Tools whose methods all have a rule, and the guard of one call.

use std::sync::{Mutex, PoisonError};

use poem::Error;
use poem_mcpserver::{
    protocol::tool::ToolsCallResponse,
    tool::{IntoToolResponse, Tools},
};

use crate::{
    authenticate::Principal,
    guard::{Admission, AuthConfig, Checks, Undecided},
    policy::Operation,
    respond::{Guarded, Rejection, RejectionCode},
};

/// A type whose MCP tools all have a rule; `#[protected]` above `#[Tools]` implements it.
#[diagnostic::on_unimplemented(
    message = "the tools of `{Self}` are not protected",
    label = "these tools have no rules",
    note = "put `#[protected]` above `#[Tools]` on the impl block"
)]
pub trait ProtectedTools: Send + Sized + 'static {
    /// The `Auth` that authenticates callers.
    type Auth: AuthConfig;
    /// The tools together with the guard of one call.
    #[doc(hidden)]
    type Guarded: Tools + Send;

    /// Returns every tool: its name, and who may call it.
    fn tools() -> Vec<(&'static str, &'static Operation<Self::Auth>)>;

    #[doc(hidden)]
    fn guarded(self, guard: ToolGuard<Self::Auth>) -> Self::Guarded;

    #[doc(hidden)]
    fn guard(guarded: &Self::Guarded) -> &ToolGuard<Self::Auth>;
}

/// A call that was let in as far as the head of its request can decide.
pub struct ToolGuard<A: AuthConfig> {
    caller: Option<Principal<A>>,
    pending: Option<Box<dyn Undecided>>,
    rejected: Mutex<Option<Error>>,
}

impl<A: AuthConfig> std::fmt::Debug for ToolGuard<A> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("ToolGuard").finish_non_exhaustive()
    }
}

impl<A: AuthConfig> ToolGuard<A> {
    pub(super) fn new(admission: Admission<'_, A>) -> Self {
        let (caller, pending) = admission.into_parts();
        Self { caller, pending, rejected: Mutex::default() }
    }

    /// Returns the checks of the rule, which need the arguments.
    #[must_use]
    pub fn checks(&self) -> Checks<'_> {
        Checks::new(self.pending.as_deref())
    }

    /// Returns the caller that the rule let in; `None` for an anonymous one, and for a tool with `#[public]`.
    #[must_use]
    pub fn caller(&self) -> Option<&Principal<A>> {
        self.caller.as_ref()
    }

    /// Keeps a rejection for the endpoint, and returns the rest as a tool response.
    pub fn answer<R>(&self, guarded: Guarded<R>) -> ToolAnswer<R> {
        match guarded {
            Guarded::Answered(answer) | Guarded::SignedOut(answer, _) | Guarded::Public(answer) => {
                ToolAnswer(Some(answer))
            }
            Guarded::Rejected(error) => {
                *self.rejected.lock().unwrap_or_else(PoisonError::into_inner) = Some(error);
                ToolAnswer(None)
            }
        }
    }

    /// Returns the rejection, if a check rejected the call.
    pub(super) fn rejected(&self) -> Option<Error> {
        self.rejected.lock().unwrap_or_else(PoisonError::into_inner).take()
    }
}

/// The response of a tool; empty if a check rejected the call, where the endpoint responds.
#[derive(Debug)]
pub struct ToolAnswer<R>(Option<R>);

impl<R: IntoToolResponse> IntoToolResponse for ToolAnswer<R> {
    fn output_schema() -> Option<schemars::Schema> {
        R::output_schema()
    }

    fn into_tool_response(self) -> ToolsCallResponse {
        match self.0 {
            Some(answer) => answer.into_tool_response(),
            None => ToolsCallResponse { content: Vec::new(), structured_content: None, is_error: true },
        }
    }
}

/// The arguments of a tool that stand for its caller: `Principal<Auth>` or `Option<Principal<Auth>>`.
#[diagnostic::on_unimplemented(
    message = "a tool cannot take `{Self}` as its caller",
    note = "take `Principal<{A}>`, or `Option<Principal<{A}>>` with `#[optional_auth]`"
)]
pub trait FromCaller<A: AuthConfig>: Sized {
    /// Returns the caller.
    ///
    /// # Errors
    /// A rejection, if the rule let an anonymous caller in and the tool needs one.
    fn from_caller(caller: Option<&Principal<A>>) -> Result<Self, Rejection>;
}

impl<A: AuthConfig> FromCaller<A> for Principal<A> {
    fn from_caller(caller: Option<&Self>) -> Result<Self, Rejection> {
        caller.cloned().ok_or_else(|| Rejection::with_code(RejectionCode::Misconfigured))
    }
}

impl<A: AuthConfig> FromCaller<A> for Option<Principal<A>> {
    fn from_caller(caller: Option<&Principal<A>>) -> Result<Self, Rejection> {
        Ok(caller.cloned())
    }
}
