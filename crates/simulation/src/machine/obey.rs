//! What an agent does when it is told: the rules of the production agent, and of the proxy behind it.

use std::fmt;

use ::proxy::control::v1::{Backend, Commitment, Drain, ServiceConfig, Version};
use agent::api::v1::{Route, RunStatus};
use coordinator::Hot;
use rollout::{ArtifactId, HotWork, InstanceId};

use super::jobs::{What, fails};
use super::{Instance, Job, Machine};

/// A call that changes something.
#[derive(Clone)]
pub(crate) enum Call {
    Start {
        instance: InstanceId,
        slot: u32,
        artifact: ArtifactId,
    },
    Restart(InstanceId),
    Stop(InstanceId),
    Warm(InstanceId, u64),
    Remove(InstanceId),
    Run {
        name: String,
        instance: InstanceId,
        what: What,
        timeout_ms: u64,
    },
    Route(Box<Route>),
    Ready(bool),
    Renew(u64),
    Prepare,
    Commit,
    Drain(Drain),
    Hot(Hot, Vec<InstanceId>),
}

impl fmt::Debug for Call {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Start {
                instance, artifact, ..
            } => write!(f, "start {instance} with {}", artifact.short()),
            Self::Restart(instance) => write!(f, "start {instance} as it was"),
            Self::Stop(instance) => write!(f, "stop {instance}"),
            Self::Warm(instance, for_ms) => write!(f, "keep {instance} warm for {for_ms} ms"),
            Self::Remove(instance) => write!(f, "remove {instance}"),
            Self::Run { name, instance, .. } => write!(f, "run {name} on {instance}"),
            Self::Route(route) => {
                f.write_str("route")?;
                for version in &route.versions {
                    write!(
                        f,
                        " {} to {:.6} ({})",
                        version.weight,
                        version.artifact,
                        version.instances.join(", ")
                    )?;
                }
                match &route.commitment {
                    Commitment::Leased { ttl_ms, .. } => write!(f, ", leased for {ttl_ms} ms"),
                    other => write!(f, ", {other:?}"),
                }
            }
            Self::Ready(ready) => write!(f, "ready: {ready}"),
            Self::Renew(ttl_ms) => write!(f, "renew for {ttl_ms} ms"),
            Self::Prepare => f.write_str("prepare"),
            Self::Commit => f.write_str("commit"),
            Self::Drain(drain) => write!(f, "drain {:.6}", drain.artifact),
            Self::Hot(hot, instances) => write!(f, "{hot:?} on {instances:?}"),
        }
    }
}

impl Call {
    /// Says whether it is one of those that keep their order (`agent::orders`).
    pub(crate) fn moves_traffic(&self) -> bool {
        matches!(
            self,
            Self::Route(_) | Self::Ready(_) | Self::Prepare | Self::Commit | Self::Drain(_)
        )
    }
}

/// What came of a call.
#[derive(Debug, Clone)]
pub(crate) enum Answer {
    Done,
    Run(RunStatus),
}

/// Why a call was not obeyed.
#[derive(Debug, Clone)]
pub(crate) enum Denial {
    Stale(String),
    /// A later call of its coordinator went before it.
    Late,
    Refused(&'static str),
    Absent(&'static str),
    Failed(&'static str),
}

const FULL: Denial = Denial::Failed("no space left on device");

impl Machine {
    /// Lets a call with a token pass, as the production agent does: the highest one is on disk before it
    /// is obeyed.
    pub(crate) fn admit(&mut self, token: u64) -> Result<(), Denial> {
        if token < self.token {
            let seen = self.token;
            return Err(Denial::Stale(format!("token {token} is older than {seen}")));
        }
        if token > self.token {
            if self.disk_full > 0 {
                return Err(FULL);
            }
            self.token_on_disk = token;
            self.token = token;
        }
        Ok(())
    }

    /// Lets a call pass that comes in its order, as the production agent does: it forgets with its process.
    pub(crate) fn admit_order(&mut self, token: u64, order: Option<u64>) -> Result<(), Denial> {
        let Some(order) = order else { return Ok(()) };
        if (token, order) < self.latest {
            return Err(Denial::Late);
        }
        self.latest = (token, order);
        Ok(())
    }

    /// Obeys a call that was let pass.
    pub(crate) fn obey(&mut self, call: &Call) -> Result<Answer, Denial> {
        let answer = self.carry_out(call)?;
        self.turn();
        Ok(answer)
    }

    fn carry_out(&mut self, call: &Call) -> Result<Answer, Denial> {
        let now = self.now;
        let full = self.disk_full > 0;
        match call {
            Call::Start {
                instance,
                slot,
                artifact,
            } => {
                if self.instances.get(instance).is_some_and(|i| i.on) {
                    let same = self.instances[instance].artifact == *artifact;
                    return same
                        .then_some(Answer::Done)
                        .ok_or(Denial::Refused("it runs with another spec"));
                }
                if full {
                    return Err(FULL);
                }
                let boot_ms = self.boot_ms(artifact);
                let mut new = Instance::new(*slot, artifact);
                new.start(now, boot_ms);
                self.instances.insert(instance.clone(), new);
            }
            Call::Restart(instance) => {
                let found = self
                    .instances
                    .get(instance)
                    .ok_or(Denial::Absent("no such instance"))?;
                let boot_ms = self.boot_ms(&found.permanent);
                if full {
                    return Err(FULL);
                }
                if let Some(found) = self.instances.get_mut(instance) {
                    found.artifact = found.permanent.clone();
                    found.start(now, boot_ms);
                }
            }
            Call::Stop(instance) => self.instance(instance)?.stop(),
            Call::Warm(instance, for_ms) => {
                if full {
                    return Err(FULL);
                }
                self.instance(instance)?.warm_until = Some(now + for_ms);
            }
            Call::Remove(instance) => {
                if self.instance(instance)?.on {
                    return Err(Denial::Refused("it runs: stop it first"));
                }
                self.instances.remove(instance);
            }
            Call::Run {
                name,
                instance,
                what,
                timeout_ms,
            } => return self.run(name, instance, *what, *timeout_ms),
            Call::Route(route) => self.route(route)?,
            Call::Ready(ready) => {
                let split = self
                    .proxy
                    .split
                    .as_ref()
                    .ok_or(Denial::Absent("no route"))?;
                let mut config = split.config_at(self.proxy.clock(now));
                match &mut config.readiness {
                    Some(readiness) => readiness.ready = *ready,
                    None => return Err(Denial::Refused("there is no readiness path")),
                }
                let reverted = self.proxy.reverted;
                self.proxy
                    .put(config, now)
                    .map_err(|_| Denial::Refused("not valid"))?;
                self.proxy.reverted = reverted;
            }
            Call::Renew(ttl_ms) => {
                let clock = self.firm()?;
                let split = self
                    .proxy
                    .split
                    .as_mut()
                    .ok_or(Denial::Absent("no route"))?;
                split
                    .renew(*ttl_ms, clock)
                    .map_err(|_| Denial::Refused("reverted"))?;
            }
            Call::Prepare => {
                let clock = self.firm()?;
                if full {
                    return Err(FULL);
                }
                let split = self
                    .proxy
                    .split
                    .as_mut()
                    .ok_or(Denial::Absent("no route"))?;
                split
                    .prepare(clock)
                    .map_err(|_| Denial::Refused("reverted"))?;
            }
            Call::Commit => {
                let clock = self.firm()?;
                if full {
                    return Err(FULL);
                }
                let split = self
                    .proxy
                    .split
                    .as_mut()
                    .ok_or(Denial::Absent("no route"))?;
                split
                    .commit(clock)
                    .map_err(|_| Denial::Refused("reverted"))?;
            }
            Call::Drain(drain) => self.drain(drain)?,
            Call::Hot(hot, instances) => self.hot(*hot, instances)?,
        }
        Ok(Answer::Done)
    }

    fn boot_ms(&self, artifact: &ArtifactId) -> u64 {
        if *artifact == self.candidate {
            self.temper.boot_ms
        } else {
            300
        }
    }

    fn instance(&mut self, id: &InstanceId) -> Result<&mut Instance, Denial> {
        self.instances
            .get_mut(id)
            .ok_or(Denial::Absent("no such instance"))
    }

    /// A lease that ran out is remembered by the agent too.
    fn firm(&mut self) -> Result<u64, Denial> {
        if self.proxy.reverted {
            return Err(Denial::Refused("reverted"));
        }
        Ok(self.proxy.clock(self.now))
    }

    fn run(
        &mut self,
        name: &str,
        instance: &InstanceId,
        what: What,
        timeout_ms: u64,
    ) -> Result<Answer, Denial> {
        if let Some(job) = self.jobs.get(name) {
            return Ok(Answer::Run(job.status()));
        }
        if self.disk_full > 0 {
            return Err(FULL);
        }
        let exit = match what {
            What::Command => {
                self.commands += 1;
                self.temper.command_exit
            }
            What::Activate => self.temper.activate_exit,
            What::Quiesce => self.temper.quiesce_exit,
            What::Hook(hook) => i32::from(self.stubborn.get_mut(&hook).is_some_and(fails)),
        };
        let own_ms = if what == What::Command {
            self.temper.job_ms
        } else {
            self.temper.job_ms / 8
        };
        let (ends_at, exit) = if own_ms > timeout_ms {
            (self.now + timeout_ms, 137)
        } else {
            (self.now + own_ms, exit)
        };
        let mut job = Job::begin(what, instance.clone(), ends_at, exit);
        if what == What::Command && std::mem::take(&mut self.command_unseen) {
            job.lose();
        }
        self.jobs.insert(name.to_owned(), job);
        self.turn();
        Ok(Answer::Run(self.jobs[name].status()))
    }

    fn route(&mut self, route: &Route) -> Result<(), Denial> {
        if self.disk_full > 0 {
            return Err(FULL);
        }
        let mut versions = Vec::new();
        let mut port = 1_000;
        for version in &route.versions {
            let mut backends = Vec::new();
            for id in &version.instances {
                let id = InstanceId::parse(id).map_err(|_| Denial::Refused("no instance id"))?;
                let found = self
                    .instances
                    .get(&id)
                    .ok_or(Denial::Absent("no such instance"))?;
                if found.artifact.as_str() != version.artifact
                    && found.permanent.as_str() != version.artifact
                {
                    return Err(Denial::Refused("it does not run that artifact"));
                }
                port += 1;
                backends.push(Backend {
                    instance: id.to_string(),
                    address: ([127, 0, 0, 1], port).into(),
                    healthy: found.healthy,
                });
            }
            versions.push(Version {
                artifact: version.artifact.clone(),
                weight: version.weight,
                backends,
            });
        }
        let config = ServiceConfig {
            listen: route.listen,
            hosts: route.hosts.clone(),
            path_prefix: route.path_prefix.clone(),
            limits: route.limits.clone(),
            versions,
            commitment: route.commitment.clone(),
            sticky: route.sticky.clone(),
            testers: route.testers.clone(),
            preview: route.preview.clone(),
            readiness: route.readiness.clone(),
        };
        // A lease for a version of which nothing is healthy leads nowhere.
        if let Commitment::Leased { stable, .. } = &config.commitment
            && config.versions.iter().any(|version| {
                version.weight > 0
                    && version.artifact != *stable
                    && !version.backends.iter().any(|backend| backend.healthy)
            })
        {
            return Err(Denial::Refused("no instance of it is healthy"));
        }
        self.proxy
            .put(config, self.now)
            .map_err(|_| Denial::Refused("not valid"))?;
        for version in self
            .proxy
            .versions
            .iter()
            .filter(|version| version.weight > 0)
        {
            for id in &version.instances {
                if let Some(instance) = self.instances.get_mut(id) {
                    instance.warm_until = None;
                }
            }
        }
        Ok(())
    }

    fn drain(&mut self, drain: &Drain) -> Result<(), Denial> {
        let found = self
            .proxy
            .versions
            .iter()
            .find(|version| version.artifact.as_str() == drain.artifact)
            .ok_or(Denial::Absent("no such version"))?;
        if (found.weight > 0 || found.beside) && !self.proxy.left {
            return Err(Denial::Refused("it still has weight"));
        }
        // Sockets go at a pace: about half the time that they may take.
        let until = self.now + drain.deadline_ms / 2;
        let artifact = found.artifact.clone();
        self.proxy.drains.entry(artifact).or_insert(until);
        Ok(())
    }

    fn hot(&mut self, hot: Hot, instances: &[InstanceId]) -> Result<(), Denial> {
        let candidate = self.candidate.clone();
        if let Hot::Do(work) = hot
            && self.temper.hot_fails == Some(work)
        {
            return Err(Denial::Refused("the upgrade does not work here"));
        }
        let mut named = None;
        for id in instances {
            let instance = self.instance(id)?;
            if !instance.on {
                return Err(Denial::Refused("it does not run"));
            }
            match hot {
                Hot::Do(HotWork::Probe) => {}
                Hot::Do(HotWork::Unpack) => instance.unpacked = true,
                Hot::Do(HotWork::Install) if !instance.unpacked => {
                    return Err(Denial::Refused("nothing is unpacked"));
                }
                Hot::Do(HotWork::Install) => {
                    if instance.artifact != candidate {
                        instance.before = Some(instance.artifact.clone());
                    }
                    instance.artifact = candidate.clone();
                }
                Hot::Do(_) if instance.artifact != candidate => {
                    return Err(Denial::Refused("it does not run the new code"));
                }
                Hot::Do(HotWork::Verify) => {}
                Hot::Do(HotWork::Commit) => {
                    instance.permanent = candidate.clone();
                    named = Some(candidate.clone());
                }
                Hot::Back => {}
            }
        }
        if hot == Hot::Back {
            return self.hot_back(instances);
        }
        match named {
            Some(artifact) => self.rename(instances, &artifact),
            None => Ok(()),
        }
    }

    /// The old code again, for good: of a node that was upgraded, what it was started with.
    fn hot_back(&mut self, instances: &[InstanceId]) -> Result<(), Denial> {
        let mut named = None;
        for id in instances {
            let instance = self.instance(id)?;
            let Some(before) = instance.before.clone() else {
                continue;
            };
            instance.artifact = before.clone();
            instance.permanent = before.clone();
            named = Some(before);
        }
        match named {
            Some(artifact) => self.rename(instances, &artifact),
            None => Ok(()),
        }
    }

    /// Tells the proxy by which name the version of these instances goes now.
    fn rename(&mut self, instances: &[InstanceId], artifact: &ArtifactId) -> Result<(), Denial> {
        let Some(split) = &self.proxy.split else {
            return Ok(());
        };
        let mut config = split.config_at(self.proxy.clock(self.now));
        for version in &mut config.versions {
            if version
                .backends
                .iter()
                .any(|backend| instances.iter().any(|id| id.as_str() == backend.instance))
            {
                version.artifact = artifact.to_string();
            }
        }
        self.proxy
            .put(config, self.now)
            .map_err(|_| Denial::Refused("not valid"))
    }
}
