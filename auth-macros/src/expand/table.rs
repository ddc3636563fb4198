//! A table of names: an enum with its lookups.
//!
//! Bindings start with `__`: a handler of Poem is a unit struct in lower case, which no binding may shadow.

use proc_macro2::TokenStream;
use quote::{format_ident, quote, quote_spanned};
use syn::{Expr, Ident, Path, spanned::Spanned};

use super::joined_tables::{self, Shape};
use crate::{
    model::{Entry, Held, Name, Role, Table},
    paths::Private,
};

pub(crate) fn permissions(table: &Table<Entry>, p: &Private) -> TokenStream {
    let common = common("permission", table, &table.entries.iter().collect::<Vec<_>>(), p);
    let joined = joined_tables::conversions(table, p);
    quote!(#common #joined)
}

pub(crate) fn roles(table: &Table<Role>, permissions: &Path, p: &Private) -> TokenStream {
    let common = common("role", table, &table.entries.iter().map(|role| &role.entry).collect::<Vec<_>>(), p);
    let name = &table.name;
    let known = table.entries.iter().map(|role| known(&role.own, permissions, p));
    let held = table.entries.iter().map(|role| held(&role.held, permissions, p));
    let words = (0..table.entries.len()).map(|index| quote!(HELD[#index].as_words()));
    let count = table.entries.len();
    quote! {
        #common

        #(#known)*

        const _: () = {
            const HELD: [<#permissions as #p::Table>::Set; #count] = [#(#held),*];

            impl #name {
                /// Returns the permissions of this role, with the inherited ones.
                #[must_use]
                pub const fn permissions(self) -> <#permissions as #p::Table>::Set {
                    HELD[self as #p::core::primitive::usize]
                }
            }

            impl #p::RoleTable for #name {
                type Permission = #permissions;
                const PERMISSION_WORDS: &'static [&'static [#p::core::primitive::u64]] = &[#(#words),*];
            }
        };
    }
}

fn held(held: &Held, permissions: &Path, p: &Private) -> TokenStream {
    match held {
        Held::All => quote!(<#permissions>::set(<#permissions>::ALL)),
        Held::These(names) => {
            let empty = quote!(<<#permissions as #p::Table>::Set>::EMPTY);
            names.iter().fold(empty, |set, name| match name {
                Name::Literal(text) => quote!(#p::with_granted(#set, #text)),
                value => {
                    let entry = entry(value, permissions);
                    quote!(#set.with(#entry))
                }
            })
        }
    }
}

/// Stops the build at names and patterns in a role's own list that grant nothing.
fn known(own: &Held, permissions: &Path, p: &Private) -> TokenStream {
    let Held::These(names) = own else { return TokenStream::new() };
    let literals = names.iter().filter_map(|name| match name {
        Name::Literal(literal) => Some(literal),
        Name::Path(_) | Name::Call(_) => None,
    });
    let asserted = literals.map(|literal| {
        let p = p.at(literal.span());
        quote_spanned!(literal.span()=> const _: () = #p::assert_granted::<#permissions>(#literal);)
    });
    quote!(#(#asserted)*)
}

/// Looks up a permission of a role. A single word is a variant.
fn entry(value: &Name, permissions: &Path) -> TokenStream {
    let variant = match value {
        Name::Path(path) => path.get_ident(),
        Name::Call(call) => match &*call.func {
            Expr::Path(path) => path.path.get_ident(),
            _ => None,
        },
        Name::Literal(_) => None,
    };
    let span = value.span();
    match variant {
        Some(_) => quote_spanned!(span=> <#permissions>::entry(<#permissions>::#value)),
        None => quote_spanned!(span=> <#permissions>::entry(#value)),
    }
}

/// Emits the items that both kinds of table have.
fn common<E>(kind: &str, table: &Table<E>, entries: &[&Entry], p: &Private) -> TokenStream {
    let shape = Shape::of(table, entries, p);
    let declaration = declaration(table, entries, &shape, p);
    let methods = methods(&table.name, &shape, p);
    let table_impl = table_impl(kind, &table.name, &shape, p);
    let text = text(kind, table, entries, p);
    let serde = serde(&table.name, p);
    quote!(#declaration #methods #table_impl #text #serde)
}

fn declaration<E>(table: &Table<E>, entries: &[&Entry], shape: &Shape, p: &Private) -> TokenStream {
    let Table { attributes, visibility, name, .. } = table;
    let variants = entries.iter().map(|entry| documented(entry));
    let (joined, words, representation) = (joined_tables::variants(table), &shape.words, &shape.representation);
    let set = format_ident!("{name}Set");
    let set_doc = format!("A set of [`{name}`]s, as bits.");
    quote! {
        #(#attributes)*
        #[derive(
            #p::core::clone::Clone, #p::core::marker::Copy, #p::core::cmp::PartialEq, #p::core::cmp::Eq,
            #p::core::cmp::PartialOrd, #p::core::cmp::Ord, #p::core::hash::Hash,
        )]
        #representation
        #visibility enum #name {
            #(#variants,)*
            #joined
        }

        #[doc = #set_doc]
        #[allow(dead_code, reason = "generated")]
        #visibility type #set = #p::Set<#name, #words>;
    }
}

/// Emits a variant. Its name is its description if it has no other.
fn documented(entry: &Entry) -> TokenStream {
    let (attributes, variant) = (&entry.attributes, &entry.variant);
    let own = attributes.is_empty().then(|| {
        let text = format!("`{}`", entry.name.value());
        quote!(#[doc = #text])
    });
    quote!(#(#attributes)* #own #variant)
}

fn methods(name: &Ident, shape: &Shape, p: &Private) -> TokenStream {
    let Shape { words, all, index, .. } = shape;
    quote! {
        #[allow(dead_code, reason = "generated")]
        impl #name {
            /// Every value, in the order of declaration.
            pub const ALL: &'static [Self] = #all;

            /// Returns the name, as in tokens, documents and databases.
            #[must_use]
            pub const fn name(self) -> &'static #p::core::primitive::str {
                self.entry().name()
            }

            /// Returns the description: the doc comment.
            #[must_use]
            pub const fn description(self) -> &'static #p::core::primitive::str {
                <Self as #p::Table>::DESCRIPTIONS[self.entry().index() as #p::core::primitive::usize]
            }

            /// Returns the set of these values.
            #[must_use]
            pub const fn set(__values: &[Self]) -> #p::Set<Self, #words> {
                let mut __set = #p::Set::EMPTY;
                let mut __index = 0;
                while __index < __values.len() {
                    __set = __set.with(__values[__index].entry());
                    __index += 1;
                }
                __set
            }

            /// Returns the value in the form that a requirement takes.
            #[must_use]
            pub const fn entry(self) -> #p::Entry<Self> {
                let __index = #index;
                #p::Entry::new(__index, <Self as #p::Table>::NAMES[__index as #p::core::primitive::usize])
            }
        }
    }
}

fn table_impl(kind: &str, name: &Ident, shape: &Shape, p: &Private) -> TokenStream {
    let Shape { words, names, descriptions, .. } = shape;
    quote! {
        impl #p::Table for #name {
            type Set = #p::Set<Self, #words>;
            const KIND: &'static #p::core::primitive::str = #kind;
            const ALL: &'static [Self] = <#name>::ALL;
            const NAMES: &'static [&'static #p::core::primitive::str] = #names;
            const DESCRIPTIONS: &'static [&'static #p::core::primitive::str] = #descriptions;

            fn index(self) -> #p::core::primitive::usize {
                self.entry().index() as #p::core::primitive::usize
            }
        }
    }
}

/// Emits the conversions to and from text.
fn text<E>(kind: &str, table: &Table<E>, entries: &[&Entry], p: &Private) -> TokenStream {
    let name = &table.name;
    let variants: Vec<&Ident> = entries.iter().map(|entry| &entry.variant).collect();
    let names = entries.iter().map(|entry| &entry.name);
    let (shown, read) = (joined_tables::shown(table), joined_tables::read(table, p));
    quote! {
        impl #p::core::fmt::Debug for #name {
            fn fmt(&self, __f: &mut #p::core::fmt::Formatter<'_>) -> #p::core::fmt::Result {
                match self {
                    #(Self::#variants => __f.write_str(#p::core::stringify!(#variants)),)*
                    #shown
                }
            }
        }

        /// Writes the name.
        impl #p::core::fmt::Display for #name {
            fn fmt(&self, __f: &mut #p::core::fmt::Formatter<'_>) -> #p::core::fmt::Result {
                __f.pad(self.name())
            }
        }

        /// Returns the name, so that the value can stand where a name is expected: `.roles([Role::Viewer])`.
        impl #p::core::convert::From<#name> for #p::std::string::String {
            fn from(__value: #name) -> Self {
                #p::std::borrow::ToOwned::to_owned(__value.name())
            }
        }

        /// Reads the name.
        impl #p::core::str::FromStr for #name {
            type Err = #p::UnknownName;

            fn from_str(__name: &#p::core::primitive::str) -> #p::core::result::Result<Self, #p::UnknownName> {
                #read
                match __name {
                    #(#names => #p::core::result::Result::Ok(Self::#variants),)*
                    _ => #p::core::result::Result::Err(#p::UnknownName::new(#kind, __name)),
                }
            }
        }
    }
}

fn serde(name: &Ident, p: &Private) -> TokenStream {
    quote! {
        /// Writes the name.
        impl #p::serde::Serialize for #name {
            fn serialize<S: #p::serde::Serializer>(&self, __serializer: S) -> #p::core::result::Result<S::Ok, S::Error> {
                __serializer.serialize_str(self.name())
            }
        }

        /// Reads the name; an unknown name is an error.
        impl<'de> #p::serde::Deserialize<'de> for #name {
            fn deserialize<D: #p::serde::Deserializer<'de>>(__deserializer: D) -> #p::core::result::Result<Self, D::Error> {
                let __name = <#p::std::string::String as #p::serde::Deserialize>::deserialize(__deserializer)?;
                #p::core::str::FromStr::from_str(&__name).map_err(<D::Error as #p::serde::de::Error>::custom)
            }
        }
    }
}
