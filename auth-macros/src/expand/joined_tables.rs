//! A table that holds other tables: the names of the others follow its own.
//!
//! How many names another table has is known to the compiler only, so the constants of such a table are computed. Those of
//! a plain table are literals.

use proc_macro2::{Ident, TokenStream};
use quote::quote;

use crate::{
    model::{Entry, Joined, Table},
    paths::Private,
};

/// The constants of a table.
pub(crate) struct Shape {
    /// `#[repr(..)]` of the enum.
    pub(crate) representation: TokenStream,
    /// How many words of 64 bits a set has.
    pub(crate) words: TokenStream,
    pub(crate) all: TokenStream,
    pub(crate) names: TokenStream,
    pub(crate) descriptions: TokenStream,
    /// Position of `self`.
    pub(crate) index: TokenStream,
}

impl Shape {
    pub(crate) fn of<E>(table: &Table<E>, entries: &[&Entry], p: &Private) -> Self {
        let variants: Vec<&Ident> = entries.iter().map(|entry| &entry.variant).collect();
        let names: Vec<_> = entries.iter().map(|entry| &entry.name).collect();
        let descriptions: Vec<_> = entries.iter().map(|entry| &entry.description).collect();
        if table.joined.is_empty() {
            let words = entries.len().div_ceil(64);
            return Self {
                representation: quote!(#[repr(u16)]),
                words: quote!(#words),
                all: quote!(&[#(Self::#variants),*]),
                names: quote!(&[#(#names),*]),
                descriptions: quote!(&[#(#descriptions),*]),
                index: quote!(self as #p::core::primitive::u16),
            };
        }
        let count = count(entries.len(), &table.joined, p);
        let values: Vec<TokenStream> = variants.iter().map(|variant| quote!(Self::#variant)).collect();
        let names: Vec<TokenStream> = names.iter().map(|name| quote!(#name)).collect();
        let descriptions: Vec<TokenStream> = descriptions.iter().map(|text| quote!(#text)).collect();
        let text = quote!(&'static #p::core::primitive::str);
        Self {
            representation: TokenStream::new(),
            words: quote!({ (#count).div_ceil(64) }),
            all: computed(&quote!(Self), &count, &values, &table.joined, &quote!(ALL), true, p),
            names: computed(&text, &count, &names, &table.joined, &quote!(NAMES), false, p),
            descriptions: computed(&text, &count, &descriptions, &table.joined, &quote!(DESCRIPTIONS), false, p),
            index: index(&variants, &table.joined, p),
        }
    }
}

fn count(own: usize, joined: &[Joined], p: &Private) -> TokenStream {
    let tables = joined.iter().map(|joined| &joined.table);
    quote!(#own #(+ <#tables as #p::Table>::NAMES.len())*)
}

/// Emits an array of the own items, and of those that each joined table has under `list`.
fn computed(
    item: &TokenStream,
    count: &TokenStream,
    own: &[TokenStream],
    joined: &[Joined],
    list: &TokenStream,
    in_variant: bool,
    p: &Private,
) -> TokenStream {
    let items = joined.iter().map(|Joined { variant, table, .. }| {
        let found = quote!(<#table as #p::Table>::#list[__from]);
        let found = if in_variant { quote!(Self::#variant(#found)) } else { found };
        quote! {
            let mut __from = 0;
            while __from < <#table as #p::Table>::#list.len() {
                __items[__at] = #p::core::option::Option::Some(#found);
                __from += 1;
                __at += 1;
            }
        }
    });
    quote! {
        &{
            let mut __items = [const { #p::core::option::Option::<#item>::None }; #count];
            let mut __at = 0;
            #(
                __items[__at] = #p::core::option::Option::Some(#own);
                __at += 1;
            )*
            #(#items)*
            #p::all_of(__items)
        }
    }
}

fn index(variants: &[&Ident], joined: &[Joined], p: &Private) -> TokenStream {
    let own = variants.iter().enumerate().map(|(index, variant)| quote!(Self::#variant => #index));
    let others = joined.iter().enumerate().map(|(position, Joined { variant, .. })| {
        let before = count(variants.len(), &joined[..position], p);
        quote!(Self::#variant(__value) => #before + __value.entry().index() as #p::core::primitive::usize)
    });
    quote!((match self { #(#own,)* #(#others,)* }) as #p::core::primitive::u16)
}

/// Emits the variants that hold other tables.
pub(crate) fn variants<E>(table: &Table<E>) -> TokenStream {
    let variants = table.joined.iter().map(|Joined { attributes, variant, table }| {
        let own = attributes.is_empty().then(|| {
            let text = format!("The names of `{}`.", quote!(#table).to_string().replace(' ', ""));
            quote!(#[doc = #text])
        });
        quote!(#(#attributes)* #own #variant(#table),)
    });
    variants.collect()
}

/// Emits the arms of `Debug`.
pub(crate) fn shown<E>(table: &Table<E>) -> TokenStream {
    let arms = table.joined.iter().map(|Joined { variant, .. }| {
        let name = variant.to_string();
        quote!(Self::#variant(__value) => __f.debug_tuple(#name).field(__value).finish(),)
    });
    arms.collect()
}

/// Emits statements that return the value of another table with the name `__name`.
pub(crate) fn read<E>(table: &Table<E>, p: &Private) -> TokenStream {
    let tables = table.joined.iter().map(|Joined { variant, table, .. }| {
        quote! {
            if let #p::core::result::Result::Ok(__value) = <#table as #p::core::str::FromStr>::from_str(__name) {
                return #p::core::result::Result::Ok(Self::#variant(__value));
            }
        }
    });
    tables.collect()
}

/// Emits the conversions from the other tables, and stops the build at a name that two tables have.
pub(crate) fn conversions<E>(table: &Table<E>, p: &Private) -> TokenStream {
    let name = &table.name;
    let conversions = table.joined.iter().map(|Joined { variant, table, .. }| {
        quote! {
            impl #p::Includes<#table> for #name {
                fn include(__value: #table) -> Self {
                    Self::#variant(__value)
                }
            }

            impl #p::core::convert::From<#table> for #name {
                fn from(__value: #table) -> Self {
                    Self::#variant(__value)
                }
            }
        }
    });
    let distinct = (!table.joined.is_empty()).then(|| {
        let p = p.at(name.span());
        quote::quote_spanned!(name.span()=> const _: () = #p::assert_distinct("permission", <#name as #p::Table>::NAMES);)
    });
    quote!(#(#conversions)* #distinct)
}
