//! A directory as an authenticator: search for the user, search for the groups, bind with the password.

use std::{fmt, sync::Arc, time::Duration};

use auth_runtime::{
    authenticate::{AuthenticationError, Authenticator, Context, Identity, IdentityBuilder},
    credential::BasicCredentials,
    declared::{SecurityScheme, unknown_name},
    throttle::Throttle,
};
use tokio::{sync::Semaphore, task::JoinSet, time::timeout};

use crate::{connection::Server, error::SignInError, groups::Groups, users::Users};

/// In bytes. Passwords of `auth-runtime` have the same limit.
const MAX_PASSWORD_LEN: usize = 1024;

/// The longest user name in bytes. Longer ones would count together in the throttle, apart from the user whose name a
/// directory takes them for: it ignores spaces at the end.
const MAX_USERNAME_LEN: usize = 1024;

/// The users of an LDAP directory, as an authenticator of user names and passwords. Cheap to clone.
///
/// [`builder`](Self::builder) creates one. It is a field of an `Auth` with the scheme `basic`, and a plug-in of the
/// sign-in page:
///
/// ```no_run
/// use auth_ldap::Directory;
/// use auth_runtime::{prelude::*, session::{MemorySessions, SignInPages}, users::MemoryUsers};
///
/// #[derive(Auth, Clone)]
/// struct Auth {
///     #[scheme(basic)]
///     directory: Directory,
///     #[scheme(cookie = "__Host-session")]
///     session: Sessions<MemoryUsers, MemorySessions>,
/// }
///
/// let directory = Directory::builder("ldaps://ldap.example.com")
///     .service_account("cn=service,dc=example,dc=com", std::env::var("LDAP_PASSWORD")?)
///     .users("ou=people,dc=example,dc=com")
///     .build()?;
/// let session = Sessions::with_store(&Basic::new(MemoryUsers::new()), MemorySessions::new());
/// let pages = SignInPages::new(&session).plugin(directory.clone());
/// let auth = Auth { directory, session };
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// A sign-in takes these steps on a new connection. An unknown name takes the same ones:
///
/// 1. Reject an empty name, an empty password, and a password of more than 1024 bytes. A bind with an empty password
///    succeeds and proves nothing (RFC 4513, section 5.1.2).
/// 2. Count the attempt in the [`Throttle`].
/// 3. Bind as the service account, and search for the entry of the user.
/// 4. Search for the groups of the user, if a group grants a [role](crate::DirectoryBuilder::role).
/// 5. Bind as the user.
///
/// The subject of the identity is the [identifier](crate::DirectoryBuilder::id_attribute) of the entry. The DN and the
/// name can be given to another person later.
#[derive(Clone)]
pub struct Directory(Arc<Settings>);

pub(crate) struct Settings {
    pub(crate) server: Server,
    pub(crate) users: Users,
    /// `None` if no group grants a role.
    pub(crate) groups: Option<Groups>,
    pub(crate) issuer: String,
    pub(crate) timeout: Duration,
    pub(crate) throttle: Throttle,
    /// One permit for each concurrent sign-in.
    pub(crate) permits: Semaphore,
}

impl Directory {
    pub(crate) fn new(settings: Settings) -> Self {
        Self(Arc::new(settings))
    }

    /// Signs in within the time limit, in a task of its own: the LDAP library panics on a response that is not LDAP.
    /// The task ends with the request.
    async fn sign_in(&self, sent: BasicCredentials, context: Context) -> Result<Option<Identity>, SignInError> {
        let settings = Arc::clone(&self.0);
        let mut task = JoinSet::new();
        task.spawn(async move {
            timeout(settings.timeout, settings.sign_in(&sent, context)).await.unwrap_or(Err(SignInError::TimedOut))
        });
        match task.join_next().await {
            Some(Ok(signed_in)) => signed_in,
            Some(Err(_)) | None => Err(SignInError::NotLdap),
        }
    }
}

impl Settings {
    /// Returns the identity of a user, or `None` for a wrong name or password. Both take the same steps.
    async fn sign_in(&self, sent: &BasicCredentials, context: Context) -> Result<Option<Identity>, SignInError> {
        let _permit = self.permits.try_acquire().map_err(|_| SignInError::TooManySignIns)?;
        let mut connection = self.server.connect().await?;
        let user = self.users.find(&mut connection, sent.username()).await?;
        let dn = user.as_ref().map_or_else(|| self.users.unknown_dn(), |user| user.dn().to_owned());
        let roles = match &self.groups {
            Some(groups) => groups.roles(&mut connection, &dn).await,
            None => Ok(Vec::new()),
        };
        let is_right = connection.is_password(&dn, sent.password()).await?;
        let Some(user) = user.filter(|_| is_right) else { return Ok(None) };
        // An error about the groups shows that the user exists, so it needs the right password.
        let roles = roles?;
        let identity = context.identity(&self.issuer, user.id(&self.users.id)?);
        let identity = self.users.describe(&user, sent.username(), identity);
        Ok(Some(roles.into_iter().fold(identity, IdentityBuilder::role).build()))
    }
}

impl Authenticator for Directory {
    type Credential = BasicCredentials;

    async fn authenticate(&self, sent: BasicCredentials, context: &Context) -> Result<Identity, AuthenticationError> {
        if is_impossible(&sent) {
            return Err(rejected());
        }
        let attempt = self.0.throttle.attempt(context.client(), sent.username()).await?;
        match self.sign_in(sent, *context).await {
            Ok(Some(identity)) => {
                attempt.succeeded().await;
                Ok(identity)
            }
            Ok(None) => Err(rejected()),
            Err(error) => {
                attempt.withdrawn().await;
                Err(AuthenticationError::unavailable(error))
            }
        }
    }

    /// # Panics
    /// If a group grants a role that the application does not declare.
    fn mounted(&self, _: &'static SecurityScheme, context: &Context) {
        let declared = context.declared_names().roles;
        for (group, role) in self.0.groups.iter().flat_map(|groups| &groups.roles) {
            let message = || unknown_name("role", declared, role);
            assert!(declared.contains(&role.as_str()), "the group {group:?} of the directory: {}", message());
        }
    }

    fn is_throttled(&self) -> bool {
        self.0.throttle.is_on()
    }
}

/// Returns whether no user can have this name and password, so that the directory need not be asked.
fn is_impossible(sent: &BasicCredentials) -> bool {
    let (username, password) = (sent.username(), sent.password());
    let is_too_long = username.len() > MAX_USERNAME_LEN || password.len() > MAX_PASSWORD_LEN;
    username.is_empty() || password.is_empty() || is_too_long
}

fn rejected() -> AuthenticationError {
    AuthenticationError::invalid("user name or password")
}

/// Omits the service account.
impl fmt::Debug for Directory {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Directory")
            .field("url", &self.0.server.url.as_str())
            .field("issuer", &self.0.issuer)
            .finish_non_exhaustive()
    }
}
