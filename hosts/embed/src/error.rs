//! Why a call gave no answer: never the user's mistake, and never the reason to delete anything.

use std::fmt;
use wasmtime::{Error, PoolConcurrencyLimitError, Trap};

/// Why the component gave no answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum HostError {
    /// The component cannot be compiled or loaded: not a component, or made by another version of wasmtime or for other settings.
    Load(String),
    /// The arguments have more bytes than the limit.
    Input {
        /// Bytes that were given.
        bytes: usize,
        /// Bytes that are allowed.
        limit: usize,
    },
    /// The call used up its fuel.
    Fuel,
    /// The call used up its time.
    Deadline,
    /// The call needed more memory than the limit.
    Memory,
    /// As many calls as the pool has room for are under way.
    Busy,
    /// The component failed in another way: a mistake of ours.
    Trap(String),
}

impl HostError {
    pub(crate) fn load(error: &Error) -> Self {
        Self::Load(format!("{error:#}"))
    }

    /// Names what ended a call. `refused` says whether growth was refused before it.
    pub(crate) fn ended(error: &Error, refused: bool) -> Self {
        match error.downcast_ref::<Trap>() {
            _ if refused => Self::Memory,
            Some(Trap::OutOfFuel) => Self::Fuel,
            Some(Trap::Interrupt) => Self::Deadline,
            Some(trap) => Self::Trap(trap.to_string()),
            None if error.is::<PoolConcurrencyLimitError>() => Self::Busy,
            None => Self::Trap(format!("{:#}", error.root_cause())),
        }
    }
}

impl fmt::Display for HostError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Load(why) => write!(formatter, "the component cannot be loaded: {why}"),
            Self::Input { bytes, limit } => write!(formatter, "the input has {bytes} bytes, the limit is {limit}"),
            Self::Fuel => formatter.write_str("the component used up its fuel"),
            Self::Deadline => formatter.write_str("the component did not answer in time"),
            Self::Memory => formatter.write_str("the component needs more memory than it may have"),
            Self::Busy => formatter.write_str("as many calls as there is room for are under way"),
            Self::Trap(why) => write!(formatter, "the component failed: {why}"),
        }
    }
}

impl std::error::Error for HostError {}
