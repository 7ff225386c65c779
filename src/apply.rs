//! What an API server makes of a server-side apply: the merged object with its managedFields. Used to see what a file would make of
//! a live custom resource, and by the simulated cluster.
//!
//! After structured-merge-diff `merge/update.go`: merge, then take away what the manager owned alone and no longer wants, then
//! correct who owns what. No defaulting, no validation, no clock.

use crate::diff::compare::Walk;
use crate::diff::equal::{Index, key};
use crate::diff::owned::{Fields, Lookup, fields_of, is_member, read};
use crate::diff::tables::{self, Shape, Type};
use crate::json::{member, object, tree};
use crate::kinds::Kind;
use crate::list::{AddAll, Listed};
use crate::observation::{at, is_applied_by, items, set};
use alloc::string::String;
use alloc::vec::Vec;
use serde_json::{Map, Value};

/// Applies `intent` as `manager` (operation `Apply`, force) to `live` (`None`: it does not exist). Fields that `manager` owned alone
/// and no longer wants go; `metadata.managedFields` of the result says who owns what. No defaulting, no uid, no generation.
pub fn merge(kind: Kind, live: Option<&Value>, intent: &Value, manager: &str) -> Value {
    let of = tables::of(kind);
    let before = live.filter(|live| live.is_object());
    let mut merged = before.cloned().unwrap_or_else(|| Value::Object(Map::new()));
    identify(&mut merged, intent);
    Layer { strict: tables::is_strict(kind) }.lay(of, &mut merged, intent);
    let entries = before.map_or(&[][..], |live| items(live, &["metadata", "managedFields"]));
    if let Some(owned) = owned_before(entries, manager) {
        let others: Vec<&Fields> =
            entries.iter().filter(|entry| !is_applied_by(entry, manager)).filter_map(|entry| Some(read(entry)?.fields)).listed();
        prune(of, &mut merged, owned, Some(intent), &others, &[]);
    }
    let managed = managed_fields(of, entries, before, &merged, intent, manager);
    if !managed.is_empty() || !entries.is_empty() {
        set(&mut merged, &["metadata", "managedFields"], Value::Array(managed));
    }
    merged
}

/// JSON merge patch (RFC 7396): objects member by member, `null` removes, everything else replaces.
pub fn merge_patch(live: &Value, patch: &Value) -> Value {
    let Value::Object(patch) = patch else { return patch.clone() };
    let mut members = live.as_object().cloned().unwrap_or_default();
    for (name, value) in patch {
        if value.is_null() {
            members.remove(name);
        } else {
            let merged = merge_patch(members.get(name).unwrap_or(&Value::Null), value);
            members.insert(name.clone(), merged);
        }
    }
    Value::Object(members)
}

/// The members that say which object it is. Guards (`uid`, `resourceVersion`) are the server's.
fn identify(merged: &mut Value, intent: &Value) {
    for path in [&["apiVersion"][..], &["kind"], &["metadata", "name"], &["metadata", "namespace"]] {
        match at(intent, path) {
            Value::Null => {}
            value => set(merged, path, value.clone()),
        }
    }
}

/// Lays an intent over an object.
struct Layer {
    strict: bool,
}

impl Layer {
    fn lay(&self, of: &'static Type, place: &mut Value, intent: &Value) {
        match intent {
            Value::Null => {}
            Value::Object(members) if of.shape != Shape::Atomic => self.lay_members(of, place, members),
            Value::Array(wanted) if matches!(of.shape, Shape::Keyed(_)) => self.lay_elements(of, place, wanted),
            Value::Array(wanted) if of.shape == Shape::Set => lay_set(of, place, wanted),
            _ if self.says_the_same(of, place, intent) => {}
            _ => *place = without_nulls(intent),
        }
    }

    fn lay_members(&self, of: &'static Type, place: &mut Value, members: &Map<String, Value>) {
        let Some(object) = as_object(place) else { return };
        for (name, value) in members {
            let (below, _) = of.member(name);
            if below.shape != Shape::Ignored
                && !value.is_null()
                && let Some(place) = member(object, name, Value::Null)
            {
                self.lay(below, place, value);
            }
        }
    }

    /// Wanted elements in their order; those of others keep their places among them.
    fn lay_elements(&self, of: &'static Type, place: &mut Value, wanted: &[Value]) {
        let live = place.as_array_mut().map(core::mem::take).unwrap_or_default();
        let (index, found) = (Index::new(of, wanted), Index::new(of, &live));
        let matching: Vec<Option<usize>> = wanted.iter().map(|item| found.find(&key(of, item))).listed();
        let foreign: Vec<bool> = live.iter().map(|item| index.find(&key(of, item)).is_none()).listed();
        let mut rest = live.iter().zip(foreign).peekable();
        let mut merged = Vec::with_capacity(live.len().max(wanted.len()));
        for (at, item) in wanted.iter().enumerate() {
            if index.find(&key(of, item)) != Some(at) {
                continue;
            }
            while let Some((other, _)) = rest.next_if(|(_, foreign)| *foreign) {
                merged.push(other.clone());
            }
            rest.next();
            let known = matching.get(at).copied().flatten().and_then(|at| live.get(at));
            let mut element = known.cloned().unwrap_or_default();
            self.lay(of.element(), &mut element, item);
            merged.push(element);
        }
        merged.add_all(rest.filter(|(_, foreign)| *foreign).map(|(other, _)| other.clone()));
        *place = Value::Array(merged);
    }

    /// The server would write the same again, with its defaults and in its spelling. A custom resource is stored as it is written.
    fn says_the_same(&self, of: &'static Type, live: &Value, intent: &Value) -> bool {
        let mut walk = Walk::new(self.strict, "");
        walk.value(of, intent, live, true);
        !self.strict && !live.is_null() && walk.found.changes.is_empty()
    }
}

fn as_object(place: &mut Value) -> Option<&mut Map<String, Value>> {
    if !place.is_object() {
        *place = Value::Object(Map::new());
    }
    place.as_object_mut()
}

fn lay_set(of: &Type, place: &mut Value, wanted: &[Value]) {
    let mut values = place.as_array_mut().map(core::mem::take).unwrap_or_default();
    let (known, first) = (Index::new(of, &values), Index::new(of, wanted));
    let is_new = |(at, value): &(usize, &Value)| {
        let key = key(of, value);
        known.find(&key).is_none() && first.find(&key) == Some(*at)
    };
    let new: Vec<Value> = wanted.iter().enumerate().filter(is_new).map(|(_, value)| value.clone()).listed();
    values.add_all(new);
    *place = Value::Array(values);
}

fn without_nulls(value: &Value) -> Value {
    match value {
        Value::Object(members) => {
            let kept = members.iter().filter(|(_, value)| !value.is_null());
            Value::Object(object(&mut kept.map(|(name, value)| (name.clone(), without_nulls(value)))))
        }
        Value::Array(items) => Value::Array(items.iter().map(without_nulls).listed()),
        _ => value.clone(),
    }
}

fn fields(entry: &Value) -> Option<&Fields> {
    entry.get("fieldsV1")?.as_object()
}

/// What our only Apply entry owns. Several entries cannot be trusted with a removal.
fn owned_before<'a>(entries: &'a [Value], manager: &str) -> Option<&'a Fields> {
    let mut ours = entries.iter().filter(|entry| is_applied_by(entry, manager));
    let first = ours.next().and_then(fields);
    first.filter(|_| ours.next().is_none())
}

/// Takes away what is in `owned`, neither in the intent nor anybody else's.
fn prune(of: &'static Type, place: &mut Value, owned: &Fields, intent: Option<&Value>, others: &[&Fields], keys: &[&str]) {
    match place {
        Value::Object(members) => prune_members(of, members, owned, intent, others, keys),
        Value::Array(live) => prune_elements(of, live, owned, intent, others),
        _ => {}
    }
}

fn prune_members(
    of: &'static Type,
    members: &mut Map<String, Value>,
    owned: &Fields,
    intent: Option<&Value>,
    others: &[&Fields],
    keys: &[&str],
) {
    for (raw, below) in owned {
        let (Some(name), Value::Object(below)) = (raw.strip_prefix("f:"), below) else { continue };
        let (of, _) = of.member(name);
        let Some(child) = members.get_mut(name).filter(|_| of.shape != Shape::Ignored && !keys.contains(&name)) else { continue };
        let wanted = intent.and_then(|intent| intent.get(name)).filter(|wanted| !wanted.is_null());
        if is_gone(of, child, raw, below, wanted, others, &[]) {
            members.remove(name);
        }
    }
}

fn prune_elements(of: &'static Type, live: &mut Vec<Value>, owned: &Fields, intent: Option<&Value>, others: &[&Fields]) {
    let wanted = Lookup::new(of, intent.and_then(Value::as_array).map_or(&[][..], Vec::as_slice));
    let keys = match of.shape {
        Shape::Keyed(keys) => keys,
        _ => &[],
    };
    let found: Vec<_> = {
        let live = Lookup::new(of, live);
        owned.iter().filter_map(|(raw, below)| Some((live.find(raw)?, raw, below.as_object()?))).listed()
    };
    let mut gone = vec![false; live.len()];
    for (place, raw, below) in found {
        let (Some(child), Some(mark)) = (live.get_mut(place), gone.get_mut(place)) else { continue };
        let wanted = wanted.find(raw).and_then(|at| wanted.items.get(at));
        *mark = is_gone(of.element(), child, raw, below, wanted, others, keys);
    }
    let mut marks = gone.into_iter();
    live.retain(|_| !marks.next().unwrap_or(false));
}

/// Prunes one owned child; whether nothing of it is left.
fn is_gone(
    of: &'static Type,
    child: &mut Value,
    raw: &str,
    below: &Fields,
    wanted: Option<&Value>,
    others: &[&Fields],
    keys: &[&str],
) -> bool {
    let others: Vec<&Fields> = others.iter().filter_map(|other| other.get(raw)?.as_object()).listed();
    if wanted.is_none() && others.is_empty() && is_member(below) {
        return true;
    }
    let was_empty = is_empty(child);
    prune(of, child, below, wanted, &others, keys);
    // structured-merge-diff `typed/remove.go` leaves no empty list where it has removed something, wanted or not.
    let unwanted = wanted.is_none() && others.is_empty();
    !was_empty && is_empty(child) && (unwanted || child.is_array())
}

fn is_empty(value: &Value) -> bool {
    match value {
        Value::Object(members) => members.is_empty(),
        Value::Array(items) => items.is_empty(),
        _ => false,
    }
}

/// The entries after the apply: others lose what changed or went, ours owns what the intent says.
fn managed_fields(
    of: &'static Type,
    entries: &[Value],
    before: Option<&Value>,
    after: &Value,
    intent: &Value,
    manager: &str,
) -> Vec<Value> {
    let mut ours = Some(entry(of, intent, manager)).filter(|entry| fields(entry).is_some_and(|fields| !fields.is_empty()));
    let mut managed = Vec::with_capacity(entries.len().saturating_add(1));
    for entry in entries {
        if is_applied_by(entry, manager) {
            managed.add_all(ours.take());
        } else {
            managed.add_all(still_owned(of, entry, before, after));
        }
    }
    managed.add_all(ours);
    managed
}

fn entry(of: &Type, intent: &Value, manager: &str) -> Value {
    tree(&mut [
        ("manager", manager.into()),
        ("operation", "Apply".into()),
        ("apiVersion", at(intent, &["apiVersion"]).clone()),
        ("fieldsType", "FieldsV1".into()),
        ("fieldsV1", fields_of(of, intent).into()),
    ])
}

/// Somebody else's entry without the paths whose values changed; none when nothing is left of it or it cannot be read.
fn still_owned(of: &'static Type, entry: &Value, before: Option<&Value>, after: &Value) -> Option<Value> {
    let owned = read(entry)?.fields;
    let left = unchanged(of, owned, before, Some(after));
    if left.is_empty() && !owned.is_empty() {
        return None;
    }
    let mut entry = entry.clone();
    set(&mut entry, &["fieldsV1"], Value::Object(left));
    Some(entry)
}

fn unchanged(of: &'static Type, owned: &Fields, before: Option<&Value>, after: Option<&Value>) -> Fields {
    let (were, are) = (Lookup::new(of, list(before)), Lookup::new(of, list(after)));
    let mut left = Fields::new();
    for (raw, below) in owned {
        let below_of = raw.strip_prefix("f:").map_or(of.element(), |name| of.member(name).0);
        let kept = match (below, child(raw, before, &were), child(raw, after, &are)) {
            (Value::Object(below), was, Some(is)) => kept(below_of, below, was, is),
            (_, Some(_), None) => None,
            _ => Some(below.clone()),
        };
        left.extend(kept.map(|kept| (raw.clone(), kept)));
    }
    left
}

/// The value that an entry of FieldsV1 names; none for `.` and indices.
fn child<'a>(raw: &str, value: Option<&'a Value>, elements: &Lookup<'a>) -> Option<&'a Value> {
    match raw.strip_prefix("f:") {
        Some(name) => value?.get(name),
        None => elements.items.get(elements.find(raw)?),
    }
}

fn list(value: Option<&Value>) -> &[Value] {
    value.and_then(Value::as_array).map_or(&[], Vec::as_slice)
}

/// What is left of the ownership of one value.
fn kept(of: &'static Type, below: &Fields, was: Option<&Value>, is: &Value) -> Option<Value> {
    if below.is_empty() || of.shape == Shape::Atomic {
        let is_granular = is.is_object() && was.is_some_and(Value::is_object) && of.shape != Shape::Atomic;
        return (is_granular || was == Some(is)).then(|| Value::Object(below.clone()));
    }
    let left = unchanged(of, below, was, Some(is));
    (!left.is_empty()).then_some(Value::Object(left))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    const TABLE: &str = include_str!("../host-tests/tables/rfc7396.json");

    #[test]
    fn every_case_of_rfc_7396() {
        let table: Value = serde_json::from_str(TABLE).expect("the table is JSON");
        for case in items(&table, &["cases"]) {
            assert_eq!(merge_patch(&case["original"], &case["patch"]), case["result"], "{}", case["id"]);
        }
    }

    fn deployment(spec: Value) -> Value {
        json!({"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "m", "namespace": "ns"}, "spec": spec})
    }

    fn other(manager: &str, operation: &str, fields: Value) -> Value {
        json!({"manager": manager, "operation": operation, "apiVersion": "apps/v1", "fieldsType": "FieldsV1", "fieldsV1": fields})
    }

    #[test]
    fn an_apply_owns_what_it_says_and_nothing_else() {
        let intent = json!({
            "apiVersion": "v1", "kind": "Service",
            "metadata": {"name": "m", "namespace": "ns", "uid": "guard", "resourceVersion": "1", "labels": {"a": "b"}},
            "spec": {"selector": {"app": "m"}, "ports": [{"port": 80}]},
        });
        let merged = merge(Kind::Service, None, &intent, "us");
        assert_eq!(
            merged["metadata"]["managedFields"],
            json!([{
                "manager": "us", "operation": "Apply", "apiVersion": "v1", "fieldsType": "FieldsV1",
                "fieldsV1": {
                    "f:metadata": {"f:labels": {"f:a": {}}},
                    "f:spec": {
                        "f:ports": {"k:{\"port\":80,\"protocol\":\"TCP\"}": {".": {}, "f:port": {}}},
                        "f:selector": {},
                    },
                },
            }])
        );
        assert_eq!(merged["metadata"].get("uid"), None);
        assert_eq!(merged["metadata"].get("resourceVersion"), None);
    }

    #[test]
    fn what_we_owned_alone_goes_and_what_others_own_stays() {
        let intent = deployment(json!({"replicas": 3, "paused": true, "template": {"spec": {"containers": [
            {"name": "model", "image": "a:1", "env": [{"name": "A", "value": "1"}, {"name": "B", "value": "2"}]},
            {"name": "gor", "image": "g:1"},
        ]}}}));
        let mut live = merge(Kind::Deployment, None, &intent, "us");
        let entries = live["metadata"]["managedFields"].as_array_mut().expect("entries");
        entries.push(other("hpa", "Update", json!({"f:spec": {"f:replicas": {}}})));
        let less = deployment(json!({"template": {"spec": {"containers": [
            {"name": "model", "image": "a:1", "env": [{"name": "B", "value": "2"}]},
        ]}}}));
        let merged = merge(Kind::Deployment, Some(&live), &less, "us");
        assert_eq!(
            merged["spec"],
            json!({"replicas": 3, "template": {"spec": {"containers": [
                {"name": "model", "image": "a:1", "env": [{"name": "B", "value": "2"}]},
            ]}}})
        );
        assert_eq!(merged["metadata"]["managedFields"][1]["manager"], "hpa");
    }

    #[test]
    fn force_takes_what_changes_from_others() {
        let mut live = deployment(json!({"replicas": 5, "paused": true}));
        live["metadata"]["managedFields"] =
            json!([other("kubectl", "Update", json!({"f:spec": {"f:replicas": {}, "f:paused": {}}}))]);
        let merged = merge(Kind::Deployment, Some(&live), &deployment(json!({"replicas": 2, "paused": true})), "us");
        assert_eq!(merged["spec"], json!({"replicas": 2, "paused": true}));
        assert_eq!(merged["metadata"]["managedFields"][0]["fieldsV1"], json!({"f:spec": {"f:paused": {}}}));
        assert_eq!(merged["metadata"]["managedFields"][1]["fieldsV1"], json!({"f:spec": {"f:replicas": {}, "f:paused": {}}}));
    }

    #[test]
    fn what_the_server_would_write_again_stays_as_it_is() {
        let container = |cpu: &str, reference: Value| {
            deployment(json!({"template": {"spec": {"containers": [{
                "name": "model", "resources": {"limits": {"cpu": cpu}},
                "env": [{"name": "A", "valueFrom": {"fieldRef": reference}}],
            }]}}}))
        };
        let live = container("1", json!({"fieldPath": "p", "apiVersion": "v1"}));
        let merged = merge(Kind::Deployment, Some(&live), &container("1000m", json!({"fieldPath": "p"})), "us");
        assert_eq!(merged["spec"], live["spec"]);
        let model = |cpus: &str| json!({"spec": {"cpus": cpus}});
        assert_eq!(merge(Kind::Model, Some(&model("1")), &model("1000m"), "us")["spec"], model("1000m")["spec"]);
    }

    #[test]
    fn elements_of_others_keep_their_places_and_ours_their_order() {
        let live = deployment(json!({"template": {"spec": {"initContainers": [
            {"name": "istio"}, {"name": "b"}, {"name": "x"}, {"name": "a"}, {"name": "z"},
        ]}}}));
        let intent = deployment(json!({"template": {"spec": {"initContainers": [{"name": "a"}, {"name": "b"}]}}}));
        let merged = merge(Kind::Deployment, Some(&live), &intent, "us");
        let names: Vec<&str> = items(&merged, &["spec", "template", "spec", "initContainers"])
            .iter()
            .filter_map(|item| item["name"].as_str())
            .collect();
        assert_eq!(names, ["istio", "a", "x", "b", "z"]);
    }

    #[test]
    fn finalizers_are_a_set_and_without_managed_fields_nothing_goes() {
        let live = json!({"metadata": {"finalizers": ["foreign"], "labels": {"old": "1"}}, "spec": {"image": "a"}});
        let intent = json!({"metadata": {"finalizers": ["ours"]}, "spec": {"image": "b"}});
        let merged = merge(Kind::Model, Some(&live), &intent, "us");
        assert_eq!(merged["metadata"]["finalizers"], json!(["foreign", "ours"]));
        assert_eq!(merged["metadata"]["labels"], json!({"old": "1"}));
        assert_eq!(merged["metadata"]["managedFields"][0]["fieldsV1"]["f:metadata"]["f:finalizers"], json!({"v:\"ours\"": {}}));
    }
}
