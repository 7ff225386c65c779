//! A proxy on loopback between a program and the API server: it writes down every request, and lets one go wrong where a test wants it.
//!
//! Plain HTTP in, plain HTTP out to the `kubectl proxy` of an [`Api`], which adds TLS and credentials. Watches do not come through.

use crate::cluster::{Api, TemporaryFile};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::io::{self, BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

/// A request that has come in.
#[derive(Clone, Debug, PartialEq)]
pub struct Asked {
    /// From 1, over all requests of the proxy.
    pub number: usize,
    /// From 1, over those that would change something; 0 for a read.
    pub write: usize,
    /// HTTP method.
    pub method: String,
    /// Path and query.
    pub path: String,
    /// Of the body.
    pub content_type: String,
    /// The body; null without one.
    pub body: Value,
    /// What the program was answered; 0 where it got no answer, or none yet.
    pub code: u16,
}

impl Asked {
    /// The path without the query.
    pub fn object(&self) -> &str {
        self.path.split('?').next().unwrap_or_default()
    }

    /// Whether it is about the Lease of a run.
    pub fn is_lease(&self) -> bool {
        self.path.starts_with("/apis/coordination.k8s.io/")
    }

    /// Whether it would change something that lasts, besides Leases and statuses.
    pub fn is_change(&self) -> bool {
        self.write > 0 && !self.is_lease() && !self.is_status()
    }

    /// Whether it writes a status.
    pub fn is_status(&self) -> bool {
        self.object().ends_with("/status")
    }
}

/// What becomes of a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Way {
    /// It goes to the API server, and the answer back.
    Through,
    /// The API server never sees it; the program gets this status code.
    Answer(u16),
    /// The same with the header `Retry-After`, in seconds.
    RetryAfter(u16, u64),
    /// The connection ends before the API server sees it.
    LostBefore,
    /// The connection ends after the API server has answered.
    LostAfter,
    /// It goes through after this time.
    Late(Duration),
    /// The API server gets it twice; the program sees the second answer.
    Twice,
}

/// Decides what becomes of a request, and may do whatever else should happen at that moment.
pub type Rule = Box<dyn FnMut(&Asked) -> Way + Send>;

/// A proxy; it ends when it is dropped.
pub struct Proxy {
    address: String,
    kubeconfig: TemporaryFile,
    shared: Arc<Shared>,
}

struct Shared {
    upstream: String,
    log: Mutex<Vec<Asked>>,
    rule: Mutex<Rule>,
    ends: AtomicBool,
}

/// A panic in a rule is the test's own failure; what was written down stays readable.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Proxy {
    /// Starts one in front of `api`.
    pub fn start(api: &Api, rule: impl FnMut(&Asked) -> Way + Send + 'static) -> io::Result<Self> {
        let listener = TcpListener::bind("127.0.0.1:0")?;
        let address = listener.local_addr()?.to_string();
        let shared = Arc::new(Shared {
            upstream: api.address().into(),
            log: Mutex::default(),
            rule: Mutex::new(Box::new(rule)),
            ends: AtomicBool::new(false),
        });
        let kubeconfig = json!({
            "apiVersion": "v1", "kind": "Config", "current-context": "proxy",
            "clusters": [{"name": "proxy", "cluster": {"server": format!("http://{address}")}}],
            "users": [{"name": "proxy", "user": {}}],
            "contexts": [{"name": "proxy", "context": {"cluster": "proxy", "user": "proxy"}}],
        });
        let kubeconfig = TemporaryFile::with(&kubeconfig.to_string()).map_err(io::Error::other)?;
        let of_thread = Arc::clone(&shared);
        std::thread::spawn(move || {
            for stream in listener.incoming().filter_map(Result::ok) {
                if of_thread.ends.load(Ordering::Relaxed) {
                    return;
                }
                let shared = Arc::clone(&of_thread);
                std::thread::spawn(move || drop(shared.serve(stream)));
            }
        });
        Ok(Self { address, kubeconfig, shared })
    }

    /// One through which everything goes.
    pub fn open(api: &Api) -> io::Result<Self> {
        Self::start(api, |_| Way::Through)
    }

    /// A kubeconfig that leads here.
    pub fn kubeconfig(&self) -> &Path {
        self.kubeconfig.path()
    }

    /// Everything that was asked, in the order in which it came in.
    pub fn asked(&self) -> Vec<Asked> {
        lock(&self.shared.log).clone()
    }

    /// Those that would change something.
    pub fn writes(&self) -> Vec<Asked> {
        self.asked().into_iter().filter(|asked| asked.write > 0).collect()
    }

    /// Writes of children and custom resources: without Leases and statuses, which are the host's own.
    pub fn changes(&self) -> Vec<Asked> {
        self.asked().into_iter().filter(Asked::is_change).collect()
    }

    /// The same as `PATCH deployments/titanic-v1`, sorted.
    pub fn changed(&self) -> Vec<String> {
        named(self.changes())
    }

    /// Those of them that somebody else's write came before (409): nothing was changed by them.
    pub fn conflicts(&self) -> Vec<String> {
        named(self.changes().into_iter().filter(|asked| asked.code == 409).collect())
    }
}

fn named(changes: Vec<Asked>) -> Vec<String> {
    let name = |asked: &Asked| {
        let mut steps = asked.object().rsplit('/');
        let (object, resource) = (steps.next().unwrap_or_default(), steps.next().unwrap_or_default());
        format!("{} {resource}/{object}", asked.method)
    };
    let mut names: Vec<String> = changes.iter().map(name).collect();
    names.sort();
    names
}

impl Drop for Proxy {
    fn drop(&mut self) {
        self.shared.ends.store(true, Ordering::Relaxed);
        // The thread looks at the flag when somebody comes.
        drop(TcpStream::connect(&self.address));
    }
}

/// A message of HTTP: its first line, its headers in lower case, its body.
pub(crate) struct Message {
    pub(crate) first: String,
    pub(crate) headers: BTreeMap<String, String>,
    pub(crate) body: Vec<u8>,
}

impl Shared {
    /// Answers what comes in on one connection until it ends.
    fn serve(&self, stream: TcpStream) -> io::Result<()> {
        stream.set_nodelay(true)?;
        let mut reader = BufReader::new(stream.try_clone()?);
        let mut stream = stream;
        while let Some(request) = read_request(&mut reader)? {
            let asked = self.note(&request);
            let way = lock(&self.rule)(&asked);
            let answer = match way {
                Way::Answer(code) => refusal(code, None),
                Way::RetryAfter(code, seconds) => refusal(code, Some(seconds)),
                Way::LostBefore => return Ok(()),
                Way::LostAfter => return self.forward(&request).map(drop),
                Way::Through => self.forward(&request)?,
                Way::Late(time) => {
                    std::thread::sleep(time);
                    self.forward(&request)?
                }
                Way::Twice => {
                    self.forward(&request)?;
                    self.forward(&request)?
                }
            };
            let code = answer.code();
            if let Some(entry) = lock(&self.log).get_mut(asked.number - 1) {
                entry.code = code;
            }
            write_answer(&mut stream, code, &answer)?;
        }
        Ok(())
    }

    fn note(&self, request: &Message) -> Asked {
        let mut words = request.first.split(' ').map(str::to_owned);
        let (method, path) = (words.next().unwrap_or_default(), words.next().unwrap_or_default());
        let mut log = lock(&self.log);
        let before = log.iter().filter(|asked| asked.write > 0).count();
        let asked = Asked {
            number: log.len() + 1,
            write: if changes_something(&method, &path) { before + 1 } else { 0 },
            method,
            path,
            content_type: request.headers.get("content-type").cloned().unwrap_or_default(),
            body: serde_json::from_slice(&request.body).unwrap_or_default(),
            code: 0,
        };
        log.push(asked.clone());
        asked
    }

    /// The answer of the API server.
    fn forward(&self, request: &Message) -> io::Result<Message> {
        exchange(&self.upstream, request)
    }
}

impl Message {
    /// The status code of an answer.
    pub(crate) fn code(&self) -> u16 {
        self.first.split(' ').nth(1).and_then(|code| code.parse().ok()).unwrap_or(0)
    }
}

/// Sends a request on over a connection of its own and takes the answer.
pub(crate) fn exchange(address: &str, request: &Message) -> io::Result<Message> {
    // The old version of HTTP, in which an answer is what comes until the connection ends.
    let mut text = request.first.replace("HTTP/1.1", "HTTP/1.0");
    for (name, value) in request.headers.iter().filter(|(name, _)| !["connection", "host"].contains(&name.as_str())) {
        text.push_str(&format!("\r\n{name}: {value}"));
    }
    text.push_str(&format!("\r\nhost: {address}\r\n\r\n"));
    let mut bytes = text.into_bytes();
    bytes.extend(&request.body);
    let mut upstream = TcpStream::connect(address)?;
    upstream.write_all(&bytes)?;
    let mut reader = BufReader::new(upstream);
    let (first, headers) = read_head(&mut reader)?.ok_or(io::ErrorKind::UnexpectedEof)?;
    let mut body = Vec::new();
    reader.read_to_end(&mut body)?;
    Ok(Message { first, headers, body })
}

/// A dry run changes nothing, and neither does a question about rights.
fn changes_something(method: &str, path: &str) -> bool {
    method != "GET" && !path.contains("dryRun=All") && !path.starts_with("/apis/authorization.k8s.io/")
}

fn read_head(reader: &mut impl BufRead) -> io::Result<Option<(String, BTreeMap<String, String>)>> {
    let mut line = String::new();
    if reader.read_line(&mut line)? == 0 {
        return Ok(None);
    }
    let first = line.trim_end().to_owned();
    let mut headers = BTreeMap::new();
    loop {
        line.clear();
        reader.read_line(&mut line)?;
        let Some((name, value)) = line.trim_end().split_once(':') else { return Ok(Some((first, headers))) };
        headers.insert(name.to_ascii_lowercase(), value.trim().to_owned());
    }
}

pub(crate) fn read_request(reader: &mut impl BufRead) -> io::Result<Option<Message>> {
    let Some((first, headers)) = read_head(reader)? else { return Ok(None) };
    let length = headers.get("content-length").and_then(|length| length.parse().ok()).unwrap_or(0);
    let mut body = vec![0; length];
    reader.read_exact(&mut body)?;
    Ok(Some(Message { first, headers, body }))
}

/// What an API server, or something before it, says when it does not want.
fn refusal(code: u16, retry_after: Option<u64>) -> Message {
    let body =
        json!({"kind": "Status", "apiVersion": "v1", "status": "Failure", "message": "injected by the test", "code": code});
    let mut headers = BTreeMap::from([("content-type".to_owned(), "application/json".to_owned())]);
    headers.extend(retry_after.map(|seconds| ("retry-after".to_owned(), seconds.to_string())));
    Message { first: format!("HTTP/1.1 {code} Injected"), headers, body: body.to_string().into_bytes() }
}

pub(crate) fn write_answer(stream: &mut TcpStream, code: u16, answer: &Message) -> io::Result<()> {
    let mut text = format!("HTTP/1.1 {code} Answer\r\ncontent-length: {}\r\n", answer.body.len());
    for name in ["content-type", "retry-after", "etag"] {
        if let Some(value) = answer.headers.get(name) {
            text.push_str(&format!("{name}: {value}\r\n"));
        }
    }
    text.push_str("\r\n");
    let mut bytes = text.into_bytes();
    bytes.extend(&answer.body);
    stream.write_all(&bytes)
}
