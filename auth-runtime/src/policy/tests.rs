//! Rules at run time. The macros evaluate them in constants.

use super::{Access, CheckAnswers, ClaimValue, Decision, ExplainedClause, Facts, Operation, Requirement};
use crate::declared::{
    ApiKeyLocation, AuthSchema, DeclaredNames, Entry, NoPermissions, NoRoles, SchemeKind, SchemeSet, SecurityScheme,
};

/// Two schemes of one location, and one of another.
struct Schema;

impl AuthSchema for Schema {
    type Permission = NoPermissions;
    type Role = NoRoles<NoPermissions>;
    const SCHEMES: &'static [SecurityScheme] = &[
        SecurityScheme::new("token", SchemeKind::Bearer { format: None }),
        SecurityScheme::new("other", SchemeKind::Bearer { format: None }),
        SecurityScheme::new("key", SchemeKind::ApiKey { location: ApiKeyLocation::Header, name: "X-API-Key" }),
    ];
    const SCHEME_NAMES: &'static [&'static str] = &["token", "other", "key"];
    const SCOPES: &'static [&'static str] = &[];
    const REALM: &'static str = "tests";

    fn declared_names() -> &'static DeclaredNames {
        &DeclaredNames { permissions: &[], roles: &[], scopes: &[], role_permissions: &[] }
    }
}

/// A caller without any facts.
struct Stranger;

impl Facts<Schema> for Stranger {
    fn role(&self, _: u16) -> bool {
        false
    }

    fn permission(&self, _: u16) -> bool {
        false
    }

    fn scope(&self, _: u16) -> bool {
        false
    }

    fn scheme(&self, _: u16) -> bool {
        false
    }

    fn fresh(&self, _: u64) -> bool {
        false
    }

    fn claim(&self, _: &str, _: &ClaimValue) -> bool {
        false
    }

    fn acr(&self, _: &[&str]) -> bool {
        false
    }
}

const AUTHENTICATED: Requirement<Schema> = Requirement::authenticated();
const A: Requirement<Schema> = Requirement::check(0, "a");
const B: Requirement<Schema> = Requirement::check(1, "b");
const ALL: Requirement<Schema> = Requirement::all(&[A, B]);
const ANY: Requirement<Schema> = Requirement::any(&[A, B]);
const EITHER: Requirement<Schema> = ANY.named("EITHER");

/// Returns the decision as text, with the results of the checks `a` and `b`.
fn decide(rule: Requirement<Schema>, results: [Option<bool>; 2]) -> String {
    let with = |answers: CheckAnswers, (check, result): (u16, Option<bool>)| {
        result.map_or(answers, |is_met| answers.with(check, is_met))
    };
    match rule.decide(&Stranger, (0..).zip(results).fold(CheckAnswers::NONE, with)) {
        Decision::Allow => "allow".to_owned(),
        Decision::Deny(denial) => format!("{denial:?}"),
        Decision::NeedsCheck(check) => check.to_string(),
    }
}

#[test]
fn the_first_check_that_can_still_decide_is_next() {
    let (yes, no) = (Some(true), Some(false));
    for (rule, results, decision) in [
        (ALL, [None, None], "0"),
        (ALL, [yes, None], "1"),
        (ALL, [yes, yes], "allow"),
        (ALL, [None, no], "CheckFailed: check = b"),
        (ANY, [None, None], "0"),
        (ANY, [no, None], "1"),
        (ANY, [None, yes], "allow"),
        (Requirement::not(&ALL), [None, no], "allow"),
        (Requirement::not(&ANY), [no, None], "1"),
    ] {
        assert_eq!(decide(rule, results), decision, "{rule} {results:?}");
    }
}

#[test]
fn a_denial_has_the_clause_that_failed() {
    let no = [Some(false); 2];
    for (rule, denial) in [
        (ALL, "CheckFailed: check = a"),
        (ANY, "CheckFailed: any(check = a, check = b)"),
        (Requirement::any(&[A]), "CheckFailed: check = a"),
        (Requirement::all(&[EITHER]), "CheckFailed: EITHER = any(check = a, check = b)"),
        (ALL.named("BOTH"), "CheckFailed: BOTH = all(check = a, check = b)"),
    ] {
        assert_eq!(decide(rule, no), denial, "{rule}");
    }
    let excluded = decide(Requirement::not(&ANY), [Some(true); 2]);
    assert_eq!(excluded, "Excluded: not(any(check = a, check = b))");
}

#[test]
fn a_rule_about_no_scheme_is_met_by_each_declared_one() {
    assert_eq!(AUTHENTICATED.schemes(), SchemeSet::first(3));
    let key = Requirement::<Schema>::scheme(Entry::new(2, "key"));
    assert_eq!(key.schemes(), SchemeSet::EMPTY.with(2));
    let undeclared = Requirement::<Schema>::scheme(Entry::new(u16::MAX, "undeclared"));
    assert_eq!(undeclared.schemes(), SchemeSet::first(3), "the undeclared name is the only error");
    let token = Requirement::scheme(Entry::new(0, "token"));
    let both = Requirement::all(Box::leak(Box::new([token, key, undeclared])));
    assert_eq!(both.credentials().len(), 2);
}

const OPERATION: Operation<Schema> =
    Operation::new("module::Type::method", Access::Required { requirement: AUTHENTICATED, hide: false });

#[test]
fn an_operation_is_identified_by_its_place() {
    let at = |place, position| &*Box::leak(Box::new(OPERATION.at(place, position)));
    let (first, second, third) = (at("a.rs:1", 0), at("a.rs:2", 0), at("a.rs:1", 1));
    assert_eq!((first.name(), second.name()), (OPERATION.name(), OPERATION.name()));
    assert_ne!(first.id(), second.id());
    assert_ne!(first.id(), third.id());
}

#[test]
fn a_rule_is_a_clause_under_its_name() {
    let clause = OPERATION.clause("SIGNED_IN");
    assert_eq!(clause.to_string(), "SIGNED_IN = authenticated");
    assert_eq!(format!("{clause:?}"), clause.to_string());
}

#[test]
#[should_panic(expected = "this rule admits anonymous callers")]
fn a_rule_for_anonymous_callers_is_no_clause() {
    let _ = Operation::<Schema>::new("open", Access::Public { reason: "test" }).clause("OPEN");
}

#[test]
fn an_explanation_shows_what_is_below_a_not() {
    let rule = Requirement::not(&AUTHENTICATED);
    assert_eq!(ExplainedClause::of(&rule, &Stranger).to_string(), "no   not\nyes    authenticated\n");
}

/// Returns an `any` of this many scopes.
fn any_scope<const N: usize>() -> Requirement<Schema> {
    let name = |index: usize| &"abcdefghijklmnopq"[index..=index];
    Requirement::any(Box::leak(Box::new(std::array::from_fn::<_, N, _>(|index| {
        Requirement::scope(Entry::new(0, name(index)))
    }))))
}

#[test]
fn at_most_16_lists_of_scopes_are_documented() {
    let lists = |rule: Requirement<Schema>| rule.scope_alternatives(SchemeSet::first(3));
    let twice = |rule: Requirement<Schema>| lists(Requirement::all(Box::leak(Box::new([rule, rule]))));
    let too_many: [Vec<&str>; 1] = [Vec::new()];
    assert_eq!(lists(any_scope::<16>()).len(), 16);
    assert_eq!(lists(any_scope::<17>()), too_many);
    assert_eq!(twice(any_scope::<4>()), ["a", "b", "c", "d"].map(|scope| vec![scope]));
    assert_eq!(twice(any_scope::<5>()), too_many);
}

#[test]
fn a_public_operation_is_neither_optional_nor_guarded() {
    let public = Operation::<Schema>::new("public", Access::Public { reason: "liveness probe" });
    assert!(public.is_public() && !public.is_optional());
    let optional = Operation::<Schema>::new("optional", Access::Optional { requirement: None, hide: false });
    assert!(!optional.is_public() && optional.is_optional());
}
