//! The rounds of a roll-out before it starts: plans run on a simulated cluster until nothing changes or a gate cannot open
//! (`forecast/v1`).

use crate::diagnostic::Diagnostic;
use crate::files;
use crate::kinds::{Key, Kind};
use crate::list::{AddAll, Listed};
use crate::observation::{Observation, items, text};
use crate::plan::{self, Action, COMPONENT, Component, Plan, Summary, Verb, Waiting};
use crate::simulate::Cluster;
use crate::table::Table;
use crate::written::{Written, members, written};
use crate::{reconcile, references};
use alloc::borrow::ToOwned;
use alloc::string::String;
use alloc::vec::Vec;
use serde_json::Value;

/// A whole forecast.
#[derive(Clone, Debug)]
pub struct Forecast {
    /// `1.0`: minor versions add members, major ones are refused.
    pub format_version: &'static str,
    /// Who made it.
    pub component: Component,
    /// In order; a round is one plan carried out and what the cluster then does.
    pub rounds: Vec<Round>,
    /// How it ends.
    pub end: End,
    /// The findings of the first plan, sorted.
    pub diagnostics: Vec<Diagnostic>,
}

/// One plan carried out, and what the cluster then does.
#[derive(Clone, Debug)]
pub struct Round {
    /// From 1.
    pub number: usize,
    /// Totals of its plan.
    pub summary: Summary,
    /// In the order of execution.
    pub actions: Vec<Step>,
    /// What its plan holds back.
    pub waiting: Vec<Waiting>,
    /// What the cluster does when the actions are done, in sentences.
    pub events: Vec<String>,
    /// The split of the requests after the round, by host.
    pub traffic: Vec<Traffic>,
}

/// An action without its request.
#[derive(Clone, Debug)]
pub struct Step {
    /// `<verb> <object id>`.
    pub id: String,
    /// What is done.
    pub verb: Verb,
    /// The object's id.
    pub object: String,
    /// Why.
    pub reason: String,
    /// One sentence.
    pub text: String,
    /// Interrupts what serves.
    pub disruptive: bool,
    /// Deletes or replaces an object.
    pub destructive: bool,
    /// Loses data.
    pub data_loss: bool,
    /// Who does it, where that is not this host; else absent.
    pub by: &'static str,
}

/// Who answers the requests of a host.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Traffic {
    /// The host.
    pub host: String,
    /// In order of the Models' names.
    pub routes: Vec<Share>,
}

/// The share of a Model: weight / sum of the weights.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Share {
    /// `namespace/name`.
    pub model: String,
    /// As routed.
    pub weight: u64,
}

/// How a forecast ends.
#[derive(Clone, Debug)]
pub struct End {
    /// `Done`, `Waiting`, `Invalid` or `RoundLimit`.
    pub reason: &'static str,
    /// One sentence.
    pub text: String,
    /// What cannot go on.
    pub waiting: Vec<Waiting>,
}

/// Runs plans on a simulated cluster until nothing changes.
pub fn forecast(mut seen: Observation) -> Forecast {
    let mut cluster = Cluster::new(Table::default());
    seen.foresees = true;
    let mut rounds = Vec::new();
    let mut diagnostics = None;
    // A round opens at least one gate; each custom resource is behind a few at most.
    let limit = seen.subjects.len().saturating_mul(4).saturating_add(16);
    loop {
        let plan = plan_of(&seen);
        cluster.restore(files::give_back(&mut seen));
        let diagnostics = diagnostics.get_or_insert_with(|| plan.diagnostics.clone());
        let round = carry_out(&mut cluster, &plan, rounds.len().saturating_add(1));
        if round.actions.is_empty() && round.events.is_empty() {
            return Forecast {
                format_version: "1.0",
                component: COMPONENT,
                end: end(plan.waiting, &plan.diagnostics),
                rounds,
                diagnostics: diagnostics.clone(),
            };
        }
        rounds.push(round);
        if rounds.len() >= limit {
            let text = format!("after {limit} rounds something still changes");
            let end = End { reason: "RoundLimit", text, waiting: plan.waiting };
            return Forecast { format_version: "1.0", component: COMPONENT, end, rounds, diagnostics: diagnostics.clone() };
        }
        files::observe_again(&mut seen, cluster.take());
    }
}

/// The plan of a whole set.
pub fn plan_of(seen: &Observation) -> Plan {
    let references = references::resolve(seen);
    let subjects = references::concerned(seen, &references);
    let mut decisions = subjects.iter().filter_map(|key| reconcile::decide(key, &references, seen));
    plan::plan(seen, &mut decisions, None)
}

/// Performs a plan on the cluster and lets the controllers act.
fn carry_out(cluster: &mut Cluster, plan: &Plan, number: usize) -> Round {
    let mut events = Vec::new();
    for action in &plan.actions {
        let code = cluster.perform(&action.request);
        if code >= 300 {
            events.push(format!("{} is answered {code}", action.id));
        }
    }
    for request in plan.statuses.iter().filter_map(|status| status.request.as_ref()) {
        cluster.perform(request);
    }
    events.add_all(cluster.settle());
    Round {
        number,
        summary: plan.summary.clone(),
        actions: plan.actions.iter().map(step).listed(),
        waiting: plan.waiting.clone(),
        events,
        traffic: traffic(cluster),
    }
}

fn step(action: &Action) -> Step {
    Step {
        id: action.id.clone(),
        verb: action.verb,
        object: action.object.clone(),
        reason: action.reason.clone(),
        text: action.text.clone(),
        disruptive: action.disruptive,
        destructive: action.destructive,
        data_loss: action.data_loss,
        by: action.by,
    }
}

/// The oldest VirtualService of a host answers at a gateway.
fn traffic(cluster: &Cluster) -> Vec<Traffic> {
    let mut by_host: Table<Vec<Key>> = Table::default();
    for (key, object) in cluster.objects().iter().filter(|(key, _)| key.kind == Kind::VirtualService) {
        for host in items(object, &["spec", "hosts"]).iter().filter_map(Value::as_str) {
            if let Some(keys) = by_host.or_default(&references::host_key(host)) {
                keys.push(key.clone());
            }
        }
    }
    let created =
        |key: &&Key| cluster.objects().get(key).map_or("", |object| text(object, &["metadata", "creationTimestamp"])).to_owned();
    let of_host = |(host, keys): (&Key, &Vec<Key>)| {
        let oldest = keys.iter().min_by_key(created).and_then(|key| cluster.objects().get(key))?;
        let share =
            |(model, weight): (&Key, &u64)| Share { model: format!("{}/{}", model.namespace, model.name), weight: *weight };
        Some(Traffic { host: host.name.clone(), routes: references::routes(oldest).weights.iter().map(share).listed() })
    };
    by_host.iter().filter_map(of_host).listed()
}

fn end(waiting: Vec<Waiting>, diagnostics: &[Diagnostic]) -> End {
    let (reason, text) = if diagnostics.iter().any(Diagnostic::is_error) {
        ("Invalid", "something is invalid and stays as it is".into())
    } else if waiting.is_empty() {
        ("Done", "nothing is left to do".into())
    } else {
        let texts: Vec<&str> = waiting.iter().map(|waiting| waiting.text.as_str()).listed();
        ("Waiting", format!("nothing changes any more: {}", texts.join("; ")))
    };
    End { reason, text, waiting }
}

written!(Forecast { "formatVersion": format_version, "component": component, "rounds": rounds, "end": end, "diagnostics": diagnostics });
written!(Round { "number": number, "summary": summary, "actions": actions, "waiting": waiting, "events": events, "traffic": traffic });
written!(Traffic { "host": host, "routes": routes });
written!(Share { "model": model, "weight": weight });
written!(End { "reason": reason, "text": text, "waiting": waiting });

impl Written for Step {
    /// Another host only where there is one.
    fn write(&self, out: &mut String) {
        let always: [(&str, &dyn Written); 8] = [
            ("id", &self.id),
            ("verb", &self.verb),
            ("object", &self.object),
            ("reason", &self.reason),
            ("text", &self.text),
            ("disruptive", &self.disruptive),
            ("destructive", &self.destructive),
            ("dataLoss", &self.data_loss),
        ];
        let mut written = always.to_vec();
        if !self.by.is_empty() {
            written.push(("by", &self.by));
        }
        members(&written, out);
    }
}
