//! Builds the policy from the code: the same constants that are enforced.

use std::{
    collections::{BTreeSet, HashSet},
    marker::PhantomData,
};

use poem::http::Method;
use poem_openapi::registry::MetaOperation;
#[cfg(feature = "testing")]
use poem_openapi::registry::{MetaApi, Registry};

use super::{AccessPolicy, AccessRule, Invariants, RoleDefinition, RuleAccess, Target, scheme_text};
#[cfg(feature = "mcp")]
use crate::mcp::ProtectedTools;
use crate::{
    declared::{AuthSchema, RoleTable, Table},
    mount::{Protected, ProtectedHandler},
    policy::{Operation, Place, RuleWatch},
};

/// Collects the rules of everything that an application mounts. [`AccessPolicy::of`] returns it.
///
/// Poem's router cannot list its routes, so you list each endpoint with its path. An API or a handler of another `Auth`
/// type does not compile.
#[derive(Debug, Clone)]
#[must_use = "call `build`"]
pub struct AccessPolicyBuilder<A> {
    policy: AccessPolicy,
    /// The places where the operations are declared.
    listed: Vec<Place>,
    invariants: Option<Invariants>,
    /// The arguments of the operations and tools.
    #[cfg(feature = "testing")]
    described: Vec<Described>,
    auth: PhantomData<fn() -> A>,
}

/// What describes the arguments of operations or tools.
#[cfg(feature = "testing")]
#[derive(Debug, Clone)]
pub(crate) enum Described {
    /// An API that is mounted at this path.
    Api { prefix: String, meta: fn() -> Vec<MetaApi>, register: fn(&mut Registry) },
    /// A tool, with the JSON schema of its arguments.
    #[cfg(feature = "mcp")]
    Tool { name: &'static str, arguments: serde_json::Value },
}

impl AccessPolicy {
    /// Starts the policy of an application with the permissions, roles and schemes of its `Auth` type.
    ///
    /// ```
    /// use auth_runtime::{prelude::*, review::AccessPolicy};
    /// use poem::{handler, http::Method};
    ///
    /// # permissions! { pub enum Permission { View = "view" } }
    /// # roles! { pub enum Role: Permission { Viewer = "Viewer" => [View] } }
    /// # #[derive(Auth, Clone)] #[auth(permissions = Permission, roles = Role)]
    /// # struct Auth { #[scheme(api_key(header = "X-API-Key"))] key: ApiKeys }
    /// #[protected(roles("Viewer"))]
    /// #[handler]
    /// fn status() -> &'static str {
    ///     "fine"
    /// }
    ///
    /// let policy = AccessPolicy::of::<Auth>()
    ///     .handler(Method::GET, "/status", &status)
    ///     .subtree("/reports/*", requirement!(permission("view")))
    ///     .build();
    /// assert_eq!(policy.rules().len(), 2);
    /// ```
    pub fn of<A: AuthSchema>() -> AccessPolicyBuilder<A> {
        let mut policy = Self { permissions: described::<A::Permission>().collect(), ..Self::default() };
        for ((name, description), words) in described::<A::Role>().zip(A::Role::PERMISSION_WORDS) {
            policy.roles.insert(name, RoleDefinition { description, permissions: named::<A>(words) });
        }
        policy.schemes =
            A::SCHEMES.iter().map(|scheme| (scheme.name.to_owned(), scheme_text::written(scheme))).collect();
        policy.scopes = A::declared_names().scopes.iter().map(|name| (*name).to_owned()).collect();
        AccessPolicyBuilder {
            policy,
            listed: Vec::new(),
            invariants: None,
            #[cfg(feature = "testing")]
            described: Vec::new(),
            auth: PhantomData,
        }
    }
}

impl<A: AuthSchema> AccessPolicyBuilder<A> {
    /// Adds the operations of an API that is mounted at this path.
    ///
    /// poem-openapi does not list operations with `#[oai(hidden)]`, so such an operation is added by its name, without
    /// a path.
    ///
    /// # Panics
    /// If another rule has one of the routes.
    #[track_caller]
    pub fn api<T: Protected<Auth = A>>(mut self, prefix: &str) -> Self {
        #[cfg(feature = "testing")]
        self.described.push(Described::Api { prefix: prefix.to_owned(), meta: T::meta, register: T::register });
        let operations = T::operations();
        let mut listed = Vec::new();
        for path in T::meta().into_iter().flat_map(|api| api.paths) {
            for documented in path.operations {
                let id = id(&documented);
                let operation = operations.iter().find(|operation| Some(operation.id().as_str()) == id);
                let operation = operation.expect("each operation of a protected API has a rule");
                listed.push(operation.place());
                self = self.rule(Target::route(documented.method, mount_path(prefix, &path.path)), operation);
            }
        }
        let hidden = operations.into_iter().filter(|operation| !listed.contains(&operation.place()));
        hidden.fold(self, |policy, operation| policy.rule(Target::named(operation.name()), operation))
    }

    /// Adds a handler that is mounted at this path for this method.
    ///
    /// # Panics
    /// If another rule has the route.
    #[track_caller]
    pub fn handler<H: ProtectedHandler<Auth = A>>(self, method: Method, path: &str, handler: &H) -> Self {
        self.rule(Target::route(method, path), handler.operation())
    }

    /// Adds a subtree that [`protect`](crate::mount::Protect::protect) guards.
    ///
    /// # Panics
    /// If another rule has the path.
    #[track_caller]
    pub fn subtree(self, path: &str, requirement: &'static Operation<A>) -> Self {
        self.rule(Target::subtree(path), requirement)
    }

    /// Adds a subtree that [`protect`](crate::mount::Protect::protect) guards, with the rules inside of it.
    ///
    /// A caller must meet both the rule of the subtree and the rule of the route. The policy shows the two as one rule,
    /// so the matrix is exact. `add` lists what is mounted in the subtree, with full paths.
    ///
    /// ```
    /// use auth_runtime::{prelude::*, review::AccessPolicy};
    /// use poem::{handler, http::Method};
    ///
    /// # permissions! { pub enum Permission { View = "view" } }
    /// # roles! { pub enum Role: Permission { Viewer = "Viewer" => [View] } }
    /// # #[derive(Auth, Clone)] #[auth(permissions = Permission, roles = Role)]
    /// # struct Auth { #[scheme(api_key(header = "X-API-Key"))] key: ApiKeys }
    /// #[protected(roles("Viewer"))]
    /// #[handler]
    /// fn figures() -> &'static str {
    ///     "42"
    /// }
    ///
    /// let policy = AccessPolicy::of::<Auth>()
    ///     .subtree_with("/reports/*", requirement!(permission("view")), |reports| {
    ///         reports.handler(Method::GET, "/reports/figures", &figures)
    ///     })
    ///     .build();
    /// let rule = policy.find(&Method::GET, "/reports/figures").unwrap();
    /// assert_eq!(rule.access.to_string(), r#"requires all(permission("view"), role("Viewer"))"#);
    /// ```
    ///
    /// # Panics
    /// If another rule has the path, or if a route that `add` lists is not inside of the subtree.
    #[track_caller]
    pub fn subtree_with(self, path: &str, requirement: &'static Operation<A>, add: impl FnOnce(Self) -> Self) -> Self {
        let known: HashSet<Target> = self.policy.rules.iter().map(|rule| rule.target.clone()).collect();
        let outer = RuleAccess::from(requirement.access());
        let mut policy = add(self);
        for rule in policy.policy.rules.iter_mut().filter(|rule| !known.contains(&rule.target)) {
            assert!(is_inside(&rule.target, path), "`{}` is not inside of `{path}`", rule.target);
            rule.access = rule.access.inside(&outer);
        }
        policy.subtree(path, requirement)
    }

    /// Adds the MCP tools of a type, each by its name.
    ///
    /// # Panics
    /// If another rule has the name of a tool.
    #[cfg(feature = "mcp")]
    #[track_caller]
    #[cfg_attr(not(feature = "testing"), expect(unused_mut, reason = "the arguments are for tests"))]
    pub fn tools<T: ProtectedTools<Auth = A>>(mut self) -> Self {
        #[cfg(feature = "testing")]
        self.described.extend(
            <T::Guarded as poem_mcpserver::tool::Tools>::list()
                .into_iter()
                .map(|tool| Described::Tool { name: tool.name, arguments: tool.input_schema }),
        );
        T::tools().into_iter().fold(self, |policy, (name, operation)| policy.rule(Target::named(name), operation))
    }

    /// Adds the rule of anything else that can be called.
    ///
    /// # Panics
    /// If another rule has the target.
    #[track_caller]
    pub fn rule(mut self, target: Target, operation: &'static Operation<A>) -> Self {
        self.listed.push(operation.place());
        if let Err(known) = self.policy.insert(AccessRule::new(target, operation)) {
            panic!("`{}` has two rules: `{}` and `{}`", known.target, known.operation, operation.name());
        }
        self
    }

    /// Returns a middleware that finds rules outside of this policy.
    #[must_use]
    pub fn watch(&self) -> RuleWatch {
        RuleWatch::new(self.listed.iter().copied())
    }

    /// Returns what describes the arguments of the operations and tools.
    #[cfg(feature = "testing")]
    pub(crate) fn described(&self) -> &[Described] {
        &self.described
    }

    /// Sets the invariants of routes that [`build`](Self::build) checks: the constant of
    /// [`invariants!`](crate::invariants).
    ///
    /// ```
    /// # use auth_runtime::{prelude::*, review::AccessPolicy};
    /// # #[derive(Auth, Clone)] struct Auth { #[scheme(api_key(header = "X-API-Key"))] key: ApiKeys }
    /// invariants! {
    ///     max_public = 3;
    /// }
    ///
    /// let policy = AccessPolicy::of::<Auth>().invariants(INVARIANTS).build();
    /// ```
    pub fn invariants(self, invariants: Invariants) -> Self {
        Self { invariants: Some(invariants), ..self }
    }

    /// Returns the policy.
    ///
    /// # Panics
    /// If an invariant of [`invariants`](Self::invariants) is violated. The test of the lock file calls this method.
    #[must_use]
    #[track_caller]
    pub fn build(self) -> AccessPolicy {
        let broken = self.invariants.map(|invariants| self.policy.broken(invariants)).unwrap_or_default();
        assert!(broken.is_empty(), "{}", broken.join("\n"));
        self.policy
    }
}

fn described<T: Table>() -> impl Iterator<Item = (String, String)> {
    T::NAMES.iter().zip(T::DESCRIPTIONS).map(|(name, description)| ((*name).to_owned(), (*description).to_owned()))
}

/// Returns the names of these permissions.
fn named<A: AuthSchema>(words: &[u64]) -> BTreeSet<String> {
    let names = A::Permission::NAMES.iter().enumerate();
    let held = names.filter(|(index, _)| words.get(index / 64).is_some_and(|word| word >> (index % 64) & 1 == 1));
    held.map(|(_, name)| (*name).to_owned()).collect()
}

/// Whether a target is below the path of a subtree; one without a path can be anywhere.
fn is_inside(target: &Target, subtree: &str) -> bool {
    let start = subtree.trim_end_matches('*');
    target.path().is_none_or(|path| path.starts_with(start) || path == start.trim_end_matches('/'))
}

/// Returns the identifier that the guard put into the list of security schemes.
fn id(documented: &MetaOperation) -> Option<&'static str> {
    documented.security.first().and_then(|alternative| alternative.keys().next().copied())
}

/// Returns a path of poem-openapi below a prefix, as Poem writes it: `/api/entries/:id`.
pub(crate) fn mount_path(prefix: &str, path: &str) -> String {
    let parameter =
        |segment: &str| segment.strip_prefix('{').and_then(|name| name.strip_suffix('}')).map(str::to_owned);
    let mut joined = prefix.trim_end_matches('/').to_owned();
    for segment in path.split('/').filter(|segment| !segment.is_empty()) {
        joined.push('/');
        joined.push_str(&parameter(segment).map_or_else(|| segment.to_owned(), |name| format!(":{name}")));
    }
    if joined.is_empty() { "/".to_owned() } else { joined }
}
