//! The matrix for `overstep` 1.7, which sends a request for each route and role, and judges the answers.
//!
//! The guard decides before the handler runs. So an answer shows that it let the caller in, unless the status is 401,
//! 403, 429 or 5xx. A check runs after the arguments are read, so a rule with a check needs a valid body, and only
//! success shows that the caller was let in.

use auth_runtime::review::{AccessPolicy, AccessRule, Clause, MatrixCell, MatrixColumn, Persona, RuleAccess, Target};
use serde_json::{Map, Value, json};

/// Statuses of callers that the guard let in. 429 is neither.
const LET_IN: [&str; 6] = ["2xx", "3xx", "400", "402", "404-428", "430-499"];
/// The same where a denial is 404.
const LET_IN_OF_HIDDEN: [&str; 6] = ["2xx", "3xx", "400", "402", "405-428", "430-499"];
/// The same where a check decides: 400, 415 and 422 come before it.
const LET_IN_BY_CHECK: [&str; 2] = ["2xx", "3xx"];
/// The methods that the program sends.
const METHODS: [&str; 5] = ["GET", "POST", "PUT", "PATCH", "DELETE"];

/// The matrix, and the rules that it leaves out.
pub(super) struct Overstep<'a> {
    policy: &'a AccessPolicy,
    /// The scheme of all callers, if it is known.
    scheme: Option<&'a str>,
    callers: Vec<MatrixColumn>,
}

/// A rule as a resource and the roles that it lets in.
struct Exported {
    name: String,
    resource: Value,
    allowed: Vec<Value>,
}

impl<'a> Overstep<'a> {
    pub(super) fn new(policy: &'a AccessPolicy, scheme: Option<&'a str>) -> Self {
        let is_caller = |column: &MatrixColumn| matches!(column, MatrixColumn::Anonymous | MatrixColumn::RoleNamed(_));
        let callers = policy.matrix().columns().iter().filter(|column| is_caller(column)).cloned().collect();
        Self { policy, scheme, callers }
    }

    /// Returns the matrix, and the rules that are left out.
    pub(super) fn document(&self, base_url: &str) -> (Value, Vec<&'a Target>) {
        let rules = self.policy.rules().iter().map(|rule| (self.exported(rule), &rule.target));
        let (known, left_out): (Vec<_>, Vec<_>) = rules.partition(|(exported, _)| exported.is_some());
        let mut exported: Vec<Exported> = known.into_iter().filter_map(|(exported, _)| exported).collect();
        // Owners first, while their objects exist.
        exported.sort_by_key(|rule| rule.resource["type"] != "object");
        let allowed = |rule: &Exported| (rule.name.clone(), json!({ "allow": rule.allowed }));
        let document = json!({
            "roles": self.callers.iter().map(ToString::to_string).collect::<Vec<_>>(),
            "modules": { "rest": { "base_url": base_url, "access": access(&LET_IN) } },
            "subjects": self.callers.iter().map(subject).collect::<Vec<_>>(),
            "policy": exported.iter().map(allowed).collect::<Map<_, _>>(),
            "resources": exported.iter().map(|rule| &rule.resource).collect::<Vec<_>>(),
        });
        (document, left_out.into_iter().map(|(_, target)| target).collect())
    }

    /// Returns a rule; nothing if it is no single route, or depends on more than roles, permissions and one check.
    fn exported(&self, rule: &AccessRule) -> Option<Exported> {
        let (method, path) = (rule.target.method()?.as_str(), rule.target.path()?);
        let name = format!("{method} {path}");
        let cells: Vec<MatrixCell> = self.callers.iter().map(|caller| self.cell(rule, caller)).collect();
        let owner = cells.iter().any(|cell| matches!(cell, MatrixCell::Depends { .. })).then(|| last_parameter(path));
        if !METHODS.contains(&method) || path.contains('*') || owner == Some(None) {
            return None;
        }
        let owner = owner.flatten();
        let mut allowed = Vec::new();
        for (caller, cell) in self.callers.iter().zip(&cells) {
            let scope = match (cell, owner) {
                (MatrixCell::Deny, _) => continue,
                (MatrixCell::Allow, None) => None,
                (MatrixCell::Allow, Some(_)) => Some("any"),
                (MatrixCell::Depends { conditions, .. }, Some(_)) => match conditions.first()?.facts() {
                    [Clause::Checked(_)] if conditions.len() == 1 => Some("own"),
                    _ => return None,
                },
                _ => return None,
            };
            allowed.push(match scope {
                Some(scope) => json!({ "role": caller.to_string(), "scope": scope }),
                None => json!({ "role": caller.to_string() }),
            });
        }
        let resource = self.resource(rule, &name, method, path, owner);
        Some(Exported { name, resource, allowed })
    }

    fn cell(&self, rule: &AccessRule, caller: &MatrixColumn) -> MatrixCell {
        let persona = caller.persona();
        let scheme = self.scheme.filter(|_| !persona.is_anonymous());
        self.policy.cell(rule, &scheme.into_iter().fold(persona, Persona::scheme))
    }

    fn resource(&self, rule: &AccessRule, name: &str, method: &str, path: &str, owner: Option<&str>) -> Value {
        // Parameters of a route without owner have any value.
        let path = path.split('/').map(|segment| match segment.strip_prefix(':') {
            Some(parameter) if Some(parameter) == owner => format!("{{{parameter}}}"),
            Some(_) => "1".to_owned(),
            None => segment.to_owned(),
        });
        let request = json!({ "method": method, "path": path.collect::<Vec<_>>().join("/") });
        let mut resource = json!({ "name": name, "request": request, "type": "function" });
        if let Some(owner) = owner {
            let objects = self.callers.iter().filter(|caller| **caller != MatrixColumn::Anonymous);
            let ids =
                (1..).zip(objects).map(|(index, caller)| (caller.to_string(), format!("REPLACE_ME_{index}").into()));
            resource["type"] = "object".into();
            resource["owner"] = owner.into();
            resource["objects"] = Value::Object(ids.collect());
            resource["access"] = access(&LET_IN_BY_CHECK);
            if ["POST", "PUT", "PATCH"].contains(&method) {
                resource["request"]["body"] = "REPLACE_ME".into();
            }
        } else if matches!(
            rule.access,
            RuleAccess::Required { hide: true, .. } | RuleAccess::Optional { hide: true, .. }
        ) {
            resource["access"] = access(&LET_IN_OF_HIDDEN);
        }
        resource
    }
}

fn access(let_in: &[&str]) -> Value {
    json!({ "allow_status": let_in, "treat_redirect_as": "status" })
}

/// Returns a caller, with its credential in a variable of the environment.
fn subject(caller: &MatrixColumn) -> Value {
    let name = caller.to_string();
    if *caller == MatrixColumn::Anonymous {
        return json!({ "name": name, "role": name });
    }
    let word = |character: char| if character.is_ascii_alphanumeric() { character.to_ascii_uppercase() } else { '_' };
    let variable: String = name.chars().map(word).collect();
    json!({ "name": name, "role": name, "headers": { "Authorization": format!("${{{variable}_AUTHORIZATION}}") } })
}

/// Returns the name of the last parameter of a path.
fn last_parameter(path: &str) -> Option<&str> {
    path.rsplit('/').find_map(|segment| segment.strip_prefix(':'))
}
