//! Reads Basic credentials and compares them with a plain reading of RFC 7617. Only the right password of the only user
//! is accepted.
//!
//! Input: used twice, as the value of an `Authorization` header and as the text to encode in one.

#![no_main]

use std::sync::LazyLock;

use auth_fuzz::{
    app::{self, Auth, USER, Users},
    base64,
};
use auth_runtime::{
    authenticate::{Authenticator, Context},
    credential::{BasicCredentials, CarriedBy, Credential},
    declared::{MAX_CREDENTIAL_LEN, SchemeKind, SecurityScheme},
    users::Basic,
};
use data_encoding::BASE64;
use libfuzzer_sys::fuzz_target;
use poem::http::{HeaderValue, header::AUTHORIZATION};

const SCHEME: SecurityScheme = SecurityScheme::new("password", SchemeKind::Basic);
static BASIC: LazyLock<Basic<Users>> = LazyLock::new(|| Basic::new(Users));

/// The credentials in a header.
#[derive(Debug, PartialEq)]
enum Found {
    Absent,
    Malformed,
    Pair(String, String),
}

fuzz_target!(|data: &[u8]| {
    check(data);
    check(format!("Basic {}", BASE64.encode(data)).as_bytes());
});

fn check(header: &[u8]) {
    let Ok(value) = HeaderValue::from_bytes(header) else { return };
    let credentials = BasicCredentials::find(&app::request(&[(AUTHORIZATION, value)]), &SCHEME);
    let found = match &credentials {
        Credential::Absent => Found::Absent,
        Credential::Malformed(_) => Found::Malformed,
        Credential::Found(pair) => Found::Pair(pair.username().to_owned(), pair.password().to_owned()),
    };
    assert_eq!(found, expected(header));
    let (Credential::Found(credentials), Found::Pair(name, password)) = (credentials, &found) else { return };
    assert!(!format!("{credentials:?}").contains(password.as_str()) || is_in_debug_anyway(name, password));
    let result = app::wait(BASIC.authenticate(credentials, &Context::of::<Auth>()));
    assert_eq!(result.is_ok(), (name.as_str(), password.as_str()) == USER);
    match result {
        Ok(identity) => assert_eq!((identity.issuer(), identity.subject()), ("basic", USER.0)),
        Err(error) => assert!(!error.is_unavailable() && error.to_string() == "user name or password"),
    }
}

/// Returns whether `Debug` contains the password by chance: a short password may be part of the name or of the text
/// around it.
fn is_in_debug_anyway(name: &str, password: &str) -> bool {
    format!("{:?}", BasicCredentials::new(name, "")).contains(password)
}

/// Reads one scheme, one space, and the base64 of a name, a colon and a password, in UTF-8 without control characters.
fn expected(header: &[u8]) -> Found {
    let mut words = header.splitn(2, |byte| *byte == b' ');
    let (scheme, rest) = (words.next().unwrap_or_default(), words.next().unwrap_or_default());
    let is_name = !scheme.is_empty() && scheme.iter().all(u8::is_ascii_graphic);
    if !is_name || rest.starts_with(b" ") || rest.starts_with(b"\t") {
        return Found::Malformed;
    }
    if !scheme.eq_ignore_ascii_case(b"basic") {
        return Found::Absent;
    }
    if rest.len() > MAX_CREDENTIAL_LEN {
        return Found::Malformed;
    }
    pair(rest).map_or(Found::Malformed, |(name, password)| Found::Pair(name, password))
}

fn pair(encoded: &[u8]) -> Option<(String, String)> {
    let text = String::from_utf8(base64(encoded)?).ok()?;
    let is_control = |character: char| matches!(u32::from(character), 0..0x20 | 0x7f..0xa0);
    let colon = text.find(':').filter(|_| !text.chars().any(is_control))?;
    Some((text[..colon].to_owned(), text[colon + 1..].to_owned()))
}
