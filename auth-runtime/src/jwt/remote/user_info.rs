//! User information from the issuer, requested with the caller's own token (OpenID Connect Core, section 5.3).

use std::sync::Arc;

use arc_swap::ArcSwapOption;
use poem::http::{HeaderMap, Response, StatusCode, header::CONTENT_TYPE};
use secrecy::SecretString;
use serde_json::{Map, Value};

use super::{
    endpoint::Endpoint,
    fetch::{Failure, FetchRequest, Fetcher, Limits},
};
use crate::authenticate::{LoadingUserInfo, Unavailable, UserInfo, UserInfoError, UserInfoSource};

/// The issuer that a token came from.
pub(super) struct FromIssuer {
    /// As the last discovery document has it.
    pub(super) endpoint: Arc<ArcSwapOption<Endpoint>>,
    pub(super) fetcher: Fetcher,
    pub(super) limits: Limits,
    pub(super) token: SecretString,
}

impl UserInfoSource for FromIssuer {
    fn load(&self) -> LoadingUserInfo<'_> {
        Box::pin(async move {
            let endpoint = self.endpoint.load_full().ok_or(UserInfoError::NotOffered)?;
            let request = FetchRequest::new(&endpoint, "application/json", self.limits).with_bearer(&self.token);
            read(&self.fetcher.get(&request).await.map_err(failed)?)
        })
    }
}

fn failed(failure: Failure) -> UserInfoError {
    match failure {
        Failure::NoAnswer(error) => UserInfoError::unavailable(error),
        Failure::TooLarge(_) => UserInfoError::Invalid("the answer is too large"),
        other => UserInfoError::unavailable(Unavailable::new(other)),
    }
}

fn read(answer: &Response<Vec<u8>>) -> Result<UserInfo, UserInfoError> {
    match answer.status() {
        StatusCode::OK if is_signed(answer.headers()) => {
            Err(UserInfoError::Invalid("signed user information (application/jwt) is not supported"))
        }
        StatusCode::OK => {
            let claims: Map<String, Value> =
                serde_json::from_slice(answer.body()).map_err(|_| UserInfoError::Invalid("not a JSON object"))?;
            UserInfo::new(claims)
        }
        StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN => Err(UserInfoError::Refused),
        status if status.is_server_error() || status == StatusCode::TOO_MANY_REQUESTS => {
            Err(UserInfoError::unavailable(Unavailable::new(Failure::Status(status))))
        }
        _ => Err(UserInfoError::Invalid("neither the claims nor an error that is known")),
    }
}

/// A signed answer is for a client that registered for it (section 5.3.2), and this service did not. TLS protects the
/// unsigned answer.
fn is_signed(headers: &HeaderMap) -> bool {
    let media_type = headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    media_type.split(';').next().unwrap_or_default().trim().eq_ignore_ascii_case("application/jwt")
}

#[cfg(test)]
mod tests {
    use std::{sync::Arc, time::Duration};

    use crate::{
        authenticate::{Context, Identity, UserInfo, UserInfoError},
        declared::DeclaredNames,
        jwt::{
            key_set::KeySet,
            remote::{
                Remote, RemoteKeys, Renewal,
                fake::{Answer, DISCOVERY, ISSUER, Issuer, JWKS, USER_INFO, discovery},
            },
        },
    };

    static TABLES: DeclaredNames = DeclaredNames { permissions: &[], roles: &[], scopes: &[], role_permissions: &[] };
    const TOKEN: &str = "aaa.bbb.ccc";

    async fn started(settings: RemoteKeys, issuer: &Issuer) -> Arc<Remote> {
        let remote = Remote::start(settings.fetcher(issuer.clone()), Arc::new(KeySet::none())).unwrap();
        assert_eq!(remote.renew().await, Renewal::Done);
        remote
    }

    fn alice(remote: &Remote) -> Identity {
        let source = remote.user_info(TOKEN).unwrap();
        Context::new(&TABLES).identity(ISSUER, "alice").user_info(source).build()
    }

    async fn ask(answer: Answer) -> Result<UserInfo, UserInfoError> {
        let issuer = Issuer::discovered(&["a"]).answers(USER_INFO, answer);
        let remote = started(RemoteKeys::openid_connect(ISSUER).unwrap(), &issuer).await;
        alice(&remote).user_info().await
    }

    #[tokio::test(start_paused = true)]
    async fn user_info_is_asked_for_once_with_the_callers_token() {
        let answer = Answer::Json(r#"{"sub":"alice","name":"Alice A."}"#.to_owned());
        let issuer = Issuer::discovered(&["a"]).answers(USER_INFO, answer);
        let remote = started(RemoteKeys::openid_connect(ISSUER).unwrap(), &issuer).await;
        let identity = alice(&remote);
        let before = issuer.calls();
        assert_eq!(identity.user_info().await.unwrap().name(), Some("Alice A."));
        assert_eq!(issuer.last_bearer().as_deref(), Some(TOKEN));
        // Grants give the caller other permissions, and no other information.
        let granted = identity.clone().with_permissions(&[1]);
        assert_eq!(granted.user_info().await.unwrap().subject(), "alice");
        let local = identity.clone().with_roles_of(&Context::new(&TABLES).identity(ISSUER, "alice").build());
        assert_eq!(local.user_info().await.unwrap().name(), Some("Alice A."));
        assert_eq!(issuer.calls(), before + 1);
        assert!(!format!("{identity:?}").contains("bbb"));
    }

    #[tokio::test(start_paused = true)]
    async fn user_info_of_somebody_else_or_in_another_form_is_refused() {
        let signed = ("eyJ.eyJ.x".to_owned(), "application/JWT; charset=utf-8");
        for bad in [
            Answer::Json(r#"{"sub":"bob"}"#.to_owned()),
            Answer::Json(r#"{"name":"Alice A."}"#.to_owned()),
            Answer::Json("[]".to_owned()),
            Answer::Json(format!(r#"{{"sub":"alice","a":"{}"}}"#, "a".repeat(300_000))),
            Answer::Typed(signed.0, signed.1),
            Answer::Status(302),
            Answer::Status(404),
        ] {
            let error = ask(bad).await.unwrap_err();
            assert!(matches!(error, UserInfoError::Invalid(_)), "{error}");
        }
    }

    #[tokio::test(start_paused = true)]
    async fn an_issuer_that_refuses_or_is_down_is_told_apart() {
        for status in [401, 403] {
            assert!(matches!(ask(Answer::Status(status)).await, Err(UserInfoError::Refused)));
        }
        for down in [Answer::Down, Answer::Hang, Answer::Status(503), Answer::Status(429)] {
            assert!(matches!(ask(down).await, Err(UserInfoError::Unavailable(_))));
        }
    }

    #[tokio::test(start_paused = true)]
    async fn not_every_issuer_offers_it() {
        let issuer = Issuer::discovered(&["a"]);
        assert!(started(RemoteKeys::jwks_url(JWKS).unwrap(), &issuer).await.user_info(TOKEN).is_none());
        let without = discovery(JWKS).replace("userinfo_endpoint", "other");
        issuer.now_answers(DISCOVERY, Answer::Json(without));
        let remote = started(RemoteKeys::openid_connect(ISSUER).unwrap(), &issuer).await;
        let identity = alice(&remote);
        assert!(matches!(identity.user_info().await, Err(UserInfoError::NotOffered)));
        // Once the issuer has named the address, it is used.
        issuer.now_answers(DISCOVERY, Answer::Json(discovery(JWKS)));
        issuer.now_answers(USER_INFO, Answer::Json(r#"{"sub":"alice"}"#.to_owned()));
        tokio::time::sleep(Duration::from_mins(5)).await;
        assert!(identity.user_info().await.is_ok());
        let other = Context::new(&TABLES).identity("basic", "alice").build();
        assert!(matches!(other.user_info().await, Err(UserInfoError::NotOffered)));
    }
}
