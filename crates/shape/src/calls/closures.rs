//! Funs that a process keeps in its state.

use super::{Deed, Kind};
use crate::shape::{Part, Shape, module};
use crate::state::Produced;
use crate::{Behaviour, Code, NoModules, Version};

pub(super) fn in_state(code: &Code) -> Option<Deed> {
    let behaviour = code.behaviours.iter().find_map(|name| match module(name) {
        "GenServer" | "gen_server" => Some(Behaviour::GenServer),
        "gen_statem" => Some(Behaviour::GenStatem),
        "gen_event" => Some(Behaviour::GenEvent),
        _ => None,
    })?;
    let others = &NoModules;
    let produced = Produced::of(Version { code, others }, behaviour).ok()?;
    let place = place(&produced.state, "state")?;
    Some(Deed {
        kind: Kind::ClosureKept,
        function: "init".to_owned(),
        arity: 1,
        line: None,
        call: format!("a fun in the {place}"),
    })
}

fn place(shape: &Shape, path: &str) -> Option<String> {
    shape.parts().iter().find_map(|part| match part {
        Part::Fun(_) => Some(path.to_owned()),
        Part::Tuple(elements) => elements.iter().find_map(|element| place(element, path)),
        Part::List(element) | Part::Boxed(_, element) => place(element, path),
        Part::Map(map) => {
            let mut fields = map.fields.iter();
            let field =
                fields.find_map(|(key, field)| place(&field.value, &format!("{path}'s `{key}`")));
            field.or_else(|| place(&map.rest.as_ref()?.1, path))
        }
        _ => None,
    })
}
