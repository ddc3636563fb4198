//! The users and the machine client of one run. Their secrets are random, and gone when it ends.

use auth_runtime::{
    api_key::{self, ApiKeyError, MemoryApiKeys},
    prelude::{ApiKeys, Basic},
    users::{MemoryUsers, User, UserError},
};

use super::access::Role;

/// One directory vouches for all users, so `alice` is one person, whether she sends a password or a token.
pub const DIRECTORY: &str = "entry-book";

const USERS: [(&str, Role); 4] =
    [("vera", Role::Viewer), ("alice", Role::User), ("bob", Role::User), ("ada", Role::Administrator)];
/// The name of the machine client.
pub const MACHINE: &str = "nightly-report";

/// A user of the demo.
#[derive(Debug, Clone)]
pub struct Person {
    /// By which they sign in.
    pub name: &'static str,
    /// What they are.
    pub role: Role,
    /// To be printed; nowhere else but as a hash.
    pub password: String,
}

/// The users, each with a password for this run.
///
/// # Errors
/// If the system has no randomness.
pub fn people() -> Result<Vec<Person>, getrandom::Error> {
    USERS.into_iter().map(|(name, role)| Ok(Person { name, role, password: password()? })).collect()
}

/// The directory of these users.
///
/// # Errors
/// If a name is there twice, or the system has no randomness.
pub fn directory(people: &[Person]) -> Result<Basic, UserError> {
    let users = people.iter().try_fold(MemoryUsers::new(), |users, Person { name, role, password }| {
        users.add_user(User::with_password(*name, password)?.roles([role.name()]))
    })?;
    Ok(Basic::new(users).issuer(DIRECTORY))
}

/// The key of the machine client, and the store that knows its hash.
///
/// # Errors
/// If the system has no randomness.
pub fn machine() -> Result<(String, ApiKeys), ApiKeyError> {
    let (key, record) = api_key::generate("demo", MACHINE)?;
    let keys = MemoryApiKeys::new().add_record(record.roles([Role::Viewer.name()]))?;
    Ok((key.as_str().to_owned(), ApiKeys::new(keys)))
}

/// 80 random bits as 16 letters and digits that cannot be taken for one another.
fn password() -> Result<String, getrandom::Error> {
    const ALPHABET: &[u8; 32] = b"0123456789abcdefghjkmnpqrstvwxyz";
    let mut bytes = [0; 16];
    getrandom::fill(&mut bytes)?;
    Ok(bytes.iter().map(|byte| char::from(ALPHABET[usize::from(byte % 32)])).collect())
}
