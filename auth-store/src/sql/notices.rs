//! Notices of PostgreSQL (`LISTEN`): a change by another process is read at once.
//!
//! A notice only makes the next request read. The store also polls within its bound, so a lost listener only makes
//! changes take effect later.

use std::{
    sync::{Arc, Weak},
    time::Duration,
};

use backon::{BackoffBuilder, ExponentialBuilder};
use sqlx::postgres::{PgConnectOptions, PgListener};
use tokio::{
    runtime::Handle,
    time::{sleep, timeout},
};

use crate::{SqlUsers, sql::database::CHANNEL, store::Shared};

/// How long a notice of our own may take.
const TRIAL: Duration = Duration::from_secs(5);
const SHORTEST_PAUSE: Duration = Duration::from_millis(500);
const LONGEST_PAUSE: Duration = Duration::from_secs(30);
/// The pause if notices do not arrive here.
const DEAF_PAUSE: Duration = Duration::from_mins(10);

/// Why listening has ended.
enum End {
    /// The store is gone.
    Dropped,
    /// The connection is lost, or there is none.
    Lost(Option<sqlx::Error>),
    /// The own notice did not arrive: a pooler in transaction mode gives it to another client.
    Deaf,
}

impl SqlUsers {
    /// Starts to listen to changes by other processes, unless it was started before. Other databases send no notices.
    pub(crate) fn listen(&self) {
        if self.0.listener.get().is_some() {
            return;
        }
        if let (Some(options), Ok(runtime)) = (self.0.database.listener_options(), Handle::try_current()) {
            let run = || runtime.spawn(run(options, Arc::downgrade(&self.0))).abort_handle();
            self.0.listener.get_or_init(run);
        }
    }
}

/// Listens until the store is gone.
async fn run(options: PgConnectOptions, store: Weak<Shared>) {
    let backoff =
        ExponentialBuilder::new().with_min_delay(SHORTEST_PAUSE).with_max_delay(LONGEST_PAUSE).without_max_times();
    let mut pauses = backoff.build();
    loop {
        let pause = match listen(&options, &store, || pauses = backoff.build()).await {
            End::Dropped => return,
            End::Deaf => {
                tracing::warn!(
                    "PostgreSQL notices do not arrive (is PgBouncer in transaction mode?); changes are polled"
                );
                DEAF_PAUSE
            }
            End::Lost(error) => {
                let error = error.map(|error| error.to_string());
                tracing::warn!(?error, "listener of PostgreSQL lost; changes are polled");
                pauses.next().unwrap_or(LONGEST_PAUSE)
            }
        };
        sleep(pause).await;
    }
}

/// Listens on one connection.
async fn listen(options: &PgConnectOptions, store: &Weak<Shared>, heard: impl FnOnce()) -> End {
    let mut listener = match connect(options).await {
        Ok(listener) => listener,
        Err(error) => return End::Lost(Some(error)),
    };
    let Some(shared) = store.upgrade() else { return End::Dropped };
    // What changed before the listener was there.
    shared.notice_change();
    if let Err(error) = shared.database.send_notice().await {
        return End::Lost(Some(error));
    }
    drop(shared);
    match timeout(TRIAL, listener.try_recv()).await {
        Ok(Ok(Some(_))) => heard(),
        Ok(Ok(None)) => return End::Lost(None),
        Ok(Err(error)) => return End::Lost(Some(error)),
        Err(_) => return End::Deaf,
    }
    tracing::debug!("listening to changes by other processes");
    loop {
        let received = listener.try_recv().await;
        let Some(shared) = store.upgrade() else { return End::Dropped };
        shared.notice_change();
        match received {
            Ok(Some(_)) => {}
            Ok(None) => return End::Lost(None),
            Err(error) => return End::Lost(Some(error)),
        }
    }
}

async fn connect(options: &PgConnectOptions) -> Result<PgListener, sqlx::Error> {
    let pool = sqlx::postgres::PgPoolOptions::new().max_connections(1).max_lifetime(None).idle_timeout(None);
    let pool = pool.acquire_timeout(TRIAL).connect_with(options.clone()).await?;
    let mut listener = PgListener::connect_with(&pool).await?;
    listener.ignore_pool_close_event(true);
    listener.eager_reconnect(false);
    listener.listen(CHANNEL).await?;
    Ok(listener)
}
