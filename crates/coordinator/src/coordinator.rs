//! The coordinator: what can be asked of it.

mod ask;
mod choose;
mod followed;
mod foresee;
mod order;
mod planned;
mod take_over;
mod taken;
mod watch;

pub use ask::Known;
pub use foresee::Foreseen;
pub use order::Answered;
pub use planned::Planned;
pub use take_over::Resume;
pub use taken::taken;

use std::path::PathBuf;

use futures_util::StreamExt as _;
use ledger::wire::v1::{Call, Holder, Lease, Refusal, Reply};
use rollout::{
    Event, HostFacts, HostId, Mark, Plan, PlanError, Purpose, Rollout, ServiceKey, Strategy, Work,
};

use crate::attendance::Attendance;
use crate::clock::Clock;
use crate::drive::{Begin, Drive, Shown};
use crate::error::Error;
use crate::facts::{Gathered, gather};
use crate::host::Host;
use crate::interpret::Means;
use crate::lease::{self, Asked};
use crate::ledger_door::{Denied, Ledger, unexpected};
use crate::outcome::{Outcome, Stored};
use crate::progress::Progress;
use crate::request::{Request, Target};
use crate::wire;

/// Hosts asked at once at most.
const AT_ONCE: usize = 64;

/// Drives rollouts of services on a fleet.
#[derive(Debug, Clone)]
pub struct Coordinator<H> {
    hosts: Vec<(HostId, H)>,
    holder: Holder,
    clock: Clock,
    dir: Option<PathBuf>,
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
            dir: None,
        })
    }

    /// Goes by another clock.
    #[must_use]
    pub fn with_clock(self, clock: Clock) -> Self {
        Self { clock, ..self }
    }

    /// Runs hooks beside this process in the project's directory, wherever the process is.
    #[must_use]
    pub fn in_dir(self, dir: impl Into<PathBuf>) -> Self {
        Self {
            dir: Some(dir.into()),
            ..self
        }
    }

    /// Makes the plan for a request. Nothing is changed.
    ///
    /// # Errors
    /// Where it cannot be carried out, or more hosts do not answer than the failure budget allows.
    pub async fn plan(&self, request: Request) -> Result<Planned, Error> {
        let known = self.service(&request.service).await?;
        if let Some(rollout) = known.unfinished {
            let service = request.service.clone();
            return Err(match self.live_lease(&service).await? {
                Some(lease) => self.held(&service, lease),
                None => Error::Unfinished { service, rollout },
            });
        }
        let (gathered, unreachable) = self.gather(&request.service).await?;
        let (purpose, candidate, chosen) = match &request.target {
            Target::Deploy { version, chosen } => (Purpose::Deploy, version.clone(), *chosen),
            Target::Rollback { to } => {
                choose::earlier(&request.service, to.as_ref(), &known, &gathered)?
            }
        };
        for host in &gathered {
            if !host.has(candidate.artifact.as_str()) {
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
        let behind = known
            .behind
            .iter()
            .map(|behind| HostId::parse(&behind.host));
        let behind = behind.collect::<Result<_, _>>()?;
        let facts: Vec<HostFacts> = gathered.into_iter().map(|host| host.facts).collect();
        let plan = rollout::compute(
            &rollout::Request {
                service: request.service.clone(),
                purpose,
                strategy: request.strategy.clone(),
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
                background: request.background.clone(),
                hooks: request.hooks.clone(),
                preview: request.settings.lets_testers_in(),
                verdict: choose::verdict(&request),
                unreachable,
                behind,
            },
            &facts,
            &marks,
            current.as_ref(),
        )?;
        if matches!(plan.strategy, Strategy::Hot(_)) {
            return Err(Error::NoHotUpgrade {
                service: request.service,
            });
        }
        let leaves = |step: &rollout::Step| matches!(step.work, Work::Leave { .. });
        if request.settings.readiness.is_none() && plan.steps.iter().any(leaves) {
            return Err(PlanError::Settings {
                what: "without surge a host tells the balancer in front that it leaves, by its readiness path: \
                       set `readiness` of the proxy, or let the new version start beside the old one"
                    .into(),
            }
            .into());
        }
        Ok(Planned {
            plan,
            request,
            facts,
            despite_freeze: None,
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
        mut attendance: Attendance<'_>,
    ) -> Result<Outcome, Error> {
        let service = planned.plan.service.clone();
        let above = self.highest_token(&service).await;
        let lease = self.lease(&service, above, &mut attendance).await?;
        // Under the lease, so that nobody else changes what is compared here.
        let begun = async {
            let (gathered, _) = self.gather(&service).await?;
            let obey = gathered.iter().all(|host| host.token <= lease.token);
            let now: Vec<HostFacts> = gathered.into_iter().map(|host| host.facts).collect();
            if !obey || !planned.holds_for(&now) {
                return Err(Error::PlanIsStale {
                    service: service.clone(),
                });
            }
            self.begin(&planned, &lease).await
        };
        let rollout = match begun.await {
            Ok(rollout) => rollout,
            Err(error) => {
                lease::release(&self.ledger(), &lease).await;
                return Err(error);
            }
        };
        attendance.on(&Progress::Began {
            rollout: rollout.clone(),
            resumed: false,
        });
        let Planned { plan, request, .. } = planned;
        for warning in &plan.warnings {
            attendance.on(&Progress::Warning {
                text: warning.to_string(),
            });
        }
        let state = Rollout::new(plan);
        let means = Means {
            rollout,
            plan: state.plan().clone().into(),
            settings: request.settings,
            env: Some(request.env),
            dir: self.dir.clone(),
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
            attendance,
            shown: Shown::default(),
            by: self.by(),
        });
        let outcome = drive.run(vec![Event::Begin]).await;
        lease::release(&self.ledger(), &lease).await;
        outcome
    }

    async fn begin(&self, planned: &Planned, lease: &Lease) -> Result<String, Error> {
        const OPERATION: &str = "write the rollout down";
        let plan: &Plan = &planned.plan;
        let service = plan.service.clone();
        let failed = |detail| Error::Ledger {
            operation: OPERATION,
            detail,
        };
        let settings =
            serde_json::to_value(&planned.request.settings).map_err(|e| failed(e.to_string()))?;
        let call = Call::Begin {
            service: service.to_string(),
            token: lease.token,
            plan: wire::write_plan(plan)?,
            settings,
            by: self.by(),
            despite_freeze: planned.despite_freeze.clone(),
        };
        if let Some(rollout) = self.service(&service).await?.unfinished {
            return Err(Error::Unfinished { service, rollout });
        }
        match self.ledger().try_call(&call).await {
            Ok(Reply::Begun { rollout }) => Ok(rollout),
            Ok(_) => Err(unexpected(OPERATION)),
            Err(Denied::Rule(Refusal::Frozen, why)) => Err(Error::Frozen { service, why }),
            Err(Denied::Rule(Refusal::EnvironmentBusy, why)) => {
                Err(Error::EnvironmentBusy { service, why })
            }
            Err(denied) => Err(self.ledger().error(OPERATION, denied)),
        }
    }

    /// Takes the lease, or says who has it.
    async fn lease(
        &self,
        service: &ServiceKey,
        above: u64,
        attendance: &mut Attendance<'_>,
    ) -> Result<Lease, Error> {
        match lease::acquire(&self.ledger(), service, &self.holder, above).await? {
            Asked::Held(lease) => Err(self.held(service, lease)),
            Asked::Acquired { lease, taken_over } => {
                attendance.on(&Progress::Leased {
                    service: service.to_string(),
                    token: lease.token,
                    taken_over_from: taken_over.map(|old| lease::who(&old.holder)),
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

    /// Asks every host for its facts, a bounded number at once; also tells which ones do not answer.
    async fn gather(
        &self,
        service: &ServiceKey,
    ) -> Result<(Vec<Gathered>, Vec<(HostId, String)>), Error> {
        let asked = futures_util::stream::iter(&self.hosts)
            .map(|(id, host)| gather(id, host, service))
            .buffered(AT_ONCE);
        let answers: Vec<_> = asked.collect().await;
        let mut gathered = Vec::new();
        let mut unreachable = Vec::new();
        for answer in answers {
            match answer {
                Ok(host) => gathered.push(host),
                Err(Error::Unreachable { host, detail, .. }) => unreachable.push((host, detail)),
                Err(error) => return Err(error),
            }
        }
        Ok((gathered, unreachable))
    }

    /// Returns the highest token of the service that any host that answers knows.
    async fn highest_token(&self, service: &ServiceKey) -> u64 {
        let asked = futures_util::stream::iter(&self.hosts)
            .map(|(_, host)| async {
                let info = crate::facts::ask_host(host.info()).await.ok()?;
                info.tokens.get(service.as_str()).copied()
            })
            .buffered(AT_ONCE);
        asked
            .fold(0, async |highest, token| highest.max(token.unwrap_or(0)))
            .await
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
