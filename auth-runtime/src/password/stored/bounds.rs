//! The bounds on the cost of a stored hash, and the minimum length of its output.
//!
//! A hash comes from a database or an import. Without bounds, a single hash could stop the service. The costliest hash
//! within them takes a few seconds of a core, and 256 MiB.

use super::super::error::Reason;

/// 256 MiB: the "moderate" limit of libsodium, and twice the minimum of OWASP for scrypt.
pub(in super::super) const MAX_MEMORY_KIB: u32 = 256 * 1024;
/// Memory times passes: 1 GiB.
pub(in super::super) const MAX_WORK_KIB: u32 = 1024 * 1024;
/// Blocks of scrypt: `r · p`.
const MAX_BLOCKS: u32 = 1024;
/// Each step doubles the work of bcrypt.
const MAX_BCRYPT_COST: u32 = 15;
/// Iterations of PBKDF2 for one block of output.
const MAX_ITERATIONS: u32 = 5_000_000;
/// Rounds of SHA-crypt. passlib uses 656 000 by default, glibc 5000.
const MAX_SHA_CRYPT_ROUNDS: u32 = 1_000_000;
/// Binary logarithm of the rounds of phpass. passlib uses 19 by default, `WordPress` 13.
const MAX_PHPASS_LOG_ROUNDS: u32 = 20;
/// The longest text in bytes.
pub(in super::super) const MAX_TEXT: usize = 512;
/// A shorter output could be found by trying.
const MIN_OUTPUT: usize = 16;
const MAX_OUTPUT: usize = 64;

pub(super) fn argon2(memory_kib: u32, passes: u32) -> Result<(), Reason> {
    let work = u64::from(memory_kib) * u64::from(passes);
    at_most(memory_kib.into(), MAX_MEMORY_KIB, "it asks for more than 256 MiB of memory")?;
    at_most(work.into(), MAX_WORK_KIB, "it asks for more than 1 GiB of memory times passes")
}

/// Checks `2^log_n · r` blocks of 128 bytes of memory, used `p` times in turn.
pub(super) fn scrypt(log_n: u32, r: u32, p: u32) -> Result<(), Reason> {
    if !(1..=31).contains(&log_n) {
        return Err("its memory is zero or too large");
    }
    let [n, r, p] = [1 << log_n, r, p].map(u128::from);
    at_most(r * p, MAX_BLOCKS, "it asks for blocks or lanes beyond r · p = 1024")?;
    at_most(n * r / 8, MAX_MEMORY_KIB, "it asks for more than 256 MiB of memory")?;
    at_most(n * r * p / 8, MAX_WORK_KIB, "it asks for more than 1 GiB of memory times passes")
}

pub(super) fn bcrypt(cost: u32) -> Result<(), Reason> {
    if cost < 4 {
        return Err("it has a cost below 4, which bcrypt does not have");
    }
    at_most(cost.into(), MAX_BCRYPT_COST, "it asks for a cost above 15")
}

pub(super) fn pbkdf2(iterations: u32, blocks: usize) -> Result<(), Reason> {
    let work = u128::from(iterations) * blocks as u128;
    at_most(work, MAX_ITERATIONS, "it asks for more than 5 000 000 iterations")
}

pub(super) fn sha_crypt(rounds: u32) -> Result<(), Reason> {
    at_most(rounds.into(), MAX_SHA_CRYPT_ROUNDS, "it asks for more than 1 000 000 rounds")
}

pub(super) fn phpass(log_rounds: u32) -> Result<(), Reason> {
    if log_rounds < 7 {
        return Err("it has fewer than 2^7 rounds, which phpass does not have");
    }
    at_most(log_rounds.into(), MAX_PHPASS_LOG_ROUNDS, "it asks for more than 2^20 rounds")
}

pub(super) fn output(length: usize) -> Result<(), Reason> {
    if (MIN_OUTPUT..=MAX_OUTPUT).contains(&length) { Ok(()) } else { Err("it is not 16 to 64 bytes long") }
}

fn at_most(asked: u128, most: u32, reason: Reason) -> Result<(), Reason> {
    if asked <= most.into() { Ok(()) } else { Err(reason) }
}
