//! The command line of Modelwright: files and observed objects in, plans for people and machines out.
//!
//! [`run`] is the whole program, with everything it touches as arguments. It reads files ([`read`]) and API servers ([`cluster`]), asks
//! the component, shows ([`show`]) and carries out ([`rollout`]); what is decided is decided in the component.

pub mod arguments;
pub mod cluster;
pub mod commands;
pub mod compare;
pub mod component;
pub mod console;
pub mod findings;
pub mod format;
pub mod read;
pub mod rights;
pub mod rollout;
pub mod show;
pub mod status;
pub mod stop;

use arguments::Arguments;
use clap::Parser;
use console::Console;
use std::ffi::OsString;
use std::io::{Read, Write};
use stop::{FINE, INVALID, Stop};

/// Runs one command and gives the exit code of the process. What is written carries colours; strip them where nobody sees them.
pub fn run(
    arguments: impl IntoIterator<Item = OsString>,
    stdin: &mut dyn Read,
    stdout: &mut dyn Write,
    stderr: &mut dyn Write,
) -> u8 {
    run_on(arguments, Console { stdin, stdout, stderr, live: false, screen: false })
}

/// The same, where the standard error may be a terminal on which lines can be written again.
pub fn run_on(arguments: impl IntoIterator<Item = OsString>, mut console: Console<'_>) -> u8 {
    let arguments = match Arguments::try_parse_from(arguments) {
        Ok(arguments) => arguments,
        Err(error) => return usage(&error, &mut console),
    };
    commands::run(&arguments.command, &mut console).unwrap_or_else(|stop| end(&stop, &mut console))
}

/// Help goes to the standard output; a mistake in the arguments is invalid input.
fn usage(error: &clap::Error, console: &mut Console<'_>) -> u8 {
    let text = error.render().ansi().to_string();
    let (stream, code) = if error.use_stderr() { (&mut console.stderr, INVALID) } else { (&mut console.stdout, FINE) };
    let _ = stream.write_all(text.as_bytes()).and_then(|()| stream.flush());
    code
}

/// Says why a command ended early; where even that cannot be written, the code has to do.
fn end(stop: &Stop, console: &mut Console<'_>) -> u8 {
    let text = show::stop(stop);
    let _ = console.stderr.write_all(text.as_bytes()).and_then(|()| console.stderr.flush());
    stop.code()
}
