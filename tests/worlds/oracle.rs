//! What may be, judged over the cluster before and after one action: independent of the gates, by the words of the design.

use modelwright::kinds::{Key, Kind};
use modelwright::plan::{Action, Plan, Verb};
use modelwright::table::Table;
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};

pub type Objects = Table<Value>;
pub type Verdict = Result<(), String>;

/// One action, and what it was decided on.
pub struct Moment<'a> {
    /// What the host saw when it planned.
    pub seen: &'a Objects,
    pub before: &'a Objects,
    pub after: &'a Objects,
    pub action: &'a Action,
    /// The object of the action.
    pub key: &'a Key,
}

pub fn split(routes: &Value) -> Vec<(String, u64)> {
    let rules = routes["spec"]["http"].as_array().cloned().unwrap_or_default();
    let rest = rules.iter().filter(|rule| rule.get("match").is_none());
    rest.flat_map(|rule| rule["route"].as_array().cloned().unwrap_or_default())
        .map(|entry| (model_of(&entry), entry["weight"].as_u64().unwrap_or(0)))
        .collect()
}

fn model_of(entry: &Value) -> String {
    entry["destination"]["host"].as_str().unwrap_or("").split('.').next().unwrap_or("").into()
}

/// Every Model that any rule leads to.
pub fn destinations(routes: &Value) -> BTreeSet<String> {
    let rules = routes["spec"]["http"].as_array().cloned().unwrap_or_default();
    rules.iter().flat_map(|rule| rule["route"].as_array().cloned().unwrap_or_default()).map(|entry| model_of(&entry)).collect()
}

fn weight_of(split: &[(String, u64)], model: &str) -> u64 {
    split.iter().find(|(name, _)| name == model).map_or(0, |(_, weight)| *weight)
}

pub fn hosts(routes: &Value) -> Vec<String> {
    routes["spec"]["hosts"].as_array().into_iter().flatten().filter_map(|host| Some(host.as_str()?.into())).collect()
}

pub fn of_kind(objects: &Objects, kind: Kind) -> impl Iterator<Item = (&Key, &Value)> {
    objects.iter().filter(move |(key, _)| key.kind == kind)
}

pub fn get<'a>(objects: &'a Objects, kind: Kind, namespace: &str, name: &str) -> Option<&'a Value> {
    objects.get(&Key::new(kind, namespace, name))
}

pub fn uid(object: &Value) -> &str {
    object["metadata"]["uid"].as_str().unwrap_or("")
}

pub fn deleting(object: &Value) -> bool {
    !object["metadata"]["deletionTimestamp"].is_null()
}

fn available(objects: &Objects, namespace: &str, model: &str) -> i64 {
    get(objects, Kind::Deployment, namespace, model)
        .and_then(|object| object["status"]["availableReplicas"].as_i64())
        .unwrap_or(0)
}

/// Available for its current generation, as gate 1 defines it.
fn current(objects: &Objects, namespace: &str, name: &str) -> bool {
    let (Some(model), Some(deployment)) =
        (get(objects, Kind::Model, namespace, name), get(objects, Kind::Deployment, namespace, name))
    else {
        return false;
    };
    let generation = model["metadata"]["generation"].as_i64().unwrap_or(-1);
    let made_for = deployment["metadata"]["annotations"]["mlops.internal/model-generation"].as_str().unwrap_or("");
    let status = &deployment["status"];
    let wanted = deployment["spec"]["replicas"].as_i64().unwrap_or(1);
    !deleting(model)
        && owner(deployment) == Some(uid(model))
        && made_for == generation.to_string()
        && status["observedGeneration"] == deployment["metadata"]["generation"]
        && wanted > 0
        && ["replicas", "updatedReplicas", "availableReplicas"].iter().all(|field| status[*field].as_i64() == Some(wanted))
}

/// The uid of the controller.
pub fn owner(object: &Value) -> Option<&str> {
    let owners = object["metadata"]["ownerReferences"].as_array()?;
    owners.iter().find(|owner| owner["controller"] == true)?["uid"].as_str()
}

/// Gate 1: a route that an action writes gives an unready Model nothing that it did not have.
pub fn unready_gets_no_traffic(moment: &Moment) -> Verdict {
    let Some(routes) = moment.after.get(moment.key).filter(|_| moment.key.kind == Kind::VirtualService) else { return Ok(()) };
    let before = moment.before.get(moment.key).map(split).unwrap_or_default();
    let had_routes = moment.before.get(moment.key).map(destinations).unwrap_or_default();
    let after = split(routes);
    let total = |split: &[(String, u64)]| split.iter().map(|(_, weight)| u128::from(*weight)).sum::<u128>();
    let namespace = &moment.key.namespace;
    if after == before && destinations(routes) == had_routes {
        return Ok(());
    }
    for (model, weight) in &after {
        let had = weight_of(&before, model);
        let grows = u128::from(*weight) * total(&before) > u128::from(had) * total(&after);
        if *weight > 0 && had == 0 && !current(moment.seen, namespace, model) {
            return Err(format!("{model} gets its first traffic and is not available for its current generation"));
        }
        if had > 0 && grows && available(moment.seen, namespace, model) < 1 {
            return Err(format!("{model} gets more traffic without an available replica"));
        }
    }
    let gone = |model: &&String| get(moment.seen, Kind::Model, namespace, model).is_none_or(deleting);
    match destinations(routes).difference(&had_routes).find(gone) {
        Some(model) => Err(format!("{model} is newly routed and is gone or going")),
        None => Ok(()),
    }
}

/// Gate 3 and promise 12: what serves keeps its traffic, its pods and its address.
pub fn what_serves_keeps_serving(moment: &Moment) -> Verdict {
    match moment.key.kind {
        Kind::VirtualService => routes_still_serve(moment),
        Kind::Deployment | Kind::Service | Kind::PersistentVolumeClaim => dependants_stay(moment),
        Kind::Model | Kind::EndpointConfig if moment.action.verb == Verb::Delete => nothing_needs(moment),
        _ => Ok(()),
    }
}

/// A deletion that a user asks for waits until nobody names what it is about, because it cannot be taken back.
fn nothing_needs(moment: &Moment) -> Verdict {
    let (key, name) = (moment.key, moment.key.name.as_str());
    let needs = |other: &Key, object: &Value| match (key.kind, other.kind) {
        (Kind::EndpointConfig, Kind::Endpoint) => object["spec"]["config"] == name,
        (Kind::Model, Kind::VirtualService) => destinations(object).contains(name),
        (Kind::Model, Kind::EndpointConfig) => {
            object["spec"]["models"].as_array().into_iter().flatten().any(|entry| entry["model"] == name)
        }
        _ => false,
    };
    match moment.seen.iter().find(|(other, object)| other.namespace == key.namespace && needs(other, object)) {
        Some((other, _)) => Err(format!("{} is deleted on request while {} needs it", key.label(), other.label())),
        None => Ok(()),
    }
}

fn serves(objects: &Objects, seen: &Objects, key: &Key) -> bool {
    let Some(routes) = objects.get(key) else { return false };
    split(routes).iter().any(|(model, weight)| *weight > 0 && available(seen, &key.namespace, model) > 0)
}

fn routes_still_serve(moment: &Moment) -> Verdict {
    let key = moment.key;
    let Some(before) = moment.before.get(key) else { return Ok(()) };
    let deleted = moment.after.get(key).is_none_or(deleting);
    if !deleted && serves(moment.before, moment.seen, key) && !serves(moment.after, moment.seen, key) {
        return Err("no available Model has traffic any more".into());
    }
    let kept = if deleted { Vec::new() } else { moment.after.get(key).map(hosts).unwrap_or_default() };
    for host in hosts(before).iter().filter(|host| !kept.contains(host)) {
        let claimed = of_kind(moment.seen, Kind::Endpoint)
            .any(|(endpoint, object)| endpoint.namespace == key.namespace && written_host(object) == *host);
        let elsewhere = of_kind(moment.after, Kind::VirtualService)
            .any(|(other, object)| other != key && other.namespace == key.namespace && hosts(object).contains(host));
        if claimed && !elsewhere {
            return Err(format!("{host} is let go while an Endpoint has it and no other VirtualService does"));
        }
    }
    Ok(())
}

fn written_host(endpoint: &Value) -> String {
    endpoint["spec"]["host"].as_str().unwrap_or("").to_ascii_lowercase()
}

fn dependants_stay(moment: &Moment) -> Verdict {
    let key = moment.key;
    let routed_by = |least: u64| {
        of_kind(moment.before, Kind::VirtualService)
            .find(|(routes, object)| {
                routes.namespace == key.namespace
                    && destinations(object).contains(&key.name)
                    && weight_of(&split(object), &key.name) >= least
            })
            .map(|(routes, _)| routes.name.clone())
    };
    if matches!(moment.action.verb, Verb::Delete | Verb::Replace)
        && let Some(routes) = routed_by(0)
    {
        return Err(format!("{} is deleted while VirtualService {routes} routes to it", key.label()));
    }
    let replicas = |objects: &Objects| objects.get(key).and_then(|object| object["spec"]["replicas"].as_i64()).unwrap_or(1);
    if key.kind == Kind::Deployment
        && replicas(moment.before) > 0
        && replicas(moment.after) == 0
        && let Some(routes) = routed_by(1)
    {
        return Err(format!("{} is scaled to 0 while VirtualService {routes} gives it traffic", key.label()));
    }
    Ok(())
}

/// Every destination of a route of ours has a Service and a Deployment.
pub fn routed_destinations_exist(moment: &Moment) -> Verdict {
    for (key, routes) in of_kind(moment.after, Kind::VirtualService).filter(|(_, routes)| owner(routes).is_some()) {
        for model in destinations(routes) {
            for kind in [Kind::Service, Kind::Deployment] {
                let is_there =
                    |objects: &Objects| get(objects, kind, &key.namespace, &model).is_some_and(|object| !deleting(object));
                if !is_there(moment.after) && is_there(moment.before) {
                    return Err(format!("{} routes to {model}, which lost its {}", key.label(), kind.name()));
                }
                if !is_there(moment.after) && key == moment.key && !moment.before.contains_key(key) {
                    return Err(format!("{} is made without the {} of {model}", key.label(), kind.name()));
                }
            }
        }
    }
    Ok(())
}

/// Ours or absent, with guards that name what was observed.
pub fn only_ours_with_guards(moment: &Moment) -> Verdict {
    let Moment { seen, action, key, .. } = moment;
    let body = &action.request.body;
    let Some(live) = seen.get(key) else {
        let once = body["metadata"]["resourceVersion"] == "1" && action.request.method == "PATCH";
        return if once { Ok(()) } else { Err(format!("{} creates without the guard of absence", action.id)) };
    };
    if !is_ours(seen, key, live) {
        return Err(format!("{} touches an object that is not ours", action.id));
    }
    let version = live["metadata"]["resourceVersion"].as_str().unwrap_or("");
    let guarded = match action.request.method.as_str() {
        "DELETE" => body["preconditions"]["uid"] == uid(live),
        _ if action.request.content_type.contains("merge-patch") => body["metadata"]["resourceVersion"] == version,
        _ => body["metadata"]["uid"] == uid(live),
    };
    if guarded { Ok(()) } else { Err(format!("{} does not carry what was observed", action.id)) }
}

fn is_ours(objects: &Objects, key: &Key, object: &Value) -> bool {
    match key.kind {
        Kind::Model | Kind::EndpointConfig | Kind::Endpoint => true,
        Kind::PersistentVolume => key.name.split_once('.').is_some_and(|(namespace, model)| {
            object["metadata"]["labels"]["app.kubernetes.io/managed-by"] == "modelwright"
                && get(objects, Kind::Model, namespace, model).is_some()
        }),
        _ => {
            let parents = [Kind::Model, Kind::EndpointConfig, Kind::Endpoint];
            let uids: Vec<&str> =
                parents.iter().filter_map(|kind| Some(uid(get(objects, *kind, &key.namespace, &key.name)?))).collect();
            owner(object).is_some_and(|owner| uids.contains(&owner))
        }
    }
}

/// Weights as written and in the order written, or the routes as they were; no weight on zero instances.
pub fn weights_are_as_written(moment: &Moment) -> Verdict {
    let Some(routes) = moment.after.get(moment.key).filter(|_| moment.key.kind == Kind::VirtualService) else { return Ok(()) };
    let after = split(routes);
    if moment.before.get(moment.key).is_some_and(|before| split(before) == after) {
        return Ok(());
    }
    let config = get(moment.seen, Kind::EndpointConfig, &moment.key.namespace, &moment.key.name);
    let entries = config.and_then(|config| config["spec"]["models"].as_array()).cloned().unwrap_or_default();
    let text = |entry: &Value| entry["model"].as_str().unwrap_or("").to_owned();
    let written: Vec<(String, u64)> = entries.iter().map(|entry| (text(entry), entry["weight"].as_u64().unwrap_or(0))).collect();
    if after != written {
        return Err(format!("{} has {after:?}, written is {written:?}", moment.key.label()));
    }
    let none = |model: &str| {
        get(moment.after, Kind::Deployment, &moment.key.namespace, model).is_none_or(|object| object["spec"]["replicas"] == 0)
    };
    match after.iter().find(|(model, weight)| *weight > 0 && none(model)) {
        Some((model, weight)) => Err(format!("{model} gets weight {weight} and has no instances")),
        None => Ok(()),
    }
}

/// Gate 2: a host that some VirtualService had is not without one while an Endpoint of the namespace has it.
pub fn hosts_stay_routed(moment: &Moment) -> Verdict {
    if moment.key.kind == Kind::VirtualService { routes_still_serve(moment) } else { Ok(()) }
}

/// Names, ids, edges and paths of a plan.
pub fn plan_is_well_formed(plan: &Plan) -> Verdict {
    let mut done: BTreeSet<&str> = BTreeSet::new();
    let objects: BTreeSet<&str> = plan.objects.iter().map(|object| object.id.as_str()).collect();
    for action in &plan.actions {
        if !objects.contains(action.object.as_str()) {
            return Err(format!("{} is about an object that is not listed", action.id));
        }
        // In the order of execution, so this is also the absence of cycles and of unknown ids.
        if let Some(missing) = action.after.iter().find(|first| !done.contains(first.as_str())) {
            return Err(format!("{} comes after {missing}, which does not come before it", action.id));
        }
        if !done.insert(&action.id) {
            return Err(format!("{} is there twice", action.id));
        }
        path_matches(action)?;
        labels_are_valid(&action.request.body)?;
    }
    Ok(())
}

fn path_matches(action: &Action) -> Verdict {
    let parts: Vec<&str> = action.object.split('|').collect();
    let [api, _, namespace, name] = parts[..] else { return Err(format!("{} is not an id", action.object)) };
    let prefix = if api.contains('/') { "/apis" } else { "/api" };
    let place = if namespace.is_empty() { String::new() } else { format!("/namespaces/{namespace}") };
    let path = &action.request.path;
    let found = path.starts_with(&format!("{prefix}/{api}{place}/")) && path.ends_with(&format!("/{name}"));
    if found { Ok(()) } else { Err(format!("{} has the path {path}", action.id)) }
}

fn labels_are_valid(body: &Value) -> Verdict {
    let of_pod = &body["spec"]["template"]["metadata"]["labels"];
    for labels in [&body["metadata"]["labels"], of_pod] {
        for (name, value) in labels.as_object().into_iter().flatten() {
            if value.as_str().is_none_or(|value| value.len() > 63) {
                return Err(format!("label {name} has the value {value}"));
            }
        }
    }
    Ok(())
}

/// Whether a host is on at most one VirtualService of ours.
pub fn hosts_are_exclusive(objects: &Objects) -> Verdict {
    let mut taken: BTreeMap<String, &Key> = BTreeMap::new();
    for (key, routes) in of_kind(objects, Kind::VirtualService).filter(|(_, routes)| owner(routes).is_some()) {
        for host in hosts(routes) {
            if let Some(other) = taken.insert(host.clone(), key) {
                return Err(format!("{host} is on {} and {}", other.label(), key.label()));
            }
        }
    }
    Ok(())
}
