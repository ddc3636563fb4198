//! Which passwords are accepted for a user. What is stored already is not judged again.

use super::{MAX_PASSWORD_LEN, MIN_PASSWORD_LEN, UserError, common::is_common};

/// What a new password has to be.
#[derive(Clone, Copy, Debug)]
pub(super) struct Policy {
    pub(super) min_len: usize,
}

impl Policy {
    /// Length, and nothing that is tried first; whatever it is composed of (ASVS 6.2.1, 6.2.4, 6.2.5, 6.2.9).
    pub(super) fn check(self, password: &str, username: &str) -> Result<(), UserError> {
        if password.chars().count() < self.min_len {
            return Err(UserError::ShortPassword { required: self.min_len });
        }
        if password.len() > MAX_PASSWORD_LEN {
            return Err(UserError::LongPassword);
        }
        if password.contains(char::is_control) {
            return Err(UserError::ControlCharacter);
        }
        if is_common(password) {
            return Err(UserError::CommonPassword);
        }
        if is_same_word(password, username) {
            return Err(UserError::NameAsPassword);
        }
        Ok(())
    }
}

impl Default for Policy {
    fn default() -> Self {
        Self { min_len: MIN_PASSWORD_LEN }
    }
}

/// Whether they differ in capitals only.
fn is_same_word(one: &str, other: &str) -> bool {
    one.chars().flat_map(char::to_lowercase).eq(other.chars().flat_map(char::to_lowercase))
}

#[cfg(test)]
mod tests {
    use proptest::{prop_assert_eq, proptest};

    use super::{MAX_PASSWORD_LEN, Policy, UserError};

    fn check(password: &str) -> Result<(), UserError> {
        Policy::default().check(password, "alice")
    }

    #[test]
    fn r71_a_password_that_cannot_be_sent_is_refused() {
        for password in ["tab\tin between", "nul\0in between", "break at the end\n", "of C1 \u{85} in between"] {
            assert_eq!(check(password), Err(UserError::ControlCharacter), "{password:?}");
        }
    }

    #[test]
    fn r71_passwords_that_are_too_short_or_too_long_are_refused() {
        let short = Err(UserError::ShortPassword { required: 8 });
        // Characters count, and not bytes.
        for password in ["", "seven77", "äöüßäöü", "🐎🐎🐎🐎🐎🐎🐎"] {
            assert_eq!(check(password), short, "{password}");
        }
        for length in [64, MAX_PASSWORD_LEN] {
            assert_eq!(check(&"xy".repeat(length / 2)), Ok(()));
        }
        assert_eq!(check(&"x".repeat(MAX_PASSWORD_LEN + 1)), Err(UserError::LongPassword));
        // Bytes count, and not characters.
        assert_eq!(check(&"ä".repeat(MAX_PASSWORD_LEN / 2)), Ok(()));
        assert_eq!(check(&"ä".repeat(MAX_PASSWORD_LEN / 2 + 1)), Err(UserError::LongPassword));
    }

    #[test]
    fn r71_a_longer_minimum_is_told() {
        let policy = Policy { min_len: 15 };
        let error = policy.check("fourteen chars", "alice").unwrap_err();
        assert_eq!(error.to_string(), "the password has fewer than 15 characters");
        assert_eq!(policy.check("fifteen letters", "alice"), Ok(()));
    }

    #[test]
    fn r71_passwords_that_are_tried_first_are_refused() {
        for password in ["password", "Password1", "QWERTYUIOP"] {
            assert_eq!(check(password), Err(UserError::CommonPassword), "{password}");
        }
        for (password, username) in
            [("alice.liddell", "alice.liddell"), ("ALICE.Liddell", "alice.liddell"), ("ÄRGERLICH", "ärgerlich")]
        {
            assert_eq!(Policy::default().check(password, username), Err(UserError::NameAsPassword), "{password}");
        }
        assert_eq!(Policy::default().check("alice.liddell", "alice"), Ok(()));
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
