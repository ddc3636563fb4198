//! An application with its own table of users: a change in the table applies to the next request.

use auth_examples::own_table::{app, members::Members};
use auth_runtime::users::UserStore;
use poem::{Endpoint, http::StatusCode, test::TestClient, web::headers::Authorization};

const PASSWORD: &str = "correct horse battery";

async fn library() -> (Members, TestClient<impl Endpoint>) {
    let members = Members::in_memory().await.unwrap();
    members.join("7", "Rita Reader", PASSWORD, false).await.unwrap();
    members.join("1", "Lena Librarian", PASSWORD, true).await.unwrap();
    (members.clone(), TestClient::new(app(members)))
}

async fn status(client: &TestClient<impl Endpoint>, path: &str, number: &str, password: &str) -> StatusCode {
    client.post(path).typed_header(Authorization::basic(number, password)).send().await.0.status()
}

#[tokio::test]
async fn staff_are_librarians_and_others_are_readers() {
    let (_, client) = library().await;
    for (number, path, expected) in
        [("7", "/loans", 200), ("7", "/books", 403), ("1", "/loans", 200), ("1", "/books", 200)]
    {
        assert_eq!(status(&client, path, number, PASSWORD).await.as_u16(), expected, "{number} {path}");
    }
    assert_eq!(status(&client, "/loans", "7", "wrong horse battery").await, StatusCode::UNAUTHORIZED);
    assert_eq!(status(&client, "/loans", "8", PASSWORD).await, StatusCode::UNAUTHORIZED);
}

#[tokio::test]
async fn r7_the_end_of_a_membership_takes_effect_at_once() {
    let (members, client) = library().await;
    assert_eq!(status(&client, "/loans", "7", PASSWORD).await, StatusCode::OK);
    members.leave("7").await.unwrap();
    assert_eq!(status(&client, "/loans", "7", PASSWORD).await, StatusCode::UNAUTHORIZED);
}

#[tokio::test]
async fn a_database_that_is_down_is_503() {
    let (members, client) = library().await;
    members.close().await;
    assert_eq!(status(&client, "/loans", "7", PASSWORD).await, StatusCode::SERVICE_UNAVAILABLE);
}

#[tokio::test]
async fn the_subject_is_the_column_that_the_application_chose() {
    let members = Members::in_memory().await.unwrap();
    members.join("M-1", "Alice A.", "correct horse battery staple", false).await.unwrap();
    members.join("M-2", "Bob B.", "correct horse battery staple", false).await.unwrap();
    for (number, subject) in [("M-1", "1"), ("M-2", "2")] {
        let member = UserStore::find(&members, number).await.unwrap().unwrap();
        assert_eq!((member.name(), member.subject()), (number, subject));
        let member = members.find_by_subject(subject).await.unwrap().unwrap();
        assert_eq!((member.name(), member.subject()), (number, subject));
    }
    for other in ["M-1", "3", "01", " 1", "1.0", ""] {
        assert!(members.find_by_subject(other).await.unwrap().is_none(), "{other:?}");
    }
}
