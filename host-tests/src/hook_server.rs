//! The program `modelwright hook` on free ports of loopback, and requests to it, good and bad.

use crate::artefacts::Artefact;
use crate::library::Library;
use crate::process;
use crate::{request, scenario};
use serde_json::Value;
use std::io::{self, BufRead, BufReader, Write};
use std::net::{SocketAddr, TcpStream};
use std::path::Path;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

/// Longer than anything that the server waits for.
const LONGEST: Duration = Duration::from_secs(30);
/// How often a test looks again.
const LOOK: Duration = Duration::from_millis(10);

/// A running server. It ends with the test.
pub struct HookServer {
    child: Child,
    lines: Arc<Mutex<Vec<Value>>>,
    /// Reads the log until the program ends.
    reader: JoinHandle<()>,
    /// Where hooks are answered.
    pub hooks: SocketAddr,
    /// Where probes are answered.
    pub health: SocketAddr,
    /// Where metrics are answered.
    pub metrics: SocketAddr,
    /// The digest in the paths.
    pub digest: String,
}

/// An HTTP answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HttpReply {
    /// The status code.
    pub code: u16,
    /// Names in small letters, and values.
    pub headers: Vec<(String, String)>,
    /// The body.
    pub body: String,
}

impl HttpReply {
    /// A header; empty where there is none.
    pub fn header(&self, name: &str) -> &str {
        self.headers.iter().find(|(known, _)| known == name).map_or("", |(_, value)| value)
    }

    /// The body as JSON.
    ///
    /// # Panics
    ///
    /// Where it is not.
    #[track_caller]
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap_or_else(|error| panic!("{}: {error}: {}", self.code, self.body))
    }
}

impl HookServer {
    /// Over plain HTTP.
    ///
    /// # Panics
    ///
    /// Where the program is missing or does not begin.
    #[track_caller]
    pub fn plain(arguments: &[&str]) -> Self {
        Self::start(&[&["--plain-http"], arguments].concat())
    }

    /// With these arguments besides the ports.
    ///
    /// # Panics
    ///
    /// Where the program is missing or does not begin.
    #[track_caller]
    pub fn start(arguments: &[&str]) -> Self {
        let mut server = Self::spawn(&mut command(arguments));
        let ready = server.line(|line| line["message"] == "ready");
        server.digest = ready["digest"].as_str().and_then(|digest| digest.get(..16)).expect("a digest").into();
        server.hooks = server.address("hook");
        server.health = server.address("health");
        server.metrics = server.address("metrics");
        server
    }

    /// Another program with hooks alone, which logs as this one does.
    ///
    /// # Panics
    ///
    /// Where it does not begin.
    #[track_caller]
    pub fn of_program(program: &Path, arguments: &[&str]) -> Self {
        let mut server = Self::spawn(Command::new(program).args(arguments).stdin(Stdio::null()).stderr(Stdio::piped()));
        server.hooks = server.address("hook");
        server
    }

    #[track_caller]
    fn spawn(command: &mut Command) -> Self {
        let mut child = command.spawn().expect("the program starts");
        let lines = Arc::new(Mutex::new(Vec::new()));
        let log = BufReader::new(child.stderr.take().expect("a pipe"));
        let shared = Arc::clone(&lines);
        let reader = std::thread::spawn(move || {
            for line in log.lines().map_while(Result::ok) {
                let value = serde_json::from_str(&line).unwrap_or(Value::String(line));
                shared.lock().unwrap_or_else(PoisonError::into_inner).push(value);
            }
        });
        let nowhere = SocketAddr::from(([127, 0, 0, 1], 0));
        Self { child, lines, reader, hooks: nowhere, health: nowhere, metrics: nowhere, digest: String::new() }
    }

    #[track_caller]
    fn address(&self, name: &str) -> SocketAddr {
        let line = self.line(|line| line["listener"] == name);
        line["address"].as_str().and_then(|address| address.parse().ok()).expect("an address")
    }

    /// The first line of the log like this, as soon as it is there.
    ///
    /// # Panics
    ///
    /// Where it does not come.
    #[track_caller]
    pub fn line(&self, wanted: impl Fn(&Value) -> bool) -> Value {
        let began = Instant::now();
        loop {
            // Asked before the log is read: whoever has ended writes nothing more.
            let is_over = self.reader.is_finished() || began.elapsed() > LONGEST;
            if let Some(line) = self.log().into_iter().find(&wanted) {
                return line;
            }
            assert!(!is_over, "the line does not come: {:?}", self.log());
            std::thread::sleep(LOOK);
        }
    }

    /// The log so far: objects, or text where a line is none.
    pub fn log(&self) -> Vec<Value> {
        self.lines.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Posts a request to a hook (`sync/models`).
    ///
    /// # Panics
    ///
    /// Where no answer comes.
    #[track_caller]
    pub fn post(&self, path: &str, body: &str) -> HttpReply {
        self.post_with(path, body, "")
    }

    /// The same with more headers, each with its `\r\n`.
    ///
    /// # Panics
    ///
    /// Where no answer comes.
    #[track_caller]
    pub fn post_with(&self, path: &str, body: &str, headers: &str) -> HttpReply {
        self.send(&self.head(path, body.len(), headers), body.as_bytes())
    }

    /// The head of a good request.
    pub fn head(&self, path: &str, length: usize, headers: &str) -> String {
        format!(
            "POST /{}/{path} HTTP/1.1\r\nHost: hook\r\nContent-Type: application/json\r\nContent-Length: {length}\r\n{headers}\r\n",
            self.digest
        )
    }

    /// Sends these bytes to the hooks and reads one answer.
    ///
    /// # Panics
    ///
    /// Where no answer comes.
    #[track_caller]
    pub fn send(&self, head: &str, body: &[u8]) -> HttpReply {
        exchange(self.hooks, head, body).unwrap_or_else(|error| panic!("no answer: {error}; {:?}", self.log().last()))
    }

    /// Reads a path of the probes or the metrics.
    ///
    /// # Panics
    ///
    /// Where no answer comes.
    #[track_caller]
    pub fn get(&self, address: SocketAddr, path: &str) -> HttpReply {
        exchange(address, &format!("GET {path} HTTP/1.1\r\nHost: probe\r\n\r\n"), &[]).expect("an answer")
    }

    /// The value of a metric, by everything that is before it in its line; 0 where it is not there.
    ///
    /// # Panics
    ///
    /// Where no answer comes.
    #[track_caller]
    pub fn metric(&self, name: &str) -> f64 {
        let text = self.get(self.metrics, "/metrics").body;
        let value = text.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(' ')?.parse().ok());
        value.unwrap_or(0.0)
    }

    /// Bytes of memory of the process now.
    ///
    /// # Panics
    ///
    /// Where the system does not say.
    pub fn memory(&self) -> u64 {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.child.id())).expect("a process");
        let line = status.lines().find(|line| line.starts_with("VmRSS:")).expect("a size");
        line.split_whitespace().nth(1).and_then(|text| text.parse::<u64>().ok()).expect("a number") << 10
    }

    /// Time on processors that the process has used, in its own code and in the system: proc(5), in hundredths of a second.
    ///
    /// # Panics
    ///
    /// Where the system does not say.
    pub fn processor_time(&self) -> Duration {
        let stat = std::fs::read_to_string(format!("/proc/{}/stat", self.child.id())).expect("a process");
        // The second field is the name in parentheses, and may have spaces.
        let fields: Vec<&str> = stat.rsplit(')').next().unwrap_or_default().split_whitespace().collect();
        let ticks: u64 = fields[11..13].iter().map(|field| field.parse::<u64>().expect("a number")).sum();
        Duration::from_millis(ticks * 10)
    }

    /// Asks the server to end.
    ///
    /// # Panics
    ///
    /// Where it cannot be asked.
    pub fn terminate(&self) {
        process::signal(&self.child, "TERM");
    }

    /// How it ended.
    ///
    /// # Panics
    ///
    /// Where it does not.
    #[track_caller]
    pub fn ended(&mut self) -> ExitStatus {
        process::ended(&mut self.child)
    }
}

impl Drop for HookServer {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// The program with free ports.
///
/// # Panics
///
/// Where it is missing.
pub fn command(arguments: &[&str]) -> Command {
    let program = Artefact::CommandLine.path().unwrap_or_else(|sentence| panic!("{sentence}"));
    let mut command = Command::new(program);
    command.args(["hook", "--listen", "127.0.0.1:0", "--health-listen", "127.0.0.1:0", "--metrics-listen", "127.0.0.1:0"]);
    command.args(arguments).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::piped());
    command
}

/// Sends a head and a body over a new connection and reads one answer. Whoever is refused early may stop reading, so a body that cannot be
/// sent to its end is no error.
pub fn exchange(address: SocketAddr, head: &str, body: &[u8]) -> io::Result<HttpReply> {
    let mut stream = TcpStream::connect(address)?;
    stream.set_read_timeout(Some(LONGEST))?;
    stream.set_write_timeout(Some(LONGEST))?;
    stream.write_all(head.as_bytes())?;
    let _ = stream.write_all(body);
    reply(&mut BufReader::new(stream))
}

/// Reads one answer.
pub fn reply(stream: &mut impl BufRead) -> io::Result<HttpReply> {
    let wrong = || io::Error::new(io::ErrorKind::InvalidData, "this is no HTTP");
    let mut line = String::new();
    let mut next = |stream: &mut dyn BufRead| -> io::Result<String> {
        line.clear();
        stream.read_line(&mut line)?;
        Ok(line.trim_end().to_owned())
    };
    let code = next(stream)?.split(' ').nth(1).and_then(|code| code.parse().ok()).ok_or_else(wrong)?;
    let mut headers = Vec::new();
    loop {
        let line = next(stream)?;
        let Some((name, value)) = line.split_once(':') else { break };
        headers.push((name.to_ascii_lowercase(), value.trim().to_owned()));
    }
    let mut reply = HttpReply { code, headers, body: String::new() };
    let length = reply.header("content-length").parse().unwrap_or(0);
    let mut body = vec![0; length];
    stream.read_exact(&mut body)?;
    reply.body = String::from_utf8(body).map_err(|_| wrong())?;
    Ok(reply)
}

/// The request bodies of a hook's scenario, as Metacontroller would send them, by case; empty where there is one.
///
/// # Panics
///
/// Where there is no such scenario.
#[track_caller]
pub fn bodies(name: &str) -> Vec<(String, Value)> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let library = Library::read(&root.join("worlds")).expect("the worlds");
    let scenario = scenario::read(&root.join("scenarios").join(name)).expect("a scenario");
    let requests = request::requests(&scenario, &library).expect("its requests");
    let read = |text: &str| serde_json::from_str::<Value>(text).ok().map(|mut request| request["request"].take());
    requests.into_iter().filter_map(|request| Some((request.case, read(&request.text)?))).collect()
}

/// The only request body of a hook's scenario.
///
/// # Panics
///
/// Where there is no such scenario.
#[track_caller]
pub fn body(name: &str) -> Value {
    bodies(name).swap_remove(0).1
}
