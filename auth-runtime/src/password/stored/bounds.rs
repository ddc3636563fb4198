//! What a stored hash may ask for, and what it has to ask for at least. A hash comes from a database or an import, and
//! whoever can write one there must not be able to stop the service by it.
//!
//! The most that is computed takes a few seconds of a core, and 256 MiB.

use super::Reason;

/// 256 MiB, which is what libsodium calls moderate, and twice what OWASP asks of scrypt.
pub(in super::super) const MAX_MEMORY_KIB: u32 = 256 * 1024;
/// Memory times passes over it: 1 GiB.
pub(in super::super) const MAX_WORK_KIB: u32 = 1024 * 1024;
/// The blocks that scrypt starts from.
const MAX_BLOCKS: u32 = 1024;
/// bcrypt doubles its work with each.
const MAX_BCRYPT_COST: u32 = 15;
/// Iterations of PBKDF2, each for as many bytes as the hash function gives.
const MAX_ITERATIONS: u32 = 5_000_000;
/// The longest text of all formats, as bytes.
pub(in super::super) const MAX_TEXT: usize = 512;
/// Fewer bytes would be found by trying.
const MIN_OUTPUT: usize = 16;
const MAX_OUTPUT: usize = 64;

pub(in super::super) fn argon2(memory_kib: u32, passes: u32) -> Result<(), Reason> {
    let work = u64::from(memory_kib) * u64::from(passes);
    at_most(memory_kib.into(), MAX_MEMORY_KIB, "it asks for more than 256 MiB of memory")?;
    at_most(work.into(), MAX_WORK_KIB, "it asks for more than 1 GiB of memory times passes")
}

/// `2^log_n · r` blocks of 128 bytes of memory, `p` times one after the other, and `r · p` beside it.
pub(in super::super) fn scrypt(log_n: u32, r: u32, p: u32) -> Result<(), Reason> {
    if !(1..=31).contains(&log_n) {
        return Err("it asks for more memory than there may be, or for none");
    }
    let [n, r, p] = [1 << log_n, r, p].map(u128::from);
    at_most(r * p, MAX_BLOCKS, "it asks for blocks or lanes beyond r · p = 1024")?;
    at_most(n * r / 8, MAX_MEMORY_KIB, "it asks for more than 256 MiB of memory")?;
    at_most(n * r * p / 8, MAX_WORK_KIB, "it asks for more than 1 GiB of memory times passes")
}

pub(in super::super) fn bcrypt(cost: u32) -> Result<(), Reason> {
    if cost < 4 {
        return Err("it has a cost below 4, which bcrypt does not have");
    }
    at_most(cost.into(), MAX_BCRYPT_COST, "it asks for a cost above 15")
}

pub(in super::super) fn pbkdf2(iterations: u32, blocks: usize) -> Result<(), Reason> {
    let work = u128::from(iterations) * blocks as u128;
    at_most(work, MAX_ITERATIONS, "it asks for more than 5 000 000 iterations")
}

pub(in super::super) fn output(length: usize) -> Result<(), Reason> {
    if (MIN_OUTPUT..=MAX_OUTPUT).contains(&length) { Ok(()) } else { Err("it is not 16 to 64 bytes long") }
}

fn at_most(asked: u128, most: u32, reason: Reason) -> Result<(), Reason> {
    if asked <= most.into() { Ok(()) } else { Err(reason) }
}
