//! Asking epmd for the port of a node (`PORT_PLEASE2_REQ` of the EPMD protocol).

use std::io;
use std::net::SocketAddr;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

const PORT_PLEASE2_REQ: u8 = 122;
const PORT2_RESP: u8 = 119;
/// The answer's fixed part, with a name of 255 characters and what a node may add.
const ANSWER_BYTES_MAX: u64 = 4096;
/// The version of the handshake that OTP 23 introduced, the only one since OTP 25.
const VERSION: u16 = 6;

/// What epmd knows of a node.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Registered {
    /// It listens on this port.
    At(u16),
    /// There is no such node.
    Nowhere,
    /// There is one, and it is too old to speak with.
    TooOld,
}

/// Asks the epmd at `address` for the node that it knows by the name before the `@`.
pub(crate) async fn port_of(address: SocketAddr, short: &str) -> io::Result<Registered> {
    let mut stream = TcpStream::connect(address).await?;
    stream.write_all(&request(short)?).await?;
    let mut answer = Vec::new();
    stream
        .take(ANSWER_BYTES_MAX)
        .read_to_end(&mut answer)
        .await?;
    answered(&answer).ok_or_else(|| io::Error::from(io::ErrorKind::InvalidData))
}

fn request(short: &str) -> io::Result<Vec<u8>> {
    let length =
        u16::try_from(short.len() + 1).map_err(|_| io::Error::from(io::ErrorKind::InvalidInput))?;
    let mut request = length.to_be_bytes().to_vec();
    request.push(PORT_PLEASE2_REQ);
    request.extend(short.as_bytes());
    Ok(request)
}

/// Reads `119, Result`, and where the result is zero: port, node type, protocol, highest and lowest
/// version, and more.
fn answered(answer: &[u8]) -> Option<Registered> {
    match answer {
        [PORT2_RESP, 0, p1, p0, _, _, h1, h0, l1, l0, ..] => {
            let version = |high, low| u16::from_be_bytes([high, low]);
            let known = (version(*l1, *l0)..=version(*h1, *h0)).contains(&VERSION);
            Some(if known {
                Registered::At(u16::from_be_bytes([*p1, *p0]))
            } else {
                Registered::TooOld
            })
        }
        [PORT2_RESP, 0, ..] => None,
        [PORT2_RESP, _, ..] => Some(Registered::Nowhere),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_answer_of_epmd_is_read() {
        let check = |bytes: &[u8], expected| assert_eq!(answered(bytes), expected, "{bytes:?}");
        let whole = [119, 0, 0x9c, 0x41, 77, 0, 0, 6, 0, 5, 0, 1, b'a', 0, 0];
        check(&whole, Some(Registered::At(40001)));
        check(&[119, 1], Some(Registered::Nowhere));
        check(
            &[119, 0, 0x9c, 0x41, 77, 0, 0, 5, 0, 5],
            Some(Registered::TooOld),
        );
        check(&[119, 0, 0x9c], None);
        check(&[118, 0], None);
        check(&[], None);
    }
}
