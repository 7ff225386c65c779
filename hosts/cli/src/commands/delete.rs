//! `delete`: custom resources and what was made for them, in a safe order, until they are gone.

use super::request::{self, Input, Namespace, Session};
use crate::arguments::{Delete, Host};
use crate::cluster::observe;
use crate::component;
use crate::console::Console;
use crate::read::documents::{Objects, Reference};
use crate::rollout::Rollout;
use crate::stop::Stop;

/// Runs `delete`.
pub fn run(arguments: &Delete, console: &mut Console<'_>) -> Result<u8, Stop> {
    request::can_be_asked(&arguments.files.files, arguments.watch.yes)?;
    let session = Session::open(&arguments.connection)?;
    let namespace = Namespace { default: session.cluster.namespace.clone(), only: arguments.connection.namespace.clone() };
    let mut input = Input::read(&arguments.files.files, &Host::default(), &namespace, console)?;
    let objects = std::mem::take(&mut input.resources);
    input.delete = match arguments.all {
        true => session.runtime.block_on(observe::names(&session.cluster, &namespace.default))?,
        false => named(&objects, &arguments.names, &namespace.default)?,
    };
    if input.delete.is_empty() {
        console.say(&format!("namespace {} has no custom resources of ours\n", namespace.default))?;
        return Ok(crate::stop::FINE);
    }
    let planner = component::load()?;
    Rollout { session: &session, planner: &planner, input, watch: &arguments.watch, approved: None }.run(console)
}

fn named(objects: &Objects, names: &[String], namespace: &str) -> Result<Vec<Reference>, Stop> {
    let mut references: Vec<Reference> = objects.objects.iter().map(|object| object.reference()).collect();
    for name in names {
        references.push(Reference::parse(name, namespace)?);
    }
    references.sort();
    references.dedup();
    Ok(references)
}
