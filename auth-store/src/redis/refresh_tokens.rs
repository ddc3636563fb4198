//! Refresh tokens, shared by all processes of a server.

use std::sync::{Arc, LazyLock};

use auth_runtime::{
    authenticate::Unavailable,
    token_service::{RefreshFamily, RefreshTokenStore},
};
use redis::{ErrorKind, RedisError, Script};

use super::{link::Link, store::RedisStore};
use crate::time::{seconds, time};

/// A family is a Redis hash, which expires when the family does: `record` is JSON, and `sha256` is that of the current
/// token.
///
/// `KEYS` is the family. `ARGV` has its record, the hash, and the time at which it expires.
static ADD: LazyLock<Script> = LazyLock::new(|| {
    Script::new(
        r"
        redis.call('HSET', KEYS[1], 'record', ARGV[1], 'sha256', ARGV[2])
        redis.call('EXPIREAT', KEYS[1], ARGV[3])",
    )
});

/// Replaces the SHA-256 of the current token, and returns whether it was the given one. `KEYS` is the family. `ARGV`
/// has the current and the next hash.
static ROTATE: LazyLock<Script> = LazyLock::new(|| {
    Script::new(
        r"
        if redis.call('HGET', KEYS[1], 'sha256') ~= ARGV[1] then return 0 end
        redis.call('HSET', KEYS[1], 'sha256', ARGV[2])
        return 1",
    )
});

/// Issuer, subject, version of the credentials, client, scope, and the times of the sign-in and of the end.
type Record = (String, String, u64, String, Option<String>, i64, i64);

impl RefreshTokenStore for RedisStore {
    async fn add(&self, family: &RefreshFamily) -> Result<(), Unavailable> {
        let (key, record) = (self.family_key(&family.id), encoded(family));
        let adding = async |link: Arc<Link>| {
            let mut add = ADD.prepare_invoke();
            add.key(&key).arg(&record).arg(&family.sha256[..]).arg(seconds(family.expires_at));
            add.invoke_async(&mut link.connection()).await
        };
        Ok(self.0.connection.run(adding).await?)
    }

    async fn find(&self, id: &str) -> Result<Option<RefreshFamily>, Unavailable> {
        let key = self.family_key(id);
        let finding = async |link: Arc<Link>| {
            let mut find = redis::cmd("HMGET");
            find.arg(&key).arg("record").arg("sha256");
            let stored = find.query_async::<(Option<String>, Option<Vec<u8>>)>(&mut link.connection()).await?;
            let (Some(record), Some(sha256)) = stored else { return Ok(None) };
            decoded(id, &record, &sha256).ok_or_else(malformed).map(Some)
        };
        Ok(self.0.connection.run(finding).await?)
    }

    async fn rotate(&self, id: &str, current: [u8; 32], next: [u8; 32]) -> Result<bool, Unavailable> {
        let key = self.family_key(id);
        let rotating = async |link: Arc<Link>| {
            ROTATE.key(&key).arg(&current[..]).arg(&next[..]).invoke_async(&mut link.connection()).await
        };
        Ok(self.0.connection.run(rotating).await?)
    }

    async fn end(&self, id: &str) -> Result<(), Unavailable> {
        let key = self.family_key(id);
        let ending = async |link: Arc<Link>| redis::cmd("DEL").arg(&key).query_async(&mut link.connection()).await;
        Ok(self.0.connection.run(ending).await?)
    }
}

impl RedisStore {
    fn family_key(&self, id: &str) -> String {
        format!("{}refresh:{id}", self.0.prefix)
    }
}

fn encoded(family: &RefreshFamily) -> String {
    let RefreshFamily { issuer, subject, credential_epoch, client_id, scope, .. } = family;
    let (signed_in_at, expires_at) = (seconds(family.signed_in_at), seconds(family.expires_at));
    serde_json::json!([issuer, subject, credential_epoch, client_id, scope, signed_in_at, expires_at]).to_string()
}

fn decoded(id: &str, record: &str, sha256: &[u8]) -> Option<RefreshFamily> {
    let (issuer, subject, credential_epoch, client_id, scope, signed_in_at, expires_at): Record =
        serde_json::from_str(record).ok()?;
    Some(RefreshFamily {
        id: id.to_owned(),
        sha256: sha256.try_into().ok()?,
        issuer,
        subject,
        credential_epoch,
        client_id,
        scope,
        signed_in_at: time(signed_in_at),
        expires_at: time(expires_at),
    })
}

/// A family that cannot be read is neither good nor ended.
fn malformed() -> RedisError {
    RedisError::from((ErrorKind::UnexpectedReturnType, "the record of refresh tokens is malformed"))
}
