//! One request: sent, repeated while that can help, and answered by a status code and a body.

use super::connect::{Cluster, causes};
use crate::stop::Stop;
use http::{Request, StatusCode, header};
use kube::client::Body;
use serde::Deserialize;
use serde_json::value::RawValue;
use std::collections::BTreeMap;
use std::sync::atomic::Ordering;
use std::time::Duration;

/// How often a request is sent at most. With the pauses below that is about half a minute.
const TRIES: u32 = 8;
/// How often when it is answered 500, which may well be our own mistake: server-side apply says so to a field it does not know.
const TRIES_OF_500: u32 = 4;
/// How often before the server has answered anything: a wrong address is said soon.
const TRIES_AT_FIRST: u32 = 3;
/// The first pause; each one after it is twice as long.
const PAUSE: Duration = Duration::from_millis(200);
/// No pause is longer, whatever a server asks for.
const LONGEST: Duration = Duration::from_secs(10);
const AGENT: &str = concat!("modelwright/", env!("CARGO_PKG_VERSION"));

/// A request as a plan has it.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Call {
    /// HTTP method.
    pub method: String,
    /// Path without query.
    pub path: String,
    /// Query parameters.
    #[serde(default)]
    pub query: BTreeMap<String, String>,
    /// Of the body; empty without one.
    #[serde(default)]
    pub content_type: String,
    /// The body as it was written; `null` without one.
    #[serde(default = "nothing")]
    pub body: Box<RawValue>,
}

fn nothing() -> Box<RawValue> {
    RawValue::NULL.to_owned()
}

/// What an API server answered.
#[derive(Clone, Debug)]
pub struct Answer {
    /// The status code.
    pub code: u16,
    /// The body.
    pub body: String,
    /// What the server warns of, in its `Warning` headers.
    pub warnings: Vec<String>,
}

/// What an API server says when it refuses: `metav1.Status`.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Status {
    message: String,
    reason: String,
}

/// Why there is no answer, or none that helps.
#[derive(Clone, Debug)]
pub struct Trouble {
    /// The status code; 0 where none came.
    pub code: u16,
    /// One sentence.
    pub message: String,
}

impl From<Trouble> for Stop {
    fn from(trouble: Trouble) -> Self {
        Stop::Host(trouble.message)
    }
}

impl Call {
    /// A request without a body.
    pub fn get(path: impl Into<String>) -> Self {
        Self::new("GET", path)
    }

    /// A request of a method without a body.
    pub fn new(method: &str, path: impl Into<String>) -> Self {
        Self { method: method.into(), path: path.into(), query: BTreeMap::new(), content_type: String::new(), body: nothing() }
    }

    /// With a query parameter.
    pub fn with(mut self, name: &str, value: impl Into<String>) -> Self {
        self.query.insert(name.into(), value.into());
        self
    }

    /// With a body of JSON.
    pub fn json(mut self, body: &serde_json::Value) -> Self {
        self.content_type = "application/json".into();
        self.body = serde_json::value::to_raw_value(body).unwrap_or_else(|_| nothing());
        self
    }

    /// The same request, of which nothing stays: the server does everything but store it.
    pub fn dry(&self) -> Self {
        let call = self.clone().with("dryRun", "All");
        // A server that finds options in a body does not look for them in the query, so they have to be in both.
        if call.method != "DELETE" || call.body.get() == "null" {
            return call;
        }
        let mut options: serde_json::Map<String, serde_json::Value> = serde_json::from_str(call.body.get()).unwrap_or_default();
        options.insert("dryRun".into(), serde_json::json!(["All"]));
        call.json(&options.into())
    }

    /// Path and query.
    pub fn target(&self) -> String {
        let pairs: Vec<String> = self.query.iter().map(|(name, value)| format!("{name}={}", encoded(value))).collect();
        match pairs.is_empty() {
            true => self.path.clone(),
            false => format!("{}?{}", self.path, pairs.join("&")),
        }
    }

    fn request(&self) -> Result<Request<Body>, Trouble> {
        let mut request = Request::builder()
            .method(self.method.as_str())
            .uri(self.target())
            .header(header::ACCEPT, "application/json")
            .header(header::USER_AGENT, AGENT);
        if !self.content_type.is_empty() {
            request = request.header(header::CONTENT_TYPE, &self.content_type);
        }
        let body = match self.body.get() {
            "null" => Body::empty(),
            body => Body::from(body.as_bytes().to_vec()),
        };
        request.body(body).map_err(|error| Trouble { code: 0, message: format!("{} {}: {error}", self.method, self.path) })
    }

    /// `PATCH /apis/apps/v1/namespaces/shop/deployments/titanic`, for messages.
    pub fn name(&self) -> String {
        format!("{} {}", self.method, self.path)
    }
}

/// Everything but letters, digits and `-._~` as `%XX`: continue tokens and selectors have more.
fn encoded(text: &str) -> String {
    let mut out = String::new();
    for byte in text.bytes() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => out.push(char::from(byte)),
            other => out.push_str(&format!("%{other:02X}")),
        }
    }
    out
}

impl Answer {
    /// Whether the server did it.
    pub fn is_fine(&self) -> bool {
        (200..300).contains(&self.code)
    }

    /// What the server says; its body where that is no status.
    pub fn message(&self) -> String {
        let status: Status = serde_json::from_str(&self.body).unwrap_or_default();
        match (status.message.as_str(), status.reason.as_str()) {
            ("", "") => self.body.chars().take(300).collect(),
            ("", reason) => reason.into(),
            (message, _) => message.into(),
        }
    }
}

impl Cluster {
    /// Sends a request. It is sent again after 429, 5xx and lost connections, with growing pauses or as long as the server asks; every
    /// request of ours may be repeated, because each is guarded or has the same effect twice. What the server answers in the end is
    /// the answer, whatever it is; no answer at all is trouble.
    pub async fn call(&self, call: &Call) -> Result<Answer, Trouble> {
        let mut pause = PAUSE;
        for attempt in 1.. {
            let (outcome, asked) = self.attempt(call).await;
            if attempt >= self.tries(&outcome) {
                return outcome;
            }
            tokio::time::sleep(asked.unwrap_or(pause).min(LONGEST)).await;
            pause = pause.saturating_mul(2);
        }
        Err(Trouble { code: 0, message: format!("{} was not sent", call.name()) })
    }

    /// How often a request with such an outcome is sent.
    fn tries(&self, outcome: &Result<Answer, Trouble>) -> u32 {
        if outcome.is_ok() {
            self.answered.store(true, Ordering::Relaxed);
        }
        match outcome {
            Ok(answer) if answer.code == 500 => TRIES_OF_500,
            Ok(answer) if answer.code == 429 || answer.code > 500 => TRIES,
            Err(trouble) if trouble.code == 0 && !self.answered.load(Ordering::Relaxed) => TRIES_AT_FIRST,
            Err(trouble) if trouble.code == 0 => TRIES,
            _ => 1,
        }
    }

    /// One try, and how long the server asks to wait before the next.
    async fn attempt(&self, call: &Call) -> (Result<Answer, Trouble>, Option<Duration>) {
        let request = match call.request() {
            Ok(request) => request,
            // It would be refused again.
            Err(trouble) => return (Err(Trouble { code: 400, ..trouble }), None),
        };
        let lost = |error: &dyn std::error::Error| Trouble {
            code: 0,
            message: format!("{} gives no answer to {}: {}", self.url, call.name(), causes(error)),
        };
        let response = match self.client.send(request).await {
            Ok(response) => response,
            Err(error) => return (Err(lost(&error)), None),
        };
        let code = response.status();
        let asked = asked(&response);
        let warnings = warnings(&response);
        match response.into_body().collect_bytes().await {
            Ok(body) => (Ok(Answer { code: code.as_u16(), body: text(body.to_vec()), warnings }), asked),
            Err(error) => (Err(lost(&error)), None),
        }
    }
}

fn asked(response: &http::Response<Body>) -> Option<Duration> {
    let text = response.headers().get(header::RETRY_AFTER)?.to_str().ok()?;
    text.trim().parse().ok().map(Duration::from_secs)
}

/// The texts of headers like `299 - "would violate PodSecurity"`.
fn warnings(response: &http::Response<Body>) -> Vec<String> {
    let texts = response.headers().get_all(header::WARNING).iter().filter_map(|value| value.to_str().ok());
    let text = |header: &str| header.split_once('"').map(|(_, rest)| rest.trim_end_matches('"').replace("\\\"", "\""));
    texts.filter_map(text).collect()
}

fn text(bytes: Vec<u8>) -> String {
    String::from_utf8(bytes).unwrap_or_else(|error| String::from_utf8_lossy(error.as_bytes()).into_owned())
}

/// Where the paths of a version of an API group begin.
pub fn root(api: &str) -> String {
    if api.contains('/') { format!("/apis/{api}") } else { format!("/api/{api}") }
}

/// What a refusal means, in one sentence.
pub fn refused(call: &Call, answer: &Answer) -> Trouble {
    let why = answer.message();
    let message = match StatusCode::from_u16(answer.code) {
        Ok(StatusCode::UNAUTHORIZED) => format!("the API server does not know who asks (401): {why}"),
        // Quotas and admission answer the same code; no right helps against those.
        Ok(StatusCode::FORBIDDEN) if why.contains(" cannot ") => {
            format!("not permitted: {why}; `modelwright rbac` prints what is needed")
        }
        Ok(StatusCode::FORBIDDEN) => format!("not permitted: {why}"),
        _ => format!("{} is answered {}: {why}", call.name(), answer.code),
    };
    Trouble { code: answer.code, message }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_query_is_encoded() {
        let call = Call::get("/api/v1/pods").with("continue", "a+b/c=").with("limit", "5");
        assert_eq!(call.target(), "/api/v1/pods?continue=a%2Bb%2Fc%3D&limit=5");
    }

    #[test]
    fn nothing_stays_of_a_dry_run() {
        let call = Call::new("DELETE", "/x").json(&serde_json::json!({"preconditions": {"uid": "u"}})).dry();
        assert_eq!(call.body.get(), r#"{"dryRun":["All"],"preconditions":{"uid":"u"}}"#);
        for call in [call, Call::new("DELETE", "/x").dry(), Call::new("PATCH", "/x").json(&serde_json::json!({})).dry()] {
            assert_eq!(call.target(), "/x?dryRun=All");
        }
    }

    #[test]
    fn a_refusal_says_why() {
        let body = r#"{"kind":"Status","message":"models is forbidden: User \"alice\" cannot list","reason":"Forbidden"}"#;
        let trouble = refused(&Call::get("/x"), &Answer { code: 403, body: body.into(), warnings: Vec::new() });
        assert!(trouble.message.contains("cannot list") && trouble.message.contains("modelwright rbac"), "{}", trouble.message);
        let trouble = refused(&Call::get("/x"), &Answer { code: 502, body: "bad gateway".into(), warnings: Vec::new() });
        assert_eq!(trouble.message, "GET /x is answered 502: bad gateway");
    }
}
