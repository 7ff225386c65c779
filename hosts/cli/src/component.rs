//! The component, and how its answers become results of a command.

use crate::read::json;
use crate::read::node::Node;
use crate::stop::Stop;
use modelwright_embed::{Failure, HostError, Limits, Planner};
use serde::de::DeserializeOwned;

/// Loads the component: not before it is needed, so that help and mistakes are instant.
pub fn load() -> Result<Planner, Stop> {
    Ok(Planner::embedded(Limits::command_line())?)
}

/// The JSON of an answer.
pub fn document(answer: Result<Result<String, Failure>, HostError>) -> Result<String, Stop> {
    answer?.map_err(Stop::refused)
}

/// An answer as a type of ours.
pub fn typed<T: DeserializeOwned>(document: &str) -> Result<T, Stop> {
    serde_json::from_str(document).map_err(|error| foreign(&error.to_string()))
}

/// An answer as a tree: members in their order, numbers as they are written.
pub fn tree(document: &str) -> Result<Node, Stop> {
    json::document(document).map_err(|mistake| foreign(&mistake.message))
}

/// An answer that this program cannot read: the two do not belong together.
pub fn foreign(why: &str) -> Stop {
    Stop::Host(format!("the component answered what this program does not understand: {why}"))
}
