//! Prints tables and documents.

use std::io;

use comfy_table::{ColumnConstraint, Table, Width, presets};
use serde::Serialize;

use crate::{
    console::Console,
    escape::{visible, visible_json},
};

/// A value that has a row in a table.
pub(crate) trait Row {
    const HEADER: &'static [&'static str];

    fn cells(&self) -> Vec<String>;
}

/// Prints a table. An empty header is omitted.
pub(crate) fn print_table(console: &mut Console, header: &[&str], rows: Vec<Vec<String>>) -> io::Result<()> {
    let mut table = Columns::default();
    table.print(console, header, rows.into_iter())
}

/// Prints a text that ends with a line break.
pub(crate) fn print_text(console: &mut Console, text: &str) -> io::Result<()> {
    console.output().write_all(text.as_bytes())
}

pub(crate) fn print_json(console: &mut Console, document: &impl Serialize) -> io::Result<()> {
    console.line(&visible_json(&serde_json::to_string_pretty(document)?))
}

/// The width of each column so far, for a table that is printed in several parts.
#[derive(Default)]
pub(super) struct Columns {
    widths: Vec<u16>,
}

impl Columns {
    /// Prints rows, with columns at least as wide as before.
    pub(super) fn print(
        &mut self,
        console: &mut Console,
        header: &[&str],
        rows: impl Iterator<Item = Vec<String>>,
    ) -> io::Result<()> {
        let mut table = Table::new();
        table.load_style(presets::NOTHING);
        if !header.is_empty() {
            table.set_header(header.to_vec());
        }
        table.add_rows(rows.map(|row| row.iter().map(|cell| visible(cell)).collect::<Vec<_>>()));
        self.align(&mut table);
        for line in table.lines() {
            console.line(line.trim_end())?;
        }
        Ok(())
    }

    /// Puts two spaces between columns.
    fn align(&mut self, table: &mut Table) {
        table.discover_columns();
        for (index, column) in table.column_iter_mut().enumerate() {
            column.set_padding((0, 2));
            if let Some(width) = self.widths.get(index) {
                column.set_constraint(ColumnConstraint::LowerBoundary(Width::Fixed(width.saturating_add(2))));
            }
        }
        let content = table.column_max_content_widths();
        self.widths.resize(content.len(), 0);
        self.widths.iter_mut().zip(content).for_each(|(width, now)| *width = now.max(*width));
    }
}
