//! Accessors into objects that stay JSON.

use serde_json::{Map, Value, json};

/// What the API server writes into metadata.
pub const SYSTEM_METADATA: [&str; 8] = [
    "selfLink",
    "uid",
    "resourceVersion",
    "generation",
    "creationTimestamp",
    "deletionTimestamp",
    "deletionGracePeriodSeconds",
    "managedFields",
];

/// Finalizers of the garbage collector: it acts on the dependants, so nobody else does.
const OF_THE_COLLECTOR: [&str; 2] = ["foregroundDeletion", "orphan"];

/// A text of the metadata; empty where it is not there.
pub fn text<'a>(object: &'a Value, member: &str) -> &'a str {
    object["metadata"][member].as_str().unwrap_or_default()
}

/// The unique id.
pub fn uid(object: &Value) -> &str {
    text(object, "uid")
}

/// The generation; 0 where the kind has none.
pub fn generation(object: &Value) -> i64 {
    object["metadata"]["generation"].as_i64().unwrap_or_default()
}

/// Whether it is being deleted.
pub fn is_terminating(object: &Value) -> bool {
    !object["metadata"]["deletionTimestamp"].is_null()
}

/// `namespace/name`, or the name alone.
pub fn qualified_name(object: &Value) -> String {
    match text(object, "namespace") {
        "" => text(object, "name").into(),
        namespace => format!("{namespace}/{}", text(object, "name")),
    }
}

/// `Deployment titanic/titanic-v1`, for messages.
pub fn label(object: &Value) -> String {
    format!("{} {}", object["kind"].as_str().unwrap_or_default(), qualified_name(object))
}

/// The key of an object's group in requests: `Service.v1`, `Deployment.apps/v1`.
pub fn group_key(object: &Value) -> String {
    let member = |name: &str| object[name].as_str().unwrap_or_default();
    format!("{}.{}", member("kind"), member("apiVersion"))
}

/// The API group of `apps/v1`; empty for `v1`.
pub fn group(api_version: &str) -> &str {
    api_version.split_once('/').map_or("", |(group, _)| group)
}

/// The reference to the owner that is the controller.
pub fn controller(object: &Value) -> Option<&Value> {
    let owners = object["metadata"]["ownerReferences"].as_array()?;
    owners.iter().find(|owner| owner["controller"] == true)
}

/// The reference by which a parent owns its children.
pub fn reference(parent: &Value) -> Value {
    json!({
        "apiVersion": parent["apiVersion"], "kind": parent["kind"], "name": parent["metadata"]["name"], "uid": parent["metadata"]["uid"],
        "controller": true, "blockOwnerDeletion": true,
    })
}

/// Adds an owner unless it is one already.
pub fn add_owner(object: &mut Value, reference: Value) {
    let owners = list(object, "ownerReferences");
    if !owners.iter().any(|owner| owner["uid"] == reference["uid"]) {
        owners.push(reference);
    }
}

/// Takes an owner away.
pub fn remove_owner(object: &mut Value, uid: &str) {
    let owners = list(object, "ownerReferences");
    owners.retain(|owner| owner["uid"] != uid);
}

/// Whether it has a finalizer.
pub fn has_finalizer(object: &Value, name: &str) -> bool {
    object["metadata"]["finalizers"].as_array().is_some_and(|finalizers| finalizers.iter().any(|one| one == name))
}

/// Whether the garbage collector deals with its dependants.
pub fn is_collected(object: &Value) -> bool {
    OF_THE_COLLECTOR.iter().any(|name| has_finalizer(object, name))
}

/// Adds or removes a finalizer; whether that changed anything.
pub fn set_finalizer(object: &mut Value, name: &str, wanted: bool) -> bool {
    if has_finalizer(object, name) == wanted {
        return false;
    }
    let finalizers = list(object, "finalizers");
    if wanted {
        finalizers.push(name.into())
    } else {
        finalizers.retain(|one| one != name)
    }
    true
}

/// A map of the metadata, made where it is not there.
pub fn metadata<'a>(object: &'a mut Value, member: &str) -> &'a mut Map<String, Value> {
    let map = &mut object["metadata"][member];
    if !map.is_object() {
        *map = json!({});
    }
    map.as_object_mut().unwrap_or_else(|| unreachable!("it was just made"))
}

fn list<'a>(object: &'a mut Value, member: &str) -> &'a mut Vec<Value> {
    let list = &mut object["metadata"][member];
    if !list.is_array() {
        *list = json!([]);
    }
    list.as_array_mut().unwrap_or_else(|| unreachable!("it was just made"))
}
