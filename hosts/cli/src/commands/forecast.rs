//! `forecast`: every round of a roll-out.

use super::request;
use crate::arguments::{Forecast, Form};
use crate::console::Console;
use crate::stop::Stop;
use crate::{component, format, show};

/// Runs `forecast`.
pub fn run(arguments: &Forecast, console: &mut Console<'_>) -> Result<u8, Stop> {
    let request = request::read(&arguments.files.files, &arguments.cluster.live, &arguments.host, false, console)?;
    let planner = component::load()?;
    let document = component::document(planner.forecast(&request.json))?;
    let mut forecast: format::Forecast = component::typed(&document)?;
    let findings = request.judged(std::mem::take(&mut forecast.diagnostics), &planner)?;
    let code = request::code(&findings);
    let file = arguments.destination.output_file.as_deref();
    match arguments.output {
        Form::Text => console.put(&show::forecast::text(&forecast, &request.report(&findings)), file)?,
        form => {
            console.put(&show::tree(&component::tree(&document)?, form), file)?;
            request.warn(findings, console)?;
        }
    }
    Ok(code)
}
