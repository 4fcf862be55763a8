//! What makes a sequence of instructions a script: where object code is read, where the way back ends.

use beam::Term;
use relup::Low;

use super::Walk;
use crate::finding::Kind;
use crate::node::Side;

impl Walk<'_> {
    /// What shows without following a single instruction.
    pub(super) fn look_at_the_whole(&mut self, script: &[Low]) {
        let points = script
            .iter()
            .filter(|i| matches!(i, Low::PointOfNoReturn))
            .count();
        if points == 0 && !script.is_empty() {
            self.find(
                Kind::PointOfNoReturnMissing,
                None,
                "object code cannot be read, the code path stays as it is, and a failure halfway leaves \
                 the node there",
            );
        }
        if self.node.from.erts != self.node.to.erts {
            let (from, to) = (&self.node.from.erts, &self.node.to.erts);
            self.find(
                Kind::Restart,
                None,
                format!("the emulator goes from {from} to {to}, which only a restart can do"),
            );
        }
        self.look_at_unchanged_versions();
        self.look_at_what_is_unseen();
    }

    fn look_at_unchanged_versions(&mut self) {
        for old in &self.node.from.applications {
            let Some(new) = self.node.to.application(&old.name) else {
                continue;
            };
            let digests = |app: &relup::Application| -> Vec<_> {
                app.modules
                    .values()
                    .map(|m| (m.name.clone(), m.md5))
                    .collect()
            };
            if old.vsn == new.vsn && digests(old) != digests(new) {
                self.find_in_application(
                    Kind::VersionUnchanged,
                    &old.name,
                    format!("its modules differ, and its version is {} in both", old.vsn),
                );
            }
        }
    }

    /// Only reading may stand before the point of no return: OTP does it at the check and again later.
    pub(super) fn check_before_point_of_no_return(&mut self, instruction: &Low, index: usize) {
        match instruction {
            Low::LoadObjectCode { .. } | Low::PointOfNoReturn => {}
            Low::RestartNewEmulator if index == 0 => {}
            _ => self.find(
                Kind::BeforePointOfNoReturn,
                None,
                "it runs when the release is checked and again when it is installed; a failure after it \
                 leaves the node changed, and no restart mends that",
            ),
        }
    }

    pub(super) fn read_object_code(&mut self, application: &str, vsn: &str, modules: &[String]) {
        if self.committed {
            self.find_in_application(
                Kind::ObjectCodeTooLate,
                application,
                "OTP refuses the whole script",
            );
            return;
        }
        let Some(app) = self.node.to.application(application) else {
            self.find_in_application(
                Kind::UnknownApplication,
                application,
                format!("release {} has no such application", self.node.to.vsn),
            );
            return;
        };
        if app.vsn != vsn {
            self.find_in_application(
                Kind::WrongVersion,
                application,
                format!("the script says {vsn}, the release has {}", app.vsn),
            );
            return;
        }
        for name in modules {
            let Some(module) = app.modules.get(name) else {
                self.find(
                    Kind::UnknownModule,
                    Some(name),
                    format!("{application} {vsn} has no file for it"),
                );
                continue;
            };
            self.state.read.insert(0, (name.clone(), module.md5));
        }
        let new_path = (application.to_owned(), vsn.to_owned());
        self.state.new_paths.extend([new_path]);
        self.tell(format!(
            "read {} modules of {application} {vsn}",
            modules.len()
        ));
    }

    pub(super) fn pass_point_of_no_return(&mut self) {
        if self.committed {
            self.find(
                Kind::PointOfNoReturnDoubled,
                None,
                "what stands between the two may have been meant to be before",
            );
        }
        self.committed = true;
        let paths = std::mem::take(&mut self.state.new_paths);
        self.tell(format!("{} applications have new directories", paths.len()));
        self.state.paths.extend(paths);
    }

    pub(super) fn restart(&mut self, is_last: bool) {
        if is_last {
            self.find(
                Kind::Restart,
                None,
                "every process, connection and state of the node is lost",
            );
        } else {
            self.find(
                Kind::RestartInTheMiddle,
                None,
                "the node restarts here, and what follows is not done on the node that it was written for",
            );
        }
    }

    pub(super) fn wait_for_nodes(&mut self, nodes: &Term) {
        if nodes.as_list().is_some_and(<[Term]>::is_empty) {
            return;
        }
        self.find(
            Kind::WaitsForNodes,
            None,
            "it waits for ever unless each of them comes to the same instruction",
        );
    }

    fn look_at_what_is_unseen(&mut self) {
        const BEHAVIOURS: [&str; 10] = [
            "gen_server",
            "gen_statem",
            "gen_event",
            "gen_fsm",
            "supervisor",
            "supervisor_bridge",
            "Elixir.GenServer",
            "Elixir.Supervisor",
            "Elixir.GenEvent",
            "Elixir.DynamicSupervisor",
        ];
        let known = |module: &str| {
            let facts = self.node.facts;
            facts.processes.iter().any(|p| p.module == module)
                || facts.supervisors.iter().any(|s| s.module == module)
        };
        let mut unseen = Vec::new();
        for (name, old) in self.node.modules(Side::From) {
            let behaves = old
                .module
                .behaviours
                .iter()
                .any(|b| BEHAVIOURS.contains(&b.as_str()));
            let hidden = self.node.facts.unseen.contains(*name) || (behaves && !known(name));
            if hidden && self.node.is_changed(name) {
                unseen.push((*name).to_owned());
            }
        }
        for name in unseen {
            let detail =
                "it changes, and what processes run on it and with what state is not known";
            self.find(Kind::Unseen, Some(&name), detail);
        }
    }
}
