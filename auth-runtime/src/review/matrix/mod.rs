//! The matrix of rules and kinds of callers.

mod html;
mod json;
mod markdown;
mod notes;
mod text;

use std::fmt;

use super::{AccessPolicy, AccessRule, Finding, MatrixCell, Persona};

/// A table with a row for each rule and a column for each kind of caller. Each cell shows whether the rule admits the
/// caller.
///
/// [`Display`](fmt::Display) writes it as aligned text. [`to_markdown`](Self::to_markdown), [`to_json`](Self::to_json)
/// and [`to_html`](Self::to_html) return other formats.
///
/// ```
/// use auth_runtime::review::AccessPolicy;
/// # let policy: AccessPolicy = r#"
/// # access-lock 1
/// # permission "edit"
/// # permission "view"
/// # role "User" holds "edit" "view"
/// # role "Viewer" holds "view"
/// # GET /entries requires permission("view")
/// #     operation "app::Entries::list"
/// # PUT /entries/:id requires all(permission("edit"), check = "owns(&caller, id)")
/// #     operation "app::Entries::update"
/// # "#.parse()?;
///
/// assert_eq!(
///     policy.matrix().to_string(),
///     r#"
///                   anonymous  signed in  Viewer  User
/// GET /entries      -          -          yes     yes
/// PUT /entries/:id  -          -          -       [1]
///
/// [1] check = "owns(&caller, id)"
///
/// contained role: role "Viewer": role "User" holds all that it holds
/// "#
///     .trim_start_matches('\n')
/// );
/// # Ok::<(), auth_runtime::review::ParsePolicyError>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Matrix {
    columns: Vec<MatrixColumn>,
    rows: Vec<MatrixRow>,
    findings: Vec<Finding>,
}

/// A kind of caller.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum MatrixColumn {
    /// A caller without a credential.
    Anonymous,
    /// An authenticated caller without roles and permissions.
    SignedIn,
    /// A caller that has only this role and its permissions.
    RoleNamed(String),
    /// A caller that has only this permission. A policy without roles has these columns.
    PermissionNamed(String),
}

/// A rule with its cells.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct MatrixRow {
    /// The rule.
    pub rule: AccessRule,
    /// One cell for each column.
    pub cells: Vec<MatrixCell>,
}

impl AccessPolicy {
    /// Returns the matrix. Roles with fewer permissions come first.
    #[must_use]
    pub fn matrix(&self) -> Matrix {
        let columns = self.columns();
        let personas: Vec<Persona> = columns.iter().map(MatrixColumn::persona).collect();
        let row = |rule: &AccessRule| {
            let cells = personas.iter().map(|persona| self.cell(rule, persona)).collect();
            MatrixRow { rule: rule.clone(), cells }
        };
        let rows: Vec<_> = self.rules.iter().map(row).collect();
        let findings = self.findings_of(&rows);
        Matrix { columns, rows, findings }
    }

    fn columns(&self) -> Vec<MatrixColumn> {
        let mut roles: Vec<_> = self.roles.iter().map(|(name, role)| (role.permissions.len(), name)).collect();
        roles.sort_unstable();
        let mut columns = vec![MatrixColumn::Anonymous, MatrixColumn::SignedIn];
        columns.extend(roles.into_iter().map(|(_, name)| MatrixColumn::RoleNamed(name.clone())));
        if self.roles.is_empty() {
            columns.extend(self.permissions.keys().cloned().map(MatrixColumn::PermissionNamed));
        }
        columns
    }
}

impl MatrixColumn {
    /// Returns these callers as a persona.
    #[must_use]
    pub fn persona(&self) -> Persona {
        match self {
            Self::Anonymous => Persona::anonymous(),
            Self::SignedIn => Persona::caller(),
            Self::RoleNamed(name) => Persona::caller().role(name),
            Self::PermissionNamed(name) => Persona::caller().permission(name),
        }
    }

    /// Returns the kind of column as an identifier.
    #[must_use]
    pub const fn kind(&self) -> &'static str {
        match self {
            Self::Anonymous => "anonymous",
            Self::SignedIn => "signed-in",
            Self::RoleNamed(_) => "role",
            Self::PermissionNamed(_) => "permission",
        }
    }
}

/// The head of the column. Control characters are escaped.
impl fmt::Display for MatrixColumn {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Anonymous => f.write_str("anonymous"),
            Self::SignedIn => f.write_str("signed in"),
            Self::RoleNamed(name) | Self::PermissionNamed(name) => write!(f, "{}", name.escape_debug()),
        }
    }
}

impl Matrix {
    /// Returns the columns.
    #[must_use]
    pub fn columns(&self) -> &[MatrixColumn] {
        &self.columns
    }

    /// Returns the rows, sorted by path and method.
    #[must_use]
    pub fn rows(&self) -> &[MatrixRow] {
        &self.rows
    }

    /// Returns observations about the policy as a whole.
    #[must_use]
    pub fn findings(&self) -> &[Finding] {
        &self.findings
    }
}
