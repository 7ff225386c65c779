//! `crds`: the CustomResourceDefinitions.

use crate::arguments::{Crds, Manifest};
use crate::console::Console;
use crate::stop::{FINE, Stop};
use crate::{component, show};

/// Runs `crds`.
pub fn run(arguments: &Crds, console: &mut Console<'_>) -> Result<u8, Stop> {
    let definitions = component::tree(&component::load()?.schemas()?)?;
    let text = match arguments.output {
        Manifest::Yaml => show::yaml::stream(definitions.items()),
        Manifest::Json => show::yaml::list(definitions.items()),
    };
    console.put(&text, arguments.destination.output_file.as_deref())?;
    Ok(FINE)
}
