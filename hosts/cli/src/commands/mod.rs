//! One file for each command: read, ask the component, show.

mod apply;
mod console;
mod crds;
mod delete;
mod diff;
mod forecast;
mod hook;
mod info;
mod plan;
mod rbac;
mod render;
pub mod request;
mod requirements;
mod status;
mod validate;

use crate::arguments::{Arguments, Command, Completions, Text};
use crate::component;
use crate::console::Console;
use crate::stop::{FINE, Stop};
use clap::CommandFactory;

/// Runs a command and gives the exit code.
pub fn run(command: &Command, console: &mut Console<'_>) -> Result<u8, Stop> {
    match command {
        Command::Plan(arguments) => plan::run(arguments, console),
        Command::Apply(arguments) => apply::run(arguments, console),
        Command::Delete(arguments) => delete::run(arguments, console),
        Command::Render(arguments) => render::run(arguments, console),
        Command::Forecast(arguments) => forecast::run(arguments, console),
        Command::Status(arguments) => status::run(arguments, console),
        Command::Rbac(arguments) => rbac::run(arguments, console),
        Command::Diff(arguments) => diff::run(arguments, console),
        Command::Validate(arguments) => validate::run(arguments, console),
        Command::Requirements(arguments) => requirements::run(arguments, console),
        Command::Crds(arguments) => crds::run(arguments, console),
        Command::Info(arguments) => info::run(arguments, console),
        Command::Console(arguments) => console::run(arguments, console),
        Command::Hook(arguments) => hook::run(arguments, console),
        Command::Text(arguments) => text(arguments, console),
        Command::Completions(arguments) => completions(arguments, console),
        Command::Man => man(console),
    }
}

fn text(arguments: &Text, console: &mut Console<'_>) -> Result<u8, Stop> {
    let sources = crate::read::files::read(&["-".into()], console.stdin)?;
    let request = sources.first().map_or("", |source| source.text.as_str());
    let answer = component::load()?.text(&arguments.operation, request)?;
    console.put(&answer, None)?;
    Ok(FINE)
}

fn completions(arguments: &Completions, console: &mut Console<'_>) -> Result<u8, Stop> {
    let mut script = Vec::new();
    clap_complete::generate(arguments.shell, &mut Arguments::command(), "modelwright", &mut script);
    console.put(&String::from_utf8_lossy(&script), None)?;
    Ok(FINE)
}

fn man(console: &mut Console<'_>) -> Result<u8, Stop> {
    let mut page = Vec::new();
    clap_mangen::Man::new(Arguments::command()).render(&mut page).map_err(|error| Stop::unwritable(&error))?;
    console.put(&String::from_utf8_lossy(&page), None)?;
    Ok(FINE)
}
