//! Texts that are rejected before anything is computed.

use proptest::{collection::vec, prop_assert, proptest, sample::select, strategy::Strategy};

use super::{super::bounds::MAX_TEXT, parse, read};
use crate::password::block_buffer::BlockBuffer;

const SALT: &str = "7wvJXc6Y6cXid4j7FibOrw";
const OUTPUT: &str = "4DzXCPM5jngH+D/tQ3nsfFdXfA3PC498hDfOeVtmEGo";
const BCRYPT: &str = "OV5zY2YQPeJsOiWmed6Nn.QHr393JD9LVfa8QuEmyEniIB583T.au";

fn reason(hash: &str) -> &'static str {
    parse(hash).err().unwrap_or_else(|| panic!("{hash} is accepted"))
}

/// A PHC string with salt and output.
fn phc(head: &str) -> String {
    format!("${head}${SALT}${OUTPUT}")
}

#[test]
fn r70_texts_of_other_forms_are_rejected() {
    for hash in [
        "",
        " ",
        "$",
        "$$$$",
        "no hash",
        "password",
        "5f4dcc3b5aa765d61d8327deb882cf99",
        "{SSHA}W6ph5Mm5Pz8GgiULbPgzG37mj9g=",
        "$1$saltsalt$qjXMvbEw8oaL.CzflDtaK/",
        "$sha1$1000$saltsalt$qFmFH.bQmmtXzyBY0s9v7Oicd2z4",
        "!nDyU4uTZGEyiPe0AWGBdGMbPVNyUvAXyMCb1I5Wx",
        "pbkdf2_sha1$1000$salt$qFmFHbQmmtXzyBY0s9v7Oicd2z4=",
        "$pbkdf2$1000$salt$qFmFHbQmmtXzyBY0s9v7Oicd2z4",
        "$argon2id",
        "$argon2id$",
        "argon2$",
        "bcrypt$",
        "scrypt$",
        "$2b$",
        "\0",
    ] {
        assert!(parse(hash).is_err(), "{hash}");
    }
}

#[test]
fn r70_missing_and_surplus_parts_are_rejected() {
    let argon2 = "argon2id$v=19$m=64,t=1,p=1";
    for hash in [
        // Each part is required: there are no defaults.
        format!("${argon2}${SALT}"),
        format!("${argon2}"),
        format!("${argon2}${SALT}$"),
        format!("${argon2}$${OUTPUT}"),
        phc("argon2id$v=19"),
        phc("argon2id"),
        phc("argon2id$v=19$m=64,t=1"),
        phc("argon2id$v=19$t=1,p=1"),
        phc("scrypt"),
        phc("scrypt$ln=4,r=8"),
        phc("pbkdf2-sha256"),
        phc("pbkdf2-sha256$l=32"),
        // Twice, more, or others.
        phc("argon2id$v=19$m=64,t=1,p=1,m=8"),
        phc("argon2id$v=19$m=64,m=64,t=1,p=1"),
        phc("argon2id$v=19$m=64,t=1,t=1"),
        phc("argon2id$v=19$m=64,t=1,p=1,keyid=AAAA,keyid=BBBB"),
        phc("argon2id$v=19$m=64,t=1,p=1,keyid=A"),
        phc("argon2id$v=19$m=64,t=1,p=1,keyid=AAAAAAAAAAAA"),
        phc("argon2id$v=19$m=64,t=1,p=1,data=AAAA"),
        phc("argon2id$v=19$m=64,t=1,p=1,x=1"),
        phc("argon2id$v=19,m=64,t=1,p=1"),
        phc("argon2id$v=19$v=19$m=64,t=1,p=1"),
        phc("argon2id$m=64,t=1,p=1$v=19"),
        phc("scrypt$ln=4,r=8,p=1,ln=5"),
        phc("scrypt$v=1$ln=4,r=8,p=1"),
        phc("pbkdf2-sha256$i=1000,i=2000"),
        phc("pbkdf2-sha256$i=1000,l=31"),
        phc("pbkdf2-sha256$v=1$i=1000"),
        // Two hashes.
        phc(argon2).repeat(2),
        format!("{}\n", phc(argon2)),
        format!("{}$", phc(argon2)),
        format!("${}", phc(argon2)),
        format!("argon2${}", phc(argon2)),
        format!("argon2argon2{}", phc(argon2)),
        format!("argon2{}", phc("scrypt$ln=4,r=8,p=1")),
        format!("bcrypt$bcrypt$$2b$04${BCRYPT}"),
        format!("bcrypt{}", phc(argon2)),
        format!("$2b$04${BCRYPT}$2b$04${BCRYPT}"),
        format!("$2b$04${BCRYPT}."),
        format!("$2b$04${}", &BCRYPT[1..]),
        format!("$2b$04${SALT}"),
        "pbkdf2_sha256$1000$salt".to_owned(),
        format!("pbkdf2_sha256$1000$salt$pepper${OUTPUT}="),
        format!("scrypt$16$salt$8${OUTPUT}="),
    ] {
        assert!(parse(&hash).is_err(), "{hash}");
    }
}

#[test]
fn r70_numbers_are_decimal_and_fit() {
    for number in ["", "-1", "+64", "064", "0x40", "64.0", " 64", "6 4", "4294967296", "18446744073709551616", "٦٤"] {
        for hash in [
            phc(&format!("argon2id$v=19$m={number},t=1,p=1")),
            phc(&format!("argon2id$v=19$m=64,t={number},p=1")),
            phc(&format!("argon2id$v=19$m=64,t=1,p={number}")),
            phc(&format!("argon2id$v={number}$m=64,t=1,p=1")),
            phc(&format!("scrypt$ln={number},r=8,p=1")),
            phc(&format!("scrypt$ln=4,r={number},p=1")),
            phc(&format!("pbkdf2-sha256$i={number}")),
            format!("$pbkdf2-sha256${number}${SALT}${OUTPUT}"),
            format!("pbkdf2_sha256${number}$salt${OUTPUT}="),
            format!("scrypt${number}$salt$8$1${OUTPUT}="),
            format!("scrypt$16$salt$8${number}${OUTPUT}="),
            format!("$2b${number}${BCRYPT}"),
        ] {
            // 64 itself is no version, and beyond the cost of bcrypt.
            assert!(parse(&hash).is_err(), "{hash}");
        }
    }
    for cost in ["4", "004", "+4", "-4", " 4", "4 ", "0x"] {
        reason(&format!("$2b${cost}${BCRYPT}"));
    }
    // Not a power of two.
    reason(&format!("scrypt$17$salt$8$1${OUTPUT}="));
}

#[test]
fn r70_unknown_forms_are_not_taken_for_known_ones() {
    for hash in [
        format!("$bcrypt-sha256$v=3,t=2b,r=4${}${}", &BCRYPT[..22], &BCRYPT[22..]),
        format!("$bcrypt-sha256$v=2,t=2x,r=4${}${}", &BCRYPT[..22], &BCRYPT[22..]),
        format!("$bcrypt-sha256$v=2,t=2b,r=04${}${}", &BCRYPT[..22], &BCRYPT[22..]),
        format!("$bcrypt-sha256$v=2,t=2b${}${}", &BCRYPT[..22], &BCRYPT[22..]),
        "$wp$P$5PzFg2JT4IjYgHk75uduIqgNDovr2.1".to_owned(),
        format!("$wp2y$04${BCRYPT}"),
        "{noop}password".to_owned(),
        "{bcrypt}password".to_owned(),
        format!("{{bcrypt}}{{bcrypt}}$2b$04${BCRYPT}"),
        format!("{{sha256}}$2b$04${BCRYPT}"),
        format!("pbkdf2:sha1:1000$salt${}", "00".repeat(20)),
        format!("pbkdf2:md5:1000$salt${}", "00".repeat(16)),
        format!("pbkdf2:sha256$salt${}", "00".repeat(32)),
        format!("scrypt:1024:8$salt${}", "00".repeat(64)),
        format!("scrypt:1024:8:1$salt${}", "0G".repeat(64)),
        format!("scrypt:1024:8:1$salt$0{}", "00".repeat(63)),
        format!("plain:x$salt${}", "00".repeat(32)),
        // SHA-1, a short salt, and a salt beyond the end.
        "AQAAAAAAAAPoAAAAEPXFlyLJ/WO/LdVUVdh2u+8C7ekHuAZNeJxyDgBiSkJDm9+W2XIcxvZS3IsFXyIdlg==".to_owned(),
        "AQAAAAIAAAPoAAAACPXFlyLJ/WO/LdVUVdh2u+8C7ekHuAZNeJxyDgBiSkJDm9+W2XIcxvZS3IsFXyIdlg==".to_owned(),
        "AQAAAAIAAAPo/////vXFlyLJ/WO/LdVUVdh2u+8C7ekHuAZNeJxyDgBiSkJDm9+W2XIcxvZS3IsFXyIdlg==".to_owned(),
        "AQAAAAI=".to_owned(),
        "$P$5PzFg2JT4IjYgHk75uduIqgNDovr2.".to_owned(),
        "$P$5PzFg2JT4IjYgHk75uduIqgNDovr2.z".to_owned(),
        "$P$".to_owned(),
        "$5$rounds=1000$salt$".to_owned(),
        format!("$5$rounds=+1000$saltsalt${}", "a".repeat(43)),
        format!("$5$saltsaltsaltsalts${}.", "a".repeat(42)),
        format!("$6$saltsalt${}", "a".repeat(43)),
        phc("argon2$v=19$m=64,t=1,p=1"),
        phc("Argon2id$v=19$m=64,t=1,p=1"),
        phc("argon2id$v=17$m=64,t=1,p=1"),
        phc("argon2idx$v=19$m=64,t=1,p=1"),
        phc("pbkdf2-sha1$i=1000"),
        phc("pbkdf2-sha256x$i=1000"),
        // Its implementation hashes characters beyond ASCII wrongly (CVE-2011-2483).
        format!("$2x$04${BCRYPT}"),
        format!("$2$04${BCRYPT}"),
        format!("$2c$04${BCRYPT}"),
        format!("$2B$04${BCRYPT}"),
        format!("BCRYPT$$2b$04${BCRYPT}"),
    ] {
        assert!(parse(&hash).is_err(), "{hash}");
    }
}

#[test]
fn r70_costs_beyond_the_bounds_are_rejected() {
    for (good, bad) in [
        ("argon2id$v=19$m=262144,t=4,p=1", "argon2id$v=19$m=262145,t=1,p=1"),
        ("argon2id$v=19$m=262144,t=4,p=8", "argon2id$v=19$m=262144,t=5,p=1"),
        ("argon2id$v=19$m=8,t=131072,p=1", "argon2id$v=19$m=8,t=131073,p=1"),
        ("argon2i$v=19$m=64,t=1,p=8", "argon2i$v=19$m=4294967295,t=4294967295,p=16777215"),
        ("argon2d$v=19$m=64,t=1,p=8", "argon2d$v=19$m=64,t=1,p=9"),
        ("argon2d$v=19$m=8,t=1,p=1", "argon2d$v=19$m=7,t=1,p=1"),
        ("argon2d$v=19$m=8,t=1,p=1", "argon2d$v=19$m=8,t=0,p=1"),
        ("argon2d$v=19$m=8,t=1,p=1", "argon2d$v=19$m=8,t=1,p=0"),
        ("argon2d$v=19$m=8,t=1,p=1", "argon2d$v=19$m=64,t=1,p=4294967295"),
        ("scrypt$ln=18,r=8,p=1", "scrypt$ln=18,r=9,p=1"),
        ("scrypt$ln=18,r=8,p=4", "scrypt$ln=18,r=8,p=5"),
        ("scrypt$ln=1,r=1,p=1", "scrypt$ln=0,r=1,p=1"),
        ("scrypt$ln=1,r=32,p=32", "scrypt$ln=1,r=32,p=33"),
        ("scrypt$ln=21,r=1,p=1", "scrypt$ln=22,r=1,p=1"),
        ("scrypt$ln=1,r=1,p=1", "scrypt$ln=31,r=4294967295,p=4294967295"),
        ("scrypt$ln=1,r=1,p=1", "scrypt$ln=1,r=4294967295,p=4294967295"),
        ("scrypt$ln=1,r=1,p=1", "scrypt$ln=4294967295,r=1,p=1"),
        ("scrypt$ln=1,r=1,p=1", "scrypt$ln=64,r=1,p=1"),
        ("scrypt$ln=1,r=1,p=1", "scrypt$ln=1,r=0,p=1"),
        ("scrypt$ln=1,r=1,p=1", "scrypt$ln=1,r=1,p=0"),
        ("pbkdf2-sha256$i=5000000", "pbkdf2-sha256$i=5000001"),
        ("pbkdf2-sha512$i=1000", "pbkdf2-sha512$i=4294967295"),
        ("pbkdf2-sha512$i=1000", "pbkdf2-sha512$i=999"),
        ("pbkdf2-sha512$i=1000", "pbkdf2-sha512$i=0"),
    ] {
        read(&phc(good));
        reason(&phc(bad));
    }
    for (good, bad) in [
        (format!("$2b$15${BCRYPT}"), format!("$2b$16${BCRYPT}")),
        (format!("$wp$2y$15${BCRYPT}"), format!("$wp$2y$16${BCRYPT}")),
        (format!("{{bcrypt}}$2b$15${BCRYPT}"), format!("{{bcrypt}}$2b$16${BCRYPT}")),
        (
            format!("$bcrypt-sha256$v=2,t=2b,r=15${}${}", &BCRYPT[..22], &BCRYPT[22..]),
            format!("$bcrypt-sha256$v=2,t=2b,r=16${}${}", &BCRYPT[..22], &BCRYPT[22..]),
        ),
        (
            format!("$5$rounds=1000000$saltsalt${}.", "a".repeat(42)),
            format!("$5$rounds=1000001$saltsalt${}.", "a".repeat(42)),
        ),
        (format!("$5$rounds=1000$saltsalt${}.", "a".repeat(42)), format!("$5$rounds=999$saltsalt${}.", "a".repeat(42))),
        // 2^20 and 2^21 rounds, then 2^7 and 2^6.
        ("$P$IPzFg2JT4IjYgHk75uduIqgNDovr2.1".to_owned(), "$P$JPzFg2JT4IjYgHk75uduIqgNDovr2.1".to_owned()),
        ("$P$5PzFg2JT4IjYgHk75uduIqgNDovr2.1".to_owned(), "$P$4PzFg2JT4IjYgHk75uduIqgNDovr2.1".to_owned()),
        (
            format!("pbkdf2:sha256:5000000$salt${}", "00".repeat(32)),
            format!("pbkdf2:sha256:5000001$salt${}", "00".repeat(32)),
        ),
        (format!("scrypt:262144:8:1$salt${}", "00".repeat(64)), format!("scrypt:524288:8:1$salt${}", "00".repeat(64))),
        (format!("$2b$04${BCRYPT}"), format!("$2b$03${BCRYPT}")),
        (format!("$2b$04${BCRYPT}"), format!("$2b$99${BCRYPT}")),
        (format!("scrypt$262144$salt$8$1${OUTPUT}="), format!("scrypt$524288$salt$8$1${OUTPUT}=")),
        (format!("scrypt$2$salt$8$1${OUTPUT}="), format!("scrypt$1$salt$8$1${OUTPUT}=")),
        (format!("scrypt$2$salt$8$1${OUTPUT}="), format!("scrypt$0$salt$8$1${OUTPUT}=")),
        (format!("pbkdf2_sha256$5000000$salt${OUTPUT}="), format!("pbkdf2_sha256$5000001$salt${OUTPUT}=")),
        (format!("$pbkdf2-sha256$5000000${SALT}${OUTPUT}"), format!("$pbkdf2-sha256$5000001${SALT}${OUTPUT}")),
    ] {
        read(&good);
        reason(&bad);
    }
}

#[test]
fn r70_outputs_of_a_wrong_length_are_rejected() {
    let output = |bytes: usize| "A".repeat((bytes * 4).div_ceil(3));
    let heads = ["argon2id$v=19$m=64,t=1,p=1", "scrypt$ln=4,r=8,p=1", "pbkdf2-sha256$i=1000", "pbkdf2-sha512$1000"];
    for head in heads {
        for bytes in [16, 32, 64] {
            read(&format!("${head}${SALT}${}", output(bytes)));
        }
        for bytes in [0, 1, 12, 15, 65, 96, 128] {
            reason(&format!("${head}${SALT}${}", output(bytes)));
        }
    }
    // Each 32 bytes more of PBKDF2 cost as many iterations again.
    read(&format!("$pbkdf2-sha256$i=2500000${SALT}${}", output(64)));
    reason(&format!("$pbkdf2-sha256$i=2500001${SALT}${}", output(64)));
}

#[test]
fn r70_long_and_invisible_texts_are_rejected() {
    let django = |salt: &str| format!("pbkdf2_sha256$1000${salt}${OUTPUT}=");
    let rest = django("").len();
    read(&django(&"s".repeat(MAX_TEXT - rest)));
    assert!(reason(&django(&"s".repeat(MAX_TEXT - rest + 1))).contains("512"));
    reason(&django(&"s".repeat(1 << 20)));
    for salt in ["sa lt", "sa\0lt", "sält", "salt\n", "\u{feff}salt"] {
        assert!(reason(&django(salt)).contains("visible ASCII"), "{salt:?}");
    }
}

#[test]
fn r70_each_form_has_its_own_base64_alphabet() {
    for hash in [
        format!("$argon2id$v=19$m=64,t=1,p=1${SALT}==${OUTPUT}="),
        format!("$argon2id$v=19$m=64,t=1,p=1${SALT}${}", OUTPUT.replace('+', ".")),
        format!("$argon2id$v=19$m=64,t=1,p=1${SALT}${}", OUTPUT.replace('+', "-")),
        format!("pbkdf2_sha256$1000$salt${OUTPUT}"),
        format!("pbkdf2_sha256$1000$salt${}=", OUTPUT.replace('+', "-")),
        format!("$2b$04${}", BCRYPT.replace('.', "+")),
    ] {
        assert!(parse(&hash).is_err(), "{hash}");
    }
}

/// Parts of hashes in any order.
fn parts() -> impl Strategy<Value = String> {
    let part = select(vec![
        "$",
        "$",
        "$",
        "$",
        ",",
        "=",
        "argon2",
        "argon2id",
        "2b",
        "04",
        "bcrypt",
        "bcrypt_sha256",
        "bcrypt-sha256",
        "v=2,t=2b,r=4",
        "{bcrypt}",
        "AQAAAAIAAAPoAAAAEPXF",
        "scrypt:",
        "pbkdf2:sha256:1000",
        "wp",
        "P",
        "5",
        "6",
        "rounds=1000",
        "scrypt",
        "v=19",
        "m=64,t=1,p=1",
        "m=4294967295",
        "t=0",
        "keyid=",
        "ln=4,r=8,p=1",
        "ln=255",
        "i=1000",
        "l=32",
        "pbkdf2-sha256",
        "pbkdf2-sha512",
        "pbkdf2_sha256",
        "1000",
        "16",
        "8",
        "1",
        "0",
        "-1",
        SALT,
        OUTPUT,
        BCRYPT,
        "é",
        "\0",
    ]);
    vec(part, 0..16).prop_map(|parts| parts.concat())
}

proptest! {
    #[test]
    fn r70_every_text_gives_a_hash_or_a_reason(text in parts(), other in "\\PC{0,200}") {
        for text in [text, other] {
            // A readable hash can be computed.
            if let Ok(stored) = parse(&text) {
                prop_assert!(!stored.matches("wrong horse", None, &mut BlockBuffer::unpooled()).unwrap(), "{}", text);
            }
        }
    }
}
