//! The processes of a cluster: started one by one, noted in `cluster.json`, and ended only while they are still what they were.

use super::go::Programs;
use super::kubeconfig;
use crate::shell::{self, Outcome};
use serde_json::{Value, json};
use std::fs::File;
use std::net::{TcpListener, TcpStream};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

/// What runs in a folder.
pub struct Servers {
    folder: PathBuf,
    /// Of the API server.
    pub url: String,
    since: u64,
    servers: Vec<Server>,
}

/// A process. Its number may be given to another one later; together with its start time it may not.
struct Server {
    name: String,
    pid: u32,
    start_time: u64,
}

impl Servers {
    /// Where the note is. A folder that has one is ours to remove.
    pub fn note(folder: &Path) -> PathBuf {
        folder.join("cluster.json")
    }

    /// A cluster without processes, noted at once.
    pub fn none(folder: &Path, url: &str) -> Outcome<Self> {
        let since = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |time| time.as_secs());
        let servers = Self { folder: folder.into(), url: url.into(), since, servers: Vec::new() };
        servers.write()?;
        Ok(servers)
    }

    /// What is noted in a folder; `None` where there is no note.
    pub fn read(folder: &Path) -> Outcome<Option<Self>> {
        let note = Self::note(folder);
        if !note.exists() {
            return Ok(None);
        }
        let value: Value =
            serde_json::from_slice(&shell::read(&note)?).map_err(|error| format!("{}: {error}", note.display()))?;
        let number = |value: &Value| value.as_u64().unwrap_or_default();
        let server = |value: &Value| Server {
            name: value["name"].as_str().unwrap_or_default().to_owned(),
            pid: u32::try_from(number(&value["pid"])).unwrap_or_default(),
            start_time: number(&value["startTime"]),
        };
        let servers = value["servers"].as_array().into_iter().flatten().map(server).collect();
        let url = value["url"].as_str().unwrap_or_default().to_owned();
        Ok(Some(Self { folder: folder.into(), url, since: number(&value["since"]), servers }))
    }

    fn write(&self) -> Outcome {
        let server = |server: &Server| json!({"name": server.name, "pid": server.pid, "startTime": server.start_time});
        let servers: Vec<Value> = self.servers.iter().map(server).collect();
        let note = json!({"url": self.url, "since": self.since, "servers": servers});
        shell::write(&Self::note(&self.folder), format!("{note:#}\n"))
    }

    /// How long ago it was started.
    pub fn age(&self) -> Duration {
        let now = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |time| time.as_secs());
        Duration::from_secs(now.saturating_sub(self.since))
    }

    /// Names and numbers, each with whether it runs.
    pub fn list(&self) -> impl Iterator<Item = (&str, u32, bool)> {
        self.servers.iter().map(|server| (server.name.as_str(), server.pid, server.runs()))
    }

    /// Whether everything that belongs to a cluster was started and runs.
    pub fn all_run(&self) -> bool {
        self.servers.len() >= super::go::NAMES.len() - 1 && self.servers.iter().all(Server::runs)
    }

    /// Whether a server was started.
    pub fn has(&self, name: &str) -> bool {
        self.servers.iter().any(|server| server.name == name)
    }

    /// Starts one in a process group of its own, so that Ctrl-C at the terminal is not meant for it.
    pub fn start(&mut self, program: &Path, arguments: &[String]) -> Outcome {
        let name = program.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
        let log = self.log(&name);
        shell::folder_for(&log)?;
        let output = File::create(&log).and_then(|file| Ok((file.try_clone()?, file)));
        let (output, errors) = output.map_err(|error| format!("{} cannot be written: {error}", log.display()))?;
        let mut command = shell::command(program);
        command.args(arguments).stdin(Stdio::null()).stdout(output).stderr(errors).process_group(0);
        let child = command.spawn().map_err(|error| format!("{name} cannot be started: {error}"))?;
        let pid = child.id();
        let start_time = start_time(pid).ok_or_else(|| format!("{name} ended at once; a cluster needs Linux with /proc"))?;
        self.servers.push(Server { name, pid, start_time });
        self.write()
    }

    fn log(&self, name: &str) -> PathBuf {
        self.folder.join("log").join(format!("{name}.log"))
    }

    /// Asks again and again. A server that has died ends the waiting with the last lines of its log.
    pub fn wait(&self, what: &str, seconds: u64, mut ready: impl FnMut() -> bool) -> Outcome {
        let start = Instant::now();
        while !ready() {
            if let Some(dead) = self.servers.iter().find(|server| !server.runs()) {
                let log = shell::read_text(&self.log(&dead.name)).unwrap_or_default();
                let lines: Vec<&str> = log.lines().collect();
                let last = lines.get(lines.len().saturating_sub(5)..).unwrap_or_default().join("\n");
                return Err(format!("{} died while {what} was awaited:\n{last}", dead.name));
            }
            if start.elapsed().as_secs() > seconds {
                let logs = self.folder.join("log");
                return Err(format!("{what} did not come within {seconds} s; the logs are in {}", logs.display()));
            }
            std::thread::sleep(Duration::from_millis(100));
        }
        Ok(())
    }

    /// Kills at once: their data goes, too.
    pub fn stop(&self) -> Outcome {
        let running: Vec<&Server> = self.servers.iter().filter(|server| server.runs()).collect();
        if running.is_empty() {
            return Ok(());
        }
        let pids: Vec<String> = running.iter().map(|server| server.pid.to_string()).collect();
        shell::run(shell::command("sh").args(["-c", &format!("kill -KILL {}", pids.join(" "))]))?;
        let start = Instant::now();
        while let Some(server) = running.iter().find(|server| server.runs()) {
            if start.elapsed().as_secs() > 10 {
                return Err(format!("{} (process {}) does not end", server.name, server.pid));
            }
            std::thread::sleep(Duration::from_millis(20));
        }
        Ok(())
    }
}

impl Server {
    fn runs(&self) -> bool {
        start_time(self.pid) == Some(self.start_time)
    }
}

/// In ticks since the machine started; `None` for what is gone or a zombie. See proc_pid_stat(5): the name may have any characters.
fn start_time(pid: u32) -> Option<u64> {
    let text = std::fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    let mut fields = text.rsplit_once(") ")?.1.split(' ');
    if matches!(fields.next()?, "Z" | "X") { None } else { fields.nth(18)?.parse().ok() }
}

/// Where the servers listen.
pub struct Ports {
    /// etcd for the API server.
    pub etcd: u16,
    /// etcd for other etcds, of which there are none.
    pub peer: u16,
    /// The API server.
    pub api: u16,
}

impl Ports {
    /// Below the range for outgoing connections, so that none of them takes a port meanwhile.
    pub fn free() -> Outcome<Self> {
        let mut found: Vec<u16> = Vec::new();
        for _ in 0..1000 {
            let port = 20_000 + u16::from_be_bytes(kubeconfig::random::<2>()?) % 10_000;
            if !found.contains(&port) && TcpListener::bind(("127.0.0.1", port)).is_ok() {
                found.push(port);
            }
            if let [etcd, peer, api] = found.as_slice() {
                return Ok(Self { etcd: *etcd, peer: *peer, api: *api });
            }
        }
        Err("no three free ports between 20000 and 30000".into())
    }

    /// Whether somebody listens.
    pub fn answers(port: u16) -> bool {
        TcpStream::connect(("127.0.0.1", port)).is_ok()
    }
}

/// Starts etcd and the API server, and waits until it is ready.
pub fn start_api_server(servers: &mut Servers, programs: &Programs, ports: &Ports) -> Outcome {
    let folder = servers.folder.clone();
    let at = |name: &str| folder.join(name).display().to_string();
    let Ports { etcd, peer, api } = ports;
    let etcd_flags = [
        "--name=modelwright".to_owned(),
        format!("--data-dir={}", at("etcd")),
        "--log-level=warn".into(),
        // The data is thrown away: nothing has to survive a power cut.
        "--unsafe-no-fsync".into(),
        format!("--listen-client-urls=http://127.0.0.1:{etcd}"),
        format!("--advertise-client-urls=http://127.0.0.1:{etcd}"),
        format!("--listen-peer-urls=http://127.0.0.1:{peer}"),
        format!("--initial-advertise-peer-urls=http://127.0.0.1:{peer}"),
        format!("--initial-cluster=modelwright=http://127.0.0.1:{peer}"),
    ];
    let api_flags = [
        format!("--etcd-servers=http://127.0.0.1:{etcd}"),
        "--bind-address=127.0.0.1".into(),
        "--advertise-address=127.0.0.1".into(),
        format!("--secure-port={api}"),
        format!("--cert-dir={}", at("cert")),
        "--endpoint-reconciler-type=none".into(),
        "--service-cluster-ip-range=10.96.0.0/16".into(),
        "--authorization-mode=RBAC".into(),
        "--anonymous-auth=false".into(),
        "--allow-privileged=true".into(),
        format!("--token-auth-file={}", at("tokens.csv")),
        "--service-account-issuer=https://kubernetes.default.svc".into(),
        format!("--service-account-key-file={}", at("service-account.key")),
        format!("--service-account-signing-key-file={}", at("service-account.key")),
        format!("--audit-policy-file={}", at("audit-policy.yaml")),
        format!("--audit-log-path={}", at("audit.log")),
        // Written within the request and not some time later: tests count lines.
        "--audit-log-mode=blocking".into(),
        // In MB; unset means 100, and whoever counts requests would lose those before.
        "--audit-log-maxsize=100000".into(),
        "--profiling=false".into(),
    ];
    servers.start(&programs.control_plane.join("etcd"), &etcd_flags)?;
    servers.start(&programs.control_plane.join("kube-apiserver"), &api_flags)?;
    let ready = || {
        Ports::answers(*api)
            && kubectl(programs, &folder, &["get", "--raw", "/readyz"]).output().is_ok_and(|output| output.status.success())
    };
    servers.wait("the API server", 120, ready)
}

/// Starts what acts on objects: the built-in controllers, the scheduler, and kwok in place of kubelets.
pub fn start_controllers(servers: &mut Servers, programs: &Programs) -> Outcome {
    let folder = servers.folder.clone();
    let at = |name: &str| folder.join(name).display().to_string();
    let as_user = |user: &str| format!("--kubeconfig={}", kubeconfig::path(&folder, user).display());
    // No port, no leader to elect, and no throttle that a test would wait for.
    let common = ["--secure-port=0", "--leader-elect=false", "--kube-api-qps=500", "--kube-api-burst=1000"].map(str::to_owned);
    let manager_flags = [
        as_user("kube-controller-manager"),
        format!("--service-account-private-key-file={}", at("service-account.key")),
        format!("--root-ca-file={}", at("cert/apiserver.crt")),
        "--enable-hostpath-provisioner=true".into(),
        // On a busy machine a heartbeat may come late; a Node that is lost takes all its Pods along.
        "--node-monitor-grace-period=1h".into(),
    ];
    let kwok_flags = [
        as_user("kwok"),
        "--manage-all-nodes=true".into(),
        "--node-ip=127.0.0.1".into(),
        "--node-port=0".into(),
        format!("--config={}", programs.control_plane.join(super::go::STAGES).display()),
    ];
    servers.start(&programs.control_plane.join("kube-controller-manager"), &[&manager_flags[..], &common].concat())?;
    servers.start(&programs.control_plane.join("kube-scheduler"), &[&[as_user("kube-scheduler")][..], &common].concat())?;
    servers.start(&programs.control_plane.join("kwok"), &kwok_flags)
}

/// kubectl as the admin.
pub fn kubectl(programs: &Programs, folder: &Path, arguments: &[&str]) -> Command {
    let mut kubectl = shell::command(programs.control_plane.join("kubectl"));
    kubectl.arg("--kubeconfig").arg(kubeconfig::path(folder, kubeconfig::ADMIN)).args(arguments).stdin(Stdio::null());
    kubectl
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_process_is_known_by_its_start_time() {
        let start_time = start_time(std::process::id()).expect("this process runs");
        let server = |start_time| Server { name: "x".into(), pid: std::process::id(), start_time };
        assert!(server(start_time).runs());
        assert!(!server(start_time + 1).runs(), "another process with the same number");
    }

    #[test]
    fn a_zombie_does_not_run() {
        let mut child = Command::new("true").spawn().expect("it starts");
        let pid = child.id();
        let start = Instant::now();
        while start_time(pid).is_some() && start.elapsed().as_secs() < 10 {
            std::thread::sleep(Duration::from_millis(5));
        }
        assert_eq!(start_time(pid), None);
        child.wait().expect("it has ended");
    }

    #[test]
    fn ports_are_three_different_ones() {
        let ports = Ports::free().expect("ports");
        assert!(ports.etcd != ports.peer && ports.peer != ports.api && ports.etcd != ports.api);
    }
}
