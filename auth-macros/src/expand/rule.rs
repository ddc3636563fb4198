//! The rule of one operation, or those of an impl block: a type with a constant.

use proc_macro2::{Ident, Span, TokenStream};
use quote::{ToTokens, quote, quote_spanned};
use syn::{Generics, ImplGenerics, Path, WhereClause, ext::IdentExt, spanned::Spanned};

use super::access::{self, Names};
use crate::{
    model::{Access, AuthType, Operation},
    paths::Private,
};

/// The name of the type of a list.
const LIST: &str = "__AuthRules";

/// What the rules of one item have in common.
pub(crate) struct Rules<'a> {
    p: &'a Private,
    /// The name of the `Auth`: an alias, unless it is generic.
    pub(crate) auth: Path,
    /// The item that declares the alias.
    pub(crate) alias: TokenStream,
    is_generic: bool,
    generics: &'a Generics,
    /// A type with all parameters of the item.
    marker: TokenStream,
}

impl<'a> Rules<'a> {
    /// The alias makes an unknown type one error. It cannot name a parameter of the item.
    pub(crate) fn new(auth: &AuthType, generics: &'a Generics, marker: &impl ToTokens, p: &'a Private) -> Self {
        let (auth, is_generic) = (&auth.path, auth.is_generic);
        let alias = Ident::new("__Auth", auth.span());
        let item = quote_spanned!(auth.span()=> type #alias = #auth;);
        let (auth, alias) = if is_generic { (auth.clone(), TokenStream::new()) } else { (alias.into(), item) };
        Self { p, auth, alias, is_generic, generics, marker: marker.to_token_stream() }
    }

    /// Emits the declaration of the type of a rule.
    pub(crate) fn declare(&self, rule: &Ident) -> TokenStream {
        let p = self.p;
        if self.is_generic {
            quote!(struct #rule<__T>(#p::core::marker::PhantomData<fn() -> __T>);)
        } else {
            quote!(struct #rule;)
        }
    }

    /// Returns the type of a rule.
    pub(crate) fn ty(&self, rule: &Ident) -> TokenStream {
        let marker = &self.marker;
        if self.is_generic { quote!(#rule<#marker>) } else { quote!(#rule) }
    }

    /// Emits the list of all rules of an impl block: a type with a constant. `owner` is the name of the block's type.
    pub(crate) fn list(&self, owner: &str, operations: &[Operation]) -> TokenStream {
        let Self { p, auth, is_generic, .. } = self;
        let names = Names { p, auth, is_generic: *is_generic, is_inline: false };
        let list = Ident::new(LIST, Span::call_site());
        let (declaration, ty) = (self.declare(&list), self.ty(&list));
        let assertions = operations.iter().map(|operation| access::assert_names(&operation.access, names));
        let listed = operations.iter().enumerate().map(|(index, Operation { signature, access, .. })| {
            let name = format!("::{owner}::{}", signature.ident.unraw());
            let access = access::expand(access, names);
            quote!(#p::listed::<Self>(#index, #p::core::concat!(#p::core::module_path!(), #name), #access))
        });
        let place = self.place(owner);
        let (generics, where_clause) = self.implementing();
        quote! {
            #declaration
            #(#assertions)*

            impl #generics #p::Rules for #ty #where_clause {
                type Auth = #auth;
                const PLACE: &'static #p::core::primitive::str = #place;
                const OPERATIONS: &'static [#p::Operation<#auth>] = &[#(#listed),*];
            }
        }
    }

    /// Emits the place of the macro in the source. `macro_rules!` can put several blocks at one place, in different modules or
    /// with different names.
    fn place(&self, name: &str) -> TokenStream {
        let p = self.p;
        quote!(#p::core::concat!(#p::core::module_path!(), ":", #p::core::file!(), ":", #p::core::line!(), ":", #p::core::column!(), ":", #name))
    }

    /// Emits the type of the guard of the operation at a position of the list, under a short name: poem-openapi repeats an
    /// argument's type many times, and the compiler evaluates each `INDEX` anew.
    pub(crate) fn guard_alias(&self, guard: &Ident, kind: &Ident, index: usize) -> TokenStream {
        let (p, list) = (self.p, Ident::new(LIST, Span::call_site()));
        let parameter = self.is_generic.then(|| quote!(<__T>));
        quote!(type #guard #parameter = #p::#kind<#p::RuleAt<#list #parameter, #index>>;)
    }

    /// Returns the type of the list.
    pub(crate) fn list_type(&self) -> TokenStream {
        self.ty(&Ident::new(LIST, Span::call_site()))
    }

    /// Returns the parameters of an implementation for a rule; none if it does not depend on them.
    fn implementing(&self) -> (Option<ImplGenerics<'_>>, Option<&WhereClause>) {
        let (generics, _, where_clause) = self.generics.split_for_impl();
        if self.is_generic { (Some(generics), where_clause) } else { (None, None) }
    }

    /// Implements `Rule` for the type; `name` is the name of the operation within its module.
    pub(crate) fn implement(&self, rule: &Ident, name: &str, access: &Access) -> TokenStream {
        let Self { p, auth, is_generic, .. } = self;
        let names = Names { p, auth, is_generic: *is_generic, is_inline: false };
        let assertions = access::assert_names(access, names);
        let access = access::expand(access, names);
        let (ty, place) = (self.ty(rule), self.place(name));
        let (generics, where_clause) = self.implementing();
        quote! {
            #assertions

            impl #generics #p::Rule for #ty #where_clause {
                type Auth = #auth;
                const OPERATION: &'static #p::Operation<#auth> = &#p::operation::<Self>(
                    #p::core::concat!(#p::core::module_path!(), "::", #name),
                    #access,
                    #place,
                );
            }
        }
    }
}
