//! Measures time per request: `cargo bench -p auth-benches --bench requests`. Append `-- --rounds 1000` for more
//! rounds, or `-- HS256` to measure only rows whose name contains `HS256`.

use std::env;

use auth_benches::{
    harness::{self, Samples},
    rows::{self, BARE, Row},
    table::Table,
    truth::Truth,
};

const ROUNDS: usize = 400;

fn main() {
    let (rounds, filter) = arguments();
    let rows = rows::matching(&filter);
    eprintln!("preparing {} rows", rows.len());
    Truth::of(&rows).print_and_assert();
    let samples = harness::time(&rows, rounds, |round| {
        if round % 50 == 0 {
            eprintln!("round {round} of {rounds}");
        }
    });
    println!("Time per request, {rounds} interleaved rounds. × and + are against the {BARE}, in the same round.\n");
    print!("{}", table(&rows, &samples));
}

/// Reads the number of rounds and the row filter from the arguments. Cargo adds `--bench`.
fn arguments() -> (usize, String) {
    let (mut rounds, mut filter) = (ROUNDS, String::new());
    let mut arguments = env::args().skip(1).filter(|argument| argument != "--bench");
    while let Some(argument) = arguments.next() {
        if argument == "--rounds" {
            let given = arguments.next().and_then(|rounds| rounds.parse().ok()).filter(|rounds| *rounds > 0);
            rounds = given.expect("--rounds needs a number above 0");
        } else {
            filter = argument;
        }
    }
    (rounds, filter)
}

fn table(rows: &[Row], samples: &[Samples]) -> Table {
    let bare = rows.iter().position(|row| row.name == BARE).expect("a bare row");
    let mut table = Table::new(["", "median µs", "p10", "p90", "× bare", "+ µs"]);
    for (index, (row, times)) in rows.iter().zip(samples).enumerate() {
        if index == 0 || rows[index - 1].group != row.group {
            table.group(row.group);
        }
        let figure = |figure: f64| format!("{figure:.2}");
        table.row([
            row.name.clone(),
            figure(times.median()),
            figure(times.percentile(10)),
            figure(times.percentile(90)),
            figure(times.ratio(&samples[bare])),
            figure(times.added(&samples[bare])),
        ]);
    }
    table
}
