//! Processes suspended, changed, resumed.

use beam::Term;
use relup::Direction;
use relup::instruction::{CodeChange, Timeout};

use super::Walk;
use super::state::{Incarnation, Process};
use crate::facts::{Migration, ProcessFacts, ProcessKind, Reach, State};
use crate::finding::Kind;
use crate::node::Side;

/// How long `sys:suspend/1` waits.
const SUSPEND_TIMEOUT_DEFAULT_MS: u64 = 5_000;

impl Walk<'_> {
    pub(super) fn suspend(&mut self, modules: &[(String, Option<Timeout>)]) {
        self.ask_supervisors();
        for (module, timeout) in modules {
            self.check_known(module);
            let limit_ms = match timeout {
                None | Some(Timeout::Default) => Some(SUSPEND_TIMEOUT_DEFAULT_MS),
                Some(Timeout::Milliseconds(ms)) => Some(*ms),
                Some(Timeout::Infinity) => None,
            };
            let mut reached = Vec::new();
            for number in self.reached(module) {
                if self.suspend_one(number, module, limit_ms) {
                    reached.push(self.incarnation(number));
                }
            }
            self.tell(format!(
                "{} processes of {module} are suspended",
                reached.len()
            ));
            self.state.suspended.insert(0, (module.clone(), reached));
        }
    }

    fn suspend_one(&mut self, number: usize, module: &str, limit_ms: Option<u64>) -> bool {
        let process = &mut self.state.processes[number];
        let facts = process.facts;
        if facts.kind == ProcessKind::Plain {
            self.find(
                Kind::Unreachable,
                Some(module),
                "a process knows no system messages: suspend waits in vain and goes on without it",
            );
            return false;
        }
        let late = limit_ms.is_some_and(|limit_ms| limit_ms <= facts.busy_ms.unwrap_or(0));
        if late && !process.suspended {
            self.find(
                Kind::SuspendTimeout,
                Some(module),
                format!(
                    "a process may be busy for {} ms: it is passed by in silence and never changed",
                    facts.busy_ms.unwrap_or(0)
                ),
            );
            return false;
        }
        process.suspended = true;
        true
    }

    pub(super) fn resume(&mut self, module: &str) {
        let (entries, rest) = std::mem::take(&mut self.state.suspended)
            .into_iter()
            .partition::<Vec<_>, _>(|(name, _)| name == module);
        self.state.suspended = rest;
        if entries.is_empty() {
            self.find(
                Kind::ResumeWithoutSuspend,
                Some(module),
                "nothing is suspended under its name, and nothing happens",
            );
        }
        for incarnation in entries.iter().flat_map(|(_, processes)| processes) {
            let process = &mut self.state.processes[incarnation.process];
            if process.life == incarnation.life && process.alive && process.suspended {
                process.suspended = false;
                self.check_fit(incarnation.process);
            }
        }
        self.tell(format!("processes of {module} go on"));
    }

    /// Whether a process can go on with the code that is there.
    pub(super) fn check_fit(&mut self, number: usize) {
        let process = &self.state.processes[number];
        let (facts, fits) = (process.facts, process.fits);
        if process.life == 0 && self.loses_behaviour(facts) {
            self.find(
                Kind::StateUnfit,
                Some(&facts.module),
                "a process goes on in the loop of a behaviour that its module has no more",
            );
        }
        if facts.state == State::Unchanged {
            return;
        }
        let changed = self.node.is_changed(&facts.module);
        let side = self.state.side(self.node, &facts.module);
        match (&facts.state, side) {
            (State::Unseen, _) if changed => self.find(
                Kind::Unseen,
                Some(&facts.module),
                "whether the state of its processes fits the new code cannot be seen",
            ),
            (State::Changed { .. }, side) if changed && side != Some(fits) => self.find(
                Kind::StateUnfit,
                Some(&facts.module),
                "a process goes on with a state that the current code does not know",
            ),
            _ => {}
        }
    }

    /// Whether a module had the behaviour that its processes run in, and has it no more.
    fn loses_behaviour(&self, facts: &ProcessFacts) -> bool {
        let names: &[&str] = match facts.kind {
            ProcessKind::GenServer => &["gen_server", "Elixir.GenServer"],
            ProcessKind::GenStatem => &["gen_statem"],
            ProcessKind::GenEvent => &["gen_event"],
            ProcessKind::Supervisor => &["supervisor", "Elixir.Supervisor"],
            ProcessKind::Special | ProcessKind::Plain => &[],
        };
        let has = |side| {
            let placed = self.node.placed(side, &facts.module)?;
            let mut behaviours = placed.module.behaviours.iter();
            Some(behaviours.any(|b| names.contains(&b.as_str())))
        };
        has(Side::From) == Some(true) && has(Side::To) == Some(false)
    }

    pub(super) fn change_code(&mut self, mode: CodeChange, modules: &[(String, Term)]) {
        let asked = match mode {
            CodeChange::Up => Direction::Up,
            CodeChange::Down => Direction::Down,
        };
        for (module, extra) in modules {
            self.check_known(module);
            if asked != self.node.direction {
                self.find(
                    Kind::CodeChangeMode,
                    Some(module),
                    "code_change is told the wrong way and takes the wrong clause",
                );
            }
            let first = self.state.suspended.iter().find(|(name, _)| name == module);
            let Some((_, reached)) = first else {
                self.find(
                    Kind::CodeChangeNotSuspended,
                    Some(module),
                    "no process was suspended under its name, and none is changed",
                );
                continue;
            };
            for incarnation in reached.clone() {
                self.change_one(incarnation, module, extra, asked);
            }
        }
    }

    fn change_one(&mut self, which: Incarnation, asked_for: &str, extra: &Term, way: Direction) {
        let process = &self.state.processes[which.process];
        let facts = process.facts;
        let module = facts.module.as_str();
        if process.life != which.life || !process.alive {
            self.find(
                Kind::CodeChangeOfDead,
                Some(module),
                "a process has ended since: the script fails and the node restarts",
            );
            return;
        }
        if !process.suspended {
            self.find(
                Kind::CodeChangeNotSuspended,
                Some(module),
                "a process runs already and refuses: the script fails and the node restarts",
            );
            return;
        }
        let is_supervisor = facts.kind == ProcessKind::Supervisor;
        if !is_supervisor && !self.has_code_change(module, facts.kind) {
            self.find(
                Kind::CodeChangeMissing,
                Some(module),
                "the current code exports none: the script fails and the node restarts",
            );
            return;
        }
        let process = &mut self.state.processes[which.process];
        process.changes += 1;
        if process.changes > 1 {
            self.find(
                Kind::CodeChangeTwice,
                Some(module),
                "a state that is already changed is changed again",
            );
        }
        let after_load = self.node.direction == Direction::Up || is_supervisor;
        let expected = if after_load { Side::To } else { Side::From };
        let in_order =
            !self.node.is_changed(module) || self.state.side(self.node, module) == Some(expected);
        if !in_order {
            let detail = format!(
                "it is called {} the code is loaded (asked for {asked_for})",
                if after_load { "before" } else { "after" }
            );
            self.find(Kind::CodeChangeOrder, Some(module), detail);
        }
        if is_supervisor {
            self.change_supervisor(module);
        } else if in_order && way == self.node.direction {
            self.migrate(which.process, extra);
        }
        self.tell(format!("code_change of {module}"));
    }

    fn migrate(&mut self, number: usize, extra: &Term) {
        let facts = self.state.processes[number].facts;
        match self.node.migration(facts) {
            Some(Migration::Handled { extra: Some(known) }) if known != extra => self.find(
                Kind::CodeChangeExtra,
                Some(&facts.module),
                "code_change does not know the extra argument",
            ),
            Some(Migration::Handled { .. }) => self.state.processes[number].fits = Side::To,
            Some(Migration::Missing) | None => {}
        }
    }

    fn has_code_change(&self, module: &str, kind: ProcessKind) -> bool {
        let (name, arity) = match kind {
            ProcessKind::GenServer | ProcessKind::GenEvent => ("code_change", 3),
            ProcessKind::GenStatem => ("code_change", 4),
            ProcessKind::Special => ("system_code_change", 4),
            ProcessKind::Supervisor | ProcessKind::Plain => return true,
        };
        let current = self.state.current.get(module);
        let placed = [Side::To, Side::From]
            .into_iter()
            .filter_map(|side| self.node.placed(side, module));
        placed
            .filter(|p| Some(&p.module.md5) == current)
            .any(|p| p.module.exports(name, arity))
    }

    /// What OTP does before it suspends or stops: it asks every supervisor, and every process with
    /// dynamic modules.
    pub(super) fn ask_supervisors(&mut self) {
        let suspended: Vec<_> = self.state.processes.iter().filter(|p| p.alive).collect();
        let supervisor = suspended
            .iter()
            .find(|p| p.suspended && p.facts.kind == ProcessKind::Supervisor);
        let silent = suspended.iter().find(|p| {
            p.facts.reach == Reach::Dynamic
                && (p.suspended || p.facts.kind != ProcessKind::GenEvent)
        });
        let supervisor = supervisor.map(|p| p.facts.module.clone());
        let silent = silent.map(|p| p.facts.module.clone());
        if let Some(module) = supervisor {
            self.find(
                Kind::SupervisorSuspended,
                Some(&module),
                "it is asked for its children and cannot answer: the script fails and the node restarts",
            );
        }
        if let Some(module) = silent {
            self.find(
                Kind::DynamicUnanswered,
                Some(&module),
                "it is asked for its modules and does not answer: the script fails and the node restarts",
            );
        }
    }

    /// The processes whose child specification lists a module.
    pub(super) fn reached(&self, module: &str) -> Vec<usize> {
        let lists = |p: &Process<'_>| match &p.facts.reach {
            Reach::Listed(modules) => modules.iter().any(|name| name == module),
            Reach::Dynamic => p.facts.kind == ProcessKind::GenEvent && p.facts.module == module,
            Reach::Unsupervised => false,
        };
        let processes = self.state.processes.iter().enumerate();
        let reached = processes.filter(|(_, p)| p.alive && lists(p));
        reached.map(|(number, _)| number).collect()
    }

    fn incarnation(&self, number: usize) -> Incarnation {
        Incarnation {
            process: number,
            life: self.state.processes[number].life,
        }
    }

    pub(super) fn check_known(&mut self, module: &str) {
        let sides = [Side::From, Side::To];
        if sides
            .iter()
            .all(|side| self.node.placed(*side, module).is_none())
        {
            self.find(Kind::UnknownModule, Some(module), "neither release has it");
        }
    }
}
