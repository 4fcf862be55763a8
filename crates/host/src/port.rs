//! Ports for instances: free ones found by binding, fixed ones proved free, both claimed against other
//! agents of the machine.

mod claim;

use std::collections::BTreeSet;
use std::fs;
use std::io;
use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr, TcpListener};

pub use claim::Claim;

/// The lowest port that is given out.
const FIRST: u16 = 20_000;
/// The end of the range where the system does not say from where on it takes ports for clients.
const CLIENTS_FROM: u16 = 32_768;

/// Why there is no port.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// Someone has it.
    #[error("port {port} for {variable} is in use{}: stop that process, or choose another port in [ports]", by(holder.as_ref()))]
    InUse {
        /// The port.
        port: u16,
        /// The variable it was meant for.
        variable: String,
        /// The pid and name of who listens there, if that can be seen.
        holder: Option<(i32, String)>,
    },
    /// The system does not let us bind it.
    #[error("port {port} for {variable} cannot be used: {source}")]
    Refused {
        /// The port.
        port: u16,
        /// The variable it was meant for.
        variable: String,
        /// The system's own error.
        source: io::Error,
    },
    /// Another agent of this machine has given it to an instance.
    #[error(
        "port {port} for {variable} is given to an instance of another agent on this machine: choose \
         another port in [ports], or \"auto\""
    )]
    Claimed {
        /// The port.
        port: u16,
        /// The variable it was meant for.
        variable: String,
    },
    /// There is none left.
    #[error("no free port for {variable} between {FIRST} and {end}", end = end())]
    NoneLeft {
        /// The variable it was meant for.
        variable: String,
    },
}

fn by(holder: Option<&(i32, String)>) -> String {
    holder.map_or_else(String::new, |(pid, name)| format!(" by {name} (pid {pid})"))
}

/// Finds a free port that is not in `taken`, and claims it. It lies below those that the system gives to
/// clients, so that no outgoing connection sits on it when the instance comes back after a crash; where the
/// search begins follows from `seed`, so that an instance tends to get the same one.
///
/// # Errors
/// [`Error::NoneLeft`].
pub fn free(seed: &str, variable: &str, taken: &BTreeSet<u16>) -> Result<Claim, Error> {
    let count = end() - FIRST;
    let start = u16::try_from(hash(&[seed, variable]) % u64::from(count)).unwrap_or(0);
    (0..count)
        .map(|step| FIRST + (start + step) % count)
        .filter(|port| !taken.contains(port))
        // Claimed before it is tried: the attempt would be in the way of one who is about to listen there.
        .filter_map(|port| Claim::of(port).ok().flatten())
        .find(|claim| bind(claim.port()).is_ok())
        .ok_or_else(|| Error::NoneLeft {
            variable: variable.to_owned(),
        })
}

/// Claims a given port, and proves that nobody listens on it.
///
/// # Errors
/// [`Error::Claimed`], and those of [`check_free`].
pub fn claim(variable: &str, port: u16) -> Result<Claim, Error> {
    let claim = Claim::of(port).map_err(|source| Error::Refused {
        port,
        variable: variable.to_owned(),
        source,
    })?;
    let claim = claim.ok_or_else(|| Error::Claimed {
        port,
        variable: variable.to_owned(),
    })?;
    check_free(variable, port)?;
    Ok(claim)
}

/// Proves that nobody listens on a port.
///
/// # Errors
/// [`Error::InUse`] with who does, [`Error::Refused`] where it cannot be bound for another reason.
pub fn check_free(variable: &str, port: u16) -> Result<(), Error> {
    bind(port).map_err(|source| match source.kind() {
        io::ErrorKind::AddrInUse => Error::InUse {
            port,
            variable: variable.to_owned(),
            holder: crate::sockets::listener_of(port),
        },
        _ => Error::Refused {
            port,
            variable: variable.to_owned(),
            source,
        },
    })
}

/// Binds the port on every address, and lets it go at once; a machine may have no IPv6.
fn bind(port: u16) -> io::Result<()> {
    TcpListener::bind(SocketAddr::from((Ipv4Addr::UNSPECIFIED, port)))?;
    match TcpListener::bind(SocketAddr::from((Ipv6Addr::UNSPECIFIED, port))) {
        Err(e) if e.kind() == io::ErrorKind::AddrInUse => Err(e),
        _ => Ok(()),
    }
}

fn end() -> u16 {
    fs::read_to_string("/proc/sys/net/ipv4/ip_local_port_range")
        .ok()
        .and_then(|range| range.split_ascii_whitespace().next()?.parse().ok())
        .filter(|from| *from > FIRST + 1_000)
        .unwrap_or(CLIENTS_FROM)
}

/// FNV-1a: the same on every run.
fn hash(parts: &[&str]) -> u64 {
    let bytes = parts.iter().flat_map(|part| part.bytes().chain([0]));
    bytes.fold(0xcbf2_9ce4_8422_2325, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_port_is_not_given_twice_nor_while_someone_listens() {
        let mut taken = BTreeSet::new();
        let find = |taken: &BTreeSet<u16>| free("shop.production-1", "PORT", taken).unwrap();
        let first = find(&taken);
        // Another agent searches from the same place on.
        let second = find(&taken);
        assert_ne!(first.port(), second.port());
        let first = { first }.port();
        let held = TcpListener::bind(("127.0.0.1", first)).unwrap();
        assert_ne!(find(&taken).port(), first);
        drop(held);
        taken.insert(first);
        assert_ne!(find(&taken).port(), first);
        let error = claim("PORT", second.port()).unwrap_err().to_string();
        assert!(error.contains("another agent"), "{error}");
    }

    #[test]
    fn a_port_in_use_is_refused_with_the_name_of_who_has_it() {
        let held = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = held.local_addr().unwrap().port();
        let error = check_free("PORT", port).unwrap_err().to_string();
        let me = format!("(pid {})", std::process::id());
        assert!(
            error.contains(&port.to_string()) && error.contains(&me),
            "{error}"
        );
    }
}
