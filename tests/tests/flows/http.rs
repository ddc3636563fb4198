//! An application on a port of this machine, requests to it, and their answers.

use std::net::{Ipv4Addr, SocketAddr, TcpListener};

use base64::{
    Engine,
    prelude::{BASE64_STANDARD, BASE64_URL_SAFE_NO_PAD},
};
use poem::{
    Endpoint, EndpointExt, Request, Response, Server, endpoint::BoxEndpoint, error::InternalServerError, http::Method,
    listener::TcpAcceptor,
};
use reqwest::{Client, redirect::Policy};
use serde_json::Value;
use tokio::task::JoinHandle;

pub(crate) const FORM: &str = "application/x-www-form-urlencoded";

/// An endpoint that passes requests on to a server over HTTP.
struct OverHttp {
    client: Client,
    address: SocketAddr,
    server: JoinHandle<()>,
}

/// Serves an application on a free port, and returns an endpoint that sends its requests there.
pub(crate) fn over_http(app: BoxEndpoint<'static>) -> BoxEndpoint<'static> {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a free port");
    listener.set_nonblocking(true).expect("a socket");
    let address = listener.local_addr().expect("a port");
    let acceptor = TcpAcceptor::from_std(listener).expect("a runtime");
    let server = tokio::spawn(async move { Server::new_with_acceptor(acceptor).run(app).await.expect("a server") });
    let client = Client::builder().redirect(Policy::none()).build().expect("a client");
    OverHttp { client, address, server }.boxed()
}

impl Endpoint for OverHttp {
    type Output = Response;

    async fn call(&self, request: Request) -> poem::Result<Response> {
        let (parts, body) = request.into_parts();
        let url = format!("http://{}{}", self.address, parts.uri);
        let request = self.client.request(parts.method, url).headers(parts.headers).body(body.into_bytes().await?);
        let answer = request.send().await.map_err(InternalServerError)?;
        let (status, headers) = (answer.status(), answer.headers().clone());
        let mut response = Response::builder().status(status).body(answer.bytes().await.map_err(InternalServerError)?);
        *response.headers_mut() = headers;
        Ok(response)
    }
}

impl Drop for OverHttp {
    fn drop(&mut self) {
        self.server.abort();
    }
}

/// The answer to a request.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    headers: poem::http::HeaderMap,
    /// The body; null if it is no JSON.
    pub(crate) json: Value,
}

impl Answer {
    pub(crate) fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().expect("text"))
    }

    pub(crate) fn text(&self, member: &str) -> String {
        self.json[member].as_str().unwrap_or_default().to_owned()
    }

    #[track_caller]
    pub(crate) fn access(&self) -> String {
        assert_eq!(self.status, 200, "{self:?}");
        self.text("access_token")
    }

    #[track_caller]
    pub(crate) fn refresh(&self) -> String {
        assert_eq!(self.status, 200, "{self:?}");
        self.text("refresh_token")
    }
}

pub(crate) async fn post(app: &impl Endpoint, path: &str, form: &str) -> Answer {
    post_with(app, path, &[("content-type", FORM)], form).await
}

/// Sends a form with an `Authorization` header.
pub(crate) async fn post_as(app: &impl Endpoint, path: &str, header: &str, form: &str) -> Answer {
    post_with(app, path, &[("content-type", FORM), ("authorization", header)], form).await
}

pub(crate) async fn post_with(app: &impl Endpoint, path: &str, headers: &[(&str, &str)], body: &str) -> Answer {
    let request = Request::builder().method(Method::POST).uri(path.parse().expect("a path"));
    let request = headers.iter().fold(request, |request, (name, value)| request.header(*name, *value));
    answer(app, request.body(body.to_owned())).await
}

pub(crate) async fn get(app: &impl Endpoint, path: &str, token: &str) -> Answer {
    send(app, "GET", path, token).await
}

/// Sends a request with a token, or without one if it is empty.
pub(crate) async fn send(app: &impl Endpoint, method: &str, path: &str, token: &str) -> Answer {
    let request = Request::builder().method(method.parse().expect("a method")).uri(path.parse().expect("a path"));
    let request = match token {
        "" => request,
        token => request.header("authorization", format!("Bearer {token}")),
    };
    answer(app, request.finish()).await
}

async fn answer(app: &impl Endpoint, request: Request) -> Answer {
    let response = app.get_response(request).await;
    let (status, headers) = (response.status().as_u16(), response.headers().clone());
    let body = response.into_body().into_bytes().await.expect("a body");
    Answer { status, headers, json: serde_json::from_slice(&body).unwrap_or_default() }
}

pub(crate) fn basic(name: &str, secret: &str) -> String {
    format!("Basic {}", BASE64_STANDARD.encode(format!("{name}:{secret}")))
}

/// Returns the header (0) or the claims (1) of a token.
pub(crate) fn part(token: &str, index: usize) -> Value {
    let part = token.split('.').nth(index).expect("three parts");
    serde_json::from_slice(&BASE64_URL_SAFE_NO_PAD.decode(part).expect("base64url")).expect("JSON")
}
