//! `render`: the objects that should exist, as manifests.

use super::request::{self, Input, Namespace, Origin};
use crate::arguments::{Connection, Manifest, Render};
use crate::console::Console;
use crate::stop::Stop;
use crate::{component, format, show};

/// Runs `render`.
pub fn run(arguments: &Render, console: &mut Console<'_>) -> Result<u8, Stop> {
    let connection = Connection { namespace: arguments.namespace.clone(), ..Connection::default() };
    let origin = Origin::of_files(&arguments.live, console)?;
    let mut input = Input::read(&arguments.files.files, &arguments.host, &Namespace::of(&connection, &origin), console)?;
    input.all = arguments.all;
    let planner = component::load()?;
    let request = input.request(&origin.observe(&input, &planner)?);
    let plan: format::Plan = component::typed(&component::document(planner.plan(&request))?)?;
    let children = component::tree(&component::document(planner.render(&request))?)?;
    let findings = input.judged(plan.diagnostics, &planner)?;
    let text = match arguments.output {
        Manifest::Yaml => show::yaml::stream(children.items()),
        Manifest::Json => show::yaml::list(children.items()),
    };
    console.put(&text, arguments.destination.output_file.as_deref())?;
    let code = request::code(&findings);
    input.warn(findings, console)?;
    Ok(code)
}
