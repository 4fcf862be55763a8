//! Every address that is listened on.

use std::collections::BTreeMap;
use std::io;
use std::net::SocketAddr;
use std::sync::atomic::AtomicU32;
use std::sync::{Arc, Weak};

use tokio::sync::mpsc::UnboundedSender;

use crate::control::v1::Listener;
use crate::door::Door;
use crate::listener;
use crate::worker::Task;

#[derive(Debug)]
struct Listening {
    bound: SocketAddr,
    open: Arc<AtomicU32>,
    is_bound: bool,
    closed: Arc<()>,
}

/// All listeners; the sockets themselves are with the workers.
#[derive(Debug)]
pub(crate) struct Listeners {
    workers: Vec<UnboundedSender<Task>>,
    all: BTreeMap<Door, Listening>,
    /// Those that the workers have yet to close.
    closing: Vec<(SocketAddr, Weak<()>)>,
}

impl Listeners {
    /// None yet.
    pub(crate) fn new(workers: Vec<UnboundedSender<Task>>) -> Self {
        Self {
            workers,
            all: BTreeMap::new(),
            closing: Vec::new(),
        }
    }

    /// How many workers there are.
    pub(crate) fn workers(&self) -> usize {
        self.workers.len()
    }

    /// Enters a listener of a restored service, to be bound by [`Listeners::bind_missing`].
    pub(crate) fn enter(&mut self, door: Door, bound: SocketAddr) {
        self.all.entry(door).or_insert_with(|| Listening {
            bound,
            open: Arc::default(),
            is_bound: false,
            closed: Arc::default(),
        });
    }

    /// Listens on an address, if it is not listened on yet.
    ///
    /// # Errors
    /// Where it cannot be bound; a listener that was entered before stays entered.
    pub(crate) fn listen(&mut self, door: &Door) -> io::Result<()> {
        let was_known = self.all.contains_key(door);
        self.enter(door.clone(), door.address());
        let started = self.start(door);
        if started.is_err() && !was_known {
            self.all.remove(door);
        }
        started
    }

    /// Closes every listener but those in `used`.
    pub(crate) fn keep(&mut self, used: &[Door]) {
        for door in self.doors().into_iter().filter(|door| !used.contains(door)) {
            self.unlisten(&door);
            if let Some(gone) = self.all.remove(&door) {
                self.closing
                    .push((gone.bound, Arc::downgrade(&gone.closed)));
            }
        }
    }

    /// Binds what could not be bound before.
    pub(crate) fn bind_missing(&mut self) {
        for door in self.doors() {
            if let Err(error) = self.start(&door) {
                let bound = self.bound(&door);
                tracing::error!(listen = %door, %bound, %error, "cannot listen; trying again");
            }
        }
    }

    /// Stops to accept everywhere.
    pub(crate) fn stop(&self) {
        for door in self.doors() {
            self.unlisten(&door);
        }
    }

    /// Where a configured address is bound.
    pub(crate) fn bound(&self, door: &Door) -> SocketAddr {
        self.all
            .get(door)
            .map_or(door.address(), |listening| listening.bound)
    }

    /// Every one.
    pub(crate) fn doors(&self) -> Vec<Door> {
        self.all.keys().cloned().collect()
    }

    /// As said to the outside.
    pub(crate) fn list(&self) -> Vec<Listener> {
        let all = self.all.iter();
        all.map(|(door, listening)| Listener {
            listen: door.address(),
            bound: listening.bound,
            preview_of: door.preview_of().map(str::to_owned),
        })
        .collect()
    }

    fn start(&mut self, door: &Door) -> io::Result<()> {
        let Some(listening) = self
            .all
            .get_mut(door)
            .filter(|listening| !listening.is_bound)
        else {
            return Ok(());
        };
        self.closing.retain(|(_, closed)| closed.strong_count() > 0);
        let wanted = listening.bound;
        let is_our_own = self.closing.iter().any(|(bound, _)| *bound == wanted);
        if wanted.port() != 0 && !is_our_own {
            listener::is_free(wanted)?;
        }
        let (bound, sockets) = listener::bind(listening.bound, self.workers.len())?;
        for (worker, socket) in self.workers.iter().zip(sockets) {
            let task = Task::Listen {
                door: door.clone(),
                socket,
                open: Arc::clone(&listening.open),
                closed: Arc::clone(&listening.closed),
            };
            worker
                .send(task)
                .map_err(|_| io::Error::other("a worker is gone"))?;
        }
        listening.bound = bound;
        listening.is_bound = true;
        Ok(())
    }

    fn unlisten(&self, door: &Door) {
        for worker in &self.workers {
            if worker.send(Task::Unlisten(door.clone())).is_err() {
                tracing::error!("a worker is gone");
            }
        }
    }
}
