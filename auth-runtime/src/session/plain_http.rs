//! Session cookies over plain http, for a developer's machine.

use std::net::IpAddr;

use poem::{
    Endpoint, IntoResponse, Middleware, Request, Response, Result,
    http::{
        HeaderMap, HeaderValue,
        header::{COOKIE, FORWARDED, HOST, SET_COOKIE, VIA},
        uri::Authority,
    },
};

use super::{sessions::Sessions, store::SessionStore};
use crate::{client_ip::ClientAddress, respond::HOST_PREFIX, users::UserStore};

/// Headers that a proxy adds.
const PROXIES: [&str; 3] = ["X-Forwarded-For", "X-Forwarded-Host", "X-Forwarded-Proto"];
const SECURE: &str = "; Secure";

/// A middleware that renames the cookie of sessions, so that browsers accept it over plain http.
/// [`plain_http_sessions`](crate::danger::plain_http_sessions) returns it.
#[derive(Clone, Debug)]
pub struct PlainHttpSessions {
    /// With the prefix.
    name: String,
}

impl PlainHttpSessions {
    pub(crate) fn of<U: UserStore, S: SessionStore>(sessions: &Sessions<U, S>) -> Self {
        Self { name: sessions.cookie().name().to_owned() }
    }

    /// Returns the name that the browser knows.
    fn plain_name(&self) -> &str {
        self.name.strip_prefix(HOST_PREFIX).unwrap_or(&self.name)
    }

    /// Renames the cookie of a request.
    fn rename(&self, headers: &mut HeaderMap) {
        let renamed: Vec<HeaderValue> = headers.get_all(COOKIE).iter().map(|value| self.renamed(value)).collect();
        headers.remove(COOKIE);
        for value in renamed {
            headers.append(COOKIE, value);
        }
    }

    fn renamed(&self, value: &HeaderValue) -> HeaderValue {
        let Ok(text) = value.to_str() else { return value.clone() };
        let pairs = text.split(';').map(str::trim).map(|pair| match pair.split_once('=') {
            Some((name, token)) if name == self.plain_name() => format!("{}={token}", self.name),
            _ => pair.to_owned(),
        });
        HeaderValue::try_from(pairs.collect::<Vec<_>>().join("; ")).unwrap_or_else(|_| value.clone())
    }

    /// Renames the cookie that a response sets, and lets the browser send it over plain http.
    fn weaken(&self, headers: &mut HeaderMap) {
        let weakened: Vec<HeaderValue> = headers.get_all(SET_COOKIE).iter().map(|value| self.weakened(value)).collect();
        headers.remove(SET_COOKIE);
        for value in weakened {
            headers.append(SET_COOKIE, value);
        }
    }

    fn weakened(&self, value: &HeaderValue) -> HeaderValue {
        let own = value.to_str().ok().and_then(|text| text.strip_prefix(&self.name));
        match own.filter(|rest| rest.starts_with('=')) {
            Some(rest) => {
                let text = format!("{}{}", self.plain_name(), rest.replacen(SECURE, "", 1));
                HeaderValue::try_from(text).unwrap_or_else(|_| value.clone())
            }
            None => value.clone(),
        }
    }
}

impl<E: Endpoint> Middleware<E> for PlainHttpSessions {
    type Output = PlainHttpEndpoint<E>;

    fn transform(&self, inner: E) -> Self::Output {
        PlainHttpEndpoint { sessions: self.clone(), inner }
    }
}

/// An endpoint whose sessions work over plain http on loopback.
#[derive(Debug)]
pub struct PlainHttpEndpoint<E> {
    sessions: PlainHttpSessions,
    inner: E,
}

impl<E: Endpoint> Endpoint for PlainHttpEndpoint<E> {
    type Output = Response;

    async fn call(&self, mut request: Request) -> Result<Response> {
        if !is_on_loopback(&request) {
            return self.inner.call(request).await.map(IntoResponse::into_response);
        }
        self.sessions.rename(request.headers_mut());
        let mut response = match self.inner.call(request).await {
            Ok(response) => response.into_response(),
            Err(error) => error.into_response(),
        };
        self.sessions.weaken(response.headers_mut());
        Ok(response)
    }
}

/// Whether the browser is on this machine, addresses it so, and no proxy is between.
fn is_on_loopback(request: &Request) -> bool {
    let is_forwarded = [FORWARDED, VIA].iter().any(|name| request.headers().contains_key(name))
        || PROXIES.iter().any(|name| request.headers().contains_key(*name));
    let peer = ClientAddress::of_peer(request.remote_addr()).ip();
    !is_forwarded && peer.is_some_and(|peer| peer.is_loopback()) && request.header(HOST).is_some_and(is_loopback)
}

fn is_loopback(host: &str) -> bool {
    let Ok(authority) = host.parse::<Authority>() else { return false };
    let name = authority.host();
    let address = name.trim_start_matches('[').trim_end_matches(']').parse::<IpAddr>();
    name.eq_ignore_ascii_case("localhost") || address.is_ok_and(|address| address.is_loopback())
}

#[cfg(test)]
mod tests {
    use poem::http::HeaderValue;

    use super::{PlainHttpSessions, is_loopback};

    #[test]
    fn only_hosts_of_this_machine_are_loopback() {
        for host in ["localhost", "LOCALHOST:3000", "127.0.0.1:3000", "127.1.2.3", "[::1]:3000"] {
            assert!(is_loopback(host), "{host}");
        }
        for host in ["", "localhost.evil.example", "evil.example", "192.168.0.1", "[::2]:80", "127.0.0.1.evil.example"]
        {
            assert!(!is_loopback(host), "{host}");
        }
    }

    #[test]
    fn the_cookie_is_renamed_in_both_directions_and_no_other_one() {
        let sessions = PlainHttpSessions { name: "__Host-session".to_owned() };
        let text = |value: HeaderValue| value.to_str().unwrap().to_owned();
        let renamed = |value| text(sessions.renamed(&HeaderValue::from_static(value)));
        assert_eq!(renamed("a=b; session=c; sessions=d"), "a=b; __Host-session=c; sessions=d");
        let weakened = |value| text(sessions.weakened(&HeaderValue::from_static(value)));
        assert_eq!(
            weakened("__Host-session=c; Path=/; Secure; HttpOnly; SameSite=Lax"),
            "session=c; Path=/; HttpOnly; SameSite=Lax"
        );
        assert_eq!(weakened("__Host-session2=c; Path=/; Secure"), "__Host-session2=c; Path=/; Secure");
    }
}
