//! Sends requests as raw bytes over TCP, because an HTTP client would normalise them.

use std::time::Duration;

use poem::{
    Endpoint, IntoEndpoint, Server,
    listener::{Acceptor, Listener, TcpListener},
};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
    task::JoinHandle,
    time::timeout,
};

/// A server on a free port, which stops when it is dropped.
pub(crate) struct Wire {
    address: std::net::SocketAddr,
    server: JoinHandle<()>,
}

impl Drop for Wire {
    fn drop(&mut self) {
        self.server.abort();
    }
}

impl Wire {
    pub(crate) async fn serve<E>(app: E) -> Self
    where
        E: IntoEndpoint,
        E::Endpoint: Endpoint + 'static,
    {
        let acceptor = TcpListener::bind("127.0.0.1:0").into_acceptor().await.unwrap();
        let address = *acceptor.local_addr()[0].as_socket_addr().unwrap();
        let app = app.into_endpoint();
        let server = tokio::spawn(async move { Server::new_with_acceptor(acceptor).run(app).await.unwrap() });
        Self { address, server }
    }

    /// Sends a request line and header lines unchanged. Reads until the server closes the connection or switches
    /// protocols.
    pub(crate) async fn send(&self, line: &str, headers: &[&[u8]]) -> Received {
        let mut stream = TcpStream::connect(self.address).await.unwrap();
        let mut request = format!("{line} HTTP/1.1\r\nHost: localhost\r\n").into_bytes();
        for header in headers {
            request.extend_from_slice(header);
            request.extend_from_slice(b"\r\n");
        }
        if !headers.iter().any(|header| header.starts_with(b"Connection")) {
            request.extend_from_slice(b"Connection: close\r\n");
        }
        request.extend_from_slice(b"\r\n");
        stream.write_all(&request).await.unwrap();
        Received::read(&mut stream).await
    }

    /// Sends a request with a body.
    pub(crate) async fn send_body(&self, line: &str, headers: &[&str], body: &str) -> Received {
        let mut stream = TcpStream::connect(self.address).await.unwrap();
        let headers: String = headers.iter().map(|header| [header, "\r\n"].concat()).collect();
        let head = format!("{line} HTTP/1.1\r\nHost: localhost\r\n{headers}Connection: close\r\n");
        let request = format!("{head}Content-Length: {}\r\n\r\n{body}", body.len());
        stream.write_all(request.as_bytes()).await.unwrap();
        Received::read(&mut stream).await
    }
}

/// A raw response.
pub(crate) struct Received {
    pub(crate) status: u16,
    pub(crate) head: String,
    pub(crate) body: String,
}

impl Received {
    async fn read(stream: &mut TcpStream) -> Self {
        let mut bytes = Vec::new();
        let mut buffer = [0; 4096];
        while let Ok(Ok(length)) = timeout(Duration::from_mins(1), stream.read(&mut buffer)).await {
            bytes.extend_from_slice(&buffer[..length]);
            if length == 0 || is_complete(&bytes) {
                break;
            }
        }
        let text = String::from_utf8_lossy(&bytes).into_owned();
        let (head, body) = text.split_once("\r\n\r\n").unwrap_or((&text, ""));
        let status = head.split(' ').nth(1).and_then(|status| status.parse().ok()).unwrap_or_default();
        Self { status, head: head.to_owned(), body: body.to_owned() }
    }

    /// Returns the header lines with this name.
    pub(crate) fn headers(&self, name: &str) -> Vec<&str> {
        let lines = self.head.lines().filter_map(|line| line.split_once(": "));
        lines.filter(|(found, _)| found.eq_ignore_ascii_case(name)).map(|(_, value)| value).collect()
    }

    /// Returns all headers but the date, and the body.
    pub(crate) fn without_date(&self) -> (Vec<&str>, &str) {
        let lines = self.head.lines().filter(|line| !line.to_ascii_lowercase().starts_with("date:"));
        (lines.collect(), &self.body)
    }
}

/// Returns whether the response is complete on a connection that stays open.
fn is_complete(bytes: &[u8]) -> bool {
    let text = String::from_utf8_lossy(bytes).to_ascii_lowercase();
    let Some((head, body)) = text.split_once("\r\n\r\n") else { return false };
    let length = head.split_once("content-length: ").and_then(|(_, rest)| rest.lines().next()?.parse().ok());
    head.contains("\r\nconnection: upgrade") || length.is_some_and(|length: usize| body.len() >= length)
}
