//! Looks up a name at compile time, and builds the error message for an unknown one.

/// Returns the position of `name` in `names`, or a position beyond every set.
///
/// Generated code also asserts each name in a constant of its own. So a wrong name is one error, at the
/// name.
#[must_use]
pub const fn position(names: &[&str], name: &str) -> u16 {
    let mut i = 0;
    while i < names.len() {
        if equal(names[i], name) {
            #[expect(clippy::cast_possible_truncation, reason = "the macros refuse tables of over 65,535 names")]
            return i as u16;
        }
        i += 1;
    }
    u16::MAX
}

/// Stops the build at an undeclared name.
///
/// # Panics
/// If the name is not declared. In a constant, the panic is the compile error.
#[track_caller]
pub(crate) const fn assert_known(kind: &str, names: &[&str], name: &str) {
    if position(names, name) == u16::MAX {
        let message = unknown(kind, names, name);
        panic!("{}", message.as_str())
    }
}

/// Stops the build at a pattern such as `products:*` that matches no declared name. Any other text is a name.
///
/// # Panics
/// If no declared name matches. In a constant, the panic is the compile error.
#[track_caller]
pub(crate) const fn assert_granted(kind: &str, names: &[&str], pattern: &str) {
    let Some(prefix) = prefix(names, pattern) else { return assert_known(kind, names, pattern) };
    let mut i = 0;
    while i < names.len() {
        if starts_with(names[i], prefix) {
            return;
        }
        i += 1;
    }
    let message = Message::new().push("`").push(pattern).push("` matches no ").push(kind);
    let message = declared(message, names);
    panic!("{}", message.as_str())
}

/// Stops the build at a name that two values have, of the type itself or of the types that it includes.
///
/// # Panics
/// If there is one. In a constant, the panic is the compile error.
#[track_caller]
pub const fn assert_distinct(kind: &str, names: &[&str]) {
    let mut i = 0;
    while i < names.len() {
        if position(names, names[i]) as usize != i {
            let message = Message::new().push("two ").push(kind).push("s have the name `").push(names[i]);
            panic!("{}", message.push("`, here or in the included types: rename one").as_str())
        }
        i += 1;
    }
}

/// Returns the text before the `*` at the end of a pattern; none for a declared name.
pub(crate) const fn prefix<'a>(names: &[&str], pattern: &'a str) -> Option<&'a str> {
    if position(names, pattern) != u16::MAX {
        return None;
    }
    match pattern.as_bytes() {
        [.., b'*'] => Some(pattern.split_at(pattern.len() - 1).0),
        _ => None,
    }
}

pub(crate) const fn starts_with(name: &str, prefix: &str) -> bool {
    let (name, prefix) = (name.as_bytes(), prefix.as_bytes());
    if name.len() < prefix.len() {
        return false;
    }
    let mut i = 0;
    while i < prefix.len() {
        if name[i] != prefix[i] {
            return false;
        }
        i += 1;
    }
    true
}

/// Whether two strings are the same (`==` is not const).
#[must_use]
pub(crate) const fn equal(a: &str, b: &str) -> bool {
    let (a, b) = (a.as_bytes(), b.as_bytes());
    if a.len() != b.len() {
        return false;
    }
    let mut i = 0;
    while i < a.len() {
        if a[i] != b[i] {
            return false;
        }
        i += 1;
    }
    true
}

/// Returns the message for a name that is not declared, with the declared name that is most like it.
///
/// ```
/// use auth_runtime::declared::unknown_name;
///
/// let message = unknown_name("permission", &["view", "edit"], "veiw");
/// assert_eq!(message, "unknown permission `veiw`; did you mean `view`? (declared: `view`, `edit`)");
/// ```
#[must_use]
pub fn unknown_name(kind: &str, declared: &[&str], name: &str) -> String {
    unknown(kind, declared, name).as_str().to_owned()
}

/// Stops the start of an application whose configuration has a name that is not declared.
///
/// # Panics
/// If one of the names is not declared.
#[cfg(any(feature = "api-key", feature = "basic"))]
pub(crate) fn assert_names<'a>(
    owner: &str,
    kind: &str,
    declared: &[&str],
    names: impl IntoIterator<Item = &'a String>,
) {
    for name in names {
        assert!(declared.contains(&name.as_str()), "{owner}: {}", unknown_name(kind, declared, name));
    }
}

pub(crate) const fn unknown(kind: &str, names: &[&str], name: &str) -> Message {
    let message = Message::new().push("unknown ").push(kind).push(" `").push(name).push("`");
    if names.is_empty() {
        return message.push(": this `Auth` declares no ").push(kind).push("s").push(table(kind));
    }
    let message = match nearest(names, name) {
        Some(near) => message.push("; did you mean `").push(near).push("`?"),
        None => message,
    };
    declared(message, names)
}

/// Returns what to add to an `Auth` struct that has no names of this kind.
const fn table(kind: &str) -> &'static str {
    match kind.as_bytes() {
        b"permission" => "; declare them with `permissions!`, and add `#[auth(permissions = ..)]` to the struct",
        b"role" => "; declare them with `roles!`, and add `#[auth(roles = ..)]` to the struct",
        b"scope" => "; declare them with `permissions!`, or in the scheme, as `oauth2(.., scopes(\"..\" = \"..\"))`",
        _ => "",
    }
}

const fn declared(message: Message, names: &[&str]) -> Message {
    const SHOWN: usize = 12;
    let mut message = message.push(" (declared: ");
    let mut i = 0;
    while i < names.len() && i < SHOWN {
        if i > 0 {
            message = message.push(", ");
        }
        message = message.push("`").push(names[i]).push("`");
        i += 1;
    }
    if names.len() > SHOWN {
        message = message.push(", ..");
    }
    message.push(")")
}

/// Returns the declared name that is a few edits away.
const fn nearest<'a>(names: &[&'a str], name: &str) -> Option<&'a str> {
    let mut best = None;
    let mut best_distance = name.len() / 3 + 2;
    let mut i = 0;
    while i < names.len() {
        let distance = distance(names[i], name);
        if distance < best_distance {
            best_distance = distance;
            best = Some(names[i]);
        }
        i += 1;
    }
    best
}

/// Returns the Levenshtein distance in bytes, without letter case, over the first 64 bytes.
const fn distance(a: &str, b: &str) -> usize {
    const WIDTH: usize = 64;
    let (a, b) = (a.as_bytes(), b.as_bytes());
    let columns = if b.len() < WIDTH { b.len() } else { WIDTH };
    let mut row = [0; WIDTH + 1];
    let mut j = 0;
    while j <= columns {
        row[j] = j;
        j += 1;
    }
    let mut i = 0;
    while i < a.len() {
        let mut diagonal = row[0];
        row[0] = i + 1;
        let mut j = 0;
        while j < columns {
            let substituted = if a[i].eq_ignore_ascii_case(&b[j]) { diagonal } else { diagonal + 1 };
            diagonal = row[j + 1];
            row[j + 1] = min(substituted, min(row[j] + 1, diagonal + 1));
            j += 1;
        }
        i += 1;
    }
    row[columns]
}

const fn min(a: usize, b: usize) -> usize {
    if a < b { a } else { b }
}

/// A string that is built at compile time. Text that does not fit is left out.
pub(crate) struct Message {
    bytes: [u8; Message::CAPACITY],
    len: usize,
}

impl Message {
    const CAPACITY: usize = 1024;

    pub(super) const fn new() -> Self {
        Self { bytes: [0; Self::CAPACITY], len: 0 }
    }

    /// Appends the whole string or nothing, so that no character is cut.
    pub(super) const fn push(mut self, text: &str) -> Self {
        let text = text.as_bytes();
        if self.len + text.len() > Self::CAPACITY {
            return self;
        }
        let mut i = 0;
        while i < text.len() {
            self.bytes[self.len + i] = text[i];
            i += 1;
        }
        self.len += text.len();
        self
    }

    /// Appends a list of names.
    pub(super) const fn push_names(mut self, names: &[&str]) -> Self {
        let mut i = 0;
        while i < names.len() {
            let separator = if i == 0 {
                "`"
            } else if i + 1 < names.len() {
                ", `"
            } else {
                " and `"
            };
            self = self.push(separator).push(names[i]).push("`");
            i += 1;
        }
        self
    }

    pub(crate) const fn as_str(&self) -> &str {
        let (text, _) = self.bytes.split_at(self.len);
        match core::str::from_utf8(text) {
            Ok(text) => text,
            Err(_) => "unknown name",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{distance, nearest, unknown};

    #[test]
    fn the_nearest_name_is_proposed() {
        assert_eq!(nearest(&["view", "edit"], "veiw"), Some("view"));
        assert_eq!(nearest(&["Administrator", "User"], "administrator"), Some("Administrator"));
        assert_eq!(nearest(&["view", "edit"], "products:create"), None);
        assert_eq!(distance("view", "view"), 0);
    }

    #[test]
    fn the_message_names_what_is_declared_and_survives_long_and_foreign_names() {
        let message = unknown("permission", &["view", "größer"], "veiw");
        assert_eq!(message.as_str(), "unknown permission `veiw`; did you mean `view`? (declared: `view`, `größer`)");
        let long = "x".repeat(2000);
        assert!(unknown("role", &["a"], &long).as_str().starts_with("unknown role"));
        let many: Vec<&str> = vec!["name"; 40];
        assert!(unknown("role", &many, "zzzzzz").as_str().ends_with(", ..)"));
    }
}
