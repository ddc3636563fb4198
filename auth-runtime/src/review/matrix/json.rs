//! The matrix as JSON.

use serde_json::{Value, json};

use super::{Matrix, MatrixCell, MatrixColumn, MatrixRow};
use crate::review::{Finding, RuleAccess, Target};

impl Matrix {
    /// Returns the matrix as JSON. The schema is in `docs/src/reference/access-matrix.schema.json`.
    ///
    /// ```
    /// # use auth_runtime::review::AccessPolicy;
    /// # let policy: AccessPolicy = "access-lock 1\nGET /health public \"probe\"\n  operation \"app::health\"".parse()?;
    /// let matrix = policy.matrix().to_json();
    /// assert_eq!(matrix["rows"][0]["cells"][0]["result"], "allow");
    /// # Ok::<(), auth_runtime::review::ParsePolicyError>(())
    /// ```
    #[must_use]
    pub fn to_json(&self) -> Value {
        json!({
            "version": 1,
            "columns": self.columns.iter().map(column).collect::<Vec<_>>(),
            "rows": self.rows.iter().map(row).collect::<Vec<_>>(),
            "findings": self.findings.iter().map(finding).collect::<Vec<_>>(),
        })
    }
}

fn column(column: &MatrixColumn) -> Value {
    let name = match column {
        MatrixColumn::RoleNamed(name) | MatrixColumn::PermissionNamed(name) => Some(name),
        MatrixColumn::Anonymous | MatrixColumn::SignedIn => None,
    };
    json!({ "kind": column.kind(), "name": name })
}

fn row(row: &MatrixRow) -> Value {
    json!({
        "target": target(&row.rule.target),
        "operation": row.rule.operation,
        "access": access(&row.rule.access),
        "cells": row.cells.iter().map(cell).collect::<Vec<_>>(),
    })
}

fn target(target: &Target) -> Value {
    match target {
        Target::Route { method, path } => json!({ "kind": "route", "method": method.as_str(), "path": path }),
        Target::Subtree { path } => json!({ "kind": "subtree", "path": path }),
        Target::Named { name } => json!({ "kind": "named", "name": name }),
    }
}

fn access(access: &RuleAccess) -> Value {
    match access {
        RuleAccess::Public { reason } => json!({ "kind": "public", "reason": reason }),
        RuleAccess::Optional { requirement, hide } => {
            let requirement = requirement.as_ref().map(ToString::to_string);
            json!({ "kind": "optional", "requirement": requirement, "hide": hide })
        }
        RuleAccess::Required { requirement, hide } => {
            json!({ "kind": "required", "requirement": requirement.to_string(), "hide": hide })
        }
    }
}

fn cell(cell: &MatrixCell) -> Value {
    match cell {
        MatrixCell::Allow => json!({ "result": "allow" }),
        MatrixCell::Deny => json!({ "result": "deny" }),
        MatrixCell::Depends { conditions, is_complete } => {
            let facts = conditions.iter().map(|condition| condition.facts().iter().map(ToString::to_string).collect());
            json!({ "result": "depends", "conditions": facts.collect::<Vec<Vec<String>>>(), "complete": is_complete })
        }
        MatrixCell::Unknown { atoms } => json!({ "result": "unknown", "facts": atoms }),
    }
}

fn finding(finding: &Finding) -> Value {
    json!({
        "kind": finding.kind.id(),
        "subject": finding.subject.to_string(),
        "message": finding.message,
        "warning": finding.kind.is_warning(),
    })
}
