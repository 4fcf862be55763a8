%% Prepares two releases under a folder, and upgrades a node from one to the other and back.
-module(live).
-export([prepare/2, upgrade/1]).

-define(RELEASES, [{"r1", [{shop, "1"}]}, {"r2", [{shop, "2"}, {bonus, "1"}]}]).

%% Compiles the applications, writes .rel files and boot scripts, prints the versions of OTP.
prepare(Sources, Root) ->
    compile(Sources, Root, "shop-1", [shop_server, shop_sup], []),
    compile(Sources, Root, "shop-2", [shop_server, shop_sup, shop_extra], [{d, second}]),
    compile(Sources, Root, "bonus-1", [bonus], []),
    Own = [begin ok = application:load(A), ok end || A <- [sasl]],
    [ok] = Own,
    Otp = [{A, vsn(A), permanent} || A <- [kernel, stdlib, sasl]],
    Erts = erlang:system_info(version),
    [begin
         Dir = filename:join([Root, "releases", Vsn]),
         Rel = {release, {"live", Vsn}, {erts, Erts}, Otp ++ Apps},
         write(filename:join(Dir, Vsn ++ ".rel"), Rel),
         write(filename:join(Dir, "sys.config"), []),
         Path = [filename:join([Root, "lib", lists:concat([A, "-", V]), "ebin"]) || {A, V} <- Apps],
         {ok, _, _} = systools:make_script(filename:join(Dir, Vsn),
                                           [{path, Path}, {outdir, Dir}, {script_name, "start"}, local, silent])
     end || {Vsn, Apps} <- ?RELEASES],
    write(filename:join(Root, "otp"), {Erts, [{A, V} || {A, V, _} <- Otp]}).

compile(Sources, Root, App, Modules, Options) ->
    Ebin = filename:join([Root, "lib", App, "ebin"]),
    ok = filelib:ensure_dir(filename:join(Ebin, "file")),
    [{ok, M} = compile:file(filename:join(Sources, M), [{outdir, Ebin}, report | Options]) || M <- Modules].

vsn(App) ->
    {ok, Vsn} = application:get_key(App, vsn),
    Vsn.

write(File, Term) ->
    ok = filelib:ensure_dir(File),
    ok = file:write_file(File, io_lib:format("~tp.~n", [Term])).

%% On a node of the first release.
upgrade(Root) ->
    Releases = filename:join(Root, "releases"),
    Lib = filename:join(Root, "lib"),
    Rel = fun(Vsn) -> filename:join([Releases, Vsn, Vsn ++ ".rel"]) end,
    {first, 0} = shop_server:count(),
    {first, 1} = shop_server:count(),
    Server = whereis(shop_server),
    {ok, "r2"} = release_handler:set_unpacked(Rel("r2"), [{shop, "2", Lib}, {bonus, "1", Lib}]),
    {ok, "r1", _} = release_handler:check_install_release("r2"),
    {ok, "r1", _} = release_handler:install_release("r2"),
    {second, 2, extra} = shop_server:count(),
    {second, 3, extra} = shop_server:count(),
    Server = whereis(shop_server),
    true = bonus:given(),
    true = lists:keymember(bonus, 1, application:loaded_applications()),
    {ok, "r1", _} = release_handler:install_release("r1"),
    {first, 4} = shop_server:count(),
    Server = whereis(shop_server),
    false = code:is_loaded(shop_extra),
    false = code:is_loaded(bonus),
    write(filename:join(Root, "done"), both_ways).
