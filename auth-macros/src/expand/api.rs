//! A protected impl block: the user's methods, and a twin of each operation.
//!
//! Poem-openapi serves the twins. A twin takes the guard first, so the decision precedes all other extraction.

use proc_macro2::{Ident, Span, TokenStream};
use quote::{ToTokens, format_ident, quote, quote_spanned};
use syn::{Attribute, Lifetime, Type, ext::IdentExt, spanned::Spanned, visit_mut::VisitMut};

use super::{
    argument::{Argument, answered, arguments, returns},
    check,
    rule::Rules,
};
use crate::{
    model::{Access, Api, Operation},
    parse::is,
    paths::Private,
};

pub(crate) fn expand(api: &Api, p: &Private) -> TokenStream {
    let Api { auth, attribute, item, operations } = api;
    // A substitute for a forgotten one: the operations compile, and the missing attribute is the only error.
    let attribute = attribute.as_ref().map_or_else(|| quote!(#[#p::poem_openapi::OpenApi]), ToTokens::to_token_stream);
    let shared = Rules::new(auth, &item.generics, &item.self_ty, p);
    let Rules { auth, alias, .. } = &shared;
    let (generics, _, where_clause) = item.generics.split_for_impl();
    let ty = &item.self_ty;
    let configured = item.attrs.iter().filter(|attribute| is(attribute, "cfg")).collect::<Vec<_>>();
    let lints = lints(&item.attrs);
    let rules: Vec<Ident> = (0..operations.len()).map(|index| format_ident!("__AuthRule{index}")).collect();
    let declarations = rules.iter().map(|rule| shared.declare(rule));
    let rule_impls = operations.iter().zip(&rules).map(|(operation, rule)| {
        let name = format!("{}::{}", type_name(ty), operation.method.sig.ident.unraw());
        shared.implement(rule, &name, &operation.access)
    });
    let rule_types: Vec<TokenStream> = rules.iter().map(|rule| shared.ty(rule)).collect();
    let twins = operations.iter().zip(&rule_types).map(|(operation, rule)| twin(operation, rule, p));
    let security = operations.iter().map(|operation| security_arguments(operation, p));
    quote! {
        #item

        #(#configured)*
        const _: () = {
            #alias

            #(#declarations #rule_impls)*

            #attribute
            #(#lints)*
            #[allow(deprecated, non_snake_case, unused_qualifications, clippy::all, clippy::pedantic, reason = "generated")]
            impl #generics #ty #where_clause {
                #(#twins)*
            }

            impl #generics #p::Protected for #ty #where_clause {
                type Auth = #auth;

                fn operations() -> #p::std::vec::Vec<&'static #p::Operation<#auth>> {
                    #p::std::vec![#(<#rule_types as #p::Rule>::OPERATION),*]
                }

                fn security_arguments() -> #p::std::vec::Vec<#p::std::vec::Vec<#p::SecurityArgument>> {
                    #p::std::vec![#(#security),*]
                }
            }
        };
    }
}

/// Emits the arguments that are security schemes of poem-openapi. Only the types know, so each argument is listed.
fn security_arguments(operation: &Operation, p: &Private) -> TokenStream {
    let types = arguments(&operation.method.sig).into_iter().map(|argument| {
        let mut ty = (*argument.typed.ty).clone();
        ElideLifetimes.visit_type_mut(&mut ty);
        quote_spanned!(ty.span()=> #p::SecurityArgument::of::<#ty>())
    });
    quote!(#p::SecurityArgument::all([#(#types),*]))
}

/// Elides the lifetimes of a type, as poem-openapi does.
struct ElideLifetimes;

impl VisitMut for ElideLifetimes {
    fn visit_lifetime_mut(&mut self, lifetime: &mut Lifetime) {
        lifetime.ident = Ident::new("_", Span::call_site());
    }
}

/// Emits the method that poem-openapi serves in place of the user's.
fn twin(operation: &Operation, rule: &TokenStream, p: &Private) -> TokenStream {
    let (signature, name) = (&operation.method.sig, &operation.method.sig.ident);
    let twin = format_ident!("__protected_{}", name.unraw(), span = name.span());
    let guard = Ident::new("__guard", Span::mixed_site());
    let arguments = arguments(signature);
    let names = arguments.iter().map(|argument| &argument.name);
    let inputs = arguments.iter().map(|Argument { name, typed }| {
        let (attributes, ty) = (&typed.attrs, &typed.ty);
        quote!(#(#attributes)* #name: #ty)
    });
    let checks = check::expand(&operation.access, &guard, &arguments, p);
    let receiver = signature.receiver();
    // The user's own token, for hygiene: `__configured!` stands in the expansion of another macro.
    let this = receiver.map(|receiver| &receiver.self_token);
    let attributes = operation.method.attrs.iter().filter(|attribute| is(attribute, "oai") || is(attribute, "doc"));
    let (generics, _, where_clause) = signature.generics.split_for_impl();
    let returns = returns(&signature.output);
    let response = quote!(Self::#name(#this, #(#names),*).await);
    let answered = answered(&operation.access, &guard, &response, p);
    let kind = match operation.access {
        Access::Public { .. } => quote!(#p::PublicGuard),
        Access::Optional { .. } | Access::Required { .. } => quote!(#p::Guard),
    };
    quote! {
        #(#attributes)*
        async fn #twin #generics (#receiver, #guard: #kind<#rule>, #(#inputs),*) -> #p::Guarded<#returns> #where_clause {
            #checks
            #answered
        }
    }
}

fn lints(attributes: &[Attribute]) -> Vec<&Attribute> {
    attributes
        .iter()
        .filter(|attribute| ["allow", "warn", "deny", "forbid"].iter().any(|lint| is(attribute, lint)))
        .collect()
}

/// Returns the source of a type: `Entries<S>`.
fn type_name(ty: &Type) -> String {
    ty.to_token_stream().to_string().replace(' ', "")
}
