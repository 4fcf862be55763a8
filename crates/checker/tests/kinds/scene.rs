//! A shop that goes from release 1 to release 2, with a script that is good; tests spoil one thing of it.

use std::collections::BTreeMap;
use std::sync::Arc;

use beam::rel::StartType;
use beam::{AppFile, Limits, ModuleMd5, Term};
use checker::{
    Child, ChildList, Children, CodeLoading, Facts, Finding, Kind, Migration, NodeModel,
    ProcessFacts, ProcessKind, Reach, Restart, State, SupervisorCallback, SupervisorFacts, check,
};
use relup::model::{Application, Module, Release};
use relup::{Direction, Low};

/// Up: a worker whose state changes, a library it calls, a child more, a child less.
pub(crate) const UP: &str = "
{load_object_code, {shop, \"2\", [shop_sup, shop_cart, shop_lib, shop_new]}}.
point_of_no_return.
{apply, {supervisor, terminate_child, [shop_sup, shop_gone]}}.
{apply, {supervisor, delete_child, [shop_sup, shop_gone]}}.
{suspend, [shop_cart]}.
{load, {shop_lib, brutal_purge, brutal_purge}}.
{load, {shop_cart, brutal_purge, brutal_purge}}.
{code_change, up, [{shop_cart, go}]}.
{resume, [shop_cart]}.
{load, {shop_new, brutal_purge, brutal_purge}}.
{suspend, [shop_sup]}.
{load, {shop_sup, brutal_purge, brutal_purge}}.
{code_change, up, [{shop_sup, []}]}.
{resume, [shop_sup]}.
{apply, {supervisor, restart_child, [shop_sup, shop_new]}}.
{remove, {shop_gone, brutal_purge, brutal_purge}}.
{purge, [shop_gone]}.
";

/// The way back.
pub(crate) const DOWN: &str = "
{load_object_code, {shop, \"1\", [shop_sup, shop_cart, shop_lib, shop_gone]}}.
point_of_no_return.
{apply, {supervisor, terminate_child, [shop_sup, shop_new]}}.
{apply, {supervisor, delete_child, [shop_sup, shop_new]}}.
{load, {shop_gone, brutal_purge, brutal_purge}}.
{suspend, [shop_cart]}.
{code_change, down, [{shop_cart, go}]}.
{load, {shop_cart, brutal_purge, brutal_purge}}.
{load, {shop_lib, brutal_purge, brutal_purge}}.
{resume, [shop_cart]}.
{suspend, [shop_sup]}.
{load, {shop_sup, brutal_purge, brutal_purge}}.
{code_change, down, [{shop_sup, []}]}.
{resume, [shop_sup]}.
{apply, {supervisor, restart_child, [shop_sup, shop_gone]}}.
{remove, {shop_new, brutal_purge, brutal_purge}}.
{purge, [shop_new]}.
";

pub(crate) struct Scene {
    pub(crate) older: Release,
    pub(crate) newer: Release,
    pub(crate) facts: Facts,
    pub(crate) direction: Direction,
    pub(crate) script: String,
}

impl Scene {
    pub(crate) fn up() -> Self {
        let mut facts = Facts::none(CodeLoading::Embedded);
        let handled = || Migration::Handled {
            extra: Some(Term::atom("go")),
        };
        let worker = |module: &str| process(module, ProcessKind::GenServer);
        facts.processes = vec![
            process("shop_sup", ProcessKind::Supervisor),
            ProcessFacts {
                state: State::Changed {
                    up: handled(),
                    down: handled(),
                },
                ..worker("shop_cart")
            },
            worker("shop_new"),
            worker("shop_gone"),
        ];
        facts.supervisors = vec![SupervisorFacts {
            module: "shop_sup".to_owned(),
            application: "shop".to_owned(),
            registered: Some("shop_sup".to_owned()),
            callback: SupervisorCallback::Module,
            children: Children::Listed {
                older: Some(list(&["shop_cart", "shop_gone"])),
                newer: Some(list(&["shop_cart", "shop_new"])),
            },
        }];
        let callees = ["shop_lib".to_owned()].into_iter().collect();
        facts.calls.insert("shop_cart".to_owned(), callees);
        let shop = |vsn: &str, code: u8, third: &str| {
            let names = [("shop_app", 1), ("shop_sup", code), ("shop_cart", code)];
            let more = [("shop_lib", code), ("shop_same", 1), (third, 1)];
            application("shop", vsn, &[&names[..], &more[..]].concat())
        };
        Self {
            older: release("1", vec![shop("1", 1, "shop_gone")]),
            newer: release("2", vec![shop("2", 2, "shop_new")]),
            facts,
            direction: Direction::Up,
            script: UP.to_owned(),
        }
    }

    pub(crate) fn down() -> Self {
        Self {
            direction: Direction::Down,
            script: DOWN.to_owned(),
            ..Self::up()
        }
    }

    /// The script with a line, or a part of one, put in another's place.
    pub(crate) fn with(mut self, old: &str, new: &str) -> Self {
        assert!(self.script.contains(old), "no {old} in {}", self.script);
        self.script = self.script.replacen(old, new, 1);
        self
    }

    /// The script with lines at its end.
    pub(crate) fn then(mut self, lines: &str) -> Self {
        self.script.push_str(lines);
        self
    }

    pub(crate) fn facts_of(&mut self, module: &str) -> &mut ProcessFacts {
        let mut processes = self.facts.processes.iter_mut();
        processes
            .find(|p| p.module == module)
            .expect("a process of that module")
    }

    pub(crate) fn findings(&self) -> Vec<Finding> {
        let (from, to) = match self.direction {
            Direction::Up => (&self.older, &self.newer),
            Direction::Down => (&self.newer, &self.older),
        };
        let terms = beam::term::consult(self.script.as_bytes(), &Limits::RELEASE);
        let terms = terms.expect("terms");
        let script: Vec<Low> = terms
            .iter()
            .map(|t| Low::read(t).expect("an instruction"))
            .collect();
        let node = NodeModel::between(from, to, self.direction, &self.facts);
        check(&node, &script).findings
    }

    /// The scene is refused with that kind, which says what would happen and what to do.
    pub(crate) fn refused(&self, kind: Kind) {
        let findings = self.findings();
        let found = findings.iter().find(|finding| finding.kind == kind);
        let found = found.unwrap_or_else(|| panic!("expected {kind:?}, found {findings:#?}"));
        assert!(!found.detail.is_empty() && !found.remedy().is_empty());
    }

    pub(crate) fn accepted(&self) {
        assert_eq!(self.findings(), []);
    }
}

pub(crate) fn term(text: &str) -> Term {
    let text = format!("{text}.");
    beam::term::consult(text.as_bytes(), &Limits::RELEASE)
        .expect("a term")
        .remove(0)
}

pub(crate) fn process(module: &str, kind: ProcessKind) -> ProcessFacts {
    ProcessFacts {
        module: module.to_owned(),
        application: "shop".to_owned(),
        kind,
        reach: Reach::Listed(vec![module.to_owned()]),
        state: State::Unchanged,
        restart: Restart::Kept,
        busy_ms: None,
    }
}

pub(crate) fn list(children: &[&str]) -> ChildList {
    let spec = |name: &&str| {
        let spec = format!("#{{id => {name}, start => {{{name}, start_link, []}}}}");
        Child::from_spec(&term(&spec)).expect("a specification")
    };
    ChildList {
        flags: term("#{strategy => rest_for_one, intensity => 1, period => 5}"),
        children: children.iter().map(spec).collect(),
    }
}

pub(crate) fn module(name: &str, code: u8) -> Module {
    let mut md5 = [code; 16];
    for (byte, letter) in md5.iter_mut().skip(1).zip(name.bytes().rev()) {
        *byte = letter;
    }
    let exports = [
        ("code_change", 3),
        ("code_change", 4),
        ("system_code_change", 4),
    ];
    Module {
        name: name.to_owned(),
        md5: ModuleMd5(md5),
        exports: exports.map(|(f, arity)| (f.to_owned(), arity)).to_vec(),
        imports: Vec::new(),
        funs: 0,
        behaviours: Vec::new(),
        vsn: None,
        on_load: false,
        loads_nif: false,
        debug: None,
    }
}

pub(crate) fn application(name: &str, vsn: &str, modules: &[(&str, u8)]) -> Application {
    let made = modules
        .iter()
        .map(|(name, code)| ((*name).to_owned(), Arc::new(module(name, *code))));
    Application {
        name: name.to_owned(),
        vsn: vsn.to_owned(),
        start: StartType::Permanent,
        resource: AppFile {
            name: name.to_owned(),
            vsn: vsn.to_owned(),
            description: String::new(),
            modules: modules.iter().map(|(name, _)| (*name).to_owned()).collect(),
            registered: Vec::new(),
            applications: Vec::new(),
            optional_applications: Vec::new(),
            included_applications: Vec::new(),
            start: None,
            env: Vec::new(),
        },
        modules: made.collect(),
        appup: None,
    }
}

pub(crate) fn release(vsn: &str, applications: Vec<Application>) -> Release {
    Release {
        name: "shop".to_owned(),
        vsn: vsn.to_owned(),
        erts: "13.1.5".to_owned(),
        applications,
        consolidated: BTreeMap::new(),
        sys_config: None,
        runtime_config: false,
        files: BTreeMap::new(),
    }
}

/// Changes a module of a release.
pub(crate) fn edit(release: &mut Release, name: &str, change: impl FnOnce(&mut Module)) {
    let mut modules = release
        .applications
        .iter_mut()
        .flat_map(|app| app.modules.values_mut());
    let found = modules
        .find(|m| m.name == name)
        .expect("a module of that name");
    change(Arc::make_mut(found));
}
