//! Protected MCP tools: the user's methods, and a type with a twin of each.
//!
//! `#[Tools]` serves the twins. A twin has the guard beside it, runs the checks, and calls the user's method.

use proc_macro2::{Ident, Span, TokenStream};
use quote::{ToTokens, format_ident, quote, quote_spanned};
use syn::{Path, ext::IdentExt, spanned::Spanned};

use super::{
    argument::{Argument, arguments, returns},
    check,
    rule::Rules,
};
use crate::{
    lower::signature::is_caller,
    model::{Tool, Tools},
    parse::is,
    paths::Private,
};

pub(crate) fn expand(tools: &Tools, p: &Private) -> TokenStream {
    let Tools { auth, attribute, item, methods } = tools;
    let shared = Rules::new(auth, &item.generics, &item.self_ty, p);
    let Rules { auth, alias, .. } = &shared;
    let ty = &item.self_ty;
    let configured = item.attrs.iter().filter(|attribute| is(attribute, "cfg")).collect::<Vec<_>>();
    let documented = item.attrs.iter().filter(|attribute| is(attribute, "doc"));
    let rules: Vec<Ident> = (0..methods.len()).map(|index| format_ident!("__AuthRule{index}")).collect();
    let rule_impls = methods.iter().zip(&rules).map(|(tool, rule)| {
        let name = format!("{}::{}", type_name(ty), tool.method.sig.ident.unraw());
        shared.implement(rule, &name, &tool.access)
    });
    let twins = methods.iter().map(|tool| twin(tool, auth, p));
    let names = methods.iter().map(|tool| &tool.name);
    quote! {
        #item

        #(#configured)*
        const _: () = {
            #alias

            #(struct #rules; #rule_impls)*

            #[allow(unreachable_pub, reason = "generated")]
            pub struct __ProtectedTools {
                tools: #ty,
                guard: #p::ToolGuard<#auth>,
            }

            #(#documented)*
            #attribute
            #[allow(deprecated, unused_qualifications, clippy::all, clippy::pedantic, reason = "generated")]
            impl __ProtectedTools {
                #(#twins)*
            }

            impl #p::ProtectedTools for #ty {
                type Auth = #auth;
                type Guarded = __ProtectedTools;

                fn tools() -> #p::std::vec::Vec<(&'static #p::core::primitive::str, &'static #p::Operation<#auth>)> {
                    #p::std::vec![#((#names, <#rules as #p::Rule>::OPERATION)),*]
                }

                fn guarded(self, guard: #p::ToolGuard<#auth>) -> __ProtectedTools {
                    __ProtectedTools { tools: self, guard }
                }

                fn guard(guarded: &__ProtectedTools) -> &#p::ToolGuard<#auth> {
                    &guarded.guard
                }
            }
        };
    }
}

/// Emits the method that `#[Tools]` serves in place of the user's. It takes every argument but the caller.
fn twin(tool: &Tool, auth: &Path, p: &Private) -> TokenStream {
    let (signature, name) = (&tool.method.sig, &tool.method.sig.ident);
    let guard = Ident::new("__guard", Span::mixed_site());
    let arguments = arguments(signature);
    let names = arguments.iter().map(|argument| &argument.name);
    let inputs = arguments.iter().filter(|argument| !is_caller(&argument.typed.ty)).map(|Argument { name, typed }| {
        let (attributes, ty) = (&typed.attrs, &typed.ty);
        quote!(#(#attributes)* #name: #ty)
    });
    let callers = arguments
        .iter()
        .filter(|argument| is_caller(&argument.typed.ty))
        .map(|argument| caller(argument, &guard, auth, p));
    let checks = check::expand(&tool.access, &guard, &arguments, p);
    let receiver = signature.receiver();
    let this = receiver.map(|receiver| &receiver.self_token);
    let attributes = tool.method.attrs.iter().filter(|attribute| is(attribute, "mcp") || is(attribute, "doc"));
    let returns = returns(&signature.output);
    quote! {
        #(#attributes)*
        async fn #name (#receiver, #(#inputs),*) -> #p::ToolAnswer<#returns> {
            let __answer: #p::Guarded<#returns> = async {
                let #guard = &#this.guard;
                #(#callers)*
                #checks
                #p::Guarded::Answered(#this.tools.#name(#(#names),*).await)
            }
            .await;
            #this.guard.answer(__answer)
        }
    }
}

/// Emits the caller under the name of its argument.
fn caller(Argument { name, typed }: &Argument<'_>, guard: &Ident, auth: &Path, p: &Private) -> TokenStream {
    let ty = &typed.ty;
    quote_spanned! {ty.span()=>
        let #name = match <#ty as #p::FromCaller<#auth>>::from_caller(#guard.caller()) {
            #p::core::result::Result::Ok(__caller) => __caller,
            #p::core::result::Result::Err(__rejection) => return #p::Guarded::rejected(__rejection),
        };
    }
}

/// Returns the source of a type.
fn type_name(ty: &syn::Type) -> String {
    ty.to_token_stream().to_string().replace(' ', "")
}
