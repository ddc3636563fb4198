//! Whether quotes stand where RFC 4180 has them (section 2, rules 5 to 7): around a whole field, and doubled in it. The
//! reader takes others as well, and makes another text of them.

#[derive(Clone, Copy, Default)]
enum Place {
    /// Where a field begins.
    #[default]
    Start,
    Bare,
    Quoted,
    /// After a quote in a quoted field, which is its end unless another one follows.
    Closed,
}

/// What was seen of a record.
#[derive(Clone, Copy, Default)]
pub(super) struct Quotes {
    place: Place,
    pub(super) are_misplaced: bool,
}

impl Quotes {
    pub(super) fn read(&mut self, bytes: &[u8]) {
        for byte in bytes {
            self.read_byte(*byte);
        }
    }

    fn read_byte(&mut self, byte: u8) {
        self.place = match (self.place, byte) {
            // A line may end as on Windows.
            (Place::Quoted, b'"') | (Place::Closed, b'\r') => Place::Closed,
            (Place::Start | Place::Closed, b'"') | (Place::Quoted, _) => Place::Quoted,
            (_, b',' | b'\n') => Place::Start,
            (Place::Closed, _) | (Place::Bare, b'"') => {
                self.are_misplaced = true;
                Place::Bare
            }
            (Place::Start | Place::Bare, _) => Place::Bare,
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
        ] {
            let mut quotes = Quotes::default();
            quotes.read(record.as_bytes());
            assert_eq!(quotes.are_misplaced, are_misplaced, "{record}");
        }
    }
}
