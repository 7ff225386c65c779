//! The program `modelwright console` on a free port of loopback, and requests to it, good and bad.

use crate::artefacts::Artefact;
use crate::hook_server::{HttpReply, exchange};
use crate::process;
use std::io::{BufRead, BufReader};
use std::net::SocketAddr;
use std::path::Path;
use std::process::{Child, Command, ExitStatus, Stdio};

/// A running server. It ends with the test.
#[derive(Debug)]
pub struct ConsoleServer {
    child: Child,
    /// Where it listens.
    pub address: SocketAddr,
    /// The token that it printed.
    pub token: String,
}

impl ConsoleServer {
    /// For the cluster of a kubeconfig, with more arguments.
    ///
    /// # Panics
    ///
    /// Where the program is missing or does not begin.
    #[track_caller]
    pub fn start(kubeconfig: &Path, arguments: &[&str]) -> Self {
        let mut command = command(kubeconfig, arguments);
        let mut child = command.stdout(Stdio::piped()).spawn().expect("the program starts");
        let mut line = String::new();
        let mut output = BufReader::new(child.stdout.take().expect("a pipe"));
        output.read_line(&mut line).expect("a line");
        let (address, token) = line.trim_end().split_once("/#token=").unwrap_or_else(|| panic!("no address: {line:?}"));
        let address = address.strip_prefix("http://").and_then(|address| address.parse().ok()).expect("an address");
        Self { child, address, token: token.into() }
    }

    /// The head of a good request, with more headers, each with its `\r\n`.
    pub fn head(&self, what: &str, headers: &str) -> String {
        format!("{what} HTTP/1.1\r\nHost: {}\r\nAuthorization: Bearer {}\r\n{headers}\r\n", self.address, self.token)
    }

    /// Reads a path, as the page does.
    ///
    /// # Panics
    ///
    /// Where no answer comes.
    #[track_caller]
    pub fn get(&self, path: &str) -> HttpReply {
        self.send(&self.head(&format!("GET {path}"), ""), "")
    }

    /// Sends a body, as the page does: `what` is method and path.
    ///
    /// # Panics
    ///
    /// Where no answer comes.
    #[track_caller]
    pub fn write(&self, what: &str, kind: &str, body: &str) -> HttpReply {
        let headers = format!("Content-Type: {kind}\r\nContent-Length: {}\r\n", body.len());
        self.send(&self.head(what, &headers), body)
    }

    /// Sends these bytes and reads one answer.
    ///
    /// # Panics
    ///
    /// Where no answer comes.
    #[track_caller]
    pub fn send(&self, head: &str, body: &str) -> HttpReply {
        let first = head.lines().next().unwrap_or_default();
        exchange(self.address, head, body.as_bytes()).unwrap_or_else(|error| panic!("no answer to {first}: {error}"))
    }

    /// Presses Ctrl-C.
    ///
    /// # Panics
    ///
    /// Where it cannot be asked.
    pub fn interrupt(&self) {
        process::signal(&self.child, "INT");
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

impl Drop for ConsoleServer {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// The program for the cluster of a kubeconfig.
///
/// # Panics
///
/// Where it is missing.
pub fn command(kubeconfig: &Path, arguments: &[&str]) -> Command {
    let program = Artefact::CommandLine.path().unwrap_or_else(|sentence| panic!("{sentence}"));
    let mut command = Command::new(program);
    command.arg("console").arg("--kubeconfig").arg(kubeconfig).args(arguments).stdin(Stdio::null()).stderr(Stdio::null());
    command
}
