//! The coordinator: what can be asked of it.

mod ask;
mod take_over;

pub use ask::Known;

use std::collections::BTreeMap;

use ledger::wire::v1::{Call, Document, Holder, Lease, Reply};
use rollout::{
    Chosen, CommandDecision, Event, HostFacts, HostId, Mark, Plan, Purpose, Rollout, ServiceKey,
    Version,
};

use crate::clock::Clock;
use crate::drive::{Begin, Drive};
use crate::error::Error;
use crate::facts::{Gathered, gather};
use crate::host::Host;
use crate::interpret::Means;
use crate::lease::{self, Asked};
use crate::ledger_door::{Ledger, unexpected};
use crate::outcome::{Outcome, Stored};
use crate::progress::{Observer, Progress};
use crate::request::{Request, Target};

/// Drives rollouts of services on a fleet.
#[derive(Debug, Clone)]
pub struct Coordinator<H> {
    hosts: Vec<(HostId, H)>,
    holder: Holder,
    clock: Clock,
}

/// A plan, with what it was made from.
#[derive(Debug, Clone)]
pub struct Planned {
    plan: Plan,
    request: Request,
    facts: Vec<HostFacts>,
}

/// What a person adds when a rollout is taken up again.
#[derive(Debug, Clone, Default)]
pub struct Resume {
    /// What became of the release command, where nobody saw its end.
    pub command: Option<CommandDecision>,
    /// The environment of instances, where it is known; needed if some were never started.
    pub env: Option<BTreeMap<String, String>>,
}

impl Planned {
    /// Returns the plan.
    pub fn plan(&self) -> &Plan {
        &self.plan
    }
}

impl<H: Host> Coordinator<H> {
    /// Makes a coordinator of these hosts; the ledger is on the first one.
    ///
    /// # Errors
    /// Where there are no hosts.
    pub fn new(hosts: Vec<(HostId, H)>, holder: Holder) -> Result<Self, Error> {
        if hosts.is_empty() {
            return Err(Error::NoHosts);
        }
        Ok(Self {
            hosts,
            holder,
            clock: Clock::system(),
        })
    }

    /// Goes by another clock.
    #[must_use]
    pub fn with_clock(self, clock: Clock) -> Self {
        Self { clock, ..self }
    }

    /// Makes the plan for a request. Nothing is changed.
    ///
    /// # Errors
    /// Where it cannot be carried out, or hosts do not answer.
    pub async fn plan(&self, request: Request) -> Result<Planned, Error> {
        let known = self.service(&request.service).await?;
        if let Some(rollout) = known.unfinished {
            let service = request.service.clone();
            return Err(match self.live_lease(&service).await? {
                Some(lease) => self.held(&service, lease),
                None => Error::Unfinished { service, rollout },
            });
        }
        let gathered = self.gather(&request.service).await?;
        let (purpose, candidate, chosen) = match &request.target {
            Target::Deploy { version, chosen } => (Purpose::Deploy, version.clone(), *chosen),
            Target::Rollback { to } => {
                ask::earlier(&request.service, to.as_ref(), &known, &gathered)?
            }
        };
        for host in &gathered {
            if !host
                .artifacts
                .iter()
                .any(|(artifact, _)| artifact == candidate.artifact.as_str())
            {
                return Err(Error::MissingArtifact {
                    host: host.facts.host.clone(),
                    artifact: candidate.artifact,
                });
            }
        }
        let mut marks = Vec::new();
        for mark in &known.marks {
            marks.push(Mark {
                artifact: rollout::ArtifactId::parse(&mark.artifact)?,
                why: mark.why.clone(),
            });
        }
        let current = known
            .current
            .map(|current| rollout::ArtifactId::parse(&current.artifact))
            .transpose()?;
        let facts: Vec<HostFacts> = gathered.into_iter().map(|host| host.facts).collect();
        let plan = rollout::compute(
            &rollout::Request {
                service: request.service.clone(),
                purpose,
                strategy: request.strategy,
                candidate,
                chosen,
                instances_per_host: request.instances_per_host,
                node: request.settings.node.clone(),
                applications: request.applications.clone(),
                timing: request.timing,
                tolerance: request.tolerance,
                moving: request.moving,
                release_command: request
                    .release_command
                    .clone()
                    .filter(|_| purpose == Purpose::Deploy),
            },
            &facts,
            &marks,
            current.as_ref(),
        )?;
        Ok(Planned {
            plan,
            request,
            facts,
        })
    }

    /// Carries a plan out. Dropping the future at any point leaves a system that serves, and a rollout
    /// that can be resumed or aborted.
    ///
    /// # Errors
    /// Where it could not begin (nothing was changed), or could not go on (to be resumed or aborted). A
    /// candidate that was given up is no error but an outcome.
    pub async fn run(
        &self,
        planned: Planned,
        observer: &mut dyn Observer,
    ) -> Result<Outcome, Error> {
        let Planned {
            plan,
            request,
            facts,
        } = planned;
        let service = plan.service.clone();
        let above = self.highest_token(&service).await;
        let lease = self.lease(&service, above, observer).await?;
        // Under the lease, so that nobody else changes what is compared here.
        let begun = async {
            let gathered = self.gather(&service).await?;
            let obey = gathered.iter().all(|host| host.token <= lease.token);
            let now: Vec<HostFacts> = gathered.into_iter().map(|host| host.facts).collect();
            if !obey || !same(&now, &facts) {
                return Err(Error::PlanIsStale {
                    service: service.clone(),
                });
            }
            self.begin(&plan, &request, &lease).await
        };
        let rollout = match begun.await {
            Ok(rollout) => rollout,
            Err(error) => {
                lease::release(&self.ledger(), &lease).await;
                return Err(error);
            }
        };
        observer.on(&Progress::Began {
            rollout: rollout.clone(),
            resumed: false,
        });
        for warning in &plan.warnings {
            observer.on(&Progress::Warning {
                text: warning.to_string(),
            });
        }
        let state = Rollout::new(plan);
        let means = Means {
            rollout,
            plan: state.plan().clone().into(),
            settings: request.settings,
            env: Some(request.env),
        };
        let drive = Drive::new(Begin {
            ledger: self.ledger(),
            lease: lease.clone(),
            hosts: self.hosts.clone(),
            means,
            clock: self.clock.clone(),
            state,
            seq: 0,
            stored: Stored::default(),
            observer,
        });
        let outcome = drive.run(Event::Begin).await;
        lease::release(&self.ledger(), &lease).await;
        outcome
    }

    async fn begin(&self, plan: &Plan, request: &Request, lease: &Lease) -> Result<String, Error> {
        const OPERATION: &str = "write the rollout down";
        let service = plan.service.clone();
        let settings = serde_json::to_value(&request.settings).map_err(|e| Error::Ledger {
            operation: OPERATION,
            detail: e.to_string(),
        })?;
        let call = Call::Begin {
            service: service.to_string(),
            token: lease.token,
            plan: Document::write(1, &rollout::journal::v1::Plan::from(plan)).map_err(|e| {
                Error::Ledger {
                    operation: OPERATION,
                    detail: e.to_string(),
                }
            })?,
            settings,
            by: self.by(),
            despite_freeze: None,
        };
        if let Some(rollout) = self.service(&service).await?.unfinished {
            return Err(Error::Unfinished { service, rollout });
        }
        match self.ledger().call(OPERATION, &call).await? {
            Reply::Begun { rollout } => Ok(rollout),
            _ => Err(unexpected(OPERATION)),
        }
    }

    /// Takes the lease, or says who has it.
    async fn lease(
        &self,
        service: &ServiceKey,
        above: u64,
        observer: &mut dyn Observer,
    ) -> Result<Lease, Error> {
        match lease::acquire(&self.ledger(), service, &self.holder, above).await? {
            Asked::Held(lease) => Err(self.held(service, lease)),
            Asked::Acquired { lease, taken_over } => {
                let taken_over_from = taken_over.map(|old| {
                    let holder = old.holder;
                    format!(
                        "{}@{} (`{}`, pid {})",
                        holder.user, holder.host, holder.command, holder.process.pid
                    )
                });
                observer.on(&Progress::Leased {
                    service: service.to_string(),
                    token: lease.token,
                    taken_over_from,
                });
                Ok(lease)
            }
        }
    }

    fn held(&self, service: &ServiceKey, lease: Lease) -> Error {
        let age_ms = self.clock.now_ms().saturating_sub(lease.since_ms);
        Error::Held {
            service: service.clone(),
            lease: Box::new(lease),
            age_ms,
        }
    }

    async fn gather(&self, service: &ServiceKey) -> Result<Vec<Gathered>, Error> {
        let mut asked = Vec::new();
        for (id, host) in &self.hosts {
            let (id, host, service) = (id.clone(), host.clone(), service.clone());
            asked.push(tokio::spawn(
                async move { gather(&id, &host, &service).await },
            ));
        }
        let mut gathered = Vec::new();
        for task in asked {
            let host = task.await.map_err(|e| Error::Ledger {
                operation: "ask the hosts",
                detail: e.to_string(),
            })?;
            gathered.push(host?);
        }
        Ok(gathered)
    }

    fn ledger(&self) -> Ledger<H> {
        let (lead, host) = &self.hosts[0];
        Ledger {
            lead: lead.clone(),
            host: host.clone(),
        }
    }

    fn by(&self) -> String {
        format!("{}@{}", self.holder.user, self.holder.host)
    }
}

/// Says whether the hosts are as they were, traffic apart.
fn same(now: &[HostFacts], then: &[HostFacts]) -> bool {
    now.len() == then.len()
        && now.iter().zip(then).all(|(now, then)| {
            (&now.host, &now.instances, &now.route) == (&then.host, &then.instances, &then.route)
        })
}

/// The version and how it was chosen, as a plan wants them.
type Choice = (Purpose, Version, Chosen);
