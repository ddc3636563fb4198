//! Hashes of other software, and texts that are no hashes.

mod refused;
mod vectors;

use super::{super::block_buffer::BlockBuffer, StoredHash, parse};

/// Returns whether the password has the hash, which needs no key.
fn matches(password: &str, hash: &str) -> bool {
    read(hash).matches(password, None, &mut BlockBuffer::unpooled()).unwrap()
}

fn read(hash: &str) -> StoredHash {
    parse(hash).unwrap_or_else(|reason| panic!("{hash}: {reason}"))
}
