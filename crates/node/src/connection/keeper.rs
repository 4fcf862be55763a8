//! The task that owns the socket.

use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::sync::mpsc;
use tokio::time::{Interval, MissedTickBehavior};

use super::Bounds;
use super::calls::{Calls, Request};
use crate::control;
use crate::error::PacketError;
use crate::frame::Frames;

/// How often we show that we live. A node gives us up after its `net_ticktime`, 60 s unless configured.
const TICK: Duration = Duration::from_secs(5);
/// How long a node may take nothing of what we send.
const STALLED: Duration = Duration::from_secs(30);
/// The largest packet: a result as large as any may be, with what is around it.
const PACKET_BYTES_MAX: usize = Bounds::RESULT_BYTES_CAP as usize + 64 * 1024;
/// Bytes that wait to be sent before no further call is taken.
const UNSENT_BYTES_MAX: usize = 1 << 20;
/// Bytes that wait to be sent before nothing more is read: a node that asks without listening waits.
const ANSWERS_BYTES_MAX: usize = 16 << 20;
/// Room for what is read at once.
const READ_BYTES: usize = 32 * 1024;

/// What the keeper is asked for.
#[derive(Debug)]
pub(super) enum Command {
    Call(Request),
    Forget(u32),
}

/// Keeps a connection.
pub(super) struct Keeper {
    stream: TcpStream,
    frames: Frames,
    calls: Calls,
    unsent: Unsent,
}

/// What is to be sent.
#[derive(Debug, Default)]
struct Unsent {
    bytes: Vec<u8>,
    sent: usize,
}

impl Unsent {
    /// Appends a packet, or a tick if it is empty.
    fn push(&mut self, packet: &[u8]) {
        // Arguments beyond four gigabytes do not fit into memory that calls are made from.
        self.bytes.extend((packet.len() as u32).to_be_bytes());
        self.bytes.extend(packet);
    }

    fn rest(&self) -> &[u8] {
        &self.bytes[self.sent..]
    }

    fn took(&mut self, count: usize) {
        self.sent += count;
        if self.sent == self.bytes.len() {
            *self = Self::default();
        }
    }
}

impl Keeper {
    pub(super) fn new(stream: TcpStream) -> Self {
        Self {
            stream,
            frames: Frames::default(),
            calls: Calls::default(),
            unsent: Unsent::default(),
        }
    }

    /// Keeps the connection until it ends or nobody can ask for anything any more.
    pub(super) async fn keep(mut self, mut commands: mpsc::UnboundedReceiver<Command>) {
        let why = self.work(&mut commands).await;
        tracing::debug!(why, "connection to a node ended");
        self.calls.end(&why);
        commands.close();
        // What was asked meanwhile is answered by its channel being dropped.
    }

    async fn work(&mut self, commands: &mut mpsc::UnboundedReceiver<Command>) -> String {
        let mut ticks = tokio::time::interval(TICK);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let mut progress = tokio::time::Instant::now();
        loop {
            let (mut reader, mut writer) = self.stream.split();
            let room = self.frames.buffer();
            room.reserve(READ_BYTES);
            let unsent = self.unsent.rest().len();
            tokio::select! {
                read = reader.read_buf(room), if unsent < ANSWERS_BYTES_MAX => match read {
                    Ok(0) => return "it closed the connection".to_owned(),
                    Ok(_) => if let Err(e) = self.hear() {
                        return e.to_string();
                    },
                    Err(e) => return e.to_string(),
                },
                wrote = writer.write(self.unsent.rest()), if unsent > 0 => {
                    match wrote {
                        Ok(count) => self.unsent.took(count),
                        Err(e) => return e.to_string(),
                    }
                    progress = tokio::time::Instant::now();
                }
                command = commands.recv(), if unsent < UNSENT_BYTES_MAX => {
                    if unsent == 0 {
                        progress = tokio::time::Instant::now();
                    }
                    match command {
                        Some(Command::Call(request)) => {
                            let packet = self.calls.begin(request);
                            self.unsent.push(&packet);
                        }
                        Some(Command::Forget(id)) => {
                            if let Some(packet) = self.calls.forget(id) {
                                self.unsent.push(&packet);
                            }
                        }
                        None => return "it is no longer needed".to_owned(),
                    }
                }
                () = tick(&mut ticks) => {
                    if unsent == 0 {
                        progress = tokio::time::Instant::now();
                        self.unsent.push(&[]);
                    } else if progress.elapsed() > STALLED {
                        return "it takes nothing of what is sent".to_owned();
                    }
                }
            }
        }
    }

    /// Handles every whole packet that was received.
    fn hear(&mut self) -> Result<(), PacketError> {
        while let Some(packet) = self.frames.next(PACKET_BYTES_MAX)? {
            if packet.is_empty() {
                // A tick: show that we live, too.
                if self.unsent.rest().is_empty() {
                    self.unsent.push(&[]);
                }
                continue;
            }
            if let Some(answer) = self.calls.hear(control::incoming(packet)?) {
                self.unsent.push(&answer);
            }
        }
        Ok(())
    }
}

async fn tick(ticks: &mut Interval) {
    ticks.tick().await;
}
