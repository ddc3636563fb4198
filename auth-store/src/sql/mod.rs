//! Access to a database: its URL, connections, transactions, dialect, tables and notices.

pub(crate) mod change;
pub(crate) mod connection;
pub(crate) mod database;
pub(crate) mod dialect;
mod epoch;
mod migrate;
#[cfg(feature = "postgres")]
mod notices;
pub(crate) mod pooler;
mod sqlite_file;
pub(crate) mod sweep;
pub(crate) mod url;
