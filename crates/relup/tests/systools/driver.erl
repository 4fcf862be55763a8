%% Answers questions to OTP from a file of terms, one answer a line; started by the tests.
-module(driver).
-export([main/2]).

main(Questions, Answers) ->
    {ok, Terms} = file:consult(Questions),
    {ok, Out} = file:open(Answers, [write, {encoding, utf8}]),
    %% The releases have all their applications on a path of their own.
    Modules = [systools, systools_relup, systools_rc, systools_make, systools_lib, digraph,
               digraph_utils, release_handler_1, erl_scan, erl_parse, epp],
    [{module, M} = code:ensure_loaded(M) || M <- Modules],
    true = code:set_path([filename:dirname(code:which(M)) || M <- [systools, lists, code]]),
    [io:format(Out, "~0tp.~n", [answer(T)]) || T <- Terms],
    ok = file:close(Out).

answer({relup, Top, Bases, Path}) ->
    Options = [{path, Path}, noexec, silent],
    case systools:make_relup(Top, Bases, Bases, Options) of
        {ok, Relup, _, Warnings} -> {ok, Relup, [tag(W) || W <- Warnings]};
        {error, _, Error} -> {error, tag(Error), lists:flatten(io_lib:format("~tp", [Error]))}
    end;
answer({version, Vsn, Pattern}) ->
    case catch systools_relup:appup_search_for_version(Vsn, [{Pattern, yes}]) of
        {ok, yes} -> true;
        error -> false;
        {'EXIT', _} -> error
    end;
answer({consult, File}) ->
    file:consult(File);
answer({check, Script, LibDirs}) ->
    case release_handler_1:check_script(Script, LibDirs) of
        {ok, _} -> ok;
        Other -> Other
    end.

tag([Error | _]) -> tag(Error);
tag({modules, [Error | _]}) -> tag(Error);
tag({Tag, _}) when is_atom(Tag) -> Tag;
tag(Tag) when is_atom(Tag) -> Tag;
tag(Tuple) when is_tuple(Tuple), is_atom(element(1, Tuple)) -> element(1, Tuple);
tag(_) -> other.
