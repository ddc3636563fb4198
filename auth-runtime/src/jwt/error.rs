//! What can be wrong with a key, which is told at start, and with a token, which is told to the log.

use crate::authenticate::AuthenticationError;

/// A key or a setting that no service should start with, or a token that cannot be issued.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum JwtError {
    /// The secret is shorter than the hash (RFC 7518, section 3.2).
    #[error(
        "the secret for {algorithm} has {length} bytes and needs at least {required}; \
         make one with `openssl rand -base64 {required}`"
    )]
    ShortSecret {
        /// The algorithm that asks for it.
        algorithm: &'static str,
        /// How many bytes it asks for.
        required: usize,
        /// How many there are.
        length: usize,
    },
    /// The secret repeats itself, so it was not made by a random generator.
    #[error(
        "the secret has only {distinct} different bytes and can be guessed; make one with `openssl rand -base64 48`"
    )]
    RepetitiveSecret {
        /// How many different bytes it holds.
        distinct: usize,
    },
    /// The secret is the text of a PEM file: a public key as a secret lets everybody sign.
    #[error("the secret is a PEM file; a public key goes to `Jwt::public_key_pem`")]
    PemAsSecret,
    /// A private key where the public one is asked for.
    #[error("this is a private key; a service that verifies tokens needs the public key only")]
    PrivateKey,
    /// Not the PEM text of exactly one public key of a kind that is supported.
    #[error("this is not a PEM file with one public key (`BEGIN PUBLIC KEY`) for RSA, P-256, P-384 or Ed25519")]
    NotAPublicKey,
    /// An RSA key of a length that is not accepted (RFC 7518, section 3.3).
    #[error("the RSA key has {bits} bits; 2048 to 8192 are accepted, and 3072 or more recommended")]
    RsaKeyLength {
        /// Its length.
        bits: usize,
    },
    /// A list without anything in it, or a name without characters.
    #[error("the {0} of a token must not be empty")]
    Empty(&'static str),
    /// An address that keys are not fetched from.
    #[error("{url:?} is no address to fetch keys from: {reason}")]
    Url {
        /// The address, without a password that may be in it.
        url: String,
        /// What is wrong with it.
        reason: &'static str,
    },
    /// Keys are fetched in the background, which needs a Tokio runtime.
    #[error("no Tokio runtime to fetch keys in; make it inside of `#[tokio::main]`, or of `Runtime::enter`")]
    NoRuntime,
    /// The feature `http-client` is off, and no other fetcher was given.
    #[error("nothing to fetch keys with; turn on the feature `http-client`, or call `RemoteKeys::fetcher`")]
    NoFetcher,
    /// The HTTPS client cannot be made.
    #[error("no HTTPS client: {0}")]
    HttpClient(String),
    /// The random generator or the clock of the system, or the signing itself, failed.
    #[error("the token cannot be signed: {0}")]
    Signing(String),
}

/// The rule that a token breaks. It holds nothing of the token, so it can be logged.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(super) enum Flaw {
    #[error("not three parts")]
    Parts,
    #[error("not base64url of a JSON object with unique members")]
    Encoding,
    #[error("header parameter `{0}`")]
    Header(&'static str),
    #[error("algorithm")]
    Algorithm,
    #[error("type of token")]
    Type,
    #[error("signature")]
    Signature,
    #[error("ID token (claim `{0}`)")]
    IdToken(&'static str),
    #[error("no claim `{0}`")]
    Missing(&'static str),
    #[error("form of claim `{0}`")]
    Claim(&'static str),
    #[error("issuer")]
    Issuer,
    #[error("audience")]
    Audience,
    #[error("expired")]
    Expired,
    #[error("not valid yet")]
    NotYetValid,
    #[error("issued in the future")]
    IssuedInFuture,
}

impl From<Flaw> for AuthenticationError {
    fn from(flaw: Flaw) -> Self {
        Self::invalid(flaw.to_string())
    }
}
