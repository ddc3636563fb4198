//! Mutators for JSON values and for the parts of a token. They keep more of the structure than libFuzzer's own.

use std::ops::Range;

use data_encoding::BASE64URL_NOPAD;
use libfuzzer_sys::fuzzer_mutate;

use crate::{json::Json, keys::SignWith};

/// Values that are interesting at any place.
const VALUES: &[&str] = &[
    "null",
    "true",
    "0",
    "-1",
    "1",
    "0.5",
    "1e9",
    "1e400",
    "253402300799",
    "253402300800",
    "18446744073709551616",
    "\"\"",
    "[]",
    "{}",
    "[[]]",
    "[null]",
    "\"\\u0000\"",
    "\"\\ud800\"",
];

/// A random number generator (`SplitMix64`).
#[derive(Debug)]
pub struct Random(u64);

impl Random {
    /// Starts with a seed from libFuzzer.
    #[must_use]
    pub fn new(seed: u32) -> Self {
        Self(seed.into())
    }

    /// Returns a number below the bound, or zero if the bound is zero.
    pub fn below(&mut self, bound: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        usize::try_from((mixed ^ (mixed >> 31)) >> 32).unwrap_or(0).checked_rem(bound).unwrap_or(0)
    }

    fn one<'a, T: ?Sized>(&mut self, items: &[&'a T]) -> &'a T {
        items[self.below(items.len())]
    }
}

/// Changes JSON: replaces a value, or duplicates a member or an item. `words` are JSON values, and members of the form
/// `"name":value`.
#[must_use]
pub fn json(text: &[u8], words: &[&str], random: &mut Random) -> Vec<u8> {
    let values = values(text);
    if values.is_empty() || random.below(8) == 0 {
        return bytes(text, text.len() + 16);
    }
    let place = values[random.below(values.len())].clone();
    let (before, after) = (&text[..place.start], &text[place.end..]);
    match random.below(5) {
        0 => [before, random.one(VALUES).as_bytes(), after].concat(),
        1 | 2 => [before, random.one(words).as_bytes(), after].concat(),
        3 => [before, &text[values[random.below(values.len())].clone()], after].concat(),
        _ => {
            // Insert one more in front of a name or an item.
            let more = if random.below(2) == 0 { random.one(words).as_bytes() } else { &text[place.clone()] };
            [before, more, b",", &text[place.start..]].concat()
        }
    }
}

/// Applies libFuzzer's own mutations.
#[must_use]
pub fn bytes(text: &[u8], max: usize) -> Vec<u8> {
    let mut buffer = vec![0; max.max(1)];
    let size = text.len().min(buffer.len());
    buffer[..size].copy_from_slice(&text[..size]);
    let size = fuzzer_mutate(&mut buffer, size, max.max(1));
    buffer.truncate(size);
    buffer
}

/// Returns the approximate ranges of the values and member names. The text may not be valid JSON.
fn values(text: &[u8]) -> Vec<Range<usize>> {
    let (mut found, mut open, mut at) = (Vec::new(), Vec::new(), 0);
    while at < text.len() {
        let start = at;
        at += 1;
        match text[start] {
            b'"' => {
                while at < text.len() && text[at] != b'"' {
                    at += if text[at] == b'\\' { 2 } else { 1 };
                }
                at = (at + 1).min(text.len());
                found.push(start..at);
            }
            b'[' | b'{' => open.push(start),
            b']' | b'}' => found.extend(open.pop().map(|start| start..at)),
            byte if byte.is_ascii_alphanumeric() || byte == b'-' => {
                while at < text.len() && (text[at].is_ascii_alphanumeric() || b"+-.".contains(&text[at])) {
                    at += 1;
                }
                found.push(start..at);
            }
            _ => {}
        }
    }
    found
}

/// Changes the header, the claims or the signature of a token, and usually signs it again.
#[must_use]
pub fn token(text: &[u8], headers: &[&str], claims: &[&str], random: &mut Random) -> Vec<u8> {
    let parts: Vec<Vec<u8>> =
        text.split(|byte| *byte == b'.').filter_map(|part| BASE64URL_NOPAD.decode(part).ok()).collect();
    let (Ok([mut header, mut payload, mut signature]), true) = (<[Vec<u8>; 3]>::try_from(parts), random.below(6) > 0)
    else {
        return bytes(text, text.len() + 16);
    };
    match random.below(8) {
        0..3 => header = json(&header, headers, random),
        3..7 => payload = json(&payload, claims, random),
        _ => signature = bytes(&signature, signature.len() + 2),
    }
    let message = format!("{}.{}", BASE64URL_NOPAD.encode(&header), BASE64URL_NOPAD.encode(&payload));
    if random.below(5) > 0 {
        let (key, algorithm) = signer(&header, random);
        signature = key.sign(algorithm, message.as_bytes());
    }
    format!("{message}.{}", BASE64URL_NOPAD.encode(&signature)).into_bytes()
}

/// Returns the key and the algorithm to sign with: usually those that the header names.
fn signer(header: &[u8], random: &mut Random) -> (SignWith, &'static str) {
    let asked = Json::read(header).and_then(|header| header.get("alg")?.text());
    let all = SignWith::ALL.into_iter().flat_map(|key| key.algorithms().iter().map(move |algorithm| (key, *algorithm)));
    let all: Vec<_> = all.collect();
    match all.iter().find(|(_, algorithm)| asked.as_deref() == Some(algorithm)) {
        Some(found) if random.below(8) > 0 => *found,
        _ => all[random.below(all.len())],
    }
}

/// Overwrites libFuzzer's data, up to its size.
pub fn replace(data: &mut [u8], made: &[u8], max: usize) -> usize {
    let size = made.len().min(max).min(data.len());
    data[..size].copy_from_slice(&made[..size]);
    size
}
