//! `info`: versions and limits.

use crate::arguments::{Info, Report};
use crate::console::Console;
use crate::stop::{FINE, Stop};
use crate::{component, show};
use modelwright_embed::Planner;

/// Runs `info`.
pub fn run(arguments: &Info, console: &mut Console<'_>) -> Result<u8, Stop> {
    let info = component::tree(&component::load()?.info()?)?;
    let text = match arguments.output {
        Report::Text => show::report::info(&info, Planner::embedded_sha256()),
        Report::Json => info.pretty_json(),
    };
    console.put(&text, None)?;
    Ok(FINE)
}
