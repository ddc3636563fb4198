//! `#[derive(Auth)]`: the struct, its `#[auth(..)]`, and the `#[scheme(..)]` of its fields.

use proc_macro2::Span;
use syn::{
    Attribute, Data, DataStruct, DeriveInput, Fields, Generics, Ident, LitInt, LitStr, Path, Token, Type,
    ext::IdentExt,
    parenthesized,
    parse::{Parse, ParseStream},
    punctuated::Punctuated,
    token,
};

use super::{description, is};
use crate::errors::{Errors, near, suggestion};

/// The struct as it was written.
pub(crate) struct Auth {
    pub(crate) name: Ident,
    pub(crate) generics: Generics,
    pub(crate) options: Options,
    pub(crate) fields: Vec<Field>,
}

/// `#[auth(..)]`.
#[derive(Default)]
pub(crate) struct Options {
    /// `crate = path`.
    pub(crate) library: Option<Path>,
    pub(crate) permissions: Option<Path>,
    pub(crate) roles: Option<Path>,
    pub(crate) realm: Option<LitStr>,
    pub(crate) rejection: Option<Path>,
}

/// One field.
pub(crate) struct Field {
    pub(crate) name: Ident,
    pub(crate) ty: Type,
    pub(crate) description: String,
    pub(crate) schemes: Vec<Scheme>,
    /// Whether it has a `#[scheme(..)]`, even one with an error.
    pub(crate) is_scheme: bool,
    /// Whether it has `#[overrides]`.
    pub(crate) overrides: bool,
    /// Whether it has `#[events]`.
    pub(crate) events: bool,
}

/// `#[scheme(kind, option, ..)]`.
pub(crate) struct Scheme {
    pub(crate) span: Span,
    pub(crate) kind: Kind,
    pub(crate) options: SchemeOptions,
}

/// What may follow the kind of a scheme.
#[derive(Default)]
pub(crate) struct SchemeOptions {
    /// `name = ".."`.
    pub(crate) name: Option<LitStr>,
    /// `max_len = 32_768`.
    pub(crate) max_len: Option<LitInt>,
    /// The word `ambient`.
    pub(crate) ambient: Option<Ident>,
    /// The word `silent_for_scripts`.
    pub(crate) silent: Option<Ident>,
}

pub(crate) enum Kind {
    Basic,
    Bearer { format: Option<LitStr> },
    OAuth2 { flows: Vec<Flow>, scopes: Option<Vec<(LitStr, LitStr)>> },
    OpenIdConnect { url: LitStr },
    ApiKey { location: Ident, name: LitStr },
    Http { scheme: LitStr },
}

/// `password(token_url = "..")`.
pub(crate) struct Flow {
    pub(crate) grant: Ident,
    pub(crate) urls: Vec<(Ident, LitStr)>,
}

const KINDS: [&str; 8] = ["basic", "bearer", "oauth2", "openid_connect", "api_key", "header", "cookie", "http"];
const SCHEME_OPTIONS: [&str; 4] = ["name", "max_len", "ambient", "silent_for_scripts"];
const GRANTS: [&str; 4] = ["password", "client_credentials", "authorization_code", "implicit"];
const LOCATIONS: [&str; 3] = ["header", "query", "cookie"];
const URLS: [&str; 3] = ["token_url", "authorization_url", "refresh_url"];
const OPTIONS: [&str; 5] = ["permissions", "roles", "realm", "rejection", "crate"];

impl Auth {
    pub(crate) fn parse(input: DeriveInput, errors: &mut Errors) -> Self {
        let mut options = Options::default();
        for attribute in input.attrs.iter().filter(|attribute| is(attribute, "auth")) {
            errors.ok(attribute.parse_args_with(|input: ParseStream<'_>| options.read(input)));
        }
        let fields = named_fields(&input.ident, input.data, errors);
        let fields = fields.into_iter().filter_map(|field| Field::parse(field, errors)).collect();
        Self { name: input.ident, generics: input.generics, options, fields }
    }
}

/// Reads the `#[auth(..)]` of a table.
pub(super) fn options(attributes: &[Attribute]) -> syn::Result<Options> {
    let mut options = Options::default();
    for attribute in attributes.iter().filter(|attribute| is(attribute, "auth")) {
        attribute.parse_args_with(|input: ParseStream<'_>| options.read(input))?;
    }
    Ok(options)
}

fn named_fields(name: &Ident, data: Data, errors: &mut Errors) -> Vec<syn::Field> {
    match data {
        Data::Struct(DataStruct { fields: Fields::Named(fields), .. }) => return fields.named.into_iter().collect(),
        Data::Struct(_) => {
            errors.at(name, "`#[derive(Auth)]` needs named fields: each field name is the name of a security scheme");
        }
        _ => errors.at(name, "`#[derive(Auth)]` needs a struct with one field for each security scheme"),
    }
    Vec::new()
}

impl Options {
    fn read(&mut self, input: ParseStream<'_>) -> syn::Result<()> {
        while !input.is_empty() {
            let word = Ident::parse_any(input)?;
            equals(&word, input)?;
            let duplicate = match word.to_string().as_str() {
                "permissions" => self.permissions.replace(path(&word, input)?).is_some(),
                "roles" => self.roles.replace(path(&word, input)?).is_some(),
                "crate" => self.library.replace(path(&word, input)?).is_some(),
                "rejection" => self.rejection.replace(path(&word, input)?).is_some(),
                "realm" => self.realm.replace(input.parse()?).is_some(),
                unknown => {
                    return Err(syn::Error::new(
                        word.span(),
                        format!("unknown option `{unknown}`{}", suggestion(&OPTIONS, unknown)),
                    ));
                }
            };
            if duplicate {
                return Err(syn::Error::new(word.span(), format!("`{word}` is set twice: remove one")));
            }
            comma(input)?;
        }
        Ok(())
    }
}

/// Parses a path; a string is a common mistake.
fn path(option: &Ident, input: ParseStream<'_>) -> syn::Result<Path> {
    if input.peek(LitStr) {
        let text: LitStr = input.parse()?;
        let message = format!("write the path without quotes: `{option} = {}`", text.value());
        return Err(syn::Error::new(text.span(), message));
    }
    input.call(Path::parse_mod_style)
}

impl Field {
    fn parse(field: syn::Field, errors: &mut Errors) -> Option<Self> {
        let schemes = field.attrs.iter().filter(|attribute| is(attribute, "scheme"));
        let schemes = schemes.filter_map(|attribute| errors.ok(scheme(attribute))).collect();
        let overrides = field.attrs.iter().any(|attribute| is(attribute, "overrides"));
        let events = field.attrs.iter().any(|attribute| is(attribute, "events"));
        let is_scheme = field.attrs.iter().any(|attribute| is(attribute, "scheme"));
        let name = field.ident?;
        if !is_scheme && !overrides && !events {
            errors.at(
                &name,
                format!(
                    "`{name}` needs an attribute: `#[scheme(..)]` for an authenticator, `#[overrides]` or `#[events]`; move other fields to another struct"
                ),
            );
        }
        Some(Self { name, ty: field.ty, description: description(&field.attrs), schemes, is_scheme, overrides, events })
    }
}

fn scheme(attribute: &Attribute) -> syn::Result<Scheme> {
    if matches!(attribute.meta, syn::Meta::Path(_)) {
        return Err(syn::Error::new_spanned(
            attribute,
            format!("`#[scheme]` needs a scheme: write `#[scheme(..)]` with one of `{}`", KINDS.join("`, `")),
        ));
    }
    attribute.parse_args()
}

impl Parse for Scheme {
    fn parse(input: ParseStream<'_>) -> syn::Result<Self> {
        let word = Ident::parse_any(input)?;
        let kind = kind(&word, input)?;
        comma(input)?;
        let mut options = SchemeOptions::default();
        while !input.is_empty() {
            options.read(input)?;
            comma(input)?;
        }
        Ok(Self { span: word.span(), kind, options })
    }
}

impl SchemeOptions {
    fn read(&mut self, input: ParseStream<'_>) -> syn::Result<()> {
        let word = Ident::parse_any(input)?;
        let duplicate = match word.to_string().as_str() {
            "name" => equals(&word, input).and_then(|()| Ok(self.name.replace(input.parse()?).is_some()))?,
            "max_len" => equals(&word, input).and_then(|()| Ok(self.max_len.replace(input.parse()?).is_some()))?,
            "ambient" => self.ambient.replace(word.clone()).is_some(),
            "silent_for_scripts" => self.silent.replace(word.clone()).is_some(),
            unknown => {
                let near = near(&SCHEME_OPTIONS, unknown).map(|near| format!("; did you mean `{near}`?"));
                let hint = near.unwrap_or_default();
                let message = format!(
                    "unknown option `{unknown}`{hint} (options of a scheme: `name = \"..\"`, `max_len = ..`, `ambient`, `silent_for_scripts`)"
                );
                return Err(syn::Error::new(word.span(), message));
            }
        };
        if duplicate { Err(syn::Error::new(word.span(), format!("`{word}` is set twice: remove one"))) } else { Ok(()) }
    }
}

fn kind(word: &Ident, input: ParseStream<'_>) -> syn::Result<Kind> {
    match word.to_string().as_str() {
        "basic" if input.peek(token::Paren) => Err(syn::Error::new(
            word.span(),
            "`basic` takes no arguments: write `#[scheme(basic)]`; to set the realm of all schemes, write `#[auth(realm = \"..\")]` on the struct",
        )),
        "basic" => Ok(Kind::Basic),
        "bearer" if input.peek(token::Paren) => {
            one(word, input, &["format"]).map(|(_, format)| Kind::Bearer { format: Some(format) })
        }
        "bearer" => Ok(Kind::Bearer { format: None }),
        "oauth2" => oauth2(word, input),
        "openid_connect" => one(word, input, &["url"]).map(|(_, url)| Kind::OpenIdConnect { url }),
        "api_key" => one(word, input, &LOCATIONS).map(|(location, name)| Kind::ApiKey { location, name }),
        "header" | "cookie" => {
            equals(word, input).and_then(|()| Ok(Kind::ApiKey { location: word.clone(), name: input.parse()? }))
        }
        "http" => equals(word, input).and_then(|()| Ok(Kind::Http { scheme: input.parse()? })),
        unknown => {
            Err(syn::Error::new(word.span(), format!("unknown scheme `{unknown}`{}", suggestion(&KINDS, unknown))))
        }
    }
}

fn oauth2(word: &Ident, input: ParseStream<'_>) -> syn::Result<Kind> {
    let list = arguments(word, input, "password(token_url = \"/auth/token\")")?;
    let (mut flows, mut scopes) = (Vec::new(), None);
    while !list.is_empty() {
        let part = Ident::parse_any(&list)?;
        match part.to_string().as_str() {
            "scopes" => {
                let listed = arguments(&part, &list, "\"entries:read\" = \"Read entries\"")?;
                scopes =
                    Some(Punctuated::<_, Token![,]>::parse_terminated_with(&listed, described)?.into_iter().collect());
            }
            grant if GRANTS.contains(&grant) => flows.push(flow(part, &list)?),
            unknown => {
                let known: &[&str] = if near(&["scopes"], unknown).is_some() { &["scopes"] } else { &GRANTS };
                let hint = suggestion(known, unknown);
                return Err(syn::Error::new(part.span(), format!("unknown flow `{unknown}`{hint}")));
            }
        }
        comma(&list)?;
    }
    Ok(Kind::OAuth2 { flows, scopes })
}

fn described(input: ParseStream<'_>) -> syn::Result<(LitStr, LitStr)> {
    let name: LitStr = input.parse()?;
    if !input.peek(Token![=]) {
        return Err(syn::Error::new(
            name.span(),
            format!("the scope `{0}` needs a description: `\"{0}\" = \"..\"`", name.value()),
        ));
    }
    input.parse::<Token![=]>()?;
    Ok((name, input.parse()?))
}

fn flow(grant: Ident, input: ParseStream<'_>) -> syn::Result<Flow> {
    let list = arguments(&grant, input, "token_url = \"/auth/token\"")?;
    let mut urls = Vec::new();
    while !list.is_empty() {
        let word = Ident::parse_any(&list)?;
        let text = word.to_string();
        if !URLS.contains(&text.as_str()) {
            return Err(syn::Error::new(word.span(), format!("unknown URL `{text}`{}", suggestion(&URLS, &text))));
        }
        equals(&word, &list)?;
        urls.push((word, list.parse()?));
        comma(&list)?;
    }
    Ok(Flow { grant, urls })
}

/// `(word = "text")` with one of the words.
fn one(of: &Ident, input: ParseStream<'_>, words: &[&str]) -> syn::Result<(Ident, LitStr)> {
    let list = arguments(of, input, &format!("{} = \"..\"", words[0]))?;
    if list.is_empty() {
        return Err(syn::Error::new(of.span(), format!("`{of}` needs `{} = \"..\"`", words.join(" = \"..\"` or `"))));
    }
    let word = Ident::parse_any(&list)?;
    let text = word.to_string();
    if !words.contains(&text.as_str()) {
        return Err(syn::Error::new(word.span(), format!("unknown option `{text}`{}", suggestion(words, &text))));
    }
    equals(&word, &list)?;
    let value = list.parse()?;
    comma(&list)?;
    if list.is_empty() { Ok((word, value)) } else { Err(list.error("expected the end of the list")) }
}

fn arguments<'a>(of: &Ident, input: ParseStream<'a>, example: &str) -> syn::Result<syn::parse::ParseBuffer<'a>> {
    if !input.peek(token::Paren) {
        return Err(syn::Error::new(of.span(), format!("`{of}` needs arguments: `{of}({example})`")));
    }
    let list;
    parenthesized!(list in input);
    Ok(list)
}

fn equals(word: &Ident, input: ParseStream<'_>) -> syn::Result<()> {
    if !input.peek(Token![=]) {
        return Err(syn::Error::new(word.span(), format!("`{word}` needs a value: `{word} = ..`")));
    }
    input.parse::<Token![=]>().map(drop)
}

fn comma(input: ParseStream<'_>) -> syn::Result<()> {
    if input.is_empty() { Ok(()) } else { input.parse::<Token![,]>().map(drop) }
}
