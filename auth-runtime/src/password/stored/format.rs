//! The texts of hashes: PHC strings, modular crypt formats, and the forms of other software.

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

use super::{
    super::error::Reason,
    bounds, crypt64,
    function::{Function, Prehash},
    hash::StoredHash,
};

const KIND: Reason = "it has no supported form, such as that of argon2, bcrypt, scrypt, PBKDF2, SHA-crypt or phpass";
const FORM: Reason = "a part of its form is missing or wrong";
const PARAMETERS: Reason = "its parameters are missing, repeated or wrong";
const BASE64: Reason = "its salt or its output is not in base64";
/// Some software makes the salt of random characters, so the unused bits of the last one are not zero.
const BCRYPT_BASE64: GeneralPurpose = GeneralPurpose::new(&BCRYPT, NO_PAD.with_decode_allow_trailing_bits(true));
/// Form, algorithm, salt length: the start of a hash of ASP.NET Core Identity in base64.
const ASP_NET_PREFIX: &str = "AQAAAA";
const SHA_CRYPT_ROUNDS: u32 = sha_crypt::Params::RECOMMENDED_ROUNDS;

/// Reads a hash that has a supported form and is within the bounds on its cost.
pub(in super::super) fn parse(text: &str) -> Result<StoredHash, Reason> {
    if text.is_empty() {
        return Err("it is empty");
    }
    if text.len() > bounds::MAX_TEXT {
        return Err("it has more than 512 bytes");
    }
    if !text.bytes().all(|byte| byte.is_ascii_graphic()) {
        return Err("it has other characters than visible ASCII");
    }
    if let Some(rest) = text.strip_prefix("{bcrypt}") {
        return bcrypt("bcrypt (Spring Security)", rest, Prehash::None);
    }
    if text.starts_with(ASP_NET_PREFIX) {
        return asp_net(text);
    }
    let (name, rest) = text.split_once('$').ok_or(KIND)?;
    match name {
        "" => modular(text, rest),
        // Django writes its own name before a known form.
        "argon2" => argon2("argon2 (Django)", &text[name.len()..]),
        "bcrypt" => bcrypt("bcrypt (Django)", rest, Prehash::None),
        "bcrypt_sha256" => bcrypt("bcrypt_sha256 (Django)", rest, Prehash::Sha256Hex),
        "pbkdf2_sha256" => django_pbkdf2(rest),
        "scrypt" => django_scrypt(rest),
        _ if name.contains(':') => werkzeug(name, rest),
        _ => Err(KIND),
    }
}

/// `$name$..`: `rest` follows the first dollar sign of `text`.
fn modular(text: &str, rest: &str) -> Result<StoredHash, Reason> {
    let (name, rest) = rest.split_once('$').ok_or(KIND)?;
    match name {
        "argon2id" | "argon2i" | "argon2d" => argon2("argon2", text),
        // The implementation of `$2x$` hashes characters beyond ASCII wrongly.
        "2a" | "2b" | "2y" => bcrypt("bcrypt", text, Prehash::None),
        "bcrypt-sha256" => passlib_bcrypt(rest),
        "wp" => wordpress(rest),
        "P" | "H" => phpass(rest),
        "5" => sha_crypt("SHA-256 crypt", rest, Function::Sha256Crypt, |text| crypt64::decode_sha_crypt::<32>(text, 2)),
        "6" => sha_crypt("SHA-512 crypt", rest, Function::Sha512Crypt, |text| crypt64::decode_sha_crypt::<64>(text, 1)),
        "scrypt" => scrypt(text),
        "pbkdf2-sha256" => pbkdf2(pbkdf2::Algorithm::Pbkdf2Sha256, text, rest),
        "pbkdf2-sha512" => pbkdf2(pbkdf2::Algorithm::Pbkdf2Sha512, text, rest),
        _ => Err(KIND),
    }
}

/// `$argon2id$v=19$m=19456,t=2,p=1$salt$output`, and `keyid` as one more parameter.
fn argon2(form: &'static str, text: &str) -> Result<StoredHash, Reason> {
    let (hash, salt, output) = phc(text)?;
    let ([memory, passes, lanes], key_id) = numbers(&hash.params, ["m", "t", "p"], "keyid")?;
    bounds::argon2(memory, passes)?;
    let key_id = key_id.map_or(Ok(KeyId::EMPTY), |id| KeyId::from_b64(id.as_str())).map_err(|_| PARAMETERS)?;
    let algorithm = Algorithm::new(hash.algorithm).map_err(|_| KIND)?;
    // The first version did not write its number.
    let version = hash.version.map_or(Ok(Version::V0x10), Version::try_from).map_err(|_| "its version is unknown")?;
    let mut params = ParamsBuilder::new();
    params.m_cost(memory).t_cost(passes).p_cost(lanes).keyid(key_id).output_len(output.len());
    let params = params.build().map_err(|_| PARAMETERS)?;
    StoredHash::new(form, Function::Argon2(algorithm, version, params), &salt, output.as_bytes())
}

/// `$2b$12$`, 22 characters of salt, 31 of output.
fn bcrypt(form: &'static str, text: &str, prehash: Prehash) -> Result<StoredHash, Reason> {
    let ["", "2a" | "2b" | "2y", cost, rest] = fields(text)? else { return Err(FORM) };
    let (salt, output) = rest.split_at_checked(22).ok_or(FORM)?;
    bcrypt_of(form, cost, salt, output, prehash)
}

fn bcrypt_of(form: &'static str, cost: &str, salt: &str, output: &str, prehash: Prehash) -> Result<StoredHash, Reason> {
    let is_cost = cost.len() == 2 && cost.bytes().all(|digit| digit.is_ascii_digit());
    let cost = cost.parse().ok().filter(|_| is_cost).ok_or(FORM)?;
    bounds::bcrypt(cost)?;
    if (salt.len(), output.len()) != (22, 31) {
        return Err(FORM);
    }
    let [salt, output] = [salt, output].map(|part| decode(&BCRYPT_BASE64, part));
    StoredHash::new(form, Function::Bcrypt(cost, prehash), &salt?, &output?)
}

/// `v=2,t=2b,r=12$salt$output`, or of passlib 1.6 `2a,12$salt$output`.
fn passlib_bcrypt(rest: &str) -> Result<StoredHash, Reason> {
    let [params, salt, output] = fields(rest)?;
    let params: Vec<&str> = params.split(',').collect();
    let (cost, prehash) = match params[..] {
        ["v=2", "t=2a" | "t=2b", rounds] => {
            (rounds.strip_prefix("r=").ok_or(FORM)?, Prehash::HmacSha256Base64(salt.to_owned()))
        }
        ["2a" | "2b", rounds] => (rounds, Prehash::Sha256Base64),
        _ => return Err(FORM),
    };
    // passlib does not pad the cost.
    let cost = number(cost).map(|cost| format!("{cost:02}"))?;
    bcrypt_of("bcrypt_sha256 (passlib)", &cost, salt, output, prehash)
}

/// `$wp$2y$10$..`; `rest` follows `$wp$`.
fn wordpress(rest: &str) -> Result<StoredHash, Reason> {
    bcrypt("bcrypt (WordPress)", &format!("${rest}"), Prehash::HmacSha384Base64)
}

/// One character of cost, eight of salt, 22 of output.
fn phpass(rest: &str) -> Result<StoredHash, Reason> {
    let (head, output) = rest.split_at_checked(9).ok_or(FORM)?;
    let log_rounds = crypt64::value(head.as_bytes()[0])?;
    bounds::phpass(log_rounds)?;
    let output = crypt64::decode::<16>(output)?;
    StoredHash::new("phpass", Function::Phpass(log_rounds), &head.as_bytes()[1..], &output)
}

/// `salt$output`, or `rounds=5000$salt$output`.
fn sha_crypt<const N: usize>(
    form: &'static str,
    rest: &str,
    function: impl FnOnce(sha_crypt::Params) -> Function,
    decode: impl FnOnce(&str) -> Result<[u8; N], Reason>,
) -> Result<StoredHash, Reason> {
    let (rounds, rest) = match rest.strip_prefix("rounds=") {
        Some(rest) => rest.split_once('$').ok_or(FORM).and_then(|(rounds, rest)| Ok((number(rounds)?, rest)))?,
        None => (SHA_CRYPT_ROUNDS, rest),
    };
    let [salt, output] = fields(rest)?;
    bounds::sha_crypt(rounds)?;
    if salt.len() > 16 {
        return Err("its salt has more than 16 characters");
    }
    let params = sha_crypt::Params::new(rounds).map_err(|_| "it has fewer than 1000 rounds")?;
    StoredHash::new(form, function(params), salt.as_bytes(), &decode(output)?)
}

/// `$scrypt$ln=17,r=8,p=1$salt$output`.
fn scrypt(text: &str) -> Result<StoredHash, Reason> {
    let (hash, salt, output) = phc(text)?;
    let ([log_n, r, p], _) = numbers(&hash.params, ["ln", "r", "p"], "")?;
    StoredHash::new("scrypt", scrypt_function(log_n, r, p)?, &salt, output.as_bytes())
}

/// `16384$salt$8$5$output`.
fn django_scrypt(text: &str) -> Result<StoredHash, Reason> {
    let [n, salt, r, p, output] = fields(text)?;
    let function = scrypt_function_of(n, r, p)?;
    StoredHash::new("scrypt (Django)", function, salt.as_bytes(), &decode(&STANDARD, output)?)
}

/// `scrypt:32768:8:1$salt$output` or `pbkdf2:sha256:1000000$salt$output`, with the output in hex.
fn werkzeug(name: &str, rest: &str) -> Result<StoredHash, Reason> {
    let [salt, output] = fields(rest)?;
    let output = decode_hex(output)?;
    let parts: Vec<&str> = name.split(':').collect();
    match parts[..] {
        ["scrypt", n, r, p] => {
            StoredHash::new("scrypt (Werkzeug)", scrypt_function_of(n, r, p)?, salt.as_bytes(), &output)
        }
        ["pbkdf2", hash @ ("sha256" | "sha512"), iterations] => {
            let algorithm = match hash {
                "sha256" => pbkdf2::Algorithm::Pbkdf2Sha256,
                _ => pbkdf2::Algorithm::Pbkdf2Sha512,
            };
            pbkdf2_of("PBKDF2 (Werkzeug)", algorithm, number(iterations)?, salt.as_bytes(), &output)
        }
        _ => Err(KIND),
    }
}

/// The number of blocks as text, not as a logarithm.
fn scrypt_function_of(n: &str, r: &str, p: &str) -> Result<Function, Reason> {
    let n = number(n)?;
    if !n.is_power_of_two() {
        return Err(PARAMETERS);
    }
    scrypt_function(n.ilog2(), number(r)?, number(p)?)
}

fn scrypt_function(log_n: u32, r: u32, p: u32) -> Result<Function, Reason> {
    bounds::scrypt(log_n, r, p)?;
    let log_n = log_n.try_into().map_err(|_| PARAMETERS)?;
    scrypt::Params::new(log_n, r, p).map(Function::Scrypt).map_err(|_| PARAMETERS)
}

/// `$pbkdf2-sha256$i=600000,l=32$salt$output`, or of passlib `$pbkdf2-sha256$29000$salt$output`. `rest` follows the
/// name.
fn pbkdf2(algorithm: pbkdf2::Algorithm, text: &str, rest: &str) -> Result<StoredHash, Reason> {
    if !rest.contains('=') {
        let [iterations, salt, output] = fields(rest)?;
        let [salt, output] = [salt, output].map(|part| decode(&STANDARD_NO_PAD, &part.replace('.', "+")));
        return pbkdf2_of("PBKDF2 (passlib)", algorithm, number(iterations)?, &salt?, &output?);
    }
    let (hash, salt, output) = phc(text)?;
    let ([iterations], length) = numbers(&hash.params, ["i"], "l")?;
    let length = length.map(|length| number(length.as_str())).transpose()?;
    if length.is_some_and(|length| usize::try_from(length) != Ok(output.len())) {
        return Err(PARAMETERS);
    }
    pbkdf2_of("PBKDF2", algorithm, iterations, &salt, output.as_bytes())
}

/// `600000$salt$output`.
fn django_pbkdf2(text: &str) -> Result<StoredHash, Reason> {
    let [iterations, salt, output] = fields(text)?;
    let (algorithm, output) = (pbkdf2::Algorithm::Pbkdf2Sha256, decode(&STANDARD, output)?);
    pbkdf2_of("PBKDF2 (Django)", algorithm, number(iterations)?, salt.as_bytes(), &output)
}

/// Version 3 of ASP.NET Core Identity: base64 of the byte 1, then algorithm, iterations and salt length as big-endian
/// numbers of 32 bits, then salt and output.
fn asp_net(text: &str) -> Result<StoredHash, Reason> {
    let bytes = decode(&STANDARD, text)?;
    let (head, rest) = bytes.split_at_checked(13).ok_or(FORM)?;
    let field = |index: usize| head[1 + 4 * index..5 + 4 * index].iter().fold(0, |n, byte| n << 8 | u32::from(*byte));
    let algorithm = match field(0) {
        1 => pbkdf2::Algorithm::Pbkdf2Sha256,
        2 => pbkdf2::Algorithm::Pbkdf2Sha512,
        _ => return Err("it is made with another function than SHA-256 or SHA-512"),
    };
    let salt_len = usize::try_from(field(2)).map_err(|_| FORM)?;
    let (salt, output) = rest.split_at_checked(salt_len).filter(|(salt, _)| salt.len() >= 16).ok_or(FORM)?;
    pbkdf2_of("PBKDF2 (ASP.NET Core Identity)", algorithm, field(1), salt, output)
}

fn pbkdf2_of(
    form: &'static str,
    algorithm: pbkdf2::Algorithm,
    iterations: u32,
    salt: &[u8],
    output: &[u8],
) -> Result<StoredHash, Reason> {
    let block = if algorithm == pbkdf2::Algorithm::Pbkdf2Sha256 { 32 } else { 64 };
    bounds::pbkdf2(iterations, output.len().div_ceil(block))?;
    let params = pbkdf2::Params::new(iterations).map_err(|_| "it has fewer than 1000 iterations")?;
    StoredHash::new(form, Function::Pbkdf2(algorithm, params), salt, output)
}

/// Reads a PHC string with all its parts. Only argon2 has versions.
fn phc(text: &str) -> Result<(PasswordHash, Salt, Output), Reason> {
    let hash = PasswordHash::new(text).map_err(|_| FORM)?;
    let has_version = hash.version.is_some() && !hash.algorithm.as_str().starts_with("argon2");
    let (salt, output) = hash.salt.zip(hash.hash).filter(|_| !has_version).ok_or(FORM)?;
    Ok((hash, salt, output))
}

/// Returns the numbers with these names, each once, and the optional parameter. There may be no other parameter.
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

/// Reads digits without leading zeros, below 2^32.
fn number(text: &str) -> Result<u32, Reason> {
    Value::new(text).and_then(|value| value.decimal()).map_err(|_| PARAMETERS)
}

fn decode(engine: &GeneralPurpose, text: &str) -> Result<Vec<u8>, Reason> {
    engine.decode(text).map_err(|_| BASE64)
}

/// Reads hex in lower case.
fn decode_hex(text: &str) -> Result<Vec<u8>, Reason> {
    let digit =
        |byte: u8| b"0123456789abcdef".iter().position(|known| *known == byte).and_then(|n| u8::try_from(n).ok());
    let pair = |pair: &[u8]| match pair {
        [high, low] => Some(digit(*high)? << 4 | digit(*low)?),
        _ => None,
    };
    text.as_bytes().chunks(2).map(pair).collect::<Option<_>>().ok_or("its output is not in hex")
}
