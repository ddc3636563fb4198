use auth_runtime::prelude::*;
use auth_ui_tests::{Auth, auth, status};
use poem_openapi::{ApiResponse, Object, OpenApi, param::Path, payload::Json};

#[derive(Object)]
struct Problem {
    message: String,
}

#[derive(ApiResponse)]
enum Answer {
    #[oai(status = 200)]
    Room(Json<u64>),
    /// The door is locked.
    #[oai(status = 401)]
    Locked(Json<Problem>),
    /// The room is taken.
    #[oai(status = 403)]
    Taken(Json<Problem>, #[oai(header = "X-Until")] String),
}

struct Rooms;

#[protected]
#[OpenApi(prefix_path = "/rooms")]
impl Rooms {
    #[permission("view")]
    #[oai(path = "/:id", method = "get")]
    async fn enter(&self, id: Path<u64>) -> Answer {
        match id.0 {
            1 => Answer::Locked(Json(Problem { message: "knock".into() })),
            2 => Answer::Taken(Json(Problem { message: "wait".into() }), "noon".into()),
            id => Answer::Room(Json(id)),
        }
    }
}

fn main() {
    let app = || auth().service(Rooms, "Rooms", "1.0");
    let document: serde_json::Value = serde_json::from_str(&app().spec()).unwrap();
    let responses = &document["paths"]["/rooms/{id}"]["get"]["responses"];
    assert!(responses["401"]["description"].as_str().unwrap().contains("The door is locked."));
    for (room, expected) in [(0, 200), (1, 401), (2, 403)] {
        assert_eq!(status(app(), &format!("GET /rooms/{room}"), "alice.Viewer"), expected);
    }
    assert_eq!(status(app(), "GET /rooms/0", "alice."), 403);
    assert_eq!(status(app(), "GET /rooms/0", ""), 401);
}
