//! Since when something holds: the latest time that the observed facts carry.
//!
//! A time of the host's clock would be another in each of two answers to the same facts. A host that writes from caches which lag would
//! write both, see both come back, and write each in answer to the other, for ever.

use crate::observation::{at, items, text};
use serde_json::Value;

/// When the spec of an object was last written, or its deletion asked for; empty where its metadata does not tell.
pub fn spec(object: &Value) -> &str {
    let entries = items(object, &["metadata", "managedFields"]).iter();
    let written = entries.filter(|entry| !at(entry, &["fieldsV1", "f:spec"]).is_null()).map(|entry| text(entry, &["time"]));
    latest(written.chain([text(object, &["metadata", "deletionTimestamp"])]))
}

/// When a dependant last changed: its spec or its own conditions. Not for custom resources of ours, whose conditions are made from this.
pub fn change(dependant: &Value) -> &str {
    let conditions = items(dependant, &["status", "conditions"]).iter();
    let moved = conditions.flat_map(|condition| [text(condition, &["lastTransitionTime"]), text(condition, &["lastUpdateTime"])]);
    latest(moved.chain([spec(dependant)]))
}

/// When a Deployment became unavailable; empty where it is not.
pub fn unavailable(deployment: &Value) -> &str {
    let mut conditions = items(deployment, &["status", "conditions"]).iter();
    let lost = |condition: &&Value| text(condition, &["type"]) == "Available" && text(condition, &["status"]) == "False";
    conditions.find(lost).map_or("", |condition| text(condition, &["lastTransitionTime"]))
}

/// The year of the simulated cluster, which has no clock: its times order objects, and say when of nothing.
pub const NO_YEAR: &str = "9999";

/// The latest of some times. The API server writes all of them in UTC and whole seconds, so that their order is that of their text.
pub fn latest<'a>(times: impl Iterator<Item = &'a str>) -> &'a str {
    let known = |time: &&str| time.len() == "2026-01-01T00:00:00Z".len() && time.ends_with('Z') && !time.starts_with(NO_YEAR);
    times.filter(known).max().unwrap_or("")
}
