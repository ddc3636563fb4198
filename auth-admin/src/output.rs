//! What is shown of users and keys: as a table for people, and as JSON for programs.

use std::{io, time::SystemTime};

use auth_store::{Account, KeyInfo};
use clap::ValueEnum;
use comfy_table::{ColumnConstraint, Table, Width, presets};
use serde::Serialize;
use time::{OffsetDateTime, format_description::well_known::Rfc3339};

use crate::console::Console;

/// How results are printed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub(crate) enum Format {
    /// For people
    #[default]
    Table,
    /// For programs: one document, times in UTC as of RFC 3339
    Json,
}

/// Text from elsewhere, so that it shows what is in it, and does nothing to a terminal: characters that control it, that
/// turn the direction of writing or that cannot be seen are written as escapes.
pub(crate) fn visible(text: &str) -> String {
    let mut shown = String::with_capacity(text.len());
    for part in text.split_inclusive(['"', '\'', '\\']) {
        // What `escape_debug` would escape although it can be seen.
        let rest = part.trim_end_matches(['"', '\'', '\\']);
        shown.extend(rest.escape_debug());
        shown.push_str(&part[rest.len()..]);
    }
    shown
}

/// A time in UTC.
pub(crate) fn rfc3339(time: SystemTime) -> String {
    let seconds = time.duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default().as_secs();
    let time = i64::try_from(seconds).ok().and_then(|seconds| OffsetDateTime::from_unix_timestamp(seconds).ok());
    // Nobody has set a time that cannot be written; whoever has written it into the database may read it as the last one.
    time.and_then(|time| time.format(&Rfc3339).ok()).unwrap_or_else(|| "9999-12-31T23:59:59Z".to_owned())
}

fn optional(time: Option<SystemTime>) -> Option<String> {
    time.map(rfc3339)
}

/// A user in JSON.
#[derive(Serialize)]
pub(crate) struct UserJson<'a> {
    subject: &'a str,
    name: &'a str,
    display_name: Option<&'a str>,
    email: Option<&'a str>,
    roles: &'a [String],
    permissions: &'a [String],
    disabled: bool,
    has_password: bool,
    password_expires_at: Option<String>,
    created_at: String,
    last_sign_in_at: Option<String>,
    /// Once, when it was made.
    #[serde(skip_serializing_if = "Option::is_none")]
    password: Option<&'a str>,
}

impl<'a> UserJson<'a> {
    pub(crate) fn with_password(self, password: Option<&'a str>) -> Self {
        Self { password, ..self }
    }
}

impl<'a> From<&'a Account> for UserJson<'a> {
    fn from(account: &'a Account) -> Self {
        Self {
            subject: &account.subject,
            name: &account.name,
            display_name: account.display_name.as_deref(),
            email: account.email.as_deref(),
            roles: &account.roles,
            permissions: &account.permissions,
            disabled: account.disabled,
            has_password: account.has_password,
            password_expires_at: optional(account.password_expires_at),
            created_at: rfc3339(account.created_at),
            last_sign_in_at: optional(account.last_sign_in_at),
            password: None,
        }
    }
}

/// A key in JSON: what is known of it, and itself once, when it was made.
#[derive(Serialize)]
pub(crate) struct KeyJson<'a> {
    id: &'a str,
    prefix: &'a str,
    label: &'a str,
    owner: &'a str,
    /// `null` if it may do whatever its owner may.
    permissions: Option<&'a [String]>,
    status: &'static str,
    created_at: String,
    expires_at: Option<String>,
    last_used_at: Option<String>,
    revoked_at: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    key: Option<&'a str>,
}

impl<'a> KeyJson<'a> {
    pub(crate) fn with_key(self, key: &'a str) -> Self {
        Self { key: Some(key), ..self }
    }
}

impl<'a> From<&'a KeyInfo> for KeyJson<'a> {
    fn from(key: &'a KeyInfo) -> Self {
        Self {
            id: &key.id,
            prefix: &key.prefix,
            label: &key.label,
            owner: &key.owner,
            permissions: key.permissions.as_deref(),
            status: status(key),
            created_at: rfc3339(key.created_at),
            expires_at: optional(key.expires_at),
            last_used_at: optional(key.last_used_at),
            revoked_at: optional(key.revoked_at),
            key: None,
        }
    }
}

fn status(key: &KeyInfo) -> &'static str {
    if key.revoked_at.is_some() {
        "revoked"
    } else if key.expires_at.is_some_and(|end| end <= SystemTime::now()) {
        "expired"
    } else {
        "active"
    }
}

/// What is shown of something as a row of a table.
pub(crate) trait Row {
    const HEADER: &'static [&'static str];

    fn cells(&self) -> Vec<String>;
}

impl Row for Account {
    const HEADER: &'static [&'static str] =
        &["NAME", "DISPLAY NAME", "ROLES", "PERMISSIONS", "STATUS", "CREATED", "LAST SIGN-IN"];

    fn cells(&self) -> Vec<String> {
        let has_expired = self.password_expires_at.is_some_and(|end| end <= SystemTime::now());
        let status = match (self.disabled, self.has_password, has_expired) {
            (true, _, _) => "disabled",
            (false, false, _) => "no password",
            (false, true, true) => "password expired",
            (false, true, false) => "active",
        };
        vec![
            self.name.clone(),
            self.display_name.clone().unwrap_or_default(),
            self.roles.join(", "),
            self.permissions.join(", "),
            status.to_owned(),
            rfc3339(self.created_at),
            optional(self.last_sign_in_at).unwrap_or_else(|| "never".to_owned()),
        ]
    }
}

impl Row for KeyInfo {
    const HEADER: &'static [&'static str] =
        &["ID", "OWNER", "LABEL", "PERMISSIONS", "STATUS", "CREATED", "EXPIRES", "LAST USED"];

    fn cells(&self) -> Vec<String> {
        vec![
            self.id.clone(),
            self.owner.clone(),
            self.label.clone(),
            limits(self.permissions.as_deref()),
            status(self).to_owned(),
            rfc3339(self.created_at),
            optional(self.expires_at).unwrap_or_else(|| "never".to_owned()),
            optional(self.last_used_at).unwrap_or_else(|| "never".to_owned()),
        ]
    }
}

pub(crate) fn limits(permissions: Option<&[String]>) -> String {
    match permissions {
        None => "all of the owner's".to_owned(),
        Some([]) => "none".to_owned(),
        Some(permissions) => permissions.join(", "),
    }
}

/// A user as lines of what and what it is.
pub(crate) fn facts(account: &Account) -> Vec<(&'static str, String)> {
    let password = match (account.has_password, account.password_expires_at) {
        (false, _) => "none".to_owned(),
        (true, None) => "does not expire".to_owned(),
        (true, Some(end)) if end <= SystemTime::now() => format!("expired at {}", rfc3339(end)),
        (true, Some(end)) => format!("good until {}", rfc3339(end)),
    };
    vec![
        ("name", account.name.clone()),
        ("subject", account.subject.clone()),
        ("display name", account.display_name.clone().unwrap_or_default()),
        ("e-mail", account.email.clone().unwrap_or_default()),
        ("roles", account.roles.join(", ")),
        ("permissions", account.permissions.join(", ")),
        ("disabled", if account.disabled { "yes" } else { "no" }.to_owned()),
        ("password", password),
        ("created", rfc3339(account.created_at)),
        ("last sign-in", optional(account.last_sign_in_at).unwrap_or_else(|| "never".to_owned())),
    ]
}

/// Rows as they come, a page at a time, so that a list may be of any length.
pub(crate) struct List {
    format: Format,
    header: &'static [&'static str],
    /// How wide the columns were so far.
    widths: Vec<u16>,
    is_first: bool,
}

impl List {
    pub(crate) fn new<T: Row>(format: Format) -> Self {
        Self { format, header: T::HEADER, widths: Vec::new(), is_first: true }
    }

    pub(crate) fn page<'a, T: Row, J: Serialize + From<&'a T>>(
        &mut self,
        console: &mut Console,
        page: &'a [T],
    ) -> io::Result<()> {
        match self.format {
            Format::Table => self.rows(console, page.iter().map(Row::cells)),
            Format::Json => self.objects(console, page.iter().map(J::from)),
        }
    }

    /// Closes the list. One that was not closed cannot be taken for a whole one.
    pub(crate) fn end(self, console: &mut Console) -> io::Result<()> {
        match (self.format, self.is_first) {
            (Format::Table, _) => Ok(()),
            (Format::Json, true) => console.line("[]"),
            (Format::Json, false) => console.line("\n]"),
        }
    }

    fn objects(&mut self, console: &mut Console, objects: impl Iterator<Item = impl Serialize>) -> io::Result<()> {
        for object in objects {
            let start = if self.is_first { "[\n  " } else { ",\n  " };
            self.is_first = false;
            console.output().write_all(start.as_bytes())?;
            console.output().write_all(visible_json(&serde_json::to_string(&object)?).as_bytes())?;
        }
        Ok(())
    }

    fn rows(&mut self, console: &mut Console, rows: impl Iterator<Item = Vec<String>>) -> io::Result<()> {
        let mut table = plain();
        if self.is_first {
            table.set_header(self.header.to_vec());
        }
        self.is_first = false;
        table.add_rows(rows.map(|row| shown(&row)));
        align(&mut table, &self.widths);
        self.widths = widths(&table, &self.widths);
        print(console, &table)
    }
}

/// Rows that are all there.
pub(crate) fn print_table(console: &mut Console, header: &[&str], rows: Vec<Vec<String>>) -> io::Result<()> {
    let mut table = plain();
    if !header.is_empty() {
        table.set_header(header.to_vec());
    }
    for row in rows {
        table.add_row(shown(&row));
    }
    align(&mut table, &[]);
    print(console, &table)
}

pub(crate) fn print_json(console: &mut Console, document: &impl Serialize) -> io::Result<()> {
    console.line(&visible_json(&serde_json::to_string_pretty(document)?))
}

/// The same document, in which the characters are escapes that [`visible`] writes as such. All that is not ASCII is in
/// texts, and what controls a terminal in ASCII is an escape already, but for one.
fn visible_json(document: &str) -> String {
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

fn shown(row: &[String]) -> Vec<String> {
    row.iter().map(|cell| visible(cell)).collect()
}

fn plain() -> Table {
    let mut table = Table::new();
    table.load_style(presets::NOTHING);
    table
}

/// Columns stand two spaces apart, and are no narrower than before.
fn align(table: &mut Table, widths: &[u16]) {
    table.discover_columns();
    for (index, column) in table.column_iter_mut().enumerate() {
        column.set_padding((0, 2));
        if let Some(width) = widths.get(index) {
            column.set_constraint(ColumnConstraint::LowerBoundary(Width::Fixed(width.saturating_add(2))));
        }
    }
}

fn widths(table: &Table, before: &[u16]) -> Vec<u16> {
    let now = table.column_max_content_widths();
    now.iter().enumerate().map(|(index, width)| before.get(index).map_or(*width, |before| *width.max(before))).collect()
}

fn print(console: &mut Console, table: &Table) -> io::Result<()> {
    for line in table.lines() {
        console.line(line.trim_end())?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, SystemTime};

    use super::{rfc3339, visible};

    #[test]
    fn text_does_nothing_to_a_terminal() {
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

    #[test]
    fn times_are_of_rfc_3339_in_utc_whatever_they_are() {
        let at = |seconds| rfc3339(SystemTime::UNIX_EPOCH + Duration::from_secs(seconds));
        assert_eq!(at(0), "1970-01-01T00:00:00Z");
        assert_eq!(at(1_700_000_000), "2023-11-14T22:13:20Z");
        assert_eq!(at(i64::MAX.unsigned_abs()), "9999-12-31T23:59:59Z");
    }
}
