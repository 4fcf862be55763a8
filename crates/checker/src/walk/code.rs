//! Code made current, made old, purged.

use beam::ModuleMd5;
use relup::instruction::{Purge, Purges};

use super::Walk;
use crate::facts::{ProcessKind, Reach, State};
use crate::finding::Kind;
use crate::node::Side;

/// The applications whose directories OTP's code server protects.
const STICKY: [&str; 3] = ["kernel", "stdlib", "compiler"];

impl Walk<'_> {
    pub(super) fn load(&mut self, module: &str, purges: Purges) {
        let Some(at) = self.state.read.iter().position(|(name, _)| name == module) else {
            self.find(
                Kind::ObjectCodeNotRead,
                Some(module),
                "the script fails here, behind the point of no return, and the node restarts",
            );
            return;
        };
        let (_, md5) = self.state.read.remove(at);
        self.purge_before(module, purges.pre);
        self.make_current(module, md5);
        self.look_at_protocol(module, md5);
        self.purge_after(module, purges.post);
        self.tell(format!("{module} is of {}", self.node.to.vsn));
    }

    /// Makes code current, whoever brought it.
    pub(super) fn make_current(&mut self, module: &str, md5: ModuleMd5) {
        let loads = self.state.loads.entry(module.to_owned()).or_default();
        *loads += 1;
        if *loads > 1 {
            self.find(
                Kind::LoadedTwice,
                Some(module),
                "the second load purges what was current before the first, with whoever is still in it",
            );
        }
        let replaced = self.state.current.insert(module.to_owned(), md5);
        if replaced.is_some() {
            self.state.old.insert(module.to_owned());
            self.look_at_native(module);
            self.look_at_processes(module, replaced == Some(md5));
        }
        let application = self.application_of(module);
        if application.is_some_and(|name| STICKY.contains(&name.as_str())) {
            self.find(
                Kind::StickyDirectory,
                Some(module),
                "the code server refuses to replace it: the script fails and the node restarts",
            );
        }
    }

    pub(super) fn remove(&mut self, module: &str, purges: Purges) {
        if self.node.placed(Side::From, module).is_none()
            && self.node.placed(Side::To, module).is_none()
        {
            self.find(Kind::UnknownModule, Some(module), "neither release has it");
            return;
        }
        self.purge_before(module, purges.pre);
        if self.state.current.remove(module).is_none() {
            return;
        }
        self.state.old.insert(module.to_owned());
        let alive = self.processes_on(module);
        for number in alive {
            let process = &mut self.state.processes[number];
            process.on_old_code |= runs_own_loop(process.facts.kind) && process.runs();
            self.find(
                Kind::RemovedStillNeeded,
                Some(module),
                "a process that runs on it is alive: it fails at its next callback",
            );
        }
        self.look_at_callers(module);
        self.purge_after(module, purges.post);
        self.tell(format!("{module} is gone"));
    }

    pub(super) fn purge(&mut self, module: &str) {
        self.kill_holders(module, "now");
        self.state.old.remove(module);
    }

    fn purge_before(&mut self, module: &str, pre: Purge) {
        if !self.state.old.contains(module) {
            return;
        }
        // What was old before the script is looked at by OTP before its first instruction.
        let held_before = self.node.facts.old_code.contains(module) && self.is_held(module);
        if held_before && pre == Purge::Soft {
            self.find(
                Kind::PurgeRefused,
                Some(module),
                "a process may still hold code of the upgrade before: OTP refuses the release then",
            );
        } else {
            self.kill_holders(module, "now");
        }
        self.state.old.remove(module);
    }

    fn purge_after(&mut self, module: &str, post: Purge) {
        let held = self.is_held(module);
        if held && post == Purge::Brutal {
            self.kill_holders(module, "when the release is made permanent");
        }
        if !held {
            // OTP purges softly at once: without holders the old code is gone.
            self.state.old.remove(module);
        }
    }

    fn kill_holders(&mut self, module: &str, when: &str) {
        if self.state.old.contains(module) && self.is_held(module) {
            self.find(
                Kind::PurgeKills,
                Some(module),
                format!(
                    "a process that is in its old code, or has a closure of it, is killed {when}"
                ),
            );
        }
    }

    /// Whether a process may be in a module's old code.
    fn is_held(&self, module: &str) -> bool {
        let executing = self.state.processes.iter();
        let mut executing = executing.filter(|p| p.facts.module == module && p.alive);
        executing.any(|p| p.on_old_code || p.facts.kind == ProcessKind::Plain)
            || self.holds_closure(module)
    }

    fn holds_closure(&self, module: &str) -> bool {
        let Some(holders) = self.node.facts.closures.get(module) else {
            return false;
        };
        let known = |holder: &&String| {
            let mut processes = self.state.processes.iter();
            processes.any(|p| p.facts.module == **holder)
        };
        let alive = |holder: &String| !self.processes_on(holder).is_empty();
        // A holder of which no process is known may be any process.
        holders
            .iter()
            .any(|holder| !known(&holder) || alive(holder))
    }

    pub(super) fn processes_on(&self, module: &str) -> Vec<usize> {
        let processes = self.state.processes.iter().enumerate();
        let alive = processes.filter(|(_, p)| p.alive && p.facts.module == module);
        alive.map(|(number, _)| number).collect()
    }

    fn look_at_native(&mut self, module: &str) {
        let sides = [Side::From, Side::To];
        let placed = sides
            .iter()
            .filter_map(|side| self.node.placed(*side, module));
        let placed: Vec<_> = placed.map(|p| p.module).collect();
        if placed.iter().any(|module| module.loads_nif) {
            self.find(
                Kind::NativeReplaced,
                Some(module),
                "its native library must know how to be upgraded, which cannot be seen; else loading fails",
            );
        } else if placed.iter().any(|module| module.on_load) {
            self.find(
                Kind::OpaqueApply,
                Some(module),
                "it runs code of its own when it is loaded, and what that does is not known",
            );
        }
    }

    fn look_at_protocol(&mut self, module: &str, md5: ModuleMd5) {
        if let Some(protocol) = self.node.to.consolidated.get(module)
            && protocol.md5 != md5
        {
            self.find(
                Kind::ProtocolNotConsolidated,
                Some(module),
                "the application's own file of a protocol knows no implementation",
            );
        }
    }

    /// New code under processes that are alive.
    fn look_at_processes(&mut self, module: &str, is_same: bool) {
        for number in self.processes_on(module) {
            let process = &mut self.state.processes[number];
            let facts = process.facts;
            match facts.kind {
                ProcessKind::Plain => {
                    process.on_old_code = true;
                    self.find(
                        Kind::ProcessOnOldCode,
                        Some(module),
                        "a process in a loop of its own knows no system messages and stays in the old code",
                    );
                }
                ProcessKind::Special if process.runs() => {
                    process.on_old_code = true;
                    self.find(
                        Kind::ProcessOnOldCode,
                        Some(module),
                        "a process waits in its loop in the old code, not suspended, and stays there",
                    );
                }
                _ if is_same || !process.runs() || facts.state == State::Unchanged => {}
                _ => {
                    let reached = match &facts.reach {
                        Reach::Listed(modules) => modules.iter().any(|name| name == module),
                        Reach::Dynamic => facts.kind == ProcessKind::GenEvent,
                        Reach::Unsupervised => false,
                    };
                    let (kind, why) = if reached {
                        (Kind::NotSuspended, "it is not suspended at that moment")
                    } else {
                        (
                            Kind::Unreachable,
                            "no child specification of it lists the module, so suspend passes it by",
                        )
                    };
                    let detail = format!("a process gets code that its state does not fit: {why}");
                    self.find(kind, Some(module), detail);
                }
            }
        }
        if self.holds_closure(module) {
            self.find(
                Kind::ProcessOnOldCode,
                Some(module),
                "a process may hold a closure of it, which stays in the old code for as long",
            );
        }
    }

    /// Who is left that calls a removed module.
    fn look_at_callers(&mut self, removed: &str) {
        let mut callers = Vec::new();
        for (name, current) in &self.state.current {
            let sides = [Side::To, Side::From];
            let placed = sides
                .iter()
                .filter_map(|side| self.node.placed(*side, name));
            let Some(placed) = placed.into_iter().find(|p| p.module.md5 == *current) else {
                continue;
            };
            let imported = placed
                .module
                .imports
                .iter()
                .any(|import| import.0 == removed);
            let stated = self.node.facts.calls.get(name);
            let stays = self.node.placed(Side::To, name).is_some();
            let stated = stays
                && !self.node.is_changed(name)
                && stated.is_some_and(|callees| callees.contains(removed));
            let running = placed
                .application
                .is_none_or(|application| self.state.running.contains(application));
            let used = stays || !self.processes_on(name).is_empty();
            if (imported || stated) && running && used {
                callers.push(name.clone());
            }
        }
        if let Some(caller) = callers.first() {
            self.find(
                Kind::RemovedStillNeeded,
                Some(removed),
                format!("{caller} calls it at that moment"),
            );
        }
    }
}

pub(super) fn runs_own_loop(kind: ProcessKind) -> bool {
    matches!(kind, ProcessKind::Special | ProcessKind::Plain)
}
