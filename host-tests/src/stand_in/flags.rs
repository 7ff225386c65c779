//! Flags: those of the real program, by their names, and a few of its own.

use super::selector::Selector;
use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::Duration;

/// Flags of the real program that change nothing here; each takes a value.
const WITHOUT_EFFECT: [&str; 11] = [
    "metrics-address",
    "health-probe-bind-address",
    "pprof-address",
    "events-qps",
    "leader-election",
    "leader-election-resource-lock",
    "leader-election-namespace",
    "leader-election-id",
    "zap-log-level",
    "zap-encoder",
    "zap-devel",
];

/// How desired children get to the API server.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Strategy {
    /// Merged on the client and put.
    Dynamic,
    /// Server-side apply with force.
    ServerSide,
}

/// What the command line says.
#[derive(Clone, Debug)]
pub struct Flags {
    /// `--kubeconfig`; without it the variable `KUBECONFIG`.
    pub kubeconfig: Option<PathBuf>,
    /// `--apply-strategy`.
    pub strategy: Strategy,
    /// `--apply-strategy-ssa-field-manager`.
    pub manager: String,
    /// `--workers` of each controller.
    pub workers: usize,
    /// `--discovery-interval`.
    pub discovery_interval: Duration,
    /// `--cache-flush-interval`: how often everything is synced without a reason.
    pub flush_interval: Duration,
    /// `--client-go-qps`: requests in a second.
    pub qps: f64,
    /// `--client-go-burst`: requests at once.
    pub burst: usize,
    /// `--events-burst`: events of one object.
    pub events_burst: usize,
    /// `--target-label-selector`: which controllers to run.
    pub target: Selector,
    /// `--lag=MILLIS` or `--lag=RESOURCE=MILLIS,…`: how long after the API server the caches know. The real program has no such flag.
    pub lag: BTreeMap<String, Duration>,
}

impl Default for Flags {
    fn default() -> Self {
        Self {
            kubeconfig: None,
            strategy: Strategy::Dynamic,
            manager: "metacontroller".into(),
            workers: 5,
            discovery_interval: Duration::from_secs(30),
            flush_interval: Duration::from_secs(30 * 60),
            qps: 5.0,
            burst: 10,
            events_burst: 25,
            target: Selector::default(),
            lag: BTreeMap::new(),
        }
    }
}

impl Flags {
    /// Reads `--name=value`, `--name value` and the same with one dash, as Go's programs do.
    pub fn parse(arguments: impl IntoIterator<Item = String>) -> Result<Self, String> {
        let mut flags = Self::default();
        let mut arguments = arguments.into_iter();
        while let Some(argument) = arguments.next() {
            let flag = argument.strip_prefix("--").or_else(|| argument.strip_prefix('-'));
            let flag = flag.ok_or_else(|| format!("{argument} is no flag"))?;
            let (name, value) = match flag.split_once('=') {
                Some((name, value)) => (name, value.to_owned()),
                None => (flag, arguments.next().ok_or_else(|| format!("--{flag} has no value"))?),
            };
            flags.set(name, &value).map_err(|why| format!("--{name}={value}: {why}"))?;
        }
        Ok(flags)
    }

    fn set(&mut self, name: &str, value: &str) -> Result<(), String> {
        match name {
            "kubeconfig" => self.kubeconfig = Some(value.into()),
            "apply-strategy" => self.strategy = strategy(value)?,
            "apply-strategy-ssa-field-manager" => self.manager = value.into(),
            "workers" => self.workers = number(value)?,
            "discovery-interval" => self.discovery_interval = duration(value)?,
            "cache-flush-interval" => self.flush_interval = duration(value)?,
            "client-go-qps" => self.qps = number(value)?,
            "client-go-burst" => self.burst = number(value)?,
            "events-burst" => self.events_burst = number(value)?,
            "target-label-selector" => self.target = Selector::parse(value),
            "lag" => self.lag = lag(value)?,
            other if WITHOUT_EFFECT.contains(&other) => {}
            _ => return Err("there is no such flag".into()),
        }
        Ok(())
    }

    /// How long after the API server the cache of a resource knows.
    pub fn lag_of(&self, plural: &str) -> Duration {
        self.lag.get(plural).or_else(|| self.lag.get("")).copied().unwrap_or_default()
    }
}

fn strategy(value: &str) -> Result<Strategy, String> {
    match value {
        "" | "dynamic-apply" => Ok(Strategy::Dynamic),
        "server-side-apply" => Ok(Strategy::ServerSide),
        _ => Err("it is dynamic-apply or server-side-apply".into()),
    }
}

fn number<T: std::str::FromStr>(value: &str) -> Result<T, String> {
    value.parse().map_err(|_| "it is no number".into())
}

/// `1m30s`, as Go writes it.
pub fn duration(value: &str) -> Result<Duration, String> {
    let mut rest = value;
    let mut sum = Duration::ZERO;
    while !rest.is_empty() {
        let digits = rest.find(|letter: char| !letter.is_ascii_digit() && letter != '.').ok_or("it has no unit")?;
        let (count, after) = rest.split_at(digits);
        let letters = after.find(|letter: char| letter.is_ascii_digit()).unwrap_or(after.len());
        let (unit, next) = after.split_at(letters);
        let unit = match unit {
            "ms" => 0.001,
            "s" => 1.0,
            "m" => 60.0,
            "h" => 3600.0,
            _ => return Err("its unit is none of ms, s, m, h".into()),
        };
        sum += Duration::from_secs_f64(number::<f64>(count)? * unit);
        rest = next;
    }
    Ok(sum)
}

/// `250` for every resource, or `deployments=2000,virtualservices=500`.
fn lag(value: &str) -> Result<BTreeMap<String, Duration>, String> {
    let parts = value.split(',').map(|part| part.split_once('=').unwrap_or(("", part)));
    parts.map(|(resource, millis)| Ok((resource.to_owned(), Duration::from_millis(number(millis)?)))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn flags(arguments: &[&str]) -> Result<Flags, String> {
        Flags::parse(arguments.iter().map(|argument| (*argument).to_owned()))
    }

    #[test]
    fn flags_are_written_as_for_the_real_program() {
        let flags =
            flags(&["--workers=50", "-client-go-qps", "100", "--apply-strategy=server-side-apply", "--metrics-address=0"]);
        let flags = flags.unwrap();
        assert_eq!((flags.workers, flags.qps, flags.strategy), (50, 100.0, Strategy::ServerSide));
    }

    #[test]
    fn durations_are_written_as_in_go() {
        assert_eq!(duration("1m30s"), Ok(Duration::from_secs(90)));
        assert_eq!(duration("1.5s"), Ok(Duration::from_millis(1500)));
        assert_eq!(duration("200ms"), Ok(Duration::from_millis(200)));
        assert!(duration("5").is_err() && duration("5d").is_err());
    }

    #[test]
    fn lag_is_of_all_resources_or_of_some() {
        let some = flags(&["--lag=deployments=2000,virtualservices=500"]).unwrap();
        assert_eq!((some.lag_of("deployments").as_secs(), some.lag_of("models").as_secs()), (2, 0));
        assert_eq!(flags(&["--lag=250"]).unwrap().lag_of("models"), Duration::from_millis(250));
    }

    #[test]
    fn what_is_wrong_is_said() {
        assert_eq!(flags(&["--leave"]).unwrap_err(), "--leave has no value");
        assert_eq!(flags(&["--leave=1"]).unwrap_err(), "--leave=1: there is no such flag");
        assert_eq!(flags(&["--apply-strategy=x"]).unwrap_err(), "--apply-strategy=x: it is dynamic-apply or server-side-apply");
    }
}
