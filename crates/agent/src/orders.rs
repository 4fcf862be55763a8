//! The order of a coordinator's calls: one that was given up and comes late is refused.
//!
//! A coordinator that hears no answer gives a call up and may go on to another one about the same service. The
//! first may still be on its way: a leased route that arrived after a commit would make final weights a
//! lease again (invariant I7). So such calls carry a number that grows within a token, and none is obeyed
//! after a later one. Nothing of it needs to outlive the agent: a call does not either.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

use crate::refusal::Refusal;

/// The latest call of each service: its token and its number.
#[derive(Debug, Default)]
pub(crate) struct Orders {
    latest: Mutex<BTreeMap<String, (u64, u64)>>,
}

impl Orders {
    /// Lets a call pass, or refuses it. The same call may be repeated; one without a number passes.
    ///
    /// # Errors
    /// `stale_order` where a later one was obeyed.
    pub(crate) fn admit(
        &self,
        service: &str,
        token: u64,
        order: Option<u64>,
    ) -> Result<(), Refusal> {
        let Some(order) = order else { return Ok(()) };
        let mut latest = self.latest.lock().unwrap_or_else(PoisonError::into_inner);
        let seen = latest.entry(service.to_owned()).or_default();
        if (token, order) < *seen {
            return Err(Refusal::conflict(
                "stale_order",
                format!(
                    "call {order} of the coordinator with token {token} comes after its call {}: it was given up, \
                     and changes nothing",
                    seen.1
                ),
            ));
        }
        *seen = (token, order);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_call_that_comes_late_is_refused_and_a_repeated_one_is_not() {
        let orders = Orders::default();
        let admit = |token, order| orders.admit("shop.production", token, order).is_ok();
        assert!(admit(3, Some(5)));
        assert!(admit(3, Some(7)));
        assert!(admit(3, Some(7)), "the same again");
        assert!(!admit(3, Some(5)), "it was given up before 7");
        assert!(admit(3, None), "a person's");
        assert!(admit(4, Some(1)), "the next coordinator counts anew");
        assert!(!admit(3, Some(9)));
        assert!(orders.admit("blog.production", 1, Some(1)).is_ok());
    }
}
