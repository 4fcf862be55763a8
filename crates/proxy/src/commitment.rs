//! How firm a service's weights are (invariant I7). Pure: time is an argument.
//!
//! ```text
//! Leased ──prepare──▶ Prepared ──commit──▶ Committed
//!   │ expiry                                  ▲
//!   └──▶ all weight to stable, reverted ──────┘
//! ```

/// Milliseconds of a clock that counts from the machine's boot.
pub(crate) type Tick = u64;

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
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Reverted;

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
    pub(crate) fn renew(&mut self, until: Tick) -> Result<(), Reverted> {
        self.refuse_if_reverted()?;
        if let Commitment::Leased { expires, .. } = &mut self.commitment {
            *expires = until;
        }
        Ok(())
    }

    /// Makes leased weights prepared.
    pub(crate) fn prepare(&mut self) -> Result<(), Reverted> {
        self.refuse_if_reverted()?;
        if let Commitment::Leased { stable, .. } = &self.commitment {
            let stable = stable.clone();
            self.commitment = Commitment::Prepared { stable };
        }
        Ok(())
    }

    /// Makes the weights final.
    pub(crate) fn commit(&mut self) -> Result<(), Reverted> {
        self.refuse_if_reverted()?;
        self.commitment = Commitment::Committed;
        Ok(())
    }

    /// What is left of the lease.
    pub(crate) fn left(&self, now: Tick) -> Option<u64> {
        match self.commitment {
            Commitment::Leased { expires, .. } => Some(expires.saturating_sub(now)),
            _ => None,
        }
    }

    fn refuse_if_reverted(&self) -> Result<(), Reverted> {
        if self.reverted { Err(Reverted) } else { Ok(()) }
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
        assert_eq!(firmness.left(40), Some(60));
        assert_eq!(firmness.expire(100).as_deref(), Some("old"));
        assert_eq!(firmness.expire(101), None);
        assert_eq!(firmness.renew(500), Err(Reverted));
        assert_eq!(firmness.prepare(), Err(Reverted));
        assert_eq!(firmness.commit(), Err(Reverted));
        assert!(firmness.reverted);
    }

    #[test]
    fn a_renewed_lease_lives_on() {
        let mut firmness = leased(100);
        firmness.renew(200).unwrap();
        assert_eq!(firmness.expire(150), None);
    }

    #[test]
    fn prepared_never_reverts_alone() {
        let mut firmness = leased(100);
        firmness.prepare().unwrap();
        firmness.prepare().unwrap();
        assert_eq!(firmness.expire(Tick::MAX), None);
        firmness.commit().unwrap();
        firmness.commit().unwrap();
        firmness.prepare().unwrap();
        assert_eq!(firmness.commitment, Commitment::Committed);
        assert!(!firmness.reverted);
    }
}
