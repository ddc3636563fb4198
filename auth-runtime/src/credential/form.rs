//! The encoding of a form.

use percent_encoding::percent_decode;

/// Whether names and values of a form are UTF-8. A decoder that replaces other bytes makes one text of several.
pub(crate) fn is_utf8_form(form: &[u8]) -> bool {
    percent_decode(form).decode_utf8().is_ok()
}

#[cfg(test)]
mod tests {
    use super::is_utf8_form;

    #[test]
    fn other_bytes_than_utf_8_are_found_encoded_or_not() {
        for form in [&b""[..], b"a=%C3%B6&b=%", "a=\u{f6}".as_bytes(), b"a=%EF%BF%BD&%00"] {
            assert!(is_utf8_form(form), "{form:?}");
        }
        for form in [&b"a=\xff"[..], b"a=%FF", b"a=%C3&b=%B6", b"%ED%A0%80=a", b"a=%C0%80"] {
            assert!(!is_utf8_form(form), "{form:?}");
        }
    }
}
