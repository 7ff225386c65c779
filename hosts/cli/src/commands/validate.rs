//! `validate`: every finding about every custom resource.

use crate::arguments::{Report, Validate};
use crate::component;
use crate::console::Console;
use crate::findings::Finding;
use crate::read::documents::{Object, Objects};
use crate::read::files;
use crate::show;
use crate::stop::{FINE, INVALID, Stop};
use modelwright_embed::Planner;

/// Runs `validate`.
pub fn run(arguments: &Validate, console: &mut Console<'_>) -> Result<u8, Stop> {
    let sources = files::read(&arguments.files.files, console.stdin)?;
    let (findings, sources, valid) = match Objects::resources(sources) {
        Ok(resources) => {
            let findings = all(&resources)?;
            (findings, resources.sources, resources.objects.len())
        }
        Err(Stop::Invalid { findings, sources }) => (findings, sources, 0),
        Err(stop) => return Err(stop),
    };
    let invalid = findings.iter().any(Finding::is_error);
    let file = arguments.destination.output_file.as_deref();
    match arguments.output {
        Report::Json => console.put(&show::report::json(&findings, &sources), file)?,
        Report::Text => {
            console.say(&show::findings::report(&findings, &sources))?;
            console.put(&show::report::totals(valid, &findings), file)?;
        }
    }
    Ok(if invalid { INVALID } else { FINE })
}

fn all(resources: &Objects) -> Result<Vec<Finding>, Stop> {
    let planner = component::load()?;
    let mut findings = Vec::new();
    for object in &resources.objects {
        findings.extend(self::findings(object, &planner)?.into_iter().map(|finding| placed(finding, object)));
    }
    Ok(findings)
}

/// The findings about one custom resource by itself; what the component refuses to look at is one, too.
pub fn findings(object: &Object, planner: &Planner) -> Result<Vec<Finding>, Stop> {
    let found = planner.validate(&object.node.json(), "")?;
    let diagnostics = found.unwrap_or_else(|failure| failure.diagnostics);
    Ok(diagnostics.into_iter().map(Finding::from).collect())
}

fn placed(mut finding: Finding, object: &Object) -> Finding {
    if finding.object.is_empty() {
        finding.object = object.label();
    }
    finding.within(object)
}
