//! Which functions do what outlives a change of code.

use crate::shape::module;

pub(super) fn writes_environment(of: &str, name: &str) -> bool {
    match module(of) {
        "Application" => matches!(name, "put_env" | "put_all_env" | "delete_env"),
        "application" => matches!(name, "set_env" | "unset_env"),
        "persistent_term" => matches!(name, "put" | "erase"),
        _ => false,
    }
}

/// How many arguments name the key.
pub(super) fn looks_up_environment(of: &str, name: &str) -> Option<usize> {
    match (module(of), name) {
        ("Application", "get_env" | "fetch_env" | "fetch_env!") | ("application", "get_env") => {
            Some(2)
        }
        ("persistent_term", "get") => Some(1),
        _ => None,
    }
}

pub(super) fn same_environment(one: &str, other: &str) -> bool {
    (one == "persistent_term") == (other == "persistent_term")
}

/// A function that starts a process of `proc_lib` for its caller is what a supervisor calls.
pub(super) fn starts_process(of: &str, name: &str, within: &str) -> bool {
    match module(of) {
        "erlang" | "Process" | "Kernel" => name.starts_with("spawn"),
        "proc_lib" => {
            name.starts_with("spawn") || name.starts_with("start") && !within.starts_with("start")
        }
        "Task" => matches!(name, "start" | "start_link" | "async" | "async_stream"),
        _ => false,
    }
}

pub(super) fn loads_native(of: &str, name: &str) -> bool {
    of == "erlang" && name == "load_nif"
}

pub(super) fn opens_port(of: &str, name: &str) -> bool {
    match module(of) {
        "erlang" => name == "open_port",
        "Port" => name == "open",
        "erl_ddll" => name.starts_with("load") || name == "try_load",
        _ => false,
    }
}

/// Functions of generic servers that hand a term to another process.
const SENDS: [&str; 9] = [
    "call",
    "cast",
    "multi_call",
    "abcast",
    "notify",
    "sync_notify",
    "send_request",
    "swap_handler",
    "reply",
];

/// Functions that keep what they are given beyond the call, or give it to another process that does.
///
/// `Agent.start_link` is none: it calls its fun once and forgets it. A supervisor that starts an `Agent`
/// keeps the fun, to start it again.
pub(super) fn keeps_closures(of: &str, name: &str) -> bool {
    match module(of) {
        "telemetry" => name.starts_with("attach"),
        "ets" => name.starts_with("insert"),
        "dets" | "mnesia" => name.starts_with("insert") || name.starts_with("write"),
        "persistent_term" => name == "put",
        "Application" | "application" => matches!(name, "put_env" | "set_env"),
        "timer" => name.starts_with("apply"),
        "Supervisor" | "DynamicSupervisor" | "supervisor" => {
            matches!(name, "start_link" | "start_child" | "init" | "child_spec")
        }
        // A message reaches a process that may keep it.
        "erlang" | "Process" => {
            matches!(name, "!" | "start_timer" | "put") || name.starts_with("send")
        }
        "GenServer" | "GenStage" | "gen_server" | "gen_statem" | "gen_event" => {
            matches!(
                name,
                "start" | "start_link" | "start_monitor" | "add_handler" | "add_sup_handler"
            ) || SENDS.contains(&name)
        }
        "Phoenix.PubSub" => name.contains("broadcast"),
        "logger" => name.starts_with("add_") || name.starts_with("set_"),
        "Registry" => matches!(name, "register" | "update_value" | "put_meta"),
        _ => false,
    }
}
