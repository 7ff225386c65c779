//! The API server: requests, at most so many in a second, and watches.

use super::discovery::Resource;
use super::flags::Flags;
use super::object;
use futures::{Stream, StreamExt};
use http::{Request, header};
use kube::client::Body;
use kube::config::{KubeConfigOptions, Kubeconfig};
use kube::core::WatchEvent;
use kube::{Client, Config};
use serde_json::{Value, json};
use std::cell::Cell;
use std::time::{Duration, Instant};

/// What it calls itself. The API server takes what is before the slash for the manager of the fields that a PUT or POST sets.
const AGENT: &str = "metacontroller/stand-in";
const CONNECT: Duration = Duration::from_secs(10);
const READ: Duration = Duration::from_secs(30);
/// How often a change is tried on a newer object after a conflict.
const TRIES: usize = 5;
/// A watch ends by itself after so many seconds and is taken up again.
const WATCH_SECONDS: u32 = 290;

/// JSON in a request.
pub const JSON: &str = "application/json";
/// A server-side apply.
pub const APPLY: &str = "application/apply-patch+yaml";
/// A list of operations.
pub const JSON_PATCH: &str = "application/json-patch+json";

/// The API server.
pub struct Api {
    client: Client,
    /// When the next request may go, if the burst is used up.
    next: Cell<Instant>,
    pause: Duration,
    burst: u32,
}

/// Why a request was not done.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refusal {
    /// The status code; 0 where none came.
    pub code: u16,
    /// What the server says.
    pub message: String,
}

impl Refusal {
    fn lost(error: impl std::fmt::Display) -> Self {
        Self { code: 0, message: error.to_string() }
    }

    /// It is not there.
    pub fn is_not_found(&self) -> bool {
        self.code == 404
    }

    /// Somebody was faster, or there was one already.
    pub fn is_conflict(&self) -> bool {
        self.code == 409
    }
}

impl From<Refusal> for String {
    fn from(refusal: Refusal) -> Self {
        format!("{} {}", refusal.code, refusal.message)
    }
}

impl Api {
    /// Finds the API server by its kubeconfig.
    pub async fn open(flags: &Flags) -> Result<Self, String> {
        let mut config = match &flags.kubeconfig {
            Some(file) => {
                let read = Kubeconfig::read_from(file).map_err(|error| format!("{}: {error}", file.display()))?;
                Config::from_custom_kubeconfig(read, &KubeConfigOptions::default()).await.map_err(|error| error.to_string())?
            }
            None => Config::infer().await.map_err(|error| error.to_string())?,
        };
        config.connect_timeout = Some(CONNECT);
        // Watches are silent for minutes.
        config.read_timeout = None;
        config.default_retry = false;
        Ok(Self {
            client: Client::try_from(config).map_err(|error| error.to_string())?,
            next: Cell::new(Instant::now()),
            pause: Duration::from_secs_f64(1.0 / flags.qps.max(0.001)),
            burst: u32::try_from(flags.burst).unwrap_or(u32::MAX).max(1),
        })
    }

    /// A bucket of tokens that is filled evenly: its state is the time at which it will be full.
    async fn wait_for_turn(&self) {
        let now = Instant::now();
        let full = self.next.get().max(now) + self.pause;
        self.next.set(full);
        let due = full.checked_sub(self.pause.saturating_mul(self.burst)).unwrap_or(now);
        tokio::time::sleep(due.saturating_duration_since(now)).await;
    }

    /// Sends a request; the path may have a query.
    pub async fn send(&self, method: &str, path: &str, content_type: &str, body: Option<&Value>) -> Result<Value, Refusal> {
        self.wait_for_turn().await;
        let request = request(method, path).header(header::CONTENT_TYPE, content_type);
        let body = body.map_or_else(Body::empty, |body| Body::from(body.to_string().into_bytes()));
        let request = request.body(body).map_err(Refusal::lost)?;
        let exchange = async {
            let response = self.client.send(request).await.map_err(Refusal::lost)?;
            let code = response.status().as_u16();
            let body = response.into_body().collect_bytes().await.map_err(Refusal::lost)?;
            Ok((code, serde_json::from_slice::<Value>(&body).unwrap_or_default()))
        };
        let (code, body) = tokio::time::timeout(READ, exchange).await.map_err(Refusal::lost)??;
        match code {
            200..=299 => Ok(body),
            _ => Err(Refusal { code, message: body["message"].as_str().unwrap_or_default().into() }),
        }
    }

    /// Reads one object.
    pub async fn get(&self, resource: &Resource, namespace: &str, name: &str) -> Result<Value, Refusal> {
        self.send("GET", &resource.path(namespace, name), JSON, None).await
    }

    /// Makes an object.
    pub async fn create(&self, resource: &Resource, object: &Value) -> Result<Value, Refusal> {
        self.send("POST", &resource.collection(object::text(object, "namespace")), JSON, Some(object)).await
    }

    /// Replaces an object that is still what was read.
    pub async fn put(&self, resource: &Resource, object: &Value, subresource: &str) -> Result<Value, Refusal> {
        let path = resource.path(object::text(object, "namespace"), object::text(object, "name"));
        self.send("PUT", &(path + subresource), JSON, Some(object)).await
    }

    /// Deletes exactly this object, and its dependants after it.
    pub async fn delete(&self, resource: &Resource, object: &Value) -> Result<Value, Refusal> {
        let path = resource.path(object::text(object, "namespace"), object::text(object, "name"));
        let options = json!({"apiVersion": "v1", "kind": "DeleteOptions", "propagationPolicy": "Background",
            "preconditions": {"uid": object::uid(object)}});
        self.send("DELETE", &path, JSON, Some(&options)).await
    }

    /// Reads the object anew, changes it and puts it, again and again while somebody is faster. An object with another uid is not the one
    /// that is meant; a change that says `false` is none.
    pub async fn change(
        &self,
        resource: &Resource,
        meant: &Value,
        subresource: &str,
        change: impl Fn(&mut Value) -> bool,
    ) -> Result<Value, Refusal> {
        let mut pause = Duration::from_millis(10);
        for attempt in 1.. {
            let mut object = self.get(resource, object::text(meant, "namespace"), object::text(meant, "name")).await?;
            if object::uid(&object) != object::uid(meant) {
                return Err(Refusal { code: 404, message: format!("{} is another one now", object::label(meant)) });
            }
            if !change(&mut object) {
                return Ok(object);
            }
            match self.put(resource, &object, subresource).await {
                Err(refusal) if refusal.is_conflict() && attempt < TRIES => tokio::time::sleep(pause).await,
                outcome => return outcome,
            }
            pause = pause.saturating_mul(2);
        }
        unreachable!("the last try returns")
    }

    /// Everything that happens to a resource after a version.
    pub async fn watch(
        &self,
        resource: &Resource,
        version: &str,
    ) -> Result<impl Stream<Item = Result<WatchEvent<Value>, String>> + use<>, String> {
        self.wait_for_turn().await;
        let path = format!(
            "{}?watch=1&allowWatchBookmarks=true&timeoutSeconds={WATCH_SECONDS}&resourceVersion={version}",
            resource.collection("")
        );
        let request = request("GET", &path).body(Vec::new()).map_err(|error| error.to_string())?;
        let events = self.client.request_events(request).await.map_err(|error| error.to_string())?;
        Ok(events.map(|event| event.map_err(|error| error.to_string())))
    }
}

fn request(method: &str, path: &str) -> http::request::Builder {
    Request::builder().method(method).uri(path).header(header::ACCEPT, JSON).header(header::USER_AGENT, AGENT)
}
