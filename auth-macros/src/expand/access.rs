//! The access of an operation as a constant.

use proc_macro2::{Ident, Span, TokenStream};
use quote::{ToTokens, format_ident, quote, quote_spanned};
use syn::{Lit, Path, spanned::Spanned};

use crate::{
    model::{Access, Check, Name, Requirement},
    paths::Private,
};

/// What the names of a requirement are looked up in.
#[derive(Clone, Copy)]
pub(crate) struct Names<'a> {
    pub(crate) p: &'a Private,
    pub(crate) auth: &'a Path,
    /// Whether the tables are known only when generic code gets its types.
    pub(crate) is_generic: bool,
    /// Whether the requirement stands in a function, where only an inline constant lives as long as the program.
    pub(crate) is_inline: bool,
}

impl Names<'_> {
    /// Returns a reference to a constant value.
    pub(crate) fn reference(self, value: &TokenStream) -> TokenStream {
        if self.is_inline { quote!(&const { #value }) } else { quote!(&#value) }
    }
}

pub(crate) fn expand(access: &Access, names: Names<'_>) -> TokenStream {
    let p = names.p;
    let checks = access.checks();
    let requirement = access.requirement().map(|tree| requirement(tree, checks, names));
    let hide = access.requirement().map(|tree| hide(access, tree, names));
    match access {
        Access::Public { reason } => quote!(#p::Access::Public { reason: #reason }),
        Access::Optional { .. } => {
            let requirement = match requirement {
                Some(requirement) => quote!(#p::core::option::Option::Some(#requirement)),
                None => quote!(#p::core::option::Option::None),
            };
            let hide = hide.unwrap_or_else(|| quote!(false));
            quote!(#p::Access::Optional { requirement: #requirement, hide: #hide })
        }
        Access::Required { .. } => quote!(#p::Access::Required { requirement: #requirement, hide: #hide }),
    }
}

/// Emits whether the operation hides itself: by its own word, or by that of a rule in it. It is a call, since the compiler
/// makes no constants of the lists that follow a `||`.
fn hide(access: &Access, tree: &Requirement, Names { p, auth, .. }: Names<'_>) -> TokenStream {
    let (Access::Required { hide, .. } | Access::Optional { hide, .. }) = access else { return quote!(false) };
    let mut hides = quote!(#hide);
    tree.visit(&mut |leaf| {
        if let Requirement::Rule(path) = leaf {
            hides = quote!(#p::hides(#hides, #p::rule::<#auth>(#path)));
        }
    });
    hides
}

fn requirement(tree: &Requirement, checks: &[Check], names: Names<'_>) -> TokenStream {
    let Names { p, auth, .. } = names;
    let list = |clauses: &[Requirement]| {
        let clauses = clauses.iter().map(|clause| requirement(clause, checks, names));
        names.reference(&quote!([#(#clauses),*]))
    };
    let (constructor, argument) = match tree {
        Requirement::Authenticated => (quote!(authenticated), TokenStream::new()),
        Requirement::Role(name) => (quote!(role), entry(name, "Role", names)),
        Requirement::Permission(name) => (quote!(permission), entry(name, "Permission", names)),
        Requirement::Scope(name) => (quote!(scope), named(name, "scope", names)),
        Requirement::Scheme(name) => (quote!(scheme), named(name, "scheme", names)),
        Requirement::Fresh { seconds } => (quote!(fresh), quote!(#seconds)),
        Requirement::Claim { name, value } => {
            let kind = format_ident!("{}", claim_kind(value));
            (quote!(claim), quote!(#name, #p::ClaimValue::#kind(#value)))
        }
        Requirement::Acr(values) => (quote!(acr), quote!(&[#(#values),*])),
        Requirement::Rule(path) => return rule(path, names),
        Requirement::Check(index) => return check(*index, &checks[*index], names),
        Requirement::All(clauses) => (quote!(all), list(clauses)),
        Requirement::Any(clauses) => (quote!(any), list(clauses)),
        Requirement::Not(clause) => {
            let clause = requirement(clause, checks, names);
            (quote!(not), names.reference(&clause))
        }
    };
    quote!(#p::Requirement::<#auth>::#constructor(#argument))
}

/// `lower` allows no other literal.
fn claim_kind(value: &Lit) -> &'static str {
    match value {
        Lit::Bool(_) => "Bool",
        Lit::Int(_) => "Integer",
        _ => "Text",
    }
}

fn rule(path: &Path, Names { p, auth, .. }: Names<'_>) -> TokenStream {
    let name = path.segments.last().map(|segment| segment.ident.to_string()).unwrap_or_default();
    quote!(#p::rule::<#auth>(#path).clause(#name))
}

fn check(index: usize, check: &Check, Names { p, auth, .. }: Names<'_>) -> TokenStream {
    let source = source(check);
    // `lower` allows at most 64.
    let index = u16::try_from(index).unwrap_or(u16::MAX);
    let name = check.name.as_ref().map(|name| quote!(.named(#name)));
    quote!(#p::Requirement::<#auth>::check(#index, #source) #name)
}

/// Looks up a string in its table. A path has the type of the table already, or of a table that it includes.
fn entry(name: &Name, table: &str, Names { p, auth, is_generic, .. }: Names<'_>) -> TokenStream {
    let (table, span) = (Ident::new(table, name.span()), name.span());
    let p = p.at(span);
    match name {
        Name::Literal(name) if is_generic => {
            quote_spanned!(span=> #p::declared::<<#auth as #p::AuthSchema>::#table>(#name))
        }
        Name::Literal(name) => quote_spanned!(span=> #p::entry::<<#auth as #p::AuthSchema>::#table>(#name)),
        value if is_generic => quote_spanned!(span=> #p::included(#value.entry())),
        value => quote_spanned!(span=> <<#auth as #p::AuthSchema>::#table>::entry(#value)),
    }
}

/// Looks up a scope or a scheme. A path leads to a string.
fn named(name: &Name, kind: &str, Names { p, auth, is_generic, .. }: Names<'_>) -> TokenStream {
    let look_up = if is_generic { format!("declared_{kind}") } else { kind.to_owned() };
    let look_up = Ident::new(&look_up, name.span());
    let p = p.at(name.span());
    quote_spanned!(name.span()=> #p::#look_up::<#auth>(#name))
}

/// Stops the build at undeclared names, with a constant for each, so that all of them are reported. Generic code has no
/// constants of its own: its lookups stop the build.
pub(crate) fn assert_names(access: &Access, names: Names<'_>) -> TokenStream {
    let mut assertions = Vec::new();
    if let Some(requirement) = access.requirement().filter(|_| !names.is_generic) {
        requirement.visit(&mut |leaf| assertions.extend(assertion(leaf, names)));
    }
    assertions.into_iter().map(|(span, assertion)| quote_spanned!(span=> const _: () = #assertion;)).collect()
}

/// Returns the call that asserts a name, and its place. The type of a path is its check.
fn assertion(leaf: &Requirement, Names { p, auth, .. }: Names<'_>) -> Option<(Span, TokenStream)> {
    let (name, function, table) = match leaf {
        Requirement::Role(name @ Name::Literal(_)) => (name, "assert_declared", Some("Role")),
        Requirement::Permission(name @ Name::Literal(_)) => (name, "assert_declared", Some("Permission")),
        Requirement::Scope(name) => (name, "assert_scope", None),
        Requirement::Scheme(name) => (name, "assert_scheme", None),
        _ => return None,
    };
    let span = name.span();
    let (p, function) = (p.at(span), Ident::new(function, span));
    let ty = match table.map(|table| Ident::new(table, span)) {
        Some(table) => quote!(<#auth as #p::AuthSchema>::#table),
        None => quote!(#auth),
    };
    Some((span, quote_spanned!(span=> #p::#function::<#ty>(#name))))
}

/// Returns the source of the expression on one line.
fn source(check: &Check) -> String {
    check.expression.to_token_stream().to_string().split_whitespace().collect::<Vec<_>>().join(" ")
}
