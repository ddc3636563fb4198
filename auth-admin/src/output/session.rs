//! Sessions in tables and in JSON.

use std::{
    sync::Arc,
    time::{Duration, SystemTime},
};

use auth_runtime::session::Session;
use serde::Serialize;

use super::{table::Row, time::rfc3339};

/// A session in JSON.
#[derive(Serialize)]
pub(crate) struct SessionJson<'a> {
    id: &'a str,
    device: &'a str,
    address: Option<String>,
    methods: &'a [String],
    /// Whether the second factor is missing.
    is_pending: bool,
    created_at: String,
    last_seen_at: String,
    expires_at: String,
}

impl<'a> From<&'a Arc<Session>> for SessionJson<'a> {
    fn from(session: &'a Arc<Session>) -> Self {
        Self {
            id: &session.id,
            device: &session.device,
            address: session.address.map(|address| address.to_string()),
            methods: &session.methods,
            is_pending: session.is_pending,
            created_at: at(session.created_at),
            last_seen_at: at(session.last_seen_at),
            expires_at: at(session.expires_at),
        }
    }
}

impl Row for Arc<Session> {
    const HEADER: &'static [&'static str] = &["ID", "DEVICE", "ADDRESS", "STARTED", "LAST USED", "EXPIRES"];

    fn cells(&self) -> Vec<String> {
        vec![
            self.id.clone(),
            self.device.clone(),
            self.address.map(|address| address.to_string()).unwrap_or_default(),
            at(self.created_at),
            at(self.last_seen_at),
            at(self.expires_at),
        ]
    }
}

/// Returns seconds since 1970 as a time.
fn at(seconds: u64) -> String {
    rfc3339(SystemTime::UNIX_EPOCH.checked_add(Duration::from_secs(seconds)).unwrap_or(SystemTime::UNIX_EPOCH))
}
