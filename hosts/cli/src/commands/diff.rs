//! `diff`: what differs between objects of any kind and the live ones, and what would be done about it.

use super::request::{self, Session};
use crate::arguments::{Diff, Form};
use crate::console::Console;
use crate::findings::Finding;
use crate::read::documents::{Object, Objects};
use crate::read::files;
use crate::read::node::{Node, write_text};
use crate::show::diff::Difference;
use crate::stop::{CHANGES, FINE, Stop};
use crate::{component, show};
use modelwright_embed::Planner;
use serde::Deserialize;

/// Runs `diff`.
pub fn run(arguments: &Diff, console: &mut Console<'_>) -> Result<u8, Stop> {
    let desired = Objects::read(files::read(&arguments.files.files, console.stdin)?)?;
    refuse_repeated(&desired)?;
    let counterparts = counterparts(arguments, &desired, console)?;
    let planner = component::load()?;
    let (mut found, mut documents) = (Vec::new(), Vec::new());
    for (object, live) in desired.objects.iter().zip(&counterparts) {
        let document = answer(&planner, object, live.as_ref(), &arguments.manager, &desired)?;
        found.push(judged(&document, object)?);
        documents.push(named(&document, object));
    }
    let findings: Vec<Finding> = found.iter_mut().flat_map(|one| std::mem::take(&mut one.diagnostics)).collect();
    let report = |findings: &[Finding]| show::findings::report(findings, &desired.sources);
    let file = arguments.destination.output_file.as_deref();
    match arguments.output {
        Form::Text => console.put(&show::diff::text(&found, &report(&findings)), file)?,
        form => {
            let all = format!(r#"{{"formatVersion":"1.0","objects":[{}]}}"#, documents.join(","));
            console.put(&show::tree(&component::tree(&all)?, form), file)?;
            let errors: Vec<Finding> = findings.iter().filter(|finding| finding.is_error()).cloned().collect();
            console.say(&report(&errors))?;
        }
    }
    Ok(match request::code(&findings) {
        FINE if arguments.exit_code && found.iter().any(Difference::differs) => CHANGES,
        code => code,
    })
}

/// Group, kind, namespace and name: what makes two objects the same one.
fn identity(object: &Object) -> [String; 4] {
    let node = &object.node;
    let metadata = |member| node.get("metadata").map_or("", |metadata| metadata.text(member)).to_owned();
    let group = node.text("apiVersion").split_once('/').map_or("", |(group, _)| group);
    [group.into(), node.text("kind").into(), metadata("namespace"), metadata("name")]
}

/// The live objects: from the files that were named, else from the API server.
fn counterparts(arguments: &Diff, desired: &Objects, console: &mut Console<'_>) -> Result<Vec<Option<Node>>, Stop> {
    if arguments.live.is_empty() {
        let Session { runtime, cluster } = Session::open(&arguments.connection)?;
        return runtime.block_on(cluster.counterparts(&desired.objects));
    }
    let live = Objects::read(files::read(&arguments.live, console.stdin)?)?;
    refuse_repeated(&live)?;
    let counterpart = |object: &Object| live.objects.iter().find(|live| identity(live) == identity(object));
    Ok(desired.objects.iter().map(|object| counterpart(object).map(|live| live.node.clone())).collect())
}

/// Which of two objects of one name is meant cannot be told.
fn refuse_repeated(objects: &Objects) -> Result<(), Stop> {
    let mut findings = Vec::new();
    for (place, object) in objects.objects.iter().enumerate() {
        if objects.objects.iter().take(place).any(|before| identity(before) == identity(object)) {
            let message = format!("{} is given twice", object.label());
            findings.push(Finding::error("DuplicateResource", message).at(object.source, object.node.at));
        }
    }
    match findings.is_empty() {
        true => Ok(()),
        false => Err(Stop::Invalid { findings, sources: objects.sources.clone() }),
    }
}

#[derive(Deserialize)]
struct Refusal {
    failure: Refused,
}

#[derive(Deserialize)]
struct Refused {
    diagnostics: Vec<Finding>,
}

/// What the component says about one object.
fn answer(
    planner: &Planner,
    object: &Object,
    live: Option<&Node>,
    manager: &Option<String>,
    desired: &Objects,
) -> Result<String, Stop> {
    let live = live.map_or_else(|| "null".into(), Node::json);
    let mut request = format!(r#"{{"desired":{},"live":{live}"#, object.node.json());
    if let Some(manager) = manager {
        request.push_str(r#","manager":"#);
        write_text(&mut request, manager);
    }
    request.push('}');
    let answer = planner.text("diff", &request)?;
    match answer.strip_prefix(r#"{"ok":"#).and_then(|answer| answer.strip_suffix('}')) {
        Some(document) => Ok(document.into()),
        None => {
            let Refusal { failure } = component::typed(&answer)?;
            let findings = failure.diagnostics.into_iter().map(|finding| placed(finding, object)).collect();
            Err(Stop::Invalid { findings, sources: desired.sources.clone() })
        }
    }
}

fn judged(document: &str, object: &Object) -> Result<Difference, Stop> {
    let mut found: Difference = component::typed(document)?;
    found.object.id = id(object);
    found.diagnostics = found.diagnostics.into_iter().map(|finding| placed(finding, object)).collect();
    Ok(found)
}

fn placed(mut finding: Finding, object: &Object) -> Finding {
    finding.object = object.label();
    finding.within(object)
}

/// As in plans: `apps/v1|Deployment|namespace|name`.
fn id(object: &Object) -> String {
    let [_, kind, namespace, name] = identity(object);
    format!("{}|{kind}|{namespace}|{name}", object.node.text("apiVersion"))
}

/// The answer with the id of its object in front.
fn named(document: &str, object: &Object) -> String {
    let mut out = r#"{"id":"#.to_owned();
    write_text(&mut out, &id(object));
    out.push(',');
    out.push_str(document.strip_prefix('{').unwrap_or(document));
    out
}
