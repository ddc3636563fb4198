//! The arguments of the user's function, as the generated one takes them.

use proc_macro2::{Ident, TokenStream};
use quote::{ToTokens, format_ident, quote};
use syn::{FnArg, PatType, ReturnType, Signature};

use crate::{lower::signature::argument_name, model::Access, paths::Private};

/// An argument.
pub(crate) struct Argument<'a> {
    /// The user's name for it: poem-openapi names the parameter so.
    pub(crate) name: Ident,
    /// The argument as the user wrote it.
    pub(crate) typed: &'a PatType,
}

/// Returns the arguments without the receiver.
pub(crate) fn arguments(signature: &Signature) -> Vec<Argument<'_>> {
    let typed = signature.inputs.iter().filter_map(|input| match input {
        FnArg::Typed(argument) => Some(argument),
        FnArg::Receiver(_) => None,
    });
    typed.enumerate().map(|(index, typed)| Argument::new(index, typed)).collect()
}

impl<'a> Argument<'a> {
    fn new(index: usize, typed: &'a PatType) -> Self {
        let name = argument_name(&typed.pat).cloned();
        Self { name: name.unwrap_or_else(|| format_ident!("argument{index}")), typed }
    }
}

/// Returns the return type, `()` if none is written.
pub(crate) fn returns(output: &ReturnType) -> TokenStream {
    match output {
        ReturnType::Default => quote!(()),
        ReturnType::Type(_, ty) => ty.to_token_stream(),
    }
}

/// Emits the `Guarded` around the response of the user's function.
pub(crate) fn answered(access: &Access, guard: &Ident, response: &TokenStream, p: &Private) -> TokenStream {
    match access {
        Access::Public { .. } => quote!(#p::Guarded::Public(#response)),
        Access::Optional { .. } => quote!(#guard.answered(#response)),
        Access::Required { .. } => quote!(#p::Guarded::Answered(#response)),
    }
}

/// Emits the future of the `Guarded`, for an operation without checks.
pub(crate) fn answering(access: &Access, guard: &Ident, response: &TokenStream, p: &Private) -> TokenStream {
    match access {
        Access::Public { .. } => quote!(#p::Answering::public(#response)),
        Access::Optional { .. } => quote!(#guard.answering(#response)),
        Access::Required { .. } => quote!(#p::Answering::admitted(#response)),
    }
}
