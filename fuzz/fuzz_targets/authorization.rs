//! Sends `Authorization` headers to a whole application with several schemes. The target checks the status of each
//! request, and that each response is one of a few known ones. No response can therefore contain text of a header.
//!
//! Input: one `Authorization` header a line, or an `X-API-Key` header if the line starts with `X-API-Key: `. `{token}`,
//! `{basic}` and `{key}` stand for valid credentials.

#![no_main]

use std::{collections::BTreeSet, sync::LazyLock};

use auth_fuzz::{
    app::{self, Answer, KEY, TOKEN, USER},
    base64,
};
use data_encoding::BASE64;
use libfuzzer_sys::fuzz_target;
use poem::http::{HeaderName, HeaderValue, Method, header::AUTHORIZATION};

const MAX_LEN: usize = 16 * 1024;
const X_API_KEY: HeaderName = HeaderName::from_static("x-api-key");
const PATHS: [&str; 3] = ["/me", "/optional", "/edit"];

static BASIC: LazyLock<String> = LazyLock::new(|| BASE64.encode(format!("{}:{}", USER.0, USER.1).as_bytes()));

/// The expected reading of a request's headers.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Reading {
    Nothing,
    Malformed,
    /// A credential over the bound.
    TooLarge,
    /// A `Basic` header without a name and a password: 401, because browsers then ask for other credentials.
    NotBasic,
    /// A scheme that the application does not support.
    Unknown,
    Wrong,
    Caller(&'static str),
}

/// All responses that the application may give to these headers, collected from examples.
static ANSWERS: LazyLock<BTreeSet<Answer>> = LazyLock::new(|| {
    let large = "a".repeat(MAX_LEN + 1);
    let examples = [
        "",
        &format!("Bearer {large}"),
        &format!("X-API-Key: {large}"),
        "X-API-Key: ",
        "Bearer",
        "Bearer ",
        "Bearer a",
        "Bearer {token}",
        "Basic",
        "Basic a",
        "Basic YTpi",
        "Basic {basic}",
        "Digest a",
        "X-API-Key: a",
        "X-API-Key: {key}",
        "Bearer a\nX-API-Key: a",
        "Bearer a\nBearer a",
    ];
    let requests = examples.into_iter().map(|text| headers(text.as_bytes()).expect("headers"));
    let requests = requests.chain([Vec::new()]);
    requests.flat_map(|headers| PATHS.map(|path| app::send(Method::GET, path, &headers))).collect()
});

fuzz_target!(|data: &[u8]| {
    let Some(headers) = headers(data) else { return };
    let reading = reading(&headers);
    for path in PATHS {
        let answer = app::send(Method::GET, path, &headers);
        assert_eq!(answer.status, expected(reading, path), "{path}: {reading:?}");
        assert!(ANSWERS.contains(&answer), "{path}: {answer:?}");
        assert!(answer.status != 401 || answer.has("www-authenticate"));
        if let (200, Reading::Caller(name)) = (answer.status, reading) {
            assert_eq!(answer.body, name.as_bytes());
        }
    }
});

fn headers(data: &[u8]) -> Option<Vec<(HeaderName, HeaderValue)>> {
    data.split(|byte| *byte == b'\n').take(4).map(header).collect()
}

fn header(line: &[u8]) -> Option<(HeaderName, HeaderValue)> {
    let key = line.strip_prefix(b"X-API-Key: ");
    let name = if key.is_some() { X_API_KEY } else { AUTHORIZATION };
    let mut value = key.unwrap_or(line).to_vec();
    for (mark, good) in [("{token}", TOKEN.as_str()), ("{basic}", BASIC.as_str()), ("{key}", KEY)] {
        if let Some(at) = value.windows(mark.len()).position(|window| window == mark.as_bytes()) {
            value.splice(at..at + mark.len(), good.bytes());
        }
    }
    Some((name, HeaderValue::from_bytes(&value).ok()?))
}

fn expected(reading: Reading, path: &str) -> u16 {
    match (reading, path) {
        (Reading::Nothing, "/optional") => 200,
        (Reading::Malformed, _) => 400,
        (Reading::TooLarge, _) => 431,
        (Reading::Nothing | Reading::Wrong | Reading::NotBasic | Reading::Unknown, _) => 401,
        // bob may only read.
        (Reading::Caller("bob"), "/edit") => 403,
        (Reading::Caller(_), _) => 200,
    }
}

/// Reads all headers of a request.
fn reading(headers: &[(HeaderName, HeaderValue)]) -> Reading {
    let values = |name: HeaderName| -> Vec<&[u8]> {
        headers.iter().filter(|(found, _)| *found == name).map(|(_, value)| value.as_bytes()).collect()
    };
    let authorization = one(&values(AUTHORIZATION), authorization);
    let key = one(&values(X_API_KEY), |key| match key {
        _ if key.len() > MAX_LEN => Reading::TooLarge,
        _ if key.is_empty() || !key.iter().all(u8::is_ascii_graphic) => Reading::Malformed,
        _ if key == KEY.as_bytes() => Reading::Caller("machine"),
        _ => Reading::Wrong,
    });
    match (authorization, key) {
        // The scheme that stands first.
        (Reading::NotBasic | Reading::Malformed | Reading::TooLarge, _) => authorization,
        (_, Reading::Malformed | Reading::TooLarge) => key,
        (reading, Reading::Nothing) | (Reading::Nothing | Reading::Unknown, reading) => reading,
        // Two credentials in one request.
        _ => Reading::Malformed,
    }
}

fn one(values: &[&[u8]], read: impl Fn(&[u8]) -> Reading) -> Reading {
    match values {
        [] => Reading::Nothing,
        [value] => read(value),
        _ => Reading::Malformed,
    }
}

/// Reads an `Authorization` header as in RFC 9110, section 11.6.2, with one space and no parameters. The credentials of
/// an unsupported scheme are ignored.
fn authorization(value: &[u8]) -> Reading {
    let (scheme, rest) = match value.iter().position(|byte| *byte == b' ') {
        Some(space) => (&value[..space], &value[space + 1..]),
        None => (value, &[][..]),
    };
    let is_name = !scheme.is_empty() && scheme.iter().all(u8::is_ascii_graphic);
    if !is_name || rest.starts_with(b" ") || rest.starts_with(b"\t") {
        return Reading::Malformed;
    }
    let is_text = rest.iter().all(|byte| (b' '..=b'~').contains(byte) || *byte == b'\t');
    match scheme.to_ascii_lowercase().as_slice() {
        b"bearer" | b"basic" if rest.len() > MAX_LEN => Reading::TooLarge,
        b"bearer" | b"basic" if rest.is_empty() || !is_text => Reading::Malformed,
        b"bearer" if !is_token68(rest) => Reading::Malformed,
        b"bearer" if rest == TOKEN.as_bytes() => Reading::Caller("alice"),
        b"basic" if base64(rest).is_some_and(|pair| pair == format!("{}:{}", USER.0, USER.1).as_bytes()) => {
            Reading::Caller("bob")
        }
        b"basic" if !is_pair(rest) => Reading::NotBasic,
        b"bearer" | b"basic" => Reading::Wrong,
        _ => Reading::Unknown,
    }
}

/// Returns whether the text encodes a name and a password (RFC 7617, section 2).
fn is_pair(encoded: &[u8]) -> bool {
    let text = base64(encoded).and_then(|text| String::from_utf8(text).ok());
    text.is_some_and(|text| text.contains(':') && !text.contains(char::is_control))
}

/// Returns whether the text is a `token68` (RFC 9110, section 11.2).
fn is_token68(text: &[u8]) -> bool {
    let end = text.iter().rposition(|byte| *byte != b'=').map_or(0, |last| last + 1);
    end > 0 && text[..end].iter().all(|byte| byte.is_ascii_alphanumeric() || b"-._~+/".contains(byte))
}
