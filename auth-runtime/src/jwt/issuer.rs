//! An issuer whose tokens are accepted: its keys, its rules, and its claims.

use std::{
    sync::{Arc, atomic::AtomicU64},
    time::Duration,
};

use futures_util::future::join_all;

use super::{
    claim_mapping::{ClaimMapping, Renaming},
    error::TokenError,
    json::Object,
    jws::Jws,
    key_set::{Candidates, KeyInUse},
    key_source::KeySource,
    registered_claims::{Expected, Registered},
    remote::NoKey,
    revocations::{Revocations, TokenNames},
    role_table::SharedRoleTable,
    token_cache::CachedToken,
    token_type::{TokenHints, TypeRule},
    user_info_cache::UserInfoCache,
};
use crate::authenticate::{AuthenticationError, Context, IdentityBuilder};

#[derive(Clone, Debug)]
pub(super) struct TrustedIssuer {
    pub(super) sources: Vec<KeySource>,
    pub(super) types: TypeRule,
    pub(super) expected: Expected,
    pub(super) mapping: ClaimMapping,
    pub(super) revocations: Option<Revocations>,
    pub(super) user_info_cache: Arc<UserInfoCache>,
}

impl TrustedIssuer {
    /// Returns the issuer, or the template for the issuers of several tenants.
    pub(super) fn name(&self) -> &str {
        self.expected.issuer.as_str()
    }

    /// The key that the token of this issuer is signed with.
    pub(super) async fn key(
        &self,
        jws: &Jws<'_>,
        issuer: &str,
        now: Duration,
    ) -> Result<Arc<KeyInUse>, AuthenticationError> {
        self.types.check_header(&jws.header.typ).map_err(|flaw| self.refusal(flaw))?;
        let (algorithm, kid) = (jws.header.algorithm, jws.header.kid.as_deref());
        let known: Candidates = self.sources.iter().flat_map(|source| source.known(algorithm, kid, now)).collect();
        let flaw = if known.is_empty() { TokenError::Key } else { TokenError::Signature };
        match self.signed_with(jws, issuer, known) {
            Some(key) => Ok(key),
            None => self.new_key(jws, issuer, now, flaw).await,
        }
    }

    /// The same among the keys that were published a moment ago.
    async fn new_key(
        &self,
        jws: &Jws<'_>,
        issuer: &str,
        now: Duration,
        mut flaw: TokenError,
    ) -> Result<Arc<KeyInUse>, AuthenticationError> {
        let mut is_certain = true;
        let (algorithm, kid) = (jws.header.algorithm, jws.header.kid.as_deref());
        let renewed = self.sources.iter().map(|source| source.renewed(algorithm, kid, now));
        for found in join_all(renewed).await {
            match found {
                Ok(found) => match self.signed_with(jws, issuer, found) {
                    Some(key) => return Ok(key),
                    None => flaw = TokenError::Signature,
                },
                Err(NoKey::Unavailable) => is_certain = false,
                Err(NoKey::Unknown) => {}
            }
        }
        if is_certain {
            return Err(self.refusal(flaw));
        }
        Err(AuthenticationError::unavailable(format!("{}: its keys cannot be fetched", self.name())))
    }

    /// Returns the identity of a token with a good signature, ready for the cache.
    pub(super) fn describe(
        &self,
        token: &[u8],
        jws: &Jws<'_>,
        claims: &Object<'_>,
        key: Arc<KeyInUse>,
        now: Duration,
        context: Context,
    ) -> Result<CachedToken, AuthenticationError> {
        self.types.check(TokenHints::new(&jws.header.typ, claims)).map_err(|flaw| self.refusal(flaw))?;
        let are_ids_listed = self.revocations.is_some();
        let registered = self.expected.check(claims, now, are_ids_listed).map_err(|flaw| self.refusal(flaw))?;
        // The version is read before the list. A token revoked in between is looked up again.
        let version = self.revocations.as_ref().map_or(0, Revocations::version);
        if self.revocations.as_ref().is_some_and(|list| list.contains(names(&registered))) {
            return Err(self.refusal(TokenError::Revoked));
        }
        let table = self.mapping.table.as_ref().map(SharedRoleTable::in_use);
        let renaming = table.as_ref().map(|table| Renaming { table: table.table(), issuer: registered.issuer });
        let identity = context.identity(registered.issuer, registered.subject).claims_json(&jws.payload);
        let identity = self.mapping.describe(identity, claims, renaming).map_err(|flaw| self.refusal(flaw))?;
        let source =
            self.sources.iter().find_map(|source| source.remote.as_ref()?.user_info(str::from_utf8(token).ok()?));
        let user_info = source.map(|source| self.user_info_cache.of(token, now, registered.validity.until, || source));
        let identity = user_info.into_iter().fold(identity, IdentityBuilder::user_info_on_demand);
        Ok(CachedToken {
            identity: identity.build(),
            validity: registered.validity,
            key,
            tenant: registered.tenant,
            table,
            id: registered.id.filter(|_| are_ids_listed).map(Into::into),
            session: registered.session.filter(|_| are_ids_listed).map(Into::into),
            issued_at: registered.issued_at,
            revocations: self.revocations.clone(),
            not_revoked_in: AtomicU64::new(version),
            names: context.declared_names(),
        })
    }

    fn signed_with(&self, jws: &Jws<'_>, issuer: &str, candidates: Candidates) -> Option<Arc<KeyInUse>> {
        let is_allowed = |key: &Arc<KeyInUse>| self.expected.issuer.may_use(key.published_for(), issuer);
        let is_it = |key: &Arc<KeyInUse>| jws.is_signed(|message, signature| key.verifies(message, signature));
        candidates.into_iter().filter(is_allowed).find(is_it)
    }

    /// Returns the error for the log: the configured issuer or template, and the rule that the token breaks.
    fn refusal(&self, flaw: TokenError) -> AuthenticationError {
        AuthenticationError::invalid(format!("{}: {flaw}", self.name()))
    }
}

fn names<'a>(registered: &Registered<'a>) -> TokenNames<'a> {
    let Registered { issuer, subject, id, session, issued_at, .. } = *registered;
    TokenNames { issuer, subject, id, session, issued_at }
}
