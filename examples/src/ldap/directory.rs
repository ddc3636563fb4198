//! Last step: the plugin. A user name and a password to an identity, by all the steps before.

use std::{
    pin::pin,
    sync::Arc,
    time::{Duration, SystemTime},
};

use auth_runtime::{
    authenticate::{AuthenticationError, Context, Identity, IdentityBuilder},
    credential::BasicCredentials,
    prelude::*,
    throttle::Throttle,
    users::MAX_PASSWORD_LEN,
};
use tokio::{sync::Semaphore, task::JoinSet, time::timeout};

use super::{
    access::Role,
    address::Address,
    error::DirectoryError,
    groups::Groups,
    session::{ServiceAccount, Session},
    users::{Person, Users},
};

/// One text for all that is wrong with a name or a password, in the log too.
const REFUSED: &str = "user name or password";

/// A directory, and how its people become callers.
#[derive(Clone, Debug)]
pub struct Directory {
    /// Where it is.
    pub address: Address,
    /// The issuer of the identities. It must be another one for each directory and each store, and stay the same.
    pub issuer: String,
    /// Who searches; anonymously if nobody.
    pub service: Option<ServiceAccount>,
    /// Who may sign in.
    pub users: Users,
    /// The entry whose password is tried for a name that nobody has.
    pub decoy: String,
    /// What is theirs.
    pub groups: Groups,
    /// How often somebody may guess.
    pub throttle: Throttle,
    /// How long one sign-in may take, with all its steps.
    pub timeout: Duration,
    /// How many sign-ins may be under way at once.
    pub sign_ins: usize,
}

/// Verifies user names and passwords by a directory: it searches for the entry, and binds as it. Cheap to clone.
///
/// The caller is the name of the directory and the identifier of the entry (its DN, if there is none), with the roles
/// that the groups of the entry give. Nested groups are not looked into, unless the filter for groups does.
///
/// Nothing that a caller sends is part of a DN, and in a filter it is escaped. An empty password is refused before
/// anybody is asked. A name that several entries have is nobody's. A wrong password and an unknown name are the same
/// 401. Whatever does not say that a password is wrong is a 503: a directory that is down, slow, busy, or elsewhere
/// (referrals are not followed), or that refuses who searches.
///
/// # What it costs
///
/// Nothing is remembered, so every request is a connection, a TLS handshake, two searches and three binds. What changes
/// in the directory counts from the next request on, and the directory has as much to do as there are requests. A
/// service with many should ask it once, and give a token for the answer: the token endpoint of [`demo`](crate::demo)
/// shows how.
///
/// # What it does not protect against
///
/// - Guesses at many names from many addresses, a few each. And a directory that locks an account after fewer guesses
///   than the [`Throttle`] lets through lets everybody lock its owner out.
/// - Telling by the time of an answer that a name is unknown. A password is tried for such names too, but a directory
///   may find out sooner that an entry does not exist than that a password is wrong. A `decoy` that exists, is never
///   locked, and has a password hash of the same kind as the users makes up for that, but not for a directory
///   that takes longer to find one entry than none.
/// - Passwords that have expired: whether a bind with one succeeds is for the directory to say.
/// - A hostile directory. It says who everybody is. And the library reads elements within elements without end, so that
///   an answer can end the process.
#[derive(Clone, Debug)]
pub struct Ldap(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    directory: Directory,
    turns: Arc<Semaphore>,
}

impl Ldap {
    /// Verifies by this directory. Nobody is asked before somebody signs in.
    #[must_use]
    pub fn new(directory: Directory) -> Self {
        let turns = Arc::new(Semaphore::new(directory.sign_ins));
        Self(Arc::new(Inner { directory, turns }))
    }
}

impl Authenticator for Ldap {
    type Credential = BasicCredentials;

    async fn authenticate(
        &self,
        credentials: BasicCredentials,
        context: &Context,
    ) -> Result<Identity, AuthenticationError> {
        let (name, password) = (credentials.username(), credentials.password());
        if name.is_empty() || password.is_empty() || password.len() > MAX_PASSWORD_LEN {
            return Err(AuthenticationError::invalid(REFUSED));
        }
        let attempt = self.0.directory.throttle.attempt(context.client(), name).await?;
        let known = match self.ask(credentials).await {
            Ok(known) => known,
            Err(error) => {
                // It was no guess, as nobody has said whether it is right.
                attempt.withdrawn().await;
                return Err(AuthenticationError::unavailable(error));
            }
        };
        let (person, roles) = known.ok_or_else(|| AuthenticationError::invalid(REFUSED))?;
        attempt.succeeded().await;
        let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).map_err(AuthenticationError::unavailable)?;
        let identity = context.identity(&self.0.directory.issuer, person.subject).authenticated_at(now.as_secs());
        let identity = person.display_name.into_iter().fold(identity, IdentityBuilder::display_name);
        Ok(roles.into_iter().fold(identity, |identity, role| identity.role(role.name())).build())
    }

    fn is_throttled(&self) -> bool {
        self.0.directory.throttle.is_on()
    }
}

impl Ldap {
    /// Who it is, if there is a turn, and if the directory says so in time.
    async fn ask(&self, credentials: BasicCredentials) -> Result<Option<(Person, Vec<Role>)>, DirectoryError> {
        let turn = Arc::clone(&self.0.turns).try_acquire_owned().map_err(|_| DirectoryError::Busy)?;
        let inner = Arc::clone(&self.0);
        // A task of its own, which ends with the set: the library panics if it is answered what is not LDAP.
        let mut task = JoinSet::new();
        task.spawn(async move {
            let _turn = turn;
            let Inner { directory, .. } = &*inner;
            let late = |_| Err(DirectoryError::TimedOut(directory.timeout));
            timeout(directory.timeout, directory.sign_in(&credentials)).await.unwrap_or_else(late)
        });
        task.join_next().await.and_then(Result::ok).unwrap_or(Err(DirectoryError::Nonsense))
    }
}

impl Directory {
    /// The whole of one sign-in, on a connection of its own.
    async fn sign_in(&self, credentials: &BasicCredentials) -> Result<Option<(Person, Vec<Role>)>, DirectoryError> {
        let (connection, ldap) = self.address.connect().await.map_err(DirectoryError::Connect)?;
        let mut connection = pin!(connection.drive());
        let mut session = Session::new(ldap);
        let known = tokio::select! {
            known = self.talk(&mut session, credentials) => known?,
            ended = &mut connection => return Err(ended.map_or_else(DirectoryError::from, |()| DirectoryError::Closed)),
        };
        tokio::select! {
            () = session.end() => (),
            _ = connection => (),
        }
        Ok(known)
    }

    async fn talk(
        &self,
        session: &mut Session,
        credentials: &BasicCredentials,
    ) -> Result<Option<(Person, Vec<Role>)>, DirectoryError> {
        session.search_as(self.service.as_ref()).await?;
        let person = self.users.find(session, credentials.username()).await?;
        // For nobody a password is tried too, and whatever comes of it is refused.
        let dn = person.as_ref().map_or(&self.decoy, |person| &person.dn);
        let is_theirs = session.is_password(dn, credentials.password()).await?;
        let Some(person) = person.filter(|_| is_theirs) else { return Ok(None) };
        session.search_as(self.service.as_ref()).await?;
        let roles = self.groups.roles(session, &person.dn).await?;
        Ok(Some((person, roles)))
    }
}
