//! Quotes in CSV (RFC 4180, section 2, rules 5 to 7): around a whole field, and doubled in it.
//!
//! The `csv` crate reads misplaced quotes as text, which would change the meaning of a record. This check rejects them,
//! and finds the end of each record, so that its length can be limited.

#[derive(Clone, Copy, Default)]
enum State {
    /// At the start of a field.
    #[default]
    Start,
    /// In a field without quotes.
    Bare,
    /// In a field with quotes.
    Quoted,
    /// After a quote in a field with quotes: the end of the field, unless another quote follows.
    Closed,
    /// After the carriage return behind a field with quotes.
    Returned,
}

/// The quotes of one record.
#[derive(Clone, Copy, Default)]
pub(super) struct Quotes {
    state: State,
    pub(super) are_misplaced: bool,
}

impl Quotes {
    pub(super) fn read(&mut self, bytes: &[u8]) {
        for byte in bytes {
            self.read_byte(*byte);
        }
    }

    /// Returns whether the text so far ends in quotes, so that the record goes on in the next line.
    pub(super) const fn is_open(self) -> bool {
        matches!(self.state, State::Quoted)
    }

    fn read_byte(&mut self, byte: u8) {
        self.state = match (self.state, byte) {
            (State::Quoted, b'"') => State::Closed,
            (State::Start | State::Closed, b'"') | (State::Quoted, _) => State::Quoted,
            (State::Closed, b'\r') => State::Returned,
            (State::Start | State::Bare | State::Closed, b',') | (_, b'\n') => State::Start,
            (State::Closed | State::Returned, _) | (State::Bare, b'"') => {
                self.are_misplaced = true;
                State::Bare
            }
            (State::Start | State::Bare, _) => State::Bare,
        };
    }
}

#[cfg(test)]
mod tests {
    use super::Quotes;

    #[test]
    fn quotes_stand_around_a_whole_field_and_doubled_in_it() {
        for (record, are_misplaced) in [
            ("a,b\n", false),
            ("\"a\",\"b, c\"\n", false),
            ("a,\"say \"\"b\"\"\"\r\n", false),
            ("a,\"b\nc\",\"\"\n", false),
            ("a,\"Bob \"the builder\" Smith\"\n", true),
            ("a,Bob \"the builder\" Smith\n", true),
            ("\"a\" ,b\n", true),
            ("a, \"b\"\n", true),
            ("\"a\"\r,b\n", true),
            ("\"a\"\r\"b\n", true),
        ] {
            let mut quotes = Quotes::default();
            quotes.read(record.as_bytes());
            assert_eq!((quotes.are_misplaced, quotes.is_open()), (are_misplaced, false), "{record}");
        }
    }

    #[test]
    fn a_record_with_an_open_quote_goes_on() {
        for (record, is_open) in [("a,\"b\n", true), ("a,\"b\"\"\n", true), ("a,\"b\"\n", false), ("a,b\"\n", false)] {
            let mut quotes = Quotes::default();
            quotes.read(record.as_bytes());
            assert_eq!(quotes.is_open(), is_open, "{record}");
        }
    }
}
