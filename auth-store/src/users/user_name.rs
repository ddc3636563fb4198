//! The stored form of a user name. All spellings of a name have the same one.

use precis_profiles::{UsernameCaseMapped, precis_core::profile::PrecisFastInvocation};

use auth_runtime::users::UserError;

/// The longest name, in bytes.
const MAX_LEN: usize = 255;
/// The number of passes after which a name must be stable (RFC 8265, section 3.1).
const PASSES: usize = 3;

/// Normalizes a user name by `UsernameCaseMapped` of RFC 8265, section 3.3.
///
/// Letters become lower case, wide forms become narrow, and characters are composed (NFC). Single spaces may separate
/// parts. Invisible characters, compatibility forms and mixed writing directions are refused, because two names could
/// look the same. Similar letters of different scripts are not detected.
///
/// ```
/// use auth_store::normalize_name;
///
/// assert_eq!(normalize_name("Alice")?, "alice");
/// assert_eq!(normalize_name("Ｊörg Müller")?, "jörg müller");
/// for bad in ["", "a:b", " alice", "alice ", "a  b", "ali\u{200b}ce", "☃"] {
///     assert!(normalize_name(bad).is_err(), "{bad:?}");
/// }
/// # Ok::<(), auth_runtime::users::UserError>(())
/// ```
///
/// # Errors
/// [`UserError::Name`] if the name is not allowed, or has more than 255 bytes.
pub fn normalize_name(name: &str) -> Result<String, UserError> {
    let refused = || UserError::Name(name.to_owned());
    if name.len() > MAX_LEN {
        return Err(refused());
    }
    let mut known = name.to_owned();
    for _ in 0..PASSES {
        let enforced = enforce(&known).ok_or_else(refused)?;
        if enforced == known {
            // Basic credentials end the name at a colon (RFC 7617, section 2).
            let is_name = !known.is_empty() && known.len() <= MAX_LEN && !known.contains(':');
            return if is_name { Ok(known) } else { Err(refused()) };
        }
        known = enforced;
    }
    Err(refused())
}

fn enforce(name: &str) -> Option<String> {
    let parts: Result<Vec<_>, _> = name.split(' ').map(UsernameCaseMapped::enforce).collect();
    parts.ok().map(|parts| parts.join(" "))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use auth_runtime::users::UserError;

    use super::normalize_name;

    #[test]
    fn r77_spellings_normalize_to_one_name() {
        for (typed, name) in [
            ("alice", "alice"),
            ("ALICE", "alice"),
            ("ａｌｉｃｅ", "alice"),
            ("Jo\u{308}rg", "jörg"),
            ("alice@Example.COM", "alice@example.com"),
            ("Straße", "straße"),
        ] {
            assert_eq!(normalize_name(typed).unwrap(), name);
        }
    }

    #[test]
    fn r36_confusable_names_are_refused() {
        let long = "a".repeat(256);
        for bad in [
            "",
            " ",
            "alice ",
            " alice",
            "a  b",
            "a\u{a0}b",
            "a:b",
            "a\tb",
            "a\0",
            "ali\u{200b}ce",
            "\u{feff}alice",
            "ali\u{ad}ce",
            "alice\u{202e}",
            "א1a",
            "ﬁ☃",
            long.as_str(),
        ] {
            assert_eq!(normalize_name(bad), Err(UserError::Name(bad.to_owned())), "{bad:?}");
        }
        assert_eq!(normalize_name(&"a".repeat(255)).unwrap().len(), 255);
    }

    proptest! {
        #[test]
        fn normalized_name_is_stable(name in "\\PC{0,40}") {
            if let Ok(once) = normalize_name(&name) {
                prop_assert_eq!(normalize_name(&once), Ok(once.clone()));
                prop_assert!(!once.contains(':') && !once.ends_with(' ') && once.len() <= 255);
            }
        }
    }
}
