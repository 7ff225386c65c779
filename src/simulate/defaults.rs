//! What the API server writes into new and changed objects of our kinds.
//!
//! From kubernetes/kubernetes `pkg/apis/{core,apps}/v1/defaults.go`; Istio's kinds have no defaults.

use crate::kinds::Kind;
use crate::observation::{at, set, text};
use crate::search::has;
use alloc::borrow::ToOwned;
use alloc::string::String;
use serde_json::{Map, Value};

/// Fills in the defaults of an object.
pub fn fill(kind: Kind, object: &mut Value) {
    match kind {
        Kind::Deployment => fill_deployment(object),
        Kind::Service => fill_service(object),
        Kind::PersistentVolumeClaim => put(object, &["spec"], &[("volumeMode", "Filesystem".into())]),
        Kind::PersistentVolume => {
            put(object, &["spec"], &[("volumeMode", "Filesystem".into()), ("persistentVolumeReclaimPolicy", "Retain".into())]);
            drop_empty(object, &["spec"], "storageClassName");
        }
        _ => {}
    }
}

/// Sets members that are absent below a path that is there.
fn put(object: &mut Value, path: &[&str], members: &[(&str, Value)]) {
    let place = path.iter().try_fold(object, |place, step| place.get_mut(*step));
    if let Some(place) = place.and_then(Value::as_object_mut) {
        fill_map(place, members);
    }
}

/// A text without content is not stored where Kubernetes does not tell it from an absent one.
fn drop_empty(object: &mut Value, path: &[&str], member: &str) {
    let place = path.iter().try_fold(object, |place, step| place.get_mut(*step));
    if let Some(place) = place.and_then(Value::as_object_mut).filter(|place| place.get(member) == Some(&Value::from(""))) {
        place.remove(member);
    }
}

fn fill_map(place: &mut Map<String, Value>, members: &[(&str, Value)]) {
    for (name, value) in members {
        if !place.contains_key(*name) {
            place.insert((*name).into(), value.clone());
        }
    }
}

fn each<'a>(object: &'a mut Value, path: &[&str]) -> impl Iterator<Item = &'a mut Value> {
    let list = path.iter().try_fold(object, |place, step| place.get_mut(*step));
    list.and_then(Value::as_array_mut).into_iter().flatten()
}

fn fill_deployment(object: &mut Value) {
    put(
        object,
        &["spec"],
        &[("replicas", 1.into()), ("revisionHistoryLimit", 10.into()), ("progressDeadlineSeconds", 600.into())],
    );
    if at(object, &["spec", "strategy"]).is_null() {
        set(object, &["spec", "strategy", "type"], "RollingUpdate".into());
    }
    if text(object, &["spec", "strategy", "type"]) == "RollingUpdate" {
        put(object, &["spec", "strategy"], &[("rollingUpdate", Value::Object(Map::new()))]);
        put(object, &["spec", "strategy", "rollingUpdate"], &[("maxSurge", "25%".into()), ("maxUnavailable", "25%".into())]);
    }
    let pod: [(&str, Value); 5] = [
        ("dnsPolicy", "ClusterFirst".into()),
        ("restartPolicy", "Always".into()),
        ("schedulerName", "default-scheduler".into()),
        ("terminationGracePeriodSeconds", 30.into()),
        ("securityContext", Value::Object(Map::new())),
    ];
    put(object, &["spec", "template", "spec"], &pod);
    let account = at(object, &["spec", "template", "spec", "serviceAccountName"]).clone();
    if !account.is_null() {
        put(object, &["spec", "template", "spec"], &[("serviceAccount", account)]);
    }
    for list in ["initContainers", "containers"] {
        for container in each(object, &["spec", "template", "spec", list]) {
            fill_container(container);
        }
    }
    for volume in each(object, &["spec", "template", "spec", "volumes"]) {
        fill_volume(volume);
    }
}

fn fill_container(container: &mut Value) {
    let image = text(container, &["image"]).to_owned();
    let floating = !has(&image, '@') && image.rsplit('/').next().is_none_or(|name| !has(name, ':') || name.ends_with(":latest"));
    let policy = if floating { "Always" } else { "IfNotPresent" };
    let members: [(&str, Value); 4] = [
        ("imagePullPolicy", policy.into()),
        ("terminationMessagePath", "/dev/termination-log".into()),
        ("terminationMessagePolicy", "File".into()),
        ("resources", Value::Object(Map::new())),
    ];
    put(container, &[], &members);
    for port in each(container, &["ports"]) {
        put(port, &[], &[("protocol", "TCP".into())]);
    }
    for probe in ["startupProbe", "readinessProbe", "livenessProbe"] {
        let times: [(&str, Value); 4] = [
            ("timeoutSeconds", 1.into()),
            ("periodSeconds", 10.into()),
            ("successThreshold", 1.into()),
            ("failureThreshold", 3.into()),
        ];
        put(container, &[probe], &times);
        put(container, &[probe, "httpGet"], &[("path", "/".into()), ("scheme", "HTTP".into())]);
    }
    for variable in each(container, &["env"]) {
        put(variable, &["valueFrom", "fieldRef"], &[("apiVersion", "v1".into())]);
    }
}

fn fill_volume(volume: &mut Value) {
    for source in ["configMap", "secret", "downwardAPI", "projected"] {
        put(volume, &[source], &[("defaultMode", 420.into())]);
    }
    for item in each(volume, &["downwardAPI", "items"]) {
        put(item, &["fieldRef"], &[("apiVersion", "v1".into())]);
    }
    put(volume, &["ephemeral", "volumeClaimTemplate", "spec"], &[("volumeMode", "Filesystem".into())]);
}

fn fill_service(object: &mut Value) {
    let members: [(&str, Value); 7] = [
        ("type", "ClusterIP".into()),
        ("sessionAffinity", "None".into()),
        ("internalTrafficPolicy", "Cluster".into()),
        ("ipFamilies", Value::Array(vec!["IPv4".into()])),
        ("ipFamilyPolicy", "SingleStack".into()),
        ("clusterIP", "10.96.0.1".into()),
        ("clusterIPs", Value::Array(vec!["10.96.0.1".into()])),
    ];
    put(object, &["spec"], &members);
    if text(object, &["spec", "type"]) == "ClusterIP" {
        forget_other_types(object);
    }
    for port in each(object, &["spec", "ports"]) {
        let target = at(port, &["port"]).clone();
        put(port, &[], &[("protocol", "TCP".into()), ("targetPort", target)]);
    }
}

/// What belongs to other types of Services goes with the type: `pkg/registry/core/service/strategy.go`.
fn forget_other_types(object: &mut Value) {
    for member in ["externalTrafficPolicy", "allocateLoadBalancerNodePorts"] {
        remove(object.get_mut("spec"), member);
    }
    for port in each(object, &["spec", "ports"]) {
        remove(Some(port), "nodePort");
    }
}

fn remove(place: Option<&mut Value>, member: &str) {
    if let Some(place) = place.and_then(Value::as_object_mut) {
        place.remove(member);
    }
}
