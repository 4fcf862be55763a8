//! Small pairs of releases, drawn from a seed.

/// A generator of numbers that is the same everywhere.
pub(crate) struct Dice(u64);

impl Dice {
    pub(crate) fn new(seed: u64) -> Self {
        Self(seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1)
    }

    /// A number below `sides`.
    pub(crate) fn roll(&mut self, sides: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        usize::try_from(self.0 >> 33).expect("31 bits") % sides
    }

    /// True once in `sides`.
    pub(crate) fn one_in(&mut self, sides: usize) -> bool {
        self.roll(sides) == 0
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum PartKind {
    Callback,
    Supervisor,
    GenServer,
    GenStatem,
    GenEvent,
    Special,
    Library,
}

impl PartKind {
    pub(crate) fn is_process(self) -> bool {
        !matches!(self, Self::Callback | Self::Library)
    }
}

/// How a changed worker is brought to its new code.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Way {
    /// Suspended, loaded, its state changed.
    Advanced,
    /// Suspended, loaded.
    Soft,
    /// Loaded under it.
    Plain,
    /// Stopped, loaded, started.
    Restart,
}

/// A module over both releases.
#[derive(Debug, Clone)]
pub(crate) struct Part {
    pub(crate) name: String,
    pub(crate) application: usize,
    pub(crate) kind: PartKind,
    pub(crate) in_older: bool,
    pub(crate) in_newer: bool,
    pub(crate) code_changed: bool,
    pub(crate) state_changed: bool,
    pub(crate) way: Way,
    /// The argument that `code_change` expects, as Erlang text.
    pub(crate) extra: String,
    /// What its child specification says besides id and start, as Erlang text.
    pub(crate) spec: String,
    /// The start argument in the older and in the newer release.
    pub(crate) arguments: [u32; 2],
    /// The supervisor's module that has it as a child.
    pub(crate) parent: Option<String>,
    pub(crate) calls: Vec<String>,
    /// Of a supervisor: its strategy, and its intensity in each release.
    pub(crate) strategy: &'static str,
    pub(crate) intensity: [u32; 2],
}

#[derive(Debug, Clone)]
pub(crate) struct App {
    pub(crate) name: String,
    pub(crate) in_older: bool,
    pub(crate) in_newer: bool,
    /// The applications that it needs.
    pub(crate) needs: Vec<usize>,
}

/// Two releases.
#[derive(Debug, Clone)]
pub(crate) struct World {
    pub(crate) apps: Vec<App>,
    pub(crate) parts: Vec<Part>,
}

/// Which of the two.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Age {
    Older,
    Newer,
}

impl Age {
    pub(crate) fn other(self) -> Self {
        match self {
            Self::Older => Self::Newer,
            Self::Newer => Self::Older,
        }
    }
}

impl App {
    pub(crate) fn is_in(&self, age: Age) -> bool {
        match age {
            Age::Older => self.in_older,
            Age::Newer => self.in_newer,
        }
    }
}

impl Part {
    pub(crate) fn is_in(&self, age: Age) -> bool {
        match age {
            Age::Older => self.in_older,
            Age::Newer => self.in_newer,
        }
    }

    pub(crate) fn changes(&self) -> bool {
        self.in_older && self.in_newer && self.code_changed
    }

    pub(crate) fn code(&self, age: Age) -> u32 {
        1 + u32::from(age == Age::Newer && self.code_changed)
    }

    pub(crate) fn state(&self, age: Age) -> u32 {
        1 + u32::from(age == Age::Newer && self.state_changed)
    }
}

impl World {
    pub(crate) fn part(&self, name: &str) -> &Part {
        self.parts
            .iter()
            .find(|p| p.name == name)
            .expect("a part of that name")
    }

    pub(crate) fn vsn(&self, app: usize, age: Age) -> &'static str {
        let differs =
            |p: &&Part| p.application == app && (p.code_changed || p.in_older != p.in_newer);
        let changed = self.parts.iter().any(|p| differs(&p));
        if age == Age::Newer && changed {
            "2"
        } else {
            "1"
        }
    }

    /// The children of a supervisor in one of the releases, in the order of their start.
    pub(crate) fn children<'a>(
        &'a self,
        supervisor: &'a str,
        age: Age,
    ) -> impl Iterator<Item = &'a Part> {
        let here = move |p: &&Part| p.is_in(age) && p.parent.as_deref() == Some(supervisor);
        self.parts.iter().filter(here)
    }

    pub(crate) fn drawn(seed: u64) -> Self {
        let mut dice = Dice::new(seed);
        let mut world = Self {
            apps: Vec::new(),
            parts: Vec::new(),
        };
        let count = 2 + dice.roll(2);
        for number in 0..count {
            let fate = if number == 0 { 0 } else { dice.roll(6) };
            let needs = if number > 0 && dice.one_in(2) {
                vec![number - 1]
            } else {
                Vec::new()
            };
            let needs = needs
                .into_iter()
                .filter(|n: &usize| {
                    let needed: &App = &world.apps[*n];
                    let (older, newer) = (fate != 4, fate != 5);
                    (!older || needed.in_older) && (!newer || needed.in_newer)
                })
                .collect();
            world.apps.push(App {
                name: ["ant", "bee", "cow"][number].to_owned(),
                in_older: fate != 4,
                in_newer: fate != 5,
                needs,
            });
            world.fill(number, &mut dice);
        }
        world.settle();
        world
    }

    fn fill(&mut self, app: usize, dice: &mut Dice) {
        let prefix = self.apps[app].name.clone();
        let (older, newer) = (self.apps[app].in_older, self.apps[app].in_newer);
        let both = older && newer;
        let mut libraries: Vec<String> = Vec::new();
        for number in 0..dice.roll(3) {
            let mut part = Part::new(format!("{prefix}_l{number}"), app, PartKind::Library);
            part.code_changed = both && !dice.one_in(3);
            part.calls = libraries
                .iter()
                .filter(|_| dice.one_in(2))
                .cloned()
                .collect();
            let fate = if both { dice.roll(8) } else { 0 };
            part.in_older = older && fate != 6;
            part.in_newer = newer && (fate != 7 || !part.calls.is_empty());
            libraries.push(part.name.clone());
            self.parts.push(part);
        }
        self.parts
            .push(Part::new(format!("{prefix}_app"), app, PartKind::Callback));
        let top = format!("{prefix}_sup");
        self.supervisor(&top, app, None, dice);
        let below = dice.one_in(2).then(|| format!("{prefix}_sub"));
        if let Some(below) = &below {
            self.supervisor(below, app, Some(top.clone()), dice);
        }
        for number in 0..=dice.roll(3) {
            let kinds = [
                PartKind::GenServer,
                PartKind::GenServer,
                PartKind::GenStatem,
                PartKind::GenEvent,
                PartKind::Special,
            ];
            let kind = kinds[dice.roll(kinds.len())];
            let mut part = Part::new(format!("{prefix}_w{number}"), app, kind);
            let parents = [Some(top.clone()), below.clone()];
            part.parent = parents[dice.roll(2)].clone().or_else(|| Some(top.clone()));
            part.code_changed = both && !dice.one_in(3);
            part.state_changed = part.code_changed && dice.one_in(2);
            part.extra = ["[]", "go", "{a, 1}"][dice.roll(3)].to_owned();
            part.calls = libraries
                .iter()
                .filter(|_| dice.one_in(3))
                .cloned()
                .collect();
            let fate = if both && kind != PartKind::GenEvent {
                dice.roll(6)
            } else {
                0
            };
            part.in_older = older && fate != 4;
            part.in_newer = newer && fate != 5;
            if both && fate < 4 && kind != PartKind::GenEvent && dice.one_in(5) {
                part.arguments = [1, 2];
            }
            part.way = match (part.state_changed, kind, dice.roll(4)) {
                (_, PartKind::GenServer | PartKind::GenStatem, 0) if part.calls.is_empty() => {
                    Way::Restart
                }
                (true, _, _) => Way::Advanced,
                (false, PartKind::GenServer | PartKind::GenStatem, 1) if part.calls.is_empty() => {
                    Way::Plain
                }
                (false, _, 2) => Way::Soft,
                (false, _, _) => Way::Advanced,
            };
            self.parts.push(part);
        }
    }

    fn supervisor(&mut self, name: &str, app: usize, parent: Option<String>, dice: &mut Dice) {
        let mut part = Part::new(name.to_owned(), app, PartKind::Supervisor);
        part.parent = parent;
        part.strategy = ["one_for_one", "rest_for_one", "one_for_all"][dice.roll(3)];
        let both = self.apps[app].in_older && self.apps[app].in_newer;
        part.intensity = if both && dice.one_in(5) {
            [3, 5]
        } else {
            [3, 3]
        };
        part.code_changed = both && dice.one_in(4);
        self.parts.push(part);
    }

    /// What follows from what was drawn.
    fn settle(&mut self) {
        for part in &mut self.parts {
            let app = &self.apps[part.application];
            part.in_older &= app.in_older;
            part.in_newer &= app.in_newer;
            part.code_changed &= part.in_older && part.in_newer;
            part.state_changed &= part.code_changed;
        }
        // A module knows the code of what it calls: it changes with it. Callees are listed first.
        for at in 0..self.parts.len() {
            let calls = self.parts[at].calls.clone();
            let changed = calls.iter().any(|callee| self.part(callee).changes());
            let part = &mut self.parts[at];
            part.code_changed |= changed && part.in_older && part.in_newer;
        }
        let world = self.clone();
        for part in &mut self.parts {
            // What it calls is there whenever it is.
            part.calls.retain(|callee| {
                let callee = world.part(callee);
                (!part.in_older || callee.in_older) && (!part.in_newer || callee.in_newer)
            });
            if part.kind == PartKind::Supervisor && part.in_older && part.in_newer {
                let specs = |age| -> Vec<(String, u32)> {
                    let children = world.children(&part.name, age);
                    let argument = |p: &Part| p.arguments[age as usize];
                    children.map(|p| (p.name.clone(), argument(p))).collect()
                };
                let flags_differ = part.intensity[0] != part.intensity[1];
                part.code_changed |= flags_differ || specs(Age::Older) != specs(Age::Newer);
            }
        }
    }
}

impl Part {
    pub(crate) fn new(name: String, application: usize, kind: PartKind) -> Self {
        Self {
            name,
            application,
            kind,
            in_older: true,
            in_newer: true,
            code_changed: false,
            state_changed: false,
            way: Way::Advanced,
            extra: "[]".to_owned(),
            spec: String::new(),
            arguments: [1, 1],
            parent: None,
            calls: Vec::new(),
            strategy: "one_for_one",
            intensity: [3, 3],
        }
    }
}
