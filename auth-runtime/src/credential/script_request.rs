//! Tells requests of scripts from page loads.

use poem::Request;

/// Whether a script of a page sent the request, with `fetch` or `XMLHttpRequest`.
///
/// Browsers say so in `Sec-Fetch-Dest` (W3C Fetch Metadata, section 2.1), but over plain http only to `localhost`.
/// Scripts can say so in `X-Requested-With`.
pub(crate) fn is_from_script(request: &Request) -> bool {
    let headers = request.headers();
    match headers.get("sec-fetch-dest") {
        Some(destination) => destination == "empty",
        None => headers.get("x-requested-with").is_some_and(|by| by.as_bytes().eq_ignore_ascii_case(b"XMLHttpRequest")),
    }
}
