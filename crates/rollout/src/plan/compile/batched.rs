//! Rolling: batches of hosts, one after the other. The first batch is one host, which gates the rest.

use super::script::{Script, batches};
use crate::plan::{HookPoint, Rolling, Surge, Work};

pub(super) fn compile(script: &mut Script<'_>, settings: &Rolling) {
    let hosts = script.plan().hosts.len();
    let batches = batches(hosts, settings.max_parallel);
    let last = batches.len();
    let watch_ms = script.plan().watch_ms();
    script.head();
    for (number, hosts) in (1u32..).zip(batches) {
        let batch = Some(number);
        let decides = number as usize == last;
        let leaving = script.with_stable(&hosts);
        match settings.surge {
            Surge::Beside => start(script, &hosts, number),
            Surge::Instead { lb_notice_ms } => {
                script.leave(lb_notice_ms, leaving.clone(), number);
                script.jobs_end(&hosts, batch);
                script.drain(leaving.clone(), batch);
                script.push("vacate", Work::Vacate, leaving.clone(), batch);
                start(script, &hosts, number);
            }
        }
        script.hooks(HookPoint::ConfirmTrafficIncrease, &hosts, batch);
        match settings.surge {
            Surge::Beside => script.jobs(&hosts, batch),
            Surge::Instead { .. } => script.jobs_begin(&hosts, batch),
        }
        script.weight(100, hosts.clone(), batch);
        script.watch(watch_ms, hosts.clone(), batch);
        if decides {
            script.hooks(HookPoint::ConfirmPromotion, &hosts, batch);
        }
        match settings.surge {
            Surge::Beside => {
                script.push("commit", Work::Commit { decides }, hosts.clone(), batch);
                script.let_go(&hosts, batch);
            }
            Surge::Instead { .. } => {
                // The balancer in front finds it again before the next ones leave.
                script.push("return", Work::Return, leaving, batch);
                script.push("commit", Work::Commit { decides }, hosts, batch);
            }
        }
    }
    script.tail();
}

fn start(script: &mut Script<'_>, hosts: &[u32], number: u32) {
    script.start(hosts.to_vec(), Some(number));
    if number == 1 {
        script.command();
        script.hooks(HookPoint::PreRollout, hosts, Some(number));
    }
}
