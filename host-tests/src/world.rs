//! How a world came to be: the steps of `given` on the simulated cluster.

use crate::library::{Library, label};
use crate::metacontroller;
use crate::patch;
use crate::scenario::{Apply, ApplyAs, Step};
use modelwright::files;
use modelwright::forecast::plan_of;
use modelwright::json::Limits;
use modelwright::observation::key_of;
use modelwright::plan::{Plan, Request};
use modelwright::simulate::Cluster;
use modelwright::table::Table;
use serde_json::{Map, Value, json};
use std::collections::BTreeMap;

/// The time at which everything happens.
pub const NOW: &str = "2026-01-01T00:00:00Z";

/// More rounds than any world needs to come to rest.
const ROUND_LIMIT: usize = 40;

/// A simulated cluster.
#[derive(Debug, Default)]
pub struct World {
    /// The cluster.
    pub cluster: Cluster,
}

impl World {
    /// A cluster to which all steps have happened.
    pub fn after(steps: &[Step], library: &Library) -> Result<Self, String> {
        let mut world = Self { cluster: Cluster::new(Table::default()) };
        for step in steps {
            world.take(step, library)?;
        }
        Ok(world)
    }

    fn take(&mut self, step: &Step, library: &Library) -> Result<(), String> {
        match step {
            Step::Apply(apply) => self.apply(apply, &library.resources(&apply.resources, &apply.edit)?),
            Step::Hooks(hooks) => metacontroller::roll_out(self, hooks),
            Step::ApplyAs(apply) => self.apply_as(apply),
            Step::Patch(patches) => patches.iter().try_for_each(|(name, patch)| self.patch(name, patch)),
            Step::Put(objects) => {
                library.resources(objects, &BTreeMap::new())?.into_iter().try_for_each(|object| self.put(object))
            }
            Step::Remove(names) => names.iter().try_for_each(|name| self.remove(name)),
            Step::Delete(names) => names.iter().try_for_each(|name| self.delete(name)),
            Step::Settle => {
                self.cluster.settle();
                Ok(())
            }
        }
    }

    /// Everything in the cluster as a host observes it, in order of kind, namespace and name.
    pub fn objects(&self) -> Vec<Value> {
        self.cluster.objects().values().cloned().map(dated).collect()
    }

    /// The object with a label, as a host observes it.
    pub fn object(&self, name: &str) -> Result<Value, String> {
        let found = self.cluster.objects().values().find(|object| label(object) == name);
        found.cloned().map(dated).ok_or_else(|| format!("{name} is not in the world"))
    }

    fn apply(&mut self, apply: &Apply, resources: &[Value]) -> Result<(), String> {
        for _ in 0..apply.rounds.unwrap_or(ROUND_LIMIT) {
            let plan = self.plan(resources, &apply.options)?;
            let idle = plan.actions.is_empty();
            self.perform(&plan)?;
            let events = if apply.settle { self.cluster.settle() } else { Vec::new() };
            if idle && events.is_empty() {
                return Ok(());
            }
        }
        match apply.rounds {
            Some(_) => Ok(()),
            None => Err(format!("after {ROUND_LIMIT} rounds something still changes")),
        }
    }

    fn plan(&self, resources: &[Value], options: &Map<String, Value>) -> Result<Plan, String> {
        let mut request = envelope(options);
        request.insert("resources".into(), resources.into());
        request.insert("observed".into(), self.objects().into());
        let text = Value::Object(request).to_string();
        let seen = files::observe(&text, &Limits::DEFAULT).map_err(|failure| format!("{failure:?}"))?;
        Ok(plan_of(&seen))
    }

    /// Carries out a plan; an answer that is no success is a mistake of the plan or the scenario.
    fn perform(&mut self, plan: &Plan) -> Result<(), String> {
        for action in &plan.actions {
            self.send(&action.id, &action.request)?;
        }
        // A custom resource whose finalizer has just gone takes its status along.
        for request in plan.statuses.iter().filter_map(|status| status.request.as_ref()) {
            self.cluster.perform(request);
        }
        Ok(())
    }

    /// Sends one request that must succeed.
    pub fn send(&mut self, what: &str, request: &Request) -> Result<(), String> {
        match self.cluster.perform(request) {
            200..300 => Ok(()),
            code => Err(format!("{what} is answered {code}")),
        }
    }

    fn apply_as(&mut self, apply: &ApplyAs) -> Result<(), String> {
        apply.objects.iter().try_for_each(|object| {
            let request = server_side_apply(object, &apply.manager)?;
            self.send(&label(object), &request)
        })
    }

    /// Changes an object as somebody else would: a new generation where the spec changes.
    pub fn patch(&mut self, name: &str, change: &Value) -> Result<(), String> {
        let mut object = self.object(name)?;
        let spec = object.get("spec").cloned();
        patch::merge(&mut object, change);
        if object.get("spec") != spec.as_ref() && change.pointer("/metadata/generation").is_none() {
            let generation = object.pointer("/metadata/generation").and_then(Value::as_i64).unwrap_or(0);
            patch::merge(&mut object, &json!({"metadata": {"generation": generation + 1}}));
        }
        self.put(object)
    }

    /// Puts an object as it is.
    pub fn put(&mut self, object: Value) -> Result<(), String> {
        let key = key_of(&object).ok_or_else(|| format!("{} is not of a kind that is read", label(&object)))?;
        self.edit(|objects| objects.insert(key, object));
        Ok(())
    }

    fn remove(&mut self, name: &str) -> Result<(), String> {
        let key = key_of(&self.object(name)?).ok_or_else(|| format!("{name} has no key"))?;
        self.edit(|objects| objects.remove(&key));
        Ok(())
    }

    /// Deletes as `kubectl delete` does.
    pub fn delete(&mut self, name: &str) -> Result<(), String> {
        let object = self.object(name)?;
        let request = Request {
            method: "DELETE".into(),
            path: path(&object)?,
            query: BTreeMap::new(),
            content_type: "application/json".into(),
            body: Value::Null,
        };
        self.send(name, &request)
    }

    /// Changes the objects behind the back of the simulated API server.
    pub fn edit<T>(&mut self, change: impl FnOnce(&mut Table<Value>) -> T) -> T {
        let mut objects = self.cluster.take();
        let result = change(&mut objects);
        self.cluster.restore(objects);
        result
    }
}

/// A simulated cluster makes its objects in the year 9999, so that they are younger than what was observed. What was made here is
/// observed from now on.
fn dated(mut object: Value) -> Value {
    let created = object.pointer_mut("/metadata/creationTimestamp");
    if let Some(Value::String(created)) = created
        && let Some(rest) = created.strip_prefix("9999-")
    {
        *created = format!("2025-{rest}");
    }
    object
}

/// The members of an observation that every scenario has, under those that it says itself.
pub fn envelope(options: &Map<String, Value>) -> Map<String, Value> {
    let mut envelope = Map::new();
    envelope.insert("now".into(), NOW.into());
    envelope.insert("policy".into(), json!({"staticVolumes": "any"}));
    envelope.extend(options.clone());
    envelope
}

/// A forced server-side apply.
pub fn server_side_apply(object: &Value, manager: &str) -> Result<Request, String> {
    Ok(Request {
        method: "PATCH".into(),
        path: path(object)?,
        query: BTreeMap::from([("fieldManager".into(), manager.into()), ("force".into(), "true".into())]),
        content_type: "application/apply-patch+yaml".into(),
        body: object.clone(),
    })
}

/// The URL path of an object.
pub fn path(object: &Value) -> Result<String, String> {
    let key = key_of(object).ok_or_else(|| format!("{} is not of a kind that is read", label(object)))?;
    let prefix = if key.kind.group().is_empty() { "/api" } else { "/apis" };
    let namespace = match key.namespace.as_str() {
        "" => String::new(),
        namespace => format!("/namespaces/{namespace}"),
    };
    Ok(format!("{prefix}/{}{namespace}/{}/{}", key.kind.api(), key.kind.plural(), key.name))
}
