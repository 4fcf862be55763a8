//! Makes a failing scenario smaller: what can be left out while it still fails is left out.

use crate::scenario::{Kind, Scenario};

/// Shrinks a scenario for as long as `fails` says that the smaller one fails too.
pub(crate) fn shrink(scenario: Scenario, fails: impl Fn(&Scenario) -> bool) -> Scenario {
    let mut smallest = scenario;
    loop {
        let before = size(&smallest);
        for candidate in smaller(&smallest) {
            if size(&candidate) < size(&smallest) && fails(&candidate) {
                smallest = candidate;
                break;
            }
        }
        if size(&smallest) == before {
            return smallest;
        }
    }
}

/// Returns what there is to a scenario.
fn size(scenario: &Scenario) -> usize {
    let extras = [
        scenario.command,
        scenario.background,
        scenario.preview,
        scenario.left_behind,
    ];
    scenario.faults.len()
        + scenario.verbs.len()
        + scenario.hooks.len()
        + scenario.hosts as usize
        + scenario.instances as usize
        + extras.iter().filter(|extra| **extra).count()
}

/// Lists scenarios with one thing less, the most promising first.
fn smaller(scenario: &Scenario) -> Vec<Scenario> {
    let mut list = Vec::new();
    let mut without = |change: &dyn Fn(&mut Scenario)| {
        let mut less = scenario.clone();
        change(&mut less);
        list.push(less);
    };
    for hosts in [1, scenario.hosts / 2, scenario.hosts.saturating_sub(1)] {
        if hosts >= 1 && hosts < scenario.hosts {
            without(&|less| {
                less.hosts = hosts;
                less.faults
                    .retain(|fault| fault.host().is_none_or(|host| host < hosts));
            });
        }
    }
    for place in 0..scenario.faults.len() {
        without(&|less| {
            less.faults.remove(place);
        });
    }
    for place in 0..scenario.verbs.len() {
        without(&|less| {
            less.verbs.remove(place);
        });
    }
    if !scenario.hooks.is_empty() {
        without(&|less| {
            less.hooks.pop();
        });
    }
    without(&|less| less.command = false);
    without(&|less| less.background = false);
    without(&|less| less.preview = false);
    if scenario.kind != Kind::Rollback {
        without(&|less| less.left_behind = false);
    }
    without(&|less| less.instances = 1);
    list
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scenario::{Fault, choose};

    #[test]
    fn what_does_not_matter_is_left_out() {
        let mut scenario = choose(3);
        scenario.hosts = 7;
        scenario.faults = vec![
            Fault::MetricBad,
            Fault::ClockStep { at: 5, by_ms: 9 },
            Fault::MetricErrors,
        ];
        let small = shrink(scenario, |scenario| {
            scenario
                .faults
                .iter()
                .any(|fault| matches!(fault, Fault::ClockStep { .. }))
        });
        assert_eq!(small.faults, [Fault::ClockStep { at: 5, by_ms: 9 }]);
        assert_eq!(
            (small.hosts, small.verbs.len(), small.hooks.len()),
            (1, 0, 0)
        );
    }
}
