//! The functions that passwords are hashed with, each by a crate that is for nothing else.

use std::error::Error;

use argon2::{Algorithm, Argon2, Params, Version};
use sha2::{Digest, Sha256};
use zeroize::Zeroizing;

use super::super::secret::SecretKey;

/// What bcrypt reads of a password.
const BCRYPT_LEN: usize = 72;

/// One of them, with what it is to cost.
#[derive(Clone)]
pub(in super::super) enum Function {
    Argon2(Algorithm, Version, Params),
    /// Of the password as it is.
    Bcrypt(u32),
    /// Of its SHA-256 in hex: Django's way around the 72 bytes.
    BcryptOfSha256(u32),
    Scrypt(scrypt::Params),
    Pbkdf2(pbkdf2::Algorithm, pbkdf2::Params),
}

impl Function {
    /// Fills the output.
    pub(super) fn compute(
        &self,
        password: &[u8],
        salt: &[u8],
        key: Option<&SecretKey>,
        output: &mut [u8],
    ) -> Result<(), Box<dyn Error + Send + Sync>> {
        match self {
            Self::Argon2(algorithm, version, params) => {
                argon2(*algorithm, *version, params.clone(), key)?.hash_password_into(password, salt, output)?;
            }
            Self::Bcrypt(cost) => bcrypt(*cost, salt, password, output)?,
            Self::BcryptOfSha256(cost) => bcrypt(*cost, salt, &*sha256_in_hex(password), output)?,
            Self::Scrypt(params) => scrypt::scrypt(password, salt, params, output)?,
            Self::Pbkdf2(algorithm, params) => {
                pbkdf2::pbkdf2_hmac_with_params(password, salt, *algorithm, *params, output);
            }
        }
        Ok(())
    }

    /// Whether the function can tell the password from others. bcrypt ends it with a NUL and repeats it, so that `horse`
    /// and `horse\0horse` have one hash; HMAC fills it with NULs, so that `horse` and `horse\0` have one.
    pub(super) fn takes(&self, password: &str) -> bool {
        match self {
            Self::Argon2(..) | Self::BcryptOfSha256(_) => true,
            Self::Bcrypt(_) => !password.contains('\0'),
            Self::Scrypt(_) | Self::Pbkdf2(..) => !password.ends_with('\0'),
        }
    }

    /// The name of the key that it was made with; empty if it was made without one.
    pub(in super::super) fn key_id(&self) -> &[u8] {
        match self {
            Self::Argon2(_, _, params) => params.keyid(),
            _ => &[],
        }
    }

    /// What is below the minima of OWASP's Password Storage Cheat Sheet, if it is.
    pub(in super::super) fn weakness(&self) -> Option<&'static str> {
        match self {
            Self::Argon2(_, _, params) => (params.m_cost() < 7168 || work(params) < 35_840)
                .then_some("argon2 with less than 7 MiB of memory, or 35 MiB of memory times passes"),
            Self::Bcrypt(cost) | Self::BcryptOfSha256(cost) => (*cost < 10).then_some("bcrypt with a cost below 10"),
            Self::Scrypt(params) => (params.n() * u64::from(params.r()) * u64::from(params.p()) < (1 << 14) * 8 * 5)
                .then_some("scrypt with less work than N = 2^14, r = 8 and p = 5"),
            Self::Pbkdf2(algorithm, params) => {
                let recommended = pbkdf2::Params::recommended_for(*algorithm).rounds();
                (params.rounds() < recommended)
                    .then_some("PBKDF2 with fewer than 600 000 iterations of SHA-256, or 210 000 of SHA-512")
            }
        }
    }
}

/// What argon2 has to do, in KiB: memory times passes over it.
pub(in super::super) fn work(params: &Params) -> u64 {
    u64::from(params.m_cost()) * u64::from(params.t_cost())
}

/// Argon2, with the key as what it calls the secret.
pub(in super::super) fn argon2(
    algorithm: Algorithm,
    version: Version,
    params: Params,
    key: Option<&SecretKey>,
) -> argon2::Result<Argon2<'_>> {
    match key {
        Some(key) => Argon2::new_with_secret(key.bytes(), algorithm, version, params),
        None => Ok(Argon2::new(algorithm, version, params)),
    }
}

/// Of the first 72 bytes, as all of its implementations do; the 24th byte of its output is never kept.
fn bcrypt(cost: u32, salt: &[u8], password: &[u8], output: &mut [u8]) -> Result<(), Box<dyn Error + Send + Sync>> {
    let mut key = Zeroizing::new(Vec::with_capacity(BCRYPT_LEN));
    key.extend(password.iter().copied().chain([0]).take(BCRYPT_LEN));
    let computed = bcrypt::bcrypt(cost, salt.try_into()?, &key);
    output.copy_from_slice(&computed[..output.len()]);
    Ok(())
}

fn sha256_in_hex(password: &[u8]) -> Zeroizing<[u8; 64]> {
    let digest = Zeroizing::new(<[u8; 32]>::from(Sha256::digest(password)));
    let mut hex = Zeroizing::new([0; 64]);
    for (pair, byte) in hex.chunks_exact_mut(2).zip(digest.iter()) {
        pair.copy_from_slice(&[byte >> 4, byte & 0xf].map(|digit| b"0123456789abcdef"[usize::from(digit)]));
    }
    hex
}
