//! The base64 of `crypt(3)`: its alphabet, and the low bits first. No crate decodes it from text for these forms.

use super::super::error::Reason;

const ALPHABET: &[u8; 64] = b"./0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
const BASE64: Reason = "its salt or its output is not in base64";

/// Returns the value of one character.
pub(super) fn value(character: u8) -> Result<u32, Reason> {
    let value = ALPHABET.iter().position(|known| *known == character).and_then(|value| u32::try_from(value).ok());
    value.ok_or(BASE64)
}

/// Decodes `N` bytes from as many characters as they need. Unused bits must be zero.
pub(super) fn decode<const N: usize>(text: &str) -> Result<[u8; N], Reason> {
    if text.len() != (N * 4).div_ceil(3) {
        return Err(BASE64);
    }
    let mut bytes = [0; N];
    for (group, bytes) in text.as_bytes().chunks(4).zip(bytes.chunks_mut(3)) {
        let mut bits = 0;
        for (index, character) in group.iter().enumerate() {
            bits |= value(*character)? << (6 * index);
        }
        let [b0, b1, b2, rest] = bits.to_le_bytes();
        let decoded = [b0, b1, b2];
        if rest != 0 || decoded[bytes.len()..].iter().any(|byte| *byte != 0) {
            return Err(BASE64);
        }
        bytes.copy_from_slice(&decoded[..bytes.len()]);
    }
    Ok(bytes)
}

/// Decodes the output of SHA-crypt, which is written in groups of three bytes from three columns (Drepper, "Unix crypt
/// using SHA-256 and SHA-512"). Each group starts `shift` columns further than the one before.
pub(super) fn decode_sha_crypt<const N: usize>(text: &str, shift: usize) -> Result<[u8; N], Reason> {
    let written: [u8; N] = decode(text)?;
    let mut output = [0; N];
    let rows = N / 3;
    for row in 0..rows {
        for place in 0..3 {
            // The low bits come first, so the first byte of a group stands last.
            let column = (row * shift + 2 - place) % 3;
            output[column * rows + row] = written[row * 3 + place];
        }
    }
    output[rows * 3..].copy_from_slice(&written[rows * 3..]);
    Ok(output)
}

#[cfg(test)]
mod tests {
    use super::{decode, decode_sha_crypt};

    #[test]
    fn r70_unused_bits_and_other_characters_are_rejected() {
        assert_eq!(decode::<1>("z1"), Ok([63 | (3 << 6)]));
        for bad in ["z2", "z", "z11", "z+", "z=", "zé"] {
            assert!(decode::<1>(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn r70_the_columns_of_sha_crypt_are_those_of_its_specification() {
        // In groups of four characters; each has one byte of each column.
        let text = "/.../.../...";
        assert_eq!(decode_sha_crypt::<9>(text, 1), Ok([0, 1, 0, 0, 0, 1, 1, 0, 0]));
    }
}
