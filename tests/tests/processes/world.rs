//! Two processes on one database.

use std::{
    net::{IpAddr, Ipv4Addr},
    sync::atomic::{AtomicU32, Ordering},
    time::Duration,
};

use auth_store::{NewUser, SqlUsers};

use crate::{
    application,
    database::{Backend, TestDatabase},
    process::{Answer, Body, Caller, Process},
    server::Settings,
};

pub(crate) const PASSWORD: &str = "correct horse battery staple";

/// Two processes, and their users.
pub(crate) struct World {
    pub(crate) processes: [Process; 2],
    /// How long a change in one process may take in the other.
    pub(crate) bound: Duration,
    /// The users, for their administration.
    pub(crate) users: SqlUsers,
}

impl World {
    pub(crate) async fn new(database: &TestDatabase, bound: Duration, patience: Duration) -> Self {
        let redis = (database.backend == Backend::Redis).then(|| {
            let server = database.backend.url().expect("the test is not run without it");
            (server, database.name.clone())
        });
        let settings = Settings { users: database.url.clone(), redis, bound, patience };
        let patient = Duration::from_mins(1);
        let options = application::options(bound).acquire_timeout(patient).answer_timeout(patient);
        let users = options.connect(&database.url).await.expect("the database is there");
        let processes = [Process::start(&settings).await, Process::start(&settings).await];
        Self { processes, bound, users }
    }

    /// Adds a user with a verified address, who has both permissions.
    pub(crate) async fn add_user(&self, name: &str) {
        let user = NewUser::new(name).password(PASSWORD).roles(["User"]);
        self.users.add(user.verified_email(format!("{name}@example.com"))).await.expect("a new user");
    }
}

/// A form with these fields.
pub(crate) fn form(fields: &[(&str, &str)]) -> Body {
    Body::Form(form_urlencoded::Serializer::new(String::new()).extend_pairs(fields).finish())
}

/// Returns an address that no other request has.
pub(crate) fn unused_address() -> IpAddr {
    static REQUESTS: AtomicU32 = AtomicU32::new(0);
    let number = REQUESTS.fetch_add(1, Ordering::Relaxed);
    Ipv4Addr::from_bits(u32::from_be_bytes([100, 64, 0, 0]) + number).into()
}

/// Requests of a client that has this address.
pub(crate) struct Client<'a> {
    pub(crate) process: &'a Process,
    pub(crate) address: IpAddr,
}

impl Client<'_> {
    pub(crate) fn caller(&self) -> Caller<'_> {
        Caller::anonymous(self.address)
    }

    /// Signs in, in place of the session of a cookie.
    pub(crate) async fn sign_in(&self, name: &str, password: &str, former: Option<&str>) -> Option<Answer> {
        let body = Body::Json(serde_json::json!({ "username": name, "password": password }));
        self.process.post("/auth/login", &Caller { cookie: former, ..self.caller() }, &body).await
    }

    pub(crate) async fn sign_out(&self, cookie: &str) -> Option<Answer> {
        self.process.post("/auth/logout", &self.caller().by_cookie(cookie), &form(&[])).await
    }

    pub(crate) async fn end(&self, cookie: &str, which: &str) -> Option<Answer> {
        self.process.post("/auth/sessions", &self.caller().by_cookie(cookie), &form(&[("end", which)])).await
    }

    pub(crate) async fn change_password(&self, cookie: &str, current: &str, new: &str) -> Option<Answer> {
        let body = form(&[("current", current), ("new", new)]);
        self.process.post("/auth/password", &self.caller().by_cookie(cookie), &body).await
    }

    /// Gets tokens by a password.
    pub(crate) async fn tokens(&self, name: &str, password: &str) -> Option<Answer> {
        let body = form(&[("grant_type", "password"), ("username", name), ("password", password)]);
        self.process.post("/auth/token", &self.caller(), &body).await
    }

    pub(crate) async fn refresh(&self, token: &str) -> Option<Answer> {
        let body = form(&[("grant_type", "refresh_token"), ("refresh_token", token)]);
        self.process.post("/auth/token", &self.caller(), &body).await
    }

    pub(crate) async fn revoke(&self, token: &str) -> Option<Answer> {
        self.process.post("/auth/revoke", &self.caller(), &form(&[("token", token)])).await
    }
}
