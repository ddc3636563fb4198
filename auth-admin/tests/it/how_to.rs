//! The shell lines of `docs/src/how-to/review-access.md`, run on a repository with two versions of a lock file.

use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use tempfile::TempDir;

use crate::fixture::{Ran, ran};

const BEFORE: &str = r#"access-lock 1
permission "delete"
role "Administrator" holds "delete"
role "Viewer" holds
DELETE /entries requires permission("delete")
    operation "app::Entries::clear"
"#;

/// Returns the shell lines of the step with this name.
fn step(name: &str) -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/src/how-to/review-access.md");
    let page = fs::read_to_string(path).unwrap();
    let (_, step) = page.split_once(&format!("- name: {name}\n")).unwrap_or_else(|| panic!("no step {name}"));
    let (_, script) = step.split_once("run: |\n").expect("shell lines");
    let lines = script.lines().map_while(|line| line.strip_prefix("          ").or(line.is_empty().then_some("")));
    lines.collect::<Vec<_>>().join("\n")
}

/// A checkout of a pull request, and the temporary folder of a runner.
struct Runner {
    folder: TempDir,
    base: String,
}

impl Runner {
    /// Returns a checkout whose base has the file `before`, and whose head has the file `after`.
    fn new(before: Option<&str>, after: &str) -> Self {
        let folder = TempDir::new().unwrap();
        let runner = Self { folder, base: String::new() };
        for name in ["checkout", "temp", "bin"] {
            fs::create_dir(runner.path(name)).unwrap();
        }
        let binary = Path::new(env!("CARGO_BIN_EXE_auth-admin"));
        std::os::unix::fs::symlink(binary, runner.path("bin").join("auth-admin")).unwrap();
        runner.git(&["init", "-q"]);
        fs::write(runner.path("checkout").join("README"), "").unwrap();
        if let Some(before) = before {
            fs::write(runner.path("checkout").join("access.lock"), before).unwrap();
        }
        runner.git(&["add", "."]);
        runner.git(&["-c", "user.name=t", "-c", "user.email=t@example.com", "commit", "-q", "-m", "base"]);
        let base = runner.git(&["rev-parse", "HEAD"]).trim().to_owned();
        fs::write(runner.path("checkout").join("access.lock"), after).unwrap();
        Self { base, ..runner }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn git(&self, words: &[&str]) -> String {
        ran(Command::new("git").args(words).current_dir(self.path("checkout")).env("GIT_CONFIG_GLOBAL", "/dev/null"))
            .done()
    }

    fn read(&self, name: &str) -> String {
        fs::read_to_string(self.path("temp").join(name)).unwrap_or_default()
    }

    /// Runs the shell lines of a step, as a runner does.
    fn step(&self, name: &str, environment: &[(&str, &str)]) -> Ran {
        let mut bash = Command::new("bash");
        bash.args(["--noprofile", "--norc", "-eo", "pipefail", "-c", &step(name)]).current_dir(self.path("checkout"));
        let path = format!("{}:{}", self.path("bin").display(), std::env::var("PATH").unwrap());
        bash.env("PATH", path).env("RUNNER_TEMP", self.path("temp"));
        bash.env("GITHUB_OUTPUT", self.path("temp").join("output"));
        bash.env("GITHUB_STEP_SUMMARY", self.path("temp").join("summary"));
        bash.envs(environment.iter().copied());
        ran(&mut bash)
    }

    fn compare(&self) -> Ran {
        self.step("Compare", &[("BASE", &self.base), ("LOCK", "access.lock")])
    }
}

#[test]
fn the_step_compares_the_base_with_the_head() {
    let widened = BEFORE.replace("\"Viewer\" holds", "\"Viewer\" holds \"delete\"");
    for (before, after, code, summary) in [
        (Some(BEFORE), BEFORE, "0", "no difference"),
        (Some(BEFORE), &widened, "14", "2 widened"),
        (Some(widened.as_str()), BEFORE, "11", "2 narrowed"),
        (None, BEFORE, "12", "4 new"),
    ] {
        let runner = Runner::new(before, after);
        let ended = runner.compare();
        assert_eq!(ended.code, 0, "{}", ended.errors);
        assert_eq!(runner.read("output"), format!("code={code}\n"));
        assert!(
            runner.read("access.md").starts_with(&format!("### Access: {summary}\n")),
            "{}",
            runner.read("access.md")
        );
        assert_eq!(runner.read("summary"), runner.read("access.md"));
        let log: serde_json::Value = serde_json::from_str(&runner.read("access.sarif")).unwrap();
        assert_eq!(log["runs"][0]["results"].as_array().unwrap().is_empty(), code == "0");
    }
}

#[test]
fn the_step_fails_if_the_file_is_no_policy_or_is_missing() {
    let runner = Runner::new(Some(BEFORE), "access-lock 1\nnonsense\n");
    let ended = runner.compare();
    assert_eq!((ended.code, runner.read("output").as_str()), (2, ""), "{}", ended.errors);
    let other_base = Runner { base: "0".repeat(40), ..Runner::new(Some(BEFORE), BEFORE) };
    assert_ne!(other_base.compare().code, 0, "a base that is not fetched is no empty policy");
    fs::remove_file(runner.path("checkout").join("access.lock")).unwrap();
    assert_eq!((runner.compare().code, runner.read("output").as_str()), (2, ""));
}

#[test]
fn a_widening_needs_the_label() {
    let runner = Runner::new(Some(BEFORE), BEFORE);
    for (code, labeled, expected) in [
        ("0", "false", 0),
        ("13", "false", 0),
        ("14", "false", 1),
        ("15", "false", 1),
        ("14", "true", 0),
        ("", "false", 1),
    ] {
        let ended = runner.step("Refuse a widening without the label", &[("CODE", code), ("LABELED", labeled)]);
        assert_eq!(ended.code, expected, "{code} {labeled}: {}", ended.errors);
        assert_eq!(ended.output.starts_with("::error::"), expected == 1);
    }
}

#[test]
fn the_comment_is_the_difference() {
    let runner = Runner::new(Some(BEFORE), BEFORE);
    let gh = runner.path("bin").join("gh");
    fs::write(&gh, "#!/bin/sh\necho \"$@\"\n").unwrap();
    fs::set_permissions(&gh, std::os::unix::fs::PermissionsExt::from_mode(0o755)).unwrap();
    let ended = runner.step("Comment", &[("NUMBER", "7")]);
    let file = runner.path("temp").join("access.md");
    assert_eq!(ended.done(), format!("pr comment 7 --edit-last --create-if-none --body-file {}\n", file.display()));
}
