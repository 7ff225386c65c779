//! Who may talk to the API server: one static token for each user, and a kubeconfig that has it.

use crate::shell::{self, Outcome};
use std::fmt::Write;
use std::io::Read;
use std::path::{Path, PathBuf};

/// Users and their groups. Another one needs a line here and nothing else. `alice` and `bob` have no rights until a test gives them some;
/// the parts of the control plane have names of their own, so that the audit log tells them apart.
const USERS: [(&str, &str); 6] = [
    (ADMIN, "system:masters"),
    ("kube-controller-manager", "system:masters"),
    ("kube-scheduler", "system:masters"),
    ("kwok", "system:masters"),
    ("alice", ""),
    ("bob", ""),
];

/// The user who may do everything.
pub const ADMIN: &str = "admin";

/// The users for people and tests, without the parts of the control plane.
pub const PEOPLE: [&str; 3] = [ADMIN, "alice", "bob"];

/// The file of a user.
pub fn path(folder: &Path, user: &str) -> PathBuf {
    folder.join(format!("{user}.kubeconfig"))
}

/// Writes the token file of the API server and a kubeconfig for each user.
pub fn write(folder: &Path, url: &str) -> Outcome {
    let mut tokens = String::new();
    for (user, group) in USERS {
        let token = token()?;
        let _ = writeln!(tokens, "{token},{user},{user},\"{group}\"");
        shell::write(&path(folder, user), kubeconfig(folder, url, user, &token))?;
    }
    shell::write(&folder.join("tokens.csv"), tokens)
}

/// JSON's quotes are YAML's, too.
fn kubeconfig(folder: &Path, url: &str, user: &str, token: &str) -> String {
    let authority = serde_json::Value::from(folder.join("cert/apiserver.crt").to_string_lossy()).to_string();
    format!(
        "apiVersion: v1
kind: Config
current-context: {user}
clusters:
- name: modelwright
  cluster: {{server: \"{url}\", certificate-authority: {authority}}}
users:
- name: {user}
  user: {{token: \"{token}\"}}
contexts:
- name: {user}
  context: {{cluster: modelwright, user: {user}}}
"
    )
}

fn token() -> Outcome<String> {
    Ok(random::<16>()?.iter().map(|byte| format!("{byte:02x}")).collect())
}

/// Bytes that nobody can guess.
pub fn random<const N: usize>() -> Outcome<[u8; N]> {
    let mut bytes = [0; N];
    let read = std::fs::File::open("/dev/urandom").and_then(|mut file| file.read_exact(&mut bytes));
    read.map(|()| bytes).map_err(|error| format!("/dev/urandom gives nothing: {error}"))
}
