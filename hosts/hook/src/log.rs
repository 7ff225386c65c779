//! Log lines: one for each request and one for what happens to the server. Nothing of a body is ever in them.

use crate::answer::{Answer, plain};
use crate::call::Label;
use crate::evaluate::Seen;
use crate::settings::LogFormat;
use std::io;
use std::time::Duration;
use tracing::level_filters::LevelFilter;
use tracing_subscriber::filter::Targets;
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;
use tracing_subscriber::{Registry, fmt};

/// Whose lines are written: those of this crate. Libraries would write what they like.
const TARGET: &str = env!("CARGO_CRATE_NAME");

/// Lines go to the standard error from now on.
pub fn start(format: LogFormat) {
    let ours = Targets::new().with_target(TARGET, LevelFilter::INFO);
    let registry = Registry::default().with(ours);
    // A process has one log; where a test starts a second server, the first one's stays.
    let _ = match format {
        LogFormat::Json => {
            let lines = fmt::layer().json().flatten_event(true).with_current_span(false).with_span_list(false);
            registry.with(lines.with_target(false).with_writer(io::stderr)).try_init()
        }
        LogFormat::Text => registry.with(fmt::layer().with_target(false).with_ansi(false).with_writer(io::stderr)).try_init(),
    };
}

/// One request at a hook or a review. `digest` is that of the component, for whoever looks for the reason of a failure.
pub fn request(label: Label, seen: &Seen, answer: &Answer, took: Duration, digest: &str) {
    let (code, millis) = (answer.code.as_u16(), u64::try_from(took.as_millis()).unwrap_or(u64::MAX));
    let Label { hook, kind } = label;
    let (namespace, name) = (plain(&seen.namespace), plain(&seen.name));
    match &seen.failure {
        Some(failure) => {
            let failure = plain(failure);
            tracing::error!(hook, kind, namespace, name, code, millis, fuel = seen.fuel, digest, failure, "failed");
        }
        None => tracing::info!(hook, kind, namespace, name, code, millis, fuel = seen.fuel, "answered"),
    }
}
