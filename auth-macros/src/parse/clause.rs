//! The grammar of requirements.

use proc_macro2::{Span, TokenStream, TokenTree};
use quote::ToTokens;
use syn::{
    Expr, Ident, Lit, LitStr, Path, Token,
    ext::IdentExt,
    parenthesized,
    parse::{Parse, ParseStream},
    spanned::Spanned,
    token,
};

use super::name::names;
use crate::{errors::suggestion, model::Name};

/// One clause as it was written.
pub(crate) struct Clause {
    pub(crate) span: Span,
    pub(crate) kind: ClauseKind,
}

pub(crate) enum ClauseKind {
    Authenticated,
    Names {
        of: NameKind,
        quantifier: Quantifier,
        names: Vec<Name>,
    },
    Check {
        name: Option<LitStr>,
        expression: Box<Expr>,
    },
    Fresh(Lit),
    Claim {
        name: LitStr,
        value: Lit,
    },
    Acr(Vec<Name>),
    /// The name of a constant that `requirement!` made.
    Rule(Path),
    Hide,
    /// `auth = path`, an option that stands among the clauses.
    Auth(Path),
    /// `crate = path`, an option that stands among the clauses.
    Crate(Path),
    Any(Vec<Clause>),
    All(Vec<Clause>),
    Not(Vec<Clause>),
    /// A clause that cannot be parsed, while the ones beside it can.
    Mistake(syn::Error),
}

#[derive(Clone, Copy)]
pub(crate) enum NameKind {
    Role,
    Permission,
    Scope,
    Scheme,
}

#[derive(Clone, Copy)]
pub(crate) enum Quantifier {
    Any,
    All,
}

const WORDS: [&str; 21] = [
    "roles",
    "role",
    "all_roles",
    "permission",
    "permissions",
    "any_permission",
    "scopes",
    "scope",
    "schemes",
    "scheme",
    "fresh",
    "claim",
    "acr",
    "check",
    "any",
    "all",
    "not",
    "authenticated",
    "hide",
    "auth",
    "crate",
];

/// Parses clauses between commas. An error in one does not hide the others.
pub(crate) fn clauses(input: ParseStream<'_>) -> syn::Result<Vec<Clause>> {
    let mut clauses = Vec::new();
    while !input.is_empty() {
        match input.parse() {
            Ok(clause) => clauses.push(clause),
            Err(error) => {
                clauses.push(Clause::mistake(error));
                skip_to_comma(input)?;
            }
        }
        if input.is_empty() {
            break;
        }
        if let Err(error) = comma(input) {
            clauses.push(Clause::mistake(error));
        }
    }
    Ok(clauses)
}

/// Parses a comma, and reports the usual substitutes. The clause after `||` or `&&` is read as if after a comma.
fn comma(input: ParseStream<'_>) -> syn::Result<()> {
    let error = |tokens: &dyn ToTokens, message| Err(syn::Error::new_spanned(tokens.to_token_stream(), message));
    if input.peek(Token![||]) {
        return error(&input.parse::<Token![||]>()?, "clauses cannot be joined with `||`: write `any(first, second)`");
    }
    if input.peek(Token![&&]) {
        return error(
            &input.parse::<Token![&&]>()?,
            "clauses cannot be joined with `&&`: write a comma, or `all(first, second)`",
        );
    }
    if input.peek(Token![;]) {
        return error(&input.parse::<Token![;]>()?, "clauses are separated by commas: replace or remove the `;`");
    }
    let comma = input.parse::<Token![,]>();
    comma.map(drop).map_err(|error| syn::Error::new(error.span(), "write a comma between two clauses"))
}

fn skip_to_comma(input: ParseStream<'_>) -> syn::Result<()> {
    while !input.is_empty() && !input.peek(Token![,]) {
        input.parse::<TokenTree>()?;
    }
    Ok(())
}

impl Clause {
    fn mistake(error: syn::Error) -> Self {
        Self { span: error.span(), kind: ClauseKind::Mistake(error) }
    }
}

impl Parse for Clause {
    fn parse(input: ParseStream<'_>) -> syn::Result<Self> {
        if input.peek(LitStr) {
            let name: LitStr = input.parse()?;
            let text = name.value();
            return Err(syn::Error::new(
                name.span(),
                format!(
                    "`{text}` alone is not a clause: write `role(\"{text}\")` for a role, `permission(\"{text}\")` for a permission"
                ),
            ));
        }
        if let Some(rule) = rule(input) {
            return rule;
        }
        if input.peek2(Token![::]) || input.peek(Token![::]) {
            let path: Name = input.parse()?;
            let message = format!(
                "`{path}` alone is not a clause: write `role({path})` for a role, `permission({path})` for a permission"
            );
            return Err(syn::Error::new_spanned(path, message));
        }
        if !input.peek(Ident::peek_any) {
            return Err(not_a_word(input));
        }
        let word = Ident::parse_any(input)?;
        Ok(Self { span: word.span(), kind: kind(&word, input)? })
    }
}

fn kind(word: &Ident, input: ParseStream<'_>) -> syn::Result<ClauseKind> {
    use NameKind::{Permission, Role, Scheme, Scope};
    use Quantifier::{All, Any};
    let named = |of, quantifier| Ok(ClauseKind::Names { of, quantifier, names: names(word, input)? });
    match word.to_string().as_str() {
        "roles" | "role" => named(Role, Any),
        "all_roles" => named(Role, All),
        "permission" | "permissions" => named(Permission, All),
        "any_permission" => named(Permission, Any),
        "scopes" | "scope" => named(Scope, All),
        "schemes" | "scheme" => named(Scheme, Any),
        "check" => check(word, input),
        "claim" => claim(word, input),
        "acr" => names(word, input).map(ClauseKind::Acr),
        "fresh" => value(word, input, "\"5m\"").map(ClauseKind::Fresh),
        "auth" => value(word, input, "path").map(ClauseKind::Auth),
        "crate" => value(word, input, "path").map(ClauseKind::Crate),
        "any" => group(word, input).map(ClauseKind::Any),
        "all" => group(word, input).map(ClauseKind::All),
        "not" => group(word, input).map(ClauseKind::Not),
        "authenticated" => alone(word, input, ClauseKind::Authenticated),
        "hide" => alone(word, input, ClauseKind::Hide),
        unknown => Err(unknown_word(word, unknown)),
    }
}

fn not_a_word(input: ParseStream<'_>) -> syn::Error {
    let message = if input.peek(Token![!]) {
        "a clause is negated with `not(..)`: write `not(role(\"..\"))`"
    } else if input.peek(token::Paren) || input.peek(token::Bracket) {
        "remove the parentheses or brackets around this clause; to group clauses, write `all(first, second)` or `any(first, second)`"
    } else {
        "expected a clause, such as `role(\"..\")` or `permission(\"..\")`"
    };
    input.error(message)
}

/// A path in capital letters is the name of a constant.
fn rule(input: ParseStream<'_>) -> Option<syn::Result<Clause>> {
    let path = input.fork().call(Path::parse_mod_style).ok()?;
    let name = path.segments.last()?.ident.to_string();
    let is_constant = name.chars().all(|c| c.is_ascii_uppercase() || c.is_ascii_digit() || c == '_');
    is_constant.then(|| {
        let path = input.call(Path::parse_mod_style)?;
        Ok(Clause { span: path.span(), kind: ClauseKind::Rule(path) })
    })
}

/// `check = expression` or `check("name") = expression`.
fn check(word: &Ident, input: ParseStream<'_>) -> syn::Result<ClauseKind> {
    let mut name = None;
    if input.peek(token::Paren) {
        let list;
        parenthesized!(list in input);
        let text = list.parse::<LitStr>();
        // Skips the rest of a list with an error, which would be a second one.
        list.parse::<TokenStream>()?;
        let text = text.map_err(|error| {
            syn::Error::new(error.span(), "the name of a check needs quotes: `check(\"is the author\") = expression`")
        })?;
        if text.value().trim().is_empty() {
            return Err(syn::Error::new(text.span(), "the name of a check is empty: write one, or leave out `(\"\")`"));
        }
        name = Some(text);
    }
    let written = name.as_ref().map_or_else(|| word.to_string(), |name| format!("{word}({})", name.token()));
    Ok(ClauseKind::Check { expression: assigned(&written, word, input, "expression")?, name })
}

/// `claim("name" = value)`.
fn claim(word: &Ident, input: ParseStream<'_>) -> syn::Result<ClauseKind> {
    const EXAMPLE: &str = "a claim has a name and a value: `claim(\"tenant\" = \"acme\")`";
    if !input.peek(token::Paren) {
        return Err(syn::Error::new(word.span(), EXAMPLE));
    }
    let list;
    parenthesized!(list in input);
    let claim = one_claim(&list, EXAMPLE);
    // Skips the rest of a list with an error, which would be a second one.
    list.parse::<TokenStream>()?;
    claim
}

fn one_claim(list: ParseStream<'_>, example: &str) -> syn::Result<ClauseKind> {
    let error = |error: syn::Error| syn::Error::new(error.span(), example);
    let name: LitStr = list.parse().map_err(error)?;
    if !list.peek(Token![=]) {
        return Err(syn::Error::new(name.span(), example));
    }
    list.parse::<Token![=]>()?;
    let value = list.parse().map_err(error)?;
    list.parse::<Option<Token![,]>>()?;
    if list.is_empty() {
        Ok(ClauseKind::Claim { name, value })
    } else {
        Err(list.error(
            "`claim` takes one claim: write `any(claim(..), claim(..))` or `all(claim(..), claim(..))` for several",
        ))
    }
}

fn unknown_word(word: &Ident, unknown: &str) -> syn::Error {
    let message = match unknown {
        "public" => "`public` is not a clause: on a public operation, write `#[public(reason = \"..\")]` instead of `#[protected]`".to_owned(),
        "optional" | "optional_auth" => {
            format!("`{unknown}` is not a clause: write `#[optional_auth]` instead of `#[protected]`")
        }
        _ => format!("unknown clause `{unknown}`{}", suggestion(&WORDS, unknown)),
    };
    syn::Error::new(word.span(), message)
}

/// Parses a clause of a single word.
fn alone(word: &Ident, input: ParseStream<'_>, kind: ClauseKind) -> syn::Result<ClauseKind> {
    if input.peek(Token![=]) || input.peek(token::Paren) {
        return Err(syn::Error::new(word.span(), format!("`{word}` takes no value: write `{word}`, or leave it out")));
    }
    Ok(kind)
}

fn value<T: Parse>(word: &Ident, input: ParseStream<'_>, example: &str) -> syn::Result<T> {
    assigned(&word.to_string(), word, input, example)
}

/// Parses `= value` after a word, which messages show as it was written.
fn assigned<T: Parse>(written: &str, word: &Ident, input: ParseStream<'_>, example: &str) -> syn::Result<T> {
    if !input.peek(Token![=]) {
        return Err(syn::Error::new(word.span(), format!("`{written}` needs a value: `{written} = {example}`")));
    }
    input.parse::<Token![=]>()?;
    // The end of the input has no place of its own.
    input.parse().map_err(|error| {
        if input.is_empty() {
            return syn::Error::new(word.span(), format!("this value is not complete: `{written} = {example}`"));
        }
        error
    })
}

fn group(word: &Ident, input: ParseStream<'_>) -> syn::Result<Vec<Clause>> {
    if !input.peek(token::Paren) {
        return Err(syn::Error::new(
            word.span(),
            format!("`{word}` needs clauses: `{word}(role(\"..\"), permission(\"..\"))`"),
        ));
    }
    let list;
    parenthesized!(list in input);
    clauses(&list)
}
