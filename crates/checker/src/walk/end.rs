//! The node after the script, held against the release that it should be on.

use beam::Term;
use beam::rel::StartType;

use super::Walk;
use crate::facts::{ChildList, Children, CodeLoading, SupervisorCallback, SupervisorFacts};
use crate::finding::Kind;
use crate::node::{NodeModel, Side};

impl Walk<'_> {
    pub(super) fn look_at_the_end(&mut self) {
        self.look_at_modules();
        self.look_at_consolidated_path();
        self.look_at_applications();
        self.look_at_living();
        for number in 0..self.state.supervisors.len() {
            self.look_at_supervisor(number);
        }
        let stopped: Vec<String> = self.state.stopped.iter().map(|(m, _)| m.clone()).collect();
        for module in stopped {
            let detail = "what was stopped under its name is not started again";
            self.find(Kind::StopWithoutStart, Some(&module), detail);
        }
    }

    fn look_at_modules(&mut self) {
        let node = self.node;
        for (name, placed) in node.modules(Side::To) {
            let current = self.state.current.get(*name).copied();
            let before = node.md5(Side::From, name);
            let (kind, detail) = match current {
                Some(md5) if md5 == placed.module.md5 => continue,
                Some(_) if placed.consolidated => (
                    Kind::ProtocolNotConsolidated,
                    "its consolidated form of the target release is not loaded",
                ),
                Some(_) if current == before => (
                    Kind::StaleModule,
                    "it changes between the releases and ends on its old code",
                ),
                Some(_) => (
                    Kind::WrongCode,
                    "it ends on code that is not the target release's",
                ),
                None if before.is_none()
                    && node.facts.code_loading == CodeLoading::Interactive
                    && self.is_in_path(placed.application) =>
                {
                    continue;
                }
                None if placed.consolidated => (
                    Kind::ProtocolNotConsolidated,
                    "its consolidated form of the target release is not loaded",
                ),
                None => (
                    Kind::ModuleMissing,
                    "the target release has it and it ends without code: calls to it fail",
                ),
            };
            self.find(kind, Some(name), detail);
        }
        let left: Vec<String> = self.state.current.keys().cloned().collect();
        for name in left {
            if node.placed(Side::To, &name).is_none() {
                let detail = "the target release does not have it and it ends loaded";
                self.find(Kind::ModuleLeft, Some(&name), detail);
            }
        }
    }

    fn is_in_path(&self, application: Option<&str>) -> bool {
        application.is_some_and(|name| {
            let app = self.node.to.application(name);
            app.is_some_and(|app| self.state.paths.get(name) == Some(&app.vsn))
        })
    }

    fn look_at_applications(&mut self) {
        let node = self.node;
        for app in &node.to.applications {
            let wanted = match app.start {
                StartType::None => true,
                StartType::Load => self.state.loaded.contains(&app.name),
                _ => {
                    self.state.running.contains(&app.name) || node.is_included(Side::To, &app.name)
                }
            };
            if !wanted {
                let detail = "it ends not running, or not loaded";
                self.find_in_application(Kind::ApplicationNotStarted, &app.name, detail);
            }
            if self.state.paths.get(&app.name) != Some(&app.vsn) {
                let detail =
                    "its new directory is not in the code path: priv and code loaded later are old";
                self.find_in_application(Kind::CodePathStale, &app.name, detail);
            }
        }
        for app in &node.from.applications {
            let name = app.name.as_str();
            let is_there = self.state.running.contains(name) || self.state.loaded.contains(name);
            if node.to.application(name).is_none() && is_there {
                let detail = "the target release does not have it";
                self.find_in_application(Kind::ApplicationLeft, name, detail);
            }
        }
    }

    fn look_at_living(&mut self) {
        for number in 0..self.state.processes.len() {
            let process = &self.state.processes[number];
            let facts = process.facts;
            if !process.alive {
                let started = self.node.expects(Side::From, facts);
                if started && self.node.expects(Side::To, facts) {
                    let detail = "it ran before and should run, and does not";
                    self.find(Kind::ProcessLost, Some(&facts.module), detail);
                }
                continue;
            }
            if process.suspended {
                let detail = "its processes answer nobody any more";
                self.find(Kind::NeverResumed, Some(&facts.module), detail);
            }
            self.check_fit(number);
        }
    }

    fn look_at_supervisor(&mut self, number: usize) {
        let node = self.node;
        let facts: &SupervisorFacts = self.state.supervisors[number].facts;
        let module = facts.module.as_str();
        if facts.children == Children::Unseen {
            if node.is_changed(module) && node.placed(Side::From, module).is_some() {
                let detail = "whether its children are the same in both releases cannot be seen";
                self.find(Kind::Unseen, Some(module), detail);
            }
            return;
        }
        if !node.expects_module(Side::To, module, &facts.application) {
            return;
        }
        let (before, after) = (node.list(Side::From, facts), node.list(Side::To, facts));
        let same_code = node.placed(Side::From, module).is_some() && !node.is_changed(module);
        if before != after && same_code && facts.callback == SupervisorCallback::Module {
            let detail = "its children differ while its module is the same";
            self.find(Kind::Unseen, Some(module), detail);
        }
        if let Some(list) = after {
            self.look_at_children(number, list);
        }
    }

    fn look_at_children(&mut self, number: usize, list: &ChildList) {
        let supervisor = &self.state.supervisors[number];
        let module = supervisor.facts.module.as_str();
        let mut found: Vec<(Kind, String)> = Vec::new();
        for child in &list.children {
            let entry = supervisor.children.iter().find(|e| e.child.id == child.id);
            let running = entry.and_then(|e| e.running);
            match (entry, running) {
                (Some(entry), Some(running)) => {
                    let now = (&entry.child.start, &entry.child.options, &running.start);
                    if now != (&child.start, &child.options, &child.start) {
                        found.push((Kind::ChildOutdated, format!("child {}", child.id)));
                    }
                }
                _ => found.push((Kind::ChildMissing, format!("child {}", child.id))),
            }
        }
        for entry in &supervisor.children {
            if !list.children.iter().any(|child| child.id == entry.child.id) {
                found.push((Kind::ChildLeft, format!("child {}", entry.child.id)));
            }
        }
        if supervisor.flags.is_some_and(|flags| *flags != list.flags) {
            found.push((Kind::FlagsOutdated, "strategy or intensity".to_owned()));
        }
        let ids = supervisor.children.iter().map(|e| &e.child.id);
        let reordered = found.is_empty() && !ids.eq(list.children.iter().map(|c| &c.id));
        if reordered && order_matters(&list.flags) {
            let detail = "a failure restarts other children than in the target release";
            found.push((Kind::ChildrenReordered, detail.to_owned()));
        }
        for (kind, detail) in found {
            self.find(kind, Some(module), detail);
        }
    }
}

/// Whether a supervisor of these flags does something by the order of its children, while it runs.
fn order_matters(flags: &Term) -> bool {
    fn names(term: &Term, strategy: &str, depth: usize) -> bool {
        let below =
            |terms: &[Term]| depth < 8 && terms.iter().any(|t| names(t, strategy, depth + 1));
        match term {
            Term::Atom(name) => name == strategy,
            Term::Tuple(terms) | Term::List(terms) => below(terms),
            Term::Map(pairs) => {
                depth < 8 && pairs.iter().any(|(_, v)| names(v, strategy, depth + 1))
            }
            _ => false,
        }
    }
    !names(flags, "one_for_one", 0)
}

impl NodeModel<'_> {
    /// Whether another started application of that release includes it.
    pub(crate) fn is_included(&self, side: Side, name: &str) -> bool {
        let applications = self.release(side).applications.iter();
        applications
            .filter(|app| Self::starts(app) && app.name != name)
            .any(|app| self.together(side, &app.name).contains(&name))
    }
}
