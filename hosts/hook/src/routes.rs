//! Paths and methods → calls: `POST /<digest>/<hook>/<kind>` of Metacontroller, `POST /admission` of the API server.

use crate::answer::Answer;
use crate::call::{Call, Label};
use crate::evaluate::{Evaluator, Seen};
use crate::listen::Caller;
use crate::metrics::Metrics;
use crate::room::Room;
use crate::{log, receive};
use axum::extract::{Path, Request, State};
use axum::routing::{get, post};
use axum::{Extension, Router};
use http::StatusCode;
use http::header::{CONTENT_TYPE, IF_NONE_MATCH};
use prometheus_client::encoding::prometheus_text;
use std::sync::Arc;
use std::time::Instant;

/// When somebody who asked for another component may come again: by then a roll-out has gone on.
const RETRY_AFTER: u8 = 5;

/// What every request at a hook needs.
pub struct Hooks {
    /// Answers.
    pub evaluator: Arc<Evaluator>,
    /// How much at once.
    pub room: Room,
    /// What is counted.
    pub metrics: Arc<Metrics>,
    /// The digest in the path.
    pub digest: &'static str,
    /// Bytes of a body.
    pub max_body: usize,
}

impl Hooks {
    /// The routes of the hooks.
    pub fn router(self: Arc<Self>) -> Router {
        Router::new()
            .route("/{digest}/{hook}/{kind}", post(hook))
            .route("/admission", post(admission))
            .fallback(async || no_such_path())
            .method_not_allowed_fallback(async || {
                Answer::refusal(StatusCode::METHOD_NOT_ALLOWED, "hooks and reviews are POST requests")
            })
            .with_state(self)
    }

    fn note(&self, label: Label, seen: &Seen, answer: &Answer, began: Instant) {
        let took = began.elapsed();
        self.metrics.request(label, seen, answer, took);
        log::request(label, seen, answer, took, self.digest);
    }

    /// The route of the metrics.
    pub fn metrics_router(self: Arc<Self>) -> Router {
        let text = async |State(hooks): State<Arc<Self>>| {
            ([(CONTENT_TYPE, prometheus_text::CONTENT_TYPE)], hooks.metrics.text(&hooks.room))
        };
        Router::new()
            .route("/metrics", get(text))
            .fallback(async || Answer::refusal(StatusCode::NOT_FOUND, "there is /metrics"))
            .with_state(self)
    }
}

async fn hook(
    State(hooks): State<Arc<Hooks>>,
    Extension(caller): Extension<Caller>,
    Path((digest, hook, kind)): Path<(String, String, String)>,
    request: Request,
) -> Answer {
    let began = Instant::now();
    let Some(call) = Call::find(&hook, &kind) else { return no_such_path() };
    let work = move |evaluator: &Evaluator, text: &str, known: &str| evaluator.answer(call, text, known);
    let result = match admit(&hooks, caller, &digest) {
        Ok(()) => answer(&hooks, request, work).await,
        Err(refusal) => Err(refusal),
    };
    let (answer, seen) = result.unwrap_or_else(|refusal| (refusal, Seen::default()));
    hooks.note(call.label(), &seen, &answer, began);
    answer
}

/// The API server has no certificate to show, and what it gets here is a judgement on what it has sent.
async fn admission(State(hooks): State<Arc<Hooks>>, request: Request) -> Answer {
    let began = Instant::now();
    let work = |evaluator: &Evaluator, text: &str, _: &str| evaluator.review(text);
    let (answer, seen) = answer(&hooks, request, work).await.unwrap_or_else(|refusal| (refusal, Seen::default()));
    let label = Label { kind: seen.kind.unwrap_or(""), ..Label::review("") };
    hooks.note(label, &seen, &answer, began);
    answer
}

/// Whether somebody may ask for this component here.
fn admit(hooks: &Hooks, caller: Caller, digest: &str) -> Result<(), Answer> {
    if !caller.is_known {
        return Err(Answer::refusal(StatusCode::FORBIDDEN, "hooks answer only callers with a certificate of their authority"));
    }
    if digest != hooks.digest {
        hooks.metrics.unknown_digest();
        return Err(Answer::later(RETRY_AFTER, "this component is not served here; a roll-out may be under way"));
    }
    Ok(())
}

/// The head is judged before the body is read, and the body is read before a core is asked for.
async fn answer(
    hooks: &Arc<Hooks>,
    request: Request,
    work: impl FnOnce(&Evaluator, &str, &str) -> (Answer, Seen) + Send + 'static,
) -> Result<(Answer, Seen), Answer> {
    let length = receive::length(request.headers(), hooks.max_body)?;
    let known = request.headers().get(IF_NONE_MATCH).and_then(|value| value.to_str().ok()).unwrap_or("").to_owned();
    let place = hooks.room.enter(length)?;
    let text = receive::text(request.into_body(), length).await?;
    let turn = hooks.room.turn().await?;
    let evaluator = hooks.evaluator.clone();
    // The work goes on when the caller leaves, so its places go along.
    let done = tokio::task::spawn_blocking(move || {
        let answer = work(&evaluator, &text, &known);
        drop((text, turn, place));
        answer
    });
    done.await.map_err(|_| Answer::refusal(StatusCode::INTERNAL_SERVER_ERROR, "the server failed"))
}

fn no_such_path() -> Answer {
    Answer::refusal(StatusCode::NOT_FOUND, "there is no such path")
}
