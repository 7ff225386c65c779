//! The built-in controllers, one pass each: Deployments get their pods, claims are bound, what nobody protects goes, what has lost
//! its owner is collected.

use super::Cluster;
use crate::json::tree;
use crate::kinds::{Key, Kind};
use crate::list::Listed;
use crate::observation::{at, is_deleting, items, number, set, text};
use alloc::borrow::ToOwned;
use alloc::string::String;
use alloc::vec::Vec;
use serde_json::Value;

/// Kinds that stay until a controller lets them go.
pub fn is_protected(kind: Kind) -> bool {
    matches!(kind, Kind::Deployment | Kind::PersistentVolumeClaim | Kind::PersistentVolume)
}

/// One pass of every controller.
pub fn act(cluster: &mut Cluster, events: &mut Vec<String>) {
    bind_claims(cluster, events);
    start_pods(cluster, events);
    let_protected_go(cluster, events);
    collect_orphans(cluster, events);
}

fn keys(cluster: &Cluster, kind: Kind) -> Vec<Key> {
    cluster.objects.keys().filter(|key| key.kind == kind).cloned().listed()
}

/// A static claim is bound once its volume is there; a claim on a class is provisioned.
fn bind_claims(cluster: &mut Cluster, events: &mut Vec<String>) {
    for key in keys(cluster, Kind::PersistentVolumeClaim) {
        let Some(claim) = cluster.objects.get(&key).filter(|claim| text(claim, &["status", "phase"]) != "Bound") else {
            continue;
        };
        let volume = text(claim, &["spec", "volumeName"]);
        let volume_key = Key::new(Kind::PersistentVolume, "", volume);
        let is_static = !volume.is_empty();
        if is_deleting(claim) || (is_static && !may_bind(cluster.objects.get(&volume_key), claim)) {
            continue;
        }
        let mut claim = claim.clone();
        if !is_static {
            let name = format!("pvc-{}", text(&claim, &["metadata", "uid"]));
            set(&mut claim, &["spec", "volumeName"], name.into());
        }
        let capacity = at(&claim, &["spec", "resources", "requests"]).clone();
        let modes = at(&claim, &["spec", "accessModes"]).clone();
        set(&mut claim, &["status"], tree(&mut [("phase", "Bound".into()), ("capacity", capacity), ("accessModes", modes)]));
        let uid = text(&claim, &["metadata", "uid"]).to_owned();
        cluster.write(key.clone(), claim);
        if let Some(mut volume) = cluster.objects.get(&volume_key).cloned() {
            set(&mut volume, &["spec", "claimRef", "uid"], uid.into());
            set(&mut volume, &["status", "phase"], "Bound".into());
            cluster.write(volume_key, volume);
        }
        events.push(format!("{} is bound", key.label()));
    }
}

/// A volume that another claim has had is Released: it never binds again by itself.
fn may_bind(volume: Option<&Value>, claim: &Value) -> bool {
    let had = volume.map(|volume| text(volume, &["spec", "claimRef", "uid"]));
    had.is_some_and(|had| had.is_empty() || had == text(claim, &["metadata", "uid"]))
}

/// Pods become ready once the claims of ours that they mount are bound.
fn start_pods(cluster: &mut Cluster, events: &mut Vec<String>) {
    for key in keys(cluster, Kind::Deployment) {
        let Some(deployment) =
            cluster.objects.get(&key).filter(|deployment| !is_deleting(deployment) && !has_given_up(deployment))
        else {
            continue;
        };
        let wanted = at(deployment, &["spec", "replicas"]).as_i64().unwrap_or(1);
        let available = if mounts_unbound(cluster, &key, deployment) { 0 } else { wanted };
        let status = status(number(deployment, &["metadata", "generation"]), wanted, available);
        if says_the_same(at(deployment, &["status"]), &status, wanted == available) {
            continue;
        }
        let mut deployment = deployment.clone();
        set(&mut deployment, &["status"], status);
        cluster.write(key.clone(), deployment);
        events.push(format!("{}: {available} of {wanted} replicas available", key.label()));
    }
}

/// Whether a status that was observed says what ours would. The real controller says more, and why pods are missing in its own words.
fn says_the_same(live: &Value, status: &Value, complete: bool) -> bool {
    const COUNTS: [&str; 5] = ["observedGeneration", "replicas", "updatedReplicas", "readyReplicas", "availableReplicas"];
    let same = |one: &Value, other: &Value, field: &str| text(one, &[field]) == text(other, &[field]);
    let conditions = items(live, &["conditions"]);
    let is_there = |wanted: &Value| {
        conditions.iter().any(|found| ["type", "status", "reason"].iter().all(|field| same(found, wanted, field)))
    };
    let counts = COUNTS.iter().all(|count| number(live, &[count]) == number(status, &[count]));
    counts && (!complete || items(status, &["conditions"]).iter().all(is_there))
}

/// Pods that did not start in time do not start by themselves: only another generation changes that.
fn has_given_up(deployment: &Value) -> bool {
    let seen = number(deployment, &["status", "observedGeneration"]) == number(deployment, &["metadata", "generation"]);
    let conditions = items(deployment, &["status", "conditions"]);
    seen && conditions.iter().any(|condition| text(condition, &["reason"]) == "ProgressDeadlineExceeded")
}

fn mounts_unbound(cluster: &Cluster, key: &Key, deployment: &Value) -> bool {
    let volumes = items(deployment, &["spec", "template", "spec", "volumes"]);
    volumes.iter().map(|volume| text(volume, &["persistentVolumeClaim", "claimName"])).any(|claim| {
        let claim = Key::new(Kind::PersistentVolumeClaim, &key.namespace, claim);
        let ours = claim.name == key.name;
        let bound = |claim: &Value| text(claim, &["status", "phase"]) == "Bound";
        !claim.name.is_empty() && cluster.objects.get(&claim).map_or(ours, |claim| !bound(claim))
    })
}

fn status(generation: i64, wanted: i64, available: i64) -> Value {
    let complete = wanted == available;
    let condition = |kind: &str, holds: bool, reason: &str| {
        tree(&mut [("type", kind.into()), ("status", if holds { "True" } else { "False" }.into()), ("reason", reason.into())])
    };
    let conditions = vec![
        condition("Available", complete, if complete { "MinimumReplicasAvailable" } else { "MinimumReplicasUnavailable" }),
        condition("Progressing", true, if complete { "NewReplicaSetAvailable" } else { "ReplicaSetUpdated" }),
    ];
    tree(&mut [
        ("observedGeneration", generation.into()),
        ("replicas", wanted.into()),
        ("updatedReplicas", wanted.into()),
        ("readyReplicas", available.into()),
        ("availableReplicas", available.into()),
        ("conditions", Value::Array(conditions)),
    ])
}

/// Foreground deletion ends with the pods; a claim is protected by the pods that mount it, a volume by its claim.
fn let_protected_go(cluster: &mut Cluster, events: &mut Vec<String>) {
    let terminating: Vec<Key> = cluster
        .objects
        .iter()
        .filter(|(key, object)| is_protected(key.kind) && is_deleting(object))
        .map(|(key, _)| key.clone())
        .listed();
    for key in terminating {
        let used = match key.kind {
            Kind::PersistentVolumeClaim => is_mounted(cluster, &key),
            Kind::PersistentVolume => is_claimed(cluster, &key),
            _ => false,
        };
        if !used && !cluster.objects.get(&key).is_some_and(is_held_by_others) {
            cluster.objects.remove(&key);
            events.push(format!("{} is gone", key.label()));
        }
    }
}

/// Finalizers besides those by which the built-in controllers protect what is in use.
fn is_held_by_others(object: &Value) -> bool {
    const PROTECTION: [&str; 3] = ["kubernetes.io/pvc-protection", "kubernetes.io/pv-protection", "foregroundDeletion"];
    let finalizers = items(object, &["metadata", "finalizers"]).iter().filter_map(Value::as_str);
    finalizers.into_iter().any(|finalizer| !PROTECTION.contains(&finalizer))
}

fn is_mounted(cluster: &Cluster, claim: &Key) -> bool {
    cluster.objects.iter().filter(|(key, _)| key.kind == Kind::Deployment && key.namespace == claim.namespace).any(
        |(_, object)| {
            let volumes = items(object, &["spec", "template", "spec", "volumes"]);
            volumes.iter().any(|volume| text(volume, &["persistentVolumeClaim", "claimName"]) == claim.name)
        },
    )
}

fn is_claimed(cluster: &Cluster, volume: &Key) -> bool {
    let Some(object) = cluster.objects.get(volume) else { return false };
    let claim = at(object, &["spec", "claimRef"]);
    let key = Key::new(Kind::PersistentVolumeClaim, text(claim, &["namespace"]), text(claim, &["name"]));
    cluster.objects.get(&key).is_some_and(|live| text(live, &["metadata", "uid"]) == text(claim, &["uid"]))
}

/// Garbage collection: a namespaced object whose controller is gone goes, too.
fn collect_orphans(cluster: &mut Cluster, events: &mut Vec<String>) {
    let orphaned = |key: &Key, object: &Value| {
        let references = items(object, &["metadata", "ownerReferences"]);
        references.iter().filter(|owner| text(owner, &["apiVersion"]).starts_with("mlops.internal/")).any(|owner| {
            let Some(kind) = Kind::of(text(owner, &["apiVersion"]), text(owner, &["kind"])) else { return false };
            let parent = cluster.objects.get(&Key::new(kind, &key.namespace, text(owner, &["name"])));
            parent.is_none_or(|parent| text(parent, &["metadata", "uid"]) != text(owner, &["uid"]))
        })
    };
    let orphans: Vec<Key> = cluster
        .objects
        .iter()
        .filter(|(key, object)| orphaned(key, object) && !is_held_by_others(object))
        .map(|(key, _)| key.clone())
        .listed();
    for key in orphans {
        cluster.objects.remove(&key);
        events.push(format!("{} is collected: its owner is gone", key.label()));
    }
}
