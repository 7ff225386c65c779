//! Two clusters side by side: what an object is without what only its API server knows.

use crate::stage::Objects;
use modelwright::kinds::{Key, Kind};
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};

/// The fields that the last apply left to us.
pub fn owned(object: &Value) -> Value {
    let entries = object["metadata"]["managedFields"].as_array().cloned().unwrap_or_default();
    let ours =
        |entry: &&Value| entry["manager"] == "modelwright" && entry["operation"] == "Apply" && entry["subresource"].is_null();
    entries.iter().find(ours).map_or(Value::Null, |entry| entry["fieldsV1"].clone())
}

/// An object without what only the server knows.
pub fn as_written(kind: Kind, object: &Value) -> Value {
    let mut object = object.clone();
    // Nobody names it, so it comes from an admission plugin.
    let class_is_the_default = object["spec"]["storageClassName"] == "standard";
    let mut remove = |path: &[&str]| {
        let (last, way) = path.split_last().unwrap();
        let place = way.iter().try_fold(&mut object, |place, step| place.get_mut(*step));
        place.and_then(Value::as_object_mut).map(|members| members.remove(*last));
    };
    for field in
        ["uid", "resourceVersion", "managedFields", "creationTimestamp", "deletionTimestamp", "deletionGracePeriodSeconds"]
    {
        remove(&["metadata", field]);
    }
    remove(&["status"]);
    // Made by controllers.
    for annotation in [
        "deployment.kubernetes.io/revision",
        "pv.kubernetes.io/bind-completed",
        "pv.kubernetes.io/bound-by-controller",
        "volume.beta.kubernetes.io/storage-provisioner",
        "volume.kubernetes.io/storage-provisioner",
    ] {
        remove(&["metadata", "annotations", annotation]);
    }
    match kind {
        Kind::Service => {
            ["clusterIP", "clusterIPs"].iter().for_each(|field| remove(&["spec", field]));
            // A default of what somebody else has made of it.
            remove(&["spec", "externalTrafficPolicy"]);
        }
        // Protection against deletion.
        Kind::PersistentVolume => remove(&["metadata", "finalizers"]),
        Kind::PersistentVolumeClaim => {
            remove(&["metadata", "finalizers"]);
            if class_is_the_default {
                remove(&["spec", "storageClassName"]);
            }
        }
        _ => {}
    }
    match kind {
        Kind::PersistentVolume => ["uid", "resourceVersion"].iter().for_each(|field| remove(&["spec", "claimRef", field])),
        // Services, claims and volumes have no generation.
        _ if !kind.is_parent() && kind.group().is_empty() => remove(&["metadata", "generation"]),
        _ => {}
    }
    object
}

/// Everything by its label, uids as the labels of their objects.
pub fn comparable(objects: &Objects) -> BTreeMap<String, Value> {
    let uid = |object: &Value| object["metadata"]["uid"].as_str().unwrap_or_default().to_owned();
    let uids: BTreeMap<String, String> = objects.iter().map(|(key, object)| (uid(object), key.label())).collect();
    let provisioned = |key: &Key| key.kind == Kind::PersistentVolume && key.name.starts_with("pvc-");
    let kept = objects.iter().filter(|(key, _)| key.kind != Kind::Namespace && !provisioned(key));
    kept.map(|(key, object)| {
        let mut object = named(&as_written(key.kind, object), &uids);
        if !key.kind.is_parent() {
            // How often it was written differs.
            object["metadata"].as_object_mut().map(|metadata| metadata.remove("generation"));
        }
        if object["metadata"]["annotations"].as_object().is_some_and(|members| members.is_empty()) {
            object["metadata"].as_object_mut().map(|metadata| metadata.remove("annotations"));
        }
        (key.label(), object)
    })
    .collect()
}

fn named(value: &Value, uids: &BTreeMap<String, String>) -> Value {
    match value {
        Value::String(text) => match uids.get(text.strip_prefix("pvc-").unwrap_or(text)) {
            Some(label) => format!("uid of {label}").into(),
            None => value.clone(),
        },
        Value::Array(items) => items.iter().map(|item| named(item, uids)).collect(),
        Value::Object(members) => Value::Object(members.iter().map(|(name, value)| (name.clone(), named(value, uids))).collect()),
        _ => value.clone(),
    }
}

/// Members that differ, for reading.
pub fn differences(a: &Value, b: &Value, path: &str, found: &mut Vec<String>) {
    match (a, b) {
        (Value::Object(left), Value::Object(right)) => {
            let keys: BTreeSet<_> = left.keys().chain(right.keys()).collect();
            for key in keys {
                differences(&a[key.as_str()], &b[key.as_str()], &format!("{path}/{key}"), found);
            }
        }
        (Value::Array(left), Value::Array(right)) if left.len() == right.len() => {
            for (at, (a, b)) in left.iter().zip(right).enumerate() {
                differences(a, b, &format!("{path}/{at}"), found);
            }
        }
        _ if a == b => {}
        _ => found.push(format!("{path}: {a} and {b}")),
    }
}
