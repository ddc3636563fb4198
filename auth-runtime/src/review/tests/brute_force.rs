//! The analysis against an independent enumeration of callers: no miss, and no false alarm.

use std::collections::BTreeSet;

use proptest::prelude::*;

use super::random::{Names, clauses};
use crate::review::{
    AccessPolicy, AccessRule, CheckText, ClaimContent, Clause, MatrixCell, Persona, RoleDefinition, RuleAccess, Target,
    analysis::{Comparison, Side, several},
};

const ROLES: [&str; 3] = ["A", "B", "C"];
const PERMISSIONS: [&str; 3] = ["p", "q", "r"];
const SCHEMES: [&str; 2] = ["s", "t"];
/// A request can have both credentials.
const SCHEME_KINDS: [&str; 2] = ["basic", "api_key(header = \"T\")"];
const SCOPES: [&str; 1] = ["x"];
const CHECKS: [&str; 2] = ["k", "l"];
/// Ages of a sign-in: each is older than one more of the bounds that `clauses` uses.
const AGES: [u64; 4] = [60, 300, 86_401, 86_402];

fn names() -> Names {
    let owned = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect();
    Names {
        roles: owned(&ROLES),
        permissions: owned(&PERMISSIONS),
        schemes: owned(&SCHEMES),
        scopes: owned(&SCOPES),
        checks: checks().into(),
    }
}

/// The checks: one has a name.
fn checks() -> [CheckText; 2] {
    [CHECKS[0].into(), CheckText::from(CHECKS[1]).named("the second")]
}

/// The permissions that each role holds, as bits.
type Tables = [u8; 3];

/// A caller with all its facts.
#[derive(Clone, Copy, Debug)]
struct World<'a> {
    roles: u8,
    direct: u8,
    kind: Kind,
    rest: &'a Rest,
}

/// The facts of a caller beside roles and permissions.
#[derive(Clone, Debug)]
struct Rest {
    /// The schemes of the credentials.
    schemes: &'static [&'static str],
    scopes: u8,
    age: u64,
    checks: u8,
    acr: Option<&'static str>,
    /// The claims that are asked for, with whether the caller has them.
    claims: Vec<(Clause, bool)>,
}

#[derive(Clone, Copy, Debug)]
enum Kind {
    Full,
    Overridden,
    Limited(u8),
}

/// The roles, the permissions beside them, and the kind of credential of each caller.
fn holdings() -> impl Iterator<Item = (u8, u8, Kind)> {
    let kinds = || [Kind::Full, Kind::Overridden].into_iter().chain((0..8).map(Kind::Limited));
    let sets = (0..8_u8).flat_map(|roles| (0..8_u8).map(move |direct| (roles, direct)));
    sets.flat_map(move |(roles, direct)| kinds().map(move |kind| (roles, direct, kind)))
}

/// All other facts of callers. A fact that no clause asks for has one value.
fn rests(clauses: &[&Clause]) -> Vec<Rest> {
    let asks = |is: fn(&Clause) -> bool| {
        let mut found = false;
        for clause in clauses {
            clause.visit(&mut |leaf| found |= is(leaf));
        }
        found
    };
    let some = |asked: bool, count: u8| if asked { 0..count } else { 0..1 };
    let schemes = some(asks(|leaf| matches!(leaf, Clause::UsesScheme(_))), 3);
    let scopes = some(asks(|leaf| matches!(leaf, Clause::HasScope(_))), 2);
    let ages = some(asks(|leaf| matches!(leaf, Clause::Fresh(_))), 4);
    let checks = some(asks(|leaf| matches!(leaf, Clause::Checked(_))), 4);
    let contexts = some(asks(|leaf| matches!(leaf, Clause::Acr(_))), 3);
    let claims = claims(clauses);
    let mut rests = Vec::new();
    for (scheme, scopes) in schemes.flat_map(|scheme| scopes.clone().map(move |scopes| (scheme, scopes))) {
        for (age, checks) in ages.clone().flat_map(|age| checks.clone().map(move |checks| (age, checks))) {
            for (class, claims) in contexts.clone().flat_map(|class| claims.iter().map(move |claims| (class, claims))) {
                let acr = [None, Some("k"), Some("l")][usize::from(class)];
                let age = AGES[usize::from(age)];
                let schemes = [&["s"][..], &["t"], &["s", "t"]][usize::from(scheme)];
                rests.push(Rest { schemes, scopes, age, checks, acr, claims: claims.clone() });
            }
        }
    }
    rests
}

/// All combinations of the claims that are asked for. A claim has one value, or is a list of texts.
fn claims(clauses: &[&Clause]) -> Vec<Vec<(Clause, bool)>> {
    let mut asked = BTreeSet::new();
    for clause in clauses {
        clause.visit(&mut |leaf| {
            if matches!(leaf, Clause::Claim { .. }) {
                asked.insert(leaf.clone());
            }
        });
    }
    let is_possible = |claims: &[(Clause, bool)]| {
        let held: Vec<_> = claims.iter().filter(|(_, has)| *has).map(|(clause, _)| clause).collect();
        held.iter()
            .enumerate()
            .all(|(index, clause)| held[index + 1..].iter().all(|other| can_have_both(clause, other)))
    };
    let combinations = (0..1_usize << asked.len()).map(|bits| {
        asked.iter().cloned().enumerate().map(|(index, clause)| (clause, bits >> index & 1 == 1)).collect::<Vec<_>>()
    });
    combinations.filter(|claims| is_possible(claims)).collect()
}

fn can_have_both(clause: &Clause, other: &Clause) -> bool {
    match (clause, other) {
        (Clause::Claim { name, value }, Clause::Claim { name: other_name, value: other }) => {
            name != other_name || matches!((value, other), (ClaimContent::Text(_), ClaimContent::Text(_)))
        }
        _ => true,
    }
}

/// The callers that hold this.
fn worlds(roles: u8, direct: u8, kind: Kind, rests: &[Rest]) -> impl Iterator<Item = World<'_>> {
    rests.iter().map(move |rest| World { roles, direct, kind, rest })
}

/// One caller for each combination of facts under two tables.
fn distinct(before: Tables, after: Tables, rests: &[Rest]) -> impl Iterator<Item = World<'_>> {
    let mut seen = BTreeSet::new();
    let held = holdings().filter(move |(roles, direct, kind)| {
        let facts = |tables| held(*roles, *direct, *kind, tables);
        seen.insert((facts(before), facts(after)))
    });
    held.flat_map(move |(roles, direct, kind)| worlds(roles, direct, kind, rests))
}

/// Returns the roles and permissions that count, as bits.
fn held(roles: u8, direct: u8, kind: Kind, tables: Tables) -> (u8, u8) {
    let of_roles = (0..3).filter(|role| roles >> role & 1 == 1).fold(0, |held, role| held | tables[role]);
    match kind {
        Kind::Full => (roles, direct | of_roles),
        Kind::Overridden => (roles, direct),
        Kind::Limited(limits) => (0, (direct | of_roles) & limits),
    }
}

impl World<'_> {
    fn has(self, tables: Tables, clause: &Clause) -> bool {
        let bit =
            |names: &[&str], name: &str| names.iter().position(|own| own == &name).map_or(0, |index| 1_u8 << index);
        let (roles, permissions) = held(self.roles, self.direct, self.kind, tables);
        let rest = self.rest;
        match clause {
            Clause::Authenticated => true,
            Clause::HasRole(name) => roles & bit(&ROLES, name) != 0,
            Clause::HasPermission(name) => permissions & bit(&PERMISSIONS, name) != 0,
            Clause::HasScope(name) => rest.scopes & bit(&SCOPES, name) != 0,
            Clause::UsesScheme(name) => rest.schemes.contains(&name.as_str()),
            Clause::Fresh(bound) => rest.age <= *bound,
            Clause::Checked(text) => rest.checks & bit(&CHECKS, text.as_str()) != 0,
            Clause::Claim { .. } => rest.claims.iter().any(|(claim, has)| claim == clause && *has),
            Clause::Acr(classes) => rest.acr.is_some_and(|own| classes.iter().any(|class| class == own)),
            Clause::All(clauses) => clauses.iter().all(|clause| self.has(tables, clause)),
            Clause::Any(clauses) => clauses.iter().any(|clause| self.has(tables, clause)),
            Clause::Not(clause) => !self.has(tables, clause),
            Clause::Named { clause, .. } => self.has(tables, clause),
        }
    }

    /// Whether the caller gets in with one of its credentials, or with both if the rule needs both.
    fn is_let_in(self, tables: Tables, rule: &Rule) -> bool {
        let with = |schemes| {
            let rest = Rest { schemes, ..self.rest.clone() };
            World { rest: &rest, ..self }.has(tables, &rule.requirement)
        };
        if rule.needs_both {
            self.rest.schemes.len() == 2 && with(self.rest.schemes)
        } else {
            (0..self.rest.schemes.len()).any(|index| with(&self.rest.schemes[index..=index]))
        }
    }

    /// The persona with all facts of this caller.
    fn persona(self) -> Persona {
        let of = |bits: u8, names: &[&'static str]| -> Vec<&'static str> {
            names.iter().enumerate().filter(|(index, _)| bits >> index & 1 == 1).map(|(_, name)| *name).collect()
        };
        let mut persona = of(self.roles, &ROLES).into_iter().fold(Persona::caller(), Persona::role);
        persona = of(self.direct, &PERMISSIONS).into_iter().fold(persona, Persona::permission);
        persona = match self.kind {
            Kind::Full => persona,
            Kind::Overridden => persona.overridden(),
            Kind::Limited(limits) => persona.limited_to(of(limits, &PERMISSIONS)),
        };
        let rest = self.rest;
        let checks = checks().into_iter().enumerate();
        persona = checks.fold(persona, |persona, (index, check)| persona.check(check, rest.checks >> index & 1 == 1));
        for (claim, has) in &rest.claims {
            if let Clause::Claim { name, value } = claim {
                persona = persona.claim(name, value.clone(), *has);
            }
        }
        persona = persona.acr(rest.acr.unwrap_or_default());
        persona = rest.schemes.iter().copied().fold(persona, Persona::scheme);
        persona.scopes(of(rest.scopes, &SCOPES)).signed_in(rest.age)
    }
}

/// A requirement, and whether a request must have both credentials. `agreement` holds this against the guard.
struct Rule {
    requirement: Clause,
    needs_both: bool,
}

impl Rule {
    fn of(requirement: &Clause) -> Self {
        let needs_both = !several(&policy([0; 3], requirement.clone()), requirement).is_empty();
        Self { requirement: requirement.clone(), needs_both }
    }
}

fn policy(tables: Tables, requirement: Clause) -> AccessPolicy {
    let mut policy = AccessPolicy::default();
    for (index, role) in ROLES.iter().enumerate() {
        let held = PERMISSIONS.iter().enumerate().filter(|(bit, _)| tables[index] >> bit & 1 == 1);
        let permissions: BTreeSet<_> = held.map(|(_, name)| (*name).to_owned()).collect();
        policy.roles.insert((*role).to_owned(), RoleDefinition { permissions, ..RoleDefinition::default() });
    }
    let schemes = SCHEMES.iter().zip(SCHEME_KINDS);
    policy.schemes = schemes.map(|(name, kind)| ((*name).to_owned(), kind.to_owned())).collect();
    let access = RuleAccess::Required { requirement, hide: false };
    policy.rules.push(AccessRule { target: Target::named("rule"), operation: "rule".to_owned(), access });
    policy
}

/// A requirement; one of five needs both credentials.
fn requirements() -> impl Strategy<Value = Clause> {
    let both = |clause| Clause::all([Clause::scheme("s"), Clause::scheme("t"), clause]);
    prop_oneof![4 => clauses(&names()), 1 => clauses(&names()).prop_map(both)]
}

fn tables() -> impl Strategy<Value = Tables> {
    [0..8_u8, 0..8_u8, 0..8_u8]
}

fn compared(before: &AccessPolicy, after: &AccessPolicy) -> Comparison {
    let side = |policy| Side { policy, rule: &AccessPolicy::rules(policy)[0] };
    Comparison::new(side(before), side(after))
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 10_000, failure_persistence: None, ..ProptestConfig::default() })]

    /// A difference is reported if there is a caller, and the caller that is shown is one.
    #[test]
    fn a_difference_is_exact(old in requirements(), new in requirements(), before in tables(), after in tables(), same in any::<bool>()) {
        // Half of the pairs differ in one of the two only, as changes do.
        let new = if same { old.clone() } else { new };
        let rests = rests(&[&old, &new]);
        let (old_rule, new_rule) = (Rule::of(&old), Rule::of(&new));
        let gains = |world: &World<'_>| world.is_let_in(after, &new_rule) && !world.is_let_in(before, &old_rule);
        let (old_policy, new_policy) = (policy(before, old.clone()), policy(after, new.clone()));
        match compared(&old_policy, &new_policy) {
            Comparison::Nothing => prop_assert!(!distinct(before, after, &rests).any(|world| gains(&world)), "missed: {old} to {new}"),
            Comparison::Unknown { atoms } => prop_assert!(false, "{atoms} facts"),
            Comparison::Gain { persona, roles } => {
                prop_assert_eq!(new_policy.cell(&new_policy.rules[0], &persona), MatrixCell::Allow, "{}: {} to {}", persona, old, new);
                prop_assert_eq!(old_policy.cell(&old_policy.rules[0], &persona), MatrixCell::Deny, "{}: {} to {}", persona, old, new);
                for (index, role) in ROLES.iter().enumerate() {
                    let gains = worlds(1 << index, 0, Kind::Full, &rests).any(|world| gains(&world));
                    prop_assert_eq!(roles.iter().any(|own| own == role), gains, "{}: {} to {}", role, old, new);
                }
            }
        }
    }

    /// A cell is what all callers that fit the persona get, and its conditions are the smallest ones.
    #[test]
    fn a_cell_is_exact(requirement in requirements(), tables in tables(), roles in 0..8_u8, direct in 0..8_u8) {
        let policy = policy(tables, requirement.clone());
        let rule = Rule::of(&requirement);
        // Two credentials are in the picture only where a rule needs them.
        let rests: Vec<Rest> =
            rests(&[&requirement]).into_iter().filter(|rest| rule.needs_both || rest.schemes.len() == 1).collect();
        let fitting: Vec<World<'_>> = worlds(roles, direct, Kind::Full, &rests).collect();
        let named = |bits: u8, names: &[&'static str]| names.iter().enumerate().filter(move |(index, _)| bits >> index & 1 == 1).map(|(_, name)| *name).collect::<Vec<_>>();
        let persona = named(roles, &ROLES).into_iter().fold(Persona::caller(), Persona::role);
        let persona = named(direct, &PERMISSIONS).into_iter().fold(persona, Persona::permission);
        let let_in: Vec<bool> = fitting.iter().map(|world| world.is_let_in(tables, &rule)).collect();
        match policy.cell(&policy.rules[0], &persona) {
            MatrixCell::Allow => prop_assert!(let_in.iter().all(|is| *is), "{requirement}"),
            MatrixCell::Deny => prop_assert!(!let_in.iter().any(|is| *is), "{requirement}"),
            MatrixCell::Unknown { atoms } => prop_assert!(false, "{atoms} facts"),
            MatrixCell::Depends { conditions, is_complete } => {
                prop_assert!(is_complete);
                prop_assert!(let_in.iter().any(|is| *is) && !let_in.iter().all(|is| *is), "{requirement}");
                let meets = |world: &World<'_>, facts: &[Clause]| facts.iter().all(|fact| world.has(tables, fact));
                for (world, is_let_in) in fitting.iter().zip(&let_in) {
                    let is_met = conditions.iter().any(|condition| meets(world, condition.facts()));
                    prop_assert_eq!(is_met, *is_let_in, "{} with {:?}", requirement, conditions);
                }
                for condition in &conditions {
                    for left_out in 0..condition.facts().len() {
                        let mut fewer = condition.facts().to_vec();
                        fewer.remove(left_out);
                        let is_enough = fitting.iter().zip(&let_in).all(|(world, is_let_in)| *is_let_in || !meets(world, &fewer));
                        prop_assert!(!is_enough, "{requirement}: {condition} has more facts than it needs");
                    }
                }
            }
        }
    }

    /// With all facts known, a cell is the plain evaluation, and so is an explanation.
    #[test]
    fn a_known_caller_is_let_in_or_not(requirement in requirements(), tables in tables(), index in any::<prop::sample::Index>()) {
        let (roles, direct, kind) = *index.get(&holdings().collect::<Vec<_>>());
        let rests = rests(&[&requirement]);
        let world = World { roles, direct, kind, rest: index.get(&rests) };
        let policy = policy(tables, requirement.clone());
        let expected = world.is_let_in(tables, &Rule::of(&requirement));
        let explanation = policy.explain(&policy.rules[0], &world.persona());
        prop_assert_eq!(explanation.cell, if expected { MatrixCell::Allow } else { MatrixCell::Deny });
        prop_assert_eq!(explanation.clauses.unwrap().is_met, Some(expected));
    }
}

#[test]
fn more_than_20_facts_are_unknown() {
    let checks = |count: usize| {
        let clauses = (0..count).map(|index| Clause::Checked(CheckText::new(format!("k{index}")))).collect();
        policy([0; 3], Clause::All(crate::review::Clauses::new(clauses).unwrap()))
    };
    let cell = |policy: &AccessPolicy| policy.cell(&policy.rules[0], &Persona::caller());
    assert!(
        matches!(cell(&checks(20)), MatrixCell::Depends { conditions, is_complete: true } if conditions.len() == 1)
    );
    assert_eq!(cell(&checks(21)), MatrixCell::Unknown { atoms: 21 });
    assert_eq!(compared(&checks(21), &checks(22)), Comparison::Unknown { atoms: 22 });
    assert!(matches!(compared(&checks(21), &policy([0; 3], Clause::Authenticated)), Comparison::Unknown { .. }));
}

/// Logic with three values cannot tell: a check that both answers satisfy decides nothing.
#[test]
fn a_check_that_does_not_matter_is_no_condition() {
    let either = Clause::any([Clause::check("k"), Clause::not(Clause::check("k"))]);
    let policy = policy([0; 3], either);
    assert_eq!(policy.cell(&policy.rules[0], &Persona::caller()), MatrixCell::Allow);
}
