//! The node while the script runs.

use std::collections::{BTreeMap, BTreeSet};

use beam::{ModuleMd5, Term};

use crate::facts::{Child, ChildList, ProcessFacts, SupervisorFacts};
use crate::node::{NodeModel, Side};

/// How deep supervisors may start supervisors: facts with a circle end here.
const SUPERVISION_DEPTH_MAX: usize = 64;

pub(super) struct NodeState<'a> {
    /// The current code of each module that has some.
    pub(super) current: BTreeMap<String, ModuleMd5>,
    /// The modules that have old code beside it.
    pub(super) old: BTreeSet<String>,
    /// How often each was made current by the script.
    pub(super) loads: BTreeMap<String, usize>,
    /// Object code read and not loaded yet, the last read first.
    pub(super) read: Vec<(String, ModuleMd5)>,
    /// The version of each application whose directory is in the code path.
    pub(super) paths: BTreeMap<String, String>,
    /// The applications whose directory changes at the point of no return.
    pub(super) new_paths: BTreeMap<String, String>,
    pub(super) running: BTreeSet<String>,
    pub(super) loaded: BTreeSet<String>,
    pub(super) processes: Vec<Process<'a>>,
    pub(super) supervisors: Vec<Supervisor<'a>>,
    /// What `suspend` remembers: module and processes, the last first.
    pub(super) suspended: Vec<(String, Vec<Incarnation>)>,
    /// What `stop` remembers: module and children (supervisor, id), the last first.
    pub(super) stopped: Vec<(String, Vec<StoppedChild>)>,
    /// Whether the consolidated directory of the target release heads the code path.
    pub(super) consolidated: bool,
}

/// A process, and which of its lives.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Incarnation {
    pub(super) process: usize,
    pub(super) life: u32,
}

/// A child that `stop` terminated.
#[derive(Debug, Clone)]
pub(super) struct StoppedChild {
    pub(super) process: usize,
    /// Whether its supervisor still knows how to start it.
    pub(super) known: bool,
}

pub(super) struct Process<'a> {
    pub(super) facts: &'a ProcessFacts,
    pub(super) alive: bool,
    /// Counts its lives.
    pub(super) life: u32,
    pub(super) suspended: bool,
    /// The release whose code its state fits.
    pub(super) fits: Side,
    /// How often `code_change` was called in this life.
    pub(super) changes: u32,
    /// Whether it executes old code of its module.
    pub(super) on_old_code: bool,
}

pub(super) struct Supervisor<'a> {
    pub(super) facts: &'a SupervisorFacts,
    pub(super) alive: bool,
    pub(super) flags: Option<&'a Term>,
    /// Its children in the order of their start.
    pub(super) children: Vec<Entry<'a>>,
}

/// A child that a supervisor knows.
#[derive(Debug, Clone)]
pub(super) struct Entry<'a> {
    /// How it would be started now.
    pub(super) child: &'a Child,
    /// How it was started, while it runs.
    pub(super) running: Option<&'a Child>,
}

impl<'a> NodeState<'a> {
    /// The node as it was booted on the release that is left.
    pub(super) fn booted(node: &'a NodeModel<'a>) -> Self {
        let from = node.from;
        let starting = from.applications.iter().filter(|a| NodeModel::starts(a));
        let names = |app: &relup::Application| (app.name.clone(), app.vsn.clone());
        let changed = from.applications.iter().filter_map(|old| {
            let new = node.to.application(&old.name)?;
            (new.vsn != old.vsn).then(|| names(new))
        });
        let mut state = Self {
            current: node
                .modules(Side::From)
                .iter()
                .map(|(name, placed)| ((*name).to_owned(), placed.module.md5))
                .collect(),
            old: node.facts.old_code.clone(),
            loads: BTreeMap::new(),
            read: Vec::new(),
            paths: from.applications.iter().map(names).collect(),
            new_paths: changed.collect(),
            running: starting.map(|a| a.name.clone()).collect(),
            loaded: from.applications.iter().map(|a| a.name.clone()).collect(),
            processes: Vec::new(),
            supervisors: Vec::new(),
            suspended: Vec::new(),
            stopped: Vec::new(),
            consolidated: false,
        };
        state.processes = node.facts.processes.iter().map(process).collect();
        for (number, facts) in node.facts.processes.iter().enumerate() {
            state.processes[number].alive = node.expects(Side::From, facts);
        }
        let supervisors = node.facts.supervisors.iter();
        state.supervisors = supervisors
            .map(|facts| {
                let list = node.list(Side::From, facts);
                let children = list.map(|list| &list.children[..]).unwrap_or_default();
                Supervisor {
                    facts,
                    alive: node.expects_module(Side::From, &facts.module, &facts.application),
                    flags: list.map(|list| &list.flags),
                    children: children.iter().map(Entry::running).collect(),
                }
            })
            .collect();
        state
    }

    /// The release that a module's current code is of; `To` where both have the same.
    pub(super) fn side(&self, node: &NodeModel<'a>, module: &str) -> Option<Side> {
        let current = Some(*self.current.get(module)?);
        let sides = [Side::To, Side::From];
        sides
            .into_iter()
            .find(|side| node.md5(*side, module) == current)
    }

    /// Starts what runs on a module, and the children of a supervisor on it.
    pub(super) fn bring_up(&mut self, node: &NodeModel<'a>, module: &str) {
        self.bring_up_at(node, module, 0);
    }

    fn bring_up_at(&mut self, node: &NodeModel<'a>, module: &str, depth: usize) {
        let Some(side) = self.side(node, module) else {
            return;
        };
        for process in self
            .processes
            .iter_mut()
            .filter(|p| p.facts.module == module)
        {
            process.begin(side);
        }
        if depth == SUPERVISION_DEPTH_MAX {
            return;
        }
        let mut below: Vec<&'a str> = Vec::new();
        for supervisor in self
            .supervisors
            .iter_mut()
            .filter(|s| s.facts.module == module)
        {
            let list: Option<&'a ChildList> = node.list(side, supervisor.facts);
            let children = list.map(|list| &list.children[..]).unwrap_or_default();
            supervisor.alive = true;
            supervisor.flags = list.map(|list| &list.flags);
            supervisor.children = children.iter().map(Entry::running).collect();
            below.extend(children.iter().filter_map(|child| child.module.as_deref()));
        }
        for module in below {
            self.bring_up_at(node, module, depth + 1);
        }
    }

    /// Ends what runs on a module, and the children of a supervisor on it.
    pub(super) fn bring_down(&mut self, module: &str) {
        self.bring_down_at(module, 0);
    }

    fn bring_down_at(&mut self, module: &str, depth: usize) {
        for process in self
            .processes
            .iter_mut()
            .filter(|p| p.facts.module == module)
        {
            process.end();
        }
        if depth == SUPERVISION_DEPTH_MAX {
            return;
        }
        let mut below: Vec<&'a str> = Vec::new();
        for supervisor in self
            .supervisors
            .iter_mut()
            .filter(|s| s.facts.module == module)
        {
            supervisor.alive = false;
            let children = std::mem::take(&mut supervisor.children);
            below.extend(children.iter().filter_map(|e| e.child.module.as_deref()));
        }
        for module in below {
            self.bring_down_at(module, depth + 1);
        }
    }
}

fn process(facts: &ProcessFacts) -> Process<'_> {
    Process {
        facts,
        alive: false,
        life: 0,
        suspended: false,
        fits: Side::From,
        changes: 0,
        on_old_code: false,
    }
}

impl Process<'_> {
    pub(super) fn begin(&mut self, side: Side) {
        self.alive = true;
        self.life += 1;
        self.suspended = false;
        self.fits = side;
        self.changes = 0;
        self.on_old_code = false;
    }

    pub(super) fn end(&mut self) {
        self.alive = false;
        self.suspended = false;
        self.on_old_code = false;
    }

    /// Whether it executes code at this moment.
    pub(super) fn runs(&self) -> bool {
        self.alive && !self.suspended
    }
}

impl<'a> Entry<'a> {
    pub(super) fn running(child: &'a Child) -> Self {
        Self {
            child,
            running: Some(child),
        }
    }
}
