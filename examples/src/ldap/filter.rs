//! Search filters (RFC 4515) with a placeholder for a value of the request.

use std::fmt;

/// A search filter with one placeholder.
#[derive(Clone, PartialEq, Eq)]
pub struct Filter {
    text: String,
    place: &'static str,
}

/// An invalid filter.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum FilterError {
    /// The placeholder is missing, so the filter would find the same entries for every caller.
    #[error("does not contain {0}")]
    NoPlace(&'static str),
    /// The filter does not match the grammar of RFC 4515, or the placeholder is not at the place of a value.
    #[error("is not a filter (RFC 4515) with {0} in place of a value")]
    Grammar(&'static str),
}

impl Filter {
    /// Parses a filter with this placeholder.
    ///
    /// ```
    /// use auth_examples::ldap::Filter;
    ///
    /// assert!(Filter::new("(uid={name})", "{name}").is_ok());
    /// assert!(Filter::new("(uid=*)", "{name}").is_err());
    /// assert!(Filter::new("({name}=alice)", "{name}").is_err());
    /// ```
    ///
    /// # Errors
    /// Returns [`FilterError`] if the filter is invalid, or if the placeholder is not at the place of a value.
    pub fn new(text: impl Into<String>, place: &'static str) -> Result<Self, FilterError> {
        let filter = Self { text: text.into(), place };
        if !filter.text.contains(place) {
            return Err(FilterError::NoPlace(place));
        }
        // Attribute names and matching rules contain no asterisk, and values contain only escaped ones.
        match ldap3::parse_filter(filter.with("*")) {
            Ok(_) => Ok(filter),
            Err(()) => Err(FilterError::Grammar(place)),
        }
    }

    /// Inserts a value. Its special characters are escaped (RFC 4515, section 3).
    pub(super) fn with(&self, value: &str) -> String {
        self.text.replace(self.place, &ldap3::ldap_escape(value))
    }
}

impl fmt::Debug for Filter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&self.text, f)
    }
}

#[cfg(test)]
mod tests {
    use super::{Filter, FilterError};

    const NAME: &str = "{name}";

    #[test]
    fn a_value_is_escaped() {
        let filter = Filter::new("(&(objectClass=person)(|(uid={name})(mail={name})))", NAME).unwrap();
        for (name, escaped) in [
            ("alice", "alice"),
            ("*", r"\2a"),
            ("a*", r"a\2a"),
            ("alice)(uid=*", r"alice\29\28uid=\2a"),
            (r"\2a", r"\5c2a"),
            ("a\0b", r"a\00b"),
            ("Jörg & {dn} {name", "Jörg & {dn} {name"),
        ] {
            let expected = format!("(&(objectClass=person)(|(uid={escaped})(mail={escaped})))");
            assert_eq!(filter.with(name), expected);
            assert!(ldap3::parse_filter(expected).is_ok(), "{name}");
        }
    }

    #[test]
    fn a_placeholder_in_the_value_is_not_replaced() {
        let filter = Filter::new("(|(uid={name})(cn={name}))", NAME).unwrap();
        assert_eq!(filter.with("{name}"), "(|(uid={name})(cn={name}))");
    }

    #[test]
    fn filters_without_the_placeholder_as_a_value_are_rejected() {
        for bad in ["", "(uid=alice)", "(uid={dn})", "(uid={Name})"] {
            assert_eq!(Filter::new(bad, NAME).unwrap_err(), FilterError::NoPlace(NAME), "{bad}");
        }
        for bad in ["{name}", "({name}=a)", "(uid={name}", "(uid={name}))", "(uid:{name}:=a)", "(&(uid={name})(cn))"] {
            assert_eq!(Filter::new(bad, NAME).unwrap_err(), FilterError::Grammar(NAME), "{bad}");
        }
    }
}
