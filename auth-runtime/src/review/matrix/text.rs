//! The matrix as aligned text.

use std::fmt;

use super::{
    Matrix,
    notes::{CellText, Notes},
};

impl fmt::Display for Matrix {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (rows, notes) = Notes::of(self);
        let head = std::iter::once(String::new()).chain(self.columns.iter().map(ToString::to_string)).collect();
        let mut table: Vec<Vec<String>> = vec![head];
        table.extend(self.rows.iter().zip(rows).map(|(row, cells)| {
            std::iter::once(row.rule.target.to_string()).chain(cells.iter().map(ToString::to_string)).collect()
        }));
        write_table(f, &table)?;
        write_list(f, notes.iter().map(|(number, note)| format!("[{number}] {note}")))?;
        write_list(f, self.findings.iter().map(ToString::to_string))
    }
}

impl fmt::Display for CellText {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Yes => f.write_str("yes"),
            Self::No => f.write_str("-"),
            Self::Note(number) => write!(f, "[{number}]"),
        }
    }
}

fn write_table(f: &mut fmt::Formatter<'_>, table: &[Vec<String>]) -> fmt::Result {
    let columns = table.first().map_or(0, Vec::len);
    let width = |column: usize| table.iter().map(|row| row[column].chars().count()).max().unwrap_or(0);
    let widths: Vec<usize> = (0..columns).map(width).collect();
    for row in table {
        let padded = row.iter().zip(&widths).map(|(text, width)| format!("{text:<width$}"));
        writeln!(f, "{}", padded.collect::<Vec<_>>().join("  ").trim_end())?;
    }
    Ok(())
}

/// Writes lines after an empty one.
fn write_list(f: &mut fmt::Formatter<'_>, lines: impl Iterator<Item = String>) -> fmt::Result {
    let lines: Vec<String> = lines.collect();
    f.write_str(if lines.is_empty() { "" } else { "\n" })?;
    lines.iter().try_for_each(|line| writeln!(f, "{line}"))
}
