//! A node that runs Elixir, with its kinds of supervisors and its log.

use beam::etf::Term;
use node::health::{BeamLimits, CrashReports, Judge};
use node::{CallError, Connection, Probe};

use crate::instance::{BOUNDS, Instance, PATIENCE};

const SHOP: &str = r#"
defmodule Shop.Cart do
  use GenServer
  def start_link(name), do: GenServer.start_link(__MODULE__, name, name: name)
  def init(name), do: {:ok, name}
  def handle_call(:crash, _, _), do: raise("no more carts")
end

defmodule Shop.Application do
  use Application
  def start(_, _) do
    children = [
      {Shop.Cart, Shop.Cart},
      {Registry, keys: :unique, name: Shop.Registry},
      {DynamicSupervisor, name: Shop.Rooms, strategy: :one_for_one},
      {Task.Supervisor, name: Shop.Tasks},
      {PartitionSupervisor, child_spec: Agent.child_spec(fn -> 0 end), name: Shop.Counters, partitions: 2}
    ]
    {:ok, top} = Supervisor.start_link(children, strategy: :one_for_one, name: Shop.Supervisor)
    for n <- 1..5, do: {:ok, _} = DynamicSupervisor.start_child(Shop.Rooms, {Shop.Cart, :"room_#{n}"})
    {:ok, top}
  end
end

:ok = :application.load({:application, :shop, vsn: '0.1.0', modules: [], registered: [],
  applications: [:kernel, :stdlib, :elixir, :logger], mod: {Shop.Application, []}})
{:ok, _} = Application.ensure_all_started(:shop)
"#;

fn places(probe: &Probe) -> Vec<String> {
    let path = |path: &[Term]| {
        let ids: Vec<String> = path.iter().map(ToString::to_string).collect();
        ids.join(" ")
    };
    let mut places: Vec<String> = probe.children.iter().map(|c| path(&c.path)).collect();
    places.sort();
    places
}

#[tokio::test]
async fn an_elixir_tree_is_seen_and_its_crashes_are_counted() {
    let instance = Instance::start_elixir(SHOP);
    let node = Connection::open(&instance.target(), PATIENCE)
        .await
        .unwrap();
    let mut probe = node.probe(PATIENCE).await.unwrap();
    // The script is the last part of the boot.
    while !probe.booted {
        probe = node.probe(PATIENCE).await.unwrap();
    }
    assert_eq!(probe.unseen, []);
    assert_eq!(
        places(&probe),
        [
            "'Elixir.Shop.Cart'",
            "'Elixir.Shop.Counters'",
            "'Elixir.Shop.Counters' 0",
            "'Elixir.Shop.Counters' 1",
            "'Elixir.Shop.Registry'",
            "'Elixir.Shop.Registry' 'Elixir.Shop.Registry.PIDPartition0'",
            "'Elixir.Shop.Rooms'",
            "'Elixir.Shop.Tasks'",
        ]
    );
    let limits = BeamLimits {
        restarts_max: Some(0),
        crash_reports_max: Some(0),
        applications: vec!["shop".to_owned()],
        ..BeamLimits::usual()
    };
    let mut judge = Judge::new(limits);
    assert!(judge.see(&probe, 0).healthy);

    let crash = [Term::atom("Elixir.Shop.Cart"), Term::atom("crash")];
    let raised = node
        .call("Elixir.GenServer", "call", &crash, BOUNDS)
        .await
        .unwrap_err();
    assert!(matches!(raised, CallError::Raised { .. }), "{raised}");
    assert!(raised.to_string().contains("no more carts"), "{raised}");
    instance.await_output("terminating");
    let mut reports = CrashReports::new();
    reports.feed(instance.output().as_bytes());
    assert_eq!(reports.total(), 1, "{}", instance.output());
    judge.note_crash_reports(reports.total());

    // The supervisor has it started again before it answers the next look.
    let verdict = judge.see(&node.probe(PATIENCE).await.unwrap(), 3000);
    assert_eq!(
        verdict.reasons,
        [
            "restarts within 3 s: at least 1, the last of shop/Shop.Cart",
            "crash reports since the start: 1"
        ]
    );
}
