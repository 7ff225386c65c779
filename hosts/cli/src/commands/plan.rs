//! `plan`: what has to change, and why.

use super::request;
use crate::arguments::{Form, Plan};
use crate::console::Console;
use crate::stop::{CHANGES, FINE, Stop};
use crate::{component, format, show};

/// Runs `plan`.
pub fn run(arguments: &Plan, console: &mut Console<'_>) -> Result<u8, Stop> {
    let request = request::read(&arguments.files.files, &arguments.cluster.live, &arguments.host, false, console)?;
    let planner = component::load()?;
    let document = component::document(planner.plan(&request.json))?;
    let mut plan: format::Plan = component::typed(&document)?;
    let findings = request.judged(std::mem::take(&mut plan.diagnostics), &planner)?;
    let code = match request::code(&findings) {
        FINE if arguments.exit_code && !plan.actions.is_empty() => CHANGES,
        code => code,
    };
    let file = arguments.destination.output_file.as_deref();
    match arguments.output {
        Form::Text => console.put(&show::plan::text(&plan, &request.report(&findings), arguments.cluster.offline), file)?,
        form => {
            console.put(&show::tree(&component::tree(&document)?, form), file)?;
            request.warn(findings, console)?;
        }
    }
    Ok(code)
}
