//! The whole program as a function: arguments and standard input in, exit code and both outputs out.

use std::ffi::OsString;
use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

struct Ended {
    code: u8,
    out: String,
    err: String,
}

fn run(arguments: &[&str], stdin: &str) -> Ended {
    let (mut out, mut err) = (Vec::new(), Vec::new());
    let arguments = std::iter::once("modelwright").chain(arguments.iter().copied()).map(OsString::from);
    let code = modelwright_cli::run(arguments, &mut stdin.as_bytes(), &mut out, &mut err);
    let plain = |bytes: &[u8]| anstream::adapter::strip_str(&String::from_utf8_lossy(bytes)).to_string();
    Ended { code, out: plain(&out), err: plain(&err) }
}

const MODEL: &str = "\
apiVersion: mlops.internal/v1alpha1
kind: Model
metadata:
  name: titanic-v1
  namespace: titanic
spec:
  image: registry.example.com/titanic:1.4.2
  artifact:
    uri: https://models.example.com/titanic/v1.tar.gz
";

fn invalid() -> String {
    MODEL.replace("https://", "gopher://") + "  hostNetwork: true\n"
}

fn example() -> String {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../examples/titanic").display().to_string()
}

/// A folder of its own for a test.
fn folder(name: &str) -> PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
    let _ = fs::remove_dir_all(&folder);
    fs::create_dir_all(&folder).expect("a folder for the test");
    folder
}

#[test]
fn first_mistakes_are_explained() {
    let table: [(&[&str], &str, u8, &str); 16] = [
        (&["plna"], "", 1, "a similar subcommand exists: 'plan'"),
        (&["plan", "-f", "-", "--kubeconfig", "no/such"], "", 3, "no/such"),
        (&["plan", "--offline"], "", 1, "--file"),
        (&["delete"], "", 1, "<KIND/NAME"),
        (&["apply", "-f", "-", "--kubeconfig", "no/such"], "", 1, "say --yes"),
        (&["apply", "plan.json", "-f", "x"], "", 1, "cannot be used with"),
        (&["plan", "-f", "-", "--offline", "--live", "x"], "", 1, "cannot be used with"),
        (&["plan", "-f", "-", "--offline", "--now", "today"], "", 1, "write a time as"),
        (&["plan", "-f", "no/such.yaml", "--offline"], "", 3, "error: no/such.yaml: no such file or directory\n"),
        (&["plan", "-f", "-", "--offline"], "", 1, "error: <stdin>: there is no custom resource in here\n"),
        (&["plan", "-f", "-", "--offline"], "a:\n\tb: 1\n", 1, "YAML indents with spaces: replace the tab"),
        (&["plan", "-f", "-", "--offline"], "apiVersion: v1\nkind: Pod\n", 1, "Pod of v1 is not a kind that Modelwright deploys"),
        (&["plan", "-f", "-", "--offline"], "just text", 1, "is not a Kubernetes object"),
        (
            &["validate", "-f", "-"],
            "apiVersion: mlops.internal/v1\nkind: Model\n",
            1,
            "write `apiVersion: mlops.internal/v1alpha1`",
        ),
        (&["render", "-f", "-", "--policy", "-"], MODEL, 1, "a policy is exactly one document"),
        (&["validate", "-f", "-"], "{\"apiVersion\": \"x\", \"apiVersion\": \"y\"}", 1, "given twice"),
    ];
    for (arguments, stdin, code, part) in table {
        let ended = run(arguments, stdin);
        assert_eq!(ended.code, code, "{arguments:?}: {}", ended.err);
        assert!(ended.err.contains(part), "{arguments:?}: {}", ended.err);
    }
}

#[test]
fn help_is_no_mistake() {
    for arguments in [&["--help"][..], &["plan", "--help"], &["--version"], &["man"], &["completions", "zsh"]] {
        let ended = run(arguments, "");
        assert_eq!((ended.code, ended.err.as_str()), (0, ""), "{arguments:?}");
        assert!(!ended.out.is_empty());
    }
}

#[test]
fn every_mistake_of_every_file_is_reported_at_once() {
    let folder = folder("at-once");
    fs::write(folder.join("a.yaml"), "a: [").expect("a file");
    fs::write(folder.join("b.yml"), "apiVersion: v1\nkind: Pod\n---\nkind: Model\n").expect("a file");
    fs::write(folder.join("c.json"), "{\"a\": }").expect("a file");
    fs::write(folder.join("d.txt"), "not read").expect("a file");
    let ended = run(&["validate", "-f", &folder.display().to_string()], "");
    assert_eq!((ended.code, ended.out.as_str()), (1, "4 errors\n"), "{}", ended.err);
    for place in ["a.yaml:", "b.yml:2:7", "b.yml:4:1", "c.json:1:7"] {
        assert!(ended.err.contains(place), "{place}: {}", ended.err);
    }
}

#[test]
fn the_example_is_valid() {
    let ended = run(&["validate", "-f", &example()], "");
    assert_eq!(ended.code, 0, "{}{}", ended.out, ended.err);
    assert!(ended.out.starts_with("4 custom resources: valid"), "{}", ended.out);
}

#[test]
fn an_invalid_resource_stops_every_command_before_it_prints() {
    for command in [&["plan", "--offline"][..], &["forecast", "--offline"], &["render"]] {
        let arguments: Vec<&str> = command.iter().copied().chain(["-f", "-"]).collect();
        let ended = run(&arguments, &invalid());
        assert_eq!((ended.code, ended.out.as_str()), (1, ""), "{command:?}");
        assert!(ended.err.contains("--> <stdin>:9:10"), "{}", ended.err);
        assert!(ended.err.contains("--> <stdin>:10:3"), "{}", ended.err);
    }
}

#[test]
fn a_report_for_machines_has_places() {
    let ended = run(&["validate", "-f", "-", "-o", "json"], &invalid());
    let report: serde_json::Value = serde_json::from_str(&ended.out).expect("the report is JSON");
    assert_eq!((ended.code, ended.err.as_str()), (1, ""));
    assert_eq!((&report["valid"], &report["diagnostics"][0]["line"]), (&false.into(), &9.into()), "{report}");
}

#[test]
fn a_plan_has_a_code_for_changes() {
    let plan = |more: &[&str]| {
        let arguments: Vec<&str> = ["plan", "-f", "-", "--offline"].iter().chain(more).copied().collect();
        run(&arguments, MODEL)
    };
    assert_eq!((plan(&[]).code, plan(&["--exit-code"]).code), (0, 2));
    let json: serde_json::Value = serde_json::from_str(&plan(&["-o", "json"]).out).expect("the plan is JSON");
    assert_eq!(json["formatVersion"], "1.0");
    let yaml: serde_json::Value = serde_saphyr::from_str(&plan(&["-o", "yaml"]).out).expect("the plan is YAML");
    assert_eq!(yaml, json);
}

#[test]
fn a_cluster_that_stands_against_it_is_shown_in_the_plan() {
    let folder = folder("taken");
    let service = folder.join("service.yaml");
    fs::write(&service, "apiVersion: v1\nkind: Service\nmetadata: {name: titanic-v1, namespace: titanic, uid: u1}\n")
        .expect("a file");
    let live = service.display().to_string();
    let ended = run(&["plan", "-f", "-", "--live", &live], MODEL);
    assert_eq!((ended.code, ended.err.as_str()), (1, ""));
    assert!(ended.out.starts_with("Plan: ") && ended.out.contains("error[NameTaken]"), "{}", ended.out);
    let ended = run(&["plan", "-f", "-", "--live", &live, "-o", "json"], MODEL);
    assert!(ended.out.starts_with('{') && ended.err.contains("error[NameTaken]"), "{}", ended.err);
}

#[test]
fn a_file_is_written_as_a_whole() {
    let folder = folder("output");
    let file = folder.join("crds.yaml");
    let ended = run(&["crds", "--output-file", &file.display().to_string()], "");
    assert_eq!((ended.code, ended.out.as_str()), (0, ""), "{}", ended.err);
    assert_eq!(fs::read_to_string(&file).expect("the file"), run(&["crds"], "").out);
    assert_eq!(fs::read_dir(&folder).expect("the folder").count(), 1);
    let nowhere = folder.join("none/crds.yaml").display().to_string();
    assert_eq!(run(&["crds", "--output-file", &nowhere], "").code, 3);
}

#[test]
fn a_reader_who_leaves_is_no_failure() {
    struct Closed;
    impl Write for Closed {
        fn write(&mut self, _: &[u8]) -> io::Result<usize> {
            Err(io::ErrorKind::BrokenPipe.into())
        }
        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }
    let mut err = Vec::new();
    let arguments = ["modelwright", "crds"].map(OsString::from);
    let code = modelwright_cli::run(arguments, &mut io::empty(), &mut Closed, &mut err);
    assert_eq!((code, err.as_slice()), (0, &b""[..]));
}

#[test]
fn the_text_interface_is_passed_through() {
    let ended = run(&["text", "no-such-operation"], "{}");
    assert_eq!(ended.code, 0, "{}", ended.err);
    assert!(ended.out.starts_with('{'), "{}", ended.out);
}

const ENDPOINT: &str = "\
apiVersion: mlops.internal/v1alpha1
kind: EndpointConfig
metadata: {name: titanic, namespace: titanic, uid: u2, generation: 1}
spec:
  models: [{name: stable, model: titanic-v1, weight: 3}, {name: canary, model: titanic-v2, weight: 1}]
---
apiVersion: mlops.internal/v1alpha1
kind: Endpoint
metadata: {name: titanic, namespace: titanic, uid: u3, generation: 1}
spec: {config: titanic, host: titanic.example.com, gateway: {selector: {istio: ingressgateway}}}
";

const PODS: &str = "\
apiVersion: apps/v1
kind: Deployment
metadata:
  {name: titanic-v1, namespace: titanic, uid: u4, generation: 1, ownerReferences: [{apiVersion: mlops.internal/v1alpha1, kind: Model, name: titanic-v1, uid: u1, controller: true}]}
spec: {replicas: 2, selector: {matchLabels: {app: x}}}
status: {observedGeneration: 1, replicas: 2, updatedReplicas: 2, readyReplicas: 1, availableReplicas: 1}
---
apiVersion: v1
kind: Pod
metadata: {name: titanic-v1-a, namespace: titanic, labels: {app: x}}
spec: {containers: [{name: model}, {name: nginx}]}
status:
  phase: Running
  containerStatuses:
  - {name: model, ready: false, restartCount: 4, state: {waiting: {reason: CrashLoopBackOff, message: \"back-off 40s \\e[2J restarting failed container=model pod=titanic-v1-a_titanic\"}}}
  - {name: nginx, ready: true, restartCount: 0}
---
apiVersion: v1
kind: Pod
metadata: {name: of-others, namespace: titanic, labels: {app: y}}
";

#[test]
fn a_status_is_a_tree_of_what_hangs_together() {
    let folder = folder("status");
    let model = MODEL.replace("titanic\nspec", "titanic\n  uid: u1\nspec");
    let other = model.replace("name: titanic-v1", "name: other");
    let live = folder.join("live.yaml");
    fs::write(&live, format!("{ENDPOINT}---\n{model}---\n{other}---\n{PODS}")).expect("a file");
    let live = live.display().to_string();
    let ended = run(&["status", "--live", &live], "");
    assert_eq!((ended.code, ended.err.as_str()), (0, ""));
    let golden = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden/status.txt");
    if std::env::var_os("BLESS").is_some() {
        fs::write(&golden, &ended.out).expect("the golden file can be written");
    }
    assert_eq!(ended.out, fs::read_to_string(&golden).expect("the golden file"), "run with BLESS=1 and read the difference");
    assert!(ended.out.lines().all(|line| line.chars().count() <= 80), "{}", ended.out);
    let json: serde_json::Value = serde_json::from_str(&run(&["status", "--live", &live, "-o", "json"], "").out).expect("JSON");
    assert_eq!(json["unreached"][0]["name"], "other");
    let none = run(&["status", "--live", &live, "-n", "nowhere"], "");
    assert_eq!((none.code, none.out.as_str()), (0, "the files have no custom resources of ours\n"));
}

/// Rules of the printed manifests as `kind verb group/resource`.
fn rights(arguments: &[&str]) -> Vec<String> {
    let ended = run(arguments, MODEL);
    assert_eq!((ended.code, ended.err.as_str()), (0, ""));
    let mut rights = Vec::new();
    for document in ended.out.split("---\n").skip(1) {
        let object: serde_json::Value = serde_saphyr::from_str(document).expect("the manifest is YAML");
        for rule in object["rules"].as_array().into_iter().flatten() {
            let texts = |member: &str| -> Vec<String> {
                rule[member].as_array().into_iter().flatten().filter_map(|text| text.as_str().map(String::from)).collect()
            };
            for (resource, verb) in
                texts("resources").iter().flat_map(|one| texts("verbs").into_iter().map(move |verb| (one.clone(), verb)))
            {
                rights.push(format!(
                    "{} {verb} {}/{resource}",
                    object["kind"].as_str().unwrap_or(""),
                    texts("apiGroups").join(",")
                ));
            }
        }
    }
    rights
}

#[test]
fn rights_are_the_least() {
    let of_all = rights(&["rbac", "-n", "shop"]);
    let has = |rights: &[String], right: &str| rights.iter().any(|one| one == right);
    for right in ["Role patch mlops.internal/models/status", "Role list /pods", "Role delete networking.istio.io/virtualservices"]
    {
        assert!(has(&of_all, right), "{right}: {of_all:?}");
    }
    assert_eq!(
        of_all.iter().filter(|right| right.starts_with("ClusterRole")).collect::<Vec<_>>(),
        ["ClusterRole list /namespaces", "ClusterRole list metacontroller.k8s.io/compositecontrollers"]
    );
    assert!(of_all.iter().all(|right| !right.contains('*') && !right.contains("secrets")), "{of_all:?}");
    assert!(has(&rights(&["rbac", "--volumes"]), "ClusterRole create /persistentvolumes"));
    let of_model = rights(&["rbac", "-f", "-"]);
    assert!(has(&of_model, "Role create apps/deployments") && !has(&of_model, "Role create networking.istio.io/gateways"));
}

#[test]
fn a_binding_names_who_was_said() {
    for (arguments, part) in [
        (["--user", "a: b"], "{kind: User, apiGroup: rbac.authorization.k8s.io, name: \"a: b\"}"),
        (["--group", "data"], "{kind: Group, apiGroup: rbac.authorization.k8s.io, name: data}"),
        (["--service-account", "ci"], "{kind: ServiceAccount, namespace: shop, name: ci}"),
        (["--service-account", "ci:robot"], "{kind: ServiceAccount, namespace: ci, name: robot}"),
    ] {
        let ended = run(&["rbac", "-n", "shop", arguments[0], arguments[1]], "");
        assert_eq!(ended.out.matches(part).count(), 2, "{arguments:?}: {}", ended.out);
    }
}
