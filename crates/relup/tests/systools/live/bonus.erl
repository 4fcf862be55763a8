%% A library that the second release adds.
-module(bonus).
-export([given/0]).

given() -> true.
