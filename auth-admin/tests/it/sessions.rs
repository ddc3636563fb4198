//! Sessions: each subcommand.

use auth_runtime::{prelude::*, session::NewSession, users::UserStore};
use auth_store::SqlUsers;
use poem::Request;
use serde_json::json;

use crate::fixture::Admin;

/// Signs a user in, in a service on the same database.
fn sign_in(admin: &Admin, name: &str) {
    let url = admin.url().to_owned();
    tokio::runtime::Runtime::new().unwrap().block_on(async {
        let users = SqlUsers::connect(&url).await.unwrap();
        let user = users.find_at_sign_in(name).await.unwrap().unwrap();
        let sessions = Sessions::new(&Basic::new(users.clone()));
        let agent = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0";
        let request = Request::builder().header("User-Agent", agent).finish();
        let _ = sessions.start(&request, NewSession::of_user(&user).methods(["pwd"])).await.unwrap();
        users.close().await;
    });
}

#[test]
fn r62_an_administrator_lists_and_ends_sessions() {
    let admin = Admin::new();
    admin.add(&["alice"]);
    admin.add(&["bob"]);
    for name in ["alice", "alice", "alice", "bob"] {
        sign_in(&admin, name);
    }
    let listed = admin.json(&["session", "list", "Alice"]);
    assert_eq!(listed.as_array().unwrap().len(), 3);
    assert_eq!((&listed[0]["device"], &listed[0]["methods"]), (&json!("Firefox on Linux"), &json!(["pwd"])));
    let id = listed[0]["id"].as_str().unwrap().to_owned();
    let table = admin.run(&["session", "list", "alice"]).done();
    assert!(table.contains(&id) && table.contains("LAST USED"), "{table}");
    assert_eq!(admin.json(&["session", "end", &id, "--yes"]), json!({ "ended": id }));
    admin.run(&["session", "end", &id, "--yes"]).refused(1, "there is no such session, or it has ended");
    assert_eq!(admin.json(&["session", "end", "--all", "alice", "--yes"]), json!({ "user": "alice", "ended": 2 }));
    assert_eq!(admin.json(&["session", "list", "alice"]), json!([]));
    assert_eq!(admin.json(&["session", "list", "bob"]).as_array().unwrap().len(), 1);
    admin.run(&["session", "list", "carol"]).refused(1, "there is no user \"carol\"");
}
