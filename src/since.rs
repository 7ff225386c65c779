//! Since when something holds: the latest time that the observed facts carry.
//!
//! A time of the host's clock would be another in each of two answers to the same facts. A host that writes from caches which lag would
//! write both, see both come back, and write each in answer to the other, for ever.

use crate::observation::{at, items, text};
use serde_json::Value;

/// The latest of the times that were looked at; empty before the first.
#[derive(Clone, Copy, Default)]
pub struct Since<'a>(&'a str);

/// The year of the simulated cluster, which has no clock: its times order objects, and say when of nothing.
pub const NO_YEAR: &str = "9999";

impl<'a> Since<'a> {
    /// The time as the API server wrote it; empty where nothing told one.
    pub fn time(self) -> &'a str {
        self.0
    }

    /// The API server writes all times in UTC and whole seconds, so that their order is that of their text.
    pub fn at(&mut self, time: &'a str) {
        let known = time.len() == "2026-01-01T00:00:00Z".len() && time.ends_with('Z') && !time.starts_with(NO_YEAR);
        if known && time > self.0 {
            self.0 = time;
        }
    }

    /// When the spec of an object was last written, or its deletion asked for, as far as its metadata tells.
    pub fn spec(&mut self, object: &'a Value) {
        for entry in items(object, &["metadata", "managedFields"]) {
            if !at(entry, &["fieldsV1", "f:spec"]).is_null() {
                self.at(text(entry, &["time"]));
            }
        }
        self.at(text(object, &["metadata", "deletionTimestamp"]));
    }

    /// When a Deployment last changed: its spec or how its roll-out is.
    pub fn roll_out(&mut self, deployment: &'a Value) {
        for condition in items(deployment, &["status", "conditions"]) {
            self.at(text(condition, &["lastTransitionTime"]));
            self.at(text(condition, &["lastUpdateTime"]));
        }
        self.spec(deployment);
    }

    /// When a Deployment became unavailable, where it is; what never was available did not become so.
    pub fn unavailable(&mut self, deployment: &'a Value) {
        if is_first_roll_out(deployment) {
            return;
        }
        for condition in items(deployment, &["status", "conditions"]) {
            if text(condition, &["type"]) == "Available" && text(condition, &["status"]) == "False" {
                self.at(text(condition, &["lastTransitionTime"]));
            }
        }
    }
}

/// Whether a Deployment's first ReplicaSet was never complete.
/// <https://kubernetes.io/docs/concepts/workloads/controllers/deployment/#deployment-status>
pub fn is_first_roll_out(deployment: &Value) -> bool {
    let conditions = items(deployment, &["status", "conditions"]);
    let is_first = match text(deployment, &["metadata", "annotations", "deployment.kubernetes.io/revision"]) {
        "" => at(deployment, &["status", "observedGeneration"]).is_null(),
        revision => revision == "1",
    };
    is_first && !conditions.iter().any(|condition| text(condition, &["reason"]) == "NewReplicaSetAvailable")
}
