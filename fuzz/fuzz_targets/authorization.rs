//! The `Authorization` header, through a whole application with several schemes: who is let in, with which status the
//! others are kept out, and that every answer is one of few, so that nothing of a header is ever in one.
//!
//! Input: one header a line; `X-API-Key: ` in front makes it that one. `{token}`, `{basic}` and `{key}` stand for good
//! credentials.

#![no_main]

use std::{collections::BTreeSet, sync::LazyLock};

use auth_fuzz::{
    app::{self, Answer, KEY, TOKEN, USER},
    base64,
};
use data_encoding::BASE64;
use libfuzzer_sys::fuzz_target;
use poem::http::{HeaderName, HeaderValue, Method, header::AUTHORIZATION};

const MAX_LEN: usize = 8 * 1024;
const X_API_KEY: HeaderName = HeaderName::from_static("x-api-key");
const PATHS: [&str; 3] = ["/me", "/optional", "/edit"];

static BASIC: LazyLock<String> = LazyLock::new(|| BASE64.encode(format!("{}:{}", USER.0, USER.1).as_bytes()));

/// What the headers of a request say.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Said {
    Nothing,
    Malformed,
    /// Of `Basic`, but no name and password: that is 401, as browsers ask for others then.
    NotBasic,
    /// Of a scheme that nobody reads.
    Unknown,
    Wrong,
    Caller(&'static str),
}

/// All that the application ever answers to these headers, told by examples.
static ANSWERS: LazyLock<BTreeSet<Answer>> = LazyLock::new(|| {
    let examples = [
        "",
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
    let said = said(&headers);
    for path in PATHS {
        let answer = app::send(Method::GET, path, &headers);
        assert_eq!(answer.status, expected(said, path), "{path}: {said:?}");
        assert!(ANSWERS.contains(&answer), "{path}: {answer:?}");
        assert!(answer.status != 401 || answer.has("www-authenticate"));
        if let (200, Said::Caller(name)) = (answer.status, said) {
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

fn expected(said: Said, path: &str) -> u16 {
    match (said, path) {
        (Said::Nothing, "/optional") => 200,
        (Said::Malformed, _) => 400,
        (Said::Nothing | Said::Wrong | Said::NotBasic | Said::Unknown, _) => 401,
        // Reads only.
        (Said::Caller("bob"), "/edit") => 403,
        (Said::Caller(_), _) => 200,
    }
}

/// The headers, judged together.
fn said(headers: &[(HeaderName, HeaderValue)]) -> Said {
    let values = |name: HeaderName| -> Vec<&[u8]> {
        headers.iter().filter(|(found, _)| *found == name).map(|(_, value)| value.as_bytes()).collect()
    };
    let authorization = one(&values(AUTHORIZATION), authorization);
    let key = one(&values(X_API_KEY), |key| match key {
        _ if key.is_empty() || key.len() > MAX_LEN || !key.iter().all(u8::is_ascii_graphic) => Said::Malformed,
        _ if key == KEY.as_bytes() => Said::Caller("machine"),
        _ => Said::Wrong,
    });
    match (authorization, key) {
        (Said::NotBasic, _) => Said::NotBasic,
        (Said::Malformed, _) | (_, Said::Malformed) => Said::Malformed,
        (said, Said::Nothing) | (Said::Nothing | Said::Unknown, said) => said,
        // Two credentials.
        _ => Said::Malformed,
    }
}

fn one(values: &[&[u8]], read: impl Fn(&[u8]) -> Said) -> Said {
    match values {
        [] => Said::Nothing,
        [value] => read(value),
        _ => Said::Malformed,
    }
}

/// RFC 9110, section 11.6.2, with one space and no parameters. What a scheme that nobody reads says is not looked at.
fn authorization(value: &[u8]) -> Said {
    let (scheme, rest) = match value.iter().position(|byte| *byte == b' ') {
        Some(space) => (&value[..space], &value[space + 1..]),
        None => (value, &[][..]),
    };
    let is_name = !scheme.is_empty() && scheme.iter().all(u8::is_ascii_graphic);
    if value.len() > MAX_LEN || !is_name || rest.starts_with(b" ") || rest.starts_with(b"\t") {
        return Said::Malformed;
    }
    let is_text = rest.iter().all(|byte| (b' '..=b'~').contains(byte) || *byte == b'\t');
    match scheme.to_ascii_lowercase().as_slice() {
        b"bearer" | b"basic" if rest.is_empty() || !is_text => Said::Malformed,
        b"bearer" if !is_token68(rest) => Said::Malformed,
        b"bearer" if rest == TOKEN.as_bytes() => Said::Caller("alice"),
        b"basic" if base64(rest).is_some_and(|pair| pair == format!("{}:{}", USER.0, USER.1).as_bytes()) => {
            Said::Caller("bob")
        }
        b"basic" if !is_pair(rest) => Said::NotBasic,
        b"bearer" | b"basic" => Said::Wrong,
        _ => Said::Unknown,
    }
}

/// RFC 7617, section 2.
fn is_pair(encoded: &[u8]) -> bool {
    let text = base64(encoded).and_then(|text| String::from_utf8(text).ok());
    text.is_some_and(|text| text.contains(':') && !text.contains(char::is_control))
}

/// RFC 9110, section 11.2.
fn is_token68(text: &[u8]) -> bool {
    let end = text.iter().rposition(|byte| *byte != b'=').map_or(0, |last| last + 1);
    end > 0 && text[..end].iter().all(|byte| byte.is_ascii_alphanumeric() || b"-._~+/".contains(byte))
}
