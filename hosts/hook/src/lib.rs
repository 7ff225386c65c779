//! The hooks of Modelwright as a server for Metacontroller: `modelwright hook`.
//!
//! A hook is a call, not logic: the body of a request and what the host knows (the time, the policy) go to the component, its reply goes
//! back. No rule of Modelwright lives here. What does live here is what makes a call safe: limits, TLS, a last look at the answer
//! ([`check`]), and what administrators watch.
//!
//! Reads in the order of the data flow: [`server`] → [`listen`] (with [`tls`]) → [`routes`] → [`receive`] → [`room`] → [`evaluate`]
//! (with [`request`], [`review`], [`tag`], [`check`], [`record`]) → [`answer`], and beside it [`health`], [`metrics`], [`log`].

pub mod settings;

pub mod server;

pub mod listen;
pub mod tls;

pub mod call;
pub mod routes;

pub mod receive;
pub mod room;

pub mod check;
pub mod evaluate;
pub mod record;
pub mod request;
pub mod review;
pub mod tag;

pub mod answer;

pub mod health;
pub mod log;
pub mod metrics;

pub use server::{path_digest, run};
pub use settings::{LogFormat, Settings, TlsFiles};
