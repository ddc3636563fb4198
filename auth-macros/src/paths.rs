//! The root of every emitted path. `auth-runtime/src/private.rs` lists the items behind it.

use proc_macro_crate::{Error, FoundCrate, crate_name};
use proc_macro2::{Span, TokenStream};
use quote::{ToTokens, quote_spanned};
use syn::{Ident, Path, spanned::Spanned};

const NO_DEPENDENCY: &str = concat!(
    "`auth-runtime` is not in the `Cargo.toml` of this crate: write `auth-runtime = \"",
    env!("CARGO_PKG_VERSION_MAJOR"),
    ".",
    env!("CARGO_PKG_VERSION_MINOR"),
    "\"` below `[dependencies]`, or name the crate that re-exports it, as in `crate = facade::auth_runtime`",
);

/// The path to `__private`: that of `crate = path`, or `::auth_runtime` under the name that the user's crate gives to it.
pub(crate) struct Private(Root);

enum Root {
    Crate(Ident),
    Given(Path),
}

impl Private {
    /// Finds the library: under the given path, or in the dependencies of the user's crate.
    pub(crate) fn locate(given: Option<&Path>) -> syn::Result<Self> {
        match given {
            Some(path) => Ok(Self(Root::Given(path.clone()))),
            None => Self::found(crate_name("auth-runtime")),
        }
    }

    pub(crate) fn found(found: Result<FoundCrate, Error>) -> syn::Result<Self> {
        let name = match found {
            Ok(FoundCrate::Name(name)) => name,
            Err(Error::CrateNotFound { .. }) => return Err(syn::Error::new(Span::call_site(), NO_DEPENDENCY)),
            // In the crate itself, and without a manifest.
            Ok(FoundCrate::Itself) | Err(_) => "auth_runtime".to_owned(),
        };
        Ok(Self(Root::Crate(Ident::new(&name, Span::call_site()))))
    }

    /// Returns the same path at another place, where its errors then stand.
    pub(crate) fn at(&self, span: Span) -> Self {
        Self(match &self.0 {
            Root::Crate(name) => Root::Crate(Ident::new(&name.to_string(), span)),
            Root::Given(path) => {
                let mut path = path.clone();
                path.segments.iter_mut().for_each(|segment| segment.ident.set_span(span));
                Root::Given(path)
            }
        })
    }
}

impl ToTokens for Private {
    fn to_tokens(&self, tokens: &mut TokenStream) {
        tokens.extend(match &self.0 {
            Root::Crate(name) => quote_spanned!(name.span()=> ::#name::__private),
            Root::Given(path) => quote_spanned!(path.span()=> #path::__private),
        });
    }
}

#[cfg(test)]
mod tests {
    use proc_macro_crate::{Error, FoundCrate};
    use proc_macro2::Span;
    use quote::ToTokens;

    use super::Private;

    #[test]
    fn a_missing_dependency_is_explained() {
        let missing = Error::CrateNotFound { crate_name: "auth-runtime".into(), path: "Cargo.toml".into() };
        let message = Private::found(Err(missing)).err().map(|error| error.to_string()).unwrap_or_default();
        assert!(message.contains("write `auth-runtime = \"0.1\"` below `[dependencies]`"), "{message}");
        assert!(message.contains("`crate = facade::auth_runtime`"), "{message}");
    }

    #[test]
    fn a_given_path_keeps_its_segments_at_another_place() {
        let path = syn::parse_quote!(facade::access);
        let private = Private::locate(Some(&path)).unwrap().at(Span::mixed_site());
        assert_eq!(private.to_token_stream().to_string(), "facade :: access :: __private");
        let renamed = Private::found(Ok(FoundCrate::Name("access".into()))).unwrap();
        assert_eq!(renamed.to_token_stream().to_string(), ":: access :: __private");
    }
}
