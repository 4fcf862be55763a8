//! Who changes something, as the ledger writes it down.

use ledger::wire::v1::Holder;
use sys::process::ProcessId;

use crate::context::Context;
use crate::failure::{Failure, Kind};

/// This process, as the holder of a lease. `command` is what the person typed, such as `cutover deploy`.
pub(crate) fn holder(context: &Context, command: &str) -> Result<Holder, Failure> {
    let process = ProcessId::current()
        .ok_or_else(|| Failure::new(Kind::Other, "cannot read this process's own start time"))
        .map_err(|failure| failure.hint("/proc must be mounted and readable"))?;
    let uid = rustix::process::getuid().as_raw();
    Ok(Holder {
        user: context
            .environment
            .user
            .clone()
            .or_else(|| user_name(uid))
            .unwrap_or_else(|| format!("uid {uid}")),
        host: rustix::system::uname()
            .nodename()
            .to_string_lossy()
            .into_owned(),
        process,
        command: command.to_owned(),
    })
}

/// The name of a user by `/etc/passwd`.
fn user_name(uid: u32) -> Option<String> {
    const BYTES_MAX: u64 = 1 << 20;
    let bytes = sys::file::read_bounded("/etc/passwd".as_ref(), BYTES_MAX).ok()?;
    let text = String::from_utf8_lossy(&bytes);
    let mut users = text.lines().map(|line| line.split(':'));
    users.find_map(|mut fields| {
        let name = fields.next()?;
        (fields.nth(1)?.parse() == Ok(uid)).then(|| name.to_owned())
    })
}
