//! The request for a whole set, as the component reads it.

use super::validate;
use crate::arguments::Host;
use crate::console::Console;
use crate::findings::Finding;
use crate::read::documents::Objects;
use crate::read::files;
use crate::read::node::write_text;
use crate::show;
use crate::stop::{FINE, INVALID, Stop};
use modelwright_embed::Planner;

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
    /// The component's findings with their places. Stops when a custom resource is invalid in itself: then there is nothing to show
    /// but the findings. What only the cluster stands against is no reason to stop.
    pub fn judged(&self, findings: Vec<Finding>, planner: &Planner) -> Result<Vec<Finding>, Stop> {
        let findings: Vec<Finding> = findings.into_iter().map(|finding| finding.located(&self.resources)).collect();
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

    /// The findings as text.
    pub fn report(&self, findings: &[Finding]) -> String {
        show::findings::report(findings, &self.resources.sources)
    }

    /// Writes errors that the result does not show where they are seen.
    pub fn warn(&self, findings: Vec<Finding>, console: &mut Console<'_>) -> Result<(), Stop> {
        let errors: Vec<Finding> = findings.into_iter().filter(Finding::is_error).collect();
        console.say(&self.report(&errors))
    }
}

/// Whether something stands against one of the given custom resources.
pub fn has_error(findings: &[Finding]) -> bool {
    findings.iter().any(|finding| finding.is_error() && finding.place.is_some())
}

/// The exit code of a command that showed its result.
pub fn code(findings: &[Finding]) -> u8 {
    if has_error(findings) { INVALID } else { FINE }
}
