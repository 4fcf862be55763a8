//! Checks a request before a plan is made of it.

use std::collections::BTreeSet;

use super::{
    Analysis, CanaryStep, HostCount, HostFacts, Moving, PlanError, Request, Strategy, Surge, Timing,
};

/// Checks what can be told without knowing which version serves.
pub(super) fn check(request: &Request, hosts: &[HostFacts]) -> Result<(), PlanError> {
    if hosts.is_empty() && request.unreachable.is_empty() {
        return Err(PlanError::NoHosts {
            service: request.service.clone(),
        });
    }
    let mut seen = BTreeSet::new();
    let unreachable = request.unreachable.iter().map(|(host, _)| host);
    for host in hosts.iter().map(|facts| &facts.host).chain(unreachable) {
        if !seen.insert(host) {
            return Err(PlanError::HostTwice { host: host.clone() });
        }
    }
    let budget = request.tolerance.failure_budget.put_up_with(seen.len());
    if request.unreachable.len() > budget || hosts.is_empty() {
        return Err(PlanError::Unreachable {
            unreachable: request.unreachable.clone(),
            budget,
        });
    }
    if !(1..=64).contains(&request.instances_per_host) {
        return Err(PlanError::Instances {
            asked: request.instances_per_host,
        });
    }
    if let Some(what) = wrong_timing(&request.timing, request.moving) {
        return Err(PlanError::Timing { what });
    }
    check_strategy(&request.strategy).map_err(|what| PlanError::Settings { what })?;
    check_hooks(request).map_err(|what| PlanError::Settings { what })?;
    check_min_available(request, hosts.len())
}

fn wrong_timing(timing: &Timing, moving: Moving) -> Option<&'static str> {
    let what = if timing.probe_every_ms == 0 {
        "probe_every must be more than 0"
    } else if timing.healthy_deadline_ms <= timing.min_healthy_time_ms {
        "healthy_deadline must be longer than min_healthy_time"
    } else if timing.orphan_timeout_ms < 1_000 {
        "orphan_timeout must be at least 1 s"
    } else if timing.progress_deadline_ms == 0 {
        "progress_deadline must be more than 0"
    } else if timing.pause_max_ms < timing.orphan_timeout_ms {
        "pause_max must be at least orphan_timeout"
    } else if moving.sockets_per_second == 0 {
        "the reconnect budget must be at least 1 socket a second"
    } else {
        return None;
    };
    Some(what)
}

fn check_strategy(strategy: &Strategy) -> Result<(), String> {
    match strategy {
        Strategy::Hot(hot) => check_count("max_parallel", hot.max_parallel),
        Strategy::Rolling(rolling) => check_count("max_parallel", rolling.max_parallel),
        Strategy::Canary(canary) => canary.steps.iter().try_for_each(|step| match step {
            CanaryStep::SetWeight(1..=100) | CanaryStep::Pause { .. } => Ok(()),
            CanaryStep::SetWeight(weight) => Err(format!(
                "a weight of a canary must be 1 to 100, not {weight}"
            )),
            CanaryStep::Analysis(analysis) => check_analysis(analysis),
        }),
        Strategy::BlueGreen(settings) => {
            let analyses = [&settings.pre_promotion, &settings.post_promotion];
            analyses.into_iter().flatten().try_for_each(check_analysis)
        }
        Strategy::Auto { hot, fallback } => {
            check_count("max_parallel", hot.max_parallel)?;
            match &**fallback {
                Strategy::Auto { .. } | Strategy::Hot(_) => {
                    Err("what auto falls back to must be rolling, canary or blue-green".into())
                }
                fallback => check_strategy(fallback),
            }
        }
    }
}

fn check_count(what: &str, count: HostCount) -> Result<(), String> {
    match count {
        HostCount::Hosts(0) | HostCount::Percent(0) => Err(format!("{what} must be at least 1")),
        HostCount::Percent(101..) => Err(format!("{what} must be at most 100 %")),
        _ => Ok(()),
    }
}

fn check_analysis(analysis: &Analysis) -> Result<(), String> {
    if analysis.interval_ms == 0 || analysis.for_ms < analysis.interval_ms {
        return Err("an analysis must last at least one interval, and that more than 0".into());
    }
    let of = |result: Result<(), analysis::SettingsError>| result.map_err(|e| e.to_string());
    if let Some(comparison) = &analysis.comparison {
        of(comparison.check())?;
    }
    if let Some(latency) = &analysis.latency {
        of(latency.check())?;
        if !matches!(latency.bound, analysis::LatencyBound::Us(_)) {
            return Err("the bound of slow requests must be a time".into());
        }
    }
    for metric in &analysis.metrics {
        of(metric.threshold.check()).map_err(|e| format!("metric {}: {e}", metric.name))?;
        let count = u64::from(metric.threshold.count.unwrap_or(1)).saturating_sub(1);
        if metric.threshold.interval_ms.saturating_mul(count) > analysis.for_ms {
            return Err(format!(
                "metric {} is to be measured {} times, which takes longer than its analysis",
                metric.name,
                count + 1
            ));
        }
    }
    Ok(())
}

fn check_hooks(request: &Request) -> Result<(), String> {
    let mut names = BTreeSet::new();
    for hook in &request.hooks {
        if !names.insert((hook.point, hook.name.as_str())) {
            return Err(format!("two {} hooks are called {}", hook.point, hook.name));
        }
    }
    Ok(())
}

/// Without room for two versions a batch serves nothing while it changes (invariant I1).
fn check_min_available(request: &Request, hosts: usize) -> Result<(), PlanError> {
    let strategy = match &request.strategy {
        Strategy::Auto { fallback, .. } => fallback,
        strategy => strategy,
    };
    let Strategy::Rolling(rolling) = strategy else {
        return Ok(());
    };
    if rolling.surge == Surge::Beside {
        return Ok(());
    }
    let per_host = request.instances_per_host as usize;
    let away = rolling
        .max_parallel
        .at_once(hosts)
        .min(hosts.saturating_sub(1))
        .max(1);
    let (instances, left) = (hosts * per_host, (hosts - away) * per_host);
    let min_available = request.tolerance.min_available;
    if left == 0 || left < min_available.wanted(instances) {
        return Err(PlanError::BreaksMinAvailable {
            instances,
            left,
            min_available,
        });
    }
    Ok(())
}
