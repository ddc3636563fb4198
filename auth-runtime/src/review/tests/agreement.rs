//! The owned tree decides as the enforced, constant tree does.

use std::collections::BTreeSet;

use proptest::prelude::*;
use serde_json::{Map, Value, json};

use super::random::{Names, clauses};
use crate::{
    declared::{AuthSchema, Table},
    policy::{CheckAnswers, ClaimValue, Decision, Facts, Requirement},
    prelude::*,
    review::{
        AccessPolicy, AccessRule, CheckText, ClaimContent, Clause, Clauses, Persona, RuleAccess, Target,
        analysis::{credentials::needed, several},
    },
};

permissions! { pub(crate) enum Permission { P = "p", Q = "q", R = "r" } }
roles! { pub(crate) enum Role: Permission { A = "A" => [P], B = "B": A => [Q], C = "C" } }

#[derive(Auth, Clone)]
#[auth(permissions = Permission, roles = Role)]
struct Auth {
    #[scheme(api_key(header = "S"))]
    s: ApiKeys,
    #[scheme(oauth2(password(token_url = "/token")))]
    t: Jwt,
    #[scheme(basic)]
    u: Basic,
}

const CHECKS: [&str; 2] = ["k", "l"];

fn names() -> Names {
    let owned = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect();
    Names {
        roles: owned(Role::NAMES),
        permissions: owned(Permission::NAMES),
        schemes: owned(&["s", "t", "u"]),
        scopes: owned(Auth::declared_names().scopes),
        checks: CHECKS.map(CheckText::from).into(),
    }
}

fn leak<T>(value: T) -> &'static T {
    Box::leak(Box::new(value))
}

fn position(names: &[&str], name: &str) -> u16 {
    u16::try_from(names.iter().position(|own| *own == name).unwrap()).unwrap()
}

/// Builds the constant tree. Applications use constants; the test leaks memory instead.
fn build(clause: &Clause) -> Requirement<Auth> {
    let list = |clauses: &[Clause]| clauses.iter().map(build).collect::<Vec<_>>();
    match clause {
        Clause::Authenticated => Requirement::authenticated(),
        Clause::HasRole(name) => Requirement::role(name.parse::<Role>().unwrap().entry()),
        Clause::HasPermission(name) => Requirement::permission(name.parse::<Permission>().unwrap().entry()),
        Clause::HasScope(name) => Requirement::scope(crate::__private::scope::<Auth>(leak(name.clone()))),
        Clause::UsesScheme(name) => Requirement::scheme(crate::__private::scheme::<Auth>(leak(name.clone()))),
        Clause::Fresh(seconds) => Requirement::fresh(*seconds),
        Clause::Checked(text) => Requirement::check(position(&CHECKS, text.as_str()), leak(text.as_str().to_owned())),
        Clause::Claim { name, value } => Requirement::claim(leak(name.clone()), claim_value(value)),
        Clause::Acr(classes) => match &classes.iter().map(|class| &**leak(class.clone())).collect::<Vec<&str>>()[..] {
            [a] => Requirement::acr(leak([*a])),
            [a, b] => Requirement::acr(leak([*a, *b])),
            _ => unreachable!("one or two classes"),
        },
        Clause::Not(clause) => Requirement::not(leak(build(clause))),
        Clause::Named { name, clause } => build(clause).named(leak(name.clone())),
        Clause::All(clauses) => match &list(clauses)[..] {
            [a] => Requirement::all(leak([*a])),
            [a, b] => Requirement::all(leak([*a, *b])),
            [a, b, c] => Requirement::all(leak([*a, *b, *c])),
            _ => unreachable!("one to three clauses"),
        },
        Clause::Any(clauses) => match &list(clauses)[..] {
            [a] => Requirement::any(leak([*a])),
            [a, b] => Requirement::any(leak([*a, *b])),
            [a, b, c] => Requirement::any(leak([*a, *b, *c])),
            _ => unreachable!("one to three clauses"),
        },
    }
}

fn claim_value(value: &ClaimContent) -> ClaimValue {
    match value {
        ClaimContent::Text(text) => ClaimValue::Text(leak(text.clone())),
        ClaimContent::Bool(value) => ClaimValue::Bool(*value),
        ClaimContent::Integer(number) => ClaimValue::Integer(*number),
    }
}

/// A caller as the guard sees one, with checks that may not have run.
#[derive(Clone, Debug)]
struct Caller {
    roles: Vec<Role>,
    direct: Vec<Permission>,
    scopes: Vec<String>,
    scheme: &'static str,
    age: u64,
    acr: &'static str,
    claims: Map<String, Value>,
    checks: [Option<bool>; 2],
}

impl Facts<Auth> for Caller {
    fn role(&self, index: u16) -> bool {
        self.roles.contains(&Role::ALL[usize::from(index)])
    }

    fn permission(&self, index: u16) -> bool {
        let permission = Permission::ALL[usize::from(index)];
        self.direct.contains(&permission) || self.roles.iter().any(|role| role.permissions().contains(permission))
    }

    fn scope(&self, index: u16) -> bool {
        let name = Auth::declared_names().scopes[usize::from(index)];
        self.scopes.iter().any(|own| own == name)
    }

    fn scheme(&self, index: u16) -> bool {
        Auth::SCHEMES[usize::from(index)].name == self.scheme
    }

    fn fresh(&self, seconds: u64) -> bool {
        self.age <= seconds
    }

    fn claim(&self, name: &str, value: &ClaimValue) -> bool {
        self.claims.get(name).is_some_and(|claim| value.is_in(claim))
    }

    fn acr(&self, values: &[&str]) -> bool {
        values.contains(&self.acr)
    }
}

impl Caller {
    /// The results of the checks that ran.
    fn answers(&self) -> CheckAnswers {
        (0..).zip(self.checks).fold(CheckAnswers::NONE, |answers, (check, result)| {
            result.map_or(answers, |is_met| answers.with(check, is_met))
        })
    }

    /// The persona with all facts that a clause asks for.
    fn persona(&self, clause: &Clause) -> Persona {
        let mut persona = Persona::caller().scheme(self.scheme).signed_in(self.age).acr(self.acr);
        let mut claims = Vec::new();
        clause.visit(&mut |leaf| claims.push(leaf));
        for leaf in claims {
            if let Clause::Claim { name, value } = leaf {
                let has = Facts::claim(self, name, &claim_value(value));
                persona = persona.claim(name, value.clone(), has);
            }
        }
        persona = self.roles.iter().fold(persona, |persona, role| persona.role(role.to_string()));
        persona = self.direct.iter().fold(persona, |persona, name| persona.permission(name.to_string()));
        for (text, result) in CHECKS.iter().zip(self.checks) {
            persona = result.into_iter().fold(persona, |persona, passes| persona.check(*text, passes));
        }
        persona.scopes(self.scopes.iter().map(String::as_str))
    }
}

/// A requirement; some need two credentials, and some ask for two that one request cannot have.
fn requirements() -> impl Strategy<Value = Clause> {
    let both = |(clause, one, other): (Clause, &'static str, &'static str)| {
        Clause::all([Clause::any([Clause::scheme(one), Clause::scheme("s")]), Clause::scheme(other), clause])
    };
    let scheme = || prop::sample::select(vec!["s", "t", "u"]);
    let clauses = || clauses(&names()).prop_map(with_one_name);
    prop_oneof![2 => clauses(), 1 => (clauses(), scheme(), scheme()).prop_map(both)]
}

/// A requirement has one name at most: that of its rule, or that of its check.
fn with_one_name(clause: Clause) -> Clause {
    let each = |clauses: Clauses| Clauses::new(clauses.iter().cloned().map(with_one_name).collect()).unwrap();
    match clause {
        Clause::Named { clause, .. } if matches!(*clause, Clause::Named { .. } | Clause::Checked(_)) => {
            with_one_name(*clause)
        }
        Clause::Named { name, clause } => Clause::named(name, with_one_name(*clause)),
        Clause::All(clauses) => Clause::All(each(clauses)),
        Clause::Any(clauses) => Clause::Any(each(clauses)),
        Clause::Not(clause) => Clause::not(with_one_name(*clause)),
        leaf => leaf,
    }
}

fn claims() -> impl Strategy<Value = Value> {
    prop::sample::select(vec![json!(null), json!("k"), json!(["k", "l"]), json!(true), json!(false), json!(1.5)])
}

fn callers() -> impl Strategy<Value = Caller> {
    let (roles, direct) = (Role::ALL.to_vec(), Permission::ALL.to_vec());
    let scopes: Vec<String> = Auth::declared_names().scopes.iter().map(|name| (*name).to_owned()).collect();
    (
        prop::sample::subsequence(roles, 0..=3),
        prop::sample::subsequence(direct, 0..=3),
        prop::sample::subsequence(scopes, 0..=2),
        prop::sample::select(vec!["s", "t", "u"]),
        0..90_000_u64,
        any::<[Option<bool>; 2]>(),
        prop::sample::select(vec!["", "k", "l"]),
        [claims(), claims()],
    )
        .prop_map(|(roles, direct, scopes, scheme, age, checks, acr, [k, l])| Caller {
            acr,
            claims: Map::from_iter([("k".to_owned(), k), ("l".to_owned(), l)]),
            roles,
            direct,
            scopes,
            scheme,
            age,
            checks,
        })
}

/// Needs two credentials only where the guard does, and the same ones.
fn assert_same_credentials(policy: &AccessPolicy, clause: &Clause, requirement: &Requirement<Auth>) {
    let names = |schemes: crate::declared::SchemeSet| -> BTreeSet<&str> {
        let all = Auth::SCHEMES.iter().enumerate();
        all.filter(|(index, _)| schemes.contains(*index)).map(|(_, scheme)| scheme.name).collect()
    };
    let enforced = requirement.credentials();
    let found = needed(policy, clause);
    match enforced.len() {
        // One credential, or a rule that does not compile.
        0 | 1 => assert!(several(policy, clause).is_empty(), "{clause}: {found:?}"),
        _ => assert_eq!(found, enforced.iter().map(names).collect::<Vec<_>>(), "{clause}"),
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2_000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn the_document_decides_as_the_guard_does(clause in requirements(), caller in callers()) {
        let requirement = build(&clause);
        prop_assert_eq!(&Clause::from(&requirement), &clause, "the tree is copied as it is");
        let policy = {
            let mut policy = AccessPolicy::of::<Auth>().build();
            let access = RuleAccess::Required { requirement: clause.clone(), hide: false };
            policy.rules.push(AccessRule {
                target: Target::named("rule"), operation: "rule".to_owned(), access,
            });
            policy
        };
        assert_same_credentials(&policy, &clause, &requirement);
        let explained = policy.explain(&policy.rules[0], &caller.persona(&clause)).clauses.unwrap();
        match requirement.decide(&caller, caller.answers()) {
            Decision::Allow => prop_assert_eq!(explained.is_met, Some(true)),
            Decision::Deny(_) => prop_assert_eq!(explained.is_met, Some(false)),
            Decision::NeedsCheck(index) => {
                prop_assert_eq!(explained.is_met, None);
                prop_assert_eq!(caller.checks[usize::from(index)], None, "the check is asked for that did not run");
            }
        }
    }
}
