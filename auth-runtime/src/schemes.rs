//! The words of `#[scheme(..)]`, for editors: rust-analyzer completes them, and shows these texts.

/// `Authorization: Basic`, with user name and password (RFC 7617).
pub mod basic {}
/// `Authorization: Bearer` (RFC 6750); `bearer(format = "JWT")` says what the token is.
pub mod bearer {}
/// `Authorization: Bearer`, from an authorization server: `oauth2(password(token_url = ".."))`.
pub mod oauth2 {}
/// `Authorization: Bearer`, from an OpenID Connect provider: `openid_connect(url = "..")`.
pub mod openid_connect {}
/// `api_key(header = "..")`, `api_key(query = "..")` or `api_key(cookie = "..")`.
pub mod api_key {}
/// `header = ".."`: a named header.
pub mod header {}
/// `cookie = ".."`: a cookie, with a cross-origin check.
pub mod cookie {}
/// `http = ".."`: another scheme of the `Authorization` header.
pub mod http {}
/// `name = ".."`: the name of the scheme in the document (default: that of the field).
pub mod name {}
/// `max_len = N`: the maximum length of the credential in bytes (default: 16 KiB).
pub mod max_len {}
/// A proxy or a browser adds the header on its own: the cross-origin check of cookies applies.
pub mod ambient {}
/// Of `basic`: a `fetch` gets a challenge for which browsers open no window.
pub mod silent_for_scripts {}
