//! A table of names: an enum with its lookups.
//!
//! Bindings start with `__`: a handler of Poem is a unit struct in lower case, which no binding may shadow.

use proc_macro2::TokenStream;
use quote::{format_ident, quote, quote_spanned};
use syn::{Ident, Path, spanned::Spanned};

use crate::{
    model::{Entry, Held, Name, Role, Table},
    paths::Private,
};

pub(crate) fn permissions(table: &Table<Entry>) -> TokenStream {
    common("permission", table, &table.entries.iter().collect::<Vec<_>>())
}

pub(crate) fn roles(table: &Table<Role>, permissions: &Path) -> TokenStream {
    let p = Private::locate();
    let common = common("role", table, &table.entries.iter().map(|role| &role.entry).collect::<Vec<_>>());
    let name = &table.name;
    let known = table.entries.iter().map(|role| known(&role.own, permissions));
    let held = table.entries.iter().map(|role| held(&role.held, permissions, &p));
    let words = (0..table.entries.len()).map(|index| quote!(<#name>::__HELD[#index].as_words()));
    let count = table.entries.len();
    quote! {
        #common

        #(#known)*

        impl #name {
            const __HELD: [<#permissions as #p::Table>::Set; #count] = [#(#held),*];

            /// Returns the permissions of this role, with the inherited ones.
            #[must_use]
            pub const fn permissions(self) -> <#permissions as #p::Table>::Set {
                Self::__HELD[self as #p::core::primitive::usize]
            }
        }

        impl #p::RoleTable for #name {
            type Permission = #permissions;
            const PERMISSION_WORDS: &'static [&'static [#p::core::primitive::u64]] = &[#(#words),*];
        }
    }
}

fn held(held: &Held, permissions: &Path, p: &Private) -> TokenStream {
    match held {
        Held::All => quote!(<#permissions>::set(<#permissions>::ALL)),
        Held::These(names) => {
            let empty = quote!(<<#permissions as #p::Table>::Set>::EMPTY);
            names
                .iter()
                .map(|name| permission(name, permissions))
                .fold(empty, |set, entry| quote!(#p::with(#set, #entry)))
        }
    }
}

/// Stops the build at undeclared names in a role's own list.
fn known(own: &Held, permissions: &Path) -> TokenStream {
    let Held::These(names) = own else { return TokenStream::new() };
    let literals = names.iter().filter_map(|name| match name {
        Name::Literal(literal) => Some(literal),
        Name::Path(_) => None,
    });
    let asserted = literals
        .map(|literal| quote_spanned!(literal.span()=> const _: () = <#permissions>::__assert_known(#literal);));
    quote!(#(#asserted)*)
}

/// Looks up a permission of a role. A single word is a variant.
fn permission(name: &Name, permissions: &Path) -> TokenStream {
    match name {
        Name::Literal(literal) => quote_spanned!(literal.span()=> <#permissions>::__entry(#literal)),
        Name::Path(path) => match path.get_ident() {
            Some(variant) => quote_spanned!(variant.span()=> <#permissions>::entry(<#permissions>::#variant)),
            None => quote_spanned!(path.span()=> <#permissions>::entry(#path)),
        },
    }
}

/// Emits the items that both kinds of table have.
fn common<E>(kind: &str, table: &Table<E>, entries: &[&Entry]) -> TokenStream {
    let p = Private::locate();
    let words = entries.len().div_ceil(64);
    let declaration = declaration(table, entries, words, &p);
    let methods = methods(kind, &table.name, entries, words, &p);
    let table_impl = table_impl(kind, &table.name, entries, words, &p);
    let text = text(kind, &table.name, entries, &p);
    let serde = serde(&table.name, &p);
    quote!(#declaration #methods #table_impl #text #serde)
}

fn declaration<E>(table: &Table<E>, entries: &[&Entry], words: usize, p: &Private) -> TokenStream {
    let Table { attributes, visibility, name, .. } = table;
    let variants = entries.iter().map(|entry| documented(entry));
    let set = format_ident!("{name}Set");
    let set_doc = format!("A set of [`{name}`]s, as bits.");
    quote! {
        #(#attributes)*
        #[derive(
            #p::core::clone::Clone, #p::core::marker::Copy, #p::core::cmp::PartialEq, #p::core::cmp::Eq,
            #p::core::cmp::PartialOrd, #p::core::cmp::Ord, #p::core::hash::Hash,
        )]
        #[repr(u16)]
        #visibility enum #name {
            #(#variants),*
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

fn methods(kind: &str, name: &Ident, entries: &[&Entry], words: usize, p: &Private) -> TokenStream {
    let variants = entries.iter().map(|entry| &entry.variant);
    quote! {
        #[allow(dead_code, reason = "generated")]
        impl #name {
            /// Every value, in the order of declaration.
            pub const ALL: &'static [Self] = &[#(Self::#variants),*];

            /// Returns the name, as in tokens, documents and databases.
            #[must_use]
            pub const fn name(self) -> &'static #p::core::primitive::str {
                <Self as #p::Table>::NAMES[self as #p::core::primitive::usize]
            }

            /// Returns the description: the doc comment.
            #[must_use]
            pub const fn description(self) -> &'static #p::core::primitive::str {
                <Self as #p::Table>::DESCRIPTIONS[self as #p::core::primitive::usize]
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
                #p::Entry::new(self as #p::core::primitive::u16, self.name())
            }

            #[doc(hidden)]
            #[must_use]
            pub const fn __entry(__name: &'static #p::core::primitive::str) -> #p::Entry<Self> {
                #p::Entry::new(#p::position(<Self as #p::Table>::NAMES, __name), __name)
            }

            #[doc(hidden)]
            #[track_caller]
            pub const fn __assert_known(__name: &#p::core::primitive::str) {
                #p::assert_known(#kind, <Self as #p::Table>::NAMES, __name);
            }
        }
    }
}

fn table_impl(kind: &str, name: &Ident, entries: &[&Entry], words: usize, p: &Private) -> TokenStream {
    let names = entries.iter().map(|entry| &entry.name);
    let descriptions = entries.iter().map(|entry| &entry.description);
    quote! {
        impl #p::Table for #name {
            type Set = #p::Set<Self, #words>;
            const KIND: &'static #p::core::primitive::str = #kind;
            const ALL: &'static [Self] = <#name>::ALL;
            const NAMES: &'static [&'static #p::core::primitive::str] = &[#(#names),*];
            const DESCRIPTIONS: &'static [&'static #p::core::primitive::str] = &[#(#descriptions),*];

            fn index(self) -> #p::core::primitive::usize {
                self as #p::core::primitive::usize
            }
        }
    }
}

/// Emits the conversions to and from text.
fn text(kind: &str, name: &Ident, entries: &[&Entry], p: &Private) -> TokenStream {
    let variants: Vec<&Ident> = entries.iter().map(|entry| &entry.variant).collect();
    let names = entries.iter().map(|entry| &entry.name);
    quote! {
        impl #p::core::fmt::Debug for #name {
            fn fmt(&self, __f: &mut #p::core::fmt::Formatter<'_>) -> #p::core::fmt::Result {
                __f.write_str(match self { #(Self::#variants => #p::core::stringify!(#variants)),* })
            }
        }

        /// Writes the name.
        impl #p::core::fmt::Display for #name {
            fn fmt(&self, __f: &mut #p::core::fmt::Formatter<'_>) -> #p::core::fmt::Result {
                __f.pad(self.name())
            }
        }

        /// Reads the name.
        impl #p::core::str::FromStr for #name {
            type Err = #p::UnknownName;

            fn from_str(__name: &#p::core::primitive::str) -> #p::core::result::Result<Self, #p::UnknownName> {
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
