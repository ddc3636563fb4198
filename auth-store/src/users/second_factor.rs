//! Second factors of users.

use sqlx::Row;

use crate::{SqlUsers, StoreError, error::DriverResult, sql::change::Change, users::manage::NEXT_EPOCH};
use auth_runtime::{
    account::{RecoveryCodeHash, SecondFactor, SecondFactorStore},
    authenticate::Unavailable,
};

/// The primary key of the user with a subject.
const OF_SUBJECT: &str = "user_id = (SELECT id FROM auth_user WHERE subject = ?)";

impl SecondFactorStore for SqlUsers {
    async fn second_factor(&self, subject: &str) -> Result<Option<SecondFactor>, Unavailable> {
        let database = &self.0.database;
        let sql = format!(
            "SELECT secret, new_secret, (SELECT COUNT(*) FROM auth_recovery_code c \
             WHERE c.user_id = auth_second_factor.user_id) AS codes FROM auth_second_factor WHERE {OF_SUBJECT}"
        );
        let find = || database.query(&sql).bind(subject.to_owned()).fetch_optional(database.pool());
        let Some(row) = database.retry(find).await.store_error()? else { return Ok(None) };
        let mut factor = SecondFactor::default();
        factor.secret = row.try_get("secret").store_error()?;
        factor.new_secret = row.try_get("new_secret").store_error()?;
        factor.recovery_codes = usize::try_from(row.try_get::<i64, _>("codes").store_error()?).unwrap_or_default();
        Ok(Some(factor))
    }

    async fn put_new_secret(&self, subject: &str, secret: &[u8]) -> Result<(), Unavailable> {
        let database = &self.0.database;
        let upsert = database.dialect.or_replace(&["user_id"], &["new_secret"]);
        let sql = format!(
            "INSERT INTO auth_second_factor (user_id, new_secret, last_step) \
             SELECT id, ?, 0 FROM auth_user WHERE subject = ? {upsert}"
        );
        let put = || database.query(&sql).bind(secret.to_vec()).bind(subject.to_owned()).execute(database.pool());
        database.retry(put).await.store_error()?;
        Ok(())
    }

    async fn activate_secret(
        &self,
        subject: &str,
        secret: &[u8],
        step: u64,
        codes: &[RecoveryCodeHash],
    ) -> Result<bool, Unavailable> {
        let step = i64::try_from(step).map_err(Unavailable::new)?;
        let activate = || async {
            let mut change = self.begin_change().await?;
            let sql = format!(
                "UPDATE auth_second_factor SET secret = new_secret, new_secret = NULL, last_step = ? \
                 WHERE {OF_SUBJECT} AND new_secret = ? AND secret IS NULL"
            );
            let factor = change.query(&sql).bind(step).bind(subject.to_owned()).bind(secret.to_vec());
            if change.execute(factor).await.store_error()? == 0 {
                return Ok::<_, StoreError>(false);
            }
            replace_codes(&mut change, subject, codes).await?;
            end_tokens(&mut change, subject).await?;
            change.commit().await?;
            Ok(true)
        };
        Ok(self.0.database.retry(activate).await?)
    }

    async fn use_step(&self, subject: &str, step: u64) -> Result<bool, Unavailable> {
        let step = i64::try_from(step).map_err(Unavailable::new)?;
        let database = &self.0.database;
        let sql = format!(
            "UPDATE auth_second_factor SET last_step = ? WHERE {OF_SUBJECT} AND secret IS NOT NULL AND last_step < ?"
        );
        let write = || database.query(&sql).bind(step).bind(subject.to_owned()).bind(step).execute(database.pool());
        Ok(database.retry(write).await.store_error()?.rows_affected() > 0)
    }

    async fn use_recovery_code(&self, subject: &str, code: &RecoveryCodeHash) -> Result<bool, Unavailable> {
        let database = &self.0.database;
        let sql = format!("DELETE FROM auth_recovery_code WHERE {OF_SUBJECT} AND sha256 = ?");
        let delete = || {
            let query = database.query(&sql).bind(subject.to_owned());
            query.bind(code.as_bytes().to_vec()).execute(database.pool())
        };
        Ok(database.retry(delete).await.store_error()?.rows_affected() > 0)
    }

    async fn put_recovery_codes(&self, subject: &str, codes: &[RecoveryCodeHash]) -> Result<bool, Unavailable> {
        let put = || async {
            let mut change = self.begin_change().await?;
            // Locks the row, so that concurrent calls replace the codes one after the other.
            let sql = format!(
                "UPDATE auth_second_factor SET last_step = last_step WHERE {OF_SUBJECT} AND secret IS NOT NULL"
            );
            let factor = change.query(&sql).bind(subject.to_owned());
            if change.execute(factor).await.store_error()? == 0 {
                return Ok::<_, StoreError>(false);
            }
            replace_codes(&mut change, subject, codes).await?;
            change.commit().await?;
            Ok(true)
        };
        Ok(self.0.database.retry(put).await?)
    }

    async fn remove_second_factor(&self, subject: &str) -> Result<bool, Unavailable> {
        let remove = || async {
            let mut change = self.begin_change().await?;
            replace_codes(&mut change, subject, &[]).await?;
            let delete = |rest: &str| format!("DELETE FROM auth_second_factor WHERE {OF_SUBJECT} {rest}");
            let active = change.query(&delete("AND secret IS NOT NULL")).bind(subject.to_owned());
            let had_one = change.execute(active).await.store_error()? > 0;
            let awaited = change.query(&delete("")).bind(subject.to_owned());
            change.execute(awaited).await.store_error()?;
            if had_one {
                end_tokens(&mut change, subject).await?;
            }
            change.commit().await?;
            Ok::<_, StoreError>(had_one)
        };
        Ok(self.0.database.retry(remove).await?)
    }
}

async fn replace_codes(change: &mut Change<'_>, subject: &str, codes: &[RecoveryCodeHash]) -> Result<(), StoreError> {
    let former = change.query(&format!("DELETE FROM auth_recovery_code WHERE {OF_SUBJECT}"));
    change.execute(former.bind(subject.to_owned())).await.store_error()?;
    for code in codes {
        let sql = "INSERT INTO auth_recovery_code (user_id, sha256) SELECT id, ? FROM auth_user WHERE subject = ?";
        let code = change.query(sql).bind(code.as_bytes().to_vec()).bind(subject.to_owned());
        change.execute(code).await.store_error()?;
    }
    Ok(())
}

async fn end_tokens(change: &mut Change<'_>, subject: &str) -> Result<(), StoreError> {
    let user = change.query(&format!("UPDATE auth_user SET {NEXT_EPOCH} WHERE subject = ?"));
    change.execute(user.bind(subject.to_owned())).await.store_error()?;
    Ok(())
}
