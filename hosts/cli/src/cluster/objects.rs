//! Objects of any kind as they are: the API server is asked for the name of a kind in paths, then for the object.

use super::call::{Call, refused, root};
use super::connect::Cluster;
use crate::read::node::Node;
use crate::read::{documents::Object, json};
use crate::stop::Stop;
use serde::Deserialize;
use std::collections::BTreeMap;

/// `metav1.APIResourceList`, the little of it that names paths.
#[derive(Default, Deserialize)]
#[serde(default)]
struct Resources {
    resources: Vec<Resource>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Resource {
    name: String,
    kind: String,
    namespaced: bool,
}

impl Cluster {
    /// The live counterparts of objects, in their order; nothing where there is none.
    pub async fn counterparts(&self, objects: &[Object]) -> Result<Vec<Option<Node>>, Stop> {
        let mut versions: BTreeMap<String, Resources> = BTreeMap::new();
        let mut found = Vec::new();
        for object in objects {
            let api = object.node.text("apiVersion");
            if !versions.contains_key(api) {
                versions.insert(api.into(), self.resources(api).await?);
            }
            let path = versions.get(api).and_then(|resources| self.path(object, resources));
            let path =
                path.ok_or_else(|| Stop::input(format!("the cluster has no kind {} of {api}", object.node.text("kind"))))?;
            found.push(self.object(&path).await?);
        }
        Ok(found)
    }

    async fn resources(&self, api: &str) -> Result<Resources, Stop> {
        let call = Call::get(root(api));
        let answer = self.call(&call).await?;
        match answer.code {
            // A version that is not served has no kinds.
            404 => Ok(Resources::default()),
            200 => serde_json::from_str(&answer.body).map_err(|error| Stop::Host(format!("{}: {error}", call.name()))),
            _ => Err(refused(&call, &answer).into()),
        }
    }

    fn path(&self, object: &Object, resources: &Resources) -> Option<String> {
        let kind = object.node.text("kind");
        // A name with a slash is a subresource of another kind's.
        let resource = resources.resources.iter().find(|one| one.kind == kind && !one.name.contains('/'))?;
        let (root, name) = (root(object.node.text("apiVersion")), object.reference().name);
        let namespace = if object.namespace().is_empty() { self.namespace.as_str() } else { object.namespace() };
        Some(match resource.namespaced {
            true => format!("{root}/namespaces/{namespace}/{}/{name}", resource.name),
            false => format!("{root}/{}/{name}", resource.name),
        })
    }

    async fn object(&self, path: &str) -> Result<Option<Node>, Stop> {
        let call = Call::get(path);
        let answer = self.call(&call).await?;
        match answer.code {
            404 => Ok(None),
            200 => json::document(&answer.body)
                .map(Some)
                .map_err(|mistake| Stop::Host(format!("{}: {}", call.name(), mistake.message))),
            _ => Err(refused(&call, &answer).into()),
        }
    }
}
