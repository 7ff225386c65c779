//! Changes to JSON: merge patches (RFC 7396) and values at JSON Pointers (RFC 6901).

use serde_json::{Map, Value};

/// A merge patch: members that are `null` go, objects merge, anything else replaces.
pub fn merge(target: &mut Value, patch: &Value) {
    let Value::Object(patch) = patch else {
        *target = patch.clone();
        return;
    };
    if !target.is_object() {
        *target = Value::Object(Map::new());
    }
    let Some(members) = target.as_object_mut() else { return };
    for (name, change) in patch {
        if change.is_null() {
            members.remove(name);
        } else {
            merge(members.entry(name).or_insert(Value::Null), change);
        }
    }
}

/// Puts a value at a pointer whose parent is there.
pub fn put(target: &mut Value, pointer: &str, value: &Value) -> Result<(), String> {
    let (parent, last) = pointer.rsplit_once('/').ok_or_else(|| format!("{pointer:?} is not a JSON Pointer"))?;
    let nowhere = || format!("{pointer} leads nowhere");
    match target.pointer_mut(parent).ok_or_else(nowhere)? {
        Value::Object(members) => {
            members.insert(last.replace("~1", "/").replace("~0", "~"), value.clone());
        }
        Value::Array(items) => {
            let index: usize = last.parse().map_err(|_| nowhere())?;
            *items.get_mut(index).ok_or_else(nowhere)? = value.clone();
        }
        _ => return Err(nowhere()),
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_merge_patch_removes_merges_and_replaces() {
        let mut target = json!({"a": 1, "b": {"c": 2, "d": 3}, "e": [1, 2]});
        merge(&mut target, &json!({"a": null, "b": {"c": 4}, "e": [5]}));
        assert_eq!(target, json!({"b": {"c": 4, "d": 3}, "e": [5]}));
    }

    #[test]
    fn a_pointer_sets_null_and_elements() {
        let mut target = json!({"a": [{"b": 1}]});
        put(&mut target, "/a/0/b", &Value::Null).unwrap();
        assert_eq!(target, json!({"a": [{"b": null}]}));
        assert!(put(&mut target, "/x/y", &Value::Null).is_err());
    }
}
