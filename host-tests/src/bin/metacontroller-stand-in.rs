//! `metacontroller-stand-in`: takes the flags of Metacontroller and does what it does, as far as our controllers use it.

use modelwright_host_tests::stand_in::{flags::Flags, manager};
use std::process::ExitCode;

fn main() -> ExitCode {
    let outcome = Flags::parse(std::env::args().skip(1)).and_then(|flags| {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().map_err(|error| error.to_string())?;
        tokio::task::LocalSet::new().block_on(&runtime, manager::run(flags))
    });
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(sentence) => {
            eprintln!("metacontroller-stand-in: {sentence}");
            ExitCode::FAILURE
        }
    }
}
