//! Metacontroller, our hook and our controllers for one test, on the control plane that all share.
//!
//! Each installation has controllers of its own, made from the manifests, and a label: only custom resources and Namespaces with the
//! label are theirs. `METACONTROLLER` names the real program; without it the stand-in runs.

use crate::cluster::{Api, AuditEntry, Cluster, unique};
use crate::hook_server::HookServer;
use crate::relay::Relay;
use crate::stage::Stage;
use modelwright::kinds::Kind;
use serde_json::{Value, json};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::OnceLock;

/// The label of what an installation takes care of.
const LABEL: &str = "modelwright.test/installation";
const JSON: &str = "application/json";
const MERGE_PATCH: &str = "application/merge-patch+json";
/// What the manifests have where a build has its digest.
const NO_DIGEST: &str = "0000000000000000";
const CONTROLLERS: &str = "/apis/metacontroller.k8s.io/v1alpha1";
/// The policy of the hook: what the examples need.
const POLICY: [&str; 2] = ["--allow-nfs", "nfs.example.internal"];

/// How children get to the API server.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mode {
    /// The default.
    Dynamic,
    /// Server-side apply.
    ServerSide,
}

impl Mode {
    /// Both.
    pub const ALL: [Self; 2] = [Self::Dynamic, Self::ServerSide];

    fn flag(self) -> &'static str {
        match self {
            Self::Dynamic => "--apply-strategy=dynamic-apply",
            Self::ServerSide => "--apply-strategy=server-side-apply",
        }
    }
}

/// What a process needs to run one.
pub struct Ground {
    cluster: Cluster,
    /// The API server.
    pub api: Api,
    program: PathBuf,
}

impl Ground {
    /// The control plane that runs, with all definitions; and the stand-in, for where there is no real program.
    ///
    /// # Panics
    ///
    /// Where none runs.
    pub fn prepare(stand_in: &str) -> Self {
        let cluster = Cluster::running();
        static INSTALLED: OnceLock<()> = OnceLock::new();
        INSTALLED.get_or_init(|| install(&cluster));
        let api = cluster.api("admin", "modelwright-test").expect("an API server");
        let named = std::env::var_os("METACONTROLLER").filter(|path| !path.is_empty());
        Self { cluster, api, program: named.map_or_else(|| stand_in.into(), PathBuf::from) }
    }

    /// The same with the stand-in, whatever is named: for what only it can do.
    ///
    /// # Panics
    ///
    /// Where no control plane runs.
    pub fn prepare_stand_in(stand_in: &str) -> Self {
        Self { program: stand_in.into(), ..Self::prepare(stand_in) }
    }
}

fn install(cluster: &Cluster) {
    cluster.install_crds().expect("our definitions");
    cluster.install_fixture("metacontroller-crds.yaml").expect("Metacontroller's definitions");
}

/// One installation with a namespace; everything ends with it.
pub struct Installation<'a> {
    ground: &'a Ground,
    mode: Mode,
    label: String,
    more_flags: Vec<String>,
    /// Where hooks are called.
    pub relay: Relay,
    /// The server of the hooks, where it runs.
    pub hook: Option<HookServer>,
    digest: String,
    metacontroller: Option<Child>,
    /// The paths of the controllers.
    controllers: Vec<String>,
    /// Its namespace.
    pub stage: Stage<'a>,
}

impl<'a> Installation<'a> {
    /// Starts everything.
    ///
    /// # Panics
    ///
    /// Where something does not start.
    pub fn start(ground: &'a Ground, mode: Mode, prefix: &str) -> Self {
        Self::start_with(ground, mode, prefix, &[])
    }

    /// The same with more flags of Metacontroller.
    ///
    /// # Panics
    ///
    /// Where something does not start.
    pub fn start_with(ground: &'a Ground, mode: Mode, prefix: &str, flags: &[&str]) -> Self {
        let label = unique();
        let stage = Stage::new(&ground.api, prefix);
        let mut installation = Self {
            ground,
            mode,
            more_flags: flags.iter().map(|flag| (*flag).to_owned()).collect(),
            relay: Relay::start().expect("a place for hooks"),
            hook: None,
            digest: String::new(),
            metacontroller: None,
            controllers: Vec::new(),
            stage,
            label,
        };
        installation.start_hook();
        installation.own(&Kind::Namespace, &installation.stage.namespace.clone());
        installation.make_controllers();
        installation.start_metacontroller();
        installation
    }

    /// Makes a Namespace one that the installation takes care of.
    fn own(&self, kind: &Kind, name: &str) {
        self.stage.patch(*kind, name, &json!({"metadata": {"labels": {LABEL: self.label}}}), "modelwright-test");
    }

    /// Objects moved into the namespace, with the label.
    pub fn take(&self, objects: &[Value]) -> Vec<Value> {
        let mut objects = self.stage.take(objects);
        for object in &mut objects {
            object["metadata"]["labels"] = json!({LABEL: self.label});
        }
        objects
    }

    /// What `kubectl apply` sends.
    ///
    /// # Panics
    ///
    /// Where the API server refuses it.
    #[track_caller]
    pub fn apply(&self, objects: &[Value]) {
        let arguments = ["apply", "--server-side", "--field-manager=user", "--filename", "-"];
        self.ground.cluster.kubectl_with("admin", &arguments, objects).unwrap_or_else(|why| panic!("{why}"));
    }

    /// Starts the server of the hooks.
    pub fn start_hook(&mut self) {
        let hook = HookServer::plain(&POLICY);
        self.digest = hook.digest.clone();
        self.relay.lead_to(Some(hook.hooks));
        self.hook = Some(hook);
    }

    /// Kills it.
    pub fn stop_hook(&mut self) {
        self.hook = None;
    }

    /// Starts Metacontroller.
    ///
    /// # Panics
    ///
    /// Where it does not start.
    pub fn start_metacontroller(&mut self) {
        let mut command = Command::new(&self.ground.program);
        command.arg("--kubeconfig").arg(self.ground.cluster.kubeconfig("admin")).arg(self.mode.flag());
        command.args(["--discovery-interval=1s", "--client-go-qps=200", "--client-go-burst=400", "--workers=10"]);
        command.args(["--metrics-address=0", "--health-probe-bind-address=0"]);
        command.arg(format!("--target-label-selector={LABEL}={}", self.label)).args(&self.more_flags);
        command.stdin(Stdio::null()).stdout(Stdio::null());
        if std::env::var_os("METACONTROLLER_LOG").is_none() {
            command.stderr(Stdio::null());
        }
        self.metacontroller = Some(command.spawn().expect("Metacontroller starts"));
    }

    /// Kills it.
    pub fn stop_metacontroller(&mut self) {
        if let Some(mut process) = self.metacontroller.take() {
            let _ = process.kill();
            let _ = process.wait();
        }
    }

    /// Our controllers as the manifests have them, for this installation and its hook.
    fn make_controllers(&mut self) {
        let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("../deploy/metacontroller/base/controllers.yaml");
        let text = std::fs::read_to_string(file).expect("the manifests of our controllers");
        let controllers: Vec<Value> = serde_saphyr::from_multiple(&text).expect("YAML");
        for mut controller in controllers {
            let plural =
                if controller["kind"] == "CompositeController" { "compositecontrollers" } else { "decoratorcontrollers" };
            let name = controller["metadata"]["name"].as_str().unwrap_or_default().replace(".mlops.internal", "");
            let name = format!("{name}-{}", self.label);
            controller["metadata"] = json!({"name": name, "labels": {LABEL: self.label}});
            let selector = json!({LABEL: self.label});
            match plural {
                "compositecontrollers" => {
                    controller["spec"]["parentResource"]["labelSelector"] = json!({"matchLabels": selector})
                }
                _ => controller["spec"]["resources"][0]["labelSelector"]["matchLabels"] = selector,
            }
            if let Some(spec) = controller["spec"].as_object_mut() {
                spec.remove("endpointConfigs");
            }
            self.point(&mut controller["spec"]["hooks"], NO_DIGEST, &self.digest);
            let collection = format!("{CONTROLLERS}/{plural}");
            self.ground
                .api
                .send("POST", &collection, JSON, Some(&controller))
                .and_then(|reply| reply.ok())
                .expect("a controller");
            self.controllers.push(format!("{collection}/{name}"));
        }
    }

    /// Makes hooks lead to the relay, with another digest.
    fn point(&self, hooks: &mut Value, from: &str, to: &str) {
        for hook in hooks.as_object_mut().into_iter().flat_map(|hooks| hooks.values_mut()) {
            let url = hook["webhook"]["url"].as_str().unwrap_or_default();
            let path = url.split_once(&format!("/{from}/")).map_or("", |(_, path)| path).to_owned();
            assert!(!path.is_empty(), "{url} has no digest");
            hook["webhook"]["url"] = format!("http://{}/{to}/{path}", self.relay.address).into();
        }
    }

    /// Another digest in the URLs of all hooks, as an upgrade of the manifests does.
    ///
    /// # Panics
    ///
    /// Where the API server refuses it.
    pub fn upgrade_to(&mut self, digest: &str) {
        for path in self.controllers.clone() {
            let controller = self.ground.api.get(&path).expect("a controller");
            let mut hooks = controller["spec"]["hooks"].clone();
            self.point(&mut hooks, &self.digest, digest);
            self.patch_controller(&path, &json!({"spec": {"hooks": hooks}}));
        }
        self.digest = digest.into();
    }

    /// From now on another server is called without the relay: over TLS, with what the Secrets of `connection` hold.
    ///
    /// # Panics
    ///
    /// Where the API server refuses it.
    pub fn call_over_tls(&mut self, hook: HookServer, connection: &Value) {
        let (old, new) = (format!("http://{}", self.relay.address), format!("https://{}", hook.hooks));
        let mut connection = connection.clone();
        connection["host"] = hook.hooks.to_string().into();
        for path in self.controllers.clone() {
            let controller = self.ground.api.get(&path).expect("a controller");
            let hooks = controller["spec"]["hooks"].to_string().replace(&old, &new);
            let hooks: Value = serde_json::from_str(&hooks).expect("hooks");
            self.patch_controller(&path, &json!({"spec": {"hooks": hooks, "endpointConfigs": [connection]}}));
        }
        self.hook = Some(hook);
    }

    /// The digest in the URLs of the hooks.
    pub fn digest(&self) -> &str {
        &self.digest
    }

    /// From now on everything is synced so often, whether there is a reason or not.
    ///
    /// # Panics
    ///
    /// Where the API server refuses it.
    pub fn resync_every(&self, seconds: u64) {
        self.controllers.iter().for_each(|path| self.patch_controller(path, &json!({"spec": {"resyncPeriodSeconds": seconds}})));
    }

    fn patch_controller(&self, path: &str, patch: &Value) {
        self.ground.api.send("PATCH", path, MERGE_PATCH, Some(patch)).and_then(|reply| reply.ok()).expect("a controller");
    }

    /// Everything that Metacontroller wrote in the namespace so far, and of the volumes of the namespace: children, finalizers and
    /// statuses. Events are not counted.
    ///
    /// # Panics
    ///
    /// Where there is no audit log.
    pub fn writes(&self) -> Vec<AuditEntry> {
        let volumes = format!("{}.", self.stage.namespace);
        let here = self.ground.cluster.audit(&self.stage.namespace).expect("an audit log");
        let outside = self.ground.cluster.audit("").expect("an audit log");
        let outside = outside.into_iter().filter(|entry| entry.name.starts_with(&volumes));
        let all = here.into_iter().chain(outside).filter(AuditEntry::is_write);
        all.filter(|entry| entry.agent.starts_with("metacontroller") && entry.resource != "events").collect()
    }

    /// The messages of the events that Metacontroller wrote about the namespace and objects in it.
    ///
    /// # Panics
    ///
    /// Where they cannot be read.
    pub fn events(&self) -> Vec<String> {
        let here = self.stage.namespace.as_str();
        let list = |namespace: &str| {
            let list = self.ground.api.get(&format!("/api/v1/namespaces/{namespace}/events")).expect("events");
            list["items"].as_array().cloned().unwrap_or_default()
        };
        // Those about a Namespace are in the default one.
        let outside = list("default").into_iter().filter(|event| event["involvedObject"]["name"] == here);
        let ours = list(here).into_iter().chain(outside).filter(|event| event["source"]["component"] == "metacontroller");
        ours.map(|event| event["message"].as_str().unwrap_or_default().to_owned()).collect()
    }
}

impl Drop for Installation<'_> {
    fn drop(&mut self) {
        // The namespace goes after it: nobody is there any more who would put finalizers on.
        self.stop_metacontroller();
        for path in &self.controllers {
            let _ = self.ground.api.send("DELETE", path, JSON, None);
        }
    }
}
