//! The normal form of passwords: `OpaqueString` of RFC 8265, section 4.2.

use std::borrow::Cow;

use precis_profiles::{OpaqueString, precis_core::profile::Rules};
use zeroize::Zeroizing;

/// Returns the password in Unicode normalization form C, with an ASCII space in place of each other space.
///
/// The rules of `OpaqueString` for allowed characters do not apply: the policy rejects control characters, and all
/// others are allowed (ASVS 6.2.5).
pub(super) fn normalize(password: &str) -> Zeroizing<String> {
    let profile = OpaqueString::new();
    let normalized = profile.additional_mapping_rule(password).and_then(|mapped| profile.normalization_rule(mapped));
    Zeroizing::new(normalized.map_or_else(|_| password.to_owned(), Cow::into_owned))
}

#[cfg(test)]
mod tests {
    use proptest::{prop_assert_eq, proptest};

    use super::normalize;

    #[test]
    fn r71_composed_and_decomposed_letters_are_one_password() {
        for (typed, expected) in [
            ("pa\u{308}ssword", "p\u{e4}ssword"),
            ("p\u{e4}ssword", "p\u{e4}ssword"),
            ("A\u{30a}ngstro\u{308}m", "\u{c5}ngstr\u{f6}m"),
            ("\u{1112}\u{1161}\u{11ab}", "\u{d55c}"),
            ("no\u{a0}break\u{3000}here", "no break here"),
            ("  Case  Stays ", "  Case  Stays "),
            ("ｗｉｄｅ stays", "ｗｉｄｅ stays"),
            ("", ""),
        ] {
            assert_eq!(*normalize(typed), expected, "{typed:?}");
        }
    }

    proptest! {
        #[test]
        fn r71_a_normal_form_is_stable(password in "\\PC{0,40}") {
            let once = normalize(&password);
            prop_assert_eq!(&*normalize(&once), &*once);
        }

        #[test]
        fn r71_ascii_passwords_do_not_change(password in "[ -~]{0,40}") {
            prop_assert_eq!(&*normalize(&password), &password);
        }
    }
}
