//! Looks at a real node, and what is made of them.

use std::time::Duration;

use beam::etf::Term;
use node::health::{BeamLimits, CrashReports, Judge};
use node::probe::{ChildState, UnseenReason};
use node::{Connection, Prober};

use crate::instance::{BOUNDS, Instance, PATIENCE};

/// An application with a supervisor, a worker, a supervisor below it with a worker, a dynamic
/// supervisor, and a process that only says that it is a supervisor.
const SHOP: &str = r#"
-module(shop).
-behaviour(application).
-behaviour(supervisor).
-export([start/2, stop/1, init/1, worker/1, odd/0, odd_loop/1, crash/1, handle_call/3, handle_cast/2, up/0]).

up() ->
    ok = application:load({application, shop,
        [{vsn, "1.2.3"}, {modules, [shop]}, {registered, []}, {applications, [kernel, stdlib]}, {mod, {shop, []}}]}),
    ok = application:start(shop).

start(normal, []) -> supervisor:start_link({local, shop_sup}, ?MODULE, top).
stop(_) -> ok.

init(top) ->
    {ok, {#{strategy => one_for_one, intensity => 100, period => 1}, [
        #{id => cart, start => {?MODULE, worker, [cart]}},
        #{id => below, type => supervisor, start => {supervisor, start_link, [?MODULE, below]}},
        #{id => many, type => supervisor, start => {supervisor, start_link, [?MODULE, many]}},
        #{id => odd, type => supervisor, start => {?MODULE, odd, []}}
    ]}};
init(below) ->
    {ok, {#{strategy => one_for_all, intensity => 100, period => 1}, [
        #{id => {stock, 1}, start => {?MODULE, worker, [stock_1]}},
        #{id => {stock, 2}, start => {?MODULE, worker, [stock_2]}}
    ]}};
init(many) ->
    {ok, {#{strategy => simple_one_for_one, intensity => 100, period => 1}, [
        #{id => job, start => {?MODULE, worker, [job]}, restart => temporary}
    ]}};
init(Name) -> {ok, Name}.

worker(job) -> gen_server:start_link(?MODULE, job, []);
worker(Name) -> gen_server:start_link({local, Name}, ?MODULE, Name, []).

odd() -> proc_lib:start_link(?MODULE, odd_loop, [self()]).
odd_loop(Parent) ->
    proc_lib:init_ack(Parent, {ok, self()}),
    receive {stop, now} -> ok; Other -> exit({asked, Other}) end.

handle_call(Request, _, State) -> {reply, Request, State}.
handle_cast(_, State) -> {noreply, State}.

crash(Name) ->
    Old = whereis(Name),
    exit(Old, kill),
    Wait = fun W() ->
        case whereis(Name) of
            New when is_pid(New), New =/= Old -> ok;
            _ -> timer:sleep(1), W()
        end
    end,
    Wait().
"#;

fn shop() -> Instance {
    Instance::start(&[("shop", SHOP)], "shop:up(),")
}

async fn tell(node: &Connection, module: &str, name: &str, arguments: &[Term]) {
    node.call(module, name, arguments, BOUNDS).await.unwrap();
}

#[tokio::test]
async fn a_look_tells_what_runs_and_changes_nothing() {
    let instance = shop();
    let mut prober = Prober::new(instance.target());
    let probe = prober.look(PATIENCE).await.unwrap();
    assert!(probe.booted);
    assert_eq!(probe.otp, erl_release());
    assert!(probe.schedulers_online > 0 && probe.memory.total > probe.memory.ets);
    assert!(probe.processes.now > 30 && probe.processes.now < probe.processes.limit);
    assert!(probe.mailboxes_seen >= probe.processes.now - 5);
    let running = probe.applications.as_ref().unwrap();
    assert!(
        running
            .iter()
            .any(|a| a.name == "shop" && a.version == "1.2.3")
    );

    let mut children: Vec<_> = probe
        .children
        .iter()
        .map(|child| {
            assert!(matches!(child.state, ChildState::Running(_)));
            let path: Vec<_> = child.path.iter().map(ToString::to_string).collect();
            format!("{} {}", child.application, path.join(" "))
        })
        .collect();
    children.sort();
    assert_eq!(
        children,
        [
            "shop below",
            "shop below {stock,1}",
            "shop below {stock,2}",
            "shop cart",
            "shop many",
            "shop odd"
        ]
    );
    let unseen: Vec<_> = probe
        .unseen
        .iter()
        .map(|u| (u.path.clone(), u.reason))
        .collect();
    assert_eq!(unseen, [(vec![Term::atom("odd")], UnseenReason::Unknown)]);

    let before = prober.look(PATIENCE).await.unwrap();
    for _ in 0..20 {
        prober.look(PATIENCE).await.unwrap();
    }
    let after = prober.look(PATIENCE).await.unwrap();
    assert_eq!(after.atoms.now, before.atoms.now);
    assert_eq!(after.children, probe.children);
    let verdict = Judge::new(BeamLimits::usual()).see(&after, 0);
    assert!(verdict.healthy, "{verdict:?}");
}

fn erl_release() -> String {
    let output = std::process::Command::new("erl")
        .args(["-noinput", "-boot", "start_clean", "-eval"])
        .arg("io:put_chars(erlang:system_info(otp_release)), halt().")
        .output()
        .unwrap();
    String::from_utf8(output.stdout).unwrap()
}

#[tokio::test]
async fn restarts_are_counted_by_crash_and_not_by_process() {
    let instance = shop();
    let node = Connection::open(&instance.target(), PATIENCE)
        .await
        .unwrap();
    let limits = BeamLimits {
        restarts_max: Some(1),
        applications: vec!["shop".to_owned()],
        ..BeamLimits::usual()
    };
    let mut judge = Judge::new(limits);
    let mut look = async |now_ms| judge.see(&node.probe(PATIENCE).await.unwrap(), now_ms);
    assert!(look(0).await.healthy);
    assert!(look(1000).await.healthy);
    // one_for_all: both workers are replaced by one crash.
    tell(&node, "shop", "crash", &[Term::atom("stock_1")]).await;
    let verdict = look(2000).await;
    assert!(
        verdict.healthy && verdict.summary.contains("restarts seen: 1"),
        "{verdict:?}"
    );
    tell(&node, "shop", "crash", &[Term::atom("cart")]).await;
    let verdict = look(7000).await;
    assert!(!verdict.healthy);
    assert_eq!(
        verdict.detail(),
        "restarts within 7 s: at least 2, the last of shop/cart"
    );
}

#[tokio::test]
async fn a_mailbox_that_grows_is_told_and_one_that_is_worked_off_is_not() {
    let instance = shop();
    let node = Connection::open(&instance.target(), PATIENCE)
        .await
        .unwrap();
    let limits = BeamLimits {
        mailbox_growth_floor: Some(100),
        looks: 3,
        ..BeamLimits::usual()
    };
    let mut judge = Judge::new(limits);
    let mut now_ms = 0;
    let mut look = async || {
        now_ms += 1000;
        judge.see(&node.probe(PATIENCE).await.unwrap(), now_ms)
    };
    tell(&node, "sys", "suspend", &[Term::atom("cart")]).await;
    let fill = async |count: i64| {
        let fill = "[cart ! N || N <- lists:seq(1, Count)], ok.";
        let bindings = vec![("Count", Term::Int(count))];
        node.eval("messages", fill, bindings, BOUNDS).await.unwrap();
    };
    fill(150).await;
    assert!(look().await.healthy);
    fill(10).await;
    assert!(look().await.healthy);
    fill(10).await;
    let verdict = look().await;
    assert_eq!(verdict.detail(), "a mailbox grows: cart to 170 in 3 looks");
    // It still is full, but grows no more.
    let verdict = look().await;
    assert!(
        verdict.healthy && verdict.summary.contains("longest mailbox 170"),
        "{verdict:?}"
    );
}

#[tokio::test]
async fn an_application_that_is_gone_and_a_supervisor_that_hangs_are_told() {
    let instance = shop();
    let node = Connection::open(&instance.target(), PATIENCE)
        .await
        .unwrap();
    let limits = BeamLimits {
        applications: vec!["shop".to_owned()],
        ..BeamLimits::usual()
    };
    let mut judge = Judge::new(limits);
    tell(&node, "sys", "suspend", &[Term::atom("shop_sup")]).await;
    let probe = node.probe(PATIENCE).await.unwrap();
    let verdict = judge.see(&probe, 0);
    assert_eq!(verdict.detail(), "a supervisor does not answer: shop");
    tell(&node, "sys", "resume", &[Term::atom("shop_sup")]).await;
    assert!(
        judge
            .see(&node.probe(PATIENCE).await.unwrap(), 1000)
            .healthy
    );
    tell(&node, "application", "stop", &[Term::atom("shop")]).await;
    let verdict = judge.see(&node.probe(PATIENCE).await.unwrap(), 2000);
    assert_eq!(verdict.detail(), "not running: shop");
}

#[tokio::test]
async fn a_node_that_is_gone_is_unhealthy_and_one_that_is_back_is_seen_again() {
    let mut instance = shop();
    let mut prober = Prober::new(instance.target());
    let mut judge = Judge::new(BeamLimits::usual());
    prober.look(PATIENCE).await.unwrap();
    instance.kill();
    let error = prober.look(Duration::from_secs(5)).await.unwrap_err();
    let verdict = judge.missed(&error);
    assert!(!verdict.healthy);
    assert!(
        verdict.detail().contains("the node"),
        "{}",
        verdict.detail()
    );
    instance.start_again();
    let verdict = judge.see(&prober.look(PATIENCE).await.unwrap(), 1000);
    assert!(
        verdict.healthy && verdict.summary.contains("restarts seen: 0"),
        "{verdict:?}"
    );
    // A connection that was lost between two looks says nothing of the node as it is now.
    instance.kill();
    instance.start_again();
    prober.look(PATIENCE).await.unwrap();
}

#[tokio::test]
async fn a_look_at_a_node_of_many_processes_stays_small() {
    let code = "[spawn(fun() -> receive stop -> ok end end) || _ <- lists:seq(1, 60000)],";
    let instance = Instance::start(&[("shop", SHOP)], &format!("shop:up(), {code}"));
    let mut prober = Prober::new(instance.target());
    let probe = prober.look(PATIENCE).await.unwrap();
    assert!(probe.processes.now > 60_000);
    assert!(probe.mailboxes_seen >= 20_000 && probe.mailboxes_seen < 21_000);
    assert_eq!(probe.children.len(), 6);
}

#[tokio::test]
async fn crash_reports_of_a_real_log_are_counted() {
    let instance = shop();
    let node = Connection::open(&instance.target(), PATIENCE)
        .await
        .unwrap();
    tell(&node, "shop", "crash", &[Term::atom("cart")]).await;
    let bad = [Term::atom("stock_1"), Term::atom("no_such_request")];
    tell(&node, "gen_server", "cast", &bad).await;
    instance.await_output("SUPERVISOR REPORT");
    let mut reports = CrashReports::new();
    reports.feed(instance.output().as_bytes());
    assert!(reports.total() >= 1, "{}", instance.output());
}
