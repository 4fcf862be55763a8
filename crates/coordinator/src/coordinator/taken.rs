//! What happened to a rollout, for those who draw it.

use ledger::wire::v1::Record;
use rollout::{Plan, Taken};

use crate::error::Error;
use crate::wire;

/// Reads a rollout's plan, and what happened to it. Of a journal that an earlier version wrote, which this
/// engine cannot replay, it is the plan alone.
///
/// # Errors
/// Where the plan or an entry cannot be read.
pub fn taken(record: &Record) -> Result<(Plan, Taken), Error> {
    let plan = wire::read_plan(&record.summary.rollout, &record.summary.plan)?;
    let entries = wire::read_entries(record)?;
    let taken = match rollout::replay(plan.clone(), &entries) {
        Ok(state) => Taken::of(&state),
        Err(_) => Taken::nothing(plan.steps.len()),
    };
    Ok((plan, taken))
}
