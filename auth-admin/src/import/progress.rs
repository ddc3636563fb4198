//! How far an import is: a bar at a terminal, otherwise a line now and then.

use indicatif::{ProgressBar, ProgressStyle};

use super::Tally;
use crate::console::Console;

/// How many lines of the file there are to one line of progress.
const EVERY: u64 = 10_000;

pub(super) struct Progress {
    bar: Option<ProgressBar>,
    told: u64,
}

impl Progress {
    /// Of so many bytes, if that is known.
    pub(super) fn new(draws: bool, length: Option<u64>) -> Self {
        let bar = draws.then(|| {
            let (bar, template) = match length {
                Some(length) => (ProgressBar::new(length), "{bar:30} {percent:>3} %  {eta} left  {msg}"),
                None => (ProgressBar::new_spinner(), "{spinner} {elapsed}  {msg}"),
            };
            bar.with_style(ProgressStyle::with_template(template).unwrap_or_else(|_| ProgressStyle::default_bar()))
        });
        // Some terminals can only be written to.
        Self { bar: bar.filter(|bar| !bar.is_hidden()), told: 0 }
    }

    /// Tells of what is in the database.
    pub(super) fn tell(&mut self, console: &mut Console, tally: &Tally, position: u64) {
        let text = format!("up to line {}: {}", tally.line, tally.sentence());
        match &self.bar {
            Some(bar) => {
                bar.set_position(position);
                bar.set_message(text);
            }
            None if tally.line - self.told >= EVERY => {
                self.told = tally.line;
                console.note(&text);
            }
            None => {}
        }
    }

    /// Writes something without the bar in between.
    pub(super) fn beside(&self, write: impl FnOnce()) {
        match &self.bar {
            Some(bar) => bar.suspend(write),
            None => write(),
        }
    }

    pub(super) fn end(&self) {
        if let Some(bar) = &self.bar {
            bar.finish_and_clear();
        }
    }
}
