//! The item below a misplaced attribute, emitted beside the error.

use proc_macro2::{Span, TokenStream};
use quote::{ToTokens, quote};
use syn::{FnArg, ImplItem, ItemFn, ItemImpl, Signature};

use crate::{lower::access::default_auth, parse::item::silence, paths::Private};

/// Without `p`, an impl block does not count as protected.
pub(crate) fn expand(item: TokenStream, p: Option<&Private>) -> TokenStream {
    if let Ok(block) = syn::parse2::<ItemImpl>(item.clone()) {
        return impl_block(block, p);
    }
    syn::parse2::<ItemFn>(item.clone()).map_or(item, function)
}

fn impl_block(mut block: ItemImpl, p: Option<&Private>) -> TokenStream {
    silence(&mut block.attrs);
    for item in &mut block.items {
        if let ImplItem::Fn(method) = item {
            silence(&mut method.attrs);
            silence_arguments(&mut method.sig);
        }
    }
    let protected = p.filter(|_| block.trait_.is_none()).map(|p| protected(&block, p));
    quote!(#block #protected)
}

/// Implements `Protected`, so that mounting the API is no second error.
fn protected(block: &ItemImpl, p: &Private) -> TokenStream {
    let (ty, auth) = (&block.self_ty, default_auth(Span::call_site()));
    let (generics, _, where_clause) = block.generics.split_for_impl();
    let predicates = where_clause.map(|clause| &clause.predicates).into_iter().flatten();
    quote! {
        // `for<'a>` keeps the compiler from asking now whether `#[OpenApi]` was there.
        impl #generics #p::Protected for #ty where for<'__a> #ty: #p::poem_openapi::OpenApi, #(#predicates),* {
            type Auth = #auth;

            fn operations() -> #p::std::vec::Vec<&'static #p::Operation<#auth>> {
                #p::std::vec::Vec::new()
            }

            fn security_arguments() -> #p::std::vec::Vec<#p::std::vec::Vec<#p::SecurityArgument>> {
                #p::std::vec::Vec::new()
            }
        }
    }
}

fn function(mut function: ItemFn) -> TokenStream {
    silence(&mut function.attrs);
    silence_arguments(&mut function.sig);
    function.into_token_stream()
}

fn silence_arguments(signature: &mut Signature) {
    for input in &mut signature.inputs {
        if let FnArg::Typed(argument) = input {
            silence(&mut argument.attrs);
        }
    }
}
