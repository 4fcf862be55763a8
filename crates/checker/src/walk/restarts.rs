//! Processes stopped and started by their supervisors.

use super::Walk;
use super::state::StoppedChild;
use crate::facts::{ProcessKind, Restart};
use crate::finding::Kind;

impl Walk<'_> {
    pub(super) fn stop(&mut self, modules: &[String]) {
        self.ask_supervisors();
        for module in modules {
            self.check_known(module);
            let mut stopped = Vec::new();
            for number in self.reached(module) {
                stopped.extend(self.stop_one(number));
            }
            self.tell(format!(
                "{} processes of {module} are stopped",
                stopped.len()
            ));
            self.state.stopped.insert(0, (module.clone(), stopped));
        }
    }

    fn stop_one(&mut self, number: usize) -> Option<StoppedChild> {
        let facts = self.state.processes[number].facts;
        let has_entry = self.state.supervisors.iter().any(|supervisor| {
            let mut children = supervisor.children.iter();
            children.any(|e| e.child.module.as_ref() == Some(&facts.module))
        });
        if !has_entry {
            let what = if facts.kind == ProcessKind::Supervisor {
                "the top supervisor of an application is not stopped by terminate_child"
            } else {
                "its supervisor is not known to have it under an id, so terminate_child may pass it by"
            };
            self.find(Kind::Unreachable, Some(&facts.module), what);
            return None;
        }
        let known = facts.restart == Restart::Kept;
        self.set_running(&facts.module, false, known);
        self.state.bring_down(&facts.module);
        Some(StoppedChild {
            process: number,
            known,
        })
    }

    pub(super) fn start(&mut self, module: &str) {
        let (entries, rest) = std::mem::take(&mut self.state.stopped)
            .into_iter()
            .partition::<Vec<_>, _>(|(name, _)| name == module);
        self.state.stopped = rest;
        if entries.is_empty() {
            self.find(
                Kind::StartWithoutStop,
                Some(module),
                "nothing was stopped under its name, and nothing is started",
            );
        }
        for child in entries.into_iter().flat_map(|(_, children)| children) {
            let facts = self.state.processes[child.process].facts;
            if self.state.processes[child.process].alive || !child.known {
                continue;
            }
            if self.is_there(&facts.module) {
                self.set_running(&facts.module, true, true);
                self.state.bring_up(self.node, &facts.module);
            }
        }
        self.tell(format!("processes of {module} are started"));
    }

    /// Notes at the supervisors of a process that it runs, or does not; and whether they keep its
    /// specification.
    fn set_running(&mut self, module: &str, running: bool, kept: bool) {
        for supervisor in &mut self.state.supervisors {
            let is_it = |child: &crate::Child| child.module.as_deref() == Some(module);
            if !kept {
                supervisor.children.retain(|entry| !is_it(entry.child));
            }
            for entry in supervisor.children.iter_mut().filter(|e| is_it(e.child)) {
                entry.running = running.then_some(entry.child);
            }
        }
    }
}
