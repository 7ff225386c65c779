//! Rules and defaults of a Model.

use super::endpoint::{check_labels, labels};
use super::endpoint_config::{bytes, figure};
use super::grammar;
use super::structure::name;
use super::valid::{Artifact, Figures, Meta, Model, Pod, Security, Server, Source, Storage, Volume};
use crate::diagnostic::{Diagnostic, shown};
use crate::json::{object, pointer};
use crate::list::Listed;
use crate::names;
use crate::observation::{at, items, text};
use crate::quantity::Quantity;
use crate::search::has;
use alloc::borrow::ToOwned;
use alloc::string::String;
use alloc::vec::Vec;
use serde_json::{Map, Value};

/// Ports of the sidecars and of Istio's proxy.
const SIDECAR_PORTS: [u64; 3] = [2020, 2021, 5140];
const ISTIO_PORTS: core::ops::RangeInclusive<u64> = 15000..=15090;
/// Volumes of the rendered pod.
const OUR_VOLUMES: [&str; 8] =
    ["store", "config", "init-tmp", "model-tmp", "nginx-tmp", "fluent-bit-tmp", "capture", "credentials"];
const SOURCES: [&str; 7] = ["configMap", "secret", "projected", "downwardAPI", "emptyDir", "persistentVolumeClaim", "ephemeral"];
const POD_SPEC: [&str; 8] = [
    "nodeSelector",
    "tolerations",
    "affinity",
    "topologySpreadConstraints",
    "serviceAccountName",
    "imagePullSecrets",
    "priorityClassName",
    "runtimeClassName",
];

type Found = Vec<Diagnostic>;

/// Reads a spec whose structure was walked; rules that it breaks are added to `found`.
pub fn read(meta: &Meta, spec: &Value, found: &mut Found) -> Option<Model> {
    image(spec, found);
    arguments(spec, found);
    environment(spec, found);
    let artifact = artifact(spec, found);
    let server = server(spec, found);
    let storage = storage(spec, artifact.as_ref(), found);
    let pod = pod(spec, found);
    let figures = figures(spec, found);
    let capture = capture(spec, found);
    let path = at(spec, &["modelPath"]).as_str().unwrap_or("/opt/ml/model");
    if !grammar::is_file_path(path) || matches!(path.trim_end_matches('/'), "" | "/tmp" | "/etc/mlops") {
        let message = format!("modelPath {} must be an absolute path without \"..\"", shown(path));
        found.push(Diagnostic::error("InvalidPath", "/spec/modelPath", message));
    }
    let profile = at(spec, &["profile"]).as_str();
    if let Some(name) = profile.filter(|name| !names::is_label(name)) {
        let message = format!("profile {} must be lower-case letters, digits and -", shown(name));
        found.push(Diagnostic::error("InvalidName", "/spec/profile", message));
    }
    let strings = |field| items(spec, &[field]).iter().filter_map(Value::as_str).map(String::from).listed();
    Some(Model {
        meta: meta.clone(),
        image: text(spec, &["image"]).into(),
        command: strings("command"),
        args: strings("args"),
        env: items(spec, &["env"]).iter().map(without_nulls).listed(),
        artifact: artifact?,
        model_path: path.into(),
        server: server?,
        storage: storage?,
        capture,
        figures: figures?,
        pod,
        profile: profile.map(String::from),
    })
}

fn image(spec: &Value, found: &mut Found) {
    let image = text(spec, &["image"]);
    if image.is_empty() {
        return;
    }
    if !grammar::is_image(image) {
        let message = format!("image {} is not an image reference", shown(image));
        found.push(Diagnostic::error("InvalidImage", "/spec/image", message));
    } else if grammar::is_floating(image) {
        let message = format!("image {} has no fixed tag or digest, so pods may run different versions", shown(image));
        found.push(Diagnostic::warning("FloatingImage", "/spec/image", message));
    }
}

fn arguments(spec: &Value, found: &mut Found) {
    for field in ["command", "args"] {
        let mut length = 0usize;
        for (index, argument) in items(spec, &[field]).iter().filter_map(Value::as_str).enumerate() {
            length = length.saturating_add(argument.len());
            if has(argument, '\0') {
                let path = format!("/spec/{field}/{index}");
                found.push(Diagnostic::error("InvalidValue", &path, format!("{field}[{index}] has a NUL character")));
            }
        }
        if length >= 128 << 10 {
            let message = format!("{field} is longer than 128 KiB");
            found.push(Diagnostic::error("OutOfRange", &format!("/spec/{field}"), message));
        }
    }
}

fn environment(spec: &Value, found: &mut Found) {
    let mut seen: Vec<&str> = Vec::new();
    for (index, entry) in items(spec, &["env"]).iter().enumerate() {
        let (path, variable) = (format!("/spec/env/{index}/name"), text(entry, &["name"]));
        if variable == "SAGEMAKER_BIND_TO_PORT" {
            found.push(Diagnostic::error("Reserved", &path, "env \"SAGEMAKER_BIND_TO_PORT\" is reserved"));
        } else if !variable.is_empty() && !grammar::is_env_name(variable) {
            let message = format!("env {} must be letters, digits and _", shown(variable));
            found.push(Diagnostic::error("InvalidName", &path, message));
        } else if seen.contains(&variable) {
            found.push(Diagnostic::error("Duplicate", &path, format!("env {} is used twice", shown(variable))));
        }
        seen.push(variable);
        if !at(entry, &["value"]).is_null() && !at(entry, &["valueFrom"]).is_null() {
            let message = format!("env {} has both value and valueFrom", shown(variable));
            found.push(Diagnostic::error("InvalidValue", &format!("/spec/env/{index}"), message));
        }
    }
}

fn artifact(spec: &Value, found: &mut Found) -> Option<Artifact> {
    let artifact = at(spec, &["artifact"]);
    let source = source(text(artifact, &["uri"]), found);
    let https = text(artifact, &["uri"]).starts_with("https://");
    let sha256 = at(artifact, &["sha256"]).as_str();
    match sha256 {
        Some(_) if !https => {
            found.push(Diagnostic::error(
                "InvalidDigest",
                "/spec/artifact/sha256",
                "artifact.sha256 can be checked for https only",
            ));
        }
        Some(digest) if !grammar::is_sha256(digest) => {
            found.push(Diagnostic::error("InvalidDigest", "/spec/artifact/sha256", "artifact.sha256 must be 64 hex digits"));
        }
        None if https => {
            let message = "artifact.sha256 is absent: a changed object behind this URI would go unnoticed";
            found.push(Diagnostic::warning("NoDigest", "/spec/artifact", message));
        }
        _ => {}
    }
    let secret = text(artifact, &["secretRef", "name"]);
    if !secret.is_empty() && !names::is_subdomain(secret) {
        let message = format!("artifact.secretRef.name {} is not a Secret name", shown(secret));
        found.push(Diagnostic::error("InvalidName", "/spec/artifact/secretRef/name", message));
    }
    let downloads = matches!(source, Some(Source::Download(_)));
    if source.is_some() && !downloads && !at(artifact, &["maxBytes"]).is_null() {
        let message = "artifact.maxBytes is for downloads only";
        found.push(Diagnostic::error("NotUsed", "/spec/artifact/maxBytes", message));
    }
    let max_bytes = bytes(artifact, "maxBytes", "/spec/artifact", found).map_or(10 << 30, |size| size.units_ceil());
    Some(Artifact {
        source: source?,
        sha256: sha256.map(String::from),
        max_bytes,
        secret: (!secret.is_empty()).then(|| secret.into()),
    })
}

fn source(uri: &str, found: &mut Found) -> Option<Source> {
    if uri.is_empty() {
        return None;
    }
    let result = parse_source(uri);
    if let Err(message) = &result {
        found.push(Diagnostic::error("InvalidUri", "/spec/artifact/uri", message.clone()));
    }
    result.ok()
}

fn parse_source(uri: &str) -> Result<Source, String> {
    let Some((scheme, rest)) = grammar::scheme(uri) else {
        return Err(format!("artifact.uri {} is not a URI", shown(&redacted(uri))));
    };
    if !matches!(scheme, "https" | "s3" | "gs" | "hf" | "pvc" | "oci") {
        return Err(format!("artifact scheme {} is not allowed", shown(scheme)));
    }
    let odd = |c: char| c.is_ascii_whitespace() || c.is_control() || !c.is_ascii() || has("\\#`\"<>{}|^", c);
    let authority = rest.split(['/', '?']).next().unwrap_or("");
    let encoded = uri.to_ascii_lowercase();
    let hidden = encoded.split('%').skip(1).any(|rest| ["00", "0a", "0d", "09"].iter().any(|code| rest.starts_with(code)));
    if uri.contains(odd)
        || hidden
        || has(authority, '@') && scheme != "oci"
        || uri.split('$').skip(1).any(|rest| rest.starts_with('('))
    {
        return Err("artifact.uri must have no user info, fragment, backslash, space or control character".into());
    }
    match scheme {
        "https" => https(uri, authority),
        "pvc" => claim(rest),
        "hf" if !is_hf(rest) => Err("artifact.uri must be hf://owner/model or hf://owner/model:revision".into()),
        "oci" if grammar::is_image(rest) => Ok(Source::Image(rest.into())),
        "oci" => Err(format!("artifact image {} is not an image reference", shown(rest))),
        _ if authority.is_empty() || !bucket(authority) => Err(format!("artifact.uri has no valid {scheme} bucket or owner")),
        _ => Ok(Source::Download(uri.into())),
    }
}

/// KServe's library takes exactly an owner, a model and an optional revision.
fn is_hf(rest: &str) -> bool {
    let Some((owner, model)) = rest.split_once('/') else { return false };
    let (model, revision) = model.split_once(':').unwrap_or((model, "main"));
    [owner, model, revision].into_iter().all(|part| !part.is_empty() && bucket(part))
}

fn bucket(name: &str) -> bool {
    name.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"._-".contains(&byte)) && !name.starts_with(['.', '-'])
}

fn https(uri: &str, authority: &str) -> Result<Source, String> {
    let (host, port) = match authority.rsplit_once(':') {
        Some((host, port)) if !authority.ends_with(']') => (host, Some(port)),
        _ => (authority, None),
    };
    let host = host.to_ascii_lowercase();
    let port_ok = port.is_none_or(|port| port.parse::<u32>().is_ok_and(|port| (1..=65535).contains(&port)));
    let bare = host.trim_end_matches('.');
    let inside = grammar::is_cluster_name(bare) || bare == "metadata.google.internal" || grammar::is_ip(bare);
    if inside || !grammar::is_fqdn(&host) || !port_ok {
        return Err(format!("artifact host {} is not allowed", shown(authority)));
    }
    Ok(Source::Download(uri.into()))
}

fn claim(rest: &str) -> Result<Source, String> {
    let (claim, path) = rest.split_once('/').unwrap_or((rest, ""));
    let path = path.trim_end_matches('/');
    if !names::is_subdomain(claim) || !(path.is_empty() || grammar::is_file_path(&format!("/{path}"))) || has(path, '%') {
        return Err(format!("artifact claim {} is not a claim and path", shown(rest)));
    }
    Ok(Source::Claim { claim: claim.into(), path: path.into() })
}

/// A URI without user info and query: both may be secrets.
fn redacted(uri: &str) -> String {
    let bare = uri.split('?').next().unwrap_or("");
    bare.rsplit_once('@').map_or_else(|| bare.into(), |(_, rest)| format!("…@{rest}"))
}

fn server(spec: &Value, found: &mut Found) -> Option<Server> {
    let server = at(spec, &["server"]);
    let port = at(server, &["port"]).as_u64().unwrap_or(8080);
    if SIDECAR_PORTS.contains(&port) || ISTIO_PORTS.contains(&port) {
        let message = format!("server.port {port} is used by a sidecar");
        found.push(Diagnostic::error("Reserved", "/spec/server/port", message));
    }
    let path = |field: &str, default: &str, found: &mut Found| {
        let path = at(server, &[field]).as_str().unwrap_or(default);
        let pointer = format!("/spec/server/{field}");
        if !grammar::is_url_path(path) {
            let message = format!("server.{field} {} must be an absolute path of letters, digits and ._~-", shown(path));
            found.push(Diagnostic::error("InvalidPath", &pointer, message));
        } else if path == "/monitoring" || path.starts_with("/monitoring/") {
            found.push(Diagnostic::error("Reserved", &pointer, format!("server.{field} {} is reserved", shown(path))));
        }
        path.to_owned()
    };
    let ping_path = path("pingPath", "/ping", found);
    let invocations_path = path("invocationsPath", "/invocations", found);
    if ping_path == invocations_path {
        let message = "server.pingPath and server.invocationsPath must differ";
        found.push(Diagnostic::error("Duplicate", "/spec/server/invocationsPath", message));
    }
    let timeout = at(server, &["startupTimeoutSeconds"]).as_u64().unwrap_or(600);
    Some(Server {
        port: u16::try_from(port).ok()?,
        ping_path,
        invocations_path,
        startup_timeout_seconds: u32::try_from(timeout).ok()?,
    })
}

fn storage(spec: &Value, artifact: Option<&Artifact>, found: &mut Found) -> Option<Storage> {
    let storage = at(spec, &["storage"]);
    if let Some(kept) = artifact.filter(|artifact| !matches!(artifact.source, Source::Download(_))) {
        if !storage.is_null() {
            let scheme = if matches!(kept.source, Source::Image(_)) { "an oci" } else { "a pvc" };
            let message = format!("storage is not used with {scheme} artifact");
            found.push(Diagnostic::error("NotUsed", "/spec/storage", message));
        }
        return Some(Storage::None);
    }
    let sources = ["nfs", "csi", "hostPath", "storageClassName", "existingClaim", "ephemeral"];
    let given: Vec<&str> = sources.into_iter().filter(|source| !at(storage, &[source]).is_null()).listed();
    if given.len() > 1 {
        let message = format!("storage must have exactly one source, not {}", given.join(" and "));
        found.push(Diagnostic::error("StorageSource", "/spec/storage", message));
        return None;
    }
    let size = bytes(storage, "size", "/spec/storage", found).or_else(|| Quantity::parse("10Gi"))?;
    if let Some(artifact) = artifact
        && size.units_ceil() < artifact.max_bytes
    {
        let message = format!("storage.size {} is smaller than artifact.maxBytes", size.canonical());
        found.push(Diagnostic::warning("SmallStorage", "/spec/storage/size", message));
    }
    match given.first().copied() {
        Some("existingClaim") => existing_claim(storage, found),
        Some("ephemeral") => {
            let class = at(storage, &["ephemeral", "storageClassName"]).as_str();
            not_used(storage, "accessModes", "ephemeral", found);
            if let Some(class) = class {
                class_name(class, "/spec/storage/ephemeral/storageClassName", found);
            }
            Some(Storage::Ephemeral { size, class: class.map(String::from) })
        }
        given => {
            let volume = volume(storage, given, found)?;
            let access_modes = access_modes(storage, &volume, found);
            Some(Storage::Claim { size, access_modes, volume })
        }
    }
}

fn existing_claim(storage: &Value, found: &mut Found) -> Option<Storage> {
    let name = text(storage, &["existingClaim"]);
    class_name(name, "/spec/storage/existingClaim", found);
    not_used(storage, "size", "existingClaim", found);
    not_used(storage, "accessModes", "existingClaim", found);
    Some(Storage::ExistingClaim { name: name.into() })
}

fn not_used(storage: &Value, field: &str, source: &str, found: &mut Found) {
    if !at(storage, &[field]).is_null() {
        let message = format!("storage.{field} is not used with storage.{source}");
        found.push(Diagnostic::error("NotUsed", &format!("/spec/storage/{field}"), message));
    }
}

fn class_name(given: &str, path: &str, found: &mut Found) {
    if !names::is_subdomain(given) {
        let message = format!("{} {} is not a name", name(path), shown(given));
        found.push(Diagnostic::error("InvalidName", path, message));
    }
}

fn volume(storage: &Value, source: Option<&str>, found: &mut Found) -> Option<Volume> {
    let path = |source: &str, found: &mut Found| {
        let path = text(storage, &[source, "path"]);
        let dots = path.split('/').any(|segment| matches!(segment, "." | ".."));
        let whole_node = source == "hostPath" && path.trim_end_matches('/').is_empty();
        if !path.is_empty() && (!grammar::is_file_path(path) || dots || whole_node) {
            let message = format!("storage.{source}.path {} must be an absolute path without \"..\"", shown(path));
            found.push(Diagnostic::error("InvalidPath", &format!("/spec/storage/{source}/path"), message));
        }
        path.to_owned()
    };
    match source {
        Some("nfs") => {
            let server = text(storage, &["nfs", "server"]);
            let odd = |c: char| !(c.is_ascii_alphanumeric() || has(".-:", c));
            if server.contains(odd) {
                let message = format!("storage.nfs.server {} is not a host name or address", shown(server));
                found.push(Diagnostic::error("InvalidHost", "/spec/storage/nfs/server", message));
            }
            Some(Volume::Nfs { server: server.into(), path: path("nfs", found) })
        }
        Some("hostPath") => {
            let message = "hostPath storage is for one-node clusters";
            found.push(Diagnostic::warning("HostPath", "/spec/storage/hostPath", message));
            Some(Volume::HostPath { path: path("hostPath", found) })
        }
        Some("csi") => Some(Volume::Csi(without_nulls(at(storage, &["csi"])))),
        Some("storageClassName") => {
            let class = text(storage, &["storageClassName"]);
            class_name(class, "/spec/storage/storageClassName", found);
            Some(Volume::Class(class.into()))
        }
        _ => Some(Volume::DefaultClass),
    }
}

fn access_modes(storage: &Value, volume: &Volume, found: &mut Found) -> Vec<String> {
    let given: Vec<String> = items(storage, &["accessModes"]).iter().filter_map(Value::as_str).map(String::from).listed();
    if given.iter().any(|mode| mode == "ReadOnlyMany") && !given.iter().any(|mode| mode.starts_with("ReadWrite")) {
        let message = "storage.accessModes must allow writing";
        found.push(Diagnostic::error("InvalidValue", "/spec/storage/accessModes", message));
    }
    if matches!(volume, Volume::HostPath { .. }) && given.iter().any(|mode| mode == "ReadWriteMany") {
        let message = "hostPath storage is one node's: ReadWriteMany cannot be had";
        found.push(Diagnostic::error("InvalidValue", "/spec/storage/accessModes", message));
    }
    let default = if matches!(volume, Volume::Nfs { .. }) { "ReadWriteMany" } else { "ReadWriteOnce" };
    if given.is_empty() { vec![default.into()] } else { given }
}

fn capture(spec: &Value, found: &mut Found) -> Option<u8> {
    const PATH: &str = "/spec/capture/percentage";
    let given = at(spec, &["capture", "percentage"]);
    let percentage = given.as_u64().unwrap_or(100);
    if given.is_number() && !(given.is_u64() && (1..=100).contains(&percentage)) {
        // One sentence in place of those about type and bounds.
        found.retain(|diagnostic| diagnostic.path != PATH);
        let message = format!("capture.percentage {} must be a whole number from 1 to 100", crate::written::json(given));
        found.push(Diagnostic::error("OutOfRange", PATH, message));
    }
    (text(spec, &["capture", "mode"]) != "Disabled").then(|| u8::try_from(percentage).unwrap_or(100))
}

fn figures(spec: &Value, found: &mut Found) -> Option<Figures> {
    Some(Figures {
        instances: u32::try_from(at(spec, &["instances"]).as_u64().unwrap_or(1)).ok()?,
        cpus: figure(spec, "cpus", "/spec", found).or_else(|| Quantity::parse("1"))?,
        memory: bytes(spec, "memory", "/spec", found).or_else(|| Quantity::parse("1Gi"))?,
        timeout_seconds: 60,
    })
}

fn pod(spec: &Value, found: &mut Found) -> Pod {
    let pod = at(spec, &["pod"]);
    for field in ["labels", "annotations"] {
        reserved_keys(at(pod, &[field]), &format!("/spec/pod/{field}"), found);
    }
    check_labels(at(pod, &["labels"]), "/spec/pod/labels", found);
    check_labels(at(pod, &["nodeSelector"]), "/spec/pod/nodeSelector", found);
    let (volumes, mounts) = volumes(items(pod, &["volumes"]), found);
    check_mounts(spec, found);
    let fields = POD_SPEC.into_iter().filter(|field| !at(pod, &[field]).is_null());
    Pod {
        labels: labels(at(pod, &["labels"])),
        annotations: labels(at(pod, &["annotations"])),
        spec: object(&mut fields.map(|field| (field.into(), without_nulls(at(pod, &[field]))))),
        resources: resources(at(pod, &["resources"]), found),
        volumes,
        mounts,
        security: security(at(pod, &["securityContext"]), found),
    }
}

fn reserved_keys(keys: &Value, path: &str, found: &mut Found) {
    for key in keys.as_object().into_iter().flat_map(Map::keys) {
        if names::RESERVED_PREFIXES.iter().any(|prefix| key.starts_with(prefix)) || key == names::CONTROLLER_UID {
            let message = format!("{} {} is reserved", name(path), shown(key));
            found.push(Diagnostic::error("Reserved", &pointer(path, key), message));
        } else if path.ends_with("/annotations") && !grammar::is_qualified_name(key) {
            let message = format!("{} {} is not a valid key", name(path), shown(key));
            found.push(Diagnostic::error("InvalidLabel", &pointer(path, key), message));
        }
    }
}

fn resources(given: &Value, found: &mut Found) -> Map<String, Value> {
    let mut resources = Map::new();
    for (key, value) in given.as_object().into_iter().flatten() {
        let path = pointer("/spec/pod/resources", key);
        if matches!(key.as_str(), "cpu" | "memory" | "ephemeral-storage") {
            let message = format!("pod.resources {} is reserved; write cpus and memory", shown(key));
            found.push(Diagnostic::error("Reserved", &path, message));
        } else if !grammar::is_qualified_name(key) {
            let message = format!("pod.resources {} is not a valid key", shown(key));
            found.push(Diagnostic::error("InvalidLabel", &path, message));
        }
        if let Some(quantity) = Quantity::from_value(value) {
            resources.insert(key.clone(), Value::from(quantity.canonical()));
        }
    }
    resources
}

fn volumes(given: &[Value], found: &mut Found) -> (Vec<Value>, Vec<Value>) {
    let (mut volumes, mut mounts, mut seen) = (Vec::new(), Vec::new(), Vec::new());
    for (index, entry) in given.iter().enumerate() {
        let volume = text(entry, &["name"]);
        let path = format!("/spec/pod/volumes/{index}");
        check_volume(index, entry, &mut seen, found);
        let source = SOURCES.into_iter().find(|source| !at(entry, &[source]).is_null());
        let mut body = object(&mut core::iter::once(("name".to_owned(), Value::from(volume))));
        if let Some(source) = source {
            body.insert(source.into(), without_nulls(at(entry, &[source])));
        }
        volumes.push(Value::Object(body));
        let mut mount = object(&mut core::iter::once(("name".to_owned(), Value::from(volume))));
        for field in ["mountPath", "readOnly", "subPath"] {
            match at(entry, &[field]) {
                Value::Null | Value::Bool(false) => {}
                value => {
                    mount.insert(field.into(), value.clone());
                }
            }
        }
        let target = text(entry, &["mountPath"]);
        let sub = text(entry, &["subPath"]);
        if !target.is_empty()
            && (!grammar::is_file_path(target) || matches!(target.trim_end_matches('/'), "" | "/tmp" | "/etc/mlops"))
        {
            let message = format!("pod.volumes[{index}].mountPath {} cannot be used", shown(target));
            found.push(Diagnostic::error("InvalidPath", &format!("{path}/mountPath"), message));
        }
        if !sub.is_empty() && !grammar::is_file_path(&format!("/{sub}")) {
            let message = format!("pod.volumes[{index}].subPath {} must be a relative path without \"..\"", shown(sub));
            found.push(Diagnostic::error("InvalidPath", &format!("{path}/subPath"), message));
        }
        mounts.push(Value::Object(mount));
    }
    (volumes, mounts)
}

/// Two mounts at one path are refused by the API server.
fn check_mounts(spec: &Value, found: &mut Found) {
    let model_path = at(spec, &["modelPath"]).as_str().unwrap_or("/opt/ml/model");
    let mut taken = vec![model_path.trim_end_matches('/')];
    for (index, entry) in items(spec, &["pod", "volumes"]).iter().enumerate() {
        let target = text(entry, &["mountPath"]).trim_end_matches('/');
        if !target.is_empty() && taken.contains(&target) {
            let message = format!("pod.volumes[{index}].mountPath {} is used twice", shown(target));
            found.push(Diagnostic::error("Duplicate", &format!("/spec/pod/volumes/{index}/mountPath"), message));
        }
        taken.push(target);
    }
}

fn check_volume<'a>(index: usize, entry: &'a Value, seen: &mut Vec<&'a str>, found: &mut Found) {
    let volume = text(entry, &["name"]);
    let path = format!("/spec/pod/volumes/{index}");
    let name_path = format!("{path}/name");
    if OUR_VOLUMES.contains(&volume) {
        let message = format!("pod.volumes[{index}].name {} is reserved", shown(volume));
        found.push(Diagnostic::error("Reserved", &name_path, message));
    } else if !volume.is_empty() && !names::is_label(volume) {
        let message = format!("pod.volumes[{index}].name {} must be a DNS label", shown(volume));
        found.push(Diagnostic::error("InvalidName", &name_path, message));
    } else if seen.contains(&volume) {
        let message = format!("pod.volumes[{index}].name {} is used twice", shown(volume));
        found.push(Diagnostic::error("Duplicate", &name_path, message));
    }
    seen.push(volume);
    if SOURCES.into_iter().filter(|source| !at(entry, &[source]).is_null()).count() != 1 {
        let message = format!("pod.volumes[{index}] must have exactly one of {}", SOURCES.join(", "));
        found.push(Diagnostic::error("VolumeSource", &path, message));
    }
}

fn security(context: &Value, found: &mut Found) -> Security {
    let security = Security {
        run_as_user: at(context, &["runAsUser"]).as_i64(),
        run_as_group: at(context, &["runAsGroup"]).as_i64(),
        run_as_non_root: at(context, &["runAsNonRoot"]).as_bool(),
        read_only_root_filesystem: at(context, &["readOnlyRootFilesystem"]).as_bool(),
    };
    let root = security.run_as_user == Some(0) || security.run_as_non_root == Some(false);
    if root {
        let message = "the model container may run as root, which leaves Pod Security level \"restricted\"";
        found.push(Diagnostic::warning("LessHardened", "/spec/pod/securityContext", message));
    }
    if security.run_as_user == Some(0) && security.run_as_non_root != Some(false) {
        let message = "pod.securityContext.runAsUser 0 needs runAsNonRoot: false";
        found.push(Diagnostic::error("InvalidValue", "/spec/pod/securityContext/runAsUser", message));
    }
    if security.read_only_root_filesystem == Some(false) {
        let message = "the model container may write to its root file system";
        found.push(Diagnostic::warning("LessHardened", "/spec/pod/securityContext/readOnlyRootFilesystem", message));
    }
    security
}

/// API servers prune nulls, so they are never part of what we mean.
fn without_nulls(value: &Value) -> Value {
    match value {
        Value::Object(fields) => {
            let kept = fields.iter().filter(|(_, value)| !value.is_null());
            Value::Object(object(&mut kept.map(|(key, value)| (key.clone(), without_nulls(value)))))
        }
        Value::Array(items) => Value::Array(items.iter().map(without_nulls).listed()),
        other => other.clone(),
    }
}

/// What may not change between two versions of a Model.
pub fn transition(old: &Value, new: &Value) -> Found {
    let mut found = Vec::new();
    let source = |object: &Value| {
        let mut storage = at(object, &["spec", "storage"]).clone();
        if let Some(storage) = storage.as_object_mut() {
            storage.remove("size");
        }
        if storage.as_object().is_some_and(Map::is_empty) { Value::Null } else { without_nulls(&storage) }
    };
    if source(old) != source(new) {
        let message = "storage cannot change; create a new Model";
        found.push(
            Diagnostic::error("StorageChanged", "/spec/storage", message)
                .help("write a second Model beside this one and move the weights, as for a canary"),
        );
        return found;
    }
    let size = |object: &Value| {
        let size = Quantity::from_value(at(object, &["spec", "storage", "size"]));
        size.or_else(|| Quantity::parse("10Gi"))
    };
    let fixed = ["nfs", "csi", "hostPath"].iter().any(|source| !at(new, &["spec", "storage", source]).is_null());
    match (size(old), size(new)) {
        (Some(before), Some(after)) if after < before => {
            let message = format!("storage.size {} is smaller than the claim's {}", after.canonical(), before.canonical());
            found.push(Diagnostic::error("StorageShrunk", "/spec/storage/size", message));
        }
        (Some(before), Some(after)) if after != before && fixed => {
            let message = "storage.size cannot change: a claim on a static volume does not grow";
            found.push(Diagnostic::error("StorageChanged", "/spec/storage/size", message));
        }
        _ => {}
    }
    found
}
