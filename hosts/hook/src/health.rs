//! `/healthz`: the process answers. `/readyz`: it takes requests, and the component plans; with the policy, for people who look.

use crate::answer::{Answer, plain};
use crate::evaluate::Evaluator;
use axum::Router;
use axum::extract::State;
use axum::routing::get;
use http::StatusCode;
use serde_json::{Value, json};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};
use tokio::sync::Mutex;

/// How long the result of a self-test counts.
const FRESH: Duration = Duration::from_secs(5);

/// What the probes ask about.
pub struct Health {
    evaluator: Arc<Evaluator>,
    digest: &'static str,
    ending: AtomicBool,
    tested: Mutex<Option<(Instant, Result<(), String>)>>,
}

impl Health {
    /// Nothing is tested yet.
    pub fn new(evaluator: Arc<Evaluator>, digest: &'static str) -> Self {
        Self { evaluator, digest, ending: AtomicBool::new(false), tested: Mutex::new(None) }
    }

    /// From now on the server is not ready: it has been asked to end.
    pub fn end(&self) {
        self.ending.store(true, Ordering::Relaxed);
    }

    /// The routes of the probes.
    pub fn router(self: Arc<Self>) -> Router {
        Router::new()
            .route("/healthz", get(async || "ok\n"))
            .route("/readyz", get(ready))
            .fallback(async || Answer::refusal(StatusCode::NOT_FOUND, "there is /healthz and /readyz"))
            .method_not_allowed_fallback(async || Answer::refusal(StatusCode::METHOD_NOT_ALLOWED, "probes are GET requests"))
            .with_state(self)
    }

    /// Plans, unless that was done a moment ago.
    pub async fn test(&self) -> Result<(), String> {
        let mut tested = self.tested.lock().await;
        if let Some((at, result)) = tested.as_ref().filter(|(at, _)| at.elapsed() < FRESH) {
            let _ = at;
            return result.clone();
        }
        let evaluator = self.evaluator.clone();
        let plan = tokio::task::spawn_blocking(move || self_test(&evaluator)).await;
        let result = plan.unwrap_or_else(|error| Err(error.to_string()));
        *tested = Some((Instant::now(), result.clone()));
        result
    }
}

async fn ready(State(health): State<Arc<Health>>) -> Answer {
    let tested = health.test().await;
    let is_ending = health.ending.load(Ordering::Relaxed);
    let policy: Value = serde_json::from_str(&health.evaluator.policy).unwrap_or_default();
    let body = json!({
        "ready": tested.is_ok() && !is_ending,
        "ending": is_ending,
        "selfTest": tested.as_ref().map_or_else(|why| plain(why), |()| "ok".into()),
        "version": env!("CARGO_PKG_VERSION"),
        "digest": health.digest,
        "policy": policy,
    });
    let code = if body["ready"] == true { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE };
    Answer { code, body: format!("{body}\n"), tag: None, retry_after: None }
}

/// A plan for a Model that no policy forbids. It also reads the policy: one that cannot be read fails here.
fn self_test(evaluator: &Evaluator) -> Result<(), String> {
    let request = json!({
        "resources": [{
            "apiVersion": "mlops.internal/v1alpha1", "kind": "Model", "metadata": {"name": "self-test", "namespace": "self-test"},
            "spec": {
                "image": "registry.example.com/self-test:1", "artifact": {"uri": "pvc://self-test/model"},
                "capture": {"mode": "Disabled"},
            },
        }],
        "observed": [],
        "policy": serde_json::from_str::<Value>(&evaluator.policy).map_err(|error| format!("the policy is not JSON: {error}"))?,
    });
    let plan = evaluator.planner.plan(&request.to_string()).map_err(|error| error.to_string())?;
    let plan = plan.map_err(|failure| match failure.diagnostics.into_iter().next() {
        Some(diagnostic) => diagnostic.message,
        None => failure.code,
    })?;
    let plan: Value = serde_json::from_str(&plan).map_err(|error| format!("the plan is not JSON: {error}"))?;
    match plan["actions"].as_array().is_some_and(|actions| !actions.is_empty()) {
        true => Ok(()),
        false => Err("the plan of the self-test does nothing".into()),
    }
}
