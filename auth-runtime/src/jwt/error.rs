//! Errors of keys and settings, which stop the start, and errors of tokens, which go to the log.

use std::time::Duration;

use super::algorithm::Algorithm;
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
    /// The secret is a key, in PEM or as the base64 of its DER. With a public key as the secret, any party can sign.
    #[error("the secret is a key (PEM or DER), not a secret; pass a public key to `Jwt::public_key_pem`")]
    PemAsSecret,
    /// A private key where the public one is asked for.
    #[error("this is a private key; a service that verifies tokens needs the public key only")]
    PrivateKey,
    /// Not the PEM text of exactly one public key of a kind that is supported.
    #[error(
        "this is not a PEM file with one public key (`BEGIN PUBLIC KEY`) or certificate for RSA, P-256, P-384 or \
         Ed25519"
    )]
    NotAPublicKey,
    /// A key for RSASSA-PSS only. Its parameters may have restrictions that the library does not enforce.
    #[error("this RSA key is marked for RSASSA-PSS only; export it as a plain RSA key (`rsaEncryption`) instead")]
    PssKey,
    /// An RSA key of a length that is not accepted (RFC 7518, section 3.3).
    #[error("the RSA key has {bits} bits; 2048 to 8192 are accepted, and 3072 or more recommended")]
    RsaKeyLength {
        /// Its length.
        bits: usize,
    },
    /// An RSA key whose modulus is even, or whose exponent is even, 1, or longer than 32 bits.
    #[error("the RSA key has an invalid modulus or exponent; the exponent is usually 65537")]
    RsaNumbers,
    /// A point of a wrong length, or a compressed one.
    #[error("the point of the public key has a wrong length or is compressed")]
    PointForm,
    /// Bytes that are no point of the curve, or not the canonical encoding of one.
    #[error("the point of the public key is not on its curve")]
    PointNotOnCurve,
    /// An Ed25519 key of small order: any party can forge its signatures.
    #[error("the Ed25519 key is a point of small order: any party can forge its signatures; generate a new key")]
    SmallOrder,
    /// The key cannot be used with the algorithm that is asked for.
    #[error("the key is not for {algorithm}; it can be used for {}", names(fitting))]
    OtherAlgorithm {
        /// The algorithm that was asked for.
        algorithm: Algorithm,
        /// Those that the key fits.
        fitting: &'static [Algorithm],
    },
    /// A key of a JWK or a JWKS (RFC 7517) that cannot be used.
    #[error("{key} cannot be used: {reason}")]
    Jwk {
        /// Which key it is: by its `kid`, or else by its position.
        key: String,
        /// The reason.
        reason: String,
    },
    /// Not a JWKS: a JSON object with an array `keys` (RFC 7517, section 5).
    #[error("not a JWKS: {0}")]
    NotAJwks(String),
    /// A JWKS without any key that tokens can be verified with.
    #[error("the JWKS has no key to verify tokens with; at least one must be for RSA, P-256, P-384, Ed25519 or HMAC")]
    NoKeys,
    /// A file that cannot be read, or that holds no JWKS.
    #[error("file `{path}`: {reason}")]
    File {
        /// Which file.
        path: String,
        /// The reason.
        reason: String,
    },
    /// Not the PEM text of exactly one private key of a kind that is supported.
    #[error(
        "this is not a PEM file with one private key (`BEGIN PRIVATE KEY`, `BEGIN RSA PRIVATE KEY` or `BEGIN EC \
         PRIVATE KEY`, and not encrypted) for RSA, P-256, P-384 or Ed25519"
    )]
    NotAPrivateKey,
    /// An RSA key to sign with, where RSA is done by `RustCrypto`.
    #[error(
        "RSA keys sign with the feature `jwt` only: in RustCrypto the time that it takes to sign leaks the private key \
         (RUSTSEC-2023-0071); enable `jwt`, or use a key for P-256 or Ed25519"
    )]
    RsaSigning,
    /// An empty list, or an empty name.
    #[error("the {0} of a token must not be empty")]
    Empty(&'static str),
    /// A lifetime below one second, or over the maximum.
    #[error("a token lifetime of {lifetime:?} is out of bounds; use 1 second to {longest:?}")]
    Lifetime {
        /// The lifetime that was asked for.
        lifetime: Duration,
        /// The longest one.
        longest: Duration,
    },
    /// A custom claim whose name already has a meaning in tokens.
    #[error("claim {0:?} has a meaning of its own; use the method of `NewToken` for it, or another name")]
    ReservedClaim(String),
    /// Two of the verifiers to combine have the same issuer.
    #[error("issuer {0:?} is configured twice; give it several keys with `JwtKey::or`")]
    IssuerTwice(String),
    /// An issuer with a placeholder where the issuer of one tenant belongs.
    #[error(
        "issuer {0:?} has braces, so it is a template; use `JwtKey::tenants`, or write the issuer of one tenant \
         exactly as in its tokens"
    )]
    BracesInIssuer(String),
    /// Not a template for the issuers of several tenants.
    #[error("{template:?} is not a template for issuers: {reason}")]
    Template {
        /// The text that was given.
        template: String,
        /// The reason.
        reason: &'static str,
    },
    /// A name that cannot be a tenant in an issuer.
    #[error("{0:?} cannot be a tenant name; use 1 to 128 ASCII letters, digits, `-`, `_` and `.`, and not only dots")]
    Tenant(String),
    /// The discovery document names another issuer, often the same one with or without a final slash.
    #[error(
        "{configured:?} calls itself {published:?} in its discovery document; if it is your issuer, configure \
         {published:?}"
    )]
    OtherIssuer {
        /// The issuer that was given.
        configured: String,
        /// The issuer of the document, up to 200 characters.
        published: String,
    },
    /// The keys of an issuer could not be fetched. They will be, once it answers.
    #[error("the keys of {issuer:?} could not be fetched: {reason}")]
    KeysNotFetched {
        /// The issuer, or the address of its keys.
        issuer: String,
        /// The reason.
        reason: String,
    },
    /// A verifier takes tokens of several issuers where those of one are needed.
    #[error("the verifier accepts several issuers; `UserTokens` needs a verifier with one issuer")]
    SeveralIssuers,
    /// An address that keys are not fetched from.
    #[error("keys cannot be fetched from {url:?}: {reason}")]
    Url {
        /// The address, without a password that may be in it.
        url: String,
        /// The reason.
        reason: &'static str,
    },
    /// Keys are fetched in the background, which needs a Tokio runtime.
    #[error("no Tokio runtime to fetch keys in; build the verifier inside `#[tokio::main]` or `Runtime::enter`")]
    NoRuntime,
    /// The feature `http-client` is off, and no other fetcher was given.
    #[error(
        "no fetcher for the keys of an issuer; write `auth-runtime = {{ .., features = [\"http-client\"] }}` in \
         Cargo.toml, or call `RemoteKeys::fetcher`"
    )]
    NoFetcher,
    /// The address of a key set does not say whose keys they are.
    #[error("the issuer of these keys is unknown; use `Jwt::remote(..)?.issuer(..)`, or `RemoteKeys::openid_connect`")]
    NoIssuer,
    /// The HTTPS client cannot be made.
    #[error("the HTTPS client cannot be built: {0}")]
    HttpClient(String),
    /// The random generator or the clock of the system, or the signing itself, failed.
    #[error("the token cannot be signed: {0}")]
    Signing(String),
}

impl JwtError {
    /// Whether a discovery document has this issuer in place of the configured one.
    pub(super) fn calls_itself(&self, issuer: &str) -> bool {
        matches!(self, Self::OtherIssuer { published, .. } if published == issuer)
    }
}

/// Names, parted by commas.
fn names(algorithms: &[Algorithm]) -> String {
    algorithms.iter().map(|algorithm| algorithm.name()).collect::<Vec<_>>().join(", ")
}

/// The rule that a token breaks. It holds nothing of the token, so it can be logged.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(super) enum TokenError {
    #[error("not three parts")]
    Parts,
    #[error("not base64url of a JSON object with unique members")]
    Encoding,
    #[error("header parameter `{0}` is not accepted")]
    Header(&'static str),
    #[error("`alg` is not supported")]
    Algorithm,
    #[error("not an access token ({0})")]
    Type(&'static str),
    #[error("header parameter `typ` is not `at+jwt`; see `Jwt::accept_untyped`")]
    Untyped,
    #[error("no key for its algorithm and `kid`")]
    Key,
    #[error("signature does not verify")]
    Signature,
    #[error("ID token ({0})")]
    IdToken(&'static str),
    #[error("may be an ID token (claim `{0}`); see `Jwt::token_type`")]
    MayBeIdToken(&'static str),
    #[error("claim `{0}` is missing")]
    Missing(&'static str),
    #[error("the claim that `Jwt::subject_claim` names is missing or not text")]
    Subject,
    #[error("claim `{0}` has a wrong type or form")]
    Claim(&'static str),
    #[error("unknown issuer")]
    Issuer,
    #[error("tenant is not accepted")]
    Tenant,
    #[error("the claim with the tenant does not name the tenant of `iss`")]
    TenantClaim,
    #[error("audience does not name this service")]
    Audience,
    #[error("expired")]
    Expired,
    #[error("not valid yet")]
    NotYetValid,
    #[error("issued in the future")]
    IssuedInFuture,
    #[error("revoked")]
    Revoked,
}

impl From<TokenError> for AuthenticationError {
    fn from(flaw: TokenError) -> Self {
        Self::invalid(flaw.to_string())
    }
}
