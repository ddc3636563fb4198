//! Lists of any length, printed page by page.

use std::io;

use serde::Serialize;

use super::{
    format::Format,
    table::{Columns, Row},
};
use crate::{console::Console, escape::visible_json};

/// A list that is printed while it is read.
pub(crate) struct List {
    format: Format,
    header: &'static [&'static str],
    columns: Columns,
    is_first: bool,
}

impl List {
    pub(crate) fn new<T: Row>(format: Format) -> Self {
        Self { format, header: T::HEADER, columns: Columns::default(), is_first: true }
    }

    /// Prints a page of items.
    pub(crate) fn page<'a, T: Row, J: Serialize + From<&'a T>>(
        &mut self,
        console: &mut Console,
        page: &'a [T],
    ) -> io::Result<()> {
        match self.format {
            Format::Table => self.rows(console, page.iter().map(Row::cells)),
            Format::Json => self.objects(console, page.iter().map(J::from)),
        }
    }

    /// Closes the list. An unclosed list is invalid JSON, so it cannot pass for a complete one.
    pub(crate) fn end(self, console: &mut Console) -> io::Result<()> {
        match (self.format, self.is_first) {
            (Format::Table, _) => Ok(()),
            (Format::Json, true) => console.line("[]"),
            (Format::Json, false) => console.line("\n]"),
        }
    }

    fn objects(&mut self, console: &mut Console, objects: impl Iterator<Item = impl Serialize>) -> io::Result<()> {
        for object in objects {
            let start = if self.is_first { "[\n  " } else { ",\n  " };
            self.is_first = false;
            console.output().write_all(start.as_bytes())?;
            console.output().write_all(visible_json(&serde_json::to_string(&object)?).as_bytes())?;
        }
        Ok(())
    }

    fn rows(&mut self, console: &mut Console, rows: impl Iterator<Item = Vec<String>>) -> io::Result<()> {
        let header = if self.is_first { self.header } else { &[] };
        self.is_first = false;
        self.columns.print(console, header, rows)
    }
}
