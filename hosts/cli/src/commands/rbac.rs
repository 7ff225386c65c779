//! `rbac`: the least rights for everything else here, made from the requests themselves: those that the component plans and those that
//! this program makes besides.

use super::request::{Input, Namespace};
use super::validate;
use crate::arguments::{Host, Rbac};
use crate::cluster::{Call, lease, observe};
use crate::component;
use crate::console::Console;
use crate::findings::Finding;
use crate::read::documents::Objects;
use crate::read::files::Source;
use crate::rights::Right;
use crate::show::rights::{self, Rules, Subject};
use crate::stop::{FINE, Stop};
use modelwright_embed::Planner;
use serde::Deserialize;
use std::collections::{BTreeMap, BTreeSet};

/// One of each kind; between them they need everything that a namespace has to give.
const ANYTHING: &str = "
apiVersion: mlops.internal/v1alpha1
kind: Model
metadata: {name: model}
spec:
  image: registry.example.com/model:1
  artifact: {uri: https://models.example.com/model.tar.gz}
---
apiVersion: mlops.internal/v1alpha1
kind: EndpointConfig
metadata: {name: config}
spec:
  models: [{name: only, model: model, weight: 1}]
---
apiVersion: mlops.internal/v1alpha1
kind: Endpoint
metadata: {name: endpoint}
spec: {config: config, host: model.example.com, gateway: {selector: {istio: ingressgateway}}}
";
/// A Model that needs a volume of the cluster.
const VOLUMES: &str = "
---
apiVersion: mlops.internal/v1alpha1
kind: Model
metadata: {name: static}
spec:
  image: registry.example.com/model:1
  artifact: {uri: https://models.example.com/model.tar.gz}
  storage: {size: 1Gi, nfs: {server: nfs.example.com, path: /models}}
";

/// The little that is looked at of an object.
#[derive(Deserialize)]
struct Object {
    #[serde(rename = "apiVersion")]
    api: String,
    kind: String,
    metadata: Metadata,
}

#[derive(Deserialize)]
struct Metadata {
    name: String,
    #[serde(default)]
    namespace: String,
}

/// The answer of `create`.
#[derive(Deserialize)]
struct Requests {
    requests: Vec<Call>,
}

/// Runs `rbac`.
pub fn run(arguments: &Rbac, console: &mut Console<'_>) -> Result<u8, Stop> {
    let default = arguments.namespace.clone().unwrap_or_else(|| "default".into());
    let namespace = Namespace { default: default.clone(), only: arguments.namespace.clone() };
    let input = match arguments.files.is_empty() {
        true => anything(arguments.volumes, &default)?,
        false => Input::read(&arguments.files, &Host::default(), &namespace, console)?,
    };
    let planner = component::load()?;
    check(&input, &planner)?;
    let namespaces = input.namespaces(&default);
    let mut rules: BTreeMap<&str, Rules> = BTreeMap::new();
    for namespace in &namespaces {
        let calls = calls(&input, namespace, &planner)?;
        let (controllers, needed): (BTreeSet<Right>, BTreeSet<Right>) =
            calls.iter().flat_map(Right::of).partition(|right| right.resource == "compositecontrollers");
        rules.insert(namespace, Rules { needed, pods: Right::of(&observe::pods_call(namespace)), controllers });
    }
    console.put(&rights::yaml(&rules, &subject(arguments)), None)?;
    Ok(FINE)
}

/// An invalid custom resource has no requests, so its rights are not known.
fn check(input: &Input, planner: &Planner) -> Result<(), Stop> {
    let mut findings = Vec::new();
    for object in &input.resources.objects {
        findings.extend(validate::findings(object, planner)?.into_iter().map(|finding| finding.within(object)));
    }
    match findings.iter().any(Finding::is_error) {
        true => Err(Stop::Invalid { findings, sources: input.resources.sources.clone() }),
        false => Ok(()),
    }
}

fn anything(volumes: bool, namespace: &str) -> Result<Input, Stop> {
    let text = if volumes { format!("{ANYTHING}{VOLUMES}") } else { ANYTHING.into() };
    let resources = Objects::resources(vec![Source { name: "built in".into(), text }])?.within(namespace, None)?;
    Ok(Input { resources, ..Input::default() })
}

fn subject(arguments: &Rbac) -> Option<Subject> {
    let account = arguments.service_account.as_ref().map(|account| match account.split_once(':') {
        Some((namespace, name)) => Subject::ServiceAccount { namespace: Some(namespace.into()), name: name.into() },
        None => Subject::ServiceAccount { namespace: None, name: account.clone() },
    });
    arguments.user.clone().map(Subject::User).or(arguments.group.clone().map(Subject::Group)).or(account)
}

/// Every request that may be made for the custom resources of a namespace: to read, to create, to change and to delete.
fn calls(input: &Input, namespace: &str, planner: &Planner) -> Result<Vec<Call>, Stop> {
    let of_namespace = input.resources.objects.iter().filter(|object| object.namespace() == namespace);
    let resources: Vec<String> = of_namespace.map(|object| object.node.json()).collect();
    let mut paths = BTreeSet::new();
    let mut statuses = Vec::new();
    for resource in &resources {
        let created: Requests = component::typed(&component::document(planner.create(resource))?)?;
        let created: BTreeSet<String> = created.requests.into_iter().map(|call| call.path).collect();
        statuses.extend(created.iter().map(|path| Call::new("PATCH", format!("{path}/status"))));
        paths.extend(created);
    }
    for child in children(input, planner)? {
        let path = observe::path(planner, &resources, &child.api, &child.kind, &child.metadata.namespace)?;
        paths.extend(path.map(|path| format!("{path}/{}", child.metadata.name)));
    }
    let is_volume = |path: &str| path.starts_with("/api/v1/persistentvolumes");
    let has_volumes = paths.iter().any(|path| is_volume(path));
    let reads = observe::calls(planner, &resources, &BTreeSet::from([namespace.to_owned()]))?;
    // Endpoints of other namespaces are looked at where that is allowed; volumes matter to whom they belong.
    let reads = reads.into_iter().filter(|call| !is_endpoints_of_all(&call.path) && (has_volumes || !is_volume(&call.path)));
    let writes = paths.iter().flat_map(|path| ["GET", "PATCH", "DELETE"].map(|method| Call::new(method, path.as_str())));
    Ok(reads.chain(writes).chain(statuses).chain(lease::calls(namespace)).collect())
}

fn children(input: &Input, planner: &Planner) -> Result<Vec<Object>, Stop> {
    let input = Input { resources: input.resources.clone(), all: true, ..Input::default() };
    let nothing = observe::Observed { objects: "[]".into(), unreadable: "[]".into(), ..observe::Observed::default() };
    component::typed(&component::document(planner.render(&input.request(&nothing)))?)
}

fn is_endpoints_of_all(path: &str) -> bool {
    path.starts_with("/apis/mlops.internal/") && path.ends_with("/endpoints") && !path.contains("/namespaces/")
}
