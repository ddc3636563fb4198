//! Lowers tables of names.

use std::collections::{HashMap, HashSet};

use syn::{Attribute, Ident, LitStr, Path, parse_quote};

use crate::{
    errors::{Errors, each_once},
    model::{Entry, Held, Joined, Name, Role, Table},
    parse::{
        description,
        table::{Head, Holds, Permissions, RoleRow, Roles, Row},
    },
};

pub(crate) fn permissions(mut input: Permissions, errors: &mut Errors) -> Table<Entry> {
    let Head { attributes, visibility, name, .. } = input.head;
    if input.joined.is_empty() {
        is_not_empty("permission", &name, &mut input.rows, errors);
    }
    rows_are_fit("permission", &mut input.rows, errors);
    tables_are_joined_once(&mut input.joined, &input.rows, errors);
    let entries = input.rows.into_iter().map(entry).collect();
    Table { attributes, visibility, name, entries, joined: input.joined }
}

pub(crate) fn roles(mut input: Roles, errors: &mut Errors) -> (Table<Role>, Path) {
    let Head { attributes, visibility, name, .. } = input.head;
    is_not_empty("role", &name, &mut input.rows, errors);
    rows_are_fit("role", &mut input.rows, errors);
    parents_are_roles(&input.rows, errors);
    inheritance_ends(&input.rows, errors);
    lists_name_each_once(&input.rows, errors);
    let held: Vec<Held> = (0..input.rows.len()).map(|row| held(row, &input.rows)).collect();
    let role = |(row, held): (RoleRow, _)| Role { entry: entry(row.row), own: own(row.holds), held };
    let entries = input.rows.into_iter().zip(held).map(role).collect();
    (Table { attributes, visibility, name, entries, joined: Vec::new() }, input.permissions)
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

/// An empty table gets a row, as an enum with a `repr` needs a variant.
fn is_not_empty<R: From<Row>>(kind: &str, table: &Ident, rows: &mut Vec<R>, errors: &mut Errors) {
    if rows.is_empty() {
        errors.at(table, format!("`{table}` is empty: declare a {kind}, as in `Name = \"name\"`"));
        rows.push(placeholder().into());
    }
}

/// A table is joined once, by a variant that no permission has.
fn tables_are_joined_once(joined: &mut Vec<Joined>, rows: &[Row], errors: &mut Errors) {
    let mut variants: HashSet<Ident> = rows.iter().map(|row| row.variant.clone()).collect();
    let mut tables = HashSet::new();
    joined.retain(|table| {
        only_documented(&table.attributes, errors);
        let is_new = variants.insert(table.variant.clone());
        if !is_new {
            errors.at(&table.variant, format!("`{}` is declared twice: remove one", table.variant));
        }
        let is_first = tables.insert(table.table.clone());
        if !is_first {
            errors.at(&table.table, "these permissions are included twice: remove one");
        }
        is_new && is_first
    });
}

/// Applies the rules of both tables, and removes or replaces the rows that an enum cannot have.
fn rows_are_fit<R: AsMut<Row>>(kind: &str, rows: &mut Vec<R>, errors: &mut Errors) {
    if let Some(row) = rows.get_mut(usize::from(u16::MAX)) {
        errors.at(&row.as_mut().variant, "an enum can declare at most 65,535 names");
    }
    let mut variants = HashSet::new();
    rows.retain_mut(|row| variant_is_new(row.as_mut(), &mut variants, errors));
    let mut names = HashMap::new();
    for row in rows.iter_mut().map(AsMut::as_mut) {
        name_is_new(kind, row, &mut names, errors);
        name_is_printable(row, errors);
        only_documented(&row.attributes, errors);
    }
}

fn placeholder() -> Row {
    Row { attributes: Vec::new(), variant: parse_quote!(__Nothing), name: parse_quote!("nothing") }
}

fn variant_is_new(row: &Row, variants: &mut HashSet<Ident>, errors: &mut Errors) -> bool {
    let is_new = variants.insert(row.variant.clone());
    if !is_new {
        errors.at(&row.variant, format!("`{}` is declared twice: remove one", row.variant));
    }
    is_new
}

fn name_is_new(kind: &str, row: &mut Row, names: &mut HashMap<String, Ident>, errors: &mut Errors) {
    let name = row.name.value();
    match names.get(&name) {
        Some(first) => {
            errors.at(
                &row.name,
                format!("the {kind}s `{first}` and `{}` have the same name `{name}`: rename one", row.variant),
            );
            // A substitute, so that the rest of the table compiles.
            row.name = LitStr::new(&row.variant.to_string(), row.name.span());
        }
        None => drop(names.insert(name, row.variant.clone())),
    }
}

fn name_is_printable(row: &Row, errors: &mut Errors) {
    let name = row.name.value();
    if name.is_empty() {
        errors.at(&row.name, "a name cannot be empty");
    } else if name.trim() != name || name.chars().any(char::is_control) {
        errors.at(&row.name, "a name must not start or end with a space, or contain control characters");
    }
}

/// A `#[cfg]` would renumber the names after it.
fn only_documented(attributes: &[Attribute], errors: &mut Errors) {
    for attribute in attributes.iter().filter(|attribute| !attribute.path().is_ident("doc")) {
        errors.at(attribute, "only doc comments are allowed here: remove this attribute");
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

/// Reports each cycle of inheritance once, at its first role.
fn inheritance_ends(rows: &[RoleRow], errors: &mut Errors) {
    for (index, row) in rows.iter().enumerate() {
        for parent in &row.parents {
            let path = position(rows, parent).and_then(|start| path(start, index, rows, &mut vec![false; rows.len()]));
            if let Some(path) = path.filter(|path| path.iter().all(|step| *step >= index)) {
                let variant = &row.row.variant;
                let names: Vec<String> = path.iter().map(|step| rows[*step].row.variant.to_string()).collect();
                errors.at(
                    parent,
                    format!(
                        "`{variant}` inherits from itself: {variant} → {}; remove a parent from one of these roles",
                        names.join(" → ")
                    ),
                );
            }
        }
    }
}

fn lists_name_each_once(rows: &[RoleRow], errors: &mut Errors) {
    for row in rows {
        each_once(&row.parents, errors);
        if let Holds::These(names) = &row.holds {
            each_once(names, errors);
            for name in names.iter().filter(|name| matches!(name, Name::Literal(text) if text.value() == "*")) {
                errors.at(name, "`\"*\"` is not a pattern: write `=> all` for every permission");
            }
        }
    }
}

/// Returns the path from one role to another, from parent to parent.
fn path(from: usize, to: usize, rows: &[RoleRow], seen: &mut [bool]) -> Option<Vec<usize>> {
    if from == to {
        return Some(vec![to]);
    }
    if std::mem::replace(&mut seen[from], true) {
        return None;
    }
    rows[from].parents.iter().filter_map(|parent| position(rows, parent)).find_map(|parent| {
        let mut rest = path(parent, to, rows, seen)?;
        rest.insert(0, from);
        Some(rest)
    })
}

/// Returns the permissions of a role and of all its ancestors.
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

fn position(rows: &[RoleRow], variant: &Ident) -> Option<usize> {
    rows.iter().position(|row| row.row.variant == *variant)
}
