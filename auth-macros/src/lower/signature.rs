//! Rules about the signature below an attribute.

use std::collections::HashSet;

use proc_macro2::{TokenStream, TokenTree};
use quote::ToTokens;
use syn::{
    FnArg, GenericArgument, GenericParam, Generics, Pat, Path, PathArguments, Receiver, ReceiverKind, Signature, Type,
    parse_quote, visit::Visit,
};

use crate::{errors::Errors, model::Access, parse::is};

/// An operation is an `async` method.
pub(crate) fn is_operation(signature: &Signature, errors: &mut Errors) {
    let name = &signature.ident;
    if signature.asyncness.is_none() {
        errors.at(name, format!("`{name}` must be `async`, like every operation"));
    }
    match signature.receiver() {
        None => errors.at(name, format!("`{name}` must take `&self`, like every operation")),
        Some(receiver) if is_exclusive(receiver) => errors.at(
            receiver,
            "requests run at the same time, so an operation takes `&self`: put state that changes into a `Mutex` or an atomic",
        ),
        Some(_) => {}
    }
    for argument in signature.inputs.iter().filter_map(typed) {
        parameter_has_a_name(argument, errors);
    }
}

/// A tool is an `async` method whose arguments have names.
pub(crate) fn is_tool(signature: &Signature, errors: &mut Errors) {
    let name = &signature.ident;
    if signature.asyncness.is_none() {
        errors.at(name, format!("`{name}` must be `async`, like every tool"));
    }
    if signature.receiver().is_none() {
        errors.at(name, format!("`{name}` must take `&self`, like every tool"));
    }
    for argument in signature.inputs.iter().filter_map(typed) {
        if !matches!(*argument.pat, Pat::Ident(_)) {
            errors.at(&argument.pat, "an argument of a tool must be a plain name: clients send it under this name");
        }
        if names(&argument.ty).first().is_some_and(|name| name == "CurrentUser") {
            errors.at(&argument.ty, "a tool takes no `CurrentUser`: take `Principal<..>`, and load the user with it");
        }
    }
}

/// Whether a receiver is `self` or `&mut self`.
fn is_exclusive(receiver: &Receiver) -> bool {
    matches!(receiver.kind, ReceiverKind::Value | ReceiverKind::Reference(_, _, Some(_)))
}

/// Poem-openapi names a parameter after its argument; `argument1` would be a surprise.
fn parameter_has_a_name(argument: &syn::PatType, errors: &mut Errors) {
    let is_parameter = matches!(names(&argument.ty).as_slice(), [first, ..] if ["Path", "Query", "Header", "Cookie"].contains(&first.as_str()));
    let is_named =
        argument_name(&argument.pat).is_some() || argument.attrs.iter().any(|attribute| is(attribute, "oai"));
    if is_parameter && !is_named {
        errors.at(&argument.pat, "this parameter has no name: give the argument one, or write `#[oai(name = \"..\")]`");
    }
}

/// Returns the name of an argument, unless its pattern has several names or none.
pub(crate) fn argument_name(pattern: &Pat) -> Option<&syn::Ident> {
    match pattern {
        Pat::Ident(pattern) if pattern.subpat.is_none() => Some(&pattern.ident),
        Pat::TupleStruct(pattern) if pattern.elems.len() == 1 => argument_name(&pattern.elems[0]),
        _ => None,
    }
}

/// A function takes only a caller that its rule provides.
pub(crate) fn caller_fits_access(signature: &Signature, access: &Access, errors: &mut Errors) {
    let message = match access {
        Access::Public { .. } => {
            "a public operation has no caller: remove this argument, or write `#[optional_auth]` instead of `#[public]`"
        }
        Access::Optional { .. } => {
            "with `#[optional_auth]` the caller may be anonymous: take `Option<Principal<..>>` or `CurrentUser<Option<..>>`"
        }
        Access::Required { .. } => return,
    };
    for argument in signature.inputs.iter().filter_map(typed) {
        if is_misfit(&names(&argument.ty), access) {
            errors.at(&argument.ty, message);
        }
    }
}

fn is_misfit(names: &[String], access: &Access) -> bool {
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    let is_public = matches!(access, Access::Public { .. });
    match names.as_slice() {
        ["CurrentUser", "Option"] | ["Option", "Principal"] => is_public,
        ["Principal" | "CurrentUser", ..] => true,
        _ => false,
    }
}

/// Whether an argument is the caller: `Principal<..>` or `Option<Principal<..>>`.
pub(crate) fn is_caller(ty: &Type) -> bool {
    let names = names(ty);
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    matches!(names.as_slice(), ["Principal", ..] | ["Option", "Principal"])
}

/// Returns the names of a type and of its first type argument: `Option`, `Principal` for `Option<Principal<Auth>>`.
fn names(ty: &Type) -> Vec<String> {
    let Type::Path(path) = ty else { return Vec::new() };
    let Some(segment) = path.path.segments.last() else { return Vec::new() };
    let mut names = vec![segment.ident.to_string()];
    if let PathArguments::AngleBracketed(arguments) = &segment.arguments
        && let Some(GenericArgument::Type(Type::Path(inner))) = arguments.args.first()
    {
        names.extend(inner.path.segments.last().map(|segment| segment.ident.to_string()));
    }
    names
}

/// Whether a path mentions a type parameter or a constant parameter.
pub(crate) fn mentions(path: &Path, generics: &Generics) -> bool {
    let mut mentioned = HashSet::new();
    collect(path.to_token_stream(), &mut mentioned);
    generics.params.iter().any(|parameter| match parameter {
        GenericParam::Type(parameter) => mentioned.contains(&parameter.ident.to_string()),
        GenericParam::Const(parameter) => mentioned.contains(&parameter.ident.to_string()),
        GenericParam::Lifetime(_) => false,
    })
}

/// Silences the warning about an argument that only a check uses.
pub(crate) fn arguments_of_checks_are_used(signature: &mut Signature, access: &Access) {
    if access.checks().is_empty() {
        return;
    }
    let mut mentioned = HashSet::new();
    for check in access.checks() {
        collect(check.expression.to_token_stream(), &mut mentioned);
    }
    for input in &mut signature.inputs {
        if let FnArg::Typed(argument) = input
            && bindings(&argument.pat).iter().any(|name| mentioned.contains(name))
        {
            argument.attrs.push(parse_quote!(#[allow(unused_variables, reason = "a check uses it")]));
        }
    }
}

pub(super) fn collect(tokens: TokenStream, names: &mut HashSet<String>) {
    for token in tokens {
        match token {
            TokenTree::Ident(name) => drop(names.insert(name.to_string())),
            TokenTree::Group(group) => collect(group.stream(), names),
            // `format!("{id}")`
            TokenTree::Literal(literal) => {
                let text = literal.to_string();
                names.extend(text.split(|c: char| !c.is_alphanumeric() && c != '_').map(str::to_owned));
            }
            TokenTree::Punct(_) => {}
        }
    }
}

pub(super) fn bindings(pattern: &Pat) -> Vec<String> {
    struct Bindings(Vec<String>);
    impl<'ast> Visit<'ast> for Bindings {
        fn visit_pat_ident(&mut self, pattern: &'ast syn::PatIdent) {
            self.0.push(pattern.ident.to_string());
            syn::visit::visit_pat_ident(self, pattern);
        }
    }
    let mut bindings = Bindings(Vec::new());
    bindings.visit_pat(pattern);
    bindings.0
}

pub(super) fn typed(input: &FnArg) -> Option<&syn::PatType> {
    match input {
        FnArg::Typed(argument) => Some(argument),
        FnArg::Receiver(_) => None,
    }
}
