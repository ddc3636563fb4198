//! Writes the rules into the OpenAPI document, because Poem's registry has no place for them.
//!
//! Every operation that the macros generate has an identifier as its first security scheme
//! (`Guard::security_schemes`). This module finds the operation by the identifier and documents its rule. So the
//! documented rule is always the enforced one.

mod hidden;
mod responses;
mod schemes;
mod security;
mod sentences;
mod v3_1;

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Map, Value, json};

use self::security::Alternative;
use super::argument::SecurityArgument;
use crate::{
    declared::{SchemeSet, SecurityScheme},
    guard::AuthConfig,
    policy::{Access, Node, Operation, OperationId, Requirement},
};

const METHODS: [&str; 8] = ["get", "put", "post", "delete", "options", "head", "patch", "trace"];

/// An operation with all that its callers need: its rule, and its arguments that are security schemes.
pub(super) struct Row<A: 'static> {
    pub(super) operation: &'static Operation<A>,
    /// The identifier of the operation in the document of poem-openapi.
    pub(super) id: OperationId,
    pub(super) arguments: Vec<SecurityArgument>,
    /// Whether it has other arguments that read the request.
    pub(super) has_extractor: bool,
}

impl<A> Row<A> {
    /// Returns the row of an operation with these arguments.
    pub(super) fn new(operation: &'static Operation<A>, mut arguments: Vec<SecurityArgument>) -> Self {
        let count = arguments.len();
        arguments.retain(SecurityArgument::is_scheme);
        Self { operation, id: operation.id(), has_extractor: arguments.len() < count, arguments }
    }
}

impl<A: AuthConfig> Row<A> {
    /// Returns whether this is the operation that poem-openapi lists with these alternatives.
    fn is(&self, listed: &[Value]) -> bool {
        let first = |alternative: &Value| alternative.as_object().and_then(|names| names.keys().next().cloned());
        let Some((id, schemes)) = listed.split_first() else { return false };
        let expected: Vec<_> = self.arguments.iter().flat_map(SecurityArgument::alternatives).collect();
        first(id).as_deref() == Some(self.id.as_str())
            && schemes.len() == expected.len()
            && schemes.iter().zip(expected).all(|(listed, expected)| first(listed).as_deref() == expected)
    }
}

/// The choices of an application about its document.
#[derive(Clone, Copy, Default)]
pub(super) struct Choice {
    /// Whether operations with `hide` are documented.
    pub(super) hidden: bool,
    /// Whether it is OpenAPI 3.1, and not 3.0.
    pub(super) is_3_1: bool,
}

/// Returns Poem's document with the security of every operation.
///
/// # Panics
/// Panics if Poem's document is not JSON, or has an operation without a rule.
pub(super) fn document<A: AuthConfig>(spec: &str, rows: &[Row<A>], auth: &A, choice: Choice) -> String {
    let mut spec: Value = serde_json::from_str(spec).expect("poem-openapi writes JSON");
    let mut removed = Vec::new();
    let mut writer = Writer {
        rows,
        configured: auth.configured(),
        throttled: auth.throttled(),
        problem: free_name(&spec["components"]["schemas"]),
        asked: BTreeMap::new(),
        used: BTreeSet::new(),
        lists_roles: choice.is_3_1,
    };
    let items = spec["paths"].as_object_mut().into_iter().flat_map(Map::values_mut);
    for item in items.filter_map(Value::as_object_mut) {
        for method in METHODS {
            let Some(documented) = item.get_mut(method).and_then(Value::as_object_mut) else { continue };
            let row = writer.row(documented);
            if row.operation.hides() && !choice.hidden {
                removed.extend(item.shift_remove(method).and_then(|operation| operation.as_object().cloned()));
            } else {
                writer.describe(method, row, documented);
            }
        }
    }
    hidden::prune(&mut spec, &removed, &METHODS);
    spec["components"]["securitySchemes"] = writer.schemes();
    spec["components"]["schemas"][&writer.problem] = responses::problem_schema();
    if choice.is_3_1 {
        v3_1::convert(&mut spec);
    } else {
        extend_with_webhooks(&mut spec);
    }
    serde_json::to_string_pretty(&spec).expect("a JSON value can be written")
}

/// Moves the webhooks, which OpenAPI 3.0 does not have, to the extension that Redoc reads.
fn extend_with_webhooks(spec: &mut Value) {
    if let Some(members) = spec.as_object_mut()
        && let Some(webhooks) = members.shift_remove("webhooks")
    {
        members.insert("x-webhooks".into(), webhooks);
    }
}

/// Checks that no name stands for two different security schemes: the document could show only one of them.
///
/// # Panics
/// Panics with the name of the scheme if one does.
pub(super) fn assert_one_scheme_per_name<A: AuthConfig>(rows: &[Row<A>]) {
    let mut declared: BTreeMap<&str, Value> = BTreeMap::new();
    for scheme in A::SCHEMES {
        declared.insert(scheme.name, without_description(&schemes::scheme::<A>(scheme, &BTreeSet::new())));
    }
    for row in rows {
        for (name, scheme) in row.arguments.iter().flat_map(SecurityArgument::declared) {
            let scheme = without_description(scheme);
            let known = declared.entry(name).or_insert_with(|| scheme.clone());
            assert!(
                *known == scheme,
                "two different security schemes are called `{name}`; an argument of `{}` declares one of them: \
                 rename it with `#[oai(rename = \"..\")]`, or the field with `#[scheme(.., name = \"..\")]`",
                row.operation.name(),
            );
        }
    }
}

fn without_description(scheme: &Value) -> Value {
    let mut scheme = scheme.clone();
    if let Some(members) = scheme.as_object_mut() {
        members.remove("description");
    }
    scheme
}

/// Returns a name for our schema that the application does not use.
fn free_name(schemas: &Value) -> String {
    let mut name = "AccessProblem".to_owned();
    while schemas.get(&name).is_some() {
        name.push('_');
    }
    name
}

/// Writes the rules of operations into a document.
struct Writer<'a, A: 'static> {
    rows: &'a [Row<A>],
    configured: SchemeSet,
    throttled: SchemeSet,
    /// The name of the schema of problems.
    problem: String,
    /// For each scheme, the scopes that operations require.
    asked: BTreeMap<usize, BTreeSet<&'static str>>,
    /// The schemes of arguments that operations require.
    used: BTreeSet<&'static str>,
    /// Whether schemes without scopes list the roles, as OpenAPI 3.1 allows (section 4.8.30).
    lists_roles: bool,
}

impl<'a, A: AuthConfig> Writer<'a, A> {
    /// Returns the operation to document.
    fn row(&self, documented: &Map<String, Value>) -> &'a Row<A> {
        let listed = listed(documented);
        let row = self.rows.iter().find(|row| row.is(&listed));
        row.unwrap_or_else(|| panic!("a documented operation has no rule: {listed:?}"))
    }

    /// Documents the rule of an operation.
    fn describe(&mut self, method: &str, row: &'a Row<A>, documented: &mut Map<String, Value>) {
        let listed = listed(documented);
        let operation = row.operation;
        documented.insert("security".into(), self.security(row, &listed));
        responses::respond(documented, self.statuses(method, operation), &self.problem);
        if row.arguments.iter().any(|argument| !argument.has_fallback()) {
            responses::respond_to_missing_argument(documented);
        }
        match operation.access() {
            Access::Public { .. } => {}
            Access::Optional { requirement, .. } => {
                add_description(documented, "Anonymous callers are welcome; a credential that is sent must be valid.");
                if let Some(requirement) = requirement {
                    require(documented, requirement);
                }
            }
            Access::Required { requirement, .. } => require(documented, requirement),
        }
    }

    /// Returns the schemes that an operation accepts, with their positions.
    fn accepted(
        &self,
        operation: &'static Operation<A>,
    ) -> impl Iterator<Item = (usize, &'static SecurityScheme)> + use<A> {
        let accepted = operation.accepted(self.configured);
        A::SCHEMES.iter().enumerate().filter(move |(index, _)| accepted.contains(*index))
    }

    /// Returns the list of alternatives. `{}` means anonymous, and an empty list means a public operation.
    fn security(&mut self, row: &'a Row<A>, listed: &[Value]) -> Value {
        if matches!(row.operation.access(), Access::Public { .. }) && row.arguments.is_empty() {
            return json!([]);
        }
        let mut alternatives = self.rule(row.operation);
        // The first one listed is the rule's own.
        let mut listed = listed.iter().skip(1);
        for argument in &row.arguments {
            let argument: Vec<Alternative> =
                argument.alternatives().map(|name| self.asked_by(argument, name, listed.next())).collect();
            alternatives = security::both(&alternatives, &argument);
        }
        alternatives.into()
    }

    /// Returns the alternatives of an operation's rule. If a rule needs several credentials, each alternative has all.
    fn rule(&mut self, operation: &'static Operation<A>) -> Vec<Alternative> {
        let mut alternatives = vec![Alternative::new()];
        for (position, schemes) in operation.credentials().iter().enumerate() {
            let wanted = operation.accepted(self.configured).intersection(schemes);
            let one: Vec<Alternative> =
                wanted.iter().flat_map(|index| self.carried_by(index, position, operation)).collect();
            alternatives = security::both(&alternatives, &one);
        }
        if operation.is_optional() {
            alternatives.push(Alternative::new());
        }
        alternatives
    }

    /// Returns the alternatives of one scheme that carries one of the credentials, with the scopes or roles that are
    /// needed.
    fn carried_by(&mut self, index: usize, position: usize, operation: &'static Operation<A>) -> Vec<Alternative> {
        let scheme = &A::SCHEMES[index];
        let others = operation.credentials().iter().enumerate().filter(|(other, _)| *other != position);
        let schemes = others.fold(SchemeSet::EMPTY.with(index), |schemes, (_, other)| schemes.union(other));
        // Scopes and roles are about the caller of the first credential.
        let names = match operation.access() {
            Access::Required { requirement, .. } if scheme.has_scopes() && position == 0 => {
                let scopes = requirement.scope_alternatives(schemes);
                self.asked.entry(index).or_default().extend(scopes.iter().flatten());
                scopes
            }
            Access::Required { requirement, .. } if self.lists_roles && position == 0 => {
                requirement.role_alternatives(schemes)
            }
            _ => vec![Vec::new()],
        };
        names.into_iter().map(|names| Alternative::from_iter([(scheme.name.into(), names.into())])).collect()
    }

    /// Returns one alternative of an argument, with the scopes that poem-openapi lists for it.
    fn asked_by(
        &mut self,
        argument: &SecurityArgument,
        name: Option<&'static str>,
        listed: Option<&Value>,
    ) -> Alternative {
        let Some(name) = name else { return Alternative::new() };
        self.used.insert(name);
        let scopes = listed.map(|listed| listed[name].clone()).filter(Value::is_array);
        let scopes = scopes.filter(|_| security::has_scopes(argument.declared().get(name)));
        Alternative::from_iter([(name.to_owned(), scopes.unwrap_or_else(|| json!([])))])
    }

    /// Returns the statuses of refusals by the rule.
    fn statuses(&self, method: &str, operation: &'static Operation<A>) -> Vec<u16> {
        let mut statuses = match operation.access() {
            Access::Public { .. } => return Vec::new(),
            Access::Optional { requirement: None, .. } => vec![400, 401, 431, 503],
            Access::Optional { .. } | Access::Required { .. } if operation.hides() => vec![400, 401, 404, 431, 503],
            Access::Optional { .. } | Access::Required { .. } => vec![400, 401, 403, 431, 503],
        };
        // A cookie, or the header of a proxy, comes with requests of other sites too.
        let takes_ambient = self.accepted(operation).any(|(_, scheme)| scheme.is_ambient);
        if takes_ambient && !matches!(method, "get" | "head" | "options") && !statuses.contains(&403) {
            statuses.push(403);
        }
        if self.accepted(operation).any(|(index, _)| self.throttled.contains(index)) {
            statuses.push(429);
        }
        statuses
    }

    /// Returns the configured schemes, and the schemes of arguments.
    fn schemes(&self) -> Value {
        let nothing = BTreeSet::new();
        let configured = A::SCHEMES.iter().enumerate().filter(|(index, _)| self.configured.contains(*index));
        let mut schemes: Map<String, Value> = configured
            .map(|(index, scheme)| {
                (scheme.name.to_owned(), schemes::scheme::<A>(scheme, self.asked.get(&index).unwrap_or(&nothing)))
            })
            .collect();
        let arguments = self.rows.iter().flat_map(|row| &row.arguments).flat_map(SecurityArgument::declared);
        for (name, scheme) in arguments.filter(|(name, _)| self.used.contains(name.as_str())) {
            schemes.entry(name).or_insert_with(|| scheme.clone());
        }
        schemes.into()
    }
}

/// Returns the alternatives that poem-openapi lists for an operation.
fn listed(documented: &Map<String, Value>) -> Vec<Value> {
    documented.get("security").and_then(Value::as_array).cloned().unwrap_or_default()
}

/// Adds the requirement in words and as extensions.
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
        let mut sentences = vec![format!("Requires `{requirement:#}`.")];
        sentences.extend(sentences::explain(requirement));
        add_description(documented, &sentences.join(" "));
    }
}

fn add_description(documented: &mut Map<String, Value>, text: &str) {
    let description = match documented.get("description").and_then(Value::as_str) {
        Some(own) if !own.is_empty() => format!("{own}\n\n{text}"),
        _ => text.to_owned(),
    };
    documented.insert("description".into(), description.into());
}
