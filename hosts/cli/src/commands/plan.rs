//! `plan`: what has to change, and why.

use super::request;
use crate::arguments::{Form, Plan};
use crate::console::Console;
use crate::findings::Finding;
use crate::stop::{CHANGES, FINE, Stop};
use crate::{component, format, show};

/// Runs `plan`.
pub fn run(arguments: &Plan, console: &mut Console<'_>) -> Result<u8, Stop> {
    let request = request::read(&arguments.files.files, &arguments.cluster.live, &arguments.host, false, console)?;
    let document = component::document(component::load()?.plan(&request.json))?;
    let mut plan: format::Plan = component::typed(&document)?;
    let sources = request.resources.sources.clone();
    let findings: Vec<Finding> = request.accepted(std::mem::take(&mut plan.diagnostics))?;
    let text = match arguments.output {
        Form::Text => show::plan::text(&plan, &show::findings::report(&findings, &sources), arguments.cluster.offline),
        Form::Json => component::tree(&document)?.pretty_json(),
        Form::Yaml => show::yaml::document(&component::tree(&document)?),
    };
    console.put(&text, arguments.destination.output_file.as_deref())?;
    Ok(if arguments.exit_code && !plan.actions.is_empty() { CHANGES } else { FINE })
}
