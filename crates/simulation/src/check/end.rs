//! What must hold at the end of a world.

use std::collections::BTreeSet;

use rollout::{
    HookPoint, HookRun, HookSite, HostId, HotWork, OnFailure, Phase, Readiness, Rollout, StepEnd,
    Work,
};

use super::{Book, Checker, Way};
use crate::ledger::Ledger;
use crate::machine::Machine;
use crate::rule::Rule;
use crate::world::PAUSE_MAX_MS;

/// A world at its end.
pub(crate) struct Ending<'a> {
    pub(crate) calm: bool,
    /// When the rollout came to its end.
    pub(crate) at: u64,
    pub(crate) state: &'a Rollout,
    pub(crate) ledger: &'a Ledger,
    pub(crate) machines: &'a [Machine],
    /// The hosts that never come back.
    pub(crate) lost: &'a Names,
    /// The hooks that ran beside the coordinator, with what came of them.
    pub(crate) hooks: &'a [(u32, bool)],
    /// Whether a person skipped what would wait.
    pub(crate) skipped: bool,
}

/// Names of hosts.
pub(crate) type Names = BTreeSet<HostId>;

impl Checker {
    /// Looks at a world at its end.
    pub(crate) fn end(&mut self, ending: &Ending<'_>) {
        self.converges(ending);
        if !ending.state.is_finished() {
            return;
        }
        for (host, machine) in ending.machines.iter().enumerate() {
            if machine.answers() {
                self.serves(host as u32, machine, ending);
            }
        }
        self.marks(ending);
        self.hooks(ending);
        let running = ending
            .machines
            .iter()
            .find(|machine| {
                machine.up
                    && machine
                        .jobs
                        .values()
                        .any(|job| job.what == crate::machine::What::Command && job.runs())
            })
            .map(|machine| machine.name.clone());
        self.look(Rule::Command, self.plan.release_command.is_some(), || {
            running.map(|host| format!("the release command still runs on {host}"))
        });
        let phase = ending.ledger.phase;
        self.look(Rule::CalmEndsWell, ending.calm, || {
            (!matches!(phase, Phase::Healthy | Phase::RolledBack)).then(|| {
                let why = ending
                    .state
                    .cause()
                    .map_or_else(String::new, ToString::to_string);
                format!("it ended {phase}: {why}")
            })
        });
    }

    fn converges(&mut self, ending: &Ending<'_>) {
        let state = ending.state;
        self.look(Rule::Converges, true, || {
            if state.is_finished() {
                return (!ending.ledger.finished)
                    .then(|| "it is at its end and the ledger does not say so".into());
            }
            let behind: Vec<HostId> = state
                .hosts_behind()
                .into_iter()
                .map(|(host, _)| host)
                .collect();
            // Those that were set aside are waited for by nobody.
            let aside = &ending.ledger.aside;
            let explained = state.is_halted()
                && behind.iter().any(|host| ending.lost.contains(host))
                && behind
                    .iter()
                    .all(|host| ending.lost.contains(host) || aside.contains_key(host));
            (!explained).then(|| {
                format!(
                    "it is {} and waits for nobody who is lost: {:?} at {:?}",
                    state.phase(),
                    behind,
                    state.current().map(|(_, step)| step.name.clone())
                )
            })
        });
    }

    /// What a host serves, and what runs there.
    fn serves(&mut self, host: u32, machine: &Machine, ending: &Ending<'_>) {
        let aside = ending.ledger.aside.contains_key(&machine.name);
        let decided = ending.ledger.decided.is_some() && !aside;
        let behind = ending
            .state
            .hosts_behind()
            .iter()
            .any(|(id, _)| *id == machine.name);
        let has_stable = self.has_stable(host);
        // One that was set aside may have had the candidate for good by then, and keeps it; or it was brought
        // back before its batch was final. The ledger names it: it may serve either, but only one, for good.
        let committed = aside
            && self.hosts[host as usize].committed_once
            && ending.ledger.decided.is_some()
            && machine.proxy.weight(&self.candidate) == 100;
        let decided = decided || committed;
        let expected = if decided {
            Some(self.candidate.clone())
        } else {
            self.stable.clone()
        };
        let rule = if decided {
            Rule::OneVersion
        } else {
            Rule::WayBack
        };
        let named = behind && ending.ledger.phase == Phase::Degraded;
        let excused = named && (!aside || self.had_no_time(host, machine, ending));
        let applies = (decided || has_stable) && !excused;
        self.look(rule, applies, || {
            let expected = expected?;
            let proxy = &machine.proxy;
            let weight = proxy.weight(&expected);
            if weight != 100 || !proxy.is_committed() {
                let kind = if aside { ", set aside," } else { "" };
                return Some(format!(
                    "{}{kind} gives {} {weight} %{} at the end",
                    machine.name,
                    expected.short(),
                    if proxy.is_committed() {
                        ""
                    } else {
                        ", not for good"
                    }
                ));
            }
            // One that was set aside while its balancer had left it stays out: no traffic comes.
            let here = proxy
                .versions
                .iter()
                .find(|version| version.artifact == expected && !(aside && proxy.left))?;
            here.instances
                .iter()
                .find(|id| {
                    machine
                        .instances
                        .get(id)
                        .is_none_or(|instance| !instance.on)
                })
                .map(|id| format!("{} routes to {id}, which does not run", machine.name))
        });
        // One that was left behind on the way back is named: somebody has to look.
        let named = behind && !decided && ending.ledger.phase == Phase::Degraded;
        if !aside && !named && self.way != Way::Hot {
            self.left_running(host, machine, decided);
        }
    }

    /// Says whether a host that was set aside could not be brought back: it was silent while the others went
    /// back, where each step has its time (invariant I6), or until shortly before the end, which waits for
    /// nobody who is silent. By then it is asked again, and stable started, within these times.
    fn had_no_time(&self, host: u32, machine: &Machine, ending: &Ending<'_>) -> bool {
        let timing = &self.plan.timing;
        let needed_ms = PAUSE_MAX_MS + timing.healthy_deadline_ms;
        let silent_at = self.hosts[host as usize].silent_at;
        machine.disk_full > 0
            || silent_at.is_some_and(|at| {
                self.given_up && at >= self.given_up_at || at + needed_ms >= ending.at
            })
    }

    fn left_running(&mut self, host: u32, machine: &Machine, decided: bool) {
        let plan = self.plan.clone();
        let plan = &plan.hosts[host as usize];
        let (candidate, stable) = (self.candidate.clone(), self.stable.clone());
        self.look(Rule::NothingLeft, true, || {
            let runs = |id, artifact: Option<&rollout::ArtifactId>| {
                machine.instances.get(id).is_some_and(|instance| {
                    instance.on
                        && Some(&instance.artifact) == artifact
                        && instance.warm_until.is_none()
                })
            };
            let left = if decided {
                plan.stable.iter().find(|id| runs(id, stable.as_ref()))
            } else {
                plan.candidate
                    .iter()
                    .filter(|place| place.readiness != Readiness::Warm)
                    .map(|place| &place.instance)
                    .find(|id| runs(id, Some(&candidate)))
            };
            left.map(|id| format!("{id} is left running on {}", machine.name))
        });
        let moved = self.plan.background.activate.is_some() && !plan.stable.is_empty();
        let excused = self.hosts[host as usize].unseen
            || machine.temper.activate_exit != 0
            || machine.temper.quiesce_exit != 0;
        self.look(Rule::Background, moved && !decided && !excused, || {
            plan.stable
                .iter()
                .find(|id| {
                    machine
                        .instances
                        .get(id)
                        .is_some_and(|instance| instance.on && !instance.works)
                })
                .map(|id| {
                    format!(
                        "{id} serves on {} without its background work",
                        machine.name
                    )
                })
        });
    }

    fn marks(&mut self, ending: &Ending<'_>) {
        let ledger = ending.ledger;
        let marked = |artifact| ledger.marks.contains(artifact);
        let expected = if self.is_deploy() {
            let state = ending.state;
            // What never had traffic did not do badly with it.
            let had_traffic = state.seen().iter().any(|seen| {
                let work = state.step_of(seen.step).map(|step| step.work);
                matches!(work, Some(Work::Weight(1..) | Work::Hot(HotWork::Install)))
                    && seen.end != Some(StepEnd::Skipped)
            });
            ledger.decided.is_none()
                && had_traffic
                && state.cause().is_some_and(|cause| cause.blames_candidate())
        } else {
            ledger.decided.is_some()
        };
        let bad = if self.is_deploy() {
            Some(self.candidate.clone())
        } else {
            self.stable.clone()
        };
        let Some(bad) = bad else { return };
        // One that was given up before anything began says nothing.
        self.look(Rule::Marked, expected || !ledger.marks.is_empty(), || {
            let named = ledger.marks.iter().all(|mark| *mark == bad);
            (marked(&bad) != expected || !named).then(|| {
                format!(
                    "{} is{} marked, and {} be",
                    bad.short(),
                    if marked(&bad) { "" } else { " not" },
                    if expected { "must" } else { "must not" }
                )
            })
        });
    }

    fn hooks(&mut self, ending: &Ending<'_>) {
        let plan = self.plan.clone();
        let began = ending
            .ledger
            .intents
            .values()
            .any(|words| words.contains(": start ") || words.contains("hot upgrade: install"));
        for (index, hook) in plan.hooks.iter().enumerate() {
            let index = index as u32;
            let ran: Vec<bool> = ending
                .hooks
                .iter()
                .chain(ending.machines.iter().flat_map(|machine| &machine.hooks))
                .filter(|(other, _)| *other == index)
                .map(|(_, good)| *good)
                .collect();
            let used = plan
                .steps
                .iter()
                .any(|step| step.work == rollout::Work::Hook(index));
            let (decided, given_up) = (self.decided, self.given_up);
            // Where its hosts were set aside, it has none.
            let alone = matches!(
                &hook.run,
                HookRun::Command {
                    site: HookSite::FirstHost | HookSite::EachHost,
                    ..
                }
            );
            let skipped = (ending.skipped && hook.point.waits())
                || (alone && !ending.ledger.aside.is_empty());
            // It is given up after its time: a silent host runs nothing, and a clock that was set ends that time
            // at once. A person is told.
            let time_ms = hook.timeout_ms + plan.timing.progress_deadline_ms + PAUSE_MAX_MS;
            let silent = |book: &Book| book.silent_at.is_some_and(|at| at + time_ms >= ending.at);
            let told = ending.state.seen().iter().any(|seen| {
                let work = ending.state.step_of(seen.step).map(|step| step.work);
                work == Some(Work::Hook(index)) && !seen.notes.is_empty()
            });
            let late = told && (self.clock_was_set || alone && self.hosts.iter().any(silent));
            self.look(Rule::Hooks, true, || {
                let before = matches!(
                    hook.point,
                    HookPoint::ConfirmRollout
                        | HookPoint::PreDeploy
                        | HookPoint::PreRollout
                        | HookPoint::ConfirmPromotion
                );
                if before
                    && used
                    && decided
                    && !skipped
                    && !ran.contains(&true)
                    && hook.on_failure == OnFailure::Abort
                {
                    return Some(format!(
                        "it is decided and {} `{}` never agreed",
                        hook.point, hook.name
                    ));
                }
                let wrong = match hook.point {
                    HookPoint::PostDeploy => !decided,
                    HookPoint::OnAbort => !given_up,
                    _ => false,
                };
                if wrong && !ran.is_empty() {
                    return Some(format!(
                        "{} `{}` ran where it must not",
                        hook.point, hook.name
                    ));
                }
                let missing = match hook.point {
                    HookPoint::OnAbort => given_up && began,
                    HookPoint::PostRollout => began && (decided || given_up),
                    _ => false,
                };
                let excused = skipped || ending.ledger.phase == Phase::Degraded || late;
                (missing && !excused && ran.is_empty())
                    .then(|| format!("{} `{}` did not run", hook.point, hook.name))
            });
        }
    }
}
