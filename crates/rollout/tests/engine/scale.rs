//! A large fleet costs no more than its hosts.

use rollout::{Effect, Event, Reply, Rollout, Tick, step};

use crate::fake::Fake;
use crate::request::{blue_green, deploy, plan, rolling};

/// Runs a fleet in which everybody answers at once; returns how many events it took.
fn events(strategy: rollout::Strategy, hosts: usize) -> usize {
    let plan = plan(&deploy(strategy), hosts);
    let mut fakes: Vec<Fake> = plan
        .hosts
        .iter()
        .map(|host| Fake::of(&plan, host))
        .collect();
    let place = |host: &rollout::HostId| host.as_str()[1..].parse::<usize>().unwrap();
    let mut now = 0;
    let mut events = 0;
    let mut state = Rollout::new(plan.clone());
    let mut queue = vec![Event::Begin];
    while !state.is_halted() {
        while let Some(event) = queue.pop() {
            let (next, effects) = step(state, event, Tick::from_ms(now));
            state = next;
            events += 1;
            for effect in effects {
                if let Effect::Do { id, host, action } = effect {
                    fakes[place(&host)].obey(&action);
                    let reply = Reply::Done { notes: Vec::new() };
                    queue.push(Event::Reply { id, reply });
                }
            }
        }
        now += 5_000;
        queue.push(Event::Wake);
        for watch in state.watches() {
            let seen = fakes[place(&watch.host)].look(&plan, &watch.instances, now);
            let host = watch.host;
            queue.push(Event::Observed { host, seen });
        }
    }
    assert_eq!(state.phase(), rollout::Phase::Healthy);
    events
}

#[test]
fn two_thousand_hosts_go_through_in_a_moment() {
    assert!(events(blue_green(), 2_000) > 10_000);
    assert!(events(rolling(200), 2_000) > 10_000);
}
