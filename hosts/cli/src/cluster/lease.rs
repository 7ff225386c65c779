//! One writer for each namespace: a Lease named `modelwright`, taken before the first write, renewed while it is held, deleted after the
//! last write. One that its holder no longer renews is taken over.
//!
//! Shape and meaning of the fields: <https://kubernetes.io/docs/concepts/architecture/leases/>.

use super::call::{Answer, Call, Trouble, refused};
use super::connect::Cluster;
use crate::stop::Stop;
use jiff::Timestamp;
use serde::Deserialize;
use serde_json::json;
use std::time::{Duration, Instant};

const NAME: &str = "modelwright";
/// A holder that has not renewed for this long is gone.
const SECONDS: u64 = 15;
/// How often a holder renews.
pub const RENEWAL: Duration = Duration::from_secs(5);
/// What the API server says to a new object in a namespace that is being deleted.
const TERMINATING: &str = "because it is being terminated";
/// How often one that waits looks again.
const LOOK: Duration = Duration::from_millis(500);

/// A Lease that is held.
#[derive(Clone, Debug)]
pub struct Lease {
    namespace: String,
    holder: String,
    uid: String,
    version: String,
}

/// The parts of a Lease that matter here.
#[derive(Debug, Default, Deserialize, PartialEq, Eq, Clone)]
#[serde(default)]
struct Found {
    metadata: Metadata,
    spec: Spec,
}

#[derive(Debug, Default, Deserialize, PartialEq, Eq, Clone)]
#[serde(default, rename_all = "camelCase")]
struct Metadata {
    uid: String,
    resource_version: String,
}

#[derive(Debug, Default, Deserialize, PartialEq, Eq, Clone)]
#[serde(default, rename_all = "camelCase")]
struct Spec {
    holder_identity: Option<String>,
    lease_duration_seconds: Option<u64>,
}

/// Who this process is, among all that may hold a Lease.
pub fn identity() -> String {
    let host = std::fs::read_to_string("/proc/sys/kernel/hostname").or_else(|_| std::env::var("HOSTNAME")).unwrap_or_default();
    let host = if host.trim().is_empty() { "unknown" } else { host.trim() };
    format!("{host}/{}/{}", std::process::id(), Timestamp::now().as_nanosecond())
}

/// Takes the Lease of a namespace, and waits while another holds it. `say` is told once who that is. A namespace that is being deleted
/// takes no new object, so nobody can have one there and nothing can be made there by anyone.
pub async fn take(cluster: &Cluster, namespace: &str, holder: &str, say: &mut dyn FnMut(&str)) -> Result<Option<Lease>, Stop> {
    let mut seen: Option<(Found, Instant)> = None;
    loop {
        let answer = cluster.call(&create(namespace, holder)).await?;
        match answer.code {
            200 | 201 => return held(namespace, holder, &answer).map(Some),
            409 => {}
            403 if answer.body.contains(TERMINATING) => return Ok(None),
            404 => return Err(Stop::Host(format!("namespace {namespace} does not exist: {}", answer.message()))),
            _ => return Err(refused(&create(namespace, holder), &answer).into()),
        }
        let answer = cluster.call(&Call::get(one(namespace))).await?;
        if answer.code == 404 {
            continue;
        }
        if !answer.is_fine() {
            return Err(refused(&Call::get(one(namespace)), &answer).into());
        }
        let found: Found = parse(&answer)?;
        let other = found.spec.holder_identity.clone().unwrap_or_default();
        if seen.as_ref().is_none_or(|(before, _)| *before != found) {
            if seen.is_none() && !other.is_empty() && other != holder {
                say(&format!("another run ({other}) is at work in namespace {namespace}: waiting for it"));
            }
            seen = Some((found.clone(), Instant::now()));
        }
        // Nobody's clock but ours counts: a holder is gone when we saw no renewal for as long as it promised.
        let promised = Duration::from_secs(found.spec.lease_duration_seconds.unwrap_or(SECONDS));
        let waited = seen.as_ref().map_or(Duration::ZERO, |(_, since)| since.elapsed());
        if other.is_empty() || other == holder || waited > promised {
            let call = replace(namespace, holder, &found.metadata);
            let answer = cluster.call(&call).await?;
            match answer.code {
                200 => return held(namespace, holder, &answer).map(Some),
                404 | 409 => continue,
                _ => return Err(refused(&call, &answer).into()),
            }
        }
        tokio::time::sleep(LOOK).await;
    }
}

impl Lease {
    /// Renews it. An error says that it is lost: then nothing may be written any more.
    pub async fn renew(&mut self, cluster: &Cluster) -> Result<(), Stop> {
        let metadata = Metadata { uid: self.uid.clone(), resource_version: self.version.clone() };
        let call = replace(&self.namespace, &self.holder, &metadata);
        let answer = cluster.call(&call).await?;
        match answer.code {
            200 => *self = held(&self.namespace, &self.holder, &answer)?,
            // A renewal whose answer was lost is ours all the same.
            404 | 409 if !self.is_still_ours(cluster).await? => {
                return Err(Stop::Host(format!(
                    "another run has taken over namespace {}: nothing more is written",
                    self.namespace
                )));
            }
            404 | 409 => {}
            _ => return Err(refused(&call, &answer).into()),
        }
        Ok(())
    }

    async fn is_still_ours(&mut self, cluster: &Cluster) -> Result<bool, Trouble> {
        let answer = cluster.call(&Call::get(one(&self.namespace))).await?;
        let found: Found = serde_json::from_str(&answer.body).unwrap_or_default();
        let ours = answer.is_fine() && found.spec.holder_identity.as_deref() == Some(self.holder.as_str());
        if ours {
            self.version = found.metadata.resource_version;
        }
        Ok(ours)
    }

    /// Gives it back. Nothing but the time of the next run depends on whether that succeeds: nobody renews it any more.
    pub async fn release(self, cluster: &Cluster) -> Result<(), Trouble> {
        let body = json!({"preconditions": {"uid": self.uid, "resourceVersion": self.version}});
        let call = Call::new("DELETE", one(&self.namespace)).json(&body);
        let answer = cluster.call(&call).await?;
        match answer.code {
            // Gone, or somebody else's by now.
            404 | 409 => Ok(()),
            _ if answer.is_fine() => Ok(()),
            _ => Err(refused(&call, &answer)),
        }
    }
}

/// Every request that is made for the Lease of a namespace.
pub fn calls(namespace: &str) -> [Call; 4] {
    let metadata = Metadata::default();
    [create(namespace, ""), Call::get(one(namespace)), replace(namespace, "", &metadata), Call::new("DELETE", one(namespace))]
}

fn held(namespace: &str, holder: &str, answer: &Answer) -> Result<Lease, Stop> {
    let found: Found = parse(answer)?;
    let Metadata { uid, resource_version: version } = found.metadata;
    Ok(Lease { namespace: namespace.into(), holder: holder.into(), uid, version })
}

fn parse(answer: &Answer) -> Result<Found, Stop> {
    serde_json::from_str(&answer.body).map_err(|error| Stop::Host(format!("a Lease cannot be read: {error}")))
}

fn all(namespace: &str) -> String {
    format!("/apis/coordination.k8s.io/v1/namespaces/{namespace}/leases")
}

fn one(namespace: &str) -> String {
    format!("{}/{NAME}", all(namespace))
}

fn create(namespace: &str, holder: &str) -> Call {
    Call::new("POST", all(namespace)).json(&body(holder, &Metadata::default()))
}

/// Guarded by the resourceVersion, so that of two that take over only one succeeds.
fn replace(namespace: &str, holder: &str, metadata: &Metadata) -> Call {
    Call::new("PUT", one(namespace)).json(&body(holder, metadata))
}

fn body(holder: &str, metadata: &Metadata) -> serde_json::Value {
    let now = format!("{:.6}", Timestamp::now());
    let mut body = json!({
        "apiVersion": "coordination.k8s.io/v1",
        "kind": "Lease",
        "metadata": {"name": NAME},
        "spec": {"holderIdentity": holder, "leaseDurationSeconds": SECONDS, "renewTime": now},
    });
    if !metadata.uid.is_empty() {
        body["metadata"]["uid"] = metadata.uid.as_str().into();
        body["metadata"]["resourceVersion"] = metadata.resource_version.as_str().into();
    }
    body
}
