//! The arguments of the user's function, as the generated one takes them.

use proc_macro2::{Ident, TokenStream};
use quote::{ToTokens, format_ident, quote};
use syn::{FnArg, PatType, ReturnType, Signature};

use crate::lower::signature::argument_name;

/// One argument.
pub(crate) struct Argument<'a> {
    /// What it is called: as the user calls it, since poem-openapi takes parameter names from there.
    pub(crate) name: Ident,
    /// As it was written.
    pub(crate) typed: &'a PatType,
}

/// All of them but the receiver.
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

/// A type as it can be written anywhere.
pub(crate) fn returns(output: &ReturnType) -> TokenStream {
    match output {
        ReturnType::Default => quote!(()),
        ReturnType::Type(_, ty) => ty.to_token_stream(),
    }
}
