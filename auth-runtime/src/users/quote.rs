//! User names as messages show them.

/// The rule for user names, in words.
pub(super) const NAME_RULE: &str =
    "it must be 1 to 255 bytes of letters, digits and ASCII symbols but `:`, with single spaces between parts";

/// Returns a name in quotes, as messages show it: at most 64 characters, and no API key that was sent in its place.
///
/// ```
/// use auth_runtime::users::quote_name;
///
/// assert_eq!(quote_name("alice"), r#""alice""#);
/// assert!(quote_name(&"a".repeat(1000)).len() < 100);
/// ```
#[must_use]
pub fn quote_name(name: &str) -> String {
    const MOST: usize = 64;
    #[cfg(feature = "api-key")]
    if crate::api_key::generated_id(name.trim()).is_some() {
        return "[an API key]".to_owned();
    }
    match name.char_indices().nth(MOST) {
        None => format!("{name:?}"),
        Some((end, _)) => format!("{:?}...", &name[..end]),
    }
}
