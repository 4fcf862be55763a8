//! One request counted while it is under way, on whatever path it ends.

use crate::counters::{Answers, Choice, Count, Shard};
use crate::table::Target;
use crate::version::{BackendState, VersionState};

/// As what it is counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    /// A request in flight.
    Request,
    /// An event stream.
    Stream,
    /// An upgraded connection.
    Socket,
}

/// A request that is open at a version; dropping it takes it off the gauges.
#[derive(Debug)]
pub(crate) struct Counted {
    target: Target,
    worker: usize,
    kind: Kind,
}

impl Counted {
    /// Counts a request as in flight.
    pub(crate) fn new(target: Target, worker: usize) -> Self {
        let counted = Self {
            target,
            worker,
            kind: Kind::Request,
        };
        counted.gauge().up();
        counted.backend().in_flight(worker).up();
        counted
    }

    /// Counts it as something else from now on.
    pub(crate) fn become_kind(&mut self, kind: Kind) {
        let before = self.kind;
        self.kind = kind;
        self.gauge().up();
        gauge(self.shard(), before).down();
    }

    /// As what it is counted.
    pub(crate) fn kind(&self) -> Kind {
        self.kind
    }

    /// The version.
    pub(crate) fn version(&self) -> &VersionState {
        &self.target.version
    }

    /// The instance.
    pub(crate) fn backend(&self) -> &BackendState {
        &self.target.backend
    }

    /// Where this worker counts for the version.
    pub(crate) fn shard(&self) -> &Shard {
        &self.target.version.shards[self.worker]
    }

    /// How the request came to the version.
    pub(crate) fn choice(&self) -> Choice {
        self.target.choice
    }

    /// Where this worker counts what becomes of such requests.
    pub(crate) fn answers(&self) -> &Answers {
        self.shard().of(self.choice())
    }

    fn gauge(&self) -> &Count {
        gauge(self.shard(), self.kind)
    }
}

impl Drop for Counted {
    fn drop(&mut self) {
        self.gauge().down();
        self.backend().in_flight(self.worker).down();
    }
}

fn gauge(shard: &Shard, kind: Kind) -> &Count {
    match kind {
        Kind::Request => &shard.in_flight,
        Kind::Stream => &shard.streams_open,
        Kind::Socket => &shard.sockets_open,
    }
}
