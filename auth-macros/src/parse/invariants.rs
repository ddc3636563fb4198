//! `invariants! { only(Administrator, delete); .. }`.

use syn::{
    Ident, LitInt, LitStr, Path, Token,
    ext::IdentExt,
    parenthesized,
    parse::{Parse, ParseStream},
    punctuated::Punctuated,
    token,
};

use crate::{errors::suggestion, model::Name};

/// The words that start an invariant or an option.
const WORDS: [&str; 6] = ["only", "never", "separate", "max_public", "auth", "crate"];

/// `invariants! { .. }` as it was written.
#[derive(Default)]
pub(crate) struct Invariants {
    pub(crate) auth: Option<Path>,
    pub(crate) library: Option<Path>,
    pub(crate) list: Vec<Invariant>,
}

/// One invariant, at its first word.
pub(crate) struct Invariant {
    pub(crate) word: Ident,
    pub(crate) kind: InvariantKind,
}

pub(crate) enum InvariantKind {
    /// `only(Role, .., permission)`
    Only { roles: Vec<Name>, permission: Name },
    /// `never(Role, .., permission)`
    Never { roles: Vec<Name>, permission: Name },
    /// `separate(Role, Role, ..)`
    Separate { roles: Vec<Name> },
    /// `max_public = 3`
    MaxPublic(LitInt),
}

impl Parse for Invariants {
    fn parse(input: ParseStream<'_>) -> syn::Result<Self> {
        let mut invariants = Self::default();
        while !input.is_empty() {
            let word = Ident::parse_any(input)?;
            match word.to_string().as_str() {
                "auth" => once(&mut invariants.auth, &word, input)?,
                "crate" => once(&mut invariants.library, &word, input)?,
                _ => invariants.list.push(invariant(word, input)?),
            }
            if !input.is_empty() {
                input
                    .parse::<Token![;]>()
                    .map_err(|error| syn::Error::new(error.span(), "expected `;` between two invariants"))?;
            }
        }
        Ok(invariants)
    }
}

/// `= path`
fn once(option: &mut Option<Path>, word: &Ident, input: ParseStream<'_>) -> syn::Result<()> {
    if option.is_some() {
        return Err(syn::Error::new(word.span(), format!("`{word}` is set twice: remove one")));
    }
    input.parse::<Token![=]>()?;
    *option = Some(input.call(Path::parse_mod_style)?);
    Ok(())
}

fn invariant(word: Ident, input: ParseStream<'_>) -> syn::Result<Invariant> {
    let kind = match word.to_string().as_str() {
        "only" => {
            let (roles, permission) = roles_and_permission(&word, input)?;
            InvariantKind::Only { roles, permission }
        }
        "never" => {
            let (roles, permission) = roles_and_permission(&word, input)?;
            InvariantKind::Never { roles, permission }
        }
        "separate" => {
            let roles = names(&word, "`separate(Approver, Payer)`", input)?;
            if roles.len() < 2 {
                return Err(syn::Error::new(
                    word.span(),
                    "`separate` needs at least two roles: `separate(Approver, Payer)`",
                ));
            }
            InvariantKind::Separate { roles }
        }
        "max_public" => {
            input.parse::<Token![=]>()?;
            let number = input
                .parse()
                .map_err(|error: syn::Error| syn::Error::new(error.span(), "expected a number: `max_public = 3`"))?;
            InvariantKind::MaxPublic(number)
        }
        other => {
            return Err(syn::Error::new(
                word.span(),
                format!("unknown invariant `{other}`{}", suggestion(&WORDS, other)),
            ));
        }
    };
    Ok(Invariant { word, kind })
}

/// `(Role, .., permission)`
fn roles_and_permission(word: &Ident, input: ParseStream<'_>) -> syn::Result<(Vec<Name>, Name)> {
    let example = format!("`{word}(Administrator, \"delete\")`");
    let mut roles = names(word, &example, input)?;
    match roles.pop() {
        Some(permission) if !roles.is_empty() => Ok((roles, permission)),
        _ => Err(syn::Error::new(word.span(), format!("`{word}` needs a role and a permission: {example}"))),
    }
}

/// `(name, ..)`
fn names(word: &Ident, example: &str, input: ParseStream<'_>) -> syn::Result<Vec<Name>> {
    if !input.peek(token::Paren) {
        return Err(syn::Error::new(word.span(), format!("`{word}` needs names in parentheses: {example}")));
    }
    let list;
    parenthesized!(list in input);
    Ok(Punctuated::<Word, Token![,]>::parse_terminated(&list)?.into_iter().map(|Word(name)| name).collect())
}

/// A name; a single word without quotation marks is one too.
struct Word(Name);

impl Parse for Word {
    fn parse(input: ParseStream<'_>) -> syn::Result<Self> {
        Ok(Self(match input.parse()? {
            Name::Path(path) => match path.get_ident() {
                Some(word) => Name::Literal(LitStr::new(&word.unraw().to_string(), word.span())),
                None => Name::Path(path),
            },
            name => name,
        }))
    }
}
