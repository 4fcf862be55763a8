-module(shop_gate).
-behaviour(gen_statem).

-export([start_link/0, push/0, passed/0]).
-export([callback_mode/0, init/1, locked/3, open/3, code_change/4]).

-record(gate, {passed = 0 :: non_neg_integer(), pushes = 0 :: non_neg_integer()}).

start_link() -> gen_statem:start_link({local, ?MODULE}, ?MODULE, [], []).

push() -> gen_statem:call(?MODULE, push).
passed() -> gen_statem:call(?MODULE, passed).

callback_mode() -> state_functions.

init([]) -> {ok, locked, #gate{}}.

locked({call, From}, push, Gate = #gate{pushes = Pushes}) ->
    {next_state, open, Gate#gate{pushes = Pushes + 1}, [{reply, From, locked}]};
locked({call, From}, passed, #gate{passed = Passed}) ->
    {keep_state_and_data, [{reply, From, Passed}]}.

open({call, From}, push, Gate = #gate{passed = Passed}) ->
    {next_state, locked, Gate#gate{passed = Passed + 1}, [{reply, From, open}]};
open({call, From}, passed, #gate{passed = Passed}) ->
    {keep_state_and_data, [{reply, From, Passed}]}.

code_change(_Vsn, State, Gate, _Extra) -> {ok, State, Gate}.
