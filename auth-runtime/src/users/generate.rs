//! Generated passwords, which users replace at their first sign-in.

use secrecy::SecretString;

use super::UserError;
use crate::password::PasswordError;

/// Without `i`, `l`, `o` and `u`, which are easily confused with other characters.
const ALPHABET: &[u8; 32] = b"0123456789abcdefghjkmnpqrstvwxyz";
/// 80 bits.
const LEN: usize = 16;

/// Returns a random password of 80 bits: 16 lowercase letters and digits, without easily confused ones.
///
/// The administrator knows it. Let it expire, so that the user chooses another one (ASVS 6.4.1):
/// [`User::password_expires_at`](super::User::password_expires_at).
///
/// ```
/// use auth_runtime::users::{User, generate_password};
/// use secrecy::ExposeSecret;
///
/// let password = generate_password()?;
/// assert_eq!(password.expose_secret().len(), 16);
/// assert!(!format!("{password:?}").contains(password.expose_secret()));
/// let user = User::with_password("alice", password.expose_secret())?;
/// # Ok::<(), auth_runtime::users::UserError>(())
/// ```
///
/// # Errors
/// [`PasswordError::Hashing`] if the system has no randomness.
pub fn generate_password() -> Result<SecretString, UserError> {
    Ok(random_text::<LEN>().map_err(|error| PasswordError::Hashing(error.to_string()))?)
}

/// Returns random lowercase letters and digits, of five bits each.
pub(crate) fn random_text<const LEN: usize>() -> Result<SecretString, getrandom::Error> {
    let mut bytes = [0; LEN];
    getrandom::fill(&mut bytes)?;
    let text: String = bytes.iter().map(|byte| char::from(ALPHABET[usize::from(byte % 32)])).collect();
    Ok(text.into())
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use secrecy::ExposeSecret;

    use super::{ALPHABET, generate_password};

    #[test]
    fn r72_generated_passwords_are_random_and_use_the_whole_alphabet() {
        let made: HashSet<String> =
            (0..1000).map(|_| generate_password().unwrap().expose_secret().to_owned()).collect();
        assert_eq!(made.len(), 1000);
        let used: HashSet<u8> = made.iter().flat_map(|password| password.bytes()).collect();
        assert_eq!(used, ALPHABET.iter().copied().collect());
    }
}
