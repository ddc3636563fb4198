//! Texts that people read on one line of a terminal or a page.

use crate::StoreError;

/// Checks the length of a text, and that it is one line.
pub(crate) fn check_text(what: &'static str, text: Option<&str>, max: usize) -> Result<(), StoreError> {
    match text {
        Some(text) if text.chars().count() > max => Err(StoreError::TooLong { what, max }),
        Some(text) if text.contains(char::is_control) => Err(StoreError::ControlCharacter { what }),
        _ => Ok(()),
    }
}

/// Returns none for an empty text.
pub(crate) fn unless_empty(text: String) -> Option<String> {
    Some(text).filter(|text| !text.is_empty())
}
