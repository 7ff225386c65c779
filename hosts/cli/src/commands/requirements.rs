//! `requirements`: what has to be read from a cluster to decide about custom resources.

use crate::arguments::{Form, Requirements};
use crate::console::Console;
use crate::read::documents::{Object, Objects};
use crate::read::files;
use crate::read::node::{Content, Mark, Node};
use crate::stop::{FINE, Stop};
use crate::{component, show};

/// Runs `requirements`.
pub fn run(arguments: &Requirements, console: &mut Console<'_>) -> Result<u8, Stop> {
    let resources = Objects::resources(files::read(&arguments.files.files, console.stdin)?)?;
    let planner = component::load()?;
    let mut answers = Vec::new();
    for object in &resources.objects {
        let document = component::document(planner.requirements(&object.node.json()))?;
        answers.push(answer(object, component::tree(&document)?));
    }
    let answers = Node::new(Mark::default(), Content::List(answers));
    let text = match arguments.output {
        Form::Text => show::report::requirements(&answers),
        form => show::tree(&answers, form),
    };
    console.put(&text, arguments.destination.output_file.as_deref())?;
    Ok(FINE)
}

fn answer(object: &Object, reads: Node) -> Node {
    Node::object([("object", Content::Text(object.label())), ("reads", reads.content)])
}
