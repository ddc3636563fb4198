//! Every contender gives the expected responses, so that the benchmarks compare like with like. Nothing is timed here.

use auth_benches::{rows, truth::Truth};

#[test]
fn every_contender_passes_the_truth_table() {
    let truth = Truth::of(&rows::all());
    assert!(truth.failures().is_empty(), "{}", truth.failures().join("\n"));
}
