//! Every address that is listened on, by the address as configured.

use std::collections::BTreeMap;
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::AtomicU32;

use tokio::sync::mpsc::UnboundedSender;

use crate::control::v1::Listener;
use crate::listener;
use crate::worker::Task;

#[derive(Debug)]
struct Listening {
    bound: SocketAddr,
    open: Arc<AtomicU32>,
    is_bound: bool,
}

/// All listeners; the sockets themselves are with the workers.
#[derive(Debug)]
pub(crate) struct Listeners {
    workers: Vec<UnboundedSender<Task>>,
    all: BTreeMap<SocketAddr, Listening>,
}

impl Listeners {
    /// None yet.
    pub(crate) fn new(workers: Vec<UnboundedSender<Task>>) -> Self {
        Self {
            workers,
            all: BTreeMap::new(),
        }
    }

    /// How many workers there are.
    pub(crate) fn workers(&self) -> usize {
        self.workers.len()
    }

    /// Enters a listener of a restored service, to be bound by [`Listeners::bind_missing`].
    pub(crate) fn enter(&mut self, listen: SocketAddr, bound: SocketAddr) {
        self.all.entry(listen).or_insert_with(|| Listening {
            bound,
            open: Arc::default(),
            is_bound: false,
        });
    }

    /// Listens on an address, if it is not listened on yet.
    ///
    /// # Errors
    /// Where it cannot be bound; a listener that was entered before stays entered.
    pub(crate) fn listen(&mut self, listen: SocketAddr) -> io::Result<()> {
        let was_known = self.all.contains_key(&listen);
        self.enter(listen, listen);
        let started = self.start(listen);
        if started.is_err() && !was_known {
            self.all.remove(&listen);
        }
        started
    }

    /// Closes every listener but those in `used`.
    pub(crate) fn keep(&mut self, used: &[SocketAddr]) {
        let addresses = self.addresses();
        for listen in addresses
            .into_iter()
            .filter(|listen| !used.contains(listen))
        {
            self.all.remove(&listen);
            self.unlisten(listen);
        }
    }

    /// Binds what could not be bound before.
    pub(crate) fn bind_missing(&mut self) {
        for listen in self.addresses() {
            if let Err(error) = self.start(listen) {
                let bound = self.bound(listen);
                tracing::error!(%listen, %bound, %error, "cannot listen; trying again");
            }
        }
    }

    /// Stops to accept everywhere.
    pub(crate) fn stop(&self) {
        for listen in self.addresses() {
            self.unlisten(listen);
        }
    }

    /// Where a configured address is bound.
    pub(crate) fn bound(&self, listen: SocketAddr) -> SocketAddr {
        self.all
            .get(&listen)
            .map_or(listen, |listening| listening.bound)
    }

    /// Every configured address.
    pub(crate) fn addresses(&self) -> Vec<SocketAddr> {
        self.all.keys().copied().collect()
    }

    /// As said to the outside.
    pub(crate) fn list(&self) -> Vec<Listener> {
        let all = self.all.iter();
        all.map(|(listen, listening)| Listener {
            listen: *listen,
            bound: listening.bound,
        })
        .collect()
    }

    fn start(&mut self, listen: SocketAddr) -> io::Result<()> {
        let Some(listening) = self
            .all
            .get_mut(&listen)
            .filter(|listening| !listening.is_bound)
        else {
            return Ok(());
        };
        let (bound, sockets) = listener::bind(listening.bound, self.workers.len())?;
        for (worker, socket) in self.workers.iter().zip(sockets) {
            let open = Arc::clone(&listening.open);
            let task = Task::Listen {
                listen,
                socket,
                open,
            };
            worker
                .send(task)
                .map_err(|_| io::Error::other("a worker is gone"))?;
        }
        listening.bound = bound;
        listening.is_bound = true;
        Ok(())
    }

    fn unlisten(&self, listen: SocketAddr) {
        for worker in &self.workers {
            if worker.send(Task::Unlisten(listen)).is_err() {
                tracing::error!("a worker is gone");
            }
        }
    }
}
