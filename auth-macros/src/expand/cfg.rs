//! Has the compiler evaluate the `#[cfg]`s inside an item.
//!
//! Each predicate becomes a `#[cfg(..)] macro_rules!` pair. The pairs call each other in a chain, and the last one hands
//! the values, `true` or `false`, to `__configured!`.

use std::{
    collections::hash_map::DefaultHasher,
    hash::{Hash, Hasher},
};

use proc_macro2::TokenStream;
use quote::{format_ident, quote};

use crate::{parse::attribute::AttributeName, paths::Private};

pub(crate) fn expand(
    attribute: AttributeName,
    arguments: &TokenStream,
    item: &TokenStream,
    predicates: &[TokenStream],
    p: &Private,
) -> TokenStream {
    let attribute = format_ident!("{}", attribute.as_str());
    let id = identity(item);
    let name = |i: usize| format_ident!("__auth_cfg_{id}_{i}");
    let pairs = predicates.iter().enumerate().map(|(i, predicate)| {
        let this = name(i);
        let next = if i + 1 < predicates.len() {
            let next = name(i + 1);
            quote!(#next)
        } else {
            quote!(#p::__configured)
        };
        quote! {
            #[cfg(#predicate)]
            macro_rules! #this { ({ $($values:tt)* } $($rest:tt)*) => { #next! { { $($values)* true } $($rest)* } } }
            #[cfg(not(#predicate))]
            macro_rules! #this { ({ $($values:tt)* } $($rest:tt)*) => { #next! { { $($values)* false } $($rest)* } } }
        }
    });
    let first = name(0);
    quote! {
        #(#pairs)*
        #first! { {} #attribute { #arguments } #item }
    }
}

/// Tells the macros of one item from those of another in the same scope.
fn identity(item: &TokenStream) -> u64 {
    let mut hasher = DefaultHasher::new();
    item.to_string().hash(&mut hasher);
    hasher.finish()
}
