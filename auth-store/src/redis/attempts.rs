//! Attempts, counted for all processes that share a server.

use std::{fmt::Write, sync::LazyLock, time::Duration};

use auth_runtime::throttle::{AttemptStore, Bucket, BucketKey, UpdateFuture};
use backon::{BackoffBuilder, ExponentialBuilder};
use redis::{ErrorKind, RedisError, Script, aio::MultiplexedConnection};

use super::store::RedisStore;

/// Reads buckets and the time. All processes share the clock of the server.
static READ: LazyLock<Script> =
    LazyLock::new(|| Script::new("return {redis.call('TIME'), redis.call('MGET', unpack(KEYS))}"));

/// Writes buckets if all are as they were read.
///
/// Of each key, `ARGV` has the text that was read (empty for none), the new text, and when it expires (0: now).
static WRITE: LazyLock<Script> = LazyLock::new(|| {
    Script::new(
        r"
        for index, text in ipairs(redis.call('MGET', unpack(KEYS))) do
            if (text or '') ~= ARGV[3 * index - 2] then return 0 end
        end
        for index, key in ipairs(KEYS) do
            local before, after, expires_at = ARGV[3 * index - 2], ARGV[3 * index - 1], ARGV[3 * index]
            if after == before then
                -- Unchanged.
            elseif expires_at == '0' then
                redis.call('DEL', key)
            else
                redis.call('SET', key, after, 'PXAT', expires_at)
            end
        end
        return 1",
    )
});

impl AttemptStore for RedisStore {
    fn update<'a>(
        &'a self,
        keys: &'a [BucketKey],
        change: &'a mut (dyn FnMut(&mut [Bucket], i64) + Send),
    ) -> UpdateFuture<'a> {
        Box::pin(async move {
            let names: Vec<String> = keys.iter().map(|key| self.bucket_name(key)).collect();
            self.0.connection.run(|link| update(link.connection(), &names, change)).await?;
            Ok(())
        })
    }
}

impl RedisStore {
    fn bucket_name(&self, key: &BucketKey) -> String {
        let mut name = format!("{}attempt:", self.0.prefix);
        for byte in key.as_bytes() {
            // Writing to a text does not fail.
            let _ = write!(name, "{byte:02x}");
        }
        name
    }
}

/// Tries until no other process is in the way. The time limit of the connection ends the tries.
async fn update(
    mut connection: MultiplexedConnection,
    names: &[String],
    change: &mut (dyn FnMut(&mut [Bucket], i64) + Send),
) -> Result<(), RedisError> {
    let mut pauses = pauses().build();
    while !try_update(&mut connection, names, change).await? {
        tokio::time::sleep(pauses.next().unwrap_or_default()).await;
    }
    Ok(())
}

/// Jitter spreads the processes that were in the way of each other.
fn pauses() -> ExponentialBuilder {
    let (first, longest) = (Duration::from_millis(1), Duration::from_millis(64));
    ExponentialBuilder::new().with_min_delay(first).with_max_delay(longest).without_max_times().with_jitter()
}

/// Returns whether no other process changed a bucket meanwhile.
async fn try_update(
    connection: &mut MultiplexedConnection,
    names: &[String],
    change: &mut (dyn FnMut(&mut [Bucket], i64) + Send),
) -> Result<bool, RedisError> {
    let mut read = READ.prepare_invoke();
    let read = read.key(names).invoke_async::<((i64, i64), Vec<Option<String>>)>(connection);
    let ((seconds, micros), texts) = read.await?;
    let now = seconds * 1000 + micros / 1000;
    let before = texts.iter().map(|text| bucket(text.as_deref())).collect::<Result<Vec<_>, _>>()?;
    let mut after = before.clone();
    change(&mut after, now);
    if before == after {
        // A refused attempt writes nothing.
        return Ok(true);
    }
    let mut write = WRITE.prepare_invoke();
    write.key(names);
    for ((text, before), after) in texts.iter().zip(&before).zip(&after) {
        let text = text.as_deref().unwrap_or_default();
        let expires_at = after.expires_at();
        let expires_at = if expires_at <= now { 0 } else { expires_at };
        // A row that is the same, however it is spelled, stays as it is.
        let new = if before == after { text.to_owned() } else { encoded(after) };
        write.arg(text).arg(new).arg(expires_at);
    }
    write.invoke_async(connection).await
}

/// Returns the text of a bucket: when it is empty, the last attempt, and the last sign-in or `-`.
fn encoded(bucket: &Bucket) -> String {
    let succeeded_at = bucket.succeeded_at.map_or_else(|| "-".to_owned(), |time| time.to_string());
    format!("{} {} {succeeded_at}", bucket.empty_at, bucket.last)
}

/// Reads such a text. A text that is malformed makes the store unavailable: the attempts in it are unknown.
fn bucket(text: Option<&str>) -> Result<Bucket, RedisError> {
    let Some(text) = text else { return Ok(Bucket::default()) };
    let malformed = || RedisError::from((ErrorKind::UnexpectedReturnType, "the value of an attempt is malformed"));
    decoded(text).ok_or_else(malformed)
}

fn decoded(text: &str) -> Option<Bucket> {
    let mut parts = text.split(' ');
    let mut number = || parts.next()?.parse().ok();
    let (empty_at, last) = (number()?, number()?);
    let succeeded_at = match parts.next()? {
        "-" => None,
        time => Some(time.parse().ok()?),
    };
    parts.next().is_none().then_some(Bucket { empty_at, last, succeeded_at })
}

#[cfg(test)]
mod tests {
    use auth_runtime::throttle::Bucket;
    use proptest::prelude::*;

    use super::{bucket, encoded};

    #[test]
    fn malformed_bucket_is_an_error_and_not_an_empty_one() {
        for text in ["", "1", "1 2", "1 2 3 4", "1 2 x", "a 2 -", "1  -"] {
            assert!(bucket(Some(text)).is_err(), "{text:?}");
        }
        assert_eq!(bucket(None).unwrap(), Bucket::default());
    }

    proptest! {
        #[test]
        fn bucket_is_read_back(empty_at in any::<i64>(), last in any::<i64>(), succeeded_at in any::<Option<i64>>()) {
            let written = Bucket { empty_at, last, succeeded_at };
            prop_assert_eq!(bucket(Some(&encoded(&written))).unwrap(), written);
        }
    }
}
