//! Aligned tables of text.

use std::fmt;

/// A table: names to the left, figures to the right.
#[derive(Clone, Debug)]
pub struct Table {
    lines: Vec<Line>,
}

#[derive(Clone, Debug)]
enum Line {
    /// A heading above a part of the table, without columns.
    Group(String),
    Cells(Vec<String>),
}

impl Table {
    /// Returns a table with these column names.
    #[must_use]
    pub fn new<const N: usize>(columns: [&str; N]) -> Self {
        Self { lines: vec![Line::Cells(columns.map(str::to_owned).to_vec())] }
    }

    /// Starts a part with a heading.
    pub fn group(&mut self, name: &str) {
        self.lines.push(Line::Group(name.to_owned()));
    }

    /// Adds a line.
    pub fn row(&mut self, cells: impl Into<Vec<String>>) {
        self.lines.push(Line::Cells(cells.into()));
    }

    fn widths(&self) -> Vec<usize> {
        let mut widths = Vec::new();
        for line in &self.lines {
            let Line::Cells(cells) = line else { continue };
            widths.resize(widths.len().max(cells.len()), 0);
            widths.iter_mut().zip(cells).for_each(|(width, cell)| *width = cell.chars().count().max(*width));
        }
        widths
    }
}

impl fmt::Display for Table {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let widths = self.widths();
        for line in &self.lines {
            match line {
                Line::Group(name) => write!(f, "\n{name}")?,
                Line::Cells(cells) => {
                    for (index, (cell, width)) in cells.iter().zip(&widths).enumerate() {
                        if index == 0 { write!(f, "  {cell:width$}")? } else { write!(f, "  {cell:>width$}")? }
                    }
                }
            }
            writeln!(f)?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::Table;

    #[test]
    fn columns_are_aligned() {
        let mut table = Table::new(["row", "µs"]);
        table.group("all");
        table.row(["other".to_owned(), "1.5".to_owned()]);
        table.row(["me".to_owned(), "10.25".to_owned()]);
        let expected = "  row       µs\n\nall\n  other    1.5\n  me     10.25\n";
        assert_eq!(table.to_string(), expected);
    }
}
