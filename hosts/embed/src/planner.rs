//! A loaded component, and how one call runs: a fresh store, a fresh instance, one function.

use crate::bindings::{Modelwright, ModelwrightPre};
use crate::engine::{configuration, pool};
use crate::error::HostError;
use crate::limits::{Limits, Meter};
use crate::ticker::{Ticker, ticks};
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use wasmtime::component::{Component, Linker};
use wasmtime::{Config, Engine, Error, Store};

/// What one call used.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Usage {
    /// Units of fuel, about one for each WebAssembly instruction.
    pub fuel: u64,
    /// Bytes of linear memory.
    pub memory_bytes: usize,
}

/// The component, ready to be called from any thread.
pub struct Planner {
    engine: Engine,
    component: ModelwrightPre<Meter>,
    limits: Limits,
    ticker: Ticker,
    fuel_used: AtomicU64,
    memory_used: AtomicUsize,
}

impl Planner {
    /// Loads the component that was built into this program.
    #[cfg(feature = "embedded")]
    pub fn embedded(limits: Limits) -> Result<Self, HostError> {
        Self::from_precompiled(include_bytes!(concat!(env!("OUT_DIR"), "/modelwright.cwasm")), limits)
    }

    /// As [`Planner::embedded`], for a server: room for `slots` calls at once is kept ready, and one more is [`HostError::Busy`].
    #[cfg(feature = "embedded")]
    pub fn embedded_pooled(limits: Limits, slots: u32) -> Result<Self, HostError> {
        Self::from_precompiled_pooled(include_bytes!(concat!(env!("OUT_DIR"), "/modelwright.cwasm")), limits, slots)
    }

    /// SHA-256 of the embedded component, in hexadecimal: of the WebAssembly file, not of what it was compiled to.
    #[cfg(feature = "embedded")]
    pub fn embedded_sha256() -> &'static str {
        include_str!(concat!(env!("OUT_DIR"), "/modelwright.sha256")).trim_ascii()
    }

    /// Loads what `precompile` made. The bytes become machine code: take them from your own build, never from a user.
    pub fn from_precompiled(precompiled: &[u8], limits: Limits) -> Result<Self, HostError> {
        Self::load(&configuration(), precompiled, limits)
    }

    /// As [`Planner::from_precompiled`], for a server: room for `slots` calls at once is kept ready, and one more is [`HostError::Busy`].
    pub fn from_precompiled_pooled(precompiled: &[u8], limits: Limits, slots: u32) -> Result<Self, HostError> {
        let mut config = configuration();
        config.allocation_strategy(pool(slots, &limits));
        Self::load(&config, precompiled, limits)
    }

    fn load(config: &Config, precompiled: &[u8], limits: Limits) -> Result<Self, HostError> {
        let engine = Engine::new(config).map_err(|error| HostError::load(&error))?;
        let component = load(&engine, precompiled).map_err(|error| HostError::load(&error))?;
        Ok(Self {
            engine,
            component,
            limits,
            ticker: Ticker::new(),
            fuel_used: AtomicU64::new(0),
            memory_used: AtomicUsize::new(0),
        })
    }

    /// Fuel that the call that ended last used: the same for the same input on every machine.
    pub fn fuel_used(&self) -> u64 {
        self.fuel_used.load(Ordering::Relaxed)
    }

    /// Bytes of linear memory that the call that ended last grew to.
    pub fn memory_used(&self) -> usize {
        self.memory_used.load(Ordering::Relaxed)
    }

    /// Runs one function in a fresh instance. `input` is what its arguments have in bytes.
    pub(crate) fn call<T>(
        &self,
        input: usize,
        function: impl FnOnce(&Modelwright, &mut Store<Meter>) -> Result<T, Error>,
    ) -> Result<T, HostError> {
        self.measured(input, function).0
    }

    /// As [`Planner::call`], with what this call used, whatever other threads call meanwhile.
    pub(crate) fn measured<T>(
        &self,
        input: usize,
        function: impl FnOnce(&Modelwright, &mut Store<Meter>) -> Result<T, Error>,
    ) -> (Result<T, HostError>, Usage) {
        if input > self.limits.input_bytes {
            return (Err(HostError::Input { bytes: input, limit: self.limits.input_bytes }), Usage::default());
        }
        let mut store = Store::new(&self.engine, Meter::new(&self.limits));
        let answer = self.arm(&mut store).and_then(|()| {
            let instance = self.component.instantiate(&mut store)?;
            function(&instance, &mut store)
        });
        let fuel = self.limits.fuel.saturating_sub(store.get_fuel().unwrap_or(0));
        let usage = Usage { fuel, memory_bytes: store.data().grown_to };
        self.fuel_used.store(usage.fuel, Ordering::Relaxed);
        self.memory_used.store(usage.memory_bytes, Ordering::Relaxed);
        (answer.map_err(|error| HostError::ended(&error, store.data().refused)), usage)
    }

    fn arm(&self, store: &mut Store<Meter>) -> Result<(), Error> {
        self.ticker.start(&self.engine);
        store.limiter(|meter| meter);
        store.set_epoch_deadline(ticks(self.limits.deadline));
        store.set_hostcall_fuel(self.limits.output_bytes);
        store.set_fuel(self.limits.fuel)
    }
}

/// A linker without a single import: a component that wants one is refused here.
fn load(engine: &Engine, precompiled: &[u8]) -> Result<ModelwrightPre<Meter>, Error> {
    #[allow(unsafe_code, reason = "the only way to load machine code; whoever calls `from_precompiled` vouches for the bytes")]
    let component = unsafe { Component::deserialize(engine, precompiled)? };
    ModelwrightPre::new(Linker::new(engine).instantiate_pre(&component)?)
}
