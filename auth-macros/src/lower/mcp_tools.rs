//! Lowers an impl block to MCP tools that all have a rule.

use syn::{
    Attribute, Expr, ExprLit, FnArg, ImplItem, ImplItemFn, ItemImpl, Lit, LitStr, MetaNameValue, ext::IdentExt,
    parse_quote,
};

use super::{
    access::{Clauses, default_auth, lower as lower_access},
    api::floor,
    caller,
    clause::Position,
    floor_arguments::{arguments_of, has_arguments},
    signature,
};
use crate::{
    errors::Errors,
    model::{AuthType, Tool, Tools},
    parse::{
        attribute::{RuleAttribute, is_ours, keep_inert, renamed, take},
        is,
    },
};

/// Leaves out tools with an error, so that the others still compile and show theirs.
pub(crate) fn lower(
    rule: syn::Result<RuleAttribute>,
    attribute: Attribute,
    mut item: ItemImpl,
    errors: &mut Errors,
) -> Tools {
    let mut outer: Vec<RuleAttribute> = errors.ok(rule).into_iter().collect();
    outer.extend(take(&mut item.attrs, errors));
    let floor = floor(outer, errors);
    block_is_not_generic(&item, errors);
    let is_unread = caller::is_missing_everywhere(&floor, &item, |_| true, errors);
    let needed = arguments_of(&floor.checks, &item, |_| true);
    let mut methods = Vec::new();
    for item in &mut item.items {
        if let ImplItem::Fn(method) = item {
            methods.extend(tool(method, &floor, &needed, errors));
        }
    }
    if is_unread {
        // Each would report the name once more.
        methods.clear();
    }
    let auth = AuthType { path: floor.auth.unwrap_or_else(|| default_auth(item.impl_token.span)), is_generic: false };
    Tools { auth, attribute, item, methods }
}

/// `#[Tools]` drops the parameters of a generic impl block.
fn block_is_not_generic(item: &ItemImpl, errors: &mut Errors) {
    if !item.generics.params.is_empty() {
        errors.at(
            &item.generics,
            "`#[Tools]` does not support generic types: write the impl block for one concrete type",
        );
    }
}

/// Lowers a method, and removes `#[mcp]` from the user's own.
fn tool(method: &mut ImplItemFn, floor: &Clauses, needed: &[String], errors: &mut Errors) -> Option<Tool> {
    let mut mistakes = Errors::default();
    let says_something = method.attrs.iter().any(is_ours);
    let written = take(&mut method.attrs, &mut mistakes);
    let original = method.clone();
    remove_mcp(method);
    if !says_something {
        tool_says_who(&original, &mut mistakes);
        keep_inert(&mut method.attrs);
    }
    let (access, _) = lower_access(written, floor, Position::Operation, &mut mistakes);
    has_arguments(&original.sig, &access, needed, &mut mistakes);
    caller::is_taken(&original.sig, &access, floor.auth.as_ref(), floor.checks.len(), &mut mistakes);
    signature::is_tool(&original.sig, &mut mistakes);
    signature::caller_fits_access(&original.sig, &access, &mut mistakes);
    signature::arguments_of_checks_are_used(&mut method.sig, &access);
    method.attrs.push(parse_quote!(#[allow(clippy::unused_async, reason = "tools are async")]));
    let name = name(&original);
    errors.join(mistakes).then_some(Tool { name, method: original, access })
}

fn remove_mcp(method: &mut ImplItemFn) {
    method.attrs.retain(|attribute| !is(attribute, "mcp"));
    for input in &mut method.sig.inputs {
        if let FnArg::Typed(argument) = input {
            argument.attrs.retain(|attribute| !is(attribute, "mcp") && !is(attribute, "doc"));
        }
    }
}

/// Returns the name in `#[mcp(name = "..")]`, else that of the method.
fn name(method: &ImplItemFn) -> LitStr {
    let named = method.attrs.iter().filter(|attribute| is(attribute, "mcp")).find_map(|attribute| {
        let name: MetaNameValue = attribute.parse_args().ok()?;
        match name.value {
            Expr::Lit(ExprLit { lit: Lit::Str(text), .. }) if name.path.is_ident("name") => Some(text),
            _ => None,
        }
    });
    let ident = &method.sig.ident;
    named.unwrap_or_else(|| LitStr::new(&ident.unraw().to_string(), ident.span()))
}

fn tool_says_who(method: &ImplItemFn, errors: &mut Errors) {
    let name = &method.sig.ident;
    if let Some((attribute, message)) = renamed(&method.attrs) {
        return errors.at(attribute, message);
    }
    errors.at(
        name,
        format!(
            "the tool `{name}` has no rule: add `#[permission(\"..\")]`, `#[protected(..)]`, `#[optional_auth]` or `#[public(reason = \"..\")]`"
        ),
    );
}
