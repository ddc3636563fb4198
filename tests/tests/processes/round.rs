//! One round: users send requests, a fault happens, and all promises are kept afterwards.

use std::{
    future::Future,
    net::IpAddr,
    sync::atomic::{AtomicBool, Ordering},
    time::Duration,
};

use fastrand::Rng;
use futures_util::future::join_all;
use tokio::time::sleep;

use crate::{
    keys::Keys,
    process::Answer,
    user::User,
    world::{Client, World, unused_address},
};

const USERS: usize = 4;
/// How long the requests go on after the fault.
const AFTER: Duration = Duration::from_millis(60);

/// A round, and which requests may remain without an answer.
pub(crate) struct Round<'a> {
    pub(crate) world: &'a World,
    /// The processes that may be killed.
    pub(crate) is_killed: [bool; 2],
    /// Whether the database may be unavailable.
    pub(crate) is_out: bool,
    is_over: AtomicBool,
}

impl<'a> Round<'a> {
    /// Returns a round without a fault.
    pub(crate) const fn quiet(world: &'a World) -> Self {
        Self::new(world, [false; 2], false)
    }

    pub(crate) const fn new(world: &'a World, is_killed: [bool; 2], is_out: bool) -> Self {
        Self { world, is_killed, is_out, is_over: AtomicBool::new(false) }
    }

    pub(crate) fn is_over(&self) -> bool {
        self.is_over.load(Ordering::Relaxed)
    }

    /// Returns a client whose address no other request has, for credentials that may be refused: refusals count as
    /// guesses of their address.
    pub(crate) fn stranger(&self, here: usize) -> Client<'_> {
        Client { process: &self.world.processes[here], address: unused_address() }
    }

    /// Returns an answer that says what was done. A process that was not killed answers, and a database that is there is
    /// used.
    pub(crate) fn known(&self, here: usize, answer: Option<Answer>) -> Option<Answer> {
        match answer {
            None => assert!(self.is_killed[here], "process {here} does not answer"),
            Some(answer) if answer.status == 503 => assert!(self.is_out, "unavailable without an outage: {answer:?}"),
            answer => return answer,
        }
        None
    }

    /// Lets users act until some time after the fault. Returns them.
    pub(crate) async fn run(
        &self,
        number: usize,
        keys: &mut Keys,
        rng: &mut Rng,
        fault: impl Future<Output = ()>,
    ) -> Vec<User> {
        let mut users = Vec::new();
        for user in 0..USERS {
            let name = format!("user{number}x{user}");
            self.world.add_user(&name).await;
            let address = [10, 0, u8::try_from(number % 250).unwrap_or(0), u8::try_from(user).unwrap_or(0)];
            users.push((User::new(name, IpAddr::from(address)), rng.fork()));
        }
        let mut own = rng.fork();
        let pause = Duration::from_millis(rng.u64(50..500));
        let acting = join_all(users.iter_mut().map(|(user, rng)| user.act(self, rng)));
        let fault = async {
            sleep(pause).await;
            fault.await;
            sleep(AFTER).await;
            self.is_over.store(true, Ordering::Relaxed);
        };
        tokio::join!(acting, keys.act(self, &mut own), fault);
        users.into_iter().map(|(user, _)| user).collect()
    }
}
