//! Rollouts over several hosts, each with its own agent, proxy and instances, under load on every proxy.

mod blue_green;
mod budget;
mod canary;
mod killed;
mod rolling;
