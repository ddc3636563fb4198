//! The URL that links in mails begin with.

use std::fmt;

use url::{Host, Url};

use super::error::PublicUrlError;

/// The URL under which users reach the pages of their account, such as `https://app.example/account`.
///
/// Links in mails begin with it. The header `Host` is never used, because an attacker can set it.
///
/// ```
/// use auth_runtime::account::PublicUrl;
///
/// let url = PublicUrl::new("https://app.example/account/")?;
/// assert_eq!(url.to_string(), "https://app.example/account");
/// // For a developer's machine:
/// assert!(PublicUrl::new("http://localhost:3000").is_ok());
/// assert!(PublicUrl::new("http://app.example").is_err());
/// # Ok::<(), auth_runtime::account::PublicUrlError>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PublicUrl(String);

impl PublicUrl {
    /// Returns the URL, if links can be built from it.
    ///
    /// # Errors
    /// [`PublicUrlError`] if it is not a URL, is neither `https` nor on the loopback interface, or has a user, a query
    /// or a fragment.
    pub fn new(url: &str) -> Result<Self, PublicUrlError> {
        let refused = |reason| PublicUrlError { url: url.to_owned(), reason };
        let parsed = Url::parse(url).map_err(|_| refused("it is not a URL"))?;
        match parsed.scheme() {
            "https" => {}
            "http" if is_loopback(&parsed) => {}
            _ => return Err(refused("write `https://`")),
        }
        if !parsed.username().is_empty() || parsed.password().is_some() {
            return Err(refused("it has a user name"));
        }
        if parsed.query().is_some() || parsed.fragment().is_some() {
            return Err(refused("it has a query or a fragment"));
        }
        Ok(Self(parsed.as_str().trim_end_matches('/').to_owned()))
    }

    /// Returns whether the URL ends with this path.
    pub(super) fn ends_with(&self, path: &str) -> bool {
        self.0.ends_with(path)
    }

    /// Returns the link to a page, with a token. The token has no character that a URL would escape.
    pub(super) fn link(&self, page: &str, token: &str) -> String {
        format!("{}/{page}?token={token}", self.0)
    }
}

fn is_loopback(url: &Url) -> bool {
    match url.host() {
        Some(Host::Domain(name)) => name == "localhost",
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.is_loopback(),
        None => false,
    }
}

impl fmt::Display for PublicUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::PublicUrl;

    #[test]
    fn a_link_is_below_the_public_url() {
        for (url, link) in [
            ("https://app.example", "https://app.example/reset-password?token=abc"),
            ("https://app.example/", "https://app.example/reset-password?token=abc"),
            ("https://app.example/a/b//", "https://app.example/a/b/reset-password?token=abc"),
            ("http://127.0.0.1:3000/x", "http://127.0.0.1:3000/x/reset-password?token=abc"),
        ] {
            assert_eq!(PublicUrl::new(url).unwrap().link("reset-password", "abc"), link);
        }
    }

    #[test]
    fn a_url_that_others_could_read_is_refused() {
        for (url, reason) in [
            ("app.example", "not a URL"),
            ("http://app.example", "https"),
            ("http://127.0.0.1.evil.example", "https"),
            ("ftp://app.example", "https"),
            ("javascript:alert(1)", "https"),
            ("https://user@app.example", "user name"),
            ("https://app.example?x", "query"),
            ("https://app.example/#x", "fragment"),
        ] {
            let error = PublicUrl::new(url).unwrap_err().to_string();
            assert!(error.contains(reason), "{error}");
        }
    }
}
