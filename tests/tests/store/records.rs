//! Records, as a store reads them.

use std::{
    net::IpAddr,
    sync::Arc,
    time::{Duration, SystemTime},
};

use auth_runtime::{session::Session, token_service::RefreshFamily};
use serde_json::json;

pub(crate) fn now() -> u64 {
    SystemTime::UNIX_EPOCH.elapsed().unwrap().as_secs()
}

/// Returns a session of a user.
pub(crate) fn session(id: &str, subject: &str) -> Arc<Session> {
    let now = now();
    let record = json!({
        "id": id,
        "token_hash": "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8",
        "issuer": "users",
        "subject": subject,
        "user": { "stored": { "credential_epoch": 7 } },
        "created_at": now,
        "authenticated_at": now,
        "last_seen_at": now,
        "expires_at": now + 3600,
        "acr": "gold",
        "methods": ["pwd"],
        "is_pending": false,
        "device": "Firefox on Linux",
        "address": IpAddr::from([192, 0, 2, 1]),
    });
    Arc::new(serde_json::from_value(record).unwrap())
}

/// Returns the refresh tokens of a sign-in, which end after this time.
pub(crate) fn family(id: &str, lifetime: Duration) -> RefreshFamily {
    let now = SystemTime::UNIX_EPOCH + Duration::from_secs(now());
    RefreshFamily {
        id: id.to_owned(),
        sha256: [0; 32],
        issuer: "users".to_owned(),
        subject: "alice".to_owned(),
        credential_epoch: u64::MAX,
        client_id: "web".to_owned(),
        scope: Some("view edit".to_owned()),
        signed_in_at: now,
        expires_at: now + lifetime,
    }
}
