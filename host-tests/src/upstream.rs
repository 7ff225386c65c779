//! Something in the place of an API server: it notes what it is asked, and answers whatever a test likes.

use crate::cluster::TemporaryFile;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Mutex, PoisonError};

/// The token that the kubeconfig of [`Upstream::kubeconfig`] has.
pub const CREDENTIAL: &str = "credential-of-the-cluster";

/// A request as it came.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Asked {
    /// Method, path and query: `GET /version`.
    pub what: String,
    /// Names in small letters, and values.
    pub headers: Vec<(String, String)>,
    /// The body.
    pub body: String,
}

impl Asked {
    /// The values of a header.
    pub fn header(&self, name: &str) -> Vec<&str> {
        self.headers.iter().filter(|(known, _)| known == name).map(|(_, value)| value.as_str()).collect()
    }
}

/// A listener whose threads end with the process.
#[derive(Debug)]
pub struct Upstream {
    /// Where it listens.
    pub address: SocketAddr,
    seen: Arc<Mutex<Vec<Asked>>>,
}

impl Upstream {
    /// One that answers each request on a connection of its own by this function, which writes the whole answer.
    ///
    /// # Panics
    ///
    /// Where loopback has no port.
    pub fn start(answer: impl Fn(&Asked, &mut TcpStream) + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let address = listener.local_addr().expect("an address");
        let (seen, answer) = (Arc::new(Mutex::new(Vec::new())), Arc::new(answer));
        let note = Arc::clone(&seen);
        std::thread::spawn(move || {
            for mut stream in listener.incoming().map_while(Result::ok) {
                let (answer, note) = (Arc::clone(&answer), Arc::clone(&note));
                std::thread::spawn(move || {
                    // Whoever only connects asks nothing.
                    let Some(asked) = read(&stream) else { return };
                    note.lock().unwrap_or_else(PoisonError::into_inner).push(asked.clone());
                    answer(&asked, &mut stream);
                });
            }
        });
        Self { address, seen }
    }

    /// What was asked so far.
    pub fn seen(&self) -> Vec<Asked> {
        self.seen.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// A kubeconfig with its address and [`CREDENTIAL`].
    ///
    /// # Panics
    ///
    /// Where it cannot be written.
    pub fn kubeconfig(&self) -> TemporaryFile {
        kubeconfig(&format!("http://{}", self.address))
    }
}

/// A kubeconfig with this address and [`CREDENTIAL`]: context `fake`, namespace `shop`.
///
/// # Panics
///
/// Where it cannot be written.
pub fn kubeconfig(server: &str) -> TemporaryFile {
    let value = serde_json::json!({
        "apiVersion": "v1", "kind": "Config", "current-context": "fake",
        "clusters": [{"name": "fake", "cluster": {"server": server}}],
        "users": [{"name": "somebody", "user": {"token": CREDENTIAL}}],
        "contexts": [{"name": "fake", "context": {"cluster": "fake", "user": "somebody", "namespace": "shop"}}],
    });
    TemporaryFile::with(&value.to_string()).expect("a file")
}

/// Writes an answer of JSON, with more headers, each with its `\r\n`; the connection ends with it.
pub fn json(stream: &mut TcpStream, status: &str, headers: &str, body: &str) {
    let length = body.len();
    let known = format!("Content-Type: application/json\r\nContent-Length: {length}\r\nConnection: close\r\n");
    let head = format!("HTTP/1.1 {status}\r\n{known}{headers}\r\n");
    let _ = stream.write_all(format!("{head}{body}").as_bytes());
}

fn read(stream: &TcpStream) -> Option<Asked> {
    let mut reader = BufReader::new(stream);
    let mut line = String::new();
    reader.read_line(&mut line).ok().filter(|length| *length > 0)?;
    let what = line.trim_end().strip_suffix(" HTTP/1.1")?.to_owned();
    let mut asked = Asked { what, ..Asked::default() };
    loop {
        line.clear();
        reader.read_line(&mut line).ok()?;
        let Some((name, value)) = line.trim_end().split_once(':') else { break };
        asked.headers.push((name.to_ascii_lowercase(), value.trim().to_owned()));
    }
    let length = asked.header("content-length").first().and_then(|length| length.parse().ok()).unwrap_or(0);
    let mut body = vec![0; length];
    reader.read_exact(&mut body).ok()?;
    asked.body = String::from_utf8(body).ok()?;
    Some(asked)
}
