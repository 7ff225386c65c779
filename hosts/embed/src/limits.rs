//! What one call may use, and the meter that enforces it inside the store.

use std::time::Duration;
use wasmtime::{Error, ResourceLimiter};

/// What one call may use. `info` of the component says what the component itself accepts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Units of fuel, about one for each WebAssembly instruction.
    pub fuel: u64,
    /// Bytes of linear memory.
    pub memory_bytes: usize,
    /// Time on the clock; enforced to about ten milliseconds.
    pub deadline: Duration,
    /// Bytes of all arguments together.
    pub input_bytes: usize,
    /// Bytes of the answer.
    pub output_bytes: usize,
}

impl Limits {
    /// For a server that answers hooks: small, so that one request cannot starve the others.
    pub const fn hook() -> Self {
        Self {
            fuel: 5_000_000_000,
            memory_bytes: 64 << 20,
            deadline: Duration::from_secs(2),
            input_bytes: 8 << 20,
            output_bytes: 4 << 20,
        }
    }

    /// For a person who plans whole namespaces: the clock is the limit, not fuel.
    pub const fn command_line() -> Self {
        Self {
            fuel: u64::MAX,
            memory_bytes: 1 << 30,
            deadline: Duration::from_secs(60),
            input_bytes: 256 << 20,
            output_bytes: 512 << 20,
        }
    }
}

/// Tables of one instance: the module's own and those that the component's adapters need.
pub(crate) const TABLES: u32 = 4;
pub(crate) const TABLE_ELEMENTS: usize = 10_000;
pub(crate) const INSTANCES: u32 = 8;

/// Refuses growth beyond the limits and remembers that it did, so that the trap that follows can be named.
pub(crate) struct Meter {
    memory_bytes: usize,
    pub(crate) refused: bool,
    /// Bytes of memory that were granted.
    pub(crate) grown_to: usize,
}

impl Meter {
    pub(crate) fn new(limits: &Limits) -> Self {
        Self { memory_bytes: limits.memory_bytes, refused: false, grown_to: 0 }
    }

    fn admit(&mut self, desired: usize, limit: usize) -> Result<bool, Error> {
        if desired <= limit {
            return Ok(true);
        }
        self.refused = true;
        Err(Error::msg("the memory limit of the call"))
    }
}

impl ResourceLimiter for Meter {
    fn memory_growing(&mut self, _current: usize, desired: usize, _maximum: Option<usize>) -> Result<bool, Error> {
        let granted = self.admit(desired, self.memory_bytes)?;
        self.grown_to = desired;
        Ok(granted)
    }

    fn table_growing(&mut self, _current: usize, desired: usize, _maximum: Option<usize>) -> Result<bool, Error> {
        self.admit(desired, TABLE_ELEMENTS)
    }

    fn instances(&self) -> usize {
        INSTANCES as usize
    }

    fn tables(&self) -> usize {
        TABLES as usize
    }

    fn memories(&self) -> usize {
        1
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn growth_beyond_the_limit_is_refused_and_remembered() {
        let mut meter = Meter::new(&Limits { memory_bytes: 100, ..Limits::hook() });
        assert!(meter.memory_growing(0, 100, None).is_ok_and(|granted| granted));
        assert!(!meter.refused);
        assert!(meter.memory_growing(100, 101, None).is_err());
        assert!(meter.refused);
    }
}
