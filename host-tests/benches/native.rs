//! One request to the core as native code, so many times: `[p50, p99]` in milliseconds on standard output. The console's bench puts it
//! beside what a browser takes for the same request.
//!
//! `cargo bench --package modelwright-host-tests --bench native -- OPERATION FILE RUNS`

use modelwright::contract;
use std::hint::black_box;
use std::time::{Duration, Instant};

/// Runs that are not counted.
const WARM: usize = 10;

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).filter(|argument| !argument.starts_with("--")).collect();
    // `cargo test --benches` gives none.
    let [operation, file, runs] = &arguments[..] else { return };
    let request = std::fs::read_to_string(file).expect("the file of the request can be read");
    let runs: usize = runs.parse().expect("the number of runs is a number");
    let time = |_| {
        let begin = Instant::now();
        let answer = black_box(contract::call(operation, &request));
        let time = begin.elapsed();
        assert!(answer.starts_with("{\"ok\":"), "{}", answer.chars().take(300).collect::<String>());
        time
    };
    let mut times: Vec<Duration> = (0..runs + WARM).map(time).skip(WARM).collect();
    times.sort_unstable();
    let quantile = |percent: usize| times.get(times.len() * percent / 100).map_or(0.0, |time| time.as_secs_f64() * 1e3);
    println!("[{:.3}, {:.3}]", quantile(50), quantile(99));
}
