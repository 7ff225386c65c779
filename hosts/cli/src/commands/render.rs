//! `render`: the objects that should exist, as manifests.

use super::request;
use crate::arguments::{Manifest, Render};
use crate::console::Console;
use crate::stop::Stop;
use crate::{component, format, show};

/// Runs `render`.
pub fn run(arguments: &Render, console: &mut Console<'_>) -> Result<u8, Stop> {
    let request = request::read(&arguments.files.files, &arguments.live, &arguments.host, arguments.all, console)?;
    let planner = component::load()?;
    let plan: format::Plan = component::typed(&component::document(planner.plan(&request.json))?)?;
    let children = component::tree(&component::document(planner.render(&request.json))?)?;
    let findings = request.judged(plan.diagnostics, &planner)?;
    let text = match arguments.output {
        Manifest::Yaml => show::yaml::stream(children.items()),
        Manifest::Json => show::yaml::list(children.items()),
    };
    console.put(&text, arguments.destination.output_file.as_deref())?;
    let code = request::code(&findings);
    request.warn(findings, console)?;
    Ok(code)
}
