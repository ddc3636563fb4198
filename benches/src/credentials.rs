//! The credential that a caller sends in each case, created before the measurement.

use base64::{Engine, prelude::BASE64_STANDARD};
use poem::http::{
    HeaderName, HeaderValue,
    header::{AUTHORIZATION, COOKIE},
};

use crate::{case::Case, keys::Keys, token};

/// The credential of one case.
#[derive(Clone, Debug)]
pub enum Sent {
    /// A header. Clones share its text, as the headers of one request share the socket's buffer.
    Header(HeaderName, HeaderValue),
    /// No header.
    Nothing,
    /// The contender does not have this case, for this reason.
    NoSuchCase(&'static str),
}

/// The credentials of all cases.
#[derive(Clone, Debug)]
pub struct Credentials(Vec<(Case, Sent)>);

impl Credentials {
    /// Returns bearer tokens of an issuer.
    #[must_use]
    pub fn tokens(keys: &Keys) -> Self {
        Self::each(|case| match case {
            Case::NoCredential => Sent::Nothing,
            Case::Garbage => bearer("bm90IGEgdG9rZW4"),
            _ => bearer(&token::signed(case, keys)),
        })
    }

    /// Returns API keys: one with the permission, one without it, one expired and one unknown.
    #[must_use]
    pub fn keys(header: &'static str, good: &str, other: &str, expired: &str, unknown: &str) -> Self {
        let key = |key: &str| Sent::Header(HeaderName::from_static(header), value(key));
        Self::each(|case| match case {
            Case::Valid => key(good),
            Case::LackingPermission => key(other),
            Case::Expired => key(expired),
            Case::NoCredential => Sent::Nothing,
            Case::Garbage => key(unknown),
            _ => Sent::NoSuchCase("an API key has no issuer, audience, start or signature"),
        })
    }

    /// Returns names and passwords: of a user with the permission, of a user without it, and with a wrong password.
    #[must_use]
    pub fn passwords(good: [&str; 2], other: [&str; 2], wrong: [&str; 2]) -> Self {
        Self::each(|case| match case {
            Case::Valid => basic(good),
            Case::LackingPermission => basic(other),
            Case::NoCredential => Sent::Nothing,
            Case::Garbage => basic(wrong),
            _ => Sent::NoSuchCase("a password has no issuer, audience, dates or signature"),
        })
    }

    /// Returns cookies of sessions: of a user with the permission, of one without it, and of no session.
    #[must_use]
    pub fn sessions(good: &str, other: &str) -> Self {
        let unknown = format!("__Host-session={}", "A".repeat(43));
        Self::each(|case| match case {
            Case::Valid => Sent::Header(COOKIE, value(good)),
            Case::LackingPermission => Sent::Header(COOKIE, value(other)),
            Case::NoCredential => Sent::Nothing,
            Case::Garbage => Sent::Header(COOKIE, value(&unknown)),
            _ => Sent::NoSuchCase("a session has no issuer, audience or signature, and its dates are in the store"),
        })
    }

    /// Returns no credential, for contenders that let every caller in.
    #[must_use]
    pub fn none() -> Self {
        Self::valid_only(&Sent::Nothing)
    }

    /// Returns a bearer token, for contenders that let every caller in.
    #[must_use]
    pub fn ignored(keys: &Keys) -> Self {
        Self::valid_only(&bearer(&token::signed(Case::Valid, keys)))
    }

    fn valid_only(sent: &Sent) -> Self {
        Self::each(|case| match case {
            Case::Valid => sent.clone(),
            _ => Sent::NoSuchCase("it lets every caller in"),
        })
    }

    /// Calls the function for each case.
    pub fn each(sent: impl Fn(Case) -> Sent) -> Self {
        Self(Case::ALL.into_iter().map(|case| (case, sent(case))).collect())
    }

    /// Returns the credential of this case.
    #[must_use]
    pub fn sent(&self, case: Case) -> &Sent {
        self.0.iter().find(|(of, _)| *of == case).map_or(&Sent::Nothing, |(_, sent)| sent)
    }
}

fn bearer(token: &str) -> Sent {
    Sent::Header(AUTHORIZATION, value(&format!("Bearer {token}")))
}

fn basic([name, password]: [&str; 2]) -> Sent {
    Sent::Header(AUTHORIZATION, value(&format!("Basic {}", BASE64_STANDARD.encode(format!("{name}:{password}")))))
}

fn value(text: &str) -> HeaderValue {
    HeaderValue::try_from(text).expect("visible ASCII")
}
