//! First step: tokens to input. It knows the grammar; `lower` checks the meaning.

pub(crate) mod attribute;
pub(crate) mod auth;
pub(crate) mod cfg;
pub(crate) mod clause;
pub(crate) mod invariants;
pub(crate) mod item;
mod name;
pub(crate) mod table;

use syn::{Attribute, Expr, ExprLit, Lit, Meta, Path};

/// Returns the text of doc comments, line by line.
pub(crate) fn description(attributes: &[Attribute]) -> String {
    let lines = attributes.iter().filter_map(|attribute| match &attribute.meta {
        Meta::NameValue(meta) if meta.path.is_ident("doc") => match &meta.value {
            Expr::Lit(ExprLit { lit: Lit::Str(line), .. }) => Some(line.value().trim().to_owned()),
            _ => None,
        },
        _ => None,
    });
    lines.collect::<Vec<_>>().join("\n").trim().to_owned()
}

/// Returns whether the path of an attribute ends with this name.
pub(crate) fn is(attribute: &Attribute, name: &str) -> bool {
    ends_with(attribute.path(), name)
}

fn ends_with(path: &Path, name: &str) -> bool {
    path.segments.last().is_some_and(|segment| segment.ident == name)
}
