//! The sessions of a user: found by the subject, and ended together.

use std::{
    cmp::Reverse,
    sync::{Arc, LazyLock},
};

use auth_runtime::{session::Session, users::User};
use redis::{ErrorKind, RedisError, Script, cmd, pipe};

use super::{
    link::Link,
    names::session_prefix,
    store::{RedisStore, Shared},
};
use crate::{StoreError, time::now};

/// How many sessions one script or pipeline handles.
const AT_ONCE: usize = 500;

/// Ends sessions of a subject, and returns the ids of those that existed. `KEYS` is the key of the subject. `ARGV` has
/// the prefix of sessions, and the id and the member of each.
static END_BATCH: LazyLock<Script> = LazyLock::new(|| {
    Script::new(
        r"
        local ended = {}
        for index = 2, #ARGV, 2 do
            if redis.call('DEL', ARGV[1] .. ARGV[index]) == 1 then ended[#ended + 1] = ARGV[index] end
            redis.call('ZREM', KEYS[1], ARGV[index + 1])
        end
        return ended",
    )
});

/// The record of a session and its last request, as they are stored.
pub(super) type Stored = (Option<String>, Option<u64>);

/// Administration of sessions.
impl RedisStore {
    /// Returns the sessions of a user that have not ended, for administrators, the last used first. The issuer does not
    /// matter.
    ///
    /// A session that is unused for longer than the idle limit of the application is in the list too: the application
    /// alone knows the limit.
    ///
    /// # Errors
    /// [`StoreError::Database`] if Redis does not answer; [`StoreError::Setting`] if it refuses the connection.
    pub async fn list_sessions(&self, user: &User) -> Result<Vec<Arc<Session>>, StoreError> {
        let now = u64::try_from(now()).unwrap_or_default();
        let mut sessions = self.0.list_of(user.subject(), |_| true).await?;
        sessions.retain(|session| session.expires_at > now && session.is_of(user));
        sessions.sort_unstable_by_key(|session| Reverse(session.last_seen_at));
        Ok(sessions)
    }

    /// Ends all sessions of a subject, of any issuer. Tokens stay. Returns how many existed.
    ///
    /// # Errors
    /// As [`list_sessions`](Self::list_sessions).
    pub async fn end_sessions_of(&self, subject: &str) -> Result<u64, StoreError> {
        self.0.end_all_of(subject, |_| true).await
    }
}

/// The entry of a session among those of its subject. Two issuers may have users of the same subject.
pub(super) struct Member {
    pub(super) id: String,
    pub(super) issuer: String,
    /// The entry as it is stored: JSON keeps the two apart, whatever is in them.
    pub(super) text: String,
}

impl Member {
    pub(super) fn of(session: &Session) -> Self {
        let (id, issuer) = (session.id.clone(), session.issuer.clone());
        let text = serde_json::json!([id, issuer]).to_string();
        Self { id, issuer, text }
    }

    /// Reads an entry. If it is malformed, the store is unavailable: a session that it hides could not be ended.
    fn read(text: String) -> Result<Self, RedisError> {
        let malformed = || RedisError::from((ErrorKind::UnexpectedReturnType, "the entry of a session is malformed"));
        let (id, issuer) = serde_json::from_str(&text).map_err(|_| malformed())?;
        Ok(Self { id, issuer, text })
    }
}

impl Shared {
    pub(super) fn session_key(&self, id: &str) -> String {
        session_prefix(&self.prefix) + id
    }

    pub(super) fn user_key(&self, subject: &str) -> String {
        format!("{}session-user:{subject}", self.prefix)
    }

    /// Returns the selected entries of a subject's sessions.
    async fn members(&self, subject: &str, is_meant: impl Fn(&Member) -> bool) -> Result<Vec<Member>, StoreError> {
        let user = self.user_key(subject);
        let asking = async |link: Arc<Link>| {
            let mut range = cmd("ZRANGE");
            range.arg(&user).arg(0).arg(-1);
            let members = range.query_async::<Vec<String>>(&mut link.connection()).await?;
            members.into_iter().map(Member::read).collect::<Result<Vec<_>, _>>()
        };
        let mut members = self.connection.run(asking).await?;
        members.retain(is_meant);
        Ok(members)
    }

    pub(super) async fn list_of(
        &self,
        subject: &str,
        is_meant: impl Fn(&Member) -> bool,
    ) -> Result<Vec<Arc<Session>>, StoreError> {
        let members = self.members(subject, is_meant).await?;
        let mut sessions = Vec::with_capacity(members.len());
        for batch in members.chunks(AT_ONCE) {
            sessions.extend(self.sessions(batch).await?);
        }
        Ok(sessions)
    }

    /// Ends the selected sessions of a subject. Returns how many existed.
    pub(super) async fn end_all_of(
        &self,
        subject: &str,
        is_meant: impl Fn(&Member) -> bool,
    ) -> Result<u64, StoreError> {
        let mut count = 0;
        // A session that a request has just replaced has a new identifier.
        loop {
            let members = self.members(subject, &is_meant).await?;
            if members.is_empty() {
                return Ok(count);
            }
            // The server does nothing else during a script.
            for batch in members.chunks(AT_ONCE) {
                count += self.end_batch(subject, batch).await?;
            }
        }
    }

    /// Ends sessions of a subject. Returns how many existed.
    async fn end_batch(&self, subject: &str, batch: &[Member]) -> Result<u64, StoreError> {
        let (user, prefix) = (self.user_key(subject), session_prefix(&self.prefix));
        let ending = async |link: Arc<Link>| {
            let mut end = END_BATCH.prepare_invoke();
            end.key(&user).arg(&prefix);
            for member in batch {
                end.arg(&member.id).arg(&member.text);
            }
            let ended = end.invoke_async::<Vec<String>>(&mut link.connection()).await?;
            for id in &ended {
                link.state.forget(id);
            }
            Ok(ended.len())
        };
        Ok(u64::try_from(self.connection.run(ending).await?).unwrap_or(u64::MAX))
    }

    /// Returns the sessions of these entries that have not ended.
    async fn sessions(&self, members: &[Member]) -> Result<Vec<Arc<Session>>, StoreError> {
        let asking = async |link: Arc<Link>| {
            let mut asking = pipe();
            for member in members {
                asking.cmd("HMGET").arg(self.session_key(&member.id)).arg("record").arg("seen");
            }
            let found = asking.query_async::<Vec<Stored>>(&mut link.connection()).await?;
            found.into_iter().filter_map(|stored| session(stored).transpose()).collect()
        };
        self.connection.run(asking).await
    }
}

/// Reads what is stored. A record that is malformed makes the store unavailable: whether the session has ended is
/// unknown.
pub(super) fn session((record, seen): Stored) -> Result<Option<Arc<Session>>, RedisError> {
    let Some(record) = record else { return Ok(None) };
    let mut session: Session = serde_json::from_str(&record).map_err(|error| {
        RedisError::from((ErrorKind::UnexpectedReturnType, "the record of a session is malformed", error.to_string()))
    })?;
    session.last_seen_at = session.last_seen_at.max(seen.unwrap_or_default());
    Ok(Some(Arc::new(session)))
}
