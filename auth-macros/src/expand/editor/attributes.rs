//! The words of `#[auth(..)]` and `#[scheme(..)]` as paths to their documentation.
//!
//! rust-analyzer looks into the attributes of a derive macro through its expansion, so each word stands there once more.

use proc_macro2::{Delimiter, TokenStream, TokenTree};
use quote::quote;
use syn::{Attribute, Data, DeriveInput, Meta};

use super::{after_equals, between_commas, statement};
use crate::{parse::is, paths::Private};

/// Emits the words of all attributes of a struct, and the names of its schemes.
pub(crate) fn auth(input: &DeriveInput, p: &Private) -> TokenStream {
    let options = lists(&input.attrs, "auth").map(|list| words(list, &quote!(#p::schemes::auth)));
    let fields = match &input.data {
        Data::Struct(data) => data.fields.iter().collect(),
        _ => Vec::new(),
    };
    let schemes = fields.iter().flat_map(|field| lists(&field.attrs, "scheme")).map(|list| scheme(list, p));
    let names = super::names::schemes(&input.ident, &input.generics, &fields, p);
    quote! {
        const _: () = {
            #p::editor! { #(#options)* #(#schemes)* }
        };
        // Apart, so that the words have nothing generated in scope.
        const _: () = { #names };
    }
}

fn lists<'a>(attributes: &'a [Attribute], name: &'static str) -> impl Iterator<Item = TokenStream> + 'a {
    attributes.iter().filter(move |attribute| is(attribute, name)).filter_map(|attribute| match &attribute.meta {
        Meta::List(list) => Some(list.tokens.clone()),
        _ => None,
    })
}

/// Emits the kind of a scheme, and its options.
fn scheme(tokens: TokenStream, p: &Private) -> TokenStream {
    let mut parts = between_commas(tokens).into_iter();
    let kind = parts.next().map(|part| word(part, &quote!(#p::schemes::kind)));
    let options = parts.map(|part| word(part, &quote!(#p::schemes::option)));
    quote!(#kind #(#options)*)
}

fn words(tokens: TokenStream, module: &TokenStream) -> TokenStream {
    between_commas(tokens).into_iter().map(|part| word(part, module)).collect()
}

/// Emits a word as a path, and what follows it: words of the module below, or a value.
fn word(part: Vec<TokenTree>, module: &TokenStream) -> TokenStream {
    match part.as_slice() {
        [] => quote!(#module::;),
        [TokenTree::Ident(word), TokenTree::Group(list), ..] if list.delimiter() == Delimiter::Parenthesis => {
            let inner = words(list.stream(), &quote!(#module::#word));
            quote!(#module::#word; #inner)
        }
        [TokenTree::Ident(word), rest @ ..] => {
            let value = statement(after_equals(rest));
            quote!(#module::#word; #value)
        }
        _ => statement(part),
    }
}
