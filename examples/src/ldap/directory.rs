//! Last step: the plugin, which permits a user name and a password into an identity through all earlier steps.

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

/// The only text for a wrong name or password, also in the log.
const REFUSED: &str = "user name or password";

/// A directory, and the mapping of its entries to callers.
#[derive(Clone, Debug)]
pub struct Directory {
    /// The address of the directory.
    pub address: Address,
    /// The issuer of the identities. It must be unique among all directories and stores, and must never change.
    pub issuer: String,
    /// The account that searches. Without one, the search is anonymous.
    pub service: Option<ServiceAccount>,
    /// The entries that may sign in.
    pub users: Users,
    /// The entry whose password is tried for an unknown name.
    pub decoy: String,
    /// The groups, and the roles that they grant.
    pub groups: Groups,
    /// The limit on wrong passwords.
    pub throttle: Throttle,
    /// The time limit of one sign-in, with all its steps.
    pub timeout: Duration,
    /// The limit on concurrent sign-ins.
    pub sign_ins: usize,
}

/// Verifies user names and passwords with an LDAP directory: searches for the entry, then binds as it. Cheap to clone.
///
/// The identity has the issuer of the directory. Its subject is the identifier of the entry, or the DN if the entry has
/// no identifier. Its roles come from the groups of the entry. Nested groups count only if the group filter finds them.
///
/// Caller input is never part of a DN, and is escaped in filters.
///
/// - 401: a wrong password, an empty password, an unknown name, or a name that several entries have. The response is
///   always the same. An empty password is rejected without a request to the directory.
/// - 503: the directory is down, slow or busy, refers to another directory (referrals are not followed), or rejects the
///   service account.
///
/// # Cost
///
/// Nothing is cached: every request opens a connection and takes a TLS handshake, two searches and three binds. Changes
/// in the directory therefore apply to the next request. A service with many requests should verify the password once
/// and issue a token, as the token endpoint of [`demo`](crate::demo) does.
///
/// # What it does not protect against
///
/// - Password spraying: a few guesses at many accounts from many addresses.
/// - Account lockout by a third party, if the directory locks an account after fewer guesses than [`Throttle`] allows.
/// - User enumeration by response time. For an unknown name, the password of `decoy` is tried, but a directory may detect
///   a missing entry faster than a wrong password. Configure a `decoy` that exists, is never locked, and has the same
///   kind of password hash as the users. A directory that searches longer for an existing entry still leaks it.
/// - Expired passwords: the directory decides whether a bind with one succeeds.
/// - A hostile directory. It controls all identities. The LDAP library also parses nested elements without a depth limit,
///   so that a response can crash the process.
#[derive(Clone, Debug)]
pub struct Ldap(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    directory: Directory,
    permits: Arc<Semaphore>,
}

impl Ldap {
    /// Returns an authenticator for this directory. It connects at the first sign-in.
    #[must_use]
    pub fn new(directory: Directory) -> Self {
        let permits = Arc::new(Semaphore::new(directory.sign_ins));
        Self(Arc::new(Inner { directory, permits }))
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
                // Do not count the attempt: the directory did not verify the password.
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
    /// Signs in, within the limits on time and on concurrent sign-ins.
    async fn ask(&self, credentials: BasicCredentials) -> Result<Option<(Person, Vec<Role>)>, DirectoryError> {
        let permit = Arc::clone(&self.0.permits).try_acquire_owned().map_err(|_| DirectoryError::Busy)?;
        let inner = Arc::clone(&self.0);
        // A separate task, because the library panics on a response that is not LDAP. Dropping the set aborts the task.
        let mut task = JoinSet::new();
        task.spawn(async move {
            let _permit = permit;
            let Inner { directory, .. } = &*inner;
            let late = |_| Err(DirectoryError::TimedOut(directory.timeout));
            timeout(directory.timeout, directory.sign_in(&credentials)).await.unwrap_or_else(late)
        });
        task.join_next().await.and_then(Result::ok).unwrap_or(Err(DirectoryError::NotLdap))
    }
}

impl Directory {
    /// Runs one sign-in on a new connection.
    async fn sign_in(&self, credentials: &BasicCredentials) -> Result<Option<(Person, Vec<Role>)>, DirectoryError> {
        let (connection, ldap) = self.address.connect().await.map_err(DirectoryError::Connect)?;
        let mut connection = pin!(connection.drive());
        let mut session = Session::new(ldap);
        let known = tokio::select! {
            known = self.verify(&mut session, credentials) => known?,
            ended = &mut connection => return Err(ended.map_or_else(DirectoryError::from, |()| DirectoryError::Closed)),
        };
        tokio::select! {
            () = session.end() => (),
            _ = connection => (),
        }
        Ok(known)
    }

    async fn verify(
        &self,
        session: &mut Session,
        credentials: &BasicCredentials,
    ) -> Result<Option<(Person, Vec<Role>)>, DirectoryError> {
        session.search_as(self.service.as_ref()).await?;
        let person = self.users.find(session, credentials.username()).await?;
        // For an unknown name, try the password of the decoy, and reject any result.
        let dn = person.as_ref().map_or(&self.decoy, |person| &person.dn);
        let is_right = session.is_password(dn, credentials.password()).await?;
        let Some(person) = person.filter(|_| is_right) else { return Ok(None) };
        session.search_as(self.service.as_ref()).await?;
        let roles = self.groups.roles(session, &person.dn).await?;
        Ok(Some((person, roles)))
    }
}
