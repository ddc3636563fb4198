//! The format of results.

use clap::ValueEnum;

/// The format of a result.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub(crate) enum Format {
    /// Table for people
    #[default]
    Table,
    /// One JSON document; times are in UTC (RFC 3339)
    Json,
}
