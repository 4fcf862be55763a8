//! Who listens where, as /proc knows it.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

/// The state of a listening TCP socket in /proc/net/tcp.
const LISTEN: &str = "0A";

/// The addresses that the given processes listen on, sorted.
pub fn listening(pids: impl IntoIterator<Item = i32>) -> Vec<SocketAddr> {
    let listeners = listeners();
    let mut found = BTreeSet::new();
    for pid in pids {
        found.extend(inodes(pid).iter().filter_map(|inode| listeners.get(inode)));
    }
    found.into_iter().collect()
}

/// A process that listens on `port`, with its name.
pub fn listener_of(port: u16) -> Option<(i32, String)> {
    let wanted: BTreeSet<u64> = listeners()
        .into_iter()
        .filter(|(_, address)| address.port() == port)
        .map(|(inode, _)| inode)
        .collect();
    crate::process::all()
        .find(|pid| inodes(*pid).iter().any(|inode| wanted.contains(inode)))
        .map(|pid| (pid, crate::process::name(pid).unwrap_or_default()))
}

/// Every listening socket, by inode.
fn listeners() -> BTreeMap<u64, SocketAddr> {
    ["/proc/net/tcp", "/proc/net/tcp6"]
        .iter()
        .filter_map(|path| fs::read_to_string(path).ok())
        .flat_map(|table| table.lines().filter_map(listener).collect::<Vec<_>>())
        .collect()
}

/// Reads one line of /proc/net/tcp or tcp6, if it is of a listener.
fn listener(line: &str) -> Option<(u64, SocketAddr)> {
    let fields: Vec<&str> = line.split_ascii_whitespace().collect();
    if *fields.get(3)? != LISTEN {
        return None;
    }
    let inode = fields.get(9)?.parse().ok()?;
    let (ip, port) = fields.get(1)?.split_once(':')?;
    Some((
        inode,
        SocketAddr::new(address(ip)?, u16::from_str_radix(port, 16).ok()?),
    ))
}

/// Reads an address: words of 32 bits in the machine's byte order.
fn address(hex: &str) -> Option<IpAddr> {
    let word = |at: usize| {
        let word = u32::from_str_radix(hex.get(at * 8..at * 8 + 8)?, 16).ok()?;
        Some(word.to_ne_bytes())
    };
    match hex.len() {
        8 => Some(Ipv4Addr::from(word(0)?).into()),
        32 => {
            let mut bytes = [0; 16];
            for at in 0..4 {
                bytes[at * 4..at * 4 + 4].copy_from_slice(&word(at)?);
            }
            Some(Ipv6Addr::from(bytes).into())
        }
        _ => None,
    }
}

/// The inodes of the sockets that a process has open.
fn inodes(pid: i32) -> BTreeSet<u64> {
    fs::read_dir(format!("/proc/{pid}/fd"))
        .into_iter()
        .flatten()
        .flatten()
        .filter_map(|entry| fs::read_link(entry.path()).ok())
        .filter_map(|target| {
            let inode = target.to_str()?.strip_prefix("socket:[")?;
            inode.strip_suffix(']')?.parse().ok()
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::net::TcpListener;

    #[test]
    fn our_own_listeners_are_found_by_process_and_by_port() {
        let four = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = four.local_addr().unwrap();
        let me = i32::try_from(std::process::id()).unwrap();
        assert!(listening([me]).contains(&address));
        assert_eq!(listener_of(address.port()).unwrap().0, me);
    }

    #[test]
    fn lines_of_both_tables_are_understood_and_others_are_not() {
        let check = |line: &str, expected: Option<&str>| {
            let seen = listener(line).map(|(_, address)| address.to_string());
            assert_eq!(seen.as_deref(), expected, "{line}");
        };
        check(
            "   0: 0100007F:0FA1 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 21 1",
            Some("127.0.0.1:4001"),
        );
        check(
            "   1: 00000000000000000000000000000000:0FA1 00000000000000000000000000000000:0000 0A 0:0 0:0 0 0 0 22 1",
            Some("[::]:4001"),
        );
        check(
            "   2: 0100007F:0FA1 0100007F:9C40 01 00000000:00000000 00:00000000 00000000     0        0 23 1",
            None,
        );
        check("  sl  local_address rem_address   st tx_queue", None);
        check("   3: 01:0FA1 x 0A a b c d e 5", None);
    }
}
