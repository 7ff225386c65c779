//! What the API server serves: resources by their plural names and by their kinds.

use super::api::{Api, JSON};
use super::object;
use serde_json::Value;
use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::rc::Rc;
use std::time::Duration;

/// A resource of one version of an API group.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Resource {
    /// `apps/v1`.
    pub api_version: String,
    /// `deployments`.
    pub plural: String,
    /// `Deployment`.
    pub kind: String,
    /// Whether its objects are in namespaces.
    pub namespaced: bool,
    /// Whether it has the subresource `status`.
    pub has_status: bool,
}

impl Resource {
    /// The path of all objects, or of those of a namespace.
    pub fn collection(&self, namespace: &str) -> String {
        let root = if self.api_version.contains('/') { "/apis" } else { "/api" };
        match namespace {
            namespace if self.namespaced && !namespace.is_empty() => {
                format!("{root}/{}/namespaces/{namespace}/{}", self.api_version, self.plural)
            }
            _ => format!("{root}/{}/{}", self.api_version, self.plural),
        }
    }

    /// The path of an object.
    pub fn path(&self, namespace: &str, name: &str) -> String {
        format!("{}/{name}", self.collection(namespace))
    }

    /// The API group; empty for the core.
    pub fn group(&self) -> &str {
        object::group(&self.api_version)
    }

    /// The key of its group of objects in requests: `Deployment.apps/v1`.
    pub fn group_key(&self) -> String {
        format!("{}.{}", self.kind, self.api_version)
    }
}

/// Everything that is served, as of the last time somebody asked.
#[derive(Default)]
pub struct Discovery {
    resources: RefCell<BTreeMap<(String, String), Rc<Resource>>>,
    is_known: Cell<bool>,
}

impl Discovery {
    /// By its plural name.
    pub fn resource(&self, api_version: &str, plural: &str) -> Result<Rc<Resource>, String> {
        let found = self.resources.borrow().get(&(api_version.to_owned(), plural.to_owned())).cloned();
        found.ok_or_else(|| format!("the API server has no {plural} in {api_version}"))
    }

    /// By its kind.
    pub fn of_kind(&self, api_version: &str, kind: &str) -> Result<Rc<Resource>, String> {
        let resources = self.resources.borrow();
        let found = resources.values().find(|resource| resource.api_version == api_version && resource.kind == kind);
        found.cloned().ok_or_else(|| format!("the API server has no kind {kind} in {api_version}"))
    }

    /// Whether it was asked once.
    pub fn is_known(&self) -> bool {
        self.is_known.get()
    }

    /// Asks again and again.
    pub async fn follow(self: Rc<Self>, api: Rc<Api>, interval: Duration) {
        loop {
            match self.refresh(&api).await {
                Ok(()) => self.is_known.set(true),
                Err(why) => eprintln!("discovery: {why}"),
            }
            tokio::time::sleep(interval).await;
        }
    }

    async fn refresh(&self, api: &Api) -> Result<(), String> {
        let mut found = BTreeMap::new();
        for version in versions(api).await? {
            let root = if version.contains('/') { "/apis" } else { "/api" };
            // A group whose server is away is not known; the rest is.
            let Ok(list) = api.send("GET", &format!("{root}/{version}"), JSON, None).await else { continue };
            add(&mut found, &version, list["resources"].as_array().map_or(&[], Vec::as_slice));
        }
        self.resources.replace(found);
        Ok(())
    }
}

async fn versions(api: &Api) -> Result<Vec<String>, String> {
    let core = api.send("GET", "/api", JSON, None).await?;
    let groups = api.send("GET", "/apis", JSON, None).await?;
    let of_core = core["versions"].as_array().into_iter().flatten().filter_map(Value::as_str);
    let of_group = |group: &Value| group["versions"].as_array().cloned().unwrap_or_default();
    let of_groups = groups["groups"].as_array().into_iter().flatten().flat_map(of_group);
    let of_groups = of_groups.filter_map(|version| version["groupVersion"].as_str().map(str::to_owned));
    Ok(of_core.map(str::to_owned).chain(of_groups).collect())
}

fn add(found: &mut BTreeMap<(String, String), Rc<Resource>>, api_version: &str, listed: &[Value]) {
    let is_listed = |name: &str| listed.iter().any(|resource| resource["name"] == name);
    for resource in listed {
        let plural = resource["name"].as_str().unwrap_or_default().to_owned();
        if plural.contains('/') {
            continue;
        }
        let resource = Resource {
            api_version: api_version.into(),
            kind: resource["kind"].as_str().unwrap_or_default().into(),
            namespaced: resource["namespaced"] == true,
            has_status: is_listed(&format!("{plural}/status")),
            plural: plural.clone(),
        };
        found.insert((api_version.into(), plural), Rc::new(resource));
    }
}
