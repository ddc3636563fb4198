//! `#[cfg]`s inside of an item, which an attribute macro sees before the compiler has judged them.
//!
//! What is configured away must not become an operation. The predicates are handed to the compiler as
//! `#[cfg(..)] macro_rules!` pairs that call each other in a chain, and come back as `true` and `false`.

use std::{
    collections::hash_map::DefaultHasher,
    hash::{Hash, Hasher},
};

use proc_macro2::{Ident, Span, TokenStream};
use quote::{format_ident, quote};
use syn::{
    Attribute, FnArg, ImplItem, LitBool, Meta, Signature, braced,
    parse::{Parse, ParseStream},
};

use super::attribute::Word;
use crate::paths::Private;

/// An attribute with its item, ready to be read: either there is no `#[cfg]` inside, or all are decided.
pub(crate) struct Configured {
    pub(crate) word: Word,
    /// Of the attribute.
    pub(crate) span: Span,
    pub(crate) arguments: TokenStream,
    pub(crate) item: TokenStream,
}

/// The predicates of the `#[cfg]`s inside of an item, each once.
pub(crate) fn predicates(item: &TokenStream) -> Vec<TokenStream> {
    let mut predicates: Vec<TokenStream> = Vec::new();
    let mut collect = |attribute: &Attribute| {
        if let Some(predicate) = predicate(attribute)
            && !predicates.iter().any(|known| known.to_string() == predicate.to_string())
        {
            predicates.push(predicate);
        }
        true
    };
    visit(item.clone(), &mut collect);
    predicates
}

/// Asks the compiler; `__configured!` gets the answers.
pub(crate) fn ask(word: Word, arguments: &TokenStream, item: &TokenStream, predicates: &[TokenStream]) -> TokenStream {
    let p = Private::locate();
    let word = format_ident!("{}", word.as_str());
    let id = identity(item);
    let name = |i: usize| format_ident!("__auth_cfg_{id}_{i}");
    let questions = predicates.iter().enumerate().map(|(i, predicate)| {
        let this = name(i);
        let next = if i + 1 < predicates.len() {
            let next = name(i + 1);
            quote!(#next)
        } else {
            quote!(#p::__configured)
        };
        quote! {
            #[cfg(#predicate)]
            macro_rules! #this { ({ $($answers:tt)* } $($rest:tt)*) => { #next! { { $($answers)* true } $($rest)* } } }
            #[cfg(not(#predicate))]
            macro_rules! #this { ({ $($answers:tt)* } $($rest:tt)*) => { #next! { { $($answers)* false } $($rest)* } } }
        }
    });
    let first = name(0);
    quote! {
        #(#questions)*
        #first! { {} #word { #arguments } #item }
    }
}

/// Tells the macros of one item from those of another in the same scope.
fn identity(item: &TokenStream) -> u64 {
    let mut hasher = DefaultHasher::new();
    item.to_string().hash(&mut hasher);
    hasher.finish()
}

impl Parse for Configured {
    fn parse(input: ParseStream<'_>) -> syn::Result<Self> {
        let (answers, arguments);
        braced!(answers in input);
        let word: Ident = input.parse()?;
        braced!(arguments in input);
        let arguments: TokenStream = arguments.parse()?;
        let item: TokenStream = input.parse()?;
        let mut decided = Vec::new();
        while !answers.is_empty() {
            decided.push(answers.parse::<LitBool>()?.value);
        }
        // `ask` made it where the attribute stands.
        let span = word.span();
        Ok(Self { word: Word::parse(&word)?, span, arguments, item: apply(item, &decided) })
    }
}

/// The item without what is configured away, and without the `#[cfg]`s of what stays.
fn apply(item: TokenStream, answers: &[bool]) -> TokenStream {
    let predicates: Vec<String> = predicates(&item).iter().map(ToString::to_string).collect();
    let mut holds = |attribute: &Attribute| match predicate(attribute) {
        None => true,
        Some(predicate) => {
            let position = predicates.iter().position(|known| *known == predicate.to_string());
            position.and_then(|position| answers.get(position)).copied().unwrap_or(false)
        }
    };
    visit(item, &mut holds)
}

/// Shows every attribute of methods and arguments to `holds`; what it does not hold for goes, with its `#[cfg]`s.
fn visit(item: TokenStream, holds: &mut impl FnMut(&Attribute) -> bool) -> TokenStream {
    if let Ok(mut block) = syn::parse2::<syn::ItemImpl>(item.clone()) {
        block.items = block
            .items
            .into_iter()
            .filter_map(|mut item| {
                if let ImplItem::Fn(method) = &mut item {
                    keep(&mut method.attrs, holds)?;
                    arguments(&mut method.sig, holds);
                }
                Some(item)
            })
            .collect();
        return quote!(#block);
    }
    if let Ok(mut function) = syn::parse2::<syn::ItemFn>(item.clone()) {
        arguments(&mut function.sig, holds);
        return quote!(#function);
    }
    item
}

fn arguments(signature: &mut Signature, holds: &mut impl FnMut(&Attribute) -> bool) {
    let inputs = std::mem::take(&mut signature.inputs);
    signature.inputs = inputs
        .into_iter()
        .filter_map(|mut input| {
            if let FnArg::Typed(argument) = &mut input {
                keep(&mut argument.attrs, holds)?;
            }
            Some(input)
        })
        .collect();
}

fn keep(attributes: &mut Vec<Attribute>, holds: &mut impl FnMut(&Attribute) -> bool) -> Option<()> {
    let mut kept = true;
    for attribute in &*attributes {
        // Every one is shown, so that all predicates are collected.
        kept &= holds(attribute);
    }
    attributes.retain(|attribute| predicate(attribute).is_none());
    kept.then_some(())
}

fn predicate(attribute: &Attribute) -> Option<TokenStream> {
    match &attribute.meta {
        Meta::List(list) if attribute.path().is_ident("cfg") => Some(list.tokens.clone()),
        _ => None,
    }
}
