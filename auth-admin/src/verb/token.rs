//! Tokens of users: `token inspect` and `revoke`. A token is read from stdin or the terminal, and never shown.

use std::time::{Duration, SystemTime};

use auth_runtime::{
    jwt::{Revocation, RevocationKind},
    token_service::RefreshFamily,
    users::UserStore,
};
use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
use clap::Subcommand;
use secrecy::{ExposeSecret, SecretString};
use serde_json::{Map, Value, json};

use crate::{
    context::Context,
    error::Failure,
    log::TARGET,
    output::{Format, print_json, print_table, rfc3339},
};

/// No access token lives longer.
const LONGEST_LIFETIME: Duration = Duration::from_hours(24);

const REFRESH_TOKEN_STAYS: &str =
    "the access tokens of the sign-in were revoked, but the refresh token was not; run the command again";

#[derive(Debug, Subcommand)]
pub(crate) enum TokenVerb {
    /// Show a token from stdin or the terminal, and whether it is expired or revoked, without verifying it
    Inspect,
    /// Revoke a token from stdin or the terminal; for a refresh token, all tokens of its sign-in
    Revoke,
}

/// A token, by its form.
enum Token {
    Refresh { text: SecretString, id: String },
    Access(Map<String, Value>),
}

impl TokenVerb {
    pub(crate) async fn run(self, context: &mut Context<'_>) -> Result<(), Failure> {
        let token = Token::read(context.console.token()?)?;
        match (self, token) {
            (Self::Inspect, Token::Refresh { text, id }) => inspect_refresh_token(context, &text, &id).await,
            (Self::Inspect, Token::Access(claims)) => inspect_access_token(context, claims).await,
            (Self::Revoke, Token::Refresh { id, .. }) => revoke_refresh_token(context, &id).await,
            (Self::Revoke, Token::Access(claims)) => revoke_access_token(context, &claims).await,
        }
    }
}

impl Token {
    /// Tells the form of a token. The error does not repeat it.
    fn read(text: SecretString) -> Result<Self, Failure> {
        if let Some(id) = RefreshFamily::id_of(text.expose_secret()) {
            return Ok(Self::Refresh { text, id });
        }
        let claims = text.expose_secret().split('.').nth(1).and_then(|part| BASE64_URL_SAFE_NO_PAD.decode(part).ok());
        let claims = claims.and_then(|json| serde_json::from_slice(&json).ok());
        claims.map(Self::Access).ok_or_else(|| Failure::usage("this is neither a refresh token nor an access token"))
    }
}

async fn inspect_refresh_token(context: &mut Context<'_>, text: &SecretString, id: &str) -> Result<(), Failure> {
    let Some(family) = context.state.refresh_family(id).await? else {
        return show(context, json!({ "type": "refresh token", "status": "unknown or ended", "sid": id }));
    };
    let user = context.users.find_by_subject(&family.subject).await?;
    let status = match &user {
        _ if family.expires_at <= SystemTime::now() => "expired",
        _ if !family.is_current_text(text.expose_secret()) => "replaced",
        Some(user) if !user.is_disabled() && user.current_epoch() == family.credential_epoch => "active",
        _ => "ended with the credentials",
    };
    let document = json!({
        "type": "refresh token",
        "status": status,
        "sid": id,
        "user": user.map(|user| user.name().to_owned()),
        "sub": family.subject,
        "client_id": family.client_id,
        "scope": family.scope,
        "signed_in_at": rfc3339(family.signed_in_at),
        "expires_at": rfc3339(family.expires_at),
    });
    show(context, document)
}

async fn inspect_access_token(context: &mut Context<'_>, mut claims: Map<String, Value>) -> Result<(), Failure> {
    let revoked = context.state.revocations().await?;
    let is_expired = expiry(&claims).is_none_or(|end| end <= SystemTime::now());
    let status = match () {
        () if is_expired => "expired",
        () if revoked.iter().any(|entry| names(entry, &claims)) => "revoked",
        () => "not revoked",
    };
    let mut document = Map::new();
    document.insert("type".to_owned(), "access token, not verified".into());
    document.insert("status".to_owned(), status.into());
    document.append(&mut claims);
    show(context, document.into())
}

/// Returns whether a revocation is of the token with these claims.
fn names(revocation: &Revocation, claims: &Map<String, Value>) -> bool {
    let is = |claim: &str| claims.get(claim).and_then(Value::as_str) == Some(&revocation.name);
    let is_issued = || claims.get("iat").and_then(Value::as_u64).is_none_or(|at| time(at) < revocation.time);
    let is_named = match revocation.kind {
        RevocationKind::Token => is("jti"),
        RevocationKind::Session => is("sid"),
        RevocationKind::Subject => is("sub") && is_issued(),
    };
    is_named && claims.get("iss").and_then(Value::as_str) == Some(&revocation.issuer)
}

async fn revoke_refresh_token(context: &mut Context<'_>, id: &str) -> Result<(), Failure> {
    let Some(family) = context.state.refresh_family(id).await? else {
        return context
            .done("the refresh token is unknown, or has ended already", &json!({ "revoked": false, "sid": id }));
    };
    let until = SystemTime::now() + LONGEST_LIFETIME;
    let (by, subject) = (context.by.clone(), family.subject);
    // First in all stores: without the refresh token, the command could not be run again.
    let revoked = context.state.revoke(&Revocation::session(family.issuer, id, until)).await?;
    tracing::info!(target: TARGET, by, sid = id, ?subject, "access tokens of a sign-in revoked");
    revoked.complete("the access tokens of the sign-in were revoked")?;
    let ended = context.state.end_refresh_family(id).await.map_err(|failure| failure.after(REFRESH_TOKEN_STAYS))?;
    tracing::info!(target: TARGET, by, sid = id, ?subject, "refresh token revoked");
    let sentence = "the refresh token and all tokens of its sign-in were revoked";
    ended.complete(sentence)?;
    context.done(sentence, &json!({ "revoked": true, "sid": id }))
}

async fn revoke_access_token(context: &mut Context<'_>, claims: &Map<String, Value>) -> Result<(), Failure> {
    let text = |claim: &str| claims.get(claim).and_then(Value::as_str);
    let (Some(issuer), Some(jti), Some(end)) = (text("iss"), text("jti"), expiry(claims)) else {
        return Err(Failure::refused("the access token has no `iss`, `jti` or `exp`, and cannot be revoked alone"));
    };
    let revoked = context.state.revoke(&Revocation::token(issuer, jti, end)).await?;
    tracing::info!(target: TARGET, by = context.by, jti = ?jti, issuer = ?issuer, "access token revoked");
    let sentence = format!("access token \"{jti}\" was revoked");
    revoked.complete(&sentence)?;
    context.done(&sentence, &json!({ "revoked": true, "jti": jti }))
}

fn expiry(claims: &Map<String, Value>) -> Option<SystemTime> {
    claims.get("exp").and_then(Value::as_u64).map(time)
}

/// Saturates in the year 9999.
fn time(seconds: u64) -> SystemTime {
    SystemTime::UNIX_EPOCH + Duration::from_secs(seconds.min(253_402_300_799))
}

/// Prints the members of a document, one in each line.
fn show(context: &mut Context<'_>, document: Value) -> Result<(), Failure> {
    if context.format == Format::Json {
        return Ok(print_json(context.console, &document)?);
    }
    let Value::Object(members) = document else { return Ok(()) };
    let shown = |value: &Value| value.as_str().map_or_else(|| value.to_string(), str::to_owned);
    let rows = members.iter().filter(|(_, value)| !value.is_null());
    Ok(print_table(context.console, &[], rows.map(|(name, value)| vec![name.clone(), shown(value)]).collect())?)
}
