//! A program that answers line by line: started once, asked many times. A line is a JSON text, so that what it says may have line ends.

use serde_json::Value;
use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::sync::{Mutex, PoisonError};

/// A running program. Its standard input ends with it, and it with that.
#[derive(Debug)]
pub struct Lines {
    talk: Mutex<Talk>,
}

#[derive(Debug)]
struct Talk {
    child: Child,
    /// `None` once it was told to end.
    input: Option<ChildStdin>,
    output: BufReader<ChildStdout>,
}

impl Lines {
    /// Node.js with a script of `pkg/tools` and its arguments.
    pub fn node(script: &str, arguments: &[&Path]) -> Result<Self, String> {
        let tools = Path::new(env!("CARGO_MANIFEST_DIR")).join("../pkg/tools");
        if !tools.join("node_modules").is_dir() {
            return Err(format!("{} has no node_modules: run `cargo xtask test`, or `npm ci` there", tools.display()));
        }
        let mut words = script.split(' ');
        let mut node = Command::new("node");
        node.arg(tools.join(words.next().unwrap_or_default())).args(words).args(arguments);
        let failed = |error: std::io::Error| format!("{script} cannot be started: {error}");
        let mut child = node.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().map_err(failed)?;
        let input = child.stdin.take();
        let output = BufReader::new(child.stdout.take().ok_or("no output")?);
        Ok(Self { talk: Mutex::new(Talk { child, input, output }) })
    }

    /// Says one thing and waits for the answer.
    pub fn ask(&self, question: &Value) -> Result<Value, String> {
        self.talk.lock().unwrap_or_else(PoisonError::into_inner).ask(question).map_err(|error| error.to_string())
    }
}

impl Talk {
    fn ask(&mut self, question: &Value) -> std::io::Result<Value> {
        let input = self.input.as_mut().ok_or(std::io::ErrorKind::BrokenPipe)?;
        input.write_all(format!("{question}\n").as_bytes())?;
        input.flush()?;
        let mut line = String::new();
        self.output.read_line(&mut line)?;
        match line.is_empty() {
            true => Err(std::io::Error::other("it ended without an answer")),
            false => Ok(serde_json::from_str(&line)?),
        }
    }
}

impl Drop for Talk {
    fn drop(&mut self) {
        self.input = None;
        let _ = self.child.wait();
    }
}
