//! What runs on a module.

use shape::Behaviour;

use crate::Module;

/// What runs on a module, as far as its attributes and exports tell.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Role {
    /// A supervisor, whose children its `init/1` names.
    Supervisor,
    /// A process with a state.
    Process(Behaviour),
    /// Nothing of its own: its functions run in the processes of others.
    Plain,
}

/// Behaviours of OTP, Elixir and what is built on them alike, by what they make of a module.
const SUPERVISORS: [&str; 3] = [
    "supervisor",
    "Elixir.Supervisor",
    "Elixir.DynamicSupervisor",
];
const SERVERS: [&str; 5] = [
    "gen_server",
    "Elixir.GenServer",
    "Elixir.GenStage",
    "Elixir.ConsumerSupervisor",
    "supervisor_bridge",
];

/// Tells what runs on a module.
#[must_use]
pub fn role(module: &Module) -> Role {
    let says = |names: &[&str]| {
        module
            .behaviours
            .iter()
            .any(|b| names.contains(&b.as_str()))
    };
    if says(&SUPERVISORS) {
        Role::Supervisor
    } else if says(&SERVERS) {
        Role::Process(Behaviour::GenServer)
    } else if says(&["gen_statem"]) {
        Role::Process(Behaviour::GenStatem)
    } else if says(&["gen_event"]) {
        Role::Process(Behaviour::GenEvent)
    } else if module.exports("system_continue", 3) || says(&["gen_fsm"]) {
        Role::Process(Behaviour::Special)
    } else if starts_agents(module) {
        Role::Process(Behaviour::Agent)
    } else {
        Role::Plain
    }
}

fn starts_agents(module: &Module) -> bool {
    let agent = |(m, f, _): &(String, String, u32)| m == "Elixir.Agent" && f.starts_with("start");
    module.imports.iter().any(agent)
}

/// Whether a change of the module's code can call a `code_change` in it: one is exported, and the
/// behaviour passes it an argument from the appup.
///
/// Where there is none the call ends in `undef`, and the upgrade in a restart of the node. An `Agent`
/// takes the argument for a function to call.
pub(super) fn has_code_change(module: &Module, behaviour: Behaviour) -> bool {
    match behaviour {
        Behaviour::GenServer | Behaviour::GenEvent => module.exports("code_change", 3),
        Behaviour::GenStatem => module.exports("code_change", 4),
        Behaviour::Special => module.exports("system_code_change", 4),
        Behaviour::Agent => false,
    }
}
