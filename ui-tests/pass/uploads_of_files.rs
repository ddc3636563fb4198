use auth_runtime::prelude::*;
use auth_ui_tests::{Auth, auth, status};
use poem_openapi::{
    ApiResponse, Multipart, Object, OpenApi,
    payload::Json,
    types::multipart::Upload,
};

#[derive(Multipart)]
struct Picture {
    title: String,
    file: Upload,
}

#[derive(Object)]
struct Stored {
    title: String,
    size: usize,
}

#[derive(ApiResponse)]
enum Answer {
    #[oai(status = 201)]
    Created(Json<Stored>),
    #[oai(status = 413)]
    TooLarge,
}

struct Pictures;

#[protected]
#[OpenApi(prefix_path = "/pictures")]
impl Pictures {
    #[protected(permission("edit"), check("a title of its own") = !picture.title.is_empty())]
    #[oai(path = "/", method = "post")]
    async fn add(&self, picture: Picture) -> poem::Result<Answer> {
        let content = picture.file.into_vec().await.map_err(poem::error::InternalServerError)?;
        if content.len() > 1_000_000 {
            return Ok(Answer::TooLarge);
        }
        Ok(Answer::Created(Json(Stored { title: picture.title, size: content.len() })))
    }
}

fn main() {
    let app = || auth().service(Pictures, "Pictures", "1.0");
    assert_eq!(status(app(), "POST /pictures", ""), 401);
    assert_eq!(status(app(), "POST /pictures", "alice.Viewer"), 403);
    // The guard runs before the body is read. This body is not multipart.
    assert_eq!(status(app(), "POST /pictures", "alice.Administrator"), 415);
}
