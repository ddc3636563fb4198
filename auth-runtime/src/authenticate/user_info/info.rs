//! The user information of an issuer.

use std::{fmt, sync::Arc};

use serde::de::DeserializeOwned;
use serde_json::{Map, Value};

use super::UserInfoError;

/// Claims of an issuer about a caller (OpenID Connect Core, section 5.1). Cheap to clone.
///
/// ```
/// use auth_runtime::authenticate::UserInfo;
/// use serde_json::json;
///
/// let info = UserInfo::new([
///     ("sub", json!("alice")),
///     ("name", json!("Alice A.")),
///     ("email_verified", json!(true)),
///     ("department", json!(7)),
/// ])?;
/// assert_eq!((info.subject(), info.name(), info.email()), ("alice", Some("Alice A."), None));
/// assert_eq!((info.email_verified(), info.claim("department")), (Some(true), Some(7)));
///
/// // Personal data does not reach a log by accident.
/// assert_eq!(format!("{info:?}"), r#"UserInfo { sub: "alice", .. }"#);
/// # Ok::<(), auth_runtime::authenticate::UserInfoError>(())
/// ```
#[derive(Clone, PartialEq, Eq)]
pub struct UserInfo(Arc<Inner>);

#[derive(PartialEq, Eq)]
struct Inner {
    subject: String,
    claims: Map<String, Value>,
}

/// The standard claims that are text, each as a method.
macro_rules! texts {
    ($($(#[$doc:meta])* $name:ident,)*) => {
        const TEXTS: &[&str] = &[$(stringify!($name)),*];

        impl UserInfo {
            $(
                $(#[$doc])*
                #[must_use]
                pub fn $name(&self) -> Option<&str> {
                    self.text(stringify!($name))
                }
            )*
        }
    };
}

texts! {
    /// The whole name, for people to read.
    name,
    /// The given name or names.
    given_name,
    /// The family name or names.
    family_name,
    /// The middle name or names.
    middle_name,
    /// A name that the caller goes by.
    nickname,
    /// A name by which the caller wants to be known. It may be anything, and need not be unique.
    preferred_username,
    /// The URL of a page about the caller.
    profile,
    /// The URL of a picture of the caller.
    picture,
    /// The URL of the caller's own page.
    website,
    /// An e-mail address. Only [`email_verified`](Self::email_verified) says whether it belongs to the caller.
    email,
    /// The gender, such as `female` or `male`.
    gender,
    /// The date of birth as `YYYY-MM-DD`; the year may be `0000`, and may stand alone.
    birthdate,
    /// The time zone, such as `Europe/Paris`.
    zoneinfo,
    /// The language, such as `en-US`.
    locale,
    /// A telephone number. [`phone_number_verified`](Self::phone_number_verified) says whether it belongs to the
    /// caller.
    phone_number,
}

const FLAGS: [&str; 2] = ["email_verified", "phone_number_verified"];

impl UserInfo {
    /// Builds it from claims. `sub` is required.
    ///
    /// # Errors
    /// [`UserInfoError::Invalid`] if `sub` is missing or empty, or if a claim that must be text or a Boolean has
    /// another type. `email_verified` and `phone_number_verified` may also be `"true"` or `"false"`.
    pub fn new<K: Into<String>, V: Into<Value>>(
        claims: impl IntoIterator<Item = (K, V)>,
    ) -> Result<Self, UserInfoError> {
        let claims: Map<_, _> = claims.into_iter().map(|(name, value)| (name.into(), value.into())).collect();
        let is = |names: &[&str], fits: fn(&Value) -> bool| {
            names.iter().filter_map(|name| claims.get(*name)).all(|claim| claim.is_null() || fits(claim))
        };
        if !is(TEXTS, Value::is_string) || !is(&FLAGS, |claim| flag(claim).is_some()) {
            return Err(UserInfoError::Invalid("a standard claim is of another type than it should be"));
        }
        match claims.get("sub") {
            Some(Value::String(subject)) if !subject.is_empty() => {
                Ok(Self(Arc::new(Inner { subject: subject.clone(), claims })))
            }
            _ => Err(UserInfoError::Invalid("no claim `sub`")),
        }
    }

    /// Returns the information if its subject is this caller, as an attacker may substitute it (OpenID Connect Core,
    /// section 5.3.2).
    pub(super) fn of(self, subject: &str) -> Result<Self, UserInfoError> {
        if self.subject() == subject { Ok(self) } else { Err(UserInfoError::Invalid("it is about somebody else")) }
    }

    /// Returns the caller's identifier, the same as in the credential. It is unique within the issuer only.
    #[must_use]
    pub fn subject(&self) -> &str {
        &self.0.subject
    }

    /// Whether the issuer verified that the e-mail address belongs to the caller.
    #[must_use]
    pub fn email_verified(&self) -> Option<bool> {
        self.0.claims.get(FLAGS[0]).and_then(flag)
    }

    /// Whether the issuer verified that the telephone number belongs to the caller.
    #[must_use]
    pub fn phone_number_verified(&self) -> Option<bool> {
        self.0.claims.get(FLAGS[1]).and_then(flag)
    }

    /// Returns the time of the last change, in seconds since 1970. `None` also if the issuer writes it as text; then
    /// [`claims`](Self::claims) has it.
    #[must_use]
    pub fn updated_at(&self) -> Option<u64> {
        self.0.claims.get("updated_at").and_then(Value::as_u64)
    }

    /// Returns all claims, as the issuer sent them.
    #[must_use]
    pub fn claims(&self) -> &Map<String, Value> {
        &self.0.claims
    }

    /// Returns one claim as your type. `None` if it is absent or has another type.
    #[must_use]
    pub fn claim<T: DeserializeOwned>(&self, name: &str) -> Option<T> {
        self.claims().get(name).and_then(|claim| T::deserialize(claim).ok())
    }

    fn text(&self, name: &str) -> Option<&str> {
        self.0.claims.get(name).and_then(Value::as_str)
    }
}

/// Amazon Cognito writes these as text.
fn flag(claim: &Value) -> Option<bool> {
    match claim {
        Value::Bool(flag) => Some(*flag),
        Value::String(text) => text.parse().ok(),
        _ => None,
    }
}

/// Shows the subject only.
impl fmt::Debug for UserInfo {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("UserInfo").field("sub", &self.subject()).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::{UserInfo, UserInfoError};

    fn info(claims: Value) -> Result<UserInfo, UserInfoError> {
        let Value::Object(claims) = claims else { unreachable!() };
        UserInfo::new(claims)
    }

    #[test]
    fn standard_claims_are_read() {
        let info = info(json!({
            "sub": "alice", "given_name": "Alice", "email": "a@example.com", "email_verified": "false",
            "phone_number_verified": true, "updated_at": 1_700_000_000, "nickname": null, "address": { "country": "FR" },
        }));
        let info = info.unwrap();
        assert_eq!((info.given_name(), info.email(), info.nickname()), (Some("Alice"), Some("a@example.com"), None));
        assert_eq!((info.email_verified(), info.phone_number_verified()), (Some(false), Some(true)));
        assert_eq!(
            (info.updated_at(), info.claims()["address"]["country"].as_str()),
            (Some(1_700_000_000), Some("FR"))
        );
    }

    #[test]
    fn standard_claims_of_another_type_are_not_read_as_absent() {
        for bad in [
            json!({}),
            json!({ "sub": "" }),
            json!({ "sub": 1 }),
            json!({ "sub": "alice", "name": 1 }),
            json!({ "sub": "alice", "email": ["a@example.com"] }),
            json!({ "sub": "alice", "email_verified": 1 }),
            json!({ "sub": "alice", "email_verified": "TRUE" }),
            json!({ "sub": "alice", "email_verified": "" }),
        ] {
            assert!(matches!(info(bad.clone()), Err(UserInfoError::Invalid(_))), "{bad}");
        }
    }
}
