//! The request that a scenario makes: written once, sent to every form.

use crate::library::{Library, label};
use crate::metacontroller;
use crate::patch;
use crate::scenario::{Piece, Raw, Scenario, Variation, When};
use crate::world::{NOW, World, envelope};
use modelwright::kinds::Kind;
use modelwright::observation::{is_controlled_by, is_volume_of, key_of, text};
use serde_json::{Map, Value, json};

/// A request, and what it shows where a scenario makes several.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Request {
    /// Empty where there is one request.
    pub case: String,
    /// The operation of the text interface.
    pub operation: String,
    /// The request text.
    pub text: String,
}

/// The requests of a scenario.
pub fn requests(scenario: &Scenario, library: &Library) -> Result<Vec<Request>, String> {
    let world = World::after(&scenario.given, library)?;
    let when = &scenario.when;
    let base = Base::of(when, &world, library)?;
    let request = |case: &str, text: String| Request { case: case.into(), operation: when.operation.clone(), text };
    if when.each.is_empty() {
        return Ok(vec![request("", base.text(when, &world)?)]);
    }
    let of_case = |(case, variation): (&String, &Variation)| {
        let text = match variation {
            Variation::Raw(raw) => text_of(raw),
            Variation::Changes(changes) => base.changed(changes).and_then(|base| base.text(when, &world)),
        };
        text.map(|text| request(case, text)).map_err(|error| format!("{case}: {error}"))
    };
    when.each.iter().map(of_case).collect()
}

fn text_of(raw: &Raw) -> Result<String, String> {
    let piece = |piece: &Piece| match piece {
        Piece::Text(text) => text.clone(),
        Piece::Repeated { repeat, times } => repeat.repeat(*times),
    };
    Ok(match raw {
        Raw::Text(text) => text.clone(),
        Raw::Pieces(pieces) => pieces.iter().map(piece).collect(),
    })
}

/// What a request is made of.
#[derive(Clone, Debug)]
struct Base {
    resources: Vec<Value>,
    parent: Option<Value>,
}

impl Base {
    fn of(when: &When, world: &World, library: &Library) -> Result<Self, String> {
        let parent = if when.parent.is_empty() { None } else { Some(world.object(&when.parent)?) };
        Ok(Self { resources: library.resources(&when.resources, &when.edit)?, parent })
    }

    /// The object that variations change: the first file, else the parent.
    fn object(&self) -> Result<&Value, String> {
        self.resources.first().or(self.parent.as_ref()).ok_or_else(|| "the request needs a resource or a parent".into())
    }

    fn changed(&self, changes: &Map<String, Value>) -> Result<Self, String> {
        let mut base = self.clone();
        let object = base.resources.first_mut().or(base.parent.as_mut()).ok_or("there is nothing to vary")?;
        if changes.keys().any(|key| key.starts_with('/')) {
            changes.iter().try_for_each(|(pointer, value)| patch::put(object, pointer, value))?;
        } else {
            patch::merge(object, &Value::Object(changes.clone()));
        }
        Ok(base)
    }

    fn text(&self, when: &When, world: &World) -> Result<String, String> {
        if let Some(raw) = &when.raw {
            return text_of(raw);
        }
        let request = match when.operation.as_str() {
            "plan" | "forecast" | "render" => self.of_set(when, world),
            "reconcile" | "create-handler" | "update-handler" | "delete-handler" => self.of_one(when, world)?,
            "validate" => match &self.parent {
                Some(old) if !self.resources.is_empty() => json!({"object": self.object()?, "old": old}),
                _ => self.object()?.clone(),
            },
            "update" => json!({"object": self.object()?, "observed": self.parent}),
            "create" | "delete" | "requirements" => self.object()?.clone(),
            "sync" | "finalize" | "customize" | "decorate" | "review" => self.of_hook(when, world)?,
            "schemas" | "info" => return Ok(String::new()),
            other => return Err(format!("{other:?} needs a raw request")),
        };
        Ok(request.to_string())
    }

    fn of_set(&self, when: &When, world: &World) -> Value {
        let mut request = Map::new();
        request.insert("resources".into(), self.resources.clone().into());
        request.insert("observed".into(), world.objects().into());
        request.extend(envelope(&when.options));
        Value::Object(request)
    }

    /// Children are what the parent owns, related is everything else.
    fn of_one(&self, when: &When, world: &World) -> Result<Value, String> {
        let parent = self.object()?;
        let others = world.objects().into_iter().filter(|object| label(object) != label(parent));
        let (children, related): (Vec<Value>, Vec<Value>) = others.partition(|object| is_child(object, parent));
        let mut request = Map::new();
        request.insert("parent".into(), parent.clone());
        request.insert("children".into(), children.into());
        request.insert("related".into(), related.into());
        request.insert("finalizing".into(), when.finalizing.into());
        request.extend(envelope(&when.options));
        Ok(Value::Object(request))
    }

    fn of_hook(&self, when: &When, world: &World) -> Result<Value, String> {
        let body = match (&when.body, when.operation.as_str()) {
            (Some(body), _) => body.clone(),
            (None, "customize") => metacontroller::customize_body(self.object()?),
            (None, "review") => self.admission_review()?,
            (None, operation) => metacontroller::body(world, self.object()?, operation == "finalize")?,
        };
        let host = when.host.clone().unwrap_or_else(|| json!({"now": NOW, "policy": {"staticVolumes": "any"}}));
        Ok(json!({"host": host, "request": body}))
    }

    /// What the API server asks its webhooks: the first file is created, or takes the place of the parent.
    fn admission_review(&self) -> Result<Value, String> {
        let operation = if self.parent.is_some() { "UPDATE" } else { "CREATE" };
        let request = json!({"uid": "review-1", "operation": operation, "object": self.object()?, "oldObject": self.parent});
        Ok(json!({"apiVersion": "admission.k8s.io/v1", "kind": "AdmissionReview", "request": request}))
    }
}

fn is_child(object: &Value, parent: &Value) -> bool {
    let Some(key) = key_of(parent) else { return false };
    match key_of(object).map(|key| key.kind) {
        Some(Kind::PersistentVolume) => is_volume_of(object, &key),
        _ => is_controlled_by(object, text(parent, &["metadata", "uid"])),
    }
}
