//! Undeclared names of roles and permissions.

use auth_store::{NewKey, NewUser, SqlUsers};

use crate::{
    callers::{App, Caller, PASSWORD},
    database::TestDatabase,
};

pub(crate) async fn undeclared_names_are_refused_in_changes(database: TestDatabase) {
    let store = database.store().await;
    store.add(NewUser::new("alice")).await.unwrap();
    let error = store.set_roles("alice", ["Veiwer"]).await.unwrap_err().to_string();
    assert_eq!(error, "unknown role `Veiwer`; did you mean `Viewer`? (declared: `Viewer`, `Editor`, `Administrator`)");
    for role in ["viewer", "Viewer ", " Viewer", "View\ner", ""] {
        assert!(store.set_roles("alice", [role]).await.is_err(), "{role:?}");
    }
    // A store without declarations accepts any well-formed name.
    let any = SqlUsers::connect(&database.url).await.unwrap();
    any.set_roles("alice", ["Guest"]).await.unwrap();
    assert!(any.set_roles("alice", ["a\nb"]).await.is_err());
}

pub(crate) async fn undeclared_names_in_the_database_grant_nothing(database: TestDatabase) {
    let any = SqlUsers::connect(&database.url).await.unwrap();
    let alice = NewUser::new("alice").password(PASSWORD).roles(["Viewer", "Superuser", "viewer"]).permissions(["*"]);
    any.add(alice).await.unwrap();
    let (key, _) = any.create_key("alice", NewKey::limited_to(["*", "view", "everything"])).await.unwrap();
    let app = App::over(&database.store().await);
    let said = app.call(&Caller::password("alice", PASSWORD)).await;
    assert_eq!(said.unwrap(), "alice roles: Viewer permissions: view");
    assert_eq!(app.call(&Caller::key(key.as_str())).await.unwrap(), "alice roles:  permissions: view");
}

pub(crate) async fn names_in_use_are_complete(database: TestDatabase) {
    let any = SqlUsers::connect(&database.url).await.unwrap();
    for (name, role, permission) in [("a", "Viewer", "view"), ("b", "Guest", "fly"), ("c", "Viewer", "swim")] {
        any.add(NewUser::new(name).roles([role]).permissions([permission])).await.unwrap();
    }
    any.create_key("a", NewKey::limited_to(["edit", "dive"])).await.unwrap();
    let names = database.store().await.names_in_use().await.unwrap();
    assert_eq!(names.roles, ["Guest", "Viewer"]);
    assert_eq!(names.unknown_roles, ["Guest"]);
    assert_eq!(names.permissions, ["dive", "edit", "fly", "swim", "view"]);
    assert_eq!(names.unknown_permissions, ["dive", "fly", "swim"]);
    assert!(any.names_in_use().await.unwrap().unknown_roles.is_empty());
}
