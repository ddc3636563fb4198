//! The tests of a policy: for each rule, the callers that a weaker rule would treat differently, with the results that
//! the policy determines.

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt,
    time::Duration,
};

use serde_json::Value;

use super::refused::RefusedCredential;
use crate::{
    authenticate::TestCaller,
    review::{AccessPolicy, AccessRule, ClaimContent, Clause, MatrixCell, Persona, RuleAccess, Target},
};

/// One request with its expected result.
#[derive(Clone, Debug)]
pub(super) struct Case {
    pub(super) target: Target,
    pub(super) sender: Sender,
    pub(super) expected: Expected,
    pub(super) object: Object,
    /// The access as the policy writes it.
    pub(super) rule: String,
}

/// The sender of a request.
#[derive(Clone, Debug)]
pub(super) enum Sender {
    Caller(Persona),
    Credential(RefusedCredential),
}

/// The expected result of a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Expected {
    /// The rule lets the request in.
    LetIn,
    /// 401: no credential, or one that is refused.
    Refused,
    /// The caller does not meet the rule.
    Denied(Denied),
}

/// The statuses of a denial. Of several rules, each may be the one that denies.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Denied {
    /// 403.
    pub(super) is_forbidden: bool,
    /// 404, of a rule with `hide`.
    pub(super) is_hidden: bool,
    /// 401: another scheme, or a newer or stronger sign-in, may do.
    pub(super) is_unauthorized: bool,
}

/// The object of a request, for rules with a check.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Object {
    /// The example of the schema, or the fixture.
    Any,
    /// One for which the checks are true.
    Mine,
    /// One for which the checks are false.
    Theirs,
}

impl fmt::Display for Case {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.sender {
            Sender::Caller(persona) => write!(f, "{} as {persona}", self.target)?,
            Sender::Credential(credential) => write!(f, "{} with {}", self.target, credential.name)?,
        }
        f.write_str(match self.object {
            Object::Any => "",
            Object::Mine => " (mine)",
            Object::Theirs => " (theirs)",
        })
    }
}

impl Case {
    /// Whether the policy decides by the checks of the rule.
    pub(super) fn is_decided_by_checks(&self) -> bool {
        matches!(&self.sender, Sender::Caller(persona) if !persona.checks.is_empty())
    }
}

/// The tests of one rule, and the number of callers that are left out.
#[derive(Debug, Default)]
pub(super) struct RulePlan {
    pub(super) cases: Vec<Case>,
    /// Callers that are left out, because two checks of one rule would differ.
    pub(super) left_out: usize,
    /// Why a part of the rule is not tested.
    pub(super) gap: Option<String>,
}

/// Makes the tests of a rule.
pub(super) struct Planner<'a> {
    pub(super) policy: &'a AccessPolicy,
    pub(super) credentials: &'a [RefusedCredential],
    pub(super) left_out_schemes: &'a BTreeSet<String>,
}

impl Planner<'_> {
    pub(super) fn plan(&self, rule: &AccessRule) -> RulePlan {
        let rules = self.policy.rules_above(rule);
        let mut plan = RulePlan::default();
        for persona in AccessPolicy::anonymous_boundary(rule) {
            self.add(&mut plan, rule, &rules, persona);
        }
        match self.policy.boundary(&rules) {
            Some(personas) => personas.into_iter().for_each(|persona| self.add(&mut plan, rule, &rules, persona)),
            None => plan.gap = Some("its rule asks for more than 20 facts".to_owned()),
        }
        if plan.gap.is_none() && !plan.cases.iter().any(|case| case.expected == Expected::LetIn) {
            plan.gap = Some("no caller that a test can make is let in".to_owned());
        }
        let is_public = rules.iter().all(|rule| matches!(rule.access, RuleAccess::Public { .. }));
        let expected = if is_public { Expected::LetIn } else { Expected::Refused };
        let case = |credential: &RefusedCredential| Case {
            target: rule.target.clone(),
            sender: Sender::Credential(credential.clone()),
            expected,
            object: Object::Any,
            rule: rule.access.to_string(),
        };
        plan.cases.extend(self.credentials.iter().map(case));
        plan
    }

    /// Adds the test of a caller. Without a fixture, the checks stay out where they do not decide.
    fn add(&self, plan: &mut RulePlan, rule: &AccessRule, rules: &[&AccessRule], mut persona: Persona) {
        if !persona.schemes.is_disjoint(self.left_out_schemes) {
            return;
        }
        let Some(object) = object(&persona) else {
            plan.left_out += 1;
            return;
        };
        let checks = std::mem::take(&mut persona.checks);
        let is_decided_by_checks = self.expected(rules, &persona).is_none();
        if is_decided_by_checks {
            persona.checks = checks;
        }
        let Some(expected) = self.expected(rules, &persona) else {
            plan.gap = Some(format!("the policy does not decide on {persona}"));
            return;
        };
        let sender = Sender::Caller(persona);
        plan.cases.push(Case { target: rule.target.clone(), sender, expected, object, rule: rule.access.to_string() });
    }

    /// Returns the expected result of a request of this caller; `None` if the policy does not decide it.
    fn expected(&self, rules: &[&AccessRule], persona: &Persona) -> Option<Expected> {
        let mut denied = Denied::default();
        let mut is_open = false;
        for rule in rules {
            match self.policy.cell(rule, persona) {
                MatrixCell::Allow => {}
                MatrixCell::Deny => denied.add(rule, persona),
                MatrixCell::Depends { .. } | MatrixCell::Unknown { .. } => is_open = true,
            }
        }
        match denied == Denied::default() {
            true if is_open => None,
            true => Some(Expected::LetIn),
            false if persona.is_anonymous() => Some(Expected::Refused),
            false => Some(Expected::Denied(denied)),
        }
    }
}

impl Denied {
    fn add(&mut self, rule: &AccessRule, persona: &Persona) {
        self.is_forbidden |= !rule.hides();
        self.is_hidden |= rule.hides();
        let mut may_be_unauthorized = !persona.schemes.is_empty();
        rule.signed_in().visit(&mut |leaf| {
            may_be_unauthorized |= matches!(leaf, Clause::Fresh(_) | Clause::Acr(_));
        });
        self.is_unauthorized |= may_be_unauthorized;
    }
}

/// Returns the object that gives the checks of a persona their results; nothing if they differ.
fn object(persona: &Persona) -> Option<Object> {
    let mut results = persona.checks.values();
    let Some(first) = results.next() else { return Some(Object::Any) };
    let object = if *first { Object::Mine } else { Object::Theirs };
    results.all(|result| result == first).then_some(object)
}

/// Returns a persona as the caller of a request.
pub(super) fn caller(persona: &Persona) -> TestCaller {
    if persona.is_anonymous() {
        return TestCaller::anonymous();
    }
    let mut caller = TestCaller::default();
    caller = persona.roles.iter().fold(caller, TestCaller::role);
    caller = persona.permissions.iter().fold(caller, TestCaller::permission);
    caller = persona.scopes.iter().flatten().fold(caller, TestCaller::scope);
    caller = persona.schemes.iter().fold(caller, TestCaller::via);
    caller = persona.limits.iter().fold(caller, TestCaller::limited_to);
    caller = persona.sign_in_age.iter().fold(caller, |caller, age| caller.signed_in_ago(Duration::from_secs(*age)));
    caller = persona
        .acr
        .iter()
        .filter(|class| !class.is_empty())
        .fold(caller, |caller, class| caller.claim("acr", class.as_str()));
    claims(persona).into_iter().fold(caller, |caller, (name, value)| caller.claim(name, value))
}

/// Returns the claims that a persona has. Several texts are a list.
fn claims(persona: &Persona) -> BTreeMap<&str, Value> {
    let mut claims: BTreeMap<&str, Value> = BTreeMap::new();
    for ((name, content), _) in persona.claims.iter().filter(|(_, has)| **has) {
        let value = value(content);
        claims
            .entry(name)
            .and_modify(|known| match known {
                Value::Array(list) => list.push(value.clone()),
                _ => *known = vec![known.clone(), value.clone()].into(),
            })
            .or_insert(value);
    }
    claims
}

fn value(content: &ClaimContent) -> Value {
    match content {
        ClaimContent::Text(text) => text.as_str().into(),
        ClaimContent::Integer(number) => (*number).into(),
        ClaimContent::Bool(value) => (*value).into(),
    }
}
