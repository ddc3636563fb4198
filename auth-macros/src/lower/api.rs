//! Lowers an impl block to an API whose operations all have a rule.

use proc_macro2::Span;
use syn::{
    Attribute, Expr, ExprLit, FnArg, Ident, ImplItem, ImplItemFn, ItemImpl, Lit, Meta, MetaNameValue, Token,
    parse_quote, punctuated::Punctuated,
};

use super::{
    access::{Clauses, default_auth, lower as lower_access},
    caller,
    clause::Position,
    floor_arguments, signature,
};
use crate::{
    errors::{Errors, near},
    model::{Api, AuthType, Operation},
    parse::{
        attribute::{Content, RuleAttribute, is_ours, keep_inert, renamed, renamed_hint, take},
        is,
    },
};

/// Leaves out operations with an error, so that the others still compile and show theirs.
pub(crate) fn lower(
    rule: syn::Result<RuleAttribute>,
    span: Span,
    attribute: Option<Attribute>,
    mut item: ItemImpl,
    errors: &mut Errors,
) -> Api {
    open_api_stands_below(span, attribute.as_ref(), errors);
    let mut outer: Vec<RuleAttribute> = errors.ok(rule).into_iter().collect();
    outer.extend(take(&mut item.attrs, errors));
    let floor = floor(outer, errors);
    let mut operations = Vec::new();
    // Parsed once: each method has a copy.
    let allowed: Attribute = parse_quote!(#[allow(clippy::unused_async, reason = "operations are async")]);
    let is_unread = caller::is_missing_everywhere(&floor, &item, is_operation, errors);
    let needed = floor_arguments::arguments_of(&floor.checks, &item, is_operation);
    for item in &mut item.items {
        if let ImplItem::Fn(method) = item {
            let allowed = is_operation(method).then(|| allowed.clone());
            operations.extend(operation(method, &floor, &needed, errors));
            method.attrs.extend(allowed);
        }
    }
    if is_unread {
        // Each would report the name once more.
        operations.clear();
    }
    let path = floor.auth.unwrap_or_else(|| default_auth(item.impl_token.span));
    let is_generic = signature::mentions(&path, &item.generics);
    Api { auth: AuthType { path, is_generic }, attribute, item, operations }
}

/// An impl block without `#[OpenApi]` serves no operations.
fn open_api_stands_below(span: Span, attribute: Option<&Attribute>, errors: &mut Errors) {
    if attribute.is_none() {
        errors.span(span, "`#[OpenApi]` is missing: write it below `#[protected]`");
    }
}

/// Returns the requirement that the attributes of the impl block add to every operation.
pub(super) fn floor(outer: Vec<RuleAttribute>, errors: &mut Errors) -> Clauses {
    let mut floor = Clauses::default();
    for attribute in outer {
        match attribute.content {
            Content::Protected(clauses) => floor.add(clauses, Position::Floor, errors),
            _ => errors.span(
                attribute.span,
                format!(
                    "`#[{}]` goes on an operation; on the impl block, write `#[protected]`, or `#[protected(permission(\"..\"))]` to require a permission for all operations",
                    attribute.name.as_str()
                ),
            ),
        }
    }
    floor
}

/// Lowers a method with `#[oai]`, and removes `#[oai]` from the user's own method.
fn operation(method: &mut ImplItemFn, floor: &Clauses, needed: &[String], errors: &mut Errors) -> Option<Operation> {
    let mut mistakes = Errors::default();
    let says_something = method.attrs.iter().any(is_ours);
    let written = take(&mut method.attrs, &mut mistakes);
    if !is_operation(method) {
        rule_needs_an_operation(&method.sig.ident, &written, &mut mistakes);
        errors.join(mistakes);
        return None;
    }
    let (attributes, signature) = (method.attrs.clone(), method.sig.clone());
    remove_oai(method);
    if !says_something {
        operation_says_who(&signature.ident, &attributes, &mut mistakes);
        keep_inert(&mut method.attrs);
    }
    let (access, _) = lower_access(written, floor, Position::Operation, &mut mistakes);
    floor_arguments::has_arguments(&signature, &access, needed, &mut mistakes);
    options_are_right(&attributes, &mut mistakes);
    caller::is_taken(&signature, &access, floor.auth.as_ref(), floor.checks.len(), &mut mistakes);
    signature::is_operation(&signature, &mut mistakes);
    signature::caller_fits_access(&signature, &access, &mut mistakes);
    signature::arguments_of_checks_are_used(&mut method.sig, &access);
    errors.join(mistakes).then_some(Operation { attributes, signature, access })
}

/// The options of `#[oai]` on an operation.
const OPTIONS: [&str; 13] = [
    "path",
    "method",
    "deprecated",
    "tag",
    "transform",
    "operation_id",
    "external_docs",
    "response_header",
    "request_header",
    "actual_type",
    "code_sample",
    "hidden",
    "ignore_case",
];

/// Returns the options of `#[oai]` that can be parsed.
fn options(attributes: &[Attribute]) -> impl Iterator<Item = Meta> {
    let parse = Punctuated::<Meta, Token![,]>::parse_terminated;
    let oai = attributes.iter().filter(|attribute| is(attribute, "oai"));
    oai.filter_map(move |attribute| attribute.parse_args_with(parse).ok()).flatten()
}

fn options_are_right(attributes: &[Attribute], errors: &mut Errors) {
    for option in options(attributes) {
        option_is_known(&option, errors);
        path_has_no_slash_at_its_end(&option, errors);
    }
}

/// Poem-openapi would leave out the whole impl block, which would be errors of its own. It may have other options later, so
/// only a misspelt one is reported.
fn option_is_known(option: &Meta, errors: &mut Errors) {
    let Some(name) = option.path().get_ident().map(ToString::to_string) else { return };
    if OPTIONS.contains(&&*name) {
        return;
    }
    if let Some(near) = near(&OPTIONS, &name) {
        errors.at(option.path(), format!("unknown option `{name}` of `#[oai]`; did you mean `{near}`?"));
    }
}

/// Poem-openapi drops the slash, so that the path in the source would be no path of the service.
fn path_has_no_slash_at_its_end(option: &Meta, errors: &mut Errors) {
    if let Meta::NameValue(MetaNameValue { path, value: Expr::Lit(ExprLit { lit: Lit::Str(text), .. }), .. }) = option
        && path.is_ident("path")
        && let Some(served) = text.value().strip_suffix('/').filter(|served| !served.is_empty())
    {
        errors.at(text, format!("Poem drops the trailing slash of this path: write `\"{served}\"`"));
    }
}

fn is_operation(method: &ImplItemFn) -> bool {
    method.attrs.iter().any(|attribute| is(attribute, "oai"))
}

fn remove_oai(method: &mut ImplItemFn) {
    method.attrs.retain(|attribute| !is(attribute, "oai"));
    for input in &mut method.sig.inputs {
        if let FnArg::Typed(argument) = input {
            argument.attrs.retain(|attribute| !is(attribute, "oai") && !is(attribute, "doc"));
        }
    }
}

fn operation_says_who(name: &Ident, attributes: &[Attribute], errors: &mut Errors) {
    if let Some((attribute, message)) = renamed(attributes) {
        return errors.at(attribute, message);
    }
    errors.at(
        name,
        format!(
            "`{name}` has no rule: add `#[permission(\"..\")]`, `#[protected(..)]`, `#[optional_auth]` or `#[public(reason = \"..\")]`{}",
            renamed_hint(attributes)
        ),
    );
}

fn rule_needs_an_operation(name: &Ident, written: &[RuleAttribute], errors: &mut Errors) {
    for attribute in written {
        let word = attribute.name.as_str();
        errors.span(
            attribute.span,
            format!("`{name}` has `#[{word}]` but is not an operation: add `#[oai(path = \"..\", method = \"..\")]`, or remove `#[{word}]`"),
        );
    }
}
