//! What serves, as a tree: Endpoint → Gateway and EndpointConfig → VirtualService → Models by their shares → Deployment, Pods, claim,
//! Service. What an object's state is comes from the component ([`world`]); here is only what hangs together ([`branches`]).

pub mod branches;
pub mod world;

use serde::Serialize;
use serde_json::{Map, Value};

/// What is shown.
#[derive(Debug, Default, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Tree {
    /// The Endpoints.
    pub endpoints: Vec<Branch>,
    /// EndpointConfigs and Models that no Endpoint reaches.
    pub unreached: Vec<Branch>,
    /// What could not be read, one sentence each.
    pub unreadable: Vec<String>,
}

/// An object and what hangs on it.
#[derive(Debug, Default, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Branch {
    /// Its kind.
    pub kind: String,
    /// Its namespace.
    pub namespace: String,
    /// Its name.
    pub name: String,
    /// One word.
    pub state: String,
    /// How that is.
    pub mood: Mood,
    /// Facts, for other programs.
    #[serde(skip_serializing_if = "Map::is_empty")]
    pub facts: Map<String, Value>,
    /// Facts for people, beside the state.
    #[serde(skip)]
    pub beside: Vec<String>,
    /// Facts for people, a line each: what, and the fact.
    #[serde(skip)]
    pub below: Vec<(String, String)>,
    /// What stands against it, or is under way.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub conditions: Vec<Condition>,
    /// What hangs on it.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub children: Vec<Branch>,
}

/// A condition that is worth a line.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Condition {
    /// Its type.
    #[serde(rename = "type")]
    pub kind: String,
    /// `True`, `False` or `Unknown`.
    pub status: String,
    /// Why, in a word.
    pub reason: String,
    /// Why, in a sentence.
    pub message: String,
}

/// How an object is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Mood {
    /// As it should be.
    Good,
    /// On its way.
    Busy,
    /// Not as it should be.
    Bad,
    /// Nothing is known.
    #[default]
    Unknown,
}

impl Branch {
    /// An object of which nothing has been said yet.
    pub fn new(kind: &str, namespace: &str, name: &str) -> Self {
        Self { kind: kind.into(), namespace: namespace.into(), name: name.into(), ..Self::default() }
    }

    /// With its state.
    pub fn stated(mut self, state: impl Into<String>, mood: Mood) -> Self {
        self.state = state.into();
        self.mood = mood;
        self
    }

    /// A fact for other programs.
    pub fn fact(&mut self, name: &str, value: impl Into<Value>) {
        self.facts.insert(name.into(), value.into());
    }

    /// A fact for everybody, on a line of its own; nothing where it is empty.
    pub fn line(&mut self, name: &str, label: &str, text: &str) {
        if !text.is_empty() {
            self.fact(name, text);
            self.below.push((label.into(), text.into()));
        }
    }
}
