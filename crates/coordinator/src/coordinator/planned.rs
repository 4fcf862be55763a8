//! A plan with what it was made from, and what tells it from any other.

use agent::api::v1::LifecycleHook;
use rollout::{HostFacts, HostId, Plan, Warning};

use crate::error::Error;
use crate::request::Request;

/// A plan, with what it was made from.
#[derive(Debug, Clone)]
pub struct Planned {
    pub(super) plan: Plan,
    pub(super) request: Request,
    pub(super) facts: Vec<HostFacts>,
    pub(super) despite_freeze: Option<String>,
}

impl Planned {
    /// Returns the plan.
    pub fn plan(&self) -> &Plan {
        &self.plan
    }

    /// Returns the commands around the life of each instance, which are no steps of the plan.
    pub fn lifecycle(&self) -> &[LifecycleHook] {
        &self.request.settings.lifecycle
    }

    /// Returns what tells this plan from any other: 16 hex digits over all that it does, where, how and with
    /// which settings. What only traffic changes (open sockets, and what is expected of them) is not in it,
    /// nor is the environment of instances.
    ///
    /// # Errors
    /// Where the plan cannot be written as JSON.
    pub fn digest(&self) -> Result<String, Error> {
        let mut plan = self.plan.clone();
        plan.sockets_open = 0;
        plan.warnings
            .retain(|warning| !matches!(warning, Warning::SocketsOverBudget { .. }));
        for step in &mut plan.steps {
            (step.expected_ms, step.longest_ms) = (0, 0);
        }
        let unwritten = |error: serde_json::Error| Error::Ledger {
            operation: "write the plan",
            detail: error.to_string(),
        };
        let plan = serde_json::to_vec(&crate::wire::write_plan(&plan)?).map_err(unwritten)?;
        let settings = serde_json::to_vec(&self.request.settings).map_err(unwritten)?;
        let mut hasher = blake3::Hasher::new();
        for part in [&plan, &settings] {
            hasher.update(&(part.len() as u64).to_le_bytes());
            hasher.update(part);
        }
        Ok(hasher.finalize().to_hex()[..16].to_owned())
    }

    /// Checks that this is the plan that a person was shown.
    ///
    /// # Errors
    /// Where it is another one: what it was made from changed since.
    pub fn is_as_shown(&self, digest: &str) -> Result<(), Error> {
        let now = self.digest()?;
        if now != digest {
            return Err(Error::PlanDiffers {
                service: self.plan.service.clone(),
                shown: digest.into(),
                now,
            });
        }
        Ok(())
    }

    /// Has it begin although its environment is frozen, and says why in the ledger.
    #[must_use]
    pub fn despite_freeze(self, why: String) -> Self {
        Self {
            despite_freeze: Some(why),
            ..self
        }
    }

    /// Says whether the hosts of the plan are still as they were, traffic apart.
    pub(super) fn holds_for(&self, now: &[HostFacts]) -> bool {
        let planned = |host: &HostId| self.plan.host(host).is_some();
        let then = self.facts.iter().filter(|facts| planned(&facts.host));
        let now: Vec<&HostFacts> = now.iter().filter(|facts| planned(&facts.host)).collect();
        let mut count = 0;
        let alike = then.zip(&now).all(|(then, now)| {
            count += 1;
            (&now.host, &now.instances, &now.route) == (&then.host, &then.instances, &then.route)
        });
        alike && count == self.plan.hosts.len() && now.len() == count
    }
}
