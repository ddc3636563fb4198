//! `requirement!`: an operation as a constant.

use proc_macro2::TokenStream;
use quote::quote;
use syn::Generics;

use super::{
    access::{self, Names},
    rule::Rules,
};
use crate::{
    model::{Access, AuthType},
    paths::Private,
};

/// With `auth = path`, the constants stand inline, as only there they can name a type parameter.
pub(crate) fn expand(auth: &AuthType, access: &Access, p: &Private) -> TokenStream {
    let generics = Generics::default();
    let Rules { auth: path, alias, .. } = Rules::new(auth, &generics, &TokenStream::new(), p);
    let names = Names { p, auth: &path, is_generic: auth.is_generic, is_inline: auth.is_generic };
    let assertions = access::assert_names(access, names);
    let access = access::expand(access, names);
    let operation = names.reference(&quote! {
        #p::Operation::<#path>::new(#p::core::concat!(#p::core::module_path!(), ":", #p::core::line!()), #access)
    });
    if auth.is_generic {
        return operation;
    }
    quote! {{
        #alias
        #assertions
        const REQUIREMENT: &#p::Operation<#path> = #operation;
        REQUIREMENT
    }}
}
