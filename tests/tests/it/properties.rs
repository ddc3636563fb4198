//! Random requirements and callers: the status of a request matches a second, simpler evaluation of the requirement.

use std::sync::LazyLock;

use auth_runtime::{
    policy::{Access, Operation, Requirement},
    prelude::*,
};
use poem::{EndpointExt, endpoint::make_sync};
use proptest::prelude::*;

use crate::{
    fixture::{Auth, By, Caller, Permission, Role, get},
    tables::WideAuth,
    wide::Wide,
};

/// A requirement in the test's own representation.
#[derive(Clone, Debug)]
enum Tree {
    Authenticated,
    Role(usize),
    Permission(usize),
    Scope(usize),
    Scheme(usize),
    All(Vec<Tree>),
    Any(Vec<Tree>),
    Not(Box<Tree>),
}

/// A random caller: the content of the credential, and its scheme.
#[derive(Clone, Debug)]
struct RandomCaller {
    roles: Vec<bool>,
    permissions: Vec<bool>,
    scopes: Vec<bool>,
    scheme: usize,
}

impl Tree {
    /// Evaluates the requirement with two truth values, when all facts are known.
    fn is_met(&self, caller: &RandomCaller) -> bool {
        match self {
            Self::Authenticated => true,
            Self::Role(role) => caller.roles[*role],
            Self::Permission(permission) => {
                let held = |role: usize| match role {
                    0 => *permission == 0,
                    1 => *permission < 2,
                    _ => true,
                };
                caller.permissions[*permission] || (0..3).any(|role| caller.roles[role] && held(role))
            }
            Self::Scope(scope) => caller.scopes[*scope],
            Self::Scheme(scheme) => caller.scheme == *scheme,
            Self::All(trees) => !trees.iter().any(|tree| !tree.is_met(caller)),
            Self::Any(trees) => trees.iter().filter(|tree| tree.is_met(caller)).count() > 0,
            Self::Not(tree) => !tree.is_met(caller),
        }
    }

    /// Evaluates the requirement when only the scheme is known. `None` means that the result is unknown.
    fn by_scheme(&self, scheme: usize) -> Option<bool> {
        let each = |trees: &[Tree]| trees.iter().map(|tree| tree.by_scheme(scheme)).collect::<Vec<_>>();
        match self {
            Self::Authenticated => Some(true),
            Self::Scheme(index) => Some(*index == scheme),
            Self::Role(_) | Self::Permission(_) | Self::Scope(_) => None,
            Self::All(trees) if each(trees).contains(&Some(false)) => Some(false),
            Self::All(trees) => each(trees).iter().all(|met| *met == Some(true)).then_some(true),
            Self::Any(trees) if each(trees).contains(&Some(true)) => Some(true),
            Self::Any(trees) => each(trees).iter().all(|met| *met == Some(false)).then_some(false),
            Self::Not(tree) => tree.by_scheme(scheme).map(|met| !met),
        }
    }

    /// Builds the library's requirement. Applications use constants; the test leaks memory instead.
    fn build(&self) -> Requirement<Auth> {
        match self {
            Self::Authenticated => Requirement::authenticated(),
            Self::Role(role) => Requirement::role(Role::ALL[*role].entry()),
            Self::Permission(permission) => Requirement::permission(Permission::ALL[*permission].entry()),
            Self::Scope(scope) => Requirement::scope(auth_runtime::__private::scope::<Auth>(SCOPES[*scope])),
            Self::Scheme(scheme) => {
                Requirement::scheme(auth_runtime::__private::scheme::<Auth>(By::ALL[*scheme].scheme()))
            }
            Self::All(trees) => match &built(trees)[..] {
                [a] => Requirement::all(leak([*a])),
                [a, b] => Requirement::all(leak([*a, *b])),
                [a, b, c] => Requirement::all(leak([*a, *b, *c])),
                _ => unreachable!("one to three clauses"),
            },
            Self::Any(trees) => match &built(trees)[..] {
                [a] => Requirement::any(leak([*a])),
                [a, b] => Requirement::any(leak([*a, *b])),
                [a, b, c] => Requirement::any(leak([*a, *b, *c])),
                _ => unreachable!("one to three clauses"),
            },
            Self::Not(tree) => Requirement::not(leak(tree.build())),
        }
    }
}

fn built(trees: &[Tree]) -> Vec<Requirement<Auth>> {
    trees.iter().map(Tree::build).collect()
}

fn leak<T>(value: T) -> &'static T {
    Box::leak(Box::new(value))
}

const SCOPES: [&str; 3] = ["view", "edit", "products:create"];

impl RandomCaller {
    fn caller(&self) -> Caller {
        let mut caller = Caller::new("u");
        for (role, _) in Role::ALL.iter().zip(&self.roles).filter(|(_, has)| **has) {
            caller = caller.role(&role.to_string());
        }
        for (permission, _) in Permission::ALL.iter().zip(&self.permissions).filter(|(_, has)| **has) {
            caller = caller.permission(&permission.to_string());
        }
        let scopes: Vec<_> =
            SCOPES.iter().zip(&self.scopes).filter(|(_, has)| **has).map(|(scope, _)| *scope).collect();
        caller.scope(&scopes.join(" "))
    }
}

fn trees() -> impl Strategy<Value = Tree> {
    let leaf = prop_oneof![
        1 => Just(Tree::Authenticated),
        3 => (0..3_usize).prop_map(Tree::Role),
        3 => (0..4_usize).prop_map(Tree::Permission),
        3 => (0..3_usize).prop_map(Tree::Scope),
        2 => (0..5_usize).prop_map(Tree::Scheme),
    ];
    leaf.prop_recursive(4, 40, 3, |inner| {
        prop_oneof![
            3 => prop::collection::vec(inner.clone(), 1..=3).prop_map(Tree::All),
            3 => prop::collection::vec(inner.clone(), 1..=3).prop_map(Tree::Any),
            2 => inner.prop_map(|tree| Tree::Not(Box::new(tree))),
        ]
    })
}

fn callers() -> impl Strategy<Value = RandomCaller> {
    let flags = |count| prop::collection::vec(any::<bool>(), count);
    (flags(3), flags(4), flags(3), 0..5_usize).prop_map(|(roles, permissions, scopes, scheme)| RandomCaller {
        roles,
        permissions,
        scopes,
        scheme,
    })
}

static RUNTIME: LazyLock<tokio::runtime::Runtime> =
    LazyLock::new(|| tokio::runtime::Builder::new_current_thread().build().unwrap());

fn status(operation: &'static Operation<Auth>, call: crate::fixture::Call) -> u16 {
    let app = make_sync(|_| "reached").protect(operation).with(Auth::default());
    RUNTIME.block_on(call.to(&app)).status
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 1500, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_request_gets_the_status_that_its_requirement_implies(tree in trees(), caller in callers(), hide in any::<bool>()) {
        let accepted: Vec<usize> = (0..5).filter(|scheme| tree.by_scheme(*scheme) != Some(false)).collect();
        // An application with a requirement that no scheme can meet does not start.
        if accepted.is_empty() {
            return Ok(());
        }
        let operation = leak(Operation::new("random", Access::Required { requirement: tree.build(), hide }));
        let by = By::ALL[caller.scheme];
        let expected = match (accepted.contains(&caller.scheme), tree.is_met(&caller)) {
            (_, true) => 200,
            (false, false) => 401,
            (true, false) if hide => 404,
            (true, false) => 403,
        };
        prop_assert_eq!(status(operation, get("/").by(by, &caller.caller())), expected, "{} by {:?}", tree.build(), caller);
        prop_assert_eq!(status(operation, get("/")), 401, "a request without a credential is denied");
        prop_assert_eq!(
            status(operation, get("/").credential(by, "invalid")),
            401,
            "a request with an invalid credential is denied"
        );
    }

    #[test]
    fn a_requirement_that_no_scheme_can_meet_stops_the_start(tree in trees()) {
        let reachable = (0..5).any(|scheme| tree.by_scheme(scheme) != Some(false));
        let built = std::panic::catch_unwind(|| {
            Operation::new("random", Access::Required { requirement: tree.build(), hide: false })
        });
        prop_assert_eq!(built.is_ok(), reachable);
    }

    /// The text in the log and the document shows the structure of the requirement and all its names.
    #[test]
    fn a_requirement_is_printed_as_written(tree in trees()) {
        prop_assert_eq!(tree.build().to_string(), written(&tree));
    }

    #[test]
    fn permissions_of_every_word_are_checked(
        needed in prop::collection::vec(0..130_usize, 1..=3),
        held in prop::collection::btree_set(0..130_usize, 0..130),
        all in any::<bool>(),
    ) {
        let leaves: Vec<Requirement<WideAuth>> =
            needed.iter().map(|index| Requirement::permission(Wide::ALL[*index].entry())).collect();
        let requirement = match (&leaves[..], all) {
            ([a], true) => Requirement::all(leak([*a])),
            ([a], false) => Requirement::any(leak([*a])),
            ([a, b], true) => Requirement::all(leak([*a, *b])),
            ([a, b], false) => Requirement::any(leak([*a, *b])),
            ([a, b, c], true) => Requirement::all(leak([*a, *b, *c])),
            ([a, b, c], false) => Requirement::any(leak([*a, *b, *c])),
            _ => unreachable!("one to three permissions"),
        };
        let caller = held.iter().fold(Caller::new("u"), |caller, index| caller.permission(&Wide::ALL[*index].to_string()));
        let is_met = if all { needed.iter().all(|n| held.contains(n)) } else { needed.iter().any(|n| held.contains(n)) };
        let operation = leak(Operation::new("random", Access::Required { requirement, hide: false }));
        let app = make_sync(|_| "reached").protect(operation).with(WideAuth::default());
        let status = RUNTIME.block_on(get("/").by(By::Key, &caller).to(&app)).status;
        prop_assert_eq!(status, if is_met { 200 } else { 403 });
    }

    /// Random bytes in a header get a response, and are never accepted.
    #[test]
    fn random_headers_are_never_accepted(
        value in prop::collection::vec(prop_oneof![4 => 0x20_u8..0x7f, 1 => 0x80_u8..=0xff, 1 => Just(b'\t')], 0..60),
        scheme in prop::sample::select(&["", "Bearer ", "bearer  ", "Basic ", "LDAP ", "LDAP", "Digest ", "session="][..]),
        name in prop::sample::select(&["Authorization", "X-API-Key", "Cookie"][..]),
    ) {
        static OPTIONAL: Operation<Auth> = Operation::new("optional", Access::Optional { requirement: None, hide: false });
        static REQUIRED: Operation<Auth> =
            Operation::new("required", Access::Required { requirement: Requirement::authenticated(), hide: false });
        let value = [scheme.as_bytes(), &value].concat();
        let required = status(&REQUIRED, get("/").header(name, &value));
        prop_assert!([400, 401].contains(&required), "{name}: {value:?}: {required}");
        let optional = status(&OPTIONAL, get("/").header(name, &value));
        let is_cookie = name == "Cookie";
        prop_assert!([400, 401].contains(&optional) || is_cookie && optional == 200, "{name}: {value:?}: {optional}");
    }
}

fn written(tree: &Tree) -> String {
    let list =
        |word: &str, trees: &[Tree]| format!("{word}({})", trees.iter().map(written).collect::<Vec<_>>().join(", "));
    match tree {
        Tree::Authenticated => "authenticated".to_owned(),
        Tree::Role(role) => format!("role({:?})", Role::ALL[*role].to_string()),
        Tree::Permission(permission) => format!("permission({:?})", Permission::ALL[*permission].to_string()),
        Tree::Scope(scope) => format!("scopes({:?})", SCOPES[*scope]),
        Tree::Scheme(scheme) => format!("schemes({:?})", By::ALL[*scheme].scheme()),
        Tree::All(trees) => list("all", trees),
        Tree::Any(trees) => list("any", trees),
        Tree::Not(tree) => format!("not({})", written(tree)),
    }
}
