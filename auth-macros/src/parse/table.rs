//! `permissions! { enum .. }` and `roles! { enum ..: .. }`.

use proc_macro2::TokenStream;
use quote::ToTokens;
use syn::{
    Attribute, Ident, LitStr, Path, Token, Visibility, braced, bracketed,
    ext::IdentExt,
    parenthesized,
    parse::{Parse, ParseStream},
    punctuated::Punctuated,
    token,
};

use super::{
    auth::{Options, options},
    is,
};
use crate::model::{Joined, Name};

/// `permissions! { .. }` as it was written.
pub(crate) struct Permissions {
    pub(crate) head: Head,
    pub(crate) rows: Vec<Row>,
    pub(crate) joined: Vec<Joined>,
}

/// `#[auth(crate = path)] pub enum Name`.
pub(crate) struct Head {
    pub(crate) library: Option<Path>,
    pub(crate) attributes: Vec<Attribute>,
    pub(crate) visibility: Visibility,
    pub(crate) name: Ident,
}

/// `Variant = "name"`.
pub(crate) struct Row {
    pub(crate) attributes: Vec<Attribute>,
    pub(crate) variant: Ident,
    pub(crate) name: LitStr,
}

/// `roles! { .. }` as it was written.
pub(crate) struct Roles {
    pub(crate) head: Head,
    pub(crate) permissions: Path,
    pub(crate) rows: Vec<RoleRow>,
}

/// `Variant = "name": Parent + Parent => [permission, ..]`.
pub(crate) struct RoleRow {
    pub(crate) row: Row,
    pub(crate) parents: Vec<Ident>,
    pub(crate) holds: Holds,
}

impl AsMut<Row> for Row {
    fn as_mut(&mut self) -> &mut Row {
        self
    }
}

impl AsMut<Row> for RoleRow {
    fn as_mut(&mut self) -> &mut Row {
        &mut self.row
    }
}

impl From<Row> for RoleRow {
    fn from(row: Row) -> Self {
        Self { row, parents: Vec::new(), holds: Holds::Nothing }
    }
}

pub(crate) enum Holds {
    Nothing,
    All,
    These(Vec<Name>),
}

impl Parse for Permissions {
    fn parse(input: ParseStream<'_>) -> syn::Result<Self> {
        let head = head(input, "permissions! { pub enum Permission { View = \"view\" } }")?;
        if input.peek(Token![:]) {
            return Err(input.error("`permissions!` takes no `: ..`, which belongs to `roles!`"));
        }
        let (mut rows, mut joined) = (Vec::new(), Vec::new());
        for row in self::rows(input)? {
            match row {
                PermissionRow::Own(row) => rows.push(row),
                PermissionRow::Joined(table) => joined.push(table),
            }
        }
        Ok(Self { head, rows, joined })
    }
}

/// A permission, or another table of permissions.
enum PermissionRow {
    Own(Row),
    Joined(Joined),
}

impl Parse for PermissionRow {
    fn parse(input: ParseStream<'_>) -> syn::Result<Self> {
        if input.peek(Token![use]) {
            let word = input.parse::<Token![use]>()?;
            let path = input.call(Path::parse_mod_style)?.to_token_stream().to_string().replace(' ', "");
            let message = format!("to include other permissions, add a variant with any name: `Plugin({path})`");
            return Err(syn::Error::new_spanned(word, message));
        }
        let attributes = input.call(Attribute::parse_outer)?;
        if input.peek(Ident) && input.peek2(token::Paren) {
            let variant = input.parse()?;
            let table;
            parenthesized!(table in input);
            return Ok(Self::Joined(Joined { attributes, variant, table: table.call(Path::parse_mod_style)? }));
        }
        let row: Row = input.parse()?;
        Ok(Self::Own(Row { attributes, ..row }))
    }
}

impl Parse for Roles {
    fn parse(input: ParseStream<'_>) -> syn::Result<Self> {
        const EXAMPLE: &str = "roles! { pub enum Role: Permission { Viewer = \"Viewer\" => [View] } }";
        let head = head(input, EXAMPLE)?;
        if !input.peek(Token![:]) {
            let name = &head.name;
            return Err(syn::Error::new(
                name.span(),
                format!("`roles!` needs the type of the permissions: `enum {name}: Permission {{ .. }}`"),
            ));
        }
        input.parse::<Token![:]>()?;
        let permissions = input.call(Path::parse_mod_style)?;
        let rows = rows(input)?;
        Ok(Self { head, permissions, rows })
    }
}

fn head(input: ParseStream<'_>, example: &str) -> syn::Result<Head> {
    let mut attributes = input.call(Attribute::parse_outer)?;
    let Options { library, .. } = options(&attributes)?;
    attributes.retain(|attribute| !is(attribute, "auth"));
    let visibility = input.parse()?;
    if !input.peek(Token![enum]) {
        return Err(input.error(format!("expected an enum: `{example}`")));
    }
    input.parse::<Token![enum]>()?;
    Ok(Head { library, attributes, visibility, name: input.parse()? })
}

fn rows<R: Parse>(input: ParseStream<'_>) -> syn::Result<Vec<R>> {
    let list;
    braced!(list in input);
    let rows = Punctuated::<R, Token![,]>::parse_terminated(&list)?.into_iter().collect();
    if input.is_empty() { Ok(rows) } else { Err(input.error("expected one enum only")) }
}

impl Parse for Row {
    fn parse(input: ParseStream<'_>) -> syn::Result<Self> {
        let attributes = input.call(Attribute::parse_outer)?;
        let variant: Ident = input.parse()?;
        if !input.peek(Token![=]) || input.peek(Token![=>]) {
            return Err(syn::Error::new(
                variant.span(),
                format!(
                    "`{variant}` has no name: write `{variant} = \"{}\"`",
                    variant.unraw().to_string().to_lowercase()
                ),
            ));
        }
        input.parse::<Token![=]>()?;
        let name = input.parse()?;
        Ok(Self { attributes, variant, name })
    }
}

impl Parse for RoleRow {
    fn parse(input: ParseStream<'_>) -> syn::Result<Self> {
        let row = input.parse()?;
        let mut parents = Vec::new();
        if input.peek(Token![:]) {
            input.parse::<Token![:]>()?;
            parents = self::parents(&row, input)?;
        }
        let holds = if input.peek(Token![=>]) {
            input.parse::<Token![=>]>().and_then(|_| holds(input))?
        } else {
            Holds::Nothing
        };
        Ok(Self { row, parents, holds })
    }
}

/// `Parent + Parent`.
fn parents(row: &Row, input: ParseStream<'_>) -> syn::Result<Vec<Ident>> {
    let head = format!("{} = {}", row.variant, row.name.to_token_stream());
    if input.peek(token::Bracket) {
        let list;
        let bracket = bracketed!(list in input);
        let names = list.parse::<TokenStream>()?.to_string().replace(" ,", " +").replace(',', " +");
        let message = format!("write parent roles without brackets, joined with `+`: `{head}: {names}`");
        return Err(syn::Error::new(bracket.span.join(), message));
    }
    let parents: Vec<Ident> = Punctuated::<_, Token![+]>::parse_separated_nonempty(input)?.into_iter().collect();
    // The next row has a name after `=`; a parent has none.
    if input.peek(Token![,]) && input.peek2(Ident) && (!input.peek3(Token![=]) || input.peek3(Token![=>])) {
        let comma = input.parse::<Token![,]>()?;
        let next: Ident = input.parse()?;
        let names: Vec<String> = parents.iter().chain([&next]).map(ToString::to_string).collect();
        let rest = if input.peek(Token![=>]) { " => .." } else { "" };
        let message = format!("join parent roles with `+`: `{head}: {}{rest}`", names.join(" + "));
        return Err(syn::Error::new_spanned(comma, message));
    }
    Ok(parents)
}

fn holds(input: ParseStream<'_>) -> syn::Result<Holds> {
    if input.peek(token::Bracket) {
        let list;
        let bracket = bracketed!(list in input);
        if list.peek(Ident::peek_any) && list.fork().parse::<Ident>().is_ok_and(|word| word == "all") {
            return Err(syn::Error::new(bracket.span.join(), "write `all` without brackets: `=> all`"));
        }
        let names: Vec<Name> = Punctuated::<Name, Token![,]>::parse_terminated(&list)?.into_iter().collect();
        if names.is_empty() {
            return Err(syn::Error::new(
                bracket.span.join(),
                "this list is empty: leave out `=> []` if the role has no permissions of its own",
            ));
        }
        return Ok(Holds::These(names));
    }
    let word = Ident::parse_any(input)?;
    if word == "all" {
        return Ok(Holds::All);
    }
    Err(syn::Error::new(word.span(), format!("expected `all` or a list: `=> [{word}]`")))
}
