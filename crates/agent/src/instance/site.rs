//! What instances of a host have in common.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use host::environment::{self, Parts};

use crate::api::v1::InstanceSpec;
use crate::home::Home;
use crate::refusal::Refusal;

/// The host as instances see it.
#[derive(Debug)]
pub(crate) struct Site {
    pub(crate) home: Home,
    /// The program that shims are started with.
    pub(crate) binary: PathBuf,
    /// The short name of the host, as in node names.
    pub(crate) host: String,
    /// The agent's own environment, of which instances get a few variables.
    pub(crate) environment: BTreeMap<String, String>,
    /// The ports given to each instance, running or not.
    ports: Mutex<BTreeMap<String, BTreeMap<String, u16>>>,
}

impl Site {
    pub(crate) fn new(
        home: Home,
        binary: PathBuf,
        host: String,
        environment: BTreeMap<String, String>,
    ) -> Self {
        Self {
            home,
            binary,
            host,
            environment,
            ports: Mutex::default(),
        }
    }

    /// Gives an instance its ports: the fixed ones if nobody has them, those it had before, or free ones
    /// that no other instance was given.
    pub(super) fn assign_ports(
        &self,
        id: &str,
        wanted: &BTreeMap<String, Option<u16>>,
        before: &BTreeMap<String, u16>,
    ) -> Result<BTreeMap<String, u16>, Refusal> {
        let mut book = self.ports.lock().unwrap_or_else(PoisonError::into_inner);
        let mut taken: BTreeSet<u16> = book
            .iter()
            .filter(|(other, _)| *other != id)
            .flat_map(|(_, ports)| ports.values().copied())
            .chain(wanted.values().copied().flatten())
            .collect();
        // Several agents of one host begin their search at different places.
        let seed = format!("{}/{id}", self.home.dir().display());
        let mut given = BTreeMap::new();
        for (variable, fixed) in wanted {
            let had = before.get(variable).copied();
            let port = match (*fixed, had) {
                (Some(port), _) => {
                    host::port::check_free(variable, port)?;
                    port
                }
                (None, Some(port))
                    if !taken.contains(&port) && host::port::check_free(variable, port).is_ok() =>
                {
                    port
                }
                (None, _) => host::port::free(&seed, variable, &taken)?,
            };
            if given.values().any(|other| *other == port) {
                let message = format!(
                    "port {port} is given to {variable} and to another variable in [ports]"
                );
                return Err(Refusal::unusable("port_twice", message));
            }
            taken.insert(port);
            given.insert(variable.clone(), port);
        }
        book.insert(id.to_owned(), given.clone());
        Ok(given)
    }

    /// Takes note of the ports of an instance known from disk.
    pub(super) fn remember_ports(&self, id: &str, ports: &BTreeMap<String, u16>) {
        let mut book = self.ports.lock().unwrap_or_else(PoisonError::into_inner);
        book.insert(id.to_owned(), ports.clone());
    }

    pub(super) fn forget_ports(&self, id: &str) {
        let mut book = self.ports.lock().unwrap_or_else(PoisonError::into_inner);
        book.remove(id);
    }

    /// The whole environment of an instance.
    pub(super) fn environment(
        &self,
        spec: &InstanceSpec,
        ports: &BTreeMap<String, u16>,
        node: &str,
        root: &Path,
    ) -> Result<BTreeMap<String, String>, Refusal> {
        let parts = Parts {
            given: &spec.env,
            ports,
            node,
            root,
        };
        Ok(environment::of(parts, |name| {
            self.environment.get(name).cloned()
        })?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn site() -> Site {
        let home = Home::new("/nowhere".into());
        Site::new(home, "/bin/cutover".into(), "host".into(), BTreeMap::new())
    }

    fn wanted(ports: &[(&str, Option<u16>)]) -> BTreeMap<String, Option<u16>> {
        ports.iter().map(|(k, v)| ((*k).to_owned(), *v)).collect()
    }

    #[test]
    fn an_instance_gets_back_its_ports_and_no_two_get_the_same() {
        let site = site();
        let auto = wanted(&[("PORT", None), ("METRICS_PORT", None)]);
        let first = site.assign_ports("a.x-1", &auto, &BTreeMap::new()).unwrap();
        assert_ne!(first["PORT"], first["METRICS_PORT"]);
        let other = site.assign_ports("a.x-2", &auto, &first).unwrap();
        assert!(
            other
                .values()
                .all(|port| !first.values().any(|p| p == port))
        );
        let again = site.assign_ports("a.x-1", &auto, &first).unwrap();
        assert_eq!(again, first);
    }

    #[test]
    fn a_fixed_port_in_use_or_given_twice_is_refused() {
        let site = site();
        let held = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let port = held.local_addr().unwrap().port();
        let refused = |ports: &[(&str, Option<u16>)]| {
            let refusal = site.assign_ports("a.x-1", &wanted(ports), &BTreeMap::new());
            refusal.unwrap_err().kind
        };
        assert_eq!(refused(&[("PORT", Some(port))]), "port_in_use");
        drop(held);
        assert_eq!(
            refused(&[("A", Some(port)), ("B", Some(port))]),
            "port_twice"
        );
    }
}
