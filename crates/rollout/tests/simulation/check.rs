//! The invariants, checked at every turn.

use rollout::{Action, Phase, Purpose};

use crate::host::Host;
use crate::world::{World, artifact};

impl World {
    /// Checks what must hold at every instant.
    pub(crate) fn check(&self) {
        let candidate = &self.plan.candidate.artifact;
        for (i, (host, plan)) in self.hosts.iter().zip(&self.plan.hosts).enumerate() {
            let at = format!("seed {}, host{i}, {} ms", self.seed, self.now - 1_000_000);
            let Some(route) = &host.route else { continue };
            // I3: at most two versions; weights sum to 100.
            assert!(route.weights.len() <= 2, "{at}: I3 {:?}", route.weights);
            assert_eq!(
                route
                    .weights
                    .values()
                    .map(|(weight, _)| u32::from(*weight))
                    .sum::<u32>(),
                100,
                "{at}: I3"
            );
            if plan.stable.is_empty() {
                continue;
            }
            for (serving, (_, instances)) in
                route.weights.iter().filter(|(_, (weight, _))| *weight > 0)
            {
                // I2: what could never be healthy never takes a request.
                let hopeless = serving == candidate && (host.temper.sick || host.temper.crash_loop);
                assert!(!hopeless, "{at}: I2");
                // I1: whoever serves is there. Only a candidate that fails by itself may be caught failing.
                let fails =
                    serving == candidate && (host.temper.flaps || host.temper.dies_at.is_some());
                for id in instances {
                    assert!(
                        fails || host.healthy(id, self.now, candidate),
                        "{at}: I1 {id}"
                    );
                }
            }
            // I7: from the decision on, no proxy can go back by itself.
            let may_revert = route.lease.is_some() && !route.prepared;
            assert!(
                !self.ledger.decided || !(may_revert || route.reverted),
                "{at}: I7"
            );
            // I8: stable runs until the decision.
            if !self.ledger.decided {
                for id in &plan.stable {
                    assert!(host.instances[id].running, "{at}: I8 {id}");
                }
            }
        }
        // The release command runs at most once for every time that a person allowed it.
        let runs: u32 = self.hosts.iter().map(|host| host.runs_performed).sum();
        assert!(
            runs <= self.runs_allowed,
            "seed {}: {runs} runs of the release command",
            self.seed
        );
    }

    /// Checks a call before it is obeyed.
    pub(crate) fn check_call(&self, index: usize, token: u64, action: &Action) {
        let host: &Host = &self.hosts[index];
        let at = format!(
            "seed {}, host{index}, {} ms: {action}",
            self.seed,
            self.now - 1_000_000
        );
        if token < host.token {
            return;
        }
        let (Action::Stop { instance } | Action::Clear { instance }) = action else {
            return;
        };
        let Some(found) = host.instances.get(instance).filter(|found| found.running) else {
            return;
        };
        let Some(route) = &host.route else { return };
        let has_stable = !self.plan.hosts[index].stable.is_empty();
        let weight = route
            .weights
            .get(&found.artifact)
            .map_or(0, |(weight, _)| *weight);
        assert!(!has_stable || weight == 0, "{at}: I1 stops what serves");
        // Nothing is cut rudely: a version that served is drained before it stops.
        let drained = route.draining.get(&found.artifact).is_some_and(|until| {
            self.now >= *until
                || host
                    .counted
                    .get(&found.artifact)
                    .is_none_or(|tally| tally.open == 0)
        });
        let served = host.ever_served.contains(&found.artifact);
        assert!(
            !has_stable || !served || drained,
            "{at}: stops without a drain"
        );
    }

    /// Checks what must hold when a rollout is at its end.
    pub(crate) fn check_end(&self) {
        let state = self.ledger.replay();
        let seed = self.seed;
        let (candidate, stable) = (&self.plan.candidate.artifact, artifact('a'));
        let phase = state.phase();
        assert!(state.is_finished(), "seed {seed}");
        let serving = if self.ledger.decided {
            candidate
        } else {
            &stable
        };
        for (i, (host, plan)) in self.hosts.iter().zip(&self.plan.hosts).enumerate() {
            if plan.stable.is_empty() {
                continue;
            }
            // I6, I7: everything serves one version, for good.
            let route = host.route.as_ref().unwrap();
            assert_eq!(
                route.weights.get(serving).map(|(weight, _)| *weight),
                Some(100),
                "seed {seed}, host{i}"
            );
            assert!(
                route.lease.is_none() && !route.prepared,
                "seed {seed}, host{i}: not final"
            );
            let kept = self.plan.hosts[i]
                .candidate
                .iter()
                .filter(|place| place.readiness != rollout::Readiness::Warm);
            if !self.ledger.decided {
                for place in kept {
                    let running = host
                        .instances
                        .get(&place.instance)
                        .is_some_and(|found| found.running && found.artifact == *candidate);
                    assert!(
                        !running,
                        "seed {seed}, host{i}: the candidate was left running"
                    );
                }
            }
        }
        match phase {
            Phase::Healthy | Phase::RolledBack | Phase::Degraded => {
                assert!(self.ledger.decided, "seed {seed}")
            }
            Phase::Aborted => assert!(!self.ledger.decided, "seed {seed}"),
            other => panic!("seed {seed}: ended {other}"),
        }
        // I9: what was given up for its own fault is marked; a rollback marks what it left.
        let bad = match self.plan.purpose {
            Purpose::Deploy => state
                .cause()
                .is_some_and(|cause| cause.blames_candidate() && phase == Phase::Aborted),
            Purpose::Rollback => self.ledger.decided,
        };
        // An abort before anything began has nothing to tell of the artifact.
        let began = !state.times().is_empty();
        assert_eq!(
            !self.ledger.marks.is_empty(),
            bad && began,
            "seed {seed}: I9 {:?} {:?}",
            phase,
            state.cause()
        );
    }
}
