//! Sends the request of one test, and compares its result with that of the policy.

use poem::{Response, http::StatusCode};
use serde_json::Value;

use super::{
    access_tests::{AccessTests, Client},
    plan::{Case, Expected, Object, Sender, caller},
    test_request::TestRequest,
};
use crate::{authenticate::ActingAs, event::with_denials};

/// The result of a request.
#[derive(Debug)]
struct Observed {
    status: StatusCode,
    /// Whether a rule denied the request. A 404 may come from the handler.
    is_denied: bool,
    /// The error of a tool call.
    rpc_error: Option<String>,
}

impl AccessTests {
    /// Runs one test.
    ///
    /// # Errors
    /// The difference, and the way to fix it.
    pub(super) async fn judge(&self, case: &Case) -> Result<(), String> {
        let Some(request) = self.request(&case.target, case.object) else { return Err(missing_object(case)) };
        if case.object == Object::Any && self.attempt(case, &request, self.shared_client().await).await.is_ok() {
            return Ok(());
        }
        // An earlier request may have changed the shared service.
        self.attempt(case, &request, self.new_client().await).await
    }

    async fn attempt(&self, case: &Case, request: &TestRequest, client: Client) -> Result<(), String> {
        let (case, request) = (case.clone(), request.clone());
        let sent = tokio::spawn(async move {
            let built = request.build(&client);
            let built = match &case.sender {
                Sender::Caller(persona) => built.data(ActingAs(request.caller(caller(persona)))),
                Sender::Credential(credential) => credential.put(built),
            };
            let (response, is_denied) = with_denials(built.send()).await;
            let observed = Observed::of(response.0, is_denied).await;
            observed.verdict(&case)
        });
        // The handler panicked, or the caller has a name that the service does not declare.
        sent.await.unwrap_or_else(|error| Err(format!("the service panicked: {}", panic_text(error))))
    }
}

fn panic_text(error: tokio::task::JoinError) -> String {
    let payload = match error.try_into_panic() {
        Ok(payload) => payload,
        Err(error) => return error.to_string(),
    };
    let text = payload.downcast_ref::<String>().cloned();
    text.or_else(|| payload.downcast_ref::<&str>().map(|text| (*text).to_owned())).unwrap_or_default()
}

impl Observed {
    async fn of(mut response: Response, is_denied: bool) -> Self {
        let status = response.status();
        let body = response.take_body().into_bytes_limit(1 << 20).await.unwrap_or_default();
        let answer: Option<Value> = serde_json::from_slice(&body).ok();
        let is_rpc = |answer: &&Value| answer.get("jsonrpc").is_some();
        let rpc_error = answer.as_ref().filter(is_rpc).and_then(|answer| answer.get("error")).map(Value::to_string);
        Self { status, is_denied, rpc_error }
    }

    fn verdict(&self, case: &Case) -> Result<(), String> {
        let is_met = match case.expected {
            Expected::LetIn => self.is_let_in(),
            Expected::Refused => self.is_refused(matches!(case.sender, Sender::Credential(_))),
            Expected::Denied(denied) => match self.status {
                StatusCode::UNAUTHORIZED => denied.is_unauthorized,
                StatusCode::FORBIDDEN => denied.is_forbidden,
                StatusCode::NOT_FOUND => denied.is_hidden && self.is_denied,
                // A hidden tool is answered as one that does not exist.
                StatusCode::OK => denied.is_hidden && self.is_denied && self.rpc_error.is_some(),
                _ => false,
            },
        };
        if is_met { Ok(()) } else { Err(self.describe(case)) }
    }

    fn is_let_in(&self) -> bool {
        !self.is_denied && self.rpc_error.is_none() && !self.is_failed() && !self.is_rejected()
    }

    fn is_rejected(&self) -> bool {
        self.is_denied || [StatusCode::UNAUTHORIZED, StatusCode::FORBIDDEN].contains(&self.status)
    }

    /// Whether the request did not get as far as the operation, or the operation did not find its object.
    fn is_failed(&self) -> bool {
        const FAILED: [StatusCode; 6] = [
            StatusCode::BAD_REQUEST,
            StatusCode::NOT_FOUND,
            StatusCode::METHOD_NOT_ALLOWED,
            StatusCode::NOT_ACCEPTABLE,
            StatusCode::PAYLOAD_TOO_LARGE,
            StatusCode::UNSUPPORTED_MEDIA_TYPE,
        ];
        self.status.is_server_error() || FAILED.contains(&self.status)
    }

    /// A credential may also be malformed, or one of too many.
    fn is_refused(&self, has_credential: bool) -> bool {
        let is_bad = [StatusCode::BAD_REQUEST, StatusCode::TOO_MANY_REQUESTS].contains(&self.status) && self.is_denied;
        self.status == StatusCode::UNAUTHORIZED || (has_credential && is_bad)
    }

    fn describe(&self, case: &Case) -> String {
        let Case { target, expected, rule, .. } = case;
        let got = match (&self.rpc_error, self.is_denied) {
            (Some(error), _) => format!("{} with {error}", self.status.as_u16()),
            (None, true) => format!("{} of a rule", self.status.as_u16()),
            (None, false) => self.status.as_u16().to_string(),
        };
        let text = format!("{case}: expected {expected}, got {got}; the policy has `{target} {rule}`");
        if !self.is_rejected() && (self.is_failed() || self.rpc_error.is_some()) {
            let fixture = if case.object == Object::Mine { "mine" } else { "fixture" };
            return format!(
                "{text}\n  the request did not reach the operation or its object; give one that does: \
                 `.{fixture}({:?}, |request| request.path(..).json(..))`",
                target.to_string()
            );
        }
        text
    }
}

fn missing_object(case: &Case) -> String {
    let fixture = if case.object == Object::Mine { "mine" } else { "theirs" };
    format!(
        "{case}: a check decides; give a request for which it is true, and one for which it is false: \
         `.mine({:?}, |request| request.as_user(..).path(..))`, `.theirs(..)` (missing: `{fixture}`)",
        case.target.to_string(),
    )
}

impl std::fmt::Display for Expected {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::LetIn => f.write_str("to be let in"),
            Self::Refused => f.write_str("401"),
            Self::Denied(denied) => {
                let statuses =
                    [(denied.is_unauthorized, "401"), (denied.is_forbidden, "403"), (denied.is_hidden, "404")];
                let statuses: Vec<_> = statuses.into_iter().filter(|(is, _)| *is).map(|(_, status)| status).collect();
                f.write_str(&statuses.join(" or "))
            }
        }
    }
}
