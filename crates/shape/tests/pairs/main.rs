//! Real modules, compiled in two versions by Erlang's and Elixir's own compilers, with what must be said
//! of each pair.

mod calls;
mod compile;
mod elixir_parts;
mod elixir_states;
mod erlang_states;
mod migrations;
mod supervision;
mod treacherous;
