//! The gate before every message: it admits callers, and also anonymous ones if a tool needs no caller.

use poem::Request;

use crate::{
    authenticate::{Authentication, Refusal, RefusalKind},
    declared::AuthSchema,
    guard::{AuthConfig, admit, identify, refused},
    policy::{Access, CheckAnswers, Decision, NeededCredentials, Operation, Requirement},
    respond::Rejection,
};

/// The rule before the rules of the tools: a request has the credentials of one of them.
pub(super) struct Gate<A: 'static> {
    operation: &'static Operation<A>,
    /// Rules of tools that need certain credentials, one for each need. A caller of the others has one of any scheme.
    others: Vec<&'static Operation<A>>,
}

impl<A: AuthSchema> Gate<A> {
    const AUTHENTICATED: &'static Operation<A> =
        &Operation::new("mcp", Access::Required { requirement: Requirement::authenticated(), hide: false });
    const OPTIONAL: &'static Operation<A> = &Operation::new("mcp", Access::Optional { requirement: None, hide: false });

    /// Returns the gate before tools with these rules.
    pub(super) fn before(rules: impl Iterator<Item = &'static Operation<A>>) -> Self {
        let mut gate = Self { operation: Self::AUTHENTICATED, others: Vec::new() };
        for rule in rules {
            if !matches!(rule.access(), Access::Required { .. }) {
                gate.operation = Self::OPTIONAL;
            } else if gate.others.iter().chain([&Self::AUTHENTICATED]).all(|known| !needs_the_same(known, rule)) {
                gate.others.push(rule);
            }
        }
        gate
    }
}

fn needs_the_same<A>(left: &Operation<A>, right: &Operation<A>) -> bool {
    left.credentials() == right.credentials()
}

impl<A: AuthConfig> Gate<A> {
    /// Lets a request in if it has the credentials of one of the tools, or needs none.
    pub(super) async fn admit(&self, request: &Request) -> Result<(), Rejection> {
        self.admit_with(request, self.operation).await
    }

    /// Lets a request in if it has the credentials of one of the tools.
    pub(super) async fn admit_caller(&self, request: &Request) -> Result<(), Rejection> {
        self.admit_with(request, Self::AUTHENTICATED).await
    }

    /// Keeps the caller if all tools need the same credentials. Else the rule of each tool selects one of the request.
    async fn admit_with(&self, request: &Request, otherwise: &'static Operation<A>) -> Result<(), Rejection> {
        let mut first: Option<Refusal> = None;
        for rule in &self.others {
            // A refused credential is not tried again, as each try may count as an attempt.
            if first.as_ref().and_then(|refusal| refusal.scheme).is_some_and(|tried| rule.schemes().contains(tried)) {
                continue;
            }
            match identify(request, rule).await? {
                Authentication::Authenticated(_) => return Ok(()),
                Authentication::Refused(refusal) if refusal.was_verified() && !refusal.is_signed_out() => {
                    first = first.or(Some(refusal));
                }
                Authentication::Refused(_) | Authentication::Anonymous => {}
            }
        }
        match first {
            Some(refusal) => Err(refused(request, otherwise, &refusal)),
            None => {
                let mut admission = admit(request, otherwise).await?;
                if self.others.is_empty() {
                    admission.keep();
                }
                Ok(())
            }
        }
    }
}

/// The callers of one request, by the credentials that a rule needs. Each is authenticated once.
pub(super) struct Callers<'a, A: AuthSchema> {
    request: &'a Request,
    known: Vec<(NeededCredentials, Authentication<A>)>,
}

impl<'a, A: AuthConfig> Callers<'a, A> {
    pub(super) const fn of(request: &'a Request) -> Self {
        Self { request, known: Vec::new() }
    }

    /// Returns whether the rule of a tool admits the caller. A check counts as met, because it needs the arguments.
    ///
    /// # Errors
    /// The rejection, if a backend does not answer.
    pub(super) async fn may_call(&mut self, rule: &'static Operation<A>) -> Result<bool, Rejection> {
        if let Access::Public { .. } = rule.access() {
            return Ok(true);
        }
        Ok(match self.authentication(rule).await? {
            Authentication::Anonymous => rule.is_optional(),
            Authentication::Refused(refusal) => rule.is_optional() && refusal.is_signed_out(),
            Authentication::Authenticated(caller) => rule
                .requirement()
                .is_none_or(|needed| !matches!(needed.decide(caller, CheckAnswers::NONE), Decision::Deny(_))),
        })
    }

    async fn authentication(&mut self, rule: &'static Operation<A>) -> Result<&Authentication<A>, Rejection> {
        let index = match self.known.iter().position(|(needed, _)| needed == rule.credentials()) {
            Some(index) => index,
            None => {
                let authentication = identify(self.request, rule).await?;
                if let Authentication::Refused(refusal) = &authentication
                    && refusal.kind() == RefusalKind::Unavailable
                {
                    return Err(refused(self.request, rule, refusal));
                }
                self.known.push((*rule.credentials(), authentication));
                self.known.len() - 1
            }
        };
        Ok(&self.known[index].1)
    }
}
