//! Hashes that were made by other implementations, with the least cost that they make.

use proptest::{prop_assert, proptest, test_runner::Config};

use super::{matches, read};
use crate::users::password::secret::SecretKey;

const PASSWORD: &str = "correct horse battery stäple";

/// Of [`PASSWORD`], by whom and how.
const HASHES: [(&str, &str); 23] = [
    // argon2-cffi 25.1: low_level.hash_secret, time_cost=1, memory_cost=64.
    ("argon2id", "$argon2id$v=19$m=64,t=1,p=1$7wvJXc6Y6cXid4j7FibOrw$4DzXCPM5jngH+D/tQ3nsfFdXfA3PC498hDfOeVtmEGo"),
    ("argon2i", "$argon2i$v=19$m=64,t=1,p=1$EjR2mfsbS9arnS/DFDYHEg$tMRQd+IsbKcn6osYeAj9OuOtD3k0mfi5tGTD3+hJzGE"),
    ("argon2d", "$argon2d$v=19$m=64,t=1,p=1$R3jrFgUfIs6sfYuoPOimWw$679o68gkDRISktkTCIiEhZH2kH3e0MraakVSYYP6GAo"),
    ("four lanes", "$argon2id$v=19$m=1024,t=3,p=4$vu3mUIed6OMh+5HhJu/IVw$Yr2Ol5ZrIIK/BRbBs0CeTdwz55Rb33nodckMtu3PtcE"),
    ("16 bytes, salt of 8", "$argon2id$v=19$m=64,t=1,p=1$+7mOG4/WtDc$dE7jZCIhwk4CR7VGI7h0SQ"),
    // Its first version, with and without its number; argon2-cffi verifies both.
    ("version 16", "$argon2i$v=16$m=64,t=2,p=1$NQy4cdtE9NjcGwi03mDiwg$c7SxwwDS2MNJgRImxRLmJFM8n8ZCTtWGJfWNPKg+hh8"),
    ("no version", "$argon2i$m=64,t=2,p=1$NQy4cdtE9NjcGwi03mDiwg$c7SxwwDS2MNJgRImxRLmJFM8n8ZCTtWGJfWNPKg+hh8"),
    // bcrypt 4.3 for Python, and crypt(3) of libxcrypt 4.4.
    ("bcrypt 2b", "$2b$04$OV5zY2YQPeJsOiWmed6Nn.QHr393JD9LVfa8QuEmyEniIB583T.au"),
    ("bcrypt 2a", "$2a$04$J1eKwFtV1PmVhEFinTKzGu3bTIvGK0B.C5sGT3GXozkzR1hIqZcEC"),
    ("crypt 2y", "$2y$04$eWTCtex4wDFo2GgyfFXsK.bmA9SMToMpeHWOx9Cgn3v08t8IAajIC"),
    ("crypt 2a", "$2a$04$L6NJ7iFWsK6Ncqx4yE/BA.jjBxWgeGFrBgEFXYGGl.EDTx4sfzn9i"),
    // Django 5.2: encode() of its hashers, with the cost lowered.
    ("Django PBKDF2", "pbkdf2_sha256$1000$90LYfK8n3OSNfqmGNiQfU8$tI4RyvPZWyI2/OY3cVmpdL3KxZXSYinA/WDU/knt7KA="),
    (
        "Django argon2",
        "argon2$argon2id$v=19$m=64,t=1,p=2$QktYNzVjV0JFbERTbHRTUE9MNWtDYQ$+pIQKZRSRAAWFQQ86VYtFz6hImEN8dCFItxHyBMDR3U",
    ),
    ("Django bcrypt_sha256", "bcrypt_sha256$$2b$04$ZrXAJPV4FFl4H1pdSoPQbuWMq6yRadD5VcHnQAkTVHIcHaABdYaTK"),
    ("Django bcrypt", "bcrypt$$2b$04$BPmgRr3zpSviPyOdukr55.9o4ysFEE2vk9Yul8CiQ.UCQ9.T1U6Pm"),
    (
        "Django scrypt",
        "scrypt$16$N6U0zXOXnyA4pLkPnOdpTH$8$1$zOz4M6xLWSSt3U7x/bc4BkgHpylvuaOX9H9YVU2QMI7PoiX6R+HV8maEJmtiWAs7OOMWXJKl6+8jWJ/8mD/xew==",
    ),
    // passlib 1.7.4.
    ("passlib scrypt", "$scrypt$ln=4,r=8,p=1$m3OOMQaglFKKEWIshVCqdQ$N3RY+utLKLv6FpiFFt9QPBzoYtStRgfKt4HLgcgrs90"),
    ("passlib PBKDF2", "$pbkdf2-sha256$1000$San1HqNUijGGUAqhFKJ07g$N4fJFfNH1mJ41h3j374XDBY17mqnYMG027FJ16W6WmY"),
    ("its default", "$pbkdf2-sha256$29000$Z8yZc26t9T7H2Nvbm9M6Jw$svtQ9Tf2cEw4rYmHE5F/aiydNru83Kqs08XAFdTAFxs"),
    ("salt of 4 bytes", "$pbkdf2-sha256$1000$l/Ke0w$6h362No5clds5U7JOiMchErmwdQ5JQE3MmDp7BecC/Q"),
    (
        "with SHA-512",
        "$pbkdf2-sha512$1000$K8X4X4uREqKUEiIEwNibUw$TVHjLhJweyA8oGDzY8NHqumBnFQ7357gJIZEnMHJrdbutWMc1mwhwulGIdOs4ZSo6ETgpgRxnCha5JEfeNqlAg",
    ),
    // @phc/pbkdf2 1.1 for Node.js.
    ("PHC PBKDF2", "$pbkdf2-sha256$i=1000$0aAvezpZOvLqgPRw7z6nrA$D3MkK06CkKDngXA3vigWxeLF08bwulA0paId30JgEt8"),
    (
        "with SHA-512",
        "$pbkdf2-sha512$i=1000$hT0Hud49k1vTs4Q7lKn7JA$JJWvwmGdPa9SNsxjp5jGYsVuRtFgSjNzr3pC99w8XGpjQjerIwWnYSFJnQOlkLXOGoM4tADYVz8rxQGRSWifkg",
    ),
];

#[test]
fn r70_what_other_software_hashed_is_verified() {
    for (name, hash) in HASHES {
        assert!(matches(PASSWORD, hash), "{name}: {hash}");
    }
}

#[test]
fn r70_what_other_software_hashes_by_default_is_within_bounds() {
    for hash in [
        "pbkdf2_sha256$1000000$f9pK1yQGRkNXxXtA3EEJ2n$LbK3jkmJHB/b4+1iiriwF4JYvOmbeTvEa++7OWj9o5A=",
        "argon2$argon2id$v=19$m=102400,t=2,p=8$bnk3STBLNnJDa015SEtOM1ZUT0ZRVQ$HsNPhrBNB2MhYvKCjq0jhsN2xdHnuPhpX7BGjO9jBQk",
        "bcrypt_sha256$$2b$12$r4eDhnPBp5hXGUuwtTh.2e.IWviTEZ4Bc.Yc4aG/RZODJmmZWav7W",
        "scrypt$16384$E5orOv6V4E2qPkMETWOFmS$8$5$ukEFxHxy+Te+DGDTFxVmXXCvmrpzfchJMzME+Kjp+SvJR+XGldpanvF2cuSjoB+FouRxTD4GSzPQsHdV0DL6Ng==",
        "$scrypt$ln=16,r=8,p=1$pVTKeY8RAgBgLCXEmNN6Dw$B6Lfzo5ag6jxd4FFoL12uJlXj31gyvtZUW9M67AcN9w",
        "$argon2id$v=19$m=65536,t=3,p=4$r9X6/997710LoXQO4TwHoA$Qm6HOFo1SlfY2v/Q/5B6UKTq1FZr+qHe0p0fYFdjxms",
    ] {
        read(hash);
    }
}

#[test]
fn r71_no_other_password_matches_a_hash() {
    for (name, hash) in HASHES {
        for wrong in [
            "",
            &PASSWORD[..PASSWORD.len() - 1],
            &PASSWORD[1..],
            &PASSWORD.to_uppercase(),
            &PASSWORD.replace('ä', "a"),
            &PASSWORD.replace('ä', "a\u{308}"),
            &format!("{PASSWORD} "),
            &format!("{PASSWORD}\0"),
            &format!("{PASSWORD}\0{PASSWORD}"),
            &format!("{PASSWORD}{PASSWORD}"),
            &format!("\0{PASSWORD}"),
            &format!(" {PASSWORD}"),
        ] {
            assert!(!matches(wrong, hash), "{name}: {wrong:?}");
        }
    }
}

proptest! {
    #![proptest_config(Config::with_cases(24))]

    #[test]
    fn r71_no_random_password_and_no_part_matches(other in "\\PC{0,80}", cut in 0..PASSWORD.chars().count()) {
        let part: String = PASSWORD.chars().take(cut).collect();
        for (name, hash) in HASHES {
            prop_assert!(!matches(&part, hash), "{} {}", name, part);
            prop_assert!(other == PASSWORD || !matches(&other, hash), "{} {}", name, other);
        }
    }
}

#[test]
fn r70_bcrypt_reads_72_bytes_as_those_who_made_it_did() {
    // bcrypt 4.3 for Python, of PASSWORD four times (116 bytes), of 71 and of 72 times `x`.
    let [long, x71, x72] = [
        "$2b$04$fRL4vlKK0eqwAOUfM6zoLeSl9zOe8QectXrceD9od1K/Y7ZqgQYEy",
        "$2b$04$6cSRNH9ey9WM9NZEZwbYFO5tIbSBSMtru20XqXz5gt8FtNbVywUze",
        "$2b$04$7t.jpN1wqz9CdZLWNEEW5eb8oqYieqQrSLW7EvKFN5VTNwSzmzKoe",
    ];
    let password = PASSWORD.repeat(4);
    assert!(matches(&password, long) && !matches(&password[..71], long) && !matches(&password[1..], long));
    assert!(matches(&format!("{password}!"), long), "what follows is not in the hash");
    let x = |times| "x".repeat(times);
    assert!(matches(&x(71), x71) && !matches(&x(70), x71) && !matches(&x(72), x71));
    assert!(matches(&x(72), x72) && !matches(&x(71), x72) && matches(&x(1024), x72));
    // By its SHA-256 all of it counts.
    let (_, of_digest) = HASHES[13];
    assert!(!matches(&format!("{PASSWORD}{}", x(100)), of_digest));
}

#[test]
fn r71_bcrypt_takes_no_password_with_a_nul() {
    // bcrypt 4.3 for Python, of `abc\0xyz`; and in C a password would end there.
    assert!(!matches("abc\0xyz", "$2b$04$IBQ.onylBh3oT8J1vdpK0uvsXPaa6lT4UZQFIO1IMxy1oWHMEuG3S"));
    // Of an empty one, which `\0` repeats.
    let empty = "$2b$04$uTFQhAFHSGLQ0ctRMeD6IOmVW9VEghYZkteoJHQ6tyw34hhjgwdhS";
    assert!(matches("", empty) && !matches("\0", empty) && !matches("\0\0\0", empty));
}

#[test]
fn r70_what_is_left_over_in_a_salt_of_bcrypt_is_no_matter() {
    let (_, hash) = HASHES[7];
    let other = hash.replace("Nn.", "Nn/");
    assert!(other != hash && matches(PASSWORD, &other));
}

#[test]
fn r70_the_secret_key_is_what_argon2_calls_the_secret() {
    // argon2 0.45 for Node.js, with `secret`, which does not name it.
    let key = SecretKey::new(b"Vb8Zc1Xn5Lk9Qw3Er7Ty2Ui6Op4As0Df").unwrap();
    let hash = "$argon2id$v=19$m=1024,p=1,t=2$BwcHBwcHBwcHBwcHBwcHBw$odtwKgP+Bfig5+gBPv28SVC0B5p6oN3svbbVEMX06Jg";
    assert!(read(hash).matches(PASSWORD, Some(&key)).unwrap());
    assert!(!matches(PASSWORD, hash));
}

#[test]
fn r70_what_is_below_the_minima_of_owasp_is_told() {
    let tail = "$7wvJXc6Y6cXid4j7FibOrw$4DzXCPM5jngH+D/tQ3nsfFdXfA3PC498hDfOeVtmEGo";
    let bcrypt = "OV5zY2YQPeJsOiWmed6Nn.QHr393JD9LVfa8QuEmyEniIB583T.au";
    for (hash, is_weak) in [
        (format!("$argon2id$v=19$m=19456,t=2,p=1{tail}"), false),
        (format!("$argon2id$v=19$m=47104,t=1,p=1{tail}"), false),
        (format!("$argon2id$v=19$m=7168,t=5,p=1{tail}"), false),
        (format!("$argon2id$v=19$m=19456,t=1,p=1{tail}"), true),
        (format!("$argon2id$v=19$m=7167,t=99,p=1{tail}"), true),
        (format!("$2b$10${bcrypt}"), false),
        (format!("$2b$09${bcrypt}"), true),
        (format!("bcrypt_sha256$$2b$09${bcrypt}"), true),
        (format!("$scrypt$ln=17,r=8,p=1{tail}"), false),
        (format!("$scrypt$ln=14,r=8,p=5{tail}"), false),
        (format!("$scrypt$ln=14,r=8,p=1{tail}"), true),
        (format!("$pbkdf2-sha256$i=600000{tail}"), false),
        (format!("$pbkdf2-sha256$i=599999{tail}"), true),
        (format!("$pbkdf2-sha512$i=210000{tail}"), false),
        (format!("$pbkdf2-sha512$i=209999{tail}"), true),
    ] {
        assert_eq!(read(&hash).function().weakness().is_some(), is_weak, "{hash}");
    }
}
