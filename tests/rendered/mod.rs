//! Valid resources for tests, and what is rendered from them.
#![allow(dead_code, reason = "each test program uses its part")]

use modelwright::children::{ModelParts, of_model};
use modelwright::policy::Policy;
use modelwright::profile::Profile;
use modelwright::validate::{self, Model};
use serde_json::{Value, json};
use std::collections::BTreeMap;

pub const DIGEST: &str = "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08";

/// A JSON merge patch (RFC 7396).
pub fn patched(target: &mut Value, patch: &Value) {
    let Value::Object(fields) = patch else {
        *target = patch.clone();
        return;
    };
    if !target.is_object() {
        *target = json!({});
    }
    for (name, value) in fields {
        let object = target.as_object_mut().expect("an object");
        if value.is_null() {
            object.remove(name);
        } else {
            patched(object.entry(name).or_insert(Value::Null), value);
        }
    }
}

/// The Model of the example with a patch of its spec.
pub fn model(patch: Value) -> Model {
    let mut object = json!({
        "apiVersion": "mlops.internal/v1alpha1", "kind": "Model",
        "metadata": {"name": "titanic-v1", "namespace": "titanic", "generation": 7},
        "spec": {
            "image": "registry.example.com/titanic:1.4.2",
            "artifact": {"uri": "https://models.example.com/titanic/v1.tar.gz", "maxBytes": "10Gi", "sha256": DIGEST},
            "storage": {"size": "10Gi", "nfs": {"server": "nfs.example.internal", "path": "/exports/titanic"}},
        },
    });
    patched(&mut object["spec"], &patch);
    let policy = Policy::parse(&json!({"staticVolumes": "any"})).expect("a policy");
    let checked = validate::model(&object, &policy);
    checked.value.unwrap_or_else(|| panic!("{patch}: {:?}", checked.diagnostics))
}

/// Its children, with its own figures.
pub fn children(model: &Model) -> Vec<Value> {
    let shared = validate::shared(&model.storage).unwrap_or(false);
    rendered(model, shared, &BTreeMap::new())
}

pub fn rendered(model: &Model, shared: bool, images: &BTreeMap<String, String>) -> Vec<Value> {
    of_model(&ModelParts { model, figures: &model.figures, shared, profile: &Profile::newest(), images })
}

pub fn child(patch: Value, kind: &str) -> Value {
    children(&model(patch)).into_iter().find(|child| child["kind"] == kind).unwrap_or_default()
}

pub fn deployment(patch: Value) -> Value {
    child(patch, "Deployment")
}

pub fn file<'a>(deployment: &'a Value, name: &str) -> &'a str {
    deployment["spec"]["template"]["metadata"]["annotations"][format!("mlops.internal/{name}")].as_str().unwrap_or("")
}

pub fn named<'a>(list: &'a Value, name: &str) -> &'a Value {
    list.as_array().into_iter().flatten().find(|item| item["name"] == name).unwrap_or(&Value::Null)
}

/// The pod spec of the Deployment of a patched example.
pub fn pod(patch: Value) -> Value {
    deployment(patch)["spec"]["template"]["spec"].take()
}

/// One Model for every way through the code.
pub fn samples() -> Vec<(&'static str, Value)> {
    let long = format!("/{}", "a".repeat(255));
    vec![
        ("the example", json!({})),
        ("no capture", json!({"capture": {"mode": "Disabled"}})),
        ("a tenth captured", json!({"capture": {"percentage": 10}})),
        ("csi", json!({"storage": {"nfs": null, "csi": {"driver": "d.example.com", "volumeHandle": "h"}}})),
        ("hostPath", json!({"storage": {"nfs": null, "hostPath": {"path": "/data"}}})),
        ("a class", json!({"storage": {"nfs": null, "storageClassName": "fast"}})),
        ("no storage", json!({"storage": null})),
        ("existing claim", json!({"storage": {"size": null, "nfs": null, "existingClaim": "mine"}})),
        ("ephemeral", json!({"storage": {"nfs": null, "ephemeral": {}}})),
        ("ephemeral with class", json!({"storage": {"nfs": null, "ephemeral": {"storageClassName": "fast"}}})),
        ("pvc", json!({"storage": null, "artifact": {"uri": "pvc://claim/a/b", "sha256": null, "maxBytes": null}})),
        ("pvc root", json!({"storage": null, "artifact": {"uri": "pvc://claim", "sha256": null, "maxBytes": null}})),
        ("oci", json!({"storage": null, "artifact": {"uri": "oci://r.example.com/m:1", "sha256": null, "maxBytes": null}})),
        ("s3 with a secret", json!({"artifact": {"uri": "s3://bucket/m", "sha256": null, "secretRef": {"name": "s3"}}})),
        (
            "another server",
            json!({"server": {"port": 9000, "pingPath": "/v2/health/ready", "invocationsPath": "/v2/a.b-c~d_e",
                "startupTimeoutSeconds": 7}}),
        ),
        ("long paths", json!({"server": {"invocationsPath": long, "pingPath": format!("{}b", &long[..255])}})),
        ("near the reserved path", json!({"server": {"invocationsPath": "/monitoring-2", "pingPath": "/monitoringx"}})),
        (
            "a whole pod",
            json!({
                "command": ["serve"], "args": ["--port", "$(PORT)"],
                "env": [{"name": "HOME", "value": "/home/me"}, {"name": "EMPTY", "value": ""},
                    {"name": "KEY", "valueFrom": {"secretKeyRef": {"name": "s", "key": "k"}}}],
                "pod": {
                    "labels": {"team": "a"}, "annotations": {"prometheus.io/scrape": "false"},
                    "nodeSelector": {"gpu": "yes"}, "tolerations": [{"key": "gpu", "operator": "Exists"}],
                    "affinity": {"nodeAffinity": {"requiredDuringSchedulingIgnoredDuringExecution": {"nodeSelectorTerms":
                        [{"matchExpressions": [{"key": "a", "operator": "Exists"}]}]}}},
                    "topologySpreadConstraints": [{"maxSkew": 2, "topologyKey": "zone", "whenUnsatisfiable": "DoNotSchedule"}],
                    "serviceAccountName": "me", "imagePullSecrets": [{"name": "pull"}], "priorityClassName": "high",
                    "runtimeClassName": "nvidia", "resources": {"nvidia.com/gpu": 1},
                    "volumes": [{"name": "scratch", "mountPath": "/scratch", "emptyDir": {}},
                        {"name": "ca", "mountPath": "/ca", "readOnly": true, "configMap": {"name": "ca"}}],
                    "securityContext": {"runAsUser": 0, "runAsGroup": 0, "runAsNonRoot": false, "readOnlyRootFilesystem": false},
                },
            }),
        ),
    ]
}
