//! A plan, as people and programs are shown it before anything happens.

use std::time::Duration;

use rollout::Plan;
use rollout::journal::v1;
use serde_json::{Value, json};

use crate::printer::{DIM, seconds};

/// The plan as JSON: what will be run, with its steps and bounds.
pub(crate) fn plan_document(plan: &Plan) -> Value {
    let bounds = plan.bounds();
    let steps = plan.steps();
    let steps = steps.iter().map(|step| {
        json!({
            "step": step.name,
            "does": step.does,
            "gate": step.gate,
            "expected_ms": step.expected_ms,
            "longest_ms": step.longest_ms,
        })
    });
    json!({
        "plan": v1::Plan::from(plan),
        "steps": steps.collect::<Vec<_>>(),
        "expected_ms": bounds.expected_ms,
        "longest_ms": bounds.longest_ms,
        "abort_until_ms": bounds.abort_until_ms,
        "rollback_until_ms": bounds.rollback_until_ms,
        "warnings": plan.warnings.iter().map(ToString::to_string).collect::<Vec<_>>(),
    })
}

/// The plan as text, without its warnings: a rollout says them when it begins.
pub(crate) fn plan_text(plan: &Plan) -> String {
    let version = |v: &rollout::Version| format!("{} {}", v.vsn, v.artifact.short());
    let from = plan.stable.as_ref().map_or("nothing".to_owned(), version);
    let hosts: Vec<String> = plan.hosts.iter().map(|h| h.host.to_string()).collect();
    let mut lines = vec![format!(
        "{}: {from} → {}, blue-green on {}",
        plan.service,
        version(&plan.candidate),
        hosts.join(", ")
    )];
    for (n, step) in plan.steps().iter().enumerate() {
        lines.push(format!("  {}. {:<8} {}", n + 1, step.name, step.does));
        lines.push(format!("     {DIM}{:<8} {}{DIM:#}", "", step.gate));
    }
    let bounds = plan.bounds();
    let after = |ms| seconds(Duration::from_millis(ms));
    lines.push(format!(
        "  takes about {}, {} at most",
        after(bounds.expected_ms),
        after(bounds.longest_ms),
    ));
    if plan.stable.is_some() {
        lines.push(format!(
            "  rollback needs no start until {} from now",
            after(bounds.rollback_until_ms)
        ));
    }
    lines.join("\n")
}

/// What a person should know before, a line each.
pub(crate) fn warnings_text(plan: &Plan) -> String {
    let lines = plan.warnings.iter().map(|w| format!("\n  note: {w}"));
    lines.collect()
}
