//! The rules for new passwords. Stored passwords are not checked again.

use super::{
    PasswordError,
    common::is_common,
    limits::{MAX_PASSWORD_LEN, MIN_PASSWORD_LEN},
};

/// The rules for new passwords.
#[derive(Clone, Copy, Debug)]
pub(super) struct Policy {
    pub(super) min_len: usize,
}

impl Policy {
    /// Checks the length, and that attackers do not try the password first. There are no rules of composition (ASVS
    /// 6.2.1, 6.2.4, 6.2.5, 6.2.9).
    ///
    /// `typed` is the password before normalization.
    pub(super) fn check(self, typed: &str, password: &str, username: &str) -> Result<(), PasswordError> {
        // Sign-ins reject a longer text before it is normalized.
        if typed.len() > MAX_PASSWORD_LEN || password.len() > MAX_PASSWORD_LEN {
            return Err(PasswordError::TooLong);
        }
        if password.chars().count() < self.min_len {
            return Err(PasswordError::TooShort { required: self.min_len });
        }
        if password.contains(char::is_control) {
            return Err(PasswordError::ControlCharacter);
        }
        if is_common(password) {
            return Err(PasswordError::Common);
        }
        if is_same_word(password, username) {
            return Err(PasswordError::SameAsName);
        }
        Ok(())
    }
}

impl Default for Policy {
    fn default() -> Self {
        Self { min_len: MIN_PASSWORD_LEN }
    }
}

/// Returns whether two texts differ in case only.
fn is_same_word(one: &str, other: &str) -> bool {
    one.chars().flat_map(char::to_lowercase).eq(other.chars().flat_map(char::to_lowercase))
}

#[cfg(test)]
mod tests {
    use proptest::{prop_assert_eq, proptest};

    use super::{MAX_PASSWORD_LEN, PasswordError, Policy};

    fn check(password: &str) -> Result<(), PasswordError> {
        Policy::default().check(password, password, "alice")
    }

    #[test]
    fn r71_control_characters_are_rejected() {
        for password in ["tab\tin between", "nul\0in between", "break at the end\n", "of C1 \u{85} in between"] {
            assert_eq!(check(password), Err(PasswordError::ControlCharacter), "{password:?}");
        }
    }

    #[test]
    fn r71_passwords_that_are_too_short_or_too_long_are_rejected() {
        let short = Err(PasswordError::TooShort { required: 8 });
        // The minimum counts characters.
        for password in ["", "seven77", "äöüßäöü", "🐎🐎🐎🐎🐎🐎🐎"] {
            assert_eq!(check(password), short, "{password}");
        }
        for length in [64, MAX_PASSWORD_LEN] {
            assert_eq!(check(&"xy".repeat(length / 2)), Ok(()));
        }
        assert_eq!(check(&"x".repeat(MAX_PASSWORD_LEN + 1)), Err(PasswordError::TooLong));
        // The maximum counts bytes.
        assert_eq!(check(&"ä".repeat(MAX_PASSWORD_LEN / 2)), Ok(()));
        assert_eq!(check(&"ä".repeat(MAX_PASSWORD_LEN / 2 + 1)), Err(PasswordError::TooLong));
    }

    #[test]
    fn r71_a_longer_minimum_is_in_the_error() {
        let policy = Policy { min_len: 15 };
        let error = policy.check("fourteen chars", "fourteen chars", "alice").unwrap_err();
        assert_eq!(error.to_string(), "the password has fewer than 15 characters");
        assert_eq!(policy.check("fifteen letters", "fifteen letters", "alice"), Ok(()));
    }

    #[test]
    fn r71_common_passwords_and_the_user_name_are_rejected() {
        for password in ["password", "Password1", "QWERTYUIOP"] {
            assert_eq!(check(password), Err(PasswordError::Common), "{password}");
        }
        for (password, username) in
            [("alice.liddell", "alice.liddell"), ("ALICE.Liddell", "alice.liddell"), ("ÄRGERLICH", "ärgerlich")]
        {
            assert_eq!(
                Policy::default().check(password, password, username),
                Err(PasswordError::SameAsName),
                "{password}"
            );
        }
        assert_eq!(Policy::default().check("alice.liddell", "alice.liddell", "alice"), Ok(()));
    }

    #[test]
    fn r71_spaces_count() {
        for password in [" seven77", "seven77 ", "correct horse"] {
            assert_eq!(check(password), Ok(()), "{password:?}");
        }
    }

    proptest! {
        #[test]
        fn r71_there_are_no_rules_of_composition(password in "[a-z]{20,40}|[0-9]{30,40}|\\PC{20,60}") {
            prop_assert_eq!(check(&password), Ok(()));
        }
    }
}
