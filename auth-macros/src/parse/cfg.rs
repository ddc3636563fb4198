//! `#[cfg]`s inside an item, which an attribute macro sees before the compiler has evaluated them.
//!
//! A method that is configured away must not become an operation. The first round collects the predicates; `expand::cfg`
//! has the compiler evaluate them; the second round reads the item again, with the values.

use proc_macro2::{Ident, Span, TokenStream};
use quote::ToTokens;
use syn::{
    Attribute, FnArg, ImplItem, LitBool, Meta, Signature, braced,
    parse::{Parse, ParseStream},
};

use super::attribute::AttributeName;

/// An attribute with its item after the compiler has evaluated every `#[cfg]` inside.
pub(crate) struct Configured {
    pub(crate) name: AttributeName,
    /// Span of the attribute.
    pub(crate) span: Span,
    pub(crate) arguments: TokenStream,
    pub(crate) item: TokenStream,
}

/// Returns the predicates of the `#[cfg]`s inside an item, each once.
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

impl Parse for Configured {
    fn parse(input: ParseStream<'_>) -> syn::Result<Self> {
        let (list, arguments);
        braced!(list in input);
        let name: Ident = input.parse()?;
        braced!(arguments in input);
        let arguments: TokenStream = arguments.parse()?;
        let item: TokenStream = input.parse()?;
        let mut values = Vec::new();
        while !list.is_empty() {
            values.push(list.parse::<LitBool>()?.value);
        }
        // `expand::cfg` gave it the span of the attribute.
        let span = name.span();
        Ok(Self { name: AttributeName::parse(&name)?, span, arguments, item: apply(item, &values) })
    }
}

/// Removes the parts that are configured away, and the `#[cfg]`s of the parts that stay.
fn apply(item: TokenStream, values: &[bool]) -> TokenStream {
    let predicates: Vec<String> = predicates(&item).iter().map(ToString::to_string).collect();
    let mut holds = |attribute: &Attribute| match predicate(attribute) {
        None => true,
        Some(predicate) => {
            let position = predicates.iter().position(|known| *known == predicate.to_string());
            position.and_then(|position| values.get(position)).copied().unwrap_or(false)
        }
    };
    visit(item, &mut holds)
}

/// Calls `holds` with every attribute of methods and arguments, and removes those for which it returns `false`.
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
        return block.into_token_stream();
    }
    if let Ok(mut function) = syn::parse2::<syn::ItemFn>(item.clone()) {
        arguments(&mut function.sig, holds);
        return function.into_token_stream();
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
        // No short circuit: every predicate is collected.
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
