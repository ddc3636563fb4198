//! The name of a user as a store keeps it: one person, one name, however it is typed.

use precis_profiles::{UsernameCaseMapped, precis_core::profile::PrecisFastInvocation};

use auth_runtime::users::UserError;

/// The longest name, in bytes.
const MAX_LEN: usize = 255;
/// After so many passes a name is as it stays, or there is none that it becomes (RFC 8265, section 3.1).
const PASSES: usize = 3;

/// The one way of writing a user name that stands for all others: `UsernameCaseMapped` of RFC 8265, section 3.3.
///
/// Letters become small, wide forms narrow, and composed as Unicode composes them (NFC). Parts may be separated by one
/// space. What cannot be seen, is there for looks only, or mixes directions of writing is refused, as two names that
/// look the same would be two people. It cannot tell letters of different scripts that look alike.
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
/// [`UserError::Name`] if it cannot be the name of a user, or has more than 255 bytes.
pub fn normalize_name(name: &str) -> Result<String, UserError> {
    let refused = || UserError::Name(name.to_owned());
    if name.len() > MAX_LEN {
        return Err(refused());
    }
    let mut known = name.to_owned();
    for _ in 0..PASSES {
        let enforced = enforce(&known).ok_or_else(refused)?;
        if enforced == known {
            // A colon cannot be sent (RFC 7617, section 2).
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
    fn r77_spellings_of_one_name_are_one_name() {
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
    fn r36_names_that_only_look_the_same_are_refused() {
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
        fn a_name_that_was_normalised_stays_as_it_is(name in "\\PC{0,40}") {
            if let Ok(once) = normalize_name(&name) {
                prop_assert_eq!(normalize_name(&once), Ok(once.clone()));
                prop_assert!(!once.contains(':') && !once.ends_with(' ') && once.len() <= 255);
            }
        }
    }
}
