//! The binary as a user sees it: stdout, stderr and exit code, in a clean environment, with real Mix.
#![expect(
    clippy::disallowed_methods,
    reason = "a test starts the program and lays out files that nobody else reads while it writes"
)]

mod cli {
    mod build;
    mod config;
    mod help;
    mod init;
    mod release;
    mod run;
}
