//! Names: strings, or paths to typed values.

use proc_macro2::{Punct, TokenStream};
use quote::ToTokens;
use syn::{
    Expr, ExprCall, ExprPath, Ident, LitStr, Path, Token, parenthesized,
    parse::{Parse, ParseStream},
    punctuated::Punctuated,
    token,
};

use crate::model::Name;

/// `= name` or `(name, ..)`.
pub(super) fn names(word: &Ident, input: ParseStream<'_>) -> syn::Result<Vec<Name>> {
    if input.peek(Token![=]) {
        input.parse::<Token![=]>()?;
        return Ok(vec![input.parse()?]);
    }
    if input.peek(token::Paren) {
        let list;
        parenthesized!(list in input);
        let names = list_of_names(word, &list);
        // Skips the rest of a list with an error, which would be a second one.
        list.parse::<TokenStream>()?;
        return names;
    }
    let written = match input.fork().parse() {
        Ok(Name::Literal(name)) => name.to_token_stream().to_string(),
        Ok(Name::Path(path)) => match path.get_ident() {
            Some(name) => format!("\"{name}\""),
            None => Name::Path(path).to_string(),
        },
        Ok(Name::Call(call)) => Name::Call(call).to_string(),
        Err(_) => {
            let message = format!("`{word}` needs a name: `{word} = \"..\"` or `{word}(\"..\", \"..\")`");
            return Err(syn::Error::new(word.span(), message));
        }
    };
    Err(syn::Error::new(word.span(), format!("write the name in parentheses: `{word}({written})`")))
}

fn list_of_names(word: &Ident, list: ParseStream<'_>) -> syn::Result<Vec<Name>> {
    let mut names = Vec::new();
    while !list.is_empty() {
        names.push(list.parse()?);
        if list.peek(Token![||]) || list.peek(Token![&&]) {
            let operator: Punct = list.parse()?;
            let instead = match word.to_string().as_str() {
                "permission" | "permissions" | "any_permission" => {
                    "`any_permission(\"..\", \"..\")` for one of them, or `permissions(\"..\", \"..\")` for all"
                }
                "role" | "roles" | "all_roles" => {
                    "`roles(\"..\", \"..\")` for one of them, or `all_roles(\"..\", \"..\")` for all"
                }
                _ => "two clauses, joined with `any(..)` or `all(..)`",
            };
            let message = format!("names cannot be joined with `{0}{0}`: write {instead}", operator.as_char());
            return Err(syn::Error::new(operator.span(), message));
        }
        if !list.is_empty() {
            list.parse::<Token![,]>()?;
        }
    }
    Ok(names)
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
        if let Ok(path) = &path
            && input.peek(token::Paren)
        {
            return call(path.clone(), input);
        }
        path.map(Self::Path).map_err(|error| {
            syn::Error::new(
                error.span(),
                "expected a name: a string such as `\"view\"`, or a path such as `Permission::View`",
            )
        })
    }
}

/// `(value)` after the path of a variant that holds a joined table.
fn call(path: Path, input: ParseStream<'_>) -> syn::Result<Name> {
    let list;
    let paren_token = parenthesized!(list in input);
    let args = Punctuated::parse_terminated(&list)?;
    let func = Expr::Path(ExprPath { attrs: Vec::new(), qself: None, path });
    Ok(Name::Call(ExprCall { attrs: Vec::new(), func: Box::new(func), paren_token, args }))
}
