//! The manifests on a real API server: taken as they are under enforced Pod Security `restricted`, and rolled out.

use modelwright_host_tests::cluster::{Api, Cluster, unique};
use modelwright_host_tests::dist;
use serde_json::{Value, json};
use std::path::PathBuf;
use std::process::Command;
use std::sync::{Mutex, MutexGuard};
use std::time::{Duration, Instant};

const NAMESPACE: &str = "modelwright-system";
/// There is one such namespace, and a webhook in it is about every test's resources: one test at a time.
static ONE: Mutex<()> = Mutex::new(());
const SLOW: Duration = Duration::from_secs(120);

/// The namespace with its labels, and the definitions that the manifests use. All but the definitions goes with it.
struct Installation<'a> {
    cluster: &'a Cluster,
    api: Api,
    _alone: MutexGuard<'static, ()>,
}

impl<'a> Installation<'a> {
    fn begin(cluster: &'a Cluster) -> Self {
        let alone = ONE.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        let api = cluster.api("admin", "modelwright-test/deploy").expect("the API");
        let installation = Self { cluster, api, _alone: alone };
        installation.end();
        for file in ["metacontroller-crds.yaml", "other-crds.yaml"] {
            cluster.install_fixture(file).expect("they are established");
        }
        cluster.install_crds().expect("our definitions");
        let namespace = dist::path("metacontroller/base/namespace.yaml").expect("the manifests");
        installation.kubectl(&["apply", "--server-side", "--filename", &namespace.display().to_string()]);
        installation
    }

    #[track_caller]
    fn kubectl(&self, arguments: &[&str]) -> String {
        self.cluster.kubectl(arguments).unwrap_or_else(|said| panic!("kubectl {}: {said}", arguments.join(" ")))
    }

    /// The definitions stay: other tests have resources of theirs.
    fn end(&self) {
        // The first time there is nothing to delete, not even the kinds.
        for kind in ["validatingwebhookconfigurations", "compositecontrollers", "decoratorcontrollers"] {
            let _ = self.cluster.kubectl(&["delete", kind, "--selector=app.kubernetes.io/name=modelwright"]);
        }
        let _ = self.cluster.kubectl(&["delete", "namespace", NAMESPACE, "--ignore-not-found", "--timeout=90s"]);
    }

    fn list(&self, path: &str) -> Vec<Value> {
        let list = self.api.get(path).expect("a list");
        list["items"].as_array().cloned().unwrap_or_default()
    }

    /// The Pods that are not on their way out.
    fn pods(&self) -> Vec<Value> {
        let mut pods = self.list(&format!("/api/v1/namespaces/{NAMESPACE}/pods"));
        pods.retain(|pod| pod["metadata"]["deletionTimestamp"].is_null());
        pods
    }
}

impl Drop for Installation<'_> {
    fn drop(&mut self) {
        self.end();
    }
}

/// A kustomization of a user, beside the manifests of the build.
struct Kustomization(PathBuf);

impl Kustomization {
    fn new(text: &str) -> Self {
        let dist = dist::path("metacontroller").expect("the manifests");
        let folder = dist.join(format!("../test-{}", unique()));
        std::fs::create_dir(&folder).expect("a new folder");
        let kustomization = Self(folder);
        kustomization.write("kustomization.yaml", text);
        kustomization
    }

    fn write(&self, name: &str, content: &str) {
        std::fs::write(self.0.join(name), content).expect("it is written");
    }

    fn path(&self) -> String {
        self.0.display().to_string()
    }
}

impl Drop for Kustomization {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

const EVERYTHING: &str = "
resources: [../metacontroller/with-cert-manager]
components: [../metacontroller/components/monitoring]
";

/// As deploy/README.md has it.
const SUPPLIED: &str = "
resources: [../metacontroller/base]
components: [../metacontroller/components/supplied-secret]
secretGenerator:
- name: modelwright-tls
  namespace: modelwright-system
  type: kubernetes.io/tls
  files: [tls.crt, tls.key, ca.crt]
  options: {disableNameSuffixHash: true}
- name: modelwright-metacontroller
  namespace: modelwright-system
  type: kubernetes.io/tls
  files: [tls.crt, tls.key]
  options: {disableNameSuffixHash: true}
";

/// The same.
const POLICY: &str = "
configMapGenerator:
- {name: modelwright-policy, namespace: modelwright-system, behavior: merge, files: [policy.json]}
";

/// Any certificate will do where no container runs: the API server's own.
fn supplied(cluster: &Cluster) -> Kustomization {
    let kustomization = Kustomization::new(SUPPLIED);
    let folder = cluster.kubeconfig("admin").with_file_name("cert");
    let read = |name: &str| std::fs::read_to_string(folder.join(name)).expect("a certificate");
    for (name, from) in [("tls.crt", "apiserver.crt"), ("tls.key", "apiserver.key"), ("ca.crt", "apiserver.crt")] {
        kustomization.write(name, &read(from));
    }
    kustomization
}

fn apply(installation: &Installation<'_>, kustomization: &Kustomization) {
    installation.kubectl(&["apply", "--server-side", "--kustomize", &kustomization.path()]);
}

#[track_caller]
fn wait(what: &str, mut holds: impl FnMut() -> bool) {
    let start = Instant::now();
    while !holds() {
        assert!(start.elapsed() < SLOW, "{what} did not come about");
        std::thread::sleep(Duration::from_millis(100));
    }
}

#[test]
fn every_manifest_is_taken_under_restricted_pod_security() {
    let cluster = Cluster::running();
    let installation = Installation::begin(&cluster);
    let everything = Kustomization::new(EVERYTHING);
    let rendered = installation.kubectl(&["kustomize", &everything.path()]);
    let objects = rendered.lines().filter(|line| line.starts_with("kind: ")).count();
    let said = installation.kubectl(&[
        "apply",
        "--server-side",
        "--force-conflicts",
        "--dry-run=server",
        "--validate=strict",
        "--kustomize",
        &everything.path(),
    ]);
    assert!(objects > 20, "{rendered}");
    assert_eq!(said.lines().filter(|line| line.ends_with(" serverside-applied (server dry run)")).count(), objects, "{said}");
    assert!(!said.contains("arning"), "{said}");
}

#[test]
fn the_namespace_refuses_pods_that_are_not_restricted() {
    let cluster = Cluster::running();
    let installation = Installation::begin(&cluster);
    let containers = json!([{"name": "a", "image": "a:1"}]);
    let pod = json!({"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "plain"}, "spec": {"containers": containers}});
    let path = format!("/api/v1/namespaces/{NAMESPACE}/pods");
    wait("the ServiceAccount of Pods", || {
        installation.api.get(&format!("/api/v1/namespaces/{NAMESPACE}/serviceaccounts/default")).is_ok()
    });
    let reply = installation.api.send("POST", &path, "application/json", Some(&pod)).expect("an answer");
    assert_eq!(reply.code, 403, "{}", reply.body);
    assert!(
        reply.body["message"].as_str().is_some_and(|message| message.contains("violates PodSecurity \"restricted")),
        "{}",
        reply.body
    );
}

/// Where the Pods are that the Service sends to, once there are as many as there should be and one of them may be evicted.
fn served(installation: &Installation<'_>) -> Option<Vec<Value>> {
    let slices = installation.list(&format!(
        "/apis/discovery.k8s.io/v1/namespaces/{NAMESPACE}/endpointslices?labelSelector=kubernetes.io/service-name=modelwright"
    ));
    let endpoints = slices.iter().flat_map(|slice| slice["endpoints"].as_array().into_iter().flatten());
    let nodes: Vec<Value> = endpoints
        .filter(|endpoint| endpoint["conditions"]["ready"] == true)
        .map(|endpoint| endpoint["nodeName"].clone())
        .collect();
    let budget = installation.api.get(&format!("/apis/policy/v1/namespaces/{NAMESPACE}/poddisruptionbudgets/modelwright"));
    let evictable = budget.is_ok_and(|budget| budget["status"]["disruptionsAllowed"] == 1);
    (evictable && nodes.len() == 2 && installation.pods().len() == 2).then_some(nodes)
}

/// Waits until it is rolled out; the answer is the names of the Pods.
fn rolled_out(installation: &Installation<'_>) -> Vec<String> {
    installation.kubectl(&["rollout", "status", "deployment/modelwright", "--namespace", NAMESPACE, "--timeout=120s"]);
    let mut nodes = Vec::new();
    wait("two Pods behind the Service, and a budget that knows them", || {
        nodes = served(installation).unwrap_or_default();
        !nodes.is_empty()
    });
    assert_ne!(nodes[0], nodes[1], "one Node that is lost takes one Pod along");
    let pods = installation.pods();
    for pod in &pods {
        let volumes = pod["spec"]["volumes"].as_array().expect("volumes");
        assert_eq!(volumes.iter().map(|volume| &volume["name"]).collect::<Vec<_>>(), ["tls", "policy"], "no token is mounted");
    }
    let mut names: Vec<_> = pods.iter().map(|pod| pod["metadata"]["name"].to_string()).collect();
    names.sort();
    names
}

#[test]
fn it_rolls_out_and_only_a_change_rolls_it_again() {
    let cluster = Cluster::running();
    let installation = Installation::begin(&cluster);
    let kustomization = supplied(&cluster);
    apply(&installation, &kustomization);
    let first = rolled_out(&installation);
    let webhook = "/apis/admissionregistration.k8s.io/v1/validatingwebhookconfigurations/modelwright.mlops.internal";
    let webhook = installation.api.get(webhook).expect("the webhook");
    assert!(webhook["webhooks"][0]["clientConfig"]["caBundle"].as_str().is_some_and(|bundle| bundle.len() > 100), "{webhook:#}");

    apply(&installation, &kustomization);
    assert_eq!(rolled_out(&installation), first, "the same manifests restart nothing");

    // As deploy/README.md has it: another policy.
    kustomization.write("kustomization.yaml", &format!("{SUPPLIED}{POLICY}"));
    kustomization
        .write("policy.json", r#"{"staticVolumes": "listed", "nfsServers": ["nfs.example.internal"], "capture": false}"#);
    apply(&installation, &kustomization);
    let second = rolled_out(&installation);
    assert!(second.iter().all(|name| !first.contains(name)), "the hook reads its policy at its start: {second:?}");
}

/// Helm, as deploy/README.md has it, in the namespace that the manifests make.
fn helm(cluster: &Cluster, arguments: &[&str]) -> String {
    let helm = std::env::var_os("MODELWRIGHT_HELM").expect("MODELWRIGHT_HELM names the program: `cargo xtask test` says so");
    let mut command = Command::new(helm);
    command.arg("--kubeconfig").arg(cluster.kubeconfig("admin")).args(["--namespace", NAMESPACE]).args(arguments);
    let output = command.output().expect("helm runs");
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "helm {}: {said}", arguments.join(" "));
    String::from_utf8_lossy(&output.stdout).into_owned()
}

#[test]
fn helm_installs_it_upgrades_it_rolls_it_back_and_takes_all_but_the_definitions_away() {
    let cluster = Cluster::running();
    let installation = Installation::begin(&cluster);
    let certificates = supplied(&cluster);
    let file = |name: &str| certificates.0.join(name).display().to_string();
    for name in ["modelwright-tls", "modelwright-metacontroller"] {
        let (cert, key, authority) = (file("tls.crt"), file("tls.key"), file("ca.crt"));
        let files = [format!("--from-file={cert}"), format!("--from-file={key}"), format!("--from-file={authority}")];
        let mut create = vec!["create", "secret", "generic", name, "--namespace", NAMESPACE];
        create.extend(files.iter().map(String::as_str));
        installation.kubectl(&create);
    }
    let chart = dist::path(&format!("modelwright-chart-{}.tgz", env!("CARGO_PKG_VERSION"))).expect("the chart");
    let chart = chart.display().to_string();
    let authority = format!("certificates.caBundle={}", file("ca.crt"));
    let values = ["--set", "certificates.certManager=false", "--set-file", &authority];

    // The definitions are there already, made by kubectl.
    helm(&cluster, &[&["install", "modelwright", &chart, "--take-ownership", "--force-conflicts"], &values[..]].concat());
    let first = rolled_out(&installation);
    assert_eq!(installation.list("/apis/metacontroller.k8s.io/v1alpha1/compositecontrollers").len(), 3);
    helm(&cluster, &[&["upgrade", "modelwright", &chart], &values[..]].concat());
    assert_eq!(rolled_out(&installation), first, "the same release restarts nothing");

    let servers = ["--set", "policy.nfsServers={nfs.example.internal}"];
    helm(&cluster, &[&["upgrade", "modelwright", &chart], &values[..], &servers].concat());
    let second = rolled_out(&installation);
    assert!(second.iter().all(|name| !first.contains(name)), "the hook reads its policy at its start: {second:?}");
    let policy = || installation.kubectl(&["get", "configmaps", "--namespace", NAMESPACE, "--output", "yaml"]);
    assert!(policy().contains("nfs.example.internal"), "{}", policy());
    helm(&cluster, &["rollback", "modelwright"]);
    let third = rolled_out(&installation);
    assert!(third.iter().all(|name| !second.contains(name)), "{third:?}");
    assert!(!policy().contains("nfs.example.internal"), "{}", policy());

    helm(&cluster, &["uninstall", "modelwright", "--wait"]);
    wait("everything is gone", || installation.pods().is_empty());
    for path in
        ["/apis/metacontroller.k8s.io/v1alpha1/compositecontrollers", "/apis/metacontroller.k8s.io/v1alpha1/decoratorcontrollers"]
    {
        assert_eq!(installation.list(path), Vec::<Value>::new());
    }
    for definition in ["models", "endpointconfigs", "endpoints"] {
        let path = format!("/apis/apiextensions.k8s.io/v1/customresourcedefinitions/{definition}.mlops.internal");
        assert!(installation.api.get(&path).is_ok(), "with {definition} every resource of it would be gone");
    }
}

#[test]
fn the_hook_has_no_rights_and_its_absence_stops_nobody() {
    let cluster = Cluster::running();
    let installation = Installation::begin(&cluster);
    apply(&installation, &supplied(&cluster));
    let account = format!("--as=system:serviceaccount:{NAMESPACE}:modelwright");
    for (verb, resource) in
        [("get", "secrets"), ("list", "pods"), ("create", "models.mlops.internal"), ("update", "deployments.apps")]
    {
        let said = cluster.kubectl(&["auth", "can-i", verb, resource, "--namespace", NAMESPACE, &account]);
        assert!(said.as_ref().is_err_and(|said| said.contains("no")), "{verb} {resource}: {said:?}");
    }
    // No container runs, so nobody answers the API server's reviews.
    let config = json!({"apiVersion": "mlops.internal/v1alpha1", "kind": "EndpointConfig", "metadata": {"name": "any"},
        "spec": {"models": [{"name": "only", "model": "any", "weight": 1}]}});
    let path = format!("/apis/mlops.internal/v1alpha1/namespaces/{NAMESPACE}/endpointconfigs");
    let start = Instant::now();
    let reply = installation.api.send("POST", &path, "application/json", Some(&config)).expect("an answer");
    assert_eq!(reply.code, 201, "{}", reply.body);
    assert!(start.elapsed() < Duration::from_secs(10), "a review that cannot be had costs {:?}", start.elapsed());
}

#[test]
fn what_is_applied_is_what_metacontroller_reads() {
    let cluster = Cluster::running();
    let installation = Installation::begin(&cluster);
    apply(&installation, &supplied(&cluster));
    let controllers = "/apis/metacontroller.k8s.io/v1alpha1";
    let composite = installation.list(&format!("{controllers}/compositecontrollers"));
    let decorators = installation.list(&format!("{controllers}/decoratorcontrollers"));
    let ours = |found: &&Value| found["metadata"]["name"].as_str().is_some_and(|name| name.ends_with(".mlops.internal"));
    let composite: Vec<&Value> = composite.iter().filter(ours).collect();
    let decorators: Vec<&Value> = decorators.iter().filter(ours).collect();
    assert_eq!((composite.len(), decorators.len()), (3, 1));
    for controller in &composite {
        let spec = &controller["spec"];
        assert_eq!((&spec["generateSelector"], &spec["parentResource"]["ignoreStatusChanges"]), (&json!(true), &json!(true)));
        assert_eq!(hooks(controller), ["customize", "finalize", "sync"]);
        assert_in_place(&spec["childResources"]);
    }
    // Its finalizer would be on every Namespace.
    assert_eq!(hooks(decorators[0]), ["customize", "sync"]);
    assert_in_place(&decorators[0]["spec"]["attachments"]);
}

/// The hooks of a controller, each of which must be of version 2 and name its kind.
fn hooks(controller: &Value) -> Vec<&str> {
    let hooks = controller["spec"]["hooks"].as_object().expect("hooks");
    let kind = match controller["kind"].as_str() {
        Some("DecoratorController") => "namespaces",
        _ => controller["spec"]["parentResource"]["resource"].as_str().expect("a parent"),
    };
    for (name, hook) in hooks {
        let url = hook["webhook"]["url"].as_str().expect("a URL");
        let verb = if kind == "namespaces" && name == "sync" { "decorate" } else { name };
        assert_eq!(hook["version"], "v2", "{url}");
        assert!(url.ends_with(&format!("/{verb}/{kind}")), "{url}");
        let etag = &hook["webhook"]["etag"];
        assert_eq!(
            etag["cacheTimeoutSeconds"].is_null(),
            etag["cacheCleanupSeconds"].is_null(),
            "one alone ends Metacontroller: {url}"
        );
    }
    hooks.keys().map(String::as_str).collect()
}

/// Without the method a child is never updated.
fn assert_in_place(rules: &Value) {
    let rules = rules.as_array().expect("rules");
    assert!(!rules.is_empty() && rules.iter().all(|rule| rule["updateStrategy"]["method"] == "InPlace"), "{rules:?}");
}
