//! Reads a policy.

use std::{
    collections::{BTreeMap, btree_map::Entry},
    str::FromStr,
};

use poem::http::Method;

use super::{
    super::{
        AccessPolicy, AccessRule, Clause, RoleDefinition, RuleAccess, Target,
        error::{ParsePolicyError, Problem},
    },
    clause,
    cursor::Cursor,
    limits::MAX_BYTES,
};

const LINE: &str = "`permission`, `role`, `scheme`, `scope`, or a method and a path";
const NAME: &str = "a name in quotation marks";
const OPERATION: &str = "`operation \"..\"` on a line that starts with spaces";

impl FromStr for AccessPolicy {
    type Err = ParsePolicyError;

    fn from_str(text: &str) -> Result<Self, ParsePolicyError> {
        if text.len() > MAX_BYTES {
            return Err(ParsePolicyError::new(1, Problem::TooLong));
        }
        let mut lines = Lines::new(text);
        lines.header()?;
        let mut policy = Self::default();
        while let Some(line) = lines.next() {
            read_line(&mut policy, line, &mut lines)?;
        }
        Ok(policy)
    }
}

/// The lines that are neither empty nor a comment.
struct Lines<'a> {
    lines: std::iter::Enumerate<std::str::Lines<'a>>,
    last: usize,
}

impl<'a> Lines<'a> {
    fn new(text: &'a str) -> Self {
        Self { lines: text.lines().enumerate(), last: 0 }
    }

    fn next(&mut self) -> Option<Cursor<'a>> {
        let is_said = |(_, line): &(usize, &str)| !line.trim().is_empty() && !line.starts_with('#');
        let (index, line) = self.lines.find(is_said)?;
        self.last = index + 1;
        Some(Cursor::new(line, self.last))
    }

    /// Returns the next line, or an empty one after the last.
    fn needed(&mut self) -> Cursor<'a> {
        self.next().unwrap_or(Cursor::new("", self.last + 1))
    }

    /// Reads the version.
    fn header(&mut self) -> Result<(), ParsePolicyError> {
        let mut line = self.needed();
        line.need("access-lock", "`access-lock 1`")?;
        match line.rest().trim() {
            "1" => Ok(()),
            "" => Err(line.expected("`access-lock 1`")),
            version => Err(line.error(Problem::Version(version.chars().take(16).collect()))),
        }
    }
}

fn read_line(policy: &mut AccessPolicy, mut line: Cursor<'_>, lines: &mut Lines<'_>) -> Result<(), ParsePolicyError> {
    let start = line;
    match line.word(|character| character == ' ') {
        "" => Err(start.expected(LINE)),
        "permission" => {
            let name = line.string(NAME)?;
            let description = description(&mut line)?;
            declare(&mut policy.permissions, "permission", name, description, line)
        }
        "role" => {
            let name = line.string(NAME)?;
            let role = role(&mut line, &policy.permissions)?;
            declare(&mut policy.roles, "role", name, role, line)
        }
        "scheme" => {
            let name = line.string(NAME)?;
            let kind = line.word(|_| false).trim_end().to_owned();
            declare(&mut policy.schemes, "scheme", name, kind, line)
        }
        "scope" => {
            let name = line.string(NAME)?;
            if policy.scopes.insert(name.clone()) { line.end() } else { Err(twice(line, "scope", name)) }
        }
        word => {
            let target = target(word, start, &mut line)?;
            rule(policy, target, line, lines)
        }
    }
}

/// Adds a declaration, which must be the last of its line and the first of its name.
fn declare<V>(
    table: &mut BTreeMap<String, V>,
    kind: &'static str,
    name: String,
    value: V,
    line: Cursor<'_>,
) -> Result<(), ParsePolicyError> {
    match table.entry(name) {
        Entry::Occupied(entry) => return Err(twice(line, kind, entry.key().clone())),
        Entry::Vacant(entry) => entry.insert(value),
    };
    line.end()
}

fn twice(line: Cursor<'_>, kind: &'static str, name: String) -> ParsePolicyError {
    line.error(Problem::Twice { kind, name })
}

fn description(line: &mut Cursor<'_>) -> Result<String, ParsePolicyError> {
    if line.at_string() { line.string("a description in quotation marks") } else { Ok(String::new()) }
}

fn role(line: &mut Cursor<'_>, permissions: &BTreeMap<String, String>) -> Result<RoleDefinition, ParsePolicyError> {
    let mut role = RoleDefinition { description: description(line)?, ..RoleDefinition::default() };
    line.need("holds", "`holds`")?;
    while line.at_string() {
        let name = line.string(NAME)?;
        declared(permissions.contains_key(&name), "permission", &name, *line)?;
        role.permissions.insert(name);
    }
    Ok(role)
}

fn declared(is_declared: bool, kind: &'static str, name: &str, line: Cursor<'_>) -> Result<(), ParsePolicyError> {
    if is_declared { Ok(()) } else { Err(line.error(Problem::Undeclared { kind, name: name.to_owned() })) }
}

fn rule(
    policy: &mut AccessPolicy,
    target: Target,
    mut line: Cursor<'_>,
    lines: &mut Lines<'_>,
) -> Result<(), ParsePolicyError> {
    let access = access(&mut line)?;
    if let RuleAccess::Required { requirement, .. } | RuleAccess::Optional { requirement: Some(requirement), .. } =
        &access
    {
        names_are_declared(policy, requirement, line)?;
    }
    line.end()?;
    let operation = operation(lines.needed())?;
    let inserted = policy.insert(AccessRule { target, operation, access });
    inserted.map_err(|known| line.error(Problem::TwoRules(known.target.to_string())))
}

/// Reads the target whose first word is read; `start` is before it.
fn target(word: &str, start: Cursor<'_>, line: &mut Cursor<'_>) -> Result<Target, ParsePolicyError> {
    match word {
        Target::NAMED => line.string(NAME).map(Target::named),
        Target::SUBTREE => path(line).map(Target::subtree),
        _ => {
            let method = Method::from_bytes(word.as_bytes()).map_err(|_| start.expected(LINE))?;
            Ok(Target::route(method, path(line)?))
        }
    }
}

fn path(line: &mut Cursor<'_>) -> Result<String, ParsePolicyError> {
    const PATH: &str = "a path that starts with `/`";
    if line.at_string() {
        return line.string(PATH);
    }
    if line.rest().starts_with('/') {
        Ok(line.word(|character| character == ' ').to_owned())
    } else {
        Err(line.expected(PATH))
    }
}

fn access(line: &mut Cursor<'_>) -> Result<RuleAccess, ParsePolicyError> {
    line.skip_spaces();
    let start = *line;
    match line.word(|character| character == ' ') {
        "public" => line.string("a reason in quotation marks").map(|reason| RuleAccess::Public { reason }),
        "optional" if line.eat("requires") => {
            let (requirement, hide) = requirement(line)?;
            Ok(RuleAccess::Optional { requirement: Some(requirement), hide })
        }
        "optional" => Ok(RuleAccess::Optional { requirement: None, hide: false }),
        "requires" => {
            let (requirement, hide) = requirement(line)?;
            Ok(RuleAccess::Required { requirement, hide })
        }
        _ => Err(start.expected("`requires`, `optional` or `public`")),
    }
}

fn requirement(line: &mut Cursor<'_>) -> Result<(Clause, bool), ParsePolicyError> {
    let requirement = clause::read(line)?;
    let hide = line.eat(",");
    if hide {
        line.need("hide", "`hide`")?;
    }
    Ok((requirement, hide))
}

/// A text is complete: all names of its rules are in its tables.
fn names_are_declared(policy: &AccessPolicy, requirement: &Clause, line: Cursor<'_>) -> Result<(), ParsePolicyError> {
    let mut outcome = Ok(());
    requirement.visit(&mut |leaf| {
        let (is_declared, kind, name) = match leaf {
            Clause::HasRole(name) => (policy.roles.contains_key(name), "role", name),
            Clause::HasPermission(name) => (policy.permissions.contains_key(name), "permission", name),
            Clause::HasScope(name) => (policy.scopes.contains(name), "scope", name),
            Clause::UsesScheme(name) => (policy.schemes.contains_key(name), "scheme", name),
            _ => return,
        };
        if outcome.is_ok() {
            outcome = declared(is_declared, kind, name, line);
        }
    });
    outcome
}

fn operation(mut line: Cursor<'_>) -> Result<String, ParsePolicyError> {
    let is_indented = line.rest().starts_with(' ');
    if !is_indented || !line.eat("operation") {
        return Err(line.expected(OPERATION));
    }
    let name = line.string(OPERATION)?;
    line.end()?;
    Ok(name)
}
