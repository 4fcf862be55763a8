//! The shim by itself, for tests: `shim shim DIRECTORY`.

use std::path::Path;

fn main() -> Result<(), host::shim::Error> {
    let dir = std::env::args_os().nth(2).unwrap_or_default();
    host::shim::run(Path::new(&dir))
}
