//! What is rendered: against the example that was validated by hand, the real Kubernetes types, Pod Security and Metacontroller.
#![allow(missing_docs, reason = "a test")]

mod rendered;

use k8s_openapi::api::apps::v1::Deployment;
use k8s_openapi::api::core::v1::{PersistentVolume, PersistentVolumeClaim, Service};
use modelwright::children::{gateway, routes, virtual_service};
use modelwright::validate::{self, Variant};
use rendered::{child, children, deployment, file, model, named, pod, samples};
use serde::{Serialize, de::DeserializeOwned};
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};

/// `tests/children/titanic.yaml` was checked with kubernetes-validate, Istio's schemas and four linters; it is never blessed.
#[test]
fn the_example_is_the_one_that_was_validated() {
    let text = include_str!("children/titanic.yaml");
    let mut expected: Vec<Value> =
        text.split("\n---\n").map(|document| serde_saphyr::from_str(document).expect("YAML")).collect();
    let mut model = model(json!({}));
    model.figures.instances = 2;
    let mut found = children(&model);
    for name in ["nginx.conf", "fluent-bit.yaml", "fetch.py"] {
        let pointer = format!("/spec/template/metadata/annotations/mlops.internal~1{name}");
        *expected[2].pointer_mut(&pointer).expect("an annotation") = file(&found[2], name).into();
    }
    let variants = [variant("stable", "titanic-v1", 90), variant("canary", "titanic-v2", 10)];
    let http = routes("titanic", &variants, 60);
    let config = validate::Meta { name: "titanic".into(), namespace: "titanic".into(), ..Default::default() };
    found.push(virtual_service(&config, &["titanic.example.com".into()], &["titanic/titanic".into()], http));
    found.push(gateway(&endpoint(json!({"credentialName": "titanic-example-com"}))));
    assert_eq!(found.len(), expected.len());
    for (found, expected) in found.iter().zip(&expected) {
        assert_eq!(differences(expected, found, ""), Vec::<String>::new(), "{}", expected["kind"]);
    }
}

/// Paths that differ, for messages that can be read.
fn differences(expected: &Value, found: &Value, path: &str) -> Vec<String> {
    match (expected, found) {
        (Value::Object(a), Value::Object(b)) => {
            let keys: BTreeSet<_> = a.keys().chain(b.keys()).collect();
            keys.into_iter().flat_map(|key| differences(&expected[key], &found[key], &format!("{path}/{key}"))).collect()
        }
        (Value::Array(a), Value::Array(b)) if a.len() == b.len() => {
            a.iter().zip(b).enumerate().flat_map(|(i, (a, b))| differences(a, b, &format!("{path}/{i}"))).collect()
        }
        _ if expected == found => Vec::new(),
        _ => vec![format!("{path}: {expected} is expected, not {found}")],
    }
}

fn variant(name: &str, model: &str, weight: u32) -> Variant {
    Variant { name: name.into(), model: model.into(), weight, instances: None, cpus: None, memory: None }
}

fn endpoint(tls: Value) -> validate::Endpoint {
    let mut object = json!({
        "apiVersion": "mlops.internal/v1alpha1", "kind": "Endpoint", "metadata": {"name": "titanic", "namespace": "titanic"},
        "spec": {"config": "titanic", "host": "titanic.example.com", "gateway": {"selector": {"istio": "ingressgateway"}}},
    });
    if !tls.is_null() {
        object["spec"]["tls"] = tls;
    }
    let checked = validate::endpoint(&object);
    checked.value.unwrap_or_else(|| panic!("{:?}", checked.diagnostics))
}

#[test]
fn a_gateway_without_tls_has_one_plain_server() {
    let expected = json!([{"port": {"number": 80, "name": "http", "protocol": "HTTP"}, "hosts": ["./titanic.example.com"]}]);
    assert_eq!(gateway(&endpoint(Value::Null))["spec"]["servers"], expected);
}

#[test]
fn every_field_is_one_that_kubernetes_knows() {
    for (name, patch) in samples() {
        for child in children(&model(patch)) {
            let back = match child["kind"].as_str() {
                Some("PersistentVolume") => through::<PersistentVolume>(&child),
                Some("PersistentVolumeClaim") => through::<PersistentVolumeClaim>(&child),
                Some("Deployment") => through::<Deployment>(&child),
                _ => through::<Service>(&child),
            };
            assert_eq!(differences(&back, &child, ""), Vec::<String>::new(), "{name}");
        }
    }
}

fn through<T: Serialize + DeserializeOwned>(child: &Value) -> Value {
    serde_json::to_value(T::deserialize(child).expect("the type")).expect("JSON")
}

#[test]
fn nothing_is_null_or_empty_except_where_that_means_something() {
    for (name, patch) in samples() {
        for child in children(&model(patch)) {
            assert_eq!(empty(&child, ""), Vec::<String>::new(), "{name}");
        }
    }
}

fn empty(value: &Value, path: &str) -> Vec<String> {
    let meant = path.ends_with("/storageClassName") || path.ends_with("/emptyDir");
    let is_empty = match value {
        Value::Null => true,
        Value::String(text) => text.is_empty(),
        Value::Array(items) => items.is_empty(),
        Value::Object(fields) => fields.is_empty(),
        _ => false,
    };
    let below: Vec<String> = match value {
        Value::Object(fields) => fields.iter().flat_map(|(key, value)| empty(value, &format!("{path}/{key}"))).collect(),
        Value::Array(items) => items.iter().enumerate().flat_map(|(i, value)| empty(value, &format!("{path}/{i}"))).collect(),
        _ => Vec::new(),
    };
    below.into_iter().chain((is_empty && !meant).then(|| path.to_owned())).collect()
}

#[test]
fn storage_decides_about_volume_and_claim() {
    let sources = |value: &Value| ["nfs", "csi", "hostPath"].iter().filter(|source| !value["spec"][source].is_null()).count();
    for (name, volume, claim_class, claim_volume) in [
        ("the example", true, json!(""), json!("titanic.titanic-v1")),
        ("csi", true, json!(""), json!("titanic.titanic-v1")),
        ("hostPath", true, json!(""), json!("titanic.titanic-v1")),
        ("a class", false, json!("fast"), Value::Null),
        ("no storage", false, Value::Null, Value::Null),
    ] {
        let patch = sample(name);
        let pv = child(patch.clone(), "PersistentVolume");
        assert_eq!(!pv.is_null(), volume, "{name}");
        assert_eq!(sources(&pv), usize::from(volume), "{name}");
        assert!(pv["metadata"].get("namespace").is_none());
        let claim = child(patch, "PersistentVolumeClaim");
        assert_eq!(claim["spec"]["storageClassName"], claim_class, "{name}");
        assert_eq!(claim["spec"]["volumeName"], claim_volume, "{name}");
    }
    for name in ["existing claim", "ephemeral", "ephemeral with class", "pvc", "oci"] {
        assert_eq!(children(&model(sample(name))).len(), 2, "{name}");
    }
    let csi = child(sample("csi"), "PersistentVolume");
    assert_eq!(csi["spec"]["csi"], json!({"driver": "d.example.com", "volumeHandle": "h"}));
    assert!(csi["spec"].get("mountOptions").is_none());
    let host = child(sample("hostPath"), "PersistentVolume");
    assert_eq!(host["spec"]["hostPath"], json!({"path": "/data", "type": "Directory"}));
    assert_eq!(host["spec"]["accessModes"], json!(["ReadWriteOnce"]));
}

fn sample(name: &str) -> Value {
    samples().into_iter().find(|(known, _)| *known == name).expect("a sample").1
}

#[test]
fn the_store_is_what_storage_and_artifact_say() {
    let key = format!("artifacts/{}", rendered::DIGEST);
    let emptied = json!({"emptyDir": {"sizeLimit": "10Gi"}});
    let generic = json!({"ephemeral": {"volumeClaimTemplate": {"spec": {"accessModes": ["ReadWriteOnce"],
        "storageClassName": "fast", "resources": {"requests": {"storage": "10Gi"}}}}}});
    let claim = |name: &str| json!({"persistentVolumeClaim": {"claimName": name}});
    for (name, source, sub_path) in [
        ("the example", claim("titanic-v1"), json!(key)),
        ("existing claim", claim("mine"), json!(key)),
        ("ephemeral", emptied, json!(key)),
        ("ephemeral with class", generic, json!(key)),
        ("pvc", claim("claim"), json!("a/b")),
        ("pvc root", claim("claim"), Value::Null),
        ("oci", json!({"image": {"reference": "r.example.com/m:1", "pullPolicy": "Always"}}), Value::Null),
    ] {
        let pod = pod(sample(name));
        let mut expected = source;
        expected["name"] = "store".into();
        assert_eq!(named(&pod["volumes"], "store"), &expected, "{name}");
        let mount = named(&pod["containers"][0]["volumeMounts"], "store");
        assert_eq!(mount["subPath"], sub_path, "{name}");
        assert_eq!((&mount["mountPath"], &mount["readOnly"]), (&json!("/opt/ml/model"), &json!(true)), "{name}");
    }
}

#[test]
fn a_mounted_artifact_needs_no_download() {
    for name in ["pvc", "pvc root", "oci"] {
        let deployment = deployment(sample(name));
        let pod = &deployment["spec"]["template"]["spec"];
        assert!(pod.get("initContainers").is_none(), "{name}");
        assert_eq!(named(&pod["volumes"], "init-tmp"), &Value::Null, "{name}");
        assert_eq!(file(&deployment, "fetch.py"), "", "{name}");
        assert_eq!(named(&pod["volumes"], "config")["downwardAPI"]["items"].as_array().map(Vec::len), Some(2), "{name}");
    }
}

#[test]
fn an_empty_dir_counts_against_both_containers() {
    let pod = pod(sample("ephemeral"));
    let storage = |container: &Value, amounts: &str| container["resources"][amounts]["ephemeral-storage"].clone();
    let (init, model) = (&pod["initContainers"][0], &pod["containers"][0]);
    let all = [storage(init, "requests"), storage(init, "limits"), storage(model, "requests"), storage(model, "limits")];
    assert_eq!(all, ["10304Mi", "12Gi", "10496Mi", "11Gi"]);
}

#[test]
fn a_volume_of_one_node_is_recreated() {
    let strategy = |name| deployment(sample(name))["spec"]["strategy"].clone();
    let rolling = json!({"type": "RollingUpdate", "rollingUpdate": {"maxUnavailable": 0, "maxSurge": 1}});
    assert_eq!(strategy("the example"), rolling);
    assert_eq!(strategy("ephemeral"), rolling);
    assert_eq!(strategy("no storage"), json!({"type": "Recreate"}));
}

#[test]
fn the_key_is_the_digest_or_that_of_the_uri() {
    let of = |patch| named(&pod(patch)["initContainers"][0]["env"], "MODEL_KEY")["value"].clone();
    assert_eq!(of(json!({})), rendered::DIGEST);
    // sha256sum of "https://models.example.com/titanic/v1.tar.gz"
    let without = json!({"artifact": {"sha256": null}});
    assert_eq!(of(without.clone()), "834c0d2688d1cf81daae87c4024d7c46a7b6b2fb5849bf4962151e1526f6c539");
    assert_eq!(named(&pod(without)["initContainers"][0]["env"], "MODEL_SHA256"), &json!({"name": "MODEL_SHA256"}));
}

#[test]
fn capture_is_a_container_and_a_volume() {
    let disabled = pod(sample("no capture"));
    assert_eq!(named(&disabled["containers"], "gor"), &Value::Null);
    assert_eq!(named(&disabled["volumes"], "capture"), &Value::Null);
    let arguments = |patch| named(&pod(patch)["containers"], "gor")["args"].as_array().cloned().expect("arguments");
    let has_limiter = |arguments: &[Value]| {
        arguments.windows(2).any(|pair| pair == [json!("--http-header-limiter"), json!("X-Request-Id:10%")])
    };
    assert!(has_limiter(&arguments(sample("a tenth captured"))));
    assert!(!arguments(json!({})).contains(&json!("--http-header-limiter")));
    let other = arguments(sample("another server"));
    assert!(other.contains(&json!("127.0.0.1:9000")) && other.contains(&json!(r"^/v2/a\.b-c~d_e")), "{other:?}");
}

#[test]
fn nginx_gives_way_to_the_model() {
    for (port, listen) in [(8080, 8088), (8088, 8080), (9000, 8080), (80, 8080)] {
        let deployment = deployment(json!({"server": {"port": port}}));
        let pod = &deployment["spec"]["template"]["spec"];
        assert_eq!(named(&pod["containers"], "nginx")["ports"][0]["containerPort"], listen);
        assert_eq!(pod["containers"][0]["ports"][0]["containerPort"], port);
        assert_eq!(named(&pod["containers"][0]["env"], "SAGEMAKER_BIND_TO_PORT")["value"], port.to_string());
        let conf = file(&deployment, "nginx.conf");
        assert!(conf.contains(&format!("listen {listen};")) && conf.contains(&format!("127.0.0.1:{port};")));
        let annotations = &deployment["spec"]["template"]["metadata"]["annotations"];
        assert_eq!(annotations["prometheus.io/port"], listen.to_string());
    }
}

#[test]
fn times_follow_from_timeout_and_startup() {
    let mut model = model(sample("another server"));
    model.figures.timeout_seconds = 100;
    let deployment = children(&model).into_iter().find(|child| child["kind"] == "Deployment").expect("a Deployment");
    let pod = &deployment["spec"]["template"]["spec"];
    assert_eq!(pod["terminationGracePeriodSeconds"], 150);
    assert_eq!(deployment["spec"]["progressDeadlineSeconds"], 667);
    assert_eq!(pod["containers"][0]["startupProbe"]["failureThreshold"], 2);
    let sleep = |name| named(&pod["containers"], name)["lifecycle"]["preStop"]["sleep"]["seconds"].clone();
    assert_eq!([sleep("model"), sleep("nginx"), sleep("gor")], [120, 15, 120]);
    assert!(file(&deployment, "nginx.conf").contains("proxy_read_timeout 105s;"));
}

#[test]
fn the_users_parts_pass_through() {
    let deployment = deployment(sample("a whole pod"));
    let template = &deployment["spec"]["template"];
    let (pod, container) = (&template["spec"], &template["spec"]["containers"][0]);
    let sent = sample("a whole pod")["pod"].clone();
    for field in [
        "nodeSelector",
        "tolerations",
        "affinity",
        "topologySpreadConstraints",
        "serviceAccountName",
        "imagePullSecrets",
        "priorityClassName",
        "runtimeClassName",
    ] {
        assert_eq!(pod[field], sent[field], "{field}");
    }
    assert_eq!(template["metadata"]["labels"]["team"], "a");
    assert_eq!(template["metadata"]["annotations"]["prometheus.io/scrape"], "false");
    assert_eq!(deployment["metadata"]["annotations"].as_object().map(|all| all.len()), Some(2));
    assert_eq!(named(&pod["volumes"], "scratch"), &json!({"name": "scratch", "emptyDir": {}}));
    assert_eq!(named(&container["volumeMounts"], "ca"), &json!({"name": "ca", "mountPath": "/ca", "readOnly": true}));
    assert_eq!(container["resources"]["requests"]["nvidia.com/gpu"], "1");
    assert_eq!(container["resources"]["limits"]["nvidia.com/gpu"], "1");
    assert_eq!((&container["command"], &container["args"]), (&json!(["serve"]), &json!(["--port", "$(PORT)"])));
    let names: Vec<_> = container["env"].as_array().expect("env").iter().map(|entry| entry["name"].as_str()).collect();
    assert_eq!(names, ["SAGEMAKER_BIND_TO_PORT", "TMPDIR", "HOME", "EMPTY", "KEY"].map(Some));
    assert_eq!(named(&container["env"], "EMPTY"), &json!({"name": "EMPTY"}));
}

#[test]
fn security_is_relaxed_for_the_model_alone() {
    let pod = pod(sample("a whole pod"));
    let model = &pod["containers"][0]["securityContext"];
    assert_eq!((&model["runAsUser"], &model["runAsGroup"]), (&json!(0), &json!(0)));
    assert_eq!((&model["runAsNonRoot"], &model["readOnlyRootFilesystem"]), (&json!(false), &json!(false)));
    assert_eq!(model["allowPrivilegeEscalation"], false);
    assert_eq!(named(&pod["containers"], "nginx")["securityContext"]["runAsUser"], 65532);
    assert_eq!(pod["initContainers"][0]["securityContext"]["runAsUser"], 65532);
    assert_eq!(pod["securityContext"]["runAsNonRoot"], true);
}

#[test]
fn credentials_are_for_the_download_only() {
    let pod = pod(sample("s3 with a secret"));
    assert_eq!(named(&pod["volumes"], "credentials")["secret"], json!({"secretName": "s3"}));
    let mount = json!({"name": "credentials", "mountPath": "/etc/mlops-credentials", "readOnly": true});
    assert_eq!(named(&pod["initContainers"][0]["volumeMounts"], "credentials"), &mount);
    for container in pod["containers"].as_array().expect("containers") {
        assert_eq!(named(&container["volumeMounts"], "credentials"), &Value::Null);
    }
}

#[test]
fn every_image_is_mapped() {
    let references = |children: &[Value]| -> BTreeSet<String> {
        let pod = &children.iter().find(|child| child["kind"] == "Deployment").expect("a Deployment")["spec"]["template"]["spec"];
        let containers = ["initContainers", "containers"].into_iter().flat_map(|list| pod[list].as_array().cloned());
        containers.flatten().map(|container| container["image"].as_str().expect("an image").into()).collect()
    };
    let model = model(json!({}));
    let all = references(&children(&model));
    assert_eq!(all.len(), 5);
    let images: BTreeMap<_, _> = all.iter().map(|image| (image.clone(), format!("mirror/{image}"))).collect();
    let mapped = references(&rendered::rendered(&model, true, &images));
    assert_eq!(mapped, images.into_values().collect());
}

#[test]
fn the_files_fit_into_annotations() {
    for (name, patch) in samples() {
        let annotations = deployment(patch)["spec"]["template"]["metadata"]["annotations"].to_string();
        assert!(annotations.len() < 64 << 10, "{name}: {}", annotations.len());
        assert!(!annotations.contains("@DRAIN@") && !annotations.contains("@MODEL@"), "{name}");
    }
}

#[test]
fn fluent_bits_file_is_yaml_with_the_models_names() {
    let deployment = deployment(json!({}));
    let yaml: Value = serde_saphyr::from_str(file(&deployment, "fluent-bit.yaml")).expect("YAML");
    let labels = json!(["namespace titanic", "model titanic-v1", "pod ${POD_NAME}"]);
    assert_eq!(yaml["pipeline"]["outputs"][0]["add_label"], labels);
    assert_eq!(yaml["pipeline"]["filters"].as_array().map(Vec::len), Some(4));
}

#[test]
fn a_variant_of_weight_0_has_its_rules() {
    let http = routes("ns", &[variant("a", "m", 0), variant("b", "n", 2_147_483_647)], 5);
    let rules = http.as_array().expect("rules");
    assert_eq!(rules.len(), 5);
    assert_eq!(rules[4]["route"][0]["weight"], 0);
    assert_eq!(rules[4]["route"][1]["weight"], 2_147_483_647_u32);
    assert_eq!(rules.iter().filter(|rule| rule.get("match").is_none()).count(), 1);
    assert!(rules.iter().all(|rule| rule.get("name").is_none()));
    assert_eq!(rules[2]["timeout"], "5s");
}

/// After kubernetes/apimachinery's pod-security-admission: what keeps a pod out of `restricted`, by container.
fn violations(pod: &Value) -> BTreeSet<(String, &'static str)> {
    let mut found = BTreeSet::new();
    let allowed = [
        "configMap",
        "csi",
        "downwardAPI",
        "emptyDir",
        "ephemeral",
        "image",
        "persistentVolumeClaim",
        "projected",
        "secret",
        "name",
    ];
    let odd = |volume: &Value| volume.as_object().expect("a volume").keys().any(|key| !allowed.contains(&key.as_str()));
    if pod["volumes"].as_array().expect("volumes").iter().any(odd) {
        found.insert(("pod".into(), "volume type"));
    }
    if ["hostNetwork", "hostPID", "hostIPC"].iter().any(|field| pod[field] == true) {
        found.insert(("pod".into(), "host namespace"));
    }
    for container in ["initContainers", "containers"].iter().filter_map(|list| pod[list].as_array()).flatten() {
        let context = &container["securityContext"];
        let own = |field: &str| if context[field].is_null() { &pod["securityContext"][field] } else { &context[field] };
        let added = context["capabilities"]["add"].as_array().cloned().unwrap_or_default();
        let checks = [
            ("privileged", context["privileged"] == true),
            ("escalation", context["allowPrivilegeEscalation"] != false),
            ("root", own("runAsNonRoot") != true),
            ("uid 0", own("runAsUser") == 0),
            ("seccomp", own("seccompProfile")["type"] != "RuntimeDefault"),
            ("drop", context["capabilities"]["drop"] != json!(["ALL"])),
            ("add", added.iter().any(|capability| capability != "NET_BIND_SERVICE")),
            (
                "host port",
                container["ports"].as_array().is_some_and(|ports| ports.iter().any(|port| !port["hostPort"].is_null())),
            ),
        ];
        let name = container["name"].as_str().expect("a name");
        found.extend(checks.into_iter().filter(|(_, bad)| *bad).map(|(check, _)| (name.to_owned(), check)));
    }
    found
}

#[test]
fn a_pod_without_capture_meets_restricted_and_gor_alone_deviates() {
    for (name, patch) in samples() {
        let relaxed = name == "a whole pod";
        let mut disabled = model(patch.clone());
        disabled.capture = None;
        let deployment = children(&disabled).into_iter().find(|child| child["kind"] == "Deployment").expect("a Deployment");
        let found = violations(&deployment["spec"]["template"]["spec"]);
        let expected = if relaxed { vec![("model".into(), "root"), ("model".into(), "uid 0")] } else { Vec::new() };
        assert_eq!(found, expected.into_iter().collect(), "{name}");
        if name != "no capture" && !relaxed {
            let gor = ["root", "uid 0", "add"].map(|check| ("gor".to_owned(), check));
            assert_eq!(violations(&pod(patch)), gor.into_iter().collect(), "{name}");
        }
    }
}

/// The key by which Metacontroller merges a list: the first of these that all items have, `pkg/dynamic/apply/apply.go`.
fn merge_key(items: &[Value]) -> Option<&'static str> {
    let keys = ["containerPort", "port", "mountPath", "name", "uid", "ip", "path"];
    let objects = !items.is_empty() && items.iter().all(Value::is_object);
    keys.into_iter().find(|key| objects && items.iter().all(|item| item.get(key).is_some()))
}

/// Lists of a child that Metacontroller would merge, by path, and those of them with a key that is there twice.
fn merged(value: &Value, path: &str, lists: &mut BTreeMap<String, bool>) {
    match value {
        Value::Object(fields) => fields.iter().for_each(|(key, value)| merged(value, &format!("{path}/{key}"), lists)),
        Value::Array(items) => {
            if let Some(key) = merge_key(items) {
                let unique: BTreeSet<String> = items.iter().map(|item| item[key].to_string()).collect();
                lists.insert(path.to_owned(), unique.len() == items.len());
            }
            items.iter().enumerate().for_each(|(i, item)| merged(item, &format!("{path}/{i}"), lists));
        }
        _ => {}
    }
}

#[test]
fn metacontroller_merges_no_list_whose_order_matters() {
    let mut lists = BTreeMap::new();
    for (name, patch) in samples() {
        for child in children(&model(patch)) {
            merged(&child, &format!("{name}/{}", child["kind"]), &mut lists);
        }
        assert!(lists.iter().all(|(_, unique)| *unique), "{name}: {lists:?}");
    }
    let mut lists = BTreeMap::new();
    merged(&routes("ns", &[variant("a", "m", 1), variant("b", "n", 1)], 60), "http", &mut lists);
    assert_eq!(lists, BTreeMap::new(), "routes are replaced as a whole");
    merged(&gateway(&endpoint(json!({"credentialName": "c"})))["spec"]["servers"], "servers", &mut lists);
    assert_eq!(lists, BTreeMap::from([("servers".into(), true)]), "servers have different ports");
}

#[test]
fn the_same_input_gives_the_same_bytes() {
    for (name, patch) in samples() {
        let bytes = || serde_json::to_string(&children(&model(patch.clone()))).expect("JSON");
        assert_eq!(bytes(), bytes(), "{name}");
    }
}
