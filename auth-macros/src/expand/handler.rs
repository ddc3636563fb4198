//! A protected handler: the user's function inside another one, which takes the guard first.

use proc_macro2::{Ident, Span, TokenStream};
use quote::{ToTokens, format_ident, quote};
use syn::{FnArg, GenericParam, Generics, ext::IdentExt};

use super::{
    argument::{Argument, answered, arguments, returns},
    check,
    rule::Rules,
};
use crate::{
    model::{Access, Handler},
    parse::is,
    paths::Private,
};

pub(crate) fn expand(handler: &Handler, p: &Private) -> TokenStream {
    let Some(access) = &handler.access else { return as_written(handler) };
    let name = &handler.function.sig.ident;
    let rule = format_ident!("__AuthRule_{}", name.unraw());
    let configured: Vec<_> = handler.function.attrs.iter().filter(|attribute| is(attribute, "cfg")).collect();
    let generics = &handler.function.sig.generics;
    let shared = Rules::new(&handler.auth, generics, &marker(generics), p);
    let alias = &shared.alias;
    let declaration = shared.declare(&rule);
    let rule_impl = shared.implement(&rule, &name.unraw().to_string(), access);
    let (auth, ty) = (&shared.auth, shared.ty(&rule));
    let guarded = guarded(handler, access, &ty, p);
    let (generics, arguments, where_clause) = handler.function.sig.generics.split_for_impl();
    quote! {
        #(#configured)*
        #[allow(non_camel_case_types, reason = "generated")]
        #declaration

        #(#configured)*
        const _: () = {
            #alias

            #rule_impl

            impl #generics #p::ProtectedHandler for #name #arguments #where_clause {
                type Auth = #auth;

                fn operation(&self) -> &'static #p::Operation<#auth> {
                    <#ty as #p::Rule>::OPERATION
                }
            }
        };

        #guarded
    }
}

/// Returns a tuple of the parameters of a function.
fn marker(generics: &Generics) -> TokenStream {
    let parameters = generics.params.iter().filter_map(|parameter| match parameter {
        GenericParam::Type(parameter) => Some(parameter.ident.to_token_stream()),
        GenericParam::Const(parameter) => {
            let name = &parameter.ident;
            Some(quote!([(); { #name }]))
        }
        GenericParam::Lifetime(_) => None,
    });
    quote!((#(#parameters,)*))
}

/// Emits the user's handler beside the error.
fn as_written(Handler { attribute, function, .. }: &Handler) -> TokenStream {
    quote!(#attribute #function)
}

/// Emits the function that becomes the endpoint.
fn guarded(handler: &Handler, access: &Access, rule: &TokenStream, p: &Private) -> TokenStream {
    let Handler { attribute, function, .. } = handler;
    let (visibility, signature, name) = (&function.vis, &function.sig, &function.sig.ident);
    let documented = function.attrs.iter().filter(|attribute| is(attribute, "doc") || is(attribute, "cfg"));
    let guard = Ident::new("__guard", Span::mixed_site());
    let arguments = arguments(signature);
    let names = arguments.iter().map(|argument| &argument.name);
    let inputs = arguments.iter().map(|Argument { name, typed }| {
        let ty = &typed.ty;
        quote!(#name: #ty)
    });
    let own = own(handler);
    let checks = check::expand(access, &guard, &arguments, p);
    let call_await = signature.asyncness.map(|_| quote!(.await));
    let (generics, _, where_clause) = signature.generics.split_for_impl();
    let returns = returns(&signature.output);
    let response = quote!(#name(#(#names),*) #call_await);
    let answered = answered(access, &guard, &response, p);
    quote! {
        #(#documented)*
        #attribute
        #[allow(deprecated, unused_qualifications, clippy::all, clippy::pedantic, reason = "generated")]
        #visibility async fn #name #generics (#guard: #p::HandlerGuard<#rule>, #(#inputs),*) -> #p::Guarded<#returns> #where_clause {
            #own
            #checks
            #answered
        }
    }
}

/// Emits the user's function with its own attributes.
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
