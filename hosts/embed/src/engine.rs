//! The settings of the engine. Those of `configuration` are for compiling and running alike: a precompiled component runs only under the settings
//! that compiled it. Those of `pool` are a server's alone.

use crate::limits::{INSTANCES, Limits, TABLE_ELEMENTS, TABLES};
use wasmtime::{Config, Enabled, PoolingAllocationConfig};

/// What one call may use of the stack. The thread that calls needs about three times as much.
const STACK_BYTES: usize = 1 << 20;

/// The settings under which the component is compiled and run: fuel and deadlines on, a small stack, no proposal that it does not use.
///
/// Tables for debuggers are left out: they would be an eighth of what a program loads at its start. NaN bits are canonical, so that the same input gives the same bytes on every machine.
pub(crate) fn configuration() -> Config {
    let mut config = Config::new();
    config
        .consume_fuel(true)
        .epoch_interruption(true)
        .max_wasm_stack(STACK_BYTES)
        .generate_address_map(false)
        .native_unwind_info(false)
        .wasm_component_model(true)
        .wasm_relaxed_simd(false)
        .wasm_multi_memory(false)
        .wasm_memory64(false)
        .wasm_tail_call(false)
        .wasm_custom_page_sizes(false)
        .wasm_wide_arithmetic(false)
        .wasm_shared_everything_threads(false);
    #[cfg(feature = "compile")]
    config.cranelift_nan_canonicalization(true);
    config
}

/// Bytes of an instance's memory that stay with the process when the instance is gone: what most calls touch.
const RESIDENT_BYTES: usize = 4 << 20;

/// Room for `slots` instances, reserved once and used again and again: a tenth faster than fresh memory for each call. What a call has written
/// is gone before the next one begins; where the kernel can say which pages that was (`PAGEMAP_SCAN`), no others are looked at.
pub(crate) fn pool(slots: u32, limits: &Limits) -> PoolingAllocationConfig {
    let mut pool = PoolingAllocationConfig::new();
    pool.total_component_instances(slots)
        .total_core_instances(slots.saturating_mul(INSTANCES))
        .total_memories(slots)
        .total_tables(slots.saturating_mul(TABLES))
        .max_tables_per_module(TABLES)
        .table_elements(TABLE_ELEMENTS)
        .max_memory_size(limits.memory_bytes)
        .linear_memory_keep_resident(RESIDENT_BYTES)
        .pagemap_scan(Enabled::Auto);
    pool
}

/// Compiles a component for machines of one target (`x86_64-unknown-linux-gnu`). Naming the target keeps the features of the
/// builder's processor out of the result.
#[cfg(feature = "compile")]
pub fn precompile(component: &[u8], target: &str) -> Result<Vec<u8>, crate::HostError> {
    let compile = || {
        let mut config = configuration();
        config.target(target)?;
        wasmtime::Engine::new(&config)?.precompile_component(component)
    };
    compile().map_err(|error| crate::HostError::load(&error))
}
