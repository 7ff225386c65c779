//! `forecast`: every round of a roll-out.

use super::request::{self, Input, Namespace, Origin};
use crate::arguments::{Forecast, Form};
use crate::console::Console;
use crate::stop::Stop;
use crate::{component, format, show};

/// Runs `forecast`.
pub fn run(arguments: &Forecast, console: &mut Console<'_>) -> Result<u8, Stop> {
    let origin = Origin::of(&arguments.cluster, &arguments.connection, console)?;
    let namespace = Namespace::of(&arguments.connection, &origin);
    let input = Input::read(&arguments.files.files, &arguments.host, &namespace, console)?;
    let planner = component::load()?;
    let observed = origin.observe(&input, &planner)?;
    let document = component::document(planner.forecast(&input.request(&observed)))?;
    let mut forecast: format::Forecast = component::typed(&document)?;
    let mut findings = input.judged(std::mem::take(&mut forecast.diagnostics), &planner)?;
    findings.extend(request::unreadable(&observed, &forecast.end.waiting));
    let code = request::code(&findings);
    let file = arguments.destination.output_file.as_deref();
    match arguments.output {
        Form::Text => console.put(&show::forecast::text(&forecast, &input.report(&findings)), file)?,
        form => {
            console.put(&show::tree(&component::tree(&document)?, form), file)?;
            input.warn(findings, console)?;
        }
    }
    Ok(code)
}
