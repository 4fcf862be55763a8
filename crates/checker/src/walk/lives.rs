//! Applications loaded, started, stopped, unloaded.

use relup::Application;

use super::Walk;
use super::state::Entry;
use crate::facts::CodeLoading;
use crate::finding::Kind;
use crate::node::Side;

impl<'a> Walk<'a> {
    pub(super) fn start_application(&mut self, name: &str, how: &str) {
        let Some(app) = self.known(name) else { return };
        if self.state.running.contains(name) {
            self.tell(format!("{name} runs already; nothing happens"));
            return;
        }
        if how != app.start.as_atom() {
            let detail = format!("started as {how}, the release says {}", app.start.as_atom());
            self.find_in_application(Kind::WrongStartType, name, detail);
        }
        if let Some(missing) = self.missing_before_start(app) {
            let detail = format!("{missing}: it does not start, and the script goes on");
            self.find_in_application(Kind::StartedTooEarly, name, detail);
            return;
        }
        self.state.running.insert(name.to_owned());
        self.state.loaded.insert(name.to_owned());
        for name in self.node.together(Side::To, name) {
            self.bring_up_application(name);
        }
        self.tell(format!("{name} is started"));
    }

    fn missing_before_start(&self, app: &Application) -> Option<String> {
        let optional = |needed: &String| {
            app.resource.optional_applications.contains(needed)
                && self.node.to.application(needed).is_none()
        };
        let mut needed = app.resource.applications.iter();
        let not_running =
            needed.find(|name| !self.state.running.contains(*name) && !optional(name));
        if let Some(other) = not_running {
            return Some(format!("{other}, which it needs, does not run"));
        }
        if self.state.paths.get(&app.name) != Some(&app.vsn) {
            return Some("its directory is not in the code path".to_owned());
        }
        let embedded = self.node.facts.code_loading == CodeLoading::Embedded;
        let wrong = app.modules.keys().find(|name| {
            let current = self.state.current.get(*name).copied();
            let is_missing = current.is_none() && embedded;
            is_missing || current.is_some() && current != self.node.md5(Side::To, name)
        });
        wrong.map(|module| format!("the right code of {module} is not there"))
    }

    fn bring_up_application(&mut self, name: &str) {
        let node = self.node;
        for number in 0..self.state.processes.len() {
            let facts = self.state.processes[number].facts;
            if facts.application == name && node.expects(Side::To, facts) {
                let side = self.state.side(node, &facts.module).unwrap_or(Side::To);
                self.state.processes[number].begin(side);
            }
        }
        for number in 0..self.state.supervisors.len() {
            let facts = self.state.supervisors[number].facts;
            if facts.application != name || !node.expects_module(Side::To, &facts.module, name) {
                continue;
            }
            let side = self.state.side(node, &facts.module).unwrap_or(Side::To);
            let list = node.list(side, facts);
            let children = list.map(|list| &list.children[..]).unwrap_or_default();
            let supervisor = &mut self.state.supervisors[number];
            supervisor.alive = true;
            supervisor.flags = list.map(|list| &list.flags);
            supervisor.children = children.iter().map(Entry::running).collect();
        }
    }

    pub(super) fn stop_application(&mut self, name: &str) {
        if self.node.from.application(name).is_none() && self.known(name).is_none() {
            return;
        }
        if !self.state.running.remove(name) {
            self.tell(format!("{name} does not run; nothing happens"));
            return;
        }
        if let Some(other) = self.running_dependent(name) {
            let detail = format!("{other} runs and needs it");
            self.find_in_application(Kind::StoppedStillNeeded, name, detail);
        }
        for name in self.node.together(Side::From, name) {
            let processes = self.state.processes.iter_mut();
            for process in processes.filter(|p| p.facts.application == name) {
                process.end();
            }
            let supervisors = self.state.supervisors.iter_mut();
            for supervisor in supervisors.filter(|s| s.facts.application == name) {
                supervisor.alive = false;
                supervisor.children.clear();
            }
        }
        self.tell(format!("{name} is stopped"));
    }

    fn running_dependent(&self, name: &str) -> Option<String> {
        let mut dependents = self.state.running.iter().filter(|other| {
            let sides = [Side::From, Side::To];
            let of_side = |side: &Side| self.node.release(*side).application(other);
            let [from, to] = sides.each_ref().map(of_side);
            // One that is all on its new code needs what its new version needs.
            let is_done = to.is_some_and(|app| {
                let mut names = app.modules.keys();
                names.all(|m| self.state.side(self.node, m) == Some(Side::To))
            });
            let current = if is_done { to } else { from.or(to) };
            current.is_some_and(|app| app.resource.applications.iter().any(|a| a == name))
        });
        dependents.next().cloned()
    }

    pub(super) fn load_application(&mut self, name: &str) {
        let Some(app) = self.known(name) else { return };
        if self.state.paths.get(name) != Some(&app.vsn) {
            let detail = "its directory is not in the code path: it is not loaded";
            self.find_in_application(Kind::StartedTooEarly, name, detail);
            return;
        }
        self.state.loaded.insert(name.to_owned());
        self.tell(format!("{name} is loaded"));
    }

    pub(super) fn unload_application(&mut self, name: &str) {
        if self.state.running.contains(name) {
            self.tell(format!("{name} runs; nothing happens"));
            return;
        }
        if self.node.from.application(name).is_none() {
            let _ = self.known(name);
        }
        self.state.loaded.remove(name);
        self.tell(format!("{name} is unloaded"));
    }

    fn known(&mut self, name: &str) -> Option<&'a Application> {
        let node = self.node;
        let found = node.to.application(name);
        if found.is_none() {
            let detail = format!("release {} has no such application", node.to.vsn);
            self.find_in_application(Kind::UnknownApplication, name, detail);
        }
        found
    }
}
