//! Every state that a version of a module can leave.

use std::collections::{BTreeMap, BTreeSet};

use super::start::starters;
use super::{Behaviour, StateChange, Version, returned, stored};
use crate::ast::{FunctionName, Name};
use crate::eval::Evaluator;
use crate::shape::{Key, MapShape, Origin, Part, Shape, Symbol};

/// What a version makes of its state, and what it asks of it.
#[derive(Debug, Clone)]
pub(crate) struct Produced {
    /// For `gen_statem` the pair of state name and data.
    pub(crate) state: Shape,
    /// The callback mode of a `gen_statem`.
    pub(crate) mode: Vec<Name>,
    /// Modules whose functions make a part of the state and were not followed.
    pub(crate) depends: BTreeSet<String>,
    /// What all of its code asks of unknown values, its start included.
    proven: BTreeMap<Symbol, BTreeSet<String>>,
    /// What its callbacks ask of them, once started.
    demands: BTreeMap<Symbol, BTreeSet<String>>,
    misses: BTreeSet<String>,
}

impl Produced {
    /// Follows a version from its start through its callbacks until no new state comes about.
    ///
    /// # Errors
    /// Where no state is seen, with the reason.
    pub(crate) fn of(version: Version<'_>, behaviour: Behaviour) -> Result<Self, String> {
        let mut evaluator = Evaluator::new(version);
        let module = crate::shape::module(&version.code.module).to_owned();
        let functions = &version.code.functions;
        let starters = match behaviour {
            Behaviour::GenServer => starters(functions, &["GenServer", "gen_server", "proc_lib"]),
            Behaviour::GenStatem => starters(functions, &["gen_statem"]),
            Behaviour::GenEvent => starters(functions, &["gen_event"]),
            Behaviour::Agent => starters(functions, &["Agent"]),
            Behaviour::Special => starters(functions, &["proc_lib"]),
        };
        let state = evaluator.settle(Shape::never(), |evaluator, state| {
            let started = start(evaluator, behaviour, &starters);
            let state = evaluator.kept(&state.or(&started));
            let left = step(evaluator, behaviour, &state);
            evaluator.kept(&state.or(&left))
        });
        let Some(state) = state else {
            return Err(format!("the states of {module} do not settle"));
        };
        if state.is_never() {
            return Err(format!(
                "{module} makes no state that is seen: {}",
                origin(behaviour)
            ));
        }
        let mode = match behaviour {
            Behaviour::GenStatem => returned::atoms(&evaluator.enter("callback_mode", Vec::new())),
            _ => Vec::new(),
        };
        let proven = std::mem::take(&mut evaluator.demands);
        evaluator.settle((), |evaluator, ()| {
            step(evaluator, behaviour, &state);
        });
        Ok(Self {
            state,
            mode,
            proven,
            depends: evaluator.depends,
            demands: evaluator.demands,
            misses: evaluator.misses,
        })
    }

    /// What this version asks of a given state that the other did not: of maps that never have it, or
    /// of an unknown value in it.
    pub(crate) fn demands_more_than(&self, other: &Self, given: &Shape) -> Option<StateChange> {
        if let Some(miss) = self.misses.difference(&other.misses).next() {
            let what = format!("the other version demands {miss}, which no state has");
            return Some(StateChange::Changed { what });
        }
        let mut held = BTreeSet::new();
        symbols(given, &mut held);
        for (symbol, demands) in &self.demands {
            // Of what comes in messages, both see the same.
            let kept = symbol.origin == Origin::Stored || comes_of(symbol, &held);
            if symbol.origin == Origin::Outside || !kept {
                continue;
            }
            let known = other.proven.get(symbol);
            let new = demands
                .iter()
                .find(|demand| known.is_none_or(|known| !known.contains(*demand)));
            if let Some(new) = new {
                let what = format!("the other version demands {new} of {}", symbol.text);
                return Some(match symbol.origin {
                    Origin::Start => StateChange::Changed { what },
                    _ => StateChange::Unseen { why: what },
                });
            }
        }
        None
    }
}

/// Whether an unknown value is held in a state, or is a part of one that is.
fn comes_of(symbol: &Symbol, held: &BTreeSet<Symbol>) -> bool {
    let part = |whole: &Symbol| symbol.text.ends_with(&*whole.text);
    held.contains(symbol) || held.iter().any(part)
}

fn symbols(shape: &Shape, held: &mut BTreeSet<Symbol>) {
    for part in shape.parts() {
        match part {
            Part::Opaque(symbol) => {
                held.insert(symbol.clone());
            }
            Part::Tuple(elements) => elements.iter().for_each(|element| symbols(element, held)),
            Part::List(element) | Part::Boxed(_, element) => symbols(element, held),
            Part::Map(map) => {
                held.extend(map.base.iter().cloned());
                map.fields
                    .values()
                    .for_each(|field| symbols(&field.value, held));
                if let Some((key, value)) = &map.rest {
                    symbols(key, held);
                    symbols(value, held);
                }
            }
            _ => {}
        }
    }
}

fn origin(behaviour: Behaviour) -> &'static str {
    match behaviour {
        Behaviour::GenServer | Behaviour::GenEvent => "init/1 does not return it",
        Behaviour::GenStatem => "init/1 or callback_mode/0 do not return it",
        Behaviour::Agent => "it does not start the Agent by itself",
        Behaviour::Special => "sys:handle_system_msg/6 does not get it",
    }
}

/// The states that a process starts with.
fn start(evaluator: &mut Evaluator<'_>, behaviour: Behaviour, starters: &[FunctionName]) -> Shape {
    evaluator.try_starters(starters);
    match behaviour {
        Behaviour::GenServer => {
            for (function, arguments) in evaluator.spawned() {
                evaluator.enter(&function, arguments);
            }
            let argument = evaluator.start_argument();
            let returned = evaluator.enter("init", vec![argument]);
            evaluator.note("init", returned::continued(&returned));
            let entered = evaluator.entered("gen_server");
            returned::at(returned::SERVER_INIT, &returned).or(&entered)
        }
        Behaviour::GenEvent => {
            let argument = evaluator.start_argument();
            let returned = evaluator.enter("init", vec![argument]);
            returned::at(returned::SERVER_INIT, &returned)
        }
        Behaviour::GenStatem => {
            let argument = evaluator.start_argument();
            let returned = evaluator.enter("init", vec![argument]);
            let state = returned::at(returned::STATEM_INIT_STATE, &returned);
            pair(state, returned::at(returned::STATEM_INIT_DATA, &returned))
        }
        Behaviour::Agent => {
            let starts = ["start_link", "start"].iter();
            let starts = starts.flat_map(|name| evaluator.calls("Elixir.Agent", name).cloned());
            let starts: Vec<Vec<Shape>> = starts.collect();
            let mut union = Shape::never();
            for arguments in starts {
                union = union.or(&applied(evaluator, &arguments, &[]));
            }
            union
        }
        Behaviour::Special => {
            for (function, arguments) in evaluator.spawned() {
                evaluator.enter(&function, arguments);
            }
            system_states(evaluator)
        }
    }
}

/// The state of a `gen_statem`: a name and data.
pub(crate) fn pair(name: Shape, data: Shape) -> Shape {
    match name.is_never() || data.is_never() {
        true => Shape::never(),
        false => Shape::map(
            MapShape::default()
                .with(Key::Atom("name".into()), name)
                .with(Key::Atom("data".into()), data),
        ),
    }
}

/// Name and data of the state of a `gen_statem`.
pub(crate) fn name_and_data(pair: &Shape) -> Option<(Shape, Shape)> {
    let [Part::Map(map)] = pair.parts() else {
        return None;
    };
    let get = |key: &str| map.get(&Key::Atom(key.into()));
    Some((get("name")?, get("data")?))
}

fn system_states(evaluator: &Evaluator<'_>) -> Shape {
    let calls = evaluator.calls("sys", "handle_system_msg");
    let states = calls.filter_map(|arguments| arguments.get(5));
    Shape::any(
        &states
            .map(|state| evaluator.kept(state))
            .collect::<Vec<_>>(),
    )
}

/// The states that callbacks leave, given these, with what they keep from outside named by its place
/// meanwhile.
fn step(evaluator: &mut Evaluator<'_>, behaviour: Behaviour, state: &Shape) -> Shape {
    let left = go_on(evaluator, behaviour, &stored::placed(state, "the state"));
    stored::unplaced(&left)
}

/// The states that callbacks leave, given these.
fn go_on(evaluator: &mut Evaluator<'_>, behaviour: Behaviour, state: &Shape) -> Shape {
    if state.is_never() {
        return Shape::never();
    }
    let outside = Shape::outside;
    let mut left = Shape::never();
    match behaviour {
        Behaviour::GenServer => {
            let mut continued = evaluator
                .noted("init")
                .or(&evaluator.noted("handle_continue"));
            for (name, arguments) in [
                ("handle_call", vec![outside(), outside(), state.clone()]),
                ("handle_cast", vec![outside(), state.clone()]),
                ("handle_info", vec![outside(), state.clone()]),
            ] {
                let returned = evaluator.enter(name, arguments);
                left = left.or(&returned::at(returned::SERVER, &returned));
                continued = continued.or(&returned::continued(&returned));
            }
            // What it continues with is its own, not from outside.
            let returned = evaluator.enter("handle_continue", vec![continued, state.clone()]);
            left = left.or(&returned::at(returned::SERVER, &returned));
            evaluator.note("handle_continue", returned::continued(&returned));
            evaluator.enter("terminate", vec![outside(), state.clone()]);
            left.or(&evaluator.entered("gen_server"))
        }
        Behaviour::GenEvent => {
            for name in ["handle_event", "handle_info"] {
                let returned = evaluator.enter(name, vec![outside(), state.clone()]);
                left = left.or(&returned::at(returned::EVENT, &returned));
            }
            let returned = evaluator.enter("handle_call", vec![outside(), state.clone()]);
            evaluator.enter("terminate", vec![outside(), state.clone()]);
            left.or(&returned::at(returned::EVENT_CALL, &returned))
        }
        Behaviour::GenStatem => statem(evaluator, state),
        Behaviour::Agent => agent(evaluator, state),
        Behaviour::Special => {
            let own = vec![Shape::of(Part::Pid), outside(), state.clone()];
            evaluator.enter("system_continue", own);
            system_states(evaluator)
        }
    }
}

fn statem(evaluator: &mut Evaluator<'_>, pairs: &Shape) -> Shape {
    let Some((state, data)) = name_and_data(pairs) else {
        return Shape::limit("states that are no pair of name and data");
    };
    let mode = returned::atoms(&evaluator.enter("callback_mode", Vec::new()));
    let mut returns = Vec::new();
    if mode.iter().any(|mode| &**mode == "state_functions") {
        for part in state.parts() {
            let Part::Atom(name) = part else {
                return Shape::limit("a state of a gen_statem whose function is not known");
            };
            let arguments = vec![Shape::outside(), Shape::outside(), data.clone()];
            returns.push(evaluator.enter(name, arguments));
        }
    } else {
        let arguments = vec![
            Shape::outside(),
            Shape::outside(),
            state.clone(),
            data.clone(),
        ];
        returns.push(evaluator.enter("handle_event", arguments));
    }
    let returned = Shape::any(&returns);
    let next = state.or(&returned::at(returned::STATEM_STATE, &returned));
    let data = data.or(&returned::at(returned::STATEM_DATA, &returned));
    pair(next, data)
}

/// What `fun` or `module, function, arguments` of a call to `Agent` give, before what `given` holds.
fn applied(evaluator: &mut Evaluator<'_>, call: &[Shape], given: &[Shape]) -> Shape {
    match call {
        [module, name, list, ..]
            if module.single_atom().is_some() && name.single_atom().is_some() =>
        {
            let element = evaluator.elements(list);
            let callee = format!("{module}.{name}");
            let mut arguments = given.to_vec();
            arguments.push(element);
            evaluator.unknown(&callee, &arguments)
        }
        [fun, ..] => evaluator.called(fun, given),
        [] => Shape::never(),
    }
}

fn agent(evaluator: &mut Evaluator<'_>, state: &Shape) -> Shape {
    let functions: Vec<FunctionName> = evaluator.version.code.functions.keys().cloned().collect();
    for (name, arity) in &functions {
        let starts = name.starts_with("start") || name.starts_with("child_spec");
        if !starts && !name.starts_with("__") {
            evaluator.enter(name, vec![Shape::outside(); *arity]);
        }
    }
    let mut left = Shape::never();
    for name in ["update", "cast", "get_and_update", "get"] {
        let calls: Vec<Vec<Shape>> = evaluator.calls("Elixir.Agent", name).cloned().collect();
        for arguments in calls {
            let Some((_, call)) = arguments.split_first() else {
                continue;
            };
            let returned = applied(evaluator, call, std::slice::from_ref(state));
            left = left.or(&match name {
                "get" => Shape::never(),
                "get_and_update" => returned::at(&[("", 2, 1)], &returned),
                _ => returned,
            });
        }
    }
    left
}
