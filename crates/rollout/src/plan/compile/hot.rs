//! Hot upgrade: the running nodes change their code, in batches; the first one is one host.

use super::script::{Script, batches};
use crate::plan::{HookPoint, Hot, HotWork, Work};

pub(super) fn compile(script: &mut Script<'_>, settings: &Hot) {
    let batches = batches(script.plan().hosts.len(), settings.max_parallel);
    let last = batches.len();
    script.head();
    for (number, hosts) in (1u32..).zip(batches) {
        let batch = Some(number);
        let part = |script: &mut Script<'_>, work: HotWork| {
            script.push(work.word(), Work::Hot(work), hosts.clone(), batch);
        };
        part(script, HotWork::Probe);
        part(script, HotWork::Unpack);
        if number == 1 {
            script.command();
            script.hooks(HookPoint::PreRollout, &hosts, batch);
        }
        script.hooks(HookPoint::PreUpgrade, &hosts, batch);
        part(script, HotWork::Install);
        part(script, HotWork::Verify);
        script.hooks(HookPoint::PostUpgrade, &hosts, batch);
        script.watch(settings.watch_ms, hosts.clone(), batch);
        if number as usize == last {
            script.hooks(HookPoint::ConfirmPromotion, &hosts, batch);
        }
        part(script, HotWork::Commit);
    }
    script.tail();
}
