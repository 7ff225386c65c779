//! Requests and answers as files that `modelwright text OPERATION < FILE` replays: for a bug report.
//!
//! They hold whole objects. So the files are for their owner alone, and nothing is recorded that nobody asked for.

use crate::call;
use modelwright_embed::{Hook, HostInput, Reply};
use serde_json::{Value, json};
use std::fs;
use std::io::{self, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};

/// Failures are recorded so many times: the first ones tell as much as all, and a disk is finite.
const FAILURES: usize = 100;

/// The folders that were asked for.
pub struct Recorder {
    all: Option<PathBuf>,
    failures: Option<PathBuf>,
    calls: AtomicUsize,
    failed: AtomicUsize,
}

impl Recorder {
    /// Makes sure of the folders.
    pub fn new(all: Option<PathBuf>, failures: Option<PathBuf>) -> Result<Self, String> {
        for folder in [&all, &failures].into_iter().flatten() {
            fs::create_dir_all(folder).map_err(|error| format!("{}: {error}", folder.display()))?;
        }
        Ok(Self { all, failures, calls: AtomicUsize::new(0), failed: AtomicUsize::new(0) })
    }

    /// A call and what the component answered: nothing where it failed.
    pub fn record(&self, hook: Hook, host: &HostInput, request: &str, reply: Option<&Reply>) -> io::Result<()> {
        if let Some(folder) = &self.all {
            self.write(folder, hook, host, request, reply)?;
        }
        match &self.failures {
            Some(folder) if reply.is_none() && self.failed.fetch_add(1, Ordering::Relaxed) < FAILURES => {
                self.write(folder, hook, host, request, reply)
            }
            _ => Ok(()),
        }
    }

    fn write(&self, folder: &Path, hook: Hook, host: &HostInput, request: &str, reply: Option<&Reply>) -> io::Result<()> {
        let number = self.calls.fetch_add(1, Ordering::Relaxed);
        let moment = host.now.replace([':', '-'], "");
        let name = format!("{moment}-{}-{number:06}-{}", std::process::id(), call::operation(hook));
        put(&folder.join(format!("{name}.json")), &text_request(host, request))?;
        match reply {
            Some(reply) => put(&folder.join(format!("{name}.answer.json")), &text_answer(reply)),
            None => Ok(()),
        }
    }
}

/// What the text interface takes: `{"host": {"now", "policy"}, "request"}`.
fn text_request(host: &HostInput, request: &str) -> String {
    format!(r#"{{"host":{{"now":{},"policy":{}}},"request":{request}}}"#, json!(host.now), host.policy)
}

/// What the text interface answers: `{"ok": {"body", "code"}}`.
fn text_answer(reply: &Reply) -> String {
    let body = serde_json::from_str(&reply.body).unwrap_or_else(|_| Value::String(reply.body.clone()));
    json!({"ok": {"body": body, "code": reply.code}}).to_string()
}

fn put(path: &Path, text: &str) -> io::Result<()> {
    let mut file = fs::OpenOptions::new().write(true).create_new(true).mode(0o600).open(path)?;
    file.write_all(text.as_bytes())
}
