//! Last step: model to tokens. The line of each macro, spelled out; mistakes join the output here, once.

mod access;
mod api;
mod argument;
mod auth;
mod check;
mod handler;
mod misplaced;
mod rule;
mod table;

use proc_macro2::{Span, TokenStream};
use quote::quote;
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
        item::Item,
        table::{Permissions, Roles},
    },
    paths::Private,
};

/// `#[protected]`, `#[permission]`, `#[public]`, `#[optional_auth]`.
pub(crate) fn attribute(word: Word, arguments: TokenStream, item: TokenStream) -> TokenStream {
    let predicates = cfg::predicates(&item);
    if predicates.is_empty() {
        return configured_attribute(Configured { word, span: Span::call_site(), arguments, item });
    }
    cfg::ask(word, &arguments, &item, &predicates)
}

/// `__configured!`.
pub(crate) fn configured(input: TokenStream) -> TokenStream {
    syn::parse2(input).map_or_else(syn::Error::into_compile_error, configured_attribute)
}

/// What was expanded stays beside the mistakes, so that uses of the item do not fail as well.
fn configured_attribute(Configured { word, span, arguments, item }: Configured) -> TokenStream {
    let mut errors = Errors::default();
    let written = Written::parse(word, span, arguments);
    let expanded = match Item::parse(word, &item) {
        Item::Api(open_api, block) => {
            let open_api = open_api.unwrap_or_else(|| forgotten_open_api(span, &mut errors));
            let written = errors.ok(written);
            api::expand(&lower::api::lower(written, open_api, *block, &mut errors))
        }
        Item::Handler(attribute, mut function) => {
            let written = errors.ok(written);
            lower::handler::lower(written, &attribute, &mut function, &mut errors)
                .map_or_else(|| quote!(#attribute #function), |handler| handler::expand(&handler))
        }
        Item::Misplaced(message) => {
            errors.span(span, message);
            misplaced::expand(item)
        }
    };
    let errors = errors.into_tokens();
    quote!(#errors #expanded)
}

/// In its place, so that the operations can be compiled.
fn forgotten_open_api(span: Span, errors: &mut Errors) -> syn::Attribute {
    errors.span(span, "`#[OpenApi]` is missing: write it below `#[protected]`");
    let p = Private::locate();
    syn::parse_quote!(#[#p::poem_openapi::OpenApi])
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
        let input = parse::auth::Auth::parse(input, errors);
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
        let errors = errors.into_tokens();
        return quote!({ #errors });
    }
    let p = Private::locate();
    let (auth, alias) = rule::alias(&model.auth.take().unwrap_or_else(lower::access::default_auth));
    let access: Access = model.into_access();
    let known = access::known(&access, &auth);
    let access = access::expand(&access, &auth);
    quote! {{
        #alias
        #known
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
