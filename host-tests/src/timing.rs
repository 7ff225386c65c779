//! How long something takes, on a machine whose clock is noisy.

use std::time::{Duration, Instant};

/// The median of so many runs.
pub fn median(runs: usize, run: impl Fn()) -> Duration {
    let time = |_| {
        let begin = Instant::now();
        run();
        begin.elapsed()
    };
    middle((0..runs).map(time).collect())
}

/// The one in the middle; of none: zero.
pub fn middle(mut times: Vec<Duration>) -> Duration {
    times.sort_unstable();
    times.get(times.len() / 2).copied().unwrap_or_default()
}
