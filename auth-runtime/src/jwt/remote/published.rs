//! To be deleted at the merge: `key::jwk::published_set` takes its place.
//!
//! The contract that the callers rely on: `Err` is for what is no JWK Set at all, and a set without a key that can be
//! used is `Ok` and empty.

use base64::{
    Engine,
    prelude::{BASE64_STANDARD, BASE64_URL_SAFE_NO_PAD},
};
use serde::Deserialize;

use crate::jwt::{JwtError, key::VerifyingKey, keys::NamedKey};

#[derive(Deserialize)]
struct Set {
    keys: Vec<Jwk>,
}

#[derive(Deserialize)]
struct Jwk {
    kid: Option<String>,
    crv: Option<String>,
    x: Option<String>,
    y: Option<String>,
    n: Option<String>,
    e: Option<String>,
    #[serde(rename = "use")]
    usage: Option<String>,
}

/// The usable keys of a JWK Set.
pub(super) fn published_set(json: &[u8]) -> Result<Vec<NamedKey>, JwtError> {
    let set: Set = serde_json::from_slice(json).map_err(|_| JwtError::NotAPublicKey)?;
    Ok(set.keys.into_iter().filter_map(Jwk::named).collect())
}

impl Jwk {
    fn named(self) -> Option<NamedKey> {
        if self.usage.as_deref() == Some("enc") {
            return None;
        }
        let (label, der) = self.der()?;
        let pem = format!("-----BEGIN {label}-----\n{}\n-----END {label}-----\n", BASE64_STANDARD.encode(der));
        let key = VerifyingKey::public(pem.as_bytes()).ok()?;
        Some(NamedKey { kid: self.kid, key })
    }

    fn der(&self) -> Option<(&'static str, Vec<u8>)> {
        let part = |text: &Option<String>| BASE64_URL_SAFE_NO_PAD.decode(text.as_deref()?).ok();
        let spki = |oids: &[u8], point: &[&[u8]]| {
            let bits = tlv(3, &[&[0][..], &point.concat()].concat());
            ("PUBLIC KEY", tlv(0x30, &[tlv(0x30, oids), bits].concat()))
        };
        let ec: &[u8] = &[6, 7, 0x2a, 0x86, 0x48, 0xce, 0x3d, 2, 1];
        match self.crv.as_deref() {
            Some("Ed25519") => Some(spki(&[6, 3, 0x2b, 0x65, 0x70], &[&part(&self.x)?])),
            Some("P-256") => Some(spki(
                &[ec, &[6, 8, 0x2a, 0x86, 0x48, 0xce, 0x3d, 3, 1, 7]].concat(),
                &[&[4], &part(&self.x)?, &part(&self.y)?],
            )),
            Some("P-384") => {
                Some(spki(&[ec, &[6, 5, 0x2b, 0x81, 4, 0, 0x22]].concat(), &[&[4], &part(&self.x)?, &part(&self.y)?]))
            }
            Some(_) => None,
            None => {
                let sign = |bytes: &[u8]| if bytes.first().is_some_and(|byte| *byte > 127) { vec![0] } else { vec![] };
                let number = |bytes: Vec<u8>| tlv(2, &[sign(&bytes), bytes].concat());
                Some(("RSA PUBLIC KEY", tlv(0x30, &[number(part(&self.n)?), number(part(&self.e)?)].concat())))
            }
        }
    }
}

fn tlv(tag: u8, value: &[u8]) -> Vec<u8> {
    let length = value.len();
    let mut out = vec![tag];
    match length {
        0..128 => out.push(length.to_be_bytes()[7]),
        128..256 => out.extend([0x81, length.to_be_bytes()[7]]),
        _ => out.extend([0x82, length.to_be_bytes()[6], length.to_be_bytes()[7]]),
    }
    out.extend(value);
    out
}
