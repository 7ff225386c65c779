//! The program `modelwright`: everything is in the library, which knows neither terminals nor the process.

use modelwright_cli::console::Console;
use std::io::{self, IsTerminal};
use std::process::ExitCode;

fn main() -> ExitCode {
    let mut stdout = anstream::AutoStream::auto(io::stdout().lock());
    let mut stderr = anstream::AutoStream::auto(io::stderr().lock());
    // Where colours are not wanted, no other control sequence is either.
    let live = io::stderr().is_terminal() && anstream::AutoStream::choice(&io::stderr()) != anstream::ColorChoice::Never;
    let screen = io::stdout().is_terminal() && anstream::AutoStream::choice(&io::stdout()) != anstream::ColorChoice::Never;
    let console = Console { stdin: &mut io::stdin().lock(), stdout: &mut stdout, stderr: &mut stderr, live, screen };
    let code = modelwright_cli::run_on(std::env::args_os(), console);
    ExitCode::from(code)
}
