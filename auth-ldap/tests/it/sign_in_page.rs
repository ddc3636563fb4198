//! The same directory as a plug-in of the sign-in page.

use poem::http::StatusCode;
use serde_json::json;

use crate::{
    fake::{Answer, bind},
    setup::{PASSWORD, Setup, UUID, right, right_but},
};

impl Setup {
    async fn post(&self, password: &str) -> poem::test::TestResponse {
        self.app.post("/auth/login").body_json(&json!({ "username": "alice", "password": password })).send().await
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_user_of_the_directory_signs_in_with_a_form() {
    let setup = Setup::new().await;
    let answer = setup.post(PASSWORD).await;
    answer.assert_status_is_ok();
    let cookie = answer.0.headers()["set-cookie"].to_str().unwrap().split(';').next().unwrap().to_owned();
    let session: serde_json::Value = answer.0.into_body().into_json().await.unwrap();
    assert_eq!((&session["issuer"], &session["subject"]), (&"directory".into(), &UUID.into()));
    // The session keeps the roles and needs no directory.
    setup.fake.answer([]);
    let answer = setup.app.get("/notice").header("Cookie", &cookie).send().await;
    answer.assert_status_is_ok();
    answer.assert_text(format!("{UUID} of directory {{Reader}}")).await;
    let answer = setup.app.get("/me").header("Cookie", cookie).send().await;
    answer.assert_text(r#"Some("alice") "alice" None"#).await;
    assert!(setup.fake.requests().is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_form_has_the_status_of_the_directory() {
    let setup = Setup::new().await;
    let cases = [
        (right_but(3, bind(49)), StatusCode::UNAUTHORIZED),
        (right_but(1, Answer::End), StatusCode::SERVICE_UNAVAILABLE),
        (right(), StatusCode::OK),
    ];
    for (answers, status) in cases {
        setup.fake.answer(answers);
        setup.post(PASSWORD).await.assert_status(status);
    }
    setup.fake.answer(right());
    setup.post("").await.assert_status(StatusCode::UNAUTHORIZED);
    assert!(setup.fake.requests().is_empty());
}
