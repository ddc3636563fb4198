//! Search filters (RFC 4515) with a place for what is only known when somebody calls.

use std::fmt;

/// A search filter with one thing left open.
#[derive(Clone, PartialEq, Eq)]
pub struct Filter {
    text: String,
    place: &'static str,
}

/// A filter that cannot be used.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum FilterError {
    /// Then everybody would be the same.
    #[error("does not hold {0}")]
    NoPlace(&'static str),
    /// By the grammar of RFC 4515, with a value in that place.
    #[error("is no filter (RFC 4515) with {0} in the place of a value")]
    Grammar(&'static str),
}

impl Filter {
    /// Reads a filter that holds this place.
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
    /// [`FilterError`] if it is none, or if the place is not that of a value.
    pub fn new(text: impl Into<String>, place: &'static str) -> Result<Self, FilterError> {
        let filter = Self { text: text.into(), place };
        if !filter.text.contains(place) {
            return Err(FilterError::NoPlace(place));
        }
        // No name of an attribute or a rule has an asterisk, and no value has one that is not escaped.
        match ldap3::parse_filter(filter.with("*")) {
            Ok(_) => Ok(filter),
            Err(()) => Err(FilterError::Grammar(place)),
        }
    }

    /// The filter with this value, which stays a value whatever is in it (RFC 4515, section 3).
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
    fn what_is_sent_stays_a_value() {
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
    fn a_place_that_is_sent_is_not_filled() {
        let filter = Filter::new("(|(uid={name})(cn={name}))", NAME).unwrap();
        assert_eq!(filter.with("{name}"), "(|(uid={name})(cn={name}))");
    }

    #[test]
    fn filters_that_do_not_use_what_is_sent_as_a_value_are_refused() {
        for bad in ["", "(uid=alice)", "(uid={dn})", "(uid={Name})"] {
            assert_eq!(Filter::new(bad, NAME).unwrap_err(), FilterError::NoPlace(NAME), "{bad}");
        }
        for bad in ["{name}", "({name}=a)", "(uid={name}", "(uid={name}))", "(uid:{name}:=a)", "(&(uid={name})(cn))"] {
            assert_eq!(Filter::new(bad, NAME).unwrap_err(), FilterError::Grammar(NAME), "{bad}");
        }
    }
}
