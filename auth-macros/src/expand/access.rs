//! Who may call, as a constant.

use proc_macro2::{Span, TokenStream};
use quote::{ToTokens, quote, quote_spanned};
use syn::{Path, spanned::Spanned};

use crate::{
    model::{Access, Name, Requirement},
    paths::Private,
};

pub(crate) fn expand(access: &Access, auth: &Path) -> TokenStream {
    let p = Private::locate();
    match access {
        Access::Public { reason } => quote!(#p::Access::Public { reason: #reason }),
        Access::Optional => quote!(#p::Access::Optional),
        Access::Required { requirement: tree, hide, checks } => {
            let sources: Vec<String> = checks.iter().map(source).collect();
            let tree = requirement(tree, auth, &sources, &p);
            quote!(#p::Access::Required { requirement: #tree, hide: #hide })
        }
    }
}

fn requirement(tree: &Requirement, auth: &Path, checks: &[String], p: &Private) -> TokenStream {
    let list = |clauses: &[Requirement]| {
        let clauses = clauses.iter().map(|clause| requirement(clause, auth, checks, p));
        quote!(&[#(#clauses),*])
    };
    let (constructor, argument) = match tree {
        Requirement::Authenticated => (quote!(authenticated), TokenStream::new()),
        Requirement::Role(name) => (quote!(role), typed(name, quote!(Role), auth, p)),
        Requirement::Permission(name) => (quote!(permission), typed(name, quote!(Permission), auth, p)),
        Requirement::Scope(name) => (quote!(scope), named(name, quote!(__scope), auth)),
        Requirement::Scheme(name) => (quote!(scheme), named(name, quote!(__scheme), auth)),
        Requirement::Fresh { seconds } => (quote!(fresh), quote!(#seconds)),
        Requirement::Check(index) => {
            let source = &checks[*index];
            // At most 64, as `lower` says.
            let index = u16::try_from(*index).unwrap_or(u16::MAX);
            (quote!(check), quote!(#index, #source))
        }
        Requirement::All(clauses) => (quote!(all), list(clauses)),
        Requirement::Any(clauses) => (quote!(any), list(clauses)),
        Requirement::Not(clause) => {
            let clause = requirement(clause, auth, checks, p);
            (quote!(not), quote!(&#clause))
        }
    };
    quote!(#p::Requirement::<#auth>::#constructor(#argument))
}

/// A name of a table: looked up where it is a string, and of the right type where it is a path.
fn typed(name: &Name, table: TokenStream, auth: &Path, p: &Private) -> TokenStream {
    // The message of a failed look-up stands where the name stands.
    let span = span(name);
    match name {
        Name::Literal(literal) => quote_spanned!(span=> <<#auth as #p::Authority>::#table>::__entry(#literal)),
        Name::Path(path) => quote_spanned!(span=> <<#auth as #p::Authority>::#table>::entry(#path)),
    }
}

/// A name that stands for itself; a path leads to a string.
fn named(name: &Name, look_up: TokenStream, auth: &Path) -> TokenStream {
    quote_spanned!(span(name)=> <#auth>::#look_up(#name))
}

fn span(name: &Name) -> Span {
    match name {
        Name::Literal(literal) => literal.span(),
        Name::Path(path) => path.span(),
    }
}

impl ToTokens for Name {
    fn to_tokens(&self, tokens: &mut TokenStream) {
        match self {
            Self::Literal(literal) => literal.to_tokens(tokens),
            Self::Path(path) => path.to_tokens(tokens),
        }
    }
}

/// The expression as it was written, on one line.
fn source(expression: &syn::Expr) -> String {
    let span = expression.span();
    let text = span.source_text().unwrap_or_else(|| expression.to_token_stream().to_string());
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}
