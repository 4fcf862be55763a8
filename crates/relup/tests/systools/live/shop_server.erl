%% A counter; in its second version the state is a map.
-module(shop_server).
-behaviour(gen_server).
-export([start_link/0, count/0, init/1, handle_call/3, handle_cast/2, code_change/3]).

-ifdef(second).
-vsn("second").
init([]) -> {ok, #{count => 0}}.
handle_call(count, _From, #{count := N} = S) -> {reply, {second, N, shop_extra:name()}, S#{count := N + 1}}.
code_change({down, "first"}, #{count := N}, extra) -> {ok, N};
code_change("first", N, extra) when is_integer(N) -> {ok, #{count => N}}.
-else.
-vsn("first").
init([]) -> {ok, 0}.
handle_call(count, _From, N) -> {reply, {first, N}, N + 1}.
code_change(_, S, _) -> {ok, S}.
-endif.

start_link() -> gen_server:start_link({local, ?MODULE}, ?MODULE, [], []).
count() -> gen_server:call(?MODULE, count).
handle_cast(_, S) -> {noreply, S}.
