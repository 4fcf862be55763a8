//! Calls of functions.

use std::time::Duration;

use beam::etf::Term;
use node::{Bounds, CallError, Connection};

use crate::instance::{BOUNDS, Instance, PATIENCE};

async fn connected(instance: &Instance) -> Connection {
    Connection::open(&instance.target(), PATIENCE)
        .await
        .unwrap()
}

#[tokio::test]
async fn a_function_is_called_and_its_exceptions_are_told_apart() {
    let instance = Instance::start(&[], "");
    let node = connected(&instance).await;
    let call =
        async |module, name, arguments: &[Term]| node.call(module, name, arguments, BOUNDS).await;

    let arguments = [Term::list([Term::Int(3), Term::Int(1), Term::Int(2)])];
    let sorted = call("lists", "sort", &arguments).await.unwrap();
    assert_eq!(
        sorted,
        Term::list([Term::Int(1), Term::Int(2), Term::Int(3)])
    );

    let text = |result: Result<Term, CallError>| {
        let error = result.unwrap_err();
        assert!(!error.outcome_unknown(), "{error}");
        error.to_string()
    };
    assert_eq!(
        text(call("shop", "nope", &[]).await),
        "shop:nope/0 raised error: undef: there is no shop:nope/0"
    );
    assert_eq!(
        text(call("erlang", "throw", &[Term::atom("ball")]).await),
        "erlang:throw/1 raised throw: ball"
    );
    assert_eq!(
        text(call("erlang", "exit", &[Term::string("gone")]).await),
        "erlang:exit/1 raised exit: \"gone\""
    );
    let badarg = text(call("erlang", "atom_to_list", &[Term::Int(1)]).await);
    assert_eq!(
        badarg,
        "erlang:atom_to_list/1 raised error: badarg (in erlang:atom_to_list/1)"
    );
}

#[tokio::test]
async fn a_result_that_is_too_large_is_not_sent_and_a_large_one_is() {
    let instance = Instance::start(&[], "");
    let node = connected(&instance).await;
    let arguments = [Term::binary("x"), Term::Int(8 << 20)];
    let copy = async |result_bytes_max| {
        let bounds = Bounds {
            within: PATIENCE,
            result_bytes_max,
        };
        node.call("binary", "copy", &arguments, bounds).await
    };
    let refused = copy(1 << 20).await.unwrap_err();
    assert!(
        matches!(refused, CallError::TooLarge { bytes, .. } if bytes > 8 << 20),
        "{refused}"
    );
    assert_eq!(
        copy(16 << 20).await.unwrap().as_binary().unwrap().len(),
        8 << 20
    );
    assert_eq!(
        node.call("erlang", "node", &[], BOUNDS).await.unwrap(),
        Term::atom("shop_1@localhost")
    );
}

#[tokio::test]
async fn a_call_out_of_time_goes_on_and_a_look_out_of_time_is_ended() {
    let sleeper = "-module(sleeper). -export([sleep/1]). \
        sleep(Name) -> register(Name, self()), timer:sleep(3600000).";
    let instance = Instance::start(&[("sleeper", sleeper)], "");
    let node = connected(&instance).await;
    let soon = Bounds {
        within: Duration::from_millis(100),
        ..BOUNDS
    };
    let called = [Term::atom("called")];
    let late = node
        .call("sleeper", "sleep", &called, soon)
        .await
        .unwrap_err();
    assert!(
        matches!(late, CallError::Timeout { .. }) && late.outcome_unknown(),
        "{late}"
    );
    let look = "sleeper:sleep(looked).";
    let late = node.eval("a look", look, vec![], soon).await.unwrap_err();
    assert!(matches!(late, CallError::Timeout { .. }), "{late}");

    let ended = "case whereis(looked) of undefined -> ok; Pid -> \
        M = monitor(process, Pid), receive {'DOWN', M, _, _, _} -> ok end end, \
        (fun Wait() -> case whereis(called) of undefined -> Wait(); Pid2 -> is_process_alive(Pid2) end end)().";
    let lives = node.eval("the end", ended, vec![], BOUNDS).await.unwrap();
    assert_eq!(lives, Term::atom("true"));
}

#[test]
fn a_look_whose_connection_is_lost_is_ended() {
    let instance = Instance::start(&[], "");
    let look = "register(looked, self()), timer:sleep(3600000).";
    let begun = "(fun Wait() -> case whereis(looked) of undefined -> Wait(); _ -> ok end end)().";
    let runtime = || {
        let mut builder = tokio::runtime::Builder::new_current_thread();
        builder.enable_all().build().unwrap()
    };
    let lost = runtime();
    lost.block_on(async {
        let (node, other) = (connected(&instance).await, connected(&instance).await);
        tokio::select! {
            ended = node.eval("a look", look, vec![], BOUNDS) => panic!("{ended:?}"),
            begun = other.eval("its start", begun, vec![], BOUNDS) => begun.unwrap(),
        };
    });
    // Nothing of it runs any more: the socket is closed without a word.
    drop(lost);
    let ended = "case whereis(looked) of undefined -> ok; Pid -> \
        M = monitor(process, Pid), receive {'DOWN', M, _, _, _} -> ok end end.";
    runtime().block_on(async {
        let node = connected(&instance).await;
        let ended = node.eval("the end", ended, vec![], BOUNDS).await;
        assert_eq!(ended.unwrap(), Term::atom("ok"));
    });
}

#[tokio::test]
async fn a_quiet_connection_lives_on_since_ticks_are_answered() {
    let instance = Instance::start(&[], "net_kernel:set_net_ticktime(2, 0),");
    let node = connected(&instance).await;
    // The node gives up after two seconds and a half whoever shows no sign of life.
    let quiet = "[Us] = nodes(hidden), monitor_node(Us, true), \
        receive {nodedown, Us} -> down after 4500 -> up end.";
    let lives = node.eval("quiet", quiet, vec![], BOUNDS).await.unwrap();
    assert_eq!(lives, Term::atom("up"));
}

#[tokio::test]
async fn a_node_that_is_killed_during_a_call_leaves_its_outcome_unknown() {
    let mut instance = Instance::start(&[], "");
    let node = connected(&instance).await;
    let hour = [Term::Int(3_600_000)];
    let (ended, ()) = tokio::join!(node.call("timer", "sleep", &hour, BOUNDS), async {
        node.call("erlang", "node", &[], BOUNDS).await.unwrap();
        instance.kill();
    });
    let ended = ended.unwrap_err();
    assert!(
        matches!(ended, CallError::NodeDown { .. }) && ended.outcome_unknown(),
        "{ended}"
    );
    let after = node.call("erlang", "node", &[], BOUNDS).await.unwrap_err();
    assert!(
        matches!(after, CallError::NotConnected { .. }) && !after.outcome_unknown(),
        "{after}"
    );
    assert!(node.is_closed());
}

#[tokio::test]
async fn what_a_node_sends_unasked_is_passed_over() {
    let instance = Instance::start(&[], "");
    let node = connected(&instance).await;
    // To a process that we never had, to a name, with links and monitors, while calls go on.
    let flood = "[Us] = nodes(hidden), \
        Pid = binary_to_term(<<131,88, 119, (byte_size(atom_to_binary(Us))), (atom_to_binary(Us))/binary, \
            99:32, 0:32, 7:32>>), \
        spawn(fun() -> \
            [begin Pid ! {N, lists:seq(1, 100)}, {name, Us} ! N, \
                demonitor(monitor(process, {name, Us})), \
                (catch link(Pid)), unlink(Pid) end || N <- lists:seq(1, 5000)] \
        end), \
        Monitor = monitor(process, {net_kernel, Us}), \
        receive {'DOWN', Monitor, process, _, Reason} -> Reason end.";
    let reason = node.eval("a flood", flood, vec![], BOUNDS).await.unwrap();
    assert_eq!(reason, Term::atom("noproc"));
    for n in 0..200 {
        let answer = node.call("erlang", "abs", &[Term::Int(-n)], BOUNDS).await;
        assert_eq!(answer.unwrap(), Term::Int(n));
    }
}

#[tokio::test]
async fn many_calls_at_once_get_their_own_answers() {
    let instance = Instance::start(&[], "");
    let node = std::sync::Arc::new(connected(&instance).await);
    let calls: Vec<_> = (0..300)
        .map(|n| {
            let node = std::sync::Arc::clone(&node);
            tokio::spawn(async move {
                (
                    n,
                    node.call("erlang", "abs", &[Term::Int(-n)], BOUNDS).await,
                )
            })
        })
        .collect();
    for call in calls {
        let (n, answer) = call.await.unwrap();
        assert_eq!(answer.unwrap(), Term::Int(n));
    }
}
