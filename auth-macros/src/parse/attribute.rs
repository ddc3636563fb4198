//! The four attributes.

use proc_macro2::{Span, TokenStream};
use quote::ToTokens;
use syn::{
    Attribute, Ident, LitStr, Meta, Path, Token,
    ext::IdentExt,
    parse::{ParseStream, Parser},
    punctuated::Punctuated,
    spanned::Spanned,
};

use super::{
    clause::{Clause, ClauseKind, clauses},
    ends_with, is,
};
use crate::{errors::Errors, model::Name};

/// Clauses that read like attributes. Other words, such as `check`, may well be attributes of another crate.
const ATTRIBUTE_LIKE: [&str; 9] =
    ["role", "roles", "all_roles", "permissions", "any_permission", "scope", "scopes", "schemes", "authenticated"];

/// The name of an attribute of this crate.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum AttributeName {
    Protected,
    Permission,
    Public,
    OptionalAuth,
}

impl AttributeName {
    pub(crate) const ALL: [Self; 4] = [Self::Protected, Self::Permission, Self::Public, Self::OptionalAuth];

    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Self::Protected => "protected",
            Self::Permission => "permission",
            Self::Public => "public",
            Self::OptionalAuth => "optional_auth",
        }
    }

    pub(crate) fn parse(word: &Ident) -> syn::Result<Self> {
        let known = Self::ALL.into_iter().find(|known| word == known.as_str());
        known.ok_or_else(|| syn::Error::new(word.span(), "not an attribute of this crate"))
    }

    fn of(attribute: &Attribute) -> Option<Self> {
        let name = attribute.path().segments.last()?.ident.to_string();
        Self::ALL.into_iter().find(|word| name == word.as_str())
    }

    /// Finds one of our attributes in `#[cfg_attr(predicate, attribute, ..)]`.
    fn hidden_in(attribute: &Attribute) -> Option<Self> {
        let Meta::List(list) = &attribute.meta else { return None };
        if !list.path.is_ident("cfg_attr") {
            return None;
        }
        let parse = Punctuated::<Meta, Token![,]>::parse_terminated;
        let hidden: Vec<_> = parse.parse2(list.tokens.clone()).ok()?.into_iter().skip(1).collect();
        Self::ALL.into_iter().find(|word| hidden.iter().any(|meta| ends_with(meta.path(), word.as_str())))
    }
}

/// One of the four attributes as it was written.
pub(crate) struct RuleAttribute {
    pub(crate) name: AttributeName,
    pub(crate) span: Span,
    /// `crate = path`.
    pub(crate) library: Option<Path>,
    pub(crate) content: Content,
}

pub(crate) enum Content {
    Protected(Vec<Clause>),
    Permission(Name),
    Public(LitStr),
    OptionalAuth(Vec<Clause>),
}

impl RuleAttribute {
    pub(crate) fn parse(name: AttributeName, span: Span, arguments: TokenStream) -> syn::Result<Self> {
        let parse = |input: ParseStream<'_>| match name {
            AttributeName::Protected => options(input.call(clauses)?, Content::Protected),
            AttributeName::OptionalAuth => options(input.call(clauses)?, Content::OptionalAuth),
            AttributeName::Permission => Ok((Content::Permission(permission(span, input)?), library(input)?)),
            AttributeName::Public => Ok((Content::Public(reason(span, input)?), library(input)?)),
        };
        let (content, library) = parse.parse2(arguments)?;
        Ok(Self { name, span, library, content })
    }
}

/// Takes `crate = path` out of the clauses.
fn options<T>(mut list: Vec<Clause>, content: impl FnOnce(Vec<Clause>) -> T) -> syn::Result<(T, Option<Path>)> {
    let mut libraries = list.extract_if(.., |clause| matches!(clause.kind, ClauseKind::Crate(_)));
    let first = libraries.next();
    if let Some(again) = libraries.next() {
        return Err(syn::Error::new(again.span, "`crate` is set twice: remove one"));
    }
    drop(libraries);
    let path = first.and_then(|clause| if let ClauseKind::Crate(path) = clause.kind { Some(path) } else { None });
    Ok((content(list), path))
}

/// The clauses of `requirement!`, at least one, and `crate = path`.
pub(crate) fn requirement(input: TokenStream) -> syn::Result<(Vec<Clause>, Option<Path>)> {
    let (list, library) = options(clauses.parse2(input)?, |list| list)?;
    if list.is_empty() {
        return Err(syn::Error::new(
            Span::call_site(),
            "`requirement!` is empty: write a clause, such as `requirement!(permission(\"view\"))` or `requirement!(authenticated)`",
        ));
    }
    Ok((list, library))
}

/// `, crate = path` at the end of the arguments.
fn library(input: ParseStream<'_>) -> syn::Result<Option<Path>> {
    input.parse::<Option<Token![,]>>()?;
    if !input.peek(Token![crate]) {
        return Ok(None);
    }
    input.parse::<Token![crate]>()?;
    input.parse::<Token![=]>()?;
    let path = input.call(Path::parse_mod_style)?;
    input.parse::<Option<Token![,]>>()?;
    Ok(Some(path))
}

/// Takes our attributes out of a list, in order.
pub(crate) fn take(attributes: &mut Vec<Attribute>, errors: &mut Errors) -> Vec<RuleAttribute> {
    let mut rules = Vec::new();
    for attribute in attributes.extract_if(.., |attribute| is_ours(attribute)) {
        match AttributeName::of(&attribute) {
            Some(name) => rules.extend(errors.ok(parse_one(name, &attribute))),
            None => refuse_cfg_attr(&attribute, errors),
        }
        refuse_clause(&attribute, errors);
    }
    rules
}

/// Whether an attribute is one of ours, hides one, or is a clause that was meant as one.
pub(crate) fn is_ours(attribute: &Attribute) -> bool {
    AttributeName::of(attribute).or_else(|| AttributeName::hidden_in(attribute)).is_some()
        || clause(attribute).is_some()
}

/// The clause whose word is the name of an attribute: `#[roles("..")]`.
fn clause(attribute: &Attribute) -> Option<&Ident> {
    attribute.path().get_ident().filter(|name| ATTRIBUTE_LIKE.contains(&&*name.to_string()))
}

fn refuse_clause(attribute: &Attribute, errors: &mut Errors) {
    if clause(attribute).is_some() {
        let clause = match &attribute.meta {
            Meta::List(list) => format!("{}({})", list.path.to_token_stream(), list.tokens),
            meta => meta.to_token_stream().to_string(),
        };
        errors.at(attribute, format!("a clause is not an attribute: write `#[protected({clause})]`"));
    }
}

/// Attributes that generate nothing.
const INERT: [&str; 10] =
    ["allow", "cfg", "cfg_attr", "deny", "deprecated", "doc", "expect", "forbid", "must_use", "warn"];

/// Removes the attributes that may generate code, such as ours under another name, which would report itself once more.
pub(crate) fn keep_inert(attributes: &mut Vec<Attribute>) {
    attributes.retain(|attribute| INERT.iter().any(|name| attribute.path().is_ident(name)));
}

/// Finds an attribute with clauses, such as `#[guarded(role(".."))]` after `use protected as guarded`. Returns it with the
/// message that says what to write.
pub(crate) fn renamed(attributes: &[Attribute]) -> Option<(&Attribute, String)> {
    attributes.iter().find_map(|attribute| {
        let list = attribute.meta.require_list().ok().filter(|_| !is_inert_or_host(attribute))?;
        let read = clauses.parse2(list.tokens.clone()).ok()?;
        let is_rule = !read.is_empty() && !read.iter().any(|clause| matches!(clause.kind, ClauseKind::Mistake(_)));
        is_rule.then(|| {
            let (name, written) = (list.path.to_token_stream(), &list.tokens);
            let message = format!(
                "in a protected impl block, an attribute must keep its original name: write `#[protected({written})]` instead of `#[{name}(..)]`"
            );
            (attribute, message)
        })
    })
}

/// Returns a hint about an attribute without clauses that may be ours, such as `#[guarded]` after
/// `use protected as guarded`.
pub(crate) fn renamed_hint(attributes: &[Attribute]) -> String {
    let is_known = |attribute: &Attribute| {
        is_inert_or_host(attribute) || ["cold", "inline", "track_caller"].iter().any(|name| is(attribute, name))
    };
    let unknown =
        attributes.iter().find(|attribute| attribute.meta.require_path_only().is_ok() && !is_known(attribute));
    let hint = |attribute: &Attribute| {
        let name = attribute.path().to_token_stream();
        format!("; if `#[{name}]` is one of these under another name, write its original name")
    };
    unknown.map(hint).unwrap_or_default()
}

fn is_inert_or_host(attribute: &Attribute) -> bool {
    INERT.iter().chain(&["oai", "mcp"]).any(|name| is(attribute, name))
}

fn parse_one(word: AttributeName, attribute: &Attribute) -> syn::Result<RuleAttribute> {
    let arguments = match &attribute.meta {
        Meta::Path(_) => TokenStream::new(),
        Meta::List(list) => list.tokens.clone(),
        Meta::NameValue(meta) => {
            let argument = if word == AttributeName::Public { "reason = " } else { "" };
            let written = format!("`#[{}({argument}{})]`", word.as_str(), meta.value.to_token_stream());
            return Err(syn::Error::new_spanned(meta, format!("write parentheses instead of `=`: {written}")));
        }
    };
    RuleAttribute::parse(word, attribute.path().span(), arguments)
}

/// In `cfg_attr` a rule would exist in one build and be missing from another.
fn refuse_cfg_attr(attribute: &Attribute, errors: &mut Errors) {
    if let Some(word) = AttributeName::hidden_in(attribute) {
        let word = word.as_str();
        errors.at(
            attribute,
            format!("`#[{word}]` cannot be inside `cfg_attr`: write the function twice, each with its own `#[cfg]`"),
        );
    }
}

fn permission(span: Span, input: ParseStream<'_>) -> syn::Result<Name> {
    if input.is_empty() || input.peek(Token![crate]) && input.peek2(Token![=]) {
        return Err(syn::Error::new(span, "`#[permission]` needs a permission, such as `#[permission(\"view\")]`"));
    }
    let name: Name = input.parse()?;
    let rest = input.fork();
    if library(&rest).is_ok() && rest.is_empty() {
        return Ok(name);
    }
    input.parse::<Option<Token![,]>>()?;
    Err(syn::Error::new_spanned(
        input.parse::<TokenStream>()?,
        "`#[permission]` takes one permission: to require all of several, write `#[protected(permissions(..))]`; to require one of them, `#[protected(any_permission(..))]`",
    ))
}

fn reason(span: Span, input: ParseStream<'_>) -> syn::Result<LitStr> {
    const MESSAGE: &str = "`#[public]` needs a reason, such as `#[public(reason = \"liveness probe\")]`";
    if input.is_empty() {
        return Err(syn::Error::new(span, MESSAGE));
    }
    if input.peek(LitStr) {
        let written: LitStr = input.parse()?;
        let message = format!("write `reason =` before the reason: `#[public(reason = {})]`", written.token());
        return Err(syn::Error::new(written.span(), message));
    }
    let word = input.call(Ident::parse_any).map_err(|error| syn::Error::new(error.span(), MESSAGE))?;
    if word != "reason" || !input.peek(Token![=]) {
        return Err(syn::Error::new(word.span(), MESSAGE));
    }
    input.parse::<Token![=]>()?;
    let reason: LitStr = input.parse()?;
    if reason.value().trim().is_empty() {
        return Err(syn::Error::new(reason.span(), MESSAGE));
    }
    let rest = input.fork();
    if library(&rest).is_ok() && rest.is_empty() {
        return Ok(reason);
    }
    input.parse::<Option<Token![,]>>()?;
    Err(input.error("`#[public]` takes only a reason: remove the rest"))
}
