//! The root of every emitted path. `auth-runtime/src/private.rs` lists the items behind it.

use std::env;

use proc_macro_crate::{Error, FoundCrate, crate_name};
use proc_macro2::{Span, TokenStream};
use quote::{ToTokens, quote};
use syn::{Ident, Path, Token, spanned::Spanned};

const NO_DEPENDENCY: &str = concat!(
    "`auth-runtime` is not in the `Cargo.toml` of this crate: write `auth-runtime = \"",
    env!("CARGO_PKG_VERSION_MAJOR"),
    ".",
    env!("CARGO_PKG_VERSION_MINOR"),
    "\"` below `[dependencies]`, or name the crate that re-exports it, as in `crate = facade::auth_runtime`",
);

/// The path to `__private`: that of `crate = path`, or `::auth_runtime` under the name that the user's crate gives to it.
pub(crate) struct Private {
    root: Root,
    /// Whether `__private` alone is enough, as [`import`](Self::import) stands in scope.
    is_imported: bool,
}

#[derive(Clone)]
enum Root {
    Crate(Ident),
    Given(Path),
}

impl Private {
    /// Finds the library: under the given path, or in the dependencies of the user's crate.
    pub(crate) fn locate(given: Option<&Path>) -> syn::Result<Self> {
        if let Some(path) = given {
            return Ok(Self::at_root(Root::Given(path.clone())));
        }
        let arguments = env::args_os().filter_map(|argument| argument.into_string().ok());
        Self::found(argument(arguments).map_or_else(|| crate_name("auth-runtime"), |name| Ok(FoundCrate::Name(name))))
    }

    pub(crate) fn found(found: Result<FoundCrate, Error>) -> syn::Result<Self> {
        let name = match found {
            Ok(FoundCrate::Name(name)) => name,
            Err(Error::CrateNotFound { .. }) => return Err(syn::Error::new(Span::call_site(), NO_DEPENDENCY)),
            // In the crate itself, and without a manifest.
            Ok(FoundCrate::Itself) | Err(_) => "auth_runtime".to_owned(),
        };
        Ok(Self::at_root(Root::Crate(Ident::new(&name, Span::call_site()))))
    }

    const fn at_root(root: Root) -> Self {
        Self { root, is_imported: false }
    }

    /// Returns the path for code below [`import`](Self::import). Short paths take the compiler less time.
    pub(crate) fn imported(&self) -> Self {
        Self { root: self.root.clone(), is_imported: true }
    }

    /// Emits the import of `__private`, for the items of a block.
    pub(crate) fn import(&self) -> TokenStream {
        let path = Self::at_root(self.root.clone());
        quote!(use #path;)
    }

    /// Returns the full path at another place, where its errors then stand.
    pub(crate) fn at(&self, span: Span) -> Self {
        Self::at_root(match &self.root {
            Root::Crate(name) => Root::Crate(Ident::new(&name.to_string(), span)),
            Root::Given(path) => {
                let mut path = path.clone();
                path.segments.iter_mut().for_each(|segment| segment.ident.set_span(span));
                Root::Given(path)
            }
        })
    }
}

/// Returns the name of the library in the arguments of the compiler: `--extern NAME=PATH`. `proc-macro-crate` would start
/// cargo for the same answer, which takes as long as expanding 100 operations.
fn argument(mut arguments: impl Iterator<Item = String>) -> Option<String> {
    arguments.find_map(|argument| {
        let (name, path) = argument.split_once('=').map(|(option, rest)| match option {
            "--extern" => rest.split_once('=').unwrap_or((rest, "")),
            name => (name, rest),
        })?;
        let is_library = path.rsplit(['/', '\\']).next()?.starts_with("libauth_runtime-");
        // `priv:NAME` and the like have options in front.
        is_library.then(|| name.rsplit(':').next().unwrap_or(name).to_owned())
    })
}

/// Token by token: a stream for each path would cost the macros time.
impl ToTokens for Private {
    fn to_tokens(&self, tokens: &mut TokenStream) {
        let span = match &self.root {
            Root::Crate(name) => name.span(),
            Root::Given(path) => path.span(),
        };
        if !self.is_imported {
            match &self.root {
                Root::Crate(name) => {
                    Token![::](span).to_tokens(tokens);
                    name.to_tokens(tokens);
                }
                Root::Given(path) => path.to_tokens(tokens),
            }
            Token![::](span).to_tokens(tokens);
        }
        Ident::new("__private", span).to_tokens(tokens);
    }
}

#[cfg(test)]
mod tests {
    use proc_macro_crate::{Error, FoundCrate};
    use proc_macro2::Span;
    use quote::ToTokens;

    use super::{Private, argument};

    #[test]
    fn the_library_is_found_in_the_arguments_of_the_compiler() {
        let of = |arguments: &[&str]| argument(arguments.iter().map(ToString::to_string));
        let path = "/target/debug/deps/libauth_runtime-0123456789abcdef.rmeta";
        assert_eq!(of(&["rustc", "--crate-name", "auth_runtime", "--extern", "poem=libpoem-01.rmeta"]), None);
        assert_eq!(of(&["--extern", &format!("auth_runtime={path}")]), Some("auth_runtime".to_owned()));
        assert_eq!(of(&[&format!("--extern=priv:access={path}")]), Some("access".to_owned()));
        assert_eq!(of(&["--extern", "auth_runtime=libauth_runtime_other-01.rmeta", "--extern", "auth_runtime"]), None);
    }

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
        assert_eq!(private.import().to_string(), "use facade :: access :: __private ;");
        assert_eq!(private.imported().to_token_stream().to_string(), "__private");
        let renamed = Private::found(Ok(FoundCrate::Name("access".into()))).unwrap();
        assert_eq!(renamed.to_token_stream().to_string(), ":: access :: __private");
    }
}
