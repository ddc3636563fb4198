//! The conditions of cells as numbered notes, each once.

use super::{Matrix, MatrixCell};

/// The words of a cell, or the number of its note.
pub(super) enum CellText {
    Yes,
    No,
    Note(usize),
}

/// The notes, in the order of the cells.
#[derive(Default)]
pub(super) struct Notes(Vec<String>);

impl Notes {
    /// Returns the texts of all cells, and the notes.
    pub(super) fn of(matrix: &Matrix) -> (Vec<Vec<CellText>>, Self) {
        let mut notes = Self::default();
        let rows = matrix.rows.iter().map(|row| row.cells.iter().map(|cell| notes.cell(cell)).collect()).collect();
        (rows, notes)
    }

    /// Returns the notes with their numbers, from 1.
    pub(super) fn iter(&self) -> impl Iterator<Item = (usize, &str)> {
        (1..).zip(self.0.iter().map(String::as_str))
    }

    fn cell(&mut self, cell: &MatrixCell) -> CellText {
        match cell {
            MatrixCell::Allow => CellText::Yes,
            MatrixCell::Deny => CellText::No,
            MatrixCell::Depends { conditions, is_complete } => {
                let conditions = conditions.iter().map(ToString::to_string);
                let others = (!is_complete).then(|| "other conditions".to_owned());
                self.note(conditions.chain(others).collect::<Vec<_>>().join(", or "))
            }
            MatrixCell::Unknown { atoms } => {
                self.note(format!("unknown: the rule asks for {atoms} facts, and at most 20 are enumerated"))
            }
        }
    }

    fn note(&mut self, text: String) -> CellText {
        let known = self.0.iter().position(|note| *note == text);
        let index = known.unwrap_or_else(|| {
            self.0.push(text);
            self.0.len() - 1
        });
        CellText::Note(index + 1)
    }
}
