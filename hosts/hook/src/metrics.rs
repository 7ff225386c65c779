//! What Prometheus reads. Labels have few values each: nothing that a user writes becomes one.

use crate::answer::Answer;
use crate::call::{Call, Label};
use crate::evaluate::Seen;
use crate::room::Room;
use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::encoding::prometheus_text::encode;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::{Histogram, exponential_buckets};
use prometheus_client::registry::Registry;
use std::sync::atomic::AtomicU64;
use std::time::Duration;

/// The metrics of the server.
pub struct Metrics {
    registry: Registry,
    requests: Family<Outcome, Counter>,
    seconds: Family<Hook, Histogram, fn() -> Histogram>,
    fuel: Family<Hook, Histogram, fn() -> Histogram>,
    holds: Family<Hold, Counter>,
    reviews: Family<Review, Counter>,
    failures: Family<Hook, Counter>,
    unknown_digest: Counter,
    handshakes: Counter,
    reloads: Family<Reload, Counter>,
    expiry: Gauge<f64, AtomicU64>,
    in_flight: Gauge,
    evaluating: Gauge,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Outcome {
    hook: &'static str,
    kind: &'static str,
    code: u16,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Hook {
    hook: &'static str,
    kind: &'static str,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Hold {
    kind: &'static str,
    reason: String,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Review {
    kind: &'static str,
    verdict: &'static str,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Reload {
    result: &'static str,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Build {
    version: &'static str,
    digest: &'static str,
}

/// A quarter of a millisecond to four seconds.
fn seconds() -> Histogram {
    Histogram::new(exponential_buckets(0.00025, 2.0, 15))
}

/// A hundred thousand to a few thousand millions.
fn fuel() -> Histogram {
    Histogram::new(exponential_buckets(100_000.0, 4.0, 9))
}

impl Metrics {
    /// All at zero. `digest` is that of the component.
    pub fn new(digest: &'static str) -> Self {
        let mut metrics = Self {
            registry: Registry::with_prefix("modelwright"),
            requests: Family::default(),
            seconds: Family::new_with_constructor(seconds),
            fuel: Family::new_with_constructor(fuel),
            holds: Family::default(),
            reviews: Family::default(),
            failures: Family::default(),
            unknown_digest: Counter::default(),
            handshakes: Counter::default(),
            reloads: Family::default(),
            expiry: Gauge::default(),
            in_flight: Gauge::default(),
            evaluating: Gauge::default(),
        };
        metrics.register(digest);
        metrics.begin();
        metrics
    }

    /// What is not there cannot increase: without these an alert would not see the first one.
    fn begin(&self) {
        for call in Call::all() {
            let Label { hook, kind } = call.label();
            let hook = Hook { hook, kind };
            drop(self.requests.get_or_create(&Outcome { hook: hook.hook, kind: hook.kind, code: 200 }));
            drop(self.seconds.get_or_create(&hook));
            drop(self.failures.get_or_create(&hook));
        }
        for result in ["ok", "failed"] {
            drop(self.reloads.get_or_create(&Reload { result }));
        }
    }

    fn register(&mut self, digest: &'static str) {
        let build = Family::<Build, Gauge>::default();
        build.get_or_create(&Build { version: env!("CARGO_PKG_VERSION"), digest }).set(1);
        let to = &mut self.registry;
        to.register("build_info", "Version of the server and SHA-256 of the component", build);
        to.register("hook_requests", "Answers by hook, kind and status code", self.requests.clone());
        to.register("hook_duration_seconds", "From the head of a request to its answer", self.seconds.clone());
        to.register("hook_fuel", "Fuel that the component used for one request", self.fuel.clone());
        to.register("holds", "Answers that touch nothing, by the reason of Accepted=False", self.holds.clone());
        to.register("reviews", "Verdicts of the validating webhook", self.reviews.clone());
        to.register("hook_failures", "Calls that the component failed or whose answer was refused", self.failures.clone());
        to.register("unknown_digest", "Requests for a component that is not served here", self.unknown_digest.clone());
        to.register("tls_handshake_failures", "Connections that ended before their first request", self.handshakes.clone());
        to.register("tls_reloads", "Changes of the certificate files, by result", self.reloads.clone());
        to.register(
            "tls_certificate_expiry_timestamp_seconds",
            "When the certificate expires, 0 without TLS",
            self.expiry.clone(),
        );
        to.register("hook_in_flight", "Requests that are received, waited for or evaluated", self.in_flight.clone());
        to.register("hook_evaluating", "Requests that are evaluated", self.evaluating.clone());
    }

    /// One request at a hook or a review.
    pub fn request(&self, label: Label, seen: &Seen, answer: &Answer, took: Duration) {
        let hook = Hook { hook: label.hook, kind: label.kind };
        let code = answer.code.as_u16();
        self.requests.get_or_create(&Outcome { hook: hook.hook, kind: hook.kind, code }).inc();
        self.seconds.get_or_create(&hook).observe(took.as_secs_f64());
        if seen.fuel > 0 {
            #[expect(clippy::cast_precision_loss, reason = "a histogram has buckets, not units")]
            self.fuel.get_or_create(&hook).observe(seen.fuel as f64);
        }
        if let Some(reason) = &seen.hold {
            self.holds.get_or_create(&Hold { kind: hook.kind, reason: reason.clone() }).inc();
        }
        if let Some(is_allowed) = seen.is_allowed {
            let verdict = if is_allowed { "allowed" } else { "denied" };
            self.reviews.get_or_create(&Review { kind: hook.kind, verdict }).inc();
        }
        if seen.failure.is_some() {
            self.failures.get_or_create(&hook).inc();
        }
    }

    /// Somebody asked for another component.
    pub fn unknown_digest(&self) {
        self.unknown_digest.inc();
    }

    /// A connection ended before its first request.
    pub fn handshake_failed(&self) {
        self.handshakes.inc();
    }

    /// The certificate files have changed. `expiry` is in seconds since 1970; `None`: the new files are broken.
    pub fn reloaded(&self, expiry: Option<f64>) {
        let result = if expiry.is_some() { "ok" } else { "failed" };
        self.reloads.get_or_create(&Reload { result }).inc();
        if let Some(expiry) = expiry {
            self.expires(expiry);
        }
    }

    /// The certificate in use expires at this time, in seconds since 1970.
    pub fn expires(&self, at: f64) {
        self.expiry.set(at);
    }

    /// The text format of Prometheus.
    pub fn text(&self, room: &Room) -> String {
        let count = |number: usize| i64::try_from(number).unwrap_or(i64::MAX);
        self.in_flight.set(count(room.in_flight()));
        self.evaluating.set(count(room.evaluating()));
        let mut text = String::new();
        // Writing to a text does not fail.
        let _ = encode(&mut text, &self.registry);
        text
    }
}
