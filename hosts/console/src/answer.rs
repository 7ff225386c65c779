//! What goes back: bytes or a stream, always with the same strict headers; a refusal as Kubernetes writes one.

use http::header::{
    CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE, HeaderName, REFERRER_POLICY, RETRY_AFTER, X_CONTENT_TYPE_OPTIONS,
};
use http::{HeaderMap, HeaderValue, Response, StatusCode};
use http_body_util::combinators::UnsyncBoxBody;
use http_body_util::{BodyExt, Full};
use hyper::body::Bytes;
use serde_json::{Value, json};
use std::convert::Infallible;

/// What an answer is made of.
pub type Body = UnsyncBoxBody<Bytes, Box<dyn std::error::Error + Send + Sync>>;

/// The page runs scripts and styles of its own files only, speaks to this server only, and writes no markup from text. The page has
/// the same policy in its head, for servers that send none.
const POLICY: &str = "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; style-src 'self'; img-src 'self' data:; \
                      connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'; \
                      require-trusted-types-for 'script'; trusted-types modelwright";
/// On every answer, whatever it is about.
const STRICT: [(HeaderName, &str); 6] = [
    (CONTENT_SECURITY_POLICY, POLICY),
    (HeaderName::from_static("cross-origin-opener-policy"), "same-origin"),
    (HeaderName::from_static("cross-origin-resource-policy"), "same-origin"),
    (HeaderName::from_static("permissions-policy"), ""),
    (REFERRER_POLICY, "no-referrer"),
    (X_CONTENT_TYPE_OPTIONS, "nosniff"),
];
/// Characters of a sentence.
const LONGEST: usize = 400;
/// Seconds after which somebody who found no room may come again.
const RETRY: u16 = 1;

/// No answer, and why.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refusal {
    /// The status code: 4xx, or 502 and 504 for the API server.
    pub code: StatusCode,
    /// One sentence.
    pub sentence: String,
}

impl Refusal {
    /// One sentence, cut where it is too long.
    pub fn new(code: StatusCode, sentence: impl AsRef<str>) -> Self {
        Self { code, sentence: sentence.as_ref().chars().take(LONGEST).collect() }
    }

    /// As a `metav1.Status`, which the page reads from the API server, too.
    pub fn answer(&self) -> Response<Body> {
        let reason = self.code.canonical_reason().unwrap_or_default().replace(' ', "");
        let status = json!({
            "kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Failure",
            "message": self.sentence, "reason": reason, "code": self.code.as_u16(),
        });
        let mut answer = of_json(self.code, &status);
        if self.code == StatusCode::TOO_MANY_REQUESTS {
            answer.headers_mut().insert(RETRY_AFTER, RETRY.into());
        }
        answer
    }
}

/// An answer of JSON.
pub fn of_json(code: StatusCode, value: &Value) -> Response<Body> {
    let mut answer = Response::new(whole(value.to_string()));
    *answer.status_mut() = code;
    answer.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    answer
}

/// A body that is there as a whole.
pub fn whole(bytes: impl Into<Bytes>) -> Body {
    Full::new(bytes.into()).map_err(|never: Infallible| match never {}).boxed_unsync()
}

/// The headers of every answer. What may be kept by the browser has said so already.
pub fn strict(headers: &mut HeaderMap) {
    for (name, value) in STRICT {
        headers.insert(name, HeaderValue::from_static(value));
    }
    headers.entry(CACHE_CONTROL).or_insert(HeaderValue::from_static("no-store"));
}
