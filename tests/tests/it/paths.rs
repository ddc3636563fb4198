//! No spelling of a path reaches a handler without its rule.

use auth_runtime::prelude::*;
use poem::{
    Endpoint, EndpointExt, Route,
    endpoint::{StaticFilesEndpoint, make_sync},
};
use poem_openapi::{OpenApi, param::Path, payload::PlainText};

use crate::{
    fixture::{Auth, By, Caller, get},
    wire::Wire,
};

const SECRET: &str = "figures of the fourth quarter";

struct Entries;

#[protected]
#[OpenApi]
impl Entries {
    #[protected(roles = "Administrator")]
    #[oai(path = "/admin/secret", method = "get")]
    async fn secret(&self) -> PlainText<&'static str> {
        PlainText(SECRET)
    }

    #[protected(roles = "Administrator")]
    #[oai(path = "/admin/:name", method = "get")]
    async fn named(&self, name: Path<String>) -> PlainText<String> {
        PlainText(format!("{SECRET}: {}", *name))
    }

    #[public(reason = "detects paths that reach another route")]
    #[oai(path = "/public/:name", method = "get")]
    async fn open(&self, name: Path<String>) -> PlainText<String> {
        PlainText(format!("public: {}", *name))
    }
}

/// Returns a service, a guarded subtree, guarded static files, and a guarded subtree inside another one.
fn app(files: &std::path::Path) -> impl Endpoint + 'static {
    let auth = Auth::default();
    let reports = Route::new()
        .at("/", make_sync(|_| SECRET))
        .at("/*rest", make_sync(|_| SECRET))
        .protect(requirement!(role("Administrator")));
    let deep = Route::new()
        .nest("/inner", Route::new().at("/leaf", make_sync(|_| SECRET)).protect(requirement!(role("Administrator"))))
        .at("/open", make_sync(|_| "open to every caller"))
        .protect(requirement!(authenticated));
    let files =
        StaticFilesEndpoint::new(files).show_files_listing().index_file("index.html").redirect_to_slash_directory();
    Route::new()
        .nest("/reports", reports.with(auth.clone()))
        .nest("/deep", deep.with(auth.clone()))
        .nest("/files", files.protect(requirement!(role("Administrator"))).with(auth.clone()))
        .nest("/", auth.service(Entries, "Entries", "1"))
}

struct Files(std::path::PathBuf);

impl Files {
    fn new(name: &str) -> Self {
        let path = std::env::temp_dir().join(format!("auth-tests-{}-{name}", std::process::id()));
        std::fs::create_dir_all(path.join("sub")).unwrap();
        for file in ["index.html", "secret.txt", "sub/secret.txt"] {
            std::fs::write(path.join(file), SECRET).unwrap();
        }
        Self(path)
    }
}

impl Drop for Files {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

/// Returns other spellings of a path, which some part of a system may treat as the same path.
fn spellings(path: &str) -> Vec<String> {
    let segments: Vec<&str> = path.trim_start_matches('/').split('/').collect();
    let encode = |text: &str| text.bytes().map(|byte| format!("%{byte:02x}")).collect::<Vec<_>>().concat();
    let mut spellings = vec![
        path.to_owned(),
        format!("{path}/"),
        format!("{path}//"),
        format!("/{path}"),
        format!("//{path}"),
        format!("/.{path}"),
        format!("/%2e{path}"),
        format!("/x/..{path}"),
        format!("/x/%2e%2e{path}"),
        format!("/x/.%2E{path}"),
        format!("/public/..{path}"),
        format!("/public/%2e%2e{path}"),
        format!("/public/..%2f{}", path.trim_start_matches('/')),
        format!("{path}/."),
        format!("{path}/%2e"),
        format!("{path}/x/.."),
        format!("{path};a=b"),
        format!("{path};"),
        format!("{path};jsessionid=1/"),
        format!("{path}.json"),
        format!("{path}.html"),
        format!("{path}%00"),
        format!("{path}%00.html"),
        format!("{path}%20"),
        format!("{path}%09"),
        format!("{path}%0a"),
        format!("{path}?"),
        format!("{path}?a=b"),
        format!("{path}?/public/x"),
        format!("{path}%3f"),
        format!("{path}%23"),
        format!("{path}~"),
        format!("{path}..;/"),
        format!("/{}", segments.join("//")),
        format!("/{}", segments.join("/./")),
        format!("/{}", segments.join("/%2e/")),
        format!("/{}", segments.join("/x/../")),
        format!("/{}", segments.join("/x/%2e%2e/")),
        format!("/{}", segments.join(";a=b/")),
        format!("/{}", segments.join("%2f")),
        format!("/{}", segments.join("%2F")),
        format!("/{}", segments.join("\\")),
        format!("/{}", segments.join("%5c")),
        format!("/{}", segments.join("%252f")),
        path.to_uppercase(),
        path.replacen('s', "S", 1),
        path.replacen('e', "%65", 1),
        path.replacen('e', "%2565", 1),
        path.replacen('e', "%u0065", 1),
        path.replacen('e', "%c1%a5", 1),
        path.replacen('s', "%c5%bf", 1),
        format!("http://localhost{path}"),
        format!("http://localhost/{path}"),
    ];
    spellings.push(format!("/{}", segments.iter().map(|segment| encode(segment)).collect::<Vec<_>>().join("/")));
    spellings
}

const PATHS: [&str; 8] = [
    "/admin/secret",
    "/admin/other",
    "/reports",
    "/reports/q4/secret",
    "/deep/inner/leaf",
    "/files/secret.txt",
    "/files/sub/secret.txt",
    "/files",
];

#[tokio::test]
async fn r06_no_spelling_of_a_path_reaches_a_handler_without_its_rule() {
    let files = Files::new("spellings");
    let wire = Wire::serve(app(&files.0)).await;
    let viewer = format!("Authorization: Bearer {}", Caller::new("v").role("Viewer").text());
    let administrator = format!("Authorization: Bearer {}", Caller::administrator().text());
    for path in PATHS {
        let itself = wire.send(&format!("GET {path}"), &[administrator.as_bytes()]).await;
        assert!([200, 302].contains(&itself.status), "{path} is there: {}", itself.status);
        for spelling in spellings(path) {
            for (caller, headers) in [("anonymous", &[][..]), ("viewer", &[viewer.as_bytes()][..])] {
                let answer = wire.send(&format!("GET {spelling}"), headers).await;
                let is_public = answer.body.starts_with("public: ");
                assert!(is_public || answer.status >= 400, "GET {spelling} as {caller}: {}", answer.status);
                assert!(!answer.body.contains(SECRET), "GET {spelling} as {caller}: {}", answer.body);
                for method in ["HEAD", "POST", "OPTIONS"] {
                    let answer = wire.send(&format!("{method} {spelling}"), headers).await;
                    assert!(is_public || answer.status >= 400, "{method} {spelling} as {caller}: {}", answer.status);
                    assert!(!answer.body.contains(SECRET), "{method} {spelling} as {caller}: {}", answer.body);
                }
            }
        }
    }
}

#[tokio::test]
async fn r06_a_public_route_does_not_open_its_neighbours() {
    let files = Files::new("neighbour");
    let app = app(&files.0);
    assert_eq!(get("/public/x").to(&app).await.status, 200);
    assert_eq!(get("/public/%2e%2e%2fadmin%2fsecret").to(&app).await.body, "public: ../admin/secret");
    assert_eq!(get("/admin/public").to(&app).await.status, 401);
}

#[tokio::test]
async fn r06_a_guarded_subtree_guards_unknown_paths_too() {
    let files = Files::new("subtree");
    let app = app(&files.0);
    assert_eq!(
        get("/deep/nothing").to(&app).await.status,
        401,
        "an anonymous caller does not learn which routes exist"
    );
    assert_eq!(get("/deep/nothing").by(By::Token, &Caller::new("v")).to(&app).await.status, 404);
    assert_eq!(get("/deep/open").by(By::Token, &Caller::new("v")).to(&app).await.status, 200);
    assert_eq!(get("/deep/inner/leaf").by(By::Token, &Caller::new("v")).to(&app).await.status, 403);
    assert_eq!(get("/deep/inner/leaf").by(By::Token, &Caller::administrator()).to(&app).await.status, 200);
    assert_eq!(get("/files/missing.txt").to(&app).await.status, 401);
    assert_eq!(get("/files/").by(By::Token, &Caller::administrator()).to(&app).await.status, 200);
}
