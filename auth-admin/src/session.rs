//! What a command works with.

use auth_store::SqlUsers;
use serde::Serialize;

use crate::{
    access::Declared,
    console::Console,
    exit::Failure,
    output::{self, Format},
};

/// One command that is being run.
pub(crate) struct Session<'a> {
    pub(crate) users: &'a SqlUsers,
    /// Which database that is, if it is known.
    pub(crate) database: Option<&'a str>,
    pub(crate) declared: Option<&'a Declared>,
    pub(crate) format: Format,
    /// Who runs it, for the log.
    pub(crate) by: String,
    pub(crate) console: &'a mut Console,
}

impl Session<'_> {
    /// Says what was done: in a sentence, or as a document.
    pub(crate) fn done(&mut self, sentence: &str, document: &impl Serialize) -> Result<(), Failure> {
        let said = match self.format {
            Format::Table => self.console.line(&output::visible(sentence)),
            Format::Json => output::print_json(self.console, document),
        };
        said.and_then(|()| self.console.flush()).map_err(|error| Failure::unsaid(sentence, error))
    }

    /// Shows a secret, this once: alone, with what there is to say of it beside the output; or in a document.
    pub(crate) fn done_with_secret(
        &mut self,
        secret: &str,
        note: &str,
        document: &impl Serialize,
    ) -> Result<(), Failure> {
        let shown = match self.format {
            Format::Table => self.console.secret_line(secret),
            Format::Json => output::print_json(self.console, document).and_then(|()| self.console.flush()),
        };
        // Nobody has read it: that is no success, even if it was done.
        shown.map_err(|error| Failure::Unsaid(format!("{note}; but it cannot be shown: {error}")))?;
        self.console.note(note);
        Ok(())
    }

    /// Before what cannot be undone: asks, unless that was answered beforehand.
    pub(crate) fn confirm(&mut self, question: &str, is_confirmed: bool) -> Result<(), Failure> {
        if is_confirmed {
            return Ok(());
        }
        if !self.console.can_ask() {
            return Err(Failure::usage("there is no terminal to ask whether that is meant: add --yes if it is"));
        }
        if self.console.confirm(question)? { Ok(()) } else { Err(Failure::refused("nothing was changed")) }
    }
}
