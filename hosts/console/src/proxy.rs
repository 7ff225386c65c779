//! A request that may be passed on → the API server, and its answer back as it comes.
//!
//! Of both only what is named here goes through: no credentials of the browser reach the cluster, none of the cluster reach the
//! browser.

use crate::answer::{Body, Refusal};
use crate::server::Settings;
use crate::target;
use futures::StreamExt;
use futures::future::pending;
use http::header::{ACCEPT, CONTENT_ENCODING, CONTENT_LENGTH, CONTENT_TYPE, HeaderName, RETRY_AFTER, USER_AGENT, WARNING};
use http::request::Parts;
use http::{HeaderValue, Method, Request, Response, StatusCode};
use http_body_util::{BodyExt, BodyStream, Limited, StreamBody};
use hyper::body::{Bytes, Incoming};
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::{OwnedSemaphorePermit, Semaphore, watch};
use tokio::time::timeout;

/// Requests at once, watches included.
const IN_FLIGHT: usize = 64;
/// Bytes of a body: as many as the API server takes.
const BODY: usize = 3 << 20;
/// How long a body may take to arrive.
const ARRIVAL: Duration = Duration::from_secs(10);
/// An answer that has not begun in this time does not come: longer than a busy API server stalls.
const ANSWER: Duration = Duration::from_secs(30);
const AGENT: &str = concat!("modelwright-console/", env!("CARGO_PKG_VERSION"));
/// Of the request.
const ASKED: [HeaderName; 2] = [ACCEPT, CONTENT_TYPE];
/// Of the answer.
const ANSWERED: [HeaderName; 6] =
    [CONTENT_TYPE, CONTENT_LENGTH, CONTENT_ENCODING, RETRY_AFTER, WARNING, HeaderName::from_static("audit-id")];

/// The way to the API server.
pub struct Proxy {
    settings: Arc<Settings>,
    places: Arc<Semaphore>,
    /// Turns true when the server ends.
    ended: watch::Receiver<bool>,
}

impl Proxy {
    /// Nothing is asked yet. Watches end when `ended` turns true.
    pub fn new(settings: Arc<Settings>, ended: watch::Receiver<bool>) -> Self {
        Self { settings, places: Arc::new(Semaphore::new(IN_FLIGHT)), ended }
    }

    /// Passes a request on. Whoever leaves before the answer is complete ends the request to the API server, too: both are dropped.
    pub async fn pass(&self, parts: Parts, body: Incoming) -> Result<Response<Body>, Refusal> {
        target::judge(&parts.method, parts.uri.path(), self.settings.writes)?;
        let busy = |_| Refusal::new(StatusCode::TOO_MANY_REQUESTS, "as many requests are under way as can be; come again");
        let place = self.places.clone().try_acquire_owned().map_err(busy)?;
        let is_watch = is_watch(parts.uri.query().unwrap_or_default());
        let request = request(parts, body).await?;
        let answer = match timeout(ANSWER, self.settings.client.send(request)).await {
            Ok(answer) => answer.map_err(|error| self.lost(&error))?,
            Err(_) => return Err(Refusal::new(StatusCode::GATEWAY_TIMEOUT, format!("{} does not answer", self.settings.server))),
        };
        self.check(answer.status())?;
        Ok(self.answer(answer, place, is_watch))
    }

    fn lost(&self, error: &kube::Error) -> Refusal {
        let why = (self.settings.explain)(error);
        Refusal::new(StatusCode::BAD_GATEWAY, format!("{} cannot be asked: {why}", self.settings.server))
    }

    /// Answers that would mean something else to the browser than they do here.
    fn check(&self, code: StatusCode) -> Result<(), Refusal> {
        let server = &self.settings.server;
        let sentence = match code {
            StatusCode::UNAUTHORIZED => {
                format!("{server} does not know who asks (401): the credentials of the kubeconfig are missing, wrong or expired")
            }
            code if code.is_informational() || code.is_redirection() => {
                format!("{server} answers {code}, which is not passed on")
            }
            _ => return Ok(()),
        };
        Err(Refusal::new(StatusCode::BAD_GATEWAY, sentence))
    }

    /// The answer as it comes. It holds its place until it ends.
    fn answer(&self, answer: Response<kube::client::Body>, place: OwnedSemaphorePermit, is_watch: bool) -> Response<Body> {
        let (mut parts, body) = answer.into_parts();
        let mut ended = self.ended.clone();
        let end = async move {
            match is_watch {
                true => drop(ended.wait_for(|ended| *ended).await),
                // What has an end of its own is not cut before it.
                false => pending().await,
            }
        };
        let frames = BodyStream::new(body).take_until(end).map(move |frame| {
            let _held = &place;
            frame.map_err(Into::into)
        });
        let given = std::mem::take(&mut parts.headers);
        for name in ANSWERED {
            for value in given.get_all(&name) {
                parts.headers.append(name.clone(), value.clone());
            }
        }
        parts.extensions.clear();
        Response::from_parts(parts, BodyExt::boxed_unsync(StreamBody::new(frames)))
    }
}

/// As the API server reads it: any value but these two.
fn is_watch(query: &str) -> bool {
    let mut pairs = query.split('&').map(|pair| pair.split_once('=').unwrap_or((pair, "")));
    pairs.any(|(name, value)| name == "watch" && !["0", "false"].contains(&value))
}

/// The request to the API server: method, path and query as they are, and its body, once it is here as a whole.
async fn request(mut parts: Parts, body: Incoming) -> Result<Request<kube::client::Body>, Refusal> {
    let bytes = match parts.method {
        Method::GET => Bytes::new(),
        _ => receive(&parts, body).await?,
    };
    let bad = |_| Refusal::new(StatusCode::BAD_REQUEST, "the path or the query cannot be read");
    let target = parts.uri.path_and_query().map_or("/", |target| target.as_str());
    let mut request = Request::builder().method(parts.method).uri(target).body(kube::client::Body::from(bytes)).map_err(bad)?;
    for name in ASKED {
        if let Some(value) = parts.headers.remove(&name) {
            request.headers_mut().insert(name, value);
        }
    }
    request.headers_mut().insert(USER_AGENT, HeaderValue::from_static(AGENT));
    Ok(request)
}

/// The body of a write. Its length is judged before anything of it is read.
async fn receive(parts: &Parts, body: Incoming) -> Result<Bytes, Refusal> {
    if parts.headers.contains_key(CONTENT_ENCODING) {
        return Err(Refusal::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, "the body must not be compressed"));
    }
    let length = parts.headers.get(CONTENT_LENGTH).map_or(Some(0), |length| length.to_str().ok()?.parse::<usize>().ok());
    if length.is_none_or(|length| length > BODY) {
        return Err(Refusal::new(StatusCode::PAYLOAD_TOO_LARGE, format!("a body has at most {BODY} bytes")));
    }
    let received = timeout(ARRIVAL, Limited::new(body, BODY).collect()).await;
    let late = |_| Refusal::new(StatusCode::REQUEST_TIMEOUT, "the body did not arrive in time");
    let broken = |_| Refusal::new(StatusCode::BAD_REQUEST, "the body ended before its time");
    Ok(received.map_err(late)?.map_err(broken)?.to_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn watches_are_told_by_their_query() {
        for (query, expected) in [
            ("watch=true", true),
            ("a=b&watch=1", true),
            ("watch", true),
            ("watch=0", false),
            ("watch=false", false),
            ("watching=true", false),
            ("", false),
        ] {
            assert_eq!(is_watch(query), expected, "{query}");
        }
    }
}
