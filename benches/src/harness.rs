//! Times the rows interleaved: each round measures every row, so that a temporary disturbance affects all rows.

use std::time::{Duration, Instant};

use crate::rows::Row;

/// How long each round times a row.
const BATCH: Duration = Duration::from_micros(500);
/// Largest number of requests that are prepared at once. More would fill the processor's caches.
const MAX_BATCH: u32 = 128;
/// Number of untimed requests before each batch. The previous row has left its code and data in the caches.
const WARM_UP: usize = 16;
/// Number of requests from which the duration of one is estimated.
const TRIAL: u32 = 32;

/// Microseconds per request of one row, in each round.
#[derive(Clone, Debug, Default)]
pub struct Samples(Vec<f64>);

/// Times all rows in each round. Calls `progress` with the number of each round.
pub fn time(rows: &[Row], rounds: usize, mut progress: impl FnMut(usize)) -> Vec<Samples> {
    let batches: Vec<u32> = rows.iter().map(batch).collect();
    let mut samples = vec![Samples(Vec::with_capacity(rounds)); rows.len()];
    for round in 0..rounds {
        progress(round);
        for turn in 0..rows.len() {
            // Each round starts with another row, so that no row always follows the same one.
            let index = (round * 7 + turn) % rows.len();
            samples[index].0.push(microseconds(&rows[index], batches[index]));
        }
    }
    samples
}

/// Returns the number of requests that take about [`BATCH`].
fn batch(row: &Row) -> u32 {
    let each = microseconds(row, TRIAL).max(0.01);
    let mut count = MAX_BATCH;
    while count > 8 && f64::from(count) * each > BATCH.as_secs_f64() * 1e6 {
        count -= 8;
    }
    count
}

fn microseconds(row: &Row, count: u32) -> f64 {
    let mut time = Duration::ZERO;
    row.contender().work(row.case, WARM_UP, &mut |work| work());
    row.contender().work(row.case, count as usize, &mut |work| {
        let start = Instant::now();
        work();
        time = start.elapsed();
    });
    time.as_secs_f64() * 1e6 / f64::from(count)
}

impl Samples {
    /// Returns the median of all rounds.
    #[must_use]
    pub fn median(&self) -> f64 {
        self.percentile(50)
    }

    /// Returns a percentile of all rounds.
    ///
    /// # Panics
    /// If there is no round.
    #[must_use]
    pub fn percentile(&self, percent: usize) -> f64 {
        let mut sorted = self.0.clone();
        sorted.sort_by(f64::total_cmp);
        sorted[(sorted.len() - 1) * percent / 100]
    }

    /// Returns the median of the ratios to the other row.
    #[must_use]
    pub fn ratio(&self, bare: &Self) -> f64 {
        self.against(bare, |mine, bare| mine / bare)
    }

    /// Returns the median of the differences from the other row.
    #[must_use]
    pub fn added(&self, bare: &Self) -> f64 {
        self.against(bare, |mine, bare| mine - bare)
    }

    /// Compares the two rows round by round, and returns the median.
    fn against(&self, bare: &Self, compare: impl Fn(f64, f64) -> f64) -> f64 {
        Self(self.0.iter().zip(&bare.0).map(|(mine, bare)| compare(*mine, *bare)).collect()).median()
    }
}

#[cfg(test)]
mod tests {
    use super::Samples;

    #[test]
    fn figures_are_medians_over_the_rounds() {
        let (mine, bare) = (Samples(vec![4.0, 3.0, 90.0]), Samples(vec![2.0, 2.0, 30.0]));
        assert_eq!((mine.median().to_string(), mine.percentile(10).to_string()), ("4".to_owned(), "3".to_owned()));
        assert_eq!((mine.ratio(&bare).to_string(), mine.added(&bare).to_string()), ("2".to_owned(), "2".to_owned()));
    }
}
