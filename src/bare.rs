//! What the standard library would bring to wasm: memory and the end of a panic. The allocator is the one that it has there, too.

use core::panic::PanicInfo;
use dlmalloc::GlobalDlmalloc;

#[global_allocator]
static MEMORY: GlobalDlmalloc = GlobalDlmalloc;

/// A trap: the host learns that the call failed, and nothing else.
#[panic_handler]
fn trap(_: &PanicInfo) -> ! {
    core::arch::wasm32::unreachable()
}
