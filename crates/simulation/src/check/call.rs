//! What a call may do, looked at before and after a host obeys it.

use coordinator::Hot;
use proxy::control::v1::Commitment;
use rollout::{HotWork, InstanceId, Readiness};

use super::{Checker, Way};
use crate::machine::{Call, Machine, What};
use crate::rule::Rule;

impl Checker {
    /// Looks at a call that is about to be obeyed.
    pub(crate) fn before(&mut self, host: u32, machine: &Machine, token: u64, call: &Call) {
        let seen = self.hosts[host as usize].token;
        self.look(Rule::Fenced, seen > 0, || {
            (token < seen).then(|| {
                format!(
                    "{} obeys token {token} after {seen}: {call:?}",
                    machine.name
                )
            })
        });
        self.hosts[host as usize].token = seen.max(token);
        match call {
            Call::Stop(instance) => self.before_stop(host, machine, instance),
            Call::Remove(instance) => {
                let stable = self.plan.hosts[host as usize].stable.contains(instance);
                let own = self.stable.clone();
                self.look(Rule::OldStays, self.is_deploy(), || {
                    let there = machine.instances.get(instance)?;
                    (stable && Some(&there.permanent) == own.as_ref()).then(|| {
                        format!(
                            "{} loses the root of {instance}, which is stable's",
                            machine.name
                        )
                    })
                });
            }
            _ => {}
        }
    }

    fn before_stop(&mut self, host: u32, machine: &Machine, id: &InstanceId) {
        let Some(instance) = machine.instances.get(id).filter(|instance| instance.on) else {
            return;
        };
        let has_stable = self.has_stable(host);
        let takes = machine.proxy.taking().any(|taking| taking == id);
        self.look(Rule::StopsWhatServes, has_stable, || {
            takes.then(|| format!("{} stops {id}, which takes requests", machine.name))
        });
        let aside = self.hosts[host as usize].aside;
        let open = machine
            .proxy
            .tallies
            .get(&instance.artifact)
            .is_some_and(|tally| tally.open > 0);
        let over = machine
            .proxy
            .drains
            .get(&instance.artifact)
            .is_some_and(|until| *until <= self.now);
        // By a clock that was set, a drain may seem over.
        let timed = !self.clock_was_set;
        let applies = has_stable && !aside && timed && machine.served.contains(&instance.artifact);
        self.look(Rule::Drained, applies, || {
            (open && !over).then(|| format!("{} stops {id} while clients are on it", machine.name))
        });
    }

    /// A release command began, on one host or another.
    fn after_command(&mut self, machine: &Machine, began: u32) {
        self.runs += began;
        let (runs, allowed) = (self.runs, self.runs_allowed);
        let early = self.way == Way::Hot
            || machine.proxy.weight(&self.candidate) == 0
            || self.stable.is_none();
        self.look(Rule::Command, true, || {
            if runs > allowed {
                return Some(format!(
                    "it runs for the {runs}. time and was allowed {allowed}"
                ));
            }
            (!early).then(|| "it runs while the candidate has traffic".into())
        });
    }

    /// Looks at what a call has made of a host.
    pub(crate) fn after(&mut self, host: u32, machine: &Machine, call: &Call, weight_before: u8) {
        match call {
            Call::Run {
                what: What::Command,
                ..
            } => {
                let book = &mut self.hosts[host as usize];
                let began = machine.commands - book.commands;
                book.commands = machine.commands;
                if began > 0 {
                    self.after_command(machine, began);
                }
            }
            Call::Route(route) => {
                self.hosts[host as usize].lease_until = match &route.commitment {
                    Commitment::Leased { ttl_ms, .. } => {
                        self.ttl(machine, *ttl_ms);
                        Some(self.now + ttl_ms)
                    }
                    Commitment::Committed | Commitment::Prepared { .. } => None,
                };
                self.after_route(host, machine, weight_before);
            }
            Call::Renew(ttl_ms) => {
                self.ttl(machine, *ttl_ms);
                let book = &mut self.hosts[host as usize];
                if book.lease_until.is_some() {
                    book.lease_until = Some(self.now + ttl_ms);
                }
            }
            Call::Hot(Hot::Do(HotWork::Commit), _) => self.hosts[host as usize].hot_commit = true,
            _ => {}
        }
    }

    /// A lease is never longer than what its plan says.
    fn ttl(&mut self, machine: &Machine, ttl_ms: u64) {
        let timing = self.plan.timing;
        let longest = timing.orphan_timeout_ms.max(timing.pause_max_ms);
        self.look(Rule::LeaseEnds, true, || {
            (ttl_ms > longest).then(|| {
                format!(
                    "{} is given a lease of {ttl_ms} ms; {longest} ms is the longest",
                    machine.name
                )
            })
        });
    }

    fn after_route(&mut self, host: u32, machine: &Machine, weight_before: u8) {
        let weight = machine.proxy.weight(&self.candidate);
        let beside = machine
            .proxy
            .versions
            .iter()
            .any(|version| version.artifact == self.candidate && version.beside);
        let given = (weight > 0 || beside) && weight_before == 0;
        let needed = if self.clock_was_set {
            0
        } else {
            self.plan.timing.min_healthy_time_ms
        };
        let plan = self.plan.clone();
        let applies = given && self.way != Way::Hot && !machine.temper.flaps;
        self.look(Rule::Gate, applies, || {
            plan.hosts[host as usize]
                .candidate
                .iter()
                .find_map(|place| {
                    let needed = if place.readiness == Readiness::Warm {
                        0
                    } else {
                        needed
                    };
                    let Some(instance) = machine.instances.get(&place.instance) else {
                        return Some(format!(
                            "{} routes to {}, which is not there",
                            machine.name, place.instance
                        ));
                    };
                    let longest = instance.longest_healthy(machine.now());
                    let never = instance.healthy_since.is_none() && longest == 0;
                    (longest < needed || never).then(|| {
                        format!(
                            "{} routes to {}, which was healthy for {longest} ms of {needed}",
                            machine.name, place.instance
                        )
                    })
                })
        });
        let moved = plan.background.activate.is_some() && self.has_stable(host) && self.is_deploy();
        let full = weight == 100
            && weight_before < 100
            && self.way != Way::Hot
            && self.way != Way::Instead;
        let unseen = self.hosts[host as usize].unseen;
        self.look(
            Rule::Background,
            moved && full && !self.given_up && !unseen,
            || {
                let works = |id: &InstanceId| {
                    machine
                        .instances
                        .get(id)
                        .is_some_and(|instance| instance.works)
                };
                let plan = &plan.hosts[host as usize];
                if plan.stable.iter().any(works) {
                    return Some(format!(
                        "{} switches while stable has its background work",
                        machine.name
                    ));
                }
                let candidate = plan.candidate.iter().any(|place| works(&place.instance));
                (!candidate).then(|| {
                    format!(
                        "{} switches before the candidate's background work began",
                        machine.name
                    )
                })
            },
        );
    }
}
