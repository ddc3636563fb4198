//! Escapes characters that control a terminal.

/// Returns text that has no effect on a terminal. Control characters, invisible characters, and characters that change
/// the direction of writing become escapes.
pub(crate) fn visible(text: &str) -> String {
    let mut shown = String::with_capacity(text.len());
    for part in text.split_inclusive(['"', '\'', '\\']) {
        // `escape_debug` escapes quotes and backslashes too, although they are visible.
        let rest = part.trim_end_matches(['"', '\'', '\\']);
        shown.extend(rest.escape_debug());
        shown.push_str(&part[rest.len()..]);
    }
    shown
}

/// Returns a JSON document with the same value, where characters that [`visible`] escapes are `\u` escapes.
///
/// Characters outside of ASCII occur only in JSON strings. JSON escapes all control characters of ASCII but DEL.
pub(crate) fn visible_json(document: &str) -> String {
    let mut shown = String::with_capacity(document.len());
    for char in document.chars() {
        let is_plain = if char.is_ascii() { char != '\x7f' } else { char.escape_debug().len() == 1 };
        if is_plain {
            shown.push(char);
        } else {
            shown.extend(char.encode_utf16(&mut [0; 2]).iter().map(|unit| format!("\\u{unit:04x}")));
        }
    }
    shown
}

#[cfg(test)]
mod tests {
    use super::visible;

    #[test]
    fn escaped_text_has_no_effect_on_a_terminal() {
        for (text, shown) in [
            ("Alice A.", "Alice A."),
            ("Jörg \"J\" O'Neill \\", "Jörg \"J\" O'Neill \\"),
            ("\u{1b}[31mred\u{7}", "\\u{1b}[31mred\\u{7}"),
            ("a\nb\rc\td\0", "a\\nb\\rc\\td\\0"),
            ("\u{9b}2J", "\\u{9b}2J"),
            ("ali\u{202e}ce\u{200b}", "ali\\u{202e}ce\\u{200b}"),
            ("नमस्ते 日本", "नमस्ते 日本"),
            ("", ""),
        ] {
            assert_eq!(visible(text), shown);
        }
    }
}
