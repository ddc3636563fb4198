//! Who may call, as a constant.

use proc_macro2::{Ident, Span, TokenStream};
use quote::{ToTokens, quote, quote_spanned};
use syn::{LitStr, Path, spanned::Spanned};

use crate::{
    model::{Access, Check, Name, Requirement},
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
        Requirement::Role(name) => (quote!(role), typed(name, &quote!(Role), auth, p)),
        Requirement::Permission(name) => (quote!(permission), typed(name, &quote!(Permission), auth, p)),
        Requirement::Scope(name) => (quote!(scope), named(name, "__scope", auth)),
        Requirement::Scheme(name) => (quote!(scheme), named(name, "__scheme", auth)),
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
fn typed(name: &Name, table: &TokenStream, auth: &Path, p: &Private) -> TokenStream {
    match name {
        Name::Literal(literal) => {
            quote_spanned!(literal.span()=> <<#auth as #p::AuthSchema>::#table>::__entry(#literal))
        }
        Name::Path(path) => quote_spanned!(path.span()=> <<#auth as #p::AuthSchema>::#table>::entry(#path)),
    }
}

/// A name that stands for itself; a path leads to a string.
fn named(name: &Name, look_up: &str, auth: &Path) -> TokenStream {
    let look_up = Ident::new(look_up, name.span());
    quote_spanned!(name.span()=> <#auth>::#look_up(#name))
}

/// Stops the build at names that are not declared: a constant for each, so that every one of them is reported.
pub(crate) fn assert_names(access: &Access, auth: &Path) -> TokenStream {
    let Access::Required { requirement, .. } = access else { return TokenStream::new() };
    let p = Private::locate();
    let mut names = Vec::new();
    requirement.visit(&mut |leaf| names.extend(assertion(leaf, auth, &p)));
    names.into_iter().map(|(span, assertion)| quote_spanned!(span=> const _: () = #assertion;)).collect()
}

/// The call that asserts a name, and where to say so. A path to a typed value was checked by its type.
fn assertion(leaf: &Requirement, auth: &Path, p: &Private) -> Option<(Span, TokenStream)> {
    let table = |literal: &LitStr, table: TokenStream| {
        let span = literal.span();
        (span, quote_spanned!(span=> <<#auth as #p::AuthSchema>::#table>::__assert_known(#literal)))
    };
    match leaf {
        Requirement::Role(Name::Literal(literal)) => Some(table(literal, quote!(Role))),
        Requirement::Permission(Name::Literal(literal)) => Some(table(literal, quote!(Permission))),
        Requirement::Scope(name) => Some((name.span(), named(name, "__assert_known_scope", auth))),
        Requirement::Scheme(name) => Some((name.span(), named(name, "__assert_known_scheme", auth))),
        _ => None,
    }
}

/// The expression as it was written, on one line.
fn source(check: &Check) -> String {
    check.expression.to_token_stream().to_string().split_whitespace().collect::<Vec<_>>().join(" ")
}
