//! The program of the image, started as the Deployment starts it: its arguments, files and ports are those that the manifests have.

use flate2::read::GzDecoder;
use modelwright_host_tests::cluster::unique;
use modelwright_host_tests::dist;
use modelwright_host_tests::hook_server::{HookServer, exchange};
use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair};
use serde_json::Value;
use std::collections::BTreeSet;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};

/// Where the Deployment mounts its two folders.
const MOUNTS: &str = "/etc/modelwright";

fn manifest(name: &str) -> Vec<Value> {
    let path = dist::path(&format!("metacontroller/{name}")).expect("the manifests");
    serde_saphyr::from_multiple(&std::fs::read_to_string(path).expect("text")).expect("YAML")
}

fn container() -> Value {
    manifest("base/deployment.yaml")[0]["spec"]["template"]["spec"]["containers"][0].clone()
}

fn texts(list: &Value) -> Vec<String> {
    list.as_array().into_iter().flatten().filter_map(Value::as_str).map(str::to_owned).collect()
}

/// A folder with the program of the image and what is mounted.
struct Root(PathBuf);

impl Root {
    fn new() -> Self {
        let root = Self(std::env::temp_dir().join(format!("modelwright-root-{}", unique())));
        let layout = dist::path("image").expect("the image is built");
        let blob = |descriptor: &Value| {
            let digest = descriptor["digest"].as_str().expect("a digest").replace(':', "/");
            std::fs::read(layout.join("blobs").join(digest)).expect("a blob")
        };
        let index: Value = serde_json::from_slice(&std::fs::read(layout.join("index.json")).expect("an index")).expect("JSON");
        let image: Value = serde_json::from_slice(&blob(&index["manifests"][0])).expect("JSON");
        tar::Archive::new(GzDecoder::new(blob(&image["layers"][0]).as_slice())).unpack(&root.0).expect("it unpacks");
        root.mount();
        root
    }

    /// A Secret as cert-manager makes it, and the policy of the manifests.
    fn mount(&self) {
        let mut params = CertificateParams::new(Vec::new()).expect("an authority");
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let authority = CertifiedIssuer::self_signed(params, KeyPair::generate().expect("a key")).expect("an authority");
        let key = KeyPair::generate().expect("a key");
        let params = CertificateParams::new(["modelwright.modelwright-system.svc".to_owned()]).expect("a name");
        let certificate = params.signed_by(&key, &authority).expect("a certificate");
        for folder in ["tls", "policy"] {
            std::fs::create_dir_all(self.mounts().join(folder)).expect("a folder");
        }
        let write = |name: &str, text: &str| std::fs::write(self.mounts().join(name), text).expect("it is written");
        write("tls/tls.crt", &certificate.pem());
        write("tls/tls.key", &key.serialize_pem());
        write("tls/ca.crt", &authority.pem());
        let policy = dist::path("metacontroller/base/policy.json").expect("the manifests");
        write("policy/policy.json", &std::fs::read_to_string(policy).expect("text"));
    }

    fn mounts(&self) -> PathBuf {
        self.0.join(MOUNTS.trim_start_matches('/'))
    }

    /// An argument of the Deployment: mounted files are below this folder, and every port is a free one of loopback.
    fn argument(&self, argument: &str) -> String {
        match argument.split_once("=0.0.0.0:") {
            Some((name, _)) => format!("{name}=127.0.0.1:0"),
            None => argument.replace(MOUNTS, &self.mounts().display().to_string()),
        }
    }

    fn start(&self) -> HookServer {
        let arguments: Vec<String> = texts(&container()["args"]).iter().map(|argument| self.argument(argument)).collect();
        let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
        HookServer::of_program(&self.0.join("modelwright"), &arguments)
    }
}

impl Drop for Root {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

fn address(server: &HookServer, listener: &str) -> SocketAddr {
    let line = server.line(|line| line["listener"] == listener);
    line["address"].as_str().and_then(|address| address.parse().ok()).expect("an address")
}

fn get(address: SocketAddr, path: &str) -> (u16, String) {
    let reply = exchange(address, &format!("GET {path} HTTP/1.1\r\nHost: probe\r\n\r\n"), &[]).expect("an answer");
    (reply.code, reply.body)
}

/// The names of metrics in a text, as they are registered.
fn metrics(text: &str) -> BTreeSet<&str> {
    let words = text.split(|letter: char| !(letter.is_ascii_alphanumeric() || letter == '_'));
    let ours = words.filter(|word| word.starts_with("modelwright_"));
    ours.map(|word| word.trim_end_matches("_total").trim_end_matches("_bucket")).collect()
}

#[test]
fn it_becomes_ready_and_has_every_metric_that_an_alert_asks_for() {
    let root = Root::new();
    let server = root.start();
    server.line(|line| line["message"] == "ready");
    let health = address(&server, "health");
    for probe in ["startupProbe", "livenessProbe", "readinessProbe"] {
        let http = &container()[probe]["httpGet"];
        assert_eq!(http["port"], "health", "{probe}");
        let (code, body) = get(health, http["path"].as_str().expect("a path"));
        assert_eq!(code, 200, "{probe}: {body}");
    }
    let (code, text) = get(address(&server, "metrics"), "/metrics");
    let has = metrics(&text);
    let monitoring = manifest("components/monitoring/monitoring.yaml");
    let rules = monitoring.iter().find(|object| object["kind"] == "PrometheusRule").expect("rules");
    let rules = rules["spec"]["groups"][0]["rules"].as_array().expect("rules");
    let asked: BTreeSet<String> = rules
        .iter()
        .flat_map(|rule| {
            metrics(rule["expr"].as_str().expect("an expression")).into_iter().map(str::to_owned).collect::<Vec<_>>()
        })
        .collect();
    // Reasons are not known before somebody has one.
    let known = asked.iter().filter(|name| *name != "modelwright_holds");
    let missing: Vec<&String> = known.filter(|name| !has.contains(name.as_str())).collect();
    assert!(code == 200 && asked.len() >= 6 && missing.is_empty(), "{missing:?} are not in:\n{text}");
}

#[test]
fn every_port_of_the_program_is_one_of_the_container() {
    let arguments = texts(&container()["args"]);
    let listens = arguments.iter().filter_map(|argument| argument.split_once("=0.0.0.0:")).map(|(_, port)| port.to_owned());
    let ports = container()["ports"].as_array().expect("ports").iter().map(|port| port["containerPort"].to_string()).collect();
    assert_eq!(listens.collect::<BTreeSet<_>>(), ports);
    let mounted = texts(&Value::Array(
        container()["volumeMounts"].as_array().expect("mounts").iter().map(|mount| mount["mountPath"].clone()).collect(),
    ));
    for file in arguments.iter().filter_map(|argument| argument.split_once(&format!("={MOUNTS}/")).map(|(_, rest)| rest)) {
        let folder = Path::new(MOUNTS).join(file);
        assert!(
            folder.parent().is_some_and(|folder| mounted.iter().any(|path| Path::new(path) == folder)),
            "{file} is not mounted"
        );
    }
}
