//! What the registered claims must say: for whom a token is, from whom, and when (RFC 7519, section 4.1).

use std::time::Duration;

use serde_json::{Map, Value};

use super::error::Flaw;

/// The end of the year 9999: what lies beyond is not a date.
const LATEST: Duration = Duration::from_secs(253_402_300_799);
/// Claims of an ID token, which tells a client who signed in, and lets nobody in (RFC 9068, section 5).
const ID_TOKEN: [&str; 2] = ["nonce", "at_hash"];

/// What is expected of a token.
#[derive(Clone, Debug)]
pub(super) struct Rules {
    pub(super) issuer: String,
    pub(super) audiences: Vec<String>,
    pub(super) leeway: Duration,
}

impl Rules {
    /// Checks all registered claims and gives the subject; `now` is the time since 1970.
    pub(super) fn check<'a>(&self, claims: &'a Map<String, Value>, now: Duration) -> Result<&'a str, Flaw> {
        if let Some(name) = ID_TOKEN.into_iter().find(|name| claims.contains_key(*name)) {
            return Err(Flaw::IdToken(name));
        }
        self.check_issuer(claims)?;
        self.check_audience(claims)?;
        self.check_times(claims, now)?;
        match claims.get("sub") {
            Some(Value::String(subject)) if !subject.is_empty() => Ok(subject),
            Some(_) => Err(Flaw::Claim("sub")),
            None => Err(Flaw::Missing("sub")),
        }
    }

    fn check_issuer(&self, claims: &Map<String, Value>) -> Result<(), Flaw> {
        match claims.get("iss") {
            Some(Value::String(issuer)) if *issuer == self.issuer => Ok(()),
            Some(Value::String(_)) => Err(Flaw::Issuer),
            Some(_) => Err(Flaw::Claim("iss")),
            None => Err(Flaw::Missing("iss")),
        }
    }

    fn check_audience(&self, claims: &Map<String, Value>) -> Result<(), Flaw> {
        let given = match claims.get("aud") {
            Some(Value::Array(given)) => given.as_slice(),
            Some(given) => std::slice::from_ref(given),
            None => return Err(Flaw::Missing("aud")),
        };
        if !given.iter().all(Value::is_string) {
            return Err(Flaw::Claim("aud"));
        }
        let is_mine = |name: &Value| self.audiences.iter().any(|mine| name == mine);
        if given.iter().any(is_mine) { Ok(()) } else { Err(Flaw::Audience) }
    }

    fn check_times(&self, claims: &Map<String, Value>, now: Duration) -> Result<(), Flaw> {
        let expires = date(claims, "exp")?.ok_or(Flaw::Missing("exp"))?;
        if now >= expires + self.leeway {
            return Err(Flaw::Expired);
        }
        if date(claims, "nbf")?.is_some_and(|not_before| not_before > now + self.leeway) {
            return Err(Flaw::NotYetValid);
        }
        if date(claims, "iat")?.is_some_and(|issued| issued > now + self.leeway) {
            return Err(Flaw::IssuedInFuture);
        }
        Ok(())
    }
}

/// A `NumericDate`: seconds since 1970, not necessarily whole (RFC 7519, section 2). Anything but a number, and a
/// number that is no date, is an error and not an absent claim.
pub(super) fn date(claims: &Map<String, Value>, name: &'static str) -> Result<Option<Duration>, Flaw> {
    let Some(value) = claims.get(name) else { return Ok(None) };
    let seconds = value.as_f64().ok_or(Flaw::Claim(name))?;
    match Duration::try_from_secs_f64(seconds) {
        Ok(date) if date <= LATEST => Ok(Some(date)),
        _ => Err(Flaw::Claim(name)),
    }
}
