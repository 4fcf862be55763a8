//! Fields of Elixir structs, as debug information has them.

use beam::etf::Term;
use beam::facts::DebugInfo;
use beam::{ChunkId, Limits};

use super::Names;
use crate::Module;

/// The fields of the struct that a module defines; `None` where there is no struct, or it cannot be
/// seen.
pub(super) fn fields(module: &Module) -> Option<Vec<String>> {
    let debug = module.debug.as_deref()?;
    let chunk = |id: ChunkId| (id.0 == *b"Dbgi").then_some(debug);
    let info = DebugInfo::find(chunk, &Limits::RELEASE).ok()??;
    let Term::Map(pairs) = info.elixir_map()? else {
        return None;
    };
    match pairs.get(&Term::atom("struct"))? {
        // Since Elixir 1.14 one map for each field.
        Term::List(fields) => {
            let names = fields.iter().map(|field| match field {
                Term::Map(pairs) => Some(pairs.get(&Term::atom("field"))?.as_atom()?.to_owned()),
                _ => None,
            });
            names.collect()
        }
        // Before, the struct's default itself.
        Term::Map(pairs) => {
            let names = pairs.keys().filter_map(Term::as_atom);
            let own = names.filter(|name| *name != "__struct__");
            Some(own.map(str::to_owned).collect())
        }
        _ => None,
    }
}

/// What differs; a struct that only one of the two shows has all its fields added or removed.
pub(super) fn compare(from: Option<Vec<String>>, to: Option<Vec<String>>) -> Option<Names> {
    if from.is_none() && to.is_none() {
        return None;
    }
    let (from, to) = (from.unwrap_or_default(), to.unwrap_or_default());
    let names = Names::of(
        from.iter().map(String::as_str),
        to.iter().map(String::as_str),
    );
    (!names.is_empty()).then_some(names)
}
