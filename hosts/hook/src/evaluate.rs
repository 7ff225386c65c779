//! One call: the text of a request → an answer. Runs on a thread that may block.

use crate::answer::Answer;
use crate::call::{Call, Label};
use crate::check;
use crate::record::Recorder;
use crate::request::Request;
use crate::review::Review;
use crate::tag::{self, Seal};
use http::StatusCode;
use modelwright_embed::{Hook, HostError, HostInput, Planner, Reply};

/// What a call needs besides its request.
pub struct Evaluator {
    /// The component.
    pub planner: Planner,
    /// What Models may use, as JSON.
    pub policy: String,
    /// What the tags of all requests have in common.
    pub seal: Seal,
    /// Where calls are recorded.
    pub recorder: Recorder,
}

/// What the log and the metrics say about a call.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Seen {
    /// The kind that is reviewed, where the path does not say it.
    pub kind: Option<&'static str>,
    /// The parent's namespace.
    pub namespace: String,
    /// The parent's name.
    pub name: String,
    /// Fuel that the component used.
    pub fuel: u64,
    /// Why the parent is on hold.
    pub hold: Option<String>,
    /// The verdict of a review.
    pub is_allowed: Option<bool>,
    /// What went wrong that should never go wrong.
    pub failure: Option<String>,
}

impl Evaluator {
    /// Answers a request. `known` is the header `If-None-Match`.
    pub fn answer(&self, call: Call, text: &str, known: &str) -> (Answer, Seen) {
        let mut seen = Seen::default();
        let answer = self.decide(call, text, known, &mut seen).unwrap_or_else(|refusal| refusal);
        (answer, seen)
    }

    fn decide(&self, call: Call, text: &str, known: &str, seen: &mut Seen) -> Result<Answer, Answer> {
        let request = Request::parse(text).map_err(|sentence| Answer::refusal(StatusCode::BAD_REQUEST, sentence))?;
        belongs(&request, call, seen)?;
        let tag = self.seal.tag(&call.path(), &request, text);
        if tag::is_named(&tag, known) {
            return Ok(Answer::known(tag));
        }
        let body = self.decided(call.hook, text, seen)?;
        let checked = check::check(call, &seen.namespace, &body).map_err(|sentence| refused(sentence, seen))?;
        seen.hold = checked.hold;
        Ok(Answer::decided(body, Some(tag)))
    }

    /// Answers a review.
    pub fn review(&self, text: &str) -> (Answer, Seen) {
        let mut seen = Seen::default();
        let answer = self.judge(text, &mut seen).unwrap_or_else(|refusal| refusal);
        (answer, seen)
    }

    fn judge(&self, text: &str, seen: &mut Seen) -> Result<Answer, Answer> {
        let review = Review::parse(text).map_err(|sentence| Answer::refusal(StatusCode::BAD_REQUEST, sentence))?;
        seen.kind = Some(Label::review(review.kind()).kind);
        seen.namespace = review.namespace().into();
        seen.name = review.name().into();
        let body = self.decided(Hook::Review, text, seen)?;
        let is_allowed = review.check(&body).map_err(|sentence| refused(sentence, seen))?;
        seen.is_allowed = Some(is_allowed);
        Ok(Answer::decided(body, None))
    }

    /// The body that the component answers with 200; everything else is a refusal.
    fn decided(&self, hook: Hook, text: &str, seen: &mut Seen) -> Result<String, Answer> {
        let reply = self.call(hook, text, seen).map_err(|error| failed(&error))?;
        match StatusCode::from_u16(reply.code) {
            Ok(StatusCode::OK) => Ok(reply.body),
            Ok(code) if code.is_client_error() || code.is_server_error() => Err(Answer::refusal(code, reply.body)),
            _ => Err(refused(format!("the answer has the code {}", reply.code), seen)),
        }
    }

    fn call(&self, hook: Hook, text: &str, seen: &mut Seen) -> Result<Reply, HostError> {
        let host = HostInput { now: now(), policy: self.policy.clone() };
        let (reply, usage) = self.planner.hook(hook, &host, text);
        seen.fuel = usage.fuel;
        seen.failure = reply.as_ref().err().filter(|error| !matches!(error, HostError::Input { .. })).map(ToString::to_string);
        if let Err(error) = self.recorder.record(hook, &host, text, reply.as_ref().ok()) {
            tracing::error!(%error, "the call cannot be recorded");
        }
        reply
    }
}

/// A parent of another kind means that a manifest is wrong: its children would be looked for in the wrong lists.
fn belongs(request: &Request<'_>, call: Call, seen: &mut Seen) -> Result<(), Answer> {
    let expected = call.controller.parent;
    let Some(parent) = request.parent() else {
        return Err(Answer::refusal(StatusCode::BAD_REQUEST, "the request has no parent"));
    };
    seen.namespace = parent.namespace().into();
    seen.name = parent.name().into();
    let (api, kind) = (parent.api_version.as_deref().unwrap_or(""), parent.kind.as_deref().unwrap_or(""));
    match api == expected.api && kind == expected.kind {
        true => Ok(()),
        false => {
            let sentence = format!("this path is for {} of {}, not for {kind} of {api}", expected.kind, expected.api);
            Err(Answer::refusal(StatusCode::BAD_REQUEST, sentence))
        }
    }
}

/// An answer that may not leave.
fn refused(sentence: String, seen: &mut Seen) -> Answer {
    let answer = Answer::refusal(StatusCode::INTERNAL_SERVER_ERROR, sentence.as_str());
    seen.failure = Some(sentence);
    answer
}

fn failed(error: &HostError) -> Answer {
    let code = match error {
        HostError::Input { .. } => StatusCode::PAYLOAD_TOO_LARGE,
        _ => StatusCode::INTERNAL_SERVER_ERROR,
    };
    Answer::refusal(code, error.to_string())
}

/// The time, rounded to seconds, as the API conventions write it.
fn now() -> String {
    let now = jiff::Timestamp::now();
    now.round(jiff::Unit::Second).unwrap_or(now).to_string()
}
