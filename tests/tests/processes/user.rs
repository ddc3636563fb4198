//! A user who sends random requests to both processes, and what the answers have promised.

use std::{net::IpAddr, time::Instant};

use fastrand::Rng;

use crate::{
    process::{Answer, Caller},
    round::Round,
    world::{Client, PASSWORD, unused_address},
};

/// The end of a session or a token: the change, when its answer came, and from which process.
#[derive(Clone, Copy, Debug)]
pub(crate) struct End {
    how: &'static str,
    at: Instant,
    by: usize,
}

/// The cookie of a session, or an access token.
#[derive(Clone, Debug)]
pub(crate) struct Credential {
    pub(crate) text: String,
    pub(crate) is_cookie: bool,
    pub(crate) end: Option<End>,
}

/// The tokens of one sign-in.
#[derive(Debug)]
pub(crate) struct Family {
    pub(crate) refresh: String,
    pub(crate) replaced: Vec<String>,
    pub(crate) access: Vec<Credential>,
    pub(crate) is_ended: bool,
}

/// A change without an answer: the process died, or its database did not answer.
#[derive(Debug)]
pub(crate) enum Lost {
    SignIn {
        former: Option<usize>,
    },
    SignOut(usize),
    EndOthers(usize),
    Password(String),
    Tokens,
    Refresh(usize),
    /// By a revocation, or by the use of a replaced token.
    EndFamily(usize),
    RevokeAccess(usize),
}

/// A user.
pub(crate) struct User {
    pub(crate) name: String,
    pub(crate) address: IpAddr,
    pub(crate) password: String,
    pub(crate) sessions: Vec<Credential>,
    pub(crate) families: Vec<Family>,
    pub(crate) lost: Option<Lost>,
    changes: usize,
}

impl User {
    pub(crate) fn new(name: String, address: IpAddr) -> Self {
        let (sessions, families) = (Vec::new(), Vec::new());
        Self { name, address, password: PASSWORD.to_owned(), sessions, families, lost: None, changes: 0 }
    }

    /// Sends requests until the end of the round. After a change without an answer, the user changes nothing more.
    pub(crate) async fn act(&mut self, round: &Round<'_>, rng: &mut Rng) {
        while !round.is_over() {
            let here = rng.usize(..2);
            if self.lost.is_some() || rng.u8(..3) == 0 {
                self.call(round, here, rng).await;
            } else if let Some(lost) = self.change(round, here, rng).await {
                self.lost = Some(lost);
            }
            // A killed process answers at once.
            tokio::task::yield_now().await;
        }
    }

    pub(crate) fn client<'a>(&self, round: &'a Round<'_>, here: usize) -> Client<'a> {
        Client { process: &round.world.processes[here], address: self.address }
    }

    /// Uses a session or an access token.
    async fn call(&self, round: &Round<'_>, here: usize, rng: &mut Rng) {
        let of_families = self.families.iter().flat_map(|family| &family.access);
        let all: Vec<&Credential> = self.sessions.iter().chain(of_families).collect();
        // What a lost change was about has an unknown state.
        if let Some(credential) = rng.choice(all).filter(|credential| !self.is_in_doubt(credential)) {
            credential.check(round, here).await;
        }
    }

    fn is_in_doubt(&self, credential: &Credential) -> bool {
        let is = |found: Option<&Credential>| found.is_some_and(|found| found.text == credential.text);
        let is_of = |family: usize| self.families[family].access.iter().any(|access| is(Some(access)));
        match &self.lost {
            None | Some(Lost::Tokens | Lost::Refresh(_)) => false,
            Some(Lost::SignIn { former }) => former.is_some_and(|former| is(self.sessions.get(former))),
            Some(Lost::SignOut(session)) => is(self.sessions.get(*session)),
            Some(Lost::EndOthers(own)) => credential.is_cookie && !is(self.sessions.get(*own)),
            Some(Lost::Password(_)) => true,
            Some(Lost::EndFamily(family) | Lost::RevokeAccess(family)) => is_of(*family),
        }
    }

    /// Makes a random change. Returns the change if it has no answer.
    async fn change(&mut self, round: &Round<'_>, here: usize, rng: &mut Rng) -> Option<Lost> {
        let live: Vec<usize> = (0..self.sessions.len()).filter(|index| self.sessions[*index].end.is_none()).collect();
        let families: Vec<usize> = (0..self.families.len()).filter(|index| !self.families[*index].is_ended).collect();
        let (session, family) = (rng.choice(live), rng.choice(families));
        match (rng.u8(..20), session, family) {
            (0..=3, former, _) => self.sign_in(round, here, former.filter(|_| rng.bool())).await,
            (4..=5, Some(session), _) => self.sign_out(round, here, session).await,
            (6, Some(own), _) => self.end_others(round, here, own).await,
            (7, Some(own), _) => self.change_password(round, here, own).await,
            (8..=10, _, _) => self.get_tokens(round, here).await,
            (11..=15, _, Some(family)) => self.refresh(round, here, family).await,
            (16, _, Some(family)) => self.revoke(round, here, family).await,
            (17, _, Some(family)) => self.reuse(round, here, family, rng).await,
            (18, _, Some(family)) => self.revoke_access(round, here, family).await,
            _ => None,
        }
    }

    async fn sign_in(&mut self, round: &Round<'_>, here: usize, former: Option<usize>) -> Option<Lost> {
        let cookie = former.map(|former| self.sessions[former].text.clone());
        let answer = self.client(round, here).sign_in(&self.name, &self.password, cookie.as_deref()).await;
        let Some(answer) = round.known(here, answer) else { return Some(Lost::SignIn { former }) };
        if let Some(former) = former {
            self.sessions[former].end(here, "sign-in");
        }
        self.add_session(&answer, 200);
        None
    }

    fn add_session(&mut self, answer: &Answer, status: u16) {
        assert_eq!(answer.status, status, "{answer:?}");
        let text = answer.cookie();
        self.sessions.push(Credential { text, is_cookie: true, end: None });
    }

    async fn sign_out(&mut self, round: &Round<'_>, here: usize, session: usize) -> Option<Lost> {
        let answer = self.client(round, here).sign_out(&self.sessions[session].text).await;
        let Some(answer) = round.known(here, answer) else { return Some(Lost::SignOut(session)) };
        assert_eq!(answer.status, 204, "{answer:?}");
        self.sessions[session].end(here, "sign-out");
        None
    }

    async fn end_others(&mut self, round: &Round<'_>, here: usize, own: usize) -> Option<Lost> {
        let answer = self.client(round, here).end(&self.sessions[own].text, "others").await;
        let Some(answer) = round.known(here, answer) else { return Some(Lost::EndOthers(own)) };
        assert_eq!(answer.status, 204, "{answer:?}");
        let others = self.sessions.iter_mut().enumerate().filter(|(index, _)| *index != own);
        others.for_each(|(_, session)| session.end(here, "end of others"));
        None
    }

    async fn change_password(&mut self, round: &Round<'_>, here: usize, own: usize) -> Option<Lost> {
        self.changes += 1;
        let new = format!("{PASSWORD} {}", self.changes);
        let answer = self.client(round, here).change_password(&self.sessions[own].text, &self.password, &new).await;
        let Some(answer) = round.known(here, answer) else { return Some(Lost::Password(new)) };
        self.password_changed(new, here);
        if round.is_out && answer.cookie.is_none() {
            // The password was changed, and the new session was not stored, or the answer about it was lost.
            return Some(Lost::SignIn { former: None });
        }
        self.add_session(&answer, 204);
        None
    }

    /// All sessions and tokens end with the password.
    pub(crate) fn password_changed(&mut self, new: String, here: usize) {
        self.password = new;
        self.sessions.iter_mut().for_each(|session| session.end(here, "password"));
        self.families.iter_mut().for_each(|family| family.end(here, "password"));
    }

    async fn get_tokens(&mut self, round: &Round<'_>, here: usize) -> Option<Lost> {
        let answer = self.client(round, here).tokens(&self.name, &self.password).await;
        let Some(answer) = round.known(here, answer) else { return Some(Lost::Tokens) };
        assert_eq!(answer.status, 200, "{answer:?}");
        let (refresh, access) = (answer.text("refresh_token"), vec![Credential::access(&answer)]);
        self.families.push(Family { refresh, replaced: Vec::new(), access, is_ended: false });
        None
    }

    async fn refresh(&mut self, round: &Round<'_>, here: usize, family: usize) -> Option<Lost> {
        let answer = self.client(round, here).refresh(&self.families[family].refresh).await;
        let Some(answer) = round.known(here, answer) else { return Some(Lost::Refresh(family)) };
        self.families[family].refreshed(&answer);
        None
    }

    async fn revoke(&mut self, round: &Round<'_>, here: usize, family: usize) -> Option<Lost> {
        let answer = self.client(round, here).revoke(&self.families[family].refresh).await;
        let Some(answer) = round.known(here, answer) else { return Some(Lost::EndFamily(family)) };
        assert_eq!(answer.status, 200, "{answer:?}");
        self.families[family].end(here, "revocation");
        None
    }

    async fn reuse(&mut self, round: &Round<'_>, here: usize, family: usize, rng: &mut Rng) -> Option<Lost> {
        let token = rng.choice(self.families[family].replaced.clone())?;
        let answer = round.stranger(here).refresh(&token).await;
        let Some(answer) = round.known(here, answer) else { return Some(Lost::EndFamily(family)) };
        assert_eq!((answer.status, answer.text("error").as_str()), (400, "invalid_grant"), "a replaced token");
        self.families[family].end(here, "reuse");
        None
    }

    async fn revoke_access(&mut self, round: &Round<'_>, here: usize, family: usize) -> Option<Lost> {
        let token = self.families[family].access.last().expect("a family has one").text.clone();
        let answer = self.client(round, here).revoke(&token).await;
        let Some(answer) = round.known(here, answer) else { return Some(Lost::RevokeAccess(family)) };
        assert_eq!(answer.status, 200, "{answer:?}");
        self.families[family].access.last_mut().expect("a family has one").end(here, "revocation of one");
        None
    }
}

impl Family {
    pub(crate) fn refreshed(&mut self, answer: &Answer) {
        assert_eq!(answer.status, 200, "the token was good: {answer:?}");
        self.replaced.push(std::mem::replace(&mut self.refresh, answer.text("refresh_token")));
        self.access.push(Credential::access(answer));
    }

    pub(crate) fn end(&mut self, here: usize, how: &'static str) {
        self.is_ended = true;
        self.access.iter_mut().for_each(|access| access.end(here, how));
    }
}

impl Credential {
    pub(crate) fn access(answer: &Answer) -> Self {
        Self { text: answer.text("access_token"), is_cookie: false, end: None }
    }

    pub(crate) fn end(&mut self, by: usize, how: &'static str) {
        self.end.get_or_insert(End { how, at: Instant::now(), by });
    }

    /// Returns the status of a request with this credential; `None` if the process died or its database did not answer.
    pub(crate) async fn status(&self, round: &Round<'_>, here: usize) -> Option<u16> {
        let caller = Caller::anonymous(unused_address());
        let caller = if self.is_cookie { caller.by_cookie(&self.text) } else { caller.by_token(&self.text) };
        let answer = round.world.processes[here].get("/auth/me", &caller).await;
        round.known(here, answer).map(|answer| answer.status)
    }

    /// Asserts that a process knows this credential, or refuses it after its end.
    pub(crate) async fn check(&self, round: &Round<'_>, here: usize) {
        let is_due = self.end.is_some_and(|end| end.by == here || end.at.elapsed() >= round.world.bound);
        let Some(status) = self.status(round, here).await else { return };
        match self.end {
            None => assert_eq!(status, 200, "process {here} knows {self:?}"),
            Some(End { how, by, .. }) if is_due => {
                assert_eq!(status, 401, "process {here} refuses {self:?}, which ended by {how} in process {by}");
            }
            Some(_) => assert!(matches!(status, 200 | 401), "{status}"),
        }
    }
}
