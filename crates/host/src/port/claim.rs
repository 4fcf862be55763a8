//! A port spoken for, before anyone listens on it.
//!
//! Between the choice of a port and the moment when its instance listens, another agent of the machine
//! would find it free. So who chooses one takes a name as well, an abstract unix socket: like a port, only
//! one process of a network namespace has it, and it ends with that process.

use std::io;
use std::os::linux::net::SocketAddrExt;
use std::os::unix::net::{SocketAddr, UnixDatagram};

/// A port that no other agent of this machine gives out, as long as this lives.
#[derive(Debug)]
pub struct Claim {
    port: u16,
    _name: UnixDatagram,
}

impl Claim {
    /// Claims a port; nothing where another has it, or this process already.
    ///
    /// # Errors
    /// Where the system has no socket left.
    pub fn of(port: u16) -> io::Result<Option<Self>> {
        let name = SocketAddr::from_abstract_name(format!("cutover-port-{port}"))?;
        match UnixDatagram::bind_addr(&name) {
            Ok(name) => Ok(Some(Self { port, _name: name })),
            Err(e) if e.kind() == io::ErrorKind::AddrInUse => Ok(None),
            Err(e) => Err(e),
        }
    }

    /// The port.
    pub fn port(&self) -> u16 {
        self.port
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_port_is_claimed_once_until_it_is_let_go() {
        let port = 1;
        let claim = Claim::of(port).unwrap().unwrap();
        assert_eq!(claim.port(), port);
        assert!(Claim::of(port).unwrap().is_none());
        drop(claim);
        assert!(Claim::of(port).unwrap().is_some());
    }
}
