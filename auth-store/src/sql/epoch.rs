//! The epoch: a number that each [change](super::change) raises, and that tells a process whether its cache is fresh.

use sqlx::Row;

use crate::{SqlUsers, error::DriverResult};
use auth_runtime::authenticate::Unavailable;

impl SqlUsers {
    /// Returns the generation of the cache whose entries are fresh. Reads the epoch if the last read is too long ago.
    pub(crate) async fn generation(&self) -> Result<u64, Unavailable> {
        let database = &self.0.database;
        let epoch = async {
            #[cfg(feature = "postgres")]
            self.listen();
            let read = || database.query("SELECT epoch FROM auth_epoch WHERE id = 1").fetch_one(database.epoch_pool());
            let row = database.retry(read).await.store_error()?;
            row.try_get::<i64, _>(0).store_error()
        };
        self.0.cache.generation(epoch).await
    }
}
