//! What the API server writes into new and changed objects of our kinds.
//!
//! From kubernetes/kubernetes `pkg/apis/{core,apps}/v1/defaults.go`; Istio's kinds have no defaults.

use crate::kinds::Kind;
use crate::observation::{at, set, text};
use serde_json::{Map, Value, json};

/// Fills in the defaults of an object.
pub fn fill(kind: Kind, object: &mut Value) {
    match kind {
        Kind::Deployment => fill_deployment(object),
        Kind::Service => fill_service(object),
        Kind::PersistentVolumeClaim => put(object, &["spec"], &[("volumeMode", json!("Filesystem"))]),
        Kind::PersistentVolume => {
            put(object, &["spec"], &[("volumeMode", json!("Filesystem")), ("persistentVolumeReclaimPolicy", json!("Retain"))])
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

fn fill_map(place: &mut Map<String, Value>, members: &[(&str, Value)]) {
    for (name, value) in members {
        place.entry(*name).or_insert_with(|| value.clone());
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
        &[("replicas", json!(1)), ("revisionHistoryLimit", json!(10)), ("progressDeadlineSeconds", json!(600))],
    );
    if at(object, &["spec", "strategy"]).is_null() {
        set(object, &["spec", "strategy", "type"], "RollingUpdate".into());
    }
    if text(object, &["spec", "strategy", "type"]) == "RollingUpdate" {
        put(object, &["spec", "strategy"], &[("rollingUpdate", json!({}))]);
        put(object, &["spec", "strategy", "rollingUpdate"], &[("maxSurge", json!("25%")), ("maxUnavailable", json!("25%"))]);
    }
    let pod = [
        ("dnsPolicy", json!("ClusterFirst")),
        ("restartPolicy", json!("Always")),
        ("schedulerName", json!("default-scheduler")),
        ("terminationGracePeriodSeconds", json!(30)),
        ("securityContext", json!({})),
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
    let floating =
        !image.contains('@') && image.rsplit('/').next().is_none_or(|name| !name.contains(':') || name.ends_with(":latest"));
    let policy = if floating { "Always" } else { "IfNotPresent" };
    let members = [
        ("imagePullPolicy", json!(policy)),
        ("terminationMessagePath", json!("/dev/termination-log")),
        ("terminationMessagePolicy", json!("File")),
        ("resources", json!({})),
    ];
    put(container, &[], &members);
    for port in each(container, &["ports"]) {
        put(port, &[], &[("protocol", json!("TCP"))]);
    }
    for probe in ["startupProbe", "readinessProbe", "livenessProbe"] {
        let times = [
            ("timeoutSeconds", json!(1)),
            ("periodSeconds", json!(10)),
            ("successThreshold", json!(1)),
            ("failureThreshold", json!(3)),
        ];
        put(container, &[probe], &times);
        put(container, &[probe, "httpGet"], &[("path", json!("/")), ("scheme", json!("HTTP"))]);
    }
    for variable in each(container, &["env"]) {
        put(variable, &["valueFrom", "fieldRef"], &[("apiVersion", json!("v1"))]);
    }
}

fn fill_volume(volume: &mut Value) {
    for source in ["configMap", "secret", "downwardAPI", "projected"] {
        put(volume, &[source], &[("defaultMode", json!(420))]);
    }
    for item in each(volume, &["downwardAPI", "items"]) {
        put(item, &["fieldRef"], &[("apiVersion", json!("v1"))]);
    }
    put(volume, &["ephemeral", "volumeClaimTemplate", "spec"], &[("volumeMode", json!("Filesystem"))]);
}

fn fill_service(object: &mut Value) {
    let members = [
        ("type", json!("ClusterIP")),
        ("sessionAffinity", json!("None")),
        ("internalTrafficPolicy", json!("Cluster")),
        ("ipFamilies", json!(["IPv4"])),
        ("ipFamilyPolicy", json!("SingleStack")),
        ("clusterIP", json!("10.96.0.1")),
        ("clusterIPs", json!(["10.96.0.1"])),
    ];
    put(object, &["spec"], &members);
    for port in each(object, &["spec", "ports"]) {
        let target = at(port, &["port"]).clone();
        put(port, &[], &[("protocol", json!("TCP")), ("targetPort", target)]);
    }
}
