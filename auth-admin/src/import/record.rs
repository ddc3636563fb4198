//! One user of a file, whatever its form.

use auth_store::NewUser;

/// The longest record, in bytes: far beyond what a user may have, and little enough to be held many times.
pub(super) const MAX_RECORD: usize = 1 << 16;
pub(super) const NO_PASSWORDS: &str =
    "passwords in plain are not imported: give `password_hash`, or leave it out and run `user set-password`";
/// As errors name them.
pub(super) const KNOWN: &str = "`name`, `display_name`, `email`, `roles`, `permissions`, `password_hash`, `disabled`";

/// A record of a file.
pub(super) struct Record {
    pub(super) line: u64,
    /// Another one than the first, if a text in quotes has line breaks.
    pub(super) last_line: u64,
    pub(super) user: Result<NewUser, Bad>,
}

/// Why a record is not imported.
#[derive(Debug)]
pub(super) struct Bad {
    pub(super) reason: String,
    /// Whether that is most likely so of all records.
    pub(super) is_of_all: bool,
}

impl Bad {
    pub(super) fn of_one(reason: impl Into<String>) -> Self {
        Self { reason: reason.into(), is_of_all: false }
    }

    pub(super) fn of_all(reason: impl Into<String>) -> Self {
        Self { reason: reason.into(), is_of_all: true }
    }
}

impl Record {
    pub(super) fn place(&self) -> String {
        if self.line == self.last_line {
            format!("line {}", self.line)
        } else {
            format!("lines {} to {}", self.line, self.last_line)
        }
    }
}

/// Records in the order of their lines; `None` at the end.
pub(super) trait Records: Send {
    fn next(&mut self) -> Option<Record>;

    /// How many bytes were read.
    fn position(&self) -> u64;
}

/// What a record says of a user.
#[derive(Default)]
pub(super) struct Fields {
    pub(super) name: Option<String>,
    pub(super) display_name: Option<String>,
    pub(super) email: Option<String>,
    pub(super) roles: Vec<String>,
    pub(super) permissions: Vec<String>,
    pub(super) password_hash: Option<String>,
    pub(super) disabled: bool,
}

impl Fields {
    /// The user, whom the store has yet to judge.
    pub(super) fn user(self) -> Result<NewUser, Bad> {
        let name = self.name.ok_or_else(|| Bad::of_one("there is no `name`"))?;
        // Of a line whose fields are shifted. All but the hash is shown later, by errors and lists.
        let texts = self.display_name.iter().chain(&self.email).chain(&self.roles).chain(&self.permissions);
        // A name may be of digits, such as a UUID.
        if is_hash(&name) || texts.into_iter().any(|text| is_hash(text) || is_digest(text)) {
            return Err(Bad::of_one("a password hash stands where a name should"));
        }
        let mut user = NewUser::new(name).roles(self.roles).permissions(self.permissions).disabled(self.disabled);
        if let Some(name) = self.display_name {
            user = user.display_name(name);
        }
        if let Some(email) = self.email {
            user = user.email(email);
        }
        if let Some(hash) = self.password_hash {
            user = user.password_hash(hash);
        }
        Ok(user)
    }
}

/// The hash of a password in one of the forms that name what it is: `$2b$..`, `sha1$..$..`, `{SSHA}..`, `*..` of MySQL.
fn is_hash(text: &str) -> bool {
    let (parts, last) = (text.split('$').count(), text.rsplit('$').next().unwrap_or_default());
    let is_crypt = (parts > 3 && text.len() >= 20) || (parts > 2 && last.len() >= 20) || (parts > 1 && is_digest(last));
    let is_labelled = text.starts_with('{') && text.contains('}') && text.len() >= 20;
    is_crypt || is_labelled || text.strip_prefix('*').is_some_and(is_digest)
}

/// A hash that is nothing but a digest in hexadecimal digits.
fn is_digest(text: &str) -> bool {
    const LENGTHS: [usize; 5] = [32, 40, 56, 64, 128];
    LENGTHS.contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_hexdigit())
}
