//! The node before the script: what both releases and the facts say of it.

use std::collections::BTreeMap;

use beam::ModuleMd5;
use beam::rel::StartType;
use relup::Direction;
use relup::model::{Application, Module, Release};

use crate::facts::{ChildList, Children, Facts, Migration, ProcessFacts, State, SupervisorFacts};

/// Which of the two releases.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Side {
    From,
    To,
}

/// A module as a node of that release has it.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Placed<'a> {
    pub(crate) module: &'a Module,
    pub(crate) application: Option<&'a str>,
    pub(crate) consolidated: bool,
}

/// A node on one release, about to go to another.
#[derive(Debug, Clone)]
pub struct NodeModel<'a> {
    pub(crate) from: &'a Release,
    pub(crate) to: &'a Release,
    pub(crate) direction: Direction,
    pub(crate) facts: &'a Facts,
    modules: [BTreeMap<&'a str, Placed<'a>>; 2],
}

impl<'a> NodeModel<'a> {
    /// A node that was booted on `from` and goes to `to`, which is the newer release if the direction
    /// is up, and the older if it is down.
    #[must_use]
    pub fn between(
        from: &'a Release,
        to: &'a Release,
        direction: Direction,
        facts: &'a Facts,
    ) -> Self {
        Self {
            from,
            to,
            direction,
            facts,
            modules: [placed(from), placed(to)],
        }
    }

    pub(crate) fn release(&self, side: Side) -> &'a Release {
        match side {
            Side::From => self.from,
            Side::To => self.to,
        }
    }

    /// Every module that a node of that release has.
    pub(crate) fn modules(&self, side: Side) -> &BTreeMap<&'a str, Placed<'a>> {
        &self.modules[side as usize]
    }

    pub(crate) fn placed(&self, side: Side, module: &str) -> Option<Placed<'a>> {
        self.modules(side).get(module).copied()
    }

    pub(crate) fn md5(&self, side: Side, module: &str) -> Option<ModuleMd5> {
        self.placed(side, module).map(|found| found.module.md5)
    }

    /// Whether a module is not the same in both releases, added and removed ones among them.
    pub(crate) fn is_changed(&self, module: &str) -> bool {
        self.md5(Side::From, module) != self.md5(Side::To, module)
    }

    pub(crate) fn newer(&self) -> Side {
        match self.direction {
            Direction::Up => Side::To,
            Direction::Down => Side::From,
        }
    }

    /// What makes the state of the other release of that of this one; `None` where both are alike.
    pub(crate) fn migration(&self, process: &'a ProcessFacts) -> Option<&'a Migration> {
        match (&process.state, self.direction) {
            (State::Changed { up, .. }, Direction::Up) => Some(up),
            (State::Changed { down, .. }, Direction::Down) => Some(down),
            (State::Unchanged | State::Unseen, _) => None,
        }
    }

    /// The children of a supervisor in one of the releases, where they are known to be listed.
    pub(crate) fn list(
        &self,
        side: Side,
        supervisor: &'a SupervisorFacts,
    ) -> Option<&'a ChildList> {
        match &supervisor.children {
            Children::Listed { newer, .. } if side == self.newer() => newer.as_ref(),
            Children::Listed { older, .. } => older.as_ref(),
            Children::Started | Children::Unseen => None,
        }
    }

    /// Whether a process is there on a node that was booted on that release.
    pub(crate) fn expects(&self, side: Side, process: &ProcessFacts) -> bool {
        self.expects_module(side, &process.module, &process.application)
    }

    /// Whether what runs on that module of that application is there after a boot: the module is in the
    /// release, its application started, and some list has it, if it is in lists at all.
    pub(crate) fn expects_module(&self, side: Side, module: &str, application: &str) -> bool {
        let started = self
            .release(side)
            .application(application)
            .is_some_and(Self::starts)
            || self.is_included(side, application);
        let here = |side| {
            let lists = self
                .facts
                .supervisors
                .iter()
                .filter_map(move |s| self.list(side, s));
            lists
                .flat_map(|list| &list.children)
                .any(|child| child.module.as_deref() == Some(module))
        };
        let listed = here(Side::From) || here(Side::To);
        started && self.placed(side, module).is_some() && (!listed || here(side))
    }

    /// An application and those that it includes, which live and end with it.
    pub(crate) fn together(&self, side: Side, application: &str) -> Vec<&'a str> {
        let release = self.release(side);
        let mut names: Vec<&'a str> = Vec::new();
        names.extend(
            release
                .application(application)
                .map(|app| app.name.as_str()),
        );
        let mut at = 0;
        while let Some(app) = names.get(at).and_then(|name| release.application(name)) {
            let included = app.resource.included_applications.iter();
            let known = included.filter_map(|name| release.application(name));
            for name in known.map(|app| app.name.as_str()) {
                if !names.contains(&name) {
                    names.push(name);
                }
            }
            at += 1;
        }
        names
    }

    /// Whether an application of that release is started at boot.
    pub(crate) fn starts(application: &Application) -> bool {
        !matches!(application.start, StartType::Load | StartType::None)
    }
}

fn placed(release: &Release) -> BTreeMap<&str, Placed<'_>> {
    let mut modules = BTreeMap::new();
    for application in &release.applications {
        for (name, module) in &application.modules {
            modules.entry(name.as_str()).or_insert(Placed {
                module,
                application: Some(application.name.as_str()),
                consolidated: false,
            });
        }
    }
    for (name, module) in &release.consolidated {
        let application = modules
            .get(name.as_str())
            .and_then(|found| found.application);
        modules.insert(
            name.as_str(),
            Placed {
                module,
                application,
                consolidated: true,
            },
        );
    }
    modules
}
