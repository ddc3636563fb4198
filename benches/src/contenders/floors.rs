//! Lower bounds: only the signature check, and only a map look-up.

use std::{collections::HashMap, hint::black_box, rc::Rc};

use aws_lc_rs::{
    hmac,
    signature::{ECDSA_P256_SHA256_FIXED, ED25519, ParsedPublicKey, RSA_PKCS1_2048_8192_SHA256, VerificationAlgorithm},
};
use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};

use crate::{
    case::Case,
    contender::{Answer, Contender, Shared, Work},
    keys::{Algorithm, Keys},
    token,
};

/// Verifies only the signature of the token. The key is parsed and the base64 decoded beforehand.
#[must_use]
pub fn signature(keys: &Keys) -> Shared {
    Rc::new(SignatureFloor {
        name: format!("bare signature, {}", keys.algorithm.name()),
        key: Key::new(keys),
        good: Signed::new(Case::Valid, keys),
        bad: Signed::new(Case::BadSignature, keys),
    })
}

/// Looks the token up in a `HashMap` of the standard library, among a thousand others.
#[must_use]
pub fn look_up(keys: &Keys) -> Shared {
    let token = token::signed(Case::Valid, keys);
    let mut known: HashMap<Box<str>, u64> = (0..1000).map(|n| (format!("{n}{token}").into(), n)).collect();
    known.insert(token.as_str().into(), 1000);
    Rc::new(LookUpFloor { known, token, unknown: token::signed(Case::BadSignature, keys) })
}

struct SignatureFloor {
    name: String,
    key: Key,
    good: Signed,
    bad: Signed,
}

/// A parsed key.
enum Key {
    Secret(Box<hmac::Key>),
    Public(ParsedPublicKey),
}

/// The signed message of a token, and its signature.
struct Signed {
    message: String,
    signature: Vec<u8>,
}

impl Key {
    fn new(keys: &Keys) -> Self {
        let algorithm: &'static dyn VerificationAlgorithm = match keys.algorithm {
            Algorithm::Hs256 => return Self::Secret(hmac::Key::new(hmac::HMAC_SHA256, &keys.raw).into()),
            Algorithm::Rs256 => &RSA_PKCS1_2048_8192_SHA256,
            Algorithm::Es256 => &ECDSA_P256_SHA256_FIXED,
            Algorithm::EdDsa => &ED25519,
        };
        Self::Public(ParsedPublicKey::new(algorithm, &keys.raw).expect("a public key"))
    }

    fn verifies(&self, Signed { message, signature }: &Signed) -> bool {
        match self {
            Self::Secret(key) => hmac::verify(key, message.as_bytes(), signature).is_ok(),
            Self::Public(key) => key.verify_sig(message.as_bytes(), signature).is_ok(),
        }
    }
}

impl Signed {
    fn new(case: Case, keys: &Keys) -> Self {
        let token = token::signed(case, keys);
        let (message, signature) = token.rsplit_once('.').expect("three parts");
        let signature = BASE64_URL_SAFE_NO_PAD.decode(signature).expect("base64url");
        Self { message: message.to_owned(), signature }
    }
}

impl Contender for SignatureFloor {
    fn name(&self) -> &str {
        &self.name
    }

    fn answer(&self, case: Case) -> Result<Answer, &'static str> {
        match case {
            Case::Valid => Ok(said(self.key.verifies(&self.good))),
            Case::BadSignature => Ok(said(self.key.verifies(&self.bad))),
            _ => Err("the floor checks the signature only"),
        }
    }

    fn work(&self, _: Case, count: usize, measure: &mut dyn FnMut(Work<'_>)) {
        measure(&mut || {
            for _ in 0..count {
                black_box(black_box(&self.key).verifies(black_box(&self.good)));
            }
        });
    }
}

struct LookUpFloor {
    known: HashMap<Box<str>, u64>,
    token: String,
    unknown: String,
}

impl Contender for LookUpFloor {
    fn name(&self) -> &'static str {
        "bare look-up"
    }

    fn answer(&self, case: Case) -> Result<Answer, &'static str> {
        match case {
            Case::Valid => Ok(said(self.known.contains_key(self.token.as_str()))),
            Case::BadSignature => Ok(said(self.known.contains_key(self.unknown.as_str()))),
            _ => Err("the floor does the look-up only"),
        }
    }

    fn work(&self, _: Case, count: usize, measure: &mut dyn FnMut(Work<'_>)) {
        measure(&mut || {
            for _ in 0..count {
                black_box(self.known.get(black_box(self.token.as_str())));
            }
        });
    }
}

fn said(yes: bool) -> Answer {
    Answer { status: if yes { 200 } else { 401 }, body: None }
}
