use std::fmt::{self, Display};

use auth_runtime::prelude::*;
use auth_ui_tests::{Auth, auth, status};
use poem::{IntoResponse, error::ResponseError, http::StatusCode};
use poem_openapi::{ApiResponse, Object, OpenApi, param::Path, payload::Json};

#[derive(Object)]
struct Failure {
    message: String,
}

#[derive(ApiResponse)]
enum Failed {
    #[oai(status = 404)]
    Missing(Json<Failure>),
    #[oai(status = 409)]
    Conflict(Json<Failure>),
}

#[derive(Debug)]
struct Teapot;

impl Display for Teapot {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("short and stout")
    }
}

impl std::error::Error for Teapot {}

impl ResponseError for Teapot {
    fn status(&self) -> StatusCode {
        StatusCode::IM_A_TEAPOT
    }

    fn as_response(&self) -> poem::Response {
        "short and stout".with_status(StatusCode::IM_A_TEAPOT).into_response()
    }
}

struct Pots;

#[protected]
#[OpenApi(prefix_path = "/pots")]
impl Pots {
    #[permission("view")]
    #[oai(path = "/:id", method = "get")]
    async fn show(&self, id: Path<u64>) -> Result<Json<u64>, Failed> {
        let failure = |message: &str| Json(Failure { message: message.into() });
        match id.0 {
            0 => Err(Failed::Missing(failure("no pot"))),
            1 => Err(Failed::Conflict(failure("two pots"))),
            id => Ok(Json(id)),
        }
    }

    #[protected(role("Administrator"))]
    #[oai(path = "/:id/brew", method = "post")]
    async fn brew(&self, id: Path<u64>) -> poem::Result<Json<u64>> {
        if id.0 == 0 { Err(Teapot)? } else { Ok(Json(id.0)) }
    }

    /// Nothing to return.
    #[permission("edit")]
    #[oai(path = "/:id", method = "delete")]
    async fn delete(&self, id: Path<u64>) -> poem::Result<()> {
        if id.0 == 0 { Err(Teapot.into()) } else { Ok(()) }
    }
}

fn main() {
    let app = || auth().service(Pots, "Pots", "1.0");
    for (request, expected) in [
        ("GET /pots/0", 404),
        ("GET /pots/1", 409),
        ("GET /pots/2", 200),
        ("POST /pots/0/brew", 418),
        ("POST /pots/1/brew", 200),
        ("DELETE /pots/0", 418),
        ("DELETE /pots/1", 200),
    ] {
        assert_eq!(status(app(), request, "alice.Administrator"), expected, "{request}");
        assert_eq!(status(app(), request, ""), 401, "{request}");
    }
}
