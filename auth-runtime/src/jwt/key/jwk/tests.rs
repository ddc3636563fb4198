use serde_json::{Value, json};

use super::{JwtError, configured_set, one};
use crate::jwt::{Algorithm, key::named::NamedKey};

const X: &str = "f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU";
const Y: &str = "x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0";
const SECRET: &str = "AyM1SysPpbyDfgZld3umj1qzKObwVMkoqQ-EstJQLr_T-1qS0gZH75aKtMN3Yj0iPS4hcgUuTwjAzZr1Z9CAow";

fn ec(changes: Value) -> Value {
    changed(json!({ "kty": "EC", "crv": "P-256", "x": X, "y": Y }), changes)
}

fn ed(changes: Value) -> Value {
    let x = "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo";
    changed(json!({ "kty": "OKP", "crv": "Ed25519", "x": x }), changes)
}

fn rsa(changes: Value) -> Value {
    changed(json!({ "kty": "RSA", "n": "_".repeat(512), "e": "AQAB" }), changes)
}

fn oct(changes: Value) -> Value {
    changed(json!({ "kty": "oct", "k": SECRET, "alg": "HS256" }), changes)
}

fn changed(mut key: Value, changes: Value) -> Value {
    if let (Some(key), Value::Object(changes)) = (key.as_object_mut(), changes) {
        key.extend(changes);
    }
    key
}

fn set(keys: &[Value]) -> String {
    json!({ "keys": keys }).to_string()
}

fn found(keys: &[NamedKey]) -> Vec<(Option<&str>, Algorithm)> {
    keys.iter().map(|named| (named.kid.as_deref(), named.key.algorithm())).collect()
}

fn published_set(json: &[u8]) -> Result<Vec<NamedKey>, JwtError> {
    super::published_set(json, None).map(|set| set.keys)
}

/// Why it is refused, without the words around it.
fn reason(key: &Value) -> String {
    let error = one(&key.to_string()).unwrap_err().to_string();
    error.strip_prefix("the JWK cannot be used: ").unwrap_or_else(|| panic!("{error}")).to_owned()
}

#[test]
fn r30_every_key_has_exactly_one_algorithm() {
    for (key, algorithm) in [
        (rsa(json!({})), Algorithm::RS256),
        (rsa(json!({ "alg": "PS512" })), Algorithm::PS512),
        (ec(json!({})), Algorithm::ES256),
        (ec(json!({ "alg": "ES256" })), Algorithm::ES256),
        (ed(json!({})), Algorithm::EdDSA),
        (ed(json!({ "alg": "EdDSA" })), Algorithm::EdDSA),
        (ed(json!({ "alg": "Ed25519" })), Algorithm::EdDSA),
        (oct(json!({ "alg": "HS512" })), Algorithm::HS512),
    ] {
        assert_eq!(one(&key.to_string()).unwrap().key.algorithm(), algorithm);
    }
}

#[test]
fn r30_an_algorithm_that_does_not_fit_is_refused() {
    for key in [
        rsa(json!({ "alg": "ES256" })),
        rsa(json!({ "alg": "HS256" })),
        ec(json!({ "alg": "ES384" })),
        ed(json!({ "alg": "ES256" })),
        oct(json!({ "alg": "RS256" })),
    ] {
        let reason = reason(&key);
        assert!(reason.starts_with("the key is not for ") && reason.contains("it can be used for "), "{reason}");
    }
    assert_eq!(reason(&rsa(json!({ "alg": "RSA-OAEP" }))), r#"its `alg` "RSA-OAEP" is not supported"#);
    assert_eq!(reason(&rsa(json!({ "alg": "none" }))), r#"its `alg` "none" is not supported"#);
    assert!(reason(&json!({ "kty": "oct", "k": SECRET })).contains("a secret without `alg`"));
}

#[test]
fn r47_use_and_key_ops_are_respected() {
    for good in [json!({ "use": "sig" }), json!({ "key_ops": ["verify"] }), json!({ "key_ops": ["sign", "verify"] })] {
        assert!(one(&ec(good).to_string()).is_ok());
    }
    for bad in [json!({ "use": "enc" }), json!({ "use": "SIG" }), json!({ "key_ops": ["sign"] })] {
        assert!(reason(&ec(bad.clone())).contains("not for verifying signatures"));
        assert_eq!(configured_set(&set(&[ec(bad.clone()), ed(json!({}))])).unwrap().len(), 1);
        assert_eq!(published_set(set(&[ec(bad), ed(json!({}))]).as_bytes()).unwrap().len(), 1);
    }
}

#[test]
fn r37_private_keys_are_refused() {
    for member in ["d", "p", "q", "dp", "dq", "qi", "oth"] {
        let key = rsa(json!({ member: "AQAB", "kid": "a" }));
        let error = configured_set(&set(&[ed(json!({})), key.clone()])).unwrap_err().to_string();
        assert!(error.starts_with("key \"a\" cannot be used: it holds a private key"), "{error}");
        assert!(published_set(set(&[key]).as_bytes()).unwrap().is_empty());
    }
}

#[test]
fn r37_weak_keys_are_refused() {
    let zero = "A".repeat(43);
    let one_point = format!("AQ{}", "A".repeat(41));
    for (key, why) in [
        (rsa(json!({ "n": "_".repeat(172) })), "the RSA key has 1032 bits"),
        (rsa(json!({ "e": "AQ" })), "invalid modulus or exponent"),
        (rsa(json!({ "e": "_____w8" })), "invalid modulus or exponent"),
        (ed(json!({ "x": zero })), "small order"),
        (ed(json!({ "x": one_point })), "small order"),
        (ec(json!({ "y": X })), "not on its curve"),
        (oct(json!({ "k": &SECRET[..40] })), "has 30 bytes and needs at least 32"),
        (oct(json!({ "k": "A".repeat(64) })), "only 1 different bytes"),
    ] {
        let reason = reason(&key);
        assert!(reason.contains(why), "{reason}");
        assert!(published_set(set(&[key]).as_bytes()).unwrap().is_empty());
    }
}

#[test]
fn r38_members_have_one_encoding_and_their_exact_length() {
    for bad in [
        json!({ "x": format!("{X}==") }),
        json!({ "x": format!("{X} ") }),
        json!({ "x": X.replace('E', "+") }),
        json!({ "y": "x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a1" }),
        json!({ "y": "" }),
        json!({ "y": format!("AA{Y}") }),
        json!({ "y": &Y[..42] }),
        json!({ "y": Y.replace('_', "/") }),
    ] {
        let reason = reason(&ec(bad));
        assert!(
            ["is not base64url", "point of the public key has a wrong length", "`y` is missing"]
                .iter()
                .any(|why| reason.contains(why)),
            "{reason}"
        );
    }
    // Some libraries put a zero in front of a modulus (RFC 7518, section 6.3.1.1).
    let with_zero = one(&rsa(json!({ "n": format!("AP{}", "_".repeat(510)) })).to_string());
    assert!(with_zero.is_ok(), "{with_zero:?}");
    for (member, key) in [("crv", json!({ "kty": "EC", "x": X, "y": Y })), ("n", json!({ "kty": "RSA", "e": "AQAB" }))]
    {
        assert_eq!(reason(&key), format!("its `{member}` is missing"));
    }
}

#[test]
fn r32_duplicate_members_are_refused() {
    let twice = format!(r#"{{"kty":"EC","crv":"P-256","x":"{X}","y":"{Y}","alg":"ES256","alg":"ES256"}}"#);
    assert_eq!(one(&twice).unwrap_err().to_string(), "the JWK cannot be used: duplicate field `alg`");
    assert_eq!(
        configured_set(r#"{"keys":[],"keys":[]}"#).unwrap_err().to_string(),
        "not a JWKS: duplicate field `keys`"
    );
}

#[test]
fn errors_show_nothing_of_a_key() {
    for bad in [json!({ "k": 1_234_567 }), json!({ "k": [SECRET] }), json!({ "k": format!("{SECRET}!") })] {
        let error = one(&oct(bad).to_string()).unwrap_err().to_string();
        assert!(!error.contains("1234567") && !error.contains("AyM1"), "{error}");
    }
    assert!(one(SECRET).is_err_and(|error| !error.to_string().contains("AyM1")));
}

#[test]
fn a_configured_set_says_which_key_cannot_be_used_and_why() {
    let keys = [ec(json!({ "kid": "a" })), ed(json!({})), oct(json!({ "kid": "s" }))];
    let good = configured_set(&set(&keys)).unwrap();
    let expected = [(Some("a"), Algorithm::ES256), (None, Algorithm::EdDSA), (Some("s"), Algorithm::HS256)];
    assert_eq!(found(&good), expected);

    let error = configured_set(&set(&[ed(json!({})), ec(json!({ "x": "AA" }))])).unwrap_err();
    assert!(error.to_string().starts_with("key 2 cannot be used: the point"), "{error}");
    let error = configured_set(&set(&[ed(json!({})), json!(1)])).unwrap_err();
    assert!(error.to_string().starts_with("key 2 cannot be used: line 1"), "{error}");
    // Other kinds are left out, but something must be left.
    let others = [json!({ "kty": "AKP" }), ec(json!({ "crv": "P-521" })), ed(json!({ "crv": "Ed448" }))];
    assert_eq!(configured_set(&set(&others)).unwrap_err(), JwtError::NoKeys);
    assert_eq!(configured_set(&set(&[&others[..], &[ed(json!({}))]].concat())).unwrap().len(), 1);
    assert_eq!(configured_set(&set(&[])).unwrap_err(), JwtError::NoKeys);
}

#[test]
fn r47_of_a_published_set_the_usable_keys_are_used() {
    let keys = [
        ec(json!({ "kid": "a" })),
        ec(json!({ "kid": "enc", "use": "enc" })),
        json!({ "kty": "AKP", "kid": "new" }),
        json!({ "kid": "no kind" }),
        json!("no object"),
        ed(json!({ "crv": "X25519" })),
        rsa(json!({ "alg": "RSA-OAEP-256" })),
        oct(json!({ "kid": "secret" })),
        ed(json!({ "kid": "private", "d": "AA" })),
        ed(json!({ "kid": 1 })),
        ed(json!({ "kid": "b" })),
    ];
    let good = published_set(set(&keys).as_bytes()).unwrap();
    assert_eq!(found(&good), [(Some("a"), Algorithm::ES256), (Some("b"), Algorithm::EdDSA)]);
    assert!(published_set(br#"{"keys":[]}"#).unwrap().is_empty());
}

#[test]
fn r47_keys_of_one_name_are_kept_if_they_differ() {
    let keys = [
        rsa(json!({ "kid": "a" })),
        rsa(json!({ "kid": "a", "alg": "RS256" })),
        rsa(json!({ "kid": "a", "alg": "PS256" })),
        ec(json!({ "kid": "a" })),
        ec(json!({ "kid": "b" })),
    ];
    let expected = [
        (Some("a"), Algorithm::RS256),
        (Some("a"), Algorithm::PS256),
        (Some("a"), Algorithm::ES256),
        (Some("b"), Algorithm::ES256),
    ];
    assert_eq!(found(&published_set(set(&keys).as_bytes()).unwrap()), expected);
}

#[test]
fn what_is_no_set_is_an_error() {
    for bad in ["", "{}", "[]", "null", r#"{"keys":{}}"#, r#"{"keys":null}"#, r#"{"keys":[]} x"#, "<html>"] {
        assert!(matches!(published_set(bad.as_bytes()), Err(JwtError::NotAJwks(_))), "{bad}");
    }
    assert!(matches!(published_set(b"{\"keys\":[\"\xff\"]}"), Err(JwtError::NotAJwks(_))));
    let keys = |count| set(&vec![ed(json!({})); count]);
    assert_eq!(published_set(keys(100).as_bytes()).unwrap().len(), 1);
    let error = published_set(keys(101).as_bytes()).unwrap_err().to_string();
    assert_eq!(error, "not a JWKS: it has 101 keys, and 100 at most are accepted");
}

#[test]
fn r47_an_array_is_no_key_and_no_set_of_keys() {
    // The values of a key, in the order of the fields of the `struct`.
    let key = ed(json!({}));
    let mut values = vec![Value::Null; 18];
    (values[0], values[5], values[6]) = (key["kty"].clone(), key["crv"].clone(), key["x"].clone());
    let array = Value::from(values);
    assert_eq!(reason(&array), "it is an array, and not an object");
    let with_array = set(&[array, key.clone()]);
    assert!(matches!(configured_set(&with_array), Err(JwtError::Jwk { .. })));
    assert_eq!(published_set(with_array.as_bytes()).unwrap().len(), 1);
    for bad in [json!([[key]]).to_string(), format!("\n{}", json!([[key]]))] {
        let error = JwtError::NotAJwks("it is an array, and not an object".to_owned());
        assert_eq!(configured_set(&bad).unwrap_err(), error, "{bad}");
        assert_eq!(published_set(bad.as_bytes()).unwrap_err(), error, "{bad}");
    }
}

#[test]
fn r47_a_member_that_is_null_or_empty_is_absent() {
    let key = |member: &str| {
        format!(r#"{{"kty":"OKP","crv":"Ed25519","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"{member}}}"#)
    };
    let bare = one(&key("")).unwrap();
    for member in ["kid", "alg", "use", "key_ops", "d", "oth", "k", "y", "x5c", "x5t"] {
        for empty in ["null", r#""""#, "[]", "[ ]"] {
            let is_list = ["key_ops", "oth", "x5c", "d"].contains(&member);
            if empty.starts_with('[') && !is_list || empty.starts_with('"') && member == "key_ops" {
                continue;
            }
            let read = one(&key(&format!(r#","{member}":{empty}"#))).unwrap();
            assert_eq!((&read.kid, &read.key), (&None, &bare.key), "{member}: {empty}");
        }
    }
    // A private key stays one, whatever its type.
    for private in ["1", "true", r#""AA""#, "[{}]", r#"{"a":1}"#] {
        assert!(one(&key(&format!(r#","d":{private}"#))).unwrap_err().to_string().contains("private key"), "{private}");
    }
    assert!(one(&key(r#","d":null,"d":"AA""#)).is_err());
}

#[test]
fn r47_padded_members_are_read() {
    let bare = one(&ec(json!({})).to_string()).unwrap();
    let padded = one(&ec(json!({ "x": format!("{X}="), "y": format!("{Y}=") })).to_string()).unwrap();
    assert!(bare.key == padded.key);
}

#[test]
fn r47_a_set_in_which_no_key_can_be_read_is_no_set() {
    for bad in [r#"{"keys":[1]}"#, r#"{"keys":[{}]}"#, r#"{"keys":[{},"a",{"kty":1}]}"#, r#"{"keys":[{"kty":"RSA"}]}"#]
    {
        assert!(matches!(published_set(bad.as_bytes()), Err(JwtError::NotAJwks(_))), "{bad}");
    }
    // A key that is understood and not usable is the issuer's decision.
    for none in [r#"{"keys":[]}"#, r#"{"keys":[{"kty":"AKP"}]}"#, r#"{"keys":[1,{"kty":"AKP"}]}"#] {
        assert!(published_set(none.as_bytes()).unwrap().is_empty(), "{none}");
    }
}

#[test]
fn r47_a_map_of_certificates_is_refused_as_what_it_is() {
    let map = r#"{"1a":"-----BEGIN CERTIFICATE-----\nMIIB","2b":"-----BEGIN CERTIFICATE-----\nMIIB"}"#;
    for error in [published_set(map.as_bytes()).unwrap_err(), configured_set(map).unwrap_err()] {
        assert!(error.to_string().contains("it is a map of certificates"), "{error}");
    }
}

#[test]
fn r30_the_algorithm_of_rsa_keys_without_one_can_be_stated() {
    let keys =
        set(&[rsa(json!({ "kid": "a" })), rsa(json!({ "kid": "b", "alg": "RS512" })), ec(json!({ "kid": "c" }))]);
    let stated = super::published_set(keys.as_bytes(), Some(Algorithm::PS256)).unwrap().keys;
    let expected = [(Some("a"), Algorithm::PS256), (Some("b"), Algorithm::RS512), (Some("c"), Algorithm::ES256)];
    assert_eq!(found(&stated), expected);
}

#[test]
fn keys_that_are_left_out_have_a_name_and_a_reason() {
    let keys = [
        ed(json!({ "kid": "good" })),
        ed(json!({ "kid": "enc", "use": "enc" })),
        ed(json!({ "d": "AA" })),
        json!({ "kty": "EC", "crv": "P-521", "kid": "large" }),
    ];
    let found = super::published_set(set(&keys).as_bytes(), None).unwrap();
    let unusable: Vec<_> = found.unusable.iter().map(|key| (key.name.as_str(), key.is_alarming)).collect();
    assert_eq!(unusable, [(r#"key "enc""#, false), ("key 3", true), (r#"key "large""#, false)]);
    assert_eq!(found.unusable[0].kid.as_deref(), Some("enc"));
    assert_eq!(found.unusable[2].reason, r#"its `crv` "P-521" is not supported"#);
}

#[test]
fn the_issuer_of_a_key_is_text_or_names_no_issuer() {
    for (written, read) in [
        (json!("https://a.example/{tenantid}"), Some("https://a.example/{tenantid}")),
        (json!(null), None),
        (json!(["https://a.example"]), Some("")),
        (json!(1), Some("")),
    ] {
        let key = one(&ed(json!({ "issuer": written })).to_string()).unwrap();
        assert_eq!(key.issuer.as_deref(), read, "{written}");
    }
    assert_eq!(one(&ed(json!({})).to_string()).unwrap().issuer, None);
}
