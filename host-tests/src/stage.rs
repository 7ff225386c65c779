//! A namespace of one test on the real control plane, and the program `modelwright` in it.

use crate::artefacts::Artefact;
use crate::cluster::{Api, Reply, TemporaryFile, unique};
use modelwright::kinds::Kind;
use modelwright::observation::key_of;
use modelwright::table::Table;
use serde_json::{Value, json};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

/// No run of a test takes longer, so one that does would never end.
const ENDLESS: Duration = Duration::from_secs(150);
/// How often a test looks again.
const LOOK: Duration = Duration::from_millis(100);
const MERGE_PATCH: &str = "application/merge-patch+json";

/// The objects of the kinds that we know, as they are in the cluster.
pub type Objects = Table<Value>;

/// A namespace; everything in it goes when the test ends.
pub struct Stage<'a> {
    /// The API server.
    pub api: &'a Api,
    /// The name of the namespace.
    pub namespace: String,
}

/// How a run ended.
#[derive(Clone, Debug)]
pub struct Ended {
    /// The exit code; -1 after a signal.
    pub code: i32,
    /// The standard output and the standard error.
    pub said: String,
}

impl Ended {
    /// The run itself where it ended with `code`.
    ///
    /// # Panics
    ///
    /// Where it ended otherwise.
    #[track_caller]
    pub fn with(self, code: i32) -> Self {
        assert_eq!(self.code, code, "{}", self.last_lines());
        self
    }

    /// How what it says ends; a plan before it is long.
    pub fn last_lines(&self) -> String {
        let lines: Vec<&str> = self.said.lines().filter(|line| !line.is_empty()).collect();
        lines[lines.len().saturating_sub(12)..].join("\n")
    }

    /// Whether it says this.
    pub fn says(&self, text: &str) -> bool {
        self.said.contains(text)
    }
}

impl<'a> Stage<'a> {
    /// A namespace that nobody else has.
    ///
    /// # Panics
    ///
    /// Where the API server makes none.
    pub fn new(api: &'a Api, prefix: &str) -> Self {
        Self::named(api, &format!("{prefix}-{}", unique()))
    }

    /// A namespace of this name.
    ///
    /// # Panics
    ///
    /// Where the API server makes none.
    pub fn named(api: &'a Api, name: &str) -> Self {
        let object = json!({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name}});
        api.send("POST", "/api/v1/namespaces", "application/json", Some(&object)).and_then(Reply::ok).expect("a namespace");
        let stage = Self { api, namespace: name.into() };
        // Pods are refused before their namespace has this.
        stage.wait("the service account", |_| api.get(&format!("/api/v1/namespaces/{name}/serviceaccounts/default")).is_ok());
        stage
    }

    /// Objects moved here, with a host that no other namespace has.
    pub fn take(&self, objects: &[Value]) -> Vec<Value> {
        let mut objects = objects.to_vec();
        for object in &mut objects {
            object["metadata"]["namespace"] = self.namespace.as_str().into();
            if object["kind"] == Kind::Endpoint.name() {
                object["spec"]["host"] = self.host().into();
            }
        }
        objects
    }

    /// The host of an Endpoint here.
    pub fn host(&self) -> String {
        format!("{}.example.com", self.namespace)
    }

    /// The program with files of these objects.
    pub fn start(&self, kubeconfig: &Path, arguments: &[&str], objects: &[Value]) -> Running {
        let file = TemporaryFile::of(objects).expect("a temporary file");
        let mut command = self.command(kubeconfig, arguments);
        if !objects.is_empty() {
            command.arg("-f").arg(file.path());
        }
        Running { child: command.spawn().expect("the program starts"), file }
    }

    fn command(&self, kubeconfig: &Path, arguments: &[&str]) -> Command {
        let program = Artefact::CommandLine.path().unwrap_or_else(|sentence| panic!("{sentence}"));
        let mut command = Command::new(program);
        command.args(arguments).arg("--kubeconfig").arg(kubeconfig);
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        command
    }

    /// The program with a text on its standard input, until it ends.
    pub fn feed(&self, kubeconfig: &Path, arguments: &[&str], text: &str) -> Ended {
        let file = TemporaryFile::with(text).expect("a temporary file");
        let mut command = self.command(kubeconfig, arguments);
        command.args(["-f", "-"]).stdin(std::fs::File::open(file.path()).expect("the file"));
        Running { child: command.spawn().expect("the program starts"), file }.end()
    }

    /// The same with files, until it ends.
    pub fn run(&self, kubeconfig: &Path, arguments: &[&str], objects: &[Value]) -> Ended {
        self.start(kubeconfig, arguments, objects).end()
    }

    /// `apply` without a question.
    pub fn apply(&self, kubeconfig: &Path, objects: &[Value]) -> Ended {
        self.run(kubeconfig, &["apply", "--yes", "--timeout", "60s"], objects)
    }

    /// Everything here that is of a kind that we know, with the volumes that are named after this namespace or claimed from it.
    ///
    /// # Panics
    ///
    /// Where it cannot be read.
    pub fn objects(&self) -> Objects {
        // Most clusters have no Metacontroller, and its controllers are nobody's namespace's.
        Kind::ALL.into_iter().filter(|kind| *kind != Kind::CompositeController).flat_map(|kind| self.of_kind(kind)).collect()
    }

    /// The same of one kind.
    ///
    /// # Panics
    ///
    /// Where it cannot be read.
    pub fn of_kind(&self, kind: Kind) -> Objects {
        let list = self.api.get(&self.collection(kind)).unwrap_or_else(|error| panic!("{}: {error}", kind.plural()));
        let items = list["items"].as_array().cloned().unwrap_or_default();
        let typed = items.into_iter().map(|mut item| {
            item["apiVersion"] = kind.api().into();
            item["kind"] = kind.name().into();
            item
        });
        let here = typed.filter(|object| match kind {
            Kind::Namespace => object["metadata"]["name"] == self.namespace.as_str(),
            Kind::PersistentVolume => self.is_volume_of_here(object),
            _ => true,
        });
        here.filter_map(|object| Some((key_of(&object)?, object))).collect()
    }

    fn is_volume_of_here(&self, volume: &Value) -> bool {
        let named = volume["metadata"]["name"].as_str().and_then(|name| name.strip_prefix(self.namespace.as_str()));
        named.is_some_and(|rest| rest.starts_with('.')) || volume["spec"]["claimRef"]["namespace"] == self.namespace.as_str()
    }

    fn collection(&self, kind: Kind) -> String {
        let prefix = if kind.group().is_empty() { "/api" } else { "/apis" };
        let namespace = if kind.namespaced() { format!("/namespaces/{}", self.namespace) } else { String::new() };
        format!("{prefix}/{}{namespace}/{}", kind.api(), kind.plural())
    }

    /// The path of an object here.
    pub fn path(&self, kind: Kind, name: &str) -> String {
        format!("{}/{name}", self.collection(kind))
    }

    /// One object, where it is there.
    pub fn get(&self, kind: Kind, name: &str) -> Option<Value> {
        self.api.get(&self.path(kind, name)).ok()
    }

    /// A merge patch by somebody called `manager`.
    ///
    /// # Panics
    ///
    /// Where the API server refuses it.
    pub fn patch(&self, kind: Kind, name: &str, patch: &Value, manager: &str) -> Value {
        let path = format!("{}?fieldManager={manager}", self.path(kind, name));
        self.api.send("PATCH", &path, MERGE_PATCH, Some(patch)).and_then(Reply::ok).expect("a patch")
    }

    /// Makes an object as somebody else does.
    ///
    /// # Panics
    ///
    /// Where the API server refuses it.
    pub fn create(&self, kind: Kind, object: &Value) -> Value {
        self.api.send("POST", &self.collection(kind), "application/json", Some(object)).and_then(Reply::ok).expect("an object")
    }

    /// What `kubectl delete` asks for.
    pub fn delete(&self, kind: Kind, name: &str) {
        let _ = self.api.send("DELETE", &self.path(kind, name), "application/json", None);
    }

    /// Waits until something holds.
    ///
    /// # Panics
    ///
    /// Where it does not come.
    #[track_caller]
    pub fn wait(&self, what: &str, holds: impl Fn(&Self) -> bool) {
        let end = Instant::now() + Duration::from_secs(60);
        while !holds(self) {
            assert!(Instant::now() < end, "{what} does not come in {}", self.namespace);
            std::thread::sleep(LOOK);
        }
    }
}

impl Drop for Stage<'_> {
    /// Nobody is there any more who would take our finalizers away, or delete our volumes.
    fn drop(&mut self) {
        let let_go = json!({"metadata": {"finalizers": null}});
        let _ = self.api.send("DELETE", &format!("/api/v1/namespaces/{}", self.namespace), "application/json", None);
        for kind in Kind::PARENTS {
            let list = self.api.get(&self.collection(kind)).unwrap_or_default();
            for object in
                list["items"].as_array().into_iter().flatten().filter(|object| !object["metadata"]["finalizers"].is_null())
            {
                let name = object["metadata"]["name"].as_str().unwrap_or_default();
                let _ = self.api.send("PATCH", &self.path(kind, name), MERGE_PATCH, Some(&let_go));
            }
        }
        let list = self.api.get("/api/v1/persistentvolumes").unwrap_or_default();
        for volume in list["items"].as_array().into_iter().flatten().filter(|volume| self.is_volume_of_here(volume)) {
            let path = format!("/api/v1/persistentvolumes/{}", volume["metadata"]["name"].as_str().unwrap_or_default());
            let _ = self.api.send("DELETE", &path, "application/json", None);
        }
    }
}

/// A run of the program that has not ended.
pub struct Running {
    child: Child,
    file: TemporaryFile,
}

impl Running {
    /// Its process id.
    pub fn id(&self) -> u32 {
        self.child.id()
    }

    /// Waits until it ends.
    ///
    /// # Panics
    ///
    /// Where it does not.
    pub fn end(mut self) -> Ended {
        let read = |stream: Option<Box<dyn std::io::Read + Send>>| {
            std::thread::spawn(move || {
                let mut text = String::new();
                let _ = stream.map(|mut stream| stream.read_to_string(&mut text));
                text
            })
        };
        let output = read(self.child.stdout.take().map(|stream| Box::new(stream) as _));
        let errors = read(self.child.stderr.take().map(|stream| Box::new(stream) as _));
        let end = Instant::now() + ENDLESS;
        let status = loop {
            if let Some(status) = self.child.try_wait().expect("a child") {
                break status;
            }
            if Instant::now() > end {
                let _ = self.child.kill();
                panic!("{} runs for ever: {}", self.file.path().display(), errors.join().unwrap_or_default());
            }
            std::thread::sleep(Duration::from_millis(20));
        };
        let said = output.join().unwrap_or_default() + &errors.join().unwrap_or_default();
        Ended { code: status.code().unwrap_or(-1), said }
    }
}
