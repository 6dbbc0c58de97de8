//! The binary: everything it does is in the library.

use std::process::ExitCode;

/// Small and quick under many threads; memory at rest stays low.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    visage::commands::run(std::env::args_os())
}
