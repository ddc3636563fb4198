//! The store, console and settings of one command run.

use auth_store::SqlUsers;
use serde::Serialize;

use crate::{
    console::Console,
    declared::Declared,
    error::Failure,
    escape::visible,
    output::{self, Format},
    state::SharedState,
};

/// Everything that a verb needs to run.
pub(crate) struct Context<'a> {
    pub(crate) users: &'a SqlUsers,
    pub(crate) state: SharedState,
    /// The database without its password, if the settings name it.
    pub(crate) database: Option<&'a str>,
    pub(crate) declared: Option<&'a Declared>,
    pub(crate) format: Format,
    /// The operator, for the log.
    pub(crate) by: String,
    pub(crate) console: &'a mut Console,
}

impl Context<'_> {
    /// Prints the result: the sentence, or the document for `--output json`.
    pub(crate) fn done(&mut self, sentence: &str, document: &impl Serialize) -> Result<(), Failure> {
        let printed = match self.format {
            Format::Table => self.console.line(&visible(sentence)),
            Format::Json => output::print_json(self.console, document),
        };
        printed.and_then(|()| self.console.flush()).map_err(|error| Failure::unreported(sentence, error))
    }

    /// Prints a secret to the output, and a note to stderr. For `--output json`, the document contains the secret.
    pub(crate) fn done_with_secret(
        &mut self,
        secret: &str,
        note: &str,
        document: &impl Serialize,
    ) -> Result<(), Failure> {
        let printed = match self.format {
            Format::Table => self.console.secret_line(secret),
            Format::Json => output::print_json(self.console, document).and_then(|()| self.console.flush()),
        };
        // A lost secret is a failure, although the change was made.
        printed.map_err(|error| Failure::Unreported(format!("{note}; but it cannot be shown: {error}")))?;
        self.console.note(note);
        Ok(())
    }

    /// Prompts for confirmation, unless `--yes` was given.
    pub(crate) fn confirm(&mut self, question: &str, is_confirmed: bool) -> Result<(), Failure> {
        if is_confirmed {
            return Ok(());
        }
        if !self.console.can_prompt() {
            return Err(Failure::usage("cannot ask for confirmation without a terminal; add --yes to confirm"));
        }
        if self.console.confirm(question)? {
            Ok(())
        } else {
            Err(Failure::refused("not confirmed; nothing was changed"))
        }
    }
}
