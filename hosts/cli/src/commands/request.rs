//! The request for a whole set, as the component reads it, and where the observed objects in it come from.

use super::validate;
use crate::arguments::{self, Connection, Host};
use crate::cluster::observe::{Observed, Refusal, observe};
use crate::cluster::{Cluster, connect};
use crate::console::Console;
use crate::findings::{self, Finding, Weight};
use crate::format::Waiting;
use crate::read::documents::{Objects, Reference};
use crate::read::files;
use crate::read::node::write_text;
use crate::show;
use crate::stop::{FINE, INVALID, Stop};
use modelwright_embed::Planner;
use std::collections::BTreeSet;
use tokio::runtime::Runtime;

/// Whoever uses this program acts with their own rights: the API server decides which volumes they may use.
const POLICY: &str = r#"{"staticVolumes":"any"}"#;
/// The field manager, and the name of this program.
const MANAGER: &str = "modelwright";
/// The gate of what is not touched because something about it is not known.
const HOLD: &str = "hold";
/// Cluster-scoped, so that few may list them.
const VOLUME: &str = "PersistentVolume";
const UNREADABLE: &str = "Unreadable";

/// What a command asks about, whatever the cluster holds.
#[derive(Default)]
pub struct Input {
    /// The custom resources of the files, for the places of findings, too.
    pub resources: Objects,
    /// The custom resources that are to be deleted.
    pub delete: Vec<Reference>,
    /// What Models may use, as JSON.
    pub policy: String,
    /// RFC 3339 time; empty: none, so that a preview is the same tomorrow.
    pub now: String,
    /// Whether a replace may lose data.
    pub allow_data_loss: bool,
    /// Whether a rendering ignores gates.
    pub all: bool,
    /// Whether the requests must fit exactly what was observed.
    pub saved: bool,
    /// What was done before, as the component reads it; empty: nothing.
    pub previous: String,
}

/// An API server and everything to talk to it.
pub struct Session {
    /// What calls run on.
    pub runtime: Runtime,
    /// The API server.
    pub cluster: Cluster,
}

/// Where the observed objects come from.
pub enum Origin {
    /// Files, or nothing.
    Files(Objects),
    /// An API server.
    Cluster(Session),
}

impl Session {
    /// Finds the API server.
    pub fn open(connection: &Connection) -> Result<Self, Stop> {
        let runtime = connect::runtime()?;
        let cluster = runtime.block_on(Cluster::connect(connection))?;
        Ok(Self { runtime, cluster })
    }

    /// Reads what decides about the input.
    pub fn observe(&self, input: &Input, planner: &Planner) -> Result<Observed, Stop> {
        self.runtime.block_on(input.observe(&self.cluster, planner))
    }
}

impl Origin {
    /// From the arguments; a cluster is not asked anything yet.
    pub fn of(cluster: &arguments::Cluster, connection: &Connection, console: &mut Console<'_>) -> Result<Self, Stop> {
        match cluster.offline || !cluster.live.is_empty() {
            true => Self::of_files(&cluster.live, console),
            false => Ok(Self::Cluster(Session::open(connection)?)),
        }
    }

    /// From files; none is an empty cluster.
    pub fn of_files(live: &[String], console: &mut Console<'_>) -> Result<Self, Stop> {
        Ok(Self::Files(Objects::read(files::read(live, console.stdin)?)?))
    }

    /// The namespace of what names none; empty: there is none.
    pub fn namespace(&self, connection: &Connection) -> String {
        match self {
            Self::Files(_) => connection.namespace.clone().unwrap_or_default(),
            Self::Cluster(session) => session.cluster.namespace.clone(),
        }
    }

    /// What was observed.
    pub fn observe(&self, input: &Input, planner: &Planner) -> Result<Observed, Stop> {
        match self {
            Self::Files(objects) => Ok(Observed { objects: objects.json(), unreadable: "[]".into(), ..Observed::default() }),
            Self::Cluster(session) => session.observe(input, planner),
        }
    }
}

impl Input {
    /// Reads the files. `namespace` is that of what names none.
    pub fn read(files: &[String], host: &Host, namespace: &Namespace, console: &mut Console<'_>) -> Result<Self, Stop> {
        let mut resources = Objects::default();
        if !files.is_empty() {
            resources =
                Objects::resources(files::read(files, console.stdin)?)?.within(&namespace.default, namespace.only.as_deref())?;
        }
        Ok(Self {
            resources,
            policy: policy(host, console)?,
            now: host.now.clone().unwrap_or_default(),
            allow_data_loss: host.allow_data_loss,
            ..Self::default()
        })
    }

    /// The request, with what was observed.
    pub fn request(&self, observed: &Observed) -> String {
        let mut json = format!(
            r#"{{"resources":{},"observed":{},"unreadable":{},"now":"#,
            self.resources.json(),
            observed.objects,
            observed.unreadable
        );
        write_text(&mut json, &self.now);
        if !observed.namespaces.is_empty() {
            let namespaces: Vec<String> = observed.namespaces.iter().map(|name| text(name)).collect();
            json.push_str(&format!(r#","namespaces":[{}]"#, namespaces.join(",")));
        }
        let policy = if self.policy.is_empty() { POLICY } else { &self.policy };
        json.push_str(&format!(r#","policy":{policy},"manager":"{MANAGER}""#));
        json.push_str(&format!(r#","allow":{{"dataLoss":{}}}"#, self.allow_data_loss));
        if self.all {
            json.push_str(r#","all":true"#);
        }
        if !self.delete.is_empty() {
            let references: Vec<String> = self.delete.iter().map(Reference::json).collect();
            json.push_str(&format!(r#","delete":[{}]"#, references.join(",")));
        }
        if !self.previous.is_empty() {
            json.push_str(&format!(r#","previous":{}"#, self.previous));
        }
        if self.saved {
            json.push_str(r#","saved":true"#);
        }
        json.push('}');
        json
    }

    /// Reads from an API server what decides about this input.
    pub async fn observe(&self, cluster: &Cluster, planner: &Planner) -> Result<Observed, Stop> {
        let files = self.resources.objects.iter().map(|object| object.node.json());
        // Their dependants are looked for also when they are gone themselves.
        let files: Vec<String> = files.chain(self.delete.iter().map(Reference::object)).collect();
        observe(cluster, planner, &files, &self.namespaces(&cluster.namespace)).await
    }

    /// The namespaces that this is about.
    pub fn namespaces(&self, default: &str) -> BTreeSet<String> {
        let of_files = self.resources.objects.iter().map(|object| object.namespace().to_owned());
        let named = of_files.chain(self.delete.iter().map(|reference| reference.namespace.clone()));
        let mut namespaces: BTreeSet<String> = named.filter(|namespace| !namespace.is_empty()).collect();
        if namespaces.is_empty() {
            namespaces.insert(default.into());
        }
        namespaces
    }

    /// The component's findings with their places. Stops when a custom resource is invalid in itself: then there is nothing to show
    /// but the findings. What only the cluster stands against is no reason to stop.
    pub fn judged(&self, findings: Vec<Finding>, planner: &Planner) -> Result<Vec<Finding>, Stop> {
        let findings = findings::located(findings, &self.resources);
        if has_error(&findings) && self.is_invalid(planner)? {
            return Err(Stop::Invalid { findings, sources: self.resources.sources.clone() });
        }
        Ok(findings)
    }

    fn is_invalid(&self, planner: &Planner) -> Result<bool, Stop> {
        for object in &self.resources.objects {
            if validate::findings(object, planner)?.iter().any(Finding::is_error) {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// The findings as text: every error, and enough of the rest.
    pub fn report(&self, findings: &[Finding]) -> String {
        show::findings::brief(findings, &self.resources.sources)
    }

    /// Writes errors that the result does not show where they are seen.
    pub fn warn(&self, findings: Vec<Finding>, console: &mut Console<'_>) -> Result<(), Stop> {
        let errors: Vec<Finding> = findings.into_iter().filter(Finding::is_error).collect();
        console.say(&self.report(&errors))
    }
}

/// Which namespaces a command is about.
pub struct Namespace {
    /// That of what names none; empty: none.
    pub default: String,
    /// The only one that is allowed, where the user said so.
    pub only: Option<String>,
}

impl Namespace {
    /// From the arguments and where the objects come from.
    pub fn of(connection: &Connection, origin: &Origin) -> Self {
        Self { default: origin.namespace(connection), only: connection.namespace.clone() }
    }
}

fn text(text: &str) -> String {
    let mut out = String::new();
    write_text(&mut out, text);
    out
}

fn policy(host: &Host, console: &mut Console<'_>) -> Result<String, Stop> {
    host.policy.as_ref().map_or_else(|| Ok(POLICY.into()), |path| policy_of(path, console))
}

/// The policy that a file holds, as JSON; the component reads what is in it.
pub fn policy_of(path: &String, console: &mut Console<'_>) -> Result<String, Stop> {
    let sources = files::read(std::slice::from_ref(path), console.stdin)?;
    let mut documents = Vec::new();
    for (index, source) in sources.iter().enumerate() {
        match crate::read::documents(source) {
            Ok(found) => documents.extend(found),
            Err(mistake) => return Err(Stop::Invalid { findings: vec![mistake.into_finding(index)], sources }),
        }
    }
    match &documents[..] {
        [policy] => Ok(policy.json()),
        _ => Err(Stop::input(format!("{path}: a policy is exactly one document"))),
    }
}

/// Whoever gives a file on the standard input cannot be asked there.
pub fn can_be_asked(files: &[String], needs_no_yes: bool) -> Result<(), Stop> {
    match files.iter().any(|file| file == "-") && !needs_no_yes {
        true => Err(Stop::input("the standard input is a file, so nobody can be asked: say --yes")),
        false => Ok(()),
    }
}

/// What could not be read, as findings. Nobody needs the cluster's volumes who has none: then nothing is on hold for them.
pub fn unreadable(observed: &Observed, waiting: &[Waiting]) -> Vec<Finding> {
    let on_hold = waiting.iter().any(|one| one.gate == HOLD);
    let matters = |refusal: &&Refusal| on_hold || refusal.kind != VOLUME;
    let finding =
        |refusal: &Refusal| Finding { severity: Weight::Warning, ..Finding::error(UNREADABLE, refusal.message.as_str()) };
    observed.refusals.iter().filter(matters).map(finding).collect()
}

/// Whether something stands against one of the given custom resources.
pub fn has_error(findings: &[Finding]) -> bool {
    findings.iter().any(|finding| finding.is_error() && finding.place.is_some())
}

/// The exit code of a command that showed its result.
pub fn code(findings: &[Finding]) -> u8 {
    let is_blind = findings.iter().any(|finding| finding.code == UNREADABLE);
    if is_blind || has_error(findings) { INVALID } else { FINE }
}
