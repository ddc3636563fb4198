//! Reads of users that are as new as a credential.

use super::{User, UserStore};
use crate::authenticate::Unavailable;

/// Returns the user of a credential that was issued at this version of the user's credentials.
///
/// A store with a cache may return the user as before a change in another process. A credential that was issued after
/// the change proves that the cached user is old, so the user is read again without the cache.
pub(crate) async fn user_since<S: UserStore>(
    store: &S,
    subject: &str,
    epoch: u64,
) -> Result<Option<User>, Unavailable> {
    match store.find_by_subject(subject).await? {
        Some(user) if user.current_epoch() < epoch => {
            let current = store.find_at_sign_in(user.name()).await?;
            Ok(current.filter(|user| user.subject() == subject))
        }
        user => Ok(user),
    }
}

#[cfg(test)]
mod tests {
    use super::{Unavailable, User, UserStore, user_since};

    /// A store whose cache has an old user.
    struct Cached {
        old: User,
        current: User,
    }

    impl UserStore for Cached {
        async fn find(&self, _: &str) -> Result<Option<User>, Unavailable> {
            Ok(Some(self.old.clone()))
        }

        async fn find_by_subject(&self, subject: &str) -> Result<Option<User>, Unavailable> {
            self.find(subject).await
        }

        async fn find_at_sign_in(&self, _: &str) -> Result<Option<User>, Unavailable> {
            Ok(Some(self.current.clone()))
        }
    }

    #[tokio::test]
    async fn user_older_than_the_credential_is_read_again() {
        let user = |subject: &str, epoch| User::new("alice", "").with_subject(subject).credential_epoch(epoch);
        let store = Cached { old: user("1", 3), current: user("1", 4) };
        for (epoch, found) in [(2, 3), (3, 3), (4, 4), (5, 4)] {
            let user = user_since(&store, "1", epoch).await.unwrap().unwrap();
            assert_eq!(user.current_epoch(), found, "{epoch}");
        }
        // The name was given to another person meanwhile.
        let store = Cached { old: user("1", 3), current: user("2", 9) };
        assert!(user_since(&store, "1", 4).await.unwrap().is_none());
    }
}
