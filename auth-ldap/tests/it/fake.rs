//! A fake directory with TLS and scripted responses: correct ones, wrong ones, none, and bytes that are not LDAP.

#![allow(dead_code, reason = "not every test needs all of it")]

use std::{
    sync::{
        Arc, Mutex,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use tokio::{
    io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt},
    net::TcpListener,
};
use tokio_rustls::TlsAcceptor;

/// A directory that listens on this machine.
pub(crate) struct Fake {
    pub(crate) url: String,
    shared: Arc<Shared>,
}

struct Shared {
    /// The responses of each connection: the nth one answers the nth request.
    answers: Mutex<Vec<Answer>>,
    connections: AtomicUsize,
    requests: Mutex<Vec<Request>>,
    /// Number of unanswered requests.
    hanging: AtomicUsize,
}

/// The reaction to a request.
#[derive(Clone, Debug)]
pub(crate) enum Answer {
    /// LDAP messages without their number.
    Messages(Vec<Vec<u8>>),
    /// Bytes that are not LDAP.
    Bytes(Vec<u8>),
    Silence,
    End,
}

/// A received request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Request {
    Bind {
        dn: String,
        password: String,
    },
    /// The bytes of the whole request.
    Search(Vec<u8>),
    Unbind,
}

impl Fake {
    pub(crate) async fn start(tls: TlsAcceptor, answers: impl Into<Vec<Answer>>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("ldaps://{}", listener.local_addr().unwrap());
        let shared = Arc::new(Shared {
            answers: Mutex::new(answers.into()),
            connections: AtomicUsize::new(0),
            requests: Mutex::default(),
            hanging: AtomicUsize::new(0),
        });
        let fake = Self { url, shared: Arc::clone(&shared) };
        tokio::spawn(async move {
            while let Ok((connection, _)) = listener.accept().await {
                shared.connections.fetch_add(1, Ordering::SeqCst);
                let (shared, tls) = (Arc::clone(&shared), tls.clone());
                // Ignore clients that disconnect, or do not trust the certificate.
                tokio::spawn(async move { shared.serve(tls.accept(connection).await.ok()?).await });
            }
        });
        fake
    }

    /// Sets the responses of new connections, and forgets the requests so far.
    pub(crate) fn answer(&self, answers: impl Into<Vec<Answer>>) {
        *self.shared.answers.lock().unwrap() = answers.into();
        self.shared.requests.lock().unwrap().clear();
    }

    pub(crate) fn connections(&self) -> usize {
        self.shared.connections.load(Ordering::SeqCst)
    }

    pub(crate) fn requests(&self) -> Vec<Request> {
        self.shared.requests.lock().unwrap().clone()
    }

    /// Waits for this number of unanswered requests.
    pub(crate) async fn wait_for_silence(&self, requests: usize) {
        while self.shared.hanging.load(Ordering::SeqCst) < requests {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
    }
}

impl Shared {
    async fn serve(self: Arc<Self>, mut connection: impl AsyncRead + AsyncWrite + Unpin) -> Option<()> {
        let answers = self.answers.lock().unwrap().clone();
        for answer in answers {
            let (number, request) = read(&mut connection).await?;
            self.requests.lock().unwrap().push(request);
            match answer {
                Answer::Messages(messages) => {
                    let messages: Vec<_> = messages.iter().flat_map(|message| numbered(number, message)).collect();
                    connection.write_all(&messages).await.ok()?;
                }
                Answer::Bytes(bytes) => connection.write_all(&bytes).await.ok()?,
                Answer::Silence => {
                    self.hanging.fetch_add(1, Ordering::SeqCst);
                    break;
                }
                Answer::End => return None,
            }
        }
        // Read until the client disconnects.
        while let Some((_, request)) = read(&mut connection).await {
            self.requests.lock().unwrap().push(request);
        }
        None
    }
}

/// Returns the response to a bind.
pub(crate) fn bind(code: u8) -> Answer {
    bind_with_text(code, "")
}

/// Returns the response to a bind, with a text for people.
pub(crate) fn bind_with_text(code: u8, text: &str) -> Answer {
    Answer::Messages(vec![element(0x61, &result(code, text))])
}

/// Returns the response to a search: entries and a result code.
pub(crate) fn search(entries: &[Vec<u8>], code: u8) -> Answer {
    search_with_text(entries, code, "")
}

/// Returns the response to a search, with a text for people.
pub(crate) fn search_with_text(entries: &[Vec<u8>], code: u8, text: &str) -> Answer {
    let mut messages = entries.to_vec();
    messages.push(element(0x65, &result(code, text)));
    Answer::Messages(messages)
}

/// Returns an entry whose attributes have one value each.
pub(crate) fn entry(dn: &str, attributes: &[(&str, &str)]) -> Vec<u8> {
    let attributes: Vec<_> = attributes.iter().map(|(name, value)| (*name, vec![value.as_bytes()])).collect();
    entry_of_values(dn, &attributes)
}

/// Returns an entry whose attributes have any values.
pub(crate) fn entry_of_values(dn: &str, attributes: &[(&str, Vec<&[u8]>)]) -> Vec<u8> {
    let attribute = |(name, values): &(&str, Vec<&[u8]>)| {
        let values: Vec<u8> = values.iter().flat_map(|value| element(0x04, value)).collect();
        element(0x30, &[element(0x04, name.as_bytes()), element(0x31, &values)].concat())
    };
    let attributes: Vec<u8> = attributes.iter().flat_map(attribute).collect();
    element(0x64, &[element(0x04, dn.as_bytes()), element(0x30, &attributes)].concat())
}

/// Returns a search reference to another directory.
pub(crate) fn reference(url: &str) -> Vec<u8> {
    element(0x73, &element(0x04, url.as_bytes()))
}

/// Returns a result with a code and a text, without a matched DN.
fn result(code: u8, text: &str) -> Vec<u8> {
    [&[0x0a, 1, code, 0x04, 0], &element(0x04, text.as_bytes())[..]].concat()
}

fn numbered(number: u8, message: &[u8]) -> Vec<u8> {
    element(0x30, &[&[0x02, 1, number], message].concat())
}

/// Returns an element: tag, length and content (X.690).
pub(crate) fn element(tag: u8, content: &[u8]) -> Vec<u8> {
    let length = u16::try_from(content.len()).unwrap().to_be_bytes();
    [&[tag, 0x82], &length[..], content].concat()
}

async fn read(connection: &mut (impl AsyncRead + Unpin)) -> Option<(u8, Request)> {
    assert_eq!(connection.read_u8().await.ok()?, 0x30);
    let length = match connection.read_u8().await.ok()? {
        0x81 => connection.read_u8().await.ok()?.into(),
        0x82 => connection.read_u16().await.ok()?,
        short => short.into(),
    };
    let mut message = vec![0; length.into()];
    connection.read_exact(&mut message).await.ok()?;
    let (number, operation) = (message[2], &message[3..]);
    let request = match operation[0] {
        0x60 => {
            let (content, _) = split(operation);
            let (_version, rest) = split(content);
            let (dn, rest) = split(rest);
            let (password, _) = split(rest);
            let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).unwrap();
            Request::Bind { dn: text(dn), password: text(password) }
        }
        0x63 => Request::Search(operation.to_vec()),
        0x42 => Request::Unbind,
        other => panic!("operation {other:#x}"),
    };
    Some((number, request))
}

/// Returns the content of the first element, and the bytes after it.
fn split(bytes: &[u8]) -> (&[u8], &[u8]) {
    let (start, length) = match bytes[1] {
        0x81 => (3, bytes[2].into()),
        0x82 => (4, u16::from_be_bytes([bytes[2], bytes[3]]).into()),
        short => (2, short.into()),
    };
    bytes[start..].split_at(length)
}
