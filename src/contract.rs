//! The functions that cross the border, over JSON text: `wit/planner.wit` in Rust. Every skin (component, npm, `text`) calls these.

use crate::diagnostic::{Diagnostic, Failure};
use serde::Serialize;

/// An object that should exist, as far as Modelwright means it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Child {
    /// As in the object, for example `apps/v1`.
    pub api: String,
    /// As in the object.
    pub kind: String,
    /// Empty for a cluster-scoped object.
    pub namespace: String,
    /// The object's name.
    pub name: String,
    /// The object as JSON.
    pub json: String,
}

/// What one custom resource needs.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Answer {
    /// `apply` or `hold`.
    pub outcome: String,
    /// What should exist now; empty on `hold`.
    pub children: Vec<Child>,
    /// The plan (`plan/v1`) as JSON.
    pub plan: String,
    /// The status as JSON.
    pub status: String,
    /// All findings at once.
    pub diagnostics: Vec<Diagnostic>,
}

/// What a hook host knows and the request does not say.
#[derive(Clone, Debug, Default)]
pub struct HostInput {
    /// RFC 3339 time; empty leaves `lastTransitionTime` out.
    pub now: String,
    /// The policy as JSON; empty for the default.
    pub policy: String,
}

/// An HTTP answer of a hook.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reply {
    /// HTTP status code.
    pub code: u16,
    /// JSON for 200, else one sentence.
    pub body: String,
}

/// JSON text or the host's mistake.
pub type Document = Result<String, Failure>;

/// One custom resource and what was observed → what it needs.
pub fn reconcile(_observation: &str) -> Result<Answer, Failure> {
    Err(Failure::new("Unsupported", "being written"))
}
/// A whole set → one plan.
pub fn plan(_observation: &str) -> Document {
    Err(Failure::new("Unsupported", "being written"))
}
/// A whole set → the rounds of its roll-out on a simulated cluster.
pub fn forecast(_observation: &str) -> Document {
    Err(Failure::new("Unsupported", "being written"))
}
/// A whole set → the desired children as a JSON list; `{"all": true}` in the input ignores gates.
pub fn render(_observation: &str) -> Document {
    Err(Failure::new("Unsupported", "being written"))
}
/// One custom resource → what a host must read.
pub fn requirements(_parent: &str) -> Document {
    Err(Failure::new("Unsupported", "being written"))
}
/// Every violation of one custom resource; `old` is the object before an edit, or empty.
pub fn validate(_object: &str, _old: &str) -> Result<Vec<Diagnostic>, Failure> {
    Err(Failure::new("Unsupported", "being written"))
}
/// The CustomResourceDefinitions as a JSON list.
pub fn schemas() -> String {
    String::from("[]")
}
/// Version, contract version, limits, digest of the rules.
pub fn info() -> String {
    String::from("{}")
}
/// The requests that create a custom resource.
pub fn create(_object: &str) -> Document {
    Err(Failure::new("Unsupported", "being written"))
}
/// The requests that update a custom resource: `{object, observed}`.
pub fn update(_change: &str) -> Document {
    Err(Failure::new("Unsupported", "being written"))
}
/// The requests that delete an observed custom resource.
pub fn delete(_observed: &str) -> Document {
    Err(Failure::new("Unsupported", "being written"))
}
/// The dependants of a new custom resource.
pub fn create_handler(_observation: &str) -> Result<Answer, Failure> {
    Err(Failure::new("Unsupported", "being written"))
}
/// The dependants of a changed custom resource.
pub fn update_handler(_observation: &str) -> Result<Answer, Failure> {
    Err(Failure::new("Unsupported", "being written"))
}
/// The dependants of a custom resource that is being deleted.
pub fn delete_handler(_observation: &str) -> Result<Answer, Failure> {
    Err(Failure::new("Unsupported", "being written"))
}
/// Metacontroller's sync hook.
pub fn sync(_host: &HostInput, _request: &str) -> Reply {
    Reply { code: 500, body: String::from("being written") }
}
/// Metacontroller's finalize hook.
pub fn finalize(_host: &HostInput, _request: &str) -> Reply {
    Reply { code: 500, body: String::from("being written") }
}
/// Metacontroller's customize hook.
pub fn customize(_host: &HostInput, _request: &str) -> Reply {
    Reply { code: 500, body: String::from("being written") }
}
/// The decorator's sync hook: the PersistentVolumes of a Namespace.
pub fn decorate(_host: &HostInput, _request: &str) -> Reply {
    Reply { code: 500, body: String::from("being written") }
}
/// Everything as one function over text.
pub fn call(_operation: &str, _request: &str) -> String {
    String::from("{}")
}
