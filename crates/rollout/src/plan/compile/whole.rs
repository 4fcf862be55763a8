//! Strategies that change the whole fleet at once: blue-green and canary.

use super::script::Script;
use crate::plan::{BlueGreen, Canary, CanaryStep, HookPoint, Work};

pub(super) fn blue_green(script: &mut Script<'_>, settings: &BlueGreen) {
    begin(script);
    if let Some(analysis) = &settings.pre_promotion {
        script.analysis(analysis);
    }
    if let Some(pause) = settings.pause {
        script.pause(pause.for_ms);
    }
    switch(script);
    watch(script);
    if let Some(analysis) = &settings.post_promotion {
        script.analysis(analysis);
    }
    end(script);
}

pub(super) fn canary(script: &mut Script<'_>, settings: &Canary) {
    begin(script);
    let mut all = false;
    for step in &settings.steps {
        match step {
            CanaryStep::SetWeight(100) => {
                switch(script);
                all = true;
            }
            CanaryStep::SetWeight(weight) => {
                let hosts = script.with_stable(&script.all());
                if !hosts.is_empty() {
                    script.hooks(HookPoint::ConfirmTrafficIncrease, &hosts, None);
                    script.weight(*weight, hosts, None);
                }
                all = false;
            }
            CanaryStep::Pause { for_ms } => script.pause(*for_ms),
            CanaryStep::Analysis(analysis) => script.analysis(analysis),
        }
    }
    if !all {
        switch(script);
    }
    watch(script);
    end(script);
}

/// Straight to all traffic.
pub(super) fn straight(script: &mut Script<'_>) {
    begin(script);
    switch(script);
    watch(script);
    end(script);
}

fn begin(script: &mut Script<'_>) {
    let all = script.all();
    script.head();
    script.start(all.clone(), None);
    script.command();
    script.hooks(HookPoint::PreRollout, &all, None);
    script.preview();
}

fn switch(script: &mut Script<'_>) {
    let all = script.all();
    script.hooks(HookPoint::ConfirmTrafficIncrease, &all, None);
    script.jobs(&all, None);
    script.weight(100, all, None);
}

fn watch(script: &mut Script<'_>) {
    let all = script.all();
    script.watch(script.plan().watch_ms(), all, None);
}

fn end(script: &mut Script<'_>) {
    let all = script.all();
    script.hooks(HookPoint::ConfirmPromotion, &all, None);
    script.push("commit", Work::Commit { decides: true }, all.clone(), None);
    script.let_go(&all, None);
    script.tail();
}
