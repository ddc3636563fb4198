//! The users and the machine client: made at the first start, with secrets that are random and shown once.

use std::{
    error::Error,
    fmt,
    time::{Duration, SystemTime},
};

use auth_store::{NewKey, NewUser, SqlUsers};

use super::access::Role;

/// One directory vouches for all users, so `alice` is one person, whether she sends a password, a token or a key.
pub const DIRECTORY: &str = "entry-book";

const USERS: [(&str, Role); 4] =
    [("vera", Role::Viewer), ("alice", Role::User), ("bob", Role::User), ("ada", Role::Administrator)];
/// The machine client: a user without a password, who owns a key.
pub const MACHINE: &str = "nightly-report";
/// For how long the passwords are good that nobody has chosen (ASVS 6.4.1).
const LIFETIME: Duration = Duration::from_hours(7 * 24);

/// A user of the demo.
#[derive(Clone)]
pub struct Person {
    /// By which they sign in.
    pub name: &'static str,
    /// What they are.
    pub role: Role,
    /// To be printed; nowhere else but as a hash.
    pub password: String,
}

/// Those who were made by this start, with what cannot be told again.
#[derive(Clone)]
pub struct FirstUsers {
    /// The users.
    pub people: Vec<Person>,
    /// The key of the machine client.
    pub key: String,
}

/// Without the password.
impl fmt::Debug for Person {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Person").field("name", &self.name).field("role", &self.role).finish_non_exhaustive()
    }
}

/// Without the key.
impl fmt::Debug for FirstUsers {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("FirstUsers").field("people", &self.people).finish_non_exhaustive()
    }
}

/// Makes the users, if there are none; `None` if there are.
///
/// # Errors
/// If the database does not answer, or the system has no randomness.
pub async fn first_users(users: &SqlUsers) -> Result<Option<FirstUsers>, Box<dyn Error>> {
    if users.count().await? > 0 {
        return Ok(None);
    }
    let mut people = Vec::new();
    let mut new = vec![NewUser::new(MACHINE).roles([Role::Viewer.name()])];
    for (name, role) in USERS {
        let password = password()?;
        let user = NewUser::new(name).password(password.as_str()).roles([role.name()]);
        new.push(user.password_expires_at(SystemTime::now() + LIFETIME));
        people.push(Person { name, role, password });
    }
    // All of them or none: whoever starts at the same time may be first.
    if users.import(new).await?.iter().any(Result::is_err) {
        return Ok(None);
    }
    let (key, _) = users.create_key(MACHINE, NewKey::unlimited().prefix("demo").label("nightly report")).await?;
    Ok(Some(FirstUsers { people, key: key.as_str().to_owned() }))
}

/// 80 random bits as 16 letters and digits that cannot be taken for one another.
fn password() -> Result<String, getrandom::Error> {
    const ALPHABET: &[u8; 32] = b"0123456789abcdefghjkmnpqrstvwxyz";
    let mut bytes = [0; 16];
    getrandom::fill(&mut bytes)?;
    Ok(bytes.iter().map(|byte| char::from(ALPHABET[usize::from(byte % 32)])).collect())
}
