//! An impl block to an API whose every operation says who may call it.

use syn::{Attribute, FnArg, ImplItem, ImplItemFn, ItemImpl, Type};

use super::access::{Clauses, Position, default_auth, lower as lower_access};
use crate::{
    errors::Errors,
    model::{Access, Api, Operation},
    parse::{
        attribute::{Content, Written, is_ours, take},
        is,
    },
};

pub(crate) fn lower(written: Written, mut item: ItemImpl, errors: &mut Errors) -> Option<Api> {
    let mut outer = vec![written];
    outer.extend(take(&mut item.attrs, errors));
    let floor = floor(outer, errors);
    let open_api = take_open_api(&mut item.attrs)?;
    let mut operations = Vec::new();
    for item in &mut item.items {
        if let ImplItem::Fn(method) = item {
            operations.extend(operation(method, &floor, errors));
        }
    }
    Some(Api { auth: floor.auth.unwrap_or_else(default_auth), open_api, item, operations })
}

/// What the attributes of the impl block ask of every operation.
fn floor(outer: Vec<Written>, errors: &mut Errors) -> Clauses {
    let mut floor = Clauses::default();
    for attribute in outer {
        match attribute.content {
            Content::Protected(clauses) => floor.add(clauses, Position::Floor, errors),
            _ => errors.span(
                attribute.span,
                "on an impl block, write `#[protected(..)]`; this attribute goes on its operations",
            ),
        }
    }
    floor
}

fn take_open_api(attributes: &mut Vec<Attribute>) -> Option<Attribute> {
    let position = attributes.iter().position(|attribute| is(attribute, "OpenApi"))?;
    Some(attributes.remove(position))
}

/// A method with `#[oai]`; what remains of it in the user's impl block loses `#[oai]`.
fn operation(method: &mut ImplItemFn, floor: &Clauses, errors: &mut Errors) -> Option<Operation> {
    let says_something = method.attrs.iter().any(is_ours);
    let written = take(&mut method.attrs, errors);
    let is_operation = method.attrs.iter().any(|attribute| is(attribute, "oai"));
    if !is_operation {
        rule_needs_an_operation(&written, errors);
        return None;
    }
    let original = method.clone();
    remove_oai(method);
    if !says_something {
        operation_says_who(&original, errors);
        return None;
    }
    let (access, _) = lower_access(written, floor, Position::Operation, errors);
    caller_fits_access(original.sig.inputs.iter(), &access, errors);
    Some(Operation { method: original, access })
}

fn remove_oai(method: &mut ImplItemFn) {
    method.attrs.retain(|attribute| !is(attribute, "oai"));
    for input in &mut method.sig.inputs {
        if let FnArg::Typed(argument) = input {
            argument.attrs.retain(|attribute| !is(attribute, "oai") && !is(attribute, "doc"));
        }
    }
}

fn operation_says_who(method: &ImplItemFn, errors: &mut Errors) {
    let name = &method.sig.ident;
    errors.at(
        name,
        format!(
            "`{name}` does not say who may call it: add `#[permission(\"..\")]` or `#[protected(..)]`, `#[optional_auth]`, or `#[public(reason = \"..\")]`"
        ),
    );
}

fn rule_needs_an_operation(written: &[Written], errors: &mut Errors) {
    for attribute in written {
        let word = attribute.word.as_str();
        errors.span(
            attribute.span,
            format!("`#[{word}]` on a method that is no operation: it has no `#[oai(path = \"..\", method = \"..\")]`"),
        );
    }
}

/// An operation takes the caller that its rule provides.
pub(crate) fn caller_fits_access<'a>(inputs: impl Iterator<Item = &'a FnArg>, access: &Access, errors: &mut Errors) {
    let message = match access {
        Access::Public { .. } => {
            "a public operation has no caller: remove this argument, or write `#[optional_auth]` in place of `#[public]`"
        }
        Access::Optional => "with `#[optional_auth]` the caller may be anonymous: take `Option<Principal<..>>`",
        Access::Required { .. } => return,
    };
    for input in inputs {
        let FnArg::Typed(argument) = input else { continue };
        let named = outermost(&argument.ty);
        let is_caller = |name: &str| name == "Principal";
        let wrong = match (access, named.as_slice()) {
            (Access::Public { .. }, [first, second, ..]) => is_caller(first) || first == "Option" && is_caller(second),
            (_, [first, ..]) => is_caller(first),
            _ => false,
        };
        if wrong {
            errors.at(&argument.ty, message);
        }
    }
}

/// The names of a type and of its first type argument: `Option<Principal<Auth>>` gives `Option`, `Principal`.
fn outermost(ty: &Type) -> Vec<String> {
    let Type::Path(path) = ty else { return Vec::new() };
    let Some(segment) = path.path.segments.last() else { return Vec::new() };
    let mut names = vec![segment.ident.to_string()];
    if let syn::PathArguments::AngleBracketed(arguments) = &segment.arguments
        && let Some(syn::GenericArgument::Type(Type::Path(inner))) = arguments.args.first()
    {
        names.extend(inner.path.segments.last().map(|segment| segment.ident.to_string()));
    }
    names
}
