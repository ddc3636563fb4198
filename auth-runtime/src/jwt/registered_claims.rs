//! Checks the registered claims: issuer, audience, times and subject (RFC 7519, section 4.1).

use std::time::Duration;

use super::{
    error::TokenError,
    json::{Json, Object},
    tenants::{AcceptedTenant, IssuerName},
};

/// By how much the clocks of issuer and service may differ, unless set.
pub(super) const LEEWAY: Duration = Duration::from_mins(1);
/// The most that may be set.
pub(super) const MAX_LEEWAY: Duration = Duration::from_mins(5);
/// The longest lifetime of a token that this library issues.
pub(super) const MAX_LIFETIME: Duration = Duration::from_hours(24);
/// The end of the year 9999, the last date.
const LATEST: Duration = Duration::from_secs(253_402_300_799);
/// The expected issuer and audiences, and the leeway.
#[derive(Clone, Debug)]
pub(super) struct Expected {
    pub(super) issuer: IssuerName,
    pub(super) audiences: Vec<String>,
    /// The claim that names the service where there is no `aud`.
    pub(super) audience_claim: Option<String>,
    /// The claim that names the caller in place of `sub`.
    pub(super) subject_claim: Option<String>,
    pub(super) leeway: Duration,
}

/// The registered claims of a good token.
pub(super) struct Registered<'a> {
    /// The claim `iss`: the issuer of one tenant.
    pub(super) issuer: &'a str,
    pub(super) tenant: Option<AcceptedTenant>,
    pub(super) subject: &'a str,
    pub(super) id: Option<&'a str>,
    pub(super) session: Option<&'a str>,
    pub(super) issued_at: Option<Duration>,
    pub(super) validity: Validity,
}

/// From when until when a token is good, in time since 1970, with leeway.
#[derive(Clone, Copy, Debug)]
pub(super) struct Validity {
    pub(super) from: Duration,
    pub(super) until: Duration,
}

impl Validity {
    pub(super) fn contains(self, now: Duration) -> bool {
        self.from <= now && now < self.until
    }
}

impl Expected {
    /// Checks all registered claims; `now` is the time since 1970. A `jti` or `sid` that is not text is an error if
    /// there is a list of revocations, and counts as absent otherwise.
    pub(super) fn check<'a>(
        &self,
        claims: &'a Object<'_>,
        now: Duration,
        are_ids_listed: bool,
    ) -> Result<Registered<'a>, TokenError> {
        let issuer = issuer(claims)?;
        let tenant = self.issuer.check(issuer, claims)?;
        self.check_audience(claims)?;
        let issued_at = date(claims, "iat")?;
        let validity = self.validity(claims, issued_at, now)?;
        let listed = |name| match text(claims, name) {
            Err(_) if !are_ids_listed => Ok(None),
            id => id,
        };
        let (id, session) = (listed("jti")?, listed("sid")?);
        Ok(Registered { issuer, tenant, subject: self.subject(claims)?, id, session, issued_at, validity })
    }

    fn subject<'a>(&self, claims: &'a Object<'_>) -> Result<&'a str, TokenError> {
        match &self.subject_claim {
            None => text(claims, "sub")?.ok_or(TokenError::Missing("sub")),
            Some(name) => match claims.get(name) {
                Some(Json::String(subject)) if !subject.is_empty() => Ok(subject),
                _ => Err(TokenError::Subject),
            },
        }
    }

    fn check_audience(&self, claims: &Object<'_>) -> Result<(), TokenError> {
        // Where there is an `aud`, it decides: a token for another service stays one (RFC 7519, section 4.1.3).
        let instead = || claims.get(self.audience_claim.as_deref()?);
        let given = match claims.get("aud").or_else(instead) {
            Some(Json::Array(given)) => given.as_slice(),
            Some(given) => std::slice::from_ref(given),
            None => return Err(TokenError::Missing("aud")),
        };
        let mut is_mine = false;
        for name in given {
            let Json::String(name) = name else { return Err(TokenError::Claim("aud")) };
            is_mine |= self.audiences.iter().any(|mine| mine == name);
        }
        if is_mine { Ok(()) } else { Err(TokenError::Audience) }
    }

    fn validity(
        &self,
        claims: &Object<'_>,
        issued_at: Option<Duration>,
        now: Duration,
    ) -> Result<Validity, TokenError> {
        let until = date(claims, "exp")?.ok_or(TokenError::Missing("exp"))? + self.leeway;
        let early = |date: Option<Duration>| date.unwrap_or_default().saturating_sub(self.leeway);
        let (not_before, issued_at) = (early(date(claims, "nbf")?), early(issued_at));
        if now >= until {
            Err(TokenError::Expired)
        } else if now < not_before {
            Err(TokenError::NotYetValid)
        } else if now < issued_at {
            Err(TokenError::IssuedInFuture)
        } else {
            Ok(Validity { from: not_before.max(issued_at), until })
        }
    }
}

/// Returns the issuer that a token claims (RFC 7519, section 4.1.1).
pub(super) fn issuer<'a>(claims: &'a Object<'_>) -> Result<&'a str, TokenError> {
    match claims.get("iss") {
        Some(Json::String(issuer)) => Ok(issuer),
        Some(_) => Err(TokenError::Claim("iss")),
        None => Err(TokenError::Missing("iss")),
    }
}

/// Returns a claim that is a non-empty string.
fn text<'a>(claims: &'a Object<'_>, name: &'static str) -> Result<Option<&'a str>, TokenError> {
    match claims.get(name) {
        Some(Json::String(text)) if !text.is_empty() => Ok(Some(text)),
        Some(_) => Err(TokenError::Claim(name)),
        None => Ok(None),
    }
}

/// A `NumericDate`: seconds since 1970, not necessarily whole (RFC 7519, section 2). Anything but a number, and a
/// number that is no date, is an error and not an absent claim.
pub(super) fn date(claims: &Object<'_>, name: &'static str) -> Result<Option<Duration>, TokenError> {
    let date = match claims.get(name) {
        Some(Json::Integer(seconds)) => Some(Duration::from_secs(*seconds)),
        Some(Json::Number(seconds)) => Duration::try_from_secs_f64(*seconds).ok(),
        Some(_) => None,
        None => return Ok(None),
    };
    date.filter(|date| *date <= LATEST).map(Some).ok_or(TokenError::Claim(name))
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use serde_json::{Value, json};

    use super::Expected;
    use crate::jwt::{error::TokenError, json::Object, tenants::IssuerName};

    const NOW: u64 = 1_800_000_000;

    /// Claims that are good, with some replaced; `null` takes one away, as no claim here may be null.
    fn claims(changes: Value) -> serde_json::Map<String, Value> {
        let claims = json!({ "iss": "https://issuer.example", "aud": "entries", "sub": "alice", "exp": NOW + 100 });
        let (Value::Object(mut claims), Value::Object(changes)) = (claims, changes) else { unreachable!() };
        for (name, value) in changes {
            if value.is_null() {
                claims.remove(&name)
            } else {
                claims.insert(name, value)
            };
        }
        claims
    }

    fn rules() -> Expected {
        Expected {
            issuer: IssuerName::One("https://issuer.example".to_owned()),
            audiences: vec!["entries".to_owned()],
            audience_claim: None,
            subject_claim: None,
            leeway: Duration::ZERO,
        }
    }

    fn subject(rules: &Expected, changes: Value) -> Result<String, TokenError> {
        let claims = serde_json::to_string(&claims(changes)).unwrap();
        let claims = Object::parse(&claims).unwrap();
        rules.check(&claims, Duration::from_secs(NOW), false).map(|registered| registered.subject.to_owned())
    }

    fn check_with_leeway(changes: Value, leeway: u64) -> Result<(), TokenError> {
        let rules = Expected {
            audiences: vec!["entries".to_owned(), "other".to_owned()],
            leeway: Duration::from_secs(leeway),
            ..rules()
        };
        let claims = serde_json::to_string(&claims(changes)).unwrap();
        let claims = Object::parse(&claims).unwrap();
        rules.check(&claims, Duration::from_secs(NOW), true).map(|registered| assert_eq!(registered.subject, "alice"))
    }

    fn check(changes: Value) -> Result<(), TokenError> {
        check_with_leeway(changes, 0)
    }

    #[test]
    fn r33_expired_token_is_refused() {
        assert_eq!(check(json!({ "exp": NOW + 1 })), Ok(()));
        assert_eq!(check(json!({ "exp": NOW })), Err(TokenError::Expired));
        assert_eq!(check(json!({ "exp": 0 })), Err(TokenError::Expired));
        assert_eq!(check_with_leeway(json!({ "exp": NOW - 59 }), 60), Ok(()));
        assert_eq!(check_with_leeway(json!({ "exp": NOW - 60 }), 60), Err(TokenError::Expired));
    }

    #[test]
    fn r33_token_from_the_future_is_refused() {
        assert_eq!(check(json!({ "nbf": NOW, "iat": NOW })), Ok(()));
        assert_eq!(check(json!({ "nbf": NOW + 1 })), Err(TokenError::NotYetValid));
        assert_eq!(check(json!({ "iat": NOW + 1 })), Err(TokenError::IssuedInFuture));
        assert_eq!(check_with_leeway(json!({ "nbf": NOW + 60, "iat": NOW + 60 }), 60), Ok(()));
        assert_eq!(check_with_leeway(json!({ "nbf": NOW + 61 }), 60), Err(TokenError::NotYetValid));
    }

    #[test]
    fn r33_dates_are_numbers_within_reason() {
        assert_eq!(check(json!({ "exp": null })), Err(TokenError::Missing("exp")));
        assert_eq!(check(json!({ "exp": 1_800_000_000.5 })), Ok(()));
        for name in ["exp", "nbf", "iat"] {
            for bad in
                [json!("1900000000"), json!(-1), json!(-0.5), json!(1e300), json!(u64::MAX), json!([]), json!(true)]
            {
                assert_eq!(check(json!({ name: bad })), Err(TokenError::Claim(name)), "{name}: {bad}");
            }
            let nulled = format!(r#"{{"{name}":null}}"#);
            assert_eq!(super::date(&Object::parse(&nulled).unwrap(), name), Err(TokenError::Claim(name)));
        }
    }

    #[test]
    fn r34_issuer_is_one_string_and_the_right_one() {
        assert_eq!(check(json!({ "iss": null })), Err(TokenError::Missing("iss")));
        for bad in ["https://issuer.example/", "https://ISSUER.example", "evil", ""] {
            assert_eq!(check(json!({ "iss": bad })), Err(TokenError::Issuer), "{bad}");
        }
        for bad in [json!(["https://issuer.example"]), json!({}), json!(1)] {
            assert_eq!(check(json!({ "iss": bad })), Err(TokenError::Claim("iss")), "{bad}");
        }
    }

    #[test]
    fn r34_audience_names_this_service() {
        for good in [json!("entries"), json!("other"), json!(["x", "entries"])] {
            assert_eq!(check(json!({ "aud": good })), Ok(()), "{good}");
        }
        assert_eq!(check(json!({ "aud": null })), Err(TokenError::Missing("aud")));
        for bad in [json!("x"), json!(""), json!([]), json!(["x"]), json!("entries other"), json!("Entries")] {
            assert_eq!(check(json!({ "aud": bad })), Err(TokenError::Audience), "{bad}");
        }
        for bad in [json!(1), json!({}), json!(["entries", 1]), json!([["entries"]])] {
            assert_eq!(check(json!({ "aud": bad })), Err(TokenError::Claim("aud")), "{bad}");
        }
    }

    #[test]
    fn r34_another_claim_names_the_service_only_where_there_is_no_audience() {
        let cognito = Expected { audience_claim: Some("client_id".to_owned()), ..rules() };
        let claims = |aud: Value, client: Value| json!({ "aud": aud, "client_id": client });
        assert!(subject(&cognito, claims(json!(null), json!("entries"))).is_ok());
        assert!(subject(&cognito, claims(json!("entries"), json!("web"))).is_ok());
        assert_eq!(subject(&cognito, claims(json!("other"), json!("entries"))), Err(TokenError::Audience));
        assert_eq!(subject(&cognito, claims(json!([]), json!("entries"))), Err(TokenError::Audience));
        assert_eq!(subject(&cognito, claims(json!(null), json!("other"))), Err(TokenError::Audience));
        assert_eq!(subject(&cognito, claims(json!(null), json!(1))), Err(TokenError::Claim("aud")));
        assert_eq!(subject(&cognito, claims(json!(null), json!(null))), Err(TokenError::Missing("aud")));
        assert_eq!(subject(&rules(), claims(json!(null), json!("entries"))), Err(TokenError::Missing("aud")));
    }

    #[test]
    fn r36_another_claim_is_the_subject_only_if_it_is_named() {
        let machines = Expected { subject_claim: Some("client_id".to_owned()), ..rules() };
        assert_eq!(subject(&machines, json!({ "sub": null, "client_id": "m2m" })), Ok("m2m".to_owned()));
        // Never a bit of both: a user could be called like a client.
        assert_eq!(subject(&machines, json!({ "sub": "alice", "client_id": "m2m" })), Ok("m2m".to_owned()));
        assert_eq!(subject(&machines, json!({ "sub": "alice" })), Err(TokenError::Subject));
        for bad in [json!(""), json!(1), json!(["m2m"])] {
            assert_eq!(subject(&machines, json!({ "client_id": bad })), Err(TokenError::Subject), "{bad}");
        }
        assert_eq!(subject(&rules(), json!({ "sub": null, "client_id": "m2m" })), Err(TokenError::Missing("sub")));
    }

    #[test]
    fn r40_a_token_id_is_text_where_revocations_are_looked_up() {
        for bad in [json!(1), json!(""), json!([])] {
            assert_eq!(check(json!({ "jti": bad })), Err(TokenError::Claim("jti")), "{bad}");
            assert!(subject(&rules(), json!({ "jti": bad })).is_ok(), "{bad}");
        }
    }

    #[test]
    fn r36_subject_is_a_string_with_something_in_it() {
        assert_eq!(check(json!({ "sub": null })), Err(TokenError::Missing("sub")));
        for bad in [json!(""), json!(1), json!(["alice"])] {
            assert_eq!(check(json!({ "sub": bad })), Err(TokenError::Claim("sub")), "{bad}");
        }
    }
}
