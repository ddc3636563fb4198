//! Caches user information by token for as long as the token is good, which is longer than the token itself is cached.

use std::{
    collections::hash_map::RandomState,
    fmt,
    sync::{Arc, OnceLock},
    time::Duration,
};

use quick_cache::{
    UnitWeighter,
    sync::{Cache, DefaultLifecycle},
};

use super::token_cache::{TokenKey, TokenText};
use crate::authenticate::{OnDemand, UserInfoSource};

const CAPACITY: usize = 10_000;

/// The user information of one issuer's tokens. Only verified tokens are inserted.
#[derive(Default)]
pub(super) struct UserInfoCache(OnceLock<Cache<TokenKey, Kept, UnitWeighter, RandomState>>);

#[derive(Clone)]
struct Kept {
    info: Arc<OnDemand>,
    until: Duration,
}

impl UserInfoCache {
    /// Returns the user information of this token, valid from `now` to `until` (since 1970). It is new if none is
    /// cached.
    pub(super) fn of(
        &self,
        token: &[u8],
        now: Duration,
        until: Duration,
        source: impl FnOnce() -> Arc<dyn UserInfoSource>,
    ) -> Arc<OnDemand> {
        let kept = self.0.get_or_init(|| {
            Cache::with(CAPACITY, CAPACITY as u64, UnitWeighter, RandomState::new(), DefaultLifecycle::default())
        });
        if let Some(known) = kept.get(&TokenText(token)).filter(|known| now < known.until) {
            return known.info;
        }
        let info = Arc::new(OnDemand::new(source()));
        kept.insert(TokenKey(token.into()), Kept { info: Arc::clone(&info), until });
        info
    }
}

impl fmt::Debug for UserInfoCache {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("UserInfoCache").finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use std::{sync::Arc, time::Duration};

    use super::UserInfoCache;
    use crate::authenticate::{LoadingUserInfo, OnDemand, UserInfo, UserInfoSource};

    struct Alice;

    impl UserInfoSource for Alice {
        fn load(&self) -> LoadingUserInfo<'_> {
            Box::pin(async { UserInfo::new([("sub", "alice")]) })
        }
    }

    #[test]
    fn user_information_is_that_of_one_token_until_it_expires() {
        let (infos, second) = (UserInfoCache::default(), Duration::from_secs);
        let of = |token: &[u8], now| infos.of(token, second(now), second(600), || Arc::new(Alice));
        let first: Arc<OnDemand> = of(b"a.b.c", 0);
        assert!(Arc::ptr_eq(&first, &of(b"a.b.c", 599)));
        assert!(!Arc::ptr_eq(&first, &of(b"x.b.c", 599)));
        assert!(!Arc::ptr_eq(&first, &of(b"a.b.c", 600)));
    }
}
