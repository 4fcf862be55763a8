//! Listening sockets: one for each worker on the same address.

use std::io;
use std::net::{SocketAddr, TcpListener};

use socket2::{Domain, Protocol, Socket, Type};

/// Connections that may wait to be accepted, for each worker.
const BACKLOG: i32 = 4096;

/// Says whether an address can be bound by us alone: SO_REUSEPORT would silently share the port with
/// another proxy of the same user.
///
/// # Errors
/// Where the address is not ours, or in use, also by a listener that would share it.
pub(crate) fn is_free(address: SocketAddr) -> io::Result<()> {
    socket(address, false).map(drop)
}

/// Binds `count` sockets to an address; port 0 takes any free one, the same for all.
///
/// # Errors
/// Where the address is not ours, or in use, but for listeners of this user that share it.
pub(crate) fn bind(
    address: SocketAddr,
    count: usize,
) -> io::Result<(SocketAddr, Vec<TcpListener>)> {
    let mut bound = address;
    let mut sockets = Vec::with_capacity(count);
    for _ in 0..count {
        let socket = socket(bound, true)?;
        socket.listen(BACKLOG)?;
        let socket = TcpListener::from(socket);
        bound = socket.local_addr()?;
        sockets.push(socket);
    }
    Ok((bound, sockets))
}

fn socket(address: SocketAddr, shared: bool) -> io::Result<Socket> {
    let socket = Socket::new(
        Domain::for_address(address),
        Type::STREAM,
        Some(Protocol::TCP),
    )?;
    if address.is_ipv6() {
        socket.set_only_v6(false)?;
    }
    socket.set_reuse_address(true)?;
    socket.set_reuse_port(shared)?;
    socket.set_nonblocking(true)?;
    socket.bind(&address.into())?;
    Ok(socket)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_worker_gets_a_socket_on_the_same_port_and_nobody_else() {
        let (bound, sockets) = bind("127.0.0.1:0".parse().unwrap(), 3).unwrap();
        assert_eq!(sockets.len(), 3);
        for socket in &sockets {
            assert_eq!(socket.local_addr().unwrap(), bound);
        }
        let taken = is_free(bound).unwrap_err();
        assert_eq!(taken.kind(), io::ErrorKind::AddrInUse);
    }
}
