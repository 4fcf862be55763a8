//! The `cutover` binary.
//!
//! ```text
//! arguments ──▶ settings (defaults, file, environment, flags) ──▶ one command ──▶ printer, exit code
//! ```
//!
//! Everything below this crate knows no terminal, home directory or environment variable.

mod boot_error;
mod build;
mod cli;
mod commands;
mod context;
mod daemon_log;
mod environment;
mod failure;
mod printer;
mod rollouts;
mod settings;
mod view;

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> std::process::ExitCode {
    cli::main()
}
