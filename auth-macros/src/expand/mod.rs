//! Last step: model to tokens. The line of each macro, spelled out; mistakes join the output here, once.

mod access;
mod api;
mod auth;
mod check;
mod handler;
mod table;

use proc_macro2::{Span, TokenStream};
use quote::{ToTokens, quote};
use syn::parse::Parser;

use crate::{
    errors::Errors,
    lower,
    model::Access,
    parse::{
        self,
        attribute::{Word, Written},
        cfg::{self, Configured},
        clause::clauses,
        is,
        item::Item,
        table::{Permissions, Roles},
    },
    paths::Private,
};

/// `#[protected]`, `#[permission]`, `#[public]`, `#[optional_auth]`.
pub(crate) fn attribute(word: Word, arguments: TokenStream, item: TokenStream) -> TokenStream {
    let predicates = cfg::predicates(&item);
    if predicates.is_empty() {
        return configured_attribute(Configured { word, arguments, item });
    }
    cfg::ask(word, &arguments, &item, &predicates)
}

/// `__configured!`.
pub(crate) fn configured(input: TokenStream) -> TokenStream {
    syn::parse2(input).map_or_else(syn::Error::into_compile_error, configured_attribute)
}

fn configured_attribute(Configured { word, arguments, item }: Configured) -> TokenStream {
    let mut errors = Errors::default();
    let written = errors.ok(Written::parse(word, Span::call_site(), arguments));
    let expanded = match (Item::parse(word, item.clone()), written) {
        (Item::Misplaced(error), _) => {
            errors.push(error);
            None
        }
        (_, None) => None,
        (Item::Api(block), Some(written)) => {
            lower::api::lower(written, *block, &mut errors).map(|api| api::expand(&api))
        }
        (Item::Handler(function), Some(written)) => {
            lower::handler::lower(written, *function, &mut errors).map(|handler| handler::expand(&handler))
        }
    };
    match expanded {
        Some(expanded) if errors.is_empty() => expanded,
        _ => {
            let errors = errors.into_tokens();
            let item = bare(item);
            quote!(#errors #item)
        }
    }
}

/// The item without attributes that would act or complain, so that a mistake breaks nothing that uses the item.
fn bare(item: TokenStream) -> TokenStream {
    let silent = |attribute: &syn::Attribute| {
        !["oai", "OpenApi", "handler"].iter().any(|name| is(attribute, name)) && !parse::attribute::is_ours(attribute)
    };
    if let Ok(mut block) = syn::parse2::<syn::ItemImpl>(item.clone()) {
        block.attrs.retain(silent);
        for item in &mut block.items {
            if let syn::ImplItem::Fn(method) = item {
                method.attrs.retain(silent);
                for input in &mut method.sig.inputs {
                    if let syn::FnArg::Typed(argument) = input {
                        argument.attrs.retain(silent);
                    }
                }
            }
        }
        return block.into_token_stream();
    }
    match syn::parse2::<syn::ItemFn>(item.clone()) {
        Ok(mut function) => {
            function.attrs.retain(silent);
            function.into_token_stream()
        }
        Err(_) => item,
    }
}

/// `permissions!`.
pub(crate) fn permissions(input: TokenStream) -> TokenStream {
    finish(input, |input: Permissions, errors| {
        let table = lower::table::permissions(input, errors);
        table::permissions(&table)
    })
}

/// `roles!`.
pub(crate) fn roles(input: TokenStream) -> TokenStream {
    finish(input, |input: Roles, errors| {
        let (table, permissions) = lower::table::roles(input, errors);
        table::roles(&table, &permissions)
    })
}

/// `#[derive(Auth)]`.
pub(crate) fn auth(input: TokenStream) -> TokenStream {
    finish(input, |input: syn::DeriveInput, errors| {
        let Some(input) = parse::auth::Auth::parse(input, errors) else { return TokenStream::new() };
        let model = lower::auth::lower(input, errors);
        auth::expand(&model)
    })
}

/// `requirement!`.
pub(crate) fn requirement(input: TokenStream) -> TokenStream {
    let mut errors = Errors::default();
    if input.is_empty() {
        errors.span(
            Span::call_site(),
            "say what is asked: `requirement!(permission(\"view\"))`, or `requirement!(authenticated)`",
        );
    }
    let mut model = lower::access::Clauses::default();
    if let Some(list) = errors.ok(clauses.parse2(input)) {
        model.add(list, lower::access::Position::Macro, &mut errors);
    }
    if !errors.is_empty() {
        return errors.into_tokens();
    }
    let p = Private::locate();
    let auth = model.auth.take().unwrap_or_else(lower::access::default_auth);
    let access: Access = model.into_access();
    let access = access::expand(&access, &auth);
    quote! {{
        const REQUIREMENT: &#p::Operation<#auth> = &#p::Operation::new(
            #p::core::concat!(#p::core::module_path!(), ":", #p::core::line!()),
            #access,
        );
        REQUIREMENT
    }}
}

/// Parses, lowers and expands; what was expanded stays beside the mistakes, so that uses of it do not fail as well.
fn finish<T: syn::parse::Parse>(input: TokenStream, line: impl FnOnce(T, &mut Errors) -> TokenStream) -> TokenStream {
    let mut errors = Errors::default();
    let expanded = errors.ok(syn::parse2(input)).map(|input| line(input, &mut errors)).unwrap_or_default();
    let errors = errors.into_tokens();
    quote!(#errors #expanded)
}
