%% Makes two releases of about 60 applications and 3,000 modules, 1.0.0 and 1.1.0, in the layout of a
%% release: DIR/a, DIR/b, and unstripped beams of what was compiled here in DIR/debug/a, DIR/debug/b.
%%
%%     erl -noshell -run relup_releases main DIR
-module(relup_releases).
-export([main/1]).

-define(OTP, [kernel, stdlib, sasl, compiler, crypto, asn1, public_key, ssl, inets, xmerl,
              syntax_tools, runtime_tools, parsetools, eunit, tools]).
-define(ELIXIR, [elixir, logger, eex, iex]).
-define(APPLICATIONS, 60).
-define(MODULES, 3000).
%% Of the applications made here so many have another version, so many modules of each other code.
-define(BUMPED, 6).
-define(CHANGED, 10).

main([Dir]) ->
    %% The process that runs this ignores the end of others.
    {_, Ref} = spawn_monitor(fun() -> make(Dir) end),
    receive {'DOWN', Ref, process, _, normal} -> halt(0); {'DOWN', Ref, process, _, Why} -> io:format(standard_error, "~p~n", [Why]), halt(1) end.

make(Dir) ->
    Otp = [installed(code:lib_dir(App)) || App <- ?OTP],
    Elixir = [installed(filename:join([elixir_dir(), App])) || App <- ?ELIXIR],
    Ready = Otp ++ Elixir,
    Made = ?APPLICATIONS - length(Ready),
    Left = ?MODULES - lists:sum([length(beams(Source)) || {_, _, Source} <- Ready]),
    Each = Left div Made,
    [make(Dir, Side, Vsn, Ready, Made, Each) || {Side, Vsn} <- [{"a", "1.0.0"}, {"b", "1.1.0"}]].

elixir_dir() ->
    Real = string:trim(os:cmd("readlink -f \"$(command -v elixir)\"")),
    filename:join([filename:dirname(filename:dirname(Real)), "lib"]).

installed(Source) ->
    [App] = filelib:wildcard(filename:join([Source, "ebin", "*.app"])),
    {ok, [{application, Name, Keys}]} = file:consult(App),
    {Name, proplists:get_value(vsn, Keys), Source}.

beams(Source) -> filelib:wildcard(filename:join([Source, "ebin", "*.beam"])).

make(Dir, Side, ReleaseVsn, Ready, Made, Each) ->
    Root = filename:join(Dir, Side),
    [begin
         Ebin = filename:join([Root, "lib", lists:concat([Name, "-", Vsn]), "ebin"]),
         copy_ready(Source, Ebin)
     end || {Name, Vsn, Source} <- Ready],
    Own = pmap(fun(Number) -> application(Dir, Side, Number, Each) end, lists:seq(1, Made)),
    Apps = [{Name, Vsn} || {Name, Vsn, _} <- Ready] ++ Own,
    release(Root, ReleaseVsn, Apps).

copy_ready(Source, Ebin) ->
    ok = filelib:ensure_path(Ebin),
    Files = filelib:wildcard(filename:join([Source, "ebin", "*"])),
    [{ok, _} = file:copy(File, filename:join(Ebin, filename:basename(File))) || File <- Files],
    {ok, _} = beam_lib:strip_files(filelib:wildcard(filename:join(Ebin, "*.beam")), ["Attr"]),
    ok.

application(Dir, Side, Number, Each) ->
    Name = list_to_atom(lists:flatten(io_lib:format("part_~2..0w", [Number]))),
    Newer = Side =:= "b" andalso Number =< ?BUMPED,
    Vsn = case Newer of true -> "1.1.0"; false -> "1.0.0" end,
    Lib = filename:join([Dir, Side, "lib", lists:concat([Name, "-", Vsn])]),
    Ebin = filename:join(Lib, "ebin"),
    Debug = filename:join([Dir, "debug", Side]),
    Priv = filename:join([Lib, "priv", "static"]),
    [ok = filelib:ensure_path(Path) || Path <- [Ebin, Debug, Priv]],
    Count = case Newer of true -> Each + 1; false -> Each end,
    Numbers = lists:seq(1, Count - 2),
    Servers = [module(Name, N) || N <- Numbers, is_server(N), N =< Each - 2],
    Sources = [{module(Name, N), source(Name, N, Newer andalso N =< ?CHANGED)} || N <- Numbers]
        ++ [{suffixed(Name, "_app"), callback(Name)}, {suffixed(Name, "_sup"), supervisor(Name, Servers)}],
    Older = filename:join([Dir, "debug", "a"]),
    [reused(Older, Module, Ebin, Debug) orelse compiled(Module, Source, Ebin, Debug)
     || {Module, Source} <- Sources],
    {ok, _} = beam_lib:strip_files(filelib:wildcard(filename:join(Ebin, "*.beam")), ["Attr"]),
    App = {application, Name, [
        {description, "a part of the benchmark"}, {vsn, Vsn},
        {modules, [Module || {Module, _} <- Sources]}, {registered, Servers},
        {applications, [kernel, stdlib]}, {mod, {suffixed(Name, "_app"), []}}]},
    write(filename:join(Ebin, lists:concat([Name, ".app"])), App),
    Newer andalso write(filename:join(Ebin, lists:concat([Name, ".appup"])), appup(Name, Each)),
    [file:write_file(filename:join(Priv, lists:concat(["asset_", N, ".txt"])), asset(Number, N))
     || N <- lists:seq(1, 4)],
    {Name, Vsn}.

appup(Name, Each) ->
    Changes = [case is_server(N) of
                   true -> {update, module(Name, N), {advanced, []}};
                   false -> {load_module, module(Name, N)}
               end || N <- lists:seq(1, ?CHANGED)],
    New = module(Name, Each - 1),
    {"1.1.0", [{"1.0.0", Changes ++ [{add_module, New}]}],
              [{"1.0.0", Changes ++ [{delete_module, New}]}]}.

is_server(N) -> N rem 5 =:= 0.
module(Name, N) -> list_to_atom(lists:flatten(io_lib:format("~s_module_~3..0w", [Name, N]))).
suffixed(Name, Suffix) -> list_to_atom(atom_to_list(Name) ++ Suffix).

%% A module of the newer release that is the same in the older one is compiled once.
reused(Older, Module, Ebin, Debug) ->
    File = atom_to_list(Module) ++ ".beam",
    case Older =/= Debug andalso not is_other(Module) andalso file:read_file(filename:join(Older, File)) of
        {ok, Beam} ->
            ok = file:write_file(filename:join(Debug, File), Beam),
            ok = file:write_file(filename:join(Ebin, File), Beam),
            true;
        _ -> false
    end.

is_other(Module) ->
    case re:run(atom_to_list(Module), "^part_([0-9]+)_module_([0-9]+)$", [{capture, all_but_first, list}]) of
        {match, [Number, N]} -> list_to_integer(Number) =< ?BUMPED andalso list_to_integer(N) =< ?CHANGED;
        nomatch -> false
    end.

compiled(Module, Source, Ebin, Debug) ->
    {ok, Tokens, _} = erl_scan:string(lists:flatten(Source)),
    Forms = [begin {ok, Form} = erl_parse:parse_form(T), Form end || T <- split(Tokens, [], [])],
    {ok, Module, Beam} = compile:forms(Forms, [debug_info, deterministic]),
    File = atom_to_list(Module) ++ ".beam",
    ok = file:write_file(filename:join(Debug, File), Beam),
    ok = file:write_file(filename:join(Ebin, File), Beam).

split([], [], Forms) -> lists:reverse(Forms);
split([{dot, _} = Dot | Rest], Form, Forms) -> split(Rest, [], [lists:reverse([Dot | Form]) | Forms]);
split([Token | Rest], Form, Forms) -> split(Rest, [Token | Form], Forms).

source(Name, N, Changed) ->
    Seed = erlang:phash2({Name, N}),
    Extra = case Changed of true -> "changed"; false -> "original" end,
    Functions = lists:seq(1, 3 + Seed rem 5),
    Exports = lists:join(",", [io_lib:format("f~w/2", [F]) || F <- Functions]),
    ["-module(", atom_to_list(module(Name, N)), "). -export([", Exports, ", kind/0]). ",
     case is_server(N) of true -> server(Name, N); false -> "" end,
     "kind() -> ", Extra, ". ",
     [function(Seed, F) || F <- Functions]].

function(Seed, F) ->
    K = erlang:phash2({Seed, F}, 100000),
    io_lib:format(
      "f~w(A, B) when is_integer(A), A > ~w -> "
      "  case lists:keyfind(A, 1, B) of "
      "    {_, #{value := V, name := <<\"name_~w\">>} = M} when V > ~w -> "
      "      {ok, M#{value => V + ~w, seen => [A | maps:get(seen, M, [])]}}; "
      "    {_, Other} -> {error, {unexpected_~w, Other}}; "
      "    false -> {error, {not_found, \"nothing of the number ~w\", [X || {X, _} <- B, X < ~w]}} "
      "  end; "
      "f~w(A, B) when is_binary(A) -> "
      "  try binary:split(A, <<\",\">>, [global]) of "
      "    [X, Y | Rest] -> lists:foldl(fun(E, Acc) -> Acc#{E => byte_size(E) + ~w} end, "
      "                      #{first => X, second => Y, all => B}, Rest); "
      "    Single -> {single_~w, Single} "
      "  catch error:badarg -> {error, bad_~w} end; "
      "f~w(A, _) -> {ignored, A, [{key_~w, ~w}, {text, \"a constant of ~w\"}]}. ",
      [F, K, K, K rem 97, K rem 89, K rem 501, K, K, F, K rem 77, K rem 301, K rem 201, F,
       K rem 401, K, K]).

server(Name, N) ->
    Module = atom_to_list(module(Name, N)),
    ["-behaviour(gen_server). ",
     "-export([start_link/0, init/1, handle_call/3, handle_cast/2, code_change/3]). ",
     "-record(state, {count = 0, seen = []}). ",
     "start_link() -> gen_server:start_link({local, ", Module, "}, ", Module, ", [], []). ",
     "init(_) -> {ok, #state{}}. ",
     "handle_call(get, _From, State) -> {reply, State#state.count, State}. ",
     "handle_cast(_, #state{count = Count} = State) -> {noreply, State#state{count = Count + 1}}. ",
     "code_change(_Vsn, State, _Extra) -> {ok, State}. "].

callback(Name) ->
    App = atom_to_list(Name),
    ["-module(", App, "_app). -behaviour(application). -export([start/2, stop/1]). ",
     "start(_, _) -> ", App, "_sup:start_link(). stop(_) -> ok. "].

supervisor(Name, Servers) ->
    App = atom_to_list(Name),
    Children = lists:join(", ", [
        io_lib:format("#{id => ~w, start => {~w, start_link, []}, modules => [~w]}", [S, S, S])
        || S <- Servers]),
    ["-module(", App, "_sup). -behaviour(supervisor). -export([start_link/0, init/1]). ",
     "start_link() -> supervisor:start_link({local, ", App, "_sup}, ", App, "_sup, []). ",
     "init(_) -> {ok, {#{strategy => one_for_one}, [", Children, "]}}. "].

%% Text that compresses as text does.
asset(Number, N) ->
    Words = [<<"alpha ">>, <<"beta ">>, <<"gamma\n">>, <<"delta ">>, <<"epsilon; ">>, <<"zeta ">>],
    [[lists:nth(1 + erlang:phash2({Number, N, I}, 6), Words), integer_to_list(erlang:phash2({N, I}, 999))]
     || I <- lists:seq(1, 2000)].

release(Root, Vsn, Apps) ->
    Dir = filename:join([Root, "releases", Vsn]),
    ok = filelib:ensure_path(Dir),
    Erts = erlang:system_info(version),
    Rel = filename:join(Dir, "bench"),
    write(Rel ++ ".rel", {release, {"bench", Vsn}, {erts, Erts}, Apps}),
    Path = filelib:wildcard(filename:join([Root, "lib", "*", "ebin"])),
    ok = systools:make_script(Rel, [{path, Path}, {outdir, Dir}, no_module_tests, silent_warnings()]),
    ok = file:rename(Rel ++ ".boot", filename:join(Dir, "start.boot")),
    ok = file:rename(Rel ++ ".script", filename:join(Dir, "start.script")),
    write(filename:join(Dir, "sys.config"), [{part_01, [{vsn, Vsn}]}]),
    ok = file:write_file(filename:join(Dir, "vm.args"), "-sname bench\n"),
    Start = filename:join([Root, "releases", "start_erl.data"]),
    ok = file:write_file(Start, [Erts, " ", Vsn, "\n"]),
    Bin = filename:join([Root, "bin", "bench"]),
    ok = filelib:ensure_dir(Bin),
    ok = file:write_file(Bin, "#!/bin/sh\nexec erl -boot \"$1\"\n").

silent_warnings() -> no_warn_sasl.

write(File, Term) ->
    ok = file:write_file(File, io_lib:format("%% coding: utf-8~n~tp.~n", [Term])).

pmap(Fun, List) ->
    Self = self(),
    Refs = [begin
                Ref = make_ref(),
                spawn_link(fun() -> Self ! {Ref, Fun(X)} end),
                Ref
            end || X <- List],
    [receive {Ref, Result} -> Result end || Ref <- Refs].
