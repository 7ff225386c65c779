//! Whose fields are whose when one host takes over from the other. What the old manager owns, too, nobody else can remove: a sidecar that
//! is no longer wanted would stay. So its managedFields go to the new one.
//!
//! The API server takes managedFields from a patch as they are; `client-go/util/csaupgrade` does the same.

use crate::json::tree;
use crate::list::Listed;
use crate::names;
use crate::observation::{at, is_applied_by, is_entry_of, items};
use alloc::vec::Vec;
use serde_json::{Map, Value};

/// The managedFields of an object once everything that Metacontroller owns is `ours`; `None` where it owns nothing.
pub fn taken(live: &Value, ours: &str) -> Option<Vec<Value>> {
    let entries = items(live, &["metadata", "managedFields"]);
    let (theirs, mut rest): (Vec<&Value>, Vec<&Value>) =
        entries.iter().partition(|entry| is_entry_of(entry, names::METACONTROLLER));
    let first = theirs.first()?;
    let is_ours = |entry: &&Value| is_applied_by(entry, ours);
    let own = rest.iter().copied().filter(is_ours).listed();
    rest.retain(|entry| !is_ours(entry));
    let fields =
        theirs.iter().chain(&own).fold(Value::Object(Map::new()), |fields, entry| joined(fields, at(entry, &["fieldsV1"])));
    let entry = tree(&mut [
        ("manager", ours.into()),
        ("operation", "Apply".into()),
        ("apiVersion", at(first, &["apiVersion"]).clone()),
        ("time", at(first, &["time"]).clone()),
        ("fieldsType", "FieldsV1".into()),
        ("fieldsV1", fields),
    ]);
    Some(rest.into_iter().cloned().chain([entry]).listed())
}

/// The managedFields of an object without what is `ours`, where Metacontroller applies it and so owns what it wants; else `None`.
pub fn released(live: &Value, ours: &str) -> Option<Vec<Value>> {
    let entries = items(live, &["metadata", "managedFields"]);
    let applies = |entry: &Value| is_applied_by(entry, names::METACONTROLLER);
    let had = entries.iter().any(|entry| is_entry_of(entry, ours)) && entries.iter().any(applies);
    had.then(|| entries.iter().filter(|entry| !is_entry_of(entry, ours)).cloned().listed())
}

/// The fields of both.
fn joined(mut one: Value, other: &Value) -> Value {
    if let (Some(fields), Some(others)) = (one.as_object_mut(), other.as_object()) {
        for (name, below) in others {
            let known = fields.remove(name).unwrap_or_else(|| Value::Object(Map::new()));
            fields.insert(name.clone(), joined(known, below));
        }
    }
    one
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn entry(manager: &str, operation: &str, fields: Value) -> Value {
        json!({"manager": manager, "operation": operation, "apiVersion": "v1", "fieldsV1": fields})
    }

    #[test]
    fn what_metacontroller_owns_becomes_ours() {
        let theirs = entry("metacontroller", "Update", json!({"f:spec": {"f:a": {}, "f:b": {}}}));
        let ours = entry("modelwright", "Apply", json!({"f:spec": {"f:b": {}, "f:c": {".": {}}}}));
        let other = entry("kubectl", "Update", json!({"f:spec": {"f:d": {}}}));
        let live = json!({"metadata": {"managedFields": [theirs, ours, other]}});
        let taken = taken(&live, "modelwright").unwrap_or_default();
        assert_eq!(taken.first(), Some(&other));
        assert_eq!(taken[1]["fieldsV1"], json!({"f:spec": {"f:a": {}, "f:b": {}, "f:c": {".": {}}}}));
        assert_eq!((taken.len(), &taken[1]["manager"], &taken[1]["operation"]), (2, &json!("modelwright"), &json!("Apply")));
        assert_eq!(super::taken(&json!({"metadata": {"managedFields": taken}}), "modelwright"), None);
    }

    #[test]
    fn ours_is_released_only_where_metacontroller_applies() {
        let ours = entry("modelwright", "Apply", json!({"f:spec": {}}));
        for (operation, left) in [("Apply", Some(1)), ("Update", None)] {
            let theirs = entry("metacontroller", operation, json!({"f:spec": {}}));
            let live = json!({"metadata": {"managedFields": [theirs, ours]}});
            assert_eq!(released(&live, "modelwright").map(|entries| entries.len()), left, "{operation}");
        }
    }
}
