//! The rules as a document: puts into OpenAPI 3.0 what Poem's registry has no place for.
//!
//! Every operation that the macros generate gives its place in the source as its only security scheme
//! (`Guard::security_schemes`). That place is looked up here and gives way to what its rule says, so a document cannot
//! show another rule than the one that is enforced.

mod responses;
mod schemes;

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Map, Value, json};

use crate::{
    declared::{SchemeSet, SecurityScheme},
    guard::AuthConfig,
    policy::{Access, Node, Operation, Requirement},
};

const METHODS: [&str; 8] = ["get", "put", "post", "delete", "options", "head", "patch", "trace"];

/// Poem's document with the security of every operation.
///
/// # Panics
/// If Poem's document is not JSON.
pub(crate) fn document<A: AuthConfig>(spec: &str, operations: &[&'static Operation<A>], auth: &A) -> String {
    let mut spec: Value = serde_json::from_str(spec).expect("poem-openapi writes JSON");
    let mut writer = Writer {
        operations,
        configured: auth.configured(),
        throttled: auth.throttled(),
        problem: free_name(&spec["components"]["schemas"]),
        asked: BTreeMap::new(),
    };
    for item in spec["paths"].as_object_mut().into_iter().flat_map(|paths| paths.values_mut()) {
        for method in METHODS {
            if let Some(documented) = item.get_mut(method).and_then(Value::as_object_mut) {
                writer.describe(method, documented);
            }
        }
    }
    spec["components"]["securitySchemes"] = writer.schemes();
    spec["components"]["schemas"][&writer.problem] = responses::problem_schema();
    serde_json::to_string_pretty(&spec).expect("a JSON value can be written")
}

/// A name for our schema that the application does not use.
fn free_name(schemas: &Value) -> String {
    let mut name = "AccessProblem".to_owned();
    while schemas.get(&name).is_some() {
        name.push('_');
    }
    name
}

/// Writes the rules of operations into a document.
struct Writer<'a, A: 'static> {
    operations: &'a [&'static Operation<A>],
    configured: SchemeSet,
    throttled: SchemeSet,
    /// What the schema of problems is called.
    problem: String,
    /// For each scheme, the scopes that operations ask of it.
    asked: BTreeMap<usize, BTreeSet<&'static str>>,
}

impl<A: AuthConfig> Writer<'_, A> {
    /// Finds the rule of a documented operation and writes it down.
    fn describe(&mut self, method: &str, documented: &mut Map<String, Value>) {
        let place = documented.get("security").and_then(|list| list[0].as_object()?.keys().next().cloned());
        let operation = place.and_then(|place| self.operations.iter().find(|operation| operation.place() == place));
        let Some(operation) = operation.copied() else { return };
        documented.insert("security".into(), self.security(operation));
        responses::respond(documented, self.statuses(method, operation), &self.problem);
        match operation.access() {
            Access::Public { .. } => {}
            Access::Optional => {
                add_description(documented, "Anonymous callers are welcome; a credential that is sent must be valid.");
            }
            Access::Required { requirement, .. } => require(documented, requirement),
        }
    }

    /// The schemes that count for an operation, with their positions.
    fn accepted(
        &self,
        operation: &'static Operation<A>,
    ) -> impl Iterator<Item = (usize, &'static SecurityScheme)> + use<A> {
        let accepted = operation.schemes().intersection(self.configured);
        A::SCHEMES.iter().enumerate().filter(move |(index, _)| accepted.contains(*index))
    }

    /// A list of alternatives; `{}` stands for anonymous, and the empty list for public.
    fn security(&mut self, operation: &'static Operation<A>) -> Value {
        let mut alternatives = Vec::new();
        for (index, scheme) in self.accepted(operation) {
            let scopes = match operation.access() {
                // OpenAPI 3.0 allows scopes for these two only.
                Access::Required { requirement, .. } if scheme.has_scopes() => requirement.scope_alternatives(index),
                _ => vec![Vec::new()],
            };
            self.asked.entry(index).or_default().extend(scopes.iter().flatten());
            alternatives.extend(scopes.into_iter().map(|scopes| json!({ scheme.name: scopes })));
        }
        if matches!(operation.access(), Access::Optional) {
            alternatives.push(json!({}));
        }
        alternatives.into()
    }

    /// The statuses by which a caller can be kept out.
    fn statuses(&self, method: &str, operation: &'static Operation<A>) -> Vec<u16> {
        let mut statuses = match operation.access() {
            Access::Public { .. } => return Vec::new(),
            Access::Optional => vec![400, 401, 503],
            Access::Required { hide: true, .. } => vec![400, 401, 404, 503],
            Access::Required { hide: false, .. } => vec![400, 401, 403, 503],
        };
        // A cookie that a page of another site makes the browser send.
        let takes_cookies = self.accepted(operation).any(|(_, scheme)| scheme.location().is_ambient());
        if takes_cookies && !matches!(method, "get" | "head" | "options") && !statuses.contains(&403) {
            statuses.push(403);
        }
        if self.accepted(operation).any(|(index, _)| self.throttled.contains(index)) {
            statuses.push(429);
        }
        statuses
    }

    /// The schemes that are configured.
    fn schemes(&self) -> Value {
        let nothing = BTreeSet::new();
        let configured = A::SCHEMES.iter().enumerate().filter(|(index, _)| self.configured.contains(*index));
        let written = configured.map(|(index, scheme)| {
            (scheme.name.to_owned(), schemes::scheme::<A>(scheme, self.asked.get(&index).unwrap_or(&nothing)))
        });
        written.collect()
    }
}

/// The requirement in words and as extensions.
fn require<A: AuthConfig>(documented: &mut Map<String, Value>, requirement: &Requirement<A>) {
    for (key, names) in [
        (
            "x-required-roles",
            requirement.names(&|node| if let Node::Role { name, .. } = node { Some(*name) } else { None }),
        ),
        (
            "x-required-permissions",
            requirement.names(&|node| if let Node::Permission { name, .. } = node { Some(*name) } else { None }),
        ),
        ("x-required-scopes", requirement.scopes()),
    ] {
        if !names.is_empty() {
            documented.insert(key.into(), names.into());
        }
    }
    if !matches!(requirement.node(), Node::Authenticated) {
        documented.insert("x-requirement".into(), format!("{requirement:#}").into());
        add_description(documented, &format!("Requires `{requirement:#}`."));
    }
}

fn add_description(documented: &mut Map<String, Value>, text: &str) {
    let description = match documented.get("description").and_then(Value::as_str) {
        Some(own) if !own.is_empty() => format!("{own}\n\n{text}"),
        _ => text.to_owned(),
    };
    documented.insert("description".into(), description.into());
}
