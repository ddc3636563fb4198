//! First step: tokens to input. What is written, with its spans; whether it makes sense is asked by `lower`.

pub(crate) mod attribute;
pub(crate) mod auth;
pub(crate) mod cfg;
pub(crate) mod clause;
pub(crate) mod item;
pub(crate) mod table;

use syn::{Attribute, Expr, ExprLit, Lit, Meta, Path};

/// The text of doc comments, a line each.
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

/// Whether an attribute has this name, whatever path leads to it.
pub(crate) fn is(attribute: &Attribute, name: &str) -> bool {
    ends_with(attribute.path(), name)
}

fn ends_with(path: &Path, name: &str) -> bool {
    path.segments.last().is_some_and(|segment| segment.ident == name)
}
