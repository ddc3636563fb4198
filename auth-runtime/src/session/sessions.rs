//! The authenticator of sessions.

use std::{
    fmt,
    sync::Arc,
    time::{Duration, SystemTime},
};

use poem::Request;

use super::{
    mounting::Mounting,
    record::{Session, SessionUser},
    set_cookie::SessionCookie,
    store::SessionStore,
    token_hash_cache::{KnownSession, Seen, TokenHashCache},
};
use crate::{
    authenticate::{AuthenticationError, Authenticator, Context, Identity, Unavailable},
    client_ip::ClientAddress,
    credential::SessionToken,
    declared::SecurityScheme,
    users::{Basic, MemoryUsers, User, UserStore, user_since},
};

const IDLE: Duration = Duration::from_mins(30);
const ABSOLUTE: Duration = Duration::from_hours(12);
const CAPTURED: Duration = Duration::from_hours(1);
const PENDING: Duration = Duration::from_mins(10);
const PER_USER: usize = 100;

/// Verifies session cookies against a store. Cheap to clone.
///
/// ```
/// use auth_runtime::{prelude::*, session::MemorySessions, users::MemoryUsers};
///
/// #[derive(Auth, Clone)]
/// struct Auth {
///     #[scheme(cookie = "__Host-session")]
///     session: Sessions<MemoryUsers, MemorySessions>,
/// }
///
/// let password = "correct horse battery staple"; // typed by the user, never in the source
/// let users = Basic::new(MemoryUsers::new().add("alice", password)?);
/// let auth = Auth { session: Sessions::with_store(&users, MemorySessions::new()) };
/// # Ok::<(), auth_runtime::users::UserError>(())
/// ```
///
/// # Rules
///
/// - The cookie holds a token of 256 random bits, and the store its SHA-256 hash. An unknown token is refused, and
///   never used for a new session.
/// - The user store is read for each request, so roles and permissions are current. A new password, disabling or
///   deletion ends all sessions of a user as soon as the store returns the change.
/// - A session ends 30 minutes after its last request ([`idle_limit`](Self::idle_limit)), 12 hours after its start
///   ([`absolute_limit`](Self::absolute_limit)), at sign-out, and when a user has more than 100
///   ([`max_per_user`](Self::max_per_user)): then the least recently used one ends.
/// - Unknown cookies are limited to 25 a minute for each address, together with wrong API keys if both have the same
///   [`Throttle`]. Beyond that, a cookie that this process has not seen gets 429 without a look-up. One that it has
///   seen is never throttled. A cookie without a session counts once in ten minutes, however often a browser sends it.
///   It is looked up again after 5 seconds, and then less and less often.
/// - A request with an ended session is anonymous where `#[optional_auth]` applies. Elsewhere the response is 401. Both
///   responses delete the cookie.
/// - A page of another origin can use the cookie only for safe methods. See [`credential`](crate::credential).
/// - `fresh` compares the time of the sign-in. A new sign-in gives the session a new token.
///
/// [`Throttle`]: crate::throttle::Throttle
///
/// # What it does not protect against
///
/// - An attacker with a stolen cookie, until the session ends. TLS, short limits and pages without third-party scripts
///   make theft harder.
/// - A malicious page of the same origin: it can send any request with the cookie.
/// - A user who shares an address with an attacker. While the attacker floods it with forged cookies, a process that
///   has not seen the user's session answers 429.
pub struct Sessions<U = MemoryUsers, S = U>(pub(super) Arc<SessionManager<U, S>>);

pub(super) struct SessionManager<U, S> {
    pub(super) users: Basic<U>,
    pub(super) store: Arc<S>,
    pub(super) limits: Limits,
    pub(super) mounting: Mounting,
    cache: Option<Arc<TokenHashCache>>,
    clock: Option<Arc<dyn Fn() -> SystemTime + Send + Sync>>,
}

#[derive(Clone, Copy, Debug)]
pub(super) struct Limits {
    idle: Duration,
    absolute: Duration,
    captured: Duration,
    pub(super) per_user: usize,
}

impl Limits {
    /// Returns how long a session lasts at most.
    pub(super) fn lifetime(&self, user: &SessionUser, is_pending: bool) -> Duration {
        match user {
            _ if is_pending => PENDING,
            SessionUser::Stored { .. } => self.absolute,
            SessionUser::Captured(_) => self.captured.min(self.absolute),
        }
    }
}

impl<U: UserStore + SessionStore> Sessions<U> {
    /// Returns sessions of these users, in their store.
    #[must_use]
    pub fn new(users: &Basic<U>) -> Self {
        Self::of(users, Arc::clone(users.store()))
    }
}

impl<U: UserStore, S: SessionStore> Sessions<U, S> {
    /// Returns sessions of these users, in another store.
    ///
    /// Services with different users may share the store if each has its own [issuer](Basic::issuer): sessions of
    /// another issuer are not accepted.
    #[must_use]
    pub fn with_store(users: &Basic<U>, store: S) -> Self {
        Self::of(users, Arc::new(store))
    }

    fn of(users: &Basic<U>, store: Arc<S>) -> Self {
        Self(Arc::new(SessionManager {
            users: users.clone(),
            store,
            limits: Limits { idle: IDLE, absolute: ABSOLUTE, captured: CAPTURED, per_user: PER_USER },
            mounting: Mounting::default(),
            cache: TokenHashCache::new().map(Arc::new),
            clock: None,
        }))
    }

    /// Sets how long a session lasts without a request (default: 30 minutes; ASVS 7.3.1). The time of the last request
    /// is stored at most once a minute, so another process may end the session up to a minute early.
    #[must_use]
    pub fn idle_limit(self, limit: Duration) -> Self {
        self.with(|manager| manager.limits.idle = limit)
    }

    /// Sets the maximum duration of a session (default: 12 hours; ASVS 7.3.2).
    #[must_use]
    pub fn absolute_limit(self, limit: Duration) -> Self {
        self.with(|manager| manager.limits.absolute = limit)
    }

    /// Sets the maximum duration of a session of a plug-in's user (default: one hour). Until the session ends, the user
    /// keeps the roles of the sign-in, even if the plug-in disables the user.
    #[must_use]
    pub fn plugin_limit(self, limit: Duration) -> Self {
        self.with(|manager| manager.limits.captured = limit)
    }

    /// Sets the maximum number of sessions of a user (default: 100). Starting one more ends the least recently used
    /// session.
    #[must_use]
    pub fn max_per_user(self, sessions: usize) -> Self {
        self.with(|manager| manager.limits.per_user = sessions.max(1))
    }

    /// Sets the clock for tests of limits (default: the system clock).
    #[must_use]
    pub fn clock(self, now: impl Fn() -> SystemTime + Send + Sync + 'static) -> Self {
        self.with(|manager| manager.clock = Some(Arc::new(now)))
    }

    fn with(self, change: impl FnOnce(&mut SessionManager<U, S>)) -> Self {
        let mut manager = Arc::unwrap_or_clone(self.0);
        change(&mut manager);
        Self(Arc::new(manager))
    }

    /// Returns the issuer of the users.
    #[cfg(feature = "account")]
    pub(crate) fn issuer(&self) -> &str {
        self.0.users.issuer_name()
    }

    /// Returns the cookie of the mounted scheme.
    pub(super) fn cookie(&self) -> SessionCookie {
        self.0.mounting.cookie().unwrap_or_default()
    }

    /// Returns the names of the `Auth` that was mounted.
    pub(super) fn context(&self) -> Option<Context> {
        self.0.mounting.context()
    }

    /// Returns the time in seconds since 1970. A clock before 1970 is refused, because no session would end.
    #[inline]
    pub(super) fn now(&self) -> Result<u64, Unavailable> {
        let now = self.0.clock.as_ref().map_or_else(SystemTime::now, |clock| clock());
        now.duration_since(SystemTime::UNIX_EPOCH).map(|now| now.as_secs()).map_err(Unavailable::new)
    }

    /// Notes that a token has its session.
    pub(super) fn remember(&self, token: &SessionToken, known: Arc<KnownSession>) {
        if let Some(cache) = &self.0.cache {
            cache.insert(token, known);
        }
    }

    /// Notes that a token has no session now.
    fn refuse(&self, token: &SessionToken) {
        if let Some(cache) = &self.0.cache {
            cache.refuse(token);
        }
    }

    /// Notes that the session of a token has ended.
    pub(super) fn end_here(&self, token: &SessionToken) {
        if let Some(cache) = &self.0.cache {
            cache.end(token);
        }
    }

    /// Whether this process knows that the session of a token has ended.
    pub(super) fn has_ended_here(&self, token: &SessionToken) -> bool {
        self.0.cache.as_ref().is_some_and(|cache| cache.has_ended(token))
    }

    /// Returns what this process knows of a token.
    fn seen(&self, token: &SessionToken) -> Seen {
        self.0.cache.as_ref().map_or(Seen::New, |cache| cache.find(token))
    }

    /// Returns the session of a token and its user, unless it has ended. A session may be pending.
    pub(super) async fn verify(
        &self,
        token: &SessionToken,
        client: ClientAddress,
        now: u64,
    ) -> Result<Verified, AuthenticationError> {
        match self.seen(token) {
            Seen::Session(known) => match self.find(&known).await? {
                Some(session) => self.admit(token, &known, session, now).await,
                None => {
                    self.end_here(token);
                    Err(unknown())
                }
            },
            Seen::Refused => Err(unknown()),
            // Boxed, so that the future of a known session stays small.
            Seen::Due => Box::pin(self.look_up(token, now)).await?.ok_or_else(unknown),
            Seen::New => Box::pin(self.verify_new(token, client, now)).await,
        }
    }

    /// Verifies a token that this process has not seen. Unknown ones are counted, because each costs a look-up.
    async fn verify_new(
        &self,
        token: &SessionToken,
        client: ClientAddress,
        now: u64,
    ) -> Result<Verified, AuthenticationError> {
        let limits = self.0.users.limits();
        limits.check_failures(client).await?;
        if let Some(verified) = self.look_up(token, now).await? {
            return Ok(verified);
        }
        limits.failed(client).await?;
        Err(unknown())
    }

    /// Looks up the session of a token that this process does not know.
    async fn look_up(&self, token: &SessionToken, now: u64) -> Result<Option<Verified>, AuthenticationError> {
        let known = Arc::new(KnownSession::of(token));
        let Some(session) = self.find(&known).await? else {
            self.refuse(token);
            return Ok(None);
        };
        let verified = self.admit(token, &known, session, now).await?;
        self.remember(token, known);
        Ok(Some(verified))
    }

    /// Returns the session, if its token is this one.
    async fn find(&self, known: &KnownSession) -> Result<Option<Arc<Session>>, Unavailable> {
        Ok(self.0.store.find(&known.id).await?.filter(|session| session.token_hash.is(&known.hash)))
    }

    /// Returns the session with its user, if its time is not over.
    async fn admit(
        &self,
        token: &SessionToken,
        known: &KnownSession,
        session: Arc<Session>,
        now: u64,
    ) -> Result<Verified, AuthenticationError> {
        let session = if self.0.is_over(&session, known.seen_at(), now) {
            let current = Box::pin(self.seen_elsewhere(known, now)).await?;
            current.ok_or_else(|| {
                self.refuse(token);
                unknown()
            })?
        } else {
            session
        };
        let user = self.0.user(&session).await?;
        self.0.note(known, &session, now);
        Ok(Verified { session, user })
    }

    /// Returns the identity of a session that this process has seen, if both stores know session and user without
    /// waiting.
    ///
    /// The token has the right form, as no other text has its MAC. A session that has ended is left to
    /// [`verify`](Self::verify).
    fn known_identity(&self, token: &[u8], context: Context) -> Option<Identity> {
        let (manager, now) = (&*self.0, self.now().ok()?);
        let known = manager.cache.as_ref()?.known(token)?;
        let session = manager.store.find_now(&known.id).filter(|session| session.token_hash.is(&known.hash))?;
        if session.is_pending || manager.is_over(&session, known.seen_at(), now) {
            return None;
        }
        let identity = manager.identity_now(&session, context)?;
        manager.note(&known, &session, now);
        Some(identity)
    }

    /// Returns a session whose time seems over, if another process has seen the user since.
    async fn seen_elsewhere(&self, known: &KnownSession, now: u64) -> Result<Option<Arc<Session>>, Unavailable> {
        let current = self.0.store.find_current(&known.id).await?;
        let is_live = |session: &Arc<Session>| {
            session.token_hash.is(&known.hash) && !self.0.is_over(session, known.seen_at(), now)
        };
        Ok(current.filter(is_live))
    }
}

/// A session that has not ended, and its user if the user store has it.
pub(super) struct Verified {
    pub(super) session: Arc<Session>,
    pub(super) user: Option<User>,
}

fn unknown() -> AuthenticationError {
    AuthenticationError::session_ended("unknown session, or one that has ended")
}

impl<U: UserStore, S: SessionStore> SessionManager<U, S> {
    #[inline]
    fn is_over(&self, session: &Session, seen_here: u64, now: u64) -> bool {
        let idle_from = session.last_seen_at.max(seen_here);
        now >= session.expires_at || now >= idle_from.saturating_add(self.limits.idle.as_secs())
    }

    /// Returns whether a session that the store returned has not ended.
    pub(super) async fn is_live(&self, session: &Session, now: u64) -> Result<bool, Unavailable> {
        if self.is_over(session, 0, now) {
            return Ok(false);
        }
        match self.user(session).await {
            Ok(_) => Ok(true),
            Err(error) if error.is_signed_out() => Ok(false),
            Err(error) => Err(Unavailable::new(error)),
        }
    }

    /// Notes a request of a session, and lets the store record it once a minute.
    #[inline]
    fn note(&self, known: &KnownSession, session: &Session, now: u64) {
        if known.note(now, session.last_seen_at) {
            self.store.touch(&session.id, now);
        }
    }

    /// Returns the version of the credentials of a session of the user store; `None` for a session of a plug-in's user.
    fn epoch(&self, session: &Session) -> Result<Option<u64>, AuthenticationError> {
        let is_own = *session.issuer == **self.users.issuer_name();
        match (&session.user, is_own) {
            (SessionUser::Captured(_), false) => Ok(None),
            (SessionUser::Stored { credential_epoch }, true) => Ok(Some(*credential_epoch)),
            // Another service with users of its own has the same store of sessions, or a record was changed by hand.
            _ => Err(AuthenticationError::session_ended("session of another issuer")),
        }
    }

    /// Returns the identity of a session, if the store knows its user without waiting, and the session is the user's.
    #[inline]
    fn identity_now(&self, session: &Session, context: Context) -> Option<Identity> {
        if let SessionUser::Captured(_) = session.user {
            self.epoch(session).ok()?;
            return Some(self.identity(session, None, context));
        }
        let user = self.users.store().find_by_subject_now(&session.subject)?;
        let kept = session.kept_identity(&user, self.users.issuer_name(), context);
        kept.or_else(|| self.identity_of(session, user, context))
    }

    /// Returns the identity of a session that is of this user, and keeps it.
    fn identity_of(&self, session: &Session, user: User, context: Context) -> Option<Identity> {
        self.epoch(session).ok().filter(|_| session.is_of(&user))?;
        let identity = self.identity(session, Some(&user), context);
        session.keep_identity(user, self.users.issuer_name(), context, identity.clone());
        Some(identity)
    }

    /// Returns the user of a session of the user store; `None` for a session of a plug-in's user.
    async fn user(&self, session: &Session) -> Result<Option<User>, AuthenticationError> {
        let Some(epoch) = self.epoch(session)? else { return Ok(None) };
        let user = user_since(&**self.users.store(), &session.subject, epoch).await?;
        let user = user.filter(|user| session.is_of(user));
        user.map(Some).ok_or_else(|| AuthenticationError::session_ended("session from before the credentials changed"))
    }

    fn identity(&self, session: &Session, user: Option<&User>, context: Context) -> Identity {
        let identity = match (user, &session.user) {
            (Some(user), _) => user.identity(context, self.users.issuer_name()),
            (None, SessionUser::Captured(user)) => session.captured_identity(user, context),
            // `user` has returned an error. If it had not, the caller would have no roles.
            (None, SessionUser::Stored { .. }) => context.identity(&*session.issuer, &*session.subject).build(),
        };
        identity.at(session.authenticated_at).with_sign_in(session.details())
    }
}

impl<U: UserStore, S: SessionStore> Authenticator for Sessions<U, S> {
    type Credential = SessionToken;

    const CACHES_TEXTS: bool = true;

    fn cached(&self, token: &[u8], _: &Request, context: &Context) -> Option<Identity> {
        self.known_identity(token, *context)
    }

    async fn authenticate(&self, token: SessionToken, context: &Context) -> Result<Identity, AuthenticationError> {
        let verified = self.verify(&token, context.client(), self.now()?).await?;
        if verified.session.is_pending {
            return Err(AuthenticationError::sign_in_incomplete("the second factor is missing"));
        }
        Ok(self.0.identity(&verified.session, verified.user.as_ref(), *context))
    }

    fn is_throttled(&self) -> bool {
        self.0.users.limits().is_on()
    }

    /// # Panics
    /// If the name of the cookie does not start with `__Host-`: a page of a sibling domain could set the cookie. Also
    /// panics if the sessions are mounted under two names, or if a [plug-in](super::SignInPages::plugin) does not accept
    /// the `Auth`.
    fn mounted(&self, scheme: &'static SecurityScheme, context: &Context) {
        self.0.users.store().mounted(context);
        let name = scheme.cookie().unwrap_or_default();
        let cookie = SessionCookie::of(scheme);
        let cookie = cookie.unwrap_or_else(|| panic!("the cookie of sessions starts with `__Host-`, unlike {name:?}"));
        self.0.mounting.set(scheme, cookie, context);
    }
}

impl<U, S> Clone for Sessions<U, S> {
    fn clone(&self) -> Self {
        Self(Arc::clone(&self.0))
    }
}

impl<U, S> Clone for SessionManager<U, S> {
    fn clone(&self) -> Self {
        Self {
            users: self.users.clone(),
            store: Arc::clone(&self.store),
            limits: self.limits,
            mounting: self.mounting.clone(),
            cache: self.cache.clone(),
            clock: self.clock.clone(),
        }
    }
}

impl<U, S> fmt::Debug for Sessions<U, S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Sessions").field("limits", &self.0.limits).finish_non_exhaustive()
    }
}
