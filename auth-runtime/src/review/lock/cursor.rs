//! A position in a line.

use super::super::error::{Found, ParsePolicyError, Problem};

/// The rest of a line, with its number.
#[derive(Clone, Copy)]
pub(super) struct Cursor<'a> {
    rest: &'a str,
    line: usize,
}

impl<'a> Cursor<'a> {
    pub(super) const fn new(rest: &'a str, line: usize) -> Self {
        Self { rest, line }
    }

    pub(super) const fn rest(&self) -> &'a str {
        self.rest
    }

    pub(super) const fn error(&self, problem: Problem) -> ParsePolicyError {
        ParsePolicyError::new(self.line, problem)
    }

    pub(super) fn expected(&self, expected: &'static str) -> ParsePolicyError {
        self.error(Problem::Expected { expected, found: Found::new(self.rest) })
    }

    pub(super) fn skip_spaces(&mut self) {
        self.rest = self.rest.trim_start_matches(' ');
    }

    /// Takes this text, if it is next. Spaces before it do not count.
    pub(super) fn eat(&mut self, text: &str) -> bool {
        self.skip_spaces();
        let after = self.rest.strip_prefix(text);
        self.rest = after.unwrap_or(self.rest);
        after.is_some()
    }

    /// Takes this text, which must be next.
    pub(super) fn need(&mut self, text: &str, expected: &'static str) -> Result<(), ParsePolicyError> {
        if self.eat(text) { Ok(()) } else { Err(self.expected(expected)) }
    }

    /// Takes the characters up to the first that `ends` a word.
    pub(super) fn word(&mut self, ends: impl Fn(char) -> bool) -> &'a str {
        self.skip_spaces();
        let (word, rest) = self.rest.split_at(self.rest.find(ends).unwrap_or(self.rest.len()));
        self.rest = rest;
        word
    }

    /// Needs the end of the line.
    pub(super) fn end(mut self) -> Result<(), ParsePolicyError> {
        self.skip_spaces();
        if self.rest.is_empty() { Ok(()) } else { Err(self.expected("the end of the line")) }
    }

    /// Whether this text is next. Spaces before it do not count.
    pub(super) fn at(&mut self, text: &str) -> bool {
        self.skip_spaces();
        self.rest.starts_with(text)
    }

    /// Whether a string literal is next.
    pub(super) fn at_string(&mut self) -> bool {
        self.at("\"")
    }

    /// Takes a string literal, as Rust's `{:?}` writes it.
    pub(super) fn string(&mut self, expected: &'static str) -> Result<String, ParsePolicyError> {
        self.skip_spaces();
        let start = *self;
        let mut text = String::new();
        let mut characters = self.rest.strip_prefix('"').ok_or_else(|| start.expected(expected))?.chars();
        loop {
            match characters.next() {
                Some('"') => break,
                Some('\\') => text.push(escaped(&mut characters).ok_or_else(|| start.expected(expected))?),
                Some(character) => text.push(character),
                None => return Err(start.expected(expected)),
            }
        }
        self.rest = characters.as_str();
        Ok(text)
    }
}

/// Reads the rest of an escape sequence.
fn escaped(characters: &mut std::str::Chars<'_>) -> Option<char> {
    Some(match characters.next()? {
        'n' => '\n',
        'r' => '\r',
        't' => '\t',
        '0' => '\0',
        'u' => {
            let (digits, rest) = characters.as_str().strip_prefix('{')?.split_once('}')?;
            *characters = rest.chars();
            return char::from_u32(u32::from_str_radix(digits, 16).ok()?);
        }
        character @ ('"' | '\'' | '\\') => character,
        _ => return None,
    })
}
