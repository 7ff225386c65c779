//! The real control plane that `cargo xtask cluster up` starts: where it is, kubectl, the API over plain HTTP, its audit log, istioctl.
//!
//! A test takes a [`Namespace`] of its own and may run beside all others. Pods become ready by kwok, without containers; the annotation
//! [`READY_AFTER`] on a Pod delays that (`4s`, or `24h` for never).

use serde_json::{Value, json};
use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

/// The annotation of a Pod, or of a Pod template, that delays its readiness.
pub const READY_AFTER: &str = "modelwright.test/ready-after";

/// A control plane that runs.
#[derive(Clone, Debug)]
pub struct Cluster {
    folder: PathBuf,
}

impl Cluster {
    /// The one that `MODELWRIGHT_CLUSTER` names by its folder, else the one of `cargo xtask cluster up`.
    ///
    /// # Panics
    ///
    /// Where none runs: a test that needs one must not pass without.
    pub fn running() -> Self {
        Self::find().unwrap_or_else(|sentence| panic!("{sentence}"))
    }

    /// The same for those that can do without; the error is a sentence that says what to run.
    pub fn find() -> Result<Self, String> {
        let named = std::env::var_os("MODELWRIGHT_CLUSTER").filter(|value| !value.is_empty()).map(PathBuf::from);
        let cluster = Self { folder: named.unwrap_or_else(default_folder) };
        let address = cluster.address();
        match address.as_deref().map(TcpStream::connect) {
            Some(Ok(_)) => Ok(cluster),
            _ => Err(format!("no control plane runs in {}: run `cargo xtask cluster up`", cluster.folder.display())),
        }
    }

    /// Host and port of the API server, as `cluster.json` has them.
    fn address(&self) -> Option<String> {
        let note: Value = serde_json::from_slice(&std::fs::read(self.folder.join("cluster.json")).ok()?).ok()?;
        note["url"].as_str()?.strip_prefix("https://").map(str::to_owned)
    }

    /// The kubeconfig of a user: `admin`, or `alice` and `bob`, who have no rights until a test gives them some.
    pub fn kubeconfig(&self, user: &str) -> PathBuf {
        self.folder.join(format!("{user}.kubeconfig"))
    }

    /// A program of the cluster: `kubectl` or `istioctl`.
    pub fn program(&self, name: &str) -> PathBuf {
        self.folder.join("bin").join(name)
    }

    /// A program of the cluster, as a user.
    pub fn command(&self, name: &str, user: &str) -> Command {
        let mut command = Command::new(self.program(name));
        command.arg("--kubeconfig").arg(self.kubeconfig(user)).stdin(Stdio::null());
        command
    }

    /// Runs kubectl as the admin; its standard output, or its errors.
    pub fn kubectl(&self, arguments: &[&str]) -> Result<String, String> {
        run(self.command("kubectl", "admin").args(arguments))
    }

    /// Runs kubectl as a user with objects on standard input (`-f -`).
    pub fn kubectl_with(&self, user: &str, arguments: &[&str], objects: &[Value]) -> Result<String, String> {
        let file = TemporaryFile::of(objects)?;
        let input = std::fs::File::open(&file.0).map_err(|error| error.to_string())?;
        run(self.command("kubectl", user).args(arguments).stdin(input))
    }

    /// Applies our CustomResourceDefinitions and waits until they are established.
    pub fn install_crds(&self) -> Result<(), String> {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../deploy/crds").display().to_string();
        self.kubectl(&["apply", "--server-side", "--force-conflicts", "--kustomize", &folder])?;
        let names = ["models", "endpointconfigs", "endpoints"].map(|plural| format!("crd/{plural}.mlops.internal"));
        self.wait_established(&names.each_ref().map(String::as_str))?;
        // Established is a moment before served: until then the answer is 429 "storage is (re)initializing".
        let start = Instant::now();
        loop {
            match self.kubectl(&["get", "mlops", "--namespace", "default"]) {
                Err(why) if start.elapsed() > Duration::from_secs(30) => return Err(why),
                Err(_) => std::thread::sleep(Duration::from_millis(100)),
                Ok(_) => return Ok(()),
            }
        }
    }

    /// Installs definitions of others from a file of `fixtures/`.
    pub fn install_fixture(&self, file: &str) -> Result<(), String> {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures").join(file).display().to_string();
        self.kubectl(&["apply", "--server-side", "--force-conflicts", "--filename", &path])?;
        self.wait_established(&["--filename", &path])
    }

    /// Waits until definitions are established; they are named as kubectl takes it.
    pub fn wait_established(&self, definitions: &[&str]) -> Result<(), String> {
        let start = Instant::now();
        // One without any condition yet is an error for kubectl, not something to wait for.
        loop {
            match self.kubectl(&[&["wait", "--for=condition=Established", "--timeout=10s"], definitions].concat()) {
                Err(_) if start.elapsed() < Duration::from_secs(60) => std::thread::sleep(Duration::from_millis(100)),
                ended => return ended.map(|_| ()),
            }
        }
    }

    /// Makes a namespace that no other test has.
    pub fn namespace(&self, prefix: &str) -> Result<Namespace<'_>, String> {
        let name = format!("{prefix}-{}", unique());
        // Without the label every analysis of Istio would say that it is missing.
        let labels = json!({"istio-injection": "disabled"});
        let object = json!({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name, "labels": labels}});
        self.kubectl_with("admin", &["create", "--filename", "-"], &[object])?;
        Ok(Namespace { cluster: self, name })
    }

    /// Opens the API to requests of a user, sent under the name of an agent.
    pub fn api(&self, user: &str, agent: &str) -> Result<Api, String> {
        Api::open(self, user, agent)
    }

    /// What was asked of the API server in a namespace (`""`: outside of all), in order, up to now.
    pub fn audit(&self, namespace: &str) -> Result<Vec<AuditEntry>, String> {
        // The line of a request may be a moment younger than its answer; when this one is there, those before it are.
        let mark = format!("/readyz?mark={}", unique());
        self.kubectl(&["get", "--raw", &mark])?;
        let start = Instant::now();
        loop {
            let log = std::fs::read_to_string(self.folder.join("audit.log")).map_err(|error| error.to_string())?;
            if log.contains(&mark) {
                let entries = log.lines().filter_map(|line| serde_json::from_str(line).ok()).map(AuditEntry::of);
                return Ok(entries.filter(|entry| entry.namespace == namespace).collect());
            }
            if start.elapsed() > Duration::from_secs(10) {
                return Err("the audit log does not get a line for each request".into());
            }
            std::thread::sleep(Duration::from_millis(20));
        }
    }

    /// What Istio's own analysis finds in a namespace, with what the API server has there.
    pub fn analyze(&self, namespace: &str) -> Result<Vec<Finding>, String> {
        // Without a namespace everything would look clean. The exit status is 79 when there are findings.
        let mut istioctl = self.command("istioctl", "admin");
        let output = istioctl.args(["analyze", "--namespace", namespace, "--output", "json"]).output();
        let output = output.map_err(|error| error.to_string())?;
        let failed = || format!("istioctl analyze: {}", String::from_utf8_lossy(&output.stderr));
        let findings: Vec<Value> = serde_json::from_slice(&output.stdout).map_err(|_| failed())?;
        Ok(findings.iter().map(Finding::of).collect())
    }

    /// Istio's own validation of objects, without a cluster; what it says against them is the error.
    pub fn validate_istio(&self, objects: &[Value]) -> Result<(), String> {
        let file = TemporaryFile::of(objects)?;
        run(Command::new(self.program("istioctl")).arg("validate").arg("--filename").arg(&file.0)).map(|_| ())
    }
}

fn default_folder() -> PathBuf {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let target = std::env::var_os("CARGO_TARGET_DIR").map_or_else(|| root.join("target"), |target| root.join(target));
    target.join("modelwright/cluster")
}

fn run(command: &mut Command) -> Result<String, String> {
    let output = command.output().map_err(|error| format!("{}: {error}", command.get_program().display()))?;
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    if output.status.success() { Ok(text(&output.stdout)) } else { Err(text(&output.stderr) + &text(&output.stdout)) }
}

/// Of this moment in this process.
pub fn unique() -> String {
    let time = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    static COUNT: std::sync::atomic::AtomicU32 = std::sync::atomic::AtomicU32::new(0);
    let count = COUNT.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
    format!("{:x}-{:x}-{count}", time.as_millis(), std::process::id())
}

/// Objects as a stream of YAML documents, as long as somebody needs the file.
#[derive(Debug)]
pub struct TemporaryFile(PathBuf);

impl TemporaryFile {
    /// One that holds the objects.
    pub fn of(objects: &[Value]) -> Result<Self, String> {
        Self::with(&objects.iter().map(|object| format!("---\n{object}\n")).collect::<String>())
    }

    /// One that holds a text.
    pub fn with(text: &str) -> Result<Self, String> {
        let file = Self(std::env::temp_dir().join(format!("modelwright-{}.yaml", unique())));
        std::fs::write(&file.0, text).map_err(|error| error.to_string())?;
        Ok(file)
    }

    /// Where it is.
    pub fn path(&self) -> &Path {
        &self.0
    }
}

impl Drop for TemporaryFile {
    fn drop(&mut self) {
        let _ = std::fs::remove_file(&self.0);
    }
}

/// A namespace of one test; deleted at its end, without waiting for it.
#[derive(Debug)]
pub struct Namespace<'a> {
    cluster: &'a Cluster,
    /// Its name.
    pub name: String,
}

impl Namespace<'_> {
    /// An object moved here.
    pub fn take(&self, object: &Value) -> Value {
        let mut object = object.clone();
        if let Some(metadata) = object.get_mut("metadata").and_then(Value::as_object_mut) {
            metadata.insert("namespace".into(), self.name.as_str().into());
        }
        object
    }
}

impl Drop for Namespace<'_> {
    fn drop(&mut self) {
        let _ = self.cluster.kubectl(&["delete", "namespace", &self.name, "--wait=false"]);
    }
}

/// The API server without TLS: `kubectl proxy`, one process for any number of requests.
#[derive(Clone, Debug)]
pub struct Api {
    address: String,
    agent: String,
    /// Runs as long as somebody has this API.
    _proxy: Arc<KubectlProxy>,
}

#[derive(Debug)]
struct KubectlProxy(Child);

/// An answer of the API server.
#[derive(Clone, Debug, PartialEq)]
pub struct Reply {
    /// The status of HTTP.
    pub code: u16,
    /// An object, a `Status`, or a text that is no JSON.
    pub body: Value,
}

impl Reply {
    /// The object, or what the API server says against the request.
    pub fn ok(self) -> Result<Value, String> {
        match self.code {
            200..=299 => Ok(self.body),
            code => Err(format!("{code} {}", self.body["message"].as_str().map_or(self.body.to_string(), str::to_owned))),
        }
    }
}

impl Api {
    fn open(cluster: &Cluster, user: &str, agent: &str) -> Result<Self, String> {
        let mut proxy = cluster.command("kubectl", user);
        proxy.args(["proxy", "--port=0"]).stdout(Stdio::piped());
        let mut proxy = proxy.spawn().map_err(|error| format!("kubectl proxy: {error}"))?;
        let mut line = String::new();
        if let Some(output) = proxy.stdout.take() {
            BufReader::new(output).read_line(&mut line).map_err(|error| error.to_string())?;
        }
        let address = line.trim().rsplit(' ').next().unwrap_or_default().to_owned();
        let api = Self { address, agent: agent.into(), _proxy: Arc::new(KubectlProxy(proxy)) };
        if api.address.is_empty() { Err("kubectl proxy does not start".into()) } else { Ok(api) }
    }

    /// Sends a request; the path may have a query. JSON merge patches and server-side applies name themselves by their content type.
    pub fn send(&self, method: &str, path: &str, content_type: &str, body: Option<&Value>) -> Result<Reply, String> {
        let body = body.map_or(String::new(), Value::to_string);
        // The old version of HTTP, in which an answer is what comes until the connection ends.
        let head = format!(
            "{method} {path} HTTP/1.0\r\nHost: {}\r\nUser-Agent: {}\r\nAccept: application/json\r\nContent-Type: {content_type}\r\nContent-Length: {}\r\n\r\n",
            self.address,
            self.agent,
            body.len()
        );
        let failed = |error: std::io::Error| format!("{method} {path}: {error}");
        let mut stream = TcpStream::connect(&self.address).map_err(failed)?;
        // In one piece: two would wait for each other's acknowledgement.
        stream.write_all((head + &body).as_bytes()).map_err(failed)?;
        let mut answer = Vec::new();
        stream.read_to_end(&mut answer).map_err(failed)?;
        let answer = String::from_utf8_lossy(&answer);
        let (head, body) = answer.split_once("\r\n\r\n").ok_or_else(|| format!("{method} {path}: no answer"))?;
        let code = head.split(' ').nth(1).and_then(|code| code.parse().ok()).ok_or("an answer without a status")?;
        Ok(Reply { code, body: serde_json::from_str(body).unwrap_or_else(|_| body.into()) })
    }

    /// Host and port, without TLS.
    pub fn address(&self) -> &str {
        &self.address
    }

    /// Reads an object or a list.
    pub fn get(&self, path: &str) -> Result<Value, String> {
        self.send("GET", path, "application/json", None)?.ok()
    }

    /// Sends a request as a plan has it: `method`, `path`, `query`, `contentType`, `body`.
    pub fn perform(&self, request: &Value) -> Result<Reply, String> {
        let text = |name: &str| request[name].as_str().unwrap_or_default();
        let query = request["query"].as_object().into_iter().flatten();
        let value = |value: &Value| value.as_str().map_or(value.to_string(), str::to_owned);
        let query: Vec<String> = query.map(|(name, found)| format!("{name}={}", encoded(&value(found)))).collect();
        let path = if query.is_empty() { text("path").to_owned() } else { format!("{}?{}", text("path"), query.join("&")) };
        self.send(text("method"), &path, text("contentType"), request.get("body").filter(|body| !body.is_null()))
    }
}

impl Drop for KubectlProxy {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// Percent-encoded for a query.
fn encoded(text: &str) -> String {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~".contains(&byte);
    text.bytes().map(|byte| if plain(byte) { char::from(byte).to_string() } else { format!("%{byte:02X}") }).collect()
}

/// A line of the audit log: one request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AuditEntry {
    /// The user's name.
    pub user: String,
    /// What the client calls itself.
    pub agent: String,
    /// Of the authorisation: `get`, `list`, `watch`, `create`, `update`, `patch`, `delete`, `deletecollection`.
    pub verb: String,
    /// Empty outside of all.
    pub namespace: String,
    /// In the plural: `deployments`; a subresource as `deployments/status`.
    pub resource: String,
    /// The object's name, where the request has one.
    pub name: String,
    /// Path and query.
    pub uri: String,
    /// The status of HTTP.
    pub code: u64,
}

impl AuditEntry {
    fn of(line: Value) -> Self {
        let text = |pointer: &str| line.pointer(pointer).and_then(Value::as_str).unwrap_or_default().to_owned();
        let (resource, subresource) = (text("/objectRef/resource"), text("/objectRef/subresource"));
        Self {
            user: text("/user/username"),
            agent: text("/userAgent"),
            verb: text("/verb"),
            namespace: text("/objectRef/namespace"),
            resource: if subresource.is_empty() { resource } else { format!("{resource}/{subresource}") },
            name: text("/objectRef/name"),
            uri: text("/requestURI"),
            code: line.pointer("/responseStatus/code").and_then(Value::as_u64).unwrap_or_default(),
        }
    }

    /// Whether it asked for a change that was to last.
    pub fn is_write(&self) -> bool {
        let changes = ["create", "update", "patch", "delete", "deletecollection"].contains(&self.verb.as_str());
        changes && !self.uri.contains("dryRun=All")
    }
}

/// What Istio's analysis says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// `IST0101` and so on: <https://istio.io/latest/docs/reference/config/analysis/>.
    pub code: String,
    /// `Error`, `Warning` or `Info`.
    pub level: String,
    /// `VirtualService namespace/name`.
    pub origin: String,
    /// The sentence.
    pub message: String,
}

impl Finding {
    fn of(value: &Value) -> Self {
        let text = |name: &str| value[name].as_str().unwrap_or_default().to_owned();
        Self { code: text("code"), level: text("level"), origin: text("origin"), message: text("message") }
    }
}
