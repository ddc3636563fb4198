//! Counts heap calls per request: `cargo bench -p auth-benches --bench heap`. Append `-- HS256` to measure only rows
//! whose name contains `HS256`. The figures are the same on every machine.

use std::{alloc::System, env};

use auth_benches::{
    rows::{self, BARE, Row},
    table::Table,
    truth::Truth,
};
use stats_alloc::{INSTRUMENTED_SYSTEM, Region, Stats, StatsAlloc};

#[global_allocator]
static HEAP: &StatsAlloc<System> = &INSTRUMENTED_SYSTEM;

const WARM_UP: usize = 32;
const COUNT: usize = 100;

fn main() {
    let filter = env::args().skip(1).find(|argument| argument != "--bench").unwrap_or_default();
    let rows = rows::matching(&filter);
    eprintln!("preparing {} rows", rows.len());
    Truth::of(&rows).print_and_assert();
    let counted: Vec<Stats> = rows.iter().map(counted).collect();
    println!(
        "Heap per request, of {COUNT} requests. Calls are allocations and reallocations; + is against the {BARE}.\n"
    );
    print!("{}", table(&rows, &counted));
}

/// Returns the heap use of this many requests after a warm-up.
fn counted(row: &Row) -> Stats {
    let mut stats = Stats::default();
    row.contender().work(row.case, WARM_UP, &mut |work| work());
    row.contender().work(row.case, COUNT, &mut |work| {
        let region = Region::new(HEAP);
        work();
        stats = region.change();
    });
    stats
}

fn table(rows: &[Row], counted: &[Stats]) -> Table {
    let bare = rows.iter().position(|row| row.name == BARE).expect("a bare row");
    let bare = (calls(&counted[bare]), counted[bare].bytes_allocated);
    let mut table = Table::new(["", "calls", "reallocations", "bytes", "+ calls", "+ bytes"]);
    for (index, (row, stats)) in rows.iter().zip(counted).enumerate() {
        if index == 0 || rows[index - 1].group != row.group {
            table.group(row.group);
        }
        table.row([
            row.name.clone(),
            each(calls(stats)),
            each(stats.reallocations),
            each(stats.bytes_allocated),
            more(calls(stats), bare.0),
            more(stats.bytes_allocated, bare.1),
        ]);
    }
    table
}

const fn calls(stats: &Stats) -> usize {
    stats.allocations + stats.reallocations
}

/// Formats a value per request, with one decimal digit if it is not an integer.
fn each(sum: usize) -> String {
    match (sum / COUNT, sum % COUNT * 10 / COUNT) {
        (whole, 0) => whole.to_string(),
        (whole, tenths) => format!("{whole}.{tenths}"),
    }
}

fn more(mine: usize, bare: usize) -> String {
    if mine >= bare { format!("+{}", each(mine - bare)) } else { format!("-{}", each(bare - mine)) }
}
