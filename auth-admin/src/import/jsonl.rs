//! Records of JSONL: one object on each line.

use std::{
    io::{self, BufRead},
    str,
};

use serde::{Deserialize, de::IgnoredAny};
use serde_json::Value;

use super::{
    error::RecordError,
    lines::{Lines, RecordText},
    record::{Record, Records, UserFields},
};

pub(super) struct JsonRecords {
    lines: Lines,
    is_over: bool,
}

impl JsonRecords {
    pub(super) fn new(input: Box<dyn BufRead + Send>) -> io::Result<Self> {
        Ok(Self { lines: Lines::new(input)?, is_over: false })
    }

    /// Reads the next line that is not empty.
    fn line(&mut self) -> io::Result<Option<RecordText>> {
        loop {
            let mut text = RecordText::default();
            if !self.lines.read(|piece| text.push(piece))? {
                return Ok(None);
            }
            if text.is_too_long || !text.content().trim_ascii().is_empty() {
                return Ok(Some(text));
            }
        }
    }
}

impl Records for JsonRecords {
    fn next(&mut self) -> Option<Record> {
        if self.is_over {
            return None;
        }
        let (line, fields) = match self.line() {
            Ok(text) => (self.lines.number(), fields_of(&text?)),
            Err(error) => {
                self.is_over = true;
                (self.lines.number() + 1, Err(RecordError::unreadable(&error)))
            }
        };
        Some(Record { line, last_line: line, fields })
    }

    fn position(&self) -> u64 {
        self.lines.position()
    }
}

fn fields_of(text: &RecordText) -> Result<UserFields, RecordError> {
    if text.is_too_long {
        return Err(RecordError::too_long());
    }
    let text = str::from_utf8(text.content()).map_err(|_| RecordError::one("it is not UTF-8"))?;
    fields(text.trim_ascii())?.checked()
}

/// The members of an object. Their types are checked later, so that an error does not repeat a value.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Object {
    name: Option<Value>,
    display_name: Option<Value>,
    email: Option<Value>,
    email_verified: Option<Value>,
    roles: Option<Value>,
    permissions: Option<Value>,
    password_hash: Option<Value>,
    disabled: Option<Value>,
    password: Option<IgnoredAny>,
}

fn fields(text: &str) -> Result<UserFields, RecordError> {
    if !text.starts_with('{') {
        return Err(RecordError::one("it is not a JSON object"));
    }
    let object: Object = serde_json::from_str(text).map_err(|error| wrong(&error))?;
    if object.password.is_some() {
        return Err(RecordError::plain_password());
    }
    Ok(UserFields {
        name: as_text("name", object.name)?.ok_or_else(|| RecordError::one("`name` is missing"))?,
        display_name: as_text("display_name", object.display_name)?,
        email: as_text("email", object.email)?,
        email_verified: as_flag("email_verified", object.email_verified.as_ref())?,
        roles: as_list("roles", object.roles)?,
        permissions: as_list("permissions", object.permissions)?,
        password_hash: as_text("password_hash", object.password_hash)?,
        disabled: as_flag("disabled", object.disabled.as_ref())?,
    })
}

/// Returns the place of a syntax error, or the name of an unknown or repeated member.
fn wrong(error: &serde_json::Error) -> RecordError {
    if !error.is_data() {
        return RecordError::one(format!("it is not JSON: {}", without_place(&error.to_string(), error.column())));
    }
    let text = error.to_string();
    match text.split('`').nth(1) {
        Some(member) if text.starts_with("unknown field") => RecordError::unknown("member", member),
        Some(member) if text.starts_with("duplicate field") => {
            RecordError::one(format!("the member {member:?} appears twice"))
        }
        _ => RecordError::one("it is not the JSON object of a user"),
    }
}

/// Omits the line of the error: it is always 1.
fn without_place(text: &str, column: usize) -> String {
    let what = text.split(" at line ").next().unwrap_or_default();
    format!("{what} at character {column}")
}

fn as_text(member: &str, value: Option<Value>) -> Result<Option<String>, RecordError> {
    match value {
        None | Some(Value::Null) => Ok(None),
        Some(Value::String(text)) => Ok(Some(text)),
        Some(_) => Err(RecordError::one(format!("`{member}` is not text"))),
    }
}

fn as_list(member: &str, value: Option<Value>) -> Result<Vec<String>, RecordError> {
    let wrong = || RecordError::one(format!("`{member}` is not a list of strings"));
    let Some(value) = value.filter(|value| !value.is_null()) else { return Ok(Vec::new()) };
    let Value::Array(values) = value else { return Err(wrong()) };
    let texts = values.into_iter().map(|value| match value {
        Value::String(text) => Ok(text),
        _ => Err(wrong()),
    });
    texts.collect()
}

fn as_flag(member: &str, value: Option<&Value>) -> Result<bool, RecordError> {
    match value {
        None | Some(Value::Null) => Ok(false),
        Some(Value::Bool(flag)) => Ok(*flag),
        Some(_) => Err(RecordError::not_a_flag(member)),
    }
}

#[cfg(test)]
mod tests {
    use std::io::{BufReader, Cursor};

    use super::{super::schema::MAX_RECORD, JsonRecords, Records};

    fn read(text: &[u8], piece: usize) -> Vec<String> {
        let input = BufReader::with_capacity(piece, Cursor::new(text.to_vec()));
        let mut records = JsonRecords::new(Box::new(input)).unwrap();
        let mut read = Vec::new();
        while let Some(record) = records.next() {
            let outcome = record.fields.as_ref().map_or_else(ToString::to_string, |fields| fields.name.clone());
            read.push(format!("{}: {outcome}", record.place()));
        }
        assert_eq!(records.position(), text.len() as u64);
        read
    }

    #[test]
    fn lines_end_as_on_any_system() {
        for text in [
            "{\"name\":\"alice\"}\n\n{\"name\":\"bob\",\"roles\":[\"Viewer\"],\"disabled\":null}\n",
            "\u{feff}{\"name\":\"alice\"}\r\n\r\n {\"name\":\"bob\"} ",
        ] {
            for piece in [1, 7, 1 << 16] {
                assert_eq!(read(text.as_bytes(), piece), ["line 1: alice", "line 3: bob"], "{text}");
            }
        }
        assert!(read(b"", 8).is_empty());
    }

    #[test]
    fn an_error_does_not_repeat_a_value() {
        let secret = "$2b$12$EuZvjQ0pG5Lh8cXcG0GxUOW1wmKxBqk0zHqB1nPy8yZ6r1y7VbYxK";
        for (line, reason) in [
            (format!("{{\"name\":\"a\",\"password\":\"{secret}\"}}"), "plain passwords are not imported"),
            (format!("{{\"name\":\"a\",\"disabled\":\"{secret}\"}}"), "`disabled` is neither `true` nor `false`"),
            (format!("{{\"name\":\"a\",\"roles\":\"{secret}\"}}"), "`roles` is not a list of strings"),
            (format!("{{\"name\":\"a\",\"roles\":[\"{secret}\"]}}"), "a password hash stands in another field"),
            (format!("{{\"name\":[\"{secret}\"]}}"), "`name` is not text"),
            (format!("\"{secret}\""), "it is not a JSON object"),
            (format!("[\"{secret}\"]"), "it is not a JSON object"),
            (format!("{{\"name\":\"{secret}"), "it is not JSON: EOF while parsing a string at character"),
            (format!("{{\"email\":\"{secret}\"}}"), "`name` is missing"),
            ("{\"name\":\"a\",\"role\":[]}".to_owned(), "unknown member \"role\"; the known ones are `name`"),
            ("{\"name\":\"a\",\"name\":\"b\"}".to_owned(), "the member \"name\" appears twice"),
            ("{\"name\":\"a\"} {}".to_owned(), "it is not JSON: trailing characters at character 14"),
        ] {
            let message = read(line.as_bytes(), 16).pop().unwrap();
            assert!(message.starts_with(&format!("line 1: {reason}")) && !message.contains(secret), "{message}");
        }
    }

    #[test]
    fn an_invalid_line_does_not_affect_the_others() {
        let mut text = b"{\"name\":\"a\xff\"}\n".to_vec();
        text.resize(text.len() + MAX_RECORD + 1, b'x');
        text.extend(b"\n{\"name\":\"alice\"}");
        let expected = ["line 1: it is not UTF-8", "line 2: it has more than 64 KiB", "line 3: alice"];
        assert_eq!(read(&text, 1000), expected);
    }
}
