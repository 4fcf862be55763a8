//! What must hold of a host at every instant.

use super::{Checker, Way};
use crate::machine::Machine;
use crate::rule::Rule;

impl Checker {
    /// Looks at a host that something happened to.
    pub(crate) fn host(&mut self, host: u32, machine: &Machine) {
        self.available(host, machine);
        let has_stable = self.stable.is_some() && self.has_stable(host);
        if !machine.up {
            // It is being replaced all the same, until the rollout goes on without it: then its place is free,
            // as what becomes of it is what the failure budget is for.
            if has_stable {
                self.replaced(host, machine);
            }
            return;
        }
        self.two_versions(machine);
        if !has_stable {
            return;
        }
        self.firmness(host, machine);
        self.stable_runs(host, machine);
        self.replaced(host, machine);
        self.background(host, machine);
    }

    fn available(&mut self, host: u32, machine: &Machine) {
        let book = &mut self.hosts[host as usize];
        // A host that is lost is nobody's doing.
        let full = self.plan.hosts[host as usize].stable.len() as u32;
        let now = if machine.up {
            machine.available()
        } else {
            full
        };
        self.available = self.available - book.available + now;
        book.available = now;
        let (available, min) = (self.available, self.min_available);
        self.look(Rule::MinAvailable, self.stable.is_some() && min > 0, || {
            (available < min).then(|| {
                format!(
                    "{available} instances take traffic, {min} must; last {}",
                    machine.name
                )
            })
        });
    }

    fn two_versions(&mut self, machine: &Machine) {
        let versions = &machine.proxy.versions;
        let known = [Some(&self.candidate), self.stable.as_ref()];
        let sum: u32 = versions
            .iter()
            .map(|version| u32::from(version.weight))
            .sum();
        let alien = versions
            .iter()
            .filter(|version| version.weight > 0)
            .find(|version| !known.contains(&Some(&version.artifact)))
            .map(|version| version.artifact.clone());
        self.look(Rule::TwoVersions, !versions.is_empty(), || {
            if sum != 100 {
                return Some(format!("the weights on {} sum to {sum}", machine.name));
            }
            alien.map(|artifact| {
                format!(
                    "{} serves {}, which is not of this rollout",
                    machine.name,
                    artifact.short()
                )
            })
        });
    }

    fn firmness(&mut self, host: u32, machine: &Machine) {
        let proxy = &machine.proxy;
        let weight = proxy.weight(&self.candidate);
        let now = self.now;
        let book = &mut self.hosts[host as usize];
        let (prepared, committed) = (proxy.is_prepared(), proxy.is_committed() && weight > 0);
        let held = prepared || committed;
        if held && !book.prepared {
            if let Some(left) = book
                .group
                .and_then(|group| self.unprepared.get_mut(group as usize))
            {
                *left = left.saturating_sub(u32::from(!book.aside));
            }
            book.prepared = true;
        }
        let firmly = committed && !book.committed;
        book.committed = committed;
        book.committed_once |= committed;
        let (group, lease_until, aside) = (book.group, book.lease_until, book.aside);
        let left = group.map_or(0, |group| self.unprepared[group as usize]);
        let split = matches!(self.way, Way::Beside | Way::Batches);
        let decided = self.decided;
        let way = self.way;
        self.look(Rule::Leased, split && weight > 0, || {
            if !firmly {
                return None;
            }
            if left > 0 {
                return Some(format!(
                    "{} is final while {left} proxies of its batch are not prepared",
                    machine.name
                ));
            }
            (way == Way::Beside && !decided)
                .then(|| format!("{} is final before the decision", machine.name))
        });
        self.look(Rule::LeaseEnds, weight > 0 && !held, || {
            lease_until.is_none_or(|until| now > until).then(|| {
                format!(
                    "{} gives the candidate {weight} % after its lease",
                    machine.name
                )
            })
        });
        self.look(Rule::NeverAlone, split && decided && !aside, || {
            (proxy.reverted || proxy.lease_ends().is_some())
                .then(|| format!("{} reverts, or can, after the decision", machine.name))
        });
    }

    fn stable_runs(&mut self, host: u32, machine: &Machine) {
        let plan = self.plan.clone();
        let stable = self.stable.clone();
        let ids = &plan.hosts[host as usize].stable;
        let before = !self.decided;
        self.look(Rule::StableRuns, before && self.way == Way::Beside, || {
            ids.iter().find_map(|id| {
                let runs = machine.instances.get(id).is_some_and(|instance| {
                    instance.on && Some(&instance.artifact) == stable.as_ref()
                });
                (!runs).then(|| {
                    format!(
                        "{id} of stable does not run on {} before the decision",
                        machine.name
                    )
                })
            })
        });
        let asked = self.hosts[host as usize].hot_commit;
        self.look(Rule::OldPermanent, self.way == Way::Hot && !asked, || {
            ids.iter().find_map(|id| {
                let old = machine
                    .instances
                    .get(id)
                    .is_some_and(|instance| Some(&instance.permanent) == stable.as_ref());
                (!old).then(|| {
                    format!(
                        "{id} on {} would not come back on the old release",
                        machine.name
                    )
                })
            })
        });
    }

    fn replaced(&mut self, host: u32, machine: &Machine) {
        let plan = &self.plan.hosts[host as usize];
        let runs = |id, artifact: &rollout::ArtifactId| {
            machine
                .instances
                .get(id)
                .is_some_and(|instance| instance.on && instance.artifact == *artifact)
        };
        let weight = machine.proxy.weight(&self.candidate);
        let begun = match self.way {
            Way::Beside => false,
            Way::Batches | Way::Instead if !self.is_deploy() => weight > 0,
            Way::Batches => plan
                .candidate
                .iter()
                .any(|place| runs(&place.instance, &self.candidate)),
            Way::Instead => {
                machine.proxy.left
                    || plan
                        .stable
                        .iter()
                        .any(|id| machine.instances.get(id).is_none_or(|i| !i.on))
            }
            Way::Hot => plan.stable.iter().any(|id| {
                machine.instances.get(id).is_some_and(|instance| {
                    instance.artifact == self.candidate && instance.permanent != self.candidate
                })
            }),
        };
        let book = &mut self.hosts[host as usize];
        let over = self.given_up
            || book.aside
            || match self.way {
                Way::Instead => book.committed && weight == 100 && !machine.proxy.left,
                _ => book.committed && weight == 100,
            };
        let replaced = begun && !over;
        self.replaced = self.replaced + u32::from(replaced) - u32::from(book.replaced);
        book.replaced = replaced;
        let (count, most) = (self.replaced, self.at_a_time);
        let applies = self.way != Way::Beside && count > 0 && !self.given_up;
        self.look(Rule::AtATime, applies, || {
            (count > most).then(|| {
                format!(
                    "{count} hosts are being replaced, {most} may be; last {}",
                    machine.name
                )
            })
        });
    }

    fn background(&mut self, host: u32, machine: &Machine) {
        let plan = &self.plan.hosts[host as usize];
        let works = |id| {
            machine
                .instances
                .get(id)
                .is_some_and(|instance: &crate::machine::Instance| instance.works)
        };
        let both = plan.stable.iter().any(works)
            && plan.candidate.iter().any(|place| works(&place.instance));
        let applies = self.plan.background.activate.is_some() && self.way != Way::Hot;
        let excused = self.hosts[host as usize].unseen || machine.temper.quiesce_exit != 0;
        self.look(Rule::Background, applies && !excused, || {
            both.then(|| {
                format!(
                    "both versions have their background work on {}",
                    machine.name
                )
            })
        });
    }
}
