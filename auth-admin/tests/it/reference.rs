//! The help of each command, as `docs/src/reference/command.md` prints it.

use std::{env, fs, path::Path};

use crate::fixture::{bare, ran};

const START: &str = "<!-- The help of each command follows. UPDATE_DOCS=1 and the test `reference` write it. -->\n";

/// Returns the short help without the parts that all commands share.
fn help(words: &[String]) -> String {
    let words: Vec<&str> = words.iter().map(String::as_str).chain(["-h"]).collect();
    let help = ran(&mut bare(&words)).done();
    let is_shared = |part: &&str| part.starts_with("Settings:") || part.starts_with("Exit codes:");
    help.trim_end().split("\n\n").filter(|part| !is_shared(part)).collect::<Vec<_>>().join("\n\n")
}

/// Returns the options that all commands share.
fn settings() -> String {
    let help = ran(&mut bare(&["migrate", "-h"])).done();
    help.split("\n\n").find_map(|part| part.strip_prefix("Settings:\n")).expect("settings").to_owned()
}

/// Returns the subcommands in a help text.
fn subcommands(help: &str) -> Vec<String> {
    let commands = help.split("\n\n").find_map(|part| part.strip_prefix("Commands:\n")).unwrap_or_default();
    let names = commands.lines().filter(|line| line.starts_with("  ") && !line.starts_with("   "));
    names.filter_map(|line| line.split_whitespace().next()).filter(|name| *name != "help").map(str::to_owned).collect()
}

/// Writes the help of each command that is no group.
fn write(words: &[String], text: &mut String) {
    let help = help(words);
    let subcommands = subcommands(&help);
    if subcommands.is_empty() {
        *text += &["\n## ", &words.join(" "), "\n\n```text\n", &help, "\n```\n"].concat();
    }
    for name in subcommands {
        write(&[words, &[name]].concat(), text);
    }
}

#[test]
fn the_reference_has_the_help_of_each_command() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/src/reference/command.md");
    let page = fs::read_to_string(&path).unwrap();
    let (text, printed) = page.split_once(START).expect("the start of the generated part");
    let mut help = format!("\n## Common settings\n\n```text\n{}\n```\n", settings());
    write(&[], &mut help);
    if env::var_os("UPDATE_DOCS").is_some() {
        fs::write(&path, format!("{text}{START}{help}")).unwrap();
    } else {
        assert!(printed == help, "{} is outdated: run this test with UPDATE_DOCS=1", path.display());
    }
}
