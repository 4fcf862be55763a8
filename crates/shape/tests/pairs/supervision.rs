//! Children of supervisors.

use shape::supervision::{self, Child, Difference, Form};

use crate::compile::{Compiled, Language, compile, version};

/// The differences in words.
fn said(compiled: &Compiled, name: &str) -> String {
    let (old, new) = (version(&compiled.old, name), version(&compiled.new, name));
    match supervision::compare(old, new) {
        Err(unseen) => format!("unseen: {}", unseen.why),
        Ok(differences) => {
            let word = |difference: &Difference| match difference {
                Difference::Added { child, after } => {
                    format!(
                        "added {} after {}",
                        child.id,
                        after.as_deref().unwrap_or("none")
                    )
                }
                Difference::Removed { child } => format!("removed {}", child.id),
                Difference::Changed { old, new } => {
                    format!("changed {}: {} to {}", old.id, brief(old), brief(new))
                }
                Difference::Reordered => "reordered".to_owned(),
                Difference::Flags { old, new } => format!(
                    "flags {}/{}/{} to {}/{}/{}",
                    old.strategy,
                    old.intensity,
                    old.period,
                    new.strategy,
                    new.intensity,
                    new.period
                ),
                Difference::Form { old, new } => format!("form {old:?} to {new:?}"),
            };
            differences.iter().map(word).collect::<Vec<_>>().join("; ")
        }
    }
}

fn brief(child: &Child) -> String {
    format!(
        "{}({}) {} {}",
        child.start_function,
        child.arguments.join(","),
        child.restart,
        child.shutdown
    )
}

fn check(language: Language, table: &[(&str, &str, &str)]) {
    let sources: Vec<(&str, &str)> = table.iter().map(|(old, new, _)| (*old, *new)).collect();
    let compiled = compile(language, &sources);
    for ((_, _, expected), name) in table.iter().zip(&compiled.names) {
        let said = said(&compiled, name).replace(name.as_str(), "@");
        let right = match expected.strip_prefix("unseen") {
            Some(part) => said.starts_with("unseen") && said.contains(part.trim()),
            None => said == *expected,
        };
        assert!(right, "{name}: expected {expected}\nsaid {said}");
    }
}

#[test]
fn children_in_elixir() {
    let app = "
defmodule @.W do
  use GenServer, restart: :transient
  def start_link(a), do: GenServer.start_link(__MODULE__, a)
  def init(a), do: {:ok, a}
end
defmodule @ do
  use Application
  def start(_type, _args) do
    children = [
      {Registry, keys: :unique, name: @.Reg},
      {@.W, [size: 1]},
      Supervisor.child_spec({Task, fn -> :ok end}, id: :once)
    ]
    Supervisor.start_link(children, strategy: :one_for_one, name: @.Sup)
  end
end";
    let conditional = |extra: &str, more: &str| {
        format!(
            "
defmodule @.W do
  use GenServer
  def start_link(a), do: GenServer.start_link(__MODULE__, a)
  def init(a), do: {{:ok, a}}
end
defmodule @ do
  use Supervisor
  def start_link(a), do: Supervisor.start_link(__MODULE__, a, name: __MODULE__)
  def init(_) do
    children = [{{@.W, :a}}{more}] ++ extra(Application.get_env(:my, :extra))
    Supervisor.init(children, strategy: :rest_for_one)
  end
  defp extra(nil), do: []
  defp extra(_), do: [{extra}]
end"
        )
    };
    let (plain, more, other) = (
        conditional("{@.W, :b}", ""),
        conditional("{@.W, :b}", ", Supervisor.child_spec({@.W, :c}, id: :c)"),
        conditional("{@.W, :z}", ""),
    );
    let changed = app.replace("size: 1", "size: 2");
    let added = app.replace(
        "{@.W, [size: 1]},",
        "{@.W, [size: 1]}, {DynamicSupervisor, name: @.Dyn},",
    );
    let transient = app.replace(":transient", ":temporary");
    let flags = app.replace(":one_for_one", ":one_for_all, max_restarts: 9");
    check(
        Language::Elixir,
        &[
            (app, app, ""),
            (
                app,
                &changed,
                "changed '@.W': start_link([{size,1}]) transient 5000 to start_link([{size,2}]) transient 5000",
            ),
            (app, &added, "added '@.Dyn' after '@.W'"),
            (&added, app, "removed '@.Dyn'"),
            (
                app,
                &transient,
                "changed '@.W': start_link([{size,1}]) transient 5000 to start_link([{size,1}]) temporary 5000",
            ),
            (app, &flags, "flags one_for_one/3/5 to one_for_all/9/5"),
            (&plain, &plain, ""),
            (&plain, &more, "added c after '@.W'"),
            (&plain, &other, "unseen extra"),
        ],
    );
}

#[test]
fn children_in_erlang() {
    let maps = "
-behaviour(supervisor).
-export([start_link/0, init/1]).
start_link() -> supervisor:start_link({local, ?MODULE}, ?MODULE, []).
init([]) ->
    Flags = #{strategy => one_for_one, intensity => 5, period => 10},
    {ok, {Flags, [child(a, 1), child(b, 2)]}}.
child(Id, N) -> #{id => Id, start => {far_worker, start_link, [N]}}.
";
    let swapped = maps.replace("child(a, 1), child(b, 2)", "child(b, 2), child(a, 1)");
    let tuples = "
-behaviour(supervisor).
-export([start_link/0, init/1]).
start_link() -> supervisor:start_link({local, ?MODULE}, ?MODULE, []).
init([]) ->
    {ok, {{one_for_one, 5, 10}, [
        {a, {far_worker, start_link, [1]}, permanent, 5000, worker, [far_worker]},
        {b, {far_worker, start_link, [2]}, permanent, 5000, worker, [far_worker]}]}}.
";
    let dynamic = tuples.replace("worker, [far_worker]}]", "worker, dynamic}]");
    let by_config = "
-behaviour(supervisor).
-export([init/1]).
init([]) ->
    {ok, N} = application:get_env(my, size),
    {ok, {{one_for_one, 5, 10}, [{I, {far_worker, start_link, [I]}, permanent, 5000, worker, [far_worker]} || I <- lists:seq(1, N)]}}.
";
    let by_other = by_config.replace("get_env(my, size)", "get_env(my, length)");
    check(
        Language::Erlang,
        &[
            (maps, maps, ""),
            (maps, tuples, ""),
            (maps, &swapped, "reordered"),
            (
                tuples,
                &dynamic,
                "changed b: start_link(2) permanent 5000 to start_link(2) permanent 5000",
            ),
            (by_config, by_config, ""),
            (by_config, &by_other, "unseen"),
        ],
    );
}

#[test]
fn a_supervisor_is_read_with_its_name_and_form() {
    let compiled = compile(
        Language::Elixir,
        &[(
            "
defmodule @ do
  use Application
  def start(_, _), do: Supervisor.start_link([], strategy: :one_for_one, name: My.Sup)
end",
            "
defmodule @ do
  use Supervisor
  def start_link(x), do: Supervisor.start_link(__MODULE__, x, name: __MODULE__)
  def init(_), do: Supervisor.init([{Agent, fn -> 1 end}], strategy: :one_for_one)
end",
        )],
    );
    let name = &compiled.names[0];
    let old = supervision::children(version(&compiled.old, name)).unwrap();
    assert_eq!(
        (old.form, old.name.as_deref()),
        (Form::Inline, Some("'Elixir.My.Sup'"))
    );
    let new = supervision::children(version(&compiled.new, name)).unwrap();
    assert_eq!(
        (new.form, new.name.as_deref()),
        (Form::Module, Some("'Elixir.Pair0'"))
    );
    assert_eq!(new.children.len(), 1);
    assert!(!new.children[0].literal);
}
