//! How firm a service's weights are (invariant I7). Pure: time is an argument.
//!
//! ```text
//! Leased ──prepare──▶ Prepared ──commit──▶ Committed
//!   │ expiry                                  ▲
//!   └──▶ all weight to stable, reverted ──────┘
//! ```

/// Milliseconds of a clock that counts from the machine's boot.
pub type Tick = u64;

/// How firm the weights are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Commitment {
    /// Final.
    Committed,
    /// Until the tick; then all traffic returns to `stable`.
    Leased { expires: Tick, stable: String },
    /// Never reverts alone.
    Prepared { stable: String },
}

/// A wish that comes too late: the lease ran out and traffic is back at stable.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the lease ran out and all traffic is back at stable: give the weights anew")]
pub struct Reverted;

/// A commitment with whether its lease ran out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Firmness {
    /// As it stands.
    pub(crate) commitment: Commitment,
    /// Whether a lease ran out since the weights were last given.
    pub(crate) reverted: bool,
}

impl Firmness {
    /// As given with the weights.
    pub(crate) fn new(commitment: Commitment) -> Self {
        Self {
            commitment,
            reverted: false,
        }
    }

    /// Lets time pass: returns who gets all traffic, if the lease has just run out.
    #[must_use]
    pub(crate) fn expire(&mut self, now: Tick) -> Option<String> {
        match &self.commitment {
            Commitment::Leased { expires, stable } if *expires <= now => {
                let stable = stable.clone();
                self.commitment = Commitment::Committed;
                self.reverted = true;
                Some(stable)
            }
            _ => None,
        }
    }

    /// Renews the lease; where there is none (any more), nothing needs renewal.
    pub(crate) fn renew(&mut self, now: Tick, until: Tick) -> Result<(), Reverted> {
        self.refuse_if_too_late(now)?;
        if let Commitment::Leased { expires, .. } = &mut self.commitment {
            *expires = until;
        }
        Ok(())
    }

    /// Makes leased weights prepared.
    pub(crate) fn prepare(&mut self, now: Tick) -> Result<(), Reverted> {
        self.refuse_if_too_late(now)?;
        if let Commitment::Leased { stable, .. } = &self.commitment {
            let stable = stable.clone();
            self.commitment = Commitment::Prepared { stable };
        }
        Ok(())
    }

    /// Makes the weights final.
    pub(crate) fn commit(&mut self, now: Tick) -> Result<(), Reverted> {
        self.refuse_if_too_late(now)?;
        self.commitment = Commitment::Committed;
        Ok(())
    }

    fn refuse_if_too_late(&self, now: Tick) -> Result<(), Reverted> {
        let is_over =
            matches!(self.commitment, Commitment::Leased { expires, .. } if expires <= now);
        if self.reverted || is_over {
            Err(Reverted)
        } else {
            Ok(())
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn leased(expires: Tick) -> Firmness {
        Firmness::new(Commitment::Leased {
            expires,
            stable: "old".to_owned(),
        })
    }

    #[test]
    fn a_lease_runs_out_once_and_then_refuses_everything() {
        let mut firmness = leased(100);
        assert_eq!(firmness.expire(99), None);
        let mut late = firmness.clone();
        assert_eq!(
            late.commit(100),
            Err(Reverted),
            "before anybody saw it run out"
        );
        assert_eq!(firmness.expire(100).as_deref(), Some("old"));
        assert_eq!(firmness.expire(101), None);
        assert_eq!(firmness.renew(101, 500), Err(Reverted));
        assert_eq!(firmness.prepare(101), Err(Reverted));
        assert_eq!(firmness.commit(101), Err(Reverted));
        assert!(firmness.reverted);
    }

    #[test]
    fn a_renewed_lease_lives_on() {
        let mut firmness = leased(100);
        firmness.renew(99, 200).unwrap();
        assert_eq!(firmness.expire(150), None);
    }

    #[test]
    fn prepared_never_reverts_alone() {
        let mut firmness = leased(100);
        firmness.prepare(99).unwrap();
        firmness.prepare(99).unwrap();
        assert_eq!(firmness.expire(Tick::MAX), None);
        firmness.commit(200).unwrap();
        firmness.commit(200).unwrap();
        firmness.prepare(99).unwrap();
        assert_eq!(firmness.commitment, Commitment::Committed);
        assert!(!firmness.reverted);
    }
}
