//! Sessions in the database, which several processes share.

use std::{cmp::Reverse, slice, sync::Arc};

use auth_runtime::{
    authenticate::Unavailable,
    session::{Session, SessionStore},
};
use sqlx::{
    Any, Row,
    any::{AnyArguments, AnyRow},
    query::Query,
};
use tokio::time::{Instant, sleep};

use crate::{
    SqlUsers, StoreError,
    error::DriverResult,
    shared_state::session_cache::{EndedSessions, MOST_EVICTED},
    sql::{connection::Transaction, database::Database, sweep::Sweep},
    time::now,
};

const COLUMNS: &str = "record, last_seen_at";
/// How many sessions end in one transaction.
const END_AT_ONCE: usize = 500;
/// How long the row of an ended session stays, in seconds: longer than any process uses a cached session without a read
/// of the epoch.
const KEEP_ENDED: i64 = 3600;
/// Sessions that expired or ended. The index of `ended_in` finds the ended ones.
static SWEEP: Sweep =
    Sweep::new("auth_session", "id", &["expires_at", "ended_in >= 0 AND ended_at"]).kept_for(KEEP_ENDED);

impl SessionStore for SqlUsers {
    async fn find(&self, id: &str) -> Result<Option<Arc<Session>>, Unavailable> {
        #[cfg(feature = "postgres")]
        self.listen();
        self.0.sessions.cache.refresh(&self.0.database).await?;
        match self.0.sessions.cache.get(id) {
            Some(session) => Ok(Some(session)),
            None => self.find_current(id).await,
        }
    }

    fn find_now(&self, id: &str) -> Option<Arc<Session>> {
        #[cfg(feature = "postgres")]
        self.listen();
        self.0.sessions.cache.get_recent(id)
    }

    async fn find_current(&self, id: &str) -> Result<Option<Arc<Session>>, Unavailable> {
        let before = self.0.sessions.cache.before_read();
        let session = self.read_session(id).await?;
        if let Some(session) = &session {
            self.0.sessions.cache.insert(before, session);
        }
        Ok(session)
    }

    async fn insert(&self, session: Arc<Session>, replaced: Option<&str>) -> Result<(), Unavailable> {
        let database = &self.0.database;
        let replaced = match replaced {
            // A forged cookie raises no epoch.
            Some(id) => self.read_session(id).await?.map(|session| session.id.clone()),
            None => None,
        };
        match replaced {
            None => {
                let insert =
                    || async { insertion(database, &session)?.execute(database.pool()).await.map(drop).store_error() };
                database.retry(insert).await?;
            }
            Some(replaced) => {
                database.retry(|| self.end_batch(slice::from_ref(&replaced), Some(&session))).await?;
            }
        }
        self.0.sessions.swept.run(&SWEEP, &self.0.database);
        Ok(())
    }

    async fn end(&self, id: &str) -> Result<bool, Unavailable> {
        Ok(self.end_session(id).await?)
    }

    async fn end_all(&self, issuer: &str, subject: &str, except: Option<&str>) -> Result<u64, Unavailable> {
        let all = OfUser { issuer: Some(issuer), subject, except: except.unwrap_or_default() };
        Ok(self.end_all_of(all).await?)
    }

    async fn list(&self, issuer: &str, subject: &str) -> Result<Vec<Arc<Session>>, Unavailable> {
        let mut sessions = self.sessions_of(subject).await?;
        sessions.retain(|session| session.issuer == issuer);
        Ok(sessions)
    }

    fn touch(&self, id: &str, now: u64) {
        let (store, id, now) = (self.clone(), id.to_owned(), i64::try_from(now).unwrap_or(i64::MAX));
        tokio::spawn(async move {
            if let Err(error) = store.write_last_seen(&id, now).await {
                tracing::warn!(%error, id, "could not write the last request of a session");
            }
        });
    }
}

/// The sessions of a user that a change ends.
#[derive(Clone, Copy)]
struct OfUser<'a> {
    /// `None` is any issuer.
    issuer: Option<&'a str>,
    subject: &'a str,
    except: &'a str,
}

/// Sessions.
impl SqlUsers {
    /// Returns the sessions of a user that have not ended, for administrators, the last used first.
    ///
    /// A session that is unused for longer than the idle limit of the application is in the list too: the application
    /// alone knows the limit.
    ///
    /// # Errors
    /// [`StoreError::NoUser`]; [`StoreError::Database`].
    pub async fn list_sessions(&self, name: &str) -> Result<Vec<Arc<Session>>, StoreError> {
        let user = self.read_user(name).await?.ok_or_else(|| StoreError::NoUser(name.to_owned()))?;
        let now = u64::try_from(now()).unwrap_or_default();
        let mut sessions = self.sessions_of(user.subject()).await?;
        sessions.retain(|session| session.expires_at > now && session.is_of(&user));
        sessions.sort_unstable_by_key(|session| Reverse(session.last_seen_at));
        Ok(sessions)
    }

    /// Ends a session. Returns whether it existed.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub async fn end_session(&self, id: &str) -> Result<bool, StoreError> {
        // An unknown identifier raises no epoch.
        if self.read_session(id).await?.is_none() {
            return Ok(false);
        }
        let one = [id.to_owned()];
        Ok(self.0.database.retry(|| self.end_batch(&one, None)).await? > 0)
    }

    /// Ends all sessions of a user. Tokens and keys stay: [`sign_out`](Self::sign_out) ends tokens too. Returns how
    /// many existed.
    ///
    /// # Errors
    /// [`StoreError::NoUser`]; [`StoreError::Database`].
    pub async fn end_sessions_of(&self, name: &str) -> Result<u64, StoreError> {
        let user = self.read_user(name).await?.ok_or_else(|| StoreError::NoUser(name.to_owned()))?;
        self.end_all_of(OfUser { issuer: None, subject: user.subject(), except: "" }).await
    }

    /// Ends the sessions of a user in batches, so that no lock is held for long. Returns how many ended.
    async fn end_all_of(&self, all: OfUser<'_>) -> Result<u64, StoreError> {
        let mut count = 0;
        // A session that a request has just replaced has a new identifier.
        loop {
            let ids = self.live_ids(all).await?;
            if ids.is_empty() {
                return Ok(count);
            }
            for batch in ids.chunks(END_AT_ONCE) {
                let start = Instant::now();
                count += self.0.database.retry(|| self.end_batch(batch, None)).await?;
                if batch.len() == END_AT_ONCE {
                    // Other changes have the lock for half of the time.
                    sleep(start.elapsed()).await;
                }
            }
        }
    }

    /// Returns the identifiers of a user's sessions that have not ended.
    async fn live_ids(&self, all: OfUser<'_>) -> Result<Vec<String>, StoreError> {
        if all.subject.contains('\0') {
            return Ok(Vec::new());
        }
        let database = &self.0.database;
        let read = || {
            let sql = "SELECT id, subject, issuer FROM auth_session WHERE subject = ? AND ended_in IS NULL";
            database.query(sql).bind(all.subject.to_owned()).fetch_all(database.pool())
        };
        let rows = database.retry(read).await.store_error()?;
        let mut ids = Vec::with_capacity(rows.len());
        for row in &rows {
            let [id, subject, issuer] = [0, 1, 2].map(|column| row.try_get::<String, _>(column));
            let (id, subject, issuer) = (id.store_error()?, subject.store_error()?, issuer.store_error()?);
            // MariaDB ignores spaces at the end.
            let is_meant = subject == all.subject && all.issuer.is_none_or(|wanted| issuer == wanted);
            if is_meant && id != all.except {
                ids.push(id);
            }
        }
        Ok(ids)
    }

    async fn read_session(&self, id: &str) -> Result<Option<Arc<Session>>, StoreError> {
        if id.contains('\0') {
            return Ok(None);
        }
        let database = &self.0.database;
        let sql = format!("SELECT {COLUMNS} FROM auth_session WHERE id = ? AND ended_in IS NULL");
        let row = database.query(&sql).bind(id.to_owned()).fetch_optional(database.pool());
        database.within(row).await.store_error()?.map(|row| session(&row).map(Arc::new)).transpose()
    }

    async fn sessions_of(&self, subject: &str) -> Result<Vec<Arc<Session>>, StoreError> {
        if subject.contains('\0') {
            return Ok(Vec::new());
        }
        let database = &self.0.database;
        let sql = format!("SELECT {COLUMNS} FROM auth_session WHERE subject = ? AND ended_in IS NULL");
        let rows = database.query(&sql).bind(subject.to_owned()).fetch_all(database.pool());
        let rows = database.within(rows).await.store_error()?;
        let sessions = rows.iter().map(|row| session(row).map(Arc::new)).collect::<Result<Vec<_>, _>>()?;
        // MariaDB ignores spaces at the end.
        Ok(sessions.into_iter().filter(|session| session.subject == subject).collect())
    }

    /// Ends sessions, and inserts another one in the same transaction. Returns how many ended.
    async fn end_batch(&self, ids: &[String], new: Option<&Session>) -> Result<u64, StoreError> {
        let database = &self.0.database;
        let mut transaction = database.begin().await.store_error()?;
        let epoch = raised_epoch(database, &mut transaction).await?;
        let places = vec!["?"; ids.len()].join(", ");
        let sql =
            format!("UPDATE auth_session SET ended_in = ?, ended_at = ? WHERE ended_in IS NULL AND id IN ({places})");
        let end = ids.iter().cloned().fold(database.query(&sql).bind(epoch).bind(now()), Query::bind);
        let count = end.execute(transaction.connection()).await.store_error()?.rows_affected();
        if let Some(new) = new {
            insertion(database, new)?.execute(transaction.connection()).await.store_error()?;
        }
        database.notify(transaction.connection()).await.store_error()?;
        // A failed commit may have been done, and a caller may go away during one.
        let _evict = self.0.sessions.cache.evict_at_end(ids.to_vec());
        transaction.commit().await.store_error()?;
        Ok(count)
    }

    async fn write_last_seen(&self, id: &str, now: i64) -> Result<(), StoreError> {
        let database = &self.0.database;
        // Another process may have written a later time.
        let sql = "UPDATE auth_session SET last_seen_at = ? WHERE id = ? AND last_seen_at < ?";
        let write = || database.query(sql).bind(now).bind(id.to_owned()).bind(now).execute(database.pool());
        database.retry(write).await.store_error()?;
        Ok(())
    }
}

/// Raises the epoch, and returns it. Its row lock orders all ends of sessions, so a process that has read an epoch has
/// missed no earlier end.
async fn raised_epoch(database: &Database, transaction: &mut Transaction) -> Result<i64, StoreError> {
    let raise = database.query("UPDATE auth_epoch SET epoch = epoch + 1 WHERE id = 2");
    if raise.execute(transaction.connection()).await.store_error()?.rows_affected() != 1 {
        return Err(StoreError::Schema("row 2 of `auth_epoch` is missing".to_owned()));
    }
    let epoch = database.query("SELECT epoch FROM auth_epoch WHERE id = 2");
    epoch.fetch_one(transaction.connection()).await.store_error()?.try_get(0).store_error()
}

fn insertion(database: &Database, session: &Session) -> Result<Query<'static, Any, AnyArguments>, StoreError> {
    let record = serde_json::to_string(session).map_err(|error| StoreError::Database(error.into()))?;
    let sql =
        "INSERT INTO auth_session (id, subject, issuer, last_seen_at, expires_at, record) VALUES (?, ?, ?, ?, ?, ?)";
    let query = database.query(sql).bind(session.id.clone()).bind(session.subject.clone()).bind(session.issuer.clone());
    Ok(query.bind(signed(session.last_seen_at)).bind(signed(session.expires_at)).bind(record))
}

fn session(row: &AnyRow) -> Result<Session, StoreError> {
    let record: String = row.try_get("record").store_error()?;
    // An error: a text of another version, or a change by hand.
    let mut session: Session = serde_json::from_str(&record).map_err(|error| StoreError::Database(error.into()))?;
    let last_seen_at: i64 = row.try_get("last_seen_at").store_error()?;
    session.last_seen_at = session.last_seen_at.max(u64::try_from(last_seen_at).unwrap_or_default());
    Ok(session)
}

fn signed(seconds: u64) -> i64 {
    i64::try_from(seconds).unwrap_or(i64::MAX)
}

impl EndedSessions for Database {
    async fn epoch(&self) -> Result<i64, StoreError> {
        let read = || self.query("SELECT epoch FROM auth_epoch WHERE id = 2").fetch_one(self.epoch_pool());
        self.retry(read).await.store_error()?.try_get(0).store_error()
    }

    async fn ended_since(&self, epoch: i64) -> Result<Option<Vec<String>>, StoreError> {
        let sql = format!("SELECT id FROM auth_session WHERE ended_in > ? LIMIT {}", MOST_EVICTED + 1);
        let read = || self.query(&sql).bind(epoch).fetch_all(self.epoch_pool());
        let rows = self.retry(read).await.store_error()?;
        if rows.len() > MOST_EVICTED {
            return Ok(None);
        }
        rows.iter().map(|row| row.try_get(0)).collect::<Result<_, _>>().map(Some).store_error()
    }
}
