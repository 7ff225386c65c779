//! What goes back: JSON, or one sentence for the Event that Metacontroller writes.

use axum::body::Body;
use axum::response::{IntoResponse, Response};
use http::header::{CONTENT_TYPE, ETAG, RETRY_AFTER};
use http::{HeaderValue, StatusCode};
use std::fmt::Write;

/// Characters of a sentence, and of a name in a log line.
const LONGEST: usize = 200;

/// An HTTP answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answer {
    /// The status code.
    pub code: StatusCode,
    /// JSON for 200, nothing for 304, else one sentence.
    pub body: String,
    /// The tag of the request that was answered.
    pub tag: Option<String>,
    /// Seconds after which the caller may come again.
    pub retry_after: Option<u8>,
}

impl Answer {
    /// What the component decided.
    pub fn decided(body: String, tag: Option<String>) -> Self {
        Self { code: StatusCode::OK, body, tag, retry_after: None }
    }

    /// The caller has the answer already.
    pub fn known(tag: String) -> Self {
        Self { code: StatusCode::NOT_MODIFIED, body: String::new(), tag: Some(tag), retry_after: None }
    }

    /// No answer, and why: one sentence.
    pub fn refusal(code: StatusCode, sentence: impl Into<String>) -> Self {
        Self { code, body: plain(&sentence.into()), tag: None, retry_after: None }
    }

    /// Not now. Without a time the caller would come again at once, for ever.
    pub fn later(seconds: u8, sentence: impl Into<String>) -> Self {
        Self { retry_after: Some(seconds), ..Self::refusal(StatusCode::TOO_MANY_REQUESTS, sentence) }
    }
}

impl IntoResponse for Answer {
    fn into_response(self) -> Response {
        let is_json = self.code == StatusCode::OK;
        let mut response = Response::new(Body::from(self.body));
        *response.status_mut() = self.code;
        let headers = response.headers_mut();
        if self.code != StatusCode::NOT_MODIFIED {
            let kind = if is_json { "application/json" } else { "text/plain; charset=utf-8" };
            headers.insert(CONTENT_TYPE, HeaderValue::from_static(kind));
        }
        if let Some(tag) = self.tag.and_then(|tag| HeaderValue::try_from(tag).ok()) {
            headers.insert(ETAG, tag);
        }
        if let Some(seconds) = self.retry_after {
            headers.insert(RETRY_AFTER, HeaderValue::from(u16::from(seconds)));
        }
        response
    }
}

/// Text of somebody else where people and machines read it: printable ASCII as it is, everything else as an escape, not too long.
pub fn plain(text: &str) -> String {
    let mut out = String::new();
    for character in text.chars().take(LONGEST) {
        match character {
            ' '..='~' => out.push(character),
            other => {
                let _ = write!(out, "{}", other.escape_unicode());
            }
        }
    }
    if text.chars().nth(LONGEST).is_some() {
        out.push_str("...");
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_but_printable_characters_goes_out() {
        for (text, expected) in
            [("titanic-v1 \"waits\"", "titanic-v1 \"waits\""), ("a\nb\u{1b}[2J\u{202e}", "a\\u{a}b\\u{1b}[2J\\u{202e}"), ("", "")]
        {
            assert_eq!(plain(text), expected);
        }
        assert_eq!(plain(&"a".repeat(201)), format!("{}...", "a".repeat(200)));
    }
}
