//! Which instance has which ports, running or not.
//!
//! Each is claimed as well, as long as the agent lives: another agent of the machine, which stands for
//! another host, would else find it free until the instance listens.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Mutex, PoisonError};

use host::port::{self, Claim};

use crate::refusal::Refusal;

/// The ports of every instance.
#[derive(Debug)]
pub(crate) struct Ports {
    /// Where the search for free ports begins: several agents of one machine begin at different places.
    seed: String,
    book: Mutex<Book>,
}

#[derive(Debug, Default)]
struct Book {
    given: BTreeMap<String, BTreeMap<String, u16>>,
    claims: BTreeMap<u16, Claim>,
}

impl Ports {
    pub(super) fn new(seed: String) -> Self {
        Self {
            seed,
            book: Mutex::default(),
        }
    }

    /// Gives an instance its ports: the fixed ones if nobody has them, those it had before, or free ones
    /// that no other instance was given.
    pub(super) fn assign(
        &self,
        id: &str,
        wanted: &BTreeMap<String, Option<u16>>,
        before: &BTreeMap<String, u16>,
    ) -> Result<BTreeMap<String, u16>, Refusal> {
        let mut book = self.book.lock().unwrap_or_else(PoisonError::into_inner);
        let given = book.choose(&format!("{}/{id}", self.seed), id, wanted, before);
        if let Ok(given) = &given {
            book.given.insert(id.to_owned(), given.clone());
        }
        book.let_go();
        given
    }

    /// Takes note of the ports of an instance known from disk.
    pub(super) fn remember(&self, id: &str, ports: &BTreeMap<String, u16>) {
        let mut book = self.book.lock().unwrap_or_else(PoisonError::into_inner);
        for port in ports.values() {
            // One that another has claimed meanwhile is looked at again with the next start.
            if let Ok(Some(claim)) = Claim::of(*port) {
                book.claims.insert(*port, claim);
            }
        }
        book.given.insert(id.to_owned(), ports.clone());
    }

    pub(super) fn forget(&self, id: &str) {
        let mut book = self.book.lock().unwrap_or_else(PoisonError::into_inner);
        book.given.remove(id);
        book.let_go();
    }
}

impl Book {
    fn choose(
        &mut self,
        seed: &str,
        id: &str,
        wanted: &BTreeMap<String, Option<u16>>,
        before: &BTreeMap<String, u16>,
    ) -> Result<BTreeMap<String, u16>, Refusal> {
        let mut taken: BTreeSet<u16> = self
            .given
            .iter()
            .filter(|(other, _)| *other != id)
            .flat_map(|(_, ports)| ports.values().copied())
            .chain(wanted.values().copied().flatten())
            .collect();
        let mut given = BTreeMap::new();
        for (variable, fixed) in wanted {
            let had = before.get(variable).copied();
            let had = had.filter(|port| !taken.contains(port));
            let port = match (*fixed, had) {
                (Some(port), _) => {
                    self.claim(variable, port)?;
                    port
                }
                (None, Some(port)) if self.claim(variable, port).is_ok() => port,
                (None, _) => {
                    let claim = port::free(seed, variable, &taken)?;
                    let port = claim.port();
                    self.claims.insert(port, claim);
                    port
                }
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
        Ok(given)
    }

    /// Claims a port that is free, unless it is claimed here already.
    fn claim(&mut self, variable: &str, port: u16) -> Result<(), port::Error> {
        if self.claims.contains_key(&port) {
            return port::check_free(variable, port);
        }
        self.claims.insert(port, port::claim(variable, port)?);
        Ok(())
    }

    /// Gives up the claims on ports that no instance has.
    fn let_go(&mut self) {
        let used: BTreeSet<u16> = self
            .given
            .values()
            .flat_map(BTreeMap::values)
            .copied()
            .collect();
        self.claims.retain(|port, _| used.contains(port));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn wanted(ports: &[(&str, Option<u16>)]) -> BTreeMap<String, Option<u16>> {
        ports.iter().map(|(k, v)| ((*k).to_owned(), *v)).collect()
    }

    fn agent() -> Ports {
        Ports::new("/nowhere".into())
    }

    #[test]
    fn an_instance_gets_back_its_ports_and_no_two_get_the_same() {
        let ports = agent();
        let auto = wanted(&[("PORT", None), ("METRICS_PORT", None)]);
        let first = ports.assign("a.x-1", &auto, &BTreeMap::new()).unwrap();
        assert_ne!(first["PORT"], first["METRICS_PORT"]);
        let other = ports.assign("a.x-2", &auto, &first).unwrap();
        assert!(
            other
                .values()
                .all(|port| !first.values().any(|p| p == port))
        );
        let again = ports.assign("a.x-1", &auto, &first).unwrap();
        assert_eq!(again, first);
    }

    #[test]
    fn a_fixed_port_in_use_or_given_twice_is_refused() {
        let ports = agent();
        let held = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let port = held.local_addr().unwrap().port();
        let refused = |asked: &[(&str, Option<u16>)]| {
            let refusal = ports.assign("a.x-1", &wanted(asked), &BTreeMap::new());
            refusal.unwrap_err().kind
        };
        assert_eq!(refused(&[("PORT", Some(port))]), "port_in_use");
        drop(held);
        assert_eq!(
            refused(&[("A", Some(port)), ("B", Some(port))]),
            "port_twice"
        );
    }

    #[test]
    fn two_agents_of_a_machine_give_no_port_twice_although_nobody_listens_yet() {
        // They search from the same place on, as the worst pair of homes would.
        let (one, two) = (agent(), agent());
        let auto = wanted(&[("PORT", None)]);
        let first = one.assign("a.x-1", &auto, &BTreeMap::new()).unwrap();
        let second = two.assign("a.x-1", &auto, &BTreeMap::new()).unwrap();
        assert_ne!(first, second);
        let fixed = wanted(&[("PORT", Some(first["PORT"]))]);
        let refusal = two.assign("a.x-1", &fixed, &second).unwrap_err();
        assert_eq!(refusal.kind, "port_claimed");
        one.forget("a.x-1");
        two.assign("a.x-1", &fixed, &second).unwrap();
        // What it had is not taken from one who has it now.
        assert_ne!(one.assign("a.x-1", &auto, &first).unwrap(), first);
    }
}
