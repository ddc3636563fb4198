//! The four attributes, on whatever they stand.

use proc_macro2::{Span, TokenStream};
use syn::{
    Attribute, LitStr, Meta, Token,
    ext::IdentExt,
    parse::{ParseStream, Parser},
    spanned::Spanned,
};

use super::{
    clause::{Clause, clauses},
    is,
};
use crate::{errors::Errors, model::Name};

/// Which attribute.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Word {
    Protected,
    Permission,
    Public,
    OptionalAuth,
}

impl Word {
    pub(crate) const ALL: [Self; 4] = [Self::Protected, Self::Permission, Self::Public, Self::OptionalAuth];

    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Self::Protected => "protected",
            Self::Permission => "permission",
            Self::Public => "public",
            Self::OptionalAuth => "optional_auth",
        }
    }

    fn of(attribute: &Attribute) -> Option<Self> {
        Self::ALL.into_iter().find(|word| is(attribute, word.as_str()))
    }
}

/// One attribute as it was written.
pub(crate) struct Written {
    pub(crate) word: Word,
    pub(crate) span: Span,
    pub(crate) content: Content,
}

pub(crate) enum Content {
    Protected(Vec<Clause>),
    Permission(Name),
    Public(LitStr),
    OptionalAuth,
}

impl Written {
    pub(crate) fn parse(word: Word, span: Span, arguments: TokenStream) -> syn::Result<Self> {
        let content = match word {
            Word::Protected => Content::Protected(clauses.parse2(arguments)?),
            Word::Permission => Content::Permission(permission(span, arguments)?),
            Word::Public => Content::Public(reason(span, arguments)?),
            Word::OptionalAuth if arguments.is_empty() => Content::OptionalAuth,
            Word::OptionalAuth => {
                return Err(syn::Error::new_spanned(
                    arguments,
                    "`#[optional_auth]` takes no arguments: it lets everybody in; ask for more with `#[protected(..)]`",
                ));
            }
        };
        Ok(Self { word, span, content })
    }
}

/// Takes our attributes out of a list, in the order in which they stand.
pub(crate) fn take(attributes: &mut Vec<Attribute>, errors: &mut Errors) -> Vec<Written> {
    let mut written = Vec::new();
    attributes.retain(|attribute| {
        let Some(word) = Word::of(attribute) else { return true };
        written.extend(errors.ok(parse_one(word, attribute)));
        false
    });
    attributes.iter().for_each(|attribute| refuse_cfg_attr(attribute, errors));
    written
}

/// Whether an attribute is one of ours, without reading it.
pub(crate) fn is_ours(attribute: &Attribute) -> bool {
    Word::of(attribute).is_some()
}

fn parse_one(word: Word, attribute: &Attribute) -> syn::Result<Written> {
    let arguments = match &attribute.meta {
        Meta::Path(_) => TokenStream::new(),
        Meta::List(list) => list.tokens.clone(),
        Meta::NameValue(meta) => {
            let word = word.as_str();
            return Err(syn::Error::new_spanned(meta, format!("write `#[{word}(..)]`, with parentheses")));
        }
    };
    Written::parse(word, attribute.path().span(), arguments)
}

/// Behind a `cfg_attr` a rule is there in one build and gone in another; nobody should have to guess which.
fn refuse_cfg_attr(attribute: &Attribute, errors: &mut Errors) {
    let Meta::List(list) = &attribute.meta else { return };
    if !attribute.path().is_ident("cfg_attr") {
        return;
    }
    let tokens = list.tokens.to_string();
    if let Some(word) = Word::ALL.iter().find(|word| tokens.contains(word.as_str())) {
        let word = word.as_str();
        errors.at(
            attribute,
            format!("`#[{word}]` cannot stand in `cfg_attr`; write the method twice, each with its `#[cfg]`"),
        );
    }
}

fn permission(span: Span, arguments: TokenStream) -> syn::Result<Name> {
    let parse = |input: ParseStream<'_>| {
        if input.is_empty() {
            return Err(syn::Error::new(span, "say which permission: `#[permission(\"view\")]`"));
        }
        let name: Name = input.parse()?;
        if input.is_empty() {
            return Ok(name);
        }
        Err(input.error(
            "one permission only; write `#[protected(permissions(..))]` for all of several, `#[protected(any_permission(..))]` for one of them",
        ))
    };
    parse.parse2(arguments)
}

fn reason(span: Span, arguments: TokenStream) -> syn::Result<LitStr> {
    const MESSAGE: &str = "say why everybody may call this: `#[public(reason = \"liveness probe\")]`";
    let parse = |input: ParseStream<'_>| {
        if input.is_empty() {
            return Err(syn::Error::new(span, MESSAGE));
        }
        let word = syn::Ident::parse_any(input)?;
        if word != "reason" || !input.peek(Token![=]) {
            return Err(syn::Error::new(word.span(), MESSAGE));
        }
        input.parse::<Token![=]>()?;
        let reason: LitStr = input.parse()?;
        if reason.value().trim().is_empty() {
            return Err(syn::Error::new(reason.span(), MESSAGE));
        }
        input.parse::<Option<Token![,]>>()?;
        if input.is_empty() { Ok(reason) } else { Err(input.error("`#[public]` takes a reason and nothing else")) }
    };
    parse.parse2(arguments)
}
