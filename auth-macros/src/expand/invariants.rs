//! `invariants!`: a constant for each invariant of roles, and the invariants of routes as a value.

use proc_macro2::{Ident, TokenStream};
use quote::{format_ident, quote, quote_spanned};
use syn::{LitInt, Path, spanned::Spanned};

use crate::{
    model::Name,
    parse::invariants::{Invariant, InvariantKind, Invariants},
    paths::Private,
};

pub(crate) fn expand(invariants: &Invariants, p: &Private) -> TokenStream {
    let auth = invariants.auth.clone().unwrap_or_else(|| Path::from(format_ident!("Auth")));
    let of_tables = invariants.list.iter().map(|invariant| of_tables(invariant, &auth, p));
    let max_public = invariants.list.iter().find_map(|invariant| match &invariant.kind {
        InvariantKind::MaxPublic(number) => Some(of_routes(number, p)),
        _ => None,
    });
    quote!(#(#of_tables)* #max_public)
}

/// Emits the constants that stop the build, each at its own words.
fn of_tables(Invariant { word, kind }: &Invariant, auth: &Path, p: &Private) -> TokenStream {
    let texts = |roles: &[Name]| -> Vec<_> { roles.iter().map(|role| text(role, "Role", auth, p)).collect() };
    let asserted = |roles: &[Name]| -> TokenStream { roles.iter().map(|role| assert_role(role, auth, p)).collect() };
    match kind {
        InvariantKind::Only { roles, permission } | InvariantKind::Never { roles, permission } => {
            let function = Ident::new(&format!("assert_{word}"), word.span());
            let (names, roles) = (asserted(roles), texts(roles));
            let granted = assert_permission(permission, auth, p);
            let permission = text(permission, "Permission", auth, p);
            let at = p.at(word.span());
            quote_spanned! {word.span()=> #names #granted const _: () = #at::#function::<#auth>(&[#(#roles),*], #permission); }
        }
        InvariantKind::Separate { roles } => {
            let (names, roles) = (asserted(roles), texts(roles));
            let pairs = roles
                .iter()
                .enumerate()
                .flat_map(|(index, role)| roles[..index].iter().map(move |other| (other, role)));
            let at = p.at(word.span());
            let pairs = pairs.map(
                |(one, other)| quote_spanned!(word.span()=> const _: () = #at::assert_separate::<#auth>(#one, #other);),
            );
            quote!(#names #(#pairs)*)
        }
        InvariantKind::MaxPublic(_) => TokenStream::new(),
    }
}

/// Emits the invariants of routes. A constant that is not used is a warning: nothing checks it then.
fn of_routes(max_public: &LitInt, p: &Private) -> TokenStream {
    quote! {
        /// The invariants of the routes. `AccessPolicyBuilder::invariants` checks them.
        pub(crate) const INVARIANTS: #p::Invariants = #p::Invariants::max_public(#max_public);
    }
}

/// Returns the text of a name. A path leads to an entry of its table.
fn text(name: &Name, table: &str, auth: &Path, p: &Private) -> TokenStream {
    let (span, table) = (name.span(), Ident::new(table, name.span()));
    let p = p.at(span);
    match name {
        Name::Literal(name) => quote!(#name),
        value => quote_spanned!(span=> <<#auth as #p::AuthSchema>::#table>::entry(#value).name()),
    }
}

fn assert_role(role: &Name, auth: &Path, p: &Private) -> TokenStream {
    let span = role.span();
    let p = p.at(span);
    match role {
        Name::Literal(role) => {
            quote_spanned!(span=> const _: () = #p::assert_declared::<<#auth as #p::AuthSchema>::Role>(#role);)
        }
        _ => TokenStream::new(),
    }
}

fn assert_permission(permission: &Name, auth: &Path, p: &Private) -> TokenStream {
    let span = permission.span();
    let p = p.at(span);
    match permission {
        Name::Literal(pattern) => {
            quote_spanned!(span=> const _: () = #p::assert_granted::<<#auth as #p::AuthSchema>::Permission>(#pattern);)
        }
        _ => TokenStream::new(),
    }
}
