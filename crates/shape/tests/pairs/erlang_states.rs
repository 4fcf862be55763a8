//! States of processes written in Erlang.

use shape::Behaviour::{self, GenEvent, GenServer, GenStatem, Special};

use crate::compile::Expect::{Changed, Same, Unseen};
use crate::compile::{Expect, Language, Pair, check_states};

const fn pair(
    name: &'static str,
    behaviour: Behaviour,
    old: &'static str,
    new: &'static str,
    up: Expect,
    down: Expect,
) -> Pair {
    Pair {
        name,
        behaviour,
        old,
        new,
        up,
        down,
    }
}

const RECORD: &str = "
-export([init/1, handle_call/3]).
-record(st, {a = 0, b = []}).
init(_) -> {ok, #st{}}.
handle_call(X, _, #st{a = A} = S) -> {reply, A, S#st{a = A + 1, b = [X | S#st.b]}}.
";

fn pairs() -> Vec<Pair> {
    vec![
        pair(
            "a fix with a record",
            GenServer,
            RECORD,
            "
-export([init/1, handle_call/3]).
-record(st, {a = 0, b = []}).
init([]) -> {ok, #st{}};
init(_) -> {ok, #st{a = 1}}.
handle_call(X, _, S = #st{}) ->
    A = S#st.a,
    B = lists:reverse([X | S#st.b]),
    {reply, A, S#st{b = B, a = A + 2}}.
",
            Same,
            Same,
        ),
        pair(
            "a field more",
            GenServer,
            RECORD,
            "
-export([init/1, handle_call/3]).
-record(st, {a = 0, b = [], c}).
init(_) -> {ok, #st{}}.
handle_call(X, _, #st{a = A} = S) -> {reply, A, S#st{a = A + 1, b = [X | S#st.b]}}.
",
            Changed("field `c` is new"),
            Changed("field `c` is gone"),
        ),
        pair(
            "fields in another order",
            GenServer,
            "
-export([init/1, handle_call/3]).
-record(st, {low = 0, high = 0}).
init(_) -> {ok, #st{}}.
handle_call(_, _, S) -> {reply, S#st.low, S}.
",
            "
-export([init/1, handle_call/3]).
-record(st, {high = 0, low = 0}).
init(_) -> {ok, #st{}}.
handle_call(_, _, S) -> {reply, S#st.low, S}.
",
            Changed("`high` stands where `low` stood"),
            Changed("`low` stands where `high` stood"),
        ),
        pair(
            "a record with another tag",
            GenServer,
            RECORD,
            "
-export([init/1, handle_call/3]).
-record(state, {a = 0, b = []}).
init(_) -> {ok, #state{}}.
handle_call(X, _, #state{a = A} = S) -> {reply, A, S#state{a = A + 1, b = [X | S#state.b]}}.
",
            Changed("tagged `st`"),
            Changed("tagged `state`"),
        ),
        pair(
            "a bare tuple with one more",
            GenServer,
            "
-export([init/1, handle_cast/2]).
init(_) -> {ok, {1, <<>>}}.
handle_cast(_, {N, B}) -> {noreply, {N + 1, B}}.
",
            "
-export([init/1, handle_cast/2]).
init(_) -> {ok, {1, <<>>, []}}.
handle_cast(_, {N, B, L}) -> {noreply, {N + 1, B, L}}.
",
            Changed("a tuple of 2"),
            Changed("a tuple of 3"),
        ),
        pair(
            "maps and folds",
            GenServer,
            "
-export([init/1, handle_cast/2]).
init(_) -> {ok, #{n => 0, l => []}}.
handle_cast({all, Xs}, S) ->
    {noreply, lists:foldl(fun(X, #{n := N} = A) when is_integer(X) -> A#{n := N + X} end, S, Xs)}.
",
            "
-export([init/1, handle_cast/2]).
init(_) -> {ok, #{n => 0, l => []}}.
handle_cast({all, Xs}, S) -> {noreply, all(Xs, S)}.
all([], S) -> S;
all([X | Xs], S = #{n := N}) when is_integer(X) -> all(Xs, S#{n => N + X}).
",
            Same,
            Same,
        ),
        pair(
            "a key by a free update",
            GenServer,
            "
-export([init/1, handle_cast/2]).
init(_) -> {ok, #{n => 0}}.
handle_cast(_, S) -> {noreply, S#{n := 1}}.
",
            "
-export([init/1, handle_cast/2]).
init(_) -> {ok, #{n => 0}}.
handle_cast(_, S) -> {noreply, S#{m => 1}}.
",
            Changed("`m`"),
            Changed("`m`"),
        ),
        pair(
            "state functions of a gen_statem",
            GenStatem,
            "
-export([init/1, callback_mode/0, off/3, on/3]).
callback_mode() -> state_functions.
init(_) -> {ok, off, 0}.
off(cast, flip, N) -> {next_state, on, N + 1}.
on(cast, flip, N) -> {next_state, off, N}.
",
            "
-export([init/1, callback_mode/0, off/3, on/3]).
callback_mode() -> [state_functions, state_enter].
init(_) -> {ok, off, 0}.
off(enter, _, _) -> keep_state_and_data;
off(cast, flip, N) -> {next_state, on, N + 2}.
on(enter, _, _) -> keep_state_and_data;
on(cast, flip, N) -> {next_state, off, N, []}.
",
            Changed("callback mode"),
            Changed("callback mode"),
        ),
        pair(
            "a state more in a gen_statem",
            GenStatem,
            "
-export([init/1, callback_mode/0, off/3, on/3]).
callback_mode() -> state_functions.
init(_) -> {ok, off, 0}.
off(cast, flip, N) -> {next_state, on, N + 1}.
on(cast, flip, N) -> {next_state, off, N}.
",
            "
-export([init/1, callback_mode/0, off/3, on/3, broken/3]).
callback_mode() -> state_functions.
init(_) -> {ok, off, 0}.
off(cast, flip, N) -> {next_state, on, N + 1};
off(cast, smash, N) -> {next_state, broken, N}.
on(cast, flip, N) -> {next_state, off, N}.
broken(_, _, N) -> {keep_state, N}.
",
            Same,
            Changed("`broken`"),
        ),
        pair(
            "a handler of gen_event",
            GenEvent,
            "
-export([init/1, handle_event/2, handle_call/2]).
init(_) -> {ok, {0, []}}.
handle_event(E, {N, L}) -> {ok, {N + 1, [E | L]}}.
handle_call(get, {N, _} = S) -> {ok, N, S}.
",
            "
-export([init/1, handle_event/2, handle_call/2]).
init(_) -> {ok, #{n => 0, l => []}}.
handle_event(E, #{l := L} = S) -> {ok, S#{l := [E | L]}}.
handle_call(get, #{n := N} = S) -> {ok, N, S}.
",
            Changed("a tuple of 2"),
            Changed("a map with"),
        ),
        pair(
            "a special process",
            Special,
            "
-export([start_link/0, init/2, system_continue/3, system_terminate/4, system_code_change/4]).
start_link() -> proc_lib:start_link(?MODULE, init, [self(), 5]).
init(Parent, N) -> proc_lib:init_ack(Parent, {ok, self()}), loop(Parent, sys:debug_options([]), {st, N}).
loop(Parent, Deb, {st, N} = S) ->
    receive
        {system, From, Req} -> sys:handle_system_msg(Req, From, Parent, ?MODULE, Deb, S);
        _ -> loop(Parent, Deb, {st, N + 1})
    end.
system_continue(Parent, Deb, S) -> loop(Parent, Deb, S).
system_terminate(R, _, _, _) -> exit(R).
system_code_change(S, _, _, _) -> {ok, S}.
",
            "
-export([start_link/0, init/2, system_continue/3, system_terminate/4, system_code_change/4]).
start_link() -> proc_lib:start_link(?MODULE, init, [self(), 5]).
init(Parent, N) -> proc_lib:init_ack(Parent, {ok, self()}), loop(Parent, sys:debug_options([]), {st, N}).
loop(Parent, Deb, {st, N} = S) ->
    receive
        {system, From, Req} -> sys:handle_system_msg(Req, From, Parent, ?MODULE, Deb, S);
        stop -> exit(normal);
        _ -> loop(Parent, Deb, {st, N + 2})
    end.
system_continue(Parent, Deb, S) -> loop(Parent, Deb, S).
system_terminate(R, _, _, _) -> exit(R).
system_code_change(S, _, _, _) -> {ok, S}.
",
            Same,
            Same,
        ),
        pair(
            "a special process with more state",
            Special,
            "
-export([start_link/0, init/2, system_continue/3]).
start_link() -> proc_lib:start_link(?MODULE, init, [self(), 5]).
init(Parent, N) -> loop(Parent, [], {st, N}).
loop(Parent, Deb, S) ->
    receive {system, From, Req} -> sys:handle_system_msg(Req, From, Parent, ?MODULE, Deb, S) end.
system_continue(Parent, Deb, S) -> loop(Parent, Deb, S).
",
            "
-export([start_link/0, init/2, system_continue/3]).
start_link() -> proc_lib:start_link(?MODULE, init, [self(), 5]).
init(Parent, N) -> loop(Parent, [], {st, N, []}).
loop(Parent, Deb, S) ->
    receive {system, From, Req} -> sys:handle_system_msg(Req, From, Parent, ?MODULE, Deb, S) end.
system_continue(Parent, Deb, S) -> loop(Parent, Deb, S).
",
            Changed("a tuple of 2"),
            Changed("a tuple of 3"),
        ),
        pair(
            "a callback that an unknown module answers",
            GenServer,
            "
-export([init/1, handle_call/3]).
init(A) -> far_away:init(A).
handle_call(X, F, S) -> far_away:handle(X, F, S).
",
            "
-export([init/1, handle_call/3]).
init(A) -> far_away:init(A).
handle_call(X, F, S) -> near_by:handle(X, F, S).
",
            Unseen("far_away.handle("),
            Unseen("near_by.handle("),
        ),
    ]
}

#[test]
fn states_of_erlang() {
    check_states(Language::Erlang, &pairs());
}
