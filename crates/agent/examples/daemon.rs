//! The processes of a host by themselves, for tests: `agent run --home DIR [--name NAME]`, `proxy --home DIR`,
//! `shim DIR`.

use std::error::Error;
use std::path::{Path, PathBuf};

fn main() -> Result<(), Box<dyn Error>> {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let args: Vec<&str> = args.iter().map(String::as_str).collect();
    match args.as_slice() {
        ["agent", "run", "--home", home, name @ ..] => agent::run(agent::Options {
            home: PathBuf::from(home),
            binary: std::env::current_exe()?,
            name: match name {
                ["--name", name] => Some((*name).to_owned()),
                _ => None,
            },
        })?,
        ["proxy", "--home", home] => proxy::serve(proxy::Options {
            home: PathBuf::from(home),
        })?,
        ["shim", dir] => host::shim::run(Path::new(dir))?,
        other => return Err(format!("unknown arguments {other:?}").into()),
    }
    Ok(())
}
