//! Ctrl-C and termination: the first asks to stop after what is under way, the second stops at once.

use crate::stop::INTERRUPTED;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

/// Whether somebody wants the program to stop.
pub struct Interrupt(Arc<AtomicBool>);

impl Interrupt {
    /// Listens from now on; needs a runtime.
    pub fn listen() -> Self {
        let happened = Arc::new(AtomicBool::new(false));
        let flag = Arc::clone(&happened);
        tokio::spawn(async move {
            while signal().await {
                if flag.swap(true, Ordering::Relaxed) {
                    std::process::exit(i32::from(INTERRUPTED));
                }
            }
        });
        Self(happened)
    }

    /// Ends when it is asked to stop.
    pub async fn wait(&self) {
        while !self.happened() {
            tokio::time::sleep(super::TICK).await;
        }
    }

    /// Whether it was asked to stop.
    pub fn happened(&self) -> bool {
        self.0.load(Ordering::Relaxed)
    }
}

/// Waits for a signal; false where there are none to wait for.
async fn signal() -> bool {
    #[cfg(unix)]
    {
        use tokio::signal::unix::{SignalKind, signal};
        let Ok(mut terminate) = signal(SignalKind::terminate()) else { return tokio::signal::ctrl_c().await.is_ok() };
        let (stop, interrupt) = (std::pin::pin!(terminate.recv()), std::pin::pin!(tokio::signal::ctrl_c()));
        match futures::future::select(stop, interrupt).await {
            futures::future::Either::Left((received, _)) => received.is_some(),
            futures::future::Either::Right((received, _)) => received.is_ok(),
        }
    }
    #[cfg(not(unix))]
    {
        tokio::signal::ctrl_c().await.is_ok()
    }
}
