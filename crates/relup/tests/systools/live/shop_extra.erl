%% Only in the second version.
-module(shop_extra).
-export([name/0]).

name() -> extra.
