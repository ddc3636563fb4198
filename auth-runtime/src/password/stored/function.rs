//! The password hashing functions, each from a crate for it alone.

use std::error::Error;

use argon2::{Algorithm, Argon2, Params, Version};
use base64::{Engine, engine::general_purpose::STANDARD};
use hmac::{Hmac, KeyInit, Mac};
use md5::Md5;
use sha2::{Digest, Sha256, Sha384};
use zeroize::Zeroizing;

use super::super::{block_buffer::BlockBuffer, secret::SecretKey};

/// The bytes of a password that bcrypt reads.
const BCRYPT_LEN: usize = 72;
/// The key of `WordPress`, which separates these hashes from those of other software.
const WORDPRESS_KEY: &[u8] = b"wp-sha384";

type Failure = Box<dyn Error + Send + Sync>;

/// A function with its cost.
#[derive(Clone)]
pub(in super::super) enum Function {
    Argon2(Algorithm, Version, Params),
    Bcrypt(u32, Prehash),
    Scrypt(scrypt::Params),
    Pbkdf2(pbkdf2::Algorithm, pbkdf2::Params),
    /// `$5$` of glibc.
    Sha256Crypt(sha_crypt::Params),
    /// `$6$` of glibc.
    Sha512Crypt(sha_crypt::Params),
    /// MD5, repeated 2^n times: old versions of `WordPress`.
    Phpass(u32),
}

/// The digest that software computes before bcrypt, to avoid its limit of 72 bytes.
#[derive(Clone)]
pub(in super::super) enum Prehash {
    None,
    /// SHA-256 in hex: Django.
    Sha256Hex,
    /// SHA-256 in base64: passlib 1.6.
    Sha256Base64,
    /// HMAC with SHA-256 and the encoded salt as key, in base64: passlib 1.7.
    HmacSha256Base64(String),
    /// HMAC with SHA-384 and a fixed key, in base64: `WordPress`.
    HmacSha384Base64,
}

impl Function {
    /// Fills the output.
    pub(in super::super) fn compute(
        &self,
        password: &[u8],
        salt: &[u8],
        key: Option<&SecretKey>,
        memory: &mut BlockBuffer,
        output: &mut [u8],
    ) -> Result<(), Failure> {
        match self {
            Self::Argon2(algorithm, version, params) => {
                let blocks = memory.blocks(params.block_count())?;
                argon2(*algorithm, *version, params.clone(), key)?
                    .hash_password_into_with_memory(password, salt, output, blocks)?;
            }
            Self::Bcrypt(cost, prehash) => bcrypt(*cost, salt, &prehash.apply(password), output)?,
            Self::Scrypt(params) => scrypt::scrypt(password, salt, params, output)?,
            Self::Pbkdf2(algorithm, params) => {
                pbkdf2::pbkdf2_hmac_with_params(password, salt, *algorithm, *params, output);
            }
            Self::Sha256Crypt(params) => copy(sha_crypt::sha256_crypt(password, salt, *params), output)?,
            Self::Sha512Crypt(params) => copy(sha_crypt::sha512_crypt(password, salt, *params), output)?,
            Self::Phpass(log_rounds) => copy(phpass(*log_rounds, salt, password), output)?,
        }
        Ok(())
    }

    /// Returns whether the function can tell the password from all others.
    ///
    /// bcrypt ends the password with a NUL and repeats it, so `horse` and `horse\0horse` have one hash. HMAC pads it
    /// with NULs, so `horse` and `horse\0` have one hash. `crypt(3)` takes a password up to its first NUL.
    pub(super) fn takes(&self, password: &str) -> bool {
        match self {
            Self::Argon2(..) | Self::Phpass(_) => true,
            Self::Bcrypt(_, prehash) => !matches!(prehash, Prehash::None) || !password.contains('\0'),
            Self::Scrypt(_) | Self::Pbkdf2(..) => !password.ends_with('\0'),
            Self::Sha256Crypt(_) | Self::Sha512Crypt(_) => !password.contains('\0'),
        }
    }

    /// Returns the identifier of the secret key; empty without one.
    pub(in super::super) fn key_id(&self) -> &[u8] {
        match self {
            Self::Argon2(_, _, params) => params.keyid(),
            _ => &[],
        }
    }

    /// Returns what is below the minima of OWASP's Password Storage Cheat Sheet.
    pub(in super::super) fn weakness(&self) -> Option<&'static str> {
        match self {
            Self::Argon2(_, _, params) => (params.m_cost() < 7168 || work(params) < 35_840)
                .then_some("argon2 with less than 7 MiB of memory, or 35 MiB of memory times passes"),
            Self::Bcrypt(cost, _) => (*cost < 10).then_some("bcrypt with a cost below 10"),
            Self::Scrypt(params) => (params.n() * u64::from(params.r()) * u64::from(params.p()) < (1 << 14) * 8 * 5)
                .then_some("scrypt with less work than N = 2^14, r = 8 and p = 5"),
            Self::Pbkdf2(algorithm, params) => {
                let recommended = pbkdf2::Params::recommended_for(*algorithm).rounds();
                (params.rounds() < recommended)
                    .then_some("PBKDF2 with fewer than 600 000 iterations of SHA-256, or 210 000 of SHA-512")
            }
            Self::Sha256Crypt(_) | Self::Sha512Crypt(_) => Some("SHA-crypt, which graphics cards compute fast"),
            Self::Phpass(_) => Some("phpass, which is MD5"),
        }
    }
}

impl Prehash {
    /// Returns the input of bcrypt.
    fn apply(&self, password: &[u8]) -> Zeroizing<Vec<u8>> {
        Zeroizing::new(match self {
            Self::None => password.to_vec(),
            Self::Sha256Hex => hex(&Sha256::digest(password)),
            Self::Sha256Base64 => base64(&Sha256::digest(password)),
            Self::HmacSha256Base64(salt) => {
                let mut mac = Hmac::<Sha256>::new_from_slice(salt.as_bytes()).expect("a MAC takes a key of any length");
                mac.update(password);
                base64(&mac.finalize().into_bytes())
            }
            Self::HmacSha384Base64 => {
                let mut mac = Hmac::<Sha384>::new_from_slice(WORDPRESS_KEY).expect("a MAC takes a key of any length");
                mac.update(password);
                base64(&mac.finalize().into_bytes())
            }
        })
    }
}

/// Returns the work of Argon2 in KiB: memory times passes.
pub(in super::super) fn work(params: &Params) -> u64 {
    u64::from(params.m_cost()) * u64::from(params.t_cost())
}

/// Returns Argon2 with the secret key.
fn argon2(
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

/// Hashes the first 72 bytes, as all implementations do. The 24th byte of the output is never stored.
fn bcrypt(cost: u32, salt: &[u8], password: &[u8], output: &mut [u8]) -> Result<(), Failure> {
    let mut key = Zeroizing::new(Vec::with_capacity(BCRYPT_LEN));
    key.extend(password.iter().copied().chain([0]).take(BCRYPT_LEN));
    let computed = bcrypt::bcrypt(cost, salt.try_into()?, &key);
    output.copy_from_slice(&computed[..output.len()]);
    Ok(())
}

/// The portable hash of phpass: no crate has it.
fn phpass(log_rounds: u32, salt: &[u8], password: &[u8]) -> [u8; 16] {
    let mut hash: [u8; 16] = Md5::new().chain_update(salt).chain_update(password).finalize().into();
    for _ in 0..1_u32 << log_rounds {
        hash = Md5::new().chain_update(hash).chain_update(password).finalize().into();
    }
    hash
}

fn copy<const N: usize>(computed: [u8; N], output: &mut [u8]) -> Result<(), Failure> {
    let computed = Zeroizing::new(computed);
    if output.len() != N {
        return Err("the output of a hash has another length".into());
    }
    output.copy_from_slice(&*computed);
    Ok(())
}

fn hex(digest: &[u8]) -> Vec<u8> {
    digest
        .iter()
        .flat_map(|byte| [byte >> 4, byte & 0xf])
        .map(|digit| b"0123456789abcdef"[usize::from(digit)])
        .collect()
}

fn base64(digest: &[u8]) -> Vec<u8> {
    STANDARD.encode(digest).into_bytes()
}
