//! Erlang sources of the small modules that releases are made of.
//!
//! Each knows which version of its state it is made for, and tells the oracle when it meets another one,
//! or a callee of another release.

use std::fmt::Write as _;

use crate::world::{Part, PartKind};

/// A module as one of the releases has it.
pub(crate) struct Version<'a> {
    pub(crate) part: &'a Part,
    /// 1 in the older release; 2 in the newer if it changed.
    pub(crate) code: u32,
    /// The version of the state that it is made for.
    pub(crate) state: u32,
    /// What it calls, and the code of that in the same release.
    pub(crate) calls: Vec<(&'a str, u32)>,
    /// What `init/1` of a supervisor answers.
    pub(crate) children: String,
    /// Handlers that an application's callback adds to managers.
    pub(crate) handlers: Vec<&'a str>,
}

pub(crate) fn source(version: &Version<'_>) -> String {
    let part = version.part;
    let module = &part.name;
    let code = version.code;
    let head = format!("-module({module}).\n-export([vsn/0]).\n");
    let body = match part.kind {
        PartKind::Callback => callback(version),
        PartKind::Supervisor => supervisor(version),
        PartKind::GenServer => gen_server(version),
        PartKind::GenStatem => gen_statem(version),
        PartKind::GenEvent => gen_event(version),
        PartKind::Special => special(version),
        PartKind::Library => library(version),
    };
    format!("{head}{body}vsn() -> {code}.\n")
}

/// `tick/1`: the state must be of this code's version, and callees of this code's release.
fn tick(version: &Version<'_>, pattern: &str) -> String {
    let mut calls = String::new();
    for (callee, code) in &version.calls {
        write!(
            calls,
            "case {callee}:vsn() of {code} -> ok; _ -> oracle:note({{mixed, {}, {callee}}}) end,",
            version.part.name
        )
        .expect("text");
    }
    format!(
        "tick({pattern}) -> {calls} ok;\ntick(_) -> oracle:note({{unfit, {}}}).\n",
        version.part.name
    )
}

/// What converts a state: up by one, down by one, if the extra argument is the right one.
fn change(version: &Version<'_>) -> String {
    if !version.part.state_changed || version.code == 1 {
        return "change(_, V, _) -> V.\n".to_owned();
    }
    let extra = &version.part.extra;
    format!("change({{down, _}}, V, {extra}) -> V - 1;\nchange(_, V, {extra}) -> V + 1.\n")
}

fn gen_server(version: &Version<'_>) -> String {
    let (name, state) = (&version.part.name, version.state);
    let (tick, change) = (
        tick(version, &format!("{{st, {state}, _}}")),
        change(version),
    );
    format!(
        "-behaviour(gen_server).
-export([start_link/1, init/1, handle_call/3, handle_cast/2, handle_info/2, code_change/3]).
start_link(A) -> gen_server:start_link({{local, {name}}}, ?MODULE, A, []).
init(A) -> {{ok, {{st, {state}, A}}}}.
handle_call(tick, _, S) -> {{reply, tick(S), S}}.
handle_cast(tick, S) -> tick(S), {{noreply, S}}.
handle_info(_, S) -> {{noreply, S}}.
code_change(Vsn, {{st, V, A}}, Extra) -> {{ok, {{st, change(Vsn, V, Extra), A}}}}.
{tick}{change}"
    )
    .replace("?MODULE", name)
}

fn gen_statem(version: &Version<'_>) -> String {
    let (name, state) = (&version.part.name, version.state);
    let (tick, change) = (
        tick(version, &format!("{{st, {state}, _}}")),
        change(version),
    );
    format!(
        "-behaviour(gen_statem).
-export([start_link/1, init/1, callback_mode/0, handle_event/4, code_change/4]).
start_link(A) -> gen_statem:start_link({{local, {name}}}, ?MODULE, A, []).
init(A) -> {{ok, on, {{st, {state}, A}}}}.
callback_mode() -> handle_event_function.
handle_event({{call, From}}, tick, _, D) -> {{keep_state_and_data, [{{reply, From, tick(D)}}]}};
handle_event(cast, tick, _, D) -> tick(D), keep_state_and_data;
handle_event(_, _, _, _) -> keep_state_and_data.
code_change(Vsn, S, {{st, V, A}}, Extra) -> {{ok, S, {{st, change(Vsn, V, Extra), A}}}}.
{tick}{change}"
    )
    .replace("?MODULE", name)
}

fn gen_event(version: &Version<'_>) -> String {
    let state = version.state;
    let (tick, change) = (tick(version, &format!("{{st, {state}}}")), change(version));
    format!(
        "-behaviour(gen_event).
-export([init/1, handle_call/2, handle_event/2, handle_info/2, code_change/3]).
init(_) -> {{ok, {{st, {state}}}}}.
handle_call(tick, S) -> {{ok, tick(S), S}}.
handle_event(tick, S) -> tick(S), {{ok, S}}.
handle_info(_, S) -> {{ok, S}}.
code_change(Vsn, {{st, V}}, Extra) -> {{ok, {{st, change(Vsn, V, Extra)}}}}.
{tick}{change}"
    )
}

fn special(version: &Version<'_>) -> String {
    let (name, state) = (&version.part.name, version.state);
    let (tick, change) = (
        tick(version, &format!("{{st, {state}, _}}")),
        change(version),
    );
    format!(
        "-export([start_link/1, init/2, system_continue/3, system_terminate/4,
 system_code_change/4, system_get_state/1]).
start_link(A) -> proc_lib:start_link(?MODULE, init, [self(), A]).
init(Parent, A) -> register({name}, self()), proc_lib:init_ack(Parent, {{ok, self()}}),
 loop(Parent, {{st, {state}, A}}).
loop(Parent, S) -> receive
 {{system, From, Req}} -> sys:handle_system_msg(Req, From, Parent, ?MODULE, [], S);
 {{tick, From, Ref}} -> R = tick(S), From ! {{Ref, R}}, loop(Parent, S);
 {{'EXIT', Parent, R}} -> exit(R);
 _ -> loop(Parent, S) end.
system_continue(Parent, _, S) -> loop(Parent, S).
system_terminate(R, _, _, _) -> exit(R).
system_get_state(S) -> {{ok, S}}.
system_code_change({{st, V, A}}, _, Vsn, Extra) -> {{ok, {{st, change(Vsn, V, Extra), A}}}}.
{tick}{change}"
    )
    .replace("?MODULE", name)
}

fn supervisor(version: &Version<'_>) -> String {
    let (name, children) = (&version.part.name, &version.children);
    format!(
        "-behaviour(supervisor).
-export([start_link/0, init/1]).
start_link() -> supervisor:start_link({{local, {name}}}, {name}, []).
init(_) -> {{ok, {children}}}.
"
    )
}

fn callback(version: &Version<'_>) -> String {
    let top = version.part.name.replace("_app", "_sup");
    let handlers: Vec<String> = version
        .handlers
        .iter()
        .map(|h| format!("ok = gen_event:add_handler({h}_manager, {h}, []),"))
        .collect();
    format!(
        "-behaviour(application).
-export([start/2, stop/1]).
start(_, _) -> {{ok, P}} = {top}:start_link(), {} {{ok, P}}.
stop(_) -> ok.
",
        handlers.join(" ")
    )
}

/// A library may be called by older code than its own, not by newer.
fn library(version: &Version<'_>) -> String {
    let mut checks = String::new();
    for (callee, code) in &version.calls {
        write!(
            checks,
            "case {callee}:vsn() >= {code} of true -> ok; false -> throw({{mixed, {callee}}}) end,"
        )
        .expect("text");
    }
    format!("-export([probe/0]).\nprobe() -> {checks} fine.\n")
}
