//! The clock of the deadlines: a thread that advances the engine's epoch, started by the first call and ended with the engine.

use std::sync::Once;
use std::time::Duration;
use wasmtime::Engine;

const TICK: Duration = Duration::from_millis(10);

/// Advances the epoch of one engine.
pub(crate) struct Ticker {
    started: Once,
}

impl Ticker {
    /// No thread yet.
    pub(crate) const fn new() -> Self {
        Self { started: Once::new() }
    }

    /// Starts the thread if it does not run yet.
    pub(crate) fn start(&self, engine: &Engine) {
        self.started.call_once(|| {
            let engine = engine.weak();
            std::thread::spawn(move || {
                loop {
                    std::thread::sleep(TICK);
                    match engine.upgrade() {
                        Some(engine) => engine.increment_epoch(),
                        None => return,
                    }
                }
            });
        });
    }
}

/// How many ticks a deadline is; one more, because the current tick has begun already.
pub(crate) fn ticks(deadline: Duration) -> u64 {
    let ticks = deadline.as_millis() / TICK.as_millis();
    u64::try_from(ticks).unwrap_or(u64::MAX - 1).saturating_add(1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_deadline_is_never_shorter_than_asked() {
        assert_eq!(ticks(Duration::ZERO), 1);
        assert_eq!(ticks(Duration::from_millis(25)), 3);
        assert_eq!(ticks(Duration::from_secs(2)), 201);
    }
}
