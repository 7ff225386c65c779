//! `status`: what serves.

use super::request::{Input, Namespace, Session};
use crate::arguments::{Host, Report, Status};
use crate::cluster::observe::{self, Observed, Refusal};
use crate::console::Console;
use crate::read::documents::Objects;
use crate::read::files;
use crate::rollout::interrupt::Interrupt;
use crate::show::paint::{FAINT, paint};
use crate::status::Tree;
use crate::status::branches::{self, Roots};
use crate::status::world::World;
use crate::stop::{FINE, INVALID, Stop};
use crate::{component, show};
use jiff::Timestamp;
use modelwright_embed::Planner;
use serde::Serialize;
use serde_json::Value;
use std::collections::BTreeSet;
use std::time::{Duration, Instant};

/// How often a watch looks.
const LOOK: Duration = Duration::from_secs(2);
/// How often an interrupt is looked for.
const TICK: Duration = Duration::from_millis(50);
/// Takes everything from a screen and goes to its beginning.
const CLEAR: &str = "\x1b[H\x1b[2J\x1b[3J";

/// Runs `status`.
pub fn run(arguments: &Status, console: &mut Console<'_>) -> Result<u8, Stop> {
    if !arguments.live.is_empty() {
        return of_files(arguments, console);
    }
    let session = Session::open(&arguments.connection)?;
    let namespace = Namespace { default: session.cluster.namespace.clone(), only: arguments.connection.namespace.clone() };
    let input = Input::read(&arguments.files.files, &Host::default(), &namespace, console)?;
    let planner = component::load()?;
    let watch = Watch { arguments, session: &session, planner: &planner, input };
    session.runtime.block_on(async { if arguments.watch { watch.watch(console).await } else { watch.once(console).await } })
}

/// From files: a Pod among them is one more object.
fn of_files(arguments: &Status, console: &mut Console<'_>) -> Result<u8, Stop> {
    let namespace = arguments.connection.namespace.clone();
    let wanted = Namespace { default: namespace.clone().unwrap_or_default(), only: namespace.clone() };
    let input = Input::read(&arguments.files.files, &Host::default(), &wanted, console)?;
    let mut live = Objects::read(files::read(&arguments.live, console.stdin)?)?;
    let is_asked = |of: &str| namespace.as_deref().is_none_or(|only| of == only || of.is_empty());
    live.objects.retain(|object| is_asked(object.namespace()));
    let (pods, objects) = live.objects.into_iter().partition(|object| object.node.text("kind") == "Pod");
    live.objects = objects;
    let observed = Observed { objects: live.json(), unreadable: "[]".into(), ..Observed::default() };
    let pods: Vec<Value> = component::typed(&Objects { objects: pods, ..Objects::default() }.json())?;
    let tree = tree(&observed, pods, Vec::new(), &component::load()?, &roots(&input, &BTreeSet::new()))?;
    console.put(&shown(&tree, arguments.output, "the files have no custom resources of ours"), None)?;
    Ok(FINE)
}

fn roots(input: &Input, namespaces: &BTreeSet<String>) -> Roots {
    match input.resources.objects.is_empty() {
        true => Roots::All(namespaces.clone()),
        false => Roots::These(input.resources.objects.iter().map(|object| object.reference()).collect()),
    }
}

fn tree(observed: &Observed, pods: Vec<Value>, refusals: Vec<Refusal>, planner: &Planner, roots: &Roots) -> Result<Tree, Stop> {
    let plan = component::document(planner.plan(&Input::default().request(observed)))?;
    Ok(branches::tree(&World::new(observed, pods, refusals, &plan)?, roots))
}

/// The tree with its version, for other programs.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Document<'a> {
    format_version: &'static str,
    #[serde(flatten)]
    tree: &'a Tree,
}

fn shown(tree: &Tree, form: Report, nothing: &str) -> String {
    match form {
        Report::Text => show::status::text(tree, nothing),
        Report::Json => {
            let document = Document { format_version: "1.0", tree };
            serde_json::to_string_pretty(&document).unwrap_or_default() + "\n"
        }
    }
}

/// What is asked of an API server, once or again and again.
struct Watch<'a> {
    arguments: &'a Status,
    session: &'a Session,
    planner: &'a Planner,
    input: Input,
}

/// What was seen.
struct Look {
    text: String,
    /// Whether something that matters may not be read; Pods may be missing.
    is_blind: bool,
}

impl Watch<'_> {
    async fn once(&self, console: &mut Console<'_>) -> Result<u8, Stop> {
        let look = self.look().await?;
        console.put(&look.text, None)?;
        Ok(if look.is_blind { INVALID } else { FINE })
    }

    /// Shows what has changed until somebody interrupts. What goes wrong later is said, and tried again.
    async fn watch(&self, console: &mut Console<'_>) -> Result<u8, Stop> {
        let interrupt = Interrupt::listen();
        let mut text = self.look().await?.text;
        let mut before = String::new();
        loop {
            if text != before {
                console.put(&self.framed(&text, console.screen), None)?;
                before.clone_from(&text);
            }
            let next = Instant::now() + LOOK;
            while Instant::now() < next {
                if interrupt.happened() {
                    return Ok(FINE);
                }
                tokio::time::sleep(TICK).await;
            }
            text = match self.look().await {
                Ok(look) => look.text,
                Err(stop) => show::stop(&stop),
            };
        }
    }

    /// On a screen in the place of what was there; else with the time, one below the other.
    fn framed(&self, text: &str, screen: bool) -> String {
        let now = paint(FAINT, Timestamp::now().strftime("%Y-%m-%dT%H:%M:%SZ"));
        match (self.arguments.output, screen) {
            (Report::Json, _) => text.into(),
            (Report::Text, true) => format!("{CLEAR}{text}{now} {}\n", paint(FAINT, "(Ctrl-C ends)")),
            (Report::Text, false) => format!("{now}\n{text}"),
        }
    }

    async fn look(&self) -> Result<Look, Stop> {
        let cluster = &self.session.cluster;
        let namespaces = match self.arguments.all_namespaces {
            true => observe::names(cluster, "").await?.into_iter().map(|reference| reference.namespace).collect(),
            false => self.input.namespaces(&cluster.namespace),
        };
        let files: Vec<String> = self.input.resources.objects.iter().map(|object| object.node.json()).collect();
        let observed = observe::observe(cluster, self.planner, &files, &namespaces).await?;
        let (pods, refusals) = observe::pods(cluster, &namespaces).await?;
        let pods: Result<Vec<Value>, Stop> = pods.iter().map(|pod| component::typed(pod.get())).collect();
        let tree = tree(&observed, pods?, refusals, self.planner, &roots(&self.input, &namespaces))?;
        let nothing = match self.arguments.all_namespaces {
            true => "no namespace has custom resources of ours".into(),
            false => format!("no custom resources of ours in namespace {}", listed(&namespaces)),
        };
        let is_blind =
            observed.refusals.iter().any(|refusal| !["Namespace", "PersistentVolume"].contains(&refusal.kind.as_str()));
        Ok(Look { text: shown(&tree, self.arguments.output, &nothing), is_blind })
    }
}

fn listed(namespaces: &BTreeSet<String>) -> String {
    namespaces.iter().map(String::as_str).collect::<Vec<_>>().join(", ")
}
