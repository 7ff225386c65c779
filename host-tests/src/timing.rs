//! How long something takes, on a machine whose clock is noisy.

use std::time::{Duration, Instant};

/// The median of so many runs.
pub fn median(runs: usize, run: impl Fn()) -> Duration {
    let mut times: Vec<Duration> = (0..runs)
        .map(|_| {
            let begin = Instant::now();
            run();
            begin.elapsed()
        })
        .collect();
    times.sort_unstable();
    times.get(times.len() / 2).copied().unwrap_or_default()
}
