//! The most common passwords.

use std::sync::LazyLock;

/// One per line, in lower case, sorted by byte. Source and license: `common_passwords.LICENSE`.
static COMMON: LazyLock<Vec<&str>> = LazyLock::new(|| include_str!("common_passwords.txt").lines().collect());

/// Returns whether the password is a common one, ignoring ASCII case.
pub(super) fn is_common(password: &str) -> bool {
    let lower = || password.bytes().map(|byte| byte.to_ascii_lowercase());
    COMMON.binary_search_by(|common| common.bytes().cmp(lower())).is_ok()
}

#[cfg(test)]
mod tests {
    use super::{super::MIN_PASSWORD_LEN, COMMON, is_common};

    #[test]
    fn r71_the_list_is_long_sorted_and_in_lower_case() {
        assert!(COMMON.len() >= 8000 && COMMON.is_sorted_by(|one, next| one < next));
        for common in COMMON.iter() {
            assert!(common.is_ascii() && !common.bytes().any(|byte| byte.is_ascii_uppercase()), "{common}");
            assert!(common.len() >= MIN_PASSWORD_LEN && common.trim() == *common, "{common}");
        }
    }

    #[test]
    fn r71_common_passwords_are_found_in_any_ascii_case() {
        for common in ["password", "12345678", "1q2w3e4r5t", "iloveyou", COMMON[0], COMMON[COMMON.len() - 1]] {
            assert!(is_common(common) && is_common(&common.to_uppercase()), "{common}");
        }
        for other in
            ["", "passwor", "password ", " password", "p\0ssword", "correct horse", "pаssword", "ｐａｓｓｗｏｒｄ"]
        {
            assert!(!is_common(other), "{other}");
        }
    }
}
