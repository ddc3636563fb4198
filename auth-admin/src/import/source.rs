//! Opens a file of users, and groups its records into batches.

use std::{
    fmt,
    fs::File,
    io::{self, BufRead, BufReader, Read},
    path::Path,
};

use clap::ValueEnum;

use super::{
    csv::CsvRecords,
    jsonl::JsonRecords,
    record::{Record, Records},
};
use crate::{console::Console, error::Failure};

/// Maximum number of users in a batch.
const BATCH: usize = 1000;
/// Maximum length of a batch in bytes, because records may be long.
const BATCH_BYTES: u64 = 1 << 20;
/// The file name of stdin.
const STDIN: &str = "-";

/// The format of a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(super) enum FileFormat {
    /// Comma-separated values; the first line names the columns
    Csv,
    /// A JSON object on each line
    Jsonl,
}

/// Opens a file, and returns its records and its length.
pub(super) fn open(
    path: &Path,
    format: Option<FileFormat>,
    console: &mut Console,
) -> Result<(Box<dyn Records>, Option<u64>), Failure> {
    let format = file_format(path, format)?;
    let unreadable = |reason: &dyn fmt::Display| {
        let path = path.display();
        Failure::usage(format!("cannot read `{path}`: {reason}"))
    };
    if path == Path::new(STDIN) {
        return Ok((read(format, Box::new(Fused::new(console.take_input())))?, None));
    }
    let file = File::open(path).map_err(|error| unreadable(&error))?;
    let metadata = file.metadata().map_err(|error| unreadable(&error))?;
    if metadata.is_dir() {
        return Err(unreadable(&"it is a folder"));
    }
    let length = metadata.is_file().then_some(metadata.len());
    Ok((read(format, Box::new(BufReader::with_capacity(1 << 16, file)))?, length))
}

fn file_format(path: &Path, format: Option<FileFormat>) -> Result<FileFormat, Failure> {
    let extension = path.extension().map(|extension| extension.to_string_lossy().to_ascii_lowercase());
    match (format, extension.as_deref()) {
        (Some(format), _) => Ok(format),
        (None, Some("csv")) => Ok(FileFormat::Csv),
        (None, Some("jsonl" | "ndjson")) => Ok(FileFormat::Jsonl),
        (None, _) => {
            Err(Failure::usage("the name of the file does not show its format; give --format csv or --format jsonl"))
        }
    }
}

fn read(format: FileFormat, input: Box<dyn BufRead + Send>) -> Result<Box<dyn Records>, Failure> {
    Ok(match format {
        FileFormat::Csv => Box::new(CsvRecords::new(input)?),
        FileFormat::Jsonl => {
            let unreadable = |error| Failure::usage(format!("the file cannot be read: {error}"));
            Box::new(JsonRecords::new(input).map_err(unreadable)?)
        }
    })
}

/// Input that is not read again after its end: a terminal would wait for more.
struct Fused {
    input: Box<dyn BufRead + Send>,
    is_over: bool,
}

impl Fused {
    fn new(input: Box<dyn BufRead + Send>) -> Self {
        Self { input, is_over: false }
    }
}

impl Read for Fused {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.fill_buf()?.read(buffer)?;
        self.consume(read);
        Ok(read)
    }
}

impl BufRead for Fused {
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        if self.is_over {
            return Ok(&[]);
        }
        let input = self.input.fill_buf()?;
        self.is_over = input.is_empty();
        Ok(input)
    }

    fn consume(&mut self, read: usize) {
        self.input.consume(read);
    }
}

/// The records of a file in batches.
pub(super) struct Batches {
    first: Option<Record>,
    records: Box<dyn Records>,
}

impl Batches {
    /// Continues after the first record, which was read already.
    pub(super) fn new(first: Option<Record>, records: Box<dyn Records>) -> Self {
        Self { first, records }
    }

    pub(super) fn next(&mut self) -> Option<Vec<Record>> {
        let start = self.records.position();
        let mut batch = Vec::from_iter(self.first.take());
        while batch.len() < BATCH && self.records.position() - start < BATCH_BYTES {
            match self.records.next() {
                Some(record) => batch.push(record),
                None => break,
            }
        }
        (!batch.is_empty()).then_some(batch)
    }

    /// Returns the number of bytes that were read.
    pub(super) fn position(&self) -> u64 {
        self.records.position()
    }
}
