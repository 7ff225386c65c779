//! What the component's `requirements` name, read as lists: one for each kind and namespace, in pages, side by side. Items pass through
//! as the bytes that the server sent.

use super::call::{Call, Trouble, refused, root};
use super::connect::Cluster;
use crate::component;
use crate::read::documents::Reference;
use crate::stop::Stop;
use futures::stream::{self, StreamExt, TryStreamExt};
use modelwright_embed::Planner;
use serde::Deserialize;
use serde_json::value::RawValue;
use std::collections::{BTreeMap, BTreeSet};

const GROUP: &str = "mlops.internal/v1alpha1";
/// Metacontroller's controllers. Few clusters have them, and few users may see them.
const CONTROLLER: &str = "CompositeController";
/// The kinds of our custom resources and their names in paths.
const RESOURCES: [(&str, &str); 3] = [("Model", "models"), ("EndpointConfig", "endpointconfigs"), ("Endpoint", "endpoints")];
/// Items of a page. An API server holds a whole page in memory, and so does everything on the way.
const PAGE: &str = "500";
/// Lists that are read at once.
const AT_ONCE: usize = 8;
/// How often a list is begun again because its continue token has expired.
const RESTARTS: usize = 3;

/// What was observed.
#[derive(Debug, Default)]
pub struct Observed {
    /// The objects as a JSON list.
    pub objects: String,
    /// What could not be read, as a JSON list for the component.
    pub unreadable: String,
    /// The same for people.
    pub refusals: Vec<Refusal>,
    /// Namespaces that were asked for by name and are not there.
    pub missing_namespaces: Vec<String>,
    /// The namespaces that were read as a whole; of others only what is related was. Empty: everything was.
    pub namespaces: BTreeSet<String>,
}

/// A list that may not be read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refusal {
    /// What it would hold.
    pub kind: String,
    /// Empty: cluster-scoped, or of all namespaces.
    pub namespace: String,
    /// What the API server says.
    pub message: String,
}

/// One list.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct List {
    api: String,
    kind: String,
    resource: String,
    /// Empty: cluster-scoped, or of all namespaces.
    namespace: String,
}

/// What a host must read, as the component says it.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Selector {
    api_version: String,
    kind: String,
    resource: String,
    namespace: String,
    names: Vec<String>,
}

/// The names that are wanted of a list; none: all.
type Wanted = BTreeMap<List, Option<BTreeSet<String>>>;

/// The outcome of a list.
enum Read {
    Items(Vec<Box<RawValue>>),
    Refused(Trouble),
}

impl Read {
    fn items(&self) -> &[Box<RawValue>] {
        match self {
            Self::Items(items) => items,
            Self::Refused(_) => &[],
        }
    }
}

#[derive(Deserialize)]
struct Page {
    #[serde(default)]
    metadata: PageMetadata,
    #[serde(default)]
    items: Option<Vec<Box<RawValue>>>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct PageMetadata {
    #[serde(rename = "continue")]
    next: String,
}

/// The little that is looked at of an item.
#[derive(Default, Deserialize)]
#[serde(default)]
struct Item<'a> {
    #[serde(borrow, rename = "apiVersion")]
    api: Option<std::borrow::Cow<'a, str>>,
    metadata: Metadata,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Metadata {
    name: String,
    namespace: String,
}

/// Reads what decides about the custom resources in `files` (a JSON object each) and about those of the same namespaces.
pub async fn observe(
    cluster: &Cluster,
    planner: &Planner,
    files: &[String],
    namespaces: &BTreeSet<String>,
) -> Result<Observed, Stop> {
    let ours = ours(namespaces);
    let mut wanted = ours.clone();
    for file in files {
        want(&mut wanted, planner, file)?;
    }
    let mut read = lists(cluster, &wanted).await?;
    let asked = wanted.clone();
    for parent in ours.keys().flat_map(|list| read.get(list).map_or(&[][..], Read::items)) {
        want(&mut wanted, planner, parent.get())?;
    }
    let more = wanted.iter().filter(|(list, names)| !is_answered(list, names, asked.get(list)));
    read.append(&mut lists(cluster, &more.map(|(list, names)| (list.clone(), names.clone())).collect()).await?);
    let observed = gathered(read, &wanted)?;
    Ok(Observed { namespaces: namespaces.clone(), ..observed })
}

/// Whether what was asked for answers what is wanted: the requests are the same.
fn is_answered(list: &List, wanted: &Option<BTreeSet<String>>, asked: Option<&Option<BTreeSet<String>>>) -> bool {
    let calls = |names: &Option<BTreeSet<String>>| -> Vec<Call> {
        let each = each(&Wanted::from([(list.clone(), names.clone())]));
        each.iter().map(|(list, names)| list.call(names.as_ref())).collect()
    };
    asked.is_some_and(|asked| asked == wanted || calls(asked).iter().map(Call::target).eq(calls(wanted).iter().map(Call::target)))
}

/// Every custom resource of ours in a namespace; in all of them where that is empty.
pub async fn names(cluster: &Cluster, namespace: &str) -> Result<Vec<Reference>, Stop> {
    let mut references = Vec::new();
    for (list, read) in lists(cluster, &ours(&BTreeSet::from([namespace.to_owned()]))).await? {
        let items = match read {
            Read::Refused(trouble) => return Err(trouble.into()),
            Read::Items(items) => items,
        };
        for item in &items {
            let Metadata { name, namespace } = described(item.get()).metadata;
            references.push(Reference { kind: list.kind.clone(), namespace, name });
        }
    }
    Ok(references)
}

/// The Pods of some namespaces, and where they may not be read.
pub async fn pods(cluster: &Cluster, namespaces: &BTreeSet<String>) -> Result<(Vec<Box<RawValue>>, Vec<Refusal>), Stop> {
    let list = |namespace: &String| (list_of_pods(namespace), None);
    let (mut pods, mut refusals) = (Vec::new(), Vec::new());
    for (list, read) in lists(cluster, &namespaces.iter().map(list).collect()).await? {
        match read {
            Read::Items(items) => pods.extend(items),
            Read::Refused(trouble) => refusals.push(list.refusal(trouble)),
        }
    }
    Ok((pods, refusals))
}

/// Every list that [`observe`] reads for custom resources that are all in `files`.
pub fn calls(planner: &Planner, files: &[String], namespaces: &BTreeSet<String>) -> Result<Vec<Call>, Stop> {
    let mut wanted = ours(namespaces);
    for parent in files {
        want(&mut wanted, planner, parent)?;
    }
    Ok(each(&wanted).iter().map(|(list, names)| list.call(names.as_ref())).collect())
}

/// The list that [`pods`] reads.
pub fn pods_call(namespace: &str) -> Call {
    list_of_pods(namespace).call(None)
}

/// The path of objects of a kind that has to be read for one of `files`; the name comes after it.
pub fn path(planner: &Planner, files: &[String], api: &str, kind: &str, namespace: &str) -> Result<Option<String>, Stop> {
    let mut wanted = Wanted::new();
    for parent in files {
        want(&mut wanted, planner, parent)?;
    }
    let found = wanted.into_keys().find(|list| list.api == api && list.kind == kind);
    Ok(found.map(|list| List { namespace: namespace.into(), ..list }.path()))
}

fn list_of_pods(namespace: &str) -> List {
    List { api: "v1".into(), kind: "Pod".into(), resource: "pods".into(), namespace: namespace.into() }
}

fn ours(namespaces: &BTreeSet<String>) -> Wanted {
    let list = |namespace: &String, (kind, resource): (&str, &str)| List {
        api: GROUP.into(),
        kind: kind.into(),
        resource: resource.into(),
        namespace: namespace.clone(),
    };
    namespaces.iter().flat_map(|namespace| RESOURCES.map(|resource| (list(namespace, resource), None))).collect()
}

fn want(wanted: &mut Wanted, planner: &Planner, parent: &str) -> Result<(), Stop> {
    // What is no custom resource with a name needs nothing: the plan says what is wrong with it.
    let Ok(document) = planner.requirements(parent)? else { return Ok(()) };
    let selectors: Vec<Selector> = component::typed(&document)?;
    for selector in selectors {
        let list =
            List { api: selector.api_version, kind: selector.kind, resource: selector.resource, namespace: selector.namespace };
        let names = selector.names;
        let entry = wanted.entry(list).or_insert_with(|| Some(BTreeSet::new()));
        match entry {
            Some(_) if names.is_empty() => *entry = None,
            Some(known) => known.extend(names),
            None => {}
        }
    }
    Ok(())
}

async fn lists(cluster: &Cluster, wanted: &Wanted) -> Result<BTreeMap<List, Read>, Stop> {
    let each = each(wanted);
    let reads = each.iter().map(|(list, names)| async move { read(cluster, list, names.as_ref()).await });
    let mut lists = BTreeMap::new();
    let mut reads = stream::iter(reads).buffer_unordered(AT_ONCE);
    while let Some((list, read)) = reads.try_next().await? {
        let known = lists.remove(&list);
        lists.insert(list, joined(known, read));
    }
    Ok(lists)
}

/// The requests for what is wanted. Namespaces are read one by one: hardly anybody may list them all.
fn each(wanted: &Wanted) -> Vec<(List, Option<BTreeSet<String>>)> {
    let mut each = Vec::new();
    for (list, names) in wanted {
        match names {
            Some(names) if list.kind == "Namespace" => {
                each.extend(names.iter().map(|name| (list.clone(), Some(BTreeSet::from([name.clone()])))));
            }
            names => each.push((list.clone(), names.clone())),
        }
    }
    each
}

/// Two parts of a list; what is refused is unknown as a whole.
fn joined(known: Option<Read>, read: Read) -> Read {
    match (known, read) {
        (Some(Read::Items(mut known)), Read::Items(items)) => {
            known.extend(items);
            Read::Items(known)
        }
        (Some(refused @ Read::Refused(_)), _) => refused,
        (_, read) => read,
    }
}

/// All pages of a list. A refusal is a result: the component decides what cannot be decided without it.
async fn read(cluster: &Cluster, list: &List, names: Option<&BTreeSet<String>>) -> Result<(List, Read), Stop> {
    for _ in 0..RESTARTS {
        let mut items = Vec::new();
        let mut next = String::new();
        loop {
            let mut call = list.call(names);
            if !next.is_empty() {
                call = call.with("continue", next);
            }
            let answer = cluster.call(&call).await?;
            match answer.code {
                200 => {}
                410 => break,
                403 => return Ok((list.clone(), Read::Refused(refused(&call, &answer)))),
                404 if list.kind == CONTROLLER => return Ok((list.clone(), Read::Items(Vec::new()))),
                404 => return Err(Stop::Host(list.not_installed())),
                _ => return Err(refused(&call, &answer).into()),
            }
            let page: Page = serde_json::from_str(&answer.body)
                .map_err(|error| Stop::Host(format!("{} is answered by what is no list: {error}", call.name())))?;
            items.extend(page.items.unwrap_or_default());
            next = page.metadata.next;
            if next.is_empty() {
                return Ok((list.clone(), Read::Items(items)));
            }
        }
    }
    Err(Stop::Host(format!("{} changes faster than it can be read", list.resource)))
}

impl List {
    fn path(&self) -> String {
        let root = root(&self.api);
        match self.namespace.as_str() {
            "" => format!("{root}/{}", self.resource),
            namespace => format!("{root}/namespaces/{namespace}/{}", self.resource),
        }
    }

    /// The request for its first page.
    fn call(&self, names: Option<&BTreeSet<String>>) -> Call {
        let call = Call::get(self.path()).with("limit", PAGE);
        let only = names.filter(|names| names.len() == 1).and_then(BTreeSet::first).filter(|_| self.namespace.is_empty());
        match only {
            // Whoever may list one object by name may not have to list them all.
            Some(name) => call.with("fieldSelector", format!("metadata.name={name}")),
            None => call,
        }
    }

    fn refusal(&self, trouble: Trouble) -> Refusal {
        Refusal { kind: self.kind.clone(), namespace: self.namespace.clone(), message: trouble.message }
    }

    fn not_installed(&self) -> String {
        let what = format!("the cluster has no {} of {}", self.resource, self.api);
        match self.api.as_str() {
            GROUP => format!(
                "{what}: install the CustomResourceDefinitions with `modelwright crds | kubectl apply --server-side -f -`"
            ),
            _ => format!("{what}: install Istio, or at least its CustomResourceDefinitions"),
        }
    }
}

fn gathered(read: BTreeMap<List, Read>, wanted: &Wanted) -> Result<Observed, Stop> {
    let mut observed = Observed::default();
    let mut objects = String::from("[");
    let mut unreadable: Vec<String> = Vec::new();
    let everywhere = |list: &List| list.kind == "Endpoint" && list.namespace.is_empty();
    let has_all_endpoints = read.iter().any(|(list, outcome)| everywhere(list) && matches!(outcome, Read::Items(_)));
    for (list, outcome) in read {
        match outcome {
            // They are among those of all namespaces, and were read earlier.
            Read::Items(_) if has_all_endpoints && list.kind == "Endpoint" && !everywhere(&list) => {}
            // The namespace's own are read in any case; who may not see the others is content with those.
            Read::Refused(_) if everywhere(&list) => {}
            Read::Refused(trouble) => {
                unreadable
                    .push(format!(r#"{{"apiVersion":"{}","kind":"{}","namespace":"{}"}}"#, list.api, list.kind, list.namespace));
                if list.kind != CONTROLLER {
                    observed.refusals.push(list.refusal(trouble));
                }
            }
            Read::Items(items) => {
                let names = wanted.get(&list).and_then(Option::as_ref);
                let mut found = BTreeSet::new();
                for item in &items {
                    let Item { api, metadata: Metadata { name, .. } } = described(item.get());
                    if names.is_none_or(|names| names.contains(&name)) {
                        add(&mut objects, item.get(), &list, api.is_some());
                        found.insert(name);
                    }
                }
                if list.kind == "Namespace" {
                    let missing = names.into_iter().flatten().filter(|name| !found.contains(*name));
                    observed.missing_namespaces.extend(missing.cloned());
                }
            }
        }
    }
    objects.push(']');
    observed.objects = objects;
    observed.unreadable = format!("[{}]", unreadable.join(","));
    Ok(observed)
}

/// The little that is looked at; without a kind: items of a list of a built-in kind have none.
fn described(item: &str) -> Item<'_> {
    serde_json::from_str(item).unwrap_or_default()
}

fn add(objects: &mut String, item: &str, list: &List, is_typed: bool) {
    if objects.len() > 1 {
        objects.push(',');
    }
    match item.strip_prefix('{') {
        Some(rest) if !is_typed => {
            objects.push_str(&format!(r#"{{"apiVersion":"{}","kind":"{}","#, list.api, list.kind));
            objects.push_str(rest);
        }
        _ => objects.push_str(item),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn list(api: &str, kind: &str, resource: &str, namespace: &str) -> List {
        List { api: api.into(), kind: kind.into(), resource: resource.into(), namespace: namespace.into() }
    }

    fn raw(text: &str) -> Box<RawValue> {
        RawValue::from_string(text.into()).expect("JSON")
    }

    #[test]
    fn items_say_their_kind_and_are_those_that_were_asked_for() {
        let services = list("v1", "Service", "services", "shop");
        let routes = list("networking.istio.io/v1", "VirtualService", "virtualservices", "shop");
        let read = BTreeMap::from([
            (services.clone(), Read::Items(vec![raw(r#"{"metadata":{"name":"a"}}"#), raw(r#"{"metadata":{"name":"b"}}"#)])),
            (routes.clone(), Read::Items(vec![raw(r#"{"apiVersion":"networking.istio.io/v1","kind":"VirtualService"}"#)])),
        ]);
        let wanted = Wanted::from([(services, Some(BTreeSet::from(["b".to_owned()]))), (routes, None)]);
        let observed = gathered(read, &wanted).expect("an observation");
        assert_eq!(
            observed.objects,
            r#"[{"apiVersion":"networking.istio.io/v1","kind":"VirtualService"},{"apiVersion":"v1","kind":"Service","metadata":{"name":"b"}}]"#
        );
        assert_eq!(observed.unreadable, "[]");
    }

    #[test]
    fn a_refused_list_is_unknown_not_empty() {
        let refusal = || Read::Refused(Trouble { code: 403, message: "no".into() });
        let volumes = list("v1", "PersistentVolume", "persistentvolumes", "");
        let controllers = list("metacontroller.k8s.io/v1alpha1", CONTROLLER, "compositecontrollers", "");
        let everywhere = list(GROUP, "Endpoint", "endpoints", "");
        let read = BTreeMap::from([(volumes, refusal()), (everywhere, refusal()), (controllers, refusal())]);
        let observed = gathered(read, &Wanted::new()).expect("an observation");
        assert_eq!(
            observed.unreadable,
            r#"[{"apiVersion":"metacontroller.k8s.io/v1alpha1","kind":"CompositeController","namespace":""},{"apiVersion":"v1","kind":"PersistentVolume","namespace":""}]"#
        );
        assert_eq!(observed.refusals.len(), 1);
        assert_eq!((observed.refusals[0].kind.as_str(), observed.refusals[0].message.as_str()), ("PersistentVolume", "no"));
    }

    #[test]
    fn paths_are_those_of_the_api_server() {
        assert_eq!(list("v1", "Service", "services", "a").path(), "/api/v1/namespaces/a/services");
        assert_eq!(list("apps/v1", "Deployment", "deployments", "").path(), "/apis/apps/v1/deployments");
    }
}
