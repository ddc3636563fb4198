//! The texts that hashes are stored as: PHC strings, the modular crypt format of bcrypt and passlib, and Django's.

use argon2::{
    Algorithm, KeyId, ParamsBuilder, Version,
    password_hash::phc::{Output, ParamsString, PasswordHash, Salt, Value},
};
use base64::{
    Engine,
    alphabet::BCRYPT,
    engine::{
        GeneralPurpose,
        general_purpose::{NO_PAD, STANDARD, STANDARD_NO_PAD},
    },
};

use super::{Function, Reason, Stored, bounds};

const KIND: Reason = "it is of no kind that is known: argon2, bcrypt, scrypt, and PBKDF2 with SHA-256 or SHA-512 are";
const FORM: Reason = "it is not in the form of its kind";
const PARAMETERS: Reason = "its parameters are not those of its kind, each once";
const BASE64: Reason = "its salt or its output is not in base64";
/// What is left over in the last character of the salt is not always zero: some made salts of random characters.
const BCRYPT_BASE64: GeneralPurpose = GeneralPurpose::new(&BCRYPT, NO_PAD.with_decode_allow_trailing_bits(true));

/// Reads a hash, if it is of a kind that can be verified, and asks for no more than it may.
pub(in super::super) fn parse(text: &str) -> Result<Stored, Reason> {
    if text.is_empty() {
        return Err("it is empty");
    }
    if text.len() > bounds::MAX_TEXT {
        return Err("it has more than 512 bytes");
    }
    if !text.bytes().all(|byte| byte.is_ascii_graphic()) {
        return Err("it has other characters than visible ASCII");
    }
    let (name, rest) = text.split_once('$').ok_or(KIND)?;
    match name {
        "" => modular(text, rest),
        // Django puts a name of its own in front of what has a form already.
        "argon2" => argon2(&text[name.len()..]),
        "bcrypt" => bcrypt(rest, Function::Bcrypt),
        "bcrypt_sha256" => bcrypt(rest, Function::BcryptOfSha256),
        "pbkdf2_sha256" => django_pbkdf2(rest),
        "scrypt" => django_scrypt(rest),
        _ => Err(KIND),
    }
}

/// `$name$..`: `rest` is what follows the first dollar sign of `text`.
fn modular(text: &str, rest: &str) -> Result<Stored, Reason> {
    let (name, rest) = rest.split_once('$').ok_or(KIND)?;
    match name {
        "argon2id" | "argon2i" | "argon2d" => argon2(text),
        // `$2x$` is of an implementation that got characters beyond ASCII wrong.
        "2a" | "2b" | "2y" => bcrypt(text, Function::Bcrypt),
        "scrypt" => scrypt(text),
        "pbkdf2-sha256" => pbkdf2(pbkdf2::Algorithm::Pbkdf2Sha256, text, rest),
        "pbkdf2-sha512" => pbkdf2(pbkdf2::Algorithm::Pbkdf2Sha512, text, rest),
        _ => Err(KIND),
    }
}

/// `$argon2id$v=19$m=19456,t=2,p=1$salt$output`, and `keyid` as one more parameter.
fn argon2(text: &str) -> Result<Stored, Reason> {
    let (hash, salt, output) = phc(text)?;
    let ([memory, passes, lanes], key_id) = numbers(&hash.params, ["m", "t", "p"], "keyid")?;
    bounds::argon2(memory, passes)?;
    let key_id = key_id.map_or(Ok(KeyId::EMPTY), |id| KeyId::from_b64(id.as_str())).map_err(|_| PARAMETERS)?;
    let algorithm = Algorithm::new(hash.algorithm).map_err(|_| KIND)?;
    // The first version did not write its number.
    let version =
        hash.version.map_or(Ok(Version::V0x10), Version::try_from).map_err(|_| "it is of no known version")?;
    let mut params = ParamsBuilder::new();
    params.m_cost(memory).t_cost(passes).p_cost(lanes).keyid(key_id).output_len(output.len());
    let params = params.build().map_err(|_| PARAMETERS)?;
    Stored::new(Function::Argon2(algorithm, version, params), &salt, output.as_bytes())
}

/// `$2b$12$`, 22 characters of salt, 31 of output.
fn bcrypt(text: &str, function: impl FnOnce(u32) -> Function) -> Result<Stored, Reason> {
    let ["", "2a" | "2b" | "2y", cost, rest] = fields(text)? else { return Err(FORM) };
    let is_cost = cost.len() == 2 && cost.bytes().all(|digit| digit.is_ascii_digit());
    let cost = cost.parse().ok().filter(|_| is_cost).ok_or(FORM)?;
    bounds::bcrypt(cost)?;
    let (salt, output) = rest.split_at_checked(22).filter(|(_, output)| output.len() == 31).ok_or(FORM)?;
    Stored::new(function(cost), &decode(&BCRYPT_BASE64, salt)?, &decode(&BCRYPT_BASE64, output)?)
}

/// `$scrypt$ln=17,r=8,p=1$salt$output`.
fn scrypt(text: &str) -> Result<Stored, Reason> {
    let (hash, salt, output) = phc(text)?;
    let ([log_n, r, p], _) = numbers(&hash.params, ["ln", "r", "p"], "")?;
    Stored::new(scrypt_function(log_n, r, p)?, &salt, output.as_bytes())
}

/// `16384$salt$8$5$output`.
fn django_scrypt(text: &str) -> Result<Stored, Reason> {
    let [n, salt, r, p, output] = fields(text)?;
    let n = number(n)?;
    if !n.is_power_of_two() {
        return Err(PARAMETERS);
    }
    let function = scrypt_function(n.ilog2(), number(r)?, number(p)?)?;
    Stored::new(function, salt.as_bytes(), &decode(&STANDARD, output)?)
}

fn scrypt_function(log_n: u32, r: u32, p: u32) -> Result<Function, Reason> {
    bounds::scrypt(log_n, r, p)?;
    let log_n = log_n.try_into().map_err(|_| PARAMETERS)?;
    scrypt::Params::new(log_n, r, p).map(Function::Scrypt).map_err(|_| PARAMETERS)
}

/// `$pbkdf2-sha256$i=600000,l=32$salt$output`, or passlib's `$pbkdf2-sha256$29000$salt$output`, of which `rest` is what
/// follows the name.
fn pbkdf2(algorithm: pbkdf2::Algorithm, text: &str, rest: &str) -> Result<Stored, Reason> {
    if !rest.contains('=') {
        let [iterations, salt, output] = fields(rest)?;
        let [salt, output] = [salt, output].map(|part| decode(&STANDARD_NO_PAD, &part.replace('.', "+")));
        return pbkdf2_of(algorithm, number(iterations)?, &salt?, &output?);
    }
    let (hash, salt, output) = phc(text)?;
    let ([iterations], length) = numbers(&hash.params, ["i"], "l")?;
    let length = length.map(|length| number(length.as_str())).transpose()?;
    if length.is_some_and(|length| usize::try_from(length) != Ok(output.len())) {
        return Err(PARAMETERS);
    }
    pbkdf2_of(algorithm, iterations, &salt, output.as_bytes())
}

/// `600000$salt$output`.
fn django_pbkdf2(text: &str) -> Result<Stored, Reason> {
    let [iterations, salt, output] = fields(text)?;
    let output = decode(&STANDARD, output)?;
    pbkdf2_of(pbkdf2::Algorithm::Pbkdf2Sha256, number(iterations)?, salt.as_bytes(), &output)
}

fn pbkdf2_of(algorithm: pbkdf2::Algorithm, iterations: u32, salt: &[u8], output: &[u8]) -> Result<Stored, Reason> {
    let block = if algorithm == pbkdf2::Algorithm::Pbkdf2Sha256 { 32 } else { 64 };
    bounds::pbkdf2(iterations, output.len().div_ceil(block))?;
    let params = pbkdf2::Params::new(iterations).map_err(|_| "it has fewer than 1000 iterations")?;
    Stored::new(Function::Pbkdf2(algorithm, params), salt, output)
}

/// A PHC string with all its parts; only argon2 has versions.
fn phc(text: &str) -> Result<(PasswordHash, Salt, Output), Reason> {
    let hash = PasswordHash::new(text).map_err(|_| FORM)?;
    let has_version = hash.version.is_some() && !hash.algorithm.as_str().starts_with("argon2");
    let (salt, output) = hash.salt.zip(hash.hash).filter(|_| !has_version).ok_or(FORM)?;
    Ok((hash, salt, output))
}

/// The numbers of these names: each has to be there once, beside the optional parameter, and nothing else.
fn numbers<'a, const N: usize>(
    params: &'a ParamsString,
    names: [&str; N],
    optional: &str,
) -> Result<([u32; N], Option<Value<'a>>), Reason> {
    let optional = params.get(optional);
    let numbers = names.map(|name| params.get_decimal(name));
    if params.iter().count() != N + usize::from(optional.is_some()) || numbers.contains(&None) {
        return Err(PARAMETERS);
    }
    Ok((numbers.map(Option::unwrap_or_default), optional))
}

fn fields<const N: usize>(text: &str) -> Result<[&str; N], Reason> {
    text.split('$').collect::<Vec<_>>().try_into().map_err(|_| FORM)
}

/// Digits without a zero in front, below 2^32.
fn number(text: &str) -> Result<u32, Reason> {
    Value::new(text).and_then(|value| value.decimal()).map_err(|_| PARAMETERS)
}

fn decode(engine: &GeneralPurpose, text: &str) -> Result<Vec<u8>, Reason> {
    engine.decode(text).map_err(|_| BASE64)
}
