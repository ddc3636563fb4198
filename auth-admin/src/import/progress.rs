//! Shows the progress of an import: a bar on a terminal, and otherwise a line from time to time.

use indicatif::{ProgressBar, ProgressStyle};

use super::tally::Tally;
use crate::console::Console;

/// Number of lines of the file for one line of progress.
const INTERVAL: u64 = 10_000;

pub(super) struct Progress {
    bar: Option<ProgressBar>,
    reported: u64,
}

impl Progress {
    /// Starts a bar on a terminal. `length` is the number of bytes, if it is known.
    pub(super) fn new(shows_bar: bool, length: Option<u64>) -> Self {
        let bar = shows_bar.then(|| {
            let (bar, template) = match length {
                Some(length) => (ProgressBar::new(length), "{bar:30} {percent:>3} %  {eta} left  {msg}"),
                None => (ProgressBar::new_spinner(), "{spinner} {elapsed}  {msg}"),
            };
            bar.with_style(ProgressStyle::with_template(template).unwrap_or_else(|_| ProgressStyle::default_bar()))
        });
        // Some terminals cannot move the cursor.
        Self { bar: bar.filter(|bar| !bar.is_hidden()), reported: 0 }
    }

    /// Reports the records that are in the database.
    pub(super) fn report(&mut self, console: &mut Console, tally: &Tally, position: u64) {
        let text = format!("up to line {}: {}", tally.line, tally.sentence());
        match &self.bar {
            Some(bar) => {
                bar.set_position(position);
                bar.set_message(text);
            }
            None if tally.line - self.reported >= INTERVAL => {
                self.reported = tally.line;
                console.note(&text);
            }
            None => {}
        }
    }

    /// Hides the bar while something else is printed.
    pub(super) fn suspend(&self, print: impl FnOnce()) {
        match &self.bar {
            Some(bar) => bar.suspend(print),
            None => print(),
        }
    }

    pub(super) fn end(&self) {
        if let Some(bar) = &self.bar {
            bar.finish_and_clear();
        }
    }
}
