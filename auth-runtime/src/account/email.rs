//! An e-mail address, checked once.

use std::fmt;

use email_address::Options;

use super::AccountError;

/// The longest address, in bytes (RFC 5321, section 4.5.3.1.3, without the angle brackets).
const MAX_LEN: usize = 254;
const OPTIONS: Options = Options {
    minimum_sub_domains: 0,
    allow_domain_literal: false,
    allow_display_text: false,
    allow_long_local_parts: false,
};

/// An e-mail address, in the spelling that the user typed.
///
/// Quoted local parts, IP addresses in brackets, and characters that could end a header are rejected.
///
/// ```
/// use auth_runtime::account::EmailAddress;
///
/// let address = EmailAddress::new("Alice@Example.com")?;
/// assert_eq!(address.as_str(), "Alice@Example.com");
/// assert_eq!(address.folded(), "alice@example.com");
/// for bad in ["", "alice", "a@b@c", "\"a b\"@example.com", "alice@example.com\r\nBcc: bob@example.com"] {
///     assert!(EmailAddress::new(bad).is_err(), "{bad:?}");
/// }
/// # Ok::<(), auth_runtime::account::AccountError>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct EmailAddress(String);

impl EmailAddress {
    /// Returns the address, if it is valid.
    ///
    /// # Errors
    /// [`AccountError::Email`].
    pub fn new(address: impl Into<String>) -> Result<Self, AccountError> {
        let address = address.into();
        let has_other =
            |c: char| c.is_control() || c.is_whitespace() || matches!(c, '"' | '<' | '>' | ',' | ';' | '\\');
        if address.len() > MAX_LEN || address.contains(has_other) {
            return Err(AccountError::Email);
        }
        match email_address::EmailAddress::parse_with_options(&address, OPTIONS) {
            Ok(_) => Ok(Self(address)),
            Err(_) => Err(AccountError::Email),
        }
    }

    /// Returns the address as it was typed. Mails are sent to this form.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Returns the form by which addresses are compared: ASCII letters in lower case.
    ///
    /// Other letters are not changed, because the case mapping of Unicode would make different addresses equal, such as
    /// those with `i` and `ı`.
    #[must_use]
    pub fn folded(&self) -> String {
        self.0.to_ascii_lowercase()
    }
}

impl fmt::Display for EmailAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::EmailAddress;

    #[test]
    fn addresses_of_every_kind_are_accepted() {
        for good in
            ["a@b.example", "o'brien+tag@mail.example.com", "jörg@example.com", "user@bücher.example", "root@localhost"]
        {
            assert_eq!(EmailAddress::new(good).unwrap().as_str(), good);
        }
    }

    #[test]
    fn an_address_that_could_end_a_header_is_refused() {
        let long = format!("{}@example.com", "a".repeat(250));
        for bad in [
            "",
            "@",
            "a@",
            "@b.example",
            "a b@example.com",
            "a@b.example\n",
            "a@b.example\r\nSubject: x",
            "a@b.example, c@d.example",
            "<a@b.example>",
            "Alice <a@b.example>",
            "a@[127.0.0.1]",
            "a\0@b.example",
            "\"a\"@b.example",
            "a\u{2028}@b.example",
            &long,
        ] {
            assert!(EmailAddress::new(bad).is_err(), "{bad:?}");
        }
    }

    #[test]
    fn different_letters_stay_different() {
        let folded = |address: &str| EmailAddress::new(address).unwrap().folded();
        assert_eq!(folded("MIKE@EXAMPLE.com"), "mike@example.com");
        assert_ne!(folded("mıke@example.com"), folded("mike@example.com"));
        assert_ne!(folded("mi\u{212a}e@example.com"), folded("mike@example.com"));
    }
}
