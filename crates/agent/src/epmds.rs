//! Which name servers this agent started: a file named by the port of each.

use std::fs;
use std::path::PathBuf;

use sys::file::{Access, FileError, create_private_dir, write_atomic};

use crate::home::Home;

/// Writes down that the epmd on `port` was started by us.
pub(crate) fn note(home: &Home, port: u16) -> Result<(), FileError> {
    create_private_dir(&dir(home))?;
    write_atomic(&dir(home).join(port.to_string()), b"", Access::Private)
}

/// Ends those that we started and that no node uses.
pub(crate) fn end(home: &Home) {
    for entry in fs::read_dir(dir(home)).into_iter().flatten().flatten() {
        let Some(port) = entry
            .file_name()
            .to_str()
            .and_then(|n| n.parse::<u16>().ok())
        else {
            continue;
        };
        match host::epmd::end(port) {
            Ok(()) => drop(fs::remove_file(entry.path())),
            Err(error) => tracing::info!(port, %error, "epmd was not ended"),
        }
    }
}

fn dir(home: &Home) -> PathBuf {
    home.file("epmd")
}
