//! Functions of which only the kind of what they return is told.

use crate::shape::{Key, MapShape, Origin, Part, Shape};

/// Modules of Elixir by their first part, sorted.
pub(super) const ELIXIR: [&str; 56] = [
    "Access",
    "Agent",
    "Application",
    "Atom",
    "Base",
    "Bitwise",
    "Calendar",
    "Code",
    "Collectable",
    "Config",
    "Date",
    "DateTime",
    "DynamicSupervisor",
    "EEx",
    "Enum",
    "Enumerable",
    "Exception",
    "File",
    "Float",
    "Function",
    "GenEvent",
    "GenServer",
    "IEx",
    "IO",
    "Inspect",
    "Integer",
    "JSON",
    "Kernel",
    "Keyword",
    "List",
    "Logger",
    "Macro",
    "Map",
    "MapSet",
    "Module",
    "NaiveDateTime",
    "Node",
    "OptionParser",
    "PartitionSupervisor",
    "Path",
    "Port",
    "Process",
    "Protocol",
    "Range",
    "Record",
    "Regex",
    "Registry",
    "Stream",
    "String",
    "StringIO",
    "Supervisor",
    "System",
    "Task",
    "Time",
    "Tuple",
    "URI",
];

/// Modules of Erlang, sorted.
pub(super) const ERLANG: [&str; 75] = [
    "application",
    "array",
    "atomics",
    "base64",
    "beam_lib",
    "binary",
    "calendar",
    "code",
    "counters",
    "crypto",
    "dets",
    "dict",
    "digraph",
    "disk_log",
    "erl_scan",
    "erlang",
    "erpc",
    "error_logger",
    "erts_debug",
    "ets",
    "file",
    "filelib",
    "filename",
    "gb_sets",
    "gb_trees",
    "gen",
    "gen_event",
    "gen_sctp",
    "gen_server",
    "gen_statem",
    "gen_tcp",
    "gen_udp",
    "global",
    "httpc",
    "inet",
    "inets",
    "init",
    "io",
    "io_lib",
    "lists",
    "logger",
    "maps",
    "math",
    "mnesia",
    "net_adm",
    "net_kernel",
    "orddict",
    "ordsets",
    "os",
    "persistent_term",
    "pg",
    "proc_lib",
    "proplists",
    "public_key",
    "queue",
    "rand",
    "random",
    "re",
    "rpc",
    "seq_trace",
    "sets",
    "socket",
    "sofs",
    "ssh",
    "ssl",
    "string",
    "supervisor",
    "sys",
    "timer",
    "unicode",
    "uri_string",
    "win32reg",
    "xref",
    "zip",
    "zlib",
];

pub(super) fn of(module: &str, name: &str, arguments: &[Shape]) -> Option<Shape> {
    let of = |part| Some(Shape::of(part));
    let atom = |name: &str| Some(Shape::atom(name));
    match (module, name) {
        ("Process", "send_after") | ("Process" | "erlang", "monitor") => of(Part::Reference),
        ("Process", "cancel_timer" | "read_timer") => {
            Some(Shape::of(Part::Int).or(&Shape::atom("false")))
        }
        ("Process", "alive?") => Some(Shape::boolean()),
        ("Process", "flag") => Some(Shape::of(Part::AnyAtom)),
        ("Process", "demonitor" | "link" | "unlink" | "register" | "exit") => atom("true"),
        ("Process", "sleep") | ("Logger" | "logger", _) => atom("ok"),
        ("Process", "send") => atom("ok"),
        ("Process", "whereis") => Some(
            Shape::of(Part::Pid)
                .or(&Shape::of(Part::Port))
                .or(&Shape::nil()),
        ),
        ("System" | "os" | "erlang", "system_time" | "monotonic_time" | "os_time") => of(Part::Int),
        ("System", "unique_integer" | "schedulers" | "schedulers_online") => of(Part::Int),
        ("System", "get_env") if arguments.len() == 1 => {
            Some(Shape::of(Part::Binary).or(&Shape::nil()))
        }
        ("System", "fetch_env!") => of(Part::Binary),
        ("os", "timestamp") => Some(Shape::tuple(vec![Shape::of(Part::Int); 3])),
        ("rand", "uniform") if arguments.is_empty() => of(Part::Float),
        ("rand", "uniform") | ("random", "uniform") => of(Part::Int),
        ("rand", "uniform_real" | "normal") | ("math", _) => of(Part::Float),
        ("crypto", "strong_rand_bytes" | "hash" | "mac") => of(Part::Binary),
        ("timer", "seconds" | "minutes" | "hours") => of(Part::Int),
        (
            "String",
            "upcase" | "downcase" | "trim" | "trim_leading" | "trim_trailing" | "replace" | "slice"
            | "capitalize" | "reverse" | "pad_leading" | "pad_trailing" | "duplicate"
            | "replace_prefix" | "replace_suffix" | "replace_leading" | "replace_trailing",
        ) => of(Part::Binary),
        ("String.Chars" | "List.Chars", "to_string") | ("Inspect.Algebra", _) => of(Part::Binary),
        ("String", "length" | "to_integer" | "jaro_distance")
        | ("Integer", "floor_div" | "mod" | "pow") => of(Part::Int),
        ("String", "to_float") | ("Float", "round" | "ceil" | "floor") => of(Part::Float),
        ("String", "to_atom" | "to_existing_atom") => of(Part::AnyAtom),
        ("String", "split" | "graphemes" | "codepoints") => {
            Some(Shape::list(Shape::of(Part::Binary)))
        }
        ("String", text) if text.ends_with('?') => Some(Shape::boolean()),
        ("Base" | "base64", encoder) if encoder.starts_with("encode") => of(Part::Binary),
        ("Integer", "to_string") | ("Atom", "to_string") | ("Float", "to_string") => {
            of(Part::Binary)
        }
        (
            "Path",
            "join" | "expand" | "basename" | "dirname" | "rootname" | "extname" | "absname",
        ) => of(Part::Binary),
        ("File", exists) if exists.ends_with('?') => Some(Shape::boolean()),
        ("ets", "insert" | "delete" | "delete_all_objects" | "insert_new") => {
            Some(Shape::boolean())
        }
        ("ets", "info" | "update_counter" | "select_delete") if name != "info" => of(Part::Int),
        ("ets", "new") => Some(Shape::opaque(Origin::Call, "an ETS table")),
        ("IO", "puts" | "write") | ("io", "format") => atom("ok"),
        ("GenServer" | "gen_server", "cast" | "reply") | ("gen_statem", "cast" | "reply") => {
            atom("ok")
        }
        ("persistent_term" | "application", "put" | "set_env") | ("Application", "put_env") => {
            atom("ok")
        }
        (
            "DateTime" | "NaiveDateTime" | "Date" | "Time",
            "utc_now" | "utc_today" | "add" | "truncate",
        ) => Some(structure(module)),
        ("DateTime" | "NaiveDateTime" | "Date" | "Time", "diff" | "to_unix") => of(Part::Int),
        ("DateTime" | "NaiveDateTime" | "Date" | "Time", "to_iso8601" | "to_string") => {
            of(Part::Binary)
        }
        ("DateTime", "from_unix!") => Some(structure(module)),
        _ => None,
    }
}

/// A struct of Elixir's own, whose fields are those of the running Elixir.
fn structure(module: &str) -> Shape {
    let tag = Shape::atom(format!("Elixir.{module}"));
    let map = MapShape::default().with(Key::Atom("__struct__".into()), tag);
    let inside = Shape::opaque(Origin::Call, format!("a field of a {module}"));
    Shape::map(map.with_rest(&Shape::of(Part::AnyAtom), &inside))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_lists_of_modules_are_sorted() {
        assert!(ELIXIR.is_sorted());
        assert!(ERLANG.is_sorted());
    }
}
