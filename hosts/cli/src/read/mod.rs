//! Files in, trees with places out. YAML and JSON become the same [`Node`]s; numbers keep the text they were written with.
//!
//! What a document means is what the Kubernetes API server would read (`sigs.k8s.io/yaml`, YAML 1.1 words included), or the
//! document is refused: never silently another value. No rule about a field of a resource is here.

pub mod documents;
pub mod files;
pub mod json;
pub mod node;
pub mod scalar;
pub mod yaml;

use crate::findings::Finding;
use files::Source;
use node::{Mark, Node};

/// Nesting of objects and lists that is read; the component accepts less.
pub const DEPTH: usize = 128;

/// Why a text could not be read, and where.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mistake {
    /// The place.
    pub at: Mark,
    /// One sentence.
    pub message: String,
    /// What to do about it; may be empty.
    pub help: String,
}

impl Mistake {
    /// A mistake without advice.
    pub fn new(at: Mark, message: impl Into<String>) -> Self {
        Self { at, message: message.into(), help: String::new() }
    }

    /// Adds advice.
    pub fn with_help(mut self, help: impl Into<String>) -> Self {
        self.help = help.into();
        self
    }

    /// As a finding in source number `source`.
    pub fn into_finding(self, source: usize) -> Finding {
        Finding::error("Unreadable", self.message).helped(self.help).at(source, self.at)
    }
}

/// Every document of a text. A text that begins like a JSON object is read as JSON if it is JSON; else everything is YAML.
pub fn documents(source: &Source) -> Result<Vec<Node>, Mistake> {
    let text = source.text.strip_prefix('\u{feff}').unwrap_or(&source.text);
    if !text.trim_start().starts_with(['{', '[']) {
        return yaml::documents(text);
    }
    match json::document(text) {
        Ok(document) => Ok(vec![document]),
        Err(mistake) if source.name.ends_with(".json") => Err(mistake),
        Err(_) => yaml::documents(text),
    }
}
