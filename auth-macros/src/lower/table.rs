//! Tables of names to typed constants.

use std::collections::HashMap;

use syn::{Attribute, Path};

use crate::{
    errors::Errors,
    model::{Entry, Held, Name, Role, Table},
    parse::{
        description,
        table::{Holds, Permissions, RoleRow, Roles, Row},
    },
};

pub(crate) fn permissions(input: Permissions, errors: &mut Errors) -> Table<Entry> {
    rows_are_fit("permission", &input.name, &input.rows.iter().collect::<Vec<_>>(), errors);
    let entries = input.rows.into_iter().map(entry).collect();
    Table { attributes: input.attributes, visibility: input.visibility, name: input.name, entries }
}

pub(crate) fn roles(input: Roles, errors: &mut Errors) -> (Table<Role>, Path) {
    rows_are_fit("role", &input.name, &input.rows.iter().map(|row| &row.row).collect::<Vec<_>>(), errors);
    parents_are_roles(&input.rows, errors);
    inheritance_ends(&input.rows, errors);
    let held: Vec<Held> = (0..input.rows.len()).map(|row| held(row, &input.rows)).collect();
    let role = |(row, held): (RoleRow, _)| Role { entry: entry(row.row), own: own(row.holds), held };
    let entries = input.rows.into_iter().zip(held).map(role).collect();
    (Table { attributes: input.attributes, visibility: input.visibility, name: input.name, entries }, input.permissions)
}

fn entry(row: Row) -> Entry {
    let description = description(&row.attributes);
    Entry { attributes: row.attributes, variant: row.variant, name: row.name, description }
}

fn own(holds: Holds) -> Held {
    match holds {
        Holds::Nothing => Held::These(Vec::new()),
        Holds::All => Held::All,
        Holds::These(names) => Held::These(names),
    }
}

/// What every table needs of its rows.
fn rows_are_fit(kind: &str, table: &syn::Ident, rows: &[&Row], errors: &mut Errors) {
    if rows.is_empty() {
        errors.at(table, format!("`{table}` is empty: declare a {kind}, `Name = \"name\"`"));
    }
    if let Some(row) = rows.get(usize::from(u16::MAX)) {
        errors.at(&row.variant, "a table holds at most 65,535 names");
    }
    names_are_distinct(kind, rows, errors);
    for row in rows {
        name_is_printable(row, errors);
        only_documented(&row.attributes, errors);
    }
}

fn names_are_distinct(kind: &str, rows: &[&Row], errors: &mut Errors) {
    let (mut names, mut variants) = (HashMap::new(), HashMap::new());
    for row in rows {
        let name = row.name.value();
        if let Some(first) = names.insert(name.clone(), &row.variant) {
            errors.at(&row.name, format!("the {kind} `{name}` is declared twice: `{first}` has this name"));
        }
        if variants.insert(row.variant.to_string(), ()).is_some() {
            errors.at(&row.variant, format!("`{}` is declared twice", row.variant));
        }
    }
}

fn name_is_printable(row: &Row, errors: &mut Errors) {
    let name = row.name.value();
    if name.is_empty() {
        errors.at(&row.name, "a name cannot be empty");
    } else if name.trim() != name || name.chars().any(char::is_control) {
        errors.at(
            &row.name,
            "a name has no space around it and no control characters: nobody could tell it from another",
        );
    }
}

/// A `#[cfg]` would renumber the names after it.
fn only_documented(attributes: &[Attribute], errors: &mut Errors) {
    for attribute in attributes.iter().filter(|attribute| !attribute.path().is_ident("doc")) {
        errors.at(attribute, "only a doc comment, the description, may stand here");
    }
}

fn parents_are_roles(rows: &[RoleRow], errors: &mut Errors) {
    for parent in rows.iter().flat_map(|row| &row.parents) {
        if position(rows, parent).is_none() {
            let known: Vec<String> = rows.iter().map(|row| row.row.variant.to_string()).collect();
            let known: Vec<&str> = known.iter().map(String::as_str).collect();
            let hint = crate::errors::suggestion(&known, &parent.to_string());
            errors.at(parent, format!("unknown role `{parent}`{hint}"));
        }
    }
}

/// A role that inherits from itself, by whatever way.
fn inheritance_ends(rows: &[RoleRow], errors: &mut Errors) {
    for (index, row) in rows.iter().enumerate() {
        for parent in &row.parents {
            if let Some(start) = position(rows, parent)
                && let Some(way) = way(start, index, rows, &mut vec![false; rows.len()])
            {
                let variant = &row.row.variant;
                let names: Vec<String> = way.iter().map(|step| rows[*step].row.variant.to_string()).collect();
                errors.at(
                    parent,
                    format!("`{variant}` inherits from itself: {variant} → {}; remove one of these", names.join(" → ")),
                );
            }
        }
    }
}

/// The way from one role to another, from parent to parent.
fn way(from: usize, to: usize, rows: &[RoleRow], seen: &mut [bool]) -> Option<Vec<usize>> {
    if from == to {
        return Some(vec![to]);
    }
    if std::mem::replace(&mut seen[from], true) {
        return None;
    }
    rows[from].parents.iter().filter_map(|parent| position(rows, parent)).find_map(|parent| {
        let mut rest = way(parent, to, rows, seen)?;
        rest.insert(0, from);
        Some(rest)
    })
}

/// What a role and all that it inherits from hold.
fn held(row: usize, rows: &[RoleRow]) -> Held {
    let (mut names, mut seen, mut open): (Vec<Name>, _, _) = (Vec::new(), vec![false; rows.len()], vec![row]);
    while let Some(row) = open.pop() {
        if std::mem::replace(&mut seen[row], true) {
            continue;
        }
        match &rows[row].holds {
            Holds::All => return Held::All,
            Holds::These(these) => names.extend(these.iter().cloned()),
            Holds::Nothing => {}
        }
        open.extend(rows[row].parents.iter().filter_map(|parent| position(rows, parent)));
    }
    Held::These(names)
}

fn position(rows: &[RoleRow], variant: &syn::Ident) -> Option<usize> {
    rows.iter().position(|row| row.row.variant == *variant)
}
