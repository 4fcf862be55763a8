//! A world as both sides see it: files for the node, values and facts for the checker.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::sync::Arc;

use beam::rel::StartType;
use beam::{AppFile, Limits, ModuleMd5, Term};
use checker::{
    Child, ChildList, Children, CodeLoading, Facts, Migration, ProcessFacts, ProcessKind, Reach,
    Restart, State, SupervisorCallback, SupervisorFacts,
};
use relup::model::{Application, Module, Release};

use crate::oracle::Oracle;
use crate::source::{Version, source};
use crate::world::{Age, Part, PartKind, World};

pub(crate) struct Releases {
    pub(crate) older: Release,
    pub(crate) newer: Release,
    pub(crate) facts: Facts,
    /// Applications for the node, and what it watches, as Erlang text.
    nodes: [String; 2],
    watch: String,
}

impl Releases {
    pub(crate) fn release(&self, age: Age) -> &Release {
        match age {
            Age::Older => &self.older,
            Age::Newer => &self.newer,
        }
    }

    /// `From, To, Watch` of a run that leaves the release of that age.
    pub(crate) fn case(&self, from: Age) -> String {
        let (from, to) = (
            &self.nodes[from as usize],
            &self.nodes[from.other() as usize],
        );
        format!("{from}, {to}, {}", self.watch)
    }

    pub(crate) fn build(world: &World, oracle: &mut Oracle, name: &str) -> Self {
        let dir = oracle.dir().join(name);
        let [older, newer] = [Age::Older, Age::Newer].map(|age| {
            let mut built = String::new();
            for (number, app) in world.apps.iter().enumerate().filter(|(_, a)| a.is_in(age)) {
                let comma = if built.is_empty() { "" } else { ", " };
                let (vsn, keys) = (world.vsn(number, age), keys(world, number, age));
                write!(built, "{comma}{{{}, \"{vsn}\", {keys}, [", app.name).expect("text");
                for (at, part) in parts(world, number, age).enumerate() {
                    let comma = if at == 0 { "" } else { ", " };
                    let text = Term::string(source(&version(world, part, age)));
                    write!(built, "{comma}{{{}, {text}}}", part.name).expect("text");
                }
                built.push_str("]}");
            }
            let dir = Term::string(dir.display().to_string());
            let answer = oracle.ask(&format!("{{build, {dir}, [{built}]}}"));
            release(world, age, &answer)
        });
        let nodes = [Age::Older, Age::Newer].map(|age| {
            let apps = world.apps.iter().enumerate().filter(|(_, a)| a.is_in(age));
            let texts: Vec<String> = apps
                .map(|(number, app)| {
                    let vsn = world.vsn(number, age);
                    let dir = dir
                        .join(format!("{}-{vsn}", app.name))
                        .display()
                        .to_string();
                    let modules: Vec<&str> =
                        parts(world, number, age).map(|p| p.name.as_str()).collect();
                    format!(
                        "{{{}, \"{vsn}\", \"{dir}\", {}, [{}]}}",
                        app.name,
                        keys(world, number, age),
                        modules.join(", ")
                    )
                })
                .collect();
            format!("[{}]", texts.join(", "))
        });
        Self {
            older,
            newer,
            facts: facts(world),
            nodes,
            watch: watch(world),
        }
    }
}

fn parts(world: &World, app: usize, age: Age) -> impl Iterator<Item = &Part> {
    let here = move |p: &&Part| p.application == app && p.is_in(age);
    world.parts.iter().filter(here)
}

fn keys(world: &World, app: usize, age: Age) -> String {
    let needs = world.apps[app]
        .needs
        .iter()
        .filter(|n| world.apps[**n].is_in(age));
    let needs: String = needs
        .map(|n| format!(", {}", world.apps[*n].name))
        .collect();
    let name = &world.apps[app].name;
    let has_callback = parts(world, app, age).next().is_some();
    let callback = if has_callback {
        format!(", {{mod, {{{name}_app, []}}}}")
    } else {
        String::new()
    };
    format!("[{{applications, [kernel, stdlib{needs}]}}, {{registered, []}}{callback}]")
}

fn version<'a>(world: &'a World, part: &'a Part, age: Age) -> Version<'a> {
    let calls = part
        .calls
        .iter()
        .map(|c| (c.as_str(), world.part(c).code(age)));
    let handlers = parts(world, part.application, age).filter(|p| p.kind == PartKind::GenEvent);
    Version {
        part,
        code: part.code(age),
        state: part.state(age),
        calls: calls.collect(),
        children: children(world, part, age),
        handlers: handlers.map(|p| p.name.as_str()).collect(),
    }
}

fn flags(part: &Part, age: Age) -> String {
    let intensity = part.intensity[age as usize];
    format!(
        "#{{strategy => {}, intensity => {intensity}, period => 5}}",
        part.strategy
    )
}

fn spec(part: &Part, age: Age) -> String {
    let name = &part.name;
    match part.kind {
        PartKind::Supervisor => {
            format!("#{{id => {name}, start => {{{name}, start_link, []}}, type => supervisor}}")
        }
        PartKind::GenEvent => format!(
            "#{{id => {name}, start => {{gen_event, start_link, [{{local, {name}_manager}}]}}, \
             modules => dynamic}}"
        ),
        _ => {
            let argument = part.arguments[age as usize];
            let more = &part.spec;
            format!("#{{id => {name}, start => {{{name}, start_link, [{argument}]}}{more}}}")
        }
    }
}

fn children(world: &World, part: &Part, age: Age) -> String {
    let specs: Vec<String> = world
        .children(&part.name, age)
        .map(|p| spec(p, age))
        .collect();
    format!("{{{}, [{}]}}", flags(part, age), specs.join(", "))
}

fn watch(world: &World) -> String {
    let watched = world.parts.iter().filter(|p| p.kind != PartKind::Callback);
    let texts: Vec<String> = watched
        .map(|part| {
            let name = &part.name;
            let (kind, registered) = match part.kind {
                PartKind::Library => ("probe", name.clone()),
                PartKind::Supervisor => ("supervisor", name.clone()),
                PartKind::GenServer => ("gen_server", name.clone()),
                PartKind::GenStatem => ("gen_statem", name.clone()),
                PartKind::GenEvent => ("gen_event", format!("{name}_manager")),
                PartKind::Special | PartKind::Callback => ("special", name.clone()),
            };
            let module = if kind == "probe" { name } else { &part.name };
            if kind == "probe" {
                format!("{{probe, {name}, {module}}}")
            } else {
                format!("{{{kind}, {registered}, {module}}}")
            }
        })
        .collect();
    format!("[{}]", texts.join(", "))
}

pub(crate) fn term(text: &str) -> Term {
    let text = format!("{text}.");
    let mut terms = beam::term::consult(text.as_bytes(), &Limits::RELEASE).expect("a term");
    terms.remove(0)
}

fn release(world: &World, age: Age, built: &Term) -> Release {
    let built = built.as_tuple().expect("{built, Modules}")[1]
        .as_list()
        .expect("modules");
    let mut modules: BTreeMap<String, BTreeMap<String, Arc<Module>>> = BTreeMap::new();
    for entry in built {
        let Some([app, name, Term::Binary(md5), imports, exports]) = entry.as_tuple() else {
            panic!("not a built module: {entry}");
        };
        let name = name.as_atom().expect("an atom").to_owned();
        let part = world.part(&name);
        let behaviour = match part.kind {
            PartKind::GenServer => "gen_server",
            PartKind::GenStatem => "gen_statem",
            PartKind::GenEvent => "gen_event",
            PartKind::Supervisor => "supervisor",
            PartKind::Callback => "application",
            PartKind::Special | PartKind::Library => "",
        };
        let module = Module {
            name: name.clone(),
            md5: ModuleMd5(md5.as_slice().try_into().expect("16 bytes")),
            exports: exports
                .as_list()
                .expect("exports")
                .iter()
                .map(pair)
                .collect(),
            imports: imports
                .as_list()
                .expect("imports")
                .iter()
                .map(triple)
                .collect(),
            funs: 0,
            behaviours: [behaviour]
                .map(str::to_owned)
                .into_iter()
                .filter(|b| !b.is_empty())
                .collect(),
            vsn: None,
            on_load: false,
            loads_nif: false,
            debug: None,
        };
        let app = app.as_atom().expect("an atom").to_owned();
        modules
            .entry(app)
            .or_default()
            .insert(name, Arc::new(module));
    }
    let apps = world.apps.iter().enumerate().filter(|(_, a)| a.is_in(age));
    let applications = apps.map(|(number, app)| {
        let needs = app.needs.iter().filter(|n| world.apps[**n].is_in(age));
        let modules = modules.remove(&app.name).unwrap_or_default();
        Application {
            name: app.name.clone(),
            vsn: world.vsn(number, age).to_owned(),
            start: StartType::Temporary,
            resource: AppFile {
                name: app.name.clone(),
                vsn: world.vsn(number, age).to_owned(),
                description: String::new(),
                modules: modules.keys().cloned().collect(),
                registered: Vec::new(),
                applications: needs.map(|n| world.apps[*n].name.clone()).collect(),
                optional_applications: Vec::new(),
                included_applications: Vec::new(),
                start: Some((format!("{}_app", app.name), Term::List(Vec::new()))),
                env: Vec::new(),
            },
            modules,
            appup: None,
        }
    });
    let applications = own_applications().chain(applications).collect();
    Release {
        name: "world".to_owned(),
        vsn: if age == Age::Older { "1" } else { "2" }.to_owned(),
        erts: "13.1.5".to_owned(),
        applications,
        consolidated: BTreeMap::new(),
        sys_config: None,
        runtime_config: false,
        files: BTreeMap::new(),
    }
}

/// Those of OTP without which no release is upgraded; they are the same in both.
fn own_applications() -> impl Iterator<Item = Application> {
    let named = [("kernel", "8.5.3"), ("stdlib", "4.2"), ("sasl", "4.2")];
    named.into_iter().map(|(name, vsn)| Application {
        name: name.to_owned(),
        vsn: vsn.to_owned(),
        start: StartType::Permanent,
        resource: AppFile {
            name: name.to_owned(),
            vsn: vsn.to_owned(),
            description: String::new(),
            modules: Vec::new(),
            registered: Vec::new(),
            applications: Vec::new(),
            optional_applications: Vec::new(),
            included_applications: Vec::new(),
            start: None,
            env: Vec::new(),
        },
        modules: BTreeMap::new(),
        appup: None,
    })
}

fn pair(term: &Term) -> (String, u32) {
    let Some([Term::Atom(name), Term::Int(arity)]) = term.as_tuple() else {
        panic!("not a function: {term}");
    };
    (name.clone(), u32::try_from(*arity).expect("an arity"))
}

fn triple(term: &Term) -> (String, String, u32) {
    let Some([Term::Atom(module), Term::Atom(name), Term::Int(arity)]) = term.as_tuple() else {
        panic!("not a function: {term}");
    };
    (
        module.clone(),
        name.clone(),
        u32::try_from(*arity).expect("an arity"),
    )
}

fn facts(world: &World) -> Facts {
    let mut facts = Facts::none(CodeLoading::Embedded);
    for part in &world.parts {
        if part.kind.is_process() {
            facts.processes.push(process(world, part));
        }
        if part.kind == PartKind::Supervisor {
            facts.supervisors.push(supervisor(world, part));
        }
        if !part.calls.is_empty() {
            let callees: BTreeSet<String> = part.calls.iter().cloned().collect();
            facts.calls.insert(part.name.clone(), callees);
        }
    }
    facts
}

fn process(world: &World, part: &Part) -> ProcessFacts {
    let handled = || Migration::Handled {
        extra: Some(term(&part.extra)),
    };
    ProcessFacts {
        module: part.name.clone(),
        application: world.apps[part.application].name.clone(),
        kind: match part.kind {
            PartKind::GenServer => ProcessKind::GenServer,
            PartKind::GenStatem => ProcessKind::GenStatem,
            PartKind::GenEvent => ProcessKind::GenEvent,
            PartKind::Supervisor => ProcessKind::Supervisor,
            _ => ProcessKind::Special,
        },
        reach: if part.kind == PartKind::GenEvent || part.spec.contains("dynamic") {
            Reach::Dynamic
        } else if part.spec.contains("modules") {
            Reach::Listed(vec!["other".to_owned()])
        } else {
            Reach::Listed(vec![part.name.clone()])
        },
        state: if part.state_changed {
            State::Changed {
                up: handled(),
                down: handled(),
            }
        } else {
            State::Unchanged
        },
        restart: if part.spec.contains("temporary") {
            Restart::Temporary
        } else {
            Restart::Kept
        },
        busy_ms: None,
    }
}

fn supervisor(world: &World, part: &Part) -> SupervisorFacts {
    let list = |age| {
        part.is_in(age).then(|| ChildList {
            flags: term(&flags(part, age)),
            children: world
                .children(&part.name, age)
                .map(|child| Child {
                    module: Some(child.name.clone()),
                    ..Child::from_spec(&term(&spec(child, age))).expect("a specification")
                })
                .collect(),
        })
    };
    SupervisorFacts {
        module: part.name.clone(),
        application: world.apps[part.application].name.clone(),
        registered: Some(part.name.clone()),
        callback: SupervisorCallback::Module,
        children: Children::Listed {
            older: list(Age::Older),
            newer: list(Age::Newer),
        },
    }
}
