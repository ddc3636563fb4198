//! Strings that name something, as paths: the editor goes from `permission("view")` to its declaration.
//!
//! A table and an `Auth` have a type with a constant for each of their names, at the place of the declaration. A string
//! in a clause becomes a path to the constant, at the place of the string.

use proc_macro2::{Literal, TokenStream, TokenTree};
use quote::quote;
use syn::{Attribute, Field, Generics, Ident, Lit, LitStr, Path, ext::IdentExt};

use super::Editor;
use crate::{
    model::{Entry, Held, Name, Role, Table},
    parse::is,
    paths::Private,
};

pub(crate) fn permissions(table: &Table<Entry>, p: &Private) -> TokenStream {
    of_table(table, table.entries.iter(), p)
}

/// Declares the names of roles, and finds the permissions that they list.
pub(crate) fn roles(table: &Table<Role>, permissions: &Path, p: &Private) -> TokenStream {
    let names = of_table(table, table.entries.iter().map(|role| &role.entry), p);
    let listed = table.entries.iter().flat_map(|role| listed(&role.own)).map(|name| {
        let symbol = symbol(name);
        quote!(<#permissions as #p::EditorNames>::Names::#symbol;)
    });
    quote!(#names const _: () = { #(#listed)* };)
}

/// Returns the strings in the list of a role, apart from patterns.
fn listed(held: &Held) -> impl Iterator<Item = &LitStr> {
    let names = if let Held::These(names) = held { names.as_slice() } else { &[] };
    names.iter().filter_map(|name| match name {
        Name::Literal(text) if !text.value().contains('*') => Some(text),
        _ => None,
    })
}

/// A table that holds others has names that the macro does not know, so it declares none.
fn of_table<'a, E>(table: &Table<E>, entries: impl Iterator<Item = &'a Entry>, p: &Private) -> TokenStream {
    if !table.joined.is_empty() {
        return TokenStream::new();
    }
    let constants = entries.map(|entry| constant(&entry.name, &entry.attributes));
    let implemented = implement(&table.name, &Generics::default(), constants, p);
    quote!(const _: () = { #implemented };)
}

/// Declares the names of schemes: those of the fields, or those that the attributes give.
pub(super) fn schemes(name: &Ident, generics: &Generics, fields: &[&Field], p: &Private) -> TokenStream {
    let constants = fields.iter().filter_map(|field| {
        let (ident, scheme) = (field.ident.as_ref()?, field.attrs.iter().find(|attribute| is(attribute, "scheme"))?);
        let name = name_in(scheme).unwrap_or_else(|| LitStr::new(&ident.unraw().to_string(), ident.span()));
        Some(constant(&name, &field.attrs))
    });
    implement(name, generics, constants, p)
}

/// Returns the string of `name = ".."`.
fn name_in(scheme: &Attribute) -> Option<LitStr> {
    let tokens: Vec<TokenTree> = scheme.meta.require_list().ok()?.tokens.clone().into_iter().collect();
    tokens.windows(3).find_map(|part| match part {
        [TokenTree::Ident(word), TokenTree::Punct(equals), TokenTree::Literal(text)]
            if word == "name" && equals.as_char() == '=' =>
        {
            if let Lit::Str(name) = Lit::new(text.clone()) {
                Some(name)
            } else {
                None
            }
        }
        _ => None,
    })
}

fn implement(
    name: &Ident,
    generics: &Generics,
    constants: impl Iterator<Item = TokenStream>,
    p: &Private,
) -> TokenStream {
    let (generics, arguments, where_clause) = generics.split_for_impl();
    quote! {
        pub struct __Names;

        impl __Names {
            #(#constants)*
        }

        impl #generics #p::EditorNames for #name #arguments #where_clause {
            type Names = __Names;
        }
    }
}

fn constant(name: &LitStr, attributes: &[Attribute]) -> TokenStream {
    let documentation = attributes.iter().filter(|attribute| attribute.path().is_ident("doc"));
    let symbol = symbol(name);
    quote!(#(#documentation)* pub const #symbol: () = ();)
}

/// Emits a path to the declaration of a string, by the word of its clause.
pub(super) fn declared(word: &str, literal: &Literal, Editor { p, auth }: Editor<'_>) -> TokenStream {
    let Lit::Str(name) = Lit::new(literal.clone()) else { return TokenStream::new() };
    let path = &auth.path;
    let declaring = match word {
        "permission" | "permissions" | "any_permission" => quote!(<#path as #p::AuthSchema>::Permission),
        "role" | "roles" | "all_roles" => quote!(<#path as #p::AuthSchema>::Role),
        "scheme" | "schemes" => quote!(#path),
        _ => return TokenStream::new(),
    };
    if auth.is_generic {
        return TokenStream::new();
    }
    let symbol = symbol(&name);
    quote!(<#declaring as #p::EditorNames>::Names::#symbol;)
}

/// Returns an identifier for a name, at its place.
fn symbol(name: &LitStr) -> Ident {
    let escape = |c: char| if c.is_ascii_alphanumeric() { c.to_string() } else { format!("_{:x}_", u32::from(c)) };
    let escaped: String = name.value().chars().map(escape).collect();
    Ident::new(&format!("name_{escaped}"), name.span())
}
