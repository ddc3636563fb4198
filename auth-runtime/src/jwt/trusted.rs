//! An issuer whose tokens are accepted: its keys, its rules, and where it says what is the caller's.

use std::{
    sync::{Arc, atomic::AtomicU64},
    time::Duration,
};

use super::{
    claims::Mapping,
    error::Flaw,
    json::Object,
    jws::{Jws, Type},
    keys::{Candidates, Key},
    remote::NoKey,
    revocations::{Names, Revocations},
    rules::{Registered, Rules},
    sources::Source,
    verified::Verified,
};
use crate::authenticate::{AuthenticationError, Context, IdentityBuilder};

#[derive(Clone, Debug)]
pub(super) struct TrustedIssuer {
    pub(super) sources: Vec<Source>,
    /// Whether a token need not say that it is an access token.
    pub(super) accepts_untyped: bool,
    pub(super) rules: Rules,
    pub(super) mapping: Mapping,
    pub(super) revocations: Revocations,
}

impl TrustedIssuer {
    pub(super) fn name(&self) -> &str {
        &self.rules.issuer
    }

    /// The key that the token is signed with.
    pub(super) async fn key(&self, jws: &Jws<'_>, now: Duration) -> Result<Arc<Key>, AuthenticationError> {
        self.check_type(jws.typ).map_err(|flaw| self.refusal(flaw))?;
        let candidates = self.candidates(jws, now).await?;
        let mut candidates = candidates.into_iter();
        let key = candidates.find(|key| jws.is_signed(|message, signature| key.verifies(message, signature)));
        key.ok_or_else(|| self.refusal(Flaw::Signature))
    }

    async fn candidates(&self, jws: &Jws<'_>, now: Duration) -> Result<Candidates, AuthenticationError> {
        let (algorithm, kid) = (jws.algorithm, jws.kid.as_deref());
        let known = self.sources.iter().flat_map(|source| source.keys.candidates(algorithm, kid, now));
        let known: Candidates = known.collect();
        if !known.is_empty() {
            return Ok(known);
        }
        let mut no_key = NoKey::Unknown;
        for source in &self.sources {
            match source.candidates(algorithm, kid, now).await {
                Ok(found) => return Ok(found),
                Err(NoKey::Unavailable) => no_key = NoKey::Unavailable,
                Err(NoKey::Unknown) => {}
            }
        }
        Err(match no_key {
            NoKey::Unknown => self.refusal(Flaw::Key),
            NoKey::Unavailable => AuthenticationError::unavailable(format!("{}: no keys", self.name())),
        })
    }

    fn check_type(&self, typ: Type) -> Result<(), Flaw> {
        match typ {
            Type::AccessToken => Ok(()),
            Type::Untyped if self.accepts_untyped => Ok(()),
            Type::Untyped => Err(Flaw::Untyped),
            Type::Other => Err(Flaw::Type),
        }
    }

    /// What a token says whose signature is good.
    pub(super) fn describe(
        &self,
        token: &[u8],
        jws: &Jws<'_>,
        claims: &Object<'_>,
        key: Arc<Key>,
        now: Duration,
        context: Context,
    ) -> Result<Verified, AuthenticationError> {
        let registered = self.rules.check(claims, now).map_err(|flaw| self.refusal(flaw))?;
        // Read before the list is: what is revoked in between is looked up again.
        let version = self.revocations.version();
        if self.revocations.contains(self.names(&registered)) {
            return Err(self.refusal(Flaw::Revoked));
        }
        let identity = context.identity(self.name(), registered.subject).claims_json(&jws.payload);
        let identity = self.mapping.describe(identity, claims).map_err(|flaw| self.refusal(flaw))?;
        let mut user_info =
            self.sources.iter().filter_map(|source| source.remote.as_ref()?.user_info(str::from_utf8(token).ok()?));
        let identity = user_info.next().into_iter().fold(identity, IdentityBuilder::user_info);
        Ok(Verified {
            identity: identity.build(),
            validity: registered.validity,
            key,
            id: registered.id.map(Into::into),
            issued_at: registered.issued_at,
            revocations: self.revocations.clone(),
            not_revoked_in: AtomicU64::new(version),
            tables: context.tables(),
        })
    }

    fn names<'a>(&'a self, registered: &Registered<'a>) -> Names<'a> {
        let Registered { subject, id, issued_at, .. } = *registered;
        Names { issuer: self.name(), subject, id, issued_at }
    }

    /// For the log: who is said to have issued the token, and the rule that it breaks.
    fn refusal(&self, flaw: Flaw) -> AuthenticationError {
        AuthenticationError::invalid(format!("{}: {flaw}", self.name()))
    }
}
