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

use super::{attribute::AttributeName, item::Code};

/// An attribute with its item after the compiler has evaluated every `#[cfg]` inside.
pub(crate) struct Configured {
    pub(crate) name: AttributeName,
    /// Span of the attribute.
    pub(crate) span: Span,
    pub(crate) arguments: TokenStream,
    pub(crate) item: TokenStream,
    pub(crate) code: Code,
}

/// Returns the predicates of the `#[cfg]`s inside an item, each once.
pub(crate) fn predicates(code: &Code) -> Vec<TokenStream> {
    let mut predicates: Vec<TokenStream> = Vec::new();
    for predicate in attributes(code).into_iter().filter_map(predicate) {
        if !predicates.iter().any(|known| known.to_string() == predicate.to_string()) {
            predicates.push(predicate);
        }
    }
    predicates
}

/// Returns the attributes of methods and arguments.
fn attributes(code: &Code) -> Vec<&Attribute> {
    match code {
        Code::Block(block) => {
            let methods = block.items.iter().filter_map(|item| match item {
                ImplItem::Fn(method) => Some(method),
                _ => None,
            });
            methods.flat_map(|method| method.attrs.iter().chain(of_arguments(&method.sig))).collect()
        }
        Code::Function(function) => of_arguments(&function.sig).collect(),
        Code::Other => Vec::new(),
    }
}

fn of_arguments(signature: &Signature) -> impl Iterator<Item = &Attribute> {
    let typed = signature.inputs.iter().filter_map(|input| match input {
        FnArg::Typed(argument) => Some(argument),
        FnArg::Receiver(_) => None,
    });
    typed.flat_map(|argument| &argument.attrs)
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
        let (item, code) = apply(item, &values);
        // `expand::cfg` gave it the span of the attribute.
        let span = name.span();
        Ok(Self { name: AttributeName::parse(&name)?, span, arguments, item, code })
    }
}

/// Removes the parts that are configured away, and the `#[cfg]`s of the parts that stay.
fn apply(item: TokenStream, values: &[bool]) -> (TokenStream, Code) {
    let mut code = Code::parse(&item);
    let predicates: Vec<String> = predicates(&code).iter().map(ToString::to_string).collect();
    let holds = |attribute: &Attribute| match predicate(attribute) {
        None => true,
        Some(predicate) => {
            let position = predicates.iter().position(|known| *known == predicate.to_string());
            position.and_then(|position| values.get(position)).copied().unwrap_or(false)
        }
    };
    let item = match &mut code {
        Code::Block(block) => {
            block.items.retain_mut(|item| match item {
                ImplItem::Fn(method) => {
                    arguments(&mut method.sig, &holds);
                    keep(&mut method.attrs, &holds)
                }
                _ => true,
            });
            block.to_token_stream()
        }
        Code::Function(function) => {
            arguments(&mut function.sig, &holds);
            function.to_token_stream()
        }
        Code::Other => item,
    };
    (item, code)
}

fn arguments(signature: &mut Signature, holds: &impl Fn(&Attribute) -> bool) {
    let inputs = std::mem::take(&mut signature.inputs).into_iter();
    let kept = inputs.filter_map(|mut input| match &mut input {
        FnArg::Typed(argument) => keep(&mut argument.attrs, holds).then_some(input),
        FnArg::Receiver(_) => Some(input),
    });
    signature.inputs = kept.collect();
}

/// Returns whether all predicates hold, and removes them.
fn keep(attributes: &mut Vec<Attribute>, holds: &impl Fn(&Attribute) -> bool) -> bool {
    let is_kept = attributes.iter().all(holds);
    attributes.retain(|attribute| predicate(attribute).is_none());
    is_kept
}

fn predicate(attribute: &Attribute) -> Option<TokenStream> {
    match &attribute.meta {
        Meta::List(list) if list.path.is_ident("cfg") => Some(list.tokens.clone()),
        _ => None,
    }
}
