//! Where the emitted paths start. The items behind them are listed in `auth-runtime/src/private.rs`.

use proc_macro_crate::{FoundCrate, crate_name};
use proc_macro2::{Span, TokenStream};
use quote::{ToTokens, quote_spanned};
use syn::Ident;

/// `::auth_runtime::__private`, by the name under which the user's crate knows `auth-runtime`.
pub(crate) struct Private(Ident);

impl Private {
    pub(crate) fn locate() -> Self {
        let name = match crate_name("auth-runtime") {
            Ok(FoundCrate::Name(name)) => name,
            // Inside of the crate itself, and where there is no manifest to read.
            Ok(FoundCrate::Itself) | Err(_) => "auth_runtime".to_owned(),
        };
        Self(Ident::new(&name, Span::call_site()))
    }

    /// The same, for errors that are to be said elsewhere.
    pub(crate) fn at(&self, span: Span) -> Self {
        Self(Ident::new(&self.0.to_string(), span))
    }
}

impl ToTokens for Private {
    fn to_tokens(&self, tokens: &mut TokenStream) {
        let name = &self.0;
        tokens.extend(quote_spanned!(name.span()=> ::#name::__private));
    }
}
