//! Scenarios as folders, run through every form of the core.
//!
//! A scenario is `scenarios/<the sentence it shows>/` with `observation.yaml` (how the world came to be, and what is asked) and
//! `expected.yaml` (the answer). The world is made on the simulated cluster, the request is written once, every form answers it with
//! the same bytes, and the answer is what `expected.yaml` says. `BLESS=1` rewrites that file: read the difference as if it were code.
//!
//! Reads in the order of the data flow: [`scenario`] → [`world`] (with [`metacontroller`]) → [`request`] → [`forms`] → [`record`].

pub mod scenario;

pub mod library;

pub mod world;

pub mod metacontroller;

pub mod request;

pub mod artefacts;
pub mod forms;
pub mod lines;

pub mod alike;
pub mod cluster;
pub mod example;
pub mod proxy;
pub mod stage;

pub mod crowd;
pub mod dist;
pub mod patch;
pub mod record;
pub mod timing;

pub mod process;

pub mod console_server;
pub mod upstream;

pub mod hook_load;
pub mod hook_server;
pub mod rbac;

pub mod installation;
pub mod relay;
pub mod stand_in;
pub mod watcher;
