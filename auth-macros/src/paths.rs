//! The root of every emitted path. `auth-runtime/src/private.rs` lists the items behind it.

use proc_macro_crate::{FoundCrate, crate_name};
use proc_macro2::{Span, TokenStream};
use quote::{ToTokens, quote_spanned};
use syn::Ident;

/// The path `::auth_runtime::__private`, under the name that the user's crate gives to `auth-runtime`.
pub(crate) struct Private(Ident);

impl Private {
    pub(crate) fn locate() -> Self {
        let name = match crate_name("auth-runtime") {
            Ok(FoundCrate::Name(name)) => name,
            // In the crate itself, and without a manifest.
            Ok(FoundCrate::Itself) | Err(_) => "auth_runtime".to_owned(),
        };
        Self(Ident::new(&name, Span::call_site()))
    }

    /// Returns the same path at another place, where its errors then stand.
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
