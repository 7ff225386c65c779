//! The rendered nginx.conf in a real nginx: accepted, and routed as it should be. Needs Debian's `nginx-light`.
#![allow(clippy::disallowed_methods, reason = "a test waits by the clock")]
#![allow(missing_docs, reason = "a test")]

mod rendered;

use rendered::{deployment, file, named, samples};
use serde_json::{Value, json};
use std::io::{Read, Write};
use std::net::{Ipv4Addr, TcpListener, TcpStream, UdpSocket};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::{Duration, Instant};

/// A directory of this test alone, removed at its end.
struct Directory(PathBuf);

impl Directory {
    fn new(name: &str) -> Self {
        let path = std::env::temp_dir().join(format!("modelwright-{name}-{}", std::process::id()));
        std::fs::create_dir_all(&path).expect("a directory");
        Self(path)
    }

    /// The configuration with its own directory in place of /tmp.
    fn write(&self, conf: &str) -> PathBuf {
        let path = self.0.join("nginx.conf");
        std::fs::write(&path, conf.replace(" /tmp/", &format!(" {}/", self.0.display()))).expect("a file");
        path
    }
}

impl Drop for Directory {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

fn nginx() -> Command {
    let found = Command::new("nginx").arg("-v").output();
    assert!(found.is_ok(), "this test needs nginx: apt-get install -y --no-install-recommends nginx-light");
    Command::new("nginx")
}

fn checked(conf: &Path) -> Output {
    nginx().args(["-t", "-e", "stderr", "-c"]).arg(conf).output().expect("nginx runs")
}

#[test]
fn nginx_accepts_every_rendering() {
    for (name, patch) in samples() {
        let directory = Directory::new("conf");
        let output = checked(&directory.write(file(&deployment(patch), "nginx.conf")));
        assert!(output.status.success(), "{name}: {}", String::from_utf8_lossy(&output.stderr));
    }
}

/// What a server was asked, heads only.
#[derive(Clone, Default)]
struct Seen(Arc<Mutex<Vec<String>>>);

impl Seen {
    fn take(&self) -> Vec<String> {
        std::mem::take(&mut self.0.lock().expect("the list"))
    }
}

/// Answers every request with its name, until the test ends.
fn upstream(name: &'static str) -> (u16, Seen) {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a port");
    let port = listener.local_addr().expect("an address").port();
    let seen = Seen::default();
    let list = seen.clone();
    thread::spawn(move || {
        for connection in listener.incoming().flatten() {
            let mut connection = connection;
            let head = head(&mut connection);
            list.0.lock().expect("the list").push(head);
            let _ = write!(connection, "HTTP/1.1 200 OK\r\nContent-Length: {}\r\nConnection: close\r\n\r\n{name}", name.len());
        }
    });
    (port, seen)
}

fn head(connection: &mut TcpStream) -> String {
    let (mut head, mut byte) = (Vec::new(), [0]);
    while !head.ends_with(b"\r\n\r\n") && connection.read(&mut byte).is_ok_and(|count| count > 0) {
        head.push(byte[0]);
    }
    String::from_utf8_lossy(&head).into_owned()
}

struct Running {
    child: Child,
    port: u16,
    _directory: Directory,
}

impl Running {
    /// By the container's own command; only its paths and ports are those of this machine.
    fn start(deployment: &Value, ports: &[(&str, u16)]) -> Self {
        let directory = Directory::new("run");
        let port = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).and_then(|free| free.local_addr()).expect("a port").port();
        let conf = file(deployment, "nginx.conf").replace("listen 8088;", &format!("listen 127.0.0.1:{port};"));
        let conf =
            ports.iter().fold(conf, |conf, (from, to)| conf.replace(&format!("127.0.0.1:{from}"), &format!("127.0.0.1:{to}")));
        let path = directory.write(&conf);
        let command = &named(&deployment["spec"]["template"]["spec"]["containers"], "nginx")["command"];
        let arguments = command.as_array().expect("argv")[1..].iter().map(|argument| match argument.as_str() {
            Some("/etc/mlops/nginx.conf") => path.display().to_string(),
            argument => argument.expect("text").into(),
        });
        let child = nginx().args(arguments).spawn().expect("nginx starts");
        let running = Self { child, port, _directory: directory };
        running.wait();
        running
    }

    fn wait(&self) {
        let end = Instant::now() + Duration::from_secs(10);
        while TcpStream::connect((Ipv4Addr::LOCALHOST, self.port)).is_err() {
            assert!(Instant::now() < end, "nginx does not listen");
            thread::sleep(Duration::from_millis(20));
        }
    }

    fn get(&self, path: &str, header: &str) -> String {
        self.send(&format!("GET {path} HTTP/1.1\r\nHost: example.com\r\nConnection: close\r\n{header}\r\n"))
    }

    fn send(&self, request: &str) -> String {
        let mut connection = TcpStream::connect((Ipv4Addr::LOCALHOST, self.port)).expect("a connection");
        connection.write_all(request.as_bytes()).expect("a request");
        let mut answer = String::new();
        connection.read_to_string(&mut answer).expect("an answer");
        answer
    }
}

impl Drop for Running {
    /// SIGQUIT, as kubelet sends it: the master ends its workers.
    fn drop(&mut self) {
        let _ = Command::new("kill").args(["-QUIT", &self.child.id().to_string()]).status();
        let _ = self.child.wait();
    }
}

#[test]
fn nginx_routes_measures_and_reserves() {
    let (model_port, model) = upstream("model");
    let (metrics_port, metrics) = upstream("metrics");
    let log = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0)).expect("a socket");
    log.set_read_timeout(Some(Duration::from_secs(5))).expect("a timeout");
    let log_port = log.local_addr().expect("an address").port();
    let ports = [("8080", model_port), ("2021", metrics_port), ("2020", metrics_port), ("5140", log_port)];
    let nginx = Running::start(&deployment(json!({})), &ports);

    for path in ["/ping", "/invocations", "/v2/models/a/infer", "/monitoringx"] {
        assert!(nginx.get(path, "").ends_with("model"), "{path}");
        let heads = model.take();
        assert!(heads[0].starts_with(&format!("GET {path} HTTP/1.1")), "{heads:?}");
        assert_eq!(header(&heads[0], "X-Request-Id").map(str::len), Some(32), "{heads:?}");
        assert_eq!(header(&heads[0], "Host"), Some("example.com"));
    }
    nginx.get("/invocations", "X-Request-Id: mine\r\n");
    assert_eq!(header(&model.take()[0], "X-Request-Id"), Some("mine"));

    let reserved =
        ["/monitoring", "/monitoring/", "/monitoring/other", "/a/../monitoring/b", "//monitoring/b", "/%6donitoring/b"];
    for path in reserved {
        assert!(nginx.get(path, "").starts_with("HTTP/1.1 404"), "{path}");
    }
    assert!(nginx.get("/monitoring/healthz", "").ends_with("ok\n"));
    assert!(nginx.get("/monitoring/nginx", "").contains("Active connections"));
    assert!(nginx.get("/monitoring/metrics", "").ends_with("metrics"));
    assert!(nginx.get("/monitoring/fluent-bit", "").ends_with("metrics"));
    assert_eq!(model.take(), Vec::<String>::new(), "a monitoring page reached the model");
    let asked: Vec<String> = metrics.take().iter().map(|head| head.lines().next().unwrap_or("").into()).collect();
    assert_eq!(asked, ["GET /metrics HTTP/1.1", "GET /api/v2/metrics/prometheus HTTP/1.1"]);

    let routes: Vec<String> = (0..4).map(|_| route(&log)).collect();
    assert_eq!(routes, ["invocations", "v2_infer", "other", "invocations"]);
}

fn header<'a>(head: &'a str, name: &str) -> Option<&'a str> {
    head.lines().filter_map(|line| line.split_once(": ")).find(|(known, _)| *known == name).map(|(_, value)| value)
}

/// The route of one log line, taken apart as fluent-bit does it.
fn route(log: &UdpSocket) -> String {
    let mut buffer = [0; 2048];
    let length = log.recv(&mut buffer).expect("a log line");
    let line = String::from_utf8_lossy(&buffer[..length]);
    let record: Value = serde_json::from_str(&line[line.find('{').expect("JSON")..]).expect("JSON");
    assert_eq!((&record["status"], &record["class"]), (&json!("200"), &json!("2xx")));
    record["route"].as_str().expect("a route").into()
}
