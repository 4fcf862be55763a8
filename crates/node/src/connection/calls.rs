//! The calls that wait for an answer, and what becomes of them with each packet.

use std::collections::BTreeMap;

use beam::Limits;
use beam::etf::{self, Pid, Term};
use tokio::sync::oneshot;

use super::identity::call_of;
use crate::control::{self, Incoming, Reason};
use crate::error::{CallError, Exception, shortened};

/// When the process of a call ends although it has not finished.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Lifetime {
    /// With the call or the connection.
    Connection,
    /// With the node.
    Node,
}

impl Lifetime {
    /// The option of the request that starts the process. A link ends it with the connection.
    pub(super) fn option(self) -> &'static str {
        match self {
            Self::Connection => "link",
            Self::Node => "monitor",
        }
    }
}

/// A call to be made.
#[derive(Debug)]
pub(super) struct Request {
    pub(super) id: u32,
    pub(super) packet: Vec<u8>,
    pub(super) caller: Pid,
    pub(super) lifetime: Lifetime,
    pub(super) function: String,
    pub(super) bytes_max: u64,
    pub(super) answer: oneshot::Sender<Result<Term, CallError>>,
}

#[derive(Debug)]
struct Waiting {
    caller: Pid,
    lifetime: Lifetime,
    function: String,
    bytes_max: u64,
    /// The process of the node, once it is known.
    process: Option<Pid>,
    /// None once nobody waits.
    answer: Option<oneshot::Sender<Result<Term, CallError>>>,
}

/// The calls that wait for an answer.
#[derive(Debug, Default)]
pub(super) struct Calls {
    waiting: BTreeMap<u32, Waiting>,
}

impl Calls {
    /// Takes note of a call; returns the packet that makes it.
    pub(super) fn begin(&mut self, request: Request) -> Vec<u8> {
        let waiting = Waiting {
            caller: request.caller,
            lifetime: request.lifetime,
            function: request.function,
            bytes_max: request.bytes_max,
            process: None,
            answer: Some(request.answer),
        };
        self.waiting.insert(request.id, waiting);
        request.packet
    }

    /// Nobody waits for the call any more. Returns a packet that ends its process, if it shall end.
    pub(super) fn forget(&mut self, id: u32) -> Option<Vec<u8>> {
        let waiting = self.waiting.get_mut(&id)?;
        waiting.answer = None;
        if waiting.lifetime == Lifetime::Node {
            self.waiting.remove(&id);
            return None;
        }
        // Not yet started: it is ended as soon as its process is known.
        waiting.process.as_ref()?;
        let waiting = self.waiting.remove(&id)?;
        control::kill(&waiting.caller, &waiting.process?).ok()
    }

    /// Hands what the node says to the call that it is for. Returns a packet to answer with.
    pub(super) fn hear(&mut self, incoming: Incoming<'_>) -> Option<Vec<u8>> {
        match incoming {
            Incoming::Message { to, message } => {
                let waiting = self.waiting_of(&to)?;
                let result = answer_of(message, to.id, waiting)?;
                self.finish(to.id, result);
                None
            }
            Incoming::Spawned { request, result } => self.spawned(call_of(&request)?, result),
            Incoming::Ended { to, reason } => {
                let function = self.waiting_of(&to)?.function.clone();
                let reason = reason_text(reason);
                self.finish(to.id, Err(CallError::Ended { function, reason }));
                None
            }
            Incoming::Monitor {
                from,
                to,
                reference,
            } => control::no_process(&to, &from, &reference).ok(),
            Incoming::Unlink { id, from, to } => control::unlinked(&id, &from, &to).ok(),
            Incoming::Other => None,
        }
    }

    fn spawned(&mut self, id: u32, result: Term) -> Option<Vec<u8>> {
        let waiting = self.waiting.get_mut(&id)?;
        match result {
            Term::Pid(process) => {
                waiting.process = Some(process);
                match waiting.answer {
                    Some(_) => None,
                    None => self.forget(id),
                }
            }
            reason => {
                let function = waiting.function.clone();
                let reason = shortened(&reason);
                self.finish(id, Err(CallError::NotSpawned { function, reason }));
                None
            }
        }
    }

    /// Ends all calls: the connection is gone.
    pub(super) fn end(&mut self, why: &str) {
        for (_, waiting) in std::mem::take(&mut self.waiting) {
            let down = CallError::NodeDown {
                function: waiting.function,
                why: why.to_owned(),
            };
            tell(waiting.answer, Err(down));
        }
    }

    /// The call that a process of ours makes.
    fn waiting_of(&self, process: &Pid) -> Option<&Waiting> {
        self.waiting
            .get(&process.id)
            .filter(|waiting| waiting.caller == *process)
    }

    fn finish(&mut self, id: u32, result: Result<Term, CallError>) {
        if let Some(waiting) = self.waiting.remove(&id) {
            tell(waiting.answer, result);
        }
    }
}

fn tell(answer: Option<oneshot::Sender<Result<Term, CallError>>>, result: Result<Term, CallError>) {
    if let Some(answer) = answer {
        // Whoever waited may have gone meanwhile.
        drop(answer.send(result));
    }
}

/// Reads the message that ends a call. None where it is another message.
fn answer_of(message: &[u8], id: u32, waiting: &Waiting) -> Option<Result<Term, CallError>> {
    let limits = Limits {
        // The node counts the result alone, and by an estimate from above.
        bytes_max: usize::try_from(waiting.bytes_max).ok()? + 1024,
        depth_max: etf::DEPTH_CAP,
        terms_max: Limits::RELEASE.terms_max,
    };
    let function = waiting.function.clone();
    let (term, _) = match etf::decode_prefix(message, &limits) {
        Ok(read) => read,
        Err(source) => {
            let reason = format!("its result cannot be read: {source}");
            return Some(Err(CallError::Ended { function, reason }));
        }
    };
    let Term::Tuple(mut pair) = term else {
        return None;
    };
    let answer = pair.pop()?;
    if pair.as_slice() != [Term::Int(id.into())] {
        return None;
    }
    let Term::Tuple(mut parts) = answer else {
        return None;
    };
    let head = parts.first()?.as_atom()?.to_owned();
    match (head.as_str(), parts.len()) {
        ("ok", 2) => parts.pop().map(Ok),
        ("too_large", 2) => Some(Err(CallError::TooLarge {
            function,
            bytes: parts[1].as_u64()?,
            limit: waiting.bytes_max,
        })),
        (class, 3) => Some(Err(CallError::Raised {
            function,
            exception: Box::new(Exception {
                class: class.to_owned(),
                reason: parts[1].clone(),
                place: place(&parts[2]),
            }),
        })),
        _ => None,
    }
}

/// `{Module, Name, Arity}` as text.
fn place(term: &Term) -> Option<String> {
    match term.as_tuple()? {
        [module, name, arity] => Some(format!("{module}:{name}/{arity}")),
        _ => None,
    }
}

fn reason_text(reason: Reason<'_>) -> String {
    match reason {
        Reason::Term(term) => shortened(&term),
        Reason::Bytes(bytes) => match etf::decode_prefix(bytes, &Limits::RELEASE) {
            Ok((term, _)) => shortened(&term),
            Err(e) => e.to_string(),
        },
    }
}
