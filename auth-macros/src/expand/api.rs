//! A protected impl block: the user's methods, and a twin of each operation.
//!
//! Poem-openapi serves the twins. A twin takes the guard first, so the decision precedes all other extraction.

use proc_macro2::{Ident, Span, TokenStream};
use quote::{ToTokens, format_ident, quote, quote_spanned};
use syn::{Attribute, Lifetime, Type, ext::IdentExt, spanned::Spanned, visit_mut::VisitMut};

use super::{
    argument::{Argument, answered, answering, arguments, returns},
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
    let (import, p) = (p.import(), &p.imported());
    // A substitute for a forgotten one: the operations compile, and the missing attribute is the only error.
    let attribute = attribute.as_ref().map_or_else(|| quote!(#[#p::poem_openapi::OpenApi]), ToTokens::to_token_stream);
    let shared = Rules::new(auth, &item.generics, &item.self_ty, p);
    let Rules { auth, alias, .. } = &shared;
    let (generics, _, where_clause) = item.generics.split_for_impl();
    let ty = &item.self_ty;
    let configured = item.attrs.iter().filter(|attribute| is(attribute, "cfg")).collect::<Vec<_>>();
    let lints = lints(&item.attrs);
    let (list, list_type) = (shared.list(&type_name(ty), operations), shared.list_type());
    let guards: Vec<Ident> = (0..operations.len()).map(|index| format_ident!("__Guard{index}")).collect();
    let aliases = operations.iter().zip(&guards).enumerate().map(|(index, (operation, guard))| {
        let kind = match operation.access {
            Access::Public { .. } => "PublicGuard",
            Access::Optional { .. } | Access::Required { .. } => "Guard",
        };
        shared.guard_alias(guard, &Ident::new(kind, Span::call_site()), index)
    });
    let (read, served): (Vec<_>, Vec<_>) =
        operations.iter().zip(&guards).map(|(operation, guard)| twin(operation, &shared.ty(guard), p)).unzip();
    let security = security_arguments(operations, p);
    let allowed = quote! {
        #(#lints)*
        #[allow(deprecated, non_snake_case, unused_qualifications, clippy::all, clippy::pedantic, reason = "generated")]
    };
    let served: Vec<_> = served.into_iter().flatten().collect();
    let served = (!served.is_empty()).then(|| quote!(#allowed impl #generics #ty #where_clause { #(#served)* }));
    quote! {
        #item

        #(#configured)*
        const _: () = {
            #import
            #alias

            #list
            #(#aliases)*

            #attribute
            #allowed
            impl #generics #ty #where_clause {
                #(#read)*
            }

            #served

            impl #generics #p::Protected for #ty #where_clause {
                type Auth = #auth;

                fn operations() -> #p::std::vec::Vec<&'static #p::Operation<#auth>> {
                    #p::operations(<#list_type as #p::Rules>::OPERATIONS)
                }

                fn security_arguments() -> #p::std::vec::Vec<#p::std::vec::Vec<#p::SecurityArgument>> {
                    #security
                }
            }
        };
    }
}

/// Emits the arguments that are security schemes of poem-openapi. Only the types know, so each type is listed once, and the
/// position of each argument's type.
fn security_arguments(operations: &[Operation], p: &Private) -> TokenStream {
    let mut types = DistinctTypes::default();
    let rows: Vec<TokenStream> = operations
        .iter()
        .map(|operation| {
            let row = arguments(&operation.signature).into_iter().map(|argument| types.position(&argument.typed.ty));
            let row: Vec<u16> = row.collect();
            quote!(&[#(#row),*])
        })
        .collect();
    let types = types.0.iter().map(|(ty, _)| quote_spanned!(ty.span()=> #p::SecurityArgument::of::<#ty>()));
    quote!(#p::SecurityArgument::of_operations(&[#(#types),*], &[#(#rows),*]))
}

/// Types, and their tokens as text.
#[derive(Default)]
struct DistinctTypes(Vec<(Type, String)>);

impl DistinctTypes {
    /// Returns the position of a type, which it adds if it is new. `$crate` has the same text for different crates, so a
    /// type with it always counts as new.
    fn position(&mut self, ty: &Type) -> u16 {
        let mut ty = ty.clone();
        ElideLifetimes.visit_type_mut(&mut ty);
        let text = ty.to_token_stream().to_string();
        let known = self.0.iter().position(|(_, known)| *known == text && !text.contains('$'));
        let position = known.unwrap_or_else(|| {
            self.0.push((ty, text));
            self.0.len() - 1
        });
        u16::try_from(position).unwrap_or(u16::MAX)
    }
}

/// Elides the lifetimes of a type, as poem-openapi does.
struct ElideLifetimes;

impl VisitMut for ElideLifetimes {
    fn visit_lifetime_mut(&mut self, lifetime: &mut Lifetime) {
        lifetime.ident = Ident::new("_", Span::call_site());
    }
}

/// Emits the method that poem-openapi reads, and the one that is served in place of the user's if it is another one.
fn twin(operation: &Operation, kind: &TokenStream, p: &Private) -> (TokenStream, Option<TokenStream>) {
    let Operation { attributes, signature, access } = operation;
    let name = &signature.ident;
    let twin = format_ident!("__protected_{}", name.unraw(), span = name.span());
    let guard = Ident::new("__guard", Span::mixed_site());
    let arguments = arguments(signature);
    let names = arguments.iter().map(|argument| &argument.name);
    let inputs = arguments.iter().map(|Argument { name, typed }| {
        let (attributes, ty) = (&typed.attrs, &typed.ty);
        quote!(#(#attributes)* #name: #ty)
    });
    let checks = check::expand(access, &guard, &arguments, p);
    let receiver = signature.receiver();
    // The user's own token, for hygiene: `__configured!` stands in the expansion of another macro.
    let this = receiver.map(|receiver| &receiver.self_token);
    let attributes = attributes.iter().filter(|attribute| is(attribute, "oai") || is(attribute, "doc"));
    let (generics, _, where_clause) = signature.generics.split_for_impl();
    let returns = returns(&signature.output);
    let declaration = quote! {
        async fn #twin #generics (#receiver, #guard: #kind, #(#inputs),*) -> #p::Guarded<#returns> #where_clause
    };
    let response = quote!(Self::#name(#this, #(#names),*));
    if !checks.is_empty() {
        let answered = answered(access, &guard, &quote!(#response.await), p);
        return (quote!(#(#attributes)* #declaration { #checks #answered }), None);
    }
    let plain_inputs = arguments.iter().map(|Argument { name, typed }| {
        let ty = &typed.ty;
        quote!(#name: #ty)
    });
    let answering = answering(access, &guard, &response, p);
    // At a span of this crate, so that the future has the lifetimes of all arguments in every edition.
    let future = quote_spanned!(Span::mixed_site()=> impl #p::core::future::Future<Output = #p::Guarded<#returns>>);
    // Poem-openapi reads the first method, and the compiler drops it. The second one is served. It is no `async fn`, as the
    // compiler would check the state of its future beside that of the user's.
    let read = quote!(#(#attributes)* #[cfg(false)] #declaration {});
    let served = quote! {
        fn #twin #generics (#receiver, #guard: #kind, #(#plain_inputs),*) -> #future #where_clause {
            #answering
        }
    };
    (read, Some(served))
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
