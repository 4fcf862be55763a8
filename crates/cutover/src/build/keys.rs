//! The signing key: made on first use, and trusted by the agent of this machine.

use std::path::Path;

use release::SigningKey;
use release::sign::KeyOrigin;
use sys::file::{Access, create_private_dir, write_atomic};

use crate::context::Context;
use crate::failure::{Failure, Kind, OrFail};
use crate::settings::Resolved;

/// Loads the signing key, makes it on first use and says so, and pins its public half for the agent of
/// this machine, which belongs to the same user.
///
/// So do those of its environment that stand for hosts.
pub(super) fn signing_key(
    context: &Context,
    settings: &Resolved,
) -> Result<(SigningKey, KeyOrigin), Failure> {
    let dir = context.keys_dir();
    let (key, origin) = SigningKey::load_or_create(&dir).or_fail(Kind::Other)?;
    if origin == KeyOrigin::Created {
        context.printer.note(&format!(
            "made a signing key {} in {}; keep cutover.key secret and backed up",
            key.id(),
            dir.display()
        ));
    }
    let hosts = settings.hosts.iter().map(|host| host.home.join("agent"));
    for home in hosts.chain([context.agent_home()]) {
        pin(&key, &home.join("trusted"))?;
    }
    Ok((key, origin))
}

fn pin(key: &SigningKey, trusted: &Path) -> Result<(), Failure> {
    let pinned = trusted.join(format!("{}.pub", key.id()));
    if pinned.exists() {
        return Ok(());
    }
    create_private_dir(trusted).or_fail(Kind::Other)?;
    let public = key.public_file().or_fail(Kind::Other)?;
    write_atomic(&pinned, &public, Access::Shared).or_fail(Kind::Other)
}
