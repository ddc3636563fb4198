//! Random policies.

use std::collections::BTreeSet;

use poem::http::Method;
use proptest::{
    prelude::*,
    sample::{Index, select},
};

use crate::review::{
    AccessPolicy, AccessRule, CheckText, ClaimContent, Clause, Clauses, RoleDefinition, RuleAccess, Target,
};

/// The names of a policy.
#[derive(Clone, Debug)]
pub(super) struct Names {
    pub(super) roles: Vec<String>,
    pub(super) permissions: Vec<String>,
    pub(super) schemes: Vec<String>,
    pub(super) scopes: Vec<String>,
    pub(super) checks: Vec<CheckText>,
}

/// Names that are short, and names that contain what a line could be forged with.
pub(super) fn hostile_names() -> impl Strategy<Value = Names> {
    let name = prop_oneof![
        4 => "[a-z]{1,6}(:[a-z]{1,6})?",
        1 => any::<String>(),
        1 => Just("a\"b\\c\n# d\r\nrole \u{202e}x\u{0}".to_owned()),
    ];
    let list = || prop::collection::btree_set(name.clone(), 1..4).prop_map(|names| names.into_iter().collect());
    let checks = prop::collection::vec((name.clone(), prop::option::of(name.clone())), 1..4);
    let checks = checks.prop_map(|checks| checks.into_iter().map(|(text, name)| check(&text, name)).collect());
    (list(), list(), list(), list(), checks).prop_map(|(roles, permissions, schemes, scopes, checks)| Names {
        roles,
        permissions,
        schemes,
        scopes,
        checks,
    })
}

fn check(text: &str, name: Option<String>) -> CheckText {
    let check = CheckText::from(text);
    name.map_or(check.clone(), |name| check.named(name))
}

/// A requirement over these names.
pub(super) fn clauses(names: &Names) -> BoxedStrategy<Clause> {
    let leaf = prop_oneof![
        1 => Just(Clause::Authenticated),
        4 => select(names.roles.clone()).prop_map(Clause::HasRole),
        4 => select(names.permissions.clone()).prop_map(Clause::HasPermission),
        2 => select(names.scopes.clone()).prop_map(Clause::HasScope),
        2 => select(names.schemes.clone()).prop_map(Clause::UsesScheme),
        2 => select(vec![60, 300, 86_401]).prop_map(Clause::Fresh),
        1 => (words(names), contents(names)).prop_map(|(name, value)| Clause::Claim { name, value }),
        1 => prop::collection::vec(words(names), 1..3).prop_map(Clause::Acr),
        2 => select(names.checks.clone()).prop_map(Clause::Checked),
    ];
    let titles = words(names).boxed();
    let tree = leaf.prop_recursive(4, 16, 3, move |inner| {
        let titles = titles.clone();
        let list = prop::collection::vec(inner.clone(), 1..=3)
            .prop_map(|clauses| Clauses::new(clauses).expect("at least one clause"));
        prop_oneof![
            3 => list.clone().prop_map(Clause::All),
            3 => list.prop_map(Clause::Any),
            2 => inner.clone().prop_map(Clause::not),
            1 => (titles, inner).prop_map(|(name, clause)| Clause::named(name, clause)),
        ]
    });
    tree.boxed()
}

/// A text that is no name of a table.
fn words(names: &Names) -> impl Strategy<Value = String> + use<> {
    select(names.checks.clone()).prop_map(|check| check.as_str().to_owned())
}

/// The value of a claim.
fn contents(names: &Names) -> impl Strategy<Value = ClaimContent> + use<> {
    prop_oneof![
        2 => words(names).prop_map(ClaimContent::Text),
        1 => any::<bool>().prop_map(ClaimContent::Bool),
        1 => any::<i64>().prop_map(ClaimContent::Integer),
    ]
}

fn accesses(names: &Names) -> impl Strategy<Value = RuleAccess> + use<> {
    prop_oneof![
        1 => any::<String>().prop_map(|reason| RuleAccess::Public { reason }),
        1 => Just(RuleAccess::Optional { requirement: None, hide: false }),
        1 => (clauses(names), any::<bool>())
            .prop_map(|(requirement, hide)| RuleAccess::Optional { requirement: Some(requirement), hide }),
        6 => (clauses(names), any::<bool>())
            .prop_map(|(requirement, hide)| RuleAccess::Required { requirement, hide }),
    ]
}

fn targets() -> impl Strategy<Value = Target> {
    let path = || prop_oneof![4 => "/[a-z:]{0,8}(/[:a-z*<>{}]{1,4})?", 1 => any::<String>()];
    prop_oneof![
        4 => (select(vec![Method::GET, Method::POST, Method::DELETE]), path())
            .prop_map(|(method, path)| Target::route(method, path)),
        1 => path().prop_map(Target::subtree),
        1 => any::<String>().prop_map(Target::named),
    ]
}

/// A policy with these names, and up to `rules` rules.
pub(super) fn policies(names: &Names, rules: usize) -> impl Strategy<Value = AccessPolicy> + use<> {
    let rule = (targets(), any::<String>(), accesses(names));
    let held = prop::collection::vec(prop::collection::vec(any::<Index>(), 0..3), names.roles.len());
    let (names, descriptions) = (names.clone(), select(vec!["", "Reads", "\"\n"]));
    (held, descriptions, prop::collection::vec(rule, 0..=rules)).prop_map(move |(held, description, rules)| {
        let mut policy = AccessPolicy {
            permissions: names.permissions.iter().map(|name| (name.clone(), description.to_owned())).collect(),
            schemes: names.schemes.iter().map(|name| (name.clone(), "basic".to_owned())).collect(),
            scopes: names.scopes.iter().cloned().collect(),
            ..AccessPolicy::default()
        };
        for (name, held) in names.roles.iter().zip(held) {
            let permissions: BTreeSet<_> = held.iter().map(|index| index.get(&names.permissions).clone()).collect();
            policy.roles.insert(name.clone(), RoleDefinition { description: description.to_owned(), permissions });
        }
        for (target, operation, access) in rules {
            // Two rules of one target: the first stays.
            let _ = policy.insert(AccessRule { target, operation, access });
        }
        policy
    })
}
