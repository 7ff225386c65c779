//! Events of Kubernetes about what failed, at most so many for one object.

use super::api::{Api, JSON};
use super::object;
use crate::cluster::unique;
use jiff::Timestamp;
use serde_json::{Value, json};
use std::cell::RefCell;
use std::collections::BTreeMap;

/// A message is cut off here.
const LONGEST: usize = 1000;

/// What was told so far.
pub struct Events {
    burst: usize,
    told: RefCell<BTreeMap<String, usize>>,
}

impl Events {
    /// At most so many for one object.
    pub fn new(burst: usize) -> Self {
        Self { burst, told: RefCell::default() }
    }

    /// Tells of a sync that failed. An event that cannot be written is lost.
    pub async fn warn(&self, api: &Api, about: &Value, message: &str) {
        let count = {
            let mut told = self.told.borrow_mut();
            let count = told.entry(object::uid(about).to_owned()).or_insert(0);
            *count += 1;
            *count
        };
        if count > self.burst {
            return;
        }
        let namespace = match object::text(about, "namespace") {
            "" => "default",
            namespace => namespace,
        };
        let now = Timestamp::now().strftime("%Y-%m-%dT%H:%M:%SZ").to_string();
        let member = |name: &str| about["metadata"][name].clone();
        let event = json!({
            "apiVersion": "v1", "kind": "Event", "type": "Warning", "reason": "SyncError", "count": 1,
            "metadata": {"namespace": namespace, "name": format!("{}.{}", object::text(about, "name"), unique())},
            "message": message.chars().take(LONGEST).collect::<String>(), "firstTimestamp": now, "lastTimestamp": now,
            "source": {"component": "metacontroller"},
            "involvedObject": {"apiVersion": about["apiVersion"], "kind": about["kind"], "namespace": member("namespace"),
                "name": member("name"), "uid": member("uid")},
        });
        let _ = api.send("POST", &format!("/api/v1/namespaces/{namespace}/events"), JSON, Some(&event)).await;
    }
}
