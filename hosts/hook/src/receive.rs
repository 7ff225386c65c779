//! A request from the network → its text, within limits.

use crate::answer::Answer;
use axum::body::Body;
use http::header::{CONTENT_ENCODING, CONTENT_LENGTH, CONTENT_TYPE, TRANSFER_ENCODING};
use http::{HeaderMap, StatusCode};
use http_body_util::{BodyExt, Limited};
use std::time::Duration;
use tokio::time::timeout;

/// How long a body may take to arrive.
const BODY: Duration = Duration::from_secs(10);

/// What the headers say about the body: its length in bytes, or why it is not read at all.
///
/// A length is asked for: without one a body is endless, and with two ideas of its length (`Transfer-Encoding` and `Content-Length`) it is
/// two different bodies to two readers. Nothing is unpacked.
pub fn length(headers: &HeaderMap, longest: usize) -> Result<usize, Answer> {
    let text = |name| headers.get(&name).map(|value| value.to_str().unwrap_or("?").trim().to_ascii_lowercase());
    let kind = text(CONTENT_TYPE).unwrap_or_default();
    if kind.split(';').next().map(str::trim) != Some("application/json") {
        return Err(Answer::refusal(StatusCode::UNSUPPORTED_MEDIA_TYPE, "the body must be application/json"));
    }
    if text(CONTENT_ENCODING).is_some_and(|encoding| encoding != "identity") {
        return Err(Answer::refusal(StatusCode::UNSUPPORTED_MEDIA_TYPE, "the body must not be compressed"));
    }
    if headers.contains_key(TRANSFER_ENCODING) {
        return Err(no_length());
    }
    let length = text(CONTENT_LENGTH).and_then(|length| length.parse().ok()).ok_or_else(no_length)?;
    if length > longest {
        let sentence = format!("the body has {length} bytes, the limit is {longest}");
        return Err(Answer::refusal(StatusCode::PAYLOAD_TOO_LARGE, sentence));
    }
    Ok(length)
}

fn no_length() -> Answer {
    Answer::refusal(StatusCode::LENGTH_REQUIRED, "the request must have a Content-Length and no Transfer-Encoding")
}

/// Reads the body.
pub async fn text(body: Body, length: usize) -> Result<String, Answer> {
    let received = timeout(BODY, Limited::new(body, length).collect()).await;
    let late = |_| Answer::refusal(StatusCode::REQUEST_TIMEOUT, "the body did not arrive in time");
    let broken = |_| Answer::refusal(StatusCode::BAD_REQUEST, "the body ended before its time");
    let bytes = received.map_err(late)?.map_err(broken)?.to_bytes();
    String::from_utf8(bytes.into()).map_err(|_| Answer::refusal(StatusCode::BAD_REQUEST, "the body is not UTF-8"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use http::HeaderName;

    fn code(headers: &[(HeaderName, &str)]) -> u16 {
        let headers = headers.iter().map(|(name, value)| (name.clone(), value.parse().expect("a value"))).collect();
        length(&headers, 100).map_or_else(|answer| answer.code.as_u16(), |_| 200)
    }

    #[test]
    fn only_plain_json_of_a_known_length_is_read() {
        let (kind, length, json) = (CONTENT_TYPE, CONTENT_LENGTH, "application/json");
        for (headers, expected) in [
            (&[(kind.clone(), json), (length.clone(), "100")][..], 200),
            (&[(kind.clone(), "Application/JSON; charset=utf-8"), (length.clone(), "0")], 200),
            (&[(kind.clone(), json), (length.clone(), "101")], 413),
            (&[(kind.clone(), json)], 411),
            (&[(kind.clone(), json), (length.clone(), "5"), (TRANSFER_ENCODING, "chunked")], 411),
            (&[(kind.clone(), json), (length.clone(), "5"), (CONTENT_ENCODING, "gzip")], 415),
            (&[(kind.clone(), "text/plain"), (length.clone(), "5")], 415),
            (&[(length.clone(), "5")], 415),
        ] {
            assert_eq!(code(headers), expected, "{headers:?}");
        }
    }
}
