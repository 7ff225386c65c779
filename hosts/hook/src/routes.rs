//! Paths and methods → calls: `POST /<digest>/<hook>/<kind>`.

use crate::answer::Answer;
use crate::call::Call;
use crate::evaluate::{Evaluator, Seen};
use crate::metrics::Metrics;
use crate::room::Room;
use crate::{log, receive};
use axum::Router;
use axum::extract::{Path, Request, State};
use axum::routing::{get, post};
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
            .fallback(async || no_such_path())
            .method_not_allowed_fallback(async || Answer::refusal(StatusCode::METHOD_NOT_ALLOWED, "a hook is a POST request"))
            .with_state(self)
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
    Path((digest, hook, kind)): Path<(String, String, String)>,
    request: Request,
) -> Answer {
    let began = Instant::now();
    let Some(call) = Call::find(&hook, &kind) else { return no_such_path() };
    let (answer, seen) = match digest == hooks.digest {
        true => answer(&hooks, call, request).await.unwrap_or_else(|refusal| (refusal, Seen::default())),
        false => {
            hooks.metrics.unknown_digest();
            (Answer::later(RETRY_AFTER, "this component is not served here; a roll-out may be under way"), Seen::default())
        }
    };
    hooks.metrics.request(call, &seen, &answer, began.elapsed());
    log::request(call, &seen, &answer, began.elapsed());
    answer
}

/// The head is judged before the body is read, and the body is read before a core is asked for.
async fn answer(hooks: &Arc<Hooks>, call: Call, request: Request) -> Result<(Answer, Seen), Answer> {
    let length = receive::length(request.headers(), hooks.max_body)?;
    let known = request.headers().get(IF_NONE_MATCH).and_then(|value| value.to_str().ok()).unwrap_or("").to_owned();
    let place = hooks.room.enter(length)?;
    let text = receive::text(request.into_body(), length).await?;
    let turn = hooks.room.turn().await?;
    let evaluator = hooks.evaluator.clone();
    // The work goes on when the caller leaves, so its places go along.
    let work = tokio::task::spawn_blocking(move || {
        let answer = evaluator.answer(call, &text, &known);
        drop((text, turn, place));
        answer
    });
    work.await.map_err(|_| Answer::refusal(StatusCode::INTERNAL_SERVER_ERROR, "the server failed"))
}

fn no_such_path() -> Answer {
    Answer::refusal(StatusCode::NOT_FOUND, "there is no such hook")
}
