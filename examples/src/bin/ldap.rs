//! Users of an LDAP directory: `cargo run --bin ldap`, with the settings that `main` reads.

use std::{env, error::Error, sync::Arc, time::Duration};

use auth_runtime::{
    authenticate::{AuthenticationError, Context, Identity},
    credential::BasicCredentials,
    prelude::*,
    throttle::Throttle,
    users::MAX_PASSWORD_LEN,
};
use ldap3::{Ldap, LdapConnAsync, Scope, SearchEntry, ldap_escape};
use poem::{Server, listener::TcpListener};
use poem_openapi::{OpenApi, payload::PlainText};
use tokio::{sync::Semaphore, time::timeout};

permissions! { enum Permission { Read = "notice:read", Write = "notice:write" } }
roles! { enum Role: Permission { Reader = "Reader" => [Read], Editor = "Editor" => all } }

/// The groups that grant a role. They are directly below the DN in `LDAP_GROUPS`.
const GROUPS: [(&str, Role); 2] = [("cn=readers", Role::Reader), ("cn=editors", Role::Editor)];
/// The result codes of a bind that reject the password (RFC 4511, appendix A). Any other code but 0 is a failure.
const REJECTED: [u32; 5] = [19, 32, 48, 49, 53];
const TIMEOUT: Duration = Duration::from_secs(5);

#[derive(Auth, Clone)]
#[auth(permissions = Permission, roles = Role)]
struct Auth {
    /// User name and password in the directory.
    #[scheme(basic)]
    directory: Directory,
}

/// A plugin: verifies user names and passwords with a directory.
#[derive(Clone)]
struct Directory {
    url: String,
    /// DN and password of the account that searches.
    service: (String, String),
    /// The DN above all users, and the DN above all groups.
    bases: (String, String),
    throttle: Throttle,
    permits: Arc<Semaphore>, // one for each concurrent sign-in
}

impl Authenticator for Directory {
    type Credential = BasicCredentials;

    async fn authenticate(&self, sent: BasicCredentials, context: &Context) -> Result<Identity, AuthenticationError> {
        let rejected = || AuthenticationError::invalid("user name or password");
        let (name, password) = (sent.username().to_owned(), sent.password().to_owned());
        // A bind with an empty password succeeds and proves nothing (RFC 4513, section 5.1.2).
        if name.is_empty() || password.is_empty() || password.len() > MAX_PASSWORD_LEN {
            return Err(rejected());
        }
        let attempt = self.throttle.attempt(context.client(), &name).await?;
        let directory = self.clone();
        // A separate task, because the LDAP library panics on a response that is not LDAP.
        let sign_in = tokio::spawn(async move { timeout(TIMEOUT, directory.sign_in(&name, &password)).await? });
        match sign_in.await.unwrap_or_else(|_| Err("the directory sent a response that is not LDAP".into())) {
            Ok(Some((subject, roles))) => {
                attempt.succeeded().await;
                let identity = context.identity("directory", subject).username(sent.username());
                Ok(roles.iter().fold(identity, |identity, role| identity.role(role.name())).build())
            }
            Ok(None) => Err(rejected()),
            Err(failure) => {
                attempt.withdrawn().await; // the password was not verified, so do not count it
                Err(AuthenticationError::unavailable(failure))
            }
        }
    }

    fn is_throttled(&self) -> bool {
        true
    }
}

/// A failure, as text for the log. It contains no text of the directory, which may repeat the caller's input.
type Failure = Box<dyn Error + Send + Sync>;

impl Directory {
    /// Returns the subject and the roles of a user, or `None` for a wrong name or password. Both take the same steps.
    async fn sign_in(&self, name: &str, password: &str) -> Result<Option<(String, Vec<Role>)>, Failure> {
        let _permit = self.permits.try_acquire().map_err(|_| "too many concurrent sign-ins")?;
        let (connection, mut ldap) = LdapConnAsync::new(&self.url).await?;
        ldap3::drive!(connection);
        let service = ldap.simple_bind(&self.service.0, &self.service.1).await?.rc;
        (service == 0).then_some(()).ok_or("the directory rejected the service account")?;

        let filter = format!("(&(objectClass=person)(uid={}))", ldap_escape(name));
        let mut users = search(&mut ldap, &self.bases.0, Scope::Subtree, &filter).await?;
        let user = users.pop().filter(|_| users.is_empty()); // a name of several entries is rejected
        let dn = user.as_ref().map_or_else(|| format!("cn=unknown,{}", self.bases.0), |user| user.dn.clone());
        let filter = format!("(member={})", ldap_escape(&dn));
        let groups = search(&mut ldap, &self.bases.1, Scope::OneLevel, &filter).await?;
        let is_member = |group: &str| groups.iter().any(|found| found.dn.eq_ignore_ascii_case(group));
        let roles = GROUPS.into_iter().filter(|(group, _)| is_member(&format!("{group},{}", self.bases.1)));
        let is_right = match ldap.simple_bind(&dn, password).await?.rc {
            0 => !dn.is_empty(), // a bind with an empty DN proves nothing either
            code if REJECTED.contains(&code) => false,
            code => return Err(format!("the directory answered a bind with result code {code}").into()),
        };
        let Some(user) = user.filter(|_| is_right) else { return Ok(None) };
        let uuid = user.attrs.iter().find(|(name, _)| name.eq_ignore_ascii_case("entryUUID"));
        match uuid.map(|(_, values)| &values[..]) {
            Some([uuid]) => Ok(Some((uuid.clone(), roles.map(|(_, role)| role).collect()))),
            _ => Err("the entry of the user has no entryUUID".into()), // a DN may be given to another person
        }
    }
}

/// Returns the entries that match. Referrals to other directories are skipped; an incomplete result is a failure.
async fn search(ldap: &mut Ldap, base: &str, scope: Scope, filter: &str) -> Result<Vec<SearchEntry>, Failure> {
    let found = ldap.search(base, scope, filter, ["entryUUID"]).await?;
    match found.1.rc {
        0 => Ok(found.0.into_iter().filter(|entry| !entry.is_ref()).map(SearchEntry::construct).collect()),
        code => Err(format!("the directory answered a search with result code {code}").into()),
    }
}

struct Board;

#[protected]
#[OpenApi]
impl Board {
    /// Reads the notice
    #[permission("notice:read")]
    #[oai(path = "/notice", method = "get")]
    async fn read(&self, caller: Principal<Auth>) -> PlainText<String> {
        PlainText(format!("{} of {} {:?}", caller.subject(), caller.issuer(), caller.roles()))
    }
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let setting = |name| env::var(name).ok().filter(|value| !value.is_empty()).ok_or(format!("{name} is not set"));
    let url = setting("LDAP_URL")?;
    if !url.starts_with("ldaps://") {
        return Err("LDAP_URL must start with ldaps://, so that no password is sent in plain text".into());
    }
    let service = (setting("LDAP_BIND_DN")?, setting("LDAP_BIND_PASSWORD")?);
    let bases = (setting("LDAP_USERS")?, setting("LDAP_GROUPS")?);
    let (throttle, permits) = (Throttle::in_memory(), Arc::new(Semaphore::new(16)));
    let auth = Auth { directory: Directory { url, service, bases, throttle, permits } };
    let port = env::var("PORT").unwrap_or_else(|_| "3000".to_owned());
    println!("listening on http://127.0.0.1:{port}");
    let server = Server::new(TcpListener::bind(format!("127.0.0.1:{port}")));
    Ok(server.run(auth.service(Board, "Notice board", "1.0")).await?)
}
