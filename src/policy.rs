//! What a host lets Models use: `{"staticVolumes": "any"|"listed", "nfsServers": [], "csiDrivers": [], "hostPathPrefixes": [],
//! "artifactHosts": [], "capture": true, "images": {"from": "to"}}`.
//!
//! Absent: capture allowed, static volumes denied, any artifact host, no image mapped. A PersistentVolume made for whoever may
//! create a Model mounts what they like, so a host that acts with its own rights lists what it allows.

use crate::diagnostic::{Failure, shown};
use crate::list::Listed;
use crate::validate::grammar;
use crate::validate::valid::{Artifact, Model, Source, Storage, Volume};
use alloc::collections::BTreeMap;
use alloc::string::String;
use alloc::vec::Vec;
use serde_json::Value;

/// What a host lets Models use.
#[derive(Clone, Debug)]
pub struct Policy {
    /// Every nfs server, csi driver and host path; else only what is listed below.
    any_volume: bool,
    nfs_servers: Vec<String>,
    csi_drivers: Vec<String>,
    host_path_prefixes: Vec<String>,
    /// Empty: any.
    artifact_hosts: Vec<String>,
    capture: bool,
    /// Image reference → its mirror or digest.
    pub images: BTreeMap<String, String>,
}

impl Default for Policy {
    fn default() -> Self {
        Self {
            any_volume: false,
            nfs_servers: Vec::new(),
            csi_drivers: Vec::new(),
            host_path_prefixes: Vec::new(),
            artifact_hosts: Vec::new(),
            capture: true,
            images: BTreeMap::new(),
        }
    }
}

impl Policy {
    /// Reads a policy; anything unknown in it is the host's mistake.
    pub fn parse(value: &Value) -> Result<Self, Failure> {
        let Some(members) = value.as_object() else { return Err(wrong("it is not an object".into())) };
        let mut policy = Self::default();
        for (name, value) in members {
            policy.take(name, value)?;
        }
        Ok(policy)
    }

    fn take(&mut self, name: &str, value: &Value) -> Result<(), Failure> {
        match (name, value) {
            ("staticVolumes", Value::String(word)) if word == "any" || word == "listed" => self.any_volume = word == "any",
            ("nfsServers", value) => self.nfs_servers = strings(name, value)?,
            ("csiDrivers", value) => self.csi_drivers = strings(name, value)?,
            ("hostPathPrefixes", value) => self.host_path_prefixes = strings(name, value)?,
            ("artifactHosts", value) => self.artifact_hosts = strings(name, value)?,
            ("capture", Value::Bool(allowed)) => self.capture = *allowed,
            ("images", Value::Object(images)) => {
                for (from, to) in images {
                    let Some(to) = to.as_str() else { return Err(wrong(format!("images {} is not a string", shown(from)))) };
                    self.images.insert(from.clone(), to.into());
                }
            }
            ("staticVolumes" | "capture" | "images", _) => return Err(wrong(format!("{name} has a value that it cannot have"))),
            _ => return Err(wrong(format!("unknown member {}", shown(name)))),
        }
        Ok(())
    }

    /// Forbids nothing: for judging a custom resource by itself.
    pub fn permissive() -> Self {
        Self { any_volume: true, ..Self::default() }
    }

    /// What of a Model is forbidden: path and sentence.
    pub fn forbids(&self, model: &Model) -> Vec<(&'static str, String)> {
        let volume = self.forbids_volume(&model.storage).map(|(path, what)| (path, format!("{what} is not allowed here")));
        let artifact = self.forbids_artifact(&model.artifact).map(|what| ("/spec/artifact/uri", what));
        let capture = (model.capture.is_some() && !self.capture)
            .then(|| ("/spec/capture/mode", "capture is not allowed here; set capture.mode Disabled".into()));
        volume.into_iter().chain(artifact).chain(capture).listed()
    }

    fn forbids_volume(&self, storage: &Storage) -> Option<(&'static str, &'static str)> {
        let Storage::Claim { volume, .. } = storage else { return None };
        if self.any_volume {
            return None;
        }
        match volume {
            Volume::Nfs { server, .. } if !self.nfs_servers.contains(server) => Some(("/spec/storage/nfs", "storage.nfs")),
            Volume::Csi(source) => {
                let driver = source.get("driver").and_then(Value::as_str).unwrap_or("");
                let listed = self.csi_drivers.iter().any(|known| known == driver);
                (!listed).then_some(("/spec/storage/csi", "storage.csi"))
            }
            Volume::HostPath { path } => {
                let below = |prefix: &String| path == prefix || path.starts_with(&format!("{}/", prefix.trim_end_matches('/')));
                (!self.host_path_prefixes.iter().any(below)).then_some(("/spec/storage/hostPath", "storage.hostPath"))
            }
            _ => None,
        }
    }

    fn forbids_artifact(&self, artifact: &Artifact) -> Option<String> {
        let Source::Download(uri) = &artifact.source else { return None };
        let host = grammar::scheme(uri)?.1.split(['/', '?', ':']).next().unwrap_or("").to_ascii_lowercase();
        let listed = self.artifact_hosts.is_empty() || self.artifact_hosts.contains(&host);
        (!listed).then(|| format!("artifact host {} is not allowed here", shown(&host)))
    }
}

fn strings(name: &str, value: &Value) -> Result<Vec<String>, Failure> {
    let items = value.as_array().ok_or_else(|| wrong(format!("{name} is not a list")))?;
    items
        .iter()
        .map(|item| item.as_str().map(String::from).ok_or_else(|| wrong(format!("{name} is not a list of strings"))))
        .collect()
}

fn wrong(sentence: String) -> Failure {
    Failure::new("Malformed", format!("the policy: {sentence}"))
}
