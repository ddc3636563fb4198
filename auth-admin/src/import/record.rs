//! A record of a file, independent of its format.

use auth_store::NewUser;

use super::error::RecordError;

/// A record of a file.
pub(super) struct Record {
    pub(super) line: u64,
    /// The last line of a record with line breaks in quotes.
    pub(super) last_line: u64,
    pub(super) fields: Result<UserFields, RecordError>,
}

impl Record {
    /// Returns the lines of the record, for an error.
    pub(super) fn place(&self) -> String {
        if self.line == self.last_line {
            format!("line {}", self.line)
        } else {
            format!("lines {} to {}", self.line, self.last_line)
        }
    }
}

/// The records of a file, in the order of their lines.
pub(super) trait Records: Send {
    fn next(&mut self) -> Option<Record>;

    /// Returns the number of bytes that were read.
    fn position(&self) -> u64;
}

/// The values of a record.
#[derive(Default)]
pub(super) struct UserFields {
    pub(super) name: String,
    pub(super) display_name: Option<String>,
    pub(super) email: Option<String>,
    pub(super) email_verified: bool,
    pub(super) roles: Vec<String>,
    pub(super) permissions: Vec<String>,
    pub(super) password_hash: Option<String>,
    pub(super) disabled: bool,
}

impl UserFields {
    /// Rejects a password hash in any other field: errors and lists would show it.
    pub(super) fn checked(self) -> Result<Self, RecordError> {
        let texts = self.display_name.iter().chain(&self.email).chain(&self.roles).chain(&self.permissions);
        // A name may consist of hex digits, as a UUID does.
        if is_hash(&self.name) || texts.into_iter().any(|text| is_hash(text) || is_digest(text)) {
            return Err(RecordError::one("a password hash stands in another field than `password_hash`"));
        }
        Ok(self)
    }

    pub(super) fn into_user(self) -> NewUser {
        let user = NewUser::new(self.name).roles(self.roles).permissions(self.permissions).disabled(self.disabled);
        let user = self.display_name.into_iter().fold(user, NewUser::display_name);
        let set_email = if self.email_verified { NewUser::verified_email } else { NewUser::email };
        let user = self.email.into_iter().fold(user, set_email);
        self.password_hash.into_iter().fold(user, NewUser::password_hash)
    }
}

/// Returns whether text is a password hash that names its form: `$2b$..`, `sha1$..$..`, `{SSHA}..`, or `*..` of MySQL.
fn is_hash(text: &str) -> bool {
    let (parts, last) = (text.split('$').count(), text.rsplit('$').next().unwrap_or_default());
    let is_crypt = (parts > 3 && text.len() >= 20) || (parts > 2 && last.len() >= 20) || (parts > 1 && is_digest(last));
    let is_labelled = text.starts_with('{') && text.contains('}') && text.len() >= 20;
    is_crypt || is_labelled || text.strip_prefix('*').is_some_and(is_digest)
}

/// Returns whether text is a digest in hex.
fn is_digest(text: &str) -> bool {
    const LENGTHS: [usize; 5] = [32, 40, 56, 64, 128];
    LENGTHS.contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_hexdigit())
}
