//! Repeats one row under a valgrind tool: `repeat --list` prints the row names, `repeat NAME COUNT` repeats one row.

use std::{env, process::ExitCode};

use auth_benches::{contender::Work, rows};

const WARM_UP: usize = 3;
/// Number of requests that are prepared at once.
const BATCH: usize = 100;

fn main() -> ExitCode {
    let arguments: Vec<String> = env::args().skip(1).collect();
    match arguments.iter().map(String::as_str).collect::<Vec<_>>().as_slice() {
        ["--list"] => {
            for row in rows::all() {
                println!("{}", row.name);
            }
            ExitCode::SUCCESS
        }
        [name, count] => repeat(name, count),
        _ => usage("repeat --list | repeat NAME COUNT"),
    }
}

fn repeat(name: &str, count: &str) -> ExitCode {
    let Some(row) = rows::all().into_iter().find(|row| row.name == name) else {
        return usage("unknown row; `repeat --list` prints the names");
    };
    let Ok(count) = count.parse::<usize>() else { return usage("COUNT must be a number") };
    // The first request fills caches and lazy values. It is not counted.
    let answer = row.contender().answer(row.case);
    assert!(answer.is_ok_and(|answer| answer.status == row.case.status()), "a wrong answer");
    row.contender().work(row.case, WARM_UP, &mut |work| work());
    for done in (0..count).step_by(BATCH) {
        row.contender().work(row.case, BATCH.min(count - done), &mut measured);
    }
    ExitCode::SUCCESS
}

/// Runs the measured work. It is a separate function because valgrind counts between its start and its end.
#[inline(never)]
fn measured(work: Work<'_>) {
    work();
}

fn usage(what: &str) -> ExitCode {
    eprintln!("{what}");
    ExitCode::FAILURE
}
