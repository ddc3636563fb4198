//! The rules as a document: puts into OpenAPI 3.0 what Poem's registry has no place for.
//!
//! Every operation that the macros generate gives its place in the source as its only security scheme
//! (`Guard::security_schemes`). That place is looked up here and gives way to what its rule says, so a document cannot
//! show another rule than the one that is enforced.

use serde_json::{Map, Value, json};

use crate::{
    access::{Access, Node, Operation, Requirement, Table},
    authenticate::Authority,
    challenge::place,
    scheme::{Grant, OAuthFlow, SchemeKind, SchemeSet, SecurityScheme},
};

const METHODS: [&str; 8] = ["get", "put", "post", "delete", "options", "head", "patch", "trace"];
const PROBLEM: &str = "AccessProblem";
/// More alternatives than a reader could use; beyond, the scopes stand in the description only.
const MAX_ALTERNATIVES: usize = 16;

/// Poem's document with the security of every operation.
///
/// # Panics
/// If Poem's document is not JSON.
pub(crate) fn document<A: Authority>(
    spec: &str,
    operations: &[&'static Operation<A>],
    configured: SchemeSet,
) -> String {
    let mut spec: Value = serde_json::from_str(spec).expect("poem-openapi writes JSON");
    for item in spec["paths"].as_object_mut().into_iter().flat_map(|paths| paths.values_mut()) {
        for method in METHODS {
            if let Some(documented) = item.get_mut(method).and_then(Value::as_object_mut) {
                describe(documented, operations, configured);
            }
        }
    }
    let schemes = A::SCHEMES.iter().enumerate().filter(|(index, _)| configured.contains(*index));
    spec["components"]["securitySchemes"] = schemes.map(|(_, s)| (s.name.to_owned(), scheme::<A>(s))).collect();
    spec["components"]["schemas"][PROBLEM] = problem_schema();
    serde_json::to_string_pretty(&spec).expect("a JSON value can be written")
}

/// Finds the rule of a documented operation and writes it down.
fn describe<A: Authority>(
    documented: &mut Map<String, Value>,
    operations: &[&'static Operation<A>],
    configured: SchemeSet,
) {
    let place = documented.get("security").and_then(|list| list[0].as_object()?.keys().next().cloned());
    let Some(operation) = place.and_then(|place| operations.iter().find(|operation| operation.place() == place)) else {
        return;
    };
    documented.insert("security".into(), security(operation, configured));
    match operation.access() {
        Access::Public { .. } => {}
        Access::Optional => {
            respond(documented, &[400, 401, 503]);
            add_description(documented, "Anonymous callers are welcome; a credential that is sent must be valid.");
        }
        Access::Required { requirement, hide } => {
            respond(documented, if *hide { &[400, 401, 404, 503] } else { &[400, 401, 403, 503] });
            require(documented, requirement);
        }
    }
}

/// A list of alternatives; `{}` stands for anonymous, and the empty list for public.
fn security<A: Authority>(operation: &'static Operation<A>, configured: SchemeSet) -> Value {
    let schemes = operation.schemes().intersection(configured);
    let mut alternatives = Vec::new();
    for (index, scheme) in A::SCHEMES.iter().enumerate().filter(|(index, _)| schemes.contains(*index)) {
        let scopes = match operation.access() {
            // OpenAPI 3.0 allows scopes for these two only.
            Access::Required { requirement, .. } if scheme.has_scopes() => requirement.scope_alternatives(index),
            _ => vec![Vec::new()],
        };
        alternatives.extend(scopes.into_iter().map(|scopes| json!({ scheme.name: scopes })));
    }
    if matches!(operation.access(), Access::Optional) {
        alternatives.push(json!({}));
    }
    alternatives.into()
}

/// The requirement in words and as extensions.
fn require<A: Authority>(documented: &mut Map<String, Value>, requirement: &Requirement<A>) {
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

/// Adds the answers that keep callers out; what the operation documents itself stays.
fn respond(documented: &mut Map<String, Value>, statuses: &[u16]) {
    let Some(responses) = documented.get_mut("responses").and_then(Value::as_object_mut) else { return };
    for status in statuses {
        responses.entry(status.to_string()).or_insert_with(|| response(*status));
    }
}

fn response(status: u16) -> Value {
    let header = |description: &str| json!({ "description": description, "schema": { "type": "string" } });
    let (description, headers) = match status {
        400 => ("The request or its credential is malformed", json!({})),
        401 => (
            "No valid credential",
            json!({ "WWW-Authenticate": header("The schemes that are accepted here, and what was wrong (RFC 9110)") }),
        ),
        403 => (
            "The caller may not do this",
            json!({ "WWW-Authenticate": header("`insufficient_scope` for callers with a bearer token (RFC 6750)") }),
        ),
        404 => ("There is nothing here, or the caller may not know of it", json!({})),
        _ => (
            "Whether the caller may do this cannot be told now",
            json!({ "Retry-After": header("Seconds to wait (RFC 9110)") }),
        ),
    };
    let content =
        json!({ "application/problem+json": { "schema": { "$ref": format!("#/components/schemas/{PROBLEM}") } } });
    let mut response = json!({ "description": description });
    if headers.as_object().is_some_and(|headers| !headers.is_empty()) {
        response["headers"] = headers;
    }
    // Poem answers a bad request and a missing page in its own way.
    if !matches!(status, 400 | 404) {
        response["content"] = content;
    }
    response
}

fn problem_schema() -> Value {
    json!({
        "type": "object",
        "description": "Why a request was not let in (RFC 9457)",
        "required": ["type", "title", "status", "code"],
        "properties": {
            "type": { "type": "string", "format": "uri-reference" },
            "title": { "type": "string" },
            "status": { "type": "integer", "format": "int32" },
            "detail": { "type": "string" },
            "code": { "type": "string", "description": "Stable; for programs" },
        },
    })
}

fn scheme<A: Authority>(scheme: &SecurityScheme) -> Value {
    let mut documented = match scheme.kind {
        SchemeKind::Basic => json!({ "type": "http", "scheme": "basic" }),
        SchemeKind::Bearer { format: None } => json!({ "type": "http", "scheme": "bearer" }),
        SchemeKind::Bearer { format: Some(format) } => {
            json!({ "type": "http", "scheme": "bearer", "bearerFormat": format })
        }
        SchemeKind::Http { scheme } => json!({ "type": "http", "scheme": scheme }),
        SchemeKind::OpenIdConnect { url } => json!({ "type": "openIdConnect", "openIdConnectUrl": url }),
        SchemeKind::ApiKey { location, name } => json!({ "type": "apiKey", "in": place(location), "name": name }),
        SchemeKind::OAuth2 { flows, scopes } => {
            let scopes: Map<String, Value> = match scopes {
                Some(scopes) => scopes.iter().map(|(name, text)| ((*name).to_owned(), (*text).into())).collect(),
                None => permission_scopes::<A::Permission>(),
            };
            json!({ "type": "oauth2", "flows": flows.iter().map(|f| flow(f, &scopes)).collect::<Map<_, _>>() })
        }
    };
    if !scheme.description.is_empty() {
        documented["description"] = scheme.description.into();
    }
    documented
}

fn permission_scopes<P: Table>() -> Map<String, Value> {
    P::NAMES.iter().zip(P::DESCRIPTIONS).map(|(name, text)| ((*name).to_owned(), (*text).into())).collect()
}

fn flow(flow: &OAuthFlow, scopes: &Map<String, Value>) -> (String, Value) {
    let name = match flow.grant {
        Grant::Password => "password",
        Grant::ClientCredentials => "clientCredentials",
        Grant::AuthorizationCode => "authorizationCode",
        Grant::Implicit => "implicit",
    };
    let mut documented = json!({ "scopes": scopes });
    for (key, url) in
        [("authorizationUrl", flow.authorization_url), ("tokenUrl", flow.token_url), ("refreshUrl", flow.refresh_url)]
    {
        if let Some(url) = url {
            documented[key] = url.into();
        }
    }
    (name.into(), documented)
}

impl<A: Authority> Requirement<A> {
    /// The scopes that are asked for anywhere but below a `not`.
    pub(crate) fn scopes(&self) -> Vec<&'static str> {
        self.names(&|node| if let Node::Scope { name, .. } = node { Some(*name) } else { None })
    }

    /// The names that `pick` takes from the clauses, each once; what must not be met is no part of what is required.
    fn names(&self, pick: &impl Fn(&Node<A>) -> Option<&'static str>) -> Vec<&'static str> {
        let node = self.node();
        let mut names: Vec<_> = pick(&node).into_iter().collect();
        if let Node::All(clauses) | Node::Any(clauses) = node {
            for name in clauses.iter().flat_map(|clause| clause.names(pick)) {
                if !names.contains(&name) {
                    names.push(name);
                }
            }
        }
        names
    }

    /// The lists of scopes any one of which will do for a caller who comes by this scheme: the scopes of the
    /// requirement in disjunctive form. A clause that the scheme rules out has no list.
    fn scope_alternatives(&self, scheme: usize) -> Vec<Vec<&'static str>> {
        let alternatives = match self.node() {
            _ if self.met_by_scheme(scheme) == Some(false) => Vec::new(),
            Node::Scope { name, .. } => vec![vec![name]],
            Node::Any(clauses) => clauses.iter().flat_map(|clause| clause.scope_alternatives(scheme)).collect(),
            Node::All(clauses) => {
                let each = clauses.iter().map(|clause| clause.scope_alternatives(scheme));
                each.fold(vec![Vec::new()], |left, right| both(&left, &right))
            }
            _ => vec![Vec::new()],
        };
        minimal(alternatives)
    }
}

/// Every list of the one with every list of the other.
fn both(left: &[Vec<&'static str>], right: &[Vec<&'static str>]) -> Vec<Vec<&'static str>> {
    if left.len() * right.len() > MAX_ALTERNATIVES {
        return vec![Vec::new()];
    }
    let joined = |(left, right): (&Vec<&'static str>, &Vec<&'static str>)| {
        let mut joined = left.clone();
        joined.extend(right.iter().filter(|scope| !left.contains(scope)));
        joined
    };
    left.iter().flat_map(|left| right.iter().map(move |right| (left, right))).map(joined).collect()
}

/// Without the lists that ask for more than another one does.
fn minimal(alternatives: Vec<Vec<&'static str>>) -> Vec<Vec<&'static str>> {
    let mut kept: Vec<Vec<&'static str>> = Vec::new();
    for scopes in alternatives {
        let asks_less = |less: &Vec<&'static str>, more: &[&'static str]| less.iter().all(|scope| more.contains(scope));
        if kept.iter().any(|known| asks_less(known, &scopes)) {
            continue;
        }
        kept.retain(|known| !asks_less(&scopes, known));
        kept.push(scopes);
    }
    if kept.len() > MAX_ALTERNATIVES { vec![Vec::new()] } else { kept }
}
