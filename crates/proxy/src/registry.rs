//! All services, and every change to them: checked, made durable, then put in force.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::Arc;

use sys::clock;
use tokio::sync::mpsc::UnboundedSender;

use crate::claims::{Claims, overlap};
use crate::commitment::{Reverted, Tick};
use crate::config;
use crate::control::v1::{Drain, Listener, ServiceConfig, ServiceStatus, Traffic};
use crate::listeners::Listeners;
use crate::service::{self, Service};
use crate::state::{self, State, StateError, Store};
use crate::table::{ListenerRoutes, Published, Table};
use crate::worker::Task;

/// Why a call changed nothing.
#[derive(Debug, thiserror::Error)]
pub(crate) enum RegistryError {
    #[error("{0}")]
    Invalid(String),
    #[error(
        "service {other} already claims {what} on {listen}: give one of them another host or path prefix"
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
            if let Err(error) =
                config::check(&kept.config).or_else(|e| only_the_lease_is_over(&kept.config, e))
            {
                tracing::error!(
                    service = key,
                    error,
                    "a kept service is not valid and is left out"
                );
                continue;
            }
            let firmness = service::kept_firmness(&kept, same_boot);
            let listen = kept.config.listen;
            let bound = state::bound_before(&state.listeners, listen).unwrap_or(listen);
            registry.listeners.enter(listen, bound);
            let mut service = registry.new_service(kept.config.clone(), firmness.clone());
            service.configure(kept.config, firmness);
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
        mut config: ServiceConfig,
    ) -> Result<ServiceStatus, RegistryError> {
        config::check_key(key)
            .and_then(|()| config::check(&config))
            .map_err(RegistryError::Invalid)?;
        config.path_prefix = crate::claims::normal_prefix(&config.path_prefix);
        let claim = (&config.hosts[..], &config.path_prefix[..]);
        let on_it = self
            .services
            .iter()
            .filter(|(_, other)| other.config.listen == config.listen);
        for (other, service) in on_it.filter(|(other, _)| *other != key) {
            if let Some(what) = overlap(claim, (&service.config.hosts, &service.config.path_prefix))
            {
                return Err(RegistryError::OverlappingClaim {
                    other: other.clone(),
                    what,
                    listen: config.listen,
                });
            }
        }
        let listen = config.listen;
        self.listeners
            .listen(listen)
            .map_err(|source| RegistryError::Listen { listen, source })?;
        let now = clock::boot_ms();
        let firmness = service::firmness(&config.commitment, now);
        // Written as it will be, and only then done.
        let planned = Service::new(config.clone(), firmness.clone(), 0, 0);
        let mut state = self.state(now);
        state.services.insert(key.to_owned(), planned.kept(now));
        if let Err(error) = self.store.write(&state) {
            self.unlisten_unused();
            return Err(error.into());
        }
        self.sequence = state.sequence;
        if !self.services.contains_key(key) {
            let service = self.new_service(config.clone(), firmness.clone());
            self.services.insert(key.to_owned(), service);
        }
        if let Some(service) = self.services.get_mut(key) {
            service.configure(config, firmness);
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
            let mut config = service.config.clone();
            config.versions.clear();
            service.configure(config, service.firmness.clone());
        }
        self.publish();
        self.unlisten_unused();
        Ok(())
    }

    /// Renews a lease.
    pub(crate) fn renew(&mut self, key: &str, ttl_ms: u64) -> Result<ServiceStatus, RegistryError> {
        let until = clock::boot_ms().saturating_add(ttl_ms);
        self.change_firmness(key, |service| service.firmness.renew(until))
    }

    /// Makes the weights prepared.
    pub(crate) fn prepare(&mut self, key: &str) -> Result<ServiceStatus, RegistryError> {
        self.change_firmness(key, |service| service.firmness.prepare())
    }

    /// Makes the weights final.
    pub(crate) fn commit(&mut self, key: &str) -> Result<ServiceStatus, RegistryError> {
        self.change_firmness(key, |service| service.firmness.commit())
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
            Some(0) => {}
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
            if let Some(stable) = service.firmness.expire(now) {
                tracing::warn!(
                    service = key,
                    stable,
                    "the lease ran out: all traffic returns to stable"
                );
                service.give_all_to(&stable);
                reverted = true;
            }
        }
        if reverted {
            self.publish();
            if let Err(error) = self.save() {
                tracing::error!(%error, "the return to stable is in force but not on disk");
            }
        }
        let services = self.services.values();
        services
            .filter_map(|service| service.firmness.left(now))
            .map(|left| now + left)
            .min()
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
        change: impl FnOnce(&mut Service) -> Result<(), Reverted>,
    ) -> Result<ServiceStatus, RegistryError> {
        // A lease that ran out a moment ago must not be renewed or committed.
        self.expire_leases();
        let service = self.service(key)?;
        let before = service.firmness.clone();
        change(service).map_err(|Reverted| RegistryError::Reverted(key.to_owned()))?;
        if let Err(error) = self.save() {
            self.service(key)?.firmness = before;
            return Err(error.into());
        }
        self.status_of(key)
    }

    fn service(&mut self, key: &str) -> Result<&mut Service, RegistryError> {
        self.services
            .get_mut(key)
            .ok_or_else(|| RegistryError::UnknownService(key.to_owned()))
    }

    fn new_service(&self, config: ServiceConfig, firmness: crate::commitment::Firmness) -> Service {
        let after = self
            .services
            .values()
            .map(|service| service.state.epoch + 1)
            .max();
        let epoch = clock::now_ms().max(after.unwrap_or(0));
        Service::new(config, firmness, epoch, self.listeners.workers())
    }

    fn status_of(&self, key: &str) -> Result<ServiceStatus, RegistryError> {
        let service = self
            .services
            .get(key)
            .ok_or_else(|| RegistryError::UnknownService(key.to_owned()))?;
        let now = clock::boot_ms();
        let listen = service.config.listen;
        Ok(ServiceStatus {
            config: service.config_now(now),
            bound: self.listeners.bound(listen),
            lease_left_ms: service.firmness.left(now),
            reverted: service.firmness.reverted,
            draining: service.draining(),
        })
    }

    fn unlisten_unused(&mut self) {
        let used: Vec<SocketAddr> = self.services.values().map(|s| s.config.listen).collect();
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
        let mut table = Table::new();
        for listen in self.listeners.addresses() {
            let here: Vec<(&Service, Arc<crate::table::Route>)> = self
                .services
                .values()
                .filter(|service| service.config.listen == listen)
                .map(|service| (service, Arc::new(service.route())))
                .collect();
            let most = |of: &dyn Fn(&crate::control::v1::Limits) -> u64| {
                let each = here.iter().map(|(service, _)| of(&service.config.limits));
                each.max().unwrap_or(0)
            };
            let routes = ListenerRoutes {
                header_timeout_ms: most(&|limits| limits.header_timeout_ms),
                idle_timeout_ms: most(&|limits| limits.idle_timeout_ms),
                header_bytes_max: most(&|limits| u64::from(limits.header_bytes_max)) as usize,
                connections_max: most(&|limits| u64::from(limits.connections_max)) as u32,
                claims: Claims::new(here.iter().map(|(service, route)| {
                    let config = &service.config;
                    (
                        &config.hosts[..],
                        &config.path_prefix[..],
                        Arc::clone(route),
                    )
                })),
                services: here.iter().map(|(_, route)| Arc::clone(route)).collect(),
            };
            table.insert(listen, Arc::new(routes));
        }
        self.published.publish(table);
    }
}

/// Of a kept lease the time left does not count, so that it may be 0.
fn only_the_lease_is_over(config: &ServiceConfig, error: String) -> Result<(), String> {
    let committed = ServiceConfig {
        commitment: crate::control::v1::Commitment::Committed,
        ..config.clone()
    };
    config::check(&committed).map_err(|_| error)
}
