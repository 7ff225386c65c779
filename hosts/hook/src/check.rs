//! The answer of the component, looked at once more before it leaves: whatever Metacontroller gets, it does, with every right there is.
//!
//! No rule of Modelwright is here. What is checked is that the answer is one of this hook, of a bearable size, with objects that the
//! controller declares, and complete: children that are missing are deleted, so an answer without a list of them never leaves.

use crate::call::{Call, Controller};
use modelwright_embed::Hook;
use serde_json::{Map, Value};

/// Bytes of an answer.
const BYTES: usize = 4 << 20;
/// Objects of an answer. The volumes of a namespace are one answer, so that this is how many Models with static volumes it may have.
const OBJECTS: usize = 10_000;

/// What the log and the metrics say about an answer that may leave.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Checked {
    /// The reason of the condition `Accepted=False`: nothing of the parent is touched.
    pub hold: Option<String>,
}

/// Checks a body that the component answered with 200; the error is one sentence. `namespace` is that of the parent, empty where it has
/// none.
pub fn check(call: Call, namespace: &str, body: &str) -> Result<Checked, String> {
    if body.len() > BYTES {
        return Err(format!("the answer has {} bytes, more than {BYTES}", body.len()));
    }
    let answer: Value = serde_json::from_str(body).map_err(|_| "the answer is not JSON".to_owned())?;
    let Value::Object(members) = answer else { return Err("the answer is not an object".into()) };
    match call.hook {
        Hook::Customize => only(&members, &["relatedResources"]).and_then(|()| related(&members)),
        Hook::Decorate => {
            only(&members, &["attachments"])?;
            objects(&members, "attachments", call.controller, namespace)
        }
        Hook::Review => Err("a review is no hook of a controller".into()),
        Hook::Sync | Hook::Finalize => {
            only(&members, &["status", "children", "resyncAfterSeconds", "finalized"])?;
            if !members.get("status").is_some_and(Value::is_object) {
                return Err("the answer has no status".into());
            }
            objects(&members, "children", call.controller, namespace)
        }
    }?;
    Ok(Checked { hold: hold(&members) })
}

fn only(members: &Map<String, Value>, known: &[&str]) -> Result<(), String> {
    match members.keys().find(|name| !known.contains(&name.as_str())) {
        Some(other) => Err(format!("the answer has the unknown member {other:?}")),
        None => Ok(()),
    }
}

fn list<'a>(members: &'a Map<String, Value>, name: &str) -> Result<&'a [Value], String> {
    let list = members.get(name).and_then(Value::as_array).ok_or_else(|| format!("the answer has no list of {name}"))?;
    match list.len() > OBJECTS {
        true => Err(format!("the answer has {} {name}, more than {OBJECTS}", list.len())),
        false => Ok(list),
    }
}

fn objects(members: &Map<String, Value>, name: &str, controller: &Controller, namespace: &str) -> Result<(), String> {
    list(members, name)?.iter().try_for_each(|object| belongs(object, controller, namespace))
}

/// A kind that is not declared would be created and never be seen again, one in another namespace would be collected at once.
fn belongs(object: &Value, controller: &Controller, namespace: &str) -> Result<(), String> {
    let text = |pointer: &str| object.pointer(pointer).and_then(Value::as_str).unwrap_or("");
    let (api, kind) = (text("/apiVersion"), text("/kind"));
    if !controller.children.iter().any(|child| child.api == api && child.kind == kind) {
        return Err(format!("the answer has an object of kind {kind:?} ({api:?}), which {} do not have", controller.plural));
    }
    if text("/metadata/name").is_empty() {
        return Err(format!("the answer has a {kind} without a name"));
    }
    let of_object = object.pointer("/metadata/namespace");
    let fits = of_object.is_none_or(|of_object| *of_object == namespace);
    match fits && object.pointer("/metadata/ownerReferences").is_none() {
        true => Ok(()),
        false => Err(format!("the answer has a {kind} of another namespace or owner")),
    }
}

fn related(members: &Map<String, Value>) -> Result<(), String> {
    let named = |rule: &Value, name: &str| rule.get(name).and_then(Value::as_str).is_some_and(|text| !text.is_empty());
    let rules = list(members, "relatedResources")?;
    if !rules.iter().all(|rule| named(rule, "apiVersion") && named(rule, "resource")) {
        return Err("the answer relates something without apiVersion and resource".into());
    }
    match rules.iter().any(|rule| rule["resource"] == "secrets") {
        true => Err("the answer relates Secrets".into()),
        false => Ok(()),
    }
}

fn hold(members: &Map<String, Value>) -> Option<String> {
    let conditions = members.get("status")?.get("conditions")?.as_array()?;
    let refused = conditions.iter().find(|condition| condition["type"] == "Accepted" && condition["status"] == "False")?;
    let reason = refused["reason"].as_str().filter(|reason| is_word(reason));
    Some(reason.unwrap_or("Other").to_owned())
}

/// Reasons of conditions are single words; only those become labels.
fn is_word(text: &str) -> bool {
    (1..=64).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_alphanumeric())
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn checked(hook: &str, plural: &str, body: &Value) -> Result<Checked, String> {
        let namespace = if plural == "namespaces" { "" } else { "titanic" };
        check(Call::find(hook, plural).expect("a path"), namespace, &body.to_string())
    }

    fn child(api: &str, kind: &str, metadata: &Value) -> Value {
        json!({"status": {}, "children": [{"apiVersion": api, "kind": kind, "metadata": metadata}]})
    }

    #[test]
    fn a_namespace_of_a_thousand_models_has_a_thousand_volumes() {
        let volume =
            |number| json!({"apiVersion": "v1", "kind": "PersistentVolume", "metadata": {"name": format!("a.m-{number}")}});
        let volumes: Vec<Value> = (0..1000).map(volume).collect();
        assert_eq!(checked("decorate", "namespaces", &json!({"attachments": volumes})), Ok(Checked::default()));
        let volumes: Vec<Value> = (0..=OBJECTS).map(volume).collect();
        assert!(checked("decorate", "namespaces", &json!({"attachments": volumes})).is_err());
    }

    #[test]
    fn what_the_controller_declares_may_leave() {
        let named = json!({"name": "titanic-v1", "namespace": "titanic"});
        for (hook, plural, body) in [
            ("sync", "models", child("apps/v1", "Deployment", &named)),
            ("finalize", "models", json!({"status": {}, "children": [], "resyncAfterSeconds": 0, "finalized": true})),
            ("sync", "endpoints", child("networking.istio.io/v1", "Gateway", &json!({"name": "titanic"}))),
            (
                "decorate",
                "namespaces",
                json!({"attachments": [{"apiVersion": "v1", "kind": "PersistentVolume", "metadata": {"name": "a.b"}}]}),
            ),
            ("customize", "models", json!({"relatedResources": [{"apiVersion": "v1", "resource": "services"}]})),
        ] {
            assert_eq!(checked(hook, plural, &body), Ok(Checked::default()), "{body}");
        }
    }

    #[test]
    fn what_would_delete_or_create_something_else_does_not_leave() {
        let named = json!({"name": "titanic-v1"});
        let many: Vec<Value> = (0..=OBJECTS).map(|_| json!({"apiVersion": "v1", "kind": "Service", "metadata": named})).collect();
        for (hook, plural, body) in [
            ("sync", "models", json!([])),
            ("sync", "models", json!({"status": {}})),
            ("sync", "models", json!({"status": null, "children": []})),
            ("sync", "models", json!({"status": {}, "children": null})),
            ("sync", "models", json!({"status": {}, "children": [], "labels": {}})),
            ("sync", "models", json!({"status": {}, "children": many})),
            ("sync", "models", child("v1", "PersistentVolume", &named)),
            ("sync", "models", child("rbac.authorization.k8s.io/v1", "ClusterRole", &named)),
            ("sync", "models", child("v1", "Service", &json!({}))),
            ("sync", "models", child("v1", "Service", &json!({"name": "a", "namespace": "kube-system"}))),
            ("sync", "models", child("v1", "Service", &json!({"name": "a", "ownerReferences": []}))),
            (
                "decorate",
                "namespaces",
                json!({"attachments": [{"apiVersion": "v1", "kind": "PersistentVolume", "metadata": {"name": "a", "namespace": "titanic"}}]}),
            ),
            ("decorate", "namespaces", json!({})),
            ("customize", "models", json!({"relatedResources": [{"apiVersion": "v1", "resource": "secrets"}]})),
            ("customize", "models", json!({"relatedResources": [{"resource": "services"}]})),
        ] {
            assert!(checked(hook, plural, &body).is_err(), "{body}");
        }
    }

    #[test]
    fn a_hold_is_told_by_its_condition() {
        let body =
            json!({"children": [], "status": {"conditions": [{"type": "Accepted", "status": "False", "reason": "Invalid"}]}});
        assert_eq!(checked("sync", "models", &body), Ok(Checked { hold: Some("Invalid".into()) }));
    }
}
