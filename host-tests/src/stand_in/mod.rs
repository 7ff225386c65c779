//! A stand-in for Metacontroller: an independent implementation of its documented contract, for tests on a real API server.
//!
//! It reads CompositeControllers and DecoratorControllers, watches, calls hooks, and carries their answers out in either of the two
//! modes of apply. What the real one does is written in its guide and API reference
//! (<https://metacontroller.github.io/metacontroller/>) and was compared with its release 4.17.2. Not here, because our controllers do
//! not use it: ControllerRevisions and the Rolling strategies, hooks of version v1, leader election, metrics.
//!
//! Reads in the order of the data flow: [`flags`] → [`manager`] → [`informer`] → [`signals`] → [`queue`] → [`composite`] and
//! [`decorator`], each a [`turn`] → [`customize`], [`hook`] → [`children`] → [`apply`] with [`merge`]. One thread: nothing is locked.

pub mod flags;

pub mod manager;

pub mod discovery;
pub mod informer;

pub mod controller;
pub mod queue;
pub mod signals;

pub mod composite;
pub mod decorator;
pub mod turn;

pub mod customize;
pub mod hook;
pub mod webhook;

pub mod apply;
pub mod children;
pub mod merge;

pub mod api;
pub mod events;
pub mod object;
pub mod selector;
