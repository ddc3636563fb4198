//! After a fault: what became of each change without an answer, and whether all promises are kept.

use std::ops::RangeInclusive;

use fastrand::Rng;

use crate::{
    round::Round,
    user::{Credential, Lost, User},
};

/// How many sessions there are whose cookies were in lost answers.
pub(crate) type Orphans = RangeInclusive<usize>;

impl User {
    /// Finds out what became of the change without an answer: it was made in full or not at all.
    pub(crate) async fn resolve(&mut self, round: &Round<'_>) -> Orphans {
        match self.lost.take() {
            None | Some(Lost::Tokens) => 0..=0,
            Some(Lost::SignIn { former: None }) => 0..=1,
            Some(Lost::SignIn { former: Some(former) }) => {
                let has_started = usize::from(self.has_ended(round, former).await);
                has_started..=has_started
            }
            Some(Lost::SignOut(session)) => {
                self.has_ended(round, session).await;
                0..=0
            }
            Some(Lost::EndOthers(own)) => self.resolve_end_of_others(round, own).await,
            Some(Lost::Password(new)) => self.resolve_password(round, new).await,
            Some(Lost::Refresh(family) | Lost::EndFamily(family)) => self.resolve_family(round, family).await,
            Some(Lost::RevokeAccess(family)) => self.resolve_access(round, family).await,
        }
    }

    /// Returns whether a session has ended: both processes say the same.
    async fn has_ended(&mut self, round: &Round<'_>, session: usize) -> bool {
        let has_ended = self.is_refused(round, &self.sessions[session]).await;
        if has_ended {
            self.sessions[session].end(0, "seen after the fault");
        }
        has_ended
    }

    async fn is_refused(&self, round: &Round<'_>, credential: &Credential) -> bool {
        let mut statuses = Vec::new();
        for here in 0..2 {
            statuses.push(credential.status(round, here).await.expect("the fault is over"));
        }
        assert!(matches!(statuses[..], [200, 200] | [401, 401]), "{statuses:?}");
        statuses[0] == 401
    }

    async fn resolve_end_of_others(&mut self, round: &Round<'_>, own: usize) -> Orphans {
        let is_other = |index: &usize| *index != own && self.sessions[*index].end.is_none();
        let others: Vec<usize> = (0..self.sessions.len()).filter(is_other).collect();
        let mut ended = Vec::new();
        for session in others {
            ended.push(self.has_ended(round, session).await);
        }
        assert!(ended.windows(2).all(|pair| pair[0] == pair[1]), "some have ended, and others have not: {ended:?}");
        0..=0
    }

    async fn resolve_password(&mut self, round: &Round<'_>, new: String) -> Orphans {
        let status = self.signed_in(round).await;
        if status == 200 {
            return 0..=0;
        }
        assert_eq!(status, 401, "the former password");
        self.password_changed(new, 0);
        assert_eq!(self.signed_in(round).await, 200, "the former or the new password is right");
        0..=1
    }

    /// Signs in, and returns the status.
    async fn signed_in(&mut self, round: &Round<'_>) -> u16 {
        let answer = self.client(round, 0).sign_in(&self.name, &self.password, None).await;
        let answer = round.known(0, answer).expect("the fault is over");
        if let Some(text) = answer.cookie {
            self.sessions.push(Credential { text, is_cookie: true, end: None });
        }
        answer.status
    }

    /// The token is the good one, or its family has ended.
    async fn resolve_family(&mut self, round: &Round<'_>, family: usize) -> Orphans {
        let answer = round.stranger(1).refresh(&self.families[family].refresh).await;
        let answer = round.known(1, answer).expect("the fault is over");
        if answer.status == 200 {
            self.families[family].refreshed(&answer);
        } else {
            assert_eq!((answer.status, answer.text("error").as_str()), (400, "invalid_grant"));
            self.families[family].end(1, "seen after the fault");
        }
        0..=0
    }

    async fn resolve_access(&mut self, round: &Round<'_>, family: usize) -> Orphans {
        let access = self.families[family].access.last().expect("a family has one");
        if access.end.is_none() && self.is_refused(round, access).await {
            self.families[family].access.last_mut().expect("a family has one").end(0, "seen after the fault");
        }
        0..=0
    }

    /// Asserts that both processes know what has not ended, and refuse what has.
    pub(crate) async fn verify(&self, round: &Round<'_>) {
        let of_families = self.families.iter().flat_map(|family| &family.access);
        for credential in self.sessions.iter().chain(of_families) {
            for here in 0..2 {
                credential.check(round, here).await;
            }
        }
    }

    /// Asserts that no session was lost or doubled.
    pub(crate) async fn verify_list(&mut self, round: &Round<'_>, here: usize, orphans: Orphans) {
        if self.sessions.iter().all(|session| session.end.is_some()) {
            assert_eq!(self.signed_in(round).await, 200);
        }
        let live: Vec<&Credential> = self.sessions.iter().filter(|session| session.end.is_none()).collect();
        let client = self.client(round, here);
        let answer = client.process.get("/auth/sessions", &client.caller().by_cookie(&live[0].text)).await;
        let answer = round.known(here, answer).expect("the fault is over");
        let listed = answer.json["sessions"].as_array().unwrap_or_else(|| panic!("{answer:?}")).len();
        assert!(orphans.contains(&(listed - live.len())), "{listed} are listed, of {} and {orphans:?}", live.len());
    }

    /// Asserts that no replaced or revoked token is good, and that each family has one good token.
    pub(crate) async fn verify_families(&mut self, round: &Round<'_>, rng: &mut Rng) {
        for index in 0..self.families.len() {
            let here = rng.usize(..2);
            if !self.families[index].is_ended {
                let answer = self.client(round, here).refresh(&self.families[index].refresh).await;
                self.families[index].refreshed(&round.known(here, answer).expect("the fault is over"));
                if rng.bool() {
                    continue;
                }
            }
            // The first use ends the family, if it has not ended.
            let family = &self.families[index];
            for token in family.replaced.last().into_iter().chain([&family.refresh]) {
                let answer = round.stranger(here).refresh(token).await;
                let answer = round.known(here, answer).expect("the fault is over");
                assert_eq!((answer.status, answer.text("error").as_str()), (400, "invalid_grant"));
            }
            self.families[index].end(here, "seen after the fault");
        }
    }
}
