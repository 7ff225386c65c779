//! The API server: how it is found ([`connect`]), asked ([`call`]), read ([`observe`]) and kept for one writer ([`lease`]); single
//! objects of any kind ([`objects`]).
//!
//! Nothing is decided here. What is read comes from the component's `requirements`, what is written from its plans.

pub mod call;
pub mod connect;
pub mod lease;
pub mod objects;
pub mod observe;

pub use call::{Answer, Call, Trouble};
pub use connect::Cluster;
