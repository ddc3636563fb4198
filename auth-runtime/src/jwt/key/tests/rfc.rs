//! The examples of RFC 7515, 7520 and 8037, used as test vectors. A typing error in one would not verify.

use serde_json::{Value, json};

use super::super::jwk;
use crate::jwt::{Algorithm, JwtError, key::named::NamedKey};

const PAYLOAD_7515: &str =
    "eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ";
const PAYLOAD_7520: &str = "SXTigJlzIGEgZGFuZ2Vyb3VzIGJ1c2luZXNzLCBGcm9kbywgZ29pbmcgb3V0IHlvdXIgZG9vci4gWW91IHN0ZXAgb25\
    0byB0aGUgcm9hZCwgYW5kIGlmIHlvdSBkb24ndCBrZWVwIHlvdXIgZmVldCwgdGhlcmXigJlzIG5vIGtub3dpbmcgd2hlcmUgeW91IG1pZ2h0IGJl\
    IHN3ZXB0IG9mZiB0by4";
/// RFC 7520, section 3.3.
const MODULUS_7520: &str = "n4EPtAOCc9AlkeQHPzHStgAbgs7bTZLwUBZdR8_KuKPEHLd4rHVTeT-O-XV2jRojdNhxJWTDvNd7nqQ0VEiZQHz_AJmS\
    CpMaJMRBSFKrKb2wqVwGU_NsYOYL-QtiWN2lbzcEe6XC0dApr5ydQLrHqkHHig3RBordaZ6Aj-oBHqFEHYpPe7Tpe-OfVfHd1E6cS6M1FZcD1NNLYD5l\
    FHpPI9bTwJlsde3uhGqC0ZCuEHg8lhzwOHrtIQbS0FVbb9k3-tVTU4fg_3L_vniUFAKwuCLqKnS2BYwdq_mzSnbLY7h_qixoR7jig3__kRhuaxwUkRz5\
    iaiQkqgc5gHdrNP5zw";

/// The key without what is private, and for one algorithm.
fn key(mut jwk: Value, algorithm: Algorithm) -> NamedKey {
    jwk["alg"] = algorithm.name().into();
    jwk::one(&jwk.to_string()).unwrap()
}

/// Whether the three parts of a token are signed with the key, and no longer when one of them changes.
fn check(key: &NamedKey, header: &str, payload: &str, signature: &str) {
    use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};

    let message = format!("{header}.{payload}");
    let mut signature = BASE64_URL_SAFE_NO_PAD.decode(signature).unwrap();
    assert!(key.key.verifies(message.as_bytes(), &signature));
    assert!(!key.key.verifies(&message.as_bytes()[1..], &signature));
    signature[7] ^= 1;
    assert!(!key.key.verifies(message.as_bytes(), &signature));
}

fn refused(jwk: &Value) -> String {
    jwk::one(&jwk.to_string()).unwrap_err().to_string()
}

#[test]
fn rfc_7515_a1_hs256() {
    let secret = "AyM1SysPpbyDfgZld3umj1qzKObwVMkoqQ-EstJQLr_T-1qS0gZH75aKtMN3Yj0iPS4hcgUuTwjAzZr1Z9CAow";
    let key = key(json!({ "kty": "oct", "k": secret }), Algorithm::HS256);
    let signature = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
    check(&key, "eyJ0eXAiOiJKV1QiLA0KICJhbGciOiJIUzI1NiJ9", PAYLOAD_7515, signature);
}

#[test]
fn rfc_7515_a2_rs256() {
    let modulus = "ofgWCuLjybRlzo0tZWJjNiuSfb4p4fAkd_wWJcyQoTbji9k0l8W26mPddxHmfHQp-Vaw-4qPCJrcS2mJPMEzP1Pt0Bm4d4QlL-yRT-\
        SFd2lZS-pCgNMsD1W_YpRPEwOWvG6b32690r2jZ47soMZo9wGzjb_7OMg0LOL-bSf63kpaSHSXndS5z5rexMdbBYUsLA9e-KXBdQOS-UTo7WTBEMa2R2\
        CapHg665xsmtdVMTBQY4uDZlxvb3qCo5ZwKh9kG4LT6_I5IhlJH7aGhyxXFvUK-DWNmoudF8NAco9_h9iaGNj8q2ethFkMLs91kzk2PAcDTW9gb54h4F\
        RWyuXpoQ";
    let signature = "cC4hiUPoj9Eetdgtv3hF80EGrhuB__dzERat0XF9g2VtQgr9PJbu3XOiZj5RZmh7AAuHIm4Bh-0Qc_lF5YKt_O8W2Fp5jujGbds9\
        uJdbF9CUAr7t1dnZcAcQjbKBYNX4BAynRFdiuB--f_nZLgrnbyTyWzO75vRK5h6xBArLIARNPvkSjtQBMHlb1L07Qe7K0GarZRmB_eSN9383LcOLn6_d\
        O--xi12jzDwusC-eOkHWEsqtFZESc6BfI7noOPqvhJ1phCnvWh6IeYI2w9QOYEUipUTI8np6LbgGY9Fs98rqVt5AXLIhWkWywlVmtVrBp0igcN_IoypG\
        lUPQGe77Rw";
    let key = key(json!({ "kty": "RSA", "n": modulus, "e": "AQAB" }), Algorithm::RS256);
    check(&key, "eyJhbGciOiJSUzI1NiJ9", PAYLOAD_7515, signature);
}

#[test]
fn rfc_7515_a3_es256() {
    let key = jwk::one(
        r#"{"kty":"EC","crv":"P-256","x":"f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU",
        "y":"x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0"}"#,
    );
    let signature = "DtEhU3ljbEg8L38VWAfUAqOyKAM6-Xx-F4GawxaepmXFCgfTjDxw5djxLa8ISlSApmWQxfKTUJqPP3-Kg6NU1Q";
    check(&key.unwrap(), "eyJhbGciOiJFUzI1NiJ9", PAYLOAD_7515, signature);
}

#[test]
fn rfc_7515_a4_es512_and_a5_none_are_refused() {
    let x = "AekpBQ8ST8a8VcfVOTNl353vSrDCLLJXmPk06wTjxrrjcBpXp5EOnYG_NjFZ6OvLFV1jSfS9tsz4qUxcWceqwQGk";
    let y = "ADSmRA43Z1DSNx_RvcLI87cdL07l6jQyyBXMoxVg_l2Th-x3S1WDhjDly79ajL4Kkd0AZMaZmh9ubmf63e3kyMj2";
    let key = json!({ "kty": "EC", "crv": "P-521", "x": x, "y": y });
    assert_eq!(refused(&key), "the JWK cannot be used: its `crv` \"P-521\" is not supported");
    assert_eq!(Algorithm::named("ES512"), None);
    assert_eq!(Algorithm::named("none"), None);
}

#[test]
fn rfc_7520_4_1_rs256() {
    let jwk = json!({
        "kty": "RSA", "kid": "bilbo.baggins@hobbiton.example", "use": "sig", "n": MODULUS_7520, "e": "AQAB",
    });
    let signature = "MRjdkly7_-oTPTS3AXP41iQIGKa80A0ZmTuV5MEaHoxnW2e5CZ5NlKtainoFmKZopdHM1O2U4mwzJdQx996ivp83xuglII7PNDi8\
        4wnB-BDkoBwA78185hX-Es4JIwmDLJK3lfWRa-XtL0RnltuYv746iYTh_qHRD68BNt1uSNCrUCTJDt5aAE6x8wW1Kt9eRo4QPocSadnHXFxnt8Is9Uzp\
        ERV0ePPQdLuW3IS_de3xyIrDaLGdjluPxUAhb6L2aXic1U12podGU0KLUQSE_oI-ZnmKJ3F4uOZDnd6QZWJushZ41Axf_fcIe8u9ipH84ogoree7vjbU\
        5y18kDquDg";
    let key = jwk::one(&jwk.to_string()).unwrap();
    assert_eq!(key.kid.as_deref(), Some("bilbo.baggins@hobbiton.example"));
    let header = "eyJhbGciOiJSUzI1NiIsImtpZCI6ImJpbGJvLmJhZ2dpbnNAaG9iYml0b24uZXhhbXBsZSJ9";
    check(&key, header, PAYLOAD_7520, signature);
}

#[test]
fn rfc_7520_4_2_ps384() {
    let key = key(json!({ "kty": "RSA", "n": MODULUS_7520, "e": "AQAB" }), Algorithm::PS384);
    let signature = "cu22eBqkYDKgIlTpzDXGvaFfz6WGoz7fUDcfT0kkOy42miAh2qyBzk1xEsnk2IpN6-tPid6VrklHkqsGqDqHCdP6O8TTB5dDDItl\
        lVo6_1OLPpcbUrhiUSMxbbXUvdvWXzg-UD8biiReQFlfz28zGWVsdiNAUf8ZnyPEgVFn442ZdNqiVJRmBqrYRXe8P_ijQ7p8Vdz0TTrxUeT3lm8d9shn\
        r2lfJT8ImUjvAA2Xez2Mlp8cBE5awDzT0qI0n6uiP1aCN_2_jLAeQTlqRHtfa64QQSUmFAAjVKPbByi7xho0uTOcbH510a6GYmJUAfmWjwZ6oD4ifKo8\
        DYM-X72Eaw";
    let header = "eyJhbGciOiJQUzM4NCIsImtpZCI6ImJpbGJvLmJhZ2dpbnNAaG9iYml0b24uZXhhbXBsZSJ9";
    check(&key, header, PAYLOAD_7520, signature);
}

#[test]
fn rfc_7520_4_3_es512_is_refused() {
    let x = "AHKZLLOsCOzz5cY97ewNUajB957y-C-U88c3v13nmGZx6sYl_oJXu9A5RkTKqjqvjyekWF-7ytDyRXYgCF5cj0Kt";
    let y = "AdymlHvOiLxXkEhayXQnNCvDX4h9htZaCJN34kfmC6pV5OhQHiraVySsUdaQkAgDPrwQrJmbnX9cwlGfP-HqHZR1";
    let key = json!({
        "kty": "EC", "kid": "bilbo.baggins@hobbiton.example", "use": "sig", "crv": "P-521", "x": x, "y": y,
    });
    let error = "the JWK \"bilbo.baggins@hobbiton.example\" cannot be used: its `crv` \"P-521\" is not supported";
    assert_eq!(refused(&key), error);
    assert_eq!(jwk::configured_set(&json!({ "keys": [key] }).to_string()).unwrap_err(), JwtError::NoKeys);
}

#[test]
fn rfc_7520_4_4_hs256() {
    let key = jwk::one(
        r#"{"kty":"oct","kid":"018c0ae5-4d9b-471b-bfd6-eef314bc7037","use":"sig","alg":"HS256",
        "k":"hJtXIZ2uSN5kbQfbtTNWbpdmhkV8FJG-Onbc6mxCcYg"}"#,
    );
    let header = "eyJhbGciOiJIUzI1NiIsImtpZCI6IjAxOGMwYWU1LTRkOWItNDcxYi1iZmQ2LWVlZjMxNGJjNzAzNyJ9";
    check(&key.unwrap(), header, PAYLOAD_7520, "s0h6KThzkfBBBkLspW1h84VsJZFTsPPqMDA7g1Md7p0");
}

#[test]
fn rfc_8037_a1_to_a4_ed25519() {
    const X: &str = "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo";
    const SIGNATURE: &str = "hgyY0il_MGCjP0JzlnLWG1PPOt7-09PGcvMg3AIbQR6dWbhijcNR4ki4iylGjg5BhVsPt9g7sVvpAr_MuM0KAg";
    /// The private key of appendix A.1 as PKCS #8 (RFC 8410, section 7).
    const PRIVATE: &str = "-----BEGIN PRIVATE KEY-----\n\
        MC4CAQAwBQYDK2VwBCIEIJ1hsZ3v/VpguoRK9JLsLMREScVpezJpGXA7rAMcrn9g\n\
        -----END PRIVATE KEY-----\n";
    let key = jwk::one(&json!({ "kty": "OKP", "crv": "Ed25519", "x": X }).to_string()).unwrap();
    check(&key, "eyJhbGciOiJFZERTQSJ9", "RXhhbXBsZSBvZiBFZDI1NTE5IHNpZ25pbmc", SIGNATURE);

    let signing = super::SigningKey::pem(PRIVATE.as_bytes()).unwrap();
    let signature = signing.sign(b"eyJhbGciOiJFZERTQSJ9.RXhhbXBsZSBvZiBFZDI1NTE5IHNpZ25pbmc").unwrap();
    assert_eq!(super::encoded(&signature), SIGNATURE);
    assert_eq!(signing.kid(), Some("kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k"));
    assert_eq!(signing.verifying().key, key.key);

    let private = json!({ "kty": "OKP", "crv": "Ed25519", "x": X, "d": "nWGxne_9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A" });
    assert!(refused(&private).contains("private key"));
}
