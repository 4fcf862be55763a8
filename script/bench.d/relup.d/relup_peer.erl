%% What OTP's own tools do with two releases: reads every module of both with beam_lib and compares
%% them, compares every file, reads .app and appup, makes the relup with systools, and the tar that
%% release_handler unpacks.
%%
%%     erl -noshell -run relup_peer main A B OUT
-module(relup_peer).
-export([main/1]).

main([A, B, Out]) ->
    {T1, Changed} = timer:tc(fun() -> diff(A, B) end),
    {T2, ok} = timer:tc(fun() -> relup(A, B, Out) end),
    {T3, ok} = timer:tc(fun() -> package(B, Out) end),
    io:format("~w changed; read and compare ~w ms, relup ~w ms, tar ~w ms~n",
              [Changed, T1 div 1000, T2 div 1000, T3 div 1000]),
    init:stop().

diff(A, B) ->
    {Old, New} = {read(A), read(B)},
    length([Name || {Name, Facts} <- maps:to_list(New), maps:get(Name, Old, none) =/= Facts]).

read(Root) ->
    Files = filelib:wildcard("**", Root),
    maps:from_list([{key(File), facts(filename:join(Root, File))}
                    || File <- Files, filelib:is_regular(filename:join(Root, File))]).

%% The place of a file without the version of its directory.
key("lib/" ++ Rest) ->
    [Dir | Names] = filename:split(Rest),
    [Name | _] = string:split(Dir, "-"),
    filename:join([Name | Names]);
key(File) -> File.

facts(File) ->
    {ok, Bytes} = file:read_file(File),
    Digest = erlang:md5(Bytes),
    case filename:extension(File) of
        ".beam" ->
            {ok, {_, Md5}} = beam_lib:md5(Bytes),
            {ok, {_, Chunks}} = beam_lib:chunks(Bytes, [exports, imports, attributes]),
            {Digest, Md5, Chunks};
        Extension when Extension =:= ".app"; Extension =:= ".appup"; Extension =:= ".rel" ->
            {ok, Terms} = file:consult(File),
            {Digest, Terms};
        _ -> Digest
    end.

relup(A, B, Out) ->
    Path = [filename:join([Root, "lib", "*", "ebin"]) || Root <- [B, A]],
    [Old] = filelib:wildcard(filename:join([A, "releases", "*", "bench.rel"])),
    [New] = filelib:wildcard(filename:join([B, "releases", "*", "bench.rel"])),
    [OldName, NewName] = [filename:rootname(Rel) || Rel <- [Old, New]],
    {ok, _, _, _} = systools:make_relup(NewName, [OldName], [OldName],
                                        [{path, Path}, {outdir, Out}, silent]),
    ok.

package(B, Out) ->
    [Rel] = filelib:wildcard(filename:join([B, "releases", "*", "bench.rel"])),
    Name = filename:rootname(Rel),
    %% It wants the boot file under the release's name.
    Boot = filename:join(filename:dirname(Rel), "start.boot"),
    {ok, _} = file:copy(Boot, filename:join(Out, "bench.boot")),
    {ok, _} = file:copy(Rel, filename:join(Out, "bench.rel")),
    Path = [filename:join([B, "lib", "*", "ebin"])],
    {ok, _, _} = systools:make_tar(filename:join(Out, "bench"),
                                   [{path, Path}, {outdir, Out}, silent, no_module_tests]),
    _ = Name,
    ok.
