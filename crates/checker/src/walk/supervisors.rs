//! Supervisors and their children: what `code_change` and explicit calls do to them.

use beam::Term;

use super::Walk;
use super::state::Entry;
use crate::facts::{Child, CodeLoading, ProcessKind, SupervisorCallback};
use crate::finding::Kind;
use crate::node::Side;

impl<'a> Walk<'a> {
    /// `code_change` of a supervisor: `init/1` of the current code tells flags and children; a known id
    /// keeps its process, a new one is not started, one that is gone stays, behind the others.
    pub(super) fn change_supervisor(&mut self, module: &str) {
        let Some(side) = self.state.side(self.node, module) else {
            return;
        };
        for supervisor in &mut self.state.supervisors {
            let facts = supervisor.facts;
            if facts.module != module || facts.callback == SupervisorCallback::Arguments {
                continue;
            }
            let Some(list) = self.node.list(side, facts) else {
                continue;
            };
            let mut before = std::mem::take(&mut supervisor.children);
            for child in &list.children {
                let old = before.iter().position(|entry| entry.child.id == child.id);
                let running = old.and_then(|at| before.remove(at).running);
                supervisor.children.push(Entry { child, running });
            }
            supervisor.children.append(&mut before);
            supervisor.flags = Some(&list.flags);
        }
    }

    pub(super) fn start_child(&mut self, name: &str, spec: &Term) {
        let Some(number) = self.supervisor(name) else {
            return;
        };
        let facts = self.state.supervisors[number].facts;
        let Some(asked) = Child::from_spec(spec) else {
            self.find(
                Kind::UnknownChild,
                Some(&facts.module),
                "the argument is no child specification, and nothing is started",
            );
            return;
        };
        let sides = [Side::To, Side::From];
        let lists = sides.iter().filter_map(|side| self.node.list(*side, facts));
        let child = lists.flat_map(|list| &list.children).find(|child| {
            (&child.id, &child.start, &child.options) == (&asked.id, &asked.start, &asked.options)
        });
        let Some(child) = child else {
            self.find(
                Kind::UnknownChild,
                Some(&facts.module),
                "neither release has a child of that specification there",
            );
            return;
        };
        let present = self.state.supervisors[number].children.iter();
        if present.into_iter().any(|entry| entry.child.id == child.id) {
            self.tell("the child is there already; nothing happens");
            return;
        }
        if self.can_start(child) {
            self.state.supervisors[number]
                .children
                .push(Entry::running(child));
            self.bring_up_child(child);
        }
    }

    pub(super) fn restart_child(&mut self, name: &str, id: &Term) {
        let Some((number, at)) = self.child(name, id) else {
            return;
        };
        let entry = &self.state.supervisors[number].children[at];
        let child = entry.child;
        if entry.running.is_none() && self.can_start(child) {
            self.state.supervisors[number].children[at].running = Some(child);
            self.bring_up_child(child);
        }
    }

    pub(super) fn terminate_child(&mut self, name: &str, id: &Term) {
        let Some((number, at)) = self.child(name, id) else {
            return;
        };
        let children = &mut self.state.supervisors[number].children;
        let child = children[at].child;
        if children[at].running.take().is_none() {
            return;
        }
        if child.is_temporary() {
            children.remove(at);
        }
        if let Some(module) = child.module.as_deref() {
            self.state.bring_down(module);
        }
        self.tell("the child is stopped");
    }

    pub(super) fn delete_child(&mut self, name: &str, id: &Term) {
        let Some((number, at)) = self.child(name, id) else {
            return;
        };
        let children = &mut self.state.supervisors[number].children;
        if children[at].running.is_none() {
            children.remove(at);
            self.tell("the child is forgotten");
        } else {
            self.tell("the child runs; nothing happens");
        }
    }

    fn bring_up_child(&mut self, child: &'a Child) {
        if let Some(module) = child.module.as_deref() {
            self.state.bring_up(self.node, module);
        }
        self.tell("the child is started");
    }

    /// Whether the code that a child runs on is there; what starts without it fails in silence.
    fn can_start(&self, child: &Child) -> bool {
        child
            .module
            .as_deref()
            .is_none_or(|module| self.is_there(module))
    }

    pub(super) fn is_there(&self, module: &str) -> bool {
        let loadable = self.node.facts.code_loading == CodeLoading::Interactive
            && self.node.placed(Side::To, module).is_some();
        self.state.current.contains_key(module) || loadable
    }

    /// The supervisor of that registered name, if it can be called.
    fn supervisor(&mut self, name: &str) -> Option<usize> {
        let mut supervisors = self.state.supervisors.iter();
        let found =
            supervisors.position(|s| s.alive && s.facts.registered.as_deref() == Some(name));
        let Some(number) = found else {
            self.find(
                Kind::UnknownChild,
                None,
                format!(
                    "no supervisor is registered as {name}: the script fails and the node restarts"
                ),
            );
            return None;
        };
        let module = self.state.supervisors[number].facts.module.as_str();
        let mut processes = self.state.processes.iter();
        let suspended = processes.any(|p| {
            p.suspended && p.facts.kind == ProcessKind::Supervisor && p.facts.module == module
        });
        if suspended {
            self.find(
                Kind::WouldHang,
                Some(module),
                "it is suspended and called without a time limit: the upgrade never ends",
            );
            return None;
        }
        Some(number)
    }

    fn child(&mut self, name: &str, id: &Term) -> Option<(usize, usize)> {
        let number = self.supervisor(name)?;
        let supervisor = &self.state.supervisors[number];
        let at = supervisor.children.iter().position(|e| e.child.id == *id);
        if at.is_none() {
            let module = supervisor.facts.module.as_str();
            self.find(
                Kind::UnknownChild,
                Some(module),
                "it has no child of that id at that moment, and nothing happens",
            );
        }
        Some((number, at?))
    }
}
