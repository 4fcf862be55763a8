%% coding: utf-8
{application,shop,[{vsn,"1.2"},{description,"grün"},{modules,['Elixir.Shop']},{registered,[]},
  {applications,[kernel,stdlib]},{mod,{'Elixir.Shop',[]}},{env,[{port,16#FfA},{f,1.5e-3},{b,<<"a\x{e9}",1:4,2:4/little>>}]}]}.
