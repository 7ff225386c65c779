//! The command line as users write it.

use clap::{Args, Parser, Subcommand, ValueEnum};
use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

const CODES: &str = "\
Exit codes:
  0  fine
  1  the input is invalid (every finding is on the standard error), or the cluster stands against it
  2  `plan --exit-code`, `diff --exit-code`: there is something to do
  3  a file cannot be read or written, the API server cannot be asked or refuses, or the component failed
  4  `apply PLAN`: the cluster has changed, so the saved plan is not what would be done now
  5  not finished: the time was up, or something is held back and nothing here can change that
  130  interrupted; what was done and what is left has been said";

const HOOK: &str = "\
Hooks are POST /DIGEST/HOOK/KIND: sync, finalize and customize of models, endpointconfigs and endpoints, decorate and customize of
namespaces. DIGEST is the first 16 digits of the component's SHA-256 (`modelwright info`): requests for another component are
answered 429, so that a roll-out waits and nothing is decided twice. POST /admission is the validating webhook of the three kinds.

The policy says what Models may use. Without any of its flags: no static volume (nfs, csi, hostPath), any artifact host, capture.
/readyz shows it. It does not change while the server runs.

Recorded requests are replayed by `modelwright text OPERATION < FILE`. They hold whole objects: keep them to yourself.

SIGTERM and SIGINT: /readyz fails, the server goes on for --drain, then answers what has begun for at most --grace, and ends with 0.";

const CONSOLE: &str = "\
The address that is printed holds a token: whoever knows it may do here what the kubeconfig may do.
It is in the part of the address that browsers send to nobody, it is new in every run, and only this
machine reaches the port.

Secrets never pass through, and neither do exec, attach, port-forward, proxy, logs and tokens.
Without --allow-writes nothing is changed.";

/// Plans what Models, EndpointConfigs and Endpoints need in a cluster, and does it.
///
/// What is in the cluster is read from its API server, comes from files (`--live`), or is taken to be nothing (`--offline`).
#[derive(Debug, Parser)]
#[command(name = "modelwright", version, after_help = CODES, arg_required_else_help = true, max_term_width = 110)]
pub struct Arguments {
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
}

/// What to do.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Show what has to change in the cluster, and why
    #[command(after_help = CODES)]
    Plan(Plan),
    /// Make the cluster what the custom resources say: plan, ask, and do it round by round
    #[command(after_help = CODES)]
    Apply(Apply),
    /// Delete custom resources and what was made for them, in a safe order, and wait until they are gone
    #[command(after_help = CODES)]
    Delete(Delete),
    /// Print the objects that should exist, as manifests
    #[command(after_help = CODES)]
    Render(Render),
    /// Show every round of a roll-out before it starts
    #[command(after_help = CODES)]
    Forecast(Forecast),
    /// Show what serves: every Endpoint with its config, routes, Models and Pods
    #[command(after_help = CODES)]
    Status(Status),
    /// Print the least rights that this program needs in a namespace, as manifests
    Rbac(Rbac),
    /// Show what differs between objects of any kind and the live ones
    #[command(after_help = CODES)]
    Diff(Diff),
    /// Check custom resources: every mistake at once, with file and line
    #[command(after_help = CODES)]
    Validate(Validate),
    /// Show what has to be read from a cluster to decide about custom resources
    Requirements(Requirements),
    /// Print the CustomResourceDefinitions
    Crds(Crds),
    /// Show versions and limits
    Info(Info),
    /// Show the console in a browser: edit, see, plan and, with --allow-writes, apply
    #[command(after_help = CONSOLE)]
    Console(Console),
    /// Answer the hooks of Metacontroller, and everything a server needs beside it
    #[command(after_help = HOOK)]
    Hook(Box<Hook>),
    /// Call the component's text interface: a JSON request from the standard input, the answer to the standard output
    Text(Text),
    /// Print completions for a shell
    Completions(Completions),
    /// Print the manual page
    Man,
}

/// Which API server, as kubectl finds it.
#[derive(Args, Clone, Debug, Default)]
pub struct Connection {
    /// Path of the kubeconfig file [default: $KUBECONFIG, ~/.kube/config, or the service account of the pod]
    #[arg(long, value_name = "FILE", help_heading = "Cluster")]
    pub kubeconfig: Option<PathBuf>,
    /// Context of the kubeconfig file [default: its current one]
    #[arg(long, help_heading = "Cluster")]
    pub context: Option<String>,
    /// Namespace of what names none [default: that of the context]
    #[arg(short, long, help_heading = "Cluster")]
    pub namespace: Option<String>,
}

/// The custom resources of a command that can do without.
#[derive(Args, Debug)]
pub struct OptionalFiles {
    /// File or folder of custom resources in YAML or JSON; `-` is the standard input. May be repeated [default: what the namespace has]
    #[arg(short = 'f', long = "file", value_name = "FILE")]
    pub files: Vec<String>,
}

/// The custom resources of a command.
#[derive(Args, Debug)]
pub struct Files {
    /// File or folder of custom resources in YAML or JSON; `-` is the standard input. May be repeated.
    #[arg(short = 'f', long = "file", value_name = "FILE", required = true)]
    pub files: Vec<String>,
}

/// What the cluster holds: read from the API server unless one of these is said.
#[derive(Args, Debug)]
#[group(multiple = false)]
pub struct Cluster {
    /// Take the cluster to be empty
    #[arg(long, requires = "files")]
    pub offline: bool,
    /// File or folder of the cluster's objects, for example from `kubectl get … -o yaml --show-managed-fields`. May be repeated.
    #[arg(long, value_name = "FILE")]
    pub live: Vec<String>,
}

/// What a host decides.
#[derive(Args, Debug, Default)]
pub struct Host {
    /// What Models may use, in YAML or JSON [default: any volume; the API server decides]
    #[arg(long, value_name = "FILE")]
    pub policy: Option<String>,
    /// The time that conditions get, for example 2026-11-25T12:00:00Z [default: none]
    #[arg(long, value_name = "RFC3339", value_parser = time)]
    pub now: Option<String>,
    /// Allow replacing objects whose data is lost by it
    #[arg(long)]
    pub allow_data_loss: bool,
}

/// Where the result goes.
#[derive(Args, Debug)]
pub struct Destination {
    /// Write to this file, as a whole or not at all
    #[arg(long, value_name = "FILE")]
    pub output_file: Option<PathBuf>,
}

/// `plan`.
#[derive(Args, Debug)]
pub struct Plan {
    /// The custom resources.
    #[command(flatten)]
    pub files: OptionalFiles,
    /// The cluster.
    #[command(flatten)]
    pub cluster: Cluster,
    /// Which API server.
    #[command(flatten)]
    pub connection: Connection,
    /// The host's decisions.
    #[command(flatten)]
    pub host: Host,
    /// Form of the result
    #[arg(short, long, value_enum, default_value_t = Form::Text)]
    pub output: Form,
    /// Where to.
    #[command(flatten)]
    pub destination: Destination,
    /// End with code 2 when there is something to do
    #[arg(long)]
    pub exit_code: bool,
    /// Save the plan to this file, for `modelwright apply FILE`
    #[arg(long, value_name = "FILE")]
    pub save: Option<PathBuf>,
    /// Have the API server try every request of the plan without storing anything, and show where it disagrees
    #[arg(long, conflicts_with_all = ["offline", "live"])]
    pub server_dry_run: bool,
}

/// How a roll-out is watched over.
#[derive(Args, Debug)]
pub struct Watch {
    /// Do not ask before the first request
    #[arg(short, long)]
    pub yes: bool,
    /// Say nothing but mistakes
    #[arg(short, long)]
    pub quiet: bool,
    /// Wait until everything is done, or nothing more can happen
    #[arg(long, value_name = "BOOL", default_value_t = true, action = clap::ArgAction::Set, num_args = 0..=1, default_missing_value = "true")]
    pub wait: bool,
    /// How long to wait, for example 90s, 10m, 1h
    #[arg(long, value_name = "DURATION", default_value = "10m", value_parser = duration)]
    pub timeout: Duration,
    /// How many objects may be deleted in one run
    #[arg(long, value_name = "N", default_value_t = 20)]
    pub allow_deletes: usize,
}

/// `apply`.
#[derive(Args, Debug)]
pub struct Apply {
    /// A plan that `modelwright plan --save` wrote: done only where planning again gives the same
    #[arg(value_name = "PLAN", conflicts_with_all = ["files", "policy", "allow_data_loss"])]
    pub plan: Option<String>,
    /// The custom resources.
    #[command(flatten)]
    pub files: OptionalFiles,
    /// Which API server.
    #[command(flatten)]
    pub connection: Connection,
    /// The host's decisions.
    #[command(flatten)]
    pub host: Host,
    /// How it is watched over.
    #[command(flatten)]
    pub watch: Watch,
    /// Show the plan, have the API server try every request without storing anything, and stop
    #[arg(long)]
    pub server_dry_run: bool,
}

/// `delete`.
#[derive(Args, Debug)]
#[command(group = clap::ArgGroup::new("what").required(true).multiple(false).args(["names", "files", "all"]))]
pub struct Delete {
    /// Custom resources as KIND/NAME, for example endpoint/titanic model/titanic-v1
    #[arg(value_name = "KIND/NAME")]
    pub names: Vec<String>,
    /// The custom resources.
    #[command(flatten)]
    pub files: OptionalFiles,
    /// Every custom resource of the namespace
    #[arg(long)]
    pub all: bool,
    /// Which API server.
    #[command(flatten)]
    pub connection: Connection,
    /// How it is watched over.
    #[command(flatten)]
    pub watch: Watch,
}

/// `status`.
#[derive(Args, Debug)]
pub struct Status {
    /// The custom resources.
    #[command(flatten)]
    pub files: OptionalFiles,
    /// File or folder of the cluster's objects, instead of asking it. May be repeated.
    #[arg(long, value_name = "FILE")]
    pub live: Vec<String>,
    /// Which API server.
    #[command(flatten)]
    pub connection: Connection,
    /// Every namespace that has custom resources of ours
    #[arg(short = 'A', long, conflicts_with_all = ["files", "namespace"])]
    pub all_namespaces: bool,
    /// Show it again whenever something has changed, until Ctrl-C
    #[arg(short, long, conflicts_with = "live")]
    pub watch: bool,
    /// Form of the result
    #[arg(short, long, value_enum, default_value_t = Report::Text)]
    pub output: Report,
}

/// `rbac`.
#[derive(Args, Debug)]
pub struct Rbac {
    /// File or folder of custom resources: the rights for these alone. May be repeated [default: for anything in a namespace]
    #[arg(short = 'f', long = "file", value_name = "FILE")]
    pub files: Vec<String>,
    /// Namespace of what names none
    #[arg(short, long)]
    pub namespace: Option<String>,
    /// Bind the rights to this user
    #[arg(long, value_name = "NAME", group = "subject")]
    pub user: Option<String>,
    /// Bind the rights to this group
    #[arg(long, value_name = "NAME", group = "subject")]
    pub group: Option<String>,
    /// Bind the rights to this service account, as NAME or NAMESPACE:NAME
    #[arg(long, value_name = "NAME", group = "subject")]
    pub service_account: Option<String>,
    /// Also for Models on nfs, csi or hostPath, which need PersistentVolumes of the cluster
    #[arg(long, conflicts_with = "files")]
    pub volumes: bool,
}

/// `render`.
#[derive(Args, Debug)]
pub struct Render {
    /// The custom resources.
    #[command(flatten)]
    pub files: Files,
    /// File or folder of the cluster's objects [default: an empty cluster]. May be repeated.
    #[arg(long, value_name = "FILE")]
    pub live: Vec<String>,
    /// The host's decisions.
    #[command(flatten)]
    pub host: Host,
    /// Namespace of what names none
    #[arg(short, long)]
    pub namespace: Option<String>,
    /// Those that a gate holds back, too
    #[arg(long)]
    pub all: bool,
    /// Form of the result
    #[arg(short, long, value_enum, default_value_t = Manifest::Yaml)]
    pub output: Manifest,
    /// Where to.
    #[command(flatten)]
    pub destination: Destination,
}

/// `forecast`.
#[derive(Args, Debug)]
pub struct Forecast {
    /// The custom resources.
    #[command(flatten)]
    pub files: OptionalFiles,
    /// The cluster.
    #[command(flatten)]
    pub cluster: Cluster,
    /// Which API server.
    #[command(flatten)]
    pub connection: Connection,
    /// The host's decisions.
    #[command(flatten)]
    pub host: Host,
    /// Form of the result
    #[arg(short, long, value_enum, default_value_t = Form::Text)]
    pub output: Form,
    /// Where to.
    #[command(flatten)]
    pub destination: Destination,
}

/// `diff`.
#[derive(Args, Debug)]
pub struct Diff {
    /// The objects as they should be.
    #[command(flatten)]
    pub files: Files,
    /// File or folder of the objects as they are, for example from `kubectl get … -o yaml --show-managed-fields`. May be repeated
    /// [default: the cluster's]
    #[arg(long, value_name = "FILE")]
    pub live: Vec<String>,
    /// Which API server.
    #[command(flatten)]
    pub connection: Connection,
    /// The field manager whose fields are ours [default: modelwright]
    #[arg(long, value_name = "NAME")]
    pub manager: Option<String>,
    /// Form of the result
    #[arg(short, long, value_enum, default_value_t = Form::Text)]
    pub output: Form,
    /// Where to.
    #[command(flatten)]
    pub destination: Destination,
    /// End with code 2 when something differs
    #[arg(long)]
    pub exit_code: bool,
}

/// `validate`.
#[derive(Args, Debug)]
pub struct Validate {
    /// The custom resources.
    #[command(flatten)]
    pub files: Files,
    /// Form of the result
    #[arg(short, long, value_enum, default_value_t = Report::Text)]
    pub output: Report,
    /// Where to.
    #[command(flatten)]
    pub destination: Destination,
}

/// `requirements`.
#[derive(Args, Debug)]
pub struct Requirements {
    /// The custom resources.
    #[command(flatten)]
    pub files: Files,
    /// Form of the result
    #[arg(short, long, value_enum, default_value_t = Form::Text)]
    pub output: Form,
    /// Where to.
    #[command(flatten)]
    pub destination: Destination,
}

/// `crds`.
#[derive(Args, Debug)]
pub struct Crds {
    /// Form of the result
    #[arg(short, long, value_enum, default_value_t = Manifest::Yaml)]
    pub output: Manifest,
    /// Where to.
    #[command(flatten)]
    pub destination: Destination,
}

/// `info`.
#[derive(Args, Debug)]
pub struct Info {
    /// Form of the result
    #[arg(short, long, value_enum, default_value_t = Report::Text)]
    pub output: Report,
}

/// `console`.
#[derive(Args, Debug)]
pub struct Console {
    /// Which API server.
    #[command(flatten)]
    pub connection: Connection,
    /// Port of 127.0.0.1 [default: any free one]
    #[arg(long, value_name = "PORT", value_parser = clap::value_parser!(u16).range(1024..))]
    pub port: Option<u16>,
    /// Pass requests on that change the cluster; the page still asks before each plan
    #[arg(long)]
    pub allow_writes: bool,
}

/// `hook`.
#[derive(Args, Debug)]
#[command(group = clap::ArgGroup::new("transport").required(true).args(["tls_cert", "plain_http"]))]
pub struct Hook {
    /// Where hooks are answered; port 0 is any free one, which the log names
    #[arg(long, value_name = "ADDRESS", default_value = "0.0.0.0:9443", help_heading = "Ports")]
    pub listen: SocketAddr,
    /// Where /healthz and /readyz are answered, over plain HTTP
    #[arg(long, value_name = "ADDRESS", default_value = "0.0.0.0:8081", help_heading = "Ports")]
    pub health_listen: SocketAddr,
    /// Where /metrics is answered, over plain HTTP
    #[arg(long, value_name = "ADDRESS", default_value = "0.0.0.0:8080", help_heading = "Ports")]
    pub metrics_listen: SocketAddr,

    /// PEM file of the certificate and its chain; read again when it changes
    #[arg(long, value_name = "FILE", requires = "tls_key", help_heading = "Transport")]
    pub tls_cert: Option<PathBuf>,
    /// PEM file of its private key
    #[arg(long, value_name = "FILE", requires = "tls_cert", help_heading = "Transport")]
    pub tls_key: Option<PathBuf>,
    /// PEM file of the roots of the callers' certificates: without one there are no hooks, only reviews [default: anybody]
    #[arg(long, value_name = "FILE", requires = "tls_cert", help_heading = "Transport")]
    pub client_ca: Option<PathBuf>,
    /// No TLS: whoever can answer in place of this server has all the rights of Metacontroller
    #[arg(long, help_heading = "Transport")]
    pub plain_http: bool,

    /// The policy as a file, in YAML or JSON
    #[arg(
        long,
        value_name = "FILE",
        help_heading = "Policy",
        conflicts_with_all = ["allow_nfs", "allow_csi", "allow_host_path", "artifact_hosts", "allow_capture"]
    )]
    pub policy: Option<String>,
    /// An nfs server that Models may mount. May be repeated
    #[arg(long, value_name = "SERVER", help_heading = "Policy")]
    pub allow_nfs: Vec<String>,
    /// A csi driver that Models may use. May be repeated
    #[arg(long, value_name = "DRIVER", help_heading = "Policy")]
    pub allow_csi: Vec<String>,
    /// A path on nodes below which Models may mount. May be repeated
    #[arg(long, value_name = "PREFIX", help_heading = "Policy")]
    pub allow_host_path: Vec<String>,
    /// A host that artifacts may come from. May be repeated [default: any]
    #[arg(long = "artifact-hosts", value_name = "HOST", help_heading = "Policy")]
    pub artifact_hosts: Vec<String>,
    /// Whether Models may capture requests [default: true]
    #[arg(long, value_name = "BOOL", num_args = 0..=1, default_missing_value = "true", help_heading = "Policy")]
    pub allow_capture: Option<bool>,

    /// Requests at once, those that wait included
    #[arg(long, value_name = "N", default_value_t = 64, value_parser = clap::value_parser!(u16).range(1..), help_heading = "Limits")]
    pub max_in_flight: u16,
    /// Size of a request body; the component takes no more than 8Mi
    #[arg(long, value_name = "SIZE", default_value = "8Mi", value_parser = size, help_heading = "Limits")]
    pub max_body: usize,
    /// How long to go on after the signal to end, so that nobody comes any more
    #[arg(long, value_name = "DURATION", default_value = "5s", value_parser = duration, help_heading = "Limits")]
    pub drain: Duration,
    /// How long requests that have begun may take after that
    #[arg(long, value_name = "DURATION", default_value = "15s", value_parser = duration, help_heading = "Limits")]
    pub grace: Duration,

    /// Form of the log on the standard error
    #[arg(long, value_enum, default_value_t = Report::Json, help_heading = "Records")]
    pub log_format: Report,
    /// Folder for every request with its answer
    #[arg(long, value_name = "DIR", help_heading = "Records")]
    pub record: Option<PathBuf>,
    /// Folder for the first hundred requests on which the component failed
    #[arg(long, value_name = "DIR", help_heading = "Records")]
    pub record_failures: Option<PathBuf>,
}

/// `text`.
#[derive(Args, Debug)]
pub struct Text {
    /// Name of a function, for example `plan` or `sync`
    pub operation: String,
}

/// `completions`.
#[derive(Args, Debug)]
pub struct Completions {
    /// The shell
    #[arg(value_enum)]
    pub shell: clap_complete::Shell,
}

/// Forms of a result for people and machines.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Form {
    /// For reading.
    Text,
    /// JSON.
    Json,
    /// YAML.
    Yaml,
}

/// Forms of manifests.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Manifest {
    /// Documents separated by `---`.
    Yaml,
    /// A `List`.
    Json,
}

/// Forms of a report.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Report {
    /// For reading.
    Text,
    /// JSON.
    Json,
}

/// A duration as kubectl writes it: digits and a unit, more than once if need be.
fn duration(text: &str) -> Result<Duration, String> {
    let wrong = || String::from("write a duration as 90s, 10m or 1h30m");
    let mut seconds: u64 = 0;
    let mut digits = String::new();
    for character in text.chars() {
        let unit = match character {
            '0'..='9' => {
                digits.push(character);
                continue;
            }
            's' => 1,
            'm' => 60,
            'h' => 3600,
            _ => return Err(wrong()),
        };
        let count: u64 = digits.parse().map_err(|_| wrong())?;
        seconds = count.checked_mul(unit).and_then(|part| seconds.checked_add(part)).ok_or_else(wrong)?;
        digits.clear();
    }
    // A bare number would leave its unit to be guessed.
    if text.is_empty() || !digits.is_empty() { Err(wrong()) } else { Ok(Duration::from_secs(seconds)) }
}

/// Bytes, as digits and `Ki` or `Mi`.
fn size(text: &str) -> Result<usize, String> {
    let (digits, unit) = match (text.strip_suffix("Ki"), text.strip_suffix("Mi")) {
        (Some(digits), _) => (digits, 1 << 10),
        (_, Some(digits)) => (digits, 1 << 20),
        _ => (text, 1),
    };
    let count = digits.bytes().all(|byte| byte.is_ascii_digit()).then(|| digits.parse::<usize>().ok()).flatten();
    count.and_then(|count| count.checked_mul(unit)).ok_or_else(|| "write a size as 512Ki or 8Mi".into())
}

/// The shape of RFC 3339; the component reads what is in it.
fn time(text: &str) -> Result<String, String> {
    const SHAPE: &str = "dddd-dd-ddTdd:dd:dd";
    let fits = text.len() > SHAPE.len()
        && SHAPE
            .chars()
            .zip(text.chars())
            .all(|(shape, found)| if shape == 'd' { found.is_ascii_digit() } else { found == shape });
    let zone = text.get(SHAPE.len()..).unwrap_or("");
    match fits && (zone.ends_with('Z') || zone.contains(['+', '-'])) {
        true => Ok(text.into()),
        false => Err("write a time as 2026-11-25T12:00:00Z".into()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::CommandFactory;

    #[test]
    fn the_command_line_is_consistent() {
        Arguments::command().debug_assert();
    }

    #[test]
    fn durations_have_a_unit() {
        for (text, seconds) in [("90s", 90), ("10m", 600), ("1h30m", 5400), ("0s", 0)] {
            assert_eq!(duration(text), Ok(Duration::from_secs(seconds)), "{text}");
        }
        for text in ["", "5", "m", "-1s", "1d", "1h30", "99999999999999999999s"] {
            assert!(duration(text).is_err(), "{text}");
        }
    }

    #[test]
    fn sizes_have_binary_units() {
        for (text, bytes) in [("8Mi", 8 << 20), ("1Ki", 1024), ("17", 17)] {
            assert_eq!(size(text), Ok(bytes), "{text}");
        }
        for text in ["", "Mi", "+1", "-1", "1M", "1.5Mi", "99999999999999999999", "18446744073709551615Mi"] {
            assert!(size(text).is_err(), "{text}");
        }
    }

    #[test]
    fn times_have_a_zone() {
        for text in ["2026-11-25T12:00:00Z", "2026-11-25T12:00:00.5+01:00"] {
            assert_eq!(time(text), Ok(text.into()));
        }
        for text in ["", "now", "2026-11-25", "2026-11-25 12:00:00Z", "2026-11-25T12:00:00"] {
            assert!(time(text).is_err(), "{text}");
        }
    }
}
