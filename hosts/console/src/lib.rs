//! The console of Modelwright on loopback: `modelwright console`.
//!
//! A page that was built elsewhere, and a proxy to one API server with the credentials that its owner has. No rule of Modelwright
//! lives here: the page plans. What does live here is what keeps everybody else out: other pages of the same browser, other
//! programs of the same machine, and paths that a page has no business with.
//!
//! Reads in the order of the data flow: [`server`] → [`gate`] → [`page`], or [`token`] → [`session`] or [`target`] → [`proxy`] →
//! [`answer`].

pub mod server;

pub mod gate;
pub mod token;

pub mod page;
pub mod session;

pub mod proxy;
pub mod target;

pub mod answer;

pub use server::{Server, Settings};
