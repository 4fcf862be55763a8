%% The supervisor, and the callback module of the application.
-module(shop_sup).
-behaviour(supervisor).
-behaviour(application).
-export([start/2, stop/1, init/1]).

start(_, _) -> supervisor:start_link({local, ?MODULE}, ?MODULE, []).
stop(_) -> ok.
init([]) ->
    {ok, {#{strategy => one_for_one},
          [#{id => shop_server, start => {shop_server, start_link, []}}]}}.
