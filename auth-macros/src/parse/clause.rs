//! The grammar of requirements.

use proc_macro2::{Span, TokenStream, TokenTree};
use syn::{
    Expr, Ident, Lit, LitStr, Path, Token,
    ext::IdentExt,
    parenthesized,
    parse::{Parse, ParseStream, Parser},
    punctuated::Punctuated,
    token,
};

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
    Check(Box<Expr>),
    Fresh(Lit),
    Hide,
    /// `auth = path`: not a clause, but it stands among them.
    Auth(Path),
    Any(Vec<Clause>),
    All(Vec<Clause>),
    Not(Vec<Clause>),
    /// What could not be read. The clauses beside it could.
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

const WORDS: [&str; 18] = [
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
    "check",
    "any",
    "all",
    "not",
    "authenticated",
    "hide",
    "auth",
];

/// The clauses of `requirement!`, at least one.
pub(crate) fn requirement(input: TokenStream) -> syn::Result<Vec<Clause>> {
    if input.is_empty() {
        return Err(syn::Error::new(
            Span::call_site(),
            "say what is asked: `requirement!(permission(\"view\"))`, or `requirement!(authenticated)`",
        ));
    }
    clauses.parse2(input)
}

/// Clauses between commas; a mistake in one does not hide the others.
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
        if let Err(error) = input.parse::<Token![,]>() {
            clauses.push(Clause::mistake(syn::Error::new(error.span(), "write a comma between two clauses")));
        }
    }
    Ok(clauses)
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
                format!("say what `{text}` is: `roles = \"{text}\"` or `permission(\"{text}\")`"),
            ));
        }
        let word = Ident::parse_any(input)?;
        Ok(Self { span: word.span(), kind: kind(&word, input)? })
    }
}

fn kind(word: &Ident, input: ParseStream<'_>) -> syn::Result<ClauseKind> {
    use NameKind::{Permission, Role, Scheme, Scope};
    use Quantifier::{All, Any};
    let names = |of, quantifier| Ok(ClauseKind::Names { of, quantifier, names: names(word, input)? });
    match word.to_string().as_str() {
        "roles" | "role" => names(Role, Any),
        "all_roles" => names(Role, All),
        "permission" | "permissions" => names(Permission, All),
        "any_permission" => names(Permission, Any),
        "scopes" | "scope" => names(Scope, All),
        "schemes" | "scheme" => names(Scheme, Any),
        "check" => value(word, input, "expression").map(ClauseKind::Check),
        "fresh" => value(word, input, "\"5m\"").map(ClauseKind::Fresh),
        "auth" => value(word, input, "path").map(ClauseKind::Auth),
        "any" => group(word, input).map(ClauseKind::Any),
        "all" => group(word, input).map(ClauseKind::All),
        "not" => group(word, input).map(ClauseKind::Not),
        "authenticated" => Ok(ClauseKind::Authenticated),
        "hide" => Ok(ClauseKind::Hide),
        unknown => Err(unknown_word(word, unknown)),
    }
}

fn unknown_word(word: &Ident, unknown: &str) -> syn::Error {
    let hint = match unknown {
        "public" => "; write `#[public(reason = \"..\")]` in place of `#[protected]`".to_owned(),
        "optional" | "optional_auth" => "; write `#[optional_auth]` in place of `#[protected]`".to_owned(),
        _ => suggestion(&WORDS, unknown),
    };
    syn::Error::new(word.span(), format!("unknown requirement `{unknown}`{hint}"))
}

/// `= name` or `(name, ..)`.
fn names(word: &Ident, input: ParseStream<'_>) -> syn::Result<Vec<Name>> {
    if input.peek(Token![=]) {
        input.parse::<Token![=]>()?;
        return Ok(vec![input.parse()?]);
    }
    if input.peek(token::Paren) {
        let list;
        parenthesized!(list in input);
        return Ok(Punctuated::<Name, Token![,]>::parse_terminated(&list)?.into_iter().collect());
    }
    Err(syn::Error::new(word.span(), format!("`{word}` needs a name: `{word} = \"..\"` or `{word}(\"..\", \"..\")`")))
}

fn value<T: Parse>(word: &Ident, input: ParseStream<'_>, example: &str) -> syn::Result<T> {
    if !input.peek(Token![=]) {
        return Err(syn::Error::new(word.span(), format!("`{word}` needs a value: `{word} = {example}`")));
    }
    input.parse::<Token![=]>()?;
    input.parse()
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

impl Parse for Name {
    fn parse(input: ParseStream<'_>) -> syn::Result<Self> {
        if input.peek(LitStr) {
            let name: LitStr = input.parse()?;
            if name.value().is_empty() {
                return Err(syn::Error::new(name.span(), "a name cannot be empty"));
            }
            return Ok(Self::Literal(name));
        }
        let path = input.call(Path::parse_mod_style);
        path.map(Self::Path).map_err(|error| {
            syn::Error::new(
                error.span(),
                "expected a name: a string such as `\"view\"`, or a path such as `Permission::View`",
            )
        })
    }
}
