//! The command line as users write it.

use clap::{Args, Parser, Subcommand, ValueEnum};
use std::path::PathBuf;

const CODES: &str = "\
Exit codes:
  0  fine
  1  the input is invalid (every finding is on the standard error), or the cluster stands against it
  2  `plan --exit-code`, `diff --exit-code`: there is something to do
  3  a file cannot be read or written, or the component failed";

/// Plans what Models, EndpointConfigs and Endpoints need in a cluster.
///
/// Nothing here talks to a cluster: what is in it comes from files (`--live`), or is taken to be nothing (`--offline`).
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
    /// Print the objects that should exist, as manifests
    #[command(after_help = CODES)]
    Render(Render),
    /// Show every round of a roll-out before it starts
    #[command(after_help = CODES)]
    Forecast(Forecast),
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
    /// Call the component's text interface: a JSON request from the standard input, the answer to the standard output
    Text(Text),
    /// Print completions for a shell
    Completions(Completions),
    /// Print the manual page
    Man,
}

/// The custom resources of a command.
#[derive(Args, Debug)]
pub struct Files {
    /// File or folder of custom resources in YAML or JSON; `-` is the standard input. May be repeated.
    #[arg(short = 'f', long = "file", value_name = "FILE", required = true)]
    pub files: Vec<String>,
}

/// What the cluster is taken to hold; one of the two has to be said.
#[derive(Args, Debug)]
#[group(required = true, multiple = false)]
pub struct Cluster {
    /// Take the cluster to be empty
    #[arg(long)]
    pub offline: bool,
    /// File or folder of the cluster's objects, for example from `kubectl get … -o yaml --show-managed-fields`. May be repeated.
    #[arg(long, value_name = "FILE")]
    pub live: Vec<String>,
}

/// What a host decides.
#[derive(Args, Debug)]
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
    pub files: Files,
    /// The cluster.
    #[command(flatten)]
    pub cluster: Cluster,
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
    pub files: Files,
    /// The cluster.
    #[command(flatten)]
    pub cluster: Cluster,
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
    /// File or folder of the objects as they are, for example from `kubectl get … -o yaml --show-managed-fields`. May be repeated.
    #[arg(long, value_name = "FILE", required = true)]
    pub live: Vec<String>,
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
    fn times_have_a_zone() {
        for text in ["2026-11-25T12:00:00Z", "2026-11-25T12:00:00.5+01:00"] {
            assert_eq!(time(text), Ok(text.into()));
        }
        for text in ["", "now", "2026-11-25", "2026-11-25 12:00:00Z", "2026-11-25T12:00:00"] {
            assert!(time(text).is_err(), "{text}");
        }
    }
}
