//! A request that a generated test sends, as data.

use std::{collections::BTreeMap, fmt::Display};

use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use poem::{
    Endpoint,
    http::Method,
    test::{TestClient, TestRequestBuilder},
};
use serde::Serialize;
use serde_json::{Value, json};

use crate::authenticate::TestCaller;

/// A request of a generated test. It starts with examples of the parameters and of the body, by the schema of the
/// operation, and a [fixture](super::AccessTests::fixture) changes it.
///
/// ```
/// use auth_runtime::testing::TestRequest;
///
/// fn of_alice(request: TestRequest) -> TestRequest {
///     request.as_user("alice").path("id", 7).json(&serde_json::json!({ "text": "changed" }))
/// }
/// ```
#[derive(Clone, Debug)]
#[must_use = "return it from the fixture"]
pub struct TestRequest {
    method: Method,
    path: String,
    parameters: BTreeMap<String, String>,
    query: Vec<(String, String)>,
    headers: Vec<(String, String)>,
    body: Option<(String, Vec<u8>)>,
    user: Option<String>,
    issuer: Option<String>,
    /// The call of a tool, in place of the body.
    call: Option<(String, Value)>,
}

impl TestRequest {
    pub(super) fn new(method: Method, path: impl Into<String>) -> Self {
        Self {
            method,
            path: path.into(),
            parameters: BTreeMap::new(),
            query: Vec::new(),
            headers: Vec::new(),
            body: None,
            user: None,
            issuer: None,
            call: None,
        }
    }

    /// Returns the call of a tool at this path.
    pub(super) fn of_tool(path: &str, name: &str, arguments: Value) -> Self {
        let request = Self::new(Method::POST, path).header("Accept", "application/json, text/event-stream");
        Self { call: Some((name.to_owned(), arguments)), ..request }
    }

    /// Sets the arguments of a tool.
    pub fn arguments(self, arguments: impl Into<Value>) -> Self {
        let arguments = arguments.into();
        Self { call: self.call.map(|(name, _)| (name, arguments)), ..self }
    }

    /// Sets the method, for a subtree (default: `GET`).
    pub fn method(self, method: Method) -> Self {
        Self { method, ..self }
    }

    /// Sets the path, with its query, in place of the path of the rule.
    pub fn uri(self, uri: impl Into<String>) -> Self {
        Self { path: uri.into(), ..self }
    }

    /// Sets a parameter of the path, percent-encoded where it must be.
    pub fn path(mut self, name: impl Into<String>, value: impl Display) -> Self {
        self.parameters.insert(name.into(), value.to_string());
        self
    }

    /// Sets a parameter of the query, in place of all values of this name.
    pub fn query(mut self, name: impl Into<String>, value: impl Display) -> Self {
        let name = name.into();
        self.query.retain(|(known, _)| *known != name);
        self.query.push((name, value.to_string()));
        self
    }

    /// Sets a header.
    pub fn header(mut self, name: impl Into<String>, value: impl Display) -> Self {
        let name = name.into();
        self.headers.retain(|(known, _)| !known.eq_ignore_ascii_case(&name));
        self.headers.push((name, value.to_string()));
        self
    }

    /// Sets a JSON body.
    ///
    /// # Panics
    /// If the value has no JSON.
    pub fn json(self, body: &impl Serialize) -> Self {
        let body = serde_json::to_vec(body).expect("the body of a test is JSON");
        self.body("application/json", body)
    }

    /// Sets the body, with its media type.
    pub fn body(self, content_type: impl Into<String>, body: impl Into<Vec<u8>>) -> Self {
        Self { body: Some((content_type.into(), body.into())), ..self }
    }

    /// Sets the subject of the callers that send this request: the owner of an object, for a rule with a check.
    pub fn as_user(self, subject: impl Into<String>) -> Self {
        Self { user: Some(subject.into()), ..self }
    }

    /// Sets the issuer of the callers that send this request (default: `test`).
    pub fn issued_by(self, issuer: impl Into<String>) -> Self {
        Self { issuer: Some(issuer.into()), ..self }
    }

    /// Adds one of several values of a parameter of the query.
    pub(super) fn append_query(mut self, name: &str, value: &Value) -> Self {
        self.query.push((name.to_owned(), text(value)));
        self
    }

    /// Returns the caller with the subject of this request.
    pub(super) fn caller(&self, caller: TestCaller) -> TestCaller {
        let caller = self.user.iter().fold(caller, TestCaller::user);
        self.issuer.iter().fold(caller, TestCaller::issuer)
    }

    /// Returns the request for a client.
    pub(super) fn build<'a, E: Endpoint>(&self, client: &'a TestClient<E>) -> TestRequestBuilder<'a, E> {
        let mut request = client.request(self.method.clone(), self.filled_path());
        for (name, value) in &self.query {
            request = request.query(name, value);
        }
        for (name, value) in &self.headers {
            request = request.header(name, value);
        }
        match (&self.call, &self.body) {
            (Some((name, arguments)), _) => request.body_json(&call(name, arguments)),
            (None, Some((content_type, body))) => request.content_type(content_type).body(body.clone()),
            (None, None) => request,
        }
    }

    /// Returns the path with the values of its parameters, and without a `*` at its end.
    fn filled_path(&self) -> String {
        let segment = |segment: &str| match segment.strip_prefix(':') {
            Some(parameter) => {
                let name = parameter.split('<').next().unwrap_or_default();
                self.parameters
                    .get(name)
                    .map_or_else(|| "1".to_owned(), |value| utf8_percent_encode(value, NON_ALPHANUMERIC).to_string())
            }
            None if segment.starts_with('*') => String::new(),
            None => segment.to_owned(),
        };
        self.path.split('/').map(segment).collect::<Vec<_>>().join("/")
    }
}

/// Returns the message that calls a tool.
fn call(name: &str, arguments: &Value) -> Value {
    let params = json!({ "name": name, "arguments": arguments });
    json!({ "jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": params })
}

/// Returns a value as a parameter.
pub(super) fn text(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use poem::http::Method;

    use super::TestRequest;

    #[test]
    fn parameters_of_the_path_are_filled_in() {
        let request = TestRequest::new(Method::GET, r"/entries/:id/pages/:page<\d+>/*").path("id", "a/b");
        assert_eq!(request.filled_path(), "/entries/a%2Fb/pages/1/");
        assert_eq!(request.uri("/other?x=1").filled_path(), "/other?x=1");
    }
}
