%% One look at the node. Bound are Budget (ms), ProcessesMax and ScanMax (processes), LargestMax
%% (mailboxes), ChildrenMax (of one supervisor), QueuedMax (its messages), HeapMax (its words) and Own
%% (applications not walked).
Began = erlang:monotonic_time(millisecond),
Left = fun() -> max(0, Budget - (erlang:monotonic_time(millisecond) - Began)) end,
Queue = fun() -> erlang:statistics(total_run_queue_lengths) end,
First = Queue(),

%% Library functions do the loops over many processes: here they would be interpreted.
Named = lists:filter(fun erlang:is_pid/1, lists:map(fun erlang:whereis/1, lists:sublist(registered(), ScanMax))),
Processes = erlang:system_info(process_count),
Oldest = case Processes =< ProcessesMax of
    true -> lists:sublist(erlang:processes(), ScanMax);
    false -> []
end,
Seen = lists:usort(Oldest ++ Named),
Keys = lists:duplicate(length(Seen), message_queue_len),
Lengths = lists:zip(lists:zipwith(fun erlang:process_info/2, Seen, Keys), Seen),
Largest = lists:sublist(lists:reverse(lists:sort(Lengths)), LargestMax),
Mailboxes = [
    {Pid, Length, erlang:process_info(Pid, [registered_name, current_function])}
 || {{message_queue_len, Length}, Pid} <- Largest, Length > 0
],
Second = Queue(),

Applications =
    try application:which_applications(max(1, Left() div 2)) catch exit:_ -> busy end,

%% application:get_supervisor/1 is there from OTP 26 on; before, it does not exist under that name.
Root = fun(Application) ->
    case erlang:function_exported(application, get_supervisor, 1) of
        true ->
            case application:get_supervisor(Application) of
                {ok, Pid} -> Pid;
                undefined -> none
            end;
        false ->
            case application_controller:get_master(Application) of
                Master when is_pid(Master) -> element(1, application_master:get_child(Master));
                undefined -> none
            end
    end
end,

%% Only a process that began as a supervisor is asked for its children: another could crash. One that
%% does not get through its messages is not given more of them.
Kind = fun(Pid) ->
    case erlang:process_info(Pid, [message_queue_len, total_heap_size]) of
        undefined -> gone;
        [{_, Queued}, _] when Queued > QueuedMax -> silent;
        [_, {_, Heap}] when Heap > HeapMax -> large;
        _ ->
            Dictionary =
                case erlang:process_info(Pid, dictionary) of
                    {_, Known} -> Known;
                    undefined -> []
                end,
            case lists:keyfind('$initial_call', 1, Dictionary) of
                {_, {supervisor, _, _}} -> supervisor;
                {_, {'Elixir.DynamicSupervisor', _, _}} -> supervisor;
                _ -> unknown
            end
    end
end,

Identity = fun(Id) ->
    case erlang:external_size(Id) > 256 of
        true -> {large, erlang:phash2(Id)};
        false -> Id
    end
end,

%% Rows of {Supervisor, Id, Child} and {Supervisor, Reason} for what is not looked into.
Walk = fun Walk(Supervisor, Depth) ->
    case Kind(Supervisor) of
        supervisor when Depth > 0 ->
            try gen_server:call(Supervisor, which_children, max(1, min(500, Left()))) of
                Children ->
                    Known = [Child || Child <- lists:sublist(Children, ChildrenMax), element(1, Child) =/= undefined],
                    Many = [{Supervisor, many} || length(Children) > ChildrenMax],
                    Many ++ lists:append([
                        [{Supervisor, Identity(Id), Child} |
                            case is_pid(Child) andalso Type =:= supervisor of
                                true -> Walk(Child, Depth - 1);
                                false -> []
                            end]
                     || {Id, Child, Type, _} <- Known
                    ])
            catch
                exit:_ -> [{Supervisor, silent}]
            end;
        supervisor -> [{Supervisor, many}];
        Reason -> [{Supervisor, Reason}]
    end
end,

%% A process of its own walks, since an application that is being stopped may hold it up; what it has
%% found until the time is over counts.
Looker = self(),
Round = make_ref(),
Names = case Applications of
    busy -> [];
    _ -> [Name || {Name, _, _} <- Applications, not lists:member(Name, Own)]
end,
Walker = spawn_link(fun() ->
    lists:foreach(
        fun(Name) ->
            Tree =
                try Root(Name) of
                    none -> none;
                    Top -> {Top, Walk(Top, 20)}
                catch
                    _:_ -> gone
                end,
            Looker ! {Round, Name, Tree}
        end,
        Names
    )
end),
Gather = fun
    Gather([], Trees) -> Trees;
    Gather([Name | Rest], Trees) ->
        receive
            {Round, Name, Tree} -> Gather(Rest, [{Name, Tree} | Trees])
        after Left() -> Gather(Rest, [{Name, silent} | Trees])
        end
end,
Trees = Gather(Names, []),
unlink(Walker),
exit(Walker, kill),

{Booted, _} = init:get_status(),
#{
    otp => erlang:system_info(otp_release),
    os_pid => os:getpid(),
    booted => Booted =:= started,
    uptime => erlang:convert_time_unit(erlang:monotonic_time() - erlang:system_info(start_time), native, millisecond),
    schedulers => erlang:system_info(schedulers_online),
    run_queue => lists:min([First, Second, Queue()]),
    memory => erlang:memory(),
    processes => {Processes, erlang:system_info(process_limit)},
    ports => {erlang:system_info(port_count), erlang:system_info(port_limit)},
    atoms => {erlang:system_info(atom_count), erlang:system_info(atom_limit)},
    applications => case Applications of busy -> busy; _ -> [{Name, Vsn} || {Name, _, Vsn} <- Applications] end,
    mailboxes => Mailboxes,
    seen => length(Seen),
    trees => Trees
}.
