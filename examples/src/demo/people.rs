//! Creates the users and the machine client at the first start, with random secrets that are shown once.

use std::{
    error::Error,
    fmt,
    time::{Duration, SystemTime},
};

use auth_store::{NewKey, NewUser, SqlUsers};

use super::access::Role;

/// The issuer of all identities. `alice` is therefore the same caller with a password, a token or a key.
pub const DIRECTORY: &str = "entry-book";

const USERS: [(&str, Role); 4] =
    [("vera", Role::Viewer), ("alice", Role::User), ("bob", Role::User), ("ada", Role::Administrator)];
/// The machine client: a user with an API key and no password.
pub const MACHINE: &str = "nightly-report";
/// How long generated passwords are valid (ASVS 6.4.1).
const LIFETIME: Duration = Duration::from_hours(7 * 24);

/// A user that this start created.
#[derive(Clone)]
pub struct Person {
    /// The name to sign in with.
    pub name: &'static str,
    /// The user's only role.
    pub role: Role,
    /// The password, printed once. The database stores only its hash.
    pub password: String,
}

/// The users that this start created, with secrets that cannot be shown again.
#[derive(Clone)]
pub struct FirstUsers {
    /// The users.
    pub people: Vec<Person>,
    /// The key of the machine client.
    pub key: String,
}

/// Omits the password.
impl fmt::Debug for Person {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Person").field("name", &self.name).field("role", &self.role).finish_non_exhaustive()
    }
}

/// Omits the key.
impl fmt::Debug for FirstUsers {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("FirstUsers").field("people", &self.people).finish_non_exhaustive()
    }
}

/// Creates the first users. Returns `None` if the store already has users.
///
/// # Errors
/// Returns an error if the database is unavailable, or the system has no source of randomness.
pub async fn first_users(users: &SqlUsers) -> Result<Option<FirstUsers>, Box<dyn Error>> {
    if users.count().await? > 0 {
        return Ok(None);
    }
    let mut people = Vec::new();
    let mut new = vec![NewUser::new(MACHINE).roles([Role::Viewer])];
    for (name, role) in USERS {
        let password = password()?;
        let user = NewUser::new(name).password(password.as_str()).roles([role]);
        let user = user.verified_email(format!("{name}@example.com"));
        new.push(user.password_expires_at(SystemTime::now() + LIFETIME));
        people.push(Person { name, role, password });
    }
    // The import adds all users or none: another process may start at the same time and add them first.
    if users.import(new).await?.iter().any(Result::is_err) {
        return Ok(None);
    }
    let (key, _) = users.create_key(MACHINE, NewKey::unlimited().prefix("demo").label("nightly report")).await?;
    Ok(Some(FirstUsers { people, key: key.as_str().to_owned() }))
}

/// Returns 80 random bits as 16 letters and digits, without characters that look alike.
fn password() -> Result<String, getrandom::Error> {
    const ALPHABET: &[u8; 32] = b"0123456789abcdefghjkmnpqrstvwxyz";
    let mut bytes = [0; 16];
    getrandom::fill(&mut bytes)?;
    Ok(bytes.iter().map(|byte| char::from(ALPHABET[usize::from(byte % 32)])).collect())
}
