//! Who names whom, who was first, what is routed. Missing things are facts, not errors.

use crate::kinds::{Key, Kind};
use crate::list::{AddAll, Listed};
use crate::names;
use crate::observation::{Observation, at, is_controlled_by, is_deleting, items, text};
use crate::sort::sort_by;
use crate::table::Table;
use crate::validate::{self, Checked, Endpoint, EndpointConfig, Meta, Model};
use alloc::string::String;
use alloc::vec::Vec;
use core::cmp::Ordering;
use serde_json::Value;

/// Everything that custom resources and observed routes say about each other.
#[derive(Debug, Default)]
pub struct References {
    /// Every observed Model.
    pub models: Table<Checked<Model>>,
    /// Every observed EndpointConfig.
    pub configs: Table<Checked<EndpointConfig>>,
    /// Every observed Endpoint.
    pub endpoints: Table<Checked<Endpoint>>,
    /// The EndpointConfigs that name a Model, older first; invalid ones too.
    pub configs_of_model: Table<Vec<Key>>,
    /// Invalid EndpointConfigs of which it cannot be told which Models they name.
    pub unclear_configs: Vec<Key>,
    /// The Endpoints that name an EndpointConfig, older first; invalid ones too.
    pub endpoints_of_config: Table<Vec<Key>>,
    /// The Endpoints that have a host, by [`host_key`], older first; invalid ones too.
    pub endpoints_of_host: Table<Vec<Key>>,
    /// What the observed VirtualServices say, by their key.
    pub routes: Table<Routes>,
    /// The VirtualServices that route to a Model, whoever made them.
    pub routes_of_model: Table<Vec<Key>>,
    /// The VirtualServices that have a host, by [`host_key`].
    pub routes_of_host: Table<Vec<Key>>,
    /// The VirtualServices that are bound to a Gateway, by the Gateway's key.
    pub routes_of_gateway: Table<Vec<Key>>,
}

/// What an observed VirtualService says.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Routes {
    /// `metadata.creationTimestamp`: at a gateway the oldest VirtualService of a host answers.
    pub created: String,
    /// The uid of its controller; empty without one.
    pub controller: String,
    /// Whether it has a deletionTimestamp.
    pub deleting: bool,
    /// `spec.hosts`.
    pub hosts: Vec<String>,
    /// `spec.gateways`.
    pub gateways: Vec<String>,
    /// `spec.http`.
    pub http: Value,
    /// The Models of the rule without match, and their weights; a sole destination has at least 1.
    pub weights: Table<u64>,
    /// Every Model that any rule leads to.
    pub destinations: Table<()>,
}

impl Routes {
    /// The sum of the weights.
    pub fn total(&self) -> u64 {
        self.weights.iter().fold(0, |sum, (_, weight)| sum.saturating_add(*weight))
    }
}

/// Resolves all references of an observation.
pub fn resolve(seen: &Observation) -> References {
    let mut references = References::default();
    for (key, object) in seen.of_kind(Kind::EndpointConfig) {
        references.add_config(key, object);
    }
    for (key, object) in seen.of_kind(Kind::Endpoint) {
        references.add_endpoint(key, object, seen.get(Kind::Gateway, &key.namespace, &key.name));
    }
    for (key, object) in seen.of_kind(Kind::VirtualService) {
        references.add_routes(key, object);
    }
    for (key, object) in seen.of_kind(Kind::Model) {
        if references.matters(key, seen) {
            references.models.insert(key.clone(), validate::model(object, &seen.policy));
        }
    }
    references.put_older_first();
    references
}

/// The subjects of an observation and every custom resource whose dependants may change with them: Models and the configs that name or
/// route to them, configs and the Endpoints that name them or have their hosts. An Endpoint that was deleted on request still concerns
/// the configs whose routes are bound to its Gateway.
pub fn concerned(seen: &Observation, references: &References) -> Vec<Key> {
    let mut concerned: Table<()> = Table::default();
    let mut next = seen.subjects.clone();
    for gone in seen.deletes.iter().filter(|key| key.kind == Kind::Endpoint && !seen.objects.contains_key(key)) {
        next.add_all(references.bound_to_gateway_of(gone));
    }
    while let Some(key) = next.pop() {
        if seen.decides(&key) && seen.objects.contains_key(&key) && !concerned.contains_key(&key) {
            let neighbours = references.neighbours(&key);
            next.add_all(neighbours.into_iter().filter(|neighbour| !concerned.contains_key(neighbour)));
            concerned.insert(key, ());
        }
    }
    concerned.keys().cloned().listed()
}

impl References {
    /// An Endpoint reads every Model of its namespace, and only those that a config names or a route leads to say something about it.
    fn matters(&self, model: &Key, seen: &Observation) -> bool {
        let of_models = seen.subjects.is_empty() || seen.subjects.iter().any(|subject| subject.kind == Kind::Model);
        of_models || self.configs_of_model.contains_key(model) || self.routes_of_model.contains_key(model)
    }

    fn bound_to_gateway_of(&self, endpoint: &Key) -> impl Iterator<Item = Key> {
        let gateway = Key::new(Kind::Gateway, &endpoint.namespace, &endpoint.name);
        self.routes_of_gateway.get(&gateway).into_iter().flatten().map(config_of)
    }

    fn neighbours(&self, key: &Key) -> Vec<Key> {
        let mut found: Vec<Key> = Vec::new();
        match key.kind {
            Kind::Model => {
                found.add_all(self.configs_of_model.get(key).into_iter().flatten().cloned());
                found.add_all(self.routes_of_model.get(key).into_iter().flatten().map(config_of));
            }
            Kind::EndpointConfig => {
                let named = self.configs.get(key).and_then(|checked| checked.value.as_ref());
                let models = named.into_iter().flat_map(|config| &config.variants);
                found.add_all(models.map(|variant| Key::new(Kind::Model, &key.namespace, &variant.model)));
                found.add_all(self.endpoints_of_config.get(key).into_iter().flatten().cloned());
                if let Some(routes) = self.routes.get(&Key::new(Kind::VirtualService, &key.namespace, &key.name)) {
                    found.add_all(routes.destinations.keys().cloned());
                    let hosts = routes.hosts.iter().filter_map(|host| self.endpoints_of_host.get(&host_key(host)));
                    found.add_all(hosts.flatten().cloned());
                }
            }
            _ => {
                let Some(endpoint) = self.endpoints.get(key).and_then(|checked| checked.value.as_ref()) else { return found };
                found.push(Key::new(Kind::EndpointConfig, &key.namespace, &endpoint.config));
                found.add_all(self.routes_of_host.get(&host_key(&endpoint.host)).into_iter().flatten().map(config_of));
                found.add_all(self.bound_to_gateway_of(key));
            }
        }
        found
    }

    fn add_config(&mut self, key: &Key, object: &Value) {
        self.configs.insert(key.clone(), validate::endpoint_config(object));
        if !names_are_readable(object) {
            self.unclear_configs.push(key.clone());
        }
        for model in named_models(object) {
            let model = Key::new(Kind::Model, &key.namespace, model);
            note(&mut self.configs_of_model, &model, key);
        }
    }

    fn add_endpoint(&mut self, key: &Key, object: &Value, gateway: Option<&Value>) {
        let checked = validate::endpoint(object);
        let config = text(object, &["spec", "config"]);
        let host = text(object, &["spec", "host"]).to_ascii_lowercase();
        if checked.value.is_none() {
            // Which host it means cannot be told, so it keeps the ones that it has.
            for host in
                gateway.filter(|gateway| is_controlled_by(gateway, &checked.meta.uid)).map(hosts_of_gateway).unwrap_or_default()
            {
                note(&mut self.endpoints_of_host, &host_key(host), key);
            }
        }
        self.endpoints.insert(key.clone(), checked);
        if !config.is_empty() {
            let config = Key::new(Kind::EndpointConfig, &key.namespace, config);
            note(&mut self.endpoints_of_config, &config, key);
        }
        if !host.is_empty() {
            note(&mut self.endpoints_of_host, &host_key(&host), key);
        }
    }

    fn add_routes(&mut self, key: &Key, object: &Value) {
        let routes = routes(object);
        for model in routes.destinations.keys() {
            note(&mut self.routes_of_model, model, key);
        }
        for host in &routes.hosts {
            note(&mut self.routes_of_host, &host_key(host), key);
        }
        for gateway in &routes.gateways {
            if let Some((namespace, name)) = gateway.split_once('/') {
                note(&mut self.routes_of_gateway, &Key::new(Kind::Gateway, namespace, name), key);
            }
        }
        self.routes.insert(key.clone(), routes);
    }

    fn put_older_first(&mut self) {
        let configs = &self.configs;
        let config_age = |key: &Key| configs.get(key).map(|checked| &checked.meta);
        self.configs_of_model.change_all(|list| older_first(list, &config_age));
        let endpoints = &self.endpoints;
        let endpoint_age = |key: &Key| endpoints.get(key).map(|checked| &checked.meta);
        self.endpoints_of_config.change_all(|list| older_first(list, &endpoint_age));
        self.endpoints_of_host.change_all(|list| older_first(list, &endpoint_age));
    }

    /// The oldest EndpointConfig that names a Model.
    pub fn config_of(&self, model: &Key) -> Option<&Checked<EndpointConfig>> {
        let first = self.configs_of_model.get(model)?.first()?;
        self.configs.get(first)
    }

    /// Whether an EndpointConfig that may name any Model of the namespace is older than the one that is known to name it.
    pub fn may_be_named_by_an_older(&self, model: &Key) -> bool {
        let named = self.config_of(model).map(|config| &config.meta);
        let unclear = self.unclear_configs.iter().filter(|config| config.namespace == model.namespace);
        unclear.filter_map(|config| self.configs.get(config)).any(|config| by_age(Some(&config.meta), named).is_lt())
    }

    /// Whether an observed VirtualService gives a Model traffic.
    pub fn has_traffic(&self, model: &Key) -> bool {
        let routes = self.routes_of_model.get(model).map_or(&[][..], Vec::as_slice);
        routes.iter().filter_map(|routes| self.routes.get(routes)).any(|routes| {
            // Without a rule for everything, the rules that match are the traffic.
            routes.weights.get(model).map_or(routes.weights.is_empty(), |weight| *weight > 0)
        })
    }

    /// Whether an observed VirtualService of ours gives a Model a greater share than its config will.
    pub fn is_losing_traffic(&self, model: &Key) -> bool {
        let routes = self.routes_of_model.get(model).map_or(&[][..], Vec::as_slice);
        routes.iter().any(|key| {
            let Some(observed) = self.routes.get(key) else { return false };
            let had = observed.weights.get(model).copied().unwrap_or(0);
            let config = self.configs.get(&Key::new(Kind::EndpointConfig, &key.namespace, &key.name));
            let Some(config) = config.filter(|config| config.meta.uid == observed.controller && !config.meta.deleting) else {
                return false;
            };
            let Some(config) = &config.value else { return false };
            let total = config.variants.iter().fold(0_u64, |sum, variant| sum.saturating_add(u64::from(variant.weight)));
            let named = config.variants.iter().find(|variant| variant.model == model.name && key.namespace == model.namespace);
            let weight = named.map_or(0, |variant| u64::from(variant.weight));
            u128::from(weight).saturating_mul(u128::from(observed.total())) < u128::from(had).saturating_mul(u128::from(total))
        })
    }

    /// The Endpoints that name an EndpointConfig.
    pub fn endpoints_naming(&self, config: &Key) -> impl Iterator<Item = (&Key, &Checked<Endpoint>)> {
        let keys = self.endpoints_of_config.get(config).map_or(&[][..], Vec::as_slice);
        keys.iter().filter_map(|key| Some((key, self.endpoints.get(key)?)))
    }

    /// The Endpoint that a host belongs to: the oldest that is not being deleted.
    pub fn owner_of_host(&self, host: &str) -> Option<&Key> {
        let keys = self.endpoints_of_host.get(&host_key(host))?;
        keys.iter().find(|key| self.endpoints.get(key).is_some_and(|endpoint| !endpoint.meta.deleting))
    }

    /// Whether the VirtualService of the config that the owner of a host names was observed with it, and is not `routes`: only then may
    /// another one let go, so the last one never does.
    pub fn is_taken_over(&self, host: &str, routes: &Key) -> bool {
        let endpoint = self.owner_of_host(host).and_then(|owner| self.endpoints.get(owner)?.value.as_ref());
        let Some(endpoint) = endpoint else { return false };
        let next = Key::new(Kind::VirtualService, &endpoint.meta.namespace, &endpoint.config);
        let config = self.configs.get(&Key::new(Kind::EndpointConfig, &endpoint.meta.namespace, &endpoint.config));
        let observed =
            self.routes.get(&next).filter(|observed| !observed.deleting && observed.hosts.iter().any(|had| had == host));
        next != *routes && observed.zip(config).is_some_and(|(observed, config)| observed.controller == config.meta.uid)
    }

    /// The VirtualService that answers for a host at a gateway in place of `routes`: an older one.
    pub fn answers_instead(&self, host: &str, routes: &Key) -> Option<&Key> {
        let created = |key: &Key| self.routes.get(key).map_or("", |routes| routes.created.as_str());
        let keys = self.routes_of_host.get(&host_key(host)).map_or(&[][..], Vec::as_slice);
        let others = keys.iter().filter(|key| *key != routes && self.share_a_gateway(key, routes));
        others.into_iter().find(|key| (created(key), *key) < (created(routes), routes))
    }

    fn share_a_gateway(&self, one: &Key, other: &Key) -> bool {
        let gateways = |key: &Key| self.routes.get(key).map_or(&[][..], |routes| routes.gateways.as_slice());
        gateways(one).iter().any(|gateway| gateways(other).contains(gateway))
    }
}

/// The EndpointConfig that a VirtualService of ours is made for.
pub fn config_of(routes: &Key) -> Key {
    Key::new(Kind::EndpointConfig, &routes.namespace, &routes.name)
}

/// A host in place of an object, so that tables by host are of the one type of table.
pub fn host_key(host: &str) -> Key {
    Key::new(Kind::VirtualService, "", host)
}

/// The hosts that an observed Gateway of ours serves.
fn hosts_of_gateway(gateway: &Value) -> Vec<&str> {
    let mut hosts = Vec::new();
    for server in items(gateway, &["spec", "servers"]) {
        for host in items(server, &["hosts"]) {
            hosts.extend(host.as_str().and_then(|host| host.strip_prefix("./")));
        }
    }
    hosts
}

/// Adds `key` to the list of `of`.
fn note(lists: &mut Table<Vec<Key>>, of: &Key, key: &Key) {
    if let Some(list) = lists.or_default(of)
        && list.last() != Some(key)
    {
        list.push(key.clone());
    }
}

fn older_first<'a>(list: &mut [Key], meta: &dyn Fn(&Key) -> Option<&'a Meta>) {
    sort_by(list, &|a, b| by_age(meta(a), meta(b)).then_with(|| a.cmp(b)));
}

/// Older first: by creation time, then namespace and name. What does not exist yet is youngest.
pub fn by_age(a: Option<&Meta>, b: Option<&Meta>) -> Ordering {
    let age = |meta: &'_ Meta| (meta.created.is_empty(), meta.created.clone(), meta.namespace.clone(), meta.name.clone());
    match (a, b) {
        (Some(a), Some(b)) => age(a).cmp(&age(b)),
        (a, b) => a.is_none().cmp(&b.is_none()),
    }
}

/// The Models that an EndpointConfig names, also when it is invalid.
pub fn named_models(config: &Value) -> impl Iterator<Item = &str> {
    items(config, &["spec", "models"]).iter().map(|entry| text(entry, &["model"])).filter(|model| !model.is_empty())
}

/// Whether every entry names another Model: else it cannot be told which ones the config decided about.
fn names_are_readable(config: &Value) -> bool {
    let entries: Vec<&str> = items(config, &["spec", "models"]).iter().map(|entry| text(entry, &["model"])).listed();
    // More than a config may have is not readable, and not worth comparing.
    if entries.len() > 16 {
        return false;
    }
    let mut distinct: Vec<&str> = Vec::new();
    for name in entries.iter().copied().filter(|name| names::is_dns1035(name)) {
        if !distinct.contains(&name) {
            distinct.push(name);
        }
    }
    !entries.is_empty() && distinct.len() == entries.len()
}

/// Reads an observed VirtualService.
pub fn routes(object: &Value) -> Routes {
    let strings = |path: &[&str]| items(object, path).iter().filter_map(Value::as_str).map(String::from).listed();
    let mut routes = Routes {
        created: text(object, &["metadata", "creationTimestamp"]).into(),
        controller: controller_of(object).into(),
        deleting: is_deleting(object),
        hosts: strings(&["spec", "hosts"]),
        gateways: strings(&["spec", "gateways"]),
        http: at(object, &["spec", "http"]).clone(),
        ..Routes::default()
    };
    let namespace = text(object, &["metadata", "namespace"]);
    for protocol in ["http", "tcp", "tls"] {
        for rule in items(object, &["spec", protocol]) {
            read_rule(rule, namespace, &mut routes);
        }
    }
    routes
}

/// A rule without match gives its destinations their weights. Those of other rules, and mirrors, are reached, too: with any weight.
fn read_rule(rule: &Value, namespace: &str, routes: &mut Routes) {
    let entries = items(rule, &["route"]);
    let catch_all = items(rule, &["match"]).is_empty();
    for entry in entries {
        let Some(model) = destination(at(entry, &["destination"]), namespace) else { continue };
        if catch_all {
            // Istio gives a single destination everything, even with weight 0.
            let least = u64::from(entries.len() == 1);
            let weight = at(entry, &["weight"]).as_u64().unwrap_or(0).max(least);
            routes.weights.insert(model.clone(), weight);
        }
        routes.destinations.insert(model, ());
    }
    let mirrors = items(rule, &["mirrors"]).iter().map(|mirror| at(mirror, &["destination"]));
    for mirror in mirrors.chain([at(rule, &["mirror"])]) {
        if let Some(model) = destination(mirror, namespace) {
            routes.destinations.insert(model, ());
        }
    }
}

fn destination(destination: &Value, namespace: &str) -> Option<Key> {
    let (namespace, model) = names::model_of_host(text(destination, &["host"]), namespace)?;
    Some(Key::new(Kind::Model, namespace, model))
}

fn controller_of(object: &Value) -> &str {
    let owners = items(object, &["metadata", "ownerReferences"]);
    owners.iter().find(|owner| at(owner, &["controller"]) == &Value::Bool(true)).map_or("", |owner| text(owner, &["uid"]))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_config_is_unclear_when_a_name_cannot_be_read() {
        for (models, readable) in [
            (json!([{"model": "a"}, {"model": "b", "weight": -1}]), true),
            (json!([{"model": "a"}, {"model": "a"}]), false),
            (json!([{"model": "a"}, {"model": "-"}]), false),
            (json!([{"model": "a"}, null]), false),
            (json!([]), false),
            (Value::Null, false),
        ] {
            assert_eq!(names_are_readable(&json!({"spec": {"models": models}})), readable, "{models}");
        }
    }
}
