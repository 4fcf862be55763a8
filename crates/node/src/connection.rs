//! A connection to a node, and the task that keeps it.
//!
//! The task alone reads and writes the socket. It answers what the node may want of us, sends signs of
//! life, hands each result to the call that waits for it, and passes over everything else.

mod calls;
mod identity;
mod keeper;

use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use beam::etf::Term;
use tokio::sync::{mpsc, oneshot};

use crate::bootstrap::{self, Work};
use crate::control;
use crate::error::{CallError, ConnectError};
use crate::handshake::{self, Connected};
use crate::target::{NodeName, Target};
use calls::{Lifetime, Request};
use identity::Identity;
use keeper::{Command, Keeper};

/// How a call is bounded.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Bounds {
    /// How long the result may take.
    pub within: Duration,
    /// The most bytes that the result may take as an external term. The node measures it and sends
    /// nothing that is larger. At most [`Bounds::RESULT_BYTES_CAP`].
    pub result_bytes_max: u64,
}

impl Bounds {
    /// The largest result that is ever taken.
    pub const RESULT_BYTES_CAP: u64 = 64 << 20;
}

/// A connection to a node. Dropping it closes it.
#[derive(Debug)]
pub struct Connection {
    name: NodeName,
    identity: Identity,
    /// The number of the next call.
    next: AtomicU32,
    commands: mpsc::UnboundedSender<Command>,
}

impl Connection {
    /// Connects as a hidden node, all within the given time. Needs a tokio runtime.
    ///
    /// # Errors
    /// Where there is no such node, or it does not let us in.
    pub async fn open(target: &Target, within: Duration) -> Result<Self, ConnectError> {
        let Connected {
            stream,
            name,
            creation,
        } = handshake::connect(target, within).await?;
        let (commands, received) = mpsc::unbounded_channel();
        tokio::spawn(Keeper::new(stream).keep(received));
        Ok(Self {
            name: target.name.clone(),
            identity: Identity { name, creation },
            next: AtomicU32::new(1),
            commands,
        })
    }

    /// The node at the other end.
    pub fn node(&self) -> &NodeName {
        &self.name
    }

    /// Whether the connection has ended.
    pub fn is_closed(&self) -> bool {
        self.commands.is_closed()
    }

    /// Calls `module:name` with the arguments, in a process of its own. As with `rpc:call`, the call goes
    /// on if its time is over or the connection is lost.
    ///
    /// # Errors
    /// Where there is no result; [`CallError::outcome_unknown`] tells whether it may have run.
    pub async fn call(
        &self,
        module: &str,
        name: &str,
        arguments: &[Term],
        bounds: Bounds,
    ) -> Result<Term, CallError> {
        let function = format!("{module}:{name}/{}", arguments.len());
        let work = Work::Apply {
            module,
            name,
            arguments,
        };
        self.run(work, Lifetime::Node, function, bounds).await
    }

    /// Evaluates Erlang source, expressions that end with a dot, with the given variables bound, in a
    /// process of its own. It is ended if its time is over or the connection is lost: for looking, not
    /// for changing. `what` is its name in errors.
    ///
    /// # Errors
    /// Where there is no result.
    pub async fn eval(
        &self,
        what: &str,
        source: &str,
        bindings: Vec<(&str, Term)>,
        bounds: Bounds,
    ) -> Result<Term, CallError> {
        let work = Work::Eval { source, bindings };
        self.run(work, Lifetime::Connection, what.to_owned(), bounds)
            .await
    }

    async fn run(
        &self,
        work: Work<'_>,
        lifetime: Lifetime,
        function: String,
        bounds: Bounds,
    ) -> Result<Term, CallError> {
        let bytes_max = bounds.result_bytes_max.min(Bounds::RESULT_BYTES_CAP);
        let id = self.next.fetch_add(1, Ordering::Relaxed);
        let caller = self.identity.pid(id);
        let arguments = bootstrap::arguments(work, bytes_max, &caller, id.into());
        let packet = control::spawn(
            &self.identity.reference(id),
            &caller,
            ("erl_eval", "exprs"),
            &arguments,
            lifetime.option(),
        )
        .map_err(|source| CallError::Arguments {
            function: function.clone(),
            source,
        })?;
        let (answer, answered) = oneshot::channel();
        let request = Request {
            id,
            packet,
            caller,
            lifetime,
            function: function.clone(),
            bytes_max,
            answer,
        };
        if self.commands.send(Command::Call(request)).is_err() {
            return Err(CallError::NotConnected { function });
        }
        // Also where this future is dropped: nobody waits for the answer any more.
        let _forget = Forget {
            id,
            commands: &self.commands,
        };
        match tokio::time::timeout(bounds.within, answered).await {
            Ok(Ok(result)) => result,
            // The keeper ended before it took the call.
            Ok(Err(_)) => Err(CallError::NotConnected { function }),
            Err(_) => Err(CallError::Timeout {
                function,
                within: bounds.within,
            }),
        }
    }
}

/// Tells the keeper, when dropped, that a call is over.
struct Forget<'a> {
    id: u32,
    commands: &'a mpsc::UnboundedSender<Command>,
}

impl Drop for Forget<'_> {
    fn drop(&mut self) {
        // Without a keeper there is nothing to forget.
        drop(self.commands.send(Command::Forget(self.id)));
    }
}
