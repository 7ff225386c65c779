//! `apply`: make the cluster what the custom resources say.

use super::request::{self, Input, Namespace, Session};
use crate::arguments::Apply;
use crate::component;
use crate::console::Console;
use crate::read::files;
use crate::rollout::{Rollout, saved};
use crate::stop::Stop;

/// Runs `apply`.
pub fn run(arguments: &Apply, console: &mut Console<'_>) -> Result<u8, Stop> {
    let (input, approved) = match &arguments.plan {
        Some(file) => {
            let sources = files::read(std::slice::from_ref(file), console.stdin)?;
            let source = sources.first().ok_or_else(|| Stop::input(format!("{file}: there is no plan in here")))?;
            let saved = saved::read(source)?;
            (Some(saved.input), Some(saved.hashes))
        }
        None => (None, None),
    };
    request::can_be_asked(&arguments.files.files, arguments.watch.yes || arguments.server_dry_run)?;
    let session = Session::open(&arguments.connection)?;
    let input = match input {
        Some(input) => input,
        None => {
            let namespace =
                Namespace { default: session.cluster.namespace.clone(), only: arguments.connection.namespace.clone() };
            Input::read(&arguments.files.files, &arguments.host, &namespace, console)?
        }
    };
    let planner = component::load()?;
    let rollout = Rollout { session: &session, planner: &planner, input, watch: &arguments.watch, approved };
    if arguments.server_dry_run { rollout.rehearse(console) } else { rollout.run(console) }
}
