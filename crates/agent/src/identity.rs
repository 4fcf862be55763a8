//! What the host of an agent is called.
//!
//! A host has one agent, and the machine's own name. Where several agents of one machine stand for hosts,
//! each has a name of its own (`agent run --name`), kept in its home, and a name server for its nodes: they
//! have the same names as those of the other agents, as on other hosts.

use std::collections::BTreeSet;
use std::io;

use host::port::{self, Claim};
use serde::{Deserialize, Serialize};
use sys::file::FileError;

use crate::home::{self, Home};

const NAME_BYTES_MAX: usize = 63;

/// Why a host cannot be called so.
#[derive(Debug, thiserror::Error)]
pub enum IdentityError {
    /// The name makes no sense.
    #[error(
        "{0:?} is no name of a host: letters, digits, `.`, `_` and `-`, beginning with a letter or digit, at \
         most {NAME_BYTES_MAX}"
    )]
    Name(String),
    /// Its name server has no port.
    #[error("the name server of this agent's nodes has no port: {0}")]
    Epmd(#[from] port::Error),
    /// The file that keeps the name failed.
    #[error(transparent)]
    File(#[from] FileError),
    /// The system refused something.
    #[error("a port cannot be claimed: {0}")]
    Claim(io::Error),
}

/// What the host is called, and where its nodes are known.
#[derive(Debug)]
pub(crate) struct Identity {
    /// The name of the host.
    pub(crate) name: String,
    /// The short name of the machine, as in node names.
    pub(crate) machine: String,
    /// The port of a name server of this agent alone; without it that of the machine.
    pub(crate) epmd: Option<Claim>,
}

/// What is kept of a name that was given.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Kept {
    name: String,
    epmd_port: u16,
}

impl Identity {
    /// Takes the name given, the one given before, or the machine's own.
    ///
    /// # Errors
    /// Where the name makes no sense, or cannot be kept.
    pub(crate) fn of(home: &Home, given: Option<&str>) -> Result<Self, IdentityError> {
        let machine = short_machine_name();
        let path = home.file("host.json");
        let kept: Option<Kept> = home::read(&path)?;
        let before = kept.as_ref().map(|kept| kept.name.as_str());
        let Some(name) = given.or(before) else {
            return Ok(Self {
                name: machine.clone(),
                machine,
                epmd: None,
            });
        };
        check(name)?;
        let epmd = match kept.as_ref().map(|kept| kept.epmd_port) {
            Some(port) => take_again(port)?,
            None => None,
        };
        let epmd = match epmd {
            Some(claim) => claim,
            None => port::free(
                &home.dir().display().to_string(),
                "ERL_EPMD_PORT",
                &BTreeSet::new(),
            )?,
        };
        let now = Kept {
            name: name.to_owned(),
            epmd_port: epmd.port(),
        };
        if kept.as_ref() != Some(&now) {
            home::write(&path, &now)?;
        }
        Ok(Self {
            name: now.name,
            machine,
            epmd: Some(epmd),
        })
    }
}

/// Claims the port that was kept, unless somebody else has it now.
fn take_again(port: u16) -> Result<Option<Claim>, IdentityError> {
    let claim = Claim::of(port).map_err(IdentityError::Claim)?;
    Ok(claim.filter(|_| {
        port::check_free("ERL_EPMD_PORT", port).is_ok() || host::epmd::names(port).is_ok()
    }))
}

fn check(name: &str) -> Result<(), IdentityError> {
    let fits = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'_' | b'-');
    let first = name
        .bytes()
        .next()
        .is_some_and(|b| b.is_ascii_alphanumeric());
    if first && name.len() <= NAME_BYTES_MAX && name.bytes().all(fits) {
        return Ok(());
    }
    Err(IdentityError::Name(name.to_owned()))
}

/// The name of this machine as in short node names.
fn short_machine_name() -> String {
    let name = rustix::system::uname();
    let name = name.nodename().to_string_lossy();
    name.split('.').next().unwrap_or_default().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn home(dir: &tempfile::TempDir) -> Home {
        Home::new(dir.path().to_owned())
    }

    #[test]
    fn a_host_has_the_name_of_its_machine_until_it_is_given_one_which_stays() {
        let dir = tempfile::tempdir().unwrap();
        let own = Identity::of(&home(&dir), None).unwrap();
        assert_eq!(own.name, own.machine);
        assert!(own.epmd.is_none());
        let named = Identity::of(&home(&dir), Some("web-2")).unwrap();
        let port = named.epmd.as_ref().unwrap().port();
        assert_eq!(
            (named.name.as_str(), &named.machine),
            ("web-2", &own.machine)
        );
        drop(named);
        let again = Identity::of(&home(&dir), None).unwrap();
        assert_eq!(
            (again.name.as_str(), again.epmd.unwrap().port()),
            ("web-2", port)
        );
    }

    #[test]
    fn two_named_hosts_have_two_name_servers() {
        let (one, two) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        let one = Identity::of(&home(&one), Some("a")).unwrap();
        let two = Identity::of(&home(&two), Some("b")).unwrap();
        assert_ne!(one.epmd.unwrap().port(), two.epmd.unwrap().port());
    }

    #[test]
    fn a_name_that_is_none_is_refused() {
        let dir = tempfile::tempdir().unwrap();
        for bad in ["", "a b", "-a", "a/b", "a\n"] {
            let error = Identity::of(&home(&dir), Some(bad)).unwrap_err();
            assert!(matches!(error, IdentityError::Name(_)), "{bad:?}");
        }
    }
}
