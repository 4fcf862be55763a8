//! The port mapper of Erlang: asked for names, and started apart from every instance.
//!
//! The first distributed VM of a host would start `epmd` as its own child, and stopping that instance
//! would take it along. So it is started before, by no instance.

use std::collections::BTreeMap;
use std::io::{self, Read, Write};
use std::net::{Ipv4Addr, SocketAddr, TcpStream};
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;

/// The port where epmd listens unless `ERL_EPMD_PORT` says otherwise.
pub const DEFAULT_PORT: u16 = 4369;

const ANSWER_TIME: Duration = Duration::from_secs(2);
const START_TIME: Duration = Duration::from_secs(5);
const ANSWER_BYTES_MAX: u64 = 1024 * 1024;
/// `EPMD_KILL_REQ` with its length before it: asks it to end.
const KILL_REQ: [u8; 3] = [0, 1, b'k'];
/// `EPMD_NAMES_REQ` with its length before it.
const NAMES_REQ: [u8; 3] = [0, 1, b'n'];

/// Why there is no epmd.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The variable makes no sense.
    #[error("ERL_EPMD_PORT is {0:?}, which is no port")]
    Port(String),
    /// It could not be started.
    #[error("cannot start {}: {source}", program.display())]
    Start {
        /// The program.
        program: PathBuf,
        /// The system's own error.
        source: io::Error,
    },
    /// It was started, and does not answer.
    #[error("epmd on port {port} does not answer: {source}")]
    Silent {
        /// The port.
        port: u16,
        /// The system's own error.
        source: io::Error,
    },
}

/// The port of epmd for an instance with this environment.
///
/// # Errors
/// Where `ERL_EPMD_PORT` is no port.
pub fn port(env: &BTreeMap<String, String>) -> Result<u16, Error> {
    env.get("ERL_EPMD_PORT").map_or(Ok(DEFAULT_PORT), |text| {
        text.parse().map_err(|_| Error::Port(text.clone()))
    })
}

/// The names registered with the epmd on `port`, each with the port of its node.
///
/// # Errors
/// Where none answers.
pub fn names(port: u16) -> io::Result<BTreeMap<String, u16>> {
    let address = SocketAddr::from((Ipv4Addr::LOCALHOST, port));
    let mut stream = TcpStream::connect_timeout(&address, ANSWER_TIME)?;
    stream.set_read_timeout(Some(ANSWER_TIME))?;
    stream.set_write_timeout(Some(ANSWER_TIME))?;
    stream.write_all(&NAMES_REQ)?;
    let mut answer = Vec::new();
    stream.take(ANSWER_BYTES_MAX).read_to_end(&mut answer)?;
    let text = answer
        .get(4..)
        .ok_or_else(|| io::Error::from(io::ErrorKind::UnexpectedEof))?;
    Ok(String::from_utf8_lossy(text)
        .lines()
        .filter_map(registered)
        .collect())
}

/// Reads `name shop_1 at port 34567`.
fn registered(line: &str) -> Option<(String, u16)> {
    let (name, port) = line.strip_prefix("name ")?.split_once(" at port ")?;
    Some((name.to_owned(), port.trim().parse().ok()?))
}

/// Makes sure that an epmd answers on `port`; one is started from the release in `root`, or the host's
/// own, if none does. It leads its own session (`-daemon`). Returns whether one was started. Blocks.
///
/// # Errors
/// Where none can be started.
pub fn ensure(root: &Path, env: &BTreeMap<String, String>, port: u16) -> Result<bool, Error> {
    if names(port).is_ok() {
        return Ok(false);
    }
    let program = program(root);
    let start = |source| Error::Start {
        program: program.clone(),
        source,
    };
    let kept = ["PATH", "HOME", "ERL_EPMD_ADDRESS"];
    let status = sys::process::command(&program)
        .args(["-daemon", "-port", &port.to_string()])
        .env_clear()
        .envs(env.iter().filter(|(name, _)| kept.contains(&name.as_str())))
        .current_dir("/")
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status()
        .map_err(start)?;
    if !status.success() {
        return Err(start(io::Error::other(format!("{status}"))));
    }
    // It answers a moment after its parent has ended; nothing tells when.
    let began = sys::clock::monotonic();
    loop {
        match names(port) {
            Ok(_) => return Ok(true),
            Err(source) if sys::clock::since(began) > START_TIME => {
                return Err(Error::Silent { port, source });
            }
            Err(_) => std::thread::sleep(Duration::from_millis(10)),
        }
    }
}

/// Asks the epmd on `port` to end, which it does only if no node is registered with it (KILL_REQ of the
/// EPMD protocol).
///
/// # Errors
/// Where it does not answer, or nodes need it.
pub fn end(port: u16) -> io::Result<()> {
    let address = SocketAddr::from((Ipv4Addr::LOCALHOST, port));
    let mut stream = TcpStream::connect_timeout(&address, ANSWER_TIME)?;
    stream.set_read_timeout(Some(ANSWER_TIME))?;
    stream.set_write_timeout(Some(ANSWER_TIME))?;
    stream.write_all(&KILL_REQ)?;
    let mut answer = Vec::new();
    stream.take(2).read_to_end(&mut answer)?;
    match answer.as_slice() {
        b"OK" => Ok(()),
        _ => Err(io::Error::other("nodes are registered with it")),
    }
}

/// The release's own epmd, or the host's.
fn program(root: &Path) -> PathBuf {
    let own = std::fs::read_dir(root)
        .into_iter()
        .flatten()
        .flatten()
        .filter(|entry| entry.file_name().to_string_lossy().starts_with("erts-"))
        .map(|entry| entry.path().join("bin/epmd"))
        .find(|path| path.is_file());
    own.unwrap_or_else(|| PathBuf::from("epmd"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::net::TcpListener;

    #[test]
    fn names_are_read_as_epmd_writes_them() {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let epmd = std::thread::spawn(move || {
            let (mut stream, _) = listener.accept().unwrap();
            let mut request = [0; 3];
            stream.read_exact(&mut request).unwrap();
            stream
                .write_all(b"\0\0\x11\x11name shop_1 at port 40001\nname b at port 2\n")
                .unwrap();
            request
        });
        let names = names(port).unwrap();
        assert_eq!(epmd.join().unwrap(), NAMES_REQ);
        assert_eq!(
            names,
            BTreeMap::from([("shop_1".to_owned(), 40001), ("b".to_owned(), 2)])
        );
    }

    #[test]
    fn a_port_that_is_none_is_refused() {
        let env = |text: &str| BTreeMap::from([("ERL_EPMD_PORT".to_owned(), text.to_owned())]);
        assert_eq!(port(&BTreeMap::new()).unwrap(), DEFAULT_PORT);
        assert_eq!(port(&env("5000")).unwrap(), 5000);
        assert!(port(&env("many")).unwrap_err().to_string().contains("many"));
    }
}
