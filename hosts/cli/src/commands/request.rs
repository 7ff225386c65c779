//! The request for a whole set, as the component reads it.

use crate::arguments::Host;
use crate::console::Console;
use crate::findings::Finding;
use crate::read::documents::Objects;
use crate::read::files;
use crate::read::node::write_text;
use crate::stop::Stop;

/// Whoever uses this program acts with their own rights: the API server decides which volumes they may use.
const POLICY: &str = r#"{"staticVolumes":"any"}"#;
/// The field manager, and the name of this program.
const MANAGER: &str = "modelwright";

/// What the component is asked about.
pub struct Request {
    /// The custom resources, for the places of findings.
    pub resources: Objects,
    /// The request as JSON.
    pub json: String,
}

/// Reads everything that a request is made of. `live` is empty for an empty cluster.
pub fn read(files: &[String], live: &[String], host: &Host, all: bool, console: &mut Console<'_>) -> Result<Request, Stop> {
    let resources = Objects::resources(files::read(files, console.stdin)?)?;
    let observed = Objects::read(files::read(live, console.stdin)?)?;
    let mut json = format!(r#"{{"resources":{},"observed":{},"unreadable":[],"now":"#, resources.json(), observed.json());
    write_text(&mut json, host.now.as_deref().unwrap_or(""));
    json.push_str(&format!(r#","policy":{},"manager":"{MANAGER}""#, policy(host, console)?));
    json.push_str(&format!(r#","allow":{{"dataLoss":{}}}"#, host.allow_data_loss));
    if all {
        json.push_str(r#","all":true"#);
    }
    json.push('}');
    Ok(Request { resources, json })
}

fn policy(host: &Host, console: &mut Console<'_>) -> Result<String, Stop> {
    let Some(path) = &host.policy else { return Ok(POLICY.into()) };
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

impl Request {
    /// Stops when a finding about the given custom resources is an error: then every finding is shown, and nothing else.
    pub fn accepted(self, findings: Vec<Finding>) -> Result<Vec<Finding>, Stop> {
        let findings: Vec<Finding> = findings.into_iter().map(|finding| finding.located(&self.resources)).collect();
        let invalid = findings.iter().any(|finding| finding.is_error() && finding.place.is_some());
        match invalid {
            true => Err(Stop::Invalid { findings, sources: self.resources.sources }),
            false => Ok(findings),
        }
    }
}
