//! Whether the ledger has what was written: the end of the chain when it is opened, one journal before it
//! is read or added to, and everything when somebody asks.

mod chain;
mod drawn;
mod journal;
mod soundness;

pub(crate) use chain::{advance, tail};
pub(crate) use journal::{Part, load};
pub(crate) use soundness::Soundness;

use crate::Error;
use crate::chain::{Anchor, HEAD};
use crate::ledger::hex;
use crate::wire::v1::Reply;
use crate::work::Work;

/// Reads everything, and remembers which rollouts are damaged.
pub(crate) fn whole(work: &Work<'_>, soundness: &mut Soundness) -> Result<Reply, Error> {
    let head = Anchor::read(work, HEAD)?;
    let mut flaws = chain::from(work, Anchor::START)?;
    if flaws.is_empty() {
        flaws = drawn::compare(work)?;
    }
    soundness.is_now(&flaws);
    Ok(Reply::Verified {
        records: head.n,
        head: hex(&head.hash),
        broken: flaws
            .iter()
            // A damage that can be placed says more than one that cannot.
            .min_by_key(|it| (it.rollout.is_none(), it.seq.is_none()))
            .cloned(),
    })
}
