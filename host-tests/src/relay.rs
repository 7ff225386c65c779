//! A place on loopback at which hooks are called, whoever serves them, or nobody, at the moment. It writes down every call, and can let a
//! server answer for another digest than its own.

use crate::proxy::{exchange, read_request, write_answer};
use std::collections::BTreeMap;
use std::io::{self, BufReader};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// A call of a hook.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Called {
    /// The digest in the path.
    pub digest: String,
    /// `sync/models`.
    pub hook: String,
    /// What was answered; 0 for no answer.
    pub code: u16,
}

/// The place; it ends when it is dropped.
pub struct Relay {
    /// Host and port.
    pub address: SocketAddr,
    shared: Arc<Shared>,
}

#[derive(Default)]
struct Shared {
    server: Mutex<Option<SocketAddr>>,
    /// Digests, and what stands for them in the paths of the server.
    digests: Mutex<BTreeMap<String, String>>,
    calls: Mutex<Vec<Called>>,
    ends: AtomicBool,
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Relay {
    /// One behind which nobody serves yet.
    pub fn start() -> io::Result<Self> {
        let listener = TcpListener::bind("127.0.0.1:0")?;
        let relay = Self { address: listener.local_addr()?, shared: Arc::default() };
        let shared = Arc::clone(&relay.shared);
        std::thread::spawn(move || {
            for stream in listener.incoming().filter_map(Result::ok) {
                if shared.ends.load(Ordering::Relaxed) {
                    return;
                }
                let shared = Arc::clone(&shared);
                std::thread::spawn(move || drop(shared.serve(stream)));
            }
        });
        Ok(relay)
    }

    /// From now on this server answers, or nobody.
    pub fn lead_to(&self, server: Option<SocketAddr>) {
        *lock(&self.shared.server) = server;
    }

    /// From now on what is asked of one digest is asked of the server by another.
    pub fn answer_for(&self, digest: &str, own: &str) {
        lock(&self.shared.digests).insert(digest.into(), own.into());
    }

    /// Everything that was asked so far.
    pub fn calls(&self) -> Vec<Called> {
        lock(&self.shared.calls).clone()
    }
}

impl Drop for Relay {
    fn drop(&mut self) {
        self.shared.ends.store(true, Ordering::Relaxed);
        // The thread looks at the flag when somebody comes.
        drop(TcpStream::connect(self.address));
    }
}

impl Shared {
    fn serve(&self, stream: TcpStream) -> io::Result<()> {
        stream.set_nodelay(true)?;
        let mut reader = BufReader::new(stream.try_clone()?);
        let mut stream = stream;
        while let Some(mut request) = read_request(&mut reader)? {
            let path = request.first.split(' ').nth(1).unwrap_or_default().to_owned();
            let (digest, hook) = path.trim_start_matches('/').split_once('/').unwrap_or_default();
            let own = lock(&self.digests).get(digest).cloned().unwrap_or_else(|| digest.to_owned());
            request.first = request.first.replacen(digest, &own, 1);
            let server = *lock(&self.server);
            let answer =
                server.ok_or(io::ErrorKind::ConnectionRefused.into()).and_then(|server| exchange(&server.to_string(), &request));
            let code = answer.as_ref().map_or(0, |answer| answer.code());
            lock(&self.calls).push(Called { digest: digest.into(), hook: hook.into(), code });
            write_answer(&mut stream, code, &answer?)?;
        }
        Ok(())
    }
}
