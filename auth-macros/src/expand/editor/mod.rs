//! The expansion for rust-analyzer: the item as it was written, with the clauses as statements.
//!
//! The clauses go into the function below the attribute, where `self` and the arguments are in scope. There the editor
//! completes them, even a clause that cannot be parsed yet. Nothing generated is in scope.

mod attributes;
mod names;

use proc_macro2::{Delimiter, Ident, TokenStream, TokenTree};
use quote::{ToTokens, quote};
use syn::{Attribute, Block, ImplItem, ItemFn, ItemImpl, Meta, parse_quote};

pub(crate) use self::{
    attributes::auth,
    names::{permissions, roles},
};
use super::misplaced;
use crate::{
    model::AuthType,
    parse::{
        attribute::{AttributeName, is_ours},
        is,
    },
    paths::Private,
};

/// The names that clauses are written for.
#[derive(Clone, Copy)]
pub(crate) struct Editor<'a> {
    pub(crate) p: &'a Private,
    pub(crate) auth: &'a AuthType,
}

impl Editor<'_> {
    /// Emits an impl block whose operations start with their clauses; the first one also with those of the block.
    pub(crate) fn api(self, block: ItemImpl, outer: &TokenStream) -> TokenStream {
        misplaced::expand(self.with_clauses(block, outer), Some(self.p))
    }

    /// Emits an impl block of MCP tools in the same way.
    pub(crate) fn tools(self, block: ItemImpl, outer: &TokenStream) -> TokenStream {
        misplaced::expand(self.with_clauses(block, outer), None)
    }

    /// Emits the clauses of `requirement!` before its value.
    pub(crate) fn requirement(self, written: &TokenStream, value: &TokenStream) -> TokenStream {
        let (p, clauses) = (self.p, self.clauses(written.clone()));
        quote!({ #p::editor! { #clauses } #value })
    }

    fn with_clauses(self, mut block: ItemImpl, outer: &TokenStream) -> TokenStream {
        let mut floor = Some(self.clauses(outer.clone()));
        for item in &mut block.items {
            if let ImplItem::Fn(method) = item
                && method.attrs.iter().any(is_ours)
            {
                let own = self.written(&method.attrs);
                self.insert(&mut method.block, &quote!(#floor #own));
                floor = None;
            }
        }
        block.into_token_stream()
    }

    /// Emits a handler that starts with its clauses.
    pub(crate) fn handler(
        self,
        attribute: &Attribute,
        mut function: ItemFn,
        name: AttributeName,
        outer: &TokenStream,
    ) -> TokenStream {
        let outer = self.statements(name == AttributeName::Permission, outer.clone());
        let own = self.written(&function.attrs);
        self.insert(&mut function.block, &quote!(#outer #own));
        function.attrs.retain(|attribute| !is_ours(attribute));
        quote!(#attribute #function)
    }

    fn insert(self, block: &mut Block, statements: &TokenStream) {
        let p = self.p;
        block.stmts.insert(0, parse_quote!(#p::editor! { #statements }));
    }

    /// Emits attributes as imports, which lead to their documentation, and what they say as statements.
    fn written(self, attributes: &[Attribute]) -> TokenStream {
        let p = self.p;
        let written = attributes.iter().filter(|attribute| is_ours(attribute)).map(|attribute| {
            let word = attribute.path().segments.last().map(|segment| &segment.ident);
            let said = match &attribute.meta {
                Meta::List(list) => self.statements(is(attribute, "permission"), list.tokens.clone()),
                _ => TokenStream::new(),
            };
            quote!(use #p::attributes::#word as _; #said)
        });
        written.collect()
    }

    fn statements(self, is_name: bool, tokens: TokenStream) -> TokenStream {
        if is_name { self.names("permission", tokens) } else { self.clauses(tokens) }
    }

    /// Emits the word of each clause as a path to its documentation, and its names and expressions as statements.
    fn clauses(self, tokens: TokenStream) -> TokenStream {
        between_commas(tokens).into_iter().map(|clause| self.clause(clause)).collect()
    }

    fn clause(self, clause: Vec<TokenTree>) -> TokenStream {
        let p = self.p;
        match clause.as_slice() {
            [] => quote!(#p::clauses::;),
            [TokenTree::Ident(word), rest @ ..] if !is_path(word, rest) => {
                let inner = self.argument(word, rest);
                quote!(#p::clauses::#word; #inner)
            }
            _ => statement(clause),
        }
    }

    fn argument(self, word: &Ident, rest: &[TokenTree]) -> TokenStream {
        let text = word.to_string();
        match rest {
            [TokenTree::Group(list)] if ["any", "all", "not"].contains(&&*text) => self.clauses(list.stream()),
            [TokenTree::Group(list)] if list.delimiter() == Delimiter::Parenthesis && word != "claim" => {
                self.names(&text, list.stream())
            }
            _ => self.name(&text, after_equals(rest)),
        }
    }

    fn names(self, word: &str, tokens: TokenStream) -> TokenStream {
        between_commas(tokens).into_iter().map(|name| self.name(word, name)).collect()
    }

    /// A string becomes a path to the place that declares it.
    fn name(self, word: &str, tokens: Vec<TokenTree>) -> TokenStream {
        match tokens.as_slice() {
            [TokenTree::Literal(literal)] => names::declared(word, literal, self),
            _ => statement(tokens),
        }
    }
}

/// Whether a word begins a path, or is the name of a constant.
fn is_path(word: &Ident, rest: &[TokenTree]) -> bool {
    let is_constant = !word.to_string().chars().any(char::is_lowercase);
    is_constant || matches!(rest.first(), Some(TokenTree::Punct(punct)) if punct.as_char() == ':')
}

fn after_equals(tokens: &[TokenTree]) -> Vec<TokenTree> {
    let is_equals = |token: &TokenTree| matches!(token, TokenTree::Punct(punct) if punct.as_char() == '=');
    tokens.iter().skip_while(|token| !is_equals(token)).skip(1).cloned().collect()
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
