//! A protected handler: the user's function as it was, inside of one that takes the guard first.

use proc_macro2::{Ident, Span, TokenStream};
use quote::{format_ident, quote};
use syn::{FnArg, ext::IdentExt};

use super::{
    access,
    api::{argument_names, returns, typed},
    check::{self, Argument},
};
use crate::{model::Handler, parse::is, paths::Private};

pub(crate) fn expand(handler: &Handler) -> TokenStream {
    let p = Private::locate();
    let Handler { auth, attribute, function, access } = handler;
    let (visibility, signature) = (&function.vis, &function.sig);
    let name = &signature.ident;
    let rule = format_ident!("__AuthRule_{}", name.unraw());
    let configured: Vec<_> = function.attrs.iter().filter(|attribute| is(attribute, "cfg")).collect();
    let documented = function.attrs.iter().filter(|attribute| is(attribute, "doc") || is(attribute, "cfg"));
    let guard = Ident::new("guard", Span::mixed_site());
    let names = argument_names(signature.inputs.iter());
    let arguments: Vec<Argument<'_>> = signature
        .inputs
        .iter()
        .filter_map(typed)
        .zip(&names)
        .map(|(a, name)| Argument { name, pattern: &a.pat })
        .collect();
    let inputs = signature.inputs.iter().filter_map(typed).zip(&names).map(|(argument, name)| {
        let ty = &argument.ty;
        quote!(#name: #ty)
    });
    let own = own(handler);
    let checks = check::expand(access, &guard, &arguments);
    let call_await = signature.asyncness.map(|_| quote!(.await));
    let (generics, _, where_clause) = signature.generics.split_for_impl();
    let returns = returns(&signature.output);
    let (auth, alias) = access::alias(auth);
    let known = access::known(access, &auth);
    let constant = access::expand(access, &auth);
    let text = name.unraw().to_string();
    quote! {
        #(#configured)*
        #[allow(non_camel_case_types, reason = "generated")]
        struct #rule;

        #(#configured)*
        const _: () = {
            #alias

            #known

            impl #p::Rule for #rule {
                type Auth = #auth;
                const OPERATION: &'static #p::Operation<#auth> = &#p::Operation::new(
                #p::core::concat!(#p::core::module_path!(), "::", #text),
                #constant,
            )
            .at(#p::core::concat!(#p::core::file!(), ":", #p::core::line!(), ":", #p::core::column!(), ":", #text));
            }
        };

        #(#documented)*
        #attribute
        #[allow(deprecated, unused_qualifications, clippy::all, clippy::pedantic, reason = "generated")]
        #visibility async fn #name #generics (#guard: #p::HandlerGuard<#rule>, #(#inputs),*) -> #p::Guarded<#returns> #where_clause {
            #own
            #checks
            #p::Guarded::Answered(#name(#(#names),*) #call_await)
        }
    }
}

/// The user's function, with all attributes that are its own.
fn own(handler: &Handler) -> TokenStream {
    let mut own = handler.function.clone();
    own.attrs.retain(|attribute| !is(attribute, "doc") && !is(attribute, "cfg"));
    for input in &mut own.sig.inputs {
        if let FnArg::Typed(argument) = input {
            argument.attrs.retain(|attribute| !is(attribute, "doc"));
        }
    }
    own.vis = syn::Visibility::Inherited;
    quote!(#own)
}
