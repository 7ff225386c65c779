//! Dynamic apply: what a desired partial object makes of an observed one, on the client, without knowledge of kinds.
//!
//! Three-way merge against the annotation with what was applied last. Lists whose items all have one of a few well-known members are
//! merged by it, all other lists are replaced as a whole.

use super::object;
use serde_json::{Map, Value};
use std::collections::{BTreeMap, BTreeSet};

/// The annotation with what was applied last.
pub const LAST_APPLIED: &str = "metacontroller.k8s.io/last-applied-configuration";

/// Members by which lists are merged, the first that fits first.
const MERGE_KEYS: [&str; 7] = ["containerPort", "port", "mountPath", "name", "uid", "ip", "path"];

/// The observed object after an apply of the desired one. Equal to the observed one where there is nothing to write.
pub fn updated(observed: &Value, desired: &Value) -> Result<Value, String> {
    let mut desired = desired.clone();
    forget_last_applied(&mut desired);
    let mut merged = merge(observed.clone(), &last_applied(observed)?, &desired);
    for member in object::SYSTEM_METADATA {
        revert(&mut merged["metadata"], &observed["metadata"], member);
    }
    revert(&mut merged, observed, "status");
    remember_last_applied(&mut merged, &desired);
    Ok(merged)
}

fn last_applied(observed: &Value) -> Result<Value, String> {
    match observed["metadata"]["annotations"][LAST_APPLIED].as_str() {
        None | Some("") => Ok(Value::Null),
        Some(text) => serde_json::from_str(text).map_err(|error| format!("the annotation {LAST_APPLIED} is not JSON: {error}")),
    }
}

/// Writes the annotation.
pub fn remember_last_applied(object: &mut Value, desired: &Value) {
    object::metadata(object, "annotations").insert(LAST_APPLIED.into(), go_json(desired).into());
}

/// Takes the annotation away; nobody applies it.
pub fn forget_last_applied(object: &mut Value) {
    if let Some(annotations) = object.pointer_mut("/metadata/annotations").and_then(Value::as_object_mut) {
        annotations.remove(LAST_APPLIED);
    }
}

/// JSON as Go writes it: fit for HTML.
fn go_json(value: &Value) -> String {
    let escapes = [('<', "\\u003c"), ('>', "\\u003e"), ('&', "\\u0026"), ('\u{2028}', "\\u2028"), ('\u{2029}', "\\u2029")];
    escapes.iter().fold(value.to_string(), |text, (from, to)| text.replace(*from, to))
}

/// A member is as it was, also when it was not there.
fn revert(object: &mut Value, before: &Value, member: &str) {
    let Some(object) = object.as_object_mut() else { return };
    match before.get(member) {
        Some(value) => drop(object.insert(member.into(), value.clone())),
        None => drop(object.remove(member)),
    }
}

/// The type of what is there decides; what is of another type counts as nothing.
fn merge(there: Value, last: &Value, desired: &Value) -> Value {
    match there {
        Value::Object(mut there) => {
            merge_maps(&mut there, last.as_object().unwrap_or(&Map::new()), desired.as_object().unwrap_or(&Map::new()));
            there.into()
        }
        Value::Array(there) => merge_lists(there, items(last), items(desired)).into(),
        _ => desired.clone(),
    }
}

fn items(value: &Value) -> &[Value] {
    value.as_array().map_or(&[], Vec::as_slice)
}

fn merge_maps(there: &mut Map<String, Value>, last: &Map<String, Value>, desired: &Map<String, Value>) {
    there.retain(|key, _| desired.contains_key(key) || !last.contains_key(key));
    for (key, desired) in desired {
        let value = there.remove(key).unwrap_or_default();
        there.insert(key.clone(), merge(value, last.get(key).unwrap_or(&Value::Null), desired));
    }
}

fn merge_lists(there: Vec<Value>, last: &[Value], desired: &[Value]) -> Vec<Value> {
    match merge_key(&[&there, last, desired]) {
        Some(key) => merge_by(key, &there, last, desired),
        None => desired.to_vec(),
    }
}

/// The order of what is there stays, new items come last. Of several items with one key the last one counts, in each of their places.
fn merge_by(key: &str, there: &[Value], last: &[Value], desired: &[Value]) -> Vec<Value> {
    let by_key = |list: &[Value]| -> Map<String, Value> { list.iter().map(|item| (text(&item[key]), item.clone())).collect() };
    let mut merged = by_key(there);
    merge_maps(&mut merged, &by_key(last), &by_key(desired));
    let old = there.iter().map(|item| text(&item[key]));
    let known: BTreeSet<String> = old.clone().collect();
    let new = desired.iter().map(|item| text(&item[key])).filter(|key| !known.contains(key));
    let mut seen = BTreeSet::new();
    let new = new.filter(|key| seen.insert(key.clone()));
    old.chain(new).filter_map(|key| merged.get(&key).cloned()).collect()
}

fn text(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

/// The member by which lists are merged: the first well-known one that every item of every list has.
pub fn merge_key(lists: &[&[Value]]) -> Option<&'static str> {
    let items: Option<Vec<&Map<String, Value>>> = lists.iter().flat_map(|list| list.iter()).map(Value::as_object).collect();
    let items = items.filter(|items| !items.is_empty())?;
    MERGE_KEYS.into_iter().find(|key| items.iter().all(|item| item.contains_key(*key)))
}

/// Lists of an object that would be merged by a member of which two items have the same value, or whose items would not come out in
/// the order in which they are desired: by path, the member and the value.
pub fn traps(desired: &Value) -> Vec<String> {
    let mut found = Vec::new();
    walk(desired, "", &mut found);
    found
}

fn walk(value: &Value, path: &str, found: &mut Vec<String>) {
    match value {
        Value::Object(members) => members.iter().for_each(|(name, value)| walk(value, &format!("{path}.{name}"), found)),
        Value::Array(items) => {
            if let Some(key) = merge_key(&[items]) {
                let mut counts = BTreeMap::new();
                items.iter().for_each(|item| *counts.entry(text(&item[key])).or_insert(0) += 1);
                let twice = counts.into_iter().filter(|(_, count)| *count > 1);
                found.extend(twice.map(|(value, _)| format!("{path}: {key} {value} is there twice")));
            }
            items.iter().enumerate().for_each(|(at, item)| walk(item, &format!("{path}[{at}]"), found));
        }
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    /// A list that was applied, is there as it was applied, and is to be another one.
    fn list(there: Value, desired: Value) -> Value {
        merge(there.clone(), &there, &desired)
    }

    #[test]
    fn a_member_that_is_no_longer_desired_goes_and_one_of_others_stays() {
        let there = json!({"a": 1, "b": 2, "foreign": 3, "map": {"x": 1, "foreign": 1}});
        let merged = merge(there, &json!({"a": 1, "b": 2, "map": {"x": 1}}), &json!({"b": 5, "map": {}}));
        assert_eq!(merged, json!({"b": 5, "foreign": 3, "map": {"foreign": 1}}));
    }

    #[test]
    fn lists_are_merged_by_the_first_well_known_member_of_all_items() {
        let key = |list: Value| merge_key(&[list.as_array().unwrap()]);
        assert_eq!(key(json!([{"name": "a", "port": 1}, {"name": "b", "port": 2}])), Some("port"));
        assert_eq!(key(json!([{"name": "a", "port": 1}, {"name": "b"}])), Some("name"));
        assert_eq!(key(json!([{"name": "a"}, {"port": 1}])), None);
        assert_eq!((key(json!([])), key(json!(["name"]))), (None, None));
    }

    #[test]
    fn two_backends_on_one_port_collapse_to_the_last() {
        let backends = json!([{"name": "stable", "port": 80, "weight": 90}, {"name": "canary", "port": 80, "weight": 10}]);
        let canary = &backends[1];
        assert_eq!(list(backends.clone(), backends.clone()), json!([canary, canary]));
        assert_eq!(traps(&json!({"spec": {"refs": backends}})), [".spec.refs: port 80 is there twice"]);
    }

    #[test]
    fn two_servers_with_an_equal_port_object_lose_one() {
        let servers = json!([{"port": {"number": 80}, "hosts": ["a"]}, {"port": {"number": 80}, "hosts": ["b"]}]);
        assert_eq!(list(servers.clone(), servers.clone()), json!([servers[1], servers[1]]));
        assert_eq!(traps(&servers).len(), 1);
    }

    #[test]
    fn a_named_rule_that_is_inserted_first_lands_last() {
        let merged = list(json!([{"name": "all"}]), json!([{"name": "pinned"}, {"name": "all"}]));
        assert_eq!(merged, json!([{"name": "all"}, {"name": "pinned"}]));
    }

    #[test]
    fn rules_without_names_are_replaced_as_a_whole() {
        let rules = json!([{"match": [{"uri": {"prefix": "/x"}}], "name": "x"}, {"route": []}]);
        assert_eq!(list(json!([{"route": [{"weight": 1}]}]), rules.clone()), rules);
    }

    #[test]
    fn a_container_of_others_is_kept() {
        let there = json!([{"name": "model", "image": "1"}, {"name": "foreign"}]);
        let merged = merge(there, &json!([{"name": "model", "image": "1"}]), &json!([{"name": "model", "image": "2"}]));
        assert_eq!(merged, json!([{"name": "model", "image": "2"}, {"name": "foreign"}]));
    }

    #[test]
    fn unchanged_is_equal_and_what_the_server_wrote_stays() {
        let desired = json!({"metadata": {"name": "x", "annotations": {"a": "<b>"}}, "spec": {"n": 1}, "status": {"n": 9}});
        let mut observed = desired.clone();
        remember_last_applied(&mut observed, &desired);
        observed["metadata"]["uid"] = "u".into();
        observed["status"] = json!({"n": 2});
        assert!(observed["metadata"]["annotations"][LAST_APPLIED].as_str().unwrap().contains("\\u003cb\\u003e"));
        assert_eq!(updated(&observed, &desired).unwrap(), observed);
        let mut other = desired.clone();
        other["spec"]["n"] = json!(1.0);
        assert_ne!(updated(&observed, &other).unwrap(), observed, "1.0 is not 1");
    }

    #[test]
    fn a_stub_strips_what_was_applied() {
        let mut observed = json!({"metadata": {"name": "x"}, "spec": {"ours": 1, "foreign": 2}});
        remember_last_applied(&mut observed, &json!({"metadata": {"name": "x"}, "spec": {"ours": 1}}));
        let updated = updated(&observed, &json!({"metadata": {"name": "x"}})).unwrap();
        assert_eq!(updated.get("spec"), None, "the whole member goes, with what others have there");
    }
}
