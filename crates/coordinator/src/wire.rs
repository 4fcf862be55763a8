//! Plans and entries of a journal as the ledger keeps them.

use ledger::wire::v1::{Document, Entry as WireEntry, Record};
use rollout::journal::{v1, v2};
use rollout::{Entry, Plan};

use crate::error::Error;

const WRITE: &str = "write the journal";

/// Writes a plan.
pub(crate) fn write_plan(plan: &Plan) -> Result<Document, Error> {
    Document::write(2, &v2::Plan::from(plan)).map_err(|error| unwritten(&error))
}

/// Writes an entry.
pub(crate) fn write_entry(seq: u64, entry: &Entry) -> Result<WireEntry, Error> {
    WireEntry::write(2, &v2::Entry::write(seq, entry)).map_err(|error| unwritten(&error))
}

/// Reads the plan of a rollout, of whichever version.
pub(crate) fn read_plan(rollout: &str, plan: &Document) -> Result<Plan, Error> {
    let unread = |error: serde_json::Error| unread(rollout, &error.to_string());
    Ok(match plan.v {
        1 => plan.read::<v1::Plan>().map_err(unread)?.try_into()?,
        2 => plan.read::<v2::Plan>().map_err(unread)?.try_into()?,
        version => return Err(newer(rollout, version)),
    })
}

/// Reads the entries of a rollout after the first `known`, of whichever version.
pub(crate) fn read_entries(record: &Record, known: usize) -> Result<Vec<Entry>, Error> {
    let rollout = &record.summary.rollout;
    let unread = |error: serde_json::Error| unread(rollout, &error.to_string());
    let later = record.entries.iter().skip(known);
    later
        .map(|entry| match entry.v {
            1 => Ok(entry.read::<v1::Entry>().map_err(unread)?.read()?),
            2 => Ok(entry.read::<v2::Entry>().map_err(unread)?.read()?),
            version => Err(newer(rollout, version)),
        })
        .collect()
}

fn unwritten(error: &serde_json::Error) -> Error {
    Error::Ledger {
        operation: WRITE,
        detail: error.to_string(),
    }
}

fn unread(rollout: &str, detail: &str) -> Error {
    Error::Stored {
        rollout: rollout.into(),
        detail: detail.into(),
    }
}

fn newer(rollout: &str, version: u32) -> Error {
    unread(
        rollout,
        &format!("its journal has version {version}, which a newer cutover wrote"),
    )
}
