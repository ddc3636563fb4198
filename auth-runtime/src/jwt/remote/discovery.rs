//! What an issuer says of itself (OpenID Connect Discovery, section 3; RFC 8414, section 2).

use serde::Deserialize;

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

/// What is read of the document; a member that stands twice is an error.
#[derive(Deserialize)]
struct Document {
    issuer: String,
    jwks_uri: String,
    userinfo_endpoint: Option<String>,
}

impl Discovered {
    /// What the document says, if it is of this issuer, to the letter (section 4.3; RFC 8414, section 3.3): another
    /// issuer could pass its keys off as this one's.
    pub(super) fn read(json: &[u8], issuer: &str, plain: PlainHttp) -> Result<Self, Failure> {
        // A `struct` can be read from an array of its values as well.
        if json.trim_ascii_start().starts_with(b"[") {
            return Err(Failure::NotDiscovery { line: 1, column: 1 });
        }
        let document: Document = serde_json::from_slice(json).map_err(|error| not_discovery(&error))?;
        if document.issuer != issuer {
            return Err(Failure::OtherIssuer(document.issuer.chars().take(200).collect()));
        }
        let endpoint = |url: &str| Endpoint::new(url, plain).map_err(Failure::Url);
        Ok(Self {
            jwks: endpoint(&document.jwks_uri)?,
            user_info: document.userinfo_endpoint.as_deref().map(endpoint).transpose()?,
        })
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
        Discovered::read(json.as_bytes(), ISSUER, PlainHttp::Never)
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
            r#"{"issuer":"https://issuer.example","jwks_uri":"https://a.example","userinfo_endpoint":"http://a.example"}"#,
        ] {
            assert!(matches!(read(bad), Err(Failure::Url(_))), "{bad}");
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
