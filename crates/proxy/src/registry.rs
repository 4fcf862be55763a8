//! All services, and every change to them: checked, made durable, then put in force.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::Arc;

use sys::clock;
use tokio::sync::mpsc::UnboundedSender;

use crate::claims::overlap;
use crate::config;
use crate::control::v1::{Drain, Listener, ServiceConfig, ServiceStatus, Traffic};
use crate::door::Door;
use crate::layout::{self, doors};
use crate::listeners::Listeners;
use crate::service::Service;
use crate::split::{InvalidConfig, Reverted, Split, Tick};
use crate::state::{KeptService, State, StateError, Store};
use crate::table::Published;
use crate::worker::Task;

/// Why a call changed nothing.
#[derive(Debug, thiserror::Error)]
pub(crate) enum RegistryError {
    #[error("{0}")]
    Invalid(String),
    #[error(
        "service {other} already claims {what} on {listen}: give one of them another host, path prefix or address"
    )]
    OverlappingClaim {
        other: String,
        what: String,
        listen: SocketAddr,
    },
    #[error("cannot listen on {listen}: {source}")]
    Listen {
        listen: SocketAddr,
        source: std::io::Error,
    },
    #[error("there is no service {0}")]
    UnknownService(String),
    #[error("service {key} knows no version {artifact}")]
    UnknownVersion { key: String, artifact: String },
    #[error(
        "version {artifact} still has weight {weight}: give its traffic to another before draining it"
    )]
    StillHasWeight { artifact: String, weight: u8 },
    #[error(
        "version {0} still gets requests of testers or a preview: end these before draining it"
    )]
    StillHasRequests(String),
    #[error("the lease of {0} ran out and its traffic is back at stable: give the weights anew")]
    Reverted(String),
    #[error("nothing changed, for it could not be made durable: {0}")]
    NotDurable(#[from] StateError),
}

/// Owns every service.
#[derive(Debug)]
pub(crate) struct Registry {
    published: Arc<Published>,
    store: Store,
    boot: String,
    sequence: u64,
    services: BTreeMap<String, Service>,
    listeners: Listeners,
}

impl Registry {
    /// Restores what `store` has, and puts it in force.
    pub(crate) fn restore(
        workers: Vec<UnboundedSender<Task>>,
        published: Arc<Published>,
        store: Store,
        boot: String,
    ) -> Self {
        let (state, complaints) = store.read();
        for error in &complaints {
            tracing::error!(%error, "a state file is kept aside as .bad");
        }
        if !complaints.is_empty() && state == State::default() {
            tracing::error!(
                "no whole state is left: starting without services until they are given anew"
            );
        }
        let mut registry = Self {
            published,
            store,
            sequence: state.sequence,
            services: BTreeMap::new(),
            listeners: Listeners::new(workers),
            boot,
        };
        let same_boot = state.boot == registry.boot;
        for (key, kept) in state.services {
            let lease_expires = kept.lease_expires_ms.filter(|_| same_boot);
            let split = match Split::restore(kept.config, lease_expires, kept.reverted) {
                Ok(split) => split,
                Err(InvalidConfig(error)) => {
                    tracing::error!(
                        service = key,
                        error,
                        "a kept service is not valid and is left out"
                    );
                    continue;
                }
            };
            for door in doors(&key, split.config()) {
                let bound = door.bound_before(&state.listeners);
                let bound = bound.unwrap_or(door.address());
                registry.listeners.enter(door, bound);
            }
            let mut service = registry.new_service(split.clone());
            service.configure(split);
            registry.services.insert(key, service);
        }
        registry.expire_leases();
        registry.publish();
        registry.bind_missing();
        registry
    }

    /// Creates or replaces a service.
    pub(crate) fn put(
        &mut self,
        key: &str,
        config: ServiceConfig,
    ) -> Result<ServiceStatus, RegistryError> {
        config::check_key(key).map_err(RegistryError::Invalid)?;
        let now = clock::boot_ms();
        let split =
            Split::new(config, now).map_err(|InvalidConfig(e)| RegistryError::Invalid(e))?;
        let config = split.config();
        self.refuse_overlap(key, config)?;
        for door in doors(key, config) {
            if let Err(source) = self.listeners.listen(&door) {
                self.unlisten_unused();
                let listen = door.address();
                return Err(RegistryError::Listen { listen, source });
            }
        }
        // Written as it will be, and only then done.
        let mut state = self.state(now);
        state
            .services
            .insert(key.to_owned(), KeptService::new(&split, now));
        if let Err(error) = self.store.write(&state) {
            self.unlisten_unused();
            return Err(error.into());
        }
        self.sequence = state.sequence;
        if !self.services.contains_key(key) {
            let service = self.new_service(split.clone());
            self.services.insert(key.to_owned(), service);
        }
        if let Some(service) = self.services.get_mut(key) {
            service.configure(split);
        }
        self.publish();
        self.unlisten_unused();
        self.status_of(key)
    }

    /// Removes a service; what is open of it ends by itself.
    pub(crate) fn delete(&mut self, key: &str) -> Result<(), RegistryError> {
        let now = clock::boot_ms();
        let mut state = self.state(now);
        if state.services.remove(key).is_none() {
            return Ok(());
        }
        self.store.write(&state)?;
        self.sequence = state.sequence;
        if let Some(mut service) = self.services.remove(key) {
            service.close();
        }
        self.publish();
        self.unlisten_unused();
        Ok(())
    }

    /// Renews a lease.
    pub(crate) fn renew(&mut self, key: &str, ttl_ms: u64) -> Result<ServiceStatus, RegistryError> {
        self.change_firmness(key, |split, now| split.renew(ttl_ms, now))
    }

    /// Makes the weights prepared.
    pub(crate) fn prepare(&mut self, key: &str) -> Result<ServiceStatus, RegistryError> {
        self.change_firmness(key, Split::prepare)
    }

    /// Makes the weights final.
    pub(crate) fn commit(&mut self, key: &str) -> Result<ServiceStatus, RegistryError> {
        self.change_firmness(key, Split::commit)
    }

    /// Starts or changes a drain.
    pub(crate) fn drain(
        &mut self,
        key: &str,
        drain: Drain,
    ) -> Result<ServiceStatus, RegistryError> {
        if drain.sockets_per_second == 0 {
            return Err(RegistryError::Invalid(
                "sockets_per_second is 0: no socket would ever move".to_owned(),
            ));
        }
        if !matches!(drain.close_code, 1000..=1003 | 1007..=1014 | 3000..=4999) {
            let code = drain.close_code;
            return Err(RegistryError::Invalid(format!(
                "{code} is no close code that may be sent"
            )));
        }
        let service = self.service(key)?;
        match service.weight(&drain.artifact) {
            None => {
                return Err(RegistryError::UnknownVersion {
                    key: key.to_owned(),
                    artifact: drain.artifact,
                });
            }
            Some(0) if service.split.is_beside(&drain.artifact) => {
                return Err(RegistryError::StillHasRequests(drain.artifact));
            }
            Some(0) => {}
            // The balancer in front has left this host: what still comes is finished, and sockets move to
            // the hosts that stay.
            Some(_) if service.split.has_left() => {}
            Some(weight) => {
                return Err(RegistryError::StillHasWeight {
                    artifact: drain.artifact,
                    weight,
                });
            }
        }
        service.drain(drain);
        self.status_of(key)
    }

    /// The counters of a service.
    pub(crate) fn traffic(&mut self, key: &str) -> Result<Traffic, RegistryError> {
        self.service(key).map(|service| service.traffic())
    }

    /// Every service as it stands.
    pub(crate) fn statuses(&self) -> BTreeMap<String, ServiceStatus> {
        let keys = self.services.keys();
        keys.filter_map(|key| Some((key.clone(), self.status_of(key).ok()?)))
            .collect()
    }

    /// Every service.
    pub(crate) fn services(&self) -> impl Iterator<Item = (&String, &Service)> {
        self.services.iter()
    }

    /// Every listener.
    pub(crate) fn listeners(&self) -> Vec<Listener> {
        self.listeners.list()
    }

    /// Reverts every service whose lease has run out: traffic first, the file after. Returns when the
    /// next one does.
    pub(crate) fn expire_leases(&mut self) -> Option<Tick> {
        let now = clock::boot_ms();
        let mut reverted = false;
        for (key, service) in &mut self.services {
            if let Some(stable) = service.expire(now) {
                tracing::warn!(
                    service = key,
                    stable,
                    "the lease ran out: all traffic returns to stable"
                );
                reverted = true;
            }
        }
        if reverted {
            self.publish();
            self.unlisten_unused();
            if let Err(error) = self.save() {
                tracing::error!(%error, "the return to stable is in force but not on disk");
            }
        }
        let services = self.services.values();
        services.filter_map(|s| s.split.expires_at()).min()
    }

    /// Binds listeners that could not be bound before.
    pub(crate) fn bind_missing(&mut self) {
        self.listeners.bind_missing();
    }

    /// Closes idle connections to instances.
    pub(crate) fn sweep(&self) {
        self.services.values().for_each(Service::sweep);
    }

    /// Stops to accept on every listener.
    pub(crate) fn stop_accepting(&self) {
        self.listeners.stop();
    }

    fn change_firmness(
        &mut self,
        key: &str,
        change: impl FnOnce(&mut Split, Tick) -> Result<(), Reverted>,
    ) -> Result<ServiceStatus, RegistryError> {
        // A lease that ran out a moment ago must not be renewed or committed.
        self.expire_leases();
        let service = self.service(key)?;
        let before = service.split.clone();
        change(&mut service.split, clock::boot_ms())
            .map_err(|Reverted| RegistryError::Reverted(key.to_owned()))?;
        if let Err(error) = self.save() {
            self.service(key)?.split = before;
            return Err(error.into());
        }
        self.status_of(key)
    }

    /// Refuses claims of others: the same host and prefix on one listener, or the address of a preview.
    fn refuse_overlap(&self, key: &str, config: &ServiceConfig) -> Result<(), RegistryError> {
        let claim = (&config.hosts[..], &config.path_prefix[..]);
        let others = self.services.iter().filter(|(other, _)| *other != key);
        for (other, service) in others {
            let theirs = service.split.config();
            let refuse = |what: String, listen| RegistryError::OverlappingClaim {
                other: other.clone(),
                what,
                listen,
            };
            for door in doors(key, config) {
                if doors(other, theirs).any(|their| door.excludes(&their)) {
                    return Err(refuse("the whole address".to_owned(), door.address()));
                }
            }
            if theirs.listen == config.listen
                && let Some(what) = overlap(claim, (&theirs.hosts, &theirs.path_prefix))
            {
                return Err(refuse(what, config.listen));
            }
        }
        Ok(())
    }

    fn service(&mut self, key: &str) -> Result<&mut Service, RegistryError> {
        self.services
            .get_mut(key)
            .ok_or_else(|| RegistryError::UnknownService(key.to_owned()))
    }

    fn new_service(&self, split: Split) -> Service {
        let after = self
            .services
            .values()
            .map(|service| service.state.epoch + 1)
            .max();
        let epoch = clock::now_ms().max(after.unwrap_or(0));
        Service::new(split, epoch, self.listeners.workers())
    }

    fn status_of(&self, key: &str) -> Result<ServiceStatus, RegistryError> {
        let service = self
            .services
            .get(key)
            .ok_or_else(|| RegistryError::UnknownService(key.to_owned()))?;
        let now = clock::boot_ms();
        let split = &service.split;
        Ok(ServiceStatus {
            config: split.config_at(now),
            bound: self.listeners.bound(&Door::of(split.config())),
            preview_bound: Door::of_preview(key, split.config())
                .map(|door| self.listeners.bound(&door)),
            lease_left_ms: split.lease_left_ms(now),
            reverted: split.has_reverted(),
            draining: service.draining(),
        })
    }

    fn unlisten_unused(&mut self) {
        let services = self.services.iter();
        let used: Vec<Door> = services
            .flat_map(|(key, service)| doors(key, service.split.config()))
            .collect();
        self.listeners.keep(&used);
    }

    fn state(&self, now: Tick) -> State {
        State {
            sequence: self.sequence + 1,
            boot: self.boot.clone(),
            listeners: self.listeners(),
            services: self
                .services
                .iter()
                .map(|(key, service)| (key.clone(), service.kept(now)))
                .collect(),
        }
    }

    fn save(&mut self) -> Result<(), StateError> {
        let state = self.state(clock::boot_ms());
        self.store.write(&state)?;
        self.sequence = state.sequence;
        Ok(())
    }

    fn publish(&self) {
        let doors = self.listeners.doors();
        self.published.publish(layout::table(doors, &self.services));
    }
}
