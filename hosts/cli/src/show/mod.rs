//! Answers for people and for other programs. Whatever a user wrote is escaped before it reaches a terminal.

pub mod change;
pub mod diff;
pub mod escape;
pub mod findings;
pub mod forecast;
pub mod paint;
pub mod plan;
pub mod rehearsal;
pub mod report;
pub mod rights;
pub mod status;
pub mod yaml;

use crate::arguments::Form;
use crate::read::node::Node;
use crate::stop::Stop;
use escape::clipped;
use paint::{ALARM, paint};

/// Characters of a sentence.
const SENTENCE: usize = 600;

/// A tree for other programs.
pub fn tree(tree: &Node, form: Form) -> String {
    match form {
        Form::Yaml => yaml::document(tree),
        Form::Json | Form::Text => tree.pretty_json(),
    }
}

/// Why a command ended early.
pub fn stop(stop: &Stop) -> String {
    match stop {
        Stop::Invalid { findings, sources } => {
            format!("{}{}\n", findings::report(findings, sources), findings::totals(findings))
        }
        Stop::Input(sentence) | Stop::Host(sentence) => {
            format!("{}: {}\n", paint(ALARM, "error"), clipped(sentence, SENTENCE))
        }
        Stop::Quiet => String::new(),
    }
}
