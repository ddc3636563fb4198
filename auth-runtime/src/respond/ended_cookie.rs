//! Deletes the cookie of a session that has ended.

use poem::{
    Response,
    http::header::{CACHE_CONTROL, HeaderValue, SET_COOKIE},
};

/// The prefix of a cookie that only this host can have set, over https (RFC 6265bis, section 4.1.3.2).
pub(crate) const HOST_PREFIX: &str = "__Host-";

/// Returns the attributes of a cookie: no script reads it, and no page of another site sends it with a `POST`. A cookie
/// with the prefix is sent over https only.
pub(crate) fn attributes(name: &str) -> &'static str {
    if name.starts_with(HOST_PREFIX) {
        "Path=/; Secure; HttpOnly; SameSite=Lax"
    } else {
        "Path=/; HttpOnly; SameSite=Lax"
    }
}

/// Returns the `Set-Cookie` that deletes a cookie.
pub(crate) fn deletion(name: &str) -> HeaderValue {
    let text = format!("{name}=; {}; Max-Age=0", attributes(name));
    // The name is that of a scheme, which the macros checked.
    HeaderValue::try_from(text).unwrap_or(HeaderValue::from_static(""))
}

/// Adds the deletion of a cookie to a response, unless the response sets the cookie anew.
pub(crate) fn without_cookie(mut response: Response, name: &str) -> Response {
    let sets = |header: &HeaderValue| {
        header.as_bytes().strip_prefix(name.as_bytes()).is_some_and(|rest| rest.starts_with(b"="))
    };
    if !response.headers().get_all(SET_COOKIE).iter().any(sets) {
        response.headers_mut().append(SET_COOKIE, deletion(name));
        response.headers_mut().insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    }
    response
}

#[cfg(test)]
mod tests {
    use poem::{Response, http::header::SET_COOKIE};

    use super::without_cookie;

    fn cookies(response: &Response) -> Vec<&str> {
        response.headers().get_all(SET_COOKIE).iter().map(|value| value.to_str().unwrap()).collect()
    }

    #[test]
    fn r62_the_cookie_of_an_ended_session_is_deleted() {
        let response = without_cookie(Response::from(()), "__Host-session");
        assert_eq!(cookies(&response), ["__Host-session=; Path=/; Secure; HttpOnly; SameSite=Lax; Max-Age=0"]);
        assert_eq!(response.header("Cache-Control"), Some("no-store"));
    }

    #[test]
    fn r62_a_cookie_that_the_response_sets_is_kept() {
        let set = "__Host-session=new; Path=/; Secure";
        let response = Response::builder().header(SET_COOKIE, "__Host-session-2=x").header(SET_COOKIE, set).finish();
        assert_eq!(cookies(&without_cookie(response, "__Host-session")), ["__Host-session-2=x", set]);
    }
}
