//! Reads `Cookie` headers and compares them with a plain reading of RFC 6265. A page of another site cannot use the
//! cookie.
//!
//! Input: one header a line. A line without a header name is a `Cookie` header.

#![no_main]

use auth_fuzz::app::{self, SESSION};
use auth_runtime::{
    credential::{ApiKey, CarriedBy, Credential},
    declared::{ApiKeyLocation, MAX_CREDENTIAL_LEN, SchemeKind, SecurityScheme, kind},
};
use libfuzzer_sys::fuzz_target;
use poem::http::{HeaderName, HeaderValue, Method};

const NAMES: [&str; 3] = ["session", "__Host-session", "a"];
const HEADERS: [&str; 5] = ["Cookie", "Host", "Origin", "Sec-Fetch-Site", "Upgrade"];

/// The cookie in a request.
#[derive(Debug, PartialEq)]
enum Found {
    Absent,
    Malformed,
    Key(Vec<u8>),
}

fuzz_target!(|data: &[u8]| {
    let Some(headers) = data.split(|byte| *byte == b'\n').take(8).map(header).collect::<Option<Vec<_>>>() else {
        return;
    };
    let request = app::request(&headers);
    for name in NAMES {
        let cookie = SchemeKind::ApiKey { location: ApiKeyLocation::Cookie, name };
        let found = match <ApiKey as CarriedBy<kind::Cookie>>::find(&request, &SecurityScheme::new(name, cookie)) {
            Credential::Absent => Found::Absent,
            Credential::Malformed(_) => Found::Malformed,
            Credential::Found(key) => Found::Key(key.as_str().as_bytes().to_vec()),
        };
        assert_eq!(found, expected(&headers, name), "{name}");
    }
    answers(&headers);
});

fn header(line: &[u8]) -> Option<(HeaderName, HeaderValue)> {
    let named = HEADERS.into_iter().find_map(|name| {
        let value = line.strip_prefix(name.as_bytes())?.strip_prefix(b": ")?;
        Some((name, value))
    });
    let (name, value) = named.unwrap_or(("Cookie", line));
    Some((name.to_ascii_lowercase().parse().ok()?, HeaderValue::from_bytes(value).ok()?))
}

fn all<'a>(headers: &'a [(HeaderName, HeaderValue)], name: &'static str) -> Vec<&'a [u8]> {
    headers.iter().filter(|(found, _)| *found == name).map(|(_, value)| value.as_bytes()).collect()
}

/// Reads the header as in RFC 6265, section 4.2.1, with optional white space: pairs separated by semicolons, each a
/// name, `=` and a value. Names are compared byte by byte.
fn expected(headers: &[(HeaderName, HeaderValue)], name: &str) -> Found {
    let mut values = Vec::new();
    for pair in all(headers, "cookie").into_iter().flat_map(|header| header.split(|byte| *byte == b';')) {
        let Some(equals) = pair.iter().position(|byte| *byte == b'=') else { continue };
        if pair[..equals].trim_ascii() == name.as_bytes() {
            values.push(pair[equals + 1..].trim_ascii());
        }
    }
    match values.as_slice() {
        [] => Found::Absent,
        [value] if !value.is_empty() && value.len() <= MAX_CREDENTIAL_LEN && value.iter().all(u8::is_ascii_graphic) => {
            Found::Key(value.to_vec())
        }
        _ => Found::Malformed,
    }
}

/// Sends the headers to an application, and checks the status of a read and of a write.
fn answers(headers: &[(HeaderName, HeaderValue)]) {
    let found = expected(headers, "session");
    let is_foreign = is_foreign(headers);
    let upgrades = !all(headers, "upgrade").is_empty();
    for (method, checks_origin) in [(Method::GET, upgrades), (Method::POST, true)] {
        let expected = match &found {
            Found::Malformed => 400,
            Found::Key(_) if checks_origin && is_foreign => 403,
            Found::Key(key) if key == SESSION.as_bytes() => 200,
            Found::Absent | Found::Key(_) => 401,
        };
        let answer = app::send(method, "/me", headers);
        assert_eq!(answer.status, expected);
        assert_eq!(answer.has("www-authenticate"), expected == 401);
        assert_eq!(answer.body == b"carol", expected == 200);
    }
}

/// Returns whether the headers show that a page of another site sent the request.
fn is_foreign(headers: &[(HeaderName, HeaderValue)]) -> bool {
    // The only value, as text. Several values are not trusted.
    let value = |name| match all(headers, name).as_slice() {
        [] => None,
        [value] => Some(HeaderValue::from_bytes(value).unwrap().to_str().unwrap_or("").to_owned()),
        _ => Some(String::new()),
    };
    if let Some(site) = value("sec-fetch-site") {
        return site != "same-origin" && site != "none";
    }
    let Some(origin) = value("origin") else { return false };
    let Some(host) = value("host") else { return true };
    let same = |scheme: &str, port: &str| {
        let Some(origin) = origin.strip_prefix(scheme) else { return false };
        let bare = |host: &str| host.strip_suffix(port).unwrap_or(host).to_lowercase();
        bare(origin) == bare(&host)
    };
    !same("https://", ":443") && !same("http://", ":80")
}
