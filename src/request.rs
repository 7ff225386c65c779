//! The exact API requests. A test compares them with those of `kube-core`, which itself would bring `http`'s types for requests, and by
//! them the standard library, into the component.
//!
//! Shapes: <https://kubernetes.io/docs/reference/using-api/server-side-apply/>.

use crate::json::{member, texts, tree};
use crate::kinds::{Key, Kind};
use crate::list::Listed;
use crate::names;
use crate::observation::{Host, SERVER_FIELDS, items, set, text};
use crate::plan::{Expect, Guard, Request};
use alloc::collections::BTreeMap;
use alloc::string::String;
use alloc::vec::Vec;
use serde_json::{Map, Value};

/// Server-side apply of `body`. Without `force` somebody else's fields are a 409.
pub fn apply(key: &Key, body: Value, manager: &str, force: bool) -> Request {
    let query: &[_] = &[("fieldManager", manager), ("fieldValidation", "Strict"), ("force", "true")];
    let query = if force { query } else { query.get(..2).unwrap_or(query) };
    request(key, "PATCH", "application/apply-patch+yaml", query, body)
}

/// An apply that only creates: an existing object is a 409, so nobody's object is ever taken over.
pub fn create(key: &Key, mut body: Value, manager: &str, force: bool) -> Request {
    set(&mut body, &["metadata", "resourceVersion"], Value::from("1"));
    apply(key, body, manager, force)
}

/// An apply that only updates the object with the observed uid; with its resourceVersion, too, where the guard has one.
pub fn update(key: &Key, mut body: Value, manager: &str, force: bool, observed: &Guard) -> Request {
    set(&mut body, &["metadata", "uid"], Value::from(observed.uid.as_str()));
    if !observed.resource_version.is_empty() {
        set(&mut body, &["metadata", "resourceVersion"], Value::from(observed.resource_version.as_str()));
    }
    apply(key, body, manager, force)
}

/// A delete of the object with the observed uid; with its resourceVersion, too, when the decision rests on its content.
pub fn delete(key: &Key, observed: &Guard, exact: bool) -> Request {
    let policy = if key.kind == Kind::Deployment { "Foreground" } else { "Background" };
    let mut body =
        tree(&mut [("propagationPolicy", policy.into()), ("preconditions", tree(&mut [("uid", observed.uid.as_str().into())]))]);
    if exact {
        set(&mut body, &["preconditions", "resourceVersion"], Value::from(observed.resource_version.as_str()));
    }
    request(key, "DELETE", "application/json", &[], body)
}

/// A merge patch that replaces the finalizers of an observed custom resource.
pub fn finalizers(key: &Key, finalizers: &[String], manager: &str, observed: &Guard) -> Request {
    let metadata = tree(&mut [("finalizers", texts(finalizers)), ("resourceVersion", observed.resource_version.as_str().into())]);
    merge(key, tree(&mut [("metadata", metadata)]), manager)
}

/// A merge patch that makes a Deployment replace its pods at once, without what a rolling update had left behind.
pub fn recreate(key: &Key, manager: &str, observed: &Guard) -> Request {
    let metadata = tree(&mut [("resourceVersion", observed.resource_version.as_str().into())]);
    let strategy = tree(&mut [("rollingUpdate", Value::Null), ("type", "Recreate".into())]);
    let spec = tree(&mut [("strategy", strategy)]);
    merge(key, tree(&mut [("metadata", metadata), ("spec", spec)]), manager)
}

/// A merge patch that replaces the managedFields of an observed object.
pub fn managed_fields(key: &Key, entries: Vec<Value>, manager: &str, observed: &Guard) -> Request {
    let guard = observed.resource_version.as_str().into();
    let metadata = tree(&mut [("managedFields", Value::Array(entries)), ("resourceVersion", guard)]);
    merge(key, tree(&mut [("metadata", metadata)]), manager)
}

fn merge(key: &Key, body: Value, manager: &str) -> Request {
    request(key, "PATCH", "application/merge-patch+json", &[("fieldManager", manager)], body)
}

/// An apply of the status of an observed custom resource.
pub fn status(key: &Key, status: &Value, uid: &str) -> Request {
    let body = tree(&mut [
        ("apiVersion", key.kind.api().into()),
        ("kind", key.kind.name().into()),
        (
            "metadata",
            tree(&mut [("name", key.name.as_str().into()), ("namespace", key.namespace.as_str().into()), ("uid", uid.into())]),
        ),
        ("status", status.clone()),
    ]);
    let mut request = apply(key, body, names::STATUS_MANAGER, true);
    request.path.push_str("/status");
    request
}

/// How a host reads the answer to a create or update.
pub fn expect_write() -> Expect {
    Expect { done: vec![200, 201], observe_again: vec![404, 409, 422], gone: vec![] }
}

/// How a host reads the answer to a delete.
pub fn expect_delete() -> Expect {
    Expect { done: vec![200, 202], observe_again: vec![409, 422], gone: vec![404] }
}

/// What we apply for a custom resource from a file: what the user wrote, without what only servers write, with our finalizer where
/// a host that makes its own calls needs it.
pub fn intent(key: &Key, resource: &Value, host: Host) -> Value {
    let mut intent = resource.clone();
    if let Some(object) = intent.as_object_mut() {
        object.remove("status");
    }
    let metadata = intent.get_mut("metadata").and_then(Value::as_object_mut);
    let Some(metadata) = metadata else { return intent };
    for field in SERVER_FIELDS {
        metadata.remove(field);
    }
    if host == Host::Direct && has_finalizer(key.kind) {
        add_finalizer(metadata);
    }
    intent
}

/// Whether hosts that make their own calls put our finalizer on the kind.
pub fn has_finalizer(kind: Kind) -> bool {
    matches!(kind, Kind::Model | Kind::EndpointConfig)
}

fn add_finalizer(metadata: &mut Map<String, Value>) {
    let finalizers = member(metadata, "finalizers", Value::Array(Vec::new()));
    let Some(finalizers) = finalizers.and_then(Value::as_array_mut) else { return };
    if !finalizers.iter().any(|finalizer| finalizer == names::FINALIZER) {
        finalizers.push(Value::from(names::FINALIZER));
    }
}

/// uid and resourceVersion of an observed object.
pub fn guard(object: &Value) -> Guard {
    Guard {
        uid: text(object, &["metadata", "uid"]).into(),
        resource_version: text(object, &["metadata", "resourceVersion"]).into(),
    }
}

/// The finalizers of an object.
pub fn finalizers_of(object: &Value) -> Vec<String> {
    items(object, &["metadata", "finalizers"]).iter().filter_map(Value::as_str).map(String::from).listed()
}

/// Adds what a host that makes its own calls writes on namespaced children: the owner and its uid as a label.
pub fn owned(mut body: Value, owner: &Key, uid: &str) -> Value {
    let reference = tree(&mut [
        ("apiVersion", owner.kind.api().into()),
        ("kind", owner.kind.name().into()),
        ("name", owner.name.as_str().into()),
        ("uid", uid.into()),
        ("controller", true.into()),
        ("blockOwnerDeletion", true.into()),
    ]);
    set(&mut body, &["metadata", "ownerReferences"], Value::Array(vec![reference]));
    set(&mut body, &["metadata", "labels", names::CONTROLLER_UID], Value::from(uid));
    body
}

fn request(key: &Key, method: &str, content_type: &str, parameters: &[(&str, &str)], body: Value) -> Request {
    let mut query = BTreeMap::new();
    for (name, value) in parameters {
        query.insert((*name).into(), encoded(value));
    }
    Request { method: method.into(), path: path(key), query, content_type: content_type.into(), body }
}

fn path(key: &Key) -> String {
    let prefix = if key.kind.group().is_empty() { "/api" } else { "/apis" };
    let namespace = match key.namespace.as_str() {
        "" => String::new(),
        namespace => format!("/namespaces/{}", encoded(namespace)),
    };
    format!("{prefix}/{}{namespace}/{}/{}", key.kind.api(), key.kind.plural(), encoded(&key.name))
}

/// A part of a URL: what is not plain is escaped, so that it stays one part.
fn encoded(text: &str) -> String {
    let mut encoded = String::new();
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"*-._".contains(&byte) {
            encoded.push(char::from(byte));
        } else {
            encoded.push_str(&format!("%{byte:02X}"));
        }
    }
    encoded
}

/// The API requests that create a custom resource.
pub fn create_resource(key: &Key, resource: &Value, manager: &str) -> Request {
    create(key, intent(key, resource, Host::Direct), manager, false)
}

/// The API request that updates an observed custom resource.
pub fn update_resource(key: &Key, resource: &Value, observed: &Value, manager: &str) -> Request {
    let uid_alone = Guard { resource_version: String::new(), ..guard(observed) };
    update(key, intent(key, resource, Host::Direct), manager, false, &uid_alone)
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::string::ToString;
    use kube_core::params::{DeleteParams, Patch, PatchParams, ValidationDirective};

    const MANAGER: &str = "ops@example.com/v1*";

    /// Method, path, query and content type. kube-core leaves a bare `?` and sometimes a leading `&` in the URI.
    fn parts(built: &http::Request<Vec<u8>>) -> (String, String, Vec<String>, String) {
        let mut query: Vec<String> = built.uri().query().unwrap_or("").split('&').map(String::from).collect();
        query.retain(|pair| !pair.is_empty());
        query.sort();
        let content_type = built.headers()[http::header::CONTENT_TYPE].to_str().expect("text").into();
        (built.method().to_string(), built.uri().path().into(), query, content_type)
    }

    fn ours(request: &Request) -> (String, String, Vec<String>, String) {
        let query = request.query.iter().map(|(name, value)| format!("{name}={value}")).collect();
        (request.method.clone(), request.path.clone(), query, request.content_type.clone())
    }

    #[test]
    fn requests_are_those_of_kube_core() {
        for kind in Kind::ALL {
            for namespace in ["", "team-a"] {
                let key = Key::new(kind, namespace, "a.name-1");
                let folder = if key.namespace.is_empty() { "" } else { "/namespaces/team-a" };
                let root = if kind.group().is_empty() { "/api" } else { "/apis" };
                let theirs = kube_core::Request::new(format!("{root}/{}{folder}/{}", kind.api(), kind.plural()));
                for force in [false, true] {
                    let field_validation = Some(ValidationDirective::Strict);
                    let params =
                        PatchParams { force, field_manager: Some(MANAGER.into()), field_validation, ..PatchParams::default() };
                    let built = theirs.patch(&key.name, &params, &Patch::Apply(&())).expect("a request");
                    assert_eq!(ours(&apply(&key, Value::Null, MANAGER, force)), parts(&built));
                }
                let params = PatchParams { field_manager: Some(MANAGER.into()), ..PatchParams::default() };
                let built = theirs.patch(&key.name, &params, &Patch::Merge(&())).expect("a request");
                assert_eq!(ours(&merge(&key, Value::Null, MANAGER)), parts(&built));
                let params = PatchParams {
                    field_manager: Some(names::STATUS_MANAGER.into()),
                    field_validation: Some(ValidationDirective::Strict),
                    force: true,
                    ..PatchParams::default()
                };
                let built = theirs.patch_subresource("status", &key.name, &params, &Patch::Apply(&())).expect("a request");
                assert_eq!(ours(&status(&key, &Value::Null, "uid")), parts(&built));
                let built = theirs.delete(&key.name, &DeleteParams::default()).expect("a request");
                assert_eq!(ours(&delete(&key, &guard(&Value::Null), false)), parts(&built));
            }
        }
    }

    #[test]
    fn a_name_stays_one_part_of_its_path() {
        let path = path(&Key::new(Kind::Model, "ns", "../a b?é"));
        assert_eq!(path, "/apis/mlops.internal/v1alpha1/namespaces/ns/models/..%2Fa%20b%3F%C3%A9");
    }
}
