//! `forecast`: every round of a roll-out.

use super::request;
use crate::arguments::{Forecast, Form};
use crate::console::Console;
use crate::stop::{FINE, Stop};
use crate::{component, format, show};

/// Runs `forecast`.
pub fn run(arguments: &Forecast, console: &mut Console<'_>) -> Result<u8, Stop> {
    let request = request::read(&arguments.files.files, &arguments.cluster.live, &arguments.host, false, console)?;
    let document = component::document(component::load()?.forecast(&request.json))?;
    let mut forecast: format::Forecast = component::typed(&document)?;
    let sources = request.resources.sources.clone();
    let findings = request.accepted(std::mem::take(&mut forecast.diagnostics))?;
    let text = match arguments.output {
        Form::Text => show::forecast::text(&forecast, &show::findings::report(&findings, &sources)),
        Form::Json => component::tree(&document)?.pretty_json(),
        Form::Yaml => show::yaml::document(&component::tree(&document)?),
    };
    console.put(&text, arguments.destination.output_file.as_deref())?;
    Ok(FINE)
}
