//! Rollouts over five hosts, each with its own agent, proxy and instances, under load on every proxy.

mod rolling;
