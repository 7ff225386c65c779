//! The parts of `plan/v1` and `forecast/v1` that are shown. Unknown members are ignored: minor versions add some.

use crate::findings::Finding;
use serde::Deserialize;
use serde_json::Value;

/// A plan.
#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct Plan {
    /// The kinds whose dependants another host makes.
    pub carried_out_by: Vec<Charge>,
    /// Totals.
    pub summary: Summary,
    /// Every object.
    pub objects: Vec<ObjectPlan>,
    /// API calls in order.
    pub actions: Vec<Action>,
    /// What a gate holds back.
    pub waiting: Vec<Waiting>,
    /// What others changed.
    pub drift: Vec<Drift>,
    /// What is said about the input.
    pub diagnostics: Vec<Finding>,
}

/// A kind of custom resource whose dependants another host makes.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct Charge {
    /// The kind.
    pub kind: String,
    /// The host.
    pub host: String,
    /// Its controller; empty where it could not be read.
    pub controller: String,
}

/// What stands against a plan, without its objects and changes.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct Findings {
    /// What a gate holds back.
    pub waiting: Vec<Waiting>,
    /// What is said about the input.
    pub diagnostics: Vec<Finding>,
}

/// Totals of a plan.
#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct Summary {
    /// Objects as they should be.
    pub unchanged: usize,
    /// Whether data is lost.
    pub data_loss: bool,
    /// One line.
    pub text: String,
}

/// What happens to an object.
#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct ObjectPlan {
    /// `apps/v1|Deployment|namespace|name`.
    pub id: String,
    /// What happens.
    pub verb: String,
    /// Why.
    pub reason: String,
    /// Immutable paths that differ.
    pub replace_paths: Vec<Vec<Value>>,
    /// Differences.
    pub changes: Vec<Change>,
    /// How many fields are as they should be.
    pub unchanged_fields: usize,
    /// Paths whose value is not known yet.
    pub unknown_after: Vec<Vec<Value>>,
    /// Paths that another manager owns.
    pub conflicts: Vec<Change>,
}

/// One difference.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct Change {
    /// Where.
    pub path: Vec<Value>,
    /// The same for people.
    pub text: String,
    /// What happens.
    pub op: String,
    /// The live value.
    pub before: Value,
    /// The desired value.
    pub after: Value,
    /// Who else owns it.
    pub owner: String,
    /// Whether the values are masked.
    pub sensitive: bool,
}

/// One API call.
#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct Action {
    /// The object's id.
    pub object: String,
    /// What it does.
    pub verb: String,
    /// Why.
    pub reason: String,
    /// Whether it takes something away that serves.
    pub disruptive: bool,
    /// Whether it deletes something.
    pub destructive: bool,
    /// Whether it loses data.
    pub data_loss: bool,
    /// One sentence.
    pub text: String,
    /// Who does it; empty: this program.
    pub by: String,
}

/// What a gate holds back.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct Waiting {
    /// The object's id.
    pub object: String,
    /// Which gate.
    pub gate: String,
    /// Ids of what it waits for.
    pub waits_for: Vec<String>,
    /// What was observed.
    pub facts: String,
    /// One sentence.
    pub text: String,
}

/// What others changed.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct Drift {
    /// The object's id.
    pub object: String,
    /// Where and what.
    pub change: Change,
}

/// A forecast.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct Forecast {
    /// In order.
    pub rounds: Vec<Round>,
    /// How it ends.
    pub end: End,
    /// What is said about the input.
    pub diagnostics: Vec<Finding>,
}

/// One round: the actions of a plan, and what the cluster makes of them.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct Round {
    /// Counts from 1.
    pub number: u64,
    /// Totals.
    pub summary: Summary,
    /// API calls in order.
    pub actions: Vec<Action>,
    /// What a gate holds back.
    pub waiting: Vec<Waiting>,
    /// What the cluster does then.
    pub events: Vec<String>,
    /// Where requests go then.
    pub traffic: Vec<Traffic>,
}

/// The routes of a host.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct Traffic {
    /// The host.
    pub host: String,
    /// Its routes.
    pub routes: Vec<Route>,
}

/// A share of the requests.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct Route {
    /// `namespace/name`.
    pub model: String,
    /// Its weight among the others.
    pub weight: u64,
}

/// How a forecast ends.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct End {
    /// `Done`, `Waiting`, `RoundLimit`, `Invalid`.
    pub reason: String,
    /// One sentence.
    pub text: String,
    /// What is held back for good.
    pub waiting: Vec<Waiting>,
}

/// `Deployment titanic/titanic-v1` of an object's id.
pub fn object_name(id: &str) -> String {
    let parts: Vec<&str> = id.split('|').collect();
    match parts[..] {
        [_, kind, "", name] => format!("{kind} {name}"),
        [_, kind, namespace, name] => format!("{kind} {namespace}/{name}"),
        _ => id.to_owned(),
    }
}
