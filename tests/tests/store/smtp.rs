//! Mails through a real mail server.

use std::{
    net::{IpAddr, TcpListener},
    sync::{Arc, Mutex},
};

use auth_runtime::{
    account::{PublicUrl, SelfService, SmtpMailer},
    client_ip::ClientAddress,
};
use auth_store::NewUser;
use mailin_embedded::{Handler, Response, Server, SslConfig, response};

use crate::{callers::PASSWORD, database::TestDatabase};

const CLIENT: ClientAddress = ClientAddress::UNKNOWN;

/// A mail as the server got it: the recipients of the envelope, and the text.
#[derive(Clone, Debug, Default)]
struct Received {
    recipients: Vec<String>,
    data: Vec<u8>,
}

/// A mail server that keeps the mails.
#[derive(Clone, Default)]
struct Inbox {
    current: Received,
    received: Arc<Mutex<Vec<Received>>>,
}

impl Handler for Inbox {
    fn mail(&mut self, _: IpAddr, _: &str, _: &str) -> Response {
        self.current = Received::default();
        response::OK
    }

    fn rcpt(&mut self, to: &str) -> Response {
        self.current.recipients.push(to.to_owned());
        response::OK
    }

    fn data(&mut self, line: &[u8]) -> std::io::Result<()> {
        self.current.data.extend_from_slice(line);
        Ok(())
    }

    fn data_end(&mut self) -> Response {
        self.received.lock().unwrap().push(std::mem::take(&mut self.current));
        response::OK
    }
}

impl Inbox {
    /// Starts the server, and returns the URL.
    fn start(&self) -> String {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("smtp://{}", listener.local_addr().unwrap());
        let mut server = Server::new(self.clone());
        server.with_name("mail.example").with_ssl(SslConfig::None).unwrap().with_tcp_listener(listener);
        // Ends with the process.
        std::thread::spawn(move || server.serve().is_ok());
        url
    }

    fn take(&self) -> Vec<Received> {
        std::mem::take(&mut *self.received.lock().unwrap())
    }
}

impl Received {
    /// Returns the headers and the decoded body.
    fn parts(&self) -> (Vec<String>, String) {
        let text = String::from_utf8(self.data.clone()).unwrap();
        let (headers, body) = text.split_once("\r\n\r\n").unwrap();
        let headers = headers.split("\r\n").map(str::to_owned).collect();
        (headers, body.replace("=\r\n", "").replace("=3D", "="))
    }
}

pub(crate) async fn link_arrives_by_mail_and_sets_a_password(database: TestDatabase) {
    let inbox = Inbox::default();
    let mailer = SmtpMailer::new(&inbox.start(), "Entry book <no-reply@app.example>").unwrap();
    let store = database.store().await;
    store.add(NewUser::new("alice").password(PASSWORD).verified_email("alice@example.com")).await.unwrap();
    let url = PublicUrl::new("https://app.example/account").unwrap();
    let hostile = "Entry book\r\nBcc: mallory@evil.example\r\n\r\nTake this";
    let account = SelfService::new(store.clone(), mailer, hostile, url);
    account.forgot_password(CLIENT, "alice@example.com").await.unwrap();
    account.forgot_password(CLIENT, "nobody@example.com").await.unwrap();
    account.finish().await;

    let [mail] = inbox.take().try_into().unwrap();
    assert_eq!(mail.recipients, ["alice@example.com"]);
    let (headers, body) = mail.parts();
    let named = |name: &str| headers.iter().filter(|line| line.starts_with(name)).collect::<Vec<_>>();
    assert_eq!(named("To:"), ["To: alice@example.com"]);
    assert_eq!(named("From:").len(), 1);
    assert_eq!(named("Subject:").len(), 1, "{headers:?}");
    assert!(named("Bcc").is_empty() && named("Cc").is_empty(), "{headers:?}");
    assert!(named("Content-Type: text/plain; charset=utf-8").len() == 1, "{headers:?}");

    let link = body.lines().find(|line| line.starts_with("https://")).unwrap();
    let token = link.strip_prefix("https://app.example/account/reset-password?token=").unwrap().trim();
    account.reset_password(CLIENT, token, "another good pass phrase").await.unwrap();
    account.finish().await;
    let [notice] = inbox.take().try_into().unwrap();
    assert!(notice.parts().1.contains("Your user name is alice"), "{notice:?}");
}

pub(crate) async fn mail_server_that_is_down_changes_no_answer(database: TestDatabase) {
    let free = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let mailer = SmtpMailer::new(&format!("smtp://{free}"), "no-reply@app.example").unwrap();
    let store = database.store().await;
    store.add(NewUser::new("alice").password(PASSWORD).verified_email("alice@example.com")).await.unwrap();
    let account = SelfService::new(store, mailer, "Entry book", PublicUrl::new("https://app.example").unwrap());
    account.forgot_password(CLIENT, "alice@example.com").await.unwrap();
    account.finish().await;
}
