//! A second JSON parser. It checks the syntax first and decodes values later, because unused values are never decoded.

use data_encoding::HEXLOWER_PERMISSIVE;

/// Largest nesting depth (`serde_json` counts down from 128).
const MAX_DEPTH: usize = 127;

/// A value, with its text not yet decoded.
#[derive(Debug)]
pub enum Json<'a> {
    /// `null`.
    Null,
    /// `true` or `false`.
    Bool,
    /// The text of the number.
    Number(&'a [u8]),
    /// The text between the quotes.
    String(&'a [u8]),
    /// The items.
    Array(Vec<Json<'a>>),
    /// The members with their undecoded names, including duplicates.
    Object(Vec<(&'a [u8], Json<'a>)>),
}

impl<'a> Json<'a> {
    /// Parses a text that is exactly one value.
    #[must_use]
    pub fn read(text: &'a [u8]) -> Option<Self> {
        let mut reader = Reader { rest: text };
        let value = reader.value()?;
        reader.space();
        reader.rest.is_empty().then_some(value)
    }

    /// Parses like [`Self::read`], and requires valid strings, finite numbers and unique member names everywhere.
    #[must_use]
    pub fn read_strictly(text: &'a [u8]) -> Option<Self> {
        Self::read(text).filter(|value| value.is_strict(MAX_DEPTH))
    }

    fn is_strict(&self, depth: usize) -> bool {
        match self {
            Self::Null | Self::Bool => true,
            Self::Number(_) => self.number().is_some(),
            Self::String(raw) => decode(raw).is_some(),
            Self::Array(items) => depth > 0 && items.iter().all(|item| item.is_strict(depth - 1)),
            Self::Object(members) => {
                let names: Option<Vec<String>> = members.iter().map(|(name, _)| decode(name)).collect();
                let Some(mut names) = names else { return false };
                names.sort_unstable();
                let is_unique = names.windows(2).all(|pair| pair[0] != pair[1]);
                depth > 0 && is_unique && members.iter().all(|(_, value)| value.is_strict(depth - 1))
            }
        }
    }

    /// Returns all members of an object with this name.
    pub fn members<'b>(&'b self, name: &'b str) -> impl Iterator<Item = &'b Self> {
        let members = if let Self::Object(members) = self { members.as_slice() } else { &[] };
        members.iter().filter(move |(raw, _)| decode(raw).as_deref() == Some(name)).map(|(_, value)| value)
    }

    /// Returns the first member of an object with this name.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&Self> {
        let members = if let Self::Object(members) = self { members.as_slice() } else { &[] };
        members.iter().find(|(raw, _)| decode(raw).as_deref() == Some(name)).map(|(_, value)| value)
    }

    /// Returns the decoded text of a string.
    #[must_use]
    pub fn text(&self) -> Option<String> {
        if let Self::String(raw) = self { decode(raw) } else { None }
    }

    /// Returns the value of a number, parsed by `serde_json`: number parsing is not under test.
    #[must_use]
    pub fn number(&self) -> Option<f64> {
        if let Self::Number(text) = self { serde_json::from_slice(text).ok() } else { None }
    }
}

/// Decodes the escapes of a string. Returns `None` if the result is not Unicode text.
#[must_use]
pub fn decode(raw: &[u8]) -> Option<String> {
    let mut units = Vec::new();
    let mut rest = str::from_utf8(raw).ok()?.chars();
    while let Some(character) = rest.next() {
        if character != '\\' {
            units.extend_from_slice(character.encode_utf16(&mut [0; 2]));
            continue;
        }
        units.push(match rest.next()? {
            'b' => 8,
            'f' => 12,
            'n' => 10,
            'r' => 13,
            't' => 9,
            'u' => {
                let digits: String = rest.by_ref().take(4).collect();
                u16::from_be_bytes(HEXLOWER_PERMISSIVE.decode(digits.as_bytes()).ok()?.try_into().ok()?)
            }
            other => u16::try_from(u32::from(other)).ok()?,
        });
    }
    String::from_utf16(&units).ok()
}

struct Reader<'a> {
    rest: &'a [u8],
}

impl<'a> Reader<'a> {
    fn space(&mut self) {
        while let [b' ' | b'\t' | b'\n' | b'\r', rest @ ..] = self.rest {
            self.rest = rest;
        }
    }

    fn take(&mut self, text: &[u8]) -> Option<()> {
        self.rest = self.rest.strip_prefix(text)?;
        Some(())
    }

    /// Skips the next bytes that match, and returns their number.
    fn run(&mut self, belongs: impl Fn(u8) -> bool) -> usize {
        let length = self.rest.iter().take_while(|byte| belongs(**byte)).count();
        self.rest = &self.rest[length..];
        length
    }

    fn value(&mut self) -> Option<Json<'a>> {
        self.space();
        match self.rest.first()? {
            b'n' => self.take(b"null").map(|()| Json::Null),
            b't' => self.take(b"true").map(|()| Json::Bool),
            b'f' => self.take(b"false").map(|()| Json::Bool),
            b'"' => self.string().map(Json::String),
            b'[' => self.list(b']', Self::value).map(Json::Array),
            b'{' => self.list(b'}', Self::member).map(Json::Object),
            _ => self.number().map(Json::Number),
        }
    }

    fn list<T>(&mut self, end: u8, item: impl Fn(&mut Self) -> Option<T>) -> Option<Vec<T>> {
        let mut items = Vec::new();
        self.rest = &self.rest[1..];
        self.space();
        if self.take(&[end]).is_some() {
            return Some(items);
        }
        loop {
            items.push(item(self)?);
            self.space();
            if self.take(&[end]).is_some() {
                return Some(items);
            }
            self.take(b",")?;
        }
    }

    fn member(&mut self) -> Option<(&'a [u8], Json<'a>)> {
        self.space();
        let name = self.string()?;
        self.space();
        self.take(b":")?;
        Some((name, self.value()?))
    }

    fn string(&mut self) -> Option<&'a [u8]> {
        self.take(b"\"")?;
        let start = self.rest;
        loop {
            match self.rest {
                [b'"', rest @ ..] => {
                    let raw = &start[..start.len() - self.rest.len()];
                    self.rest = rest;
                    return Some(raw);
                }
                [b'\\', b'u', a, b, c, d, rest @ ..] if [a, b, c, d].iter().all(|byte| byte.is_ascii_hexdigit()) => {
                    self.rest = rest;
                }
                [b'\\', b'"' | b'\\' | b'/' | b'b' | b'f' | b'n' | b'r' | b't', rest @ ..] => self.rest = rest,
                [b'\\', ..] => return None,
                [0x20..=0xff, rest @ ..] => self.rest = rest,
                _ => return None,
            }
        }
    }

    fn number(&mut self) -> Option<&'a [u8]> {
        let start = self.rest;
        let _ = self.take(b"-");
        if self.take(b"0").is_none() && self.run(|byte| byte.is_ascii_digit()) == 0 {
            return None;
        }
        if self.take(b".").is_some() && self.run(|byte| byte.is_ascii_digit()) == 0 {
            return None;
        }
        if self.take(b"e").or_else(|| self.take(b"E")).is_some() {
            let _ = self.take(b"+").or_else(|| self.take(b"-"));
            if self.run(|byte| byte.is_ascii_digit()) == 0 {
                return None;
            }
        }
        Some(&start[..start.len() - self.rest.len()])
    }
}
