//! The tables that calls read. They hold nothing of their own: each row follows from the records of the
//! chain, so that a verification can draw them again and compare.

mod follow;

pub(crate) use follow::{digest, follow, follow_entry};

/// The names of the tables, each with its key.
pub(crate) const TABLES: &[(&str, &str)] = &[
    ("rollouts", "id"),
    ("current", "n"),
    ("marks", "service, artifact"),
    ("behind", "service, host"),
    ("requests", "id"),
    ("freezes", "id"),
];

/// How the tables are made.
pub(crate) const MAKE: &str = "
    CREATE TABLE rollouts (
        id          TEXT PRIMARY KEY,     -- service.environment.N
        service     TEXT NOT NULL,
        environment TEXT NOT NULL,
        number      INTEGER NOT NULL,
        token       INTEGER NOT NULL,     -- of the lease it began under
        begun       INTEGER NOT NULL,     -- the record that has the plan
        hosts       TEXT NOT NULL,        -- JSON: the names of the plan's hosts
        by          TEXT NOT NULL,
        began_ms    INTEGER NOT NULL,
        updated_ms  INTEGER NOT NULL,
        last_seq    INTEGER NOT NULL,     -- of its journal
        outcome     TEXT,                 -- hash of the last outcome recorded
        phase       TEXT NOT NULL,        -- JSON of rollout::journal::v1::Phase
        finished    INTEGER NOT NULL,
        cause       TEXT,
        receipt     TEXT,                 -- JSON, the coordinator's own
        UNIQUE (service, number),
        UNIQUE (service, token)
    ) STRICT;
    CREATE UNIQUE INDEX one_unfinished ON rollouts (service) WHERE finished = 0;
    CREATE TABLE current (
        n        INTEGER PRIMARY KEY,     -- of the record that made it so
        service  TEXT NOT NULL,
        artifact TEXT NOT NULL,
        vsn      TEXT NOT NULL,
        rollout  TEXT NOT NULL,
        at_ms    INTEGER NOT NULL,
        UNIQUE (service, rollout)
    ) STRICT;
    CREATE TABLE marks (
        service  TEXT NOT NULL,
        artifact TEXT NOT NULL,
        why      TEXT NOT NULL,
        rollout  TEXT NOT NULL,
        at_ms    INTEGER NOT NULL,
        PRIMARY KEY (service, artifact)
    ) STRICT;
    CREATE TABLE behind (
        service  TEXT NOT NULL,
        host     TEXT NOT NULL,
        why      TEXT NOT NULL,
        rollout  TEXT NOT NULL,           -- the last that set it aside
        at_ms    INTEGER NOT NULL,
        PRIMARY KEY (service, host)
    ) STRICT;
    CREATE TABLE requests (               -- those that nobody took yet
        id       INTEGER PRIMARY KEY,     -- the number of its record
        rollout  TEXT NOT NULL,
        service  TEXT NOT NULL,
        verb     TEXT NOT NULL,           -- JSON of wire::v1::Verb
        by       TEXT NOT NULL,
        why      TEXT,
        at_ms    INTEGER NOT NULL
    ) STRICT;
    CREATE TABLE freezes (
        id          INTEGER PRIMARY KEY,  -- the number of its record
        environment TEXT NOT NULL,
        until_ms    INTEGER NOT NULL,
        why         TEXT NOT NULL,
        by          TEXT NOT NULL,
        since_ms    INTEGER NOT NULL
    ) STRICT;
";

/// What a record says besides its text.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Stamp<'a> {
    pub(crate) n: u64,
    pub(crate) at_ms: u64,
    pub(crate) rollout: Option<&'a str>,
}
