//! A plan, as people and programs are shown it before anything happens.

use std::time::Duration;

use agent::api::v1::LifecycleHook;
use coordinator::Planned;
use rollout::journal::v2;
use rollout::{Diagram, Plan};
use serde_json::{Value, json};

use crate::printer::seconds;

/// The plan as JSON: what will be run, with its steps and bounds. `digest` tells it from any other.
pub(crate) fn plan_document(planned: &Planned, digest: Option<&str>) -> Value {
    let plan = planned.plan();
    let bounds = plan.bounds();
    let steps = plan.steps.iter().map(|step| {
        let hosts = step
            .hosts
            .iter()
            .filter_map(|place| plan.hosts.get(*place as usize));
        json!({
            "step": step.name,
            "does": plan.does(step),
            "gate": plan.gate(step),
            "hosts": hosts.map(|host| host.host.to_string()).collect::<Vec<_>>(),
            "batch": step.batch,
            "expected_ms": step.expected_ms,
            "longest_ms": step.longest_ms,
        })
    });
    json!({
        "plan": without_secrets(json!(v2::Plan::from(plan))),
        "digest": digest,
        "steps": steps.collect::<Vec<_>>(),
        "instance_hooks": planned.lifecycle(),
        "expected_ms": bounds.expected_ms,
        "longest_ms": bounds.longest_ms,
        "abort_until_ms": bounds.abort_until_ms,
        "rollback_until_ms": bounds.rollback_until_ms,
        "warnings": plan.warnings.iter().map(ToString::to_string).collect::<Vec<_>>(),
    })
}

/// A plan's URLs without their paths and queries, which may be secrets.
pub(crate) fn without_secrets(mut value: Value) -> Value {
    fn walk(value: &mut Value) {
        match value {
            Value::Object(fields) => {
                for (name, field) in fields.iter_mut() {
                    match field {
                        Value::String(url) if name == "url" => {
                            let host = url.find("://").map_or(0, |at| at + 3);
                            if let Some(end) = url[host..].find(['/', '?']) {
                                url.truncate(host + end);
                                url.push_str("/…");
                            }
                        }
                        other => walk(other),
                    }
                }
            }
            Value::Array(items) => items.iter_mut().for_each(walk),
            _ => {}
        }
    }
    walk(&mut value);
    value
}

/// The plan as text, without its warnings: a rollout says them when it begins.
pub(crate) fn plan_text(planned: &Planned) -> String {
    let plan = planned.plan();
    let mut text = Diagram::of(plan).text(0);
    if let Some(auto) = &plan.auto {
        let chosen = if auto.hot { "hot" } else { "the fallback" };
        text.push_str(&format!(
            "  auto chose {chosen}: {}\n",
            auto.reasons.join("; ")
        ));
    }
    text.push_str(&changes(plan));
    text.push_str(&around(planned.lifecycle()));
    let bounds = plan.bounds();
    let after = |ms| seconds(Duration::from_millis(ms));
    text.push_str(&format!(
        "  takes about {}, {} at most",
        after(bounds.expected_ms),
        after(bounds.longest_ms),
    ));
    if plan.stable.is_some() {
        text.push_str(&format!(
            "\n  abort costs nothing for about {}; rollback needs no start until {} from now",
            after(bounds.abort_until_ms),
            after(bounds.rollback_until_ms)
        ));
    }
    text
}

/// What changes on each host, a line each; of many hosts the first.
fn changes(plan: &Plan) -> String {
    const SHOWN: usize = 12;
    let mut text = String::from("  hosts\n");
    for host in plan.hosts.iter().take(SHOWN) {
        let names = |ids: &[rollout::InstanceId]| -> String {
            let names: Vec<&str> = ids.iter().map(rollout::InstanceId::as_str).collect();
            names.join(", ")
        };
        let candidates = host.candidate_ids();
        let mut parts = Vec::new();
        if !host.clear.is_empty() {
            parts.push(format!("- {}", names(&host.clear)));
        }
        if !candidates.is_empty() {
            parts.push(format!("+ {}", names(&candidates)));
        }
        if !host.stable.is_empty() {
            parts.push(format!("then {} lets go", names(&host.stable)));
        }
        text.push_str(&format!("    {}: {}\n", host.host, parts.join("; ")));
    }
    if let Some(more) = plan.hosts.len().checked_sub(SHOWN).filter(|more| *more > 0) {
        text.push_str(&format!("    and {more} more alike\n"));
    }
    for left_out in &plan.left_out {
        text.push_str(&format!("    {left_out}\n"));
    }
    text
}

/// The commands around the life of each instance, a line each.
fn around(hooks: &[LifecycleHook]) -> String {
    if hooks.is_empty() {
        return String::new();
    }
    let lines = hooks.iter().map(|hook| {
        let (point, name, words) = (hook.point, &hook.name, hook.words.join(" "));
        format!("    {point} {name}: run `{words}`\n")
    });
    format!(
        "  around each instance, on its host\n{}",
        lines.collect::<String>()
    )
}

/// What a person should know before, a line each.
pub(crate) fn warnings_text(plan: &Plan) -> String {
    let lines = plan.warnings.iter().map(|w| format!("\n  note: {w}"));
    lines.collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use agent::api::v1::{HookPoint, OnHookFailure};

    #[test]
    fn commands_around_an_instance_are_shown_with_the_plan() {
        let hook = LifecycleHook {
            point: HookPoint::PreStart,
            name: "licence".into(),
            words: vec!["bin/licence".into(), "--check".into()],
            timeout_ms: 1,
            on_failure: OnHookFailure::Refuse,
        };
        assert_eq!(around(&[]), "");
        assert_eq!(
            around(&[hook]),
            "  around each instance, on its host\n    pre-start licence: run `bin/licence --check`\n"
        );
    }
}
