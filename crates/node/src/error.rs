//! Why a node could not be asked, or what it answered instead.

use std::io;
use std::net::SocketAddr;
use std::time::Duration;

use beam::etf::{DecodeError, EncodeError, Term};

use crate::target::NodeName;

/// What was being done when a connection failed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Step {
    /// epmd was asked for the node's port.
    Epmd,
    /// The connection to the node was made.
    Connect,
    /// Names were exchanged.
    Name,
    /// The node's challenge was awaited.
    Challenge,
    /// The node's proof of the cookie was awaited.
    Proof,
}

impl std::fmt::Display for Step {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Epmd => "asking epmd for its port",
            Self::Connect => "connecting",
            Self::Name => "exchanging names",
            Self::Challenge => "waiting for its challenge",
            Self::Proof => "waiting for its proof of the cookie",
        })
    }
}

/// Why there is no connection to a node.
#[derive(Debug, thiserror::Error)]
pub enum ConnectError {
    /// No epmd answers.
    #[error("{name} cannot be found: epmd at {address} does not answer: {source}")]
    Epmd {
        /// The node.
        name: NodeName,
        /// Where epmd was looked for.
        address: SocketAddr,
        /// The system's own error.
        source: io::Error,
    },
    /// epmd knows no such node: it is not running, or has no distribution yet.
    #[error("epmd at {address} knows no node named {name}: it is not running, or not distributed")]
    NotRegistered {
        /// The node.
        name: NodeName,
        /// Where epmd was asked.
        address: SocketAddr,
    },
    /// Nobody listens where the node should.
    #[error("nobody listens for {name} at {address}")]
    Refused {
        /// The node.
        name: NodeName,
        /// Where it was looked for.
        address: SocketAddr,
    },
    /// The connection failed.
    #[error("the connection to {name} failed while {step}: {source}")]
    Io {
        /// The node.
        name: NodeName,
        /// What was being done.
        step: Step,
        /// The system's own error.
        source: io::Error,
    },
    /// It took too long.
    #[error("{name} gave no answer within {} ms while {step}", within.as_millis())]
    Timeout {
        /// The node.
        name: NodeName,
        /// What was being done.
        step: Step,
        /// The time that all of it had.
        within: Duration,
    },
    /// The node hung up.
    #[error("{name} closed the connection while {step}")]
    Closed {
        /// The node.
        name: NodeName,
        /// What was being done.
        step: Step,
    },
    /// The node has another cookie than the one given.
    #[error("{name} has another cookie than the one of this environment")]
    WrongCookie {
        /// The node.
        name: NodeName,
    },
    /// Another node listens there.
    #[error("the node at {address} is {found}, not {name}")]
    WrongName {
        /// The node meant.
        name: NodeName,
        /// What the node there calls itself.
        found: String,
        /// Where it listens.
        address: SocketAddr,
    },
    /// The node lets only nodes on its list connect (`net_kernel:allow/1`).
    #[error("{name} does not allow connections from this node")]
    NotAllowed {
        /// The node.
        name: NodeName,
    },
    /// Every name that we may take is in use there.
    #[error("{name} has connections from {tried} of our names already")]
    Crowded {
        /// The node.
        name: NodeName,
        /// How many names were tried.
        tried: u32,
    },
    /// It is no node of OTP 25 or later.
    #[error("{name} does not speak the distribution protocol of OTP 25 or later: {what}")]
    Protocol {
        /// The node.
        name: NodeName,
        /// What was wrong.
        what: String,
    },
}

/// Why a call has no result.
#[derive(Debug, thiserror::Error)]
pub enum CallError {
    /// The function was called, and raised.
    #[error("{function} raised {exception}")]
    Raised {
        /// The function, `module:name/arity`.
        function: String,
        /// What it raised.
        exception: Box<Exception>,
    },
    /// The result is larger than the caller wanted; the node has not sent it.
    #[error("the result of {function} takes {bytes} bytes, more than the limit of {limit}")]
    TooLarge {
        /// The function.
        function: String,
        /// The size of the result.
        bytes: u64,
        /// The limit.
        limit: u64,
    },
    /// The arguments cannot be sent. Nothing was called.
    #[error("the arguments of {function} cannot be sent: {source}")]
    Arguments {
        /// The function.
        function: String,
        /// Why.
        source: EncodeError,
    },
    /// The connection had ended before. Nothing was called.
    #[error("{function} was not called: the connection to the node had ended")]
    NotConnected {
        /// The function.
        function: String,
    },
    /// No result in time. The outcome is unknown: it may have run, or still run.
    #[error("no result of {function} within {} ms; whether it ran is unknown", within.as_millis())]
    Timeout {
        /// The function.
        function: String,
        /// The time that it had.
        within: Duration,
    },
    /// The node could not start a process for the call. Nothing was called.
    #[error("the node cannot run {function}: {reason}")]
    NotSpawned {
        /// The function.
        function: String,
        /// The node's reason, such as `system_limit`.
        reason: String,
    },
    /// The process of the call ended without a result. The outcome is unknown.
    #[error("the process that ran {function} ended without a result: {reason}")]
    Ended {
        /// The function.
        function: String,
        /// Its exit reason.
        reason: String,
    },
    /// The connection was lost. The outcome is unknown.
    #[error("the node went down while {function} ran ({why}); whether it ran is unknown")]
    NodeDown {
        /// The function.
        function: String,
        /// How the connection ended.
        why: String,
    },
}

impl CallError {
    /// Whether the function may have run although there is no result.
    pub fn outcome_unknown(&self) -> bool {
        match self {
            Self::Timeout { .. } | Self::Ended { .. } | Self::NodeDown { .. } => true,
            // It ran to its end; only the result was not sent.
            Self::Raised { .. } | Self::TooLarge { .. } => false,
            Self::Arguments { .. } | Self::NotSpawned { .. } | Self::NotConnected { .. } => false,
        }
    }
}

/// What a function raised.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Exception {
    /// `error`, `exit` or `throw`.
    pub class: String,
    /// The reason.
    pub reason: Term,
    /// Where it was raised, `module:name/arity`, if the node said so.
    pub place: Option<String>,
}

impl std::fmt::Display for Exception {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let reason = shortened(&self.reason);
        match &self.place {
            Some(place) if self.reason.is_atom("undef") => {
                write!(f, "{}: undef: there is no {place}", self.class)
            }
            Some(place) => write!(f, "{}: {reason} (in {place})", self.class),
            None => write!(f, "{}: {reason}", self.class),
        }
    }
}

/// Characters of a term that a message shows.
const SHOWN_CHARACTERS_MAX: usize = 400;

/// A term as text, cut where it gets long.
pub(crate) fn shortened(term: &Term) -> String {
    let text = term.to_string();
    match text.char_indices().nth(SHOWN_CHARACTERS_MAX) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text,
    }
}

/// Why a probe has nothing to say.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// There is no connection.
    #[error(transparent)]
    Connect(#[from] ConnectError),
    /// The probe was not answered.
    #[error(transparent)]
    Call(#[from] CallError),
    /// The answer makes no sense.
    #[error("{name} answered the probe with something else: {what}")]
    Answer {
        /// The node.
        name: NodeName,
        /// What was wrong with it.
        what: String,
    },
}

/// Why the packets of a connected node make no sense.
#[derive(Debug, thiserror::Error)]
pub(crate) enum PacketError {
    #[error("a packet of {bytes} bytes, more than the limit of {limit}")]
    TooLarge { bytes: usize, limit: usize },
    #[error("a packet of type {0} instead of 112")]
    Type(u8),
    #[error("a packet that is no term: {0}")]
    Term(#[from] DecodeError),
    #[error("a control message of an unknown form: {0}")]
    Control(String),
}
