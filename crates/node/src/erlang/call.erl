%% Runs in the process that the node starts for a call. Work, Bytes (the most that the result may take),
%% Caller and Tag are bound. What the function prints goes where the node's own output goes.
case whereis(user) of
    undefined -> true;
    User -> group_leader(User, self())
end,
Answer =
    try
        case Work of
            {apply, Module, Function, Arguments} ->
                {ok, apply(Module, Function, Arguments)};
            {eval, Text, Bound} ->
                {ok, Tokens, _} = erl_scan:string(Text),
                {ok, Expressions} = erl_parse:parse_exprs(Tokens),
                {ok, element(2, erl_eval:exprs(Expressions, Bound, none))}
        end
    catch
        Class:Reason:Stack ->
            Place =
                case [{M, F, A} || {M, F, A, _} <- Stack, M =/= erl_eval] of
                    [{M, F, A} | _] when is_list(A) -> {M, F, length(A)};
                    [At | _] -> At;
                    [] -> none
                end,
            {Class, Reason, Place}
    end,
Size = erlang:external_size(Answer),
Caller ! {Tag, case Size =< Bytes of true -> Answer; false -> {too_large, Size} end}.
