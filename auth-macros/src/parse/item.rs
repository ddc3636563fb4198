//! What an attribute stands on.

use proc_macro2::TokenStream;
use quote::ToTokens;
use syn::{Attribute, ImplItemFn, ItemFn, ItemImpl};

use super::{
    attribute::{Word, is_ours},
    is,
};

/// What an attribute stands on.
pub(crate) enum Item {
    /// An impl block with `#[OpenApi]` below the attribute.
    Api(Box<ItemImpl>),
    /// A function with `#[handler]` below the attribute.
    Handler(Box<ItemFn>),
    /// Anywhere else; with what to write.
    Misplaced(syn::Error),
}

impl Item {
    pub(crate) fn parse(word: Word, item: TokenStream) -> Self {
        if let Ok(block) = syn::parse2::<ItemImpl>(item.clone()) {
            return Self::of_impl(word, block);
        }
        if let Ok(function) = syn::parse2::<ItemFn>(item.clone())
            && function.attrs.iter().any(|attribute| is(attribute, "handler"))
        {
            return Self::Handler(Box::new(function));
        }
        Self::Misplaced(misplaced(word, item))
    }

    fn of_impl(word: Word, block: ItemImpl) -> Self {
        let below = block.attrs.iter().any(|attribute| is(attribute, "OpenApi"));
        let message = match word {
            Word::Protected if below && block.trait_.is_none() => return Self::Api(Box::new(block)),
            Word::Protected if below => "`#[protected]` protects the operations of a type, not the methods of a trait",
            Word::Protected => {
                "`#[protected]` must stand above `#[OpenApi]`: below it, the operations are already made, without a rule"
            }
            _ => {
                "an impl block is protected with `#[protected]` or `#[protected(..)]` above `#[OpenApi]`; this attribute goes on its operations"
            }
        };
        let span = block.self_ty.to_token_stream();
        Self::Misplaced(syn::Error::new_spanned(span, message))
    }
}

fn misplaced(word: Word, item: TokenStream) -> syn::Error {
    let name = word.as_str();
    match syn::parse2::<ImplItemFn>(item.clone()) {
        Ok(method) if method.sig.receiver().is_some() || has(&method.attrs, "oai") => syn::Error::new_spanned(
            &method.sig.ident,
            format!(
                "`#[{name}]` has no effect yet: put `#[protected]` above `#[OpenApi]` on the impl block of `{}`",
                method.sig.ident
            ),
        ),
        Ok(function) => syn::Error::new_spanned(
            &function.sig.ident,
            format!("`#[{name}]` must stand above `#[handler]`, which makes `{}` an endpoint", function.sig.ident),
        ),
        Err(_) => syn::Error::new_spanned(
            first_tokens(item),
            format!("`#[{name}]` goes on an operation of an `#[OpenApi]` impl block, or above `#[handler]`"),
        ),
    }
}

fn has(attributes: &[Attribute], name: &str) -> bool {
    attributes.iter().any(|attribute| is(attribute, name) || is_ours(attribute))
}

/// Enough of an item to point at.
fn first_tokens(item: TokenStream) -> TokenStream {
    item.into_iter().take(4).collect()
}
