//! `access ..` on lock files: output and exit codes. No database is set.

use serde_json::{Value, json};
use tempfile::TempDir;

use crate::fixture::{Ran, bare, ran, ran_with};

const LOCK: &str = r#"access-lock 1
permission "edit"
permission "view" "View entries"
role "Editor" holds "edit" "view"
role "Viewer" holds "view"
scheme "key" api_key(header = "X-API-Key")
scheme "password" basic
scope "view"

CALL "search" requires permission("view")
    operation "app::Tools::search"
GET /entries requires permission("view")
    operation "app::Entries::list"
GET /entries/:id requires all(permission("view"), check("is the author") = "owns(&caller, id)", not(schemes("key")))
    operation "app::Entries::one"
GET /health public "probe"
    operation "app::Entries::health"
"#;

/// A folder with lock files.
struct Files(TempDir);

impl Files {
    fn new(files: &[(&str, &str)]) -> Self {
        let folder = TempDir::new().unwrap();
        for (name, text) in files {
            std::fs::write(folder.path().join(name), text).unwrap();
        }
        Self(folder)
    }

    fn run(&self, words: &[&str]) -> Ran {
        ran(bare(words).current_dir(self.0.path()))
    }
}

/// Compares `LOCK` with itself after a replacement.
fn difference(from: &str, to: &str, format: &str) -> Ran {
    assert!(LOCK.contains(from), "{from}");
    let files = Files::new(&[("old.lock", LOCK), ("new.lock", &LOCK.replacen(from, to, 1))]);
    files.run(&["access", "diff", "old.lock", "new.lock", "--format", format])
}

#[test]
fn each_class_of_difference_has_its_exit_code() {
    for (from, to, code, summary) in [
        ("", "", 0, "no difference"),
        ("View entries", "View the entries", 10, "1 equal but reworded"),
        (
            "/entries requires permission(\"view\")",
            "/entries requires permission(\"edit\")",
            14,
            "1 widened, 1 narrowed",
        ),
        ("list\"", "list\"\nGET /new requires permission(\"edit\")\n    operation \"new\"", 12, "1 new"),
        ("owns(&caller, id)", "true", 13, "1 check changed: review"),
        (", check(\"is the author\") = \"owns(&caller, id)\"", "", 14, "1 widened"),
        ("list\"", "list\"\nGET /open optional\n    operation \"open\"", 15, "1 new public"),
        ("GET /health public \"probe\"\n    operation \"app::Entries::health\"\n", "", 11, "1 gone"),
        (
            "GET /entries requires permission(\"view\")\n    operation \"app::Entries::list\"\n",
            "",
            13,
            "1 gone: review",
        ),
    ] {
        let Ran { code: exit, output, errors } = difference(from, to, "text");
        assert_eq!((exit, output.lines().next()), (code, Some(summary)), "{from}: {output}");
        let expected = if code == 0 { String::new() } else { format!("auth-admin: access differs: {summary}\n") };
        assert_eq!(errors, expected);
    }
}

#[test]
fn a_difference_has_four_formats() {
    let (from, to) = ("\"Viewer\" holds \"view\"", "\"Viewer\" holds \"edit\" \"view\"");
    let text = difference(from, to, "text").output;
    assert!(text.starts_with("1 widened\n\nwidened: role \"Viewer\"\n"), "{text}");
    let markdown = difference(from, to, "markdown").output;
    assert!(markdown.starts_with("### Access: 1 widened\n\n| change |"), "{markdown}");
    let json: Value = serde_json::from_str(&difference(from, to, "json").output).unwrap();
    assert_eq!((&json["class"], &json["changes"][0]["subject"]), (&"widened".into(), &"role \"Viewer\"".into()));
    let sarif: Value = serde_json::from_str(&difference(from, to, "sarif").output).unwrap();
    let location = &sarif["runs"][0]["results"][0]["locations"][0]["physicalLocation"];
    assert_eq!(location["artifactLocation"]["uri"], "new.lock");
}

#[test]
fn a_lock_file_is_read_from_stdin() {
    let files = Files::new(&[("access.lock", LOCK)]);
    let mut command = bare(&["access", "diff", "-", "access.lock"]);
    let same = ran_with(command.current_dir(files.0.path()), LOCK);
    assert_eq!(same.done(), "no difference\n");
}

#[test]
fn a_file_that_is_no_policy_is_wrong_usage() {
    let files = Files::new(&[("access.lock", LOCK), ("other.lock", "access-lock 1\nGET /x maybe\n"), ("empty", "")]);
    let message = "`other.lock`: line 2: expected `requires`, `optional` or `public`, found `maybe`";
    files.run(&["access", "diff", "other.lock", "access.lock"]).refused(2, message);
    files.run(&["access", "diff", "access.lock", "other.lock"]).refused(2, message);
    files.run(&["access", "matrix", "--lock", "other.lock"]).refused(2, message);
    let missing = "cannot read `no.lock`: No such file or directory (os error 2)";
    files.run(&["access", "diff", "access.lock", "no.lock"]).refused(2, missing);
    let empty = files.run(&["access", "diff", "empty", "access.lock"]);
    assert_eq!(empty.code, 2, "an empty file is no policy: {}", empty.errors);
}

#[test]
fn the_command_without_an_application_needs_a_file() {
    let message = "this program is not an application, so it has no access policy; run the command in your \
                   application, or name a lock file if the command accepts one";
    for words in [&["access", "matrix"][..], &["access", "check"], &["access", "lint"], &["export", "typescript"]] {
        ran(&mut bare(words)).refused(2, message);
    }
}

#[test]
fn a_matrix_of_a_file_has_four_formats() {
    let files = Files::new(&[("access.lock", LOCK)]);
    let matrix = |format: &str| files.run(&["access", "matrix", "--lock", "access.lock", "--format", format]).done();
    assert!(
        matrix("text").starts_with("                  anonymous  signed in  Viewer  Editor\n"),
        "{}",
        matrix("text")
    );
    assert!(matrix("markdown").contains("| `GET /entries` | - | - | yes | yes |"), "{}", matrix("markdown"));
    let json: Value = serde_json::from_str(&matrix("json")).unwrap();
    assert_eq!(json["rows"][0]["target"]["path"], "/entries");
    assert!(matrix("html").contains("<h1>Who may call what</h1>"));
    let titled = ["access", "matrix", "--lock", "access.lock", "--format", "html", "--title", "A & B"];
    assert!(files.run(&titled).done().contains("<h1>A &amp; B</h1>"));
}

#[test]
fn an_explanation_shows_what_each_clause_says() {
    let files = Files::new(&[("access.lock", LOCK)]);
    let explain = |words: &[&str]| files.run(&[&["access", "explain", "--lock", "access.lock"], words].concat());
    for (words, expected) in [
        (
            &["GET", "/entries/7", "--role", "Viewer", "--scheme", "password"][..],
            "GET /entries/:id for role(\"Viewer\"), schemes(\"password\"): depends on what is marked with ?\n\
             ?    all\n\
             yes    permission(\"view\") (through Viewer)\n\
             ?      check(\"is the author\") = \"owns(&caller, id)\"\n\
             yes    not\n\
             no       schemes(\"key\")\n",
        ),
        (
            &["get", "/entries/:id", "--role", "Viewer", "--scheme", "key", "--pass", "is the author"],
            "GET /entries/:id for role(\"Viewer\"), schemes(\"key\"), check(\"is the author\") = \"owns(&caller, id)\": denied\n\
             no   all\n\
             yes    permission(\"view\") (through Viewer)\n\
             yes    check(\"is the author\") = \"owns(&caller, id)\"\n\
             no     not\n\
             yes      schemes(\"key\")\n",
        ),
        (&["GET", "/entries", "--anonymous"], "GET /entries for anonymous: denied, because a credential is required\n"),
        (&["HEAD", "/health", "--anonymous"], "GET /health for anonymous: allowed\nyes  public \"probe\"\n"),
        (
            &["CALL", "search", "--permission", "view", "--limited-to", "edit"],
            "CALL \"search\" for permission(\"view\"), a credential limited to {\"edit\"}: denied\n\
             no   permission(\"view\") (Editor, Viewer hold it)\n",
        ),
    ] {
        assert_eq!(explain(words).done(), expected, "{words:?}");
    }
    for (words, code, reason) in [
        (
            &["GET", "/entries", "--role", "Veiwer"][..],
            2,
            "unknown role `Veiwer`; did you mean `Viewer`? (declared: `Editor`, `Viewer`)",
        ),
        (&["GET", "/entries", "--fail", "x"], 2, "the rule has no check"),
        (
            &["GET", "/entries/7", "--fail", "x"],
            2,
            "the rule has no such check; it has check(\"is the author\") = \"owns(&caller, id)\"",
        ),
        (&["GET", "/other"], 1, "no rule for GET /other; without a rule, the library does not guard it"),
        (&["CALL", "other"], 1, "no rule for CALL \"other\"; without a rule, the library does not guard it"),
    ] {
        explain(words).refused(code, reason);
    }
    assert_eq!(
        explain(&["GET", "/entries", "--anonymous", "--role", "Viewer"]).code,
        2,
        "an anonymous caller has no role"
    );
}

#[test]
fn r100_lint_fails_unless_each_warning_is_accepted() {
    let unused = LOCK.replace(
        "CALL \"search\" requires",
        "POST /open public \"form\"\n    operation \"open\"\nCALL \"search\" requires",
    );
    let files = Files::new(&[("access.lock", &unused)]);
    let lint = |more: &[&str]| files.run(&[&["access", "lint", "--lock", "access.lock"], more].concat());
    let all = lint(&[]);
    assert_eq!(
        (all.code, all.errors.as_str()),
        (1, "auth-admin: 2 warnings; change the policy, or accept a kind with --allow KIND\n")
    );
    assert_eq!(
        all.output,
        "warning: public change: POST /open: anonymous callers may change something: \"form\"\n\
         note: public: GET /health: \"probe\"\n\
         warning: unused permission: permission \"edit\": no rule asks for it\n\
         note: contained role: role \"Viewer\": role \"Editor\" holds all that it holds\n"
    );
    assert_eq!(lint(&["--allow", "public-change"]).code, 1);
    let accepted = lint(&["--allow", "public-change", "--allow", "unused-permission"]);
    assert!(!accepted.done().contains("warning"));
    let json: Value = serde_json::from_str(&lint(&["--format", "json"]).output).unwrap();
    assert_eq!(json[0]["kind"], "public-change");
    assert_eq!(lint(&["--allow", "everything"]).code, 2);
}

#[test]
fn the_matrix_for_another_judge_has_the_roles_of_each_route() {
    let more = "PUT /entries/:id requires check = \"owns(id)\"\n    operation \"put\"\n\
                GET /files/* requires authenticated\n    operation \"files\"\n\
                POST /keys requires schemes(\"password\"), hide\n    operation \"keys\"\n";
    let lock = LOCK.replace(", not(schemes(\"key\"))", "") + more;
    let files = Files::new(&[("access.lock", &lock)]);
    let export = |more: &[&str]| files.run(&[&["export", "overstep", "--lock", "access.lock"], more].concat());
    let with_scheme = export(&["--scheme", "password", "--base-url", "http://localhost:1"]);
    assert_eq!(
        with_scheme.errors,
        "auth-admin: left out (not one route, or depends on more than roles, permissions and one check): GET /files/*, CALL \"search\"\n"
    );
    let matrix: Value = serde_json::from_str(&with_scheme.output).unwrap();
    assert_eq!(matrix["roles"], json!(["anonymous", "Viewer", "Editor"]));
    assert_eq!(matrix["modules"]["rest"]["base_url"], "http://localhost:1");
    assert_eq!(matrix["subjects"][0], json!({ "name": "anonymous", "role": "anonymous" }));
    assert_eq!(matrix["subjects"][1]["headers"], json!({ "Authorization": "${VIEWER_AUTHORIZATION}" }));
    assert_eq!(
        matrix["resources"][0],
        json!({
            "name": "GET /entries/:id", "type": "object", "owner": "id",
            "request": { "method": "GET", "path": "/entries/{id}" },
            "objects": { "Viewer": "REPLACE_ME_1", "Editor": "REPLACE_ME_2" },
            "access": { "allow_status": ["2xx", "3xx"], "treat_redirect_as": "status" },
        })
    );
    let allow = |name: &str| matrix["policy"][name]["allow"].clone();
    let own = json!([{ "role": "Viewer", "scope": "own" }, { "role": "Editor", "scope": "own" }]);
    assert_eq!(allow("GET /entries/:id"), own);
    assert_eq!(allow("GET /entries"), json!([{ "role": "Viewer" }, { "role": "Editor" }]));
    assert_eq!(allow("GET /health"), json!([{ "role": "anonymous" }, { "role": "Viewer" }, { "role": "Editor" }]));
    let with_body = &matrix["resources"][1]["request"];
    assert_eq!(with_body["body"], "REPLACE_ME", "a check runs after the body is read: {with_body}");
    let hidden = &matrix["resources"][4];
    assert_eq!((&hidden["name"], &hidden["access"]["allow_status"][4]), (&"POST /keys".into(), &"405-428".into()));

    assert!(export(&[]).errors.contains("POST /keys"), "without a scheme, it depends on the scheme");
    let unknown = "unknown scheme `pasword`; did you mean `password`? (declared: `key`, `password`)";
    export(&["--scheme", "pasword"]).refused(2, unknown);
}

#[test]
fn names_of_a_file_cannot_break_out_of_typescript() {
    let lock = "access-lock 1\npermission \"__proto__\" \"*/ alert(1) /*\"\npermission \"a\\\"b\\\\\\n\"\nrole \"R\" \"*/ x\\ny\" holds \"__proto__\"\n";
    let files = Files::new(&[("access.lock", lock)]);
    let module = files.run(&["export", "typescript", "--lock", "access.lock"]).done();
    for line in [
        r#"  ["__proto__"]: "*/ alert(1) /*","#,
        r#"  "a\"b\\\n": "","#,
        "  /** * / x y */",
        r#"  "R": ["__proto__"],"#,
    ] {
        assert!(module.lines().any(|found| found == line), "{line}: {module}");
    }
}
