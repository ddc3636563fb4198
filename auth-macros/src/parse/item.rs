//! The item below an attribute.

use proc_macro2::TokenStream;
use quote::ToTokens;
use syn::{Attribute, ImplItem, ImplItemFn, ItemFn, ItemImpl};

use super::{
    attribute::{AttributeName, is_ours},
    is,
};

/// The end of the reason of a lint that `#[protected]` allows for each method that it has read.
const READ: &str = "are async\"";

/// The code below an attribute, parsed once.
pub(crate) enum Code {
    Block(Box<ItemImpl>),
    Function(Box<ItemFn>),
    Other,
}

impl Code {
    pub(crate) fn parse(item: &TokenStream) -> Self {
        syn::parse2(item.clone())
            .map(|block| Self::Block(Box::new(block)))
            .or_else(|_| syn::parse2(item.clone()).map(|function| Self::Function(Box::new(function))))
            .unwrap_or(Self::Other)
    }
}

/// The item below an attribute.
pub(crate) enum Item {
    /// An impl block, with its `#[OpenApi]` unless the user forgot it.
    Api(Option<Attribute>, Box<ItemImpl>),
    /// An impl block of MCP tools, with its `#[Tools]`.
    Tools(Attribute, Box<ItemImpl>),
    /// A function with its `#[handler]`.
    Handler(Attribute, Box<ItemFn>),
    /// Any other item, with the message that says what to write.
    Misplaced(String),
}

impl Item {
    /// `item` has the tokens of `code`.
    pub(crate) fn of(word: AttributeName, code: Code, item: &TokenStream) -> Self {
        match code {
            Code::Block(block) => Self::of_impl(word, block),
            Code::Function(mut function) => match remove(&mut function.attrs, "handler") {
                Some(handler) => Self::Handler(handler, function),
                None => Self::Misplaced(misplaced(word, item)),
            },
            Code::Other => Self::Misplaced(misplaced(word, item)),
        }
    }

    fn of_impl(word: AttributeName, mut block: Box<ItemImpl>) -> Self {
        if block.trait_.is_none()
            && let Some(tools) = remove(&mut block.attrs, "Tools")
        {
            return Self::Tools(tools, block);
        }
        match remove(&mut block.attrs, "OpenApi") {
            open_api if block.trait_.is_none() && (open_api.is_some() || has_operations(&block)) => {
                Self::Api(open_api, block)
            }
            Some(_) => Self::Misplaced(format!(
                "`#[{}]` cannot be on a trait implementation: write the operations in an impl block of the type itself",
                word.as_str()
            )),
            None => Self::Misplaced(
                "`#[protected]` must be above `#[OpenApi]`, which otherwise creates the operations without rules"
                    .to_owned(),
            ),
        }
    }
}

fn remove(attributes: &mut Vec<Attribute>, name: &str) -> Option<Attribute> {
    let position = attributes.iter().position(|attribute| is(attribute, name))?;
    Some(attributes.remove(position))
}

/// `#[OpenApi]` removes `#[oai]`: a remaining one means that it has not run.
fn has_operations(block: &ItemImpl) -> bool {
    block.items.iter().any(|item| matches!(item, ImplItem::Fn(method) if has(&method.attrs, "oai")))
}

fn misplaced(word: AttributeName, item: &TokenStream) -> String {
    let attribute = word.as_str();
    match syn::parse2::<ImplItemFn>(item.clone()) {
        Ok(method) if is_read(&method) => {
            format!(
                "in a protected impl block, an attribute must keep its original name: write `#[{attribute}(..)]` here"
            )
        }
        Ok(method) if is_method(&method) => {
            format!(
                "`#[{attribute}]` has no effect without `#[protected]` on the impl block: write `#[protected]` above `#[OpenApi]` or `#[Tools]`. If the impl block already has `#[protected]`, this attribute was imported under another name: write its original name, `#[{attribute}]`"
            )
        }
        Ok(function) => {
            let name = &function.sig.ident;
            format!("`#[{attribute}]` needs `#[handler]` below it, which makes `{name}` an endpoint")
        }
        Err(_) if word == AttributeName::Protected => {
            "`#[protected]` goes on an impl block above `#[OpenApi]` or `#[Tools]`, on an operation of that block, or on a handler above `#[handler]`"
                .to_owned()
        }
        Err(_) => {
            format!("`#[{attribute}]` goes on an operation of a `#[protected]` impl block, or on a handler above `#[handler]`")
        }
    }
}

/// Whether `#[protected]` on the impl block has read the method: then it has left this reason.
fn is_read(method: &ImplItemFn) -> bool {
    let reason = |attribute: &Attribute| attribute.to_token_stream().to_string().contains(READ);
    method.attrs.iter().filter(|attribute| is(attribute, "allow")).any(reason)
}

fn is_method(method: &ImplItemFn) -> bool {
    method.sig.receiver().is_some() || has(&method.attrs, "oai")
}

fn has(attributes: &[Attribute], name: &str) -> bool {
    attributes.iter().any(|attribute| is(attribute, name))
}

/// Removes the attributes that would act or fail, so that a misplaced attribute causes no second error.
pub(crate) fn silence(attributes: &mut Vec<Attribute>) {
    attributes.retain(|attribute| {
        !is_ours(attribute) && !["OpenApi", "Tools", "handler", "oai", "mcp"].iter().any(|name| is(attribute, name))
    });
}
