//! A namespace of any size, settled on the simulated cluster: for benches and for the limits of growth.

use modelwright::files;
use modelwright::forecast::plan_of;
use modelwright::json::Limits;
use modelwright::simulate::Cluster;
use modelwright::table::Table;
use serde_json::{Value, json};

/// More rounds than a first roll-out needs.
const ROUND_LIMIT: usize = 10;
/// Models that share a config, which has one Endpoint.
const SHARE: usize = 5;

/// The request of a plan for a namespace with `models` Models in which nothing is left to do.
pub fn crowd(models: usize) -> Result<String, String> {
    settled(models).map(|(request, _)| request)
}

/// The request of reconciling the first Endpoint in a settled namespace: what `requirements` names for it, with `models` Models.
pub fn neighbours(models: usize) -> Result<String, String> {
    let (_, cluster) = settled(2)?;
    let objects: Vec<&Value> = cluster.objects().values().filter(|object| is_read_by_an_endpoint(object)).collect();
    let (parents, mut related): (Vec<Value>, Vec<Value>) =
        objects.into_iter().cloned().partition(|object| object["kind"] == "Endpoint");
    let model = related.iter().find(|object| object["kind"] == "Model").cloned().ok_or("there is no Model")?;
    related.retain(|object| object["kind"] != "Model");
    for number in 0..models {
        let mut model = model.clone();
        model["metadata"]["name"] = format!("m-{number}").into();
        model["metadata"]["uid"] = format!("model-{number}").into();
        related.push(model);
    }
    let parent = parents.into_iter().next().ok_or("there is no Endpoint")?;
    Ok(json!({"parent": parent, "children": [], "related": related}).to_string())
}

fn is_read_by_an_endpoint(object: &Value) -> bool {
    ["Model", "Endpoint", "EndpointConfig", "VirtualService", "Gateway"].iter().any(|kind| object["kind"] == *kind)
}

fn settled(models: usize) -> Result<(String, Cluster), String> {
    let files: Vec<Value> = (0..models).flat_map(|number| resources(number, models)).collect();
    let mut cluster = Cluster::new(Table::default());
    for _ in 0..ROUND_LIMIT {
        let request = request(&files, &cluster);
        let seen = files::observe(&request, &Limits { values: usize::MAX, bytes: usize::MAX, ..Limits::DEFAULT })
            .map_err(|failure| format!("{failure:?}"))?;
        let plan = plan_of(&seen);
        if plan.actions.is_empty() {
            return Ok((request, cluster));
        }
        for action in &plan.actions {
            cluster.perform(&action.request);
        }
        for request in plan.statuses.iter().filter_map(|status| status.request.as_ref()) {
            cluster.perform(request);
        }
        cluster.settle();
    }
    Err(format!("after {ROUND_LIMIT} rounds something still changes"))
}

fn request(files: &[Value], cluster: &Cluster) -> String {
    let observed: Vec<&Value> = cluster.objects().values().collect();
    json!({"resources": files, "observed": observed, "policy": {"staticVolumes": "any"}}).to_string()
}

/// A Model, and with the first of those that share one a config with an Endpoint.
fn resources(number: usize, models: usize) -> Vec<Value> {
    let metadata = |name: String| json!({"name": name, "namespace": "crowd"});
    let object = |kind: &str, name: String, spec: Value| json!({"apiVersion": "mlops.internal/v1alpha1", "kind": kind, "metadata": metadata(name), "spec": spec});
    let model = object(
        "Model",
        format!("m-{number}"),
        json!({
            "image": "registry.example.com/titanic:1.4.2",
            "artifact": {
                "uri": format!("https://models.example.com/titanic/{number}.tar.gz"),
                "sha256": "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
            },
            "storage": {"size": "10Gi", "nfs": {"server": "nfs.example.internal", "path": format!("/exports/{number}")}},
        }),
    );
    if !number.is_multiple_of(SHARE) {
        return vec![model];
    }
    let variants: Vec<Value> = (number..models.min(number + SHARE))
        .map(|shared| json!({"name": format!("v-{shared}"), "model": format!("m-{shared}"), "weight": 20, "instances": 2}))
        .collect();
    let config = object("EndpointConfig", format!("c-{number}"), json!({"models": variants}));
    let endpoint = object(
        "Endpoint",
        format!("e-{number}"),
        json!({
            "config": format!("c-{number}"), "host": format!("m-{number}.example.com"),
            "gateway": {"selector": {"istio": "ingressgateway"}},
        }),
    );
    vec![model, config, endpoint]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_neighbourhood_has_nothing_to_do() {
        let request = neighbours(3).expect("it settles");
        let answer: Value = serde_json::from_str(&modelwright::contract::call("reconcile", &request)).expect("JSON");
        assert_eq!(answer["ok"]["plan"]["actions"], json!([]));
        assert_eq!(answer["ok"]["status"]["state"], json!("available"));
    }

    #[test]
    fn a_crowd_settles() {
        let request = crowd(4).expect("it settles");
        let plan: Value = serde_json::from_str(&modelwright::contract::plan(&request).expect("a plan")).expect("JSON");
        assert_eq!(plan["actions"], json!([]));
        assert_eq!(plan["waiting"], json!([]));
        assert_eq!(plan["summary"]["unchanged"], json!(4 * 4 + 2 + 4 + 1 + 1));
    }
}
