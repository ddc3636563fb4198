//! `requirement!`: an operation as a constant.

use proc_macro2::TokenStream;
use quote::quote;
use syn::Path;

use super::{access, rule};
use crate::{model::Access, paths::Private};

pub(crate) fn expand(auth: &Path, access: &Access) -> TokenStream {
    let p = Private::locate();
    let (auth, alias) = rule::alias(auth);
    let assertions = access::assert_names(access, &auth);
    let access = access::expand(access, &auth);
    quote! {{
        #alias
        #assertions
        const REQUIREMENT: &#p::Operation<#auth> = &#p::Operation::new(
            #p::core::concat!(#p::core::module_path!(), ":", #p::core::line!()),
            #access,
        );
        REQUIREMENT
    }}
}
