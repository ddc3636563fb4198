//! Runs the checks of an operation after its arguments are extracted.

use proc_macro2::{Ident, Span, TokenStream};
use quote::{quote, quote_spanned};
use syn::visit_mut::{self, VisitMut};

use super::argument::Argument;
use crate::{
    model::{Access, Check},
    paths::Private,
};

/// Emits statements that return a rejection unless the checks allow the caller.
pub(crate) fn expand(access: &Access, guard: &Ident, arguments: &[Argument<'_>], p: &Private) -> TokenStream {
    let checks = access.checks();
    if checks.is_empty() {
        return TokenStream::new();
    }
    let bindings: Vec<TokenStream> = arguments.iter().map(binding).collect();
    let (number, answer) = (Ident::new("__number", Span::mixed_site()), Ident::new("__answer", Span::mixed_site()));
    let pending = Ident::new("__pending", Span::mixed_site());
    let arms = checks.iter().enumerate().map(|(index, check)| {
        let index = u16::try_from(index).unwrap_or(u16::MAX);
        let ask = ask(check, p);
        quote!(#index => { #(#bindings)* #ask })
    });
    quote! {
        let mut #pending = #guard.checks();
        loop {
            let #number = match #pending.next_check() {
                #p::core::result::Result::Ok(#p::core::option::Option::Some(#number)) => #number,
                #p::core::result::Result::Ok(#p::core::option::Option::None) => break,
                #p::core::result::Result::Err(__rejection) => return #p::Guarded::rejected(__rejection),
            };
            let #answer = match #number {
                #(#arms)*
                _ => #p::CheckResult::No,
            };
            if let #p::core::result::Result::Err(__rejection) = #pending.answer(#number, #answer) {
                return #p::Guarded::rejected(__rejection);
            }
        }
    }
}

/// The call stands at the word `check`, so that a wrong type is an error at the expression. The `match` keeps borrowed
/// temporaries of the expression alive until the check has a result.
fn ask(check: &Check, p: &Private) -> TokenStream {
    let (p, expression) = (p.at(check.span), &check.expression);
    quote_spanned!(check.span=> match #p::ask(#expression) { __asking => __asking.await })
}

/// Matches the user's pattern on a reference, which binds every name by reference.
fn binding(argument: &Argument<'_>) -> TokenStream {
    let (name, mut pattern) = (&argument.name, (*argument.typed.pat).clone());
    ByReference.visit_pat_mut(&mut pattern);
    quote!(#[allow(unused_variables)] let #pattern = &#name;)
}

/// Removes `mut` and `ref`, which a pattern on a reference cannot have.
struct ByReference;

impl VisitMut for ByReference {
    fn visit_pat_ident_mut(&mut self, pattern: &mut syn::PatIdent) {
        pattern.by_ref = None;
        pattern.mutability = None;
        visit_mut::visit_pat_ident_mut(self, pattern);
    }
}
