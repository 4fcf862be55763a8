//! Becoming connected: epmd, the names, and the proof on both sides that the cookie is known.
//!
//! ```text
//! us                                   node
//!    ── our name, flags, creation ──▶
//!    ◀── status ──                             (our name is in use: the next one)
//!    ◀── its name, flags, challenge ──
//!    ── our challenge, digest ──▶              (a wrong digest: it hangs up)
//!    ◀── its digest ──
//! ```
//!
//! A name that connects becomes an atom of the node for good. So there is no new name for each
//! connection, but a small set of them, of which the first that is free is taken.

mod flags;
mod message;

use std::io;
use std::net::SocketAddr;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::epmd::{self, Registered};
use crate::error::{ConnectError, Step};
use crate::target::{Door, Target};
use message::Status;

/// How many names we may have at one node at the same time.
const NAMES_MAX: u32 = 32;
/// The longest message of a handshake that is read.
const MESSAGE_BYTES_MAX: usize = 8 * 1024;

/// A connection after its handshake.
#[derive(Debug)]
pub(crate) struct Connected {
    pub(crate) stream: TcpStream,
    /// Our full name there.
    pub(crate) name: String,
    /// What tells our pids from those of an earlier connection of that name.
    pub(crate) creation: u32,
}

/// Connects to the node, all within the given time.
pub(crate) async fn connect(target: &Target, within: Duration) -> Result<Connected, ConnectError> {
    let step = Now::default();
    let attempt = Attempt {
        target,
        step: &step,
    };
    match tokio::time::timeout(within, attempt.run()).await {
        Ok(done) => done,
        Err(_) => Err(ConnectError::Timeout {
            name: target.name.clone(),
            step: step.get(),
            within,
        }),
    }
}

/// What is being done now; it is read once the time is over, maybe on another thread.
#[derive(Debug, Default)]
struct Now(Mutex<Option<Step>>);

impl Now {
    fn set(&self, step: Step) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Some(step);
    }

    fn get(&self) -> Step {
        let step = *self.0.lock().unwrap_or_else(PoisonError::into_inner);
        step.unwrap_or(Step::Epmd)
    }
}

struct Attempt<'a> {
    target: &'a Target,
    step: &'a Now,
}

impl Attempt<'_> {
    async fn run(&self) -> Result<Connected, ConnectError> {
        let address = SocketAddr::new(self.target.address, self.port().await?);
        for slot in 1..=NAMES_MAX {
            let name = format!("cutover-{slot}@{}", self.target.name.host());
            if let Some(connected) = self.shake_hands(address, name).await? {
                return Ok(connected);
            }
        }
        Err(ConnectError::Crowded {
            name: self.target.name.clone(),
            tried: NAMES_MAX,
        })
    }

    async fn port(&self) -> Result<u16, ConnectError> {
        let epmd_port = match self.target.door {
            Door::Port(port) => return Ok(port),
            Door::Epmd(port) => port,
        };
        self.step.set(Step::Epmd);
        let name = self.target.name.clone();
        let address = SocketAddr::new(self.target.address, epmd_port);
        match epmd::port_of(address, name.short()).await {
            Ok(Registered::At(port)) => Ok(port),
            Ok(Registered::Nowhere) => Err(ConnectError::NotRegistered { name, address }),
            Ok(Registered::TooOld) => Err(self.protocol("epmd says that it is older")),
            Err(source) => Err(ConnectError::Epmd {
                name,
                address,
                source,
            }),
        }
    }

    /// Connects under the given name of ours. None where that name is in use.
    async fn shake_hands(
        &self,
        address: SocketAddr,
        name: String,
    ) -> Result<Option<Connected>, ConnectError> {
        self.step.set(Step::Connect);
        let mut stream = TcpStream::connect(address).await.map_err(|e| {
            if e.kind() == io::ErrorKind::ConnectionRefused {
                let name = self.target.name.clone();
                ConnectError::Refused { name, address }
            } else {
                self.failed(e)
            }
        })?;
        stream.set_nodelay(true).map_err(|e| self.failed(e))?;

        self.step.set(Step::Name);
        let [creation, ours] = random().map_err(|e| self.failed(e))?;
        let creation = creation.max(4);
        self.send(&mut stream, &message::send_name(&name, creation))
            .await?;
        let status = self.receive(&mut stream).await?;
        match message::status(&status) {
            Some(Status::Go) => {}
            Some(Status::NameInUse) => return Ok(None),
            Some(Status::Alive) => {
                self.send(&mut stream, message::NOT_ALIVE).await?;
                return Ok(None);
            }
            Some(Status::NotAllowed) => {
                let name = self.target.name.clone();
                return Err(ConnectError::NotAllowed { name });
            }
            None => return Err(self.protocol("a status of an unknown form")),
        }

        self.step.set(Step::Challenge);
        let challenge = self.receive(&mut stream).await?;
        let challenge = message::challenge(&challenge)
            .ok_or_else(|| self.protocol("a challenge of an unknown form"))?;
        if challenge.name != self.target.name.as_str() {
            return Err(ConnectError::WrongName {
                name: self.target.name.clone(),
                found: challenge.name.escape_debug().to_string(),
                address,
            });
        }
        if challenge.flags & flags::NEEDED != flags::NEEDED {
            return Err(self.protocol("it cannot start processes for other nodes"));
        }

        self.step.set(Step::Proof);
        let cookie = &self.target.cookie;
        let proof = message::digest(cookie, challenge.challenge);
        self.send(&mut stream, &message::challenge_reply(ours, proof))
            .await?;
        let wrong = || ConnectError::WrongCookie {
            name: self.target.name.clone(),
        };
        let ack = match self.receive(&mut stream).await {
            // It hangs up on a wrong proof, and says nothing.
            Err(ConnectError::Closed { .. }) => return Err(wrong()),
            ack => ack?,
        };
        let ack = message::challenge_ack(&ack)
            .ok_or_else(|| self.protocol("an acknowledgement of an unknown form"))?;
        if ack != message::digest(cookie, ours) {
            return Err(wrong());
        }
        Ok(Some(Connected {
            stream,
            name,
            creation,
        }))
    }

    async fn send(&self, stream: &mut TcpStream, message: &[u8]) -> Result<(), ConnectError> {
        let mut framed = (message.len() as u16).to_be_bytes().to_vec();
        framed.extend(message);
        stream.write_all(&framed).await.map_err(|e| self.failed(e))
    }

    async fn receive(&self, stream: &mut TcpStream) -> Result<Vec<u8>, ConnectError> {
        let mut length = [0; 2];
        stream
            .read_exact(&mut length)
            .await
            .map_err(|e| self.failed(e))?;
        let length = usize::from(u16::from_be_bytes(length));
        if length > MESSAGE_BYTES_MAX {
            return Err(self.protocol("a message that is too long"));
        }
        let mut message = vec![0; length];
        stream
            .read_exact(&mut message)
            .await
            .map_err(|e| self.failed(e))?;
        Ok(message)
    }

    /// A connection that ends is told from one that breaks otherwise.
    fn failed(&self, source: io::Error) -> ConnectError {
        let name = self.target.name.clone();
        let step = self.step.get();
        match source.kind() {
            io::ErrorKind::UnexpectedEof
            | io::ErrorKind::ConnectionReset
            | io::ErrorKind::BrokenPipe => ConnectError::Closed { name, step },
            _ => ConnectError::Io { name, step, source },
        }
    }

    fn protocol(&self, what: &str) -> ConnectError {
        ConnectError::Protocol {
            name: self.target.name.clone(),
            what: what.to_owned(),
        }
    }
}

/// Two numbers that nobody can foresee.
fn random() -> io::Result<[u32; 2]> {
    use std::io::Read;
    let mut bytes = [0; 8];
    std::fs::File::open("/dev/urandom")?.read_exact(&mut bytes)?;
    let [a, b, c, d, e, f, g, h] = bytes;
    Ok([
        u32::from_be_bytes([a, b, c, d]),
        u32::from_be_bytes([e, f, g, h]),
    ])
}
