//! Names in Markdown.

/// Returns a code span of one line inside of a table (GitHub Flavored Markdown, section 4.10: `|` is escaped there
/// too).
pub(super) fn code(text: &str) -> String {
    let text = text.replace(['\n', '\r'], " ").replace('|', "\\|");
    // A span is delimited by more backticks than it has.
    let longest = text.split(|character| character != '`').map(str::len).max().unwrap_or(0);
    let fence = "`".repeat(longest + 1);
    let pad = if longest > 0 { " " } else { "" };
    format!("{fence}{pad}{text}{pad}{fence}")
}
