//! A rule that is asked in code: `caller.meets(RULE)`, and `caller.require(RULE)?`.

use super::AuthConfig;
use crate::{
    authenticate::Principal,
    declared::{AuthSchema, SchemeSet},
    event::{self, Watch},
    policy::{CheckAnswers, Decision, Denial, EnforcementPoint, Operation, Reason},
    respond::{DenialCause, Rejection},
};

impl<A: AuthConfig> Principal<A> {
    /// Whether the caller meets a rule.
    ///
    /// ```
    /// # use auth_runtime::{policy::Operation, prelude::*};
    /// # permissions! { pub enum Permission { View = "view" } }
    /// # roles! { pub enum Role: Permission { Editor = "Editor" => [View] } }
    /// # #[derive(Auth, Clone)] #[auth(permissions = Permission, roles = Role)]
    /// # struct Auth { #[scheme(api_key(header = "X-API-Key"))] key: ApiKeys }
    /// const EDITORS: &Operation<Auth> = requirement!(any(role("Editor"), claim("desk" = "news")));
    ///
    /// let editor = auth_runtime::testing::principal("basic", "alice", |identity| identity.role("Editor"));
    /// assert!(editor.meets(EDITORS));
    /// ```
    #[must_use]
    pub fn meets(&self, rule: &'static Operation<A>) -> bool {
        self.denied_by(rule).is_none()
    }

    /// Returns an error unless the caller meets a rule. The error is the response of the guard: 401, 403 or 404, as the
    /// rule says. A denial is logged, counted, and handed to the [`EventSink`](crate::event::EventSink).
    ///
    /// ```
    /// # use auth_runtime::{policy::Operation, prelude::*};
    /// # #[derive(Auth, Clone)] struct Auth { #[scheme(api_key(header = "X-API-Key"))] key: ApiKeys }
    /// const RECENT: &Operation<Auth> = requirement!(fresh = "5m");
    ///
    /// fn delete(caller: &Principal<Auth>) -> poem::Result<()> {
    ///     caller.require(RECENT)?;
    ///     Ok(())
    /// }
    ///
    /// let machine = auth_runtime::testing::principal("keys", "backup", |identity| identity);
    /// assert_eq!(delete(&machine).unwrap_err().status(), 401);
    /// ```
    ///
    /// # Errors
    /// The rejection, as an error of Poem.
    pub fn require(&self, rule: &'static Operation<A>) -> poem::Result<()> {
        self.denied_by(rule).map_or(Ok(()), |denial| Err(self.rejection(rule, &denial).into_error()))
    }

    fn denied_by(&self, rule: &Operation<A>) -> Option<Denial<A>> {
        let requirement = rule.requirement()?;
        match requirement.decide(self, CheckAnswers::NONE) {
            Decision::Allow => None,
            Decision::Deny(denial) => Some(denial),
            // Only a handler has the arguments that a check reads.
            Decision::NeedsCheck(_) => Some(Denial { reason: Reason::CheckFailed, clause: *requirement }),
        }
    }

    fn rejection(&self, rule: &'static Operation<A>, denial: &Denial<A>) -> Rejection {
        let configured = self.auth().map_or(SchemeSet::first(<A as AuthSchema>::SCHEMES.len()), A::configured);
        let sink = self.auth().and_then(A::event_sink);
        let accepted = rule.accepted(configured);
        let point = EnforcementPoint { operation: rule, accepted, is_silent: self.is_silent() };
        let cause = DenialCause::NotMet { caller: self, denial };
        event::denied(point, &cause, Watch::start(sink), sink);
        Rejection::new(point, &cause).with_body(A::rejection_body)
    }
}
