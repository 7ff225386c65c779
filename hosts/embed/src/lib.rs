//! The component of Modelwright inside a Rust program.
//!
//! [`Planner`] has one method for each function of `wit/planner.wit`. Every call runs in a fresh instance with limits of its own
//! ([`Limits`]): nothing is remembered, nothing leaks, and whatever the input, the call ends with an answer or a [`HostError`].
//!
//! ```no_run
//! # #[cfg(feature = "embedded")]
//! # fn main() -> Result<(), modelwright_embed::HostError> {
//! use modelwright_embed::{Limits, Planner};
//! let planner = Planner::embedded(Limits::command_line())?;
//! println!("{}", planner.info()?);
//! # Ok(())
//! # }
//! # #[cfg(not(feature = "embedded"))]
//! # fn main() {}
//! ```
//!
//! Not here: reading files, calling an API server, judging an answer.

mod bindings;
mod calls;
mod engine;
mod error;
mod limits;
mod planner;
mod ticker;

pub use bindings::exports::modelwright::core::metacontroller::{HostInput, Reply};
pub use bindings::exports::modelwright::core::planner::{Answer, Child, Diagnostic, Document, Failure, Severity};
pub use calls::Hook;
#[cfg(feature = "compile")]
pub use engine::precompile;
pub use error::HostError;
pub use limits::Limits;
pub use planner::{Planner, Usage};
