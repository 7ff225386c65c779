//! What a scenario says: the members of `observation.yaml`. A member that is not listed here is an error.

use serde::Deserialize;
use serde_json::{Map, Value};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// The content of `observation.yaml`.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Scenario {
    /// How the world came to be, in order; nothing: an empty cluster.
    #[serde(default)]
    pub given: Vec<Step>,
    /// What is asked.
    pub when: When,
    /// What of the answer is recorded: paths of space-separated steps below `ok` (a member, `*`, an index, or `member=value` for the
    /// elements of a list); nothing: the whole answer.
    #[serde(default)]
    pub select: Vec<String>,
    /// What of the expected answer is known to be wrong; printed after every run until it is put right.
    #[serde(default)]
    pub bug: String,
}

/// One thing that happened to the world.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Step {
    /// A host that makes its own calls plans and performs, round after round.
    Apply(Apply),
    /// Metacontroller syncs everything, round after round.
    Hooks(Hooks),
    /// Somebody changes observed objects: merge patches by `Kind/namespace/name`.
    Patch(BTreeMap<String, Value>),
    /// Somebody else's server-side apply.
    ApplyAs(ApplyAs),
    /// Objects that somebody else made, as they are.
    Put(Vec<Resource>),
    /// Objects that are gone, whoever removed them.
    Remove(Vec<String>),
    /// What `kubectl delete` does: gone, or terminating while finalizers are there.
    Delete(Vec<String>),
    /// The built-in controllers act until they rest.
    Settle,
}

/// Rounds of a host that makes its own calls.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Apply {
    /// The files.
    #[serde(default)]
    pub resources: Vec<Resource>,
    /// Merge patches on the files, by `Kind/namespace/name`.
    #[serde(default)]
    pub edit: BTreeMap<String, Value>,
    /// How many rounds; absent: until nothing changes.
    #[serde(default)]
    pub rounds: Option<usize>,
    /// Whether the built-in controllers act after each round.
    #[serde(default = "yes")]
    pub settle: bool,
    /// Members of the request besides resources and observed objects.
    #[serde(default)]
    pub options: Map<String, Value>,
}

fn yes() -> bool {
    true
}

/// Rounds of Metacontroller.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Hooks {
    /// How it applies children.
    #[serde(default)]
    pub mode: ApplyMode,
    /// How many rounds; absent: until nothing changes.
    #[serde(default)]
    pub rounds: Option<usize>,
}

/// The flag `--apply-strategy` of Metacontroller.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ApplyMode {
    /// Three-way merge against an annotation.
    #[default]
    DynamicApply,
    /// Server-side apply as the manager `metacontroller`.
    ServerSideApply,
}

/// A server-side apply by another manager.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ApplyAs {
    /// The field manager.
    pub manager: String,
    /// The objects, as far as the manager means them.
    pub objects: Vec<Value>,
}

/// A file handed in: the name of a world, `Kind/namespace/name` of an object in one, or the object itself.
#[derive(Clone, Debug, Deserialize)]
#[serde(untagged)]
pub enum Resource {
    /// A world, or an object in one.
    Named(String),
    /// The object.
    Inline(Value),
}

/// What is asked.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct When {
    /// An operation of the text interface.
    pub operation: String,
    /// The files handed in; for functions of one object the first is it.
    #[serde(default)]
    pub resources: Vec<Resource>,
    /// Merge patches on the files, by `Kind/namespace/name`.
    #[serde(default)]
    pub edit: BTreeMap<String, Value>,
    /// The observed object that is asked about, as `Kind/namespace/name`.
    #[serde(default)]
    pub parent: String,
    /// Whether the parent is being deleted, for `reconcile`.
    #[serde(default)]
    pub finalizing: bool,
    /// Further members of an observation, over the defaults (`now`, and a policy that forbids nothing).
    #[serde(default)]
    pub options: Map<String, Value>,
    /// What a hook host knows: `now`, `policy`.
    #[serde(default)]
    pub host: Option<Value>,
    /// The body of a hook, in place of the one that the world gives.
    #[serde(default)]
    pub body: Option<Value>,
    /// The request text itself.
    #[serde(default)]
    pub raw: Option<Raw>,
    /// Variations of the request, by what they show.
    #[serde(default)]
    pub each: BTreeMap<String, Variation>,
}

/// A request text that is no YAML: pieces, or one of them.
#[derive(Clone, Debug, Deserialize)]
#[serde(untagged)]
pub enum Raw {
    /// The text.
    Text(String),
    /// Its pieces.
    Pieces(Vec<Piece>),
}

/// A piece of a text.
#[derive(Clone, Debug, Deserialize)]
#[serde(untagged)]
pub enum Piece {
    /// As it is.
    Text(String),
    /// Again and again.
    Repeated {
        /// What.
        repeat: String,
        /// How often.
        times: usize,
    },
}

/// What is different in one case: a text in place of the request, values by JSON Pointer into the object, or a merge patch on it.
#[derive(Clone, Debug, Deserialize)]
#[serde(untagged)]
pub enum Variation {
    /// The request text itself.
    Raw(Raw),
    /// Keys that begin with `/` set values; others are a merge patch.
    Changes(Map<String, Value>),
}

/// The folders of all scenarios, in order of their names.
pub fn folders() -> Result<Vec<PathBuf>, String> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("scenarios");
    let entries = std::fs::read_dir(&root).map_err(|error| format!("{}: {error}", root.display()))?;
    let mut folders: Vec<PathBuf> = entries.filter_map(|entry| Some(entry.ok()?.path())).filter(|path| path.is_dir()).collect();
    folders.sort();
    Ok(folders)
}

/// Reads a scenario.
pub fn read(folder: &Path) -> Result<Scenario, String> {
    let path = folder.join("observation.yaml");
    let text = std::fs::read_to_string(&path).map_err(|error| format!("{}: {error}", path.display()))?;
    let value: Value = serde_saphyr::from_str(&text).map_err(|error| format!("{}: {error}", path.display()))?;
    serde_json::from_value(value).map_err(|error| format!("{}: {error}", path.display()))
}
