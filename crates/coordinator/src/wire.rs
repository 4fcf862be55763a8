//! Plans and entries of a journal as the ledger keeps them.

use ledger::wire::v1::{Document, Entry as WireEntry, Record};
use rollout::journal::{v1, v2};
use rollout::{Entry, Plan};
use serde_json::{Map, Value};

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
        2 => {
            let fields = labelled(&plan.body, plan.v);
            let plan: v2::Plan = serde_json::from_value(fields).map_err(unread)?;
            plan.try_into()?
        }
        version => return Err(newer(rollout, version)),
    })
}

/// Reads the entries that a record has of its rollout, of whichever version.
pub(crate) fn read_entries(record: &Record) -> Result<Vec<Entry>, Error> {
    let rollout = &record.summary.rollout;
    let entries = record.entries.iter();
    entries.map(|entry| read_entry(rollout, entry)).collect()
}

fn read_entry(rollout: &str, entry: &WireEntry) -> Result<Entry, Error> {
    let unread = |error: serde_json::Error| unread(rollout, &error.to_string());
    match entry.v {
        1 => Ok(entry.read::<v1::Entry>().map_err(unread)?.read()?),
        2 => {
            let mut fields = labelled(&entry.body, entry.v);
            fields["seq"] = entry.seq.into();
            fields["at_ms"] = entry.at_ms.into();
            let entry: v2::Entry = serde_json::from_value(fields).map_err(unread)?;
            Ok(entry.read()?)
        }
        version => Err(newer(rollout, version)),
    }
}

/// The ledger keeps the version apart from the other fields.
fn labelled(body: &Map<String, Value>, version: u32) -> Value {
    let mut fields = body.clone();
    fields.insert("v".into(), version.into());
    Value::Object(fields)
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
