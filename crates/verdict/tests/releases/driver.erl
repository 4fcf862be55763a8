%% Drives an upgrade on a node of the shop from within, under load, and tells what it saw.
%%
%% Started from vm.args of the release, so it runs in the very node that is upgraded. What it sees goes to
%% a file as one term; the test judges it.
-module(driver).
-export([main/0]).

-record(load, {answers = 0, errors = []}).

main() ->
    spawn(fun() ->
        Seen = try drive() catch C:R:S -> #{failed => {C, R, S}} end,
        ok = file:write_file(os:getenv("SHOP_OUT"), io_lib:format("~tp.~n", [plain(Seen)])),
        erlang:halt(0)
    end).

%% Terms as file:consult reads them: no processes, no references.
plain(Map) when is_map(Map) -> maps:map(fun(_, V) -> plain(V) end, Map);
plain(Text = [C | _]) when is_integer(C) -> unicode:characters_to_binary(Text);
plain(List) when is_list(List) -> try [plain(E) || E <- List] catch _:_ -> List end;
plain(Tuple) when is_tuple(Tuple) -> list_to_tuple([plain(E) || E <- tuple_to_list(Tuple)]);
plain(Other) when is_pid(Other); is_port(Other); is_reference(Other); is_function(Other) ->
    list_to_binary(io_lib:format("~w", [Other]));
plain(Other) -> Other.

drive() ->
    Old = os:getenv("SHOP_OLD"),
    New = os:getenv("SHOP_NEW"),
    wait_for(shop, 1000),
    Bumps = 5,
    [_ = 'Elixir.Shop.Counter':bump() || _ <- lists:seq(1, Bumps)],
    6 = 'Elixir.Shop.Cart':add(6),
    locked = shop_gate:push(),
    First = look(),
    RelFile = filename:join([code:root_dir(), "releases", New, "shop.rel"]),
    {ok, New} = release_handler:set_unpacked(RelFile, []),
    Up = install(New, First),
    Down = install(Old, maps:get(after_, Up)),
    #{first => First, up => Up, down => Down}.

wait_for(App, Left) ->
    case lists:keymember(App, 1, application:which_applications()) of
        true -> ok;
        false when Left > 0 -> receive after 10 -> wait_for(App, Left - 1) end
    end.

install(Vsn, Before) ->
    Count = 'Elixir.Shop.Counter':value(),
    Total = 'Elixir.Shop.Cart':total(),
    Workers = [spawn_monitor(fun() -> load(Call, #load{}) end) || Call <- calls()],
    receive after 20 -> ok end,
    Result = release_handler:install_release(Vsn),
    case Result of
        {ok, _, _} -> ok;
        _ -> exit({not_installed, Result})
    end,
    receive after 20 -> ok end,
    Loads = [stop(Worker) || Worker <- Workers],
    Bumped = hd(Loads),
    #{result => Result,
      after_ => look(),
      lost => [Name || {Name, Pid} <- maps:to_list(maps:get(processes, Before)),
                       not is_process_alive(Pid)],
      answers => lists:sum([Load#load.answers || Load <- Loads]),
      errors => lists:append([Load#load.errors || Load <- Loads]),
      counted => {Count, Bumped#load.answers, 'Elixir.Shop.Counter':value()},
      total => {Total, 'Elixir.Shop.Cart':total()}}.

calls() ->
    [fun() -> 'Elixir.Shop.Counter':bump() end,
     fun() -> 'Elixir.Shop.Cart':total() end,
     fun() -> shop_gate:passed() end,
     fun() -> 'Elixir.Shop.Counter':label() end,
     fun() -> 'Elixir.Shop.Text':price(3) end].

load(Call, Load) ->
    receive
        stop -> exit({done, Load})
    after 0 ->
        Next = try Call() of
            _ -> Load#load{answers = Load#load.answers + 1}
        catch
            Class:Reason -> Load#load{errors = [{Class, Reason} | Load#load.errors]}
        end,
        erlang:yield(),
        load(Call, Next)
    end.

stop({Pid, Ref}) ->
    Pid ! stop,
    receive {'DOWN', Ref, process, Pid, {done, Load}} -> Load end.

%% What there is now: every process that release_handler knows of the shop's applications, and modules
%% that are not what lies at the head of the code path.
look() ->
    Procs = lists:usort(supervised('Elixir.Shop.Supervisor') ++ supervised('Elixir.Stock.Supervisor')),
    Modules = [M || App <- [shop, stock], M <- modules(App)],
    Protocols = [list_to_atom(filename:basename(F, ".beam")) ||
                    F <- filelib:wildcard(filename:join(consolidated(), "*.beam"))],
    #{processes => maps:from_list(Procs),
      silent => [Name || {Name, Pid} <- Procs, not answers(Pid)],
      stale => [M || M <- Modules -- Protocols, stale(M, application_of(M))],
      protocols => [M || M <- Protocols, stale(M, consolidated())],
      left => [M || {M, File} <- code:all_loaded(), is_list(File), is_left(M, File, Modules)],
      on_old_code => [{Name, M} || {Name, Pid} <- Procs, M <- Modules,
                                   erlang:check_process_code(Pid, M)],
      head => hd(code:get_path()) =:= consolidated(),
      paths => length([P || P <- code:get_path(), lists:suffix("/consolidated", P)]),
      shown => shown()}.

shown() ->
    {ok, Tokens, _} = erl_scan:string(os:getenv("SHOP_SHOWS") ++ "."),
    {ok, Expressions} = erl_parse:parse_exprs(Tokens),
    {value, Value, _} = erl_eval:exprs(Expressions, erl_eval:new_bindings()),
    lists:flatten(io_lib:format("~0tp", [Value])).

supervised(Supervisor) ->
    lists:append([[{Id, Pid} | below(Kind, Pid)] ||
                     {Id, Pid, Kind, _} <- supervisor:which_children(Supervisor)]).

below(supervisor, Pid) when is_pid(Pid) -> supervised(Pid);
below(_, _) -> [].

answers(Pid) ->
    is_pid(Pid) andalso try sys:get_state(Pid, 2000) of _ -> true catch _:_ -> false end.

modules(App) ->
    application:load(App),
    [list_to_atom(filename:basename(F, ".beam")) ||
        F <- filelib:wildcard(filename:join([code:lib_dir(App), "ebin", "*.beam"]))].

application_of(Module) ->
    [Dir] = [D || App <- [shop, stock], D <- [filename:join(code:lib_dir(App), "ebin")],
                  filelib:is_file(file(D, Module))],
    Dir.

stale(Module, Dir) ->
    {ok, {Module, Md5}} = beam_lib:md5(file(Dir, Module)),
    not erlang:module_loaded(Module) orelse Module:module_info(md5) =/= Md5.

%% A module of ours that is loaded though no application has it any more.
is_left(Module, File, Modules) ->
    (string:find(File, "/shop-") =/= nomatch orelse string:find(File, "/stock-") =/= nomatch)
        andalso not lists:member(Module, Modules).

file(Dir, Module) -> filename:join(Dir, atom_to_list(Module) ++ ".beam").

consolidated() ->
    Lib = filename:dirname(code:lib_dir(elixir)),
    filename:join([Lib, "..", "releases", current(), "consolidated"]).

current() ->
    Releases = release_handler:which_releases(),
    case [Vsn || {_, Vsn, _, current} <- Releases] of
        [Vsn] -> Vsn;
        [] -> hd([Vsn || {_, Vsn, _, permanent} <- Releases])
    end.
