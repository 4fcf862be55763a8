//! A simulated host as the production interpreter sees it. Every call is ready at once.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use agent::api::v1::{
    AgentInfo, ArtifactInfo, InstanceSpec, InstanceState, InstanceStatus, ProbeResult, Ready,
    Route, Run, RunStatus,
};
use coordinator::{Host, HostError, Hot};
use proxy::control::v1::{Drain, ServiceStatus, Traffic};
use rollout::{ArtifactId, InstanceId};

use super::Fleet;
use crate::bug::Bug;
use crate::machine::{Answer, Call, Machine, What};
use crate::scenario::service;

/// A host with the token of whoever calls.
#[derive(Debug, Clone)]
pub(crate) struct SimHost {
    pub(crate) fleet: Arc<Mutex<Fleet>>,
    pub(crate) host: u32,
    pub(crate) token: u64,
    /// The number of the call, among those of its coordinator that keep their order.
    pub(crate) order: Option<u64>,
}

impl SimHost {
    fn fleet(&self) -> MutexGuard<'_, Fleet> {
        self.fleet.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn call(&self, call: Call) -> Result<Answer, HostError> {
        self.fleet().call(self.host, (self.token, self.order), call)
    }

    fn about(&self, id: &str) -> Result<InstanceStatus, HostError> {
        let id = parse(id)?;
        let mut fleet = self.fleet();
        status(fleet.ask(self.host)?, &id)
    }

    /// Makes a call about an instance and returns how it stands then.
    fn change(
        &self,
        id: &str,
        call: impl FnOnce(InstanceId) -> Call,
    ) -> Result<InstanceStatus, HostError> {
        let id = parse(id)?;
        let mut fleet = self.fleet();
        fleet.call(self.host, (self.token, self.order), call(id.clone()))?;
        status(&fleet.machines[self.host as usize], &id)
    }

    fn change_route(&self, call: Call) -> Result<ServiceStatus, HostError> {
        let mut fleet = self.fleet();
        fleet.call(self.host, (self.token, self.order), call)?;
        routed(&fleet.machines[self.host as usize])
    }
}

impl Host for SimHost {
    fn with_token(&self, token: u64) -> Self {
        Self {
            token,
            ..self.clone()
        }
    }

    fn with_order(&self, order: u64) -> Self {
        Self {
            order: Some(order),
            ..self.clone()
        }
    }

    async fn info(&self) -> Result<AgentInfo, HostError> {
        let mut fleet = self.fleet();
        let machine = fleet.ask(self.host)?;
        Ok(AgentInfo {
            version: String::new(),
            pid: 1,
            host: machine.name.to_string(),
            home: std::path::PathBuf::new(),
            started_ms: 0,
            proxy: None,
            tokens: [(service().to_string(), machine.token)].into(),
        })
    }

    async fn artifacts(&self) -> Result<Vec<ArtifactInfo>, HostError> {
        self.fleet().ask(self.host).map(|_| Vec::new())
    }

    async fn instances(&self) -> Result<Vec<InstanceStatus>, HostError> {
        let mut fleet = self.fleet();
        let machine = fleet.ask(self.host)?;
        machine
            .instances
            .keys()
            .map(|id| status(machine, id))
            .collect()
    }

    async fn instance(&self, id: &str) -> Result<InstanceStatus, HostError> {
        self.about(id)
    }

    async fn start(&self, id: &str, spec: &InstanceSpec) -> Result<InstanceStatus, HostError> {
        let artifact = ArtifactId::parse(&spec.artifact).map_err(|_| refused("no artifact id"))?;
        let slot = spec.slot;
        self.change(id, |instance| Call::Start {
            instance,
            slot,
            artifact,
        })
    }

    async fn restart(&self, id: &str) -> Result<InstanceStatus, HostError> {
        self.change(id, Call::Restart)
    }

    async fn stop(&self, id: &str) -> Result<InstanceStatus, HostError> {
        self.change(id, Call::Stop)
    }

    async fn warm(&self, id: &str, for_ms: u64) -> Result<InstanceStatus, HostError> {
        self.change(id, |id| Call::Warm(id, for_ms))
    }

    async fn remove(&self, id: &str) -> Result<(), HostError> {
        self.call(Call::Remove(parse(id)?)).map(|_| ())
    }

    async fn probe(&self, id: &str) -> Result<ProbeResult, HostError> {
        let id = parse(id)?;
        let mut fleet = self.fleet();
        let early = Bug::is(fleet.bug, Bug::HealthyEarly);
        let machine = fleet.ask(self.host)?;
        let instance = machine.instances.get(&id).ok_or_else(absent)?;
        Ok(ProbeResult {
            healthy: instance.healthy || (early && instance.on),
            detail: if instance.healthy { "200" } else { "503" }.into(),
            took_ms: 1,
            // It is forked at once; what it lacks until it has come up is health.
            running: instance.on,
            restarts: instance.restarts,
            beam: None,
        })
    }

    async fn log_tail(&self, _id: &str, _lines: usize) -> Result<String, HostError> {
        self.fleet().ask(self.host).map(|_| String::new())
    }

    async fn run(&self, id: &str, run: &Run) -> Result<RunStatus, HostError> {
        let mut name = id.to_owned();
        let mut fleet = self.fleet();
        if Bug::is(fleet.bug, Bug::CommandRepeats) {
            name = format!("{name}-{}", fleet.now);
        }
        let words = if run.words.is_empty() {
            &run.args
        } else {
            &run.words
        };
        let call = Call::Run {
            name,
            instance: parse(&run.instance)?,
            what: What::of(words),
            timeout_ms: run.timeout_ms,
        };
        match fleet.call(self.host, (self.token, self.order), call)? {
            Answer::Run(status) => Ok(status),
            Answer::Done => Ok(RunStatus::Absent),
        }
    }

    async fn run_status(&self, id: &str) -> Result<RunStatus, HostError> {
        let mut fleet = self.fleet();
        let machine = fleet.ask(self.host)?;
        Ok(machine
            .jobs
            .get(id)
            .map_or(RunStatus::Absent, |job| job.status()))
    }

    async fn route(&self, _service: &str, route: &Route) -> Result<ServiceStatus, HostError> {
        self.change_route(Call::Route(Box::new(route.clone())))
    }

    async fn ready(&self, _service: &str, ready: &Ready) -> Result<ServiceStatus, HostError> {
        self.change_route(Call::Ready(ready.ready))
    }

    async fn routed(&self, _service: &str) -> Result<ServiceStatus, HostError> {
        let mut fleet = self.fleet();
        routed(fleet.ask(self.host)?)
    }

    async fn renew(&self, _service: &str, ttl_ms: u64) -> Result<ServiceStatus, HostError> {
        self.change_route(Call::Renew(ttl_ms))
    }

    async fn prepare(&self, _service: &str) -> Result<ServiceStatus, HostError> {
        self.change_route(Call::Prepare)
    }

    async fn commit(&self, _service: &str) -> Result<ServiceStatus, HostError> {
        self.change_route(Call::Commit)
    }

    async fn drain(&self, _service: &str, drain: &Drain) -> Result<ServiceStatus, HostError> {
        self.change_route(Call::Drain(drain.clone()))
    }

    async fn hot(
        &self,
        _service: &str,
        hot: Hot,
        instances: &[InstanceId],
    ) -> Result<Option<Vec<String>>, HostError> {
        self.call(Call::Hot(hot, instances.to_vec()))
            .map(|_| Some(Vec::new()))
    }

    async fn traffic(&self, _service: &str) -> Result<Traffic, HostError> {
        let mut fleet = self.fleet();
        let machine = fleet.ask(self.host)?;
        if machine.proxy.split.is_none() {
            return Err(absent());
        }
        Ok(machine.proxy.traffic())
    }

    async fn ledger(
        &self,
        _call: &ledger::wire::v1::Call,
    ) -> Result<ledger::wire::v1::Reply, HostError> {
        Err(refused(
            "the ledger of this world is reached by another way",
        ))
    }
}

fn parse(id: &str) -> Result<InstanceId, HostError> {
    InstanceId::parse(id).map_err(|_| absent())
}

fn absent() -> HostError {
    HostError::Absent {
        message: "there is no such thing".into(),
    }
}

fn refused(message: &str) -> HostError {
    HostError::Refused {
        kind: "refused".into(),
        message: message.into(),
    }
}

fn status(machine: &Machine, id: &InstanceId) -> Result<InstanceStatus, HostError> {
    let instance = machine.instances.get(id).ok_or_else(absent)?;
    Ok(InstanceStatus {
        id: id.to_string(),
        service: service().to_string(),
        artifact: instance.artifact.to_string(),
        vsn: String::new(),
        slot: instance.slot,
        node: String::new(),
        state: if instance.on {
            InstanceState::Running
        } else {
            InstanceState::Stopped
        },
        pid: None,
        ports: Default::default(),
        address: ([127, 0, 0, 1], 1).into(),
        started_ms: None,
        restarts: instance.restarts,
        last_exit: None,
        hooks: Vec::new(),
        warm_until_ms: instance.warm_until,
        healthy: Some(instance.healthy),
    })
}

fn routed(machine: &Machine) -> Result<ServiceStatus, HostError> {
    let split = machine.proxy.split.as_ref().ok_or_else(absent)?;
    let clock = machine.proxy.clock(machine.now());
    Ok(ServiceStatus {
        config: split.config_at(clock),
        bound: ([127, 0, 0, 1], 1).into(),
        preview_bound: None,
        lease_left_ms: split.lease_left_ms(clock),
        reverted: machine.proxy.reverted || split.has_reverted(),
        draining: machine
            .proxy
            .drains
            .keys()
            .map(ToString::to_string)
            .collect(),
    })
}
