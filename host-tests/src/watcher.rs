//! A witness of a namespace: every event of its VirtualServices and Deployments, in the order in which they happened.
//!
//! All kinds are in one store, so that resourceVersions say what was before what.

use crate::cluster::Api;
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use std::io::{BufRead, BufReader, Write};
use std::net::TcpStream;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

/// What is watched.
const KINDS: [(&str, &str); 2] = [("networking.istio.io/v1", "virtualservices"), ("apps/v1", "deployments")];

/// An event.
#[derive(Clone, Debug)]
struct Seen {
    version: u64,
    is_gone: bool,
    object: Value,
}

/// The witness; its threads end with the namespace or the test.
pub struct Watcher {
    api: Api,
    namespace: String,
    events: Arc<Mutex<Vec<Seen>>>,
}

impl Watcher {
    /// Watches from now on.
    pub fn start(api: &Api, namespace: &str) -> Result<Self, String> {
        let watcher = Self { api: api.clone(), namespace: namespace.into(), events: Arc::default() };
        for (version, plural) in KINDS {
            let path = format!("/apis/{version}/namespaces/{namespace}/{plural}?watch=1");
            let mut stream = TcpStream::connect(api.address()).map_err(|error| error.to_string())?;
            let request = format!("GET {path} HTTP/1.0\r\nHost: {}\r\nAccept: application/json\r\n\r\n", api.address());
            stream.write_all(request.as_bytes()).map_err(|error| error.to_string())?;
            let events = Arc::clone(&watcher.events);
            std::thread::spawn(move || {
                let lines = BufReader::new(stream).lines().map_while(Result::ok);
                for event in lines.filter_map(|line| serde_json::from_str::<Value>(&line).ok()) {
                    let seen = Seen {
                        version: version_of(&event["object"]),
                        is_gone: event["type"] == "DELETED",
                        object: event["object"].clone(),
                    };
                    events.lock().unwrap_or_else(PoisonError::into_inner).push(seen);
                }
            });
        }
        Ok(watcher)
    }

    /// What was not right at any moment so far: a route to a Model without available pods, or a host that was routed and was not any more.
    ///
    /// # Panics
    ///
    /// Where the events of what is there do not come.
    pub fn wrong(&self) -> Vec<String> {
        let mut events = self.all_events();
        events.sort_by_key(|seen| seen.version);
        let mut state = State::default();
        events.into_iter().flat_map(|seen| state.take(seen)).collect()
    }

    fn all_events(&self) -> Vec<Seen> {
        let there = KINDS.iter().flat_map(|(version, plural)| {
            let list = self.api.get(&format!("/apis/{version}/namespaces/{}/{plural}", self.namespace)).unwrap_or_default();
            list["items"].as_array().cloned().unwrap_or_default()
        });
        let versions: Vec<u64> = there.map(|object| version_of(&object)).collect();
        let began = Instant::now();
        loop {
            let events = self.events.lock().unwrap_or_else(PoisonError::into_inner).clone();
            if versions.iter().all(|version| events.iter().any(|seen| seen.version == *version)) {
                return events;
            }
            assert!(began.elapsed() < Duration::from_secs(20), "the events of {} do not come", self.namespace);
            std::thread::sleep(Duration::from_millis(50));
        }
    }
}

fn version_of(object: &Value) -> u64 {
    object["metadata"]["resourceVersion"].as_str().and_then(|version| version.parse().ok()).unwrap_or(0)
}

/// What there is at one moment.
#[derive(Default)]
struct State {
    available: BTreeMap<String, i64>,
    /// Hosts and destinations by VirtualService.
    routes: BTreeMap<String, (Vec<String>, BTreeSet<String>)>,
    routed: BTreeSet<String>,
}

impl State {
    fn take(&mut self, seen: Seen) -> Vec<String> {
        let name = seen.object["metadata"]["name"].as_str().unwrap_or_default().to_owned();
        let routes = seen.object["kind"] == "VirtualService";
        match (routes, seen.is_gone) {
            (true, true) => drop(self.routes.remove(&name)),
            (true, false) => drop(self.routes.insert(name.clone(), (hosts(&seen.object), destinations(&seen.object)))),
            (false, true) => drop(self.available.remove(&name)),
            (false, false) => {
                let available = seen.object["status"]["availableReplicas"].as_i64().unwrap_or(0);
                self.available.insert(name.clone(), available);
            }
        }
        let what = format!("{} of {} {name}", if seen.is_gone { "the end" } else { "a change" }, seen.object["kind"]);
        self.judge().into_iter().map(|sentence| format!("after {what} ({}): {sentence}", seen.version)).collect()
    }

    fn judge(&mut self) -> Vec<String> {
        let mut wrong = Vec::new();
        for (name, (_, destinations)) in &self.routes {
            let dead = destinations.iter().filter(|model| self.available.get(*model).copied().unwrap_or(0) == 0);
            wrong.extend(dead.map(|model| format!("{name} routes to {model}, which has no available pod")));
        }
        let now: BTreeSet<String> = self.routes.values().flat_map(|(hosts, _)| hosts.clone()).collect();
        wrong.extend(self.routed.difference(&now).map(|host| format!("nobody routes {host} any more")));
        self.routed = now;
        wrong
    }
}

fn hosts(routes: &Value) -> Vec<String> {
    routes["spec"]["hosts"].as_array().into_iter().flatten().filter_map(|host| host.as_str().map(str::to_owned)).collect()
}

/// The Models that a VirtualService sends requests to.
pub fn destinations(routes: &Value) -> BTreeSet<String> {
    let http = routes["spec"]["http"].as_array().into_iter().flatten();
    let routes = http.flat_map(|http| http["route"].as_array().into_iter().flatten());
    routes.filter_map(|route| Some(route["destination"]["host"].as_str()?.split('.').next()?.to_owned())).collect()
}
