//! The program `modelwright`: everything is in the library, which knows neither terminals nor the process.

use std::io;
use std::process::ExitCode;

fn main() -> ExitCode {
    let mut stdout = anstream::AutoStream::auto(io::stdout().lock());
    let mut stderr = anstream::AutoStream::auto(io::stderr().lock());
    let code = modelwright_cli::run(std::env::args_os(), &mut io::stdin().lock(), &mut stdout, &mut stderr);
    ExitCode::from(code)
}
