//! Whether an observed object has reached what it says.
//!
//! After kubernetes-sigs/cli-utils `pkg/kstatus/status`, with what other engines learned since: the first rule that speaks decides.

use crate::kinds::Kind;
use crate::observation::{at, is_deleting, items, number, text};
use crate::plan::Readiness;
use alloc::string::String;
use serde_json::Value;

const NOT_FOUND: &str = "NotFound";
const IN_PROGRESS: &str = "InProgress";
const FAILED: &str = "Failed";
const CURRENT: &str = "Current";
const TERMINATING: &str = "Terminating";

/// Status and reason of an observed object (`None`: it does not exist).
pub fn readiness(kind: Kind, live: Option<&Value>) -> Readiness {
    let (status, reason) = match live {
        None => (NOT_FOUND, "".into()),
        Some(live) => generic(live).or_else(|| of_kind(kind, live)).unwrap_or((CURRENT, "".into())),
    };
    Readiness { status, reason }
}

type Finding = Option<(&'static str, String)>;

fn because(status: &'static str, reason: &str) -> Finding {
    Some((status, reason.into()))
}

fn progress(holds: bool, reason: &str) -> Finding {
    holds.then(|| (IN_PROGRESS, reason.into()))
}

/// The rules for every kind.
fn generic(live: &Value) -> Finding {
    if is_deleting(live) {
        return because(TERMINATING, "");
    }
    let (generation, observed) = (at(live, &["metadata", "generation"]), at(live, &["status", "observedGeneration"]));
    if generation.is_i64() && observed.is_i64() && generation != observed {
        return because(IN_PROGRESS, "LatestGenerationNotObserved");
    }
    items(live, &["status", "conditions"]).iter().find_map(|condition| {
        match (text(condition, &["type"]), text(condition, &["status"])) {
            ("Reconciling", "True") => Some((IN_PROGRESS, reason_of(condition, "Reconciling"))),
            ("Stalled", "True") => Some((FAILED, reason_of(condition, "Stalled"))),
            _ => None,
        }
    })
}

fn of_kind(kind: Kind, live: &Value) -> Finding {
    match kind {
        Kind::Deployment => deployment(live),
        Kind::PersistentVolumeClaim => claim(live),
        Kind::PersistentVolume => volume(live),
        Kind::Service => service(live),
        Kind::Gateway | Kind::VirtualService => validation(live).or_else(|| ready(live)),
        Kind::Namespace | Kind::CompositeController => None,
        Kind::Model | Kind::EndpointConfig | Kind::Endpoint => {
            progress(!at(live, &["status"]).is_object(), "NotReconciled").or_else(|| ready(live))
        }
    }
}

fn condition<'a>(live: &'a Value, name: &str) -> Option<&'a Value> {
    items(live, &["status", "conditions"]).iter().find(|condition| text(condition, &["type"]) == name)
}

fn is_true(live: &Value, name: &str) -> bool {
    condition(live, name).is_some_and(|condition| text(condition, &["status"]) == "True")
}

fn reason_of(condition: &Value, otherwise: &str) -> String {
    match text(condition, &["reason"]) {
        "" => otherwise.into(),
        reason => reason.into(),
    }
}

fn deployment(live: &Value) -> Finding {
    let progressing = condition(live, "Progressing");
    let reason = progressing.map_or("", |condition| text(condition, &["reason"]));
    if reason == "ProgressDeadlineExceeded" {
        return because(FAILED, reason);
    }
    let count = |name| number(live, &["status", name]);
    let replicas = at(live, &["spec", "replicas"]).as_i64().unwrap_or(1);
    let arrived = is_true(live, "Progressing") && reason == "NewReplicaSetAvailable";
    progress(at(live, &["status", "observedGeneration"]).is_null(), "NotObserved")
        .or_else(|| progress(is_true(live, "ReplicaFailure"), "ReplicaFailure"))
        .or_else(|| progress(at(live, &["spec", "paused"]) == &Value::Bool(true) && !arrived, "Suspended"))
        .or_else(|| progress(replicas > count("replicas"), "LessReplicas"))
        .or_else(|| progress(replicas > count("updatedReplicas"), "LessUpdated"))
        .or_else(|| progress(count("replicas") > replicas, "ExtraPods"))
        .or_else(|| progress(count("updatedReplicas") > count("availableReplicas"), "LessAvailable"))
        .or_else(|| progress(replicas > count("readyReplicas"), "LessReady"))
        .or_else(|| progress(!arrived && has_deadline(live), "ReplicaSetNotAvailable"))
        .or_else(|| progress(!is_true(live, "Available"), "DeploymentNotAvailable"))
}

/// Without a deadline the controller reports no progress.
fn has_deadline(live: &Value) -> bool {
    at(live, &["spec", "progressDeadlineSeconds"]).as_i64().is_some_and(|seconds| seconds != i64::from(i32::MAX))
}

fn claim(live: &Value) -> Finding {
    match text(live, &["status", "phase"]) {
        "Bound" => None,
        "Lost" => because(FAILED, "Lost"),
        _ => because(IN_PROGRESS, "NotBound"),
    }
}

fn volume(live: &Value) -> Finding {
    match text(live, &["status", "phase"]) {
        "Available" | "Bound" => None,
        "Failed" => because(FAILED, "Failed"),
        "Released" => because(IN_PROGRESS, "Released"),
        _ => because(IN_PROGRESS, "Pending"),
    }
}

fn service(live: &Value) -> Finding {
    let balanced = text(live, &["spec", "type"]) == "LoadBalancer";
    let waits = text(live, &["spec", "clusterIP"]).is_empty() || items(live, &["status", "loadBalancer", "ingress"]).is_empty();
    progress(balanced && waits, "NoAddress")
}

/// What Istio's analysis says about an object.
fn validation(live: &Value) -> Finding {
    let is_error =
        |message: &Value| matches!(at(message, &["level"]), Value::String(level) if level.eq_ignore_ascii_case("error"));
    let messages = items(live, &["status", "validationMessages"]);
    messages.iter().any(is_error).then(|| (FAILED, "ValidationError".into()))
}

fn ready(live: &Value) -> Finding {
    let condition = condition(live, "Ready")?;
    match text(condition, &["status"]) {
        "True" => because(CURRENT, ""),
        _ => Some((IN_PROGRESS, reason_of(condition, "NotReady"))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn available() -> Value {
        json!({
            "metadata": {"generation": 3}, "spec": {"replicas": 2, "progressDeadlineSeconds": 600},
            "status": {
                "observedGeneration": 3, "replicas": 2, "updatedReplicas": 2, "readyReplicas": 2, "availableReplicas": 2,
                "conditions": [
                    {"type": "Progressing", "status": "True", "reason": "NewReplicaSetAvailable"},
                    {"type": "Available", "status": "True"},
                ],
            },
        })
    }

    #[test]
    fn a_deployment_by_one_change_per_row() {
        let rows: [(&[&str], Value, &str, &str); 14] = [
            (&["metadata", "labels"], json!({}), "Current", ""),
            (&["metadata", "generation"], json!(4), "InProgress", "LatestGenerationNotObserved"),
            (&["metadata", "deletionTimestamp"], json!("now"), "Terminating", ""),
            (&["status", "observedGeneration"], json!(null), "InProgress", "NotObserved"),
            (&["spec", "replicas"], json!(3), "InProgress", "LessReplicas"),
            (&["spec", "replicas"], json!(1), "InProgress", "ExtraPods"),
            (&["spec", "paused"], json!(true), "Current", ""),
            (&["status", "updatedReplicas"], json!(1), "InProgress", "LessUpdated"),
            (&["status", "availableReplicas"], json!(1), "InProgress", "LessAvailable"),
            (&["status", "readyReplicas"], json!(1), "InProgress", "LessReady"),
            (&["status", "conditions"], json!([]), "InProgress", "ReplicaSetNotAvailable"),
            (&["spec", "progressDeadlineSeconds"], json!(2147483647), "Current", ""),
            (
                &["status", "conditions"],
                json!([{"type": "Progressing", "status": "False", "reason": "ProgressDeadlineExceeded"}]),
                "Failed",
                "ProgressDeadlineExceeded",
            ),
            (
                &["status", "conditions"],
                json!([{"type": "Progressing", "status": "True", "reason": "NewReplicaSetAvailable"}]),
                "InProgress",
                "DeploymentNotAvailable",
            ),
        ];
        for (path, value, status, reason) in rows {
            let mut live = available();
            crate::observation::set(&mut live, path, value);
            let found = readiness(Kind::Deployment, Some(&live));
            assert_eq!((found.status, found.reason.as_str()), (status, reason), "{path:?}");
        }
    }

    #[test]
    fn other_kinds() {
        let ready = |status: &str| json!({"status": {"conditions": [{"type": "Ready", "status": status, "reason": "Why"}]}});
        let rows = [
            (Kind::PersistentVolumeClaim, json!({"status": {"phase": "Bound"}}), "Current", ""),
            (Kind::PersistentVolumeClaim, json!({"status": {"phase": "Lost"}}), "Failed", "Lost"),
            (Kind::PersistentVolumeClaim, json!({}), "InProgress", "NotBound"),
            (Kind::PersistentVolume, json!({"status": {"phase": "Available"}}), "Current", ""),
            (Kind::PersistentVolume, json!({"status": {"phase": "Released"}}), "InProgress", "Released"),
            (Kind::Service, json!({"spec": {"type": "ClusterIP"}}), "Current", ""),
            (Kind::Service, json!({"spec": {"type": "LoadBalancer", "clusterIP": "1.2.3.4"}}), "InProgress", "NoAddress"),
            (Kind::VirtualService, json!({}), "Current", ""),
            (Kind::VirtualService, json!({"status": {"validationMessages": [{"level": "ERROR"}]}}), "Failed", "ValidationError"),
            (Kind::Gateway, ready("Unknown"), "InProgress", "Why"),
            (Kind::Namespace, json!({}), "Current", ""),
            (Kind::Model, json!({}), "InProgress", "NotReconciled"),
            (Kind::Model, ready("True"), "Current", ""),
            (Kind::Endpoint, ready("False"), "InProgress", "Why"),
            (Kind::Endpoint, json!({"status": {"conditions": [{"type": "Stalled", "status": "True"}]}}), "Failed", "Stalled"),
        ];
        for (kind, live, status, reason) in rows {
            let found = readiness(kind, Some(&live));
            assert_eq!((found.status, found.reason.as_str()), (status, reason), "{kind:?} {live}");
        }
        assert_eq!(readiness(Kind::Model, None).status, "NotFound");
        for live in [json!(null), json!([]), json!(""), json!(0), json!({"status": [], "metadata": 1, "spec": "x"})] {
            Kind::ALL.iter().for_each(|kind| drop(readiness(*kind, Some(&live))));
        }
    }
}
