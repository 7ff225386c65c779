//! Tables, one rule a row, and properties over random objects of every kind.

use super::*;
use crate::apply::merge;
use crate::observation::{items, set};
use alloc::string::{String, ToString};
use proptest::prelude::*;
use serde_json::{Map, json};

const US: &str = "modelwright";

fn object(kind: Kind, spec: Value) -> Value {
    let metadata = json!({"name": "m", "namespace": "ns"});
    json!({"apiVersion": kind.api(), "kind": kind.name(), "metadata": metadata, "spec": spec})
}

/// As it is after our apply, nothing defaulted.
fn applied(kind: Kind, desired: &Value) -> Value {
    let mut live = merge(kind, None, desired, US);
    set(&mut live, &["metadata", "resourceVersion"], json!("7"));
    live
}

fn stripped(live: &Value) -> Value {
    let mut live = live.clone();
    if let Some(metadata) = live["metadata"].as_object_mut() {
        metadata.remove("managedFields");
    }
    live
}

fn owned_by(manager: &str, operation: &str, fields: Value) -> Value {
    json!({"manager": manager, "operation": operation, "apiVersion": "v1", "fieldsType": "FieldsV1", "fieldsV1": fields})
}

fn add_entry(live: &mut Value, entry: Value) {
    match live["metadata"]["managedFields"].as_array_mut() {
        Some(entries) => entries.push(entry),
        None => live["metadata"]["managedFields"] = json!([entry]),
    }
}

fn texts(changes: &[Change]) -> Vec<String> {
    changes.iter().map(|change| format!("{} {}", crate::written::json(&change.op).trim_matches('"'), change.text)).collect()
}

/// The changes between two specs where the live object has no managedFields.
fn changes(kind: Kind, desired: Value, live: Value) -> Vec<String> {
    texts(&difference(kind, &object(kind, desired), Some(&object(kind, live)), US).changes)
}

/// A pod template with one container, these members beside its name.
fn pod(container: Value) -> Value {
    let mut container = container;
    container["name"] = json!("model");
    json!({"template": {"spec": {"containers": [container]}}})
}

mod comparing {
    use super::*;

    #[test]
    fn what_is_equal() {
        use Kind::*;
        let rows = [
            (Deployment, json!({"replicas": 1}), json!({"replicas": 1.0, "revisionHistoryLimit": 10})),
            (
                Deployment,
                pod(json!({"resources": {"limits": {"cpu": "1000m"}}})),
                pod(json!({"resources": {"limits": {"cpu": "1"}}})),
            ),
            (
                Deployment,
                pod(json!({"resources": {"limits": {"cpu": 0.5}}})),
                pod(json!({"resources": {"limits": {"cpu": "500m"}}})),
            ),
            (Deployment, pod(json!({"resources": {}, "args": [], "workingDir": ""})), pod(json!({}))),
            (Deployment, pod(json!({})), pod(json!({"args": ["x"], "stdin": true}))),
            (Deployment, pod(json!({"args": []})), pod(json!({"args": ["x"]}))),
            (Deployment, json!({"replicas": 1, "strategy": {"type": "RollingUpdate"}}), json!({})),
            (
                Deployment,
                pod(json!({"ports": [{"containerPort": 53, "protocol": "UDP"}, {"containerPort": 53}]})),
                pod(json!({"ports": [{"containerPort": 53, "protocol": "TCP"}, {"containerPort": 53, "protocol": "UDP"}]})),
            ),
            (
                Deployment,
                pod(json!({"env": [{"name": "A", "valueFrom": {"fieldRef": {"fieldPath": "p"}}}]})),
                pod(json!({"env": [{"name": "A", "valueFrom": {"fieldRef": {"fieldPath": "p", "apiVersion": "v1"}}}]})),
            ),
            (Service, json!({"ports": [{"port": 80, "targetPort": 80}]}), json!({"ports": [{"port": 80, "protocol": "TCP"}]})),
            (PersistentVolumeClaim, json!({}), json!({"storageClassName": "standard", "volumeName": "pv"})),
            (PersistentVolumeClaim, json!({"storageClassName": ""}), json!({"storageClassName": ""})),
            (VirtualService, json!({"http": [{"timeout": "60s"}]}), json!({"http": [{"timeout": "1m"}]})),
            (VirtualService, json!({"http": [{"match": [], "timeout": "1s"}]}), json!({"http": [{"timeout": "1.0s"}]})),
            (
                EndpointConfig,
                json!({"models": [{"name": "a", "cpus": "1"}]}),
                json!({"models": [{"name": "a", "cpus": "1000m"}]}),
            ),
        ];
        for (kind, desired, live) in rows {
            assert_eq!(changes(kind, desired.clone(), live), Vec::<String>::new(), "{desired}");
        }
    }

    #[test]
    fn what_differs_and_where() {
        use Kind::*;
        let c = "spec.template.spec.containers[name=model]";
        let rows = [
            (Deployment, pod(json!({"image": "a:2"})), pod(json!({"image": "a:1"})), format!("change {c}.image")),
            (Deployment, pod(json!({"args": ["b"]})), pod(json!({"args": ["a"]})), format!("change {c}.args[0]")),
            (Deployment, pod(json!({"args": ["b"]})), pod(json!({"args": ["b", "a"]})), format!("change {c}.args")),
            (Deployment, pod(json!({"args": ["b"]})), pod(json!({})), format!("add {c}.args")),
            (
                Deployment,
                pod(json!({"resources": {"limits": {"memory": "1G"}}})),
                pod(json!({"resources": {"limits": {"memory": "1Gi"}}})),
                format!("change {c}.resources.limits.memory"),
            ),
            (
                Deployment,
                pod(json!({"env": [{"name": "B"}, {"name": "A"}]})),
                pod(json!({"env": [{"name": "A"}, {"name": "B"}]})),
                format!("change {c}.env"),
            ),
            (
                Deployment,
                json!({"template": {"spec": {"volumes": [{"name": "v", "emptyDir": {}}]}}}),
                json!({"template": {"spec": {"volumes": [{"name": "v"}]}}}),
                "add spec.template.spec.volumes[name=v].emptyDir".into(),
            ),
            (
                Deployment,
                json!({"template": {"spec": {"nodeSelector": {"a": ""}}}}),
                json!({"template": {"spec": {"nodeSelector": {"b": "x"}}}}),
                "add spec.template.spec.nodeSelector.a,remove spec.template.spec.nodeSelector.b".into(),
            ),
            (
                Deployment,
                json!({"template": {"spec": {"tolerations": [{"key": "k"}]}}}),
                json!({"template": {"spec": {"tolerations": [{"key": "k", "effect": "NoSchedule"}]}}}),
                "remove spec.template.spec.tolerations[0].effect".into(),
            ),
            (
                Deployment,
                pod(json!({"env": [{"name": "A", "valueFrom": {"fieldRef": {"fieldPath": "p"}}}]})),
                pod(json!({"env": [{"name": "A", "valueFrom": {"fieldRef": {"fieldPath": "p", "apiVersion": "v2"}}}]})),
                format!("remove {c}.env[name=A].valueFrom.fieldRef.apiVersion"),
            ),
            (
                Service,
                json!({"ports": [{"port": 80, "targetPort": 80}]}),
                json!({"ports": [{"port": 80, "targetPort": "80"}]}),
                "change spec.ports[port=80,protocol=TCP].targetPort".into(),
            ),
            (
                Service,
                json!({"ports": [{"port": 80}]}),
                json!({"ports": [{"port": 80}, {"port": 81}]}),
                "remove spec.ports[port=81,protocol=TCP]".into(),
            ),
            (
                Service,
                json!({"selector": {"a": "b"}}),
                json!({"selector": {"a": "b", "x": "y"}}),
                "remove spec.selector.x".into(),
            ),
            (PersistentVolumeClaim, json!({"storageClassName": ""}), json!({}), "add spec.storageClassName".into()),
            (
                PersistentVolumeClaim,
                json!({"storageClassName": ""}),
                json!({"storageClassName": "s"}),
                "change spec.storageClassName".into(),
            ),
            (
                VirtualService,
                json!({"http": [{"name": "a"}]}),
                json!({"http": [{"name": "a", "retries": {}}]}),
                "remove spec.http[0].retries".into(),
            ),
            (VirtualService, json!({"hosts": ["a"]}), json!({"hosts": ["a"], "tls": [{}]}), "remove spec.tls".into()),
            (VirtualService, json!({"http": [{"mirror": {}}]}), json!({"http": [{}]}), "add spec.http[0].mirror".into()),
            (
                Model,
                json!({"storage": {"ephemeral": {}}}),
                json!({"storage": {"size": "1Gi"}}),
                "add spec.storage.ephemeral".into(),
            ),
            (Model, json!("x"), json!({"image": "a"}), "change spec".into()),
            (Model, json!({"image": "a"}), json!("x"), "change spec".into()),
        ];
        for (kind, desired, live, expected) in rows {
            assert_eq!(changes(kind, desired.clone(), live).join(","), expected, "{desired}");
        }
    }

    #[test]
    fn unknown_server_fields_inside_atomic_values_are_said_and_left() {
        let desired = object(Kind::Deployment, json!({"template": {"spec": {"tolerations": [{"key": "k"}]}}}));
        let live = object(Kind::Deployment, json!({"template": {"spec": {"tolerations": [{"key": "k", "newest": 1}]}}}));
        let found = difference(Kind::Deployment, &desired, Some(&live), US);
        assert_eq!(texts(&found.changes), Vec::<String>::new());
        let said: Vec<_> = found.diagnostics.iter().map(|it| (it.code.as_str(), it.path.as_str())).collect();
        assert_eq!(said, [("UnknownServerField", "/spec/template/spec/tolerations/0/newest")]);
    }

    #[test]
    fn repeated_keys_are_said() {
        let once = object(Kind::Service, json!({"ports": [{"port": 80}]}));
        let twice = object(Kind::Service, json!({"ports": [{"port": 80, "name": "a"}, {"port": 80, "protocol": "TCP"}]}));
        let live = difference(Kind::Service, &once, Some(&twice), US);
        assert!(live.changes.is_empty() && live.diagnostics.iter().all(|it| it.code == "DuplicateKey" && !it.is_error()));
        assert_eq!(live.diagnostics.len(), 1);
        for live in [None, Some(&once)] {
            let desired = difference(Kind::Service, &twice, live, US);
            assert!(desired.diagnostics.iter().any(|it| it.code == "DuplicateKey" && it.is_error()));
        }
    }

    #[test]
    fn what_is_new_is_shown_member_by_member() {
        let mut desired = object(
            Kind::Deployment,
            json!({"replicas": 1, "selector": {"matchLabels": {"a": "b"}}, "template": {"metadata": {"labels": {"a": "b"}},
                "spec": {"containers": [{"name": "model", "image": "a:1"}], "securityContext": {"fsGroup": 1}}}}),
        );
        desired["metadata"]["annotations"] = json!({"mlops.internal/nginx.conf": "x"});
        let found = difference(Kind::Deployment, &desired, None, US);
        assert_eq!(
            texts(&found.changes),
            [
                "add metadata.annotations[mlops.internal/nginx.conf]",
                "add spec.replicas",
                "add spec.selector",
                "add spec.template.metadata.labels.a",
                "add spec.template.spec.containers[name=model]",
                "add spec.template.spec.securityContext",
            ]
        );
        let claim = difference(
            Kind::PersistentVolumeClaim,
            &object(Kind::PersistentVolumeClaim, json!({"accessModes": ["a"]})),
            None,
            US,
        );
        assert_eq!(
            claim.unknown_after.iter().map(|path| path::text(path)).collect::<Vec<_>>(),
            ["spec.storageClassName", "spec.volumeName"]
        );
    }

    #[test]
    fn an_istio_object_may_come_back_in_another_version() {
        let desired = object(Kind::Gateway, json!({"selector": {"istio": "ingressgateway"}}));
        let mut live = applied(Kind::Gateway, &desired);
        live["apiVersion"] = json!("networking.istio.io/v1beta1");
        assert!(difference(Kind::Gateway, &desired, Some(&live), US).changes.is_empty());
    }

    #[test]
    fn pods_that_the_selector_misses_are_an_error() {
        let spec = json!({"selector": {"matchLabels": {"a": "b"}}, "template": {"metadata": {"labels": {"a": "c"}}}});
        let found = difference(Kind::Deployment, &object(Kind::Deployment, spec), None, US);
        assert!(found.diagnostics.iter().any(|it| it.code == "SelectorMismatch" && it.is_error()));
    }
}

mod ownership {
    use super::*;

    fn labelled(labels: Value) -> Value {
        let mut desired = object(Kind::Deployment, pod(json!({"image": "a:1"})));
        desired["metadata"]["labels"] = labels;
        desired
    }

    #[test]
    fn removals_are_exact_with_our_entry() {
        let more = object(
            Kind::Deployment,
            json!({"replicas": 3, "minReadySeconds": 5, "template": {"spec": {
                "terminationGracePeriodSeconds": 60, "restartPolicy": "Always",
                "containers": [{"name": "model", "image": "a:1", "ports": [{"containerPort": 80, "protocol": "TCP"}],
                    "readinessProbe": {"periodSeconds": 5, "tcpSocket": {"port": 1}}}, {"name": "gor", "image": "g"}],
            }}}),
        );
        let less = object(
            Kind::Deployment,
            json!({"template": {"spec": {"containers": [{"name": "model", "image": "a:1", "ports": [{"containerPort": 80}],
                "readinessProbe": {"tcpSocket": {"port": 1}}}]}}}),
        );
        let mut live = applied(Kind::Deployment, &more);
        live["metadata"]["labels"] = json!({"foreign": "1"});
        let found = difference(Kind::Deployment, &less, Some(&live), US);
        assert_eq!(
            texts(&found.changes),
            [
                "remove spec.minReadySeconds",
                "default spec.replicas",
                "remove spec.template.spec.containers[name=gor]",
                "default spec.template.spec.containers[name=model].readinessProbe.periodSeconds",
                "release spec.template.spec.restartPolicy",
                "default spec.template.spec.terminationGracePeriodSeconds",
            ]
        );
        assert_eq!(found.changes[1].after, json!(1));
        assert_eq!(found.unknown_after.iter().map(|path| path::text(path)).collect::<Vec<_>>(), ["spec.minReadySeconds"]);
        assert!(!found.removals_unknown && !found.takes_ownership);

        let blind = difference(Kind::Deployment, &less, Some(&stripped(&live)), US);
        assert!(blind.changes.is_empty() && blind.removals_unknown && !blind.takes_ownership);
    }

    #[test]
    fn what_another_manager_owns_too_is_released() {
        let with = object(Kind::Deployment, json!({"replicas": 5}));
        let mut live = applied(Kind::Deployment, &with);
        add_entry(&mut live, owned_by("kube-controller-manager", "Update", json!({"f:spec": {"f:replicas": {}}})));
        let found = difference(Kind::Deployment, &object(Kind::Deployment, json!({})), Some(&live), US);
        assert_eq!(texts(&found.changes), ["release spec.replicas"]);
        assert_eq!(found.changes[0].after, json!(5));
    }

    #[test]
    fn an_entry_that_is_not_ours_means_taking_ownership() {
        let desired = labelled(json!({"a": "1"}));
        let mut live = stripped(&applied(Kind::Deployment, &desired));
        live["metadata"]["labels"]["b"] = json!("2");
        add_entry(&mut live, owned_by("kubectl", "Update", json!({"f:metadata": {"f:labels": {"f:a": {}, "f:b": {}}}})));
        let found = difference(Kind::Deployment, &desired, Some(&live), US);
        assert!(found.changes.is_empty() && found.takes_ownership && !found.removals_unknown);
        let changed = difference(Kind::Deployment, &labelled(json!({"a": "2"})), Some(&live), US);
        assert!(!changed.takes_ownership);
        assert_eq!(texts(&changed.conflicts), ["conflict metadata.labels.a"]);
        assert_eq!(changed.conflicts[0].owner, "kubectl");
        assert!(changed.drift.is_empty());
    }

    #[test]
    fn what_was_taken_from_us_is_drift_and_conflict() {
        let desired = labelled(json!({"a": "1", "b": "1"}));
        let mut live = applied(Kind::Deployment, &desired);
        live["metadata"]["labels"]["a"] = json!("2");
        let ours = &mut live["metadata"]["managedFields"][0]["fieldsV1"]["f:metadata"]["f:labels"];
        ours.as_object_mut().unwrap().remove("f:a");
        add_entry(&mut live, owned_by("kubectl-edit", "Update", json!({"f:metadata": {"f:labels": {"f:a": {}}}})));
        let found = difference(Kind::Deployment, &desired, Some(&live), US);
        assert_eq!(texts(&found.changes), ["conflict metadata.labels.a"]);
        assert_eq!((found.drift.len(), found.conflicts.len()), (1, 1));
    }

    #[test]
    fn what_we_wrote_by_an_update_cannot_be_removed() {
        let desired = labelled(json!({"a": "1"}));
        let mut live = stripped(&applied(Kind::Deployment, &labelled(json!({"a": "1", "old": "1"}))));
        add_entry(&mut live, owned_by(US, "Update", json!({"f:metadata": {"f:labels": {"f:a": {}, "f:old": {}}}})));
        let found = difference(Kind::Deployment, &desired, Some(&live), US);
        assert!(found.changes.is_empty() && found.takes_ownership && found.conflicts.is_empty());
        let said: Vec<_> = found.diagnostics.iter().map(|it| it.message.as_str()).collect();
        assert_eq!(said, ["metadata.labels.old was set by an update, so no apply removes it"]);
    }

    #[test]
    fn a_strangers_port_is_drift_that_no_apply_removes() {
        let desired = object(Kind::Service, json!({"ports": [{"port": 80}]}));
        let mut live = applied(Kind::Service, &desired);
        live["spec"]["ports"].as_array_mut().unwrap().push(json!({"port": 81, "protocol": "TCP"}));
        let found = difference(Kind::Service, &desired, Some(&live), US);
        assert_eq!(
            (texts(&found.changes).len(), texts(&found.drift)),
            (0, vec!["remove spec.ports[port=81,protocol=TCP]".into()])
        );
    }

    #[test]
    fn a_bound_volume_keeps_its_claims_uid() {
        let desired = object(Kind::PersistentVolume, json!({"claimRef": {"name": "m", "namespace": "ns"}}));
        let mut live = applied(Kind::PersistentVolume, &desired);
        live["spec"]["claimRef"]["uid"] = json!("u");
        live["spec"]["claimRef"]["resourceVersion"] = json!("1");
        let ours = &mut live["metadata"]["managedFields"][0]["fieldsV1"]["f:spec"]["f:claimRef"];
        ours["f:uid"] = json!({});
        assert!(difference(Kind::PersistentVolume, &desired, Some(&live), US).changes.is_empty());
    }

    #[test]
    fn a_last_applied_annotation_helps_where_managed_fields_are_gone() {
        let desired = labelled(json!({"a": "1"}));
        let last = labelled(json!({"a": "1", "old": "1"}));
        let mut live = labelled(json!({"a": "1", "old": "1", "foreign": "1"}));
        live["metadata"]["annotations"] = json!({KUBECTL_LAST_APPLIED: last.to_string()});
        assert_eq!(texts(&difference(Kind::Deployment, &desired, Some(&live), US).changes), ["remove metadata.labels.old"]);
    }

    #[test]
    fn malformed_managed_fields_never_fail() {
        let desired = labelled(json!({"a": "1"}));
        let good = applied(Kind::Deployment, &labelled(json!({"a": "1", "old": "1"})));
        let ours = good["metadata"]["managedFields"][0].clone();
        let with = |change: &dyn Fn(&mut Value)| {
            let mut entry = ours.clone();
            change(&mut entry);
            entry
        };
        let rows = [
            json!([ours.clone(), ours.clone()]),
            json!([with(&|entry| entry["fieldsType"] = json!("FieldsV2"))]),
            json!([with(&|entry| drop(entry.as_object_mut().unwrap().remove("fieldsV1")))]),
            json!([with(&|entry| entry["fieldsV1"]["k:{not json"] = json!({}))]),
            json!([with(&|entry| entry["fieldsV1"]["f:spec"] = json!(0))]),
            json!([with(&|entry| entry["manager"] = json!(1))]),
            json!([null]),
            json!("x"),
        ];
        for managed in rows {
            let mut live = good.clone();
            live["metadata"]["managedFields"] = managed.clone();
            let found = difference(Kind::Deployment, &desired, Some(&live), US);
            assert_eq!(texts(&found.changes), Vec::<String>::new(), "{managed}");
            assert!(found.removals_unknown && found.diagnostics[0].code == "MalformedManagedFields", "{managed}");
            merge(Kind::Deployment, Some(&live), &desired, US);
        }
    }

    #[test]
    fn a_file_makes_no_noise() {
        let desired = labelled(json!({"a": "1"}));
        let found = difference(Kind::Deployment, &desired, Some(&desired), US);
        assert!(found.changes.is_empty() && !found.removals_unknown && !found.takes_ownership && found.diagnostics.is_empty());
    }
}

mod defaults {
    use super::*;

    const TABLE: &str = include_str!("../../host-tests/tables/server_defaults.json");

    /// A condition in words becomes the value that it is about.
    fn literal(value: &Value) -> Value {
        let Some(text) = value.as_str() else { return value.clone() };
        let head = text.split(" (").next().unwrap().split(" when ").next().unwrap();
        match head {
            "= port" => json!(80),
            head => serde_json::from_str(head).unwrap_or_else(|_| json!(head)),
        }
    }

    fn another(value: &Value) -> Value {
        match value {
            Value::Number(number) => json!(number.as_i64().unwrap() + 1),
            Value::Bool(value) => json!(!value),
            Value::Object(_) => json!({"medium": "other"}),
            _ => json!("other"),
        }
    }

    /// An object with the value at the path, and something beside it at every level.
    fn with(path: &[&str], value: Option<&Value>) -> Value {
        let Some((head, rest)) = path.split_first() else { return value.cloned().unwrap_or(Value::Null) };
        let mut object = json!({"name": "n", "image": "a:1", "port": 80, "containerPort": 80});
        match head.strip_suffix("[]") {
            Some(list) => object[list] = json!([with(rest, value)]),
            None if rest.is_empty() && value.is_none() => {}
            None => object[head] = with(rest, value),
        }
        object
    }

    #[test]
    fn every_default_of_our_kinds() {
        let table: Value = serde_json::from_str(TABLE).unwrap();
        let kinds = [
            ("podTemplate", Kind::Deployment),
            ("apps/v1 Deployment", Kind::Deployment),
            ("v1 Service", Kind::Service),
            ("v1 PersistentVolume", Kind::PersistentVolume),
            ("v1 PersistentVolumeClaim", Kind::PersistentVolumeClaim),
        ];
        for (group, kind) in kinds {
            for (path, default) in table[group].as_object().unwrap() {
                let steps: Vec<&str> = path.split('.').skip(1).collect();
                let default = literal(default);
                let desired = object(kind, with(&steps, None));
                let mut live = applied(kind, &desired);
                live["spec"] = with(&steps, Some(&default));
                assert_eq!(texts(&difference(kind, &desired, Some(&live), US).changes), Vec::<String>::new(), "{path}");

                let other = applied(kind, &object(kind, with(&steps, Some(&another(&default)))));
                let found = difference(kind, &desired, Some(&other), US);
                assert!(!found.changes.is_empty(), "{path}");
                if steps.last() != Some(&"protocol") {
                    let fields = |path: &[Step]| path.iter().filter(|step| matches!(step, Step::Field(_))).count();
                    assert!(
                        found.changes.iter().all(|change| fields(&change.path) > steps.len()),
                        "{path} {:?}",
                        texts(&found.changes)
                    );
                }

                if !default.is_object() && steps.last() != Some(&"protocol") {
                    let wanted = object(kind, with(&steps, Some(&default)));
                    let ours = applied(kind, &wanted);
                    let found = difference(kind, &desired, Some(&ours), US);
                    assert!(found.changes.iter().all(|change| matches!(change.op, Op::Release | Op::Remove)), "{path}");
                }
            }
        }
    }

    #[test]
    fn the_pull_policy_follows_the_image() {
        for (image, policy) in [
            ("a", "Always"),
            ("a:latest", "Always"),
            ("r:5000/a", "Always"),
            ("a:1", "IfNotPresent"),
            ("a@sha256:00", "IfNotPresent"),
            ("r:5000/a:latest@sha256:00", "IfNotPresent"),
        ] {
            let with = pod(json!({"image": image, "imagePullPolicy": policy}));
            let live = applied(Kind::Deployment, &object(Kind::Deployment, with));
            let desired = object(Kind::Deployment, pod(json!({"image": image})));
            let found = difference(Kind::Deployment, &desired, Some(&live), US);
            assert_eq!(texts(&found.changes), ["release spec.template.spec.containers[name=model].imagePullPolicy"], "{image}");
        }
    }
}

mod immutable_fields {
    use super::*;
    use Kind::{Deployment, Gateway, PersistentVolume as Pv, PersistentVolumeClaim as Claim, Service, VirtualService};

    const TABLE: &str = include_str!("../../host-tests/tables/immutable_fields.json");

    fn storage(size: &str) -> Value {
        json!({"resources": {"requests": {"storage": size}}})
    }

    #[test]
    fn every_row_of_our_kinds() {
        let rows = [
            ("PersistentVolumeClaim-01", Claim, storage("1Gi"), storage("2Gi"), "patch"),
            ("PersistentVolumeClaim-02", Claim, storage("1Gi"), storage("2Gi"), "patch"),
            ("PersistentVolumeClaim-03", Claim, storage("1024Mi"), storage("1Gi"), "no-op"),
            ("PersistentVolumeClaim-04", Claim, storage("2Gi"), storage("1Gi"), "data loss"),
            ("PersistentVolumeClaim-05", Claim, storage("4Gi"), storage("3Gi"), "data loss"),
            ("PersistentVolumeClaim-06", Claim, json!({}), json!({"storageClassName": "fast"}), "patch"),
            (
                "PersistentVolumeClaim-07",
                Claim,
                json!({"storageClassName": "slow"}),
                json!({"storageClassName": "fast"}),
                "data loss",
            ),
            ("PersistentVolumeClaim-08", Claim, json!({"storageClassName": "standard"}), json!({}), "no-op"),
            ("PersistentVolumeClaim-09", Claim, json!({"volumeName": ""}), json!({"volumeName": "pv1"}), "patch"),
            ("PersistentVolumeClaim-10", Claim, json!({"volumeName": "pv1"}), json!({"volumeName": "pv2"}), "data loss"),
            ("PersistentVolumeClaim-11", Claim, json!({"accessModes": ["A"]}), json!({"accessModes": ["B"]}), "data loss"),
            (
                "PersistentVolumeClaim-12",
                Claim,
                json!({"selector": {"matchLabels": {"a": "b"}}}),
                json!({"selector": {"matchLabels": {"a": "c"}}}),
                "data loss",
            ),
            ("PersistentVolumeClaim-13", Claim, json!({"volumeMode": "Filesystem"}), json!({"volumeMode": "Block"}), "data loss"),
            (
                "PersistentVolumeClaim-14",
                Claim,
                json!({"dataSource": {"name": "a"}}),
                json!({"dataSource": {"name": "b"}}),
                "data loss",
            ),
            ("PersistentVolumeClaim-15", Claim, json!({}), json!({}), "labels"),
            ("PersistentVolume-16", Pv, json!({"nfs": {"server": "a"}}), json!({"nfs": {"server": "b"}}), "data loss"),
            ("PersistentVolume-17", Pv, json!({"nfs": {"path": "a"}}), json!({"nfs": {"path": "b"}}), "data loss"),
            ("PersistentVolume-18", Pv, json!({"hostPath": {"path": "a"}}), json!({"hostPath": {"path": "b"}}), "data loss"),
            (
                "PersistentVolume-19",
                Pv,
                json!({"csi": {"volumeHandle": "a"}}),
                json!({"csi": {"volumeHandle": "b"}}),
                "data loss",
            ),
            (
                "PersistentVolume-20",
                Pv,
                json!({"csi": {"volumeAttributes": {"a": "b"}}}),
                json!({"csi": {"volumeAttributes": {"a": "c"}}}),
                "data loss",
            ),
            ("PersistentVolume-21", Pv, json!({"nfs": {"path": "a"}}), json!({"csi": {"driver": "a"}}), "data loss"),
            ("PersistentVolume-22", Pv, json!({"volumeMode": "Filesystem"}), json!({"volumeMode": "Block"}), "data loss"),
            ("PersistentVolume-23", Pv, json!({}), json!({"nodeAffinity": {"required": {"nodeSelectorTerms": [{}]}}}), "patch"),
            (
                "PersistentVolume-24",
                Pv,
                json!({"nodeAffinity": {"required": {"nodeSelectorTerms": [{"matchFields": []}]}}}),
                json!({"nodeAffinity": {"required": {"nodeSelectorTerms": [{}, {}]}}}),
                "data loss",
            ),
            (
                "PersistentVolume-25",
                Pv,
                json!({"capacity": {"storage": "1Gi"}}),
                json!({"capacity": {"storage": "2Gi"}}),
                "patch",
            ),
            (
                "PersistentVolume-26",
                Pv,
                json!({"persistentVolumeReclaimPolicy": "Retain"}),
                json!({"persistentVolumeReclaimPolicy": "Delete"}),
                "patch",
            ),
            ("PersistentVolume-27", Pv, json!({"accessModes": ["A"]}), json!({"accessModes": ["B"]}), "patch"),
            ("PersistentVolume-28", Pv, json!({"mountOptions": ["A"]}), json!({"mountOptions": ["B"]}), "patch"),
            ("PersistentVolume-29", Pv, json!({"storageClassName": "a"}), json!({"storageClassName": "b"}), "patch"),
            (
                "PersistentVolume-30",
                Pv,
                json!({"claimRef": {"name": "m", "uid": "u", "resourceVersion": "1"}}),
                json!({"claimRef": {"name": "m"}}),
                "no-op",
            ),
            ("Service-31", Service, json!({"clusterIP": "10.0.0.5"}), json!({}), "no-op"),
            ("Service-32", Service, json!({"clusterIP": "10.0.0.5"}), json!({"clusterIP": "10.0.0.6"}), "replace"),
            ("Service-33", Service, json!({"clusterIP": "10.0.0.5"}), json!({"clusterIP": "None"}), "replace"),
            ("Service-34", Service, json!({"type": "ClusterIP"}), json!({"type": "NodePort"}), "patch"),
            (
                "Service-35",
                Service,
                json!({"type": "ClusterIP", "clusterIP": "10.0.0.5"}),
                json!({"type": "ExternalName"}),
                "patch",
            ),
            ("Service-36", Service, json!({"ipFamilies": ["IPv4"]}), json!({"ipFamilies": ["IPv6", "IPv4"]}), "replace"),
            (
                "Service-37",
                Service,
                json!({"ports": [{"port": 1}], "selector": {"a": "b"}}),
                json!({"ports": [{"port": 2}], "selector": {"a": "c"}}),
                "patch",
            ),
            ("Service-38", Service, json!({"healthCheckNodePort": 1}), json!({"healthCheckNodePort": 2}), "replace"),
            (
                "Deployment-39",
                Deployment,
                json!({"selector": {"matchLabels": {"a": "b"}}}),
                json!({"selector": {"matchLabels": {"a": "c"}}}),
                "replace",
            ),
            (
                "Deployment-40",
                Deployment,
                json!({"selector": {"matchLabels": {"a": "b"}}}),
                json!({"selector": {"matchLabels": {"a": "b"}}}),
                "error",
            ),
            ("Deployment-41", Deployment, json!({"replicas": 1}), json!({"replicas": 2}), "patch"),
            ("Deployment-42", Deployment, pod(json!({"image": "a"})), pod(json!({"image": "b"})), "patch"),
            (
                "Deployment-43",
                Deployment,
                json!({"strategy": {"type": "RollingUpdate"}}),
                json!({"strategy": {"type": "Recreate"}}),
                "patch",
            ),
            ("Deployment-44", Deployment, json!({"minReadySeconds": 1}), json!({"minReadySeconds": 2}), "patch"),
            ("Deployment-45", Deployment, json!({"paused": true}), json!({"paused": false}), "patch"),
            ("Deployment-46", Deployment, json!({"revisionHistoryLimit": 1}), json!({"revisionHistoryLimit": 2}), "patch"),
            ("Deployment-47", Deployment, json!({"progressDeadlineSeconds": 1}), json!({"progressDeadlineSeconds": 2}), "patch"),
            ("VirtualService-63", VirtualService, json!({"hosts": ["a"]}), json!({"hosts": ["b"]}), "patch"),
            ("Gateway-65", Gateway, json!({"selector": {"a": "b"}}), json!({"selector": {"a": "c"}}), "patch"),
        ];
        for (id, kind, live, desired, verb) in &rows {
            let (mut desired, live) = (object(*kind, desired.clone()), object(*kind, live.clone()));
            if *verb == "labels" {
                desired["metadata"]["labels"] = json!({"a": "b"});
            }
            let found = difference(*kind, &desired, Some(&live), US);
            let verdict = match (found.changes.is_empty(), found.replace_paths.is_empty(), found.data_loss) {
                (_, false, true) => "data loss",
                (_, false, false) => "replace",
                (true, true, _) => "no-op",
                (false, true, _) => "patch",
            };
            match *verb {
                "labels" => assert_eq!(verdict, "patch", "{id}"),
                "error" => assert!(found.diagnostics.iter().any(Diagnostic::is_error), "{id}"),
                verb => assert_eq!(verdict, verb, "{id} {:?}", texts(&found.changes)),
            }
        }
        let table: Value = serde_json::from_str(TABLE).unwrap();
        let ours = items(&table, &["rows"]).iter().filter(|row| Kind::ALL.iter().any(|kind| row["kind"] == kind.name()));
        let ids: Vec<&str> = ours.map(|row| row["id"].as_str().unwrap()).collect();
        assert_eq!(rows.iter().map(|row| row.0).collect::<Vec<_>>(), ids);
    }

    #[test]
    fn a_claim_grows_only_when_it_is_bound_and_an_owned_class_cannot_be_dropped() {
        let mut live = object(Claim, storage("1Gi"));
        live["status"] = json!({"phase": "Pending"});
        let found = difference(Claim, &object(Claim, storage("2Gi")), Some(&live), US);
        assert_eq!(found.diagnostics[0].code, "ClaimNotBound");
        let owned = applied(Claim, &object(Claim, json!({"storageClassName": "fast", "accessModes": ["A"]})));
        let found = difference(Claim, &object(Claim, json!({"accessModes": ["A"]})), Some(&owned), US);
        assert!(found.data_loss && texts(&found.changes) == ["remove spec.storageClassName"]);
    }
}

mod types {
    use super::*;
    use crate::diff::tables::Shape;

    const TABLE: &str = include_str!("../../host-tests/tables/list-types.json");

    fn at_path(kind: Kind, path: &str) -> &'static Type {
        path.split('.').fold(tables::of(kind), |of, step| {
            let name = step.trim_end_matches("[]").trim_end_matches("{}");
            let of = of.member(name).0;
            if name.len() < step.len() { of.element() } else { of }
        })
    }

    /// Volume sources that no Model may use in its pods.
    fn is_ours(path: &str) -> bool {
        let foreign = [
            "ephemeralContainers",
            "cephfs",
            "cinder",
            "flexVolume",
            "iscsi",
            "rbd",
            "scaleIO",
            "storageos",
            "clusterTrustBundle",
        ];
        !foreign.iter().any(|name| path.contains(name)) && !path.contains("volumes[].csi")
    }

    #[test]
    fn the_tree_agrees_with_the_schema() {
        let table: Value = serde_json::from_str(TABLE).unwrap();
        for kind in [Kind::Deployment, Kind::Service, Kind::PersistentVolume, Kind::PersistentVolumeClaim] {
            let facts = &table["kinds"][format!("{} {}", kind.api(), kind.name())];
            for (path, keys) in facts["listMaps"].as_object().unwrap().iter().filter(|(path, _)| is_ours(path)) {
                let Shape::Keyed(names) = at_path(kind, path).shape else { panic!("{path} has no keys") };
                assert_eq!(&json!(names), keys, "{path}");
            }
            for (list, holds) in [
                ("listSets", (|shape| shape == Shape::Set) as fn(Shape) -> bool),
                ("atomicLists", |shape| shape == Shape::Deduced || shape == Shape::Ignored),
                ("atomicMaps", |shape| shape == Shape::Atomic),
                ("quantity", |shape| matches!(shape, Shape::Quantity | Shape::Resource)),
            ] {
                for path in items(facts, &[list]).iter().filter_map(Value::as_str).filter(|path| is_ours(path)) {
                    assert!(holds(at_path(kind, path).shape), "{} {list} {path}", kind.name());
                }
            }
        }
    }
}

/// Objects of a kind, made along its type tree.
mod random {
    use super::*;
    use crate::diff::tables::{ORDERED, Shape};

    pub struct Random(pub u64);

    impl Random {
        pub fn below(&mut self, bound: usize) -> usize {
            self.0 = self.0.wrapping_mul(6364136223846793005).wrapping_add(1442695040888963407);
            ((self.0 >> 33) as usize) % bound.max(1)
        }

        fn one_of<T: Clone>(&mut self, values: &[T]) -> T {
            values[self.below(values.len())].clone()
        }

        pub fn object(&mut self, kind: Kind) -> Value {
            let mut value = self.value(tables::of(kind), "", 9);
            let kept = object(kind, json!({}));
            for name in ["apiVersion", "kind"] {
                value[name] = kept[name].clone();
            }
            set(&mut value, &["metadata", "name"], json!("m"));
            value
        }

        /// The type of a value follows from its name, so that two objects have the same shape.
        fn value(&mut self, of: &'static Type, name: &str, depth: usize) -> Value {
            let few = if depth == 0 { 0 } else { self.below(4) };
            match of.shape {
                Shape::Ignored => Value::Null,
                Shape::Quantity | Shape::Resource => {
                    self.one_of(&[json!("1"), json!("1000m"), json!("1Gi"), json!("1024Mi"), json!(1)])
                }
                Shape::Duration => self.one_of(&[json!("1s"), json!("1000ms"), json!("2s")]),
                Shape::Set => Value::Array(["a", "b", "c"].into_iter().take(few).map(Value::from).collect()),
                Shape::Keyed(keys) => self.elements(of, keys, few, depth),
                Shape::Deduced | Shape::Atomic => match of.names().as_slice() {
                    [] if name.ends_with('s') && !of.is_map() => {
                        (0..few).map(|_| self.value(of.element(), "x", depth.saturating_sub(1))).collect()
                    }
                    [] if !of.is_map() => self.scalar(),
                    names => self.members(of, names, few, depth),
                },
            }
        }

        fn scalar(&mut self) -> Value {
            self.one_of(&[json!("a"), json!("b"), json!(""), json!(1), json!(true)])
        }

        fn members(&mut self, of: &'static Type, names: &[&'static str], few: usize, depth: usize) -> Value {
            let mut members = Map::new();
            if depth == 0 {
                return Value::Object(members);
            }
            for _ in 0..few + usize::from(depth > 6) * 3 {
                let name =
                    if names.is_empty() || self.below(4) == 0 { self.one_of(&["x", "y", "zs"]) } else { self.one_of(names) };
                members.insert(name.into(), self.value(of.member(name).0, name, depth - 1));
            }
            Value::Object(members)
        }

        fn elements(&mut self, of: &'static Type, keys: &[&str], few: usize, depth: usize) -> Value {
            let mut items: Vec<Value> = (0..few)
                .map(|place| {
                    let mut item = self.value(of.element(), "", depth.saturating_sub(1));
                    if !item.is_object() {
                        item = json!({"x": item});
                    }
                    for key in keys {
                        let value = if key.to_lowercase().ends_with("port") { json!(place) } else { json!(format!("k{place}")) };
                        item[*key] = if *key == "protocol" { json!("TCP") } else { value };
                    }
                    item
                })
                .collect();
            if !items.is_empty() {
                items.remove(self.below(items.len()));
            }
            Value::Array(items)
        }

        /// The same with the elements of keyed lists in another order, where it means nothing.
        pub fn shuffled(&mut self, of: &'static Type, value: &Value) -> Value {
            match value {
                Value::Object(members) => {
                    members.iter().map(|(name, value)| (name.clone(), self.shuffled(of.member(name).0, value))).collect()
                }
                Value::Array(values) if matches!(of.shape, Shape::Keyed(_) | Shape::Set) => {
                    let mut values: Vec<Value> = values.iter().map(|value| self.shuffled(of.element(), value)).collect();
                    if !of.has(ORDERED) {
                        let by = self.below(values.len());
                        values.rotate_left(by);
                    }
                    Value::Array(values)
                }
                _ => value.clone(),
            }
        }

        /// Some place in a value.
        pub fn pointer(&mut self, value: &Value) -> String {
            let below: Vec<(String, &Value)> = match value {
                Value::Object(members) => members.iter().map(|(name, value)| (crate::json::pointer("", name), value)).collect(),
                Value::Array(values) => values.iter().enumerate().map(|(at, value)| (format!("/{at}"), value)).collect(),
                _ => Vec::new(),
            };
            if below.is_empty() || self.below(4) == 0 {
                return String::new();
            }
            let (step, value) = &below[self.below(below.len())];
            format!("{step}{}", self.pointer(value))
        }
    }
}

mod properties {
    use super::random::Random;
    use super::*;

    fn kinds() -> impl Iterator<Item = Kind> {
        Kind::ALL.into_iter()
    }

    fn is_near(one: &[Step], other: &[Step]) -> bool {
        one.iter().zip(other).all(|(one, other)| one == other)
    }

    /// A list that an apply empties is gone, and there without elements after the next one: so does the API server.
    fn without_empty(value: &Value) -> Value {
        let Value::Object(members) = value else { return value.clone() };
        let mut kept = Map::new();
        for (name, value) in members {
            let value = if name == "managedFields" { value.clone() } else { without_empty(value) };
            let empty = value.as_object().is_some_and(Map::is_empty) || value.as_array().is_some_and(Vec::is_empty);
            if !empty {
                kept.insert(name.clone(), value);
            }
        }
        Value::Object(kept)
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(100))]

        #[test]
        fn nothing_differs_after_an_apply(seed: u64) {
            let mut random = Random(seed);
            for kind in kinds() {
                let (desired, live, former) = (random.object(kind), random.object(kind), random.object(kind));
                let lives = [None, Some(live.clone()), Some(merge(kind, None, &live, "other")), Some(applied(kind, &live)),
                    Some(merge(kind, Some(&merge(kind, None, &live, "other")), &former, US))];
                for live in &lives {
                    let merged = merge(kind, live.as_ref(), &desired, US);
                    let mut found = difference(kind, &desired, Some(&merged), US);
                    // No apply takes away what a stranger put there before anybody's fields were managed.
                    if live.as_ref().is_some_and(|live| live["metadata"]["managedFields"].is_null()) {
                        found.changes.retain(|change| change.op != Op::Remove);
                    }
                    prop_assert!(found.changes.is_empty(), "{:?}\n{desired}\n{live:?}\n{merged}", texts(&found.changes));
                    prop_assert!(!found.takes_ownership || texts(&found.changes).is_empty());
                    prop_assert_eq!(without_empty(&merge(kind, Some(&merged), &desired, US)), without_empty(&merged));
                }
            }
        }

        #[test]
        fn what_others_add_is_not_seen(seed: u64) {
            let mut random = Random(seed);
            for kind in kinds() {
                let desired = random.object(kind);
                let mut live = applied(kind, &desired);
                live["status"] = json!({"anything": [1]});
                live["metadata"]["uid"] = json!("u");
                set(&mut live, &["metadata", "labels", "foreign"], json!("1"));
                set(&mut live, &["metadata", "annotations", "deployment.kubernetes.io/revision"], json!("1"));
                if !tables::is_strict(kind) && live["spec"].is_object() {
                    live["spec"]["foreign"] = json!({"a": [1]});
                }
                let shuffled = random.shuffled(tables::of(kind), &live);
                for live in [&live, &stripped(&live), &shuffled] {
                    let found = difference(kind, &desired, Some(live), US);
                    prop_assert!(found.changes.is_empty(), "{:?}\n{desired}\n{live}", texts(&found.changes));
                }
            }
        }

        #[test]
        fn any_live_object_has_an_answer(seed: u64) {
            let mut random = Random(seed);
            for kind in kinds() {
                let desired = random.object(kind);
                let mut live = merge(kind, Some(&applied(kind, &random.object(kind))), &random.object(kind), "other");
                for junk in [json!(null), json!([]), json!({}), json!(""), json!(0)] {
                    let pointer = random.pointer(&live);
                    if let Some(place) = live.pointer_mut(&pointer) {
                        *place = junk;
                    }
                    let one = difference(kind, &desired, Some(&live), US);
                    let two = difference(kind, &desired, Some(&live), US);
                    prop_assert_eq!(format!("{one:?}"), format!("{two:?}"));
                    let merged = merge(kind, Some(&live), &desired, US);
                    let after = difference(kind, &desired, Some(&merged), US);
                    prop_assert!(after.changes.is_empty(), "{:?}\n{desired}\n{live}\n{merged}", texts(&after.changes));
                    merge(kind, Some(&desired), &live, US);
                    difference(kind, &live, Some(&desired), US);
                    crate::readiness::readiness(kind, Some(&live));
                }
            }
        }

        #[test]
        fn without_managed_fields_nothing_more_is_seen(seed: u64) {
            let mut random = Random(seed);
            for kind in kinds() {
                let desired = random.object(kind);
                let live = merge(kind, Some(&applied(kind, &random.object(kind))), &random.object(kind), "other");
                let exact = difference(kind, &desired, Some(&live), US);
                let blind = difference(kind, &desired, Some(&stripped(&live)), US);
                for change in &blind.changes {
                    let known = exact.changes.iter().chain(&exact.drift).any(|other| is_near(&other.path, &change.path));
                    prop_assert!(known, "{}\n{desired}\n{live}", change.text);
                }
            }
        }
    }
}
