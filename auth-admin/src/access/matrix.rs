//! `access matrix`: who gets in where.

use clap::{Args, ValueEnum};

use super::Source;
use crate::{
    console::Console,
    error::Failure,
    output::{print_json, print_text},
    program::Program,
};

/// Arguments of `access matrix`.
#[derive(Debug, Args)]
pub(super) struct Matrix {
    #[command(flatten)]
    source: Source,
    /// Output format
    #[arg(long, value_name = "FORMAT", value_enum, default_value_t)]
    format: MatrixFormat,
    /// Title of the HTML page
    #[arg(long, value_name = "TEXT", default_value = "Who may call what")]
    title: String,
}

/// The format of a matrix.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
enum MatrixFormat {
    /// Aligned text for people
    #[default]
    Text,
    /// Table for a document
    Markdown,
    /// One JSON document
    Json,
    /// One page without scripts
    Html,
}

impl Matrix {
    pub(super) fn run(self, program: Program, console: &mut Console) -> Result<(), Failure> {
        let matrix = self.source.policy(program, console)?.matrix();
        Ok(match self.format {
            MatrixFormat::Text => print_text(console, &matrix.to_string()),
            MatrixFormat::Markdown => print_text(console, &matrix.to_markdown()),
            MatrixFormat::Json => print_json(console, &matrix.to_json()),
            MatrixFormat::Html => print_text(console, &matrix.to_html(&self.title)),
        }?)
    }
}
