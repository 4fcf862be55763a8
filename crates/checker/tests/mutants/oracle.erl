%% A live node as the judge of upgrade scripts.
%%
%% Reads commands as terms from standard input and answers each with one term on a line:
%%   {build, Dir, [{App, Vsn, Keys, [{Module, Source}]}]}
%%   {run, Role, From, To, Watch, Script}
%% Role is good or mutant: a mutant is compared with the good script run before it.
%% From and To are [{App, Vsn, Dir, Keys, Modules}], in the order of their start.
-module(oracle).
-export([start/0, main/0, tick/0, note/1]).

%% Milliseconds. Long, so that a slow machine is not taken for harm.
-define(LIMIT, 4000).
-define(SUSPEND, 2000).
-define(ANSWER, 2000).

start() -> spawn(?MODULE, main, []).

main() ->
    process_flag(trap_exit, true),
    logger:set_primary_config(level, none),
    error_logger:tty(false),
    ets:new(oracle, [named_table, public, bag]),
    loop().

loop() ->
    case io:read('') of
        {ok, Command} ->
            io:format("~w.~n", [printable(catch command(Command))]),
            loop();
        _ ->
            halt(0)
    end.

command({build, Dir, Apps}) ->
    {built, lists:flatmap(fun(App) -> build(Dir, App) end, Apps)};
command({run, Role, From, To, Watch, Script}) ->
    ets:delete_all_objects(oracle),
    reset(From, To),
    ets:insert(oracle, {watch, Watch}),
    Seen = run(From, To, Watch, Script),
    case Role of
        good -> put(good, Seen), {good, Seen};
        mutant -> compare(get(good), Seen)
    end.

build(Dir, {App, Vsn, Keys, Modules}) ->
    Ebin = filename:join([Dir, atom_to_list(App) ++ "-" ++ Vsn, "ebin"]),
    ok = filelib:ensure_path(Ebin),
    Names = [M || {M, _} <- Modules],
    All = [{vsn, Vsn}, {modules, Names} | Keys],
    ok = file:write_file(
           filename:join(Ebin, atom_to_list(App) ++ ".app"),
           io_lib:format("~p.~n", [{application, App, All}])),
    [begin
         File = filename:join(Ebin, atom_to_list(M) ++ ".beam"),
         {ok, M, Beam} = compile:forms(forms(Source), [deterministic]),
         ok = file:write_file(File, Beam),
         {ok, {M, [{imports, Imports}, {exports, Exports}]}} =
             beam_lib:chunks(Beam, [imports, exports]),
         {ok, {M, Md5}} = beam_lib:md5(Beam),
         {App, M, Md5, Imports, Exports}
     end || {M, Source} <- Modules].

forms(Source) ->
    {ok, Tokens, _} = erl_scan:string(Source),
    forms(Tokens, []).

forms([], Forms) -> lists:reverse(Forms);
forms(Tokens, Forms) ->
    {Form, [Dot | Rest]} = lists:splitwith(fun(T) -> element(1, T) =/= dot end, Tokens),
    {ok, Parsed} = erl_parse:parse_form(Form ++ [Dot]),
    forms(Rest, [Parsed | Forms]).

%% The node as it was booted on From: whatever the script before left is gone.
reset(From, To) ->
    Apps = lists:usort([element(1, A) || A <- From ++ To]),
    Masters = [P || A <- Apps, P <- [application_controller:get_master(A)], is_pid(P)],
    Doomed = [P || P <- processes(), {group_leader, L} <- [process_info(P, group_leader)],
                   lists:member(L, Masters)],
    kill(Doomed ++ Masters),
    _ = application_controller:which_applications(),
    [until_stopped(A) || A <- Apps],
    [application:unload(A) || A <- Apps],
    Modules = lists:usort(lists:flatmap(fun(A) -> element(5, A) end, From ++ To)),
    [begin code:purge(M), code:delete(M), code:purge(M) end || M <- Modules],
    [code:del_path(filename:join(element(3, A), "ebin")) || A <- From ++ To],
    [begin
         Ebin = filename:join(Dir, "ebin"),
         true = code:add_patha(Ebin),
         [{module, M} = code:load_abs(filename:join(Ebin, atom_to_list(M))) || M <- Ms]
     end || {_, _, Dir, _, Ms} <- From],
    [ok = application:start(A, temporary) || {A, _, _, _, _} <- From],
    ok.

kill(Pids) ->
    Refs = [{monitor(process, P), exit(P, kill)} || P <- Pids],
    [receive {'DOWN', Ref, _, _, _} -> ok end || {Ref, _} <- Refs].

until_stopped(App) ->
    case lists:keymember(App, 1, application:which_applications()) of
        true -> application:stop(App);
        false -> ok
    end.

run(From, To, Watch, Script) ->
    LibDirs = [{A, V, D} || {A, V, D, _, _} <- To],
    NewLibs = [{A, V, D} || {A, V, D, _, _} <- To,
                            {B, W, _, _, _} <- From, A =:= B, V =/= W],
    Specs = [{application, A, [{vsn, V}, {modules, Ms} | Keys]} || {A, V, _, Keys, Ms} <- To],
    Modules = lists:usort(lists:flatmap(fun(A) -> element(5, A) end, From ++ To)),
    Names = [Name || {_, Name, _} <- Watch],
    Apps = lists:usort([element(1, A) || A <- From ++ To]),
    Pids = [{N, whereis(N)} || N <- Names],
    See = fun() -> see(Apps, Modules, Watch, Pids) end,
    Before = See(),
    _ = bounded(fun() -> release_handler_1:check_script(Script, LibDirs) end),
    Checked = See() =:= Before,
    application_controller:change_application_data(Specs, []),
    Result = bounded(fun() ->
        release_handler_1:eval_script(instrument(Script, []), [], LibDirs, NewLibs,
                                      [{suspend_timeout, ?SUSPEND}])
    end),
    case Result of
        {ok, Unpurged} -> [code:purge(M) || {M, brutal_purge} <- Unpurged];
        _ -> ok
    end,
    _ = bounded(fun tick/0),
    [{checked_without_trace, Checked}, {result, class(Result)} | See()]
        ++ [{notes, lists:usort([N || {note, N} <- ets:tab2list(oracle)])}].

class({ok, _}) -> ok;
class(Other) -> {failed, Other}.

%% After each instruction behind the point of no return everything that runs is asked to work.
instrument([point_of_no_return | Rest], Done) ->
    lists:reverse(Done) ++ [point_of_no_return | lists:flatmap(fun ticked/1, Rest)];
instrument([I | Rest], Done) -> instrument(Rest, [I | Done]);
instrument([], Done) -> lists:reverse(Done).

ticked(Instruction) -> [Instruction, {apply, {?MODULE, tick, []}}].

bounded(Fun) ->
    {Pid, Ref} = spawn_monitor(fun() -> exit({done, catch Fun()}) end),
    receive
        {'DOWN', Ref, _, _, {done, Result}} -> Result;
        {'DOWN', Ref, _, _, Reason} -> {died, Reason}
    after ?LIMIT ->
        exit(Pid, kill),
        receive {'DOWN', Ref, _, _, _} -> hangs end
    end.

note(What) -> ets:insert(oracle, {note, What}), ok.

tick() ->
    [{watch, Watch}] = ets:lookup(oracle, watch),
    lists:foreach(fun(W) -> tick(W) end, Watch).

tick({probe, Module, _}) ->
    case erlang:function_exported(Module, probe, 0) of
        true ->
            case catch Module:probe() of
                fine -> ok;
                {mixed, Callee} -> note({mixed, Module, Callee});
                _ -> note({fails, Module})
            end;
        false -> ok
    end;
tick({supervisor, _, _}) -> ok;
tick({Kind, Name, Module}) ->
    case whereis(Name) of
        undefined -> ok;
        Pid ->
            case status(Pid) of
                running ->
                    case catch ask(Kind, Pid, Module) of
                        ok -> ok;
                        _ -> note({no_answer, Name})
                    end;
                suspended -> send(Kind, Pid, Module);
                gone -> ok
            end
    end.

status(Pid) ->
    case catch sys:get_status(Pid, ?ANSWER) of
        {status, _, _, [_, State | _]} -> State;
        _ -> gone
    end.

ask(gen_server, Pid, _) -> gen_server:call(Pid, tick, ?ANSWER);
ask(gen_statem, Pid, _) -> gen_statem:call(Pid, tick, ?ANSWER);
ask(gen_event, Pid, M) -> gen_event:call(Pid, M, tick, ?ANSWER);
ask(special, Pid, _) ->
    Ref = monitor(process, Pid),
    Pid ! {tick, self(), Ref},
    receive {Ref, Answer} -> demonitor(Ref, [flush]), Answer;
            {'DOWN', Ref, _, _, _} -> gone
    after ?ANSWER -> silent end.

send(gen_server, Pid, _) -> gen_server:cast(Pid, tick);
send(gen_statem, Pid, _) -> gen_statem:cast(Pid, tick);
send(gen_event, Pid, _) -> gen_event:notify(Pid, tick);
send(special, Pid, _) -> Pid ! {tick, self(), make_ref()}.

see(Apps, Modules, Watch, Pids) ->
    [{modules, [{M, digest(M)} || M <- Modules]},
     {running, [{A, V} || {A, _, V} <- lists:sort(application:which_applications()),
                          lists:member(A, Apps)]},
     {loaded, lists:sort([A || {A, _, _} <- application:loaded_applications(),
                               lists:member(A, Apps)])},
     {paths, [{A, code:lib_dir(A)} || A <- Apps]},
     {processes, [{Name, life(W, Pids)} || {_, Name, _} = W <- Watch]}].

digest(M) ->
    case code:is_loaded(M) of
        false -> none;
        _ -> M:module_info(md5)
    end.

life({probe, _, _}, _) -> none;
life({Kind, Name, Module}, Pids) ->
    case whereis(Name) of
        undefined -> dead;
        Pid ->
            Same = {Name, Pid} =:= lists:keyfind(Name, 1, Pids),
            Old = erlang:check_process_code(Pid, Module),
            {Same, Old, status(Pid), state(Kind, Pid)}
    end.

state(supervisor, Pid) ->
    case catch sys:get_state(Pid, ?ANSWER) of
        State when element(1, State) =:= state ->
            {Ids, Children} = element(4, State),
            {[element(N, State) || N <- [3, 6, 7]],
             [{Id, child(maps:get(Id, Children))} || Id <- Ids]};
        _ -> none
    end;
state(_, Pid) -> catch sys:get_state(Pid, ?ANSWER).

child(Child) ->
    [child, Pid | Rest] = tuple_to_list(Child),
    {is_pid(Pid), Rest}.

compare(Good, Good) -> same;
compare(Good, Seen) ->
    {differs, [{K, first(V, W)} || {{K, V}, {K, W}} <- lists:zip(Good, Seen), V =/= W]}.

first(V, W) when is_list(V), is_list(W) ->
    {V -- W, W -- V};
first(V, W) -> {V, W}.

%% What cannot be read back as a term is told in words.
printable({'EXIT', _} = Failure) -> {crashed, lists:flatten(io_lib:format("~p", [Failure]))};
printable({good, Seen}) -> {good, flat(Seen)};
printable({differs, What}) -> {differs, flat(What)};
printable(Other) -> Other.

flat(Term) -> lists:flatten(io_lib:format("~0p", [Term])).
