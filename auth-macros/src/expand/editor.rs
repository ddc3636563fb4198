//! The expansion for rust-analyzer: the item as it was written, with the clauses as statements.
//!
//! The clauses go into the function below the attribute, where `self` and the arguments are in scope. There the editor
//! completes them, even a clause that cannot be parsed yet. Nothing generated is in scope.

use proc_macro2::{Delimiter, Ident, TokenStream, TokenTree};
use quote::{ToTokens, quote};
use syn::{Attribute, Block, ImplItem, ItemFn, ItemImpl, Meta, parse_quote};

use super::misplaced;
use crate::{
    parse::{
        attribute::{AttributeName, is_ours},
        is,
    },
    paths::Private,
};

/// Emits an impl block whose operations start with their clauses; the first one also with those of the block.
pub(crate) fn api(block: ItemImpl, outer: &TokenStream, p: &Private) -> TokenStream {
    misplaced::expand(with_clauses(block, outer, p), Some(p))
}

/// Emits an impl block of MCP tools in the same way.
pub(crate) fn tools(block: ItemImpl, outer: &TokenStream, p: &Private) -> TokenStream {
    misplaced::expand(with_clauses(block, outer, p), None)
}

/// Emits the clauses of `requirement!` before its value.
pub(crate) fn requirement(written: &TokenStream, value: &TokenStream, p: &Private) -> TokenStream {
    let clauses = clauses(written.clone(), p);
    quote!({ #p::editor! { #clauses } #value })
}

fn with_clauses(mut block: ItemImpl, outer: &TokenStream, p: &Private) -> TokenStream {
    let mut floor = Some(clauses(outer.clone(), p));
    for item in &mut block.items {
        if let ImplItem::Fn(method) = item
            && method.attrs.iter().any(is_ours)
        {
            let own = written(&method.attrs, p);
            insert(&mut method.block, &quote!(#floor #own), p);
            floor = None;
        }
    }
    block.into_token_stream()
}

/// Emits a handler that starts with its clauses.
pub(crate) fn handler(
    attribute: &Attribute,
    mut function: ItemFn,
    name: AttributeName,
    outer: &TokenStream,
    p: &Private,
) -> TokenStream {
    let outer = statements(name == AttributeName::Permission, outer.clone(), p);
    let own = written(&function.attrs, p);
    insert(&mut function.block, &quote!(#outer #own), p);
    function.attrs.retain(|attribute| !is_ours(attribute));
    quote!(#attribute #function)
}

fn insert(block: &mut Block, statements: &TokenStream, p: &Private) {
    block.stmts.insert(0, parse_quote!(#p::editor! { #statements }));
}

fn written(attributes: &[Attribute], p: &Private) -> TokenStream {
    let lists =
        attributes.iter().filter(|attribute| is_ours(attribute)).filter_map(|attribute| match &attribute.meta {
            Meta::List(list) => Some(statements(is(attribute, "permission"), list.tokens.clone(), p)),
            _ => None,
        });
    lists.collect()
}

fn statements(is_name: bool, tokens: TokenStream, p: &Private) -> TokenStream {
    if is_name { names(tokens) } else { clauses(tokens, p) }
}

/// Emits the word of each clause as a path to its documentation, and its names and expressions as statements.
fn clauses(tokens: TokenStream, p: &Private) -> TokenStream {
    between_commas(tokens).into_iter().map(|clause| one(clause, p)).collect()
}

fn one(clause: Vec<TokenTree>, p: &Private) -> TokenStream {
    match clause.as_slice() {
        [] => quote!(#p::clauses::;),
        [TokenTree::Ident(word), rest @ ..] if !is_path(word, rest) => {
            let inner = argument(word, rest, p);
            quote!(#p::clauses::#word; #inner)
        }
        _ => statement(clause),
    }
}

/// Whether a word begins a path, or is the name of a constant.
fn is_path(word: &Ident, rest: &[TokenTree]) -> bool {
    let is_constant = !word.to_string().chars().any(char::is_lowercase);
    is_constant || matches!(rest.first(), Some(TokenTree::Punct(punct)) if punct.as_char() == ':')
}

fn argument(word: &Ident, rest: &[TokenTree], p: &Private) -> TokenStream {
    let is_group = ["any", "all", "not"].iter().any(|group| word == group);
    match rest {
        [TokenTree::Group(list)] if is_group => clauses(list.stream(), p),
        [TokenTree::Group(list)] if list.delimiter() == Delimiter::Parenthesis && word != "claim" => {
            names(list.stream())
        }
        _ => statement(after_equals(rest)),
    }
}

fn after_equals(tokens: &[TokenTree]) -> Vec<TokenTree> {
    let is_equals = |token: &TokenTree| matches!(token, TokenTree::Punct(punct) if punct.as_char() == '=');
    tokens.iter().skip_while(|token| !is_equals(token)).skip(1).cloned().collect()
}

fn names(tokens: TokenStream) -> TokenStream {
    between_commas(tokens).into_iter().map(statement).collect()
}

/// A string says nothing to an editor.
fn statement(tokens: Vec<TokenTree>) -> TokenStream {
    match tokens.as_slice() {
        [] | [TokenTree::Literal(_)] => TokenStream::new(),
        _ => {
            let tokens: TokenStream = tokens.into_iter().collect();
            quote!((#tokens);)
        }
    }
}

fn between_commas(tokens: TokenStream) -> Vec<Vec<TokenTree>> {
    let mut parts = vec![Vec::new()];
    for token in tokens {
        match &token {
            TokenTree::Punct(punct) if punct.as_char() == ',' => parts.push(Vec::new()),
            _ => parts.last_mut().into_iter().for_each(|part| part.push(token.clone())),
        }
    }
    parts
}
