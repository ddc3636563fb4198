//! A token taken apart, strictly (RFC 7515, section 5.2). Nothing in it is believed yet.

use std::{
    fmt,
    sync::{Arc, LazyLock, OnceLock},
};

use base64::engine::{Engine, Simd, general_purpose::NO_PAD};
use memchr::memchr;

use super::{
    algorithm::Algorithm,
    error::TokenError,
    json::{Json, Object},
    token_type::HeaderType,
};
use crate::authenticate::{BoundedCache, bounded_cache};

/// Header parameters with a meaning that is not supported here. An extension in `crit` must be understood or refused
/// (RFC 7515, section 4.1.11).
///
/// `jku`, `jwk`, `x5u` and `x5c` would let a token choose its own key (RFC 8725, section 3.10). Real issuers send them;
/// they are not read, and never used to find a key.
const REFUSED: [&str; 4] = ["crit", "zip", "enc", "b64"];
/// The largest header, in bytes of JSON. An algorithm, a type and the name of a key are far below; some issuers add the
/// certificates of their key.
const MAX_HEADER: usize = 8192;
/// Room for a header without certificates, which needs no memory of its own.
const USUAL_HEADER: usize = 512;
/// The largest signature, in bytes: an RSA key of 8192 bits makes it.
const MAX_SIGNATURE: usize = 1024;
/// Room for a signature by any algorithm but RSA. Less memory is cleared for it.
const USUAL_SIGNATURE: usize = 144;
/// An issuer has a few keys, and so a few headers.
const CACHED_HEADERS: usize = 64;

/// Without padding, and with no bits that have no meaning (RFC 7515, section 2).
static BASE64URL: LazyLock<Simd> = LazyLock::new(|| Simd::url_safe(NO_PAD));

/// The parameters of a header that are read.
#[derive(Debug)]
pub(super) struct Header {
    pub(super) algorithm: Algorithm,
    pub(super) kid: Option<String>,
    pub(super) typ: HeaderType,
}

/// Caches parsed headers by their exact text: the tokens of one key have the same one.
///
/// The parameters depend on the text alone. Only headers of tokens with a good signature are inserted, so no flood of
/// other headers evicts them.
#[derive(Default)]
pub(super) struct HeaderCache(OnceLock<BoundedCache<Box<[u8]>, Arc<Header>>>);

impl HeaderCache {
    fn get(&self, encoded: &[u8]) -> Option<Arc<Header>> {
        self.0.get()?.get(encoded)
    }

    /// Inserts the header of a token with a good signature, unless it is unusually large.
    pub(super) fn insert(&self, jws: &Jws<'_>) {
        let encoded = jws.encoded_header();
        if !jws.is_header_cached && encoded.len() <= USUAL_HEADER {
            self.0.get_or_init(|| bounded_cache(CACHED_HEADERS)).insert(encoded.into(), Arc::clone(&jws.header));
        }
    }
}

impl fmt::Debug for HeaderCache {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("HeaderCache").field("len", &self.0.get().map_or(0, BoundedCache::len)).finish()
    }
}

/// A token in three parts, as they are when decoded.
#[derive(Debug)]
pub(super) struct Jws<'a> {
    /// The signed text: the first two parts as they were sent.
    message: &'a [u8],
    signature: &'a [u8],
    pub(super) header: Arc<Header>,
    is_header_cached: bool,
    /// The claims, as JSON.
    pub(super) payload: String,
}

impl<'a> Jws<'a> {
    pub(super) fn parse(token: &'a [u8], headers: &HeaderCache) -> Result<Self, TokenError> {
        let [header, payload, signature] = parts(token).ok_or(TokenError::Parts)?;
        let message = &token[..token.len() - signature.len() - 1];
        let cached = headers.get(header);
        let is_header_cached = cached.is_some();
        let header = cached.map_or_else(|| Header::parse(header).map(Arc::new), Ok)?;
        let payload = BASE64URL.decode(payload).map_err(|_| TokenError::Encoding)?;
        let payload = String::from_utf8(payload).map_err(|_| TokenError::Encoding)?;
        Ok(Self { message, signature, header, is_header_cached, payload })
    }

    fn encoded_header(&self) -> &'a [u8] {
        memchr(b'.', self.message).map_or(&[], |end| &self.message[..end])
    }

    /// Hands the message and the signature to a key.
    pub(super) fn is_signed(&self, mut verifies: impl FnMut(&[u8], &[u8]) -> bool) -> bool {
        let (mut usual, mut large);
        let bytes = if self.signature.len() <= USUAL_SIGNATURE {
            usual = [0; USUAL_SIGNATURE];
            &mut usual[..]
        } else {
            large = [0; MAX_SIGNATURE];
            &mut large[..]
        };
        decode(self.signature, bytes).is_ok_and(|signature| verifies(self.message, signature))
    }
}

impl Header {
    fn parse(encoded: &[u8]) -> Result<Self, TokenError> {
        let (mut usual, mut large);
        let json = if encoded.len() <= USUAL_HEADER {
            usual = [0; USUAL_HEADER];
            decode(encoded, &mut usual)?
        } else {
            large = vec![0; MAX_HEADER];
            decode(encoded, &mut large)?
        };
        let json = str::from_utf8(json).map_err(|_| TokenError::Encoding)?;
        Self::read(&Object::parse(json).ok_or(TokenError::Encoding)?)
    }

    fn read(header: &Object<'_>) -> Result<Self, TokenError> {
        if let Some(refused) = REFUSED.into_iter().find(|name| header.get(name).is_some()) {
            return Err(TokenError::Header(refused));
        }
        let algorithm = match header.get("alg") {
            Some(Json::String(name)) => Algorithm::named(name).ok_or(TokenError::Algorithm)?,
            _ => return Err(TokenError::Algorithm),
        };
        let kid = match header.get("kid") {
            Some(Json::String(kid)) => Some(kid.clone().into_owned()),
            Some(_) => return Err(TokenError::Header("kid")),
            None => None,
        };
        Ok(Self { algorithm, kid, typ: HeaderType::read(header.get("typ")) })
    }
}

/// Three parts; five are an encrypted token.
fn parts(token: &[u8]) -> Option<[&[u8]; 3]> {
    let (header, rest) = token.split_at_checked(memchr(b'.', token)?)?;
    let (payload, signature) = rest[1..].split_at_checked(memchr(b'.', &rest[1..])?)?;
    memchr(b'.', &signature[1..]).is_none().then_some([header, payload, &signature[1..]])
}

/// Decodes one part.
fn decode<'b>(part: &[u8], bytes: &'b mut [u8]) -> Result<&'b [u8], TokenError> {
    let len = BASE64URL.decode_slice(part, bytes).map_err(|_| TokenError::Encoding)?;
    Ok(&bytes[..len])
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};

    use super::{HeaderCache, Jws, MAX_HEADER, REFUSED};
    use crate::jwt::{Algorithm, error::TokenError, token_type::HeaderType};

    fn token(header: impl AsRef<[u8]>, claims: impl AsRef<[u8]>, signature: impl AsRef<[u8]>) -> String {
        let part = |bytes: &[u8]| BASE64_URL_SAFE_NO_PAD.encode(bytes);
        [part(header.as_ref()), part(claims.as_ref()), part(signature.as_ref())].join(".")
    }

    fn parse(token: &[u8]) -> Result<Jws<'_>, TokenError> {
        Jws::parse(token, &HeaderCache::default())
    }

    fn flaw_of_header(header: impl AsRef<[u8]>) -> Option<TokenError> {
        parse(token(header, "{}", [0; 32]).as_bytes()).err()
    }

    #[test]
    fn a_token_is_its_three_parts() {
        let token = token(r#"{"alg":"ES256","kid":"1","typ":"at+jwt"}"#, r#"{"sub":"alice"}"#, [1, 2, 3]);
        let jws = parse(token.as_bytes()).unwrap();
        assert_eq!(
            (jws.header.algorithm, jws.header.kid.as_deref(), jws.header.typ.clone()),
            (Algorithm::ES256, Some("1"), HeaderType::AccessToken)
        );
        assert_eq!(jws.payload, r#"{"sub":"alice"}"#);
        let (message, _) = token.rsplit_once('.').unwrap();
        assert!(jws.is_signed(|signed, signature| signed == message.as_bytes() && signature == [1, 2, 3]));
        assert!(!jws.is_signed(|_, _| false));
    }

    #[test]
    fn r30_an_algorithm_that_does_not_exist_is_refused() {
        for alg in [r#""none""#, r#""None""#, r#""""#, r#""hs256""#, r#""ES512""#, "null", "1", r#"["HS256"]"#] {
            assert_eq!(flaw_of_header(format!(r#"{{"alg":{alg}}}"#)), Some(TokenError::Algorithm), "{alg}");
        }
        assert_eq!(flaw_of_header("{}"), Some(TokenError::Algorithm));
        assert_eq!(flaw_of_header(r#"{"alg":"HS256"}"#), None);
    }

    #[test]
    fn r31_headers_that_choose_a_key_are_ignored() {
        for name in ["jku", "x5u", "x5c", "jwk"] {
            for value in ["null", "[]", r#""https://evil.example""#, r#"{"kty":"oct","k":"AAAA"}"#] {
                let token = token(format!(r#"{{"alg":"HS256","kid":"1","{name}":{value}}}"#), "{}", [0; 32]);
                let jws = parse(token.as_bytes()).unwrap();
                assert_eq!(
                    (jws.header.algorithm, jws.header.kid.as_deref()),
                    (Algorithm::HS256, Some("1")),
                    "{name}: {value}"
                );
            }
        }
        let chain = format!(r#"{{"alg":"HS256","x5c":["{}"]}}"#, "A".repeat(6000));
        assert_eq!(flaw_of_header(chain), None);
    }

    #[test]
    fn r31_headers_that_must_be_understood_are_refused() {
        for name in REFUSED {
            for value in ["null", "[]", r#""https://evil.example""#, "false"] {
                let header = format!(r#"{{"alg":"HS256","{name}":{value}}}"#);
                assert_eq!(flaw_of_header(header), Some(TokenError::Header(name)), "{name}: {value}");
            }
        }
        assert_eq!(flaw_of_header(r#"{"alg":"HS256","kid":"1","x5t":"x"}"#), None);
        assert_eq!(flaw_of_header(r#"{"alg":"HS256","kid":1}"#), Some(TokenError::Header("kid")));
    }

    #[test]
    fn r32_only_three_canonical_parts_are_a_token() {
        let good = token(r#"{"alg":"HS256"}"#, "{}", [0; 32]);
        for bad in ["", ".", "..", "a", "a.b", &format!("{good}.a"), &format!("{good}.a.b"), &format!(".{good}")] {
            assert!(matches!(parse(bad.as_bytes()), Err(TokenError::Parts | TokenError::Encoding)), "{bad}");
        }
        for bad in [
            format!("{good}="),
            format!("{good} "),
            good.trim_end_matches('A').to_owned() + &"A".repeat(42) + "B",
            good.replace('-', "+") + "+",
        ] {
            let jws = parse(bad.as_bytes()).unwrap();
            assert!(!jws.is_signed(|_, _| true), "{bad}");
        }
        for bad in [format!(" {good}"), good.replacen('.', "=.", 1), good.replacen(".e30", ".e31", 1)] {
            assert_eq!(parse(bad.as_bytes()).unwrap_err(), TokenError::Encoding, "{bad}");
        }
    }

    #[test]
    fn r32_a_header_is_one_small_object_with_unique_members() {
        for bad in [
            "[]",
            "1",
            "",
            "{",
            "{} {}",
            r#"{"alg":"HS256","alg":"HS256"}"#,
            &format!(r#"{{"alg":"HS256","x":"{}"}}"#, "x".repeat(MAX_HEADER)),
        ] {
            assert_eq!(flaw_of_header(bad), Some(TokenError::Encoding), "{bad}");
        }
        assert_eq!(flaw_of_header(b"{\"alg\":\"HS256\",\"a\":\"\xff\"}"), Some(TokenError::Encoding));
    }

    #[test]
    fn r31_a_cached_header_is_found_by_its_exact_text() {
        let cache = HeaderCache::default();
        let good = token(r#"{"alg":"HS256","kid":"1"}"#, "{}", [0; 32]);
        cache.insert(&Jws::parse(good.as_bytes(), &cache).unwrap());
        let again = Jws::parse(good.as_bytes(), &cache).unwrap();
        assert!(Arc::ptr_eq(&again.header, &cache.get(again.encoded_header()).unwrap()));
        let other = token(r#"{"alg":"HS256","kid":"2"}"#, "{}", [0; 32]);
        assert_eq!(Jws::parse(other.as_bytes(), &cache).unwrap().header.kid.as_deref(), Some("2"));
        for bad in [r#"{"alg":"none"}"#, r#"{"alg":"HS256","kid":"1","crit":[]}"#] {
            assert!(Jws::parse(token(bad, "{}", [0; 32]).as_bytes(), &cache).is_err(), "{bad}");
        }
    }

    #[test]
    fn a_large_header_is_not_cached() {
        let cache = HeaderCache::default();
        let large = token(format!(r#"{{"alg":"HS256","x5c":["{}"]}}"#, "A".repeat(6000)), "{}", [0; 32]);
        let jws = Jws::parse(large.as_bytes(), &cache).unwrap();
        cache.insert(&jws);
        assert!(cache.get(jws.encoded_header()).is_none());
    }
}
