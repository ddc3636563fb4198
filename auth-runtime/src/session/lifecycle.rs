//! The start and the end of sessions.

use std::{cmp::Reverse, sync::Arc};

use poem::{
    Request, Response,
    http::header::{HeaderValue, USER_AGENT},
};

use super::{
    device::device,
    error::SessionError,
    new_session::NewSession,
    record::{Cached, Session},
    sessions::{Sessions, Verified},
    set_cookie,
    store::SessionStore,
    token::{self, TokenHash},
    token_hash_cache::KnownSession,
};
use crate::{
    authenticate::{AuthenticationError, Unavailable},
    client_ip::ClientAddress,
    credential::SessionToken,
    users::{User, UserStore},
};

/// A session that was started, with the cookie for the response.
#[derive(Clone, Debug)]
#[must_use = "add the cookie to the response"]
pub struct StartedSession {
    session: Arc<Session>,
    cookie: HeaderValue,
}

impl StartedSession {
    /// Returns the session.
    #[must_use]
    pub fn session(&self) -> &Session {
        &self.session
    }

    /// Adds the cookie to a response, and makes the response `no-store`.
    pub fn add_to(self, response: &mut Response) {
        set_cookie::add(response, self.cookie);
    }
}

/// Sign-in and sign-out.
impl<U: UserStore, S: SessionStore> Sessions<U, S> {
    /// Starts a session for a user who proved their identity with this request.
    ///
    /// The session gets a new token, and the session of the request ends. This prevents session fixation. Call it at
    /// each sign-in, also when a signed-in user signs in again or verifies a second factor.
    ///
    /// ```
    /// use auth_runtime::{prelude::*, session::{MemorySessions, NewSession}, users::{MemoryUsers, User}};
    /// use poem::{Request, Response, http::StatusCode};
    ///
    /// type Browsers = Sessions<MemoryUsers, MemorySessions>;
    ///
    /// async fn signed_in(sessions: &Browsers, request: &Request, user: &User) -> Result<Response, StatusCode> {
    ///     let started = sessions.start(request, NewSession::of_user(user).methods(["pwd"])).await;
    ///     let mut response = Response::builder().status(StatusCode::NO_CONTENT).finish();
    ///     started.map_err(|_| StatusCode::SERVICE_UNAVAILABLE)?.add_to(&mut response);
    ///     Ok(response)
    /// }
    /// ```
    ///
    /// # Errors
    /// [`SessionError::Unavailable`] if the store does not answer; [`SessionError::SameIssuer`].
    pub async fn start(&self, request: &Request, new: NewSession) -> Result<StartedSession, SessionError> {
        let (session, token) = self.create(request, new)?;
        let started = StartedSession { cookie: self.cookie().set(&token)?, session };
        self.replace(request, &token, Arc::clone(&started.session)).await?;
        self.limit(&started.session).await?;
        Ok(started)
    }

    fn create(&self, request: &Request, new: NewSession) -> Result<(Arc<Session>, SessionToken), SessionError> {
        let NewSession { issuer, subject, user, methods, acr, is_pending } = new;
        let own = self.0.users.issuer_name();
        let issuer = match issuer {
            Some(issuer) if *issuer == **own => return Err(SessionError::SameIssuer(issuer)),
            issuer => issuer.unwrap_or_else(|| own.to_string()),
        };
        let (now, token) = (self.now()?, token::random()?);
        let token_hash = TokenHash::of(&token);
        let session = Session {
            id: token_hash.session_id(),
            token_hash,
            issuer,
            subject,
            created_at: now,
            authenticated_at: now,
            last_seen_at: now,
            expires_at: now.saturating_add(self.0.limits.lifetime(&user, is_pending).as_secs()),
            user,
            acr,
            methods,
            is_pending,
            device: request.header(USER_AGENT).map(device).unwrap_or_default(),
            address: ClientAddress::of(request).ip(),
            cached: Cached::default(),
        };
        Ok((Arc::new(session), token))
    }

    /// Stores a session in place of the session of the request.
    async fn replace(&self, request: &Request, token: &SessionToken, session: Arc<Session>) -> Result<(), Unavailable> {
        let former = self.cookie().token(request);
        let replaced = former.as_ref().map(|token| TokenHash::of(token).session_id());
        self.0.store.insert(session, replaced.as_deref()).await?;
        if let Some(former) = &former {
            self.end_here(former);
        }
        // Its first request is not throttled, whoever else is at the address of the user.
        self.remember(token, Arc::new(KnownSession::of(token)));
        Ok(())
    }

    /// Ends the sessions of a user above the limit, those used least recently first.
    async fn limit(&self, new: &Session) -> Result<(), Unavailable> {
        let mut others = self.0.store.list(&new.issuer, &new.subject).await?;
        // Sign-ins without the second factor must not end the sessions of the user.
        others.retain(|session| session.id != new.id && session.is_pending == new.is_pending);
        others.sort_unstable_by_key(|session| Reverse(session.last_seen_at));
        for session in others.iter().skip(self.0.limits.per_user - 1) {
            self.0.store.end(&session.id).await?;
        }
        Ok(())
    }

    /// Gives the session of a request a new token, and invalidates the old one. Call it when the rights of the session
    /// change.
    ///
    /// `None` where [`current`](Self::current) returns `None`.
    ///
    /// # Errors
    /// [`SessionError::Unavailable`] if the store does not answer.
    pub async fn rotate(&self, request: &Request) -> Result<Option<StartedSession>, SessionError> {
        let Some(current) = self.current(request).await? else { return Ok(None) };
        let token = token::random()?;
        let token_hash = TokenHash::of(&token);
        let session = Arc::new(Session { id: token_hash.session_id(), token_hash, ..(*current).clone() });
        let started = StartedSession { session, cookie: self.cookie().set(&token)? };
        self.replace(request, &token, Arc::clone(&started.session)).await?;
        Ok(Some(started))
    }

    /// Returns the session of a request, pending or not; `None` if there is none or it has ended. `None` too if the
    /// address of the request has sent too many unknown cookies, and this process has not seen this one.
    ///
    /// It does not check the origin of the request: see [`is_cross_origin`](crate::credential::is_cross_origin).
    ///
    /// # Errors
    /// [`Unavailable`] if a store does not answer.
    pub async fn current(&self, request: &Request) -> Result<Option<Arc<Session>>, Unavailable> {
        Ok(self.verified(request).await?.map(|verified| verified.session))
    }

    async fn verified(&self, request: &Request) -> Result<Option<Verified>, Unavailable> {
        match self.try_verified(request).await {
            Err(error) if error.retry_after().is_some() => Ok(None),
            verified => verified.map_err(Unavailable::new),
        }
    }

    /// Returns the session of a request and its user; `None` without a session.
    async fn try_verified(&self, request: &Request) -> Result<Option<Verified>, AuthenticationError> {
        let Some(token) = self.cookie().token(request) else { return Ok(None) };
        match self.verify(&token, ClientAddress::of(request), self.now()?).await {
            Ok(verified) => Ok(Some(verified)),
            Err(error) if error.is_signed_out() => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// Returns the session of a request; `None` without a session, and for a pending one.
    pub(super) async fn complete_session(
        &self,
        request: &Request,
    ) -> Result<Option<Arc<Session>>, AuthenticationError> {
        let verified = self.try_verified(request).await?;
        Ok(verified.map(|verified| verified.session).filter(|session| !session.is_pending))
    }

    /// Returns the user of the session of a request; `None` without a session, and for users of plug-ins.
    pub(super) async fn current_user(&self, request: &Request) -> Result<Option<User>, AuthenticationError> {
        let verified = self.try_verified(request).await?.filter(|verified| !verified.session.is_pending);
        Ok(verified.and_then(|verified| verified.user))
    }

    /// Ends the session of a request, and returns it; `None` if the request has no session.
    ///
    /// Call [`delete_cookie`](Self::delete_cookie) in each case, also after an error: the user wants to be signed out
    /// in this browser. After an error, the session may last on the server until its time is over.
    ///
    /// # Errors
    /// [`AuthenticationError::throttled`] if the address of the request has sent too many unknown cookies and this
    /// process has not seen this one: 429. [`AuthenticationError::unavailable`] if a store does not answer: 503.
    pub async fn end_current(&self, request: &Request) -> Result<Option<Arc<Session>>, AuthenticationError> {
        let Some(token) = self.cookie().token(request) else { return Ok(None) };
        if self.has_ended_here(&token) {
            return Ok(None);
        }
        let verified = self.try_verified(request).await?;
        self.0.store.end(&TokenHash::of(&token).session_id()).await?;
        self.end_here(&token);
        Ok(verified.map(|verified| verified.session))
    }

    /// Deletes the cookie in the browser.
    pub fn delete_cookie(&self, response: &mut Response) {
        set_cookie::add(response, self.cookie().delete());
    }

    /// Returns the sessions of a user that have not ended and are not pending, most recently used first.
    ///
    /// # Errors
    /// [`Unavailable`] if a store does not answer.
    pub async fn list(&self, issuer: &str, subject: &str) -> Result<Vec<Arc<Session>>, Unavailable> {
        let now = self.now()?;
        let mut sessions = self.0.store.list(issuer, subject).await?;
        let mut live = Vec::with_capacity(sessions.len());
        for session in sessions.drain(..) {
            if !session.is_pending && self.0.is_live(&session, now).await? {
                live.push(session);
            }
        }
        live.sort_unstable_by_key(|session| Reverse(session.last_seen_at));
        Ok(live)
    }

    /// Ends one session of a user. Returns whether the user had it.
    ///
    /// # Errors
    /// [`Unavailable`] if the store does not answer.
    pub async fn end(&self, issuer: &str, subject: &str, id: &str) -> Result<bool, Unavailable> {
        let sessions = self.0.store.list(issuer, subject).await?;
        match sessions.iter().find(|session| session.id == id) {
            Some(session) => self.0.store.end(&session.id).await,
            None => Ok(false),
        }
    }

    /// Ends all sessions of a user, except `except` if it is set. Returns the number of ended sessions.
    ///
    /// # Errors
    /// [`Unavailable`] if the store does not answer.
    pub async fn end_all(&self, issuer: &str, subject: &str, except: Option<&str>) -> Result<u64, Unavailable> {
        self.0.store.end_all(issuer, subject, except).await
    }
}
