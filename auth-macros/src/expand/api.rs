//! A protected impl block: the user's own methods as they were, and beside them a twin of each operation that poem-openapi
//! serves. The twin takes the guard first, so that nothing of a request is read before the decision.

use proc_macro2::{Ident, Span, TokenStream};
use quote::{ToTokens, format_ident, quote};
use syn::{Attribute, FnArg, ReturnType, Type, ext::IdentExt};

use super::{
    access,
    check::{self, Argument},
};
use crate::{
    lower::signature::argument_name,
    model::{Api, Operation},
    parse::is,
    paths::Private,
};

pub(crate) fn expand(api: &Api) -> TokenStream {
    let p = Private::locate();
    let Api { auth, attribute, item, operations } = api;
    let (auth, alias) = access::alias(auth);
    let (generics, _, where_clause) = item.generics.split_for_impl();
    let ty = &item.self_ty;
    let configured = item.attrs.iter().filter(|attribute| is(attribute, "cfg")).collect::<Vec<_>>();
    let lints = lints(&item.attrs);
    let rules: Vec<Ident> = (0..operations.len()).map(|index| format_ident!("__AuthRule{index}")).collect();
    let rule_items = operations.iter().zip(&rules).map(|(operation, rule)| {
        let name = format!("{}::{}", type_name(ty), operation.method.sig.ident.unraw());
        rule_item(rule, &name, operation, &auth, &p)
    });
    let twins = operations.iter().zip(&rules).map(|(operation, rule)| twin(operation, rule, &p));
    quote! {
        #item

        #(#configured)*
        const _: () = {
            #alias

            #(#rule_items)*

            #attribute
            #(#lints)*
            #[allow(deprecated, non_snake_case, unused_qualifications, clippy::all, clippy::pedantic, reason = "generated")]
            impl #generics #ty #where_clause {
                #(#twins)*
            }

            impl #generics #p::Protected for #ty #where_clause {
                type Auth = #auth;

                fn operations() -> #p::std::vec::Vec<&'static #p::Operation<#auth>> {
                    #p::std::vec![#(<#rules as #p::Rule>::OPERATION),*]
                }
            }
        };
    }
}

/// The rule of one operation: a constant, and a type that stands for it.
fn rule_item(rule: &Ident, name: &str, operation: &Operation, auth: &syn::Path, p: &Private) -> TokenStream {
    let known = access::known(&operation.access, auth);
    let access = access::expand(&operation.access, auth);
    quote! {
        #known

        struct #rule;

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

/// The method that poem-openapi serves in place of the user's.
fn twin(operation: &Operation, rule: &Ident, p: &Private) -> TokenStream {
    let method = &operation.method;
    let name = &method.sig.ident;
    let twin = format_ident!("__protected_{}", name.unraw(), span = name.span());
    let guard = Ident::new("guard", Span::mixed_site());
    let names = argument_names(method.sig.inputs.iter());
    let inputs = method.sig.inputs.iter().filter_map(typed).zip(&names).map(|(argument, name)| {
        let (attributes, ty) = (&argument.attrs, &argument.ty);
        quote!(#(#attributes)* #name: #ty)
    });
    let arguments: Vec<Argument<'_>> = method
        .sig
        .inputs
        .iter()
        .filter_map(typed)
        .zip(&names)
        .map(|(a, name)| Argument { name, pattern: &a.pat })
        .collect();
    let checks = check::expand(&operation.access, &guard, &arguments);
    let receiver = method.sig.receiver();
    // By its own name, which is a matter of hygiene: `__configured!` stands in the expansion of another macro.
    let this = receiver.map(|receiver| &receiver.self_token);
    let attributes = method.attrs.iter().filter(|attribute| is(attribute, "oai") || is(attribute, "doc"));
    let (generics, _, where_clause) = method.sig.generics.split_for_impl();
    let returns = returns(&method.sig.output);
    quote! {
        #(#attributes)*
        async fn #twin #generics (#receiver, #guard: #p::Guard<#rule>, #(#inputs),*) -> #p::Guarded<#returns> #where_clause {
            #checks
            #p::Guarded::Answered(Self::#name(#this, #(#names),*).await)
        }
    }
}

/// What each argument is called in a twin: as the user calls it, since poem-openapi takes parameter names from there.
pub(crate) fn argument_names<'a>(inputs: impl Iterator<Item = &'a FnArg>) -> Vec<Ident> {
    let name = |(index, argument): (usize, &syn::PatType)| {
        argument_name(&argument.pat).cloned().unwrap_or_else(|| format_ident!("argument{index}"))
    };
    inputs.filter_map(typed).enumerate().map(name).collect()
}

pub(crate) fn typed(input: &FnArg) -> Option<&syn::PatType> {
    match input {
        FnArg::Typed(argument) => Some(argument),
        FnArg::Receiver(_) => None,
    }
}

pub(crate) fn returns(output: &ReturnType) -> TokenStream {
    match output {
        ReturnType::Default => quote!(()),
        ReturnType::Type(_, ty) => ty.to_token_stream(),
    }
}

fn lints(attributes: &[Attribute]) -> Vec<&Attribute> {
    attributes
        .iter()
        .filter(|attribute| ["allow", "warn", "deny", "forbid"].iter().any(|lint| is(attribute, lint)))
        .collect()
}

/// A type as people write it: `Entries<S>`.
fn type_name(ty: &Type) -> String {
    ty.to_token_stream().to_string().replace(' ', "")
}
