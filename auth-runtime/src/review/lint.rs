//! Finds weak, useless and public parts of a policy.

use poem::http::Method;

use super::{
    AccessPolicy, AccessRule, Clause, Finding, FindingKind, MatrixCell, MatrixRow, RuleAccess, Subject, Target,
    analysis::{Atom, Space, TruthTable, clauses_without_one, requirement_table, several},
};

impl AccessPolicy {
    /// Returns observations about the policy, the most important first.
    ///
    /// ```
    /// use auth_runtime::review::AccessPolicy;
    ///
    /// let policy: AccessPolicy = r#"
    /// access-lock 1
    /// permission "edit"
    /// permission "view"
    /// role "User" holds "view"
    /// GET /entries requires all(role("User"), permission("view"))
    ///     operation "app::Entries::list"
    /// POST /entries optional
    ///     operation "app::Entries::add"
    /// "#
    /// .parse()?;
    /// let findings: Vec<String> = policy.findings().iter().map(ToString::to_string).collect();
    /// assert_eq!(
    ///     findings,
    ///     [
    ///         "public change: POST /entries: anonymous callers may change something",
    ///         r#"implied clause: GET /entries: permission("view") follows from the rest, except for overridden callers"#,
    ///         r#"unheld permission: permission "edit": no role holds it"#,
    ///         r#"unused permission: permission "edit": no rule asks for it"#,
    ///     ]
    /// );
    /// # Ok::<(), auth_runtime::review::ParsePolicyError>(())
    /// ```
    #[must_use]
    pub fn findings(&self) -> Vec<Finding> {
        self.matrix().findings().to_vec()
    }

    /// Returns the findings; the rows are those of the matrix.
    pub(super) fn findings_of(&self, rows: &[MatrixRow]) -> Vec<Finding> {
        let mut findings: Vec<Finding> = rows.iter().flat_map(|row| self.of_rule(row)).collect();
        findings.extend(self.of_permissions());
        findings.extend(self.of_roles());
        findings.sort_by(|a, b| (a.kind, &a.subject).cmp(&(b.kind, &b.subject)));
        findings
    }

    fn of_rule(&self, row: &MatrixRow) -> Vec<Finding> {
        let rule = &row.rule;
        let finding = |kind, message: &str| Finding {
            kind,
            subject: Subject::RuleOf(rule.target.clone()),
            message: message.to_owned(),
        };
        let requirement = match &rule.access {
            _ if rule.admits_anonymous() && may_change(&rule.target) => {
                return vec![finding(
                    FindingKind::PublicChange,
                    &format!("anonymous callers may change something{}", reason(rule)),
                )];
            }
            RuleAccess::Public { reason } => return vec![finding(FindingKind::Public, &format!("{reason:?}"))],
            RuleAccess::Optional { .. } => return vec![finding(FindingKind::Public, "anonymous callers are welcome")],
            RuleAccess::Required { requirement, .. } => requirement,
        };
        let Ok(space) = space_of(requirement) else {
            return vec![finding(FindingKind::Undecided, "the rule asks for more than 20 facts")];
        };
        let mut findings = Vec::new();
        let keeps_out = row.cells.iter().all(|cell| *cell == MatrixCell::Deny);
        if self.table(&space, requirement, &[requirement]).is_false() {
            findings.push(finding(FindingKind::Unreachable, "no caller can meet it"));
        } else if keeps_out && !self.roles.is_empty() {
            findings.push(finding(FindingKind::NoSingleRole, "no role alone meets it"));
        }
        findings.extend(
            self.implied(&space, requirement).into_iter().map(|text| finding(FindingKind::ImpliedClause, &text)),
        );
        findings
    }

    /// Returns the callers that meet a requirement, of those that can be. They may have the credentials of each of
    /// `rules`.
    fn table(&self, space: &Space<'_>, requirement: &Clause, rules: &[&Clause]) -> TruthTable {
        let together: Vec<_> = rules.iter().flat_map(|rule| several(self, rule)).collect();
        let sent = space.sent(requirement_table(space, self, requirement), &several(self, requirement));
        sent.and(&space.possible(&self.scheme_names(), &together))
    }

    /// Returns a sentence for each clause without which the same callers get in.
    fn implied(&self, space: &Space<'_>, requirement: &Clause) -> Vec<String> {
        let alone = self.table(space, requirement, &[requirement]);
        let overridden = space.table(Atom::Overridden);
        let sentence = |(removed, without): (&Clause, Clause)| {
            let both = [requirement, &without];
            let is_one = both.iter().all(|clause| several(self, clause).is_empty());
            let whole = if is_one { alone.clone() } else { self.table(space, requirement, &both) };
            let rest = self.table(space, &without, &both);
            let differing = rest.clone().without(&whole).or(&whole.clone().without(&rest));
            let exception = if differing.is_false() { "" } else { ", except for overridden callers" };
            differing.without(&overridden).is_false().then(|| format!("{removed} follows from the rest{exception}"))
        };
        clauses_without_one(requirement, space).into_iter().filter_map(sentence).collect()
    }

    fn of_permissions(&self) -> Vec<Finding> {
        let finding = |kind, name: &String, message: &str| Finding {
            kind,
            subject: Subject::PermissionNamed(name.clone()),
            message: message.to_owned(),
        };
        let is_held = |name: &&String| self.roles.values().any(|role| role.permissions.contains(*name));
        let is_used =
            |name: &&String| self.rules.iter().filter_map(AccessRule::requirement).any(|clause| asks(clause, name));
        let unheld = self.permissions.keys().filter(|name| !self.roles.is_empty() && !is_held(name));
        let unused = self.permissions.keys().filter(|name| !is_used(name));
        let unheld = unheld.map(|name| finding(FindingKind::UnheldPermission, name, "no role holds it"));
        unheld.chain(unused.map(|name| finding(FindingKind::UnusedPermission, name, "no rule asks for it"))).collect()
    }

    fn of_roles(&self) -> Vec<Finding> {
        let mut findings = Vec::new();
        let finding =
            |kind, name: &String, message| Finding { kind, subject: Subject::RoleNamed(name.clone()), message };
        for (name, role) in &self.roles {
            let held = &role.permissions;
            let contains = |other: &&String| {
                self.roles[*other].permissions.is_superset(held) && self.roles[*other].permissions != *held
            };
            for other in self.roles.keys().filter(|other| *other > name && self.roles[*other].permissions == *held) {
                findings.push(finding(
                    FindingKind::EqualRoles,
                    name,
                    format!("role {other:?} holds the same permissions"),
                ));
            }
            // Of the roles that contain it, those that contain no other one of them.
            for other in self.roles.keys().filter(contains) {
                let others = &self.roles[other].permissions;
                let is_between = |third: &String| {
                    self.roles[third].permissions.is_subset(others) && self.roles[third].permissions != *others
                };
                if !self.roles.keys().filter(contains).any(is_between) {
                    findings.push(finding(
                        FindingKind::ContainedRole,
                        name,
                        format!("role {other:?} holds all that it holds"),
                    ));
                }
            }
        }
        findings
    }
}

/// Returns the facts of a requirement, with overrides.
fn space_of(requirement: &Clause) -> Result<Space<'_>, usize> {
    let mut atoms = Vec::new();
    requirement.visit(&mut |leaf| atoms.extend(Atom::each(leaf)));
    let asks = |is: fn(&Atom<'_>) -> bool| atoms.iter().any(is);
    // An override matters only where a rule asks for both.
    if asks(|atom| matches!(atom, Atom::Role(_))) && asks(|atom| matches!(atom, Atom::Permission(_))) {
        atoms.push(Atom::Overridden);
    }
    Space::new(atoms)
}

fn reason(rule: &AccessRule) -> String {
    if let RuleAccess::Public { reason } = &rule.access { format!(": {reason:?}") } else { String::new() }
}

/// Whether a target has a method that is not safe (RFC 9110, section 9.2.1).
fn may_change(target: &Target) -> bool {
    match target {
        Target::Route { method, .. } => ![Method::GET, Method::HEAD, Method::OPTIONS, Method::TRACE].contains(method),
        Target::Subtree { .. } | Target::Named { .. } => true,
    }
}

fn asks(clause: &Clause, permission: &str) -> bool {
    let mut found = false;
    clause.visit(&mut |leaf| found |= matches!(leaf, Clause::HasPermission(name) if name == permission));
    found
}
