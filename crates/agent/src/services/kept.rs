//! What the proxy last said of each service, kept on disk.

use std::collections::BTreeMap;
use std::fs;
use std::path::PathBuf;
use std::sync::{Mutex, MutexGuard, PoisonError};

use proxy::control::v1::{Commitment, ServiceConfig, ServiceStatus};
use serde::{Deserialize, Serialize};
use sys::file::FileError;

use crate::home;

/// A service as the proxy last had it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct Service {
    pub(super) config: ServiceConfig,
    /// Whether a lease ran out since the last route.
    pub(super) reverted: bool,
}

impl Service {
    pub(super) fn of(status: &ServiceStatus) -> Self {
        Self {
            config: status.config.clone(),
            reverted: status.reverted,
        }
    }

    /// Keeps in mind that a lease ran out before.
    pub(super) fn or_reverted(mut self, before: &Self) -> Self {
        self.reverted |= before.reverted;
        self
    }

    /// The configuration for a proxy that lost it. How long a lease had left is not known: it has run out,
    /// and the proxy itself returns to stable.
    pub(super) fn to_send_again(&self) -> ServiceConfig {
        let mut config = self.config.clone();
        if let Commitment::Leased { ttl_ms, .. } = &mut config.commitment {
            *ttl_ms = 1;
        }
        config
    }
}

/// All services.
#[derive(Debug)]
pub(super) struct Kept {
    path: PathBuf,
    services: Mutex<BTreeMap<String, Service>>,
}

impl Kept {
    /// Reads what is kept. A file that cannot be understood is put aside: the proxy knows it as well.
    pub(super) fn open(path: PathBuf) -> Result<Self, FileError> {
        let services = match home::read(&path) {
            Ok(services) => services.unwrap_or_default(),
            Err(error) if error.operation == "understand" => {
                tracing::error!(%error, "put aside as services.json.bad; the proxy is asked instead");
                let aside = path.with_extension("json.bad");
                fs::rename(&path, aside).map_err(FileError::at("put aside", &path))?;
                BTreeMap::new()
            }
            Err(error) => return Err(error),
        };
        Ok(Self {
            path,
            services: Mutex::new(services),
        })
    }

    pub(super) fn get(&self, key: &str) -> Option<Service> {
        self.locked().get(key).cloned()
    }

    pub(super) fn put(&self, key: &str, service: Service) -> Result<(), FileError> {
        let mut services = self.locked();
        if services.get(key) == Some(&service) {
            return Ok(());
        }
        let mut next = services.clone();
        next.insert(key.to_owned(), service);
        home::write(&self.path, &next)?;
        *services = next;
        Ok(())
    }

    /// Keeps what the proxy already does: where that cannot be written it is known here at least, and
    /// written with the next change. Health must reach the proxy on a full disk too.
    pub(super) fn put_or_warn(&self, key: &str, service: Service) {
        if let Err(error) = self.put(key, service.clone()) {
            tracing::warn!(service = key, %error, "kept in memory only");
            self.locked().insert(key.to_owned(), service);
        }
    }

    pub(super) fn keys(&self) -> Vec<String> {
        self.locked().keys().cloned().collect()
    }

    /// The services that an instance is part of.
    pub(super) fn services_of(&self, instance: &str) -> Vec<String> {
        let services = self.locked();
        let has = |service: &Service| {
            let mut backends = service.config.versions.iter().flat_map(|v| &v.backends);
            backends.any(|backend| backend.instance == instance)
        };
        services
            .iter()
            .filter(|(_, service)| has(service))
            .map(|(key, _)| key.clone())
            .collect()
    }

    fn locked(&self) -> MutexGuard<'_, BTreeMap<String, Service>> {
        self.services.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proxy::control::v1::Limits;

    #[test]
    fn what_cannot_be_written_is_known_at_least() {
        let dir = tempfile::tempdir().unwrap();
        let kept = Kept::open(dir.path().join("gone/services.json")).unwrap();
        let service = Service {
            config: ServiceConfig {
                listen: ([127, 0, 0, 1], 0).into(),
                hosts: vec![],
                path_prefix: "/".into(),
                limits: Limits::default(),
                versions: vec![],
                commitment: Commitment::Committed,
                sticky: None,
                testers: None,
                preview: None,
                readiness: None,
            },
            reverted: true,
        };
        assert!(kept.put("shop.production", service.clone()).is_err());
        assert_eq!(kept.get("shop.production"), None);
        kept.put_or_warn("shop.production", service.clone());
        assert_eq!(kept.get("shop.production"), Some(service));
    }
}
