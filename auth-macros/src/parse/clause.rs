//! The grammar of requirements.

use proc_macro2::{Punct, Span, TokenStream, TokenTree};
use quote::ToTokens;
use syn::{
    Expr, Ident, Lit, LitStr, Path, Token,
    ext::IdentExt,
    parenthesized,
    parse::{Parse, ParseStream, Parser},
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
        if let Err(error) = comma(input) {
            clauses.push(Clause::mistake(error));
        }
    }
    Ok(clauses)
}

/// A comma, or an error for what people write in its place. The clause after `||` or `&&` is read as if after a comma.
fn comma(input: ParseStream<'_>) -> syn::Result<()> {
    let error = |tokens: &dyn ToTokens, message| Err(syn::Error::new_spanned(tokens.to_token_stream(), message));
    if input.peek(Token![||]) {
        return error(&input.parse::<Token![||]>()?, "`||` does not join clauses: write `any(first, second)`");
    }
    if input.peek(Token![&&]) {
        return error(
            &input.parse::<Token![&&]>()?,
            "`&&` does not join clauses: write a comma, or `all(first, second)`",
        );
    }
    if input.peek(Token![;]) {
        return error(&input.parse::<Token![;]>()?, "a clause does not end with `;`: remove it, or write a comma");
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
                format!("say what `{text}` is: `roles = \"{text}\"` or `permission(\"{text}\")`"),
            ));
        }
        if input.peek2(Token![::]) || input.peek(Token![::]) {
            let path: Name = input.parse()?;
            let message = format!("say what `{path}` is: `role({path})` or `permission({path})`");
            return Err(syn::Error::new_spanned(path, message));
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
        "authenticated" => alone(word, input, ClauseKind::Authenticated),
        "hide" => alone(word, input, ClauseKind::Hide),
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

/// A word that is a clause by itself.
fn alone(word: &Ident, input: ParseStream<'_>, kind: ClauseKind) -> syn::Result<ClauseKind> {
    if input.peek(Token![=]) || input.peek(token::Paren) {
        return Err(syn::Error::new(word.span(), format!("`{word}` takes no value: write `{word}`, or leave it out")));
    }
    Ok(kind)
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
        let names = list_of_names(word, &list);
        // The rest of a list with a mistake, which would be a second one.
        list.parse::<TokenStream>()?;
        return names;
    }
    let example = match input.fork().parse() {
        Ok(Name::Literal(name)) => format!("`{word}({})`", name.to_token_stream()),
        Ok(Name::Path(path)) => match path.get_ident() {
            Some(name) => format!("`{word}(\"{name}\")`"),
            None => format!("`{word}({})`", Name::Path(path)),
        },
        Err(_) => format!("`{word} = \"..\"` or `{word}(\"..\", \"..\")`"),
    };
    Err(syn::Error::new(word.span(), format!("`{word}` needs a name: {example}")))
}

fn list_of_names(word: &Ident, list: ParseStream<'_>) -> syn::Result<Vec<Name>> {
    let mut names = Vec::new();
    while !list.is_empty() {
        names.push(list.parse()?);
        if list.peek(Token![||]) || list.peek(Token![&&]) {
            let operator: Punct = list.parse()?;
            let message = match word.to_string().as_str() {
                "permission" | "permissions" | "any_permission" => {
                    "write a comma: `permissions(..)` asks for all of its names, `any_permission(..)` for one"
                }
                "role" | "roles" | "all_roles" => {
                    "write a comma: `roles(..)` asks for one of its names, `all_roles(..)` for all"
                }
                _ => "write a comma between two names",
            };
            return Err(syn::Error::new(operator.span(), message));
        }
        if !list.is_empty() {
            list.parse::<Token![,]>()?;
        }
    }
    Ok(names)
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
        if let Ok(path) = &path
            && input.peek(Token![!])
        {
            return Err(syn::Error::new_spanned(
                path,
                "a name cannot come from a macro: write the string itself, or a path such as `Permission::View`",
            ));
        }
        path.map(Self::Path).map_err(|error| {
            syn::Error::new(
                error.span(),
                "expected a name: a string such as `\"view\"`, or a path such as `Permission::View`",
            )
        })
    }
}
