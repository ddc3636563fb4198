//! The rule of one operation: a constant, behind a type that stands for it.

use proc_macro2::{Ident, TokenStream};
use quote::{quote, quote_spanned};
use syn::{Path, spanned::Spanned};

use super::access;
use crate::{model::Access, paths::Private};

/// Implements `Rule` for the type; `name` is what the log calls the operation within its module.
pub(crate) fn expand(rule: &Ident, name: &str, access: &Access, auth: &Path) -> TokenStream {
    let p = Private::locate();
    let assertions = access::assert_names(access, auth);
    let access = access::expand(access, auth);
    quote! {
        #assertions

        impl #p::Rule for #rule {
            type Auth = #auth;
            const OPERATION: &'static #p::Operation<#auth> = &#p::Operation::new(
                #p::core::concat!(#p::core::module_path!(), "::", #name),
                #access,
            )
            .at(#p::core::concat!(#p::core::file!(), ":", #p::core::line!(), ":", #p::core::column!(), ":", #name));
        }
    }
}

/// Another name for an `Auth`, and the item that declares it: where there is no such type, that is one error.
pub(crate) fn alias(auth: &Path) -> (Path, TokenStream) {
    let alias = Ident::new("__Auth", auth.span());
    let item = quote_spanned!(auth.span()=> type #alias = #auth;);
    (alias.into(), item)
}
