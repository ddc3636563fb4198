//! Lines of a file. A line of any length is read in pieces, so it never fills the memory.

use std::io::{self, BufRead, Cursor, Read};

use memchr::memchr;

use super::schema::MAX_RECORD;

/// The byte order mark that some programs write at the start of a file.
const MARK: &[u8] = "\u{feff}".as_bytes();

pub(super) struct Lines {
    input: Box<dyn BufRead + Send>,
    number: u64,
    position: u64,
}

impl Lines {
    /// Starts after a byte order mark.
    pub(super) fn new(mut input: Box<dyn BufRead + Send>) -> io::Result<Self> {
        let mut start = Vec::with_capacity(MARK.len());
        input.by_ref().take(count(MARK.len())).read_to_end(&mut start)?;
        let mut position = 0;
        if start == MARK {
            position = count(MARK.len());
            start.clear();
        }
        Ok(Self { input: Box::new(Cursor::new(start).chain(input)), number: 0, position })
    }

    /// Reads the next line, with its line break, in pieces. Returns false at the end of the file.
    pub(super) fn read(&mut self, mut read_piece: impl FnMut(&[u8])) -> io::Result<bool> {
        let mut is_started = false;
        loop {
            let input = self.input.fill_buf()?;
            if input.is_empty() {
                return Ok(is_started);
            }
            if !is_started {
                is_started = true;
                self.number += 1;
            }
            let end = memchr(b'\n', input).map(|end| end + 1);
            let length = end.unwrap_or(input.len());
            read_piece(&input[..length]);
            self.input.consume(length);
            self.position += count(length);
            if end.is_some() {
                return Ok(true);
            }
        }
    }

    /// Returns the number of the last line that was read.
    pub(super) const fn number(&self) -> u64 {
        self.number
    }

    /// Returns the number of bytes that were read.
    pub(super) const fn position(&self) -> u64 {
        self.position
    }
}

/// The text of a record, up to [`MAX_RECORD`] bytes. The rest is discarded.
#[derive(Default)]
pub(super) struct RecordText {
    bytes: Vec<u8>,
    pub(super) is_too_long: bool,
}

impl RecordText {
    pub(super) fn push(&mut self, piece: &[u8]) {
        let room = MAX_RECORD - self.bytes.len();
        self.is_too_long |= piece.len() > room;
        self.bytes.extend_from_slice(&piece[..piece.len().min(room)]);
    }

    /// Returns the text without the line break at its end.
    pub(super) fn content(&self) -> &[u8] {
        let text = self.bytes.strip_suffix(b"\n").unwrap_or(&self.bytes);
        text.strip_suffix(b"\r").unwrap_or(text)
    }
}

fn count(bytes: usize) -> u64 {
    u64::try_from(bytes).unwrap_or(u64::MAX)
}
