//! A program that a test has started: asked to end, and waited for.

use std::process::{Child, Command, ExitStatus};
use std::time::{Duration, Instant};

/// Longer than an end takes.
const LONGEST: Duration = Duration::from_secs(30);
const LOOK: Duration = Duration::from_millis(10);

/// Sends a signal: `INT` is what Ctrl-C sends, `TERM` what a cluster does.
///
/// # Panics
///
/// Where it cannot be sent.
#[track_caller]
pub fn signal(child: &Child, name: &str) {
    let asked = Command::new("kill").args([&format!("-{name}"), &child.id().to_string()]).status();
    assert!(asked.is_ok_and(|status| status.success()));
}

/// How it ended.
///
/// # Panics
///
/// Where it does not.
#[track_caller]
pub fn ended(child: &mut Child) -> ExitStatus {
    let began = Instant::now();
    loop {
        if let Some(status) = child.try_wait().expect("a process") {
            return status;
        }
        assert!(began.elapsed() < LONGEST, "the server does not end");
        std::thread::sleep(LOOK);
    }
}
