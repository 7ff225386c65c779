//! Two objects field by field: what an API server made of what it was asked, and of what was there.

use crate::format::Change;
use serde::Serialize;
use serde_json::Value;

/// What the API server writes by itself with every change.
const OF_THE_SERVER: [&str; 4] = [".metadata.managedFields", ".metadata.resourceVersion", ".metadata.generation", ".status"];

/// A field in which two objects differ.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Difference {
    /// Where, for people.
    pub path: String,
    /// The value of the first; `null` where it has none.
    pub before: Value,
    /// The value of the second; `null` where it has none.
    pub after: Value,
}

/// What of `asked` is otherwise in `got`, or not there. What `got` has besides does not matter.
pub fn missing(asked: &Value, got: &Value) -> Vec<Difference> {
    differences(asked, got, false)
}

/// Where `after` is not `before`, apart from what was foreseen and what the server writes by itself.
pub fn unforeseen(before: &Value, after: &Value, foreseen: &[Change]) -> Vec<Difference> {
    let without = |object: &Value| {
        let mut object = object.clone();
        foreseen.iter().for_each(|change| clear(&mut object, &change.path));
        object
    };
    differences(&without(before), &without(after), true)
}

fn differences(before: &Value, after: &Value, both_ways: bool) -> Vec<Difference> {
    let mut found = Vec::new();
    walk(before, after, both_ways, "", &mut found);
    for difference in &mut found {
        difference.path.remove(0);
    }
    found
}

fn walk(before: &Value, after: &Value, both_ways: bool, path: &str, found: &mut Vec<Difference>) {
    if is_nothing(before) && (is_nothing(after) || !both_ways) || OF_THE_SERVER.contains(&path) {
        return;
    }
    match (before, after) {
        (Value::Object(left), Value::Object(right)) => {
            let more = right.iter().filter(|(name, _)| both_ways && !left.contains_key(*name));
            for (name, _) in left.iter().chain(more) {
                let part = |members: &serde_json::Map<String, Value>| members.get(name).cloned().unwrap_or_default();
                walk(&part(left), &part(right), both_ways, &format!("{path}{}", step(name)), found);
            }
        }
        (Value::Array(left), Value::Array(right)) => {
            let (left, right) = (named(left), named(right));
            let more = right.iter().filter(|(name, _)| both_ways && left.iter().all(|(known, _)| known != name));
            for (name, _) in left.iter().chain(more) {
                let part = |items: &[(String, &Value)]| {
                    items.iter().find(|(known, _)| known == name).map_or(Value::Null, |(_, item)| (*item).clone())
                };
                walk(&part(&left), &part(&right), both_ways, &format!("{path}[{name}]"), found);
            }
        }
        _ if before == after => {}
        _ => found.push(Difference { path: path.into(), before: before.clone(), after: after.clone() }),
    }
}

/// Absent and empty mean the same to an API server.
fn is_nothing(value: &Value) -> bool {
    match value {
        Value::Null => true,
        Value::Array(items) => items.iter().all(Value::is_null),
        Value::Object(members) => members.values().all(is_nothing),
        _ => false,
    }
}

/// Items by their name, else by their place.
fn named(items: &[Value]) -> Vec<(String, &Value)> {
    let items = items.iter().enumerate().filter(|(_, item)| !item.is_null());
    items
        .map(|(place, item)| match item.get("name").and_then(Value::as_str) {
            Some(name) => (format!("name={name}"), item),
            None => (place.to_string(), item),
        })
        .collect()
}

fn step(name: &str) -> String {
    if name.contains(['.', '/']) { format!("[{name}]") } else { format!(".{name}") }
}

/// Takes the value at a path of a plan away; the places of others stay.
fn clear(object: &mut Value, path: &[Value]) {
    let mut value = object;
    for step in path {
        let next = match (step, value) {
            (Value::String(name), Value::Object(members)) => members.get_mut(name),
            (Value::Number(place), Value::Array(items)) => {
                place.as_u64().and_then(|place| items.get_mut(usize::try_from(place).unwrap_or(usize::MAX)))
            }
            (Value::Object(keys), Value::Array(items)) => {
                items.iter_mut().find(|item| keys.iter().all(|(key, value)| item.get(key) == Some(value)))
            }
            _ => None,
        };
        match next {
            Some(next) => value = next,
            None => return,
        }
    }
    *value = Value::Null;
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn paths(found: Vec<Difference>) -> Vec<String> {
        found.into_iter().map(|difference| difference.path).collect()
    }

    #[test]
    fn what_the_server_adds_is_not_missing() {
        let asked = json!({"spec": {"containers": [{"name": "a", "image": "x"}], "empty": {}, "replicas": 2}});
        let got = json!({"spec": {"containers": [{"name": "b"}, {"name": "a", "image": "x", "tty": false}], "replicas": 2}});
        assert_eq!(missing(&asked, &got), []);
        let got = json!({"spec": {"containers": [{"name": "a", "image": "y"}], "replicas": 1}});
        assert_eq!(paths(missing(&asked, &got)), ["spec.containers[name=a].image", "spec.replicas"]);
    }

    #[test]
    fn what_was_foreseen_is_not_unforeseen() {
        let before =
            json!({"metadata": {"generation": 1, "labels": {"a.b/c": "1"}}, "spec": {"list": [{"name": "a", "x": 1}], "y": 1}});
        let after =
            json!({"metadata": {"generation": 2}, "spec": {"list": [{"name": "a", "x": 2}, {"name": "b"}], "y": 2, "z": 3}});
        let change = |path: Value| Change { path: path.as_array().cloned().unwrap_or_default(), ..Change::default() };
        let foreseen = [change(json!(["spec", "list", {"name": "a"}, "x"])), change(json!(["spec", "z"]))];
        let found = paths(unforeseen(&before, &after, &foreseen));
        assert_eq!(found, ["metadata.labels", "spec.list[name=b]", "spec.y"]);
        assert_eq!(unforeseen(&before, &before, &[]), []);
    }
}
