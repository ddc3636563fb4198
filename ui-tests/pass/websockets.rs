use auth_runtime::prelude::*;
use auth_ui_tests::{Auth, auth, status};
use futures_util::{SinkExt, StreamExt};
use poem::{
    EndpointExt, IntoResponse, Route, get, handler,
    web::{Path, websocket::{Message, WebSocket}},
};

#[protected(any(role("Administrator"), check = room.as_str() == caller.subject()))]
#[handler]
fn chat(caller: Principal<Auth>, room: Path<String>, socket: WebSocket) -> impl IntoResponse {
    let name = format!("{} in {}", caller.subject(), room.0);
    socket.on_upgrade(move |mut stream| async move {
        while let Some(Ok(Message::Text(text))) = stream.next().await {
            if stream.send(Message::Text(format!("{name}: {text}"))).await.is_err() {
                break;
            }
        }
    })
}

fn main() {
    let app = || Route::new().at("/rooms/:room", get(chat)).with(auth());
    assert_eq!(status(app(), "GET /rooms/alice", ""), 401);
    // A request that does not ask for an upgrade. The arguments are read before a check runs.
    assert_eq!(status(app(), "GET /rooms/alice", "alice."), 400);
}
