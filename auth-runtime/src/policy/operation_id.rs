//! The identifier of an operation in the registry of poem-openapi.

use std::fmt;

const PREFIX: &str = "protected-";
const DIGITS: usize = 16;
const LENGTH: usize = PREFIX.len() + DIGITS;

/// A hash of the place where an operation is declared.
///
/// poem-openapi writes the identifier into its own document, and a path of a source file must not stand there.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) struct OperationId([u8; LENGTH]);

impl OperationId {
    /// Returns the identifier of the operation at a position of this place: a prefix and the FNV-1a hash in hexadecimal
    /// digits.
    pub(crate) const fn of(place: &str, position: usize) -> Self {
        let hash = fnv_1a(fnv_1a(OFFSET_BASIS, place.as_bytes()), &position.to_le_bytes());
        let mut id = [0; LENGTH];
        let mut index = 0;
        while index < PREFIX.len() {
            id[index] = PREFIX.as_bytes()[index];
            index += 1;
        }
        while index < LENGTH {
            let digit = hash >> (4 * (LENGTH - 1 - index)) & 0xf;
            id[index] = b"0123456789abcdef"[digit as usize];
            index += 1;
        }
        Self(id)
    }

    pub(crate) const fn as_str(&self) -> &str {
        match str::from_utf8(&self.0) {
            Ok(id) => id,
            Err(_) => PREFIX,
        }
    }
}

impl fmt::Debug for OperationId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

const OFFSET_BASIS: u64 = 0xcbf2_9ce4_8422_2325;

/// Hashes bytes after those that have this hash.
const fn fnv_1a(mut hash: u64, bytes: &[u8]) -> u64 {
    let mut index = 0;
    while index < bytes.len() {
        hash = (hash ^ bytes[index] as u64).wrapping_mul(0x100_0000_01b3);
        index += 1;
    }
    hash
}

#[cfg(test)]
mod tests {
    use super::{OFFSET_BASIS, OperationId, fnv_1a};

    #[test]
    fn places_have_ids_of_their_own_that_do_not_show_them() {
        let id = OperationId::of("src/a.rs:1:1:A", 0);
        assert!(id.as_str().starts_with("protected-") && !id.as_str().contains("src"), "{id:?}");
        assert_eq!(format!("{id:?}"), id.as_str());
        assert_ne!(id, OperationId::of("src/a.rs:1:2:A", 0));
        assert_ne!(id, OperationId::of("src/a.rs:1:1:A", 1));
    }

    #[test]
    fn the_hash_is_fnv_1a() {
        // The test vectors of FNV-1a (draft-eastlake-fnv, appendix C).
        assert_eq!(fnv_1a(OFFSET_BASIS, b"a"), 0xaf63_dc4c_8601_ec8c);
        assert_eq!(fnv_1a(fnv_1a(OFFSET_BASIS, b"foo"), b"bar"), 0x8594_4171_f739_67e8);
    }
}
