//! What is not read: nothing in it is computed.

use proptest::{collection::vec, prop_assert, proptest, sample::select, strategy::Strategy};

use super::{super::bounds::MAX_TEXT, parse, read};

const SALT: &str = "7wvJXc6Y6cXid4j7FibOrw";
const OUTPUT: &str = "4DzXCPM5jngH+D/tQ3nsfFdXfA3PC498hDfOeVtmEGo";
const BCRYPT: &str = "OV5zY2YQPeJsOiWmed6Nn.QHr393JD9LVfa8QuEmyEniIB583T.au";

fn reason(hash: &str) -> &'static str {
    parse(hash).err().unwrap_or_else(|| panic!("{hash} is read"))
}

/// A PHC string with salt and output.
fn phc(head: &str) -> String {
    format!("${head}${SALT}${OUTPUT}")
}

#[test]
fn r70_what_is_no_hash_is_not_read() {
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
        "$6$saltsalt$qFmFH.bQmmtXzyBY0s9v7Oicd2z4XSIecDzlB5KiA2/jctKu9YterLp8wwnSq.qc.eoxqOmSuNp2xS0ktL3nh/",
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
fn r70_a_hash_that_lacks_a_part_or_has_one_more_is_not_read() {
    let argon2 = "argon2id$v=19$m=64,t=1,p=1";
    for hash in [
        // Without output, salt, parameters, or any of them: none of them is the default.
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
fn r70_a_number_is_one_in_decimal_that_fits() {
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
fn r70_a_kind_that_is_not_known_is_not_taken_for_one_that_is() {
    for hash in [
        phc("argon2$v=19$m=64,t=1,p=1"),
        phc("Argon2id$v=19$m=64,t=1,p=1"),
        phc("argon2id$v=17$m=64,t=1,p=1"),
        phc("argon2idx$v=19$m=64,t=1,p=1"),
        phc("pbkdf2-sha1$i=1000"),
        phc("pbkdf2-sha256x$i=1000"),
        // Characters beyond ASCII are hashed wrongly by what made it (CVE-2011-2483).
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
fn r70_a_hash_cannot_ask_for_more_than_it_may() {
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
fn r70_an_output_that_many_passwords_give_is_not_read() {
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
fn r70_a_text_that_is_too_long_or_not_visible_is_not_read() {
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
fn r70_base64_is_of_the_alphabet_of_its_kind() {
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

/// Parts of hashes, put together in any order.
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
    fn r70_whatever_a_hash_is_reading_it_ends_in_a_hash_or_a_reason(text in parts(), other in "\\PC{0,200}") {
        for text in [text, other] {
            // What can be read can be computed.
            if let Ok(stored) = parse(&text) {
                prop_assert!(!stored.matches("wrong horse", None).unwrap(), "{}", text);
            }
        }
    }
}
