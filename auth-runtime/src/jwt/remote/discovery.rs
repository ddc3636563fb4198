//! The discovery document of an issuer (OpenID Connect Discovery, section 3; RFC 8414, section 2).

use std::fmt;

use serde::Deserialize;
use serde_json::Value;

use super::{
    endpoint::{Endpoint, PlainHttp},
    fetch::Failure,
};

/// The addresses of an issuer.
#[derive(Debug)]
pub(super) struct Discovered {
    pub(super) jwks: Endpoint,
    pub(super) user_info: Option<Endpoint>,
}

/// The members of the document that are read; a duplicate member is an error.
#[derive(Deserialize)]
struct Document {
    issuer: String,
    jwks_uri: String,
    #[serde(default)]
    userinfo_endpoint: Value,
}

impl Discovered {
    /// Reads the document of exactly this issuer (section 4.3; RFC 8414, section 3.3). Another issuer could pass its
    /// keys off as this one's.
    pub(super) fn read(json: &[u8], issuer: &str, plain: &PlainHttp) -> Result<Self, Failure> {
        // A `struct` can be read from an array of its values as well.
        if json.trim_ascii_start().starts_with(b"[") {
            return Err(Failure::NotDiscovery { line: 1, column: 1 });
        }
        let document: Document = serde_json::from_slice(json).map_err(|error| not_discovery(&error))?;
        if document.issuer != issuer {
            return Err(Failure::OtherIssuer(document.issuer.chars().take(200).collect()));
        }
        Ok(Self {
            jwks: Endpoint::new(&document.jwks_uri, plain).map_err(Failure::Url)?,
            user_info: user_info(&document.userinfo_endpoint, issuer, plain),
        })
    }
}

/// Returns where to ask for user information. An address that cannot be used is logged and left out: tokens are
/// verified without it.
fn user_info(endpoint: &Value, issuer: &str, plain: &PlainHttp) -> Option<Endpoint> {
    let refused = |reason: &dyn fmt::Display| {
        tracing::warn!(?issuer, reason = ?reason.to_string(), "user information endpoint ignored");
    };
    match endpoint {
        Value::Null => None,
        Value::String(url) => Endpoint::new(url, plain).inspect_err(|error| refused(error)).ok(),
        _ => {
            refused(&"it is not text");
            None
        }
    }
}

/// Where, and not what: messages of the parser quote the document.
fn not_discovery(error: &serde_json::Error) -> Failure {
    Failure::NotDiscovery { line: error.line(), column: error.column() }
}

#[cfg(test)]
mod tests {
    use super::{Discovered, Failure, PlainHttp};

    const ISSUER: &str = "https://issuer.example";

    fn read(json: &str) -> Result<Discovered, Failure> {
        Discovered::read(json.as_bytes(), ISSUER, &PlainHttp::default())
    }

    #[test]
    fn r45_the_issuer_is_the_configured_one_to_the_letter() {
        let document = |issuer| format!(r#"{{"issuer":"{issuer}","jwks_uri":"https://keys.example/a"}}"#);
        let found = read(&document(ISSUER)).unwrap();
        assert_eq!(found.jwks.as_str(), "https://keys.example/a");
        assert!(found.user_info.is_none());
        for other in ["https://issuer.example/", "https://ISSUER.example", "https://evil.example", ""] {
            assert!(matches!(read(&document(other)), Err(Failure::OtherIssuer(said)) if said == other), "{other}");
        }
    }

    #[test]
    fn r45_addresses_in_the_document_are_https_too() {
        for bad in [
            r#"{"issuer":"https://issuer.example","jwks_uri":"http://issuer.example/a"}"#,
            r#"{"issuer":"https://issuer.example","jwks_uri":"http://127.0.0.1/a"}"#,
            r#"{"issuer":"https://issuer.example","jwks_uri":"/a"}"#,
        ] {
            assert!(matches!(read(bad), Err(Failure::Url(_))), "{bad}");
        }
    }

    #[test]
    fn r45_an_unusable_address_of_user_information_leaves_the_keys_alone() {
        for bad in [r#""http://a.example""#, r#""/me""#, "1", "[]", "null"] {
            let found = read(&format!(
                r#"{{"issuer":"https://issuer.example","jwks_uri":"https://a.example","userinfo_endpoint":{bad}}}"#
            ));
            let found = found.unwrap();
            assert_eq!((found.jwks.as_str(), found.user_info.is_none()), ("https://a.example/", true), "{bad}");
        }
    }

    #[test]
    fn r45_what_is_no_such_document_is_refused() {
        for bad in [
            "",
            "<html>",
            "[]",
            r#"["https://issuer.example","https://a.example",null]"#,
            r#"{"issuer":"https://issuer.example"}"#,
            r#"{"issuer":["https://issuer.example"],"jwks_uri":"https://a.example"}"#,
            r#"{"issuer":"https://issuer.example","jwks_uri":"https://a.example","jwks_uri":"https://b.example"}"#,
        ] {
            assert!(matches!(read(bad), Err(Failure::NotDiscovery { .. })), "{bad}");
        }
    }
}
