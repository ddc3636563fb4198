//! Collects the errors of one macro call, so that one build shows them all.

use std::{collections::HashSet, fmt::Display, hash::Hash};

use proc_macro2::{Span, TokenStream};
use quote::{ToTokens, quote};

use crate::editor;

#[derive(Default)]
pub(crate) struct Errors(Option<syn::Error>);

impl Errors {
    /// Adds an error at the tokens that are wrong.
    pub(crate) fn at(&mut self, tokens: &impl ToTokens, message: impl Display) {
        self.push(syn::Error::new_spanned(tokens, message));
    }

    pub(crate) fn span(&mut self, span: Span, message: impl Display) {
        self.push(syn::Error::new(span, message));
    }

    pub(crate) fn push(&mut self, error: syn::Error) {
        match &mut self.0 {
            Some(errors) => errors.combine(error),
            None => self.0 = Some(error),
        }
    }

    /// Takes over the errors of a part; returns whether there were none.
    pub(crate) fn join(&mut self, part: Self) -> bool {
        part.0.map(|error| self.push(error)).is_none()
    }

    /// Returns the value, or keeps the error.
    pub(crate) fn ok<T>(&mut self, result: syn::Result<T>) -> Option<T> {
        result.map_err(|error| self.push(error)).ok()
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_none()
    }

    /// Returns the errors and the expansion, so that uses of the item cause no second error.
    pub(crate) fn beside(self, expansion: impl ToTokens) -> TokenStream {
        let (errors, expansion) = (self.into_tokens(), expansion.to_token_stream());
        if editor::is_running() { quote!(#expansion #errors) } else { quote!(#errors #expansion) }
    }

    /// Returns the errors as an expression.
    pub(crate) fn into_block(self) -> TokenStream {
        let tokens = self.into_tokens();
        // An editor would report the type of the block too.
        let value = editor::is_running().then(|| quote!(loop {}));
        quote!({ #tokens #value })
    }

    /// Returns one `compile_error!` for each error.
    pub(crate) fn into_tokens(self) -> TokenStream {
        self.0.map(syn::Error::into_compile_error).unwrap_or_default()
    }
}

/// Reports every name that a list has twice.
pub(crate) fn each_once<T: ToTokens + Display + Eq + Hash>(names: &[T], errors: &mut Errors) {
    let mut seen = HashSet::new();
    for name in names.iter().filter(|name| !seen.insert(*name)) {
        errors.at(name, format!("`{name}` is listed twice: remove one"));
    }
}

/// Returns `; did you mean ..?` if a known word is a few letters away, else ` (known: ..)`.
pub(crate) fn suggestion(known: &[&str], word: &str) -> String {
    match near(known, word) {
        Some(near) => format!("; did you mean `{near}`?"),
        None => format!(" (known: `{}`)", known.join("`, `")),
    }
}

/// Returns the known word that is a few letters away.
pub(crate) fn near<'a>(known: &[&'a str], word: &str) -> Option<&'a str> {
    let (distance, near) = known.iter().map(|known| (distance(known, word), known)).min()?;
    (distance <= word.chars().count() / 3 + 1).then_some(near)
}

/// Returns the Levenshtein distance in characters.
fn distance(a: &str, b: &str) -> usize {
    let b: Vec<char> = b.chars().collect();
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, a) in a.chars().enumerate() {
        let mut diagonal = row[0];
        row[0] = i + 1;
        for (j, b) in b.iter().enumerate() {
            let substituted = diagonal + usize::from(a != *b);
            diagonal = row[j + 1];
            row[j + 1] = substituted.min(row[j] + 1).min(diagonal + 1);
        }
    }
    row[b.len()]
}
